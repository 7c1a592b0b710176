/* Fuzzes the reading of HTTP answers. The first byte says how large the pieces are in which the
 * rest comes in. Whatever it is, it must end, take no more than it was given, keep within its
 * limits, give errors a message, and say the same when it comes in one piece. */
#include <stdio.h>
#include <stdlib.h>

#include "client/reply.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { MAX_BODY = 4096 };

static void give_up(const char *what)
{
    fprintf(stderr, "%s\n", what);
    abort();
}

/* How the answer ends: 0 or an error; *taken gets the bytes that belonged to it. */
static int read_in_pieces(struct hob_reply *reply, struct hob_text text, size_t piece,
                          size_t *taken)
{
    struct hob_error error = HOB_ERROR_INIT;
    int code = HOB_REPLY_MORE;
    *taken = 0;
    hob_reply_begin(reply, "GET", MAX_BODY);
    while (code == HOB_REPLY_MORE && *taken < text.size) {
        size_t used, left = text.size - *taken, some = left < piece ? left : piece;
        code = hob_reply_feed(reply, (struct hob_text){text.data + *taken, some}, &used, &error);
        if (used > some || (code == HOB_REPLY_MORE && used < some))
            give_up("more, or less, was taken than there is");
        *taken += used;
    }
    if (code == HOB_REPLY_MORE)
        code = hob_reply_end(reply, &error);
    if (reply->body.size > MAX_BODY)
        give_up("the body is over its limit");
    if (code < 0 && error.message[0] == '\0')
        give_up("an error without a message");
    return code;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size == 0)
        return 0;
    struct hob_text text = {(const char *)data + 1, size - 1};
    HOB_AUTO(reply) struct hob_reply whole = HOB_REPLY_INIT;
    HOB_AUTO(reply) struct hob_reply parts = HOB_REPLY_INIT;
    size_t taken, taken_in_parts;
    int code = read_in_pieces(&whole, text, text.size + 1, &taken);
    if (read_in_pieces(&parts, text, data[0] % 64 + 1u, &taken_in_parts) != code)
        give_up("pieces are read otherwise than the whole");
    if (code != 0)
        return 0;
    if (taken != taken_in_parts || whole.status != parts.status ||
        whole.keeps_alive != parts.keeps_alive ||
        !hob_text_equal(hob_buffer_text(&whole.body), hob_buffer_text(&parts.body)))
        give_up("pieces make another answer than the whole");
    struct hob_error error = HOB_ERROR_INIT;
    if (hob_reply_check(&whole, &error) != 0 && error.code == 0)
        give_up("an error without a code");
    return 0;
}
