/* number: see number.h.
 *
 * Doubles in files are mostly short decimals. Both directions have a fast path for those that
 * is exact by construction (an integer below 2^53 and a power of ten up to 10^22 are both exact
 * doubles, so one multiplication or division of them is correctly rounded); everything else goes
 * through the C library, which is correctly rounded too. hob never calls setlocale, so the C
 * library's decimal point is a point. */
#include "base/number.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>

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

/* Finds digits of a short decimal: the least number of places after the point at which scaling
 * gives an integer that divides back to the same double. With at most 15 digits no shorter
 * decimal can read back as this double. */
static bool short_decimal(struct decimal *decimal, double number)
{
    if (number >= 1e15 || number < 1e-5)
        return false;
    for (int places = 0; places <= 12; places++) {
        double scaled = number * powers_of_ten[places];
        if (scaled >= 1e15)
            return false;
        double rounded = nearbyint(scaled);
        if (rounded / powers_of_ten[places] != number)
            continue;
        char digits[HOB_NUMBER_SIZE];
        int count = (int)hob_number_print_unsigned(digits, (uint64_t)rounded);
        decimal->exponent = count - 1 - places;
        while (count > 1 && digits[count - 1] == '0')
            count--;
        memcpy(decimal->digits, digits, (size_t)count);
        decimal->count = count;
        return true;
    }
    return false;
}

static void any_decimal(struct decimal *decimal, double number)
{
    char text[48];
    for (int precision = 15; precision <= 17; precision++) {
        snprintf(text, sizeof text, "%.*e", precision - 1, number);
        if (precision == 17 || strtod(text, NULL) == number)
            break;
    }
    int count = 0;
    const char *at = text;
    for (; *at != 'e'; at++)
        if (*at != '.')
            decimal->digits[count++] = *at;
    decimal->exponent = (int)strtol(at + 1, NULL, 10);
    while (count > 1 && decimal->digits[count - 1] == '0')
        count--;
    decimal->count = count;
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
    struct decimal decimal;
    if (!short_decimal(&decimal, number))
        any_decimal(&decimal, number);
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
    } else {
        *number = parse_with_library(whole);
        return true;
    }
    *number = negative ? -magnitude : magnitude;
    return true;
}
