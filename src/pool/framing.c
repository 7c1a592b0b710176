/* framing: see framing.h. Taken bytes are dropped when there is nothing else, or when they are more
 * than what is left, so that each byte is moved at most once on average. */
#include "pool/framing.h"

#include <stdio.h>

enum {
    MOST_HEADER = 4096,
    ROOMY = 1 << 20,
    BEGINNING = 256, /* bytes that are shown of a message that is too large */
};

void hob_framing_init(struct hob_framing *framing, enum hob_framing_kind kind, size_t limit)
{
    *framing = (struct hob_framing){.kind = kind, .limit = limit};
}

void hob_framing_deinit(struct hob_framing *framing)
{
    hob_buffer_deinit(&framing->bytes);
}

static void drop_taken(struct hob_framing *framing)
{
    struct hob_buffer *bytes = &framing->bytes;
    size_t left = bytes->size - framing->at;
    if (left > framing->at)
        return;
    if (left > 0)
        memmove(bytes->data, bytes->data + framing->at, left);
    framing->scanned -= framing->scanned < framing->at ? framing->scanned : framing->at;
    bytes->size = left;
    framing->at = 0;
    /* One large message must not cost its size for ever. */
    if (left == 0 && bytes->capacity > ROOMY)
        hob_buffer_deinit(bytes);
}

char *hob_framing_reserve(struct hob_framing *framing, size_t size)
{
    drop_taken(framing);
    if (!hob_buffer_reserve(&framing->bytes, size))
        return NULL;
    return framing->bytes.data + framing->bytes.size;
}

void hob_framing_add(struct hob_framing *framing, size_t size)
{
    framing->bytes.size += size;
}

static struct hob_text untaken(const struct hob_framing *framing)
{
    return (struct hob_text){framing->bytes.data + framing->at, framing->bytes.size - framing->at};
}

static void take(struct hob_framing *framing, size_t size)
{
    framing->at += size;
    framing->scanned = framing->at;
}

/* The line at the front, without its end: 1, or 0 while it is not whole. */
static bool next_line(struct hob_framing *framing, struct hob_text *line)
{
    struct hob_text bytes = untaken(framing);
    if (bytes.size == 0)
        return false;
    size_t known = framing->scanned > framing->at ? framing->scanned - framing->at : 0;
    const char *end = memchr(bytes.data + known, '\n', bytes.size - known);
    if (end == NULL) {
        framing->scanned = framing->bytes.size;
        return false;
    }
    size_t size = (size_t)(end - bytes.data);
    take(framing, size + 1);
    if (size > 0 && bytes.data[size - 1] == '\r')
        size--;
    *line = (struct hob_text){bytes.data, size};
    return true;
}

static enum hob_framing_found next_of_lines(struct hob_framing *framing, struct hob_text *message)
{
    while (next_line(framing, message)) {
        bool rest = framing->skipping;
        framing->skipping = false;
        if (rest || message->size == 0)
            continue;
        return message->size > framing->limit ? HOB_FRAMING_TOO_LARGE : HOB_FRAMING_MESSAGE;
    }
    bool first = !framing->skipping;
    struct hob_text rest = untaken(framing);
    size_t size = rest.size - (rest.size > 0 && rest.data[rest.size - 1] == '\r');
    if (size <= framing->limit && first)
        return HOB_FRAMING_MORE;
    *message = rest;
    take(framing, rest.size);
    framing->skipping = true;
    return first ? HOB_FRAMING_TOO_LARGE : HOB_FRAMING_MORE;
}

static bool starts_without_case(struct hob_text text, const char *prefix)
{
    size_t i = 0;
    for (; prefix[i] != '\0'; i++) {
        char byte = i < text.size ? text.data[i] : '\0';
        if ((byte >= 'A' && byte <= 'Z' ? byte + 32 : byte) != prefix[i])
            return false;
    }
    return true;
}

/* The number behind "content-length:", or SIZE_MAX. */
static size_t content_length(struct hob_text line)
{
    static const char name[] = "content-length:";
    size_t number = 0, at = sizeof name - 1;
    if (!starts_without_case(line, name))
        return SIZE_MAX;
    while (at < line.size && (line.data[at] == ' ' || line.data[at] == '\t'))
        at++;
    if (at == line.size)
        return SIZE_MAX;
    while (line.data[line.size - 1] == ' ' || line.data[line.size - 1] == '\t')
        line.size--;
    for (; at < line.size; at++) {
        if (line.data[at] < '0' || line.data[at] > '9' || number > SIZE_MAX / 16)
            return SIZE_MAX;
        number = number * 10 + (size_t)(line.data[at] - '0');
    }
    return number;
}

static bool is_name_byte(char byte)
{
    char lower = (char)(byte | 32);
    return (lower >= 'a' && lower <= 'z') || (byte >= '0' && byte <= '9') || byte == '-';
}

/* What begins a message is one of two names; behind its length, any name may stand. */
static bool looks_like_header(struct hob_text line, bool known_length)
{
    size_t size = 0;
    if (content_length(line) != SIZE_MAX || starts_without_case(line, "content-type:"))
        return true;
    while (size < line.size && is_name_byte(line.data[size]))
        size++;
    return known_length && size > 0 && size < line.size && line.data[size] == ':';
}

/* Headers up to the empty line: 1 with *length and *size (of all of them); 0 while they are not
 * whole; -1 for a first line that is none of a message. */
static int read_headers(struct hob_text bytes, size_t *length, size_t *size)
{
    size_t at = 0;
    *length = SIZE_MAX;
    while (at < bytes.size) {
        const char *end = memchr(bytes.data + at, '\n', bytes.size - at);
        if ((end == NULL ? bytes.size : at) > MOST_HEADER)
            return -1;
        if (end == NULL)
            return 0;
        struct hob_text line = {bytes.data + at, (size_t)(end - bytes.data) - at};
        line.size -= line.size > 0 && line.data[line.size - 1] == '\r';
        if (line.size > 0 && !looks_like_header(line, *length != SIZE_MAX))
            return -1;
        at = (size_t)(end - bytes.data) + 1;
        if (line.size == 0) {
            *size = at;
            return *length != SIZE_MAX ? 1 : -1;
        }
        size_t number = content_length(line);
        *length = number != SIZE_MAX ? number : *length;
    }
    return 0;
}

/* Takes the line in front, which is none of ours. */
static enum hob_framing_found take_noise(struct hob_framing *framing, struct hob_text *message)
{
    if (!next_line(framing, message)) {
        *message = untaken(framing);
        take(framing, message->size);
    }
    return message->size > 0 ? HOB_FRAMING_NOISE : HOB_FRAMING_MORE;
}

static enum hob_framing_found next_of_headers(struct hob_framing *framing, struct hob_text *message)
{
    for (;;) {
        size_t length, size, skipped = untaken(framing).size;
        skipped = skipped < framing->skip ? skipped : framing->skip;
        take(framing, skipped);
        framing->skip -= skipped;
        struct hob_text bytes = untaken(framing);
        if (bytes.size == 0)
            return HOB_FRAMING_MORE;
        int found = read_headers(bytes, &length, &size);
        if (found == 0)
            return HOB_FRAMING_MORE;
        if (found < 0) {
            if (take_noise(framing, message) == HOB_FRAMING_NOISE)
                return HOB_FRAMING_NOISE;
            continue;
        }
        if (length > framing->limit) {
            if (bytes.size - size < (length < BEGINNING ? length : BEGINNING))
                return HOB_FRAMING_MORE;
            *message =
                (struct hob_text){bytes.data + size, length < BEGINNING ? length : BEGINNING};
            take(framing, size);
            framing->skip = length;
            return HOB_FRAMING_TOO_LARGE;
        }
        if (bytes.size - size < length)
            return HOB_FRAMING_MORE;
        *message = (struct hob_text){bytes.data + size, length};
        take(framing, size + length);
        return HOB_FRAMING_MESSAGE;
    }
}

enum hob_framing_found hob_framing_next(struct hob_framing *framing, struct hob_text *message)
{
    return framing->kind == HOB_FRAMING_LINES ? next_of_lines(framing, message)
                                              : next_of_headers(framing, message);
}

void hob_framing_put(struct hob_buffer *out, enum hob_framing_kind kind, struct hob_text message)
{
    if (kind == HOB_FRAMING_HEADERS)
        hob_buffer_printf(out, "Content-Length: %zu\r\n\r\n", message.size);
    hob_buffer_put_text(out, message);
    if (kind == HOB_FRAMING_LINES)
        hob_buffer_put_char(out, '\n');
}
