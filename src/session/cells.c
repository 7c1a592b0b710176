/* cells: what stands in a cell: what was set, else what was read, else nothing. */
#include "session/internal.h"

#include "base/number.h"
#include "value/date.h"
#include "value/json.h"

/* What one cell may come to as JSON: YAML aliases make small files name the same list often. */
static const size_t max_cell_size = (size_t)256 << 20;

/* What a whole answer may, as in frame/records.c; there it counts for nested cells alone, but an
 * answer of a session is held in memory as a whole. */
static const size_t max_answer_size = (size_t)512 << 20;

int session_check_answer(size_t size, struct hob_error *error)
{
    if (size <= max_answer_size)
        return 0;
    hob_error_set(error, HOB_E_LIMIT, "the answer is larger than %zu bytes", max_answer_size);
    hob_error_hint(error, "ask for fewer rows or columns");
    return HOB_E_LIMIT;
}

/* A nested cell, not beyond the end of the answer. */
static int put_nested(struct hob_buffer *out, const struct hob_value *value,
                      struct hob_error *error)
{
    size_t left = out->size < max_answer_size ? max_answer_size - out->size : 0;
    size_t most = left < max_cell_size ? left : max_cell_size;
    return hob_json_write(out, value, HOB_JSON_COMPACT, most, error);
}

static void put_number(struct hob_buffer *out, const struct session_column *column, size_t row)
{
    char number[HOB_NUMBER_SIZE];
    const struct hob_column *base = column->base;
    bool is_signed = base->type == HOB_COLUMN_INT64;
    if ((column->flags & SESSION_AS_FLOAT) != 0)
        hob_json_put_double(out,
                            is_signed ? (double)base->integers[row] : (double)base->unsigneds[row]);
    else
        hob_buffer_put(out, number,
                       is_signed ? hob_number_print_int(number, base->integers[row])
                                 : hob_number_print_unsigned(number, base->unsigneds[row]));
}

static int put_base(struct hob_buffer *out, const struct session_column *column, size_t row,
                    struct hob_error *error)
{
    const struct hob_column *base = column->base;
    if (hob_column_is_missing(base, row)) {
        hob_buffer_put_string(out, "null");
        return 0;
    }
    switch (base->type) {
    case HOB_COLUMN_INT64:
    case HOB_COLUMN_UINT64:
        put_number(out, column, row);
        return 0;
    case HOB_COLUMN_FLOAT64:
        hob_json_put_double(out, base->numbers[row]);
        return 0;
    case HOB_COLUMN_BOOL:
        hob_buffer_put_string(out, base->booleans[row] ? "true" : "false");
        return 0;
    case HOB_COLUMN_STRING:
        hob_json_put_string(out, hob_column_string(base, row), HOB_JSON_COMPACT);
        return 0;
    case HOB_COLUMN_DATETIME: {
        struct hob_value moment = {.kind = HOB_DATETIME,
                                   .boolean = base->has_zone,
                                   .offset_seconds = base->offset_seconds,
                                   .microseconds = base->integers[row]};
        hob_buffer_put_char(out, '"');
        hob_datetime_print(out, &moment, 'T');
        hob_buffer_put_char(out, '"');
        return 0;
    }
    case HOB_COLUMN_VALUE:
        return put_nested(out, base->values[row], error);
    }
    return hob_error_set(error, HOB_E_INTERNAL, "a column of the unknown type %d", base->type);
}

/* The text of a cell that was set; empty when it was not. */
static struct hob_text text_of(const struct session_column *column, size_t row)
{
    struct hob_text text = session_overlay_get(&column->overlay, row);
    if (text.data != NULL || (column->base != NULL && row < column->base_rows))
        return text;
    return column->fallback.data != NULL ? column->fallback : HOB_TEXT("null");
}

int session_put_cell(struct hob_buffer *out, const struct session_column *column, size_t row,
                     struct hob_error *error)
{
    struct hob_text text =
        row == SIZE_MAX ? (column->fallback.data != NULL ? column->fallback : HOB_TEXT("null"))
                        : text_of(column, row);
    if (text.data != NULL) {
        hob_buffer_put_text(out, text);
        return session_check_answer(out->size, error);
    }
    int result = put_base(out, column, row, error);
    return result < 0 ? result : session_check_answer(out->size, error);
}

int session_cell_value(const struct hob_value **value, const struct session_column *column,
                       size_t row, struct hob_arena *arena, struct hob_error *error)
{
    struct hob_text text =
        row == SIZE_MAX ? (column->fallback.data != NULL ? column->fallback : HOB_TEXT("null"))
                        : text_of(column, row);
    if (text.data != NULL)
        return hob_json_read(arena, text, value, error);
    *value = hob_column_value(column->base, row, arena);
    if ((column->flags & SESSION_AS_FLOAT) != 0 && (*value)->kind == HOB_INT)
        *value = hob_value_new_double(arena, (double)(*value)->integer);
    return 0;
}

size_t session_part_row(const struct hob_session *session, const struct session_part *part,
                        size_t row)
{
    if (part->kind == SESSION_CONSTANTS || part->kind == SESSION_PARAMETERS)
        return part->fixed_row < session_labels_count(&part->labels) ? part->fixed_row : SIZE_MAX;
    if (row == SIZE_MAX)
        return SIZE_MAX;
    if (part == session->main)
        return row < session_labels_count(&part->labels) ? row : SIZE_MAX;
    struct session_label label = session_labels_at(session_index(session), row);
    return session_labels_find_near(&part->labels, &label, row);
}

int session_put_table_cell(struct hob_buffer *out, const struct hob_session *session,
                           const struct session_column *column, size_t row, struct hob_error *error)
{
    size_t own = session_part_row(session, column->part, row);
    if (column->part->kind != SESSION_SERIES)
        return session_put_cell(out, column, own, error);
    hob_buffer_put_char(out, '[');
    for (bool first = true; own != SIZE_MAX; first = false) {
        if (!first)
            hob_buffer_put_char(out, ',');
        int result = session_put_cell(out, column, own, error);
        if (result < 0)
            return result;
        own = session_labels_next(&column->part->labels, own);
    }
    hob_buffer_put_char(out, ']');
    return 0;
}

int session_table_value(const struct hob_value **value, const struct hob_session *session,
                        const struct session_column *column, size_t row, struct hob_arena *arena,
                        struct hob_error *error)
{
    size_t own = session_part_row(session, column->part, row);
    if (column->part->kind != SESSION_SERIES)
        return session_cell_value(value, column, own, arena, error);
    struct hob_value *list = hob_value_new(arena, HOB_LIST);
    while (own != SIZE_MAX) {
        const struct hob_value *item;
        int result = session_cell_value(&item, column, own, arena, error);
        if (result < 0)
            return result;
        if (!hob_value_append(arena, list, item))
            return hob_error_set(error, HOB_E_MEMORY, "not enough memory for the entries of a row");
        own = session_labels_next(&column->part->labels, own);
    }
    *value = list;
    return 0;
}
