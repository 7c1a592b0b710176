/* flow: what a section of the interface reads for a session, with all that the section leaves
 * unsaid: where its files are, the columns of an output, lists of flows side by side. */
#include "session/internal.h"

#include "access/access.h"

static const char *const kind_names[] = {
    [SESSION_INPUT] = "input",           [SESSION_DATA] = "data",
    [SESSION_CONSTANTS] = "constants",   [SESSION_OUTPUT] = "output",
    [SESSION_SERIES] = "series",         [SESSION_CACHE] = "cache",
    [SESSION_PARAMETERS] = "parameters",
};

const char *session_kind_name(enum session_kind kind)
{
    return kind_names[kind];
}

const struct hob_value *session_with_base(struct hob_arena *arena, const struct hob_value *flow,
                                          const struct hob_value *base)
{
    if (flow->kind != HOB_MAP || hob_value_get(flow, "base_directory") != NULL || base == NULL)
        return flow;
    struct hob_value *own = hob_value_copy(arena, flow);
    hob_value_put_string(arena, own, "base_directory", base);
    return own;
}

/* A list of flows: side by side, by the index of the first. */
static const struct hob_value *implied_stack(struct hob_arena *arena, const struct hob_value *flows,
                                             const struct hob_value *base)
{
    struct hob_value *stack = hob_value_new(arena, HOB_MAP);
    struct hob_value *specifications = hob_value_new(arena, HOB_LIST);
    for (uint32_t i = 0; i < flows->list.count; i++)
        hob_value_append(arena, specifications,
                         session_with_base(arena, flows->list.items[i], base));
    hob_value_put_string(arena, stack, "type", hob_value_new_string(arena, HOB_TEXT("hstack")));
    const struct hob_value *index =
        flows->list.count > 0 ? hob_value_get(flows->list.items[0], "index") : NULL;
    if (index != NULL)
        hob_value_put_string(arena, stack, "index", index);
    hob_value_put_string(arena, stack, "specifications", specifications);
    return stack;
}

static void add_field(struct hob_arena *arena, struct hob_value *columns,
                      const struct hob_value *field)
{
    if (!hob_value_is(field, HOB_STRING) || hob_text_starts_with(field->text, "_"))
        return;
    for (uint32_t i = 0; i < columns->list.count; i++)
        if (hob_value_equal(columns->list.items[i], field))
            return;
    hob_value_append(arena, columns, field);
}

static void add_fields(struct hob_arena *arena, struct hob_value *columns,
                       const struct hob_value *entry)
{
    const struct hob_value *field = hob_value_get(entry, "field");
    if (hob_value_is(field, HOB_LIST))
        for (uint32_t i = 0; i < field->list.count; i++)
            add_field(arena, columns, field->list.items[i]);
    else
        add_field(arena, columns, field);
}

/* The columns of an output that lists none: what is computed and reviewed. */
static const struct hob_value *implied_columns(struct hob_arena *arena,
                                               const struct hob_value *fields)
{
    static const char *const sections[] = {"compute", "review"};
    struct hob_value *columns = hob_value_new(arena, HOB_LIST);
    for (size_t i = 0; i < sizeof sections / sizeof sections[0]; i++) {
        const struct hob_value *section = hob_value_get(fields, sections[i]);
        if (hob_value_is(section, HOB_LIST))
            for (uint32_t j = 0; j < section->list.count; j++)
                add_fields(arena, columns, section->list.items[j]);
        else
            add_fields(arena, columns, section);
    }
    return columns;
}

/* The flow as it is read: a mapping with base_directory, columns of an output, and an index. */
static int complete(const struct hob_value **flow, struct hob_session *session,
                    enum session_kind kind, struct hob_error *error)
{
    struct hob_arena *arena = session->arena;
    const struct hob_value *fields = session->fields;
    const struct hob_value *base = hob_value_get(fields, "base_directory");
    if ((*flow)->kind == HOB_LIST)
        *flow = implied_stack(arena, *flow, base);
    if ((*flow)->kind != HOB_MAP)
        return hob_error_set(error, HOB_E_VALUE,
                             "`%s` of the interface must be a mapping, not a %s", kind_names[kind],
                             hob_value_kind_name(*flow));
    struct hob_value *own = hob_value_copy(arena, session_with_base(arena, *flow, base));
    if (kind == SESSION_OUTPUT && hob_value_is_null(hob_value_get(own, "columns")))
        hob_value_put_string(arena, own, "columns", implied_columns(arena, fields));
    *flow = own;
    const struct hob_value *index = hob_value_get(own, "index");
    if (index == NULL) {
        hob_error_set(error, HOB_E_VALUE,
                      "Missing index field in data frame specification in "
                      "interface file, in `%s`",
                      kind_names[kind]);
        hob_error_hint(error, "add `index: COLUMN`, the column whose values name the rows");
        return HOB_E_VALUE;
    }
    if (index->kind != HOB_STRING)
        return hob_error_set(error, HOB_E_VALUE, "\"index\" of `%s` should be a text, not a %s",
                             kind_names[kind], hob_value_kind_name(index));
    return 0;
}

/* A table without rows, for a file that is still to be written. */
static int empty_frame(struct hob_frame **frame, const struct hob_value *flow,
                       struct hob_error *error)
{
    const struct hob_value *columns = hob_value_get(flow, "columns");
    HOB_AUTO(frame) struct hob_frame *empty = hob_frame_new();
    for (uint32_t i = 0; hob_value_is(columns, HOB_LIST) && i < columns->list.count; i++) {
        struct hob_column column;
        hob_column_init(&column, HOB_COLUMN_VALUE);
        if (hob_frame_find(empty, columns->list.items[i]) == SIZE_MAX &&
            hob_frame_add(empty, columns->list.items[i], &column) == NULL)
            return hob_error_set(error, HOB_E_MEMORY, "cannot open the session: not enough memory");
    }
    *frame = HOB_STEAL(empty);
    return 0;
}

int session_read_flow(struct hob_frame **frame, const struct hob_value **flow,
                      struct hob_session *session, const struct hob_scope *scope,
                      enum session_kind kind, struct hob_error *error)
{
    int result = complete(flow, session, kind, error);
    if (result < 0)
        return result;
    result = hob_access_read(frame, scope, *flow, error);
    bool may_be_absent = kind == SESSION_OUTPUT || kind == SESSION_CACHE ||
                         (kind == SESSION_SERIES && hob_value_get(*flow, "columns") != NULL);
    if (result == HOB_E_NOT_FOUND && may_be_absent)
        return empty_frame(frame, *flow, error);
    return result == 0 ? 0 : hob_error_context(error, "`%s`", kind_names[kind]);
}
