/* life: see life.h. STOPPING hears TOO_LATE twice: first for its end after its input was closed or
 * after SIGTERM; whoever waits counts, and chooses between TERMINATE and KILL (worker.c). */
#include "pool/life.h"

#include <stdbool.h>

#define TO(state, action)                                                                          \
    {                                                                                              \
        HOB_LIFE_##state, HOB_LIFE_##action                                                        \
    }

static const struct hob_life_step steps[HOB_LIFE_COUNT][HOB_LIFE_EVENT_COUNT] =
    {
        [HOB_LIFE_STARTING] =
            {
                [HOB_LIFE_READY] = TO(IDLE, OFFER),
                [HOB_LIFE_TAKES] = TO(STARTING, IMPOSSIBLE),
                [HOB_LIFE_FREE] = TO(STARTING, IMPOSSIBLE),
                [HOB_LIFE_OVERDUE] = TO(STARTING, IMPOSSIBLE),
                [HOB_LIFE_RETIRE] = TO(STOPPING, STOP),
                [HOB_LIFE_TOO_LATE] = TO(STOPPING, TERMINATE),
                [HOB_LIFE_BROKEN] = TO(STOPPING, TERMINATE),
                [HOB_LIFE_EXITED] = TO(DEAD, BURY),
            },
        [HOB_LIFE_IDLE] =
            {
                [HOB_LIFE_READY] = TO(IDLE, NOTHING),
                [HOB_LIFE_TAKES] = TO(BUSY, NOTHING),
                [HOB_LIFE_FREE] = TO(IDLE, OFFER),
                [HOB_LIFE_OVERDUE] = TO(IDLE, IMPOSSIBLE),
                [HOB_LIFE_RETIRE] = TO(STOPPING, STOP),
                [HOB_LIFE_TOO_LATE] = TO(STOPPING, TERMINATE),
                [HOB_LIFE_BROKEN] = TO(STOPPING, TERMINATE),
                [HOB_LIFE_EXITED] = TO(DEAD, BURY),
            },
        [HOB_LIFE_BUSY] =
            {
                [HOB_LIFE_READY] = TO(BUSY, NOTHING),
                [HOB_LIFE_TAKES] = TO(BUSY, NOTHING),
                [HOB_LIFE_FREE] = TO(IDLE, OFFER),
                [HOB_LIFE_OVERDUE] = TO(HUNG, INTERRUPT),
                [HOB_LIFE_RETIRE] = TO(DRAINING, NOTHING),
                [HOB_LIFE_TOO_LATE] = TO(STOPPING, TERMINATE),
                [HOB_LIFE_BROKEN] = TO(STOPPING, TERMINATE),
                [HOB_LIFE_EXITED] = TO(DEAD, BURY),
            },
        [HOB_LIFE_DRAINING] =
            {
                [HOB_LIFE_READY] = TO(DRAINING, NOTHING),
                [HOB_LIFE_TAKES] = TO(DRAINING, IMPOSSIBLE),
                [HOB_LIFE_FREE] = TO(STOPPING, STOP),
                [HOB_LIFE_OVERDUE] = TO(STOPPING, TERMINATE),
                [HOB_LIFE_RETIRE] = TO(DRAINING, NOTHING),
                [HOB_LIFE_TOO_LATE] = TO(STOPPING, TERMINATE),
                [HOB_LIFE_BROKEN] = TO(STOPPING, TERMINATE),
                [HOB_LIFE_EXITED] = TO(DEAD, BURY),
            },
        [HOB_LIFE_HUNG] =
            {
                [HOB_LIFE_READY] = TO(HUNG, NOTHING),
                [HOB_LIFE_TAKES] = TO(HUNG, IMPOSSIBLE),
                [HOB_LIFE_FREE] = TO(IDLE, OFFER),
                [HOB_LIFE_OVERDUE] = TO(HUNG, NOTHING),
                [HOB_LIFE_RETIRE] = TO(STOPPING, TERMINATE),
                [HOB_LIFE_TOO_LATE] = TO(STOPPING, TERMINATE),
                [HOB_LIFE_BROKEN] = TO(STOPPING, TERMINATE),
                [HOB_LIFE_EXITED] = TO(DEAD, BURY),
            },
        [HOB_LIFE_STOPPING] =
            {
                [HOB_LIFE_READY] = TO(STOPPING, NOTHING),
                [HOB_LIFE_TAKES] = TO(STOPPING, IMPOSSIBLE),
                [HOB_LIFE_FREE] = TO(STOPPING, NOTHING),
                [HOB_LIFE_OVERDUE] = TO(STOPPING, NOTHING),
                [HOB_LIFE_RETIRE] = TO(STOPPING, NOTHING),
                [HOB_LIFE_TOO_LATE] = TO(STOPPING, KILL),
                [HOB_LIFE_BROKEN] = TO(STOPPING, NOTHING),
                [HOB_LIFE_EXITED] = TO(DEAD, BURY),
            },
        [HOB_LIFE_DEAD] =
            {
                [HOB_LIFE_READY] = TO(DEAD, NOTHING),
                [HOB_LIFE_TAKES] = TO(DEAD, IMPOSSIBLE),
                [HOB_LIFE_FREE] = TO(DEAD, NOTHING),
                [HOB_LIFE_OVERDUE] = TO(DEAD, NOTHING),
                [HOB_LIFE_RETIRE] = TO(DEAD, NOTHING),
                [HOB_LIFE_TOO_LATE] = TO(DEAD, NOTHING),
                [HOB_LIFE_BROKEN] = TO(DEAD, NOTHING),
                [HOB_LIFE_EXITED] = TO(DEAD, IMPOSSIBLE),
            },
};

struct hob_life_step hob_life_step(enum hob_life state, enum hob_life_event event)
{
    return steps[state][event];
}

const char *hob_life_name(enum hob_life state)
{
    static const char *const names[HOB_LIFE_COUNT] = {
        "starting", "idle", "busy", "draining", "hung", "stopping", "dead",
    };
    return names[state];
}

bool hob_life_takes_calls(enum hob_life state)
{
    return state == HOB_LIFE_IDLE || state == HOB_LIFE_BUSY;
}
