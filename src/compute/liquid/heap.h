/* heap: memory for the values of variables, loops and partials, which is given back when nothing
 * points to it any more (private to this folder).
 *
 * Nothing moves. Blocks are marked by any address inside of them; a sweep frees the others. Small
 * pieces share a block, and live as long as the last of them. */
#ifndef HOB_COMPUTE_LIQUID_HEAP_H
#define HOB_COMPUTE_LIQUID_HEAP_H

#include <stdbool.h>
#include <stddef.h>

struct liquid_heap_block;

struct liquid_heap {
    struct liquid_heap_block **blocks; /* in order of their addresses after liquid_heap_begin */
    size_t count, capacity;
    struct liquid_heap_block *filled; /* the shared one that is being filled, or NULL */
    size_t size;                      /* bytes held */
    size_t fresh;                     /* bytes handed out since the last sweep */
};

/* Memory aligned for any type; NULL when there is none. */
void *liquid_heap_alloc(struct liquid_heap *heap, size_t size);
void liquid_heap_deinit(struct liquid_heap *heap);

/* Before marking. */
void liquid_heap_begin(struct liquid_heap *heap);
/* Keeps what the address is in; addresses outside the heap do no harm. True when these bytes are a
 * whole large piece that came here before, so that what it points to is marked, too. */
bool liquid_heap_mark(struct liquid_heap *heap, const void *address, size_t size);
void liquid_heap_sweep(struct liquid_heap *heap);

#endif
