/* yaml_construct: from the nodes of a YAML document to values; see yaml_node.h.
 *
 * A list or mapping becomes known as its node's value before its members are made: an alias inside
 * it finds the value that is still growing, which is how recursive aliases make cycles.
 *
 * Merging rewrites the pairs of a mapping: what "<<" names comes first, the own pairs after it, and
 * the rule for repeated keys (last value, first position) makes own values win. The pairs are not
 * made unique in between, so a few lines of merges of merges could multiply them: the number of
 * merged pairs in one document is limited. Merging follows aliases and may nest deeper than the
 * document, therefore the depth is counted again. */
#include <stdio.h>

#include "base/utf8.h"
#include "value/yaml_node.h"

enum { MAX_MERGED_PAIRS = 4 << 20 };

struct construction {
    struct hob_arena *arena, *scratch;
    const char *name;
    struct hob_error *error;
    size_t merged; /* pairs */
    int depth;
};

bool hob_yaml_node_append(struct hob_arena *scratch, struct hob_yaml_node *node,
                          struct hob_yaml_node *item)
{
    if (node->count == node->capacity) {
        size_t wanted = node->capacity < 8 ? 8 : node->capacity * 2;
        struct hob_yaml_node **grown = hob_arena_try_alloc(scratch, wanted * sizeof item);
        if (grown == NULL)
            return false;
        if (node->count > 0)
            memcpy(grown, node->items, node->count * sizeof item);
        node->items = grown;
        node->capacity = wanted;
    }
    node->items[node->count++] = item;
    return true;
}

static int fail_at(struct construction *construction, int code, const struct hob_yaml_node *node,
                   const char *context, const char *problem)
{
    struct hob_yaml_place place = {construction->name, node->line, node->column};
    return hob_yaml_fail(construction->error, code, place, context, problem);
}

static int fail(struct construction *construction, const struct hob_yaml_node *node,
                const char *context, const char *problem)
{
    return fail_at(construction, HOB_E_VALUE, node, context, problem);
}

static int fail_memory(struct construction *construction)
{
    return hob_error_set(construction->error, HOB_E_MEMORY,
                         "cannot read '%s' as YAML: there is not enough memory",
                         construction->name);
}

static int enter(struct construction *construction, const struct hob_yaml_node *node)
{
    if (++construction->depth <= HOB_VALUE_MAX_DEPTH + 1)
        return 0;
    return fail_at(construction, HOB_E_LIMIT, node, NULL,
                   "lists and mappings are nested too deeply");
}

static int merge_pairs(struct construction *construction, struct hob_yaml_node *node);

/* Appends the pairs of a merged mapping, its own merges done first. */
static int add_merged(struct construction *construction, struct hob_yaml_node *target,
                      struct hob_yaml_node *source)
{
    if (source->kind != HOB_YAML_MAPPING)
        return fail(construction, source, "while constructing a mapping",
                    "expected a mapping or list of mappings for merging");
    int status = enter(construction, source);
    if (status == 0)
        status = merge_pairs(construction, source);
    construction->depth--;
    if (status != 0)
        return status;
    construction->merged += source->count / 2;
    if (construction->merged > MAX_MERGED_PAIRS)
        return fail_at(construction, HOB_E_LIMIT, source, NULL,
                       "merge keys (<<) multiply to too many pairs");
    for (size_t i = 0; i + 1 < source->count; i += 2) {
        if (source->items[i] == NULL)
            continue;
        if (!hob_yaml_node_append(construction->scratch, target, source->items[i]) ||
            !hob_yaml_node_append(construction->scratch, target, source->items[i + 1]))
            return fail_memory(construction);
    }
    return 0;
}

/* Of a list of mappings the first has precedence, so it goes last. */
static int add_merged_list(struct construction *construction, struct hob_yaml_node *target,
                           struct hob_yaml_node *list)
{
    int status = 0;
    for (size_t i = list->count; i > 0 && status == 0; i--)
        status = add_merged(construction, target, list->items[i - 1]);
    return status;
}

static int append_own_pairs(struct construction *construction, struct hob_yaml_node *target,
                            const struct hob_yaml_node *node)
{
    for (size_t i = 0; i + 1 < node->count; i += 2)
        if (node->items[i] != NULL &&
            (!hob_yaml_node_append(construction->scratch, target, node->items[i]) ||
             !hob_yaml_node_append(construction->scratch, target, node->items[i + 1])))
            return fail_memory(construction);
    return 0;
}

/* Replaces the merge keys of a mapping by the pairs they stand for. A merge key is taken out before
 * it is followed, so that a mapping that merges itself comes to an end. */
static int merge_pairs(struct construction *construction, struct hob_yaml_node *node)
{
    struct hob_yaml_node merged = {0};
    bool any = false;
    for (size_t i = 0; i + 1 < node->count; i += 2) {
        struct hob_yaml_node *key = node->items[i], *source = node->items[i + 1];
        if (key != NULL && key->tag == HOB_YAML_VALUE)
            key->tag = HOB_YAML_STR;
        if (key == NULL || key->tag != HOB_YAML_MERGE)
            continue;
        node->items[i] = NULL;
        any = true;
        int status = source->kind == HOB_YAML_SEQUENCE
                         ? add_merged_list(construction, &merged, source)
                         : add_merged(construction, &merged, source);
        if (status != 0)
            return status;
    }
    if (!any)
        return 0;
    int status = append_own_pairs(construction, &merged, node);
    if (status == 0) {
        node->items = merged.items;
        node->count = merged.count;
        node->capacity = merged.capacity;
    }
    return status;
}

static int construct(struct construction *construction, struct hob_yaml_node *node,
                     const struct hob_value **value);

static bool is_collection(const struct hob_value *value)
{
    return value->kind == HOB_LIST || value->kind == HOB_MAP || value->kind == HOB_SET;
}

static int fill_mapping(struct construction *construction, struct hob_yaml_node *node,
                        struct hob_value *map)
{
    if (node->kind != HOB_YAML_MAPPING)
        return fail(construction, node, NULL,
                    node->kind == HOB_YAML_SEQUENCE ? "expected a mapping node, but found sequence"
                                                    : "expected a mapping node, but found scalar");
    int status = merge_pairs(construction, node);
    for (size_t i = 0; status == 0 && i + 1 < node->count; i += 2) {
        if (node->items[i] == NULL)
            continue;
        const struct hob_value *key, *value = &hob_value_null;
        status = construct(construction, node->items[i], &key);
        if (status != 0)
            return status;
        if (is_collection(key))
            return fail(construction, node->items[i], "while constructing a mapping",
                        "found unhashable key");
        status = construct(construction, node->items[i + 1], &value);
        if (map->kind == HOB_SET)
            value = &hob_value_null;
        if (status == 0 && !hob_value_put(construction->arena, map, key, value))
            return fail_memory(construction);
    }
    return status;
}

static int fill_list(struct construction *construction, struct hob_yaml_node *node,
                     struct hob_value *list)
{
    if (node->kind != HOB_YAML_SEQUENCE)
        return fail(construction, node, NULL,
                    node->kind == HOB_YAML_MAPPING ? "expected a sequence node, but found mapping"
                                                   : "expected a sequence node, but found scalar");
    for (size_t i = 0; i < node->count; i++) {
        const struct hob_value *item;
        int status = construct(construction, node->items[i], &item);
        if (status != 0)
            return status;
        if (!hob_value_append(construction->arena, list, item))
            return fail_memory(construction);
    }
    return 0;
}

static int fill_pair(struct construction *construction, struct hob_yaml_node *node,
                     struct hob_value *pair)
{
    for (size_t i = 0; i < 2; i++) {
        const struct hob_value *part;
        int status = construct(construction, node->items[i], &part);
        if (status != 0)
            return status;
        if (!hob_value_append(construction->arena, pair, part))
            return fail_memory(construction);
    }
    return 0;
}

/* !!omap and !!pairs: a list of mappings of one pair each becomes a list of pairs. */
static int fill_pairs(struct construction *construction, struct hob_yaml_node *node,
                      struct hob_value *list)
{
    const char *context = node->tag == HOB_YAML_OMAP ? "while constructing an ordered map"
                                                     : "while constructing pairs";
    if (node->kind != HOB_YAML_SEQUENCE)
        return fail(construction, node, context, "expected a sequence");
    for (size_t i = 0; i < node->count; i++) {
        struct hob_yaml_node *item = node->items[i];
        if (item->kind != HOB_YAML_MAPPING)
            return fail(construction, item, context, "expected a mapping of length 1");
        if (item->count != 2)
            return fail(construction, item, context, "expected a single mapping item");
        struct hob_value *pair = hob_value_new(construction->arena, HOB_TUPLE);
        int status = fill_pair(construction, item, pair);
        if (status != 0)
            return status;
        if (!hob_value_append(construction->arena, list, pair))
            return fail_memory(construction);
    }
    return 0;
}

/* Under a tag for scalars, a mapping with the key "=" stands for the value of that key. */
static const struct hob_yaml_node *scalar_of(const struct hob_yaml_node *node, int depth)
{
    if (node->kind != HOB_YAML_MAPPING || depth > HOB_VALUE_MAX_DEPTH)
        return node;
    for (size_t i = 0; i + 1 < node->count; i += 2)
        if (node->items[i] != NULL && node->items[i]->tag == HOB_YAML_VALUE)
            return scalar_of(node->items[i + 1], depth + 1);
    return node;
}

static int construct_scalar(struct construction *construction, struct hob_yaml_node *node)
{
    const struct hob_yaml_node *scalar = scalar_of(node, 0);
    if (scalar->kind != HOB_YAML_SCALAR)
        return fail(construction, scalar, NULL,
                    scalar->kind == HOB_YAML_SEQUENCE
                        ? "expected a scalar node, but found sequence"
                        : "expected a scalar node, but found mapping");
    const char *problem;
    node->value = hob_yaml_scalar_value(construction->arena, (enum hob_yaml_tag)node->tag,
                                        scalar->text, &problem);
    if (node->value != NULL)
        return 0;
    if (problem == NULL)
        return fail_memory(construction);
    struct hob_text start = {scalar->text.data, scalar->text.size < 60 ? scalar->text.size : 60};
    char shown[128];
    snprintf(shown, sizeof shown, "%s: '%.*s'", problem, (int)hob_utf8_valid_prefix(start),
             start.data);
    return fail(construction, scalar, NULL, shown);
}

static int fail_tag(struct construction *construction, const struct hob_yaml_node *node)
{
    char problem[200];
    struct hob_text name = node->tag == HOB_YAML_MERGE   ? HOB_TEXT("tag:yaml.org,2002:merge")
                           : node->tag == HOB_YAML_VALUE ? HOB_TEXT("tag:yaml.org,2002:value")
                                                         : hob_text_from(node->tag_name);
    name.size = name.size < 120 ? name.size : 120;
    snprintf(problem, sizeof problem, "could not determine a constructor for the tag '%.*s'",
             (int)hob_utf8_valid_prefix(name), name.data);
    return fail(construction, node, NULL, problem);
}

static int construct_collection(struct construction *construction, struct hob_yaml_node *node)
{
    struct hob_arena *arena = construction->arena;
    enum hob_kind kind = node->tag == HOB_YAML_MAP   ? HOB_MAP
                         : node->tag == HOB_YAML_SET ? HOB_SET
                                                     : HOB_LIST;
    struct hob_value *value = hob_value_new(arena, kind);
    node->value = value;
    int status = enter(construction, node);
    if (status != 0)
        return status;
    if (node->tag == HOB_YAML_SEQ)
        status = fill_list(construction, node, value);
    else if (node->tag == HOB_YAML_OMAP || node->tag == HOB_YAML_PAIRS)
        status = fill_pairs(construction, node, value);
    else
        status = fill_mapping(construction, node, value);
    construction->depth--;
    return status;
}

static int construct(struct construction *construction, struct hob_yaml_node *node,
                     const struct hob_value **value)
{
    int status = 0;
    if (node->value == NULL) {
        switch ((enum hob_yaml_tag)node->tag) {
        case HOB_YAML_UNKNOWN:
        case HOB_YAML_MERGE:
        case HOB_YAML_VALUE:
            return fail_tag(construction, node);
        case HOB_YAML_SEQ:
        case HOB_YAML_MAP:
        case HOB_YAML_SET:
        case HOB_YAML_OMAP:
        case HOB_YAML_PAIRS:
            status = construct_collection(construction, node);
            break;
        default:
            status = construct_scalar(construction, node);
        }
    }
    *value = node->value;
    return status;
}

int hob_yaml_construct(struct hob_arena *arena, struct hob_arena *scratch, const char *name,
                       struct hob_yaml_node *root, const struct hob_value **value,
                       struct hob_error *error)
{
    struct construction construction = {
        .arena = arena, .scratch = scratch, .name = name, .error = error};
    return construct(&construction, root, value);
}
