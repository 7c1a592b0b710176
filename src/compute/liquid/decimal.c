/* decimal: see decimal.h. One digit a byte: short numbers, rarely used, easy to be sure of. */
#include "compute/liquid/decimal.h"

#include "base/number.h"

enum { PRECISION = 28 };

/* Without zeros at the front; a zero keeps its sign. */
static void normalize(struct liquid_decimal *decimal)
{
    int zeros = 0;
    while (zeros < decimal->count && decimal->digits[zeros] == 0)
        zeros++;
    decimal->count -= zeros;
    memmove(decimal->digits, decimal->digits + zeros, (size_t)decimal->count);
    if (decimal->count == 0)
        decimal->exponent = 0;
}

static bool read_exponent(struct liquid_decimal *decimal, struct hob_text text)
{
    int64_t exponent;
    if (hob_number_parse_int(text, &exponent) != 0 || exponent < -5000 || exponent > 5000)
        return false;
    decimal->exponent += (int)exponent;
    return true;
}

bool liquid_decimal_read(struct liquid_decimal *decimal, struct hob_text text)
{
    size_t at = text.size > 0 && (text.data[0] == '-' || text.data[0] == '+');
    decimal->negative = at == 1 && text.data[0] == '-';
    decimal->exponent = decimal->count = 0;
    bool point = false;
    for (; at < text.size; at++) {
        char byte = text.data[at];
        if (byte == '.' && !point) {
            point = true;
            continue;
        }
        if (byte < '0' || byte > '9')
            break;
        if (decimal->count == LIQUID_DECIMAL_OPERAND)
            return false;
        decimal->digits[decimal->count++] = (uint8_t)(byte - '0');
        decimal->exponent -= point;
    }
    bool good = decimal->count > 0;
    if (good && at < text.size)
        good = (text.data[at] == 'e' || text.data[at] == 'E') &&
               read_exponent(decimal, (struct hob_text){text.data + at + 1, text.size - at - 1});
    normalize(decimal);
    return good;
}

size_t liquid_decimal_write(char *out, const struct liquid_decimal *decimal)
{
    size_t size = 0;
    if (decimal->negative)
        out[size++] = '-';
    if (decimal->count == 0)
        out[size++] = '0';
    for (int i = 0; i < decimal->count; i++)
        out[size++] = (char)('0' + decimal->digits[i]);
    if (decimal->exponent < 0) {
        out[size++] = 'e';
        return size + hob_number_print_int(out + size, decimal->exponent);
    }
    if (decimal->exponent > LIQUID_DECIMAL_DIGITS - decimal->count)
        return 0;
    memset(out + size, '0', (size_t)decimal->exponent);
    return size + (size_t)decimal->exponent;
}

/* The digits with `exponent` (not above the number's own), right-aligned in `width` places. */
static bool align(uint8_t *out, int width, const struct liquid_decimal *decimal, int exponent)
{
    int zeros = decimal->count == 0 ? 0 : decimal->exponent - exponent;
    if (decimal->count + zeros > width)
        return false;
    memset(out, 0, (size_t)width);
    memcpy(out + width - zeros - decimal->count, decimal->digits, (size_t)decimal->count);
    return true;
}

/* Places needed for both numbers at the lower exponent, and one for the carry; 0: too many. */
static int common_width(const struct liquid_decimal *a, const struct liquid_decimal *b,
                        int *exponent)
{
    *exponent = a->exponent < b->exponent ? a->exponent : b->exponent;
    if (a->count == 0 || b->count == 0)
        *exponent = a->count == 0 ? b->exponent : a->exponent;
    int width_a = a->count == 0 ? 0 : a->count + a->exponent - *exponent;
    int width_b = b->count == 0 ? 0 : b->count + b->exponent - *exponent;
    int width = (width_a > width_b ? width_a : width_b) + 1;
    return width > 0 && width <= LIQUID_DECIMAL_DIGITS ? width : 0;
}

/* a -= b for numbers of the same width, a not below b. */
static void subtract_digits(uint8_t *a, const uint8_t *b, int width)
{
    int borrow = 0;
    for (int i = width - 1; i >= 0; i--) {
        int digit = a[i] - b[i] - borrow;
        borrow = digit < 0;
        a[i] = (uint8_t)(borrow ? digit + 10 : digit);
    }
}

bool liquid_decimal_add(struct liquid_decimal *sum, const struct liquid_decimal *a,
                        const struct liquid_decimal *b)
{
    int exponent;
    int width = common_width(a, b, &exponent);
    uint8_t other[LIQUID_DECIMAL_DIGITS];
    if (width <= 0 || !align(sum->digits, width, a, exponent) || !align(other, width, b, exponent))
        return false;
    sum->exponent = exponent;
    sum->count = width;
    sum->negative = a->negative;
    if (a->negative == b->negative) {
        int carry = 0;
        for (int i = width - 1; i >= 0; i--) {
            int digit = sum->digits[i] + other[i] + carry;
            carry = digit > 9;
            sum->digits[i] = (uint8_t)(digit - 10 * carry);
        }
    } else if (memcmp(sum->digits, other, (size_t)width) >= 0) {
        subtract_digits(sum->digits, other, width);
    } else {
        subtract_digits(other, sum->digits, width);
        memcpy(sum->digits, other, (size_t)width);
        sum->negative = b->negative;
    }
    normalize(sum);
    if (sum->count == 0)
        sum->negative = a->negative && b->negative;
    return true;
}

bool liquid_decimal_multiply(struct liquid_decimal *product, const struct liquid_decimal *a,
                             const struct liquid_decimal *b)
{
    uint32_t places[LIQUID_DECIMAL_DIGITS] = {0};
    int count = a->count + b->count;
    if (count > LIQUID_DECIMAL_DIGITS)
        return false;
    for (int i = 0; i < a->count; i++)
        for (int j = 0; j < b->count; j++)
            places[i + j + 1] += (uint32_t)(a->digits[i] * b->digits[j]);
    for (int i = count - 1; i > 0; i--) {
        places[i - 1] += places[i] / 10;
        places[i] %= 10;
    }
    for (int i = 0; i < count; i++)
        product->digits[i] = (uint8_t)places[i];
    product->count = a->count == 0 || b->count == 0 ? 0 : count;
    product->exponent = a->exponent + b->exponent;
    product->negative = a->negative != b->negative;
    normalize(product);
    return true;
}

bool liquid_decimal_divide(struct liquid_decimal *quotient, struct liquid_decimal *remainder,
                           const struct liquid_decimal *a, const struct liquid_decimal *b)
{
    int exponent;
    int width = common_width(a, b, &exponent);
    uint8_t dividend[LIQUID_DECIMAL_DIGITS], divisor[LIQUID_DECIMAL_DIGITS];
    if (width <= 0 || !align(dividend, width, a, exponent) || !align(divisor, width, b, exponent))
        return false;
    uint8_t *rest = remainder->digits;
    memset(rest, 0, (size_t)width);
    for (int i = 0; i < width; i++) {
        memmove(rest, rest + 1, (size_t)width - 1);
        rest[width - 1] = dividend[i];
        uint8_t digit = 0;
        for (; memcmp(rest, divisor, (size_t)width) >= 0; digit++)
            subtract_digits(rest, divisor, width);
        if (quotient != NULL)
            quotient->digits[i] = digit;
    }
    remainder->negative = a->negative;
    remainder->exponent = exponent;
    remainder->count = width;
    normalize(remainder);
    if (quotient == NULL)
        return true;
    quotient->negative = a->negative != b->negative;
    quotient->exponent = 0;
    quotient->count = width;
    normalize(quotient);
    return true;
}

void liquid_decimal_round(struct liquid_decimal *decimal)
{
    if (decimal->count <= PRECISION)
        return;
    uint8_t next = decimal->digits[PRECISION];
    bool more = false;
    for (int i = PRECISION + 1; i < decimal->count; i++)
        more |= decimal->digits[i] != 0;
    bool up = next > 5 || (next == 5 && (more || decimal->digits[PRECISION - 1] % 2 == 1));
    decimal->exponent += decimal->count - PRECISION;
    decimal->count = PRECISION;
    int at = PRECISION - 1;
    for (; up && at >= 0 && decimal->digits[at] == 9; at--)
        decimal->digits[at] = 0;
    if (up && at >= 0) {
        decimal->digits[at]++;
    } else if (up) {
        decimal->digits[0] = 1;
        decimal->exponent++;
    }
}
