/* times: how long the same thing took each time, and what is said of that. Milliseconds. */
#ifndef HOB_PROFILE_TIMES_H
#define HOB_PROFILE_TIMES_H

#include <stddef.h>

struct hob_times {
    double *values; /* owned; in ascending order after hob_times_sort */
    size_t count, capacity;
};

/* Aborts without memory: the number of runs is the program's choice. */
void hob_times_add(struct hob_times *times, double milliseconds);
void hob_times_sort(struct hob_times *times);
void hob_times_deinit(struct hob_times *times);

/* Of sorted times, the one below which this share of them lies (0: the lowest, 0.5: the median,
 * 1: the highest), between neighbours where it falls between them; 0 when there are none. */
double hob_times_quantile(const struct hob_times *times, double share);
static inline double hob_times_median(const struct hob_times *times)
{
    return hob_times_quantile(times, 0.5);
}

#endif
