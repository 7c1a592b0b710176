/* tables: what asks for many cells: shape and names, slices, columns, rows. */
#include "session/internal.h"

#include "value/json.h"

static const size_t max_name_size = 1 << 20;

size_t hob_session_rows(const struct hob_session *session)
{
    return session_labels_count(session_index(session));
}

/* Rows of the outer join of everything: a row with several entries of a series counts as many. */
void hob_session_put_shape(struct hob_buffer *out, const struct hob_session *session)
{
    size_t rows = session->distinct;
    for (size_t i = 0; i < session->part_count; i++) {
        const struct session_labels *labels = &session->parts[i]->labels;
        if (session->parts[i]->kind == SESSION_SERIES)
            rows += session_labels_count(labels) - labels->distinct;
    }
    hob_buffer_printf(out, "[%zu,%zu]", rows, session_labels_count(&session->names));
}

static void put_names(struct hob_buffer *out, const struct hob_session *session, unsigned kinds)
{
    hob_buffer_put_char(out, '[');
    bool first = true;
    for (size_t i = 0; i < session_labels_count(&session->names); i++) {
        const struct session_column *column = session->by_name[i];
        if ((kinds >> column->part->kind & 1) == 0)
            continue;
        if (!first)
            hob_buffer_put_char(out, ',');
        hob_json_write(out, column->name, HOB_JSON_COMPACT, max_name_size, NULL);
        first = false;
    }
    hob_buffer_put_char(out, ']');
}

void hob_session_put_columns(struct hob_buffer *out, const struct hob_session *session)
{
    put_names(out, session, ~0u);
}

SESSION_OPERATION(get_shape)
{
    (void)parameters, (void)scope, (void)error;
    hob_buffer_put_string(out, ",\"shape\":");
    hob_session_put_shape(out, session);
    return 0;
}

static int columns_of(struct hob_buffer *out, const struct hob_session *session, unsigned kinds)
{
    hob_buffer_put_string(out, ",\"columns\":");
    put_names(out, session, kinds);
    return 0;
}

SESSION_OPERATION(get_columns)
{
    (void)parameters, (void)scope, (void)error;
    return columns_of(out, session, ~0u);
}

SESSION_OPERATION(get_input_columns)
{
    (void)parameters, (void)scope, (void)error;
    return columns_of(out, session,
                      1u << SESSION_INPUT | 1u << SESSION_DATA | 1u << SESSION_CONSTANTS);
}

SESSION_OPERATION(get_output_columns)
{
    (void)parameters, (void)scope, (void)error;
    return columns_of(out, session,
                      1u << SESSION_OUTPUT | 1u << SESSION_SERIES | 1u << SESSION_PARAMETERS);
}

SESSION_OPERATION(get_series_columns)
{
    (void)parameters, (void)scope, (void)error;
    return columns_of(out, session, 1u << SESSION_SERIES);
}

SESSION_OPERATION(get_column_type)
{
    (void)scope;
    const struct hob_value *name;
    int result = session_need(parameters, "column", &name, error);
    if (result < 0)
        return result;
    const struct session_column *column = session_find_column(session, name);
    if (column == NULL)
        hob_buffer_put_string(out, ",\"column_type\":null");
    else
        hob_buffer_printf(out, ",\"column_type\":\"%s\"", session_kind_name(column->part->kind));
    return 0;
}

static int put_indices(struct hob_buffer *out, const struct hob_session *session, size_t start,
                       size_t end, struct hob_error *error)
{
    hob_buffer_put_char(out, '[');
    for (size_t row = start; row < end; row++) {
        struct session_label label = session_labels_at(session_index(session), row);
        if (row > start)
            hob_buffer_put_char(out, ',');
        session_label_put(out, &label);
        if (session_check_answer(out->size, error) < 0)
            return HOB_E_LIMIT;
    }
    hob_buffer_put_char(out, ']');
    return 0;
}

SESSION_OPERATION(get_indices)
{
    (void)parameters, (void)scope;
    hob_buffer_put_string(out, ",\"indices\":");
    return put_indices(out, session, 0, hob_session_rows(session), error);
}

/* ---- which cells ---- */

/* A position as in Python's slices: from the end when negative, cut to the table. */
static int position_of(const struct hob_value *parameters, const char *name, size_t rows,
                       size_t fallback, size_t *position, struct hob_error *error)
{
    const struct hob_value *value = hob_value_get(parameters, name);
    *position = fallback;
    if (hob_value_is_null(value))
        return 0;
    if (value->kind != HOB_INT)
        return hob_error_set(error, HOB_E_PARAMETER,
                             "'%s' must be a whole number, a position from 0 on, not a %s", name,
                             hob_value_kind_name(value));
    int64_t at = value->integer < 0 ? value->integer + (int64_t)rows : value->integer;
    *position = at < 0 ? 0 : (uint64_t)at > rows ? rows : (size_t)at;
    return 0;
}

int session_select_columns(struct session_selection *selection, const struct hob_session *session,
                           const struct hob_value *names, struct hob_arena *arena,
                           struct hob_error *error)
{
    selection->columns = session->by_name;
    selection->count = session_labels_count(&session->names);
    if (hob_value_is_null(names))
        return 0;
    bool list = names->kind == HOB_LIST;
    selection->count = list ? names->list.count : 1;
    selection->columns =
        hob_arena_try_alloc(arena, (selection->count + 1) * sizeof *selection->columns);
    if (selection->columns == NULL)
        return hob_error_set(error, HOB_E_MEMORY, "not enough memory for the columns");
    for (size_t i = 0; i < selection->count; i++) {
        const struct hob_value *name = list ? names->list.items[i] : names;
        int result = session_need_column(session, name, &selection->columns[i], error);
        if (result < 0)
            return result;
    }
    return 0;
}

int session_put_record(struct hob_buffer *out, const struct hob_session *session,
                       const struct session_selection *selection, size_t row,
                       struct hob_error *error)
{
    hob_buffer_put_char(out, '{');
    for (size_t i = 0; i < selection->count; i++) {
        if (i > 0)
            hob_buffer_put_char(out, ',');
        hob_json_put_key(out, selection->columns[i]->name, HOB_JSON_COMPACT);
        hob_buffer_put_char(out, ':');
        int result = session_put_table_cell(out, session, selection->columns[i], row, error);
        if (result < 0)
            return result;
    }
    hob_buffer_put_char(out, '}');
    return 0;
}

SESSION_OPERATION(get_slice)
{
    (void)scope;
    HOB_AUTO(arena) struct hob_arena *arena = hob_arena_new();
    size_t rows = hob_session_rows(session);
    size_t start, end;
    struct session_selection selection;
    int result = position_of(parameters, "start", rows, 0, &start, error);
    if (result == 0)
        result = position_of(parameters, "end", rows, rows, &end, error);
    if (result == 0)
        result = session_select_columns(&selection, session, hob_value_get(parameters, "columns"),
                                        arena, error);
    if (result < 0)
        return result;
    end = end < start ? start : end;
    hob_buffer_put_string(out, ",\"indices\":");
    result = put_indices(out, session, start, end, error);
    if (result < 0)
        return result;
    hob_buffer_put_string(out, ",\"records\":[");
    for (size_t row = start; row < end; row++) {
        if (row > start)
            hob_buffer_put_char(out, ',');
        result = session_put_record(out, session, &selection, row, error);
        if (result < 0)
            return result;
    }
    hob_buffer_printf(out, "],\"shape\":[%zu,%zu]", end - start, selection.count);
    return 0;
}

SESSION_OPERATION(get_column_data)
{
    (void)scope;
    struct session_column *column = session->focus.column;
    const struct hob_value *name = hob_value_get(parameters, "column");
    int result = 0;
    if (!hob_value_is_null(name))
        result = session_need_column(session, name, &column, error);
    else if (session->focus.kind != SESSION_ON_COLUMN)
        result = hob_error_set(error, HOB_E_PARAMETER, "Missing required parameter: column");
    if (result < 0)
        return result;
    hob_buffer_put_string(out, ",\"column\":");
    hob_json_write(out, column->name, HOB_JSON_COMPACT, max_name_size, NULL);
    hob_buffer_put_string(out, ",\"indices\":");
    result = put_indices(out, session, 0, hob_session_rows(session), error);
    if (result < 0)
        return result;
    hob_buffer_put_string(out, ",\"values\":[");
    for (size_t row = 0; row < hob_session_rows(session); row++) {
        if (row > 0)
            hob_buffer_put_char(out, ',');
        result = session_put_table_cell(out, session, column, row, error);
        if (result < 0)
            return result;
    }
    hob_buffer_put_char(out, ']');
    return 0;
}

SESSION_OPERATION(get_row_data)
{
    (void)scope;
    HOB_AUTO(arena) struct hob_arena *arena = hob_arena_new();
    const struct hob_value *index = hob_value_get(parameters, "index");
    size_t row = session->focus.row;
    struct session_selection selection;
    int result = 0;
    if (!hob_value_is_null(index))
        result = session_need_row(session, index, &row, error);
    else if (row == SIZE_MAX)
        result = hob_error_set(error, HOB_E_NO_KEY, "the session has no rows");
    if (result == 0)
        result = session_select_columns(&selection, session, hob_value_get(parameters, "columns"),
                                        arena, error);
    if (result < 0)
        return result;
    struct session_label label = session_labels_at(session_index(session), row);
    hob_buffer_put_string(out, ",\"index\":");
    session_label_put(out, &label);
    hob_buffer_put_string(out, ",\"row\":");
    return session_put_record(out, session, &selection, row, error);
}

size_t hob_session_size(const struct hob_session *session)
{
    size_t size = sizeof *session + hob_arena_size(session->arena) + session->base_size +
                  session->edited_size + session->undo_size +
                  session->undo_capacity * sizeof *session->undo + session->records.capacity +
                  session->changes.capacity +
                  (session->part_capacity + session->column_capacity + session->by_name_capacity) *
                      sizeof(void *) +
                  session_labels_size(&session->names) + session_labels_size(&session->own_index);
    for (size_t i = 0; i < session->part_count; i++)
        size += sizeof(struct session_part) + session_labels_size(&session->parts[i]->labels);
    for (size_t i = 0; i < session->column_count; i++)
        size += sizeof(struct session_column) +
                session->columns[i]->overlay.slot_count * sizeof(struct session_cell);
    return size;
}
