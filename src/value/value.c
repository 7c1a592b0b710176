/* value: see value.h.
 *
 * Maps are arrays of pairs in order. Small ones are searched from the front; while a large one is
 * being built or looked up, a table of positions sits in the arena right before the pairs. */
#include "value/value.h"

#include <math.h>

const struct hob_value hob_value_null = {.kind = HOB_NULL};
const struct hob_value hob_value_true = {.kind = HOB_BOOL, .boolean = true};
const struct hob_value hob_value_false = {.kind = HOB_BOOL, .boolean = false};
const struct hob_value hob_value_empty_map = {.kind = HOB_MAP};
const struct hob_value hob_value_empty_string = {.kind = HOB_STRING, .text = {"", 0}};

/* From this capacity on a map has a table of 2 * capacity slots (position + 1; 0 is free). */
enum { TABLE_FROM = 16 };

struct hob_value *hob_value_new(struct hob_arena *arena, enum hob_kind kind)
{
    struct hob_value *value = hob_arena_alloc(arena, sizeof *value);
    *value = (struct hob_value){.kind = (uint8_t)kind};
    return value;
}

struct hob_value *hob_value_new_int(struct hob_arena *arena, int64_t integer)
{
    struct hob_value *value = hob_value_new(arena, HOB_INT);
    value->integer = integer;
    return value;
}

struct hob_value *hob_value_new_double(struct hob_arena *arena, double number)
{
    struct hob_value *value = hob_value_new(arena, HOB_DOUBLE);
    value->number = number;
    return value;
}

struct hob_value *hob_value_new_string_borrowed(struct hob_arena *arena, struct hob_text text)
{
    struct hob_value *value = hob_value_new(arena, HOB_STRING);
    value->text = text;
    return value;
}

struct hob_value *hob_value_new_string(struct hob_arena *arena, struct hob_text text)
{
    return hob_value_new_string_borrowed(arena, hob_arena_copy(arena, text));
}

/* Few members are what the program itself puts together, and it looks at nothing then. */
static void *room_for_members(struct hob_arena *arena, size_t size)
{
    enum { FEW = 64 << 10 };
    return size <= FEW ? hob_arena_alloc(arena, size) : hob_arena_try_alloc(arena, size);
}

static bool grow(struct hob_arena *arena, void **items, uint32_t count, uint32_t *capacity,
                 size_t item_size)
{
    if (count < *capacity)
        return true;
    uint32_t wanted = *capacity < 4 ? 4 : *capacity * 2;
    if (*capacity > UINT32_MAX / 2)
        return false;
    void *grown = room_for_members(arena, wanted * item_size);
    if (grown == NULL)
        return false;
    if (count > 0)
        memcpy(grown, *items, count * item_size);
    *items = grown;
    *capacity = wanted;
    return true;
}

bool hob_value_append(struct hob_arena *arena, struct hob_value *list, const struct hob_value *item)
{
    if (!grow(arena, (void **)&list->list.items, list->list.count, &list->list.capacity,
              sizeof(struct hob_value *)))
        return false;
    list->list.items[list->list.count++] = item;
    return true;
}

static uint32_t *table_of(const struct hob_value *map)
{
    return (uint32_t *)(void *)map->map.pairs - 2 * (size_t)map->map.capacity;
}

/* The slot that holds the key, or the free one where it belongs. */
static size_t find_slot(const struct hob_value *map, const struct hob_value *key)
{
    const uint32_t *table = table_of(map);
    size_t mask = 2 * (size_t)map->map.capacity - 1;
    size_t at = (size_t)hob_value_hash(key) & mask;
    while (table[at] != 0 && !hob_value_equal(map->map.pairs[table[at] - 1].key, key))
        at = (at + 1) & mask;
    return at;
}

static uint32_t find_pair(const struct hob_value *map, const struct hob_value *key)
{
    if (map->map.capacity >= TABLE_FROM)
        return table_of(map)[find_slot(map, key)] - 1; /* UINT32_MAX when free */
    for (uint32_t i = 0; i < map->map.count; i++)
        if (hob_value_equal(map->map.pairs[i].key, key))
            return i;
    return UINT32_MAX;
}

static bool grow_map(struct hob_arena *arena, struct hob_value *map)
{
    uint32_t wanted = map->map.capacity < 4 ? 4 : map->map.capacity * 2;
    if (map->map.capacity > UINT32_MAX / 4)
        return false;
    size_t table_size = wanted >= TABLE_FROM ? 2 * (size_t)wanted * sizeof(uint32_t) : 0;
    char *memory = room_for_members(arena, table_size + wanted * sizeof(struct hob_pair));
    if (memory == NULL)
        return false;
    memset(memory, 0, table_size);
    struct hob_pair *pairs = (struct hob_pair *)(void *)(memory + table_size);
    if (map->map.count > 0)
        memcpy(pairs, map->map.pairs, map->map.count * sizeof *pairs);
    map->map.pairs = pairs;
    map->map.capacity = wanted;
    for (uint32_t i = 0; table_size > 0 && i < map->map.count; i++)
        table_of(map)[find_slot(map, pairs[i].key)] = i + 1;
    return true;
}

bool hob_value_put(struct hob_arena *arena, struct hob_value *map, const struct hob_value *key,
                   const struct hob_value *value)
{
    uint32_t position = find_pair(map, key);
    if (position != UINT32_MAX) {
        map->map.pairs[position].value = value;
        return true;
    }
    if (map->map.count == map->map.capacity && !grow_map(arena, map))
        return false;
    map->map.pairs[map->map.count++] = (struct hob_pair){key, value};
    if (map->map.capacity >= TABLE_FROM)
        table_of(map)[find_slot(map, key)] = map->map.count;
    return true;
}

bool hob_value_put_string(struct hob_arena *arena, struct hob_value *map, const char *key,
                          const struct hob_value *value)
{
    return hob_value_put(arena, map, hob_value_new_string(arena, hob_text_from(key)), value);
}

struct hob_value *hob_value_copy(struct hob_arena *arena, const struct hob_value *value)
{
    struct hob_value *copy = hob_value_new(arena, (enum hob_kind)value->kind);
    if (value->kind == HOB_MAP || value->kind == HOB_SET) {
        for (uint32_t i = 0; i < value->map.count; i++)
            hob_value_put(arena, copy, value->map.pairs[i].key, value->map.pairs[i].value);
    } else if (value->kind == HOB_LIST || value->kind == HOB_TUPLE) {
        for (uint32_t i = 0; i < value->list.count; i++)
            hob_value_append(arena, copy, value->list.items[i]);
    } else {
        *copy = *value;
    }
    return copy;
}

/* Lists and maps that were copied, by address: what was shared stays shared, so that a small
 * document with many aliases stays small, and a cycle stays one. */
struct copies {
    struct hob_arena *arena;
    struct copied {
        const struct hob_value *original, *copy;
    } * slots;
    size_t count, slot_count; /* a power of two */
};

static struct copied *slot_of(const struct copies *copies, const struct hob_value *original)
{
    size_t mask = copies->slot_count - 1;
    size_t at = (size_t)((uintptr_t)original / sizeof(void *) * 0x9E3779B97F4A7C15u >> 20) & mask;
    while (copies->slots[at].original != NULL && copies->slots[at].original != original)
        at = (at + 1) & mask;
    return &copies->slots[at];
}

static bool remember_copy(struct copies *copies, const struct hob_value *original,
                          const struct hob_value *copy)
{
    if ((copies->count + 1) * 2 > copies->slot_count) {
        struct copies grown = *copies;
        grown.slot_count = copies->slot_count == 0 ? 16 : copies->slot_count * 2;
        grown.slots = calloc(grown.slot_count, sizeof *grown.slots);
        if (grown.slots == NULL)
            return false;
        for (size_t i = 0; i < copies->slot_count; i++)
            if (copies->slots[i].original != NULL)
                *slot_of(&grown, copies->slots[i].original) = copies->slots[i];
        free(copies->slots);
        *copies = grown;
    }
    *slot_of(copies, original) = (struct copied){original, copy};
    copies->count++;
    return true;
}

static const struct hob_value *copy_deep(struct copies *copies, const struct hob_value *value,
                                         int depth);

static bool copy_members(struct copies *copies, struct hob_value *copy,
                         const struct hob_value *value, int depth)
{
    if (value->kind == HOB_LIST || value->kind == HOB_TUPLE) {
        for (uint32_t i = 0; i < value->list.count; i++) {
            const struct hob_value *item = copy_deep(copies, value->list.items[i], depth + 1);
            if (item == NULL || !hob_value_append(copies->arena, copy, item))
                return false;
        }
        return true;
    }
    for (uint32_t i = 0; i < value->map.count; i++) {
        const struct hob_value *key = copy_deep(copies, value->map.pairs[i].key, depth + 1);
        const struct hob_value *item = copy_deep(copies, value->map.pairs[i].value, depth + 1);
        if (key == NULL || item == NULL || !hob_value_put(copies->arena, copy, key, item))
            return false;
    }
    return true;
}

static const struct hob_value *copy_collection(struct copies *copies, const struct hob_value *value,
                                               int depth)
{
    if (depth > HOB_VALUE_MAX_DEPTH)
        return NULL;
    if (copies->slot_count > 0 && slot_of(copies, value)->original != NULL)
        return slot_of(copies, value)->copy;
    struct hob_value *copy = hob_arena_try_alloc(copies->arena, sizeof *copy);
    if (copy == NULL)
        return NULL;
    *copy = (struct hob_value){.kind = value->kind};
    return remember_copy(copies, value, copy) && copy_members(copies, copy, value, depth) ? copy
                                                                                          : NULL;
}

static const struct hob_value *copy_deep(struct copies *copies, const struct hob_value *value,
                                         int depth)
{
    if (value->kind >= HOB_LIST)
        return copy_collection(copies, value, depth);
    struct hob_value *copy = hob_arena_try_alloc(copies->arena, sizeof *copy);
    if (copy == NULL)
        return NULL;
    *copy = *value;
    if (value->kind == HOB_STRING || value->kind == HOB_BIG_INT || value->kind == HOB_BYTES) {
        char *bytes = hob_arena_try_alloc(copies->arena, value->text.size + 1);
        if (bytes == NULL)
            return NULL;
        if (value->text.size > 0)
            memcpy(bytes, value->text.data, value->text.size);
        bytes[value->text.size] = '\0';
        copy->text.data = bytes;
    }
    return copy;
}

const struct hob_value *hob_value_copy_deep(struct hob_arena *arena, const struct hob_value *value)
{
    struct copies copies = {.arena = arena};
    const struct hob_value *copy = copy_deep(&copies, value, 0);
    free(copies.slots);
    return copy;
}

void hob_value_remove(struct hob_value *map, const char *key)
{
    struct hob_value name = {.kind = HOB_STRING, .text = hob_text_from(key)};
    uint32_t position = find_pair(map, &name);
    if (position == UINT32_MAX)
        return;
    struct hob_pair *pairs = map->map.pairs;
    memmove(pairs + position, pairs + position + 1,
            (map->map.count - position - 1) * sizeof *pairs);
    map->map.count--;
    if (map->map.capacity < TABLE_FROM)
        return;
    memset(table_of(map), 0, 2 * (size_t)map->map.capacity * sizeof(uint32_t));
    for (uint32_t i = 0; i < map->map.count; i++)
        table_of(map)[find_slot(map, pairs[i].key)] = i + 1;
}

const struct hob_value *hob_value_get_key(const struct hob_value *map, const struct hob_value *key)
{
    if (map == NULL || (map->kind != HOB_MAP && map->kind != HOB_SET) || map->map.count == 0)
        return NULL;
    uint32_t position = find_pair(map, key);
    return position == UINT32_MAX ? NULL : map->map.pairs[position].value;
}

const struct hob_value *hob_value_get_text(const struct hob_value *map, struct hob_text key)
{
    struct hob_value name = {.kind = HOB_STRING, .text = key};
    return hob_value_get_key(map, &name);
}

const struct hob_value *hob_value_get(const struct hob_value *map, const char *key)
{
    return hob_value_get_text(map, hob_text_from(key));
}

struct hob_text hob_value_text(const struct hob_value *value)
{
    return hob_value_is(value, HOB_STRING) ? value->text : (struct hob_text){NULL, 0};
}

const char *hob_value_string(const struct hob_value *value)
{
    if (!hob_value_is(value, HOB_STRING) ||
        memchr(value->text.data, '\0', value->text.size) != NULL)
        return NULL;
    return value->text.data;
}

static bool is_number(const struct hob_value *value)
{
    return value->kind == HOB_BOOL || value->kind == HOB_INT || value->kind == HOB_DOUBLE;
}

static int64_t integer_of(const struct hob_value *value)
{
    return value->kind == HOB_BOOL ? value->boolean : value->integer;
}

static bool numbers_equal(const struct hob_value *a, const struct hob_value *b)
{
    if (a->kind == HOB_DOUBLE && b->kind == HOB_DOUBLE)
        return a->number == b->number;
    if (a->kind != HOB_DOUBLE && b->kind != HOB_DOUBLE)
        return integer_of(a) == integer_of(b);
    double number = a->kind == HOB_DOUBLE ? a->number : b->number;
    int64_t integer = integer_of(a->kind == HOB_DOUBLE ? b : a);
    return number >= -0x1p63 && number < 0x1p63 && number == floor(number) &&
           (int64_t)number == integer;
}

/* Moments with a zone are equal when they are the same moment; one without never equals one
 * with. */
static bool datetimes_equal(const struct hob_value *a, const struct hob_value *b)
{
    if (a->boolean != b->boolean)
        return false;
    return a->microseconds - (int64_t)a->offset_seconds * 1000000 ==
           b->microseconds - (int64_t)b->offset_seconds * 1000000;
}

/* Comparing two values that share nodes within themselves could take for ever: what takes more
 * steps than this counts as different. */
enum { MAX_EQUAL_STEPS = 10 * 1000 * 1000 };

struct comparison {
    int depth;
    unsigned steps;
};

static bool equal_at(const struct hob_value *a, const struct hob_value *b,
                     struct comparison *comparison);

static bool lists_equal(const struct hob_value *a, const struct hob_value *b,
                        struct comparison *comparison)
{
    if (a->list.count != b->list.count)
        return false;
    for (uint32_t i = 0; i < a->list.count; i++)
        if (!equal_at(a->list.items[i], b->list.items[i], comparison))
            return false;
    return true;
}

static bool maps_equal(const struct hob_value *a, const struct hob_value *b,
                       struct comparison *comparison)
{
    if (a->map.count != b->map.count)
        return false;
    for (uint32_t i = 0; i < a->map.count; i++) {
        const struct hob_value *other = hob_value_get_key(b, a->map.pairs[i].key);
        if (other == NULL || !equal_at(a->map.pairs[i].value, other, comparison))
            return false;
    }
    return true;
}

static bool collections_equal(const struct hob_value *a, const struct hob_value *b,
                              struct comparison *comparison)
{
    if (comparison->depth >= HOB_VALUE_MAX_DEPTH)
        return false;
    comparison->depth++;
    bool lists = a->kind == HOB_LIST || a->kind == HOB_TUPLE;
    bool equal = lists ? lists_equal(a, b, comparison) : maps_equal(a, b, comparison);
    comparison->depth--;
    return equal;
}

static bool equal_at(const struct hob_value *a, const struct hob_value *b,
                     struct comparison *comparison)
{
    if (a == b)
        return true;
    if (++comparison->steps > MAX_EQUAL_STEPS)
        return false;
    if (is_number(a) && is_number(b))
        return numbers_equal(a, b);
    if (a->kind != b->kind)
        return false;
    switch ((enum hob_kind)a->kind) {
    case HOB_NULL:
        return true;
    case HOB_STRING:
    case HOB_BIG_INT:
    case HOB_BYTES:
        return hob_text_equal(a->text, b->text);
    case HOB_DATE:
        return a->days == b->days;
    case HOB_DATETIME:
        return datetimes_equal(a, b);
    default:
        return collections_equal(a, b, comparison);
    }
}

bool hob_value_equal(const struct hob_value *a, const struct hob_value *b)
{
    struct comparison comparison = {0};
    return equal_at(a, b, &comparison);
}

static uint64_t hash_integer(int64_t integer)
{
    return hob_text_hash((struct hob_text){(const char *)&integer, sizeof integer});
}

static uint64_t hash_double(double number)
{
    if (number >= -0x1p63 && number < 0x1p63 && number == floor(number))
        return hash_integer((int64_t)number);
    int64_t bits;
    memcpy(&bits, &number, sizeof bits);
    return hash_integer(bits) ^ 1;
}

static uint64_t hash_at(const struct hob_value *value, int depth)
{
    switch ((enum hob_kind)value->kind) {
    case HOB_STRING:
    case HOB_BIG_INT:
    case HOB_BYTES:
        return hob_text_hash(value->text);
    case HOB_BOOL:
    case HOB_INT:
        return hash_integer(integer_of(value));
    case HOB_DOUBLE:
        return hash_double(value->number);
    case HOB_DATE:
        return hash_integer(value->days) + 2;
    case HOB_DATETIME:
        return hash_integer(value->microseconds - (int64_t)value->offset_seconds * 1000000) + 3;
    case HOB_TUPLE: {
        uint64_t hash = 5;
        for (uint32_t i = 0; i < value->list.count && depth < HOB_VALUE_MAX_DEPTH; i++)
            hash = hash * 31 + hash_at(value->list.items[i], depth + 1);
        return hash;
    }
    default:
        return 7;
    }
}

uint64_t hob_value_hash(const struct hob_value *value)
{
    return hash_at(value, 0);
}

const char *hob_value_kind_name(const struct hob_value *value)
{
    static const char *const names[] = {
        [HOB_NULL] = "null",          [HOB_BOOL] = "true/false",
        [HOB_INT] = "whole number",   [HOB_BIG_INT] = "whole number",
        [HOB_DOUBLE] = "number",      [HOB_STRING] = "text",
        [HOB_BYTES] = "binary",       [HOB_DATE] = "date",
        [HOB_DATETIME] = "timestamp", [HOB_LIST] = "list",
        [HOB_TUPLE] = "list",         [HOB_SET] = "set",
        [HOB_MAP] = "mapping",
    };
    return value == NULL ? "nothing" : names[value->kind];
}
