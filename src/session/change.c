/* change: the operations that edit: they look at the focus and the parameters, and make records. */
#include "session/hints.h"
#include "session/internal.h"

#include <math.h>

#include "value/json.h"

const struct hob_value *session_label_value(const struct session_label *label,
                                            struct hob_arena *arena)
{
    switch (label->kind) {
    case SESSION_LABEL_BOOL:
        return hob_value_new_bool(label->boolean);
    case SESSION_LABEL_INT:
        return hob_value_new_int(arena, label->integer);
    case SESSION_LABEL_DOUBLE:
        return hob_value_new_double(arena, label->number);
    case SESSION_LABEL_TEXT:
        return hob_value_new_string(arena, label->text);
    default:
        return &hob_value_null;
    }
}

struct hob_value *session_new_record(struct hob_arena *arena, const char *op)
{
    struct hob_value *record = hob_value_new(arena, HOB_MAP);
    hob_value_put_string(arena, record, "op", hob_value_new_string(arena, hob_text_from(op)));
    return record;
}

/* Neither infinities nor NaN can be said in JSON, and so in the journal. */
static int find_numbers(const struct hob_value *value, const char *parameter, bool *has_nan,
                        struct hob_error *error)
{
    int result = 0;
    if (hob_value_is(value, HOB_DOUBLE) && isinf(value->number))
        return hob_error_set(error, HOB_E_PARAMETER, "'%s' has a number that is too large",
                             parameter);
    *has_nan |= hob_value_is(value, HOB_DOUBLE) && isnan(value->number);
    if (hob_value_is(value, HOB_LIST))
        for (uint32_t i = 0; result == 0 && i < value->list.count; i++)
            result = find_numbers(value->list.items[i], parameter, has_nan, error);
    if (hob_value_is(value, HOB_MAP))
        for (uint32_t i = 0; result == 0 && i < value->map.count; i++)
            result = find_numbers(value->map.pairs[i].value, parameter, has_nan, error);
    return result;
}

/* Refuses infinities; NaN becomes null, as it would on its way through the journal. */
static int check_numbers(const struct hob_value **value, const char *parameter,
                         struct hob_arena *arena, struct hob_error *error)
{
    HOB_AUTO(buffer) struct hob_buffer text = HOB_BUFFER_INIT;
    bool has_nan = false;
    int result = find_numbers(*value, parameter, &has_nan, error);
    if (result < 0 || !has_nan)
        return result;
    result = hob_json_write(&text, *value, HOB_JSON_COMPACT, SIZE_MAX, error);
    if (result == 0 && hob_buffer_failed(&text))
        return hob_error_set(error, HOB_E_MEMORY, "no memory for '%s'", parameter);
    return result < 0 ? result : hob_json_read(arena, hob_buffer_text(&text), value, error);
}

/* Which entry of the series is meant, and what a new one begins with. */
static int describe_focus(const struct hob_session *session, const struct session_part *part,
                          size_t row, struct hob_value *record, struct hob_arena *arena,
                          struct hob_error *error)
{
    size_t entry;
    int result = session_pick_entry(session, part, row, &entry, error);
    if (result == HOB_E_NO_KEY) {
        hob_error_set(error, HOB_E_PARAMETER,
                      "cannot set a value of a series with several entries "
                      "in the row while no selector is set");
        hob_session_hint(error, HOB_SESSION_HINT_SELECTOR);
        return HOB_E_PARAMETER;
    }
    if (result < 0)
        return result;
    return session_describe_entry(session, part, entry, record, arena, error);
}

static int set_value_there(struct hob_session *session, struct session_column *column, size_t row,
                           const struct hob_value *value, struct hob_error *error)
{
    HOB_AUTO(arena) struct hob_arena *arena = hob_arena_new();
    struct hob_value *record = session_new_record(arena, "set");
    if (row == SIZE_MAX)
        return hob_error_set(error, HOB_E_NO_KEY, "the session has no rows");
    int result = check_numbers(&value, "value", arena, error);
    if (result < 0)
        return result;
    struct session_label label = session_labels_at(session_index(session), row);
    hob_value_put_string(arena, record, "column", column->name);
    hob_value_put_string(arena, record, "index", session_label_value(&label, arena));
    hob_value_put_string(arena, record, "value", value);
    if (column->part->kind == SESSION_SERIES)
        result = describe_focus(session, column->part, row, record, arena, error);
    return result < 0 ? result : session_edit(session, record, error);
}

SESSION_OPERATION(set_value)
{
    (void)scope, (void)out;
    const struct hob_value *value;
    const struct session_focus *focus = &session->focus;
    int result = session_need(parameters, "value", &value, error);
    if (result < 0)
        return result;
    if (focus->kind != SESSION_ON_COLUMN)
        return hob_error_set(error, HOB_E_NO_KEY, "%s cannot be set",
                             focus->kind == SESSION_ON_INDEX       ? "the index"
                             : focus->kind == SESSION_ON_THROWAWAY ? "the column \"_\""
                                                                   : "a column that is not there");
    return set_value_there(session, focus->column, focus->row, value, error);
}

SESSION_OPERATION(set_value_at)
{
    (void)scope, (void)out;
    const struct hob_value *index, *name, *value;
    struct session_column *column;
    size_t row;
    int result = session_need(parameters, "index", &index, error);
    if (result == 0)
        result = session_need(parameters, "column", &name, error);
    if (result == 0)
        result = session_need(parameters, "value", &value, error);
    if (result == 0)
        result = session_need_row(session, index, &row, error);
    if (result == 0)
        result = session_need_column(session, name, &column, error);
    return result < 0 ? result : set_value_there(session, column, row, value, error);
}

SESSION_OPERATION(add_row)
{
    (void)scope, (void)out;
    HOB_AUTO(arena) struct hob_arena *arena = hob_arena_new();
    const struct hob_value *index;
    const struct hob_value *values = hob_value_get(parameters, "values");
    int result = session_need(parameters, "index", &index, error);
    if (result < 0)
        return result;
    if (index->kind == HOB_LIST || index->kind == HOB_MAP)
        return hob_error_set(error, HOB_E_PARAMETER, "'index' must be a text or a number, not a %s",
                             hob_value_kind_name(index));
    if (!hob_value_is_null(values) && values->kind != HOB_MAP)
        return hob_error_set(error, HOB_E_PARAMETER,
                             "'values' must be a mapping of columns to values, not a %s",
                             hob_value_kind_name(values));
    result = check_numbers(&index, "index", arena, error);
    if (result == 0 && hob_value_is_null(index))
        return hob_error_set(error, HOB_E_PARAMETER, "'index' is NaN, which names no row");
    if (result == 0)
        result = check_numbers(&values, "values", arena, error);
    if (result < 0)
        return result;
    struct hob_value *record = session_new_record(arena, "row");
    hob_value_put_string(arena, record, "index", index);
    if (!hob_value_is_null(values))
        hob_value_put_string(arena, record, "values", values);
    for (size_t i = 0; i < session->part_count; i++)
        if (session->parts[i]->kind == SESSION_SERIES)
            hob_value_put_string(arena, record, "entry",
                                 hob_value_new_int(arena, (int64_t)session_labels_count(
                                                              &session->parts[i]->labels)));
    hob_value_put_string(arena, record, "new", hob_value_new_bool(true));
    return session_edit(session, record, error);
}

SESSION_OPERATION(add_column)
{
    (void)scope, (void)out;
    HOB_AUTO(arena) struct hob_arena *arena = hob_arena_new();
    const struct hob_value *name;
    const struct hob_value *value = hob_value_get(parameters, "value");
    int result = session_need(parameters, "column", &name, error);
    if (result == 0)
        result = session_check_name(name, error);
    if (result == 0)
        result = check_numbers(&value, "value", arena, error);
    if (result < 0)
        return result;
    struct hob_value *record = session_new_record(arena, "column");
    hob_value_put_string(arena, record, "column", name);
    if (!hob_value_is_null(value))
        hob_value_put_string(arena, record, "value", value);
    return session_edit(session, record, error);
}

SESSION_OPERATION(drop_column)
{
    (void)scope, (void)out;
    HOB_AUTO(arena) struct hob_arena *arena = hob_arena_new();
    const struct hob_value *name;
    int result = session_need(parameters, "column", &name, error);
    if (result < 0)
        return result;
    struct hob_value *record = session_new_record(arena, "drop");
    hob_value_put_string(arena, record, "column", name);
    return session_edit(session, record, error);
}

SESSION_OPERATION(undo)
{
    (void)scope, (void)parameters;
    HOB_AUTO(arena) struct hob_arena *arena = hob_arena_new();
    int result = session_edit(session, session_new_record(arena, "undo"), error);
    if (result == 0)
        hob_buffer_printf(out, ",\"remaining\":%zu", session->undo_groups);
    return result;
}

/* ---- computing ---- */

static void add_field(struct hob_arena *arena, struct hob_value *fields,
                      const struct hob_value *field)
{
    if (hob_value_is(field, HOB_LIST)) {
        for (uint32_t i = 0; i < field->list.count; i++)
            add_field(arena, fields, field->list.items[i]);
        return;
    }
    if (hob_value_is(field, HOB_STRING) && !hob_text_is(field->text, "_"))
        hob_value_put(arena, fields, field, &hob_value_null);
}

/* The names of what the sections compute, as keys of a mapping. */
static struct hob_value *computed_fields(struct hob_arena *arena, const struct hob_value *flow)
{
    static const char *const sections[] = {"precompute", "compute", "postcompute"};
    struct hob_value *fields = hob_value_new(arena, HOB_MAP);
    for (size_t i = 0; i < sizeof sections / sizeof sections[0]; i++) {
        const struct hob_value *section = hob_value_get(flow, sections[i]);
        if (hob_value_is(section, HOB_LIST))
            for (uint32_t j = 0; j < section->list.count; j++)
                add_field(arena, fields, hob_value_get(section->list.items[j], "field"));
        else
            add_field(arena, fields, hob_value_get(section, "field"));
    }
    return fields;
}

/* The edits that put one computed column into the session: a new column if there is none. */
static int take_field(const struct hob_session *session, const struct hob_frame *frame,
                      const struct hob_value *field, const struct hob_value *indices,
                      struct hob_value *edits, struct hob_arena *arena, struct hob_error *error)
{
    size_t position = hob_frame_find(frame, field);
    if (position == SIZE_MAX)
        return 0;
    if (session_find_column(session, field) == NULL) {
        int result = session_check_name(field, error);
        if (result < 0)
            return result;
        struct hob_value *made = session_new_record(arena, "column");
        hob_value_put_string(arena, made, "column", field);
        hob_value_append(arena, edits, made);
    }
    struct hob_value *values = hob_value_new(arena, HOB_LIST);
    struct hob_value *record = session_new_record(arena, "values");
    const struct hob_column *column = hob_frame_column(frame, position);
    for (size_t row = 0; row < hob_frame_rows(frame); row++)
        if (!hob_value_append(arena, values, hob_column_value(column, row, arena)))
            return hob_error_set(error, HOB_E_MEMORY, "not enough memory to compute");
    hob_value_put_string(arena, record, "column", field);
    hob_value_put_string(arena, record, "indices", indices);
    hob_value_put_string(arena, record, "values", values);
    hob_value_append(arena, edits, record);
    return 0;
}

static const struct hob_value *all_indices(const struct hob_session *session,
                                           struct hob_arena *arena)
{
    struct hob_value *indices = hob_value_new(arena, HOB_LIST);
    for (size_t row = 0; row < hob_session_rows(session); row++) {
        struct session_label label = session_labels_at(session_index(session), row);
        hob_value_append(arena, indices, session_label_value(&label, arena));
    }
    return indices;
}

static int compute(struct hob_session *session, const struct hob_value *flow,
                   const struct hob_scope *scope, struct hob_buffer *out, struct hob_error *error)
{
    HOB_AUTO(arena) struct hob_arena *arena = hob_arena_new();
    HOB_AUTO(session_view) struct session_view view = {0};
    struct hob_value *fields = computed_fields(arena, flow);
    struct hob_value *edits = hob_value_new(arena, HOB_LIST);
    int result = session_view_init(&view, session, &(struct session_view_choice){0}, error);
    if (result == 0)
        result = scope->finish(scope->finish_data, view.frame, flow, scope, error);
    const struct hob_value *indices = all_indices(session, arena);
    for (uint32_t i = 0; result == 0 && i < fields->map.count; i++)
        result =
            take_field(session, view.frame, fields->map.pairs[i].key, indices, edits, arena, error);
    if (result < 0)
        return result;
    struct hob_value *record = session_new_record(arena, "many");
    hob_value_put_string(arena, record, "edits", edits);
    result = session_edit(session, record, error);
    if (result < 0)
        return result;
    hob_buffer_put_string(out, ",\"fields\":[");
    for (uint32_t i = 0; i < fields->map.count; i++) {
        hob_buffer_put_string(out, i > 0 ? "," : "");
        hob_json_put_key(out, fields->map.pairs[i].key, HOB_JSON_COMPACT);
    }
    hob_buffer_printf(out, "],\"rows\":%zu", hob_session_rows(session));
    return 0;
}

SESSION_OPERATION(run_compute)
{
    HOB_AUTO(arena) struct hob_arena *arena = hob_arena_new();
    const struct hob_value *given = hob_value_get(parameters, "compute");
    const struct hob_value *flow = session->fields;
    if (scope->finish == NULL)
        return hob_error_set(error, HOB_E_UNSUPPORTED, "computing is not part of this build");
    if (!hob_value_is_null(given)) {
        struct hob_value *own = hob_value_new(arena, HOB_MAP);
        hob_value_put_string(arena, own, "compute", given);
        flow = own;
    }
    if (hob_value_get(flow, "compute") == NULL && hob_value_get(flow, "precompute") == NULL &&
        hob_value_get(flow, "postcompute") == NULL) {
        hob_error_set(error, HOB_E_PARAMETER, "the interface has no `compute` section");
        hob_session_hint(error, HOB_SESSION_HINT_COMPUTE);
        return HOB_E_PARAMETER;
    }
    return compute(session, flow, scope, out, error);
}
