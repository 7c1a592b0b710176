/* arena: a list of blocks, filled from the front; large pieces get a block of their own behind the
 * one being filled, so that they don't waste its rest. Blocks double up to 256 KiB. */
#include "base/arena.h"

#include <stdalign.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>

enum { FIRST_BLOCK = 1024, LARGEST_BLOCK = 256 * 1024 };

struct block {
    struct block *next;
    size_t size; /* of the data */
    alignas(max_align_t) char data[];
};

struct hob_arena {
    struct block *blocks; /* the first is the one being filled */
    size_t used;          /* of the first block */
    size_t total;
    size_t next_size;
    struct hob_arena *adopted; /* list through next_adopted */
    struct hob_arena *next_adopted;
};

struct hob_arena *hob_arena_new(void)
{
    struct hob_arena *arena = hob_alloc_zero(1, sizeof *arena);
    arena->next_size = FIRST_BLOCK;
    return arena;
}

struct hob_arena *hob_arena_free(struct hob_arena *arena)
{
    while (arena != NULL) {
        for (struct block *block = arena->blocks, *next; block != NULL; block = next) {
            next = block->next;
            free(block);
        }
        hob_arena_free(arena->adopted);
        struct hob_arena *sibling = arena->next_adopted;
        free(arena);
        arena = sibling;
    }
    return NULL;
}

static struct block *add_block(struct hob_arena *arena, size_t size)
{
    if (size > PTRDIFF_MAX - sizeof(struct block))
        return NULL;
    struct block *block = malloc(sizeof *block + size);
    if (block == NULL)
        return NULL;
    block->size = size;
    arena->total += size;
    return block;
}

void *hob_arena_try_alloc(struct hob_arena *arena, size_t size)
{
    const size_t align = alignof(max_align_t);
    if (size > PTRDIFF_MAX - align)
        return NULL;
    size = size == 0 ? align : (size + align - 1) / align * align;
    struct block *first = arena->blocks;
    if (first != NULL && first->size - arena->used >= size) {
        void *memory = first->data + arena->used;
        arena->used += size;
        return memory;
    }
    if (first != NULL && size > arena->next_size / 4) {
        struct block *own = add_block(arena, size);
        if (own == NULL)
            return NULL;
        own->next = first->next;
        first->next = own;
        return own->data;
    }
    size_t block_size = size > arena->next_size ? size : arena->next_size;
    struct block *block = add_block(arena, block_size);
    if (block == NULL)
        return NULL;
    if (arena->next_size < LARGEST_BLOCK)
        arena->next_size *= 2;
    block->next = first;
    arena->blocks = block;
    arena->used = size;
    return block->data;
}

void *hob_arena_alloc(struct hob_arena *arena, size_t size)
{
    void *memory = hob_arena_try_alloc(arena, size);
    if (memory == NULL) {
        fprintf(stderr, "hob: out of memory while allocating %zu bytes\n", size);
        abort();
    }
    return memory;
}

struct hob_text hob_arena_copy(struct hob_arena *arena, struct hob_text text)
{
    char *copy = hob_arena_alloc(arena, text.size + 1);
    if (text.size > 0)
        memcpy(copy, text.data, text.size);
    copy[text.size] = '\0';
    return (struct hob_text){copy, text.size};
}

char *hob_arena_printf(struct hob_arena *arena, const char *format, ...)
{
    va_list arguments, again;
    va_start(arguments, format);
    va_copy(again, arguments);
    int size = vsnprintf(NULL, 0, format, arguments);
    va_end(arguments);
    char *text = hob_arena_alloc(arena, (size_t)(size < 0 ? 0 : size) + 1);
    text[0] = '\0';
    if (size >= 0)
        vsnprintf(text, (size_t)size + 1, format, again);
    va_end(again);
    return text;
}

void hob_arena_adopt(struct hob_arena *arena, struct hob_arena *child)
{
    if (child == NULL)
        return;
    child->next_adopted = arena->adopted;
    arena->adopted = child;
}

size_t hob_arena_size(const struct hob_arena *arena)
{
    size_t total = sizeof *arena + arena->total;
    for (const struct hob_arena *child = arena->adopted; child != NULL; child = child->next_adopted)
        total += hob_arena_size(child);
    return total;
}
