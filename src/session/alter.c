/* alter: what edits come down to: a cell, a row, or what a column has become. Each change pushes
 * its reverse, and happens as a whole or not at all. */
#include "session/internal.h"

#include <math.h>

#include "value/json.h"

static int no_memory(struct hob_error *error)
{
    return hob_error_set(error, HOB_E_MEMORY, "not enough memory for the edit");
}

int session_set_flags(struct hob_session *session, struct session_column *column, unsigned flags,
                      struct hob_error *error)
{
    if (column->flags == flags)
        return 0;
    struct session_undo step = {
        .kind = SESSION_UNDO_FLAGS, .column = column, .flags = column->flags};
    int result = session_push_undo(session, step, error);
    if (result == 0)
        column->flags = flags;
    return result;
}

/* A hole in a column: integers become floats, booleans objects. */
static int make_room_for_hole(struct hob_session *session, struct session_column *column,
                              struct hob_error *error)
{
    if (column->base == NULL)
        return 0;
    switch (column->base->type) {
    case HOB_COLUMN_INT64:
    case HOB_COLUMN_UINT64:
        if ((column->flags & SESSION_AS_OBJECT) != 0)
            return 0;
        return session_set_flags(session, column, column->flags | SESSION_AS_FLOAT, error);
    case HOB_COLUMN_BOOL:
        return session_set_flags(session, column, column->flags | SESSION_AS_OBJECT, error);
    default:
        return 0;
    }
}

int session_append_row(struct hob_session *session, struct session_labels *labels,
                       const struct session_label *label, struct hob_error *error)
{
    struct session_undo step = {.kind = SESSION_UNDO_ROW, .labels = labels};
    bool known = session_knows_label(session, label);
    if (!session_labels_add(labels, session_label_copy(label, session->arena)))
        return no_memory(error);
    session->distinct += !known;
    int result = session_push_undo(session, step, error);
    if (result < 0) {
        session->distinct -= !known;
        session_labels_remove_last(labels);
    }
    return result;
}

int session_append_part_row(struct hob_session *session, struct session_part *part,
                            const struct session_label *label, struct hob_error *error)
{
    for (size_t i = 0; i < session->column_count; i++) {
        if (session->columns[i]->part != part)
            continue;
        int result = make_room_for_hole(session, session->columns[i], error);
        if (result < 0)
            return result;
    }
    part->changed = true;
    return session_append_row(session, &part->labels, label, error);
}

/* Whether a value fits a column of integers or floats as it is, with what it becomes. */
static bool fit_number(const struct hob_value *value, bool integers, bool *floats,
                       struct hob_value *fitted)
{
    bool whole = value->kind == HOB_DOUBLE && value->number == trunc(value->number) &&
                 fabs(value->number) < 0x1p53;
    *fitted = *value;
    *floats = !integers;
    if (integers && (value->kind == HOB_INT || whole)) {
        if (whole)
            *fitted = (struct hob_value){.kind = HOB_INT, .integer = (int64_t)value->number};
        return true;
    }
    if (value->kind != HOB_INT && value->kind != HOB_DOUBLE)
        return false;
    *floats = true;
    if (value->kind == HOB_INT)
        *fitted = (struct hob_value){.kind = HOB_DOUBLE, .number = (double)value->integer};
    return true;
}

/* What setting the value makes of the column, and the column of the value: a column of numbers
 * stays one as long as numbers are put into it (golden RULES 36). */
static int fit_value(struct hob_session *session, struct session_column *column,
                     const struct hob_value *value, struct hob_value *fitted,
                     struct hob_error *error)
{
    *fitted = *value;
    if (column->base == NULL || (column->flags & SESSION_AS_OBJECT) != 0 ||
        column->base->type == HOB_COLUMN_VALUE || column->base->type == HOB_COLUMN_STRING)
        return 0;
    bool floats;
    bool integers =
        column->base->type != HOB_COLUMN_FLOAT64 && (column->flags & SESSION_AS_FLOAT) == 0;
    switch (column->base->type) {
    case HOB_COLUMN_INT64:
    case HOB_COLUMN_UINT64:
    case HOB_COLUMN_FLOAT64:
        if (!fit_number(value, integers, &floats, fitted))
            break;
        if (integers && floats)
            return session_set_flags(session, column, column->flags | SESSION_AS_FLOAT, error);
        return 0;
    case HOB_COLUMN_BOOL:
        if (value->kind == HOB_BOOL)
            return 0;
        break;
    default:
        break;
    }
    return session_set_flags(session, column, column->flags | SESSION_AS_OBJECT, error);
}

/* The text without the room that it grew into: a cell is kept. */
static char *steal_fitting(struct hob_buffer *text, size_t *size)
{
    bool is_wide = text->capacity > text->size + text->size / 8 + 16;
    char *json = hob_buffer_steal(text, size);
    char *fitting = is_wide && json != NULL ? realloc(json, *size + 1) : NULL;
    return fitting != NULL ? fitting : json;
}

int session_set_cell(struct hob_session *session, struct session_column *column, size_t row,
                     const struct hob_value *value, struct hob_error *error)
{
    struct hob_value fitted;
    HOB_AUTO(buffer) struct hob_buffer text = HOB_BUFFER_INIT;
    int result = fit_value(session, column, value, &fitted, error);
    if (result == 0)
        result = hob_json_write(&text, &fitted, HOB_JSON_COMPACT, SESSION_MAX_RECORD, error);
    if (result < 0)
        return result;
    struct session_undo step = {.kind = SESSION_UNDO_CELL, .column = column, .row = row};
    size_t size;
    char *json = steal_fitting(&text, &size);
    size_t fresh = session_text_room(json, size);
    result = json == NULL ? no_memory(error) : session_push_undo(session, step, error);
    if (result == 0 && !session_overlay_swap(&column->overlay, row, &json, &size)) {
        session->undo_count--;
        result = no_memory(error);
    }
    if (result < 0) {
        free(json);
        return result;
    }
    session->undo[session->undo_count - 1].json = json;
    session->undo[session->undo_count - 1].size = size;
    size_t older = session_text_room(json, size);
    session->undo_size += older;
    session->edited_size += fresh;
    session->edited_size -= older;
    column->part->changed = true;
    return 0;
}
