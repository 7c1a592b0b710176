/* imports: see imports.h.
 *
 * Python writes a module when its import is over, so that the modules that it imported stand before
 * it, indented more deeply; all times are of one clock, so the sum of `self` up to a line is when
 * its import ended. */
#include "profile/imports.h"

#include <stdio.h>

static const char prefix[] = "import time: ";
enum { DEEPEST = 1000 };

/* "import time:       123 |        456 |   name", two blanks a level behind the one of the bar. */
static bool read_line(struct hob_text line, struct hob_import *import, struct hob_arena *arena)
{
    char numbers[64];
    const char *bar = line.size > 0 ? memchr(line.data, '|', line.size) : NULL;
    const char *second =
        bar == NULL ? NULL : memchr(bar + 1, '|', (size_t)(line.data + line.size - bar - 1));
    unsigned long self, cumulative;
    if (second == NULL || second + 2 > line.data + line.size)
        return false;
    size_t size = (size_t)(second - line.data);
    snprintf(numbers, sizeof numbers, "%.*s", (int)(size < 63 ? size : 63), line.data);
    if (sscanf(numbers, "%lu | %lu", &self, &cumulative) != 2)
        return false;
    struct hob_text name = {second + 2, (size_t)(line.data + line.size - second - 2)};
    size_t blanks = 0;
    while (blanks < name.size && name.data[blanks] == ' ')
        blanks++;
    name.data += blanks;
    name.size -= blanks;
    *import = (struct hob_import){
        .name = hob_arena_copy(arena, name).data,
        .self = (double)self,
        .cumulative = (double)cumulative,
        .depth = blanks / 2 < DEEPEST ? (unsigned)(blanks / 2) : DEEPEST,
    };
    return true;
}

struct list {
    struct hob_import *items;
    size_t count, capacity;
};

static struct hob_text next_line(struct hob_text *text)
{
    const char *end = memchr(text->data, '\n', text->size);
    size_t size = end != NULL ? (size_t)(end - text->data) : text->size;
    struct hob_text line = {text->data, size};
    size_t taken = end != NULL ? size + 1 : size;
    text->data += taken;
    text->size -= taken;
    return line;
}

static void read_lines(struct list *list, struct hob_arena *arena, struct hob_text errors,
                       struct hob_buffer *rest)
{
    while (errors.size > 0) {
        struct hob_text whole = next_line(&errors), line = whole;
        struct hob_import import;
        if (!hob_text_starts_with(line, prefix)) {
            hob_buffer_put_text(rest, whole);
            hob_buffer_put_char(rest, '\n');
            continue;
        }
        line.data += sizeof prefix - 1;
        line.size -= sizeof prefix - 1;
        if (read_line(line, &import, arena) &&
            HOB_TRY_GROW(list->items, list->capacity, list->count + 1))
            list->items[list->count++] = import;
    }
}

/* The end of the import of what Python imports before it runs anything. */
static size_t end_of_interpreter(const struct list *list, const char *marker)
{
    for (size_t i = 0; i < list->count; i++)
        if (strcmp(list->items[i].name, marker) == 0)
            return i + 1;
    return 0;
}

static void tell_starts(struct hob_imports *imports, struct list *list, const char *marker)
{
    double clock = 0;
    size_t border = end_of_interpreter(list, marker);
    for (size_t i = 0; i < list->count; i++) {
        struct hob_import *import = &list->items[i];
        clock += import->self;
        import->start = clock > import->cumulative ? clock - import->cumulative : 0;
        import->interpreter = i < border;
        if (import->interpreter)
            imports->interpreter += import->self;
        else
            imports->total += import->self;
    }
}

/* Where the subtree begins that ends with `last`: in front of it stand its modules. */
static size_t subtree_start(const struct list *list, size_t last)
{
    size_t first = last;
    while (first > 0 && list->items[first - 1].depth > list->items[last].depth)
        first--;
    return first;
}

/* Turns [first, end) of the list, children before parents, into parents before children; a stack of
 * its own in place of recursion, because the depth is somebody else's. */
static void put_in_order(struct hob_imports *imports, const struct list *list)
{
    size_t out = list->count;
    /* Backwards a parent comes first and its children after it in reverse: so each subtree is
     * filled from its end. What is still to be placed is a stack of ranges. */
    struct range {
        size_t first, end;
    } *ranges = hob_alloc_zero(list->count + 2, sizeof *ranges);
    size_t depth = 0;
    size_t *parents = hob_alloc_zero(list->count + 2, sizeof *parents);
    ranges[depth] = (struct range){0, list->count};
    parents[depth++] = SIZE_MAX;
    while (depth > 0) {
        struct range *range = &ranges[depth - 1];
        if (range->first == range->end) { /* all children are placed: the parent goes before them */
            size_t parent = parents[--depth];
            if (parent != SIZE_MAX)
                imports->items[--out] = list->items[parent];
            continue;
        }
        size_t last = range->end - 1;
        size_t first = subtree_start(list, last);
        first = first < range->first ? range->first : first;
        range->end = first;
        ranges[depth] = (struct range){first, last};
        parents[depth++] = last;
    }
    free(parents);
    free(ranges);
}

void hob_imports_read(struct hob_imports *imports, struct hob_arena *arena, struct hob_text errors,
                      const char *marker, struct hob_buffer *rest)
{
    struct list list = {0};
    *imports = (struct hob_imports){0};
    read_lines(&list, arena, errors, rest);
    tell_starts(imports, &list, marker);
    imports->items = hob_arena_alloc(arena, (list.count + 1) * sizeof *imports->items);
    imports->count = list.count;
    put_in_order(imports, &list);
    free(list.items);
}
