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
static void put_part_rows(struct hob_buffer *out, const struct hob_session *session,
                          const struct session_part *part)
{
    if (!session_mutable(part->kind) || part == session->main)
        return;
    for (size_t row = part->opened_rows; row < session_labels_count(&part->labels); row++) {
        begin(out, "part");
        hob_buffer_printf(out, ",\"part\":\"%s\",\"entry\":%zu", session_kind_name(part->kind),
                          row);
        put_label(out, &part->labels, row);
        hob_buffer_put_char(out, '}');
    }
}

static void put_cells(struct hob_buffer *out, const struct session_column *column)
{
    const struct session_overlay *overlay = &column->overlay;
    unsigned kept = column->flags & (SESSION_AS_FLOAT | SESSION_AS_OBJECT);
    if (kept != 0) {
        begin(out, "flags");
        put_column(out, column);
        hob_buffer_printf(out, ",\"flags\":%u}", kept);
    }
    for (size_t i = 0; i < overlay->slot_count; i++) {
        const struct session_cell *cell = &overlay->slots[i];
        if (cell->row == 0 || cell->row - 1 >= session_labels_count(&column->part->labels))
            continue;
        begin(out, "set");
        put_column(out, column);
        put_label(out, &column->part->labels, cell->row - 1);
        hob_buffer_printf(out, ",\"entry\":%zu,\"value\":", cell->row - 1);
        hob_buffer_put(out, cell->json, cell->size);
        hob_buffer_put_char(out, '}');
    }
}

void hob_session_compact(struct hob_session *session, struct hob_buffer *records)
{
    hob_buffer_put_string(records, "{\"op\":\"many\",\"edits\":[");
    put_structure(records, session);
    for (size_t i = 0; i < session->part_count; i++)
        put_part_rows(records, session, session->parts[i]);
    for (size_t i = 0; i < session->column_count; i++) {
        if ((session->columns[i]->flags & SESSION_DROPPED) == 0)
            put_cells(records, session->columns[i]);
    }
    hob_buffer_put_string(records, "]}\n{\"op\":\"saved\"}\n");
    session_forget_undo(session);
    session->undo_cut = true;
}
