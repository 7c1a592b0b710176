/* clock: time that never jumps, for deadlines and measuring. */
#ifndef HOB_BASE_CLOCK_H
#define HOB_BASE_CLOCK_H

#include <stdint.h>

/* Nanoseconds since some fixed moment; goes on while the wall clock is set. */
uint64_t hob_clock_now(void);

static inline double hob_clock_milliseconds_since(uint64_t start)
{
    return (double)(hob_clock_now() - start) / 1e6;
}

#endif
