/* number: see number.h.
 *
 * Doubles in files are mostly short decimals. Both directions have a fast path for those that
 * is exact by construction (an integer below 2^53 and a power of ten up to 10^22 are both exact
 * doubles, so one multiplication or division of them is correctly rounded). Printing any other
 * double is left to base/shortest.h. Reading any other decimal multiplies by a 128-bit power of
 * ten, which settles all but a few in a million; those that are too close to the middle between
 * two doubles, subnormal or infinite go to the C library, which is correctly rounded too. hob
 * never calls setlocale, so the C library's decimal point is a point. */
#include "base/number.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/powers.h"
#include "base/shortest.h"

static const double powers_of_ten[] = {1e0,  1e1,  1e2,  1e3,  1e4,  1e5,  1e6,  1e7,
                                       1e8,  1e9,  1e10, 1e11, 1e12, 1e13, 1e14, 1e15,
                                       1e16, 1e17, 1e18, 1e19, 1e20, 1e21, 1e22};

static const char digit_pairs[201] = "00010203040506070809101112131415161718192021222324"
                                     "25262728293031323334353637383940414243444546474849"
                                     "50515253545556575859606162636465666768697071727374"
                                     "75767778798081828384858687888990919293949596979899";

size_t hob_number_print_unsigned(char *out, uint64_t number)
{
    char reversed[20];
    size_t at = sizeof reversed;
    while (number >= 100) {
        at -= 2;
        memcpy(reversed + at, digit_pairs + number % 100 * 2, 2);
        number /= 100;
    }
    if (number >= 10) {
        at -= 2;
        memcpy(reversed + at, digit_pairs + number * 2, 2);
    } else {
        reversed[--at] = (char)('0' + number);
    }
    memcpy(out, reversed + at, sizeof reversed - at);
    return sizeof reversed - at;
}

size_t hob_number_print_int(char *out, int64_t number)
{
    if (number >= 0)
        return hob_number_print_unsigned(out, (uint64_t)number);
    out[0] = '-';
    return 1 + hob_number_print_unsigned(out + 1, 0 - (uint64_t)number);
}

/* Digits without point, first one not 0, and the exponent of ten of the first digit. */
struct decimal {
    char digits[24];
    int count;
    int exponent;
};

/* Whole numbers, and up to three places after the point, can be had with one division: with at most
 * 15 digits no other decimal that short reads back as the same double. */
static bool few_places(double number, struct hob_shortest *shortest)
{
    if (number >= 1e12)
        return false;
    *shortest = (struct hob_shortest){(uint64_t)number, 0};
    if ((double)shortest->digits == number)
        return true;
    *shortest = (struct hob_shortest){(uint64_t)(number * 1e3 + 0.5), -3};
    return (double)shortest->digits / 1e3 == number;
}

static struct decimal decimal_of(double number)
{
    struct hob_shortest shortest;
    if (!few_places(number, &shortest))
        shortest = hob_shortest_from(number);
    struct decimal decimal;
    int count = (int)hob_number_print_unsigned(decimal.digits, shortest.digits);
    decimal.exponent = shortest.exponent + count - 1;
    while (count > 1 && decimal.digits[count - 1] == '0')
        count--;
    decimal.count = count;
    return decimal;
}

/* Python's repr: exponent form below 1e-4 and from 1e16 on, else positional with a point. */
static size_t layout(char *out, const struct decimal *decimal)
{
    char *at = out;
    int exponent = decimal->exponent, count = decimal->count;
    if (exponent < -4 || exponent >= 16) {
        *at++ = decimal->digits[0];
        if (count > 1) {
            *at++ = '.';
            memcpy(at, decimal->digits + 1, (size_t)count - 1);
            at += count - 1;
        }
        at += sprintf(at, "e%c%02d", exponent < 0 ? '-' : '+', abs(exponent));
        return (size_t)(at - out);
    }
    if (exponent < 0) {
        memcpy(at, "0.000", (size_t)(1 - exponent));
        at += 1 - exponent;
        memcpy(at, decimal->digits, (size_t)count);
        return (size_t)(at + count - out);
    }
    for (int i = 0; i <= exponent; i++)
        *at++ = i < count ? decimal->digits[i] : '0';
    *at++ = '.';
    if (count <= exponent + 1) {
        *at++ = '0';
    } else {
        memcpy(at, decimal->digits + exponent + 1, (size_t)(count - exponent - 1));
        at += count - exponent - 1;
    }
    return (size_t)(at - out);
}

size_t hob_number_print_double(char *out, double number)
{
    if (isnan(number)) {
        memcpy(out, "nan", 3);
        return 3;
    }
    char *at = out;
    if (signbit(number)) {
        *at++ = '-';
        number = -number;
    }
    if (isinf(number)) {
        memcpy(at, "inf", 3);
        return (size_t)(at + 3 - out);
    }
    if (number == 0) {
        memcpy(at, "0.0", 3);
        return (size_t)(at + 3 - out);
    }
    struct decimal decimal = decimal_of(number);
    return (size_t)(at - out) + layout(at, &decimal);
}

static int parse_magnitude(struct hob_text digits, uint64_t *magnitude)
{
    if (digits.size == 0)
        return -1;
    uint64_t value = 0;
    bool overflow = false;
    for (size_t i = 0; i < digits.size; i++) {
        unsigned digit = (unsigned char)digits.data[i] - (unsigned)'0';
        if (digit > 9)
            return -1;
        overflow |= __builtin_mul_overflow(value, 10u, &value);
        overflow |= __builtin_add_overflow(value, digit, &value);
    }
    *magnitude = value;
    return overflow ? 1 : 0;
}

static bool take_sign(struct hob_text *text)
{
    if (text->size == 0 || (text->data[0] != '-' && text->data[0] != '+'))
        return false;
    bool negative = text->data[0] == '-';
    text->data++;
    text->size--;
    return negative;
}

int hob_number_parse_int(struct hob_text text, int64_t *number)
{
    bool negative = take_sign(&text);
    uint64_t magnitude;
    int result = parse_magnitude(text, &magnitude);
    if (result != 0)
        return result;
    if (magnitude > (uint64_t)INT64_MAX + negative)
        return 1;
    *number = (int64_t)(negative ? 0 - magnitude : magnitude);
    return 0;
}

int hob_number_parse_unsigned(struct hob_text text, uint64_t *number)
{
    bool negative = take_sign(&text);
    uint64_t magnitude;
    int result = parse_magnitude(text, &magnitude);
    if (result != 0)
        return result;
    if (negative && magnitude != 0)
        return 1;
    *number = magnitude;
    return 0;
}

/* The shape of a decimal number; `significand` holds the first 19 significant digits. */
struct scanned {
    uint64_t significand;
    int64_t exponent; /* of ten, for the significand as an integer */
    bool exact;       /* no digit was left out of the significand */
};

static bool scan_exponent(const char *at, const char *end, int64_t *exponent)
{
    bool negative = false;
    if (at < end && (*at == '+' || *at == '-'))
        negative = *at++ == '-';
    if (at == end)
        return false;
    int64_t value = 0;
    for (; at < end; at++) {
        unsigned digit = (unsigned char)*at - (unsigned)'0';
        if (digit > 9)
            return false;
        if (value < 100000000)
            value = value * 10 + digit;
    }
    *exponent += negative ? -value : value;
    return true;
}

static bool scan_decimal(struct hob_text text, struct scanned *scanned)
{
    *scanned = (struct scanned){.exact = true};
    const char *at = text.data, *end = text.data + text.size;
    size_t digits = 0;
    int kept = 0;
    bool point = false;
    for (; at < end; at++) {
        if (*at == '.' && !point) {
            point = true;
            continue;
        }
        unsigned digit = (unsigned char)*at - (unsigned)'0';
        if (digit > 9)
            break;
        digits++;
        if (kept < 19) {
            scanned->significand = scanned->significand * 10 + digit;
            kept += scanned->significand != 0;
            scanned->exponent -= point;
        } else {
            scanned->exact &= digit == 0;
            scanned->exponent += !point;
        }
    }
    if (digits == 0)
        return false;
    if (at == end)
        return true;
    return (*at == 'e' || *at == 'E') && scan_exponent(at + 1, end, &scanned->exponent);
}

static double parse_with_library(struct hob_text text)
{
    char small[128];
    if (text.size < sizeof small) {
        memcpy(small, text.data, text.size);
        small[text.size] = '\0';
        return strtod(small, NULL);
    }
    char *copy = malloc(text.size + 1);
    if (copy == NULL)
        return NAN;
    memcpy(copy, text.data, text.size);
    copy[text.size] = '\0';
    double number = strtod(copy, NULL);
    free(copy);
    return number;
}

/* Rounds significand * 10^exponent to a double, from a product that is too small by less than 2 in
 * its upper 128 bits. False when that is not enough to tell, or when the double is not normal. */
static bool multiply(uint64_t significand, int64_t exponent, double *number)
{
    if (exponent < HOB_POWER_FIRST || exponent > HOB_POWER_LAST)
        return false;
    struct hob_power power = hob_powers[exponent - HOB_POWER_FIRST];
    int zeros = __builtin_clzll(significand);
    significand <<= zeros;
    unsigned __int128 product = (unsigned __int128)significand * power.high;
    unsigned __int128 lower = (unsigned __int128)significand * power.low;
    product += (uint64_t)(lower >> 64);
    int top = 126 + (int)(product >> 127);
    int below = top - 52; /* bits of the product that the double has no room for */
    uint64_t mantissa = (uint64_t)(product >> below);
    unsigned __int128 rest = product & (((unsigned __int128)1 << below) - 1);
    unsigned __int128 half = (unsigned __int128)1 << (below - 1);
    if (rest + 2 > half && rest <= half)
        return false;
    mantissa += rest > half;
    int binary = hob_power_exponent((int)exponent) + 63 - zeros + top - 126;
    if (binary < -1022 || binary > 1022)
        return false;
    uint64_t bits = ((uint64_t)(binary + 1022) << 52) + mantissa;
    memcpy(number, &bits, sizeof bits);
    return true;
}

/* With digits left out the number is between two neighbouring significands. */
static bool round_scanned(const struct scanned *scanned, double *number)
{
    double above;
    if (scanned->significand == 0 || !multiply(scanned->significand, scanned->exponent, number))
        return false;
    return scanned->exact ||
           (multiply(scanned->significand + 1, scanned->exponent, &above) && above == *number);
}

bool hob_number_parse_double(struct hob_text text, double *number)
{
    struct hob_text whole = text;
    bool negative = take_sign(&text);
    struct scanned scanned;
    if (!scan_decimal(text, &scanned))
        return false;
    double magnitude;
    if (scanned.significand == 0 && scanned.exact) {
        magnitude = 0;
    } else if (scanned.exact && scanned.significand < (uint64_t)1 << 53 &&
               scanned.exponent >= -22 && scanned.exponent <= 22) {
        magnitude = (double)scanned.significand;
        if (scanned.exponent < 0)
            magnitude /= powers_of_ten[-scanned.exponent];
        else
            magnitude *= powers_of_ten[scanned.exponent];
    } else if (!round_scanned(&scanned, &magnitude)) {
        *number = parse_with_library(whole);
        return true;
    }
    *number = negative ? -magnitude : magnitude;
    return true;
}

bool hob_number_parse_size(struct hob_text text, size_t *size)
{
    static const char units[] = "KMGT";
    unsigned shift = 0;
    bool binary = text.size > 2 && hob_text_ends_with(text, "iB");
    text.size -= binary ? 2 : 0;
    const char *unit =
        text.size > 0 ? memchr(units, text.data[text.size - 1], sizeof units - 1) : NULL;
    if (unit != NULL) {
        shift = 10 * (unsigned)(unit - units + 1);
        text.size--;
    }
    uint64_t number;
    if ((binary && unit == NULL) || hob_number_parse_unsigned(text, &number) != 0 || number == 0 ||
        number > (uint64_t)PTRDIFF_MAX >> shift)
        return false;
    *size = (size_t)number << shift;
    return true;
}
