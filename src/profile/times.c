/* times: see times.h. */
#include "profile/times.h"

#include "base/memory.h"

void hob_times_add(struct hob_times *times, double milliseconds)
{
    if (!HOB_TRY_GROW(times->values, times->capacity, times->count + 1))
        abort();
    times->values[times->count++] = milliseconds;
}

static int by_length(const void *a, const void *b)
{
    double left = *(const double *)a, right = *(const double *)b;
    return (left > right) - (left < right);
}

void hob_times_sort(struct hob_times *times)
{
    if (times->count > 0)
        qsort(times->values, times->count, sizeof *times->values, by_length);
}

void hob_times_deinit(struct hob_times *times)
{
    free(times->values);
    *times = (struct hob_times){0};
}

double hob_times_quantile(const struct hob_times *times, double share)
{
    if (times->count == 0)
        return 0;
    double place = share * (double)(times->count - 1);
    size_t below = (size_t)place;
    size_t above = below + 1 < times->count ? below + 1 : below;
    double part = place - (double)below;
    return times->values[below] * (1 - part) + times->values[above] * part;
}
