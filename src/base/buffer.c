/* buffer: see buffer.h. */
#include "base/buffer.h"

#include <stdarg.h>
#include <stdio.h>

void hob_buffer_deinit(struct hob_buffer *buffer)
{
    free(buffer->data);
    *buffer = (struct hob_buffer)HOB_BUFFER_INIT;
}

bool hob_buffer_reserve_slow(struct hob_buffer *buffer, size_t extra)
{
    size_t needed;
    if (buffer->failed)
        return false;
    if (__builtin_add_overflow(buffer->size, extra, &needed) ||
        !HOB_TRY_GROW(buffer->data, buffer->capacity, needed < 64 ? 64 : needed)) {
        buffer->failed = true;
        buffer->capacity = buffer->size; /* so that everything that follows comes here */
        return false;
    }
    return true;
}

void hob_buffer_put_repeated(struct hob_buffer *buffer, char byte, size_t times)
{
    if (times > 0 && hob_buffer_reserve(buffer, times)) {
        memset(buffer->data + buffer->size, byte, times);
        buffer->size += times;
    }
}

void hob_buffer_printf(struct hob_buffer *buffer, const char *format, ...)
{
    va_list arguments, again;
    va_start(arguments, format);
    va_copy(again, arguments);
    int size = vsnprintf(NULL, 0, format, arguments);
    va_end(arguments);
    if (size > 0 && hob_buffer_reserve(buffer, (size_t)size + 1)) {
        vsnprintf(buffer->data + buffer->size, (size_t)size + 1, format, again);
        buffer->size += (size_t)size;
    }
    va_end(again);
}

const char *hob_buffer_string(struct hob_buffer *buffer)
{
    if (!hob_buffer_reserve(buffer, 1))
        return ""; /* a failed buffer is no text */
    buffer->data[buffer->size] = '\0';
    return buffer->data;
}

char *hob_buffer_steal(struct hob_buffer *buffer, size_t *size)
{
    if (buffer->failed || !hob_buffer_reserve(buffer, 1)) {
        hob_buffer_deinit(buffer);
        return NULL;
    }
    buffer->data[buffer->size] = '\0';
    if (size != NULL)
        *size = buffer->size;
    char *data = HOB_STEAL(buffer->data);
    *buffer = (struct hob_buffer)HOB_BUFFER_INIT;
    return data;
}
