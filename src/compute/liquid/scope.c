/* scope: the variables of a render.
 *
 * A name is looked for among the loop variables and arguments of partials (a stack, innermost
 * first), the assigned variables, the data, the words `now` and `today`, and the counters. Names
 * carry their hash from parsing on. Inside `render` the stack begins at stack_base, and the
 * arguments, which lie below it, come behind the assigned variables. */
#include "base/utf8.h"
#include "compute/liquid/render.h"
#include "value/date.h"

static bool is_name(const struct liquid_name *a, const struct liquid_name *b)
{
    return a->hash == b->hash && a->text.data != NULL && hob_text_equal(a->text, b->text);
}

static struct liquid_binding *find_slot(const struct liquid_table *table,
                                        const struct liquid_name *name)
{
    size_t mask = table->capacity - 1;
    size_t at = (size_t)name->hash & mask;
    while (table->slots[at].name.text.data != NULL && !is_name(&table->slots[at].name, name))
        at = (at + 1) & mask;
    return &table->slots[at];
}

static bool grow_table(struct liquid_render *render, struct liquid_table *table)
{
    struct liquid_table grown = {.capacity = table->capacity == 0 ? 16 : table->capacity * 2};
    size_t size = grown.capacity * sizeof *grown.slots;
    grown.slots = hob_arena_try_alloc(render->keep, size);
    if (grown.slots == NULL)
        return false;
    memset(grown.slots, 0, size);
    for (size_t i = 0; i < table->capacity; i++) {
        struct liquid_binding *old = &table->slots[i];
        if (old->name.text.data != NULL)
            *find_slot(&grown, &old->name) = *old;
    }
    grown.count = table->count;
    *table = grown;
    return true;
}

struct liquid_value *liquid_slot(struct liquid_render *render, struct liquid_table *table,
                                 struct liquid_name name)
{
    if (table->count * 2 >= table->capacity && !grow_table(render, table))
        return NULL;
    struct liquid_binding *slot = find_slot(table, &name);
    if (slot->name.text.data == NULL) {
        slot->name = name;
        table->count++;
    }
    return &slot->value;
}

const struct liquid_value *liquid_find(const struct liquid_table *table,
                                       const struct liquid_name *name)
{
    if (table->count == 0)
        return NULL;
    const struct liquid_binding *slot = find_slot(table, name);
    return slot->name.text.data != NULL ? &slot->value : NULL;
}

/* The loop as it is now: the original ends with its `for`. */
static const struct liquid_loop *copy_loop(struct liquid_render *render,
                                           const struct liquid_loop *loop)
{
    struct liquid_loop *first = NULL;
    struct liquid_loop **last = &first;
    for (; loop != NULL; loop = loop->parent) {
        struct liquid_loop *copy = hob_arena_alloc(render->keep, sizeof *copy);
        *copy = *loop;
        copy->parent = NULL;
        *last = copy;
        last = (struct liquid_loop **)&copy->parent;
    }
    return first;
}

int liquid_assign(struct liquid_render *render, struct liquid_name name, struct liquid_value value)
{
    struct liquid_value *slot = liquid_slot(render, &render->locals, name);
    if (slot == NULL)
        return liquid_exceeded(render, "memory");
    if (value.kind == LIQUID_LOOP)
        value.loop = copy_loop(render, value.loop);
    *slot = value;
    return 0;
}

int liquid_push(struct liquid_render *render, struct liquid_name name, struct liquid_value value)
{
    if (!HOB_TRY_GROW(render->stack, render->stack_capacity, render->stack_count + 1))
        return liquid_exceeded(render, "memory");
    render->stack[render->stack_count++] = (struct liquid_binding){name, value};
    return 0;
}

int liquid_hold(struct liquid_render *render, struct liquid_value value)
{
    return liquid_push(render, (struct liquid_name){{NULL, 0}, 0}, value);
}

/* `now` is the local time without a zone, `today` its date; made when they are first asked for. */
static void make_moments(struct liquid_render *render)
{
    struct tm local;
    render->has_moments = true;
    if (localtime_r(&render->now.tv_sec, &local) == NULL)
        return;
    struct hob_date date = {local.tm_year + 1900, local.tm_mon + 1, local.tm_mday};
    int64_t seconds = local.tm_hour * 3600 + local.tm_min * 60 + local.tm_sec;
    struct hob_value *today = hob_value_new(render->keep, HOB_DATE);
    struct hob_value *moment = hob_value_new(render->keep, HOB_DATETIME);
    today->days = hob_date_to_days(date);
    moment->microseconds = (today->days * 86400 + seconds) * 1000000;
    moment->microseconds += render->now.tv_nsec / 1000;
    render->today_value = liquid_wrap(today, false);
    render->now_value = liquid_wrap(moment, false);
}

static bool find_moment(struct liquid_render *render, struct hob_text name,
                        struct liquid_value *value)
{
    bool today = hob_text_is(name, "today");
    if (!today && !hob_text_is(name, "now"))
        return false;
    if (!render->has_moments)
        make_moments(render);
    *value = today ? render->today_value : render->now_value;
    return true;
}

/* The innermost binding of the stack between two heights. */
static const struct liquid_value *find_bound(const struct liquid_render *render,
                                             const struct liquid_name *name, size_t bottom,
                                             size_t top)
{
    for (size_t i = top; i > bottom; i--)
        if (is_name(&render->stack[i - 1].name, name))
            return &render->stack[i - 1].value;
    return NULL;
}

struct liquid_value liquid_lookup(struct liquid_render *render, struct liquid_name name)
{
    const struct liquid_value *found =
        find_bound(render, &name, render->stack_base, render->stack_count);
    if (found == NULL)
        found = liquid_find(&render->locals, &name);
    if (found == NULL)
        found = find_bound(render, &name, render->arguments_base, render->stack_base);
    if (found != NULL)
        return *found;
    struct liquid_value value = {.kind = LIQUID_UNDEFINED};
    const char *withheld = render->context->withheld;
    if (render->data.kind == LIQUID_MAP && (withheld == NULL || !hob_text_is(name.text, withheld)))
        value = liquid_member_named(&render->data, name.text);
    if (value.kind != LIQUID_UNDEFINED || find_moment(render, name.text, &value))
        return value;
    found = liquid_find(&render->counters, &name);
    return found != NULL ? *found : value;
}
