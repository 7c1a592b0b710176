/* inherit: see inherit.h.
 *
 * A parent is data that has been computed already: all that it reads and writes is something that
 * the child reads. So the parent's input, output and series become one flow for the child's input,
 * its constants and parameters one flow for the child's constants. Several flows that have to
 * become one are stacked side by side (hstack), the parent's first. */
#include "config/inherit.h"

static struct hob_value *map_of(struct hob_arena *arena, const struct hob_value *value)
{
    return hob_value_is(value, HOB_MAP) ? hob_value_copy(arena, value)
                                        : hob_value_new(arena, HOB_MAP);
}

static struct hob_value *list_of(struct hob_arena *arena, const struct hob_value *value)
{
    if (hob_value_is(value, HOB_LIST))
        return hob_value_copy(arena, value);
    struct hob_value *list = hob_value_new(arena, HOB_LIST);
    if (!hob_value_is_null(value))
        hob_value_append(arena, list, value);
    return list;
}

static const struct hob_value *merge_maps(struct hob_arena *arena, const struct hob_value *first,
                                          const struct hob_value *second)
{
    struct hob_value *merged = map_of(arena, first);
    if (hob_value_is(second, HOB_MAP))
        for (uint32_t i = 0; i < second->map.count; i++)
            hob_value_put(arena, merged, second->map.pairs[i].key, second->map.pairs[i].value);
    return merged;
}

static const struct hob_value *join_lists(struct hob_arena *arena, const struct hob_value *first,
                                          const struct hob_value *second)
{
    struct hob_value *joined = list_of(arena, first);
    const struct hob_value *more = list_of(arena, second);
    for (uint32_t i = 0; i < more->list.count; i++)
        hob_value_append(arena, joined, more->list.items[i]);
    return joined;
}

static void put_default(struct hob_arena *arena, struct hob_value *map, const char *key,
                        enum hob_kind kind)
{
    if (hob_value_get(map, key) == NULL)
        hob_value_put_string(arena, map, key, hob_value_new(arena, kind));
}

/* A flow that the parent writes (output, parameters), as one to be read. */
static const struct hob_value *as_input(struct hob_arena *arena, const struct hob_value *flow)
{
    struct hob_value *input = map_of(arena, flow);
    put_default(arena, input, "mapping", HOB_MAP);
    put_default(arena, input, "columns", HOB_LIST);
    return input;
}

static const struct hob_value *without_mapping(struct hob_arena *arena,
                                               const struct hob_value *flow)
{
    struct hob_value *bare = map_of(arena, flow);
    hob_value_remove(bare, "mapping");
    hob_value_remove(bare, "columns");
    return bare;
}

static const struct hob_value *text(struct hob_arena *arena, const char *string)
{
    return hob_value_new_string(arena, hob_text_from(string));
}

/* A flow of several rows an index, as one whose columns hold lists. */
static const struct hob_value *as_series_input(struct hob_arena *arena,
                                               const struct hob_value *series)
{
    struct hob_value *input = hob_value_new(arena, HOB_MAP);
    hob_value_put_string(arena, input, "type", text(arena, "series"));
    const struct hob_value *index = hob_value_get(series, "index");
    if (index != NULL)
        hob_value_put_string(arena, input, "index", index);
    hob_value_put_string(arena, input, "specifications", without_mapping(arena, series));
    hob_value_put_string(arena, input, "mapping",
                         merge_maps(arena, hob_value_get(series, "mapping"), NULL));
    hob_value_put_string(arena, input, "columns",
                         join_lists(arena, hob_value_get(series, "columns"), NULL));
    return input;
}

static struct hob_value *new_hstack(struct hob_arena *arena, const struct hob_value *first,
                                    const struct hob_value *second,
                                    const struct hob_value *specifications)
{
    struct hob_value *stack = hob_value_new(arena, HOB_MAP);
    hob_value_put_string(arena, stack, "type", text(arena, "hstack"));
    const struct hob_value *index = hob_value_get(first, "index");
    if (index == NULL)
        index = hob_value_get(second, "index");
    if (index != NULL)
        hob_value_put_string(arena, stack, "index", index);
    hob_value_put_string(
        arena, stack, "mapping",
        merge_maps(arena, hob_value_get(first, "mapping"), hob_value_get(second, "mapping")));
    hob_value_put_string(arena, stack, "specifications", specifications);
    return stack;
}

static const struct hob_value *pair_of(struct hob_arena *arena, const struct hob_value *first,
                                       const struct hob_value *second)
{
    struct hob_value *pair = hob_value_new(arena, HOB_LIST);
    hob_value_append(arena, pair, first);
    hob_value_append(arena, pair, second);
    return pair;
}

/* The parent's input beside its output (or constants beside parameters): mappings are merged into
 * the first, columns that the second makes belong to the whole. */
static const struct hob_value *beside_output(struct hob_arena *arena, const struct hob_value *input,
                                             const struct hob_value *output)
{
    struct hob_value *first = map_of(arena, input);
    hob_value_put_string(
        arena, first, "mapping",
        merge_maps(arena, hob_value_get(input, "mapping"), hob_value_get(output, "mapping")));
    struct hob_value *stack =
        new_hstack(arena, first, output, pair_of(arena, first, without_mapping(arena, output)));
    hob_value_put_string(arena, stack, "columns",
                         join_lists(arena, hob_value_get(output, "columns"), NULL));
    return stack;
}

/* Flows that are complete already, side by side. */
static const struct hob_value *beside(struct hob_arena *arena, const struct hob_value *first,
                                      const struct hob_value *second)
{
    if (first == NULL)
        return second;
    if (second == NULL)
        return first;
    return new_hstack(arena, first, second, pair_of(arena, first, second));
}

/* What the parent's flow `read` and the one it writes are for the child. */
static const struct hob_value *combine(struct hob_arena *arena, const struct hob_value *read,
                                       const struct hob_value *written)
{
    if (written == NULL)
        return read;
    return read != NULL ? beside_output(arena, read, written) : as_input(arena, written);
}

/* The keys that an `append` or `ignore` names, as a set. */
static const struct hob_value *keys_of(struct hob_arena *arena, const struct hob_value *list)
{
    struct hob_value *keys = hob_value_new(arena, HOB_SET);
    const struct hob_value *names = list_of(arena, list);
    for (uint32_t i = 0; i < names->list.count; i++)
        if (hob_value_is(names->list.items[i], HOB_STRING))
            hob_value_put(arena, keys, names->list.items[i], &hob_value_null);
    return keys;
}

static bool names_key(const struct hob_value *keys, const struct hob_value *key)
{
    return hob_value_get_key(keys, key) != NULL;
}

static bool is_flow_key(const struct hob_value *key)
{
    static const char *const flows[] = {"input", "output", "series", "constants", "parameters"};
    for (size_t i = 0; i < sizeof flows / sizeof flows[0]; i++)
        if (hob_value_is(key, HOB_STRING) && hob_text_is(key->text, flows[i]))
            return true;
    return false;
}

static int append_value(struct hob_arena *arena, const struct hob_value *key,
                        const struct hob_value *parent, const struct hob_value *own,
                        const struct hob_value **joined, struct hob_error *error)
{
    if (hob_value_is(own, HOB_LIST) && (parent == NULL || parent->kind == HOB_LIST)) {
        *joined = join_lists(arena, parent, own);
        return 0;
    }
    if (hob_value_is(own, HOB_MAP) && (parent == NULL || parent->kind == HOB_MAP)) {
        *joined = merge_maps(arena, parent, own);
        return 0;
    }
    struct hob_text name = hob_value_text(key);
    return hob_error_set(error, HOB_E_VALUE,
                         "`inherit: append` names '%.*s', which must be a list or a mapping in "
                         "both files to be appended to; it is a %s here and a %s in the parent",
                         HOB_TEXT_ARG(name), hob_value_kind_name(own), hob_value_kind_name(parent));
}

/* The parent's keys without the ignored ones. */
static const struct hob_value *visible_keys(struct hob_arena *arena, const struct hob_value *parent,
                                            const struct hob_value *ignore)
{
    struct hob_value *visible = hob_value_new(arena, HOB_MAP);
    for (uint32_t i = 0; i < parent->map.count; i++)
        if (!names_key(ignore, parent->map.pairs[i].key))
            hob_value_put(arena, visible, parent->map.pairs[i].key, parent->map.pairs[i].value);
    return visible;
}

/* Puts the plain keys together: the child's own, joined with the parent's where `append` says so,
 * then what only the parent has. */
static int merge_plain_keys(struct hob_arena *arena, struct hob_value *all,
                            const struct hob_value *parent, const struct hob_value *append,
                            struct hob_error *error)
{
    for (uint32_t i = 0; i < all->map.count; i++) {
        struct hob_pair *pair = &all->map.pairs[i];
        if (!names_key(append, pair->key) || is_flow_key(pair->key))
            continue;
        int result = append_value(arena, pair->key, hob_value_get_key(parent, pair->key),
                                  pair->value, &pair->value, error);
        if (result < 0)
            return result;
    }
    for (uint32_t i = 0; i < parent->map.count; i++) {
        const struct hob_pair *pair = &parent->map.pairs[i];
        if (!is_flow_key(pair->key) && hob_value_get_key(all, pair->key) == NULL)
            hob_value_put(arena, all, pair->key, pair->value);
    }
    return 0;
}

int hob_inherit(struct hob_arena *arena, const struct hob_value *own,
                const struct hob_value *parent, const struct hob_value **merged,
                struct hob_error *error)
{
    const struct hob_value *inherit = hob_value_get(own, "inherit");
    struct hob_value *all = hob_value_copy(arena, own);
    parent = visible_keys(arena, parent, keys_of(arena, hob_value_get(inherit, "ignore")));
    int result = merge_plain_keys(arena, all, parent,
                                  keys_of(arena, hob_value_get(inherit, "append")), error);
    if (result < 0)
        return result;

    const struct hob_value *series = hob_value_get(parent, "series");
    const struct hob_value *input =
        combine(arena, hob_value_get(parent, "input"), hob_value_get(parent, "output"));
    if (series != NULL)
        input = beside(arena, input, as_series_input(arena, series));
    input = beside(arena, input, hob_value_get(own, "input"));
    if (input != NULL)
        hob_value_put_string(arena, all, "input", input);

    const struct hob_value *constants =
        combine(arena, hob_value_get(parent, "constants"), hob_value_get(parent, "parameters"));
    constants = beside(arena, constants, hob_value_get(own, "constants"));
    if (constants != NULL)
        hob_value_put_string(arena, all, "constants", constants);
    *merged = all;
    return 0;
}
