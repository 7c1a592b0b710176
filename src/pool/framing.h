/* framing: where one message of a worker ends and the next one begins.
 *
 * Two ways: a message a line, or `Content-Length: N` headers before each, as LSP has them. Bytes
 * come in as they are read, in pieces of any size. A message over the limit is skipped, told once,
 * and what follows it is read as if it had not been there. */
#ifndef HOB_POOL_FRAMING_H
#define HOB_POOL_FRAMING_H

#include "base/buffer.h"

enum hob_framing_kind { HOB_FRAMING_LINES, HOB_FRAMING_HEADERS };

struct hob_framing {
    enum hob_framing_kind kind;
    size_t limit; /* bytes of one message */
    struct hob_buffer bytes;
    size_t at;      /* bytes in front of it have been taken */
    size_t scanned; /* bytes up to here hold no end of the line that begins at `at` */
    size_t skip;    /* headers: bytes of a message that is too large; they are never kept */
    bool skipping;  /* lines: until the next end of a line */
};

enum hob_framing_found {
    HOB_FRAMING_MORE,      /* nothing whole: read on */
    HOB_FRAMING_MESSAGE,   /* *message, valid until more bytes are added */
    HOB_FRAMING_NOISE,     /* *message is a line that cannot be part of a message */
    HOB_FRAMING_TOO_LARGE, /* one that is not kept: *message is how it begins, valid likewise */
};

/* `limit`: bytes that a message may have. Nothing is allocated yet. */
void hob_framing_init(struct hob_framing *framing, enum hob_framing_kind kind, size_t limit);
void hob_framing_deinit(struct hob_framing *framing);
/* Room for `size` more bytes to be read into, NULL without memory; then says how many came. */
char *hob_framing_reserve(struct hob_framing *framing, size_t size);
void hob_framing_add(struct hob_framing *framing, size_t size);
/* To be called until there is nothing whole left. Empty lines are passed over. */
enum hob_framing_found hob_framing_next(struct hob_framing *framing, struct hob_text *message);
/* Appends a message as the worker expects it. The text must be without line ends (see
 * hob_message_put_line) if messages are lines. */
void hob_framing_put(struct hob_buffer *out, enum hob_framing_kind kind, struct hob_text message);

#endif
