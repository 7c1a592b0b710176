/* edit: changing a session, and taking changes back.
 *
 * An edit is a record, a small mapping: {"op": "set", "column": ..., "index": ..., "value": ...}.
 * Operations make records, the journal keeps them, and both go through session_edit: what a
 * restarted server does again is what was done the first time. Every change pushes its reverse, so
 * that an edit that fails half-way leaves nothing behind, and undo is free.
 *
 * Records name rows by labels, and entries of series by number and subindex (entries.c). Applying
 * one twice changes nothing: a file that was saved just before a crash may already have what the
 * journal says. */
#include "session/hints.h"
#include "session/internal.h"

#include "value/json.h"

static int no_memory(struct hob_error *error)
{
    return hob_error_set(error, HOB_E_MEMORY, "not enough memory for the edit");
}

static int need_mutable(const struct session_column *column, struct hob_error *error)
{
    if (session_mutable(column->part->kind))
        return 0;
    struct hob_text name = hob_value_text(column->name);
    if (column->part->kind == SESSION_PARAMETERS)
        return hob_error_set(error, HOB_E_NO_KEY,
                             "Cannot modify individual elements in 'parameters' type data, such as "
                             "\"%.*s\".",
                             HOB_TEXT_ARG(name));
    hob_error_set(error, HOB_E_NO_KEY, "Column \"%.*s\" is immutable and cannot be modified.",
                  HOB_TEXT_ARG(name));
    hob_session_hint(error, HOB_SESSION_HINT_WRITABLE);
    return HOB_E_NO_KEY;
}

static int record_column(const struct hob_session *session, const struct hob_value *record,
                         struct session_column **column, struct hob_error *error)
{
    const struct hob_value *name;
    int result = session_need(record, "column", &name, error);
    if (result == 0)
        result = session_need_column(session, name, column, error);
    return result == 0 ? need_mutable(*column, error) : result;
}

static int set_in_series(struct hob_session *session, struct session_column *column,
                         const struct hob_value *record, const struct session_label *label,
                         const struct hob_value *value, struct hob_error *error)
{
    const struct hob_value *selector = hob_value_get(record, "selector");
    const struct hob_value *subindex = hob_value_get(record, "subindex");
    size_t before = session_labels_count(&column->part->labels);
    size_t entry;
    int result = session_record_entry(session, column->part, record, label, &entry, error);
    if (result < 0 || entry == SIZE_MAX)
        return result;
    if (entry == before && !hob_value_is_null(selector) && !hob_value_is_null(subindex)) {
        struct session_column *named = session_find_column(session, selector);
        if (named != NULL && named != column && named->part == column->part)
            result = session_set_cell(session, named, entry, subindex, error);
    }
    return result < 0 ? result : session_set_cell(session, column, entry, value, error);
}

static int set_in_rows(struct hob_session *session, struct session_column *column,
                       const struct session_label *label, const struct hob_value *value,
                       struct hob_error *error)
{
    size_t row = session_labels_find(&column->part->labels, label);
    if (row == SIZE_MAX) {
        row = session_labels_count(&column->part->labels);
        int result = session_append_part_row(session, column->part, label, error);
        if (result < 0)
            return result;
    }
    return session_set_cell(session, column, row, value, error);
}

static int apply_set(struct hob_session *session, const struct hob_value *record,
                     struct hob_error *error)
{
    struct session_column *column;
    const struct hob_value *index = hob_value_get(record, "index");
    const struct hob_value *value = hob_value_get(record, "value");
    size_t row;
    int result = record_column(session, record, &column, error);
    if (result == 0)
        result = session_need_row(session, index, &row, error);
    if (result < 0)
        return result;
    struct session_label label = session_labels_at(session_index(session), row);
    if (column->part->kind == SESSION_SERIES)
        return set_in_series(session, column, record, &label, value, error);
    return set_in_rows(session, column, &label, value, error);
}

/* One value for each of many rows. */
static int apply_values(struct hob_session *session, const struct hob_value *record,
                        struct hob_error *error)
{
    struct session_column *column;
    const struct hob_value *indices = hob_value_get(record, "indices");
    const struct hob_value *values = hob_value_get(record, "values");
    int result = record_column(session, record, &column, error);
    if (result == 0 && column->part->kind == SESSION_SERIES)
        return hob_error_set(error, HOB_E_VALUE, "the entries of a series are set one by one");
    for (uint32_t i = 0; result == 0 && i < indices->list.count && i < values->list.count; i++) {
        size_t row;
        result = session_need_row(session, indices->list.items[i], &row, error);
        if (result == HOB_E_NO_KEY && session->replaying) {
            result = 0;
            continue;
        }
        if (result < 0)
            break;
        struct session_label label = session_labels_at(session_index(session), row);
        result = set_in_rows(session, column, &label, values->list.items[i], error);
    }
    return result;
}

static int check_row(struct hob_session *session, const struct hob_value *values, bool exists,
                     struct hob_error *error)
{
    bool series_only = values->map.count > 0;
    for (uint32_t i = 0; i < values->map.count; i++) {
        struct session_column *column;
        int result = session_need_column(session, values->map.pairs[i].key, &column, error);
        if (result < 0 && session->replaying)
            continue;
        if (result == 0)
            result = need_mutable(column, error);
        if (result < 0)
            return result;
        series_only &= column->part->kind == SESSION_SERIES;
    }
    if (!exists || series_only || session->replaying)
        return 0;
    hob_error_set(error, HOB_E_VALUE, "there is a row of this index already");
    hob_session_hint(error, HOB_SESSION_HINT_ROW_IS_THERE);
    return HOB_E_VALUE;
}

/* A new row of the session, or a new entry of a series. */
static int apply_row(struct hob_session *session, const struct hob_value *record,
                     struct hob_error *error)
{
    const struct hob_value *index = hob_value_get(record, "index");
    const struct hob_value *values = hob_value_get(record, "values");
    values = hob_value_is(values, HOB_MAP) ? values : &hob_value_empty_map;
    struct session_labels *rows = (struct session_labels *)session_index(session);
    struct session_label label = session_new_label(session, index, session->arena);
    bool exists = session_labels_find(rows, &label) != SIZE_MAX;
    int result = check_row(session, values, exists, error);
    if (result == 0 && !exists)
        result = session_append_row(session, rows, &label, error);
    struct session_part *series = NULL;
    size_t entry = 0;
    for (uint32_t i = 0; result == 0 && i < values->map.count; i++) {
        const struct hob_pair *pair = &values->map.pairs[i];
        struct session_column *column = session_find_column(session, pair->key);
        if (column == NULL)
            continue;
        if (column->part->kind != SESSION_SERIES) {
            result = set_in_rows(session, column, &label, pair->value, error);
            continue;
        }
        if (column->part != series)
            result = session_record_entry(session, column->part, record, &label, &entry, error);
        series = column->part;
        if (result == 0 && entry != SIZE_MAX)
            result = session_set_cell(session, column, entry, pair->value, error);
    }
    return result;
}

/* Where new columns go. */
static struct session_part *cache_part(struct hob_session *session)
{
    for (size_t i = 0; i < session->part_count; i++)
        if (session->parts[i]->kind == SESSION_CACHE)
            return session->parts[i];
    return session_add_part(session, SESSION_CACHE);
}

static int apply_column(struct hob_session *session, const struct hob_value *record,
                        struct hob_error *error)
{
    const struct hob_value *name = hob_value_get(record, "column");
    const struct hob_value *value = hob_value_get(record, "value");
    if (session_find_column(session, name) != NULL || session_is_index_name(session, name)) {
        if (session->replaying)
            return 0;
        return hob_error_set(error, HOB_E_VALUE, "there is a column of this name already");
    }
    struct session_part *part = cache_part(session);
    name = hob_value_copy_deep(session->arena, name);
    struct session_column *column =
        part == NULL || name == NULL ? NULL : session_add_column(session, part, name);
    if (column == NULL)
        return no_memory(error);
    column->flags = SESSION_DROPPED;
    if (!hob_value_is_null(value)) {
        HOB_AUTO(buffer) struct hob_buffer text = HOB_BUFFER_INIT;
        int result = hob_json_write(&text, value, HOB_JSON_COMPACT, SESSION_MAX_RECORD, error);
        if (result < 0)
            return result;
        column->fallback = hob_arena_copy(session->arena, hob_buffer_text(&text));
    }
    int result = session_set_flags(session, column, 0, error);
    if (result < 0)
        return result;
    session_note_column(session, column);
    return session_map_last_name(session) ? 0 : no_memory(error);
}

static int apply_drop(struct hob_session *session, const struct hob_value *record,
                      struct hob_error *error)
{
    struct session_column *column;
    int result = record_column(session, record, &column, error);
    if (result == 0)
        result = session_set_flags(session, column, column->flags | SESSION_DROPPED, error);
    if (result < 0)
        return result;
    column->part->changed = true;
    session_note_column(session, column);
    if (!session_map_names(session))
        return no_memory(error);
    session_repair_focus(session);
    return 0;
}

/* A row of one part, and what a column has become: only snapshots say these. */
static int apply_part(struct hob_session *session, const struct hob_value *record,
                      struct hob_error *error)
{
    struct hob_text kind = hob_value_text(hob_value_get(record, "part"));
    const struct hob_value *index = hob_value_get(record, "index");
    for (size_t i = 0; i < session->part_count; i++) {
        struct session_part *part = session->parts[i];
        if (index == NULL || !hob_text_is(kind, session_kind_name(part->kind)))
            continue;
        struct session_label label = session_label_of(index, session->arena);
        size_t entry;
        if (part->kind == SESSION_SERIES)
            return session_record_entry(session, part, record, &label, &entry, error);
        if (session_labels_find(&part->labels, &label) != SIZE_MAX)
            return 0;
        return session_append_part_row(session, part, &label, error);
    }
    return 0;
}

static int apply_flags(struct hob_session *session, const struct hob_value *record,
                       struct hob_error *error)
{
    struct session_column *column;
    const struct hob_value *flags = hob_value_get(record, "flags");
    int result = record_column(session, record, &column, error);
    if (result < 0 || !hob_value_is(flags, HOB_INT))
        return result;
    unsigned known = SESSION_AS_FLOAT | SESSION_AS_OBJECT;
    return session_set_flags(session, column, column->flags | ((unsigned)flags->integer & known),
                             error);
}

static int apply(struct hob_session *session, const struct hob_value *record,
                 struct hob_error *error);

static int apply_many(struct hob_session *session, const struct hob_value *record,
                      struct hob_error *error)
{
    const struct hob_value *edits = hob_value_get(record, "edits");
    int result = 0;
    for (uint32_t i = 0; result == 0 && hob_value_is(edits, HOB_LIST) && i < edits->list.count;
         i++) {
        result = apply(session, edits->list.items[i], error);
        /* A column that was dropped, and the file saved without it. */
        if (result == HOB_E_NO_KEY && session->replaying)
            result = 0;
    }
    return result;
}

static const struct {
    const char *op;
    int (*apply)(struct hob_session *session, const struct hob_value *record,
                 struct hob_error *error);
} kinds[] = {
    {"set", apply_set},       {"values", apply_values}, {"row", apply_row},
    {"column", apply_column}, {"drop", apply_drop},     {"part", apply_part},
    {"flags", apply_flags},   {"many", apply_many},
};

static int apply(struct hob_session *session, const struct hob_value *record,
                 struct hob_error *error)
{
    struct hob_text op = hob_value_text(hob_value_get(record, "op"));
    for (size_t i = 0; i < sizeof kinds / sizeof kinds[0]; i++)
        if (hob_text_is(op, kinds[i].op))
            return kinds[i].apply(session, record, error);
    return hob_error_set(error, HOB_E_INTERNAL, "unknown edit '%.*s'", HOB_TEXT_ARG(op));
}

/* All of the record or nothing. */
static int apply_whole(struct hob_session *session, const struct hob_value *record,
                       struct hob_error *error)
{
    size_t mark = session->undo_count;
    int result = apply(session, record, error);
    if (result == 0 && session->undo_count == mark)
        result =
            session_push_undo(session, (struct session_undo){.kind = SESSION_UNDO_FLAGS}, error);
    if (result < 0) {
        while (session->undo_count > mark)
            session_undo_step(session);
        session_repair_focus(session);
        return result;
    }
    session->undo[mark].first = true;
    session->undo_groups++;
    session_trim_undo(session);
    return 0;
}

/* Undo and save are no edits, but stand among them in the journal. */
static int edit(struct hob_session *session, const struct hob_value *record,
                struct hob_error *error)
{
    struct hob_text op = hob_value_text(hob_value_get(record, "op"));
    if (hob_text_is(op, "undo"))
        return session_undo_group(session, error);
    if (!hob_text_is(op, "saved"))
        return apply_whole(session, record, error);
    session_forget_undo(session);
    if (hob_value_get(record, "files") != NULL)
        session_note_saved(session);
    return 0;
}

int session_edit(struct hob_session *session, const struct hob_value *record,
                 struct hob_error *error)
{
    size_t before = session->records.size;
    int result = 0;
    if (!session->replaying) {
        result =
            hob_json_write(&session->records, record, HOB_JSON_COMPACT, SESSION_MAX_RECORD, error);
        hob_buffer_put_char(&session->records, '\n');
        /* With room for its end: whoever takes it after the edit must not fail any more. */
        if (result == 0 &&
            (hob_buffer_failed(&session->records) || !hob_buffer_reserve(&session->records, 1)))
            result = no_memory(error);
    }
    if (result == 0)
        result = edit(session, record, error);
    if (result < 0) {
        session->records.size = before;
        session->records.failed = false;
    }
    return result;
}

/* Buffers are handed on rather than kept: one that held a large edit would stay that large. */
void hob_session_take_records(struct hob_session *session, struct hob_buffer *records)
{
    *records = session->records;
    session->records = (struct hob_buffer)HOB_BUFFER_INIT;
}

/* An edit that did not fit is still what the `undo` behind it in the journal means. */
static int push_lost(struct hob_session *session, const struct hob_value *record,
                     struct hob_error *error)
{
    struct hob_text op = hob_value_text(hob_value_get(record, "op"));
    if (hob_text_is(op, "undo") || hob_text_is(op, "saved"))
        return 0;
    struct session_undo step = {.kind = SESSION_UNDO_FLAGS, .first = true};
    int result = session_push_undo(session, step, error);
    if (result < 0)
        return result;
    session->undo_groups++;
    session_trim_undo(session);
    return 0;
}

int hob_session_apply(struct hob_session *session, struct hob_text records, size_t *lost,
                      struct hob_error *error)
{
    int result = 0;
    session->replaying = true;
    while (result == 0 && records.size > 0) {
        HOB_AUTO(arena) struct hob_arena *arena = hob_arena_new();
        const char *end = memchr(records.data, '\n', records.size);
        size_t size = end != NULL ? (size_t)(end - records.data) : records.size;
        const struct hob_value *record;
        result = hob_json_read(arena, (struct hob_text){records.data, size}, &record, error);
        if (result < 0)
            break;
        size_t lost_before = session->foreign.lost;
        int applied = session_edit(session, record, error);
        if (applied == HOB_E_MEMORY) {
            result = applied;
        } else if (applied < 0) {
            ++*lost;
            result = push_lost(session, record, error);
        } else {
            *lost += session->foreign.lost - lost_before;
        }
        size += end != NULL;
        records.data += size;
        records.size -= size;
    }
    session->replaying = false;
    return result;
}
