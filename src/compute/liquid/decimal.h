/* decimal: exact arithmetic on decimal numbers, for the arithmetic filters (private to this
 * folder).
 *
 * 0.1 plus 0.2 is 0.3 in a template: floats are taken as their shortest decimal spelling, and
 * results are rounded to 28 digits. Integers are exact, up to 1000 digits. */
#ifndef HOB_COMPUTE_LIQUID_DECIMAL_H
#define HOB_COMPUTE_LIQUID_DECIMAL_H

#include "base/text.h"

/* Operands have at most OPERAND digits, so that sums and products fit. */
enum { LIQUID_DECIMAL_OPERAND = 1000, LIQUID_DECIMAL_DIGITS = 2048 };

struct liquid_decimal {
    bool negative;
    int exponent;                          /* of ten, for the digits as an integer */
    int count;                             /* of digits; 0 is zero */
    uint8_t digits[LIQUID_DECIMAL_DIGITS]; /* 0 to 9, the first is not 0 */
};

/* Reads [-+]digits with a point and an exponent, each optional; false when it is no such text or
 * too long. */
bool liquid_decimal_read(struct liquid_decimal *decimal, struct hob_text text);
/* Writes digits and exponent; `out` has LIQUID_DECIMAL_DIGITS + 16 bytes. An integer (exponent 0
 * or more) is written without exponent. Returns the length, 0 when it would be too long. */
size_t liquid_decimal_write(char *out, const struct liquid_decimal *decimal);

/* Each is false when the result has too many digits. */
bool liquid_decimal_add(struct liquid_decimal *sum, const struct liquid_decimal *a,
                        const struct liquid_decimal *b);
bool liquid_decimal_multiply(struct liquid_decimal *product, const struct liquid_decimal *a,
                             const struct liquid_decimal *b);
/* a = quotient * b + remainder, the quotient an integer cut toward zero, the remainder with the
 * sign of a; b is not zero. `quotient` may be NULL. */
bool liquid_decimal_divide(struct liquid_decimal *quotient, struct liquid_decimal *remainder,
                           const struct liquid_decimal *a, const struct liquid_decimal *b);
/* To 28 significant digits, halves to even. */
void liquid_decimal_round(struct liquid_decimal *decimal);

#endif
