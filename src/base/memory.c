/* memory: see memory.h. */
#include "base/memory.h"

#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include "base/platform.h"

enum { LARGE_PAGE = 2 << 20, LARGE_FROM = 4 << 20 };

void hob_out_of_memory(size_t size)
{
    fprintf(stderr, "hob: out of memory while allocating %zu bytes\n", size);
    abort();
}

static void *need(void *memory, size_t size)
{
    if (memory == NULL && size > 0)
        hob_out_of_memory(size);
    return memory;
}

void *hob_alloc(size_t size)
{
    return need(malloc(size), size);
}

void *hob_alloc_zero(size_t count, size_t size)
{
    return need(calloc(count, size), size);
}

char *hob_copy_string(const char *string)
{
    size_t size = strlen(string) + 1;
    return memcpy(hob_alloc(size), string, size);
}

void *hob_try_realloc(void *memory, size_t count, size_t size)
{
    size_t total;
    if (__builtin_mul_overflow(count, size, &total) || total > PTRDIFF_MAX)
        return NULL;
    return realloc(memory, total > 0 ? total : 1);
}

void *hob_try_alloc_large(size_t count, size_t size)
{
    size_t total;
    void *memory = NULL;
    if (__builtin_mul_overflow(count, size, &total) || total > PTRDIFF_MAX - LARGE_PAGE)
        return NULL;
    if (total < LARGE_FROM)
        return malloc(total > 0 ? total : 1);
    if (posix_memalign(&memory, LARGE_PAGE, total) != 0)
        return NULL;
    hob_platform_prefer_large_pages(memory, total);
    return memory;
}

_Bool hob_try_grow(void **items, size_t *capacity, size_t needed, size_t item_size)
{
    if (needed <= *capacity)
        return 1;
    size_t wanted = *capacity < 8 ? 8 : *capacity * 2;
    if (wanted < needed)
        wanted = needed;
    void *grown = hob_try_realloc(*items, wanted, item_size);
    if (grown == NULL)
        return 0;
    *items = grown;
    *capacity = wanted;
    return 1;
}
