/* filters_list: lists in, lists or items out.
 *
 * Most take lists apart first: a list inside a list counts as its items (five levels deep), a
 * single value as a list of one. */
#include "base/utf8.h"
#include "compute/liquid/filters.h"
#include "compute/liquid/letters.h"

enum {
    FLATTEN_LEVELS = 5,
    COPIED_A_STEP = 8, /* items that are copied and not looked at */
};

/* Counts, and when `out` is not NULL also copies, the items of nested lists. A step is spent for so
 * many of them. */
static int spread(struct liquid_render *render, const struct liquid_value *list, int level,
                  unsigned items_a_step, struct liquid_value *out, uint64_t *count)
{
    uint64_t size = liquid_count(list);
    uint64_t steps = size / items_a_step + (size % items_a_step != 0);
    bool flat = list->kind == LIQUID_RANGE;
    if (flat && out == NULL) {
        *count += size;
        return *count > UINT32_MAX ? liquid_exceeded(render, "memory")
                                   : liquid_spend(render, steps);
    }
    int status = liquid_spend(render, out == NULL ? steps : 0);
    for (uint64_t i = 0; i < size && status == 0; i++) {
        struct liquid_value item = liquid_item(list, i);
        if (level < FLATTEN_LEVELS && liquid_is_list(&item) && item.kind != LIQUID_RANGE) {
            status = spread(render, &item, level + 1, items_a_step, out, count);
            continue;
        }
        if (out != NULL)
            out[*count] = item;
        ++*count;
    }
    return status;
}

/* How many items the value has when it is taken apart. */
static int count_items(struct liquid_render *render, const struct liquid_value *value,
                       unsigned items_a_step, uint64_t *count)
{
    int status = 0;
    *count = value->kind == LIQUID_UNDEFINED ? 0 : 1;
    if (liquid_is_list(value)) {
        *count = 0;
        status = spread(render, value, 0, items_a_step, NULL, count);
    }
    if (status == 0 && *count > UINT32_MAX)
        status = liquid_exceeded(render, "memory");
    return status;
}

/* Copies these items. */
static int copy_items(struct liquid_render *render, const struct liquid_value *value,
                      uint64_t count, struct liquid_value *items)
{
    uint64_t copied = 0;
    if (liquid_is_list(value))
        return spread(render, value, 0, 1, items, &copied);
    if (count == 1)
        items[0] = *value;
    /* The loop object does not outlive its loop, a list may. */
    if (count == 1 && value->kind == LIQUID_LOOP)
        items[0] = liquid_text(HOB_TEXT("ForLoop"));
    return 0;
}

int liquid_flatten(struct liquid_render *render, const struct liquid_value *value,
                   struct liquid_value **items, uint32_t *count)
{
    uint64_t total;
    int status = count_items(render, value, 1, &total);
    if (status != 0)
        return status;
    *count = (uint32_t)total;
    *items = liquid_allocate(render, (size_t)total, sizeof **items, &status);
    return status != 0 ? status : copy_items(render, value, total, *items);
}

LIQUID_FILTER(size)
{
    (void)arguments;
    (void)render;
    uint64_t size = liquid_count(value);
    if (value->kind == LIQUID_TEXT)
        size = hob_utf8_count(value->text);
    *value = liquid_int((int64_t)size);
    return 0;
}

LIQUID_FILTER(first)
{
    (void)arguments;
    uint32_t at = 0;
    int status = 0;
    struct liquid_value first = liquid_nil();
    if (liquid_is_list(value) && liquid_count(value) > 0) {
        first = liquid_item(value, 0);
    } else if (value->kind == LIQUID_MAP && liquid_count(value) > 0) {
        struct liquid_value *pair = liquid_allocate(render, 2, sizeof *pair, &status);
        if (pair == NULL)
            return status;
        liquid_next_pair(value, &at, pair);
        first = liquid_list(pair, 2);
        first.tuple = true;
    }
    *value = first;
    return 0;
}

LIQUID_FILTER(last)
{
    (void)arguments;
    (void)render;
    uint64_t count = liquid_is_list(value) ? liquid_count(value) : 0;
    *value = count > 0 ? liquid_item(value, count - 1) : liquid_nil();
    return 0;
}

LIQUID_FILTER(reverse)
{
    (void)arguments;
    struct liquid_value *items;
    uint32_t count;
    int status = liquid_flatten(render, value, &items, &count);
    for (uint32_t i = 0; status == 0 && i < count / 2; i++) {
        struct liquid_value swapped = items[i];
        items[i] = items[count - 1 - i];
        items[count - 1 - i] = swapped;
    }
    *value = liquid_list(items, count);
    return status;
}

LIQUID_FILTER(join)
{
    struct liquid_value *items;
    struct hob_text separator = HOB_TEXT(" ");
    uint32_t count;
    int status = liquid_flatten(render, value, &items, &count);
    if (status == 0 && arguments->count > 0)
        status = liquid_argument_text(render, &arguments->values[0], &separator);
    hob_buffer_clear(&render->work);
    for (uint32_t i = 0; i < count && status == 0; i++) {
        if (i > 0)
            hob_buffer_put_text(&render->work, separator);
        liquid_print_str(&render->work, &items[i], render->output_limit);
        if (render->work.size > render->output_limit)
            status = liquid_exceeded(render, "output");
    }
    return status != 0 ? status : liquid_take_work(render, value);
}

LIQUID_FILTER(concat)
{
    uint64_t left, right;
    const struct liquid_value *argument = &arguments->values[0];
    if (!liquid_is_list(argument) || argument->kind == LIQUID_RANGE)
        return liquid_broken(render, "concat needs a list");
    int status = count_items(render, value, COPIED_A_STEP, &left);
    if (status == 0)
        status = count_items(render, argument, COPIED_A_STEP, &right);
    if (status != 0)
        return status;
    if (left + right > UINT32_MAX)
        return liquid_exceeded(render, "memory");
    struct liquid_value *both =
        liquid_allocate(render, (size_t)(left + right), sizeof *both, &status);
    if (status == 0)
        status = copy_items(render, value, left, both);
    if (status == 0)
        status = copy_items(render, argument, right, both + left);
    if (status == 0)
        *value = liquid_list(both, (uint32_t)(left + right));
    return status;
}

/* An item and what it is sorted by. */
struct keyed {
    struct liquid_value key, item;
};

/* Nothing comes last, and equal keys keep their order. */
static bool comes_before(const struct keyed *a, const struct keyed *b)
{
    int order = 0;
    if (liquid_is_nothing(&a->key))
        return false;
    if (liquid_is_nothing(&b->key))
        return true;
    return liquid_order(&a->key, &b->key, &order) && order == -1;
}

static void merge(struct keyed *items, struct keyed *scratch, size_t middle, size_t count)
{
    memcpy(scratch, items, middle * sizeof *items);
    size_t left = 0, right = middle, at = 0;
    while (left < middle && right < count)
        items[at++] =
            comes_before(&items[right], &scratch[left]) ? items[right++] : scratch[left++];
    memcpy(items + at, scratch + left, (middle - left) * sizeof *items);
}

static void sort(struct keyed *items, struct keyed *scratch, size_t count)
{
    if (count < 2)
        return;
    sort(items, scratch, count / 2);
    sort(items + count / 2, scratch, count - count / 2);
    merge(items, scratch, count / 2, count);
}

/* Orders the items by their keys; all keys must be of kinds that have an order. */
static int sort_keyed(struct liquid_render *render, struct keyed *keyed, uint32_t count,
                      struct liquid_value *value)
{
    int order, status;
    const struct keyed *model = NULL;
    for (uint32_t i = 0; i < count; i++) {
        if (liquid_is_nothing(&keyed[i].key))
            continue;
        if (model == NULL)
            model = &keyed[i];
        else if (!liquid_order(&model->key, &keyed[i].key, &order))
            return liquid_broken(render, "values of unlike kinds cannot be sorted");
    }
    struct keyed *scratch = liquid_allocate(render, count, sizeof *scratch, &status);
    struct liquid_value *items =
        scratch == NULL ? NULL : liquid_allocate(render, count, sizeof *items, &status);
    if (items == NULL)
        return status;
    sort(keyed, scratch, count);
    for (uint32_t i = 0; i < count; i++)
        items[i] = keyed[i].item;
    *value = liquid_list(items, count);
    /* As many steps as comparisons, about. */
    return liquid_spend(render, (uint64_t)count * 4);
}

/* The items of the input with the key that the argument names, or themselves as keys. */
static int make_keyed(struct liquid_render *render, const struct liquid_value *value,
                      const struct liquid_value *key, struct keyed **keyed, uint32_t *count)
{
    struct liquid_value *items;
    int status = liquid_flatten(render, value, &items, count);
    if (status != 0)
        return status;
    *keyed = liquid_allocate(render, *count, sizeof **keyed, &status);
    for (uint32_t i = 0; i < *count && status == 0; i++) {
        (*keyed)[i] = (struct keyed){items[i], items[i]};
        if (!liquid_is_nothing(key))
            status = liquid_property(render, &items[i], key, &(*keyed)[i].key);
    }
    return status;
}

LIQUID_FILTER(sort)
{
    struct keyed *keyed;
    uint32_t count;
    const struct liquid_value *key = &arguments->values[0];
    int status = make_keyed(render, value, key, &keyed, &count);
    if (status != 0)
        return status;
    for (uint32_t i = 0; i < count && count > 1 && liquid_is_nothing(key); i++)
        if (liquid_is_nothing(&keyed[i].key))
            return liquid_broken(render, "nil cannot be sorted");
    return sort_keyed(render, keyed, count, value);
}

LIQUID_FILTER(sort_natural)
{
    struct keyed *keyed;
    uint32_t count;
    bool by_key = !liquid_is_nothing(&arguments->values[0]);
    int status = make_keyed(render, value, &arguments->values[0], &keyed, &count);
    for (uint32_t i = 0; status == 0 && i < count; i++) {
        struct hob_text text;
        if (by_key && keyed[i].key.kind == LIQUID_UNDEFINED)
            continue;
        status = liquid_argument_text(render, &keyed[i].key, &text);
        hob_buffer_clear(&render->work);
        if (status == 0)
            liquid_put_lower(&render->work, text);
        if (status == 0)
            status = liquid_take_work(render, &keyed[i].key);
    }
    return status != 0 ? status : sort_keyed(render, keyed, count, value);
}

/* Positions + 1 of the keys seen; a power of two of slots, at most half of them used. */
struct seen {
    uint32_t *slots;
    size_t mask;
};

/* True when a key like this one was there before; else remembers it. */
static bool remember(struct liquid_render *render, struct seen *seen, const struct keyed *keyed,
                     uint32_t position)
{
    const struct liquid_value *key = &keyed[position].key;
    size_t at = (size_t)liquid_hash(key) & seen->mask;
    for (; seen->slots[at] != 0; at = (at + 1) & seen->mask)
        if (liquid_same(key, &keyed[seen->slots[at] - 1].key, &render->steps, render->step_limit))
            return true;
    seen->slots[at] = position + 1;
    return false;
}

LIQUID_FILTER(uniq)
{
    struct keyed *keyed;
    uint32_t count, kept = 0;
    int status = make_keyed(render, value, &arguments->values[0], &keyed, &count);
    if (status != 0)
        return status;
    struct seen seen = {NULL, 7};
    while (seen.mask < (size_t)count * 2)
        seen.mask = seen.mask * 2 + 1;
    seen.slots = liquid_allocate(render, seen.mask + 1, sizeof *seen.slots, &status);
    struct liquid_value *items =
        status != 0 ? NULL : liquid_allocate(render, count, sizeof *items, &status);
    if (status != 0)
        return status;
    memset(seen.slots, 0, (seen.mask + 1) * sizeof *seen.slots);
    for (uint32_t i = 0; i < count && status == 0; i++) {
        if (!remember(render, &seen, keyed, i))
            items[kept++] = keyed[i].item;
        status = liquid_spend(render, 0);
    }
    *value = liquid_list(items, kept);
    return status;
}

LIQUID_FILTER(compact)
{
    struct keyed *keyed;
    uint32_t count, kept = 0;
    if (value->kind == LIQUID_UNDEFINED)
        return 0;
    int status = make_keyed(render, value, &arguments->values[0], &keyed, &count);
    if (status != 0)
        return status;
    struct liquid_value *items = liquid_allocate(render, count, sizeof *items, &status);
    for (uint32_t i = 0; i < count && status == 0; i++)
        if (!liquid_is_nothing(&keyed[i].key))
            items[kept++] = keyed[i].item;
    *value = liquid_list(items, kept);
    return status;
}
