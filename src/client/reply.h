/* reply: an answer in HTTP/1.1 (RFC 9112), read a piece at a time as it comes in.
 *
 * Strict: lines end in CR LF, nothing is continued on the next line, a body's length is told once
 * and in one way; what could be read in two ways is HOB_E_PROTOCOL. Bodies have a Content-Length,
 * come in chunks, or go on until the connection ends. Interim answers (1xx) are skipped, trailers
 * read and forgotten. */
#ifndef HOB_CLIENT_REPLY_H
#define HOB_CLIENT_REPLY_H

#include "base/buffer.h"
#include "base/error.h"

enum {
    HOB_REPLY_MAX_HEAD = 64 << 10, /* bytes of all lines but those of chunks */
    HOB_REPLY_TYPE_SIZE = 128,
};

struct hob_reply {
    int status;
    char content_type[HOB_REPLY_TYPE_SIZE]; /* "" when there is none */
    struct hob_buffer body;
    unsigned retry_after; /* seconds; 0 when it does not say */
    bool keeps_alive;     /* the connection can be used again */

    /* How far it is read; nobody else's business. */
    struct {
        int state;
        struct hob_buffer line; /* the part of a line that came so far */
        size_t head_size;
        size_t max_body;
        uint64_t left; /* bytes of the body, or of its chunk */
        bool without_body, has_length, chunked;
    } read;
};

#define HOB_REPLY_INIT                                                                             \
    {                                                                                              \
        0                                                                                          \
    }

/* Before each answer; the buffers are used again. `method` is that of the request; a body of more
 * than `max_body` bytes is HOB_E_LIMIT. */
void hob_reply_begin(struct hob_reply *reply, const char *method, size_t max_body);
void hob_reply_deinit(struct hob_reply *reply);
static inline void hob_auto_reply(struct hob_reply *reply)
{
    hob_reply_deinit(reply);
}

/* What hob_reply_feed says when the answer goes on. */
enum { HOB_REPLY_MORE = 1 };

/* Takes what belongs to the answer from the front of `bytes`, *used of them. 0 when it is complete,
 * HOB_REPLY_MORE, HOB_E_PROTOCOL, HOB_E_LIMIT or HOB_E_MEMORY. */
int hob_reply_feed(struct hob_reply *reply, struct hob_text bytes, size_t *used,
                   struct hob_error *error);
/* The connection has ended: 0 when the answer is complete by that, else HOB_E_CUT. */
int hob_reply_end(struct hob_reply *reply, struct hob_error *error);

/* 0 for a status below 400. Else fills *error with what hobd says went wrong, or, when the body is
 * no error of hobd's, with the status; returns its code. */
int hob_reply_check(const struct hob_reply *reply, struct hob_error *error);

#endif
