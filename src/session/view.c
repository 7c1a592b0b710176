/* view: a session seen as a frame, for what works on frames: conditions and computing.
 *
 * A column that nobody changed, of the flow whose rows are the session's, is lent as it is: a
 * condition over a million rows then costs what it costs over the file. */
#include "session/internal.h"

#include "value/python.h"

static int no_memory(struct hob_error *error)
{
    return hob_error_set(error, HOB_E_MEMORY, "not enough memory to look at the whole session");
}

/* What the frame calls its first column, the labels. */
static const struct hob_value *index_name(const struct hob_session *session)
{
    return (session->main != NULL ? session->main : session->parts[0])->index_name;
}

/* The column as it was read, if it is what the session has; `column` is NULL for the labels. */
static const struct hob_column *unchanged(const struct hob_session *session,
                                          const struct session_column *column)
{
    size_t rows = hob_session_rows(session);
    if (session->main == NULL)
        return NULL;
    if (column == NULL)
        return session->main->labels.base_count == rows ? session->main->labels.base : NULL;
    bool as_read = column->part == session->main && column->base != NULL && column->flags == 0 &&
                   column->overlay.count == 0 && column->base_rows == rows;
    return as_read ? column->base : NULL;
}

/* Makes the cells one by one; values live in the frame's arena. */
static int copy_cells(struct hob_column *copy, const struct hob_session *session,
                      const struct session_column *column, struct hob_arena *arena,
                      struct hob_error *error)
{
    size_t rows = hob_session_rows(session);
    HOB_AUTO(free) const struct hob_value **cells = hob_try_alloc(rows + 1, sizeof *cells);
    if (cells == NULL)
        return no_memory(error);
    for (size_t row = 0; row < rows; row++) {
        struct session_label label = session_labels_at(session_index(session), row);
        int result = 0;
        if (column == NULL)
            cells[row] = session_label_value(&label, arena);
        else
            result = session_table_value(&cells[row], session, column, row, arena, error);
        if (result < 0)
            return result;
    }
    return hob_column_from_values(copy, cells, NULL, rows) ? 0 : no_memory(error);
}

static int add_column(struct session_view *view, const struct hob_session *session,
                      const struct session_column *column, bool lend, struct hob_error *error)
{
    const struct hob_column *whole = lend ? unchanged(session, column) : NULL;
    const struct hob_value *name = column != NULL ? column->name : index_name(session);
    struct hob_column typed;
    if (!HOB_TRY_GROW(view->lent, view->capacity, hob_frame_columns(view->frame) + 1))
        return no_memory(error);
    if (whole != NULL) {
        typed = *whole;
    } else {
        int result = copy_cells(&typed, session, column, hob_frame_arena(view->frame), error);
        if (result < 0)
            return result;
    }
    view->lent[hob_frame_columns(view->frame)] = whole != NULL;
    if (hob_frame_add(view->frame, name, &typed) != NULL) {
        view->count++;
        return 0;
    }
    if (whole == NULL)
        hob_column_deinit(&typed);
    return no_memory(error);
}

int session_view_init(struct session_view *view, const struct hob_session *session,
                      const struct session_view_choice *choice, struct hob_error *error)
{
    HOB_AUTO(buffer) struct hob_buffer name = HOB_BUFFER_INIT;
    *view = (struct session_view){.frame = hob_frame_new()};
    hob_frame_set_rows(view->frame, hob_session_rows(session));
    for (size_t i = 0; i < session_labels_count(&session->names) + 1; i++) {
        const struct session_column *column = i > 0 ? session->by_name[i - 1] : NULL;
        if (column != NULL && !choice->series && column->part->kind == SESSION_SERIES)
            continue;
        hob_buffer_clear(&name);
        hob_python_str(&name, column != NULL ? column->name : index_name(session));
        if (choice->wanted != NULL && !choice->wanted(choice->context, hob_buffer_text(&name)))
            continue;
        int result = add_column(view, session, column, choice->lend, error);
        if (result < 0)
            return result;
    }
    return 0;
}

void session_view_deinit(struct session_view *view)
{
    /* What was added since, by computing, is the frame's own. */
    for (size_t i = 0; i < view->count; i++) {
        struct hob_column *column = hob_frame_column(view->frame, i);
        if (view->lent[i])
            hob_column_init(column, column->type);
    }
    hob_frame_free(view->frame);
    free(view->lent);
}
