/* csv_number: short numbers in cells, parsed without a loop.
 *
 * The bytes are moved so that the last digit is the last byte, the point is cut out, and three
 * multiplications join eight digits. A mantissa below 2^53 divided by a power of ten up to 10^22 is
 * correctly rounded; what doesn't fit is left to the caller. In a header because all of it belongs
 * into the loops of csv_type.c. Reads HOB_CSV_SLACK bytes of a cell, however short it is. */
#ifndef HOB_ACCESS_CSV_NUMBER_H
#define HOB_ACCESS_CSV_NUMBER_H

#include "access/csv_internal.h"

#if defined(__BYTE_ORDER__) && __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__
#define HOB_CSV_LITTLE_ENDIAN 1
#else
#define HOB_CSV_LITTLE_ENDIAN 0
#endif

static inline uint64_t load8(const char *data)
{
    uint64_t eight;
    memcpy(&eight, data, 8);
    return eight;
}

/* Eight digit characters, the first in the lowest byte; false when there is something else. */
static inline bool are_digits(uint64_t eight)
{
    return ((eight & 0xF0F0F0F0F0F0F0F0u) == 0x3030303030303030u) &
           (((eight + 0x0606060606060606u) & 0xF0F0F0F0F0F0F0F0u) == 0x3030303030303030u);
}

static inline uint64_t join_digits(uint64_t eight)
{
    eight -= 0x3030303030303030u;
    eight = eight * 10 + (eight >> 8);
    return ((eight & 0x000000FF000000FFu) * 0x000F424000000064u +
            (eight >> 16 & 0x000000FF000000FFu) * 0x0000271000000001u) >>
           32;
}

/* One to eight digits at `data` as an integer; false when they are not all digits. */
static inline bool parse_short(const char *data, size_t size, uint64_t *number)
{
    uint64_t eight = load8(data);
    unsigned shift = (unsigned)(64 - 8 * size);
    /* Zeros before the digits: two shifts, for one by 64 is undefined. */
    eight = eight << shift | 0x3030303030303030u >> 4 >> (60 - shift);
    *number = join_digits(eight);
    return are_digits(eight);
}

static inline __attribute__((always_inline)) bool parse_integer(const struct hob_csv_cell *cell,
                                                                int64_t *integer)
{
    const char *data = cell->data;
    size_t size = cell->size;
    bool negative = size > 1 && data[0] == '-';
    data += negative;
    size -= negative;
    uint64_t value, low;
    if (!HOB_CSV_LITTLE_ENDIAN || size - 1 >= 16)
        return false;
    if (size <= 8) {
        if (!parse_short(data, size, &value))
            return false;
    } else {
        uint64_t last = load8(data + size - 8);
        if (!parse_short(data, size - 8, &value) || !are_digits(last))
            return false;
        low = join_digits(last);
        value = value * 100000000 + low;
    }
    /* Signs come at random: no branch for them. */
    *integer = ((int64_t)value ^ -(int64_t)negative) + negative;
    return value != 0 || !negative;
}

/* The bits of the first point in the bytes, or 0. */
static inline uint64_t find_point(uint64_t eight)
{
    uint64_t other = eight ^ 0x2E2E2E2E2E2E2E2Eu;
    return (other - 0x0101010101010101u) & ~other & 0x8080808080808080u;
}

static inline bool decimal_of_8(const char *data, size_t size, uint64_t *mantissa, size_t *point)
{
    uint64_t eight = load8(data), found = find_point(eight);
    unsigned shift = (unsigned)(72 - 8 * size);
    if (found == 0)
        return false;
    *point = (size_t)__builtin_ctzll(found) / 8;
    uint64_t before = ((uint64_t)1 << 8 * *point) - 1;
    eight = (eight & before) | (eight >> 8 & ~before);
    eight = eight << shift | 0x3030303030303030u >> (64 - shift);
    *mantissa = join_digits(eight);
    return are_digits(eight);
}

static inline bool decimal_of_16(const char *data, size_t size, uint64_t *mantissa, size_t *point)
{
    __extension__ typedef unsigned __int128 wide;
    uint64_t low = load8(data), high = load8(data + 8);
    uint64_t in_low = find_point(low), in_high = find_point(high);
    if ((in_low | in_high) == 0)
        return false;
    *point = in_low != 0 ? (size_t)__builtin_ctzll(in_low) / 8
                         : 8 + (size_t)__builtin_ctzll(in_high) / 8;
    wide bytes = (wide)high << 64 | low, before = ((wide)1 << 8 * *point) - 1;
    wide zeros = (wide)0x3030303030303030u << 64 | 0x3030303030303030u;
    bytes = (bytes & before) | (bytes >> 8 & ~before);
    bytes = bytes << (136 - 8 * size) | zeros >> 8 * (size - 1);
    low = (uint64_t)bytes;
    high = (uint64_t)(bytes >> 64);
    *mantissa = join_digits(low) * 100000000 + join_digits(high);
    return are_digits(low) && are_digits(high) && *mantissa < (uint64_t)1 << 53;
}

/* Digits with a point among them, of up to 16 bytes in all. */
static inline __attribute__((always_inline)) bool parse_decimal(const struct hob_csv_cell *cell,
                                                                double *number)
{
    static const double powers[] = {1e0, 1e1, 1e2,  1e3,  1e4,  1e5,  1e6,  1e7,
                                    1e8, 1e9, 1e10, 1e11, 1e12, 1e13, 1e14, 1e15};
    const char *data = cell->data;
    size_t size = cell->size, point;
    uint64_t mantissa;
    bool negative = size > 1 && data[0] == '-';
    data += negative;
    size -= negative;
    if (!HOB_CSV_LITTLE_ENDIAN || size - 2 > 14)
        return false;
    bool plain = size <= 8 ? decimal_of_8(data, size, &mantissa, &point)
                           : decimal_of_16(data, size, &mantissa, &point);
    if (!plain || point >= size)
        return false;
    double value = (double)mantissa / powers[size - 1 - point];
    uint64_t bits;
    memcpy(&bits, &value, sizeof bits);
    bits |= (uint64_t)negative << 63;
    memcpy(number, &bits, sizeof bits);
    return true;
}

#endif
