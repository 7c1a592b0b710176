/* flatbuffer: building a FlatBuffers message, as far as Arrow needs it.
 *
 * A message is written from front to back: a table first, with holes for what it refers to, then
 * that, then the reference is set. So references always point forward, as the format demands.
 * Positions are bytes from the start, which must lie at a multiple of 8 wherever the message ends
 * up. Numbers are little-endian on every machine.
 *
 * Start, table (the root), everything else, then take the bytes; memory is asked for once at the
 * end (hob_buffer_failed). */
#ifndef HOB_ACCESS_FLATBUFFER_H
#define HOB_ACCESS_FLATBUFFER_H

#include "base/buffer.h"

struct hob_flatbuffer {
    struct hob_buffer bytes;
};

#define HOB_FLATBUFFER_INIT                                                                        \
    {                                                                                              \
        HOB_BUFFER_INIT                                                                            \
    }

void hob_flatbuffer_deinit(struct hob_flatbuffer *flat);
static inline void hob_auto_flatbuffer(struct hob_flatbuffer *flat)
{
    hob_flatbuffer_deinit(flat);
}

/* A field of a table; its place in the list is its id. */
struct hob_flatbuffer_field {
    uint8_t size; /* in bytes: 1, 2, 4 or 8; 0: the field is left out and has its default */
    int64_t value;
};
/* A field that refers to something that is written later. */
#define HOB_FLATBUFFER_REFERENCE                                                                   \
    {                                                                                              \
        4, 0                                                                                       \
    }
#define HOB_FLATBUFFER_ABSENT                                                                      \
    {                                                                                              \
        0, 0                                                                                       \
    }

/* Forgets what was there, and makes room for the reference to the root, the first table. */
void hob_flatbuffer_start(struct hob_flatbuffer *flat);
/* Appends a table with its vtable; returns its position. */
size_t hob_flatbuffer_put_table(struct hob_flatbuffer *flat,
                                const struct hob_flatbuffer_field *fields, size_t count);
size_t hob_flatbuffer_put_string(struct hob_flatbuffer *flat, struct hob_text text);
/* Appends a vector of zeroes; items are aligned to their alignment. Returns its position. */
size_t hob_flatbuffer_put_vector(struct hob_flatbuffer *flat, size_t count, size_t item_size,
                                 size_t alignment);
/* Where an item of a vector starts. */
static inline size_t hob_flatbuffer_item(size_t vector, size_t i, size_t item_size)
{
    return vector + 4 + i * item_size;
}

/* Sets the number of `size` bytes at a position. */
void hob_flatbuffer_set(struct hob_flatbuffer *flat, size_t position, size_t size, int64_t value);
/* Makes the four bytes at a position, or a field of a table, refer to what lies at `target`. */
void hob_flatbuffer_refer(struct hob_flatbuffer *flat, size_t position, size_t target);
void hob_flatbuffer_refer_field(struct hob_flatbuffer *flat, size_t table, size_t id,
                                size_t target);
/* Ends the message at a multiple of 8. */
void hob_flatbuffer_finish(struct hob_flatbuffer *flat);

#endif
