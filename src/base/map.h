/* map: texts to pointers, in the order in which they were put.
 *
 * The map borrows keys and values: both must live as long as it does (usually in an arena). */
#ifndef HOB_BASE_MAP_H
#define HOB_BASE_MAP_H

#include "base/text.h"

struct hob_map;

/* Never NULL; the caller frees it. */
struct hob_map *hob_map_new(void);
/* Takes NULL, returns NULL. */
struct hob_map *hob_map_free(struct hob_map *map);
static inline void hob_auto_map(struct hob_map **map)
{
    hob_map_free(*map);
}

/* Sets the value of `key`; a key that is there already keeps its position. Returns false when
 * there is no memory. */
bool hob_map_put(struct hob_map *map, struct hob_text key, void *value);
/* The value, or NULL when the key is not there. */
void *hob_map_get(const struct hob_map *map, struct hob_text key);
/* The position of the key in order of insertion, or SIZE_MAX. */
size_t hob_map_find(const struct hob_map *map, struct hob_text key);

size_t hob_map_count(const struct hob_map *map);
struct hob_text hob_map_key_at(const struct hob_map *map, size_t position);
void *hob_map_value_at(const struct hob_map *map, size_t position);

#endif
