/* collect: gives back the memory of values that nothing refers to any more.
 *
 * A template that builds a text or list bit by bit makes a new value at each step; the old ones
 * would soon be more than a render may hold. Between two statements all values in the heap that are
 * still in use can be found: in the variables, those that `render` tags hide included, and on the
 * stack of bindings. The work is counted, and done so rarely that it is a part of the work of
 * filling the memory that it looks through. */
#include "compute/liquid/render.h"

enum {
    RARELY = 1 << 20, /* bytes to be handed out before the first time */
    BYTES_A_MARK = 64,
    MARKS_A_STEP = 16,
};

/* Items are values that were there before their list, so that there are no cycles, and filters
 * flatten lists, so that they are not deep. */
static void mark(struct liquid_render *render, const struct liquid_value *value, uint64_t *marks)
{
    ++*marks;
    if (value->kind == LIQUID_TEXT || value->kind == LIQUID_BIG)
        liquid_heap_mark(&render->heap, value->text.data, value->text.size);
    if (value->kind != LIQUID_LIST ||
        liquid_heap_mark(&render->heap, value->items, value->count * sizeof *value))
        return;
    for (uint32_t i = 0; i < value->count; i++)
        mark(render, &value->items[i], marks);
}

static void mark_table(struct liquid_render *render, const struct liquid_table *table,
                       uint64_t *marks)
{
    for (size_t i = 0; i < table->capacity; i++)
        if (table->slots[i].name.text.data != NULL)
            mark(render, &table->slots[i].value, marks);
}

int liquid_collect(struct liquid_render *render)
{
    uint64_t marks = 0;
    size_t rarely = render->memory_limit / 4 < RARELY ? render->memory_limit / 4 : RARELY;
    if (render->heap.fresh < rarely || render->heap.fresh < render->heap_limit)
        return 0;
    liquid_heap_begin(&render->heap);
    mark_table(render, &render->locals, &marks);
    for (const struct liquid_hidden *hidden = render->hidden; hidden != NULL;
         hidden = hidden->outer)
        mark_table(render, &hidden->locals, &marks);
    for (size_t i = 0; i < render->stack_count; i++)
        mark(render, &render->stack[i].value, &marks);
    liquid_heap_sweep(&render->heap);
    size_t alive = render->heap.size / 2;
    render->heap_limit = alive > marks * BYTES_A_MARK ? alive : (size_t)marks * BYTES_A_MARK;
    return liquid_spend(render, marks / MARKS_A_STEP);
}
