/* memory: two allocation families, and owners that clean up after themselves.
 *
 * hob_alloc and friends are for sizes that the program decides: they never return NULL, the
 * process aborts with a message instead. hob_try_alloc and friends are for sizes that a file or a
 * client decides: they return NULL and the caller answers with HOB_E_MEMORY.
 *
 * HOB_AUTO(kind) on a local variable calls hob_auto_KIND(&variable) when the scope ends;
 * HOB_STEAL(pointer) hands such a pointer on and leaves NULL behind. */
#ifndef HOB_BASE_MEMORY_H
#define HOB_BASE_MEMORY_H

#include <stddef.h>
#include <stdlib.h>

void *hob_alloc(size_t size);
/* Ends the process as these do, for what was allocated in other ways. */
_Noreturn void hob_out_of_memory(size_t size);
/* Zeroed memory for count items; aborts on overflow too. */
void *hob_alloc_zero(size_t count, size_t size);
char *hob_copy_string(const char *string);

/* NULL when there is no memory, or when count * size overflows. */
void *hob_try_realloc(void *memory, size_t count, size_t size);
static inline void *hob_try_alloc(size_t count, size_t size)
{
    return hob_try_realloc(NULL, count, size);
}

/* Memory that is about to be filled from the front, in large pages when it is large: handing it out
 * in small ones takes the system longer than filling it. NULL as above; free as usual. */
void *hob_try_alloc_large(size_t count, size_t size);

/* Grows *items (of item_size bytes, *capacity of them) so that at least `needed` fit; doubles, so
 * that appending is linear. False (and *items as it was) when there is no memory. */
#define HOB_TRY_GROW(items, capacity, needed)                                                      \
    hob_try_grow((void **)&(items), &(capacity), (needed), sizeof *(items))
_Bool hob_try_grow(void **items, size_t *capacity, size_t needed, size_t item_size);

static inline void hob_auto_free(void *pointer_to_pointer)
{
    free(*(void **)pointer_to_pointer);
}

#define HOB_AUTO(kind) __attribute__((cleanup(hob_auto_##kind)))

static inline void *hob_steal_pointer(void *pointer_to_pointer)
{
    void **slot = pointer_to_pointer;
    void *pointer = *slot;
    *slot = NULL;
    return pointer;
}
#define HOB_STEAL(pointer) ((__typeof__(pointer))hob_steal_pointer(&(pointer)))

#endif
