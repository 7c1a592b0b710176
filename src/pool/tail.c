/* tail: see tail.h. A ring: byte number N of all lies at N modulo the size. */
#include "pool/tail.h"

void hob_tail_deinit(struct hob_tail *tail)
{
    free(tail->bytes);
    *tail = (struct hob_tail)HOB_TAIL_INIT;
}

void hob_tail_add(struct hob_tail *tail, const char *bytes, size_t size)
{
    if (size == 0)
        return;
    if (tail->bytes == NULL)
        tail->bytes = hob_alloc(HOB_TAIL_SIZE);
    if (size > HOB_TAIL_SIZE) {
        tail->seen += size - HOB_TAIL_SIZE;
        bytes += size - HOB_TAIL_SIZE;
        size = HOB_TAIL_SIZE;
    }
    size_t at = tail->seen % HOB_TAIL_SIZE;
    size_t first = HOB_TAIL_SIZE - at < size ? HOB_TAIL_SIZE - at : size;
    memcpy(tail->bytes + at, bytes, first);
    memcpy(tail->bytes, bytes + first, size - first);
    tail->seen += size;
}

static void put_from(struct hob_buffer *out, const struct hob_tail *tail, uint64_t start)
{
    size_t size = (size_t)(tail->seen - start), at = start % HOB_TAIL_SIZE;
    size_t first = HOB_TAIL_SIZE - at < size ? HOB_TAIL_SIZE - at : size;
    if (size == 0)
        return;
    hob_buffer_put(out, tail->bytes + at, first);
    hob_buffer_put(out, tail->bytes, size - first);
}

static char byte_at(const struct hob_tail *tail, uint64_t number)
{
    return tail->bytes[number % HOB_TAIL_SIZE];
}

static uint64_t oldest(const struct hob_tail *tail)
{
    return tail->seen > HOB_TAIL_SIZE ? tail->seen - HOB_TAIL_SIZE : 0;
}

void hob_tail_put(struct hob_buffer *out, const struct hob_tail *tail)
{
    uint64_t start = oldest(tail), line = start;
    if (start > 0) {
        while (line < tail->seen && byte_at(tail, line) != '\n')
            line++;
        start = line < tail->seen ? line + 1 : start;
    }
    put_from(out, tail, start);
}

void hob_tail_put_lines(struct hob_buffer *out, const struct hob_tail *tail, unsigned lines,
                        size_t most)
{
    uint64_t end = tail->seen, first = oldest(tail);
    if (end - first > most)
        first = end - most;
    uint64_t start = end;
    while (start > first) {
        bool line_end = byte_at(tail, start - 1) == '\n' && start != end;
        if (line_end && --lines == 0)
            break;
        start--;
    }
    size_t before = out->size;
    put_from(out, tail, start);
    while (out->size > before &&
           (out->data[out->size - 1] == '\n' || out->data[out->size - 1] == '\r'))
        out->size--;
}
