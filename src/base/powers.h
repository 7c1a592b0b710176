/* powers: powers of ten as 128-bit numbers, for shortest.c and number.c. */
#ifndef HOB_BASE_POWERS_H
#define HOB_BASE_POWERS_H

#include <stdint.h>

enum {
    HOB_POWER_FIRST = -342,
    HOB_POWER_LAST = 324,
    HOB_POWER_EXACT = 55, /* 10^0 to 10^55 fit into 128 bits; the others are cut off */
};

/* 10^power = (high * 2^64 + low) * 2^(hob_power_exponent(power) - 127), the top bit being set. */
struct hob_power {
    uint64_t high, low;
};

/* Element i is 10^(HOB_POWER_FIRST + i). */
extern const struct hob_power hob_powers[HOB_POWER_LAST - HOB_POWER_FIRST + 1];

/* floor(log2(10^power)). */
static inline int hob_power_exponent(int power)
{
    return power * 1741647 >> 19;
}

#endif
