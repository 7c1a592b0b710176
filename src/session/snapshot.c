/* snapshot: all that a session has become since it was opened, as one short list of edits, in place
 * of every edit that was ever made.
 *
 * What a column of numbers has turned into is part of it: it follows from edits that are not
 * told any more. The way back is not: a snapshot ends what can be undone. */
#include "session/internal.h"

#include "value/json.h"

static const size_t max_name_size = 1 << 20;

/* Begins an edit in the list of them. */
static void begin(struct hob_buffer *out, const char *op)
{
    if (out->data != NULL && out->data[out->size - 1] == '}')
        hob_buffer_put_char(out, ',');
    hob_buffer_printf(out, "{\"op\":\"%s\"", op);
}

static void put_label(struct hob_buffer *out, const struct session_labels *labels, size_t row)
{
    struct session_label label = session_labels_at(labels, row);
    hob_buffer_put_string(out, ",\"index\":");
    session_label_put(out, &label);
}

static void put_column(struct hob_buffer *out, const struct session_column *column)
{
    hob_buffer_put_string(out, ",\"column\":");
    hob_json_write(out, column->name, HOB_JSON_COMPACT, max_name_size, NULL);
}

/* Columns that went first, for a new one may have the name of one that went. Then rows of the
 * session that no file has, and columns that it made. */
static void put_structure(struct hob_buffer *out, const struct hob_session *session)
{
    for (size_t i = 0; i < session->column_count; i++) {
        const struct session_column *column = session->columns[i];
        if (column->base == NULL || (column->flags & SESSION_DROPPED) == 0)
            continue;
        begin(out, "drop");
        put_column(out, column);
        hob_buffer_put_char(out, '}');
    }
    const struct session_labels *index = session_index(session);
    for (size_t row = session->opened_rows; row < session_labels_count(index); row++) {
        begin(out, "row");
        put_label(out, index, row);
        hob_buffer_put_char(out, '}');
    }
    for (size_t i = 0; i < session->column_count; i++) {
        const struct session_column *column = session->columns[i];
        if (column->base != NULL || (column->flags & SESSION_DROPPED) != 0)
            continue;
        begin(out, "column");
        put_column(out, column);
        if (column->fallback.data != NULL) {
            hob_buffer_put_string(out, ",\"value\":");
            hob_buffer_put_text(out, column->fallback);
        }
        hob_buffer_put_char(out, '}');
    }
}

/* Rows of a part beyond those of its file, so that they are there in the same order again. */
static void put_part_rows(struct hob_buffer *out, const struct session_part *part, size_t from,
                          size_t end)
{
    for (size_t row = from; row < end; row++) {
        begin(out, "part");
        hob_buffer_printf(out, ",\"part\":\"%s\",\"entry\":%zu,\"new\":true",
                          session_kind_name(part->kind), row);
        put_label(out, &part->labels, row);
        hob_buffer_put_char(out, '}');
    }
}

static void put_flags(struct hob_buffer *out, const struct session_column *column)
{
    unsigned kept = column->flags & (SESSION_AS_FLOAT | SESSION_AS_OBJECT);
    if (kept == 0)
        return;
    begin(out, "flags");
    put_column(out, column);
    hob_buffer_printf(out, ",\"flags\":%u}", kept);
}

/* What the file has for the selector, which tells the entries of a row apart. */
static void put_subindex(struct hob_buffer *out, const struct session_column *selector, size_t row)
{
    struct hob_text text = session_overlay_saved(&selector->overlay, row);
    bool is_read = text.data == NULL && selector->base != NULL && row < selector->base_rows;
    if (text.data == NULL && !is_read)
        return;
    hob_buffer_put_string(out, ",\"selector\":");
    hob_json_write(out, selector->name, HOB_JSON_COMPACT, max_name_size, NULL);
    hob_buffer_put_string(out, ",\"subindex\":");
    if (is_read) {
        struct session_column as_read = *selector;
        as_read.overlay = (struct session_overlay){0};
        session_put_cell(out, &as_read, row, NULL);
    } else {
        hob_buffer_put_text(out, text);
    }
}

static void put_cells(struct hob_buffer *out, const struct session_column *column,
                      const struct session_column *selector, bool saved)
{
    const struct session_overlay *overlay = &column->overlay;
    bool is_series = column->part->kind == SESSION_SERIES;
    for (size_t i = 0; i < overlay->slot_count; i++) {
        const struct session_cell *cell = &overlay->slots[i];
        if (cell->row == 0 || cell->row - 1 >= session_labels_count(&column->part->labels) ||
            (is_series && cell->saved) != saved)
            continue;
        begin(out, "set");
        put_column(out, column);
        put_label(out, &column->part->labels, cell->row - 1);
        hob_buffer_printf(out, ",\"entry\":%zu", cell->row - 1);
        if (is_series)
            hob_buffer_put_string(out, ",\"new\":false");
        if (is_series && selector != NULL && selector->part == column->part &&
            cell->row - 1 < column->part->saved_rows)
            put_subindex(out, selector, cell->row - 1);
        hob_buffer_put_string(out, ",\"value\":");
        hob_buffer_put(out, cell->json, cell->size);
        hob_buffer_put_char(out, '}');
    }
}

/* The selector last: as long as it is what the file has, it says which entries are meant. */
static void put_all_cells(struct hob_buffer *out, const struct hob_session *session, bool saved)
{
    const struct session_column *selector = session->focus.selector;
    for (size_t i = 0; i < session->column_count; i++)
        if (session->columns[i] != selector && (session->columns[i]->flags & SESSION_DROPPED) == 0)
            put_cells(out, session->columns[i], selector, saved);
    if (selector != NULL && (selector->flags & SESSION_DROPPED) == 0)
        put_cells(out, selector, selector, saved);
}

static void put_parts(struct hob_buffer *out, const struct hob_session *session, bool saved)
{
    for (size_t i = 0; i < session->part_count; i++) {
        const struct session_part *part = session->parts[i];
        size_t count = session_labels_count(&part->labels);
        bool is_series = part->kind == SESSION_SERIES;
        if (!session_mutable(part->kind) || part == session->main)
            continue;
        if (saved && is_series)
            put_part_rows(out, part, part->opened_rows, part->saved_rows);
        else if (!saved)
            put_part_rows(out, part, is_series ? part->saved_rows : part->opened_rows, count);
    }
}

static bool was_saved(const struct hob_session *session)
{
    for (size_t i = 0; i < session->column_count; i++) {
        const struct session_column *column = session->columns[i];
        if (column->part->kind != SESSION_SERIES)
            continue;
        if (column->part->saved_rows > column->part->opened_rows)
            return true;
        for (size_t j = 0; j < column->overlay.slot_count; j++)
            if (column->overlay.slots[j].saved)
                return true;
    }
    return false;
}

/* What of the series is in their files already comes before a save: should others change the files,
 * it is theirs that counts. */
void hob_session_compact(struct hob_session *session, struct hob_buffer *records)
{
    hob_buffer_put_string(records, "{\"op\":\"many\",\"edits\":[");
    put_structure(records, session);
    for (size_t i = 0; i < session->column_count; i++)
        if ((session->columns[i]->flags & SESSION_DROPPED) == 0)
            put_flags(records, session->columns[i]);
    if (was_saved(session)) {
        put_parts(records, session, true);
        put_all_cells(records, session, true);
        hob_buffer_put_string(
            records, "]}\n{\"op\":\"saved\",\"files\":true}\n{\"op\":\"many\",\"edits\":[");
    }
    put_parts(records, session, false);
    put_all_cells(records, session, false);
    hob_buffer_put_string(records, "]}\n{\"op\":\"saved\"}\n");
    session_forget_undo(session);
    session->undo_cut = true;
    session->renumbered = false;
}
