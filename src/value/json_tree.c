/* json_tree: JSON documents as values, on top of the pull reader.
 *
 * Members of open lists and maps wait on one stack; when a level is closed they move into the
 * arena as one array of the right size, so nothing is left behind by growing. A string and its
 * bytes are one piece. Records repeat their keys, so recent keys are kept at hand and shared. */
#include "value/json.h"

enum { RECENT_KEYS = 256, SMALL_MAP = 8 };

struct level {
    size_t first; /* of its members on the stack */
    bool map;     /* members are keys and values in turn */
};

struct builder {
    struct hob_arena *arena;
    const struct hob_value **waiting;
    size_t count, capacity;
    struct level *levels;
    size_t depth, levels_capacity;
    const struct hob_value *recent_keys[RECENT_KEYS];
};

static struct hob_value *new_value(struct builder *builder, enum hob_kind kind)
{
    struct hob_value *value = hob_arena_try_alloc(builder->arena, sizeof *value);
    if (value != NULL)
        value->kind = (uint8_t)kind;
    return value;
}

static const struct hob_value *new_text(struct builder *builder, enum hob_kind kind,
                                        struct hob_text text)
{
    struct hob_value *value = hob_arena_try_alloc(builder->arena, sizeof *value + text.size + 1);
    if (value == NULL)
        return NULL;
    char *copy = (char *)(value + 1);
    if (text.size > 0)
        memcpy(copy, text.data, text.size);
    copy[text.size] = '\0';
    value->kind = (uint8_t)kind;
    value->text = (struct hob_text){copy, text.size};
    return value;
}

static const struct hob_value *key_of(struct builder *builder, struct hob_text text)
{
    size_t slot = text.size;
    if (text.size > 0)
        slot += (unsigned char)text.data[0] * 7u + (unsigned char)text.data[text.size - 1] * 31u +
                (unsigned char)text.data[text.size / 2] * 3u;
    const struct hob_value **recent = &builder->recent_keys[slot % RECENT_KEYS];
    if (*recent == NULL || !hob_text_equal((*recent)->text, text))
        *recent = new_text(builder, HOB_STRING, text);
    return *recent;
}

/* The value of a token that is one by itself; NULL without memory. */
static const struct hob_value *scalar(struct builder *builder, const struct hob_json_token *token)
{
    struct hob_value *value;
    switch (token->event) {
    case HOB_JSON_TRUE:
        return &hob_value_true;
    case HOB_JSON_FALSE:
        return &hob_value_false;
    case HOB_JSON_INT:
        value = new_value(builder, HOB_INT);
        if (value != NULL)
            value->integer = token->integer;
        return value;
    case HOB_JSON_DOUBLE:
        value = new_value(builder, HOB_DOUBLE);
        if (value != NULL)
            value->number = token->number;
        return value;
    case HOB_JSON_BIG_INT:
        return new_text(builder, HOB_BIG_INT, token->text);
    case HOB_JSON_STRING:
        return new_text(builder, HOB_STRING, token->text);
    case HOB_JSON_KEY:
        return key_of(builder, token->text);
    default:
        return &hob_value_null;
    }
}

static bool push(struct builder *builder, const struct hob_value *value)
{
    if (value == NULL || !HOB_TRY_GROW(builder->waiting, builder->capacity, builder->count + 1))
        return false;
    builder->waiting[builder->count++] = value;
    return true;
}

static bool open_level(struct builder *builder, bool map)
{
    if (!HOB_TRY_GROW(builder->levels, builder->levels_capacity, builder->depth + 1))
        return false;
    builder->levels[builder->depth++] = (struct level){builder->count, map};
    return true;
}

static struct hob_value *close_list(struct builder *builder, const struct hob_value **items,
                                    size_t count)
{
    struct hob_value *list = new_value(builder, HOB_LIST);
    if (list == NULL || count > UINT32_MAX)
        return NULL;
    list->list.items = NULL;
    list->list.count = list->list.capacity = (uint32_t)count;
    if (count == 0)
        return list;
    list->list.items = hob_arena_try_alloc(builder->arena, count * sizeof *items);
    if (list->list.items == NULL)
        return NULL;
    memcpy(list->list.items, items, count * sizeof *items);
    return list;
}

static void put_small(struct hob_value *map, const struct hob_value *key,
                      const struct hob_value *value)
{
    struct hob_pair *pairs = map->map.pairs;
    uint32_t at = 0;
    while (at < map->map.count && pairs[at].key != key &&
           !hob_text_equal(pairs[at].key->text, key->text))
        at++;
    if (at < map->map.count) {
        pairs[at].value = value;
        return;
    }
    pairs[at] = (struct hob_pair){key, value};
    map->map.count++;
}

/* Small maps get an array for all their pairs (a power of two, as they grow elsewhere); larger
 * ones need the table that hob_value_put keeps. */
static struct hob_value *close_map(struct builder *builder, const struct hob_value **members,
                                   size_t count)
{
    struct hob_value *map = new_value(builder, HOB_MAP);
    if (map == NULL)
        return NULL;
    map->map.pairs = NULL;
    map->map.count = map->map.capacity = 0;
    bool small = count <= SMALL_MAP;
    if (small && count > 0) {
        map->map.capacity = count <= 2 ? (uint32_t)count : count <= 4 ? 4 : SMALL_MAP;
        map->map.pairs =
            hob_arena_try_alloc(builder->arena, map->map.capacity * sizeof(struct hob_pair));
        if (map->map.pairs == NULL)
            return NULL;
    }
    for (size_t i = 0; i < count; i++) {
        if (small)
            put_small(map, members[2 * i], members[2 * i + 1]);
        else if (!hob_value_put(builder->arena, map, members[2 * i], members[2 * i + 1]))
            return NULL;
    }
    return map;
}

static bool close_level(struct builder *builder)
{
    struct level level = builder->levels[--builder->depth];
    const struct hob_value **members = builder->waiting + level.first;
    size_t count = builder->count - level.first;
    struct hob_value *value =
        level.map ? close_map(builder, members, count / 2) : close_list(builder, members, count);
    builder->count = level.first;
    return push(builder, value);
}

static bool take(struct builder *builder, const struct hob_json_token *token)
{
    switch (token->event) {
    case HOB_JSON_LIST_START:
    case HOB_JSON_MAP_START:
        return open_level(builder, token->event == HOB_JSON_MAP_START);
    case HOB_JSON_LIST_END:
    case HOB_JSON_MAP_END:
        return close_level(builder);
    default:
        return push(builder, scalar(builder, token));
    }
}

static int build(struct builder *builder, struct hob_json_reader *reader, size_t size,
                 struct hob_error *error)
{
    for (;;) {
        struct hob_json_token token;
        int result = hob_json_next(reader, &token, error);
        if (result != 0 || token.event == HOB_JSON_END)
            return result;
        if (!take(builder, &token))
            return hob_error_set(error, HOB_E_MEMORY, "no memory for %zu bytes of JSON", size);
    }
}

int hob_json_read_nested(struct hob_arena *arena, struct hob_json_reader *reader,
                         const struct hob_json_token *first, const struct hob_value **value,
                         struct hob_error *error)
{
    struct builder builder = {.arena = arena};
    struct hob_json_token token = *first;
    bool kept = take(&builder, &token);
    int result = 0;
    while (kept && builder.depth > 0 && (result = hob_json_next(reader, &token, error)) == 0)
        kept = take(&builder, &token);
    if (!kept)
        result = hob_error_set(error, HOB_E_MEMORY, "no memory for a nested JSON value");
    if (result == 0)
        *value = builder.waiting[0];
    free(builder.waiting);
    free(builder.levels);
    return result;
}

int hob_json_read(struct hob_arena *arena, struct hob_text text, const struct hob_value **value,
                  struct hob_error *error)
{
    HOB_AUTO(json_reader)
    struct hob_json_reader *reader = hob_json_reader_new(text, HOB_VALUE_MAX_DEPTH);
    struct builder builder = {.arena = arena};
    int result = build(&builder, reader, text.size, error);
    if (result == 0)
        *value = builder.waiting[0];
    free(builder.waiting);
    free(builder.levels);
    return result;
}
