/* Fuzzes what a worker may say: any bytes, taken apart by both framings, in pieces and at once, and
 * read as messages. The pieces must not matter to the messages, views must lie in the text and be
 * JSON themselves, and a batch must split into what can be read one by one. */
#include <stdio.h>
#include <stdlib.h>

#include "pool/framing.h"
#include "pool/message.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { LIMIT = 4000 };

static void give_up(const char *what)
{
    fprintf(stderr, "%s\n", what);
    abort();
}

static bool is_json(struct hob_text text)
{
    struct hob_message message;
    return hob_message_read(&message, text, NULL) == 0;
}

static void check_view(struct hob_text whole, struct hob_text view)
{
    if (view.size == 0)
        return;
    if (view.data < whole.data || view.data + view.size > whole.data + whole.size)
        give_up("a view outside its text");
    if (!is_json(view))
        give_up("a view that is no JSON");
}

static void check_line(struct hob_text text)
{
    HOB_AUTO(buffer) struct hob_buffer line = HOB_BUFFER_INIT;
    hob_message_put_line(&line, text);
    if (line.size != text.size || !is_json(hob_buffer_text(&line)))
        give_up("a message in one line is another one");
}

static void check_batch(struct hob_text text)
{
    HOB_AUTO(free) struct hob_text *items = NULL;
    size_t count = 0;
    if (hob_message_split(text, &items, &count, NULL) != 0)
        return;
    for (size_t i = 0; i < count; i++)
        check_view(text, items[i]);
}

static bool is_blank(char byte)
{
    return byte == ' ' || byte == '\n' || byte == '\r' || byte == '\t';
}

/* The same with a first member that is none of a message's: its key is escaped, so that the reader
 * has to look at what most messages are spared. False for what has no first member. */
static bool put_with_escaped_key(struct hob_buffer *out, struct hob_text text)
{
    size_t brace = 0;
    while (brace < text.size && is_blank(text.data[brace]))
        brace++;
    size_t first = brace + 1;
    while (first < text.size && is_blank(text.data[first]))
        first++;
    if (first >= text.size || text.data[brace] != '{' || text.data[first] == '}')
        return false;
    hob_buffer_put(out, text.data, first);
    hob_buffer_put_string(out, "\"\\u0078\":0,");
    hob_buffer_put(out, text.data + first, text.size - first);
    return true;
}

static void compare_with_reader(struct hob_text text, const struct hob_message *message, bool reads)
{
    HOB_AUTO(buffer) struct hob_buffer escaped = HOB_BUFFER_INIT;
    struct hob_message other;
    if (!put_with_escaped_key(&escaped, text))
        return;
    if ((hob_message_read(&other, hob_buffer_text(&escaped), NULL) == 0) != reads)
        give_up("a message can be read in one way only");
    if (reads &&
        (other.kind != message->kind || other.inexact != message->inexact ||
         !hob_text_equal(other.id, message->id) || !hob_text_equal(other.method, message->method) ||
         !hob_text_equal(other.params, message->params) ||
         !hob_text_equal(other.result, message->result) ||
         !hob_text_equal(other.error, message->error)))
        give_up("a message is another one when the reader looks");
}

static void check_message(struct hob_text text)
{
    struct hob_message message;
    struct hob_error error = HOB_ERROR_INIT;
    uint64_t number;
    if (hob_message_is_batch(text))
        check_batch(text);
    bool reads = hob_message_read(&message, text, &error) == 0;
    compare_with_reader(text, &message, reads);
    if (!reads) {
        if (error.message[0] == '\0')
            give_up("an error without a message");
        return;
    }
    const struct hob_text views[] = {message.id, message.method, message.params, message.result,
                                     message.error};
    for (size_t i = 0; i < sizeof views / sizeof *views; i++)
        check_view(text, views[i]);
    hob_message_number(&number, message.id);
    check_view(text, hob_message_member(message.params, "id"));
    HOB_AUTO(buffer) struct hob_buffer exact = HOB_BUFFER_INIT;
    if (!hob_message_put_exact(&exact, text))
        give_up("a message that cannot be written again");
    check_line(text);
}

/* The messages, each behind its length; noise may be told in more pieces or fewer. */
static void frame(struct hob_buffer *out, enum hob_framing_kind kind, struct hob_text bytes,
                  size_t piece)
{
    struct hob_framing framing;
    hob_framing_init(&framing, kind, LIMIT);
    for (size_t at = 0; at < bytes.size; at += piece) {
        size_t size = bytes.size - at < piece ? bytes.size - at : piece;
        char *room = hob_framing_reserve(&framing, size);
        if (room == NULL)
            give_up("no memory");
        memcpy(room, bytes.data + at, size);
        hob_framing_add(&framing, size);
        struct hob_text message;
        enum hob_framing_found found;
        while ((found = hob_framing_next(&framing, &message)) != HOB_FRAMING_MORE) {
            if (found != HOB_FRAMING_MESSAGE)
                continue;
            if (message.size > LIMIT)
                give_up("a message over the limit");
            hob_buffer_printf(out, "%zu:", message.size);
            hob_buffer_put_text(out, message);
            check_message(message);
        }
    }
    hob_framing_deinit(&framing);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct hob_text bytes = {(const char *)data, size};
    if (size == 0)
        return 0;
    check_message(bytes);
    for (int kind = HOB_FRAMING_LINES; kind <= HOB_FRAMING_HEADERS; kind++) {
        HOB_AUTO(buffer) struct hob_buffer whole = HOB_BUFFER_INIT, pieces = HOB_BUFFER_INIT;
        frame(&whole, (enum hob_framing_kind)kind, bytes, size);
        frame(&pieces, (enum hob_framing_kind)kind, bytes, 1 + data[size - 1] % 7);
        if (!hob_text_equal(hob_buffer_text(&whole), hob_buffer_text(&pieces)))
            give_up("the pieces in which bytes came made a difference");
    }
    return 0;
}
