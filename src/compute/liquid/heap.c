/* heap: see heap.h. */
#include "compute/liquid/heap.h"

#include <stdalign.h>
#include <stdint.h>
#include <stdlib.h>

#include "base/memory.h"

/* LARGE pieces have blocks of their own, since a shared block lives as long as anything in it. */
enum { SHARED_BLOCK = 64 * 1024, LARGE = 512, ALIGN = alignof(max_align_t) };

struct liquid_heap_block {
    size_t size, used;
    bool marked;
    bool whole; /* marked as one piece */
    alignas(max_align_t) char data[];
};

static size_t round_up(size_t size)
{
    return size == 0 ? ALIGN : (size + ALIGN - 1) / ALIGN * ALIGN;
}

static struct liquid_heap_block *add_block(struct liquid_heap *heap, size_t size)
{
    if (size > PTRDIFF_MAX - sizeof(struct liquid_heap_block) ||
        !HOB_TRY_GROW(heap->blocks, heap->capacity, heap->count + 1))
        return NULL;
    struct liquid_heap_block *block = malloc(sizeof *block + size);
    if (block == NULL)
        return NULL;
    block->size = size;
    block->used = 0;
    block->marked = block->whole = false;
    heap->blocks[heap->count++] = block;
    heap->size += size;
    return block;
}

void *liquid_heap_alloc(struct liquid_heap *heap, size_t size)
{
    if (size > PTRDIFF_MAX - ALIGN)
        return NULL;
    size = round_up(size);
    struct liquid_heap_block *block = heap->filled;
    if (size >= LARGE) {
        block = add_block(heap, size);
    } else if (block == NULL || block->size - block->used < size) {
        block = add_block(heap, SHARED_BLOCK);
        heap->filled = block != NULL ? block : heap->filled;
    }
    if (block == NULL)
        return NULL;
    void *memory = block->data + block->used;
    block->used += size;
    heap->fresh += size;
    return memory;
}

void liquid_heap_deinit(struct liquid_heap *heap)
{
    for (size_t i = 0; i < heap->count; i++)
        free(heap->blocks[i]);
    free(heap->blocks);
    *heap = (struct liquid_heap){NULL, 0, 0, NULL, 0, 0};
}

static int compare_addresses(const void *a, const void *b)
{
    uintptr_t left = (uintptr_t) * (struct liquid_heap_block *const *)a;
    uintptr_t right = (uintptr_t) * (struct liquid_heap_block *const *)b;
    return left < right ? -1 : left > right;
}

void liquid_heap_begin(struct liquid_heap *heap)
{
    for (size_t i = 0; i < heap->count; i++)
        heap->blocks[i]->marked = heap->blocks[i]->whole = false;
    if (heap->count > 1)
        qsort(heap->blocks, heap->count, sizeof *heap->blocks, compare_addresses);
}

bool liquid_heap_mark(struct liquid_heap *heap, const void *address, size_t size)
{
    size_t low = 0, high = heap->count;
    while (low < high) { /* blocks below `low` begin at the address or before it */
        size_t middle = low + (high - low) / 2;
        if ((uintptr_t)heap->blocks[middle]->data <= (uintptr_t)address)
            low = middle + 1;
        else
            high = middle;
    }
    if (low == 0)
        return false;
    struct liquid_heap_block *block = heap->blocks[low - 1];
    if ((uintptr_t)address - (uintptr_t)block->data >= block->size)
        return false;
    bool whole = address == (const void *)block->data && round_up(size) == block->size;
    bool before = block->whole;
    block->marked = true;
    block->whole = before || whole;
    return before && whole;
}

void liquid_heap_sweep(struct liquid_heap *heap)
{
    size_t kept = 0;
    for (size_t i = 0; i < heap->count; i++) {
        struct liquid_heap_block *block = heap->blocks[i];
        if (block->marked) {
            heap->blocks[kept++] = block;
            continue;
        }
        if (block == heap->filled)
            heap->filled = NULL;
        heap->size -= block->size;
        free(block);
    }
    heap->count = kept;
    heap->fresh = 0;
}
