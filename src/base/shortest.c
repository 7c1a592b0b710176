/* shortest: see shortest.h.
 *
 * A double m * 2^e is what every decimal between the middles to its neighbours reads back as: from
 * (4m - 2) to (4m + 2) in units of 2^(e-2), or from (4m - 1) where m is the least of its binade.
 * Choose k so that 10^k <= width of that interval < 10^(k+1). Then at least one multiple of 10^k
 * lies in it, and at most one of 10^(k+1). If there is the latter, it is the shortest decimal;
 * otherwise it is the multiple of 10^k next to the number, above or below it.
 *
 * So all that is needed is to compare x * 2^(e-2) / 10^k with whole and half numbers, x being one
 * of the three places above. scale() gives that quotient as a whole number of halves, times two,
 * with the last bit set when it is not exact. It multiplies with a 128-bit power of ten, rounded
 * up. The result is too large by less than 2^-68 halves, which is no harm: scripts/make-powers
 * --prove shows for every e and k that x * 2^(e-1) / 10^k is either whole or further than 2^-64
 * from any whole number. */
#include "base/shortest.h"

#include <stdbool.h>
#include <string.h>

#include "base/powers.h"

enum { FRACTION_BITS = 52, LEAST_EXPONENT = -1074 };

/* 10^power, rounded up. */
static struct hob_power power_above(int power)
{
    struct hob_power above = hob_powers[power - HOB_POWER_FIRST];
    if (power < 0 || power > HOB_POWER_EXACT) {
        above.low++;
        above.high += above.low == 0;
    }
    return above;
}

/* Twice the halves in x * 10^power * 2^(shift - 128), plus 1 when that is not exact. */
static uint64_t scale(uint64_t x, unsigned shift, struct hob_power power)
{
    x <<= shift;
    unsigned __int128 low = (unsigned __int128)x * power.low;
    unsigned __int128 high = (unsigned __int128)x * power.high + (uint64_t)(low >> 64);
    return (uint64_t)(high >> 64) << 1 | ((uint64_t)high != 0);
}

/* floor(log10(2^exponent)), or of three quarters of that. */
static int decimal_exponent(int exponent, bool three_quarters)
{
    return (exponent * 1262611 - (three_quarters ? 524031 : 0)) >> 22;
}

/* The whole number to choose; the places are in quarters, `low` and `high` just inside. */
static uint64_t choose(uint64_t low, uint64_t middle, uint64_t high)
{
    uint64_t below = middle / 4;
    uint64_t tens = below / 10 * 10;
    if (4 * tens >= low)
        return tens;
    if (4 * (tens + 10) <= high)
        return tens + 10;
    bool below_fits = 4 * below >= low;
    bool above_fits = 4 * (below + 1) <= high;
    if (below_fits != above_fits)
        return below + above_fits;
    uint64_t half = 4 * below + 2;
    bool up = middle > half || (middle == half && below % 2 == 1);
    return below + up;
}

/* Zeros at the end, of which there are at most 16, are dropped in halving steps. */
static struct hob_shortest without_zeros(uint64_t digits, int exponent)
{
    while (digits % 100000000 == 0) {
        digits /= 100000000;
        exponent += 8;
    }
    if (digits % 10000 == 0) {
        digits /= 10000;
        exponent += 4;
    }
    if (digits % 100 == 0) {
        digits /= 100;
        exponent += 2;
    }
    if (digits % 10 == 0) {
        digits /= 10;
        exponent += 1;
    }
    return (struct hob_shortest){digits, exponent};
}

struct hob_shortest hob_shortest_from(double number)
{
    uint64_t bits;
    memcpy(&bits, &number, sizeof bits);
    uint64_t fraction = bits & (((uint64_t)1 << FRACTION_BITS) - 1);
    int biased = (int)(bits >> FRACTION_BITS & 0x7FF);
    uint64_t m = biased > 0 ? fraction | (uint64_t)1 << FRACTION_BITS : fraction;
    int exponent = biased > 0 ? biased + LEAST_EXPONENT - 1 : LEAST_EXPONENT;
    /* The neighbour below is only half as far away. */
    bool least = fraction == 0 && biased > 1;
    int k = decimal_exponent(exponent, least);
    struct hob_power power = power_above(-k);
    unsigned shift = (unsigned)(exponent + hob_power_exponent(-k));
    uint64_t low = scale(4 * m - (least ? 1 : 2), shift, power);
    uint64_t middle = scale(4 * m, shift, power);
    uint64_t high = scale(4 * m + 2, shift, power);
    /* The ends themselves are read as the even neighbour. */
    uint64_t odd = m & 1;
    return without_zeros(choose(low + odd, middle, high - odd), k);
}
