/* buffer: a growing piece of text that is being written.
 *
 * Appending never has to be checked: when memory runs out the buffer turns `failed`, keeps what it
 * holds and ignores the rest; whoever hands the text on asks hob_buffer_failed once, and whoever
 * writes until something is full asks on the way. */
#ifndef HOB_BASE_BUFFER_H
#define HOB_BASE_BUFFER_H

#include "base/memory.h"
#include "base/text.h"

struct hob_buffer {
    char *data; /* owned; not NUL-terminated until hob_buffer_string */
    size_t size;
    size_t capacity;
    bool failed;
};

#define HOB_BUFFER_INIT                                                                            \
    {                                                                                              \
        0                                                                                          \
    }

void hob_buffer_deinit(struct hob_buffer *buffer);
static inline void hob_auto_buffer(struct hob_buffer *buffer)
{
    hob_buffer_deinit(buffer);
}

/* Room for `extra` more bytes; false when there is none. */
bool hob_buffer_reserve_slow(struct hob_buffer *buffer, size_t extra);
static inline bool hob_buffer_reserve(struct hob_buffer *buffer, size_t extra)
{
    if (extra <= buffer->capacity - buffer->size)
        return true;
    return hob_buffer_reserve_slow(buffer, extra);
}

static inline void hob_buffer_put(struct hob_buffer *buffer, const void *data, size_t size)
{
    if (size > 0 && hob_buffer_reserve(buffer, size)) {
        memcpy(buffer->data + buffer->size, data, size);
        buffer->size += size;
    }
}

static inline void hob_buffer_put_char(struct hob_buffer *buffer, char byte)
{
    if (hob_buffer_reserve(buffer, 1))
        buffer->data[buffer->size++] = byte;
}

static inline void hob_buffer_put_text(struct hob_buffer *buffer, struct hob_text text)
{
    hob_buffer_put(buffer, text.data, text.size);
}

static inline void hob_buffer_put_string(struct hob_buffer *buffer, const char *string)
{
    hob_buffer_put(buffer, string, strlen(string));
}

/* `byte` repeated. */
void hob_buffer_put_repeated(struct hob_buffer *buffer, char byte, size_t times);
void hob_buffer_printf(struct hob_buffer *buffer, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

static inline void hob_buffer_clear(struct hob_buffer *buffer)
{
    buffer->size = 0;
    buffer->failed = false;
}

static inline struct hob_text hob_buffer_text(const struct hob_buffer *buffer)
{
    return (struct hob_text){buffer->data != NULL ? buffer->data : "", buffer->size};
}

static inline bool hob_buffer_failed(const struct hob_buffer *buffer)
{
    return buffer->failed;
}
/* The text of a small buffer, where nobody could be told that it failed: ends the process then. */
static inline struct hob_text hob_buffer_whole_text(const struct hob_buffer *buffer)
{
    if (buffer->failed)
        hob_out_of_memory(buffer->size);
    return hob_buffer_text(buffer);
}

/* A C string that lives until the buffer changes; "" when memory ran out. */
const char *hob_buffer_string(struct hob_buffer *buffer);
/* The bytes as malloc'd memory for the caller (NUL behind them); the buffer is empty afterwards.
 * NULL when the buffer failed. */
char *hob_buffer_steal(struct hob_buffer *buffer, size_t *size);

#endif
