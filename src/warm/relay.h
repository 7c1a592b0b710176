/* relay: stands in for a run that is somebody else's child, until it has ended.
 *
 * Signals that this process gets go on to the run: to its process group when the terminal sent them
 * (Ctrl-C), to the process alone when another process did. A run that stops stops this process. */
#ifndef HOB_WARM_RELAY_H
#define HOB_WARM_RELAY_H

#include "warm/request.h"
#include "warm/zygote.h"

/* Blocks the signals that are to be relayed; to be called before the run begins. Those that
 * come from then on are the run's. */
void hob_warm_relay_prepare(void);
/* Back to what it was. */
void hob_warm_relay_cancel(const struct hob_warm_inheritance *inheritance);

enum hob_warm_end {
    HOB_WARM_ENDED,   /* *status is as from waitpid */
    HOB_WARM_REFUSED, /* it has not run: why is told in zygote->why */
    HOB_WARM_LOST,    /* the zygote was killed, and nobody knows how the run ended */
};

/* Waits for the run to end, and passes signals on until then. *status is set with HOB_WARM_ENDED
 * alone. */
enum hob_warm_end hob_warm_relay(struct hob_warm_zygote *zygote, int *status);

/* Ends this process as a run with this status has ended. */
_Noreturn void hob_warm_end_as(int status);

#endif
