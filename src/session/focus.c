/* focus: which row, column and entry of a series a session looks at, and what is there.
 *
 * A subindex belongs to the row for which it was set. On another row that does not have it, the
 * last entry counts; on a row without entries it is kept, for the entry that writing makes. */
#include "session/hints.h"
#include "session/internal.h"

#include "value/json.h"

static const size_t max_label_size = 1 << 20;

static int no_memory(struct hob_error *error)
{
    return hob_error_set(error, HOB_E_MEMORY, "not enough memory to move the focus");
}

int session_need(const struct hob_value *parameters, const char *name,
                 const struct hob_value **value, struct hob_error *error)
{
    *value = hob_value_get(parameters, name);
    if (!hob_value_is_null(*value))
        return 0;
    return hob_error_set(error, HOB_E_PARAMETER, "Missing required parameter: %s", name);
}

/* The value as JSON, for a message or to be kept. */
static int print(struct hob_buffer *out, const struct hob_value *value, struct hob_error *error)
{
    int result = hob_json_write(out, value, HOB_JSON_COMPACT, max_label_size, error);
    return result == 0 && hob_buffer_failed(out) ? no_memory(error) : result;
}

/* A row that was added by a number, where rows are called by texts. */
static size_t find_added(const struct hob_session *session, const struct hob_value *value)
{
    HOB_AUTO(arena) struct hob_arena *arena = hob_arena_new();
    struct session_label label = session_new_label(session, value, arena);
    size_t row = session_labels_find(session_index(session), &label);
    return row >= session->opened_rows || session->replaying ? row : SIZE_MAX;
}

int session_need_row(const struct hob_session *session, const struct hob_value *value, size_t *row,
                     struct hob_error *error)
{
    *row = SIZE_MAX;
    if (value->kind != HOB_LIST && value->kind != HOB_MAP) {
        HOB_AUTO(arena) struct hob_arena *arena = NULL;
        if (value->kind == HOB_BIG_INT)
            arena = hob_arena_new();
        struct session_label label = session_label_of(value, arena);
        *row = session_labels_find(session_index(session), &label);
        if (*row == SIZE_MAX && value->kind != HOB_STRING)
            *row = find_added(session, value);
    }
    if (*row != SIZE_MAX)
        return 0;
    HOB_AUTO(buffer) struct hob_buffer text = HOB_BUFFER_INIT;
    print(&text, value, NULL);
    hob_error_set(error, HOB_E_NO_KEY, "Index %s not found in data", hob_buffer_string(&text));
    hob_session_hint(error, HOB_SESSION_HINT_ROWS);
    return HOB_E_NO_KEY;
}

int session_need_column(const struct hob_session *session, const struct hob_value *name,
                        struct session_column **column, struct hob_error *error)
{
    *column = session_find_column(session, name);
    if (*column != NULL)
        return 0;
    HOB_AUTO(buffer) struct hob_buffer text = HOB_BUFFER_INIT;
    print(&text, name, NULL);
    hob_error_set(error, HOB_E_NO_KEY, "Column %s not found in the session",
                  hob_buffer_string(&text));
    hob_session_hint(error, HOB_SESSION_HINT_COLUMNS);
    return HOB_E_NO_KEY;
}

/* ---- series ---- */

int session_pick_entry(const struct hob_session *session, const struct session_part *part,
                       size_t row, size_t *entry, struct hob_error *error)
{
    const struct session_column *selector = session->focus.selector;
    *entry = session_part_row(session, part, row);
    if (*entry == SIZE_MAX)
        return 0;
    size_t last = session_labels_last(&part->labels, *entry);
    if (last == *entry)
        return 0;
    if (selector == NULL || selector->part != part) {
        hob_error_set(error, HOB_E_NO_KEY, "Selector not set.");
        hob_session_hint(error, HOB_SESSION_HINT_ENTRY_SELECTOR);
        return HOB_E_NO_KEY;
    }
    size_t found = SIZE_MAX;
    if (session->focus.subindex != NULL) {
        HOB_AUTO(arena) struct hob_arena *arena = hob_arena_new();
        const struct hob_value *wanted;
        int result = hob_json_read(arena, hob_text_from(session->focus.subindex), &wanted, error);
        if (result == 0)
            result = session_find_entry(selector, *entry, wanted, &found, error);
        if (result < 0)
            return result;
    }
    *entry = found != SIZE_MAX ? found : last;
    return 0;
}

static const struct session_part *series_of(const struct hob_session *session)
{
    for (size_t i = 0; i < session->part_count; i++)
        if (session->parts[i]->kind == SESSION_SERIES)
            return session->parts[i];
    return NULL;
}

/* Remembers the subindex of the entry that was looked at. */
static int keep_subindex(struct hob_session *session, size_t entry, struct hob_error *error)
{
    HOB_AUTO(buffer) struct hob_buffer text = HOB_BUFFER_INIT;
    struct session_focus *focus = &session->focus;
    if (focus->selector == NULL || entry == SIZE_MAX)
        return 0;
    int result = session_put_cell(&text, focus->selector, entry, error);
    if (result < 0)
        return result;
    char *json = hob_buffer_steal(&text, NULL);
    if (json == NULL)
        return no_memory(error);
    free(focus->subindex);
    focus->subindex = json;
    session->focus_moves++;
    return 0;
}

/* True when the subindex that is set is one of the row's, maybe spelled otherwise (45 for 45.0). */
static bool subindex_holds(const struct hob_session *session, size_t entry)
{
    const struct session_focus *focus = &session->focus;
    if (focus->subindex == NULL)
        return false;
    HOB_AUTO(arena) struct hob_arena *arena = hob_arena_new();
    const struct hob_value *wanted;
    size_t found = SIZE_MAX;
    if (hob_json_read(arena, hob_text_from(focus->subindex), &wanted, NULL) != 0)
        return false;
    return session_find_entry(focus->selector, entry, wanted, &found, NULL) == 0 &&
           found != SIZE_MAX;
}

/* ---- row and column ---- */

/* What the client sent is kept: it gets back 41.0 after 41.0. */
static int keep_index(struct hob_session *session, size_t row, const struct hob_value *value,
                      struct hob_error *error)
{
    HOB_AUTO(buffer) struct hob_buffer text = HOB_BUFFER_INIT;
    int result = print(&text, value, error);
    if (result < 0)
        return result;
    char *json = hob_buffer_steal(&text, NULL);
    if (json == NULL)
        return no_memory(error);
    free(session->focus.index);
    session->focus.index = json;
    session->focus.row = row;
    session->focus_moves++;
    return 0;
}

SESSION_OPERATION(set_index)
{
    (void)scope, (void)out;
    const struct hob_value *value;
    size_t row;
    int result = session_need(parameters, "index", &value, error);
    if (result == 0)
        result = session_need_row(session, value, &row, error);
    return result < 0 ? result : keep_index(session, row, value, error);
}

static void put_index(struct hob_buffer *out, const struct hob_session *session, size_t row)
{
    if (row == SIZE_MAX) {
        hob_buffer_put_string(out, "null");
        return;
    }
    struct session_label label = session_labels_at(session_index(session), row);
    session_label_put(out, &label);
}

SESSION_OPERATION(get_index)
{
    (void)parameters, (void)scope, (void)error;
    hob_buffer_put_string(out, ",\"index\":");
    if (session->focus.index != NULL)
        hob_buffer_put_string(out, session->focus.index);
    else
        put_index(out, session, session->focus.row);
    return 0;
}

/* The column or what stands for one: the name of the index, and `_`. */
static int choose_column(const struct hob_session *session, const struct hob_value *name,
                         struct session_focus *focus, struct hob_error *error)
{
    focus->column = session_find_column(session, name);
    focus->kind = SESSION_ON_COLUMN;
    if (focus->column != NULL)
        return 0;
    focus->kind = SESSION_ON_INDEX;
    if (session_is_index_name(session, name))
        return 0;
    focus->kind = SESSION_ON_THROWAWAY;
    if (name->kind == HOB_STRING && hob_text_is(name->text, "_"))
        return 0;
    return session_need_column(session, name, &focus->column, error);
}

SESSION_OPERATION(set_column)
{
    (void)scope, (void)out;
    const struct hob_value *name;
    struct session_focus chosen;
    int result = session_need(parameters, "column", &name, error);
    if (result == 0)
        result = choose_column(session, name, &chosen, error);
    if (result < 0)
        return result;
    session->focus.kind = chosen.kind;
    session->focus.column = chosen.column;
    session->focus_moves++;
    return 0;
}

static int put_name(struct hob_buffer *out, const struct hob_value *name, struct hob_error *error)
{
    return hob_json_write(out, name, HOB_JSON_COMPACT, max_label_size, error);
}

/* Its name, as set_column takes it. */
static int put_focused_column(struct hob_buffer *out, const struct hob_session *session,
                              struct hob_error *error)
{
    const struct session_part *named = session->main != NULL ? session->main : session->parts[0];
    switch (session->focus.kind) {
    case SESSION_ON_COLUMN:
        return put_name(out, session->focus.column->name, error);
    case SESSION_ON_INDEX:
        return put_name(out, named->index_name, error);
    case SESSION_ON_THROWAWAY:
        hob_buffer_put_string(out, "\"_\"");
        return 0;
    case SESSION_ON_NOTHING:
        break;
    }
    hob_buffer_put_string(out, "null");
    return 0;
}

SESSION_OPERATION(get_column)
{
    (void)parameters, (void)scope;
    hob_buffer_put_string(out, ",\"column\":");
    return put_focused_column(out, session, error);
}

static int put_value_at(struct hob_buffer *out, struct hob_session *session,
                        const struct session_focus *focus, struct hob_error *error)
{
    if (focus->kind == SESSION_ON_THROWAWAY)
        return hob_error_set(error, HOB_E_NO_KEY,
                             "the column \"_\" takes anything and has nothing");
    if (focus->kind == SESSION_ON_NOTHING)
        return hob_error_set(error, HOB_E_NO_KEY, "the session has no columns");
    hob_buffer_put_string(out, ",\"value\":");
    if (focus->kind == SESSION_ON_INDEX) {
        put_index(out, session, focus->row);
        return 0;
    }
    const struct session_part *part = focus->column->part;
    size_t own;
    if (part->kind != SESSION_SERIES)
        return session_put_cell(out, focus->column, session_part_row(session, part, focus->row),
                                error);
    int result = session_pick_entry(session, part, focus->row, &own, error);
    if (result == 0 && focus == &session->focus && focus->subindex == NULL)
        result = keep_subindex(session, own, error);
    return result < 0 ? result : session_put_cell(out, focus->column, own, error);
}

SESSION_OPERATION(get_value)
{
    (void)parameters, (void)scope;
    return put_value_at(out, session, &session->focus, error);
}

SESSION_OPERATION(get_value_at)
{
    (void)scope;
    const struct hob_value *index = hob_value_get(parameters, "index");
    const struct hob_value *name = hob_value_get(parameters, "column");
    if (hob_value_is_null(index) || hob_value_is_null(name))
        return hob_error_set(error, HOB_E_PARAMETER, "Missing required parameters: index, column");
    struct session_focus there = session->focus;
    int result = session_need_row(session, index, &there.row, error);
    if (result == 0)
        result = choose_column(session, name, &there, error);
    return result < 0 ? result : put_value_at(out, session, &there, error);
}

/* ---- selector and subindex ---- */

SESSION_OPERATION(set_selector)
{
    (void)scope, (void)out;
    const struct hob_value *name;
    struct session_column *column;
    int result = session_need(parameters, "column", &name, error);
    if (result == 0)
        result = session_need_column(session, name, &column, error);
    if (result < 0)
        return result;
    if (column->part->kind != SESSION_SERIES) {
        struct hob_text text = hob_value_text(name);
        return hob_error_set(error, HOB_E_NO_KEY, "Column \"%.*s\" is not a series column.",
                             HOB_TEXT_ARG(text));
    }
    session->focus.selector = column;
    free(session->focus.subindex);
    session->focus.subindex = NULL;
    session->focus_moves++;
    return 0;
}

SESSION_OPERATION(get_selector)
{
    (void)parameters, (void)scope;
    hob_buffer_put_string(out, ",\"selector\":");
    if (session->focus.selector != NULL)
        return put_name(out, session->focus.selector->name, error);
    hob_buffer_put_string(out, "null");
    return 0;
}

SESSION_OPERATION(set_subindex)
{
    (void)scope, (void)out;
    const struct hob_value *value;
    const struct session_column *selector = session->focus.selector;
    size_t found = SIZE_MAX;
    int result = session_need(parameters, "value", &value, error);
    if (result == 0 && selector != NULL)
        result = session_find_entry(selector,
                                    session_part_row(session, selector->part, session->focus.row),
                                    value, &found, error);
    if (result < 0)
        return result;
    HOB_AUTO(buffer) struct hob_buffer text = HOB_BUFFER_INIT;
    result = print(&text, value, error);
    if (result < 0)
        return result;
    if (found == SIZE_MAX) {
        hob_error_set(error, HOB_E_NO_KEY, "no entry of the row has the subindex %s",
                      hob_buffer_string(&text));
        hob_session_hint(error, selector == NULL ? HOB_SESSION_HINT_NO_SELECTOR
                                                 : HOB_SESSION_HINT_ENTRIES);
        return HOB_E_NO_KEY;
    }
    char *json = hob_buffer_steal(&text, NULL);
    if (json == NULL)
        return no_memory(error);
    free(session->focus.subindex);
    session->focus.subindex = json;
    session->focus_moves++;
    return 0;
}

SESSION_OPERATION(get_subindex)
{
    (void)parameters, (void)scope;
    const struct session_focus *focus = &session->focus;
    hob_buffer_put_string(out, ",\"subindex\":");
    if (focus->selector != NULL) {
        const struct session_part *part = focus->selector->part;
        size_t first = session_part_row(session, part, focus->row);
        size_t entry;
        int result = session_pick_entry(session, part, focus->row, &entry, error);
        if (result == 0 && first != SIZE_MAX && !subindex_holds(session, first))
            result = keep_subindex(session, entry, error);
        if (result < 0)
            return result;
    }
    hob_buffer_put_string(out, focus->subindex != NULL ? focus->subindex : "null");
    return 0;
}

static int put_entry(struct hob_buffer *out, const struct hob_session *session,
                     const struct session_part *part, size_t entry, struct hob_error *error)
{
    char separator = '{';
    for (size_t i = 0; i < session_labels_count(&session->names); i++) {
        const struct session_column *column = session->by_name[i];
        if (column->part != part)
            continue;
        hob_buffer_put_char(out, separator);
        hob_json_put_key(out, column->name, HOB_JSON_COMPACT);
        hob_buffer_put_char(out, ':');
        int result = session_put_cell(out, column, entry, error);
        if (result < 0)
            return result;
        separator = ',';
    }
    hob_buffer_put_string(out, separator == '{' ? "{}" : "}");
    return 0;
}

SESSION_OPERATION(get_subseries)
{
    (void)parameters, (void)scope;
    const struct session_part *part = series_of(session);
    size_t rows = 0, columns = 0;
    size_t entry = part == NULL ? SIZE_MAX : session_part_row(session, part, session->focus.row);
    for (size_t i = 0; i < session_labels_count(&session->names); i++)
        columns += session->by_name[i]->part == part;
    hob_buffer_put_string(out, ",\"subseries\":{\"records\":[");
    for (; entry != SIZE_MAX; entry = session_labels_next(&part->labels, entry)) {
        if (rows++ > 0)
            hob_buffer_put_char(out, ',');
        int result = put_entry(out, session, part, entry, error);
        if (result < 0)
            return result;
    }
    hob_buffer_printf(out, "],\"shape\":[%zu,%zu]}", rows, columns);
    return 0;
}

/* ---- kept in the journal ---- */

uint64_t hob_session_focus_moves(const struct hob_session *session)
{
    return session->focus_moves;
}

void hob_session_put_focus(struct hob_buffer *out, const struct hob_session *session)
{
    const struct session_focus *focus = &session->focus;
    hob_buffer_put_string(out, "{\"index\":");
    if (focus->index != NULL)
        hob_buffer_put_string(out, focus->index);
    else
        put_index(out, session, focus->row);
    hob_buffer_put_string(out, ",\"column\":");
    put_focused_column(out, session, NULL);
    hob_buffer_put_string(out, ",\"selector\":");
    if (focus->selector != NULL)
        put_name(out, focus->selector->name, NULL);
    else
        hob_buffer_put_string(out, "null");
    hob_buffer_put_string(out, ",\"subindex\":");
    hob_buffer_put_string(out, focus->subindex != NULL ? focus->subindex : "null");
    /* Of an entry whose selector is missing, which is not the same as none. */
    if (focus->subindex != NULL && strcmp(focus->subindex, "null") == 0)
        hob_buffer_put_string(out, ",\"subindex_is_set\":true");
    hob_buffer_put_char(out, '}');
}

void hob_session_set_focus(struct hob_session *session, const struct hob_value *stored)
{
    const struct hob_value *index = hob_value_get(stored, "index");
    const struct hob_value *column = hob_value_get(stored, "column");
    const struct hob_value *selector = hob_value_get(stored, "selector");
    const struct hob_value *subindex = hob_value_get(stored, "subindex");
    struct session_focus chosen;
    size_t row;
    if (!hob_value_is_null(index) && session_need_row(session, index, &row, NULL) == 0)
        keep_index(session, row, index, NULL);
    if (!hob_value_is_null(column) && choose_column(session, column, &chosen, NULL) == 0) {
        session->focus.kind = chosen.kind;
        session->focus.column = chosen.column;
    }
    struct session_column *series =
        hob_value_is_null(selector) ? NULL : session_find_column(session, selector);
    bool is_series = series != NULL && series->part->kind == SESSION_SERIES;
    /* None, where the one that there was is gone, is not what the interface begins with. */
    if (is_series || (selector != NULL && selector->kind == HOB_NULL))
        session->focus.selector = series;
    HOB_AUTO(buffer) struct hob_buffer text = HOB_BUFFER_INIT;
    free(session->focus.subindex);
    session->focus.subindex = NULL;
    bool is_set = !hob_value_is_null(subindex) || hob_value_get(stored, "subindex_is_set") != NULL;
    if (is_set && subindex != NULL && print(&text, subindex, NULL) == 0)
        session->focus.subindex = hob_buffer_steal(&text, NULL);
}
