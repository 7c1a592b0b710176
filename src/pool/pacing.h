/* pacing: when a pool may start its next worker after some have failed.
 *
 * Each failure in a row makes the next start wait longer, with jitter; too many within a time open
 * the breaker: the pool starts nothing, and answers at once, until it tries a single worker again.
 * Time is given by the caller, in nanoseconds of hob_clock_now. */
#ifndef HOB_POOL_PACING_H
#define HOB_POOL_PACING_H

#include <stdbool.h>
#include <stdint.h>

struct hob_pacing_options {
    uint64_t first, most;  /* waits, in nanoseconds */
    double factor, jitter; /* jitter 0.2: a wait is made up to 20 % shorter or longer */
    unsigned failures;     /* so many... */
    uint64_t within;       /* ...in this time open the breaker; 0 failures: it never opens */
};

enum { HOB_PACING_REMEMBERED = 64 };

struct hob_pacing {
    struct hob_pacing_options options;
    uint64_t times[HOB_PACING_REMEMBERED]; /* of the last failures, a ring */
    unsigned count;                        /* of all of them */
    unsigned in_a_row;
    uint64_t not_before; /* the next start */
    bool open;           /* the breaker */
    bool probing;        /* it is, and one worker has been started to find out */
};

/* The options are copied. There is nothing to free. */
void hob_pacing_init(struct hob_pacing *pacing, const struct hob_pacing_options *options);
/* A worker failed before it had done anything, and not because its callers had gone. `chance` is
 * between 0 and 1. */
void hob_pacing_failed(struct hob_pacing *pacing, uint64_t now, double chance);
/* A worker answered: all is well again. */
void hob_pacing_succeeded(struct hob_pacing *pacing);
/* Whether a worker may be started now; `starting` are on their way already. */
bool hob_pacing_allows(const struct hob_pacing *pacing, uint64_t now, unsigned starting);
/* To be said when one was started. */
void hob_pacing_started(struct hob_pacing *pacing);
/* Whether calls are to be answered at once with the cause. */
bool hob_pacing_is_open(const struct hob_pacing *pacing, uint64_t now);

#endif
