/* life: what a worker is, what can happen to it, and what follows: one table. */
#ifndef HOB_POOL_LIFE_H
#define HOB_POOL_LIFE_H

enum hob_life {
    HOB_LIFE_STARTING, /* has not yet said that it is ready */
    HOB_LIFE_IDLE,
    HOB_LIFE_BUSY,     /* has calls; judged by their deadlines alone */
    HOB_LIFE_DRAINING, /* finishes its calls, gets no more */
    HOB_LIFE_HUNG,     /* has not answered in time, or its caller went away; gets no more until it
                          answers, and not for ever */
    HOB_LIFE_STOPPING, /* was asked to end */
    HOB_LIFE_DEAD,
    HOB_LIFE_COUNT
};

enum hob_life_event {
    HOB_LIFE_READY,    /* it was started, and its handshake or first ping is answered */
    HOB_LIFE_TAKES,    /* a call was given to it */
    HOB_LIFE_FREE,     /* none of its calls is left */
    HOB_LIFE_OVERDUE,  /* a call that it works on is of no use to anybody any more */
    HOB_LIFE_RETIRE,   /* idle for long, recycled, replaced, or the pool ends */
    HOB_LIFE_TOO_LATE, /* what was waited for did not happen: being ready, an answer, an end */
    HOB_LIFE_BROKEN,   /* it closed its output, or cannot be written to or understood */
    HOB_LIFE_EXITED,
    HOB_LIFE_EVENT_COUNT
};

enum hob_life_action {
    HOB_LIFE_NOTHING,
    HOB_LIFE_OFFER,     /* it can take calls from the queue */
    HOB_LIFE_INTERRUPT, /* ask it to cancel, and give it a moment */
    HOB_LIFE_STOP,      /* close its input, and give it a moment */
    HOB_LIFE_TERMINATE, /* SIGTERM to its group, and give it a moment */
    HOB_LIFE_KILL,      /* SIGKILL to its group */
    HOB_LIFE_BURY,      /* answer for its calls, forget it */
    HOB_LIFE_IMPOSSIBLE /* a fault of hob's own */
};

struct hob_life_step {
    enum hob_life next;
    enum hob_life_action action;
};

struct hob_life_step hob_life_step(enum hob_life state, enum hob_life_event event);
/* "starting", "idle"... */
const char *hob_life_name(enum hob_life state);
/* Whether it may be given another call, as far as its state goes. */
_Bool hob_life_takes_calls(enum hob_life state);

#endif
