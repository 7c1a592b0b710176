/* open: from an interface to a session.
 *
 * Flows are read in an order of their own: input and data, constants, then output and series as the
 * file has them, then cache and parameters as the file has them. Each becomes a part: the column
 * that its `index` names leaves the columns and labels its rows. Rows of different parts belong
 * together by their labels; the labels of the first input are those of the session. */
#include "session/internal.h"

#include "config/interface.h"
#include "value/json.h"

/* What is read together, in the order of the file. */
static const unsigned passes[] = {
    1u << SESSION_INPUT | 1u << SESSION_DATA,
    1u << SESSION_CONSTANTS,
    1u << SESSION_OUTPUT | 1u << SESSION_SERIES,
    1u << SESSION_CACHE | 1u << SESSION_PARAMETERS,
};

struct opening {
    struct hob_session *session;
    const struct hob_scope *scope;
    const struct hob_interface *interface;
    struct hob_value *known_names;
};

static int no_memory(struct hob_error *error)
{
    return hob_error_set(error, HOB_E_MEMORY, "cannot open the session: not enough memory");
}

/* ---- parts ---- */

struct session_part *session_add_part(struct hob_session *session, enum session_kind kind)
{
    if (!HOB_TRY_GROW(session->parts, session->part_capacity, session->part_count + 1))
        return NULL;
    struct session_part *part = hob_alloc_zero(1, sizeof *part);
    part->kind = kind;
    part->labels.chained = kind == SESSION_SERIES;
    hob_column_init(&part->index, HOB_COLUMN_VALUE);
    session->parts[session->part_count++] = part;
    return part;
}

static struct hob_column take_column(struct hob_frame *frame, size_t position)
{
    struct hob_column *column = hob_frame_column(frame, position);
    struct hob_column taken = *column;
    hob_column_init(column, column->type);
    hob_frame_remove(frame, position);
    return taken;
}

/* Keeps the rows that are not marked. */
static bool filter_column(struct hob_column *column, const bool *repeated, struct hob_arena *arena)
{
    struct hob_column kept;
    hob_column_init(&kept, column->type);
    kept.nullable = column->nullable;
    kept.has_zone = column->has_zone;
    kept.offset_seconds = column->offset_seconds;
    for (size_t row = 0; row < column->count; row++) {
        if (!repeated[row] && !hob_column_append_from(&kept, column, row, arena)) {
            hob_column_deinit(&kept);
            return false;
        }
    }
    hob_column_deinit(column);
    *column = kept;
    return true;
}

static bool drop_repeated(struct session_part *part, bool *repeated, size_t rows)
{
    struct hob_arena *arena = hob_frame_arena(part->frame);
    bool chained = part->labels.chained;
    bool well = part->numbered || filter_column(&part->index, repeated, arena);
    for (size_t i = 0; well && i < hob_frame_columns(part->frame); i++)
        well = filter_column(hob_frame_column(part->frame, i), repeated, arena);
    session_labels_deinit(&part->labels);
    part->labels.chained = chained;
    size_t kept = 0;
    for (size_t row = 0; row < rows; row++)
        kept += !repeated[row];
    return well && session_labels_load(&part->labels, part->numbered ? NULL : &part->index, kept,
                                       NULL, arena) == 0;
}

/* What is left out is remembered: a file that is replaced would lose it. */
static void note_repeated(struct session_part *part, const bool *repeated, size_t count)
{
    HOB_AUTO(buffer) struct hob_buffer text = HOB_BUFFER_INIT;
    size_t row = 0;
    while (!repeated[row])
        row++;
    struct session_label label = session_labels_at(&part->labels, row);
    session_label_put(&text, &label);
    part->repeated = count;
    part->first_repeated =
        hob_arena_copy(hob_frame_arena(part->frame), hob_buffer_whole_text(&text));
}

/* Takes the index out of the frame and finds rows by it. */
static int label_rows(struct session_part *part, struct hob_error *error)
{
    size_t rows = hob_frame_rows(part->frame);
    size_t position = hob_frame_find(part->frame, part->index_name);
    const struct hob_column *hidden = hob_frame_index(part->frame);
    const struct hob_column *labels = &part->index;
    if (position != SIZE_MAX)
        part->index = take_column(part->frame, position);
    else if (hidden != NULL)
        labels = hidden;
    else
        labels = NULL;
    part->numbered = labels == NULL;
    if (labels == hidden && labels != NULL) {
        hob_column_init(&part->index, hidden->type);
        for (size_t row = 0; row < rows; row++)
            if (!hob_column_append_from(&part->index, hidden, row, hob_frame_arena(part->frame)))
                return no_memory(error);
        labels = &part->index;
    }
    HOB_AUTO(free) bool *repeated = calloc(rows + 1, sizeof *repeated);
    ptrdiff_t found = repeated == NULL ? -1
                                       : session_labels_load(&part->labels, labels, rows, repeated,
                                                             hob_frame_arena(part->frame));
    if (found > 0) {
        note_repeated(part, repeated, (size_t)found);
        if (!drop_repeated(part, repeated, rows))
            found = -1;
    }
    return found < 0 ? no_memory(error) : 0;
}

static int refuse_twin(const struct session_column *first, const struct session_part *part,
                       struct hob_error *error)
{
    HOB_AUTO(buffer) struct hob_buffer name = HOB_BUFFER_INIT;
    hob_json_put_key(&name, first->name, HOB_JSON_COMPACT);
    hob_error_set(error, HOB_E_VALUE, "the column %s is in `%s` and in `%s`",
                  hob_buffer_string(&name), session_kind_name(first->part->kind),
                  session_kind_name(part->kind));
    hob_error_hint(error, "rename it in one of them with `rename_columns`, or leave it out with "
                          "`ignore_columns`");
    return HOB_E_VALUE;
}

static int take_columns(struct hob_session *session, struct session_part *part,
                        struct hob_error *error)
{
    for (size_t i = 0; i < hob_frame_columns(part->frame); i++) {
        const struct hob_value *name = hob_frame_name(part->frame, i);
        const struct session_column *twin = session_find_column(session, name);
        if (twin != NULL)
            return refuse_twin(twin, part, error);
        struct session_column *column = session_add_column(session, part, name);
        if (column == NULL)
            return no_memory(error);
        column->base = hob_frame_column(part->frame, i);
        column->base_rows = column->base->count;
    }
    return session_map_names(session) ? 0 : no_memory(error);
}

/* `select` picks the row of a table of constants. */
static int select_row(struct session_part *part, struct hob_arena *arena, struct hob_error *error)
{
    const struct hob_value *wanted = hob_value_get(part->flow, "select");
    if (hob_value_is_null(wanted))
        return 0;
    struct session_label label = session_label_of(wanted, arena);
    part->fixed_row = session_labels_find(&part->labels, &label);
    if (part->fixed_row != SIZE_MAX)
        return 0;
    HOB_AUTO(buffer) struct hob_buffer text = HOB_BUFFER_INIT;
    session_label_put(&text, &label);
    return hob_error_set(error, HOB_E_KEY, "`select` of `%s` names the row %s, which is not there",
                         session_kind_name(part->kind), hob_buffer_string(&text));
}

static int open_part(struct opening *opening, enum session_kind kind, const struct hob_value *flow,
                     struct hob_error *error)
{
    struct hob_session *session = opening->session;
    HOB_AUTO(frame) struct hob_frame *frame = NULL;
    int result = session_read_flow(&frame, &flow, session, opening->scope, kind, error);
    if (result < 0)
        return result;
    struct session_part *part = session_add_part(session, kind);
    if (part == NULL)
        return no_memory(error);
    part->flow = flow;
    part->index_name = hob_value_get(flow, "index");
    part->frame = HOB_STEAL(frame);
    result = label_rows(part, error);
    if (result == 0)
        result = session_check_names(opening->known_names, session->arena,
                                     hob_value_get(flow, "mapping"), part->frame, error);
    if (result == 0)
        result = take_columns(session, part, error);
    if (result == 0 && (kind == SESSION_CONSTANTS || kind == SESSION_PARAMETERS))
        result = select_row(part, session->arena, error);
    if (result == 0 && session->main == NULL && (kind == SESSION_INPUT || kind == SESSION_DATA))
        session->main = part;
    if (result == 0)
        session->base_size += hob_frame_size(part->frame) + part->index.capacity * sizeof(size_t) +
                              part->index.bytes_capacity;
    return result;
}

static int open_parts(struct opening *opening, struct hob_error *error)
{
    const struct hob_value *fields = opening->session->fields;
    for (size_t pass = 0; pass < sizeof passes / sizeof passes[0]; pass++) {
        for (uint32_t i = 0; i < fields->map.count; i++) {
            const struct hob_pair *pair = &fields->map.pairs[i];
            for (unsigned kind = 0; kind <= SESSION_PARAMETERS; kind++) {
                if ((passes[pass] >> kind & 1) == 0 || hob_value_is_null(pair->value) ||
                    !hob_value_is(pair->key, HOB_STRING) ||
                    !hob_text_is(pair->key->text, session_kind_name((enum session_kind)kind)))
                    continue;
                int result = open_part(opening, (enum session_kind)kind, pair->value, error);
                if (result < 0)
                    return result;
            }
        }
    }
    if (opening->session->part_count > 0)
        return 0;
    hob_error_set(error, HOB_E_VALUE, "the interface has nothing that a session could hold");
    hob_error_hint(error, "add `input: {type: ..., index: ...}`");
    return HOB_E_VALUE;
}

/* ---- what belongs to the whole ---- */

static bool has_rows(const struct session_part *part)
{
    return part->kind != SESSION_CONSTANTS && part->kind != SESSION_PARAMETERS;
}

/* Whether a part before this one, or an earlier entry of it, has the label of the row. */
static bool is_seen(const struct hob_session *session, size_t part, size_t row,
                    const struct session_label *label)
{
    const struct session_labels *own = &session->parts[part]->labels;
    if (own->chained && session_labels_find(own, label) != row)
        return true;
    for (size_t i = 0; i < part; i++)
        if (has_rows(session->parts[i]) &&
            session_labels_find_near(&session->parts[i]->labels, label, row) != SIZE_MAX)
            return true;
    return false;
}

/* Counts labels over all parts; without input they become the session's. */
static bool join_labels(struct hob_session *session)
{
    bool any = false;
    for (size_t i = 0; i < session->part_count; i++) {
        const struct session_labels *labels = &session->parts[i]->labels;
        if (!has_rows(session->parts[i]))
            continue;
        bool counts_alone = !any && session->main != NULL;
        any = true;
        if (counts_alone) {
            session->distinct += labels->distinct;
            continue;
        }
        for (size_t row = 0; row < session_labels_count(labels); row++) {
            struct session_label label = session_labels_at(labels, row);
            if (is_seen(session, i, row, &label))
                continue;
            session->distinct++;
            if (session->main == NULL && !session_labels_add(&session->own_index, label))
                return false;
        }
    }
    return true;
}

void session_focus_first(struct hob_session *session)
{
    session->focus.kind = SESSION_ON_NOTHING;
    session->focus.column = NULL;
    if (session_labels_count(&session->names) == 0)
        return;
    session->focus.kind = SESSION_ON_COLUMN;
    session->focus.column = session->by_name[0];
}

/* The first row and column; the selector that the series names or, when a series comes first,
 * its first column, with its first value. */
static int init_focus(struct hob_session *session, struct hob_error *error)
{
    struct session_focus *focus = &session->focus;
    focus->row = hob_session_rows(session) > 0 ? 0 : SIZE_MAX;
    session_focus_first(session);
    for (size_t i = 0; i < session->part_count; i++) {
        const struct session_part *part = session->parts[i];
        const struct hob_value *wanted = hob_value_get(part->flow, "selector");
        if (part->kind != SESSION_SERIES || hob_value_is_null(wanted))
            continue;
        focus->selector = session_find_column(session, wanted);
        if (focus->selector == NULL || focus->selector->part != part)
            return hob_error_set(error, HOB_E_KEY,
                                 "`selector` of `series` must be one of its columns");
        return 0;
    }
    if (focus->kind != SESSION_ON_COLUMN || focus->column->part->kind != SESSION_SERIES)
        return 0;
    focus->selector = focus->column;
    HOB_AUTO(buffer) struct hob_buffer first = HOB_BUFFER_INIT;
    if (focus->row == SIZE_MAX)
        return 0;
    int result = session_put_cell(&first, focus->column, 0, error);
    if (result == 0)
        focus->subindex = hob_buffer_steal(&first, NULL);
    return result;
}

/* ---- the interface ---- */

/* With interface_field: that section in place of the file. A section that is a flow is the
 * input; the rest of the file stays. */
static int choose_fields(struct hob_session *session, const struct hob_interface *interface,
                         const char *field, struct hob_error *error)
{
    session->fields = interface->fields;
    if (field == NULL)
        return 0;
    const struct hob_value *section = hob_value_get(interface->fields, field);
    if (!hob_value_is(section, HOB_MAP))
        return hob_error_set(error, HOB_E_VALUE,
                             section == NULL ? "the interface has no section '%s'"
                                             : "the section '%s' of the interface is no mapping",
                             field);
    struct hob_arena *arena = session->arena;
    if (hob_value_get(section, "type") != NULL) {
        bool is_data = strcmp(field, "data") == 0;
        struct hob_value *fields = hob_value_copy(arena, interface->fields);
        if (!is_data)
            hob_value_put_string(arena, fields, "input", section);
        session->fields = fields;
        return 0;
    }
    session->fields =
        session_with_base(arena, section, hob_value_get(interface->fields, "base_directory"));
    return 0;
}

static int load_interface(struct opening *opening, struct hob_interface *interface,
                          const struct hob_session_source *source, struct hob_error *error)
{
    struct hob_session *session = opening->session;
    struct hob_interface_request request = {
        .names = hob_value_new_string(session->arena, hob_text_from(source->interface_file)),
        .directory = source->directory,
    };
    int result = hob_interface_load(session->arena, opening->scope, &request, interface, error);
    if (result == HOB_E_NO_INTERFACE)
        return hob_error_set(error, HOB_E_NOT_FOUND, "Interface file not found: %s",
                             error != NULL ? error->message : source->interface_file);
    return result != 0 ? result : choose_fields(session, interface, source->interface_field, error);
}

int hob_session_open(struct hob_session **out, const struct hob_scope *scope,
                     const struct hob_session_source *source, struct hob_error *error)
{
    HOB_AUTO(session) struct hob_session *session = hob_alloc_zero(1, sizeof *session);
    session->arena = hob_arena_new();
    struct hob_interface interface;
    struct opening opening = {.session = session, .scope = scope, .interface = &interface};
    opening.known_names = hob_value_new(session->arena, HOB_MAP);
    int result = load_interface(&opening, &interface, source, error);
    if (result == 0)
        result = open_parts(&opening, error);
    if (result == 0 && !join_labels(session))
        result = no_memory(error);
    if (result == 0)
        result = init_focus(session, error);
    session->opened_rows = hob_session_rows(session);
    for (size_t i = 0; i < session->part_count; i++)
        session->parts[i]->opened_rows = session->parts[i]->saved_rows =
            session_labels_count(&session->parts[i]->labels);
    if (result == 0)
        *out = HOB_STEAL(session);
    return result;
}

static void free_part(struct session_part *part)
{
    hob_frame_free(part->frame);
    hob_column_deinit(&part->index);
    session_labels_deinit(&part->labels);
    free(part);
}

struct hob_session *hob_session_free(struct hob_session *session)
{
    if (session == NULL)
        return NULL;
    session_free_undo(session);
    hob_session_end_foreign(session);
    for (size_t i = 0; i < session->column_count; i++) {
        session_overlay_deinit(&session->columns[i]->overlay);
        free(session->columns[i]);
    }
    for (size_t i = 0; i < session->part_count; i++)
        free_part(session->parts[i]);
    free(session->columns);
    free(session->parts);
    session_labels_deinit(&session->names);
    free(session->by_name);
    session_labels_deinit(&session->own_index);
    free(session->focus.index);
    free(session->focus.subindex);
    hob_buffer_deinit(&session->records);
    hob_buffer_deinit(&session->changes);
    hob_arena_free(session->arena);
    free(session);
    return NULL;
}
