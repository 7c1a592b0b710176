/* map: an array of entries in order, and a table of positions in it (open addressing, linear
 * probing, at most 3/4 full). Nothing is ever removed. */
#include "base/map.h"

#include "base/memory.h"

struct entry {
    struct hob_text key;
    uint64_t hash;
    void *value;
};

struct hob_map {
    struct entry *entries;
    size_t count;
    size_t capacity;
    uint32_t *slots;   /* position + 1; 0 is free */
    size_t slot_count; /* a power of two, or 0 */
};

struct hob_map *hob_map_new(void)
{
    return hob_alloc_zero(1, sizeof(struct hob_map));
}

struct hob_map *hob_map_free(struct hob_map *map)
{
    if (map != NULL) {
        free(map->entries);
        free(map->slots);
        free(map);
    }
    return NULL;
}

static size_t find_slot(const struct hob_map *map, struct hob_text key, uint64_t hash)
{
    size_t mask = map->slot_count - 1;
    size_t at = (size_t)hash & mask;
    while (map->slots[at] != 0) {
        const struct entry *entry = &map->entries[map->slots[at] - 1];
        if (entry->hash == hash && hob_text_equal(entry->key, key))
            break;
        at = (at + 1) & mask;
    }
    return at;
}

static bool grow_slots(struct hob_map *map)
{
    size_t wanted = map->slot_count == 0 ? 16 : map->slot_count * 2;
    if (wanted > UINT32_MAX / 2)
        return false;
    uint32_t *slots = calloc(wanted, sizeof *slots);
    if (slots == NULL)
        return false;
    free(map->slots);
    map->slots = slots;
    map->slot_count = wanted;
    for (size_t i = 0; i < map->count; i++)
        slots[find_slot(map, map->entries[i].key, map->entries[i].hash)] = (uint32_t)(i + 1);
    return true;
}

bool hob_map_put(struct hob_map *map, struct hob_text key, void *value)
{
    if ((map->count + 1) * 4 > map->slot_count * 3 && !grow_slots(map))
        return false;
    uint64_t hash = hob_text_hash(key);
    size_t slot = find_slot(map, key, hash);
    if (map->slots[slot] != 0) {
        map->entries[map->slots[slot] - 1].value = value;
        return true;
    }
    if (!HOB_TRY_GROW(map->entries, map->capacity, map->count + 1))
        return false;
    map->entries[map->count++] = (struct entry){key, hash, value};
    map->slots[slot] = (uint32_t)map->count;
    return true;
}

size_t hob_map_find(const struct hob_map *map, struct hob_text key)
{
    if (map->slot_count == 0)
        return SIZE_MAX;
    uint32_t position = map->slots[find_slot(map, key, hob_text_hash(key))];
    return position == 0 ? SIZE_MAX : position - 1;
}

void *hob_map_get(const struct hob_map *map, struct hob_text key)
{
    size_t position = hob_map_find(map, key);
    return position == SIZE_MAX ? NULL : map->entries[position].value;
}

size_t hob_map_count(const struct hob_map *map)
{
    return map->count;
}

struct hob_text hob_map_key_at(const struct hob_map *map, size_t position)
{
    return map->entries[position].key;
}

void *hob_map_value_at(const struct hob_map *map, size_t position)
{
    return map->entries[position].value;
}
