/* yaml_number: what the digits of integers and floats amount to; see yaml_resolve.h.
 *
 * Integers of any base may outgrow 64 bits. They are added up in 64 bits as long as that goes, and
 * then in limbs of nine decimal digits, so that the exact decimal spelling is there at the end. */
#include <math.h>

#include "base/number.h"
#include "value/yaml_cursor.h"
#include "value/yaml_resolve.h"

/* All .nan are one object to Python, and so one key of a mapping. */
static const struct hob_value not_a_number = {.kind = HOB_DOUBLE, .number = NAN};

/* An unsigned integer that may outgrow 64 bits: `small` as long as it can, then limbs of nine
 * decimal digits, the lowest first. */
enum { LIMBS = HOB_YAML_MAX_DIGITS / 9 + 2, LIMB = 1000000000 };

struct big {
    uint64_t small;
    bool is_big;
    size_t count;
    uint32_t limbs[LIMBS];
};

static void grow_big(struct big *big)
{
    big->is_big = true;
    big->count = 0;
    for (uint64_t rest = big->small; rest > 0; rest /= LIMB)
        big->limbs[big->count++] = (uint32_t)(rest % LIMB);
}

/* big = big * factor + addend; false when it gets too long. */
static bool multiply_add(struct big *big, uint32_t factor, uint64_t addend)
{
    uint64_t product;
    if (!big->is_big) {
        if (!__builtin_mul_overflow(big->small, (uint64_t)factor, &product) &&
            !__builtin_add_overflow(product, addend, &product)) {
            big->small = product;
            return true;
        }
        grow_big(big);
    }
    uint64_t carry = addend;
    for (size_t i = 0; i < big->count; i++) {
        carry += (uint64_t)big->limbs[i] * factor;
        big->limbs[i] = (uint32_t)(carry % LIMB);
        carry /= LIMB;
    }
    for (; carry > 0; carry /= LIMB) {
        if (big->count == LIMBS)
            return false;
        big->limbs[big->count++] = (uint32_t)(carry % LIMB);
    }
    return big->count <= LIMBS - 1;
}

static const struct hob_value *int_value(struct hob_arena *arena, const struct big *big,
                                         bool negative)
{
    if (!big->is_big && big->small <= INT64_MAX)
        return hob_value_new_int(arena, negative ? -(int64_t)big->small : (int64_t)big->small);
    if (!big->is_big && negative && big->small == (uint64_t)INT64_MAX + 1)
        return hob_value_new_int(arena, INT64_MIN);
    struct big copy = *big;
    if (!copy.is_big)
        grow_big(&copy);
    size_t room = copy.count * 9 + 2;
    char *digits = hob_arena_try_alloc(arena, room);
    if (digits == NULL)
        return NULL;
    char *at = digits + room;
    *--at = '\0';
    for (size_t i = 0; i < copy.count; i++)
        for (int place = 0; place < 9; place++, copy.limbs[i] /= 10)
            *--at = (char)('0' + copy.limbs[i] % 10);
    while (*at == '0')
        at++;
    if (negative)
        *--at = '-';
    struct hob_value *value = hob_value_new(arena, HOB_BIG_INT);
    value->text = (struct hob_text){at, (size_t)(digits + room - 1 - at)};
    return value;
}

/* Digits of one base, underscores between them. */
static bool read_digits(struct hob_cursor *cursor, int base, struct big *big)
{
    bool any = false;
    for (; cursor->at < cursor->end; cursor->at++) {
        if (*cursor->at == '_')
            continue;
        int digit = hob_digit_value(*cursor->at);
        if (digit >= base)
            break;
        any = true;
        if (!multiply_add(big, (uint32_t)base, (uint64_t)digit))
            return false;
    }
    return any;
}

static bool read_sixties(struct hob_cursor *cursor, struct big *big)
{
    while (hob_cursor_accept(cursor, ':')) {
        struct big part = {0};
        if (!read_digits(cursor, 10, &part) || part.is_big || !multiply_add(big, 60, part.small))
            return false;
    }
    return true;
}

static struct hob_text strip_blanks(struct hob_text text)
{
    while (text.size > 0 && memchr(" \t\n\r\v\f", text.data[0], 6) != NULL)
        text = (struct hob_text){text.data + 1, text.size - 1};
    while (text.size > 0 && memchr(" \t\n\r\v\f", text.data[text.size - 1], 6) != NULL)
        text.size--;
    return text;
}

const struct hob_value *hob_yaml_int_value(struct hob_arena *arena, struct hob_text text,
                                           const char **problem)
{
    *problem = "this is no integer";
    text = strip_blanks(text);
    struct hob_cursor cursor = {text.data, text.data + text.size};
    struct big big;
    big.small = 0;
    big.is_big = false;
    while (hob_cursor_accept(&cursor, '_'))
        ;
    bool negative = hob_cursor_peek(&cursor) == '-';
    hob_cursor_accept_sign(&cursor);
    while (hob_cursor_accept(&cursor, '_'))
        ;
    int base = 10;
    bool zero = hob_cursor_peek(&cursor) == '0' && cursor.end - cursor.at > 1;
    if (zero) {
        char second = cursor.at[1];
        base = second == 'b' ? 2 : second == 'x' ? 16 : 8;
        cursor.at += second == 'b' || second == 'x' || second == 'o' || second == 'O' ? 2 : 0;
    }
    if (!read_digits(&cursor, base, &big) || (base == 10 && !read_sixties(&cursor, &big))) {
        if (big.is_big)
            *problem = "this integer has too many digits";
        return NULL;
    }
    if (cursor.at < cursor.end)
        return NULL;
    *problem = NULL;
    return int_value(arena, &big, negative);
}

/* The parts are added from the right, as Python adds them: the rounding is the same. */
static bool read_float_sixties(struct hob_text text, double *number)
{
    double sum = 0, unit = 1;
    const char *end = text.data + text.size;
    while (end >= text.data) {
        const char *start = end;
        while (start > text.data && start[-1] != ':')
            start--;
        double part;
        if (!hob_number_parse_double((struct hob_text){start, (size_t)(end - start)}, &part))
            return false;
        sum += part * unit;
        unit *= 60;
        end = start - 1;
    }
    *number = sum;
    return true;
}

static bool read_float(struct hob_text text, double *number)
{
    *number = INFINITY;
    if (hob_is_word_in_any_case(text, ".inf") || hob_is_word_in_any_case(text, "inf") ||
        hob_is_word_in_any_case(text, "infinity"))
        return true;
    *number = NAN;
    if (hob_is_word_in_any_case(text, ".nan") || hob_is_word_in_any_case(text, "nan"))
        return true;
    if (memchr(text.data, ':', text.size) != NULL)
        return read_float_sixties(text, number);
    return text.size > 0 && text.data[0] != '+' && text.data[0] != '-' &&
           hob_number_parse_double(text, number);
}

/* The text without underscores; NULL data when there is no memory. */
static struct hob_text without_underscores(struct hob_arena *arena, struct hob_text text)
{
    if (memchr(text.data, '_', text.size) == NULL)
        return text;
    char *copy = hob_arena_try_alloc(arena, text.size);
    size_t size = 0;
    for (size_t i = 0; copy != NULL && i < text.size; i++)
        if (text.data[i] != '_')
            copy[size++] = text.data[i];
    return (struct hob_text){copy, size};
}

const struct hob_value *hob_yaml_float_value(struct hob_arena *arena, struct hob_text text,
                                             const char **problem)
{
    *problem = NULL;
    text = without_underscores(arena, strip_blanks(text));
    if (text.data == NULL)
        return NULL;
    bool negative = text.size > 0 && text.data[0] == '-';
    if (negative || (text.size > 0 && text.data[0] == '+'))
        text = (struct hob_text){text.data + 1, text.size - 1};
    double number;
    if (!read_float(text, &number)) {
        *problem = "this is no number";
        return NULL;
    }
    if (isnan(number))
        return &not_a_number;
    return hob_value_new_double(arena, negative ? -number : number);
}
