/* clock: see clock.h. */
#include "base/clock.h"

#include <time.h>

uint64_t hob_clock_now(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (uint64_t)now.tv_sec * 1000000000u + (uint64_t)now.tv_nsec;
}
