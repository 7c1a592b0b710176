/* filters_number: arithmetic.
 *
 * Numbers come from numbers, booleans (1 and 0) and texts that Python's int() or float() read;
 * anything else is 0. Two integers give an integer, as long as it may be; with a float the result
 * is a float, computed in decimal (decimal.h), except for division, which is binary. What is not
 * finite is computed in binary. */
#include <math.h>
#include <stdio.h>

#include "base/number.h"
#include "compute/liquid/decimal.h"
#include "compute/liquid/filters.h"

static double to_double(const struct liquid_value *number)
{
    double result = 0;
    if (number->kind == LIQUID_DOUBLE)
        return number->number;
    if (number->kind == LIQUID_INT)
        return (double)number->integer;
    hob_number_parse_double(number->text, &result);
    return result;
}

static bool is_zero(const struct liquid_value *number)
{
    return (number->kind == LIQUID_INT && number->integer == 0) ||
           (number->kind == LIQUID_DOUBLE && number->number == 0);
}

static bool to_decimal(const struct liquid_value *number, struct liquid_decimal *decimal)
{
    char spelling[HOB_NUMBER_SIZE];
    struct hob_text text = {spelling, 0};
    if (number->kind == LIQUID_BIG)
        text = number->text;
    else if (number->kind == LIQUID_INT)
        text.size = hob_number_print_int(spelling, number->integer);
    else
        text.size = hob_number_print_double(spelling, number->number);
    return liquid_decimal_read(decimal, text);
}

/* An integer or, when `whole` is false, a float of the decimal. */
static int from_decimal(struct liquid_render *render, struct liquid_decimal *decimal, bool whole,
                        struct liquid_value *value)
{
    char digits[LIQUID_DECIMAL_DIGITS + 16];
    double number;
    int64_t integer;
    if (!whole)
        liquid_decimal_round(decimal);
    else if (decimal->count == 0)
        decimal->negative = false;
    struct hob_text text = {digits, liquid_decimal_write(digits, decimal)};
    if (text.size == 0)
        return liquid_broken(render, "the number is too large");
    if (!whole) {
        hob_number_parse_double(text, &number);
        *value = liquid_double(number);
        return 0;
    }
    if (hob_number_parse_int(text, &integer) == 0) {
        *value = liquid_int(integer);
        return 0;
    }
    if (text.size > LIQUID_DECIMAL_OPERAND)
        return liquid_broken(render, "the number has more than 1000 digits");
    int status = liquid_keep_text(render, text, value);
    value->kind = LIQUID_BIG;
    return status;
}

typedef bool fast_operation(int64_t a, int64_t b, int64_t *result);
typedef bool decimal_operation(struct liquid_decimal *result, const struct liquid_decimal *a,
                               const struct liquid_decimal *b);
typedef double double_operation(double a, double b);

struct operation {
    fast_operation *fast;
    decimal_operation *exact;
    double_operation *binary;
};

static int calculate(struct liquid_render *render, const struct operation *operation,
                     const struct liquid_value *a, const struct liquid_value *b,
                     struct liquid_value *result)
{
    int64_t integer;
    bool whole = a->kind != LIQUID_DOUBLE && b->kind != LIQUID_DOUBLE;
    if (a->kind == LIQUID_INT && b->kind == LIQUID_INT &&
        operation->fast(a->integer, b->integer, &integer)) {
        *result = liquid_int(integer);
        return 0;
    }
    if (!whole && !(isfinite(to_double(a)) && isfinite(to_double(b)))) {
        *result = liquid_double(operation->binary(to_double(a), to_double(b)));
        return 0;
    }
    struct liquid_decimal left, right, exact;
    if (!to_decimal(a, &left) || !to_decimal(b, &right))
        return liquid_broken(render, "the numbers are too large");
    uint64_t width = (uint64_t)left.count + (uint64_t)right.count +
                     (uint64_t)abs(left.exponent - right.exponent);
    int status = liquid_spend(render, width * width >> 10);
    if (status == 0 && !operation->exact(&exact, &left, &right))
        return liquid_broken(render, "the numbers are too large");
    if (status != 0)
        return status;
    return from_decimal(render, &exact, whole, result);
}

static int calculate_values(struct liquid_render *render, const struct operation *operation,
                            struct liquid_value *value, const struct liquid_value *argument)
{
    struct liquid_value a = liquid_to_number(value), b = liquid_to_number(argument);
    return calculate(render, operation, &a, &b, value);
}

static bool fast_add(int64_t a, int64_t b, int64_t *result)
{
    return !__builtin_add_overflow(a, b, result);
}

static double double_add(double a, double b)
{
    return a + b;
}

static const struct operation plus = {fast_add, liquid_decimal_add, double_add};

static bool fast_subtract(int64_t a, int64_t b, int64_t *result)
{
    return !__builtin_sub_overflow(a, b, result);
}

static bool decimal_subtract(struct liquid_decimal *result, const struct liquid_decimal *a,
                             const struct liquid_decimal *b)
{
    struct liquid_decimal negated = *b;
    negated.negative = !negated.negative;
    return liquid_decimal_add(result, a, &negated);
}

static double double_subtract(double a, double b)
{
    return a - b;
}

static bool fast_multiply(int64_t a, int64_t b, int64_t *result)
{
    return !__builtin_mul_overflow(a, b, result);
}

static double double_multiply(double a, double b)
{
    return a * b;
}

LIQUID_FILTER(plus)
{
    return calculate_values(render, &plus, value, &arguments->values[0]);
}

LIQUID_FILTER(minus)
{
    static const struct operation minus = {fast_subtract, decimal_subtract, double_subtract};
    return calculate_values(render, &minus, value, &arguments->values[0]);
}

LIQUID_FILTER(times)
{
    static const struct operation times = {fast_multiply, liquid_decimal_multiply, double_multiply};
    return calculate_values(render, &times, value, &arguments->values[0]);
}

static bool fast_modulo(int64_t a, int64_t b, int64_t *result)
{
    *result = b == -1 ? 0 : a % b;
    if (*result != 0 && (*result < 0) != (b < 0))
        *result += b;
    return true;
}

static bool decimal_remainder(struct liquid_decimal *result, const struct liquid_decimal *a,
                              const struct liquid_decimal *b)
{
    return liquid_decimal_divide(NULL, result, a, b);
}

static bool floor_quotient(struct liquid_decimal *result, const struct liquid_decimal *a,
                           const struct liquid_decimal *b)
{
    struct liquid_decimal quotient, remainder;
    if (!liquid_decimal_divide(&quotient, &remainder, a, b))
        return false;
    struct liquid_decimal one = {.negative = true, .count = 1, .digits = {1}};
    if (remainder.count == 0 || a->negative == b->negative)
        one.count = 0;
    return liquid_decimal_add(result, &quotient, &one);
}

/* The remainder of the division that floors, with the sign of the divisor. */
static bool floor_remainder(struct liquid_decimal *result, const struct liquid_decimal *a,
                            const struct liquid_decimal *b)
{
    struct liquid_decimal remainder;
    if (!liquid_decimal_divide(NULL, &remainder, a, b))
        return false;
    struct liquid_decimal extra = *b;
    if (remainder.count == 0 || a->negative == b->negative)
        extra.count = 0;
    return liquid_decimal_add(result, &remainder, &extra);
}

LIQUID_FILTER(modulo)
{
    static const struct operation whole = {fast_modulo, floor_remainder, fmod};
    static const struct operation mixed = {fast_modulo, decimal_remainder, fmod};
    struct liquid_value a, b;
    a = liquid_to_number(value);
    b = liquid_to_number(&arguments->values[0]);
    if (is_zero(&b))
        return liquid_broken(render, "modulo by zero");
    bool floats = a.kind == LIQUID_DOUBLE || b.kind == LIQUID_DOUBLE;
    return calculate(render, floats ? &mixed : &whole, &a, &b, value);
}

static bool fast_divide(int64_t a, int64_t b, int64_t *result)
{
    if (b == -1)
        return !__builtin_sub_overflow(0, a, result);
    *result = a / b - (a % b != 0 && (a < 0) != (b < 0));
    return true;
}

static double double_divide(double a, double b)
{
    return a / b;
}

LIQUID_FILTER(divided_by)
{
    static const struct operation divide = {fast_divide, floor_quotient, double_divide};
    struct liquid_value a, b;
    a = liquid_to_number(value);
    b = liquid_to_number(&arguments->values[0]);
    if (is_zero(&b))
        return liquid_broken(render, "division by zero");
    if (a.kind != LIQUID_DOUBLE && b.kind != LIQUID_DOUBLE)
        return calculate(render, &divide, &a, &b, value);
    *value = liquid_double(to_double(&a) / to_double(&b));
    return 0;
}

LIQUID_FILTER(abs)
{
    (void)arguments;
    struct liquid_value number, zero = liquid_int(0);
    number = liquid_to_number(value);
    if (number.kind == LIQUID_DOUBLE) {
        *value = liquid_double(fabs(number.number));
        return 0;
    }
    static const struct operation minus = {fast_subtract, decimal_subtract, double_subtract};
    bool negative = number.kind == LIQUID_INT ? number.integer < 0 : number.text.data[0] == '-';
    *value = number;
    return negative ? calculate(render, &minus, &zero, &number, value) : 0;
}

/* The value or the argument, whichever is `wanted` (-1 the lower, 1 the higher). Booleans stay
 * booleans, as those of Python, which are numbers, do. */
static int choose(struct liquid_value *value, const struct liquid_value *argument, int wanted)
{
    struct liquid_value a, b;
    int order = 0;
    a = liquid_to_number(value);
    b = liquid_to_number(argument);
    liquid_order(&b, &a, &order);
    if (order == wanted)
        *value = argument->kind == LIQUID_BOOL ? *argument : b;
    else if (value->kind != LIQUID_BOOL)
        *value = a;
    return 0;
}

LIQUID_FILTER(at_least)
{
    (void)render;
    return choose(value, &arguments->values[0], 1);
}

LIQUID_FILTER(at_most)
{
    (void)render;
    return choose(value, &arguments->values[0], -1);
}

/* A whole float as an integer. */
static int to_whole(struct liquid_render *render, double number, struct liquid_value *value)
{
    if (!isfinite(number))
        return liquid_broken(render, "infinity and NaN are no integers");
    if (number >= -0x1p63 && number < 0x1p63) {
        *value = liquid_int((int64_t)number);
        return 0;
    }
    char digits[400];
    int size = snprintf(digits, sizeof digits, "%.0f", number);
    int status = liquid_keep_text(render, (struct hob_text){digits, (size_t)size}, value);
    value->kind = LIQUID_BIG;
    return status;
}

static int round_with(struct liquid_render *render, struct liquid_value *value,
                      double (*rounding)(double))
{
    struct liquid_value number;
    number = liquid_to_number(value);
    *value = number;
    return number.kind == LIQUID_DOUBLE ? to_whole(render, rounding(number.number), value) : 0;
}

LIQUID_FILTER(ceil)
{
    (void)arguments;
    return round_with(render, value, ceil);
}

LIQUID_FILTER(floor)
{
    (void)arguments;
    return round_with(render, value, floor);
}

/* Digits after the point that the argument asks for; 0 when it is no number. */
static int64_t wanted_digits(const struct liquid_value *argument)
{
    struct liquid_value number = *argument;
    if (argument->kind == LIQUID_TEXT && !liquid_read_number(argument->text, &number))
        return 0;
    if (number.kind == LIQUID_INT)
        return number.integer;
    if (number.kind == LIQUID_DOUBLE && fabs(number.number) < 1e9)
        return (int64_t)number.number;
    return 0;
}

LIQUID_FILTER(round)
{
    struct liquid_value number;
    int64_t digits = wanted_digits(&arguments->values[0]);
    enum { MAX_DIGITS = 330 }; /* no double has more */
    number = liquid_to_number(value);
    if (digits < 0) {
        *value = liquid_int(0);
        return 0;
    }
    if (digits == 0 || number.kind != LIQUID_DOUBLE)
        return round_with(render, value, nearbyint);
    if (isfinite(number.number) && digits < MAX_DIGITS) {
        char text[2 * MAX_DIGITS + 32];
        int size = snprintf(text, sizeof text, "%.*f", (int)digits, number.number);
        hob_number_parse_double((struct hob_text){text, (size_t)size}, &number.number);
    }
    *value = number;
    return 0;
}

LIQUID_FILTER(to_i)
{
    (void)arguments;
    struct liquid_value number = liquid_int(0);
    struct hob_text text;
    int status = liquid_to_text(render, value, &text);
    if (status != 0)
        return status;
    if (text.size > 0 && !liquid_read_number(text, &number))
        return liquid_broken(render, "'%.*s' is no number", HOB_TEXT_ARG(text));
    *value = number;
    if (number.kind == LIQUID_INT)
        return 0;
    return to_whole(render, trunc(to_double(&number)), value);
}

/* Adds up what is in decimal as long as it is finite. */
struct sum {
    struct liquid_decimal exact;
    bool floats, infinite;
    double binary;
};

static int add_to_sum(struct liquid_render *render, struct sum *sum,
                      const struct liquid_value *item)
{
    struct liquid_value number;
    struct liquid_decimal decimal, total;
    if (item->kind == LIQUID_TEXT && !liquid_read_number(item->text, &number))
        return liquid_broken(render, "'%.*s' is no number", HOB_TEXT_ARG(item->text));
    number = liquid_to_number(item);
    sum->floats |= number.kind == LIQUID_DOUBLE;
    sum->binary += to_double(&number);
    sum->infinite |= !isfinite(to_double(&number));
    if (sum->infinite)
        return 0;
    if (!to_decimal(&number, &decimal) || !liquid_decimal_add(&total, &sum->exact, &decimal))
        return liquid_broken(render, "the sum is too large");
    if (sum->floats)
        liquid_decimal_round(&total);
    sum->exact = total;
    return 0;
}

static int sum_all(struct liquid_render *render, const struct liquid_value *items, uint32_t count,
                   const struct liquid_value *key, struct liquid_value *value)
{
    struct sum sum = {.floats = false};
    int status = 0;
    for (uint32_t i = 0; i < count && status == 0; i++) {
        struct liquid_value item = items[i];
        if (!liquid_is_nothing(key))
            status = liquid_property(render, &items[i], key, &item);
        if (status == 0)
            status = add_to_sum(render, &sum, &item);
    }
    if (status != 0)
        return status;
    if (sum.infinite) {
        *value = liquid_double(sum.binary);
        return 0;
    }
    return from_decimal(render, &sum.exact, !sum.floats, value);
}

LIQUID_FILTER(sum)
{
    struct liquid_value *items, total = liquid_int(0);
    uint32_t count;
    int64_t integers = 0;
    int status = liquid_flatten(render, value, &items, &count);
    if (status != 0)
        return status;
    bool fast = liquid_is_nothing(&arguments->values[0]);
    for (uint32_t i = 0; i < count && fast; i++)
        fast = items[i].kind == LIQUID_INT &&
               !__builtin_add_overflow(integers, items[i].integer, &integers);
    total.integer = integers;
    if (!fast)
        status = sum_all(render, items, count, &arguments->values[0], &total);
    *value = total;
    return status;
}
