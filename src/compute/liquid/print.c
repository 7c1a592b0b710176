/* print: values as templates and as Python print them.
 *
 * `{{ list }}` prints the items one after another: texts as they are, everything else as Python's
 * str. Inside lists and mappings everything is printed as Python's repr. */
#include "base/number.h"
#include "compute/liquid/values.h"
#include "value/date.h"
#include "value/python.h"

/* Deeper nesting prints as "...", as does hob_python_repr. */
enum { MAX_DEPTH = 100 };

static void put_repr(struct hob_buffer *out, const struct liquid_value *value, size_t limit,
                     int depth);

static void put_range(struct hob_buffer *out, const struct liquid_value *value)
{
    if (value->range.first > value->range.last)
        hob_buffer_put_string(out, "0..-1");
    else
        hob_buffer_printf(out, "%lld..%lld", (long long)value->range.first,
                          (long long)value->range.last);
}

static void put_list_repr(struct hob_buffer *out, const struct liquid_value *list, size_t limit,
                          int depth)
{
    bool tuple = list->kind == LIQUID_LIST ? list->tuple : list->data->kind == HOB_TUPLE;
    uint64_t count = liquid_count(list);
    hob_buffer_put_char(out, tuple ? '(' : '[');
    for (uint64_t i = 0; i < count && out->size <= limit; i++) {
        struct liquid_value item = liquid_item(list, i);
        if (i > 0)
            hob_buffer_put(out, ", ", 2);
        put_repr(out, &item, limit, depth + 1);
    }
    if (tuple && count == 1)
        hob_buffer_put_char(out, ',');
    hob_buffer_put_char(out, tuple ? ')' : ']');
}

static void put_map_repr(struct hob_buffer *out, const struct liquid_value *map, size_t limit,
                         int depth)
{
    struct liquid_value pair[2];
    uint32_t at = 0;
    bool first = true;
    hob_buffer_put_char(out, '{');
    while (out->size <= limit && liquid_next_pair(map, &at, pair)) {
        if (!first)
            hob_buffer_put(out, ", ", 2);
        first = false;
        put_repr(out, &pair[0], limit, depth + 1);
        hob_buffer_put(out, ": ", 2);
        put_repr(out, &pair[1], limit, depth + 1);
    }
    hob_buffer_put_char(out, '}');
}

/* What str and repr print alike. */
static void put_plain(struct hob_buffer *out, const struct liquid_value *value)
{
    char digits[HOB_NUMBER_SIZE];
    switch ((enum liquid_kind)value->kind) {
    case LIQUID_NIL:
        hob_buffer_put_string(out, "None");
        break;
    case LIQUID_BOOL:
        hob_buffer_put_string(out, value->boolean ? "True" : "False");
        break;
    case LIQUID_INT:
        hob_buffer_put(out, digits, hob_number_print_int(digits, value->integer));
        break;
    case LIQUID_DOUBLE:
        hob_buffer_put(out, digits, hob_number_print_double(digits, value->number));
        break;
    case LIQUID_BIG:
        hob_buffer_put_text(out, value->text);
        break;
    case LIQUID_RANGE:
        put_range(out, value);
        break;
    case LIQUID_OTHER:
        hob_python_str(out, value->data);
        break;
    case LIQUID_LOOP:
        hob_buffer_put_string(out, value->loop->columns > 0 ? "TableRow" : "ForLoop");
        break;
    default:
        break;
    }
}

static void put_repr(struct hob_buffer *out, const struct liquid_value *value, size_t limit,
                     int depth)
{
    if (depth > MAX_DEPTH)
        hob_buffer_put_string(out, "...");
    else if (value->kind == LIQUID_TEXT)
        hob_python_repr_text(out, value->text);
    else if (value->kind == LIQUID_MAP)
        put_map_repr(out, value, limit, depth);
    else if (value->kind == LIQUID_LIST || value->kind == LIQUID_DATA_LIST)
        put_list_repr(out, value, limit, depth);
    else if (value->kind == LIQUID_MOMENT)
        hob_python_repr(out, value->data);
    else
        put_plain(out, value);
}

void liquid_print_repr(struct hob_buffer *out, const struct liquid_value *value, size_t limit)
{
    put_repr(out, value, limit, 0);
}

void liquid_print_str(struct hob_buffer *out, const struct liquid_value *value, size_t limit)
{
    if (value->kind == LIQUID_TEXT)
        hob_buffer_put_text(out, value->text);
    else if (value->kind != LIQUID_MOMENT)
        put_repr(out, value, limit, 0);
    else if (value->data->kind == HOB_DATE)
        hob_date_print(out, value->data->days);
    else
        hob_datetime_print(out, value->data, ' ');
}

void liquid_print(struct hob_buffer *out, const struct liquid_value *value, size_t limit)
{
    bool tuple = value->kind == LIQUID_LIST
                     ? value->tuple
                     : value->kind == LIQUID_DATA_LIST && value->data->kind == HOB_TUPLE;
    if (value->kind == LIQUID_NIL)
        return;
    if (value->kind == LIQUID_BOOL) {
        hob_buffer_put_string(out, value->boolean ? "true" : "false");
        return;
    }
    if (tuple || (value->kind != LIQUID_LIST && value->kind != LIQUID_DATA_LIST)) {
        liquid_print_str(out, value, limit);
        return;
    }
    uint64_t count = liquid_count(value);
    for (uint64_t i = 0; i < count && out->size <= limit; i++) {
        struct liquid_value item = liquid_item(value, i);
        liquid_print_str(out, &item, limit);
    }
}
