/* edit: changing a session, and taking changes back.
 *
 * An edit is a record, a small mapping: {"op": "set", "column": ..., "index": ..., "value": ...}.
 * Operations make records, the journal keeps them, and both go through session_edit: what a
 * restarted server does again is what was done the first time. Every change pushes its reverse, so
 * that an edit that fails half-way leaves nothing behind, and undo is free.
 *
 * Records name rows by labels and entries of series by number and subindex. Applying one twice
 * changes nothing: a file that was saved just before a crash may already have what the journal
 * says. */
#include "session/internal.h"

#include <math.h>

#include "base/number.h"
#include "value/json.h"

static const size_t max_record_size = (size_t)256 << 20;
static const size_t max_name_size = 1 << 20;

static int no_memory(struct hob_error *error)
{
    return hob_error_set(error, HOB_E_MEMORY, "not enough memory for the edit");
}

/* ---- changing ---- */

static int set_flags(struct hob_session *session, struct session_column *column, unsigned flags,
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
        return set_flags(session, column, column->flags | SESSION_AS_FLOAT, error);
    case HOB_COLUMN_BOOL:
        return set_flags(session, column, column->flags | SESSION_AS_OBJECT, error);
    default:
        return 0;
    }
}

static int append_row(struct hob_session *session, struct session_labels *labels,
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

static int append_part_row(struct hob_session *session, struct session_part *part,
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
    return append_row(session, &part->labels, label, error);
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
            return set_flags(session, column, column->flags | SESSION_AS_FLOAT, error);
        return 0;
    case HOB_COLUMN_BOOL:
        if (value->kind == HOB_BOOL)
            return 0;
        break;
    default:
        break;
    }
    return set_flags(session, column, column->flags | SESSION_AS_OBJECT, error);
}

/* The text without the room that it grew into: a cell is kept. */
static char *steal_fitting(struct hob_buffer *text, size_t *size)
{
    bool is_wide = text->capacity > text->size + text->size / 8 + 16;
    char *json = hob_buffer_steal(text, size);
    char *fitting = is_wide && json != NULL ? realloc(json, *size + 1) : NULL;
    return fitting != NULL ? fitting : json;
}

static int set_cell(struct hob_session *session, struct session_column *column, size_t row,
                    const struct hob_value *value, struct hob_error *error)
{
    struct hob_value fitted;
    HOB_AUTO(buffer) struct hob_buffer text = HOB_BUFFER_INIT;
    int result = fit_value(session, column, value, &fitted, error);
    if (result == 0)
        result = hob_json_write(&text, &fitted, HOB_JSON_COMPACT, max_record_size, error);
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

/* ---- records ---- */

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
    hob_error_hint(error, "columns of output, series and cache can be; add_column makes a new one");
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

/* The entry of a series that a record means, made if it is not there. */
static int record_entry(struct hob_session *session, struct session_part *part,
                        const struct hob_value *record, const struct session_label *label,
                        size_t *entry, struct hob_error *error)
{
    const struct hob_value *number = hob_value_get(record, "entry");
    size_t count = session_labels_count(&part->labels);
    *entry = hob_value_is(number, HOB_INT) ? (size_t)number->integer : count;
    if (*entry < count) {
        struct session_label own = session_labels_at(&part->labels, *entry);
        if (session_label_equal(&own, label))
            return 0;
    }
    *entry = count;
    return append_part_row(session, part, label, error);
}

static int set_in_series(struct hob_session *session, struct session_column *column,
                         const struct hob_value *record, const struct session_label *label,
                         const struct hob_value *value, struct hob_error *error)
{
    const struct hob_value *selector = hob_value_get(record, "selector");
    const struct hob_value *subindex = hob_value_get(record, "subindex");
    size_t before = session_labels_count(&column->part->labels);
    size_t entry;
    int result = record_entry(session, column->part, record, label, &entry, error);
    if (result == 0 && entry == before && !hob_value_is_null(selector) &&
        !hob_value_is_null(subindex)) {
        struct session_column *named = session_find_column(session, selector);
        if (named != NULL && named != column && named->part == column->part)
            result = set_cell(session, named, entry, subindex, error);
    }
    return result < 0 ? result : set_cell(session, column, entry, value, error);
}

static int set_in_rows(struct hob_session *session, struct session_column *column,
                       const struct session_label *label, const struct hob_value *value,
                       struct hob_error *error)
{
    size_t row = session_labels_find(&column->part->labels, label);
    if (row == SIZE_MAX) {
        row = session_labels_count(&column->part->labels);
        int result = append_part_row(session, column->part, label, error);
        if (result < 0)
            return result;
    }
    return set_cell(session, column, row, value, error);
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
    hob_error_hint(error, "set_value changes it; series may have several entries in a row");
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
    struct session_label label = session_label_of(index, session->arena);
    bool exists = session_labels_find(rows, &label) != SIZE_MAX;
    int result = check_row(session, values, exists, error);
    if (result == 0 && !exists)
        result = append_row(session, rows, &label, error);
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
            result = record_entry(session, column->part, record, &label, &entry, error);
        series = column->part;
        if (result == 0)
            result = set_cell(session, column, entry, pair->value, error);
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
        int result = hob_json_write(&text, value, HOB_JSON_COMPACT, max_record_size, error);
        if (result < 0)
            return result;
        column->fallback = hob_arena_copy(session->arena, hob_buffer_text(&text));
    }
    int result = set_flags(session, column, 0, error);
    if (result < 0)
        return result;
    session_note_column(session, column);
    return session_map_names(session) ? 0 : no_memory(error);
}

static int apply_drop(struct hob_session *session, const struct hob_value *record,
                      struct hob_error *error)
{
    struct session_column *column;
    int result = record_column(session, record, &column, error);
    if (result == 0)
        result = set_flags(session, column, column->flags | SESSION_DROPPED, error);
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
            return record_entry(session, part, record, &label, &entry, error);
        if (session_labels_find(&part->labels, &label) != SIZE_MAX)
            return 0;
        return append_part_row(session, part, &label, error);
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
    return set_flags(session, column, column->flags | ((unsigned)flags->integer & known), error);
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
    return 0;
}

int session_edit(struct hob_session *session, const struct hob_value *record,
                 struct hob_error *error)
{
    size_t before = session->records.size;
    int result = 0;
    if (!session->replaying) {
        result =
            hob_json_write(&session->records, record, HOB_JSON_COMPACT, max_record_size, error);
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

void hob_session_take_column_changes(struct hob_session *session, struct hob_buffer *changes)
{
    *changes = session->changes;
    session->changes = (struct hob_buffer)HOB_BUFFER_INIT;
}

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
        int applied = session_edit(session, record, error);
        if (applied == HOB_E_MEMORY) {
            result = applied;
        } else if (applied < 0) {
            ++*lost;
            result = push_lost(session, record, error);
        }
        size += end != NULL;
        records.data += size;
        records.size -= size;
    }
    session->replaying = false;
    return result;
}
