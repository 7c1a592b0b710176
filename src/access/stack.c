/* stack: flows that are made of other flows: hstack, vstack, stack and series.
 *
 * Each specification is a flow of its own, with its own column operations, and may be a stack
 * again. YAML aliases can make a flow that contains itself, and a small one that names a million
 * sources, so depth and number of sources are checked before anything is read. */
#include "access/formats.h"
#include "frame/combine.h"
#include "frame/join.h"

enum { MAX_DEPTH = 32, MAX_SOURCES = 10000 };

/* The flows of a stack: a list, or one mapping that stands for itself. */
struct parts {
    const struct hob_value *const *items;
    uint32_t count;
};

static struct parts parts_of(const struct hob_value *const *specifications)
{
    if (hob_value_is(*specifications, HOB_LIST))
        return (struct parts){(*specifications)->list.items, (*specifications)->list.count};
    return (struct parts){specifications, *specifications != NULL ? 1 : 0};
}

static int check_extent(const struct hob_value *flow, unsigned depth, unsigned *sources,
                        struct hob_error *error)
{
    const struct hob_value *specifications = hob_value_get(flow, "specifications");
    struct parts parts = parts_of(&specifications);
    if (depth > MAX_DEPTH)
        return hob_error_set(error, HOB_E_LIMIT, "stacks are nested more than %d deep", MAX_DEPTH);
    for (uint32_t i = 0; i < parts.count; i++) {
        if (++*sources > MAX_SOURCES)
            return hob_error_set(error, HOB_E_LIMIT, "a stack has more than %d specifications",
                                 MAX_SOURCES);
        int result = check_extent(parts.items[i], depth + 1, sources, error);
        if (result < 0)
            return result;
    }
    return 0;
}

static int find_parts(struct parts *parts, const struct hob_value *const *specifications,
                      const char *type, struct hob_error *error)
{
    if (hob_value_is_null(*specifications)) {
        hob_error_set(error, HOB_E_PARAMETER, "Details must include \"specifications\".");
        hob_error_hint(error, "give a list of sources: specifications: [{type: csv, ...}, ...]");
        return HOB_E_PARAMETER;
    }
    *parts = parts_of(specifications);
    if (parts->count == 0)
        return hob_error_set(error, HOB_E_PARAMETER, "No data sources provided for %s.", type);
    return 0;
}

static int read_part(struct hob_frame **frame, const struct hob_scope *scope,
                     const struct parts *parts, uint32_t place, const char *type,
                     struct hob_error *error)
{
    int result = hob_access_read(frame, scope, parts->items[place], error);
    return result < 0 ? hob_error_context(error, "reading specification %u of %s", place + 1, type)
                      : 0;
}

/* -- hstack */

/* A key of a flow that must be a text, `fallback` when it is not there. */
static int text_of(struct hob_text *text, const struct hob_value *flow, const char *key,
                   struct hob_text fallback, struct hob_error *error)
{
    const struct hob_value *value = hob_value_get(flow, key);
    if (!hob_value_is_null(value) && value->kind != HOB_STRING)
        return hob_error_set(error, HOB_E_PARAMETER, "`%s` must be a text, not a %s", key,
                             hob_value_kind_name(value));
    *text = hob_value_is_null(value) ? fallback : value->text;
    return 0;
}

/* The column that a flow's `index` names, as a text or {name: ...}; NULL when it names none. */
static const struct hob_value *index_of(const struct hob_value *flow)
{
    const struct hob_value *index = hob_value_get(flow, "index");
    if (hob_value_is(index, HOB_MAP))
        index = hob_value_get(index, "name");
    return hob_value_is(index, HOB_STRING) ? index : NULL;
}

/* Makes a column the labels of the rows. */
static int take_index(struct hob_frame *frame, const struct hob_value *name,
                      struct hob_error *error)
{
    if (name == NULL)
        return 0;
    size_t at = hob_frame_find(frame, name);
    if (at == SIZE_MAX) {
        hob_error_set(error, HOB_E_KEY, "the index '%.*s' is not a column of the table",
                      HOB_TEXT_ARG(name->text));
        hob_error_hint(error, "give `index` the name of a column that the source has");
        return HOB_E_KEY;
    }
    hob_frame_set_index_name(frame, hob_frame_name(frame, at));
    hob_frame_set_index(frame, hob_frame_column(frame, at));
    hob_frame_remove(frame, at);
    return 0;
}

static int read_join(struct hob_join *join, const struct hob_value *const *on,
                     const struct hob_value *flow, struct hob_error *error)
{
    struct hob_text how;
    int result = text_of(&how, flow, "how", HOB_TEXT("left"), error);
    if (result == 0)
        result = text_of(&join->left_suffix, flow, "lsuffix", HOB_TEXT(""), error);
    if (result == 0)
        result = text_of(&join->right_suffix, flow, "rsuffix", HOB_TEXT("_right"), error);
    if (result < 0)
        return result;
    if (!hob_join_how_parse(&join->how, how))
        return hob_error_set(error, HOB_E_PARAMETER,
                             "`how` must be left, right, inner or outer, not '%.*s'",
                             HOB_TEXT_ARG(how));
    if (hob_value_is_null(*on))
        return 0;
    bool several = (*on)->kind == HOB_LIST;
    join->on = several ? (*on)->list.items : on;
    join->on_count = several ? (*on)->list.count : 1;
    if (join->on_count == 0)
        return hob_error_set(error, HOB_E_PARAMETER, "`on` is a list without columns");
    return 0;
}

/* Puts the table of one specification beside what there is; both frames are taken over. */
static int put_beside(struct hob_frame **beside, struct hob_frame *left, struct hob_frame *right,
                      const struct hob_value *flow, struct hob_error *error)
{
    HOB_AUTO(frame) struct hob_frame *own_left = left;
    HOB_AUTO(frame) struct hob_frame *own_right = right;
    const struct hob_value *on = hob_value_get(flow, "on");
    struct hob_join join = {0};
    int result = read_join(&join, &on, flow, error);
    if (result == 0 && join.on_count == 0)
        result = take_index(own_right, index_of(flow), error);
    if (result < 0)
        return result;
    return hob_frame_join(beside, HOB_STEAL(own_left), HOB_STEAL(own_right), &join, error);
}

/* The index comes back as a column: in place of one that has its name, else as the last. */
static int give_index_back(struct hob_frame *frame, struct hob_error *error)
{
    const struct hob_value *name = hob_frame_index_name(frame);
    size_t place = hob_frame_find(frame, name), count = hob_frame_columns(frame);
    HOB_AUTO(free) size_t *order = hob_try_alloc(count + 1, sizeof *order);
    struct hob_column labels;
    hob_frame_steal_index(frame, &labels);
    bool made = order != NULL && hob_frame_add(frame, name, &labels) != NULL;
    for (size_t i = 0; made && i < count; i++)
        order[i] = i == place ? count : i;
    if (made && (place == SIZE_MAX || hob_frame_arrange(frame, order, count)))
        return 0;
    hob_column_deinit(&labels);
    return hob_error_set(error, HOB_E_MEMORY, "cannot join tables: not enough memory");
}

int hob_hstack_read_flow(struct hob_frame **frame, const struct hob_scope *scope,
                         const struct hob_value *flow, struct hob_error *error)
{
    const struct hob_value *specifications = hob_value_get(flow, "specifications");
    HOB_AUTO(frame) struct hob_frame *made = NULL;
    struct parts parts;
    unsigned sources = 0;
    int result = find_parts(&parts, &specifications, "hstack", error);
    if (result == 0)
        result = check_extent(flow, 0, &sources, error);
    if (result == 0)
        result = read_part(&made, scope, &parts, 0, "hstack", error);
    if (result == 0)
        result = take_index(made, index_of(flow), error);
    for (uint32_t i = 1; result == 0 && i < parts.count; i++) {
        struct hob_frame *next = NULL;
        result = read_part(&next, scope, &parts, i, "hstack", error);
        if (result < 0)
            return result;
        result = put_beside(&made, HOB_STEAL(made), next, parts.items[i], error);
        if (result < 0)
            return hob_error_context(error, "joining specification %u of hstack", i + 1);
    }
    if (result == 0 && index_of(flow) != NULL)
        result = give_index_back(made, error);
    if (result == 0)
        *frame = HOB_STEAL(made);
    return result;
}

/* -- vstack, stack and series */

struct frames {
    struct hob_frame **items;
    size_t count;
};

static inline void hob_auto_frames(struct frames *frames)
{
    for (size_t i = 0; i < frames->count; i++)
        hob_frame_free(frames->items[i]);
    free(frames->items);
}

static int read_all(struct frames *frames, const struct hob_scope *scope,
                    const struct hob_value *flow, const char *type, struct hob_error *error)
{
    const struct hob_value *specifications = hob_value_get(flow, "specifications");
    struct parts parts;
    unsigned sources = 0;
    int result = find_parts(&parts, &specifications, type, error);
    if (result == 0)
        result = check_extent(flow, 0, &sources, error);
    if (result < 0)
        return result;
    frames->items = hob_alloc_zero(parts.count, sizeof(struct hob_frame *));
    for (frames->count = 0; result == 0 && frames->count < parts.count;) {
        uint32_t place = (uint32_t)frames->count++;
        result = read_part(&frames->items[place], scope, &parts, place, type, error);
    }
    return result;
}

/* What Python takes for true. */
static bool is_true(const struct hob_value *value)
{
    return hob_value_is(value, HOB_BOOL)  ? value->boolean
           : hob_value_is(value, HOB_INT) ? value->integer != 0
                                          : hob_value_is(value, HOB_STRING) && value->text.size > 0;
}

int hob_vstack_read_flow(struct hob_frame **frame, const struct hob_scope *scope,
                         const struct hob_value *flow, struct hob_error *error)
{
    HOB_AUTO(frames) struct frames frames = {0};
    int result = read_all(&frames, scope, flow, "vstack", error);
    if (result < 0)
        return result;
    bool fresh_labels = is_true(hob_value_get(flow, "reset_index"));
    return hob_frame_concatenate(frame, frames.items, frames.count, fresh_labels, error);
}

int hob_stack_read_flow(struct hob_frame **frame, const struct hob_scope *scope,
                        const struct hob_value *flow, struct hob_error *error)
{
    HOB_AUTO(frames) struct frames frames = {0};
    int result = read_all(&frames, scope, flow, "stack", error);
    return result < 0 ? result : hob_frame_overlay(frame, frames.items, frames.count, error);
}

int hob_series_read_flow(struct hob_frame **frame, const struct hob_scope *scope,
                         const struct hob_value *flow, struct hob_error *error)
{
    HOB_AUTO(frames) struct frames frames = {0};
    HOB_AUTO(frame) struct hob_frame *rows = NULL;
    const struct hob_value *index = index_of(flow);
    if (index == NULL) {
        hob_error_set(error, HOB_E_PARAMETER,
                      "a series needs `index`, the column whose values "
                      "its rows are gathered by");
        hob_error_hint(error, "add for example `index: name`");
        return HOB_E_PARAMETER;
    }
    int result = read_all(&frames, scope, flow, "series", error);
    if (result < 0)
        return result;
    if (frames.count == 1)
        rows = HOB_STEAL(frames.items[0]);
    else
        result = hob_frame_concatenate(&rows, frames.items, frames.count, true, error);
    return result < 0 ? result : hob_frame_gather(frame, HOB_STEAL(rows), index, error);
}
