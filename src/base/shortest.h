/* shortest: the decimal with the fewest digits that reads back as a given double. */
#ifndef HOB_BASE_SHORTEST_H
#define HOB_BASE_SHORTEST_H

#include <stdint.h>

/* digits * 10^exponent; at most 17 digits. */
struct hob_shortest {
    uint64_t digits;
    int exponent;
};

/* Of the shortest decimals the one nearest to the number, which is finite and positive. `digits`
 * has no zeros at its end. */
struct hob_shortest hob_shortest_from(double number);

#endif
