/* values: see values.h. Looking into values; printing and comparing are in files of their own. */
#include "compute/liquid/values.h"

#include <math.h>

struct liquid_value liquid_wrap(const struct hob_value *data, bool pruned)
{
    if (data == NULL)
        return (struct liquid_value){.kind = LIQUID_UNDEFINED};
    switch ((enum hob_kind)data->kind) {
    case HOB_NULL:
        return liquid_nil();
    case HOB_BOOL:
        return liquid_bool(data->boolean);
    case HOB_INT:
        return liquid_int(data->integer);
    case HOB_BIG_INT:
        return (struct liquid_value){.kind = LIQUID_BIG, .text = data->text};
    case HOB_DOUBLE:
        return liquid_double(data->number);
    case HOB_STRING:
        return liquid_text(data->text);
    case HOB_DATE:
    case HOB_DATETIME:
        return (struct liquid_value){.kind = LIQUID_MOMENT, .data = data};
    case HOB_LIST:
    case HOB_TUPLE:
        return (struct liquid_value){.kind = LIQUID_DATA_LIST, .data = data};
    case HOB_MAP:
        return (struct liquid_value){.kind = LIQUID_MAP, .pruned = pruned, .data = data};
    default:
        return (struct liquid_value){.kind = LIQUID_OTHER, .data = data};
    }
}

bool liquid_is_list(const struct liquid_value *value)
{
    return value->kind == LIQUID_LIST || value->kind == LIQUID_DATA_LIST ||
           value->kind == LIQUID_RANGE;
}

/* What lynguine takes out of its data before a template sees them. */
static bool is_missing(const struct hob_value *data)
{
    return hob_value_is_null(data) || (data->kind == HOB_DOUBLE && isnan(data->number)) ||
           (data->kind == HOB_STRING && data->text.size == 0);
}

static uint64_t count_pairs(const struct liquid_value *map)
{
    uint32_t count = map->data->map.count, missing = 0;
    for (uint32_t i = 0; map->pruned && i < count; i++)
        missing += is_missing(map->data->map.pairs[i].value);
    return count - missing;
}

uint64_t liquid_count(const struct liquid_value *value)
{
    switch ((enum liquid_kind)value->kind) {
    case LIQUID_LIST:
        return value->count;
    case LIQUID_DATA_LIST:
        return value->data->list.count;
    case LIQUID_RANGE:
        if (value->range.first > value->range.last)
            return 0;
        return (uint64_t)value->range.last - (uint64_t)value->range.first + 1;
    case LIQUID_MAP:
        return count_pairs(value);
    default:
        return 0;
    }
}

struct liquid_value liquid_item(const struct liquid_value *value, uint64_t at)
{
    if (value->kind == LIQUID_LIST)
        return value->items[at];
    if (value->kind == LIQUID_DATA_LIST)
        return liquid_wrap(value->data->list.items[at], false);
    return liquid_int((int64_t)((uint64_t)value->range.first + at));
}

static struct liquid_value wrap_member(const struct liquid_value *map,
                                       const struct hob_value *member)
{
    if (member == NULL || (map->pruned && is_missing(member)))
        return (struct liquid_value){.kind = LIQUID_UNDEFINED};
    return liquid_wrap(member, map->pruned);
}

struct liquid_value liquid_member_named(const struct liquid_value *map, struct hob_text name)
{
    const struct hob_value *data = map->data;
    enum { SMALL = 8 };
    if (data->map.count > SMALL)
        return wrap_member(map, hob_value_get_text(data, name));
    for (uint32_t i = 0; i < data->map.count; i++) {
        const struct hob_pair *pair = &data->map.pairs[i];
        if (pair->key->kind == HOB_STRING && hob_text_equal(pair->key->text, name))
            return wrap_member(map, pair->value);
    }
    return (struct liquid_value){.kind = LIQUID_UNDEFINED};
}

struct liquid_value liquid_member(const struct liquid_value *map, const struct liquid_value *key)
{
    struct hob_value plain = {.kind = HOB_NULL};
    switch ((enum liquid_kind)key->kind) {
    case LIQUID_TEXT:
        return liquid_member_named(map, key->text);
    case LIQUID_NIL:
        break;
    case LIQUID_BOOL:
        plain = (struct hob_value){.kind = HOB_BOOL, .boolean = key->boolean};
        break;
    case LIQUID_INT:
        plain = (struct hob_value){.kind = HOB_INT, .integer = key->integer};
        break;
    case LIQUID_DOUBLE:
        plain = (struct hob_value){.kind = HOB_DOUBLE, .number = key->number};
        break;
    case LIQUID_MOMENT:
        return wrap_member(map, hob_value_get_key(map->data, key->data));
    default:
        return (struct liquid_value){.kind = LIQUID_UNDEFINED};
    }
    return wrap_member(map, hob_value_get_key(map->data, &plain));
}

bool liquid_next_pair(const struct liquid_value *map, uint32_t *at, struct liquid_value pair[2])
{
    while (*at < map->data->map.count) {
        const struct hob_pair *found = &map->data->map.pairs[(*at)++];
        if (map->pruned && is_missing(found->value))
            continue;
        pair[0] = liquid_wrap(found->key, false);
        pair[1] = liquid_wrap(found->value, map->pruned);
        return true;
    }
    return false;
}
