/* columns: those of a session, by name and place. A column that is dropped keeps its place, so that
 * undo can bring it back and the journal can say which one it means. */
#include "session/internal.h"

#include "value/json.h"

static const size_t max_name_size = 1 << 20;

struct session_column *session_add_column(struct hob_session *session, struct session_part *part,
                                          const struct hob_value *name)
{
    if (!HOB_TRY_GROW(session->columns, session->column_capacity, session->column_count + 1))
        return NULL;
    struct session_column *column = hob_alloc_zero(1, sizeof *column);
    column->name = name;
    column->part = part;
    session->columns[session->column_count++] = column;
    return column;
}

bool session_map_last_name(struct hob_session *session)
{
    size_t count = session_labels_count(&session->names);
    struct session_column *column = session->columns[session->column_count - 1];
    if (!HOB_TRY_GROW(session->by_name, session->by_name_capacity, count + 1))
        return false;
    session->by_name[count] = column;
    return session_labels_add(&session->names, session_label_of(column->name, session->arena));
}

bool session_map_names(struct hob_session *session)
{
    /* Their room is kept: undo brings back what was there before, and must not fail. */
    while (session_labels_count(&session->names) > 0)
        session_labels_remove_last(&session->names);
    if (!HOB_TRY_GROW(session->by_name, session->by_name_capacity, session->column_count))
        return false;
    for (size_t i = 0; i < session->column_count; i++) {
        struct session_column *column = session->columns[i];
        if ((column->flags & SESSION_DROPPED) != 0)
            continue;
        session->by_name[session_labels_count(&session->names)] = column;
        if (!session_labels_add(&session->names, session_label_of(column->name, session->arena)))
            return false;
    }
    return true;
}

struct session_column *session_find_column(const struct hob_session *session,
                                           const struct hob_value *name)
{
    if (name->kind != HOB_STRING && name->kind != HOB_INT && name->kind != HOB_DOUBLE &&
        name->kind != HOB_BOOL)
        return NULL;
    struct session_label label = session_label_of(name, NULL);
    size_t position = session_labels_find(&session->names, &label);
    return position == SIZE_MAX ? NULL : session->by_name[position];
}

bool session_is_index_name(const struct hob_session *session, const struct hob_value *name)
{
    const struct session_part *part = session->main != NULL ? session->main : session->parts[0];
    return part->index_name != NULL && hob_value_equal(part->index_name, name);
}

/* ---- places, for the journal ---- */

static void put_place(struct hob_buffer *out, const struct session_column *column, size_t place)
{
    hob_buffer_printf(out, "%zu ", place);
    if ((column->flags & SESSION_DROPPED) != 0)
        hob_buffer_put_string(out, "null");
    else
        hob_json_write(out, column->name, HOB_JSON_COMPACT, max_name_size, NULL);
    hob_buffer_put_char(out, '\n');
}

void session_note_column(struct hob_session *session, const struct session_column *column)
{
    size_t place = session->column_count - 1;
    if (session->replaying)
        return;
    while (session->columns[place] != column)
        place--;
    put_place(&session->changes, column, place);
}

void hob_session_put_column_places(struct hob_buffer *out, const struct hob_session *session)
{
    for (size_t i = 0; i < session->column_count; i++)
        put_place(out, session->columns[i], i);
}

void hob_session_take_column_changes(struct hob_session *session, struct hob_buffer *changes)
{
    *changes = session->changes;
    session->changes = (struct hob_buffer)HOB_BUFFER_INIT;
}
