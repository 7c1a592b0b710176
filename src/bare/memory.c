/* memory: given out from a piece of the program's own, then from the system; never taken back, but
 * for the last that was given out: the program lives for half a millisecond. */
#define _GNU_SOURCE
#include <errno.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#include "bare/system.h"

enum { OWN = 1 << 16, MORE = 1 << 20, ALIGNMENT = 16 };

/* Before each allocation; its size is needed when it grows. */
struct head {
    size_t size;
    size_t padding;
};

static _Alignas(ALIGNMENT) char own[OWN];
static char *next = own, *end = own + OWN;

static size_t round_up(size_t size, size_t alignment)
{
    return (size + alignment - 1) & ~(alignment - 1);
}

static bool get_more(size_t size)
{
    size_t wanted = round_up(size, MORE);
    long got = CALL6(mmap, 0, wanted, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (got == -1)
        return false;
    next = (char *)got;
    end = next + wanted;
    return true;
}

static void *allocate(size_t alignment, size_t size)
{
    if (size > SIZE_MAX / 2 || alignment > MORE) {
        errno = ENOMEM;
        return NULL;
    }
    size_t most = round_up(size, ALIGNMENT) + sizeof(struct head) + alignment;
    if ((size_t)(end - next) < most && !get_more(most))
        return NULL;
    char *given = (char *)round_up((uintptr_t)next + sizeof(struct head), alignment);
    ((struct head *)(void *)given)[-1].size = size;
    next = given + round_up(size, ALIGNMENT);
    return given;
}

static size_t size_of(const void *memory)
{
    return ((const struct head *)memory)[-1].size;
}

static bool is_last(const void *memory)
{
    return (const char *)memory + round_up(size_of(memory), ALIGNMENT) == next;
}

void *malloc(size_t size)
{
    return allocate(ALIGNMENT, size);
}

void free(void *memory)
{
    if (memory != NULL && is_last(memory))
        next = memory;
}

void *calloc(size_t count, size_t size)
{
    size_t all;
    if (__builtin_mul_overflow(count, size, &all))
        return NULL;
    void *memory = malloc(all);
    return memory != NULL ? memset(memory, 0, all) : NULL;
}

void *realloc(void *memory, size_t size)
{
    if (memory == NULL)
        return malloc(size);
    size_t before = size_of(memory);
    if (size <= before)
        return memory;
    if (is_last(memory) && size < (size_t)(end - (char *)memory) - ALIGNMENT) {
        ((struct head *)memory)[-1].size = size;
        next = (char *)memory + round_up(size, ALIGNMENT);
        return memory;
    }
    void *fresh = malloc(size);
    return fresh != NULL ? memcpy(fresh, memory, before) : NULL;
}

int posix_memalign(void **memory, size_t alignment, size_t size)
{
    *memory = allocate(alignment < ALIGNMENT ? ALIGNMENT : alignment, size);
    return *memory != NULL ? 0 : ENOMEM;
}
