/* schema_read: from the nodes of a YAML document to the members of a struct.
 *
 * Nothing stops at the first mistake. The walk follows the table, not the document, so that its
 * depth is that of the table; but aliases and merge keys can make a small document stand for many
 * nodes, so they are counted, and there are only so many. */
#include <stdio.h>

#include "base/nearest.h"
#include "config/schema_nodes.h"

enum {
    MOST_NODES = 100000,
    MOST_NAMES = 1000, /* in a mapping of names that the user chooses */
    LONGEST_NAME = 64,
    DEEPEST_MERGE = 32,
};

/* What items and groups are called when something else stands there. */
static const struct hob_setting text_row = {.kind = HOB_SETTING_TEXT};
static const struct hob_setting path_row = {.kind = HOB_SETTING_PATH};
static const struct hob_setting group_row = {.kind = HOB_SETTING_GROUP};

static bool is_null(const struct hob_yaml_node *node)
{
    return node->kind == HOB_YAML_SCALAR && node->tag == HOB_YAML_NULL;
}

/* A tag of the user's own, or one that changes what the node is. */
static bool has_odd_tag(const struct hob_yaml_node *node)
{
    if (node->kind == HOB_YAML_SEQUENCE)
        return node->tag != HOB_YAML_SEQ;
    if (node->kind == HOB_YAML_MAPPING)
        return node->tag != HOB_YAML_MAP;
    return node->tag == HOB_YAML_UNKNOWN || node->tag == HOB_YAML_BINARY ||
           node->tag >= HOB_YAML_SEQ;
}

static bool is_scalar(const struct hob_yaml_node *node)
{
    return node->kind == HOB_YAML_SCALAR && !has_odd_tag(node);
}

static void read_scalar(struct schema_reading *reading, const struct hob_setting *row,
                        const struct hob_yaml_node *node, const struct schema_trail *trail,
                        void *member)
{
    const char *problem = NULL;
    if (is_scalar(node) && schema_read_scalar(reading->source, row, node->text, member, &problem))
        return;
    if (problem != NULL)
        schema_add(reading, node, trail, problem);
    else
        schema_add_unexpected(reading, row, node, trail);
}

/* Runs the row's check on what was read, unless there is something wrong with it already. */
static void finish(struct schema_reading *reading, size_t mistakes_before,
                   const struct hob_setting *row, const struct hob_yaml_node *node,
                   const struct schema_trail *trail, const void *member)
{
    if (reading->mistakes->found != mistakes_before)
        return;
    const char *problem = schema_check(reading->source, row, member);
    if (problem != NULL)
        schema_add(reading, node, trail, problem);
}

static void read_item(struct schema_reading *reading, const struct hob_setting *row,
                      const struct hob_yaml_node *item, const struct schema_trail *trail,
                      struct hob_setting_texts *texts)
{
    bool is_path = row->kind == HOB_SETTING_PATHS;
    const char *text = is_scalar(item) && !is_null(item)
                           ? schema_copy_text(reading->source, is_path, item->text)
                           : NULL;
    if (text == NULL) {
        schema_add_unexpected(reading, is_path ? &path_row : &text_row, item, trail);
        return;
    }
    texts->items[texts->count++] = text;
    const char *problem = is_path ? schema_look(reading->source, row, &text) : NULL;
    if (problem != NULL)
        schema_add(reading, item, trail, problem);
}

static void read_texts(struct schema_reading *reading, const struct hob_setting *row,
                       const struct hob_yaml_node *node, const struct schema_trail *trail,
                       struct hob_setting_texts *texts)
{
    bool alone = is_scalar(node) && row->kind != HOB_SETTING_COMMAND;
    bool fits = alone || (node->kind == HOB_YAML_SEQUENCE && !has_odd_tag(node));
    size_t before = reading->mistakes->found;
    if (!fits || (row->kind == HOB_SETTING_COMMAND && node->count == 0)) {
        schema_add_unexpected(reading, row, node, trail);
        return;
    }
    *texts = (struct hob_setting_texts){
        hob_arena_alloc(reading->source->arena, (node->count + 1) * sizeof(const char *)), 0};
    if (alone)
        read_item(reading, row, node, trail, texts);
    for (size_t i = 0; i < node->count && schema_count_node(reading, node->items[i], trail); i++) {
        char position[32];
        snprintf(position, sizeof position, "[%zu]", i + 1);
        read_item(reading, row, node->items[i], &(struct schema_trail){trail, position}, texts);
    }
    finish(reading, before, row, node, trail, texts);
}

/* The name of a pair; NULL, and told, when it can be none. */
static const char *read_name(struct schema_reading *reading, const struct hob_yaml_node *node,
                             const struct schema_trail *trail)
{
    if (!is_scalar(node) || node->text.size == 0 ||
        memchr(node->text.data, '\0', node->text.size) != NULL) {
        HOB_AUTO(buffer) struct hob_buffer what = HOB_BUFFER_INIT;
        hob_buffer_put_string(&what, "expected a name as the key, not ");
        schema_put_found(&what, node);
        schema_add(reading, node, trail, hob_buffer_string(&what));
        return NULL;
    }
    return node->text.data;
}

static const char *read_pair_value(struct schema_reading *reading, const struct hob_yaml_node *node)
{
    if (node->kind == HOB_YAML_SCALAR && node->text.size == 0)
        return "";
    return is_scalar(node) ? schema_copy_text(reading->source, false, node->text) : NULL;
}

static void read_pair(struct schema_reading *reading, struct hob_yaml_node *const *pair,
                      const struct schema_trail *trail, struct hob_setting_pairs *pairs)
{
    const char *name = read_name(reading, pair[0], trail);
    if (name == NULL)
        return;
    struct schema_trail below = {trail, name};
    for (size_t i = 0; i < pairs->count; i++) {
        if (strcmp(pairs->items[i].name, name) == 0) {
            schema_add(reading, pair[0], &below, "is there twice: keep one of them");
            return;
        }
    }
    const char *value = read_pair_value(reading, pair[1]);
    if (value == NULL)
        schema_add_unexpected(reading, &text_row, pair[1], &below);
    else
        pairs->items[pairs->count++] = (struct hob_setting_pair){
            hob_arena_copy(reading->source->arena, hob_text_from(name)).data, value};
}

static bool expect_mapping(struct schema_reading *reading, const struct hob_setting *row,
                           const struct hob_yaml_node *node, const struct schema_trail *trail)
{
    bool fits = node->kind == HOB_YAML_MAPPING && !has_odd_tag(node);
    if (!fits)
        schema_add_unexpected(reading, row, node, trail);
    return fits;
}

static bool expect_few(struct schema_reading *reading, const struct hob_yaml_node *node,
                       const struct schema_trail *trail)
{
    if (node->count / 2 > MOST_NAMES)
        schema_add(reading, node, trail, "has more than a thousand names");
    return node->count / 2 <= MOST_NAMES;
}

static void read_pairs(struct schema_reading *reading, const struct hob_setting *row,
                       const struct hob_yaml_node *node, const struct schema_trail *trail,
                       struct hob_setting_pairs *pairs)
{
    size_t before = reading->mistakes->found;
    if (!expect_mapping(reading, row, node, trail) || !expect_few(reading, node, trail))
        return;
    *pairs = (struct hob_setting_pairs){
        hob_arena_alloc(reading->source->arena, (node->count / 2 + 1) * sizeof *pairs->items), 0};
    for (size_t i = 0; i + 1 < node->count && schema_count_node(reading, node, trail); i += 2)
        read_pair(reading, node->items + i, trail, pairs);
    finish(reading, before, row, node, trail, pairs);
}

struct group {
    struct schema_reading *reading;
    const struct hob_setting *rows;
    void *values;
    const struct schema_trail *trail;
    /* For each row, in which mapping it was: 1 is the group's own, others are merged; 0: in none.
     */
    size_t *seen;
    bool *meant; /* for each row, whether a misspelled key was probably meant for it */
    size_t mappings;
};

static void read_value(struct schema_reading *reading, const struct hob_setting *row,
                       const struct hob_yaml_node *node, const struct schema_trail *trail,
                       void *member);

static void add_unknown(struct group *group, const struct hob_yaml_node *key)
{
    const char *name = key->text.data;
    const struct hob_setting *nearest = NULL;
    unsigned distance = hob_near_enough(name);
    HOB_AUTO(buffer) struct hob_buffer what = HOB_BUFFER_INIT;
    for (const struct hob_setting *row = group->rows; row->name != NULL; row++)
        if (hob_nearer(name, row->name, &distance))
            nearest = row;
    if (nearest != NULL) {
        group->meant[nearest - group->rows] = true;
        hob_buffer_printf(&what, "unknown key; did you mean %s?", nearest->name);
    } else {
        hob_buffer_put_string(&what, "unknown key; there are");
        for (const struct hob_setting *row = group->rows; row->name != NULL; row++)
            hob_buffer_printf(&what, "%s %s", row == group->rows ? "" : ",", row->name);
    }
    struct schema_trail below = {group->trail, name};
    schema_add(group->reading, key, &below, hob_buffer_string(&what));
}

static void read_key(struct group *group, size_t mapping, const struct hob_yaml_node *key,
                     const struct hob_yaml_node *value)
{
    const char *name = read_name(group->reading, key, group->trail);
    if (name == NULL)
        return;
    size_t at = 0;
    while (group->rows[at].name != NULL && strcmp(group->rows[at].name, name) != 0)
        at++;
    if (group->rows[at].name == NULL) {
        add_unknown(group, key);
        return;
    }
    const struct hob_setting *row = &group->rows[at];
    struct schema_trail below = {group->trail, row->name};
    if (group->seen[at] == mapping)
        schema_add(group->reading, key, &below, "is there twice: keep one of them");
    if (group->seen[at] != 0)
        return; /* what merges comes first, and wins */
    group->seen[at] = mapping;
    if (!is_null(value))
        read_value(group->reading, row, value, &below, schema_member(group->values, row));
    else if (row->required)
        group->seen[at] = 0;
}

static void read_mapping(struct group *group, const struct hob_yaml_node *mapping, int depth);

static void read_merged(struct group *group, const struct hob_yaml_node *node, int depth)
{
    if (!schema_count_node(group->reading, node, group->trail))
        return;
    if (depth >= DEEPEST_MERGE) {
        schema_add(group->reading, node, group->trail, "merge keys (<<) are nested too deeply");
    } else if (node->kind == HOB_YAML_SEQUENCE) {
        for (size_t i = 0; i < node->count; i++)
            read_merged(group, node->items[i], depth + 1);
    } else if (node->kind == HOB_YAML_MAPPING) {
        read_mapping(group, node, depth + 1);
    } else {
        schema_add(group->reading, node, group->trail,
                   "expected a mapping, or a list of them, behind a merge key (<<)");
    }
}

static void read_mapping(struct group *group, const struct hob_yaml_node *mapping, int depth)
{
    size_t number = ++group->mappings;
    for (size_t i = 0; i + 1 < mapping->count; i += 2)
        if (schema_count_node(group->reading, mapping->items[i], group->trail) &&
            mapping->items[i]->tag != HOB_YAML_MERGE)
            read_key(group, number, mapping->items[i], mapping->items[i + 1]);
    for (size_t i = 0; i + 1 < mapping->count; i += 2)
        if (mapping->items[i]->tag == HOB_YAML_MERGE)
            read_merged(group, mapping->items[i + 1], depth);
}

/* The members of a struct, which has its initial values, from a mapping. */
static void read_group(struct schema_reading *reading, const struct hob_setting *rows,
                       const struct hob_yaml_node *node, const struct schema_trail *trail,
                       void *values)
{
    size_t count = 0;
    while (rows[count].name != NULL)
        count++;
    HOB_AUTO(free) size_t *seen = hob_alloc_zero(count + 1, sizeof *seen);
    HOB_AUTO(free) bool *meant = hob_alloc_zero(count + 1, sizeof *meant);
    struct group group = {reading, rows, values, trail, seen, meant, 0};
    read_mapping(&group, node, 0);
    for (size_t i = 0; i < count; i++) {
        struct schema_trail below = {trail, rows[i].name};
        if (rows[i].required && seen[i] == 0 && !meant[i])
            schema_add(reading, node, &below, "is missing");
    }
}

static bool is_good_name(const char *name)
{
    size_t size = strlen(name);
    for (size_t i = 0; i < size; i++) {
        char byte = name[i];
        bool good = (byte >= 'a' && byte <= 'z') || (byte >= 'A' && byte <= 'Z') ||
                    (byte >= '0' && byte <= '9') || byte == '_' ||
                    ((byte == '-' || byte == '.') && i > 0);
        if (!good)
            return false;
    }
    return size > 0 && size <= LONGEST_NAME;
}

static void read_named(struct schema_reading *reading, const struct hob_setting *row,
                       struct hob_yaml_node *const *pair, const struct schema_trail *trail,
                       struct hob_setting_groups *groups)
{
    const char *name = read_name(reading, pair[0], trail);
    if (name == NULL)
        return;
    struct schema_trail below = {trail, name};
    size_t before = reading->mistakes->found;
    if (!is_good_name(name))
        schema_add(reading, pair[0], &below,
                   "a name has letters, digits, _, - and ., at most 64 of them");
    for (size_t i = 0; i < groups->count; i++)
        if (strcmp(groups->items[i].name, name) == 0)
            schema_add(reading, pair[0], &below, "is there twice: keep one of them");
    struct hob_setting_named *named = &groups->items[groups->count++];
    *named = (struct hob_setting_named){
        .name = hob_arena_copy(reading->source->arena, hob_text_from(name)).data,
        .values = hob_arena_alloc(reading->source->arena, row->size),
        .line = schema_line(pair[0]),
    };
    hob_schema_fill(reading->source->arena, row->rows, named->values);
    if (!expect_mapping(reading, &group_row, pair[1], &below))
        return;
    read_group(reading, row->rows, pair[1], &below, named->values);
    finish(reading, before, row, pair[0], &below, named->values);
}

static void read_groups(struct schema_reading *reading, const struct hob_setting *row,
                        const struct hob_yaml_node *node, const struct schema_trail *trail,
                        struct hob_setting_groups *groups)
{
    if (!expect_mapping(reading, row, node, trail) || !expect_few(reading, node, trail))
        return;
    *groups = (struct hob_setting_groups){
        hob_arena_alloc(reading->source->arena, (node->count / 2 + 1) * sizeof *groups->items), 0};
    for (size_t i = 0; i + 1 < node->count && schema_count_node(reading, node, trail); i += 2)
        read_named(reading, row, node->items + i, trail, groups);
}

static void read_value(struct schema_reading *reading, const struct hob_setting *row,
                       const struct hob_yaml_node *node, const struct schema_trail *trail,
                       void *member)
{
    size_t before = reading->mistakes->found;
    if (schema_is_list(row)) {
        read_texts(reading, row, node, trail, member);
    } else if (row->kind == HOB_SETTING_PAIRS) {
        read_pairs(reading, row, node, trail, member);
    } else if (row->kind == HOB_SETTING_GROUPS) {
        read_groups(reading, row, node, trail, member);
    } else if (row->kind != HOB_SETTING_GROUP) {
        read_scalar(reading, row, node, trail, member);
    } else if (expect_mapping(reading, row, node, trail)) {
        read_group(reading, row->rows, node, trail, member);
        finish(reading, before, row, node, trail, member);
    }
}

/* Zero, or what the row says. */
static void fill_member(struct schema_reading *reading, const struct hob_setting *row, void *member)
{
    if (row->kind == HOB_SETTING_GROUP) {
        hob_schema_fill(reading->source->arena, row->rows, member);
        return;
    }
    memset(member, 0, schema_size(row));
    if (row->initial == NULL)
        return;
    struct hob_yaml_node scalar = {
        .kind = HOB_YAML_SCALAR, .tag = HOB_YAML_STR, .text = hob_text_from(row->initial)};
    struct hob_yaml_node *node = &scalar;
    HOB_AUTO(arena) struct hob_arena *scratch = NULL;
    if (schema_is_list(row) || row->kind == HOB_SETTING_PAIRS) {
        size_t line;
        scratch = hob_arena_new();
        if (hob_yaml_compose(scratch, scalar.text, row->name, &node, &line, NULL) != 0)
            return;
    }
    read_value(reading, row, node, &(struct schema_trail){NULL, row->name}, member);
}

bool hob_schema_fill(struct hob_arena *arena, const struct hob_setting *rows, void *values)
{
    struct hob_mistakes mistakes = {.arena = arena};
    struct hob_schema_source source = {.arena = arena};
    struct schema_reading reading = {.source = &source, .mistakes = &mistakes, .left = MOST_NODES};
    for (; rows->name != NULL; rows++)
        fill_member(&reading, rows, schema_member(values, rows));
    return mistakes.found == 0;
}

bool hob_schema_read(const struct hob_schema_source *source, const struct hob_setting *rows,
                     void *values, struct hob_mistakes *mistakes)
{
    HOB_AUTO(arena) struct hob_arena *scratch = hob_arena_new();
    struct schema_reading reading = {.source = source, .mistakes = mistakes, .left = MOST_NODES};
    struct hob_yaml_node *root = NULL;
    struct hob_error error = HOB_ERROR_INIT;
    size_t line = 0, before = mistakes->found;
    hob_schema_fill(source->arena, rows, values);
    if (hob_yaml_compose(scratch, source->text, source->name, &root, &line, &error) != 0)
        hob_mistakes_add(mistakes, line, "", error.hint[0] != '\0' ? "%s; %s" : "%s%s",
                         error.message, error.hint);
    else if (root != NULL && !is_null(root) && expect_mapping(&reading, &group_row, root, NULL))
        read_group(&reading, rows, root, NULL, values);
    return mistakes->found == before;
}

/* A list of words is read as a list of nodes, so that what it may hold is told in one place. */
static void set_list(struct schema_reading *reading, const struct hob_setting *row,
                     const char *const *words, size_t count, void *member)
{
    HOB_AUTO(free) struct hob_yaml_node *nodes = hob_alloc_zero(count + 1, sizeof *nodes);
    HOB_AUTO(free) struct hob_yaml_node **items = hob_alloc_zero(count + 1, sizeof *items);
    struct hob_yaml_node list = {
        .kind = HOB_YAML_SEQUENCE, .tag = HOB_YAML_SEQ, .items = items, .count = count};
    for (size_t i = 0; i < count; i++) {
        nodes[i] = (struct hob_yaml_node){
            .kind = HOB_YAML_SCALAR, .tag = HOB_YAML_STR, .text = hob_text_from(words[i])};
        items[i] = &nodes[i];
    }
    read_texts(reading, row, &list, NULL, member);
}

int hob_schema_set(struct hob_arena *arena, struct hob_schema_place place, const char *const *words,
                   size_t count, void *values, struct hob_error *error)
{
    struct hob_mistakes mistakes = {.arena = arena};
    struct hob_schema_source source = {.arena = arena};
    struct schema_reading reading = {.source = &source, .mistakes = &mistakes, .left = MOST_NODES};
    const struct hob_setting *row = place.row;
    void *member = (char *)values + place.offset;
    struct hob_yaml_node node = {.kind = HOB_YAML_SCALAR, .tag = HOB_YAML_STR};
    if (schema_is_list(row)) {
        set_list(&reading, row, words, count, member);
    } else if (count > 0) {
        node.text = hob_text_from(words[count - 1]);
        read_value(&reading, row, &node, NULL, member);
    }
    if (mistakes.found == 0)
        return 0;
    return hob_error_set(error, HOB_E_PARAMETER, "%s", mistakes.items[0].text);
}
