/* filters_search: items by a member of them: map, where, reject, find, find_index, has.
 *
 * Without a value an item counts when its member is not nil and not false (nor 0, which equals
 * false here); with one, when the member equals it. A text has the texts that it contains as
 * members. */
#include "compute/liquid/filters.h"
#include "compute/liquid/texts.h"

int liquid_property(struct liquid_render *render, const struct liquid_value *item,
                    const struct liquid_value *key, struct liquid_value *member)
{
    *member = (struct liquid_value){.kind = LIQUID_UNDEFINED};
    if (item->kind == LIQUID_MAP) {
        *member = liquid_member(item, key);
        return 0;
    }
    if (item->kind == LIQUID_TEXT && key->kind == LIQUID_TEXT) {
        if (liquid_find_text(item->text, key->text) != SIZE_MAX)
            *member = *key;
        return liquid_spend(render, item->text.size >> 10);
    }
    if (item->kind == LIQUID_INT && key->kind == LIQUID_INT) {
        if (item->integer == key->integer)
            *member = *key;
        return 0;
    }
    return liquid_broken(render, "an item has no members");
}

static int matches(struct liquid_render *render, const struct liquid_value *item,
                   const struct liquid_arguments *arguments, bool *match)
{
    const struct liquid_value *wanted = &arguments->values[1];
    static const struct liquid_value zero = {.kind = LIQUID_INT};
    struct liquid_value member;
    int status = liquid_property(render, item, &arguments->values[0], &member);
    if (status != 0)
        return status;
    if (!liquid_is_nothing(wanted))
        *match = liquid_same(&member, wanted, &render->steps, render->step_limit);
    else
        *match = !liquid_is_nothing(&member) &&
                 !liquid_same(&member, &zero, &render->steps, render->step_limit);
    return liquid_spend(render, 0);
}

/* Keeps the items whose match is `wanted`. */
static int filter_items(struct liquid_render *render, struct liquid_value *value,
                        const struct liquid_arguments *arguments, bool wanted)
{
    struct liquid_value *items;
    uint32_t count, kept = 0;
    int status = liquid_flatten(render, value, &items, &count);
    if (status == 0 && count > 0 && arguments->values[0].kind == LIQUID_UNDEFINED)
        status = liquid_broken(render, "the name of the member is undefined");
    for (uint32_t i = 0; status == 0 && i < count; i++) {
        bool match;
        status = matches(render, &items[i], arguments, &match);
        if (status == 0 && match == wanted)
            items[kept++] = items[i];
    }
    *value = liquid_list(items, kept);
    return status;
}

LIQUID_FILTER(where)
{
    return filter_items(render, value, arguments, true);
}

LIQUID_FILTER(reject)
{
    return filter_items(render, value, arguments, false);
}

/* The first item that matches and its position, or -1. */
static int search(struct liquid_render *render, struct liquid_value *value,
                  const struct liquid_arguments *arguments, int64_t *position)
{
    struct liquid_value *items;
    uint32_t count;
    *position = -1;
    int status = liquid_flatten(render, value, &items, &count);
    *value = liquid_nil();
    for (uint32_t i = 0; status == 0 && i < count; i++) {
        bool match;
        status = matches(render, &items[i], arguments, &match);
        if (status != 0 || !match)
            continue;
        *value = items[i];
        *position = i;
        break;
    }
    return status;
}

LIQUID_FILTER(find)
{
    int64_t position;
    return search(render, value, arguments, &position);
}

LIQUID_FILTER(find_index)
{
    int64_t position;
    int status = search(render, value, arguments, &position);
    *value = position < 0 ? liquid_nil() : liquid_int(position);
    return status;
}

LIQUID_FILTER(has)
{
    int64_t position;
    int status = search(render, value, arguments, &position);
    *value = liquid_bool(position >= 0);
    return status;
}

LIQUID_FILTER(map)
{
    struct liquid_value *items;
    uint32_t count;
    int status = liquid_flatten(render, value, &items, &count);
    for (uint32_t i = 0; status == 0 && i < count; i++) {
        struct liquid_value member;
        status = liquid_property(render, &items[i], &arguments->values[0], &member);
        items[i] = member;
    }
    *value = liquid_list(items, count);
    return status;
}
