/* compare: equality, order and hash of values.
 *
 * Data may hold the same list many times over (YAML aliases), so that comparing them can take far
 * longer than their size suggests: every item compared is counted. */
#include <math.h>

#include "compute/liquid/values.h"

enum { MAX_DEPTH = 100 };

/* One comparison; `loose` is Python's equality, where true is 1. */
struct comparison {
    bool loose;
    uint64_t *steps, limit;
    int depth;
};

static bool equal(struct comparison *comparison, const struct liquid_value *a,
                  const struct liquid_value *b);

static bool is_number(const struct liquid_value *value, bool loose)
{
    return value->kind == LIQUID_INT || value->kind == LIQUID_DOUBLE || value->kind == LIQUID_BIG ||
           (loose && value->kind == LIQUID_BOOL);
}

static int64_t integer_of(const struct liquid_value *value)
{
    return value->kind == LIQUID_BOOL ? value->boolean : value->integer;
}

static double double_of(const struct liquid_value *value)
{
    if (value->kind == LIQUID_DOUBLE)
        return value->number;
    if (value->kind != LIQUID_BIG)
        return (double)integer_of(value);
    char digits[1024];
    if (value->text.size >= sizeof digits)
        return value->text.data[0] == '-' ? -INFINITY : INFINITY;
    memcpy(digits, value->text.data, value->text.size);
    digits[value->text.size] = '\0';
    return strtod(digits, NULL);
}

static int order_doubles(double a, double b)
{
    if (isnan(a) || isnan(b))
        return 2;
    return a < b ? -1 : a > b;
}

/* Exact where both are integers, or one fits a double. */
static int order_numbers(const struct liquid_value *a, const struct liquid_value *b)
{
    bool whole_a = a->kind == LIQUID_INT || a->kind == LIQUID_BOOL;
    bool whole_b = b->kind == LIQUID_INT || b->kind == LIQUID_BOOL;
    if (whole_a && whole_b)
        return integer_of(a) < integer_of(b) ? -1 : integer_of(a) > integer_of(b);
    if (a->kind == LIQUID_BIG && b->kind == LIQUID_BIG && hob_text_equal(a->text, b->text))
        return 0;
    int order = order_doubles(double_of(a), double_of(b));
    if (order != 0 || whole_a == whole_b)
        return order;
    /* An integer and a double that the integer rounds to. */
    double number = double_of(whole_a ? b : a);
    int64_t integer = integer_of(whole_a ? a : b);
    if (number >= 0x1p63)
        return whole_a ? -1 : 1;
    int64_t exact = (int64_t)number;
    order = integer < exact ? -1 : integer > exact;
    return whole_a ? order : -order;
}

static bool is_text_list_or_map(const struct liquid_value *value)
{
    return value->kind == LIQUID_TEXT || value->kind == LIQUID_MAP ||
           (liquid_is_list(value) && value->kind != LIQUID_RANGE);
}

static bool equals_empty(const struct liquid_value *value)
{
    if (value->kind == LIQUID_TEXT)
        return value->text.size == 0;
    return is_text_list_or_map(value) && liquid_count(value) == 0;
}

static bool equals_blank(const struct liquid_value *value)
{
    if (value->kind == LIQUID_TEXT)
        return hob_text_strip(value->text).size == 0;
    return equals_empty(value);
}

static bool equal_lists(struct comparison *comparison, const struct liquid_value *a,
                        const struct liquid_value *b)
{
    uint64_t count = liquid_count(a);
    if (count != liquid_count(b))
        return false;
    for (uint64_t i = 0; i < count; i++) {
        struct liquid_value left = liquid_item(a, i), right = liquid_item(b, i);
        if (!equal(comparison, &left, &right))
            return false;
    }
    return true;
}

static bool equal_maps(struct comparison *comparison, const struct liquid_value *a,
                       const struct liquid_value *b)
{
    if (a->data == b->data && a->pruned == b->pruned)
        return true;
    if (liquid_count(a) != liquid_count(b))
        return false;
    struct liquid_value pair[2];
    for (uint32_t at = 0; liquid_next_pair(a, &at, pair);) {
        struct liquid_value other = liquid_member(b, &pair[0]);
        if (other.kind == LIQUID_UNDEFINED || !equal(comparison, &pair[1], &other))
            return false;
    }
    return true;
}

static bool equal_collections(struct comparison *comparison, const struct liquid_value *a,
                              const struct liquid_value *b)
{
    if (comparison->depth >= MAX_DEPTH)
        return false;
    comparison->depth++;
    bool result = false;
    if (a->kind == LIQUID_MAP && b->kind == LIQUID_MAP)
        result = equal_maps(comparison, a, b);
    else if (a->kind != LIQUID_MAP && b->kind != LIQUID_MAP)
        result = equal_lists(comparison, a, b);
    comparison->depth--;
    return result;
}

static bool equal(struct comparison *comparison, const struct liquid_value *a,
                  const struct liquid_value *b)
{
    if (++*comparison->steps > comparison->limit)
        return false;
    bool loose = comparison->loose;
    if (liquid_is_nothing(a) || liquid_is_nothing(b))
        return liquid_is_nothing(a) && liquid_is_nothing(b);
    if (a->kind == LIQUID_EMPTY || a->kind == LIQUID_BLANK)
        return b->kind == a->kind || (a->kind == LIQUID_EMPTY ? equals_empty(b) : equals_blank(b));
    if (b->kind == LIQUID_EMPTY || b->kind == LIQUID_BLANK)
        return b->kind == LIQUID_EMPTY ? equals_empty(a) : equals_blank(a);
    if (is_number(a, loose) && is_number(b, loose))
        return order_numbers(a, b) == 0;
    if (a->kind == LIQUID_RANGE || b->kind == LIQUID_RANGE)
        return a->kind == b->kind && (liquid_count(a) == liquid_count(b)) &&
               (liquid_count(a) == 0 || a->range.first == b->range.first);
    if (is_text_list_or_map(a) && is_text_list_or_map(b) && a->kind != LIQUID_TEXT &&
        b->kind != LIQUID_TEXT)
        return equal_collections(comparison, a, b);
    if (a->kind != b->kind)
        return false;
    if (a->kind == LIQUID_BOOL)
        return a->boolean == b->boolean;
    if (a->kind == LIQUID_TEXT) {
        *comparison->steps += a->text.size == b->text.size ? a->text.size >> 10 : 0;
        return hob_text_equal(a->text, b->text);
    }
    if (a->kind == LIQUID_LOOP)
        return a->loop == b->loop;
    return hob_value_equal(a->data, b->data);
}

bool liquid_equal(const struct liquid_value *a, const struct liquid_value *b, uint64_t *steps,
                  uint64_t limit)
{
    struct comparison comparison = {.steps = steps, .limit = limit};
    return equal(&comparison, a, b);
}

bool liquid_same(const struct liquid_value *a, const struct liquid_value *b, uint64_t *steps,
                 uint64_t limit)
{
    struct comparison comparison = {.loose = true, .steps = steps, .limit = limit};
    return equal(&comparison, a, b);
}

static uint64_t mix(uint64_t bits)
{
    bits *= 0x9E3779B97F4A7C15u;
    return bits ^ bits >> 29;
}

uint64_t liquid_hash(const struct liquid_value *value)
{
    if (is_number(value, true)) {
        /* Through double, so that 1, 1.0 and true agree; large integers may collide. */
        double number = double_of(value);
        uint64_t bits;
        if (number == 0)
            number = 0;
        memcpy(&bits, &number, sizeof bits);
        return mix(bits);
    }
    if (value->kind == LIQUID_TEXT)
        return hob_text_hash(value->text);
    if (value->kind == LIQUID_MOMENT)
        return hob_value_hash(value->data);
    if (value->kind == LIQUID_MAP)
        return mix(liquid_count(value) + 7);
    if (value->kind == LIQUID_RANGE)
        return mix(liquid_count(value) + 3);
    if (!liquid_is_list(value))
        return liquid_is_nothing(value) ? 1 : 2;
    uint64_t count = liquid_count(value), hash = count + 11;
    for (uint64_t i = 0; i < count && i < 4; i++) {
        struct liquid_value item = liquid_item(value, i);
        hash = mix(hash + (liquid_is_list(&item) ? 5 : liquid_hash(&item)));
    }
    return hash;
}

static int64_t moment_of(const struct hob_value *data)
{
    if (data->kind == HOB_DATE)
        return data->days * INT64_C(86400000000);
    return data->microseconds - (int64_t)data->offset_seconds * 1000000;
}

bool liquid_order(const struct liquid_value *a, const struct liquid_value *b, int *order)
{
    if (is_number(a, true) && is_number(b, true)) {
        *order = order_numbers(a, b);
        return true;
    }
    if (a->kind != b->kind)
        return false;
    if (a->kind == LIQUID_TEXT) {
        int result = hob_text_compare(a->text, b->text);
        *order = result < 0 ? -1 : result > 0;
        return true;
    }
    if (a->kind != LIQUID_MOMENT)
        return false;
    int64_t left = moment_of(a->data), right = moment_of(b->data);
    *order = left < right ? -1 : left > right;
    return true;
}
