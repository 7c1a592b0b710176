/* arena: memory that is freed all at once.
 *
 * A document, a frame or a request owns one; everything allocated from it lives until
 * hob_arena_free. Not for sharing between threads while somebody allocates. */
#ifndef HOB_BASE_ARENA_H
#define HOB_BASE_ARENA_H

#include "base/memory.h"
#include "base/text.h"

struct hob_arena;

/* Never NULL; the caller frees it, or hands it to who does. */
struct hob_arena *hob_arena_new(void);
/* Takes NULL, returns NULL. */
struct hob_arena *hob_arena_free(struct hob_arena *arena);
static inline void hob_auto_arena(struct hob_arena **arena)
{
    hob_arena_free(*arena);
}

/* Memory aligned for any type; never NULL (sizes that the program decides). */
void *hob_arena_alloc(struct hob_arena *arena, size_t size);
/* The same for sizes that a file or a client decides: NULL when there is no memory. */
void *hob_arena_try_alloc(struct hob_arena *arena, size_t size);

/* A copy with a NUL behind it, so that .data serves as a C string where there is none inside. */
struct hob_text hob_arena_copy(struct hob_arena *arena, struct hob_text text);
char *hob_arena_printf(struct hob_arena *arena, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

/* Makes `child` part of `arena`: it is freed with it. The child must not be used to allocate from
 * afterwards. */
void hob_arena_adopt(struct hob_arena *arena, struct hob_arena *child);

/* Bytes obtained from the system, adopted arenas included. */
size_t hob_arena_size(const struct hob_arena *arena);

#endif
