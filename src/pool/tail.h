/* tail: the last bytes of something that never ends, as a worker's standard error. */
#ifndef HOB_POOL_TAIL_H
#define HOB_POOL_TAIL_H

#include "base/buffer.h"

enum { HOB_TAIL_SIZE = 64 << 10 };

struct hob_tail {
    char *bytes;   /* HOB_TAIL_SIZE of them, from the first one on */
    uint64_t seen; /* bytes in all */
};

#define HOB_TAIL_INIT                                                                              \
    {                                                                                              \
        0                                                                                          \
    }

/* The bytes are copied; HOB_TAIL_SIZE are allocated with the first of them. */
void hob_tail_deinit(struct hob_tail *tail);
void hob_tail_add(struct hob_tail *tail, const char *bytes, size_t size);
/* Appends what is kept; the first line is left out if its beginning is. */
void hob_tail_put(struct hob_buffer *out, const struct hob_tail *tail);
/* Appends the last lines, at most that many and that many bytes, without the last line's end. */
void hob_tail_put_lines(struct hob_buffer *out, const struct hob_tail *tail, unsigned lines,
                        size_t most);

#endif
