/* undo: the steps back from the edits that were made; of the oldest ones nothing is kept. */
#include "session/internal.h"

enum { UNDO_GROUPS = 1000, UNDO_SLACK = 250 };

static int no_memory(struct hob_error *error)
{
    return hob_error_set(error, HOB_E_MEMORY, "not enough memory for the edit");
}

int session_push_undo(struct hob_session *session, struct session_undo step,
                      struct hob_error *error)
{
    if (!HOB_TRY_GROW(session->undo, session->undo_capacity, session->undo_count + 1))
        return no_memory(error);
    session->undo[session->undo_count++] = step;
    return 0;
}

bool session_knows_label(const struct hob_session *session, const struct session_label *label)
{
    if (session->main == NULL && session_labels_find(&session->own_index, label) != SIZE_MAX)
        return true;
    for (size_t i = 0; i < session->part_count; i++) {
        const struct session_part *part = session->parts[i];
        if (part->kind != SESSION_CONSTANTS && part->kind != SESSION_PARAMETERS &&
            session_labels_find(&part->labels, label) != SIZE_MAX)
            return true;
    }
    return false;
}

static void restore_cell(struct hob_session *session, struct session_undo *step)
{
    session_overlay_swap(&step->column->overlay, step->row, &step->json, &step->size);
    session->edited_size -= step->size;
    free(step->json);
    step->column->part->changed = true;
}

static void restore_flags(struct hob_session *session, const struct session_undo *step)
{
    bool comes_or_goes = ((step->column->flags ^ step->flags) & SESSION_DROPPED) != 0;
    step->column->flags = step->flags;
    if (!comes_or_goes)
        return;
    step->column->part->changed = true;
    session_map_names(session);
}

void session_undo_step(struct hob_session *session)
{
    struct session_undo *step = &session->undo[--session->undo_count];
    switch (step->kind) {
    case SESSION_UNDO_CELL:
        restore_cell(session, step);
        break;
    case SESSION_UNDO_FLAGS:
        if (step->column != NULL)
            restore_flags(session, step);
        break;
    case SESSION_UNDO_ROW: {
        struct session_label label =
            session_labels_at(step->labels, session_labels_count(step->labels) - 1);
        session_labels_remove_last(step->labels);
        session->distinct -= !session_knows_label(session, &label);
        break;
    }
    }
}

/* Moves the focus away from what is not there any more. */
void session_repair_focus(struct hob_session *session)
{
    struct session_focus *focus = &session->focus;
    if (focus->kind == SESSION_ON_COLUMN && (focus->column->flags & SESSION_DROPPED) != 0)
        session_focus_first(session);
    if (focus->selector != NULL && (focus->selector->flags & SESSION_DROPPED) != 0)
        focus->selector = NULL;
    if (focus->row == SIZE_MAX || focus->row < hob_session_rows(session))
        return;
    focus->row = hob_session_rows(session) > 0 ? 0 : SIZE_MAX;
    free(focus->index);
    focus->index = NULL;
}

int session_undo_group(struct hob_session *session, struct hob_error *error)
{
    if (session->undo_groups == 0)
        return hob_error_set(error, HOB_E_VALUE,
                             "there is nothing to undo since the "
                             "session was opened or saved");
    for (bool first = false; !first;) {
        first = session->undo[session->undo_count - 1].first;
        session_undo_step(session);
    }
    session->undo_groups--;
    session_repair_focus(session);
    return 0;
}

/* Forgets the oldest edits, some at a time. */
void session_trim_undo(struct hob_session *session)
{
    size_t end = 0;
    if (session->undo_groups <= UNDO_GROUPS + UNDO_SLACK)
        return;
    for (size_t groups = session->undo_groups - UNDO_GROUPS;; end++) {
        if (session->undo[end].first && groups-- == 0)
            break;
        session->edited_size -= session->undo[end].size;
        free(session->undo[end].json);
    }
    session->undo_count -= end;
    memmove(session->undo, session->undo + end, session->undo_count * sizeof *session->undo);
    session->undo_groups = UNDO_GROUPS;
}

void session_free_undo(struct hob_session *session)
{
    for (size_t i = 0; i < session->undo_count; i++)
        free(session->undo[i].json);
    free(session->undo);
}

/* What is saved cannot be taken back: the journal would then say less than the files. */
void session_forget_undo(struct hob_session *session)
{
    for (size_t i = 0; i < session->undo_count; i++) {
        session->edited_size -= session->undo[i].size;
        free(session->undo[i].json);
    }
    session->undo_count = session->undo_groups = 0;
}
