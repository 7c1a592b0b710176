/* entries: which entry of a series the record of an edit means.
 *
 * {"entry": 3, "selector": "reviewer", "subindex": "R2", "new": false} beside the label of the row:
 * the number is exact as long as the files are those that the session knows. When others changed
 * them, an entry is what the selector has the subindex for, as set_subindex finds it, or the only
 * one of its row; one that is not there any more is not replaced by another. "new" says whether the
 * edit made the entry; records of earlier versions do not have it. */
#include "session/internal.h"

#include "value/json.h"

static int entry_equals(const struct session_column *selector, size_t entry,
                        const struct session_label *wanted, struct hob_arena *arena,
                        struct hob_error *error)
{
    bool as_read = selector->base != NULL && entry < selector->base_rows &&
                   session_overlay_get(&selector->overlay, entry).data == NULL;
    if (as_read) {
        struct session_label own = session_label_of_cell(selector->base, entry, arena);
        return session_label_equal(&own, wanted);
    }
    const struct hob_value *value;
    int result = session_cell_value(&value, selector, entry, arena, error);
    if (result < 0)
        return result;
    struct session_label own = session_label_of(value, arena);
    return session_label_equal(&own, wanted);
}

int session_find_entry(const struct session_column *selector, size_t entry,
                       const struct hob_value *wanted, size_t *found, struct hob_error *error)
{
    HOB_AUTO(arena) struct hob_arena *arena = hob_arena_new();
    struct session_label label = session_label_of(wanted, arena);
    *found = SIZE_MAX;
    for (; entry != SIZE_MAX; entry = session_labels_next(&selector->part->labels, entry)) {
        int equal = entry_equals(selector, entry, &label, arena, error);
        if (equal < 0)
            return equal;
        if (equal > 0)
            *found = entry;
    }
    return 0;
}

/* The selector of the series that the record names, or NULL. */
static const struct session_column *selector_of(const struct hob_session *session,
                                                const struct session_part *part,
                                                const struct hob_value *record)
{
    const struct hob_value *name = hob_value_get(record, "selector");
    const struct session_column *column =
        hob_value_is_null(name) ? NULL : session_find_column(session, name);
    return column != NULL && column->part == part ? column : NULL;
}

static bool has_label(const struct session_part *part, size_t entry,
                      const struct session_label *label)
{
    if (entry >= session_labels_count(&part->labels))
        return false;
    struct session_label own = session_labels_at(&part->labels, entry);
    return session_label_equal(&own, label);
}

/* The entry that was made again for this number: it has neither a file nor its subindex yet. */
static size_t find_moved(const struct hob_session *session, const struct session_part *part,
                         size_t number, const struct session_label *label)
{
    const struct session_foreign *foreign = &session->foreign;
    for (size_t i = foreign->moved_count; i-- > 0;)
        if (foreign->moved[i].number == number && has_label(part, foreign->moved[i].entry, label))
            return foreign->moved[i].entry;
    return SIZE_MAX;
}

/* In files that others changed: SIZE_MAX when it is not there. */
static int find_foreign(const struct hob_session *session, const struct session_part *part,
                        const struct hob_value *record, const struct session_label *label,
                        size_t number, size_t *entry, struct hob_error *error)
{
    const struct session_column *selector = selector_of(session, part, record);
    const struct hob_value *subindex = hob_value_get(record, "subindex");
    size_t first = session_labels_find(&part->labels, label);
    *entry = find_moved(session, part, number, label);
    if (*entry != SIZE_MAX || first == SIZE_MAX)
        return 0;
    if (selector != NULL && subindex != NULL)
        return session_find_entry(selector, first, subindex, entry, error);
    if (session_labels_last(&part->labels, first) == first)
        *entry = first;
    return 0;
}

static int append(struct hob_session *session, struct session_part *part,
                  const struct session_label *label, size_t number, size_t *entry,
                  struct hob_error *error)
{
    struct session_foreign *foreign = &session->foreign;
    *entry = session_labels_count(&part->labels);
    if (foreign->is) {
        if (!HOB_TRY_GROW(foreign->moved, foreign->moved_capacity, foreign->moved_count + 1))
            return hob_error_set(error, HOB_E_MEMORY, "not enough memory for the edit");
        foreign->moved[foreign->moved_count++] = (struct session_moved_entry){number, *entry};
    }
    return session_append_part_row(session, part, label, error);
}

static int record_foreign(struct hob_session *session, struct session_part *part,
                          const struct hob_value *record, const struct session_label *label,
                          size_t number, size_t *entry, struct hob_error *error)
{
    const struct hob_value *made = hob_value_get(record, "new");
    bool adds = !hob_text_is(hob_value_text(hob_value_get(record, "op")), "set");
    bool is_new = made != NULL ? made->boolean
                               : adds || session_labels_find(&part->labels, label) == SIZE_MAX;
    int result = 0;
    session->renumbered = true;
    *entry = SIZE_MAX;
    if (session->foreign.saves > 0)
        return 0;
    if (!adds)
        result = find_foreign(session, part, record, label, number, entry, error);
    else if (made == NULL && has_label(part, number, label))
        *entry = number;
    if (result < 0 || *entry != SIZE_MAX)
        return result;
    if (is_new)
        return append(session, part, label, number, entry, error);
    session->foreign.lost++;
    return hob_error_set(error, HOB_E_NO_KEY, "the entry of the series is not there any more");
}

int session_record_entry(struct hob_session *session, struct session_part *part,
                         const struct hob_value *record, const struct session_label *label,
                         size_t *entry, struct hob_error *error)
{
    const struct hob_value *given = hob_value_get(record, "entry");
    size_t number =
        hob_value_is(given, HOB_INT) ? (size_t)given->integer : session_labels_count(&part->labels);
    if (session->foreign.is)
        return record_foreign(session, part, record, label, number, entry, error);
    *entry = number;
    return has_label(part, number, label) ? 0 : append(session, part, label, number, entry, error);
}

/* ---- records ---- */

/* What the selector has for the entry; for a new one, what it is to have. */
static int put_subindex(const struct session_column *selector, size_t entry, const char *wanted,
                        struct hob_value *record, struct hob_arena *arena, struct hob_error *error)
{
    const struct hob_value *subindex;
    int result = entry != SIZE_MAX ? session_cell_value(&subindex, selector, entry, arena, error)
                                   : hob_json_read(arena, hob_text_from(wanted), &subindex, error);
    if (result < 0)
        return result;
    hob_value_put_string(arena, record, "selector", selector->name);
    hob_value_put_string(arena, record, "subindex", subindex);
    return 0;
}

int session_describe_entry(const struct hob_session *session, const struct session_part *part,
                           size_t entry, struct hob_value *record, struct hob_arena *arena,
                           struct hob_error *error)
{
    const struct session_focus *focus = &session->focus;
    bool is_new = entry == SIZE_MAX;
    size_t number = is_new ? session_labels_count(&part->labels) : entry;
    hob_value_put_string(arena, record, "entry", hob_value_new_int(arena, (int64_t)number));
    hob_value_put_string(arena, record, "new", hob_value_new_bool(is_new));
    if (focus->selector == NULL || focus->selector->part != part ||
        (is_new && focus->subindex == NULL))
        return 0;
    return put_subindex(focus->selector, entry, focus->subindex, record, arena, error);
}

/* ---- saves, and files of others ---- */

void session_note_saved(struct hob_session *session)
{
    for (size_t i = 0; i < session->part_count; i++)
        session->parts[i]->saved_rows = session_labels_count(&session->parts[i]->labels);
    for (size_t i = 0; i < session->column_count; i++)
        session_overlay_mark_saved(&session->columns[i]->overlay);
    session->foreign.saves -= session->foreign.saves > 0;
}

size_t hob_session_count_saves(struct hob_text records)
{
    static const char saved[] = "{\"op\":\"saved\",\"files\":true}";
    size_t count = 0;
    while (records.size > 0) {
        const char *end = memchr(records.data, '\n', records.size);
        size_t size = end != NULL ? (size_t)(end - records.data) : records.size;
        count += hob_text_is((struct hob_text){records.data, size}, saved);
        size += end != NULL;
        records.data += size;
        records.size -= size;
    }
    return count;
}

void hob_session_begin_foreign(struct hob_session *session, size_t saves)
{
    session->foreign = (struct session_foreign){.is = true, .saves = saves};
}

void hob_session_end_foreign(struct hob_session *session)
{
    free(session->foreign.moved);
    session->foreign = (struct session_foreign){0};
}

bool hob_session_is_renumbered(const struct hob_session *session)
{
    return session->renumbered;
}
