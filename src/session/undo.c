/* undo: the steps back from the edits that were made; of the oldest ones nothing is kept. */
#include "session/internal.h"

/* Steps are moved together when that many too many have come. */
enum { UNDO_SLACK = 250 };

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
    size_t older = session_text_room(step->json, step->size);
    session_overlay_swap(&step->column->overlay, step->row, &step->json, &step->size);
    session->undo_size -= older;
    session->edited_size += older;
    session->edited_size -= session_text_room(step->json, step->size);
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
    session_note_column(session, step->column);
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
    if (focus->kind == SESSION_ON_COLUMN && (focus->column->flags & SESSION_DROPPED) != 0) {
        session_focus_first(session);
        session->focus_moves++;
    }
    if (focus->selector != NULL && (focus->selector->flags & SESSION_DROPPED) != 0) {
        focus->selector = NULL;
        session->focus_moves++;
    }
    if (focus->row == SIZE_MAX || focus->row < hob_session_rows(session))
        return;
    session->focus_moves++;
    focus->row = hob_session_rows(session) > 0 ? 0 : SIZE_MAX;
    free(focus->index);
    focus->index = NULL;
}

static size_t undo_limit(const struct hob_session *session)
{
    if (session->replaying)
        return (size_t)SESSION_UNDO_BYTES * 2;
    return session->undo_limit > 0 ? session->undo_limit : SESSION_UNDO_BYTES;
}

void hob_session_limit_undo(struct hob_session *session, size_t bytes)
{
    session->undo_limit = bytes < SESSION_UNDO_BYTES ? bytes : SESSION_UNDO_BYTES;
    session_trim_undo(session);
}

static int nothing_to_undo(const struct hob_session *session, struct hob_error *error)
{
    if (!session->undo_cut)
        return hob_error_set(error, HOB_E_VALUE,
                             "there is nothing to undo since the session was opened or saved");
    hob_error_set(error, HOB_E_VALUE,
                  "there is nothing further to undo: earlier edits are beyond the limit of what "
                  "can be taken back");
    hob_error_hint(error, "%d edits, and %.1f MB of the values that they replaced, are kept",
                   SESSION_UNDO_EDITS, (double)undo_limit(session) / 1048576);
    return HOB_E_VALUE;
}

int session_undo_group(struct hob_session *session, struct hob_error *error)
{
    if (session->undo_groups == 0)
        return nothing_to_undo(session, error);
    for (bool first = false; !first;) {
        first = session->undo[session->undo_count - 1].first;
        session_undo_step(session);
    }
    session->undo_groups--;
    session_repair_focus(session);
    return 0;
}

static size_t undo_bytes(const struct hob_session *session)
{
    return session->undo_size + session->undo_count * sizeof *session->undo;
}

/* Forgets steps up to the beginning of an edit, which is the end for the last edit. */
static void forget_before(struct hob_session *session, size_t end)
{
    for (size_t i = 0; i < end; i++) {
        session->undo_groups -= session->undo[i].first;
        session->undo_size -= session_text_room(session->undo[i].json, session->undo[i].size);
        free(session->undo[i].json);
    }
    session->undo_count -= end;
    session->undo_cut = true;
    if (session->undo_count == 0) {
        free(session->undo);
        session->undo = NULL;
        session->undo_capacity = 0;
        return;
    }
    memmove(session->undo, session->undo + end, session->undo_count * sizeof *session->undo);
    if (session->undo_capacity / 4 <= session->undo_count)
        return;
    struct session_undo *less =
        realloc(session->undo, session->undo_count * 2 * sizeof *session->undo);
    if (less == NULL)
        return;
    session->undo = less;
    session->undo_capacity = session->undo_count * 2;
}

void session_trim_undo(struct hob_session *session)
{
    size_t most = undo_limit(session);
    size_t bytes = undo_bytes(session), groups = session->undo_groups, end = 0;
    if (groups <= SESSION_UNDO_EDITS + UNDO_SLACK && bytes <= most)
        return;
    /* Bytes are given back an eighth at a time, for the same reason as steps. */
    most -= bytes > most ? most / 8 : 0;
    while (end < session->undo_count && (groups > SESSION_UNDO_EDITS || bytes > most)) {
        groups--;
        do {
            bytes -= sizeof *session->undo +
                     session_text_room(session->undo[end].json, session->undo[end].size);
            end++;
        } while (end < session->undo_count && !session->undo[end].first);
    }
    forget_before(session, end);
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
    session_free_undo(session);
    session->undo = NULL;
    session->undo_count = session->undo_capacity = session->undo_groups = 0;
    session->undo_size = 0;
    session->undo_cut = false;
}
