/* label: see label.h. */
#include "session/label.h"

#include <math.h>

#include "base/number.h"
#include "value/date.h"
#include "value/json.h"

enum { LARGEST_LABEL = 1 << 20 };

static struct session_label text_label(struct hob_text text)
{
    return (struct session_label){.kind = SESSION_LABEL_TEXT, .text = text};
}

static struct session_label number_label(double number)
{
    if (isnan(number))
        return (struct session_label){.kind = SESSION_LABEL_NONE};
    return (struct session_label){.kind = SESSION_LABEL_DOUBLE, .number = number};
}

static struct session_label printed_label(const struct hob_value *value, struct hob_arena *arena)
{
    HOB_AUTO(buffer) struct hob_buffer text = HOB_BUFFER_INIT;
    if (value->kind == HOB_DATE)
        hob_date_print(&text, value->days);
    else if (value->kind == HOB_DATETIME)
        hob_datetime_print(&text, value, 'T');
    else if (hob_json_write(&text, value, HOB_JSON_COMPACT, LARGEST_LABEL, NULL) != 0)
        text.size = 0;
    return text_label(hob_arena_copy(arena, hob_buffer_whole_text(&text)));
}

struct session_label session_label_of(const struct hob_value *value, struct hob_arena *arena)
{
    switch (value->kind) {
    case HOB_NULL:
        return (struct session_label){.kind = SESSION_LABEL_NONE};
    case HOB_BOOL:
        return (struct session_label){.kind = SESSION_LABEL_BOOL, .boolean = value->boolean};
    case HOB_INT:
        return (struct session_label){.kind = SESSION_LABEL_INT, .integer = value->integer};
    case HOB_DOUBLE:
        return number_label(value->number);
    case HOB_STRING:
        return text_label(value->text);
    default:
        return printed_label(value, arena);
    }
}

struct session_label session_label_of_cell(const struct hob_column *column, size_t row,
                                           struct hob_arena *arena)
{
    if (hob_column_is_missing(column, row))
        return (struct session_label){.kind = SESSION_LABEL_NONE};
    switch (column->type) {
    case HOB_COLUMN_INT64:
        return (struct session_label){.kind = SESSION_LABEL_INT, .integer = column->integers[row]};
    case HOB_COLUMN_FLOAT64:
        return number_label(column->numbers[row]);
    case HOB_COLUMN_BOOL:
        return (struct session_label){.kind = SESSION_LABEL_BOOL, .boolean = column->booleans[row]};
    case HOB_COLUMN_STRING:
        return text_label(hob_column_string(column, row));
    default:
        return session_label_of(hob_column_value(column, row, arena), arena);
    }
}

bool session_label_integer(const struct session_label *label, int64_t *integer)
{
    if (label->kind == SESSION_LABEL_INT) {
        *integer = label->integer;
        return true;
    }
    const double beyond = 9223372036854775808.0; /* int64 */
    if (label->kind != SESSION_LABEL_DOUBLE || label->number < -beyond || label->number >= beyond ||
        label->number != trunc(label->number))
        return false;
    *integer = (int64_t)label->number;
    return true;
}

bool session_label_equal(const struct session_label *a, const struct session_label *b)
{
    int64_t first, second;
    if (session_label_integer(a, &first))
        return session_label_integer(b, &second) && first == second;
    if (a->kind != b->kind)
        return false;
    switch (a->kind) {
    case SESSION_LABEL_BOOL:
        return a->boolean == b->boolean;
    case SESSION_LABEL_DOUBLE:
        return !session_label_integer(b, &second) && a->number <= b->number &&
               a->number >= b->number;
    case SESSION_LABEL_TEXT:
        return hob_text_equal(a->text, b->text);
    default:
        return true;
    }
}

uint64_t session_label_hash(const struct session_label *label)
{
    int64_t integer;
    if (session_label_integer(label, &integer))
        return hob_text_hash((struct hob_text){(const char *)&integer, sizeof integer});
    if (label->kind == SESSION_LABEL_DOUBLE)
        return hob_text_hash((struct hob_text){(const char *)&label->number, sizeof label->number});
    if (label->kind == SESSION_LABEL_TEXT)
        return hob_text_hash(label->text);
    return label->kind == SESSION_LABEL_BOOL && label->boolean ? 2 : label->kind;
}

void session_label_put(struct hob_buffer *out, const struct session_label *label)
{
    char number[HOB_NUMBER_SIZE];
    switch (label->kind) {
    case SESSION_LABEL_NONE:
        hob_buffer_put_string(out, "null");
        break;
    case SESSION_LABEL_BOOL:
        hob_buffer_put_string(out, label->boolean ? "true" : "false");
        break;
    case SESSION_LABEL_INT:
        hob_buffer_put(out, number, hob_number_print_int(number, label->integer));
        break;
    case SESSION_LABEL_DOUBLE:
        hob_json_put_double(out, label->number);
        break;
    case SESSION_LABEL_TEXT:
        hob_json_put_string(out, label->text, HOB_JSON_COMPACT);
        break;
    }
}

struct session_label session_label_copy(const struct session_label *label, struct hob_arena *arena)
{
    struct session_label copy = *label;
    if (copy.kind == SESSION_LABEL_TEXT)
        copy.text = hob_arena_copy(arena, copy.text);
    return copy;
}
