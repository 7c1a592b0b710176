/* reply: see reply.h.
 *
 * A state for each kind of line and of body. Lines are handed on whole: those that came in one
 * piece from where they lie, others from a buffer in which their pieces are put together. */
#include "client/reply.h"

#include <stdio.h>

#include "base/header.h"
#include "base/number.h"
#include "value/json.h"

enum state {
    AT_STATUS,
    AT_HEADER,
    IN_BODY,     /* `left` bytes of it */
    IN_REST,     /* until the connection ends */
    AT_CHUNK,    /* the line with its size */
    IN_CHUNK,    /* `left` bytes of it */
    AFTER_CHUNK, /* the end of line behind it */
    AT_TRAILER,
    COMPLETE,
};

enum {
    MAX_CHUNK_LINE = 256,
    MOST_HEX_DIGITS = 15,
    RESERVED = 1 << 20, /* of a body's length what is believed before it came */
};

void hob_reply_begin(struct hob_reply *reply, const char *method, size_t max_body)
{
    struct hob_buffer body = reply->body, line = reply->read.line;
    *reply = (struct hob_reply){.body = body};
    reply->read.line = line;
    reply->read.max_body = max_body;
    reply->read.without_body = strcmp(method, "HEAD") == 0;
    hob_buffer_clear(&reply->body);
    hob_buffer_clear(&reply->read.line);
}

void hob_reply_deinit(struct hob_reply *reply)
{
    hob_buffer_deinit(&reply->body);
    hob_buffer_deinit(&reply->read.line);
}

static int malformed(struct hob_error *error, const char *why)
{
    return hob_error_set(error, HOB_E_PROTOCOL, "the answer is no proper HTTP: %s", why);
}

/* ---- lines ---- */

static bool is_digit(char byte)
{
    return byte >= '0' && byte <= '9';
}

/* "HTTP/1.1 200 OK"; the words behind the number may be missing, and the blank before them too. */
static int take_status(struct hob_reply *reply, struct hob_text line, struct hob_error *error)
{
    const char *at = line.data;
    if (!hob_text_starts_with(line, "HTTP/1.") || line.size < 12 ||
        (at[7] != '0' && at[7] != '1') || at[8] != ' ' || at[9] < '1' || at[9] > '5' ||
        !is_digit(at[10]) || !is_digit(at[11]) || (line.size > 12 && at[12] != ' ') ||
        !hob_header_is_value(line))
        return malformed(error, "it does not begin with a status");
    reply->status = (at[9] - '0') * 100 + (at[10] - '0') * 10 + (at[11] - '0');
    reply->keeps_alive = at[7] == '1';
    reply->read.state = AT_HEADER;
    return 0;
}

/* Digits only: a sign would be read differently elsewhere. */
static int take_length(struct hob_reply *reply, struct hob_text value, struct hob_error *error)
{
    if (reply->read.has_length)
        return malformed(error, "it tells its length twice");
    for (size_t i = 0; i < value.size; i++)
        if (!is_digit(value.data[i]))
            return malformed(error, "its Content-Length is no number");
    if (hob_number_parse_unsigned(value, &reply->read.left) != 0)
        return malformed(error, "its Content-Length is no number");
    reply->read.has_length = true;
    return 0;
}

static int take_encoding(struct hob_reply *reply, struct hob_text value, struct hob_error *error)
{
    if (reply->read.chunked || !hob_header_named(value, HOB_TEXT("chunked")))
        return malformed(error, "its Transfer-Encoding is not 'chunked'");
    reply->read.chunked = true;
    return 0;
}

static void take_connection(struct hob_reply *reply, struct hob_text value)
{
    while (value.size > 0) {
        const char *comma = memchr(value.data, ',', value.size);
        size_t size = comma != NULL ? (size_t)(comma - value.data) : value.size;
        struct hob_text word = hob_header_trim((struct hob_text){value.data, size});
        if (hob_header_named(word, HOB_TEXT("close")))
            reply->keeps_alive = false;
        size += comma != NULL;
        value = (struct hob_text){value.data + size, value.size - size};
    }
}

static int take_header(struct hob_reply *reply, struct hob_text line, struct hob_error *error)
{
    const char *colon = memchr(line.data, ':', line.size);
    size_t name_size = colon != NULL ? (size_t)(colon - line.data) : 0;
    struct hob_text name = {line.data, name_size};
    if (!hob_header_is_name(name) || !hob_header_is_value(line))
        return malformed(error, "one of its headers is malformed");
    struct hob_text value =
        hob_header_trim((struct hob_text){colon + 1, line.size - name_size - 1});
    uint64_t seconds;
    if (reply->read.state == AT_TRAILER)
        return 0;
    if (hob_header_named(name, HOB_TEXT("content-length")))
        return take_length(reply, value, error);
    if (hob_header_named(name, HOB_TEXT("transfer-encoding")))
        return take_encoding(reply, value, error);
    if (hob_header_named(name, HOB_TEXT("connection")))
        take_connection(reply, value);
    else if (hob_header_named(name, HOB_TEXT("content-type")))
        snprintf(reply->content_type, sizeof reply->content_type, "%.*s", HOB_TEXT_ARG(value));
    else if (hob_header_named(name, HOB_TEXT("retry-after")) &&
             hob_number_parse_unsigned(value, &seconds) == 0)
        reply->retry_after = seconds < 86400 ? (unsigned)seconds : 86400;
    return 0;
}

static int too_large(const struct hob_reply *reply, struct hob_error *error)
{
    hob_error_set(error, HOB_E_LIMIT, "the answer is larger than %zu MiB, which is the limit",
                  reply->read.max_body >> 20);
    hob_error_hint(error, "ask for less: some of the rows, some of the columns");
    return HOB_E_LIMIT;
}

/* Behind the empty line: how the body comes. */
static int end_head(struct hob_reply *reply, struct hob_error *error)
{
    int status = reply->status;
    if (status == 101)
        return malformed(error, "it changes the protocol, which nobody asked for");
    if (reply->read.chunked && reply->read.has_length)
        return malformed(error, "it tells its length in two ways");
    if (status < 200) {
        if (reply->read.chunked || reply->read.has_length)
            return malformed(error, "an interim answer has a body");
        reply->read.state = AT_STATUS;
    } else if (reply->read.without_body || status == 204 || status == 304) {
        reply->read.state = COMPLETE;
    } else if (reply->read.chunked) {
        reply->read.state = AT_CHUNK;
    } else if (!reply->read.has_length) {
        reply->read.state = IN_REST;
        reply->keeps_alive = false;
    } else if (reply->read.left > reply->read.max_body) {
        return too_large(reply, error);
    } else {
        reply->read.state = reply->read.left > 0 ? IN_BODY : COMPLETE;
        hob_buffer_reserve(&reply->body,
                           reply->read.left < RESERVED ? (size_t)reply->read.left : RESERVED);
    }
    return 0;
}

static int hex_digit(char byte)
{
    if (is_digit(byte))
        return byte - '0';
    byte |= 0x20;
    return byte >= 'a' && byte <= 'f' ? byte - 'a' + 10 : -1;
}

/* "1f", and what may stand behind a semicolon. */
static int take_chunk_size(struct hob_reply *reply, struct hob_text line, struct hob_error *error)
{
    size_t at = 0;
    uint64_t size = 0;
    for (; at < line.size && hex_digit(line.data[at]) >= 0; at++)
        size = size << 4 | (uint64_t)hex_digit(line.data[at]);
    struct hob_text rest = {line.data + at, line.size - at};
    rest = hob_header_trim(rest);
    if (at == 0 || at > MOST_HEX_DIGITS || (rest.size > 0 && rest.data[0] != ';') ||
        !hob_header_is_value(rest))
        return malformed(error, "one of its chunks has no size");
    if (size > reply->read.max_body - reply->body.size)
        return too_large(reply, error);
    reply->read.left = size;
    reply->read.state = size > 0 ? IN_CHUNK : AT_TRAILER;
    return 0;
}

static int take_line(struct hob_reply *reply, struct hob_text line, struct hob_error *error)
{
    switch ((enum state)reply->read.state) {
    case AT_STATUS:
        return take_status(reply, line, error);
    case AT_HEADER:
        return line.size > 0 ? take_header(reply, line, error) : end_head(reply, error);
    case AT_TRAILER:
        if (line.size > 0)
            return take_header(reply, line, error);
        reply->read.state = COMPLETE;
        return 0;
    case AFTER_CHUNK:
        reply->read.state = AT_CHUNK;
        return line.size == 0 ? 0 : malformed(error, "a chunk is longer than its size");
    default:
        return take_chunk_size(reply, line, error);
    }
}

/* ---- pieces ---- */

/* Counts bytes of a line; false when they are too many. */
static bool within_limits(struct hob_reply *reply, size_t size)
{
    int state = reply->read.state;
    if (state == AT_CHUNK || state == AFTER_CHUNK)
        return reply->read.line.size + size <= MAX_CHUNK_LINE;
    reply->read.head_size += size;
    return reply->read.head_size <= HOB_REPLY_MAX_HEAD;
}

static int feed_line(struct hob_reply *reply, struct hob_text bytes, size_t *used,
                     struct hob_error *error)
{
    const char *end = memchr(bytes.data, '\n', bytes.size);
    size_t size = end != NULL ? (size_t)(end - bytes.data) + 1 : bytes.size;
    struct hob_text line = {bytes.data, size};
    struct hob_buffer *pending = &reply->read.line;
    *used = size;
    if (!within_limits(reply, size))
        return malformed(error, "one of its lines, or its head, is too long");
    if (end == NULL || pending->size > 0) {
        hob_buffer_put_text(pending, line);
        line = hob_buffer_text(pending);
    }
    if (hob_buffer_failed(pending))
        return hob_error_set(error, HOB_E_MEMORY, "not enough memory for the answer");
    if (end == NULL)
        return 0;
    if (!hob_text_ends_with(line, "\r\n"))
        return malformed(error, "one of its lines does not end in CR LF");
    line.size -= 2;
    int code = take_line(reply, line, error);
    hob_buffer_clear(pending);
    return code;
}

static int feed_body(struct hob_reply *reply, struct hob_text bytes, size_t *used,
                     struct hob_error *error)
{
    int state = reply->read.state;
    if (state == IN_REST && bytes.size > reply->read.max_body - reply->body.size)
        return too_large(reply, error);
    if (state != IN_REST && bytes.size > reply->read.left)
        bytes.size = (size_t)reply->read.left;
    hob_buffer_put_text(&reply->body, bytes);
    if (hob_buffer_failed(&reply->body))
        return hob_error_set(error, HOB_E_MEMORY, "not enough memory for the answer");
    *used = bytes.size;
    if (state == IN_REST)
        return 0;
    reply->read.left -= bytes.size;
    if (reply->read.left == 0)
        reply->read.state = state == IN_CHUNK ? AFTER_CHUNK : COMPLETE;
    return 0;
}

int hob_reply_feed(struct hob_reply *reply, struct hob_text bytes, size_t *used,
                   struct hob_error *error)
{
    int code = 0;
    *used = 0;
    while (code == 0 && *used < bytes.size && reply->read.state != COMPLETE) {
        struct hob_text rest = {bytes.data + *used, bytes.size - *used};
        int state = reply->read.state;
        bool in_body = state == IN_BODY || state == IN_REST || state == IN_CHUNK;
        size_t taken = 0;
        code =
            in_body ? feed_body(reply, rest, &taken, error) : feed_line(reply, rest, &taken, error);
        *used += taken;
    }
    return code == 0 && reply->read.state != COMPLETE ? HOB_REPLY_MORE : code;
}

int hob_reply_end(struct hob_reply *reply, struct hob_error *error)
{
    if (reply->read.state == IN_REST)
        reply->read.state = COMPLETE;
    if (reply->read.state == COMPLETE)
        return 0;
    if (reply->read.head_size == 0)
        return hob_error_set(error, HOB_E_CUT, "the connection ended without an answer");
    return hob_error_set(error, HOB_E_CUT, "the connection ended in the middle of the answer");
}

/* ---- errors ---- */

/* hobd's own form; of JSON-RPC the same things stand elsewhere. */
int hob_reply_check(const struct hob_reply *reply, struct hob_error *error)
{
    if (reply->status < 400)
        return 0;
    HOB_AUTO(arena) struct hob_arena *arena = hob_arena_new();
    const struct hob_value *answer = NULL;
    hob_json_read(arena, hob_buffer_text(&reply->body), &answer, NULL);
    const struct hob_value *rpc = hob_value_get(answer, "error");
    bool is_rpc = hob_value_is(rpc, HOB_MAP);
    const struct hob_value *details = is_rpc ? hob_value_get(rpc, "data") : answer;
    const char *type = hob_value_string(hob_value_get(details, "error_type"));
    const char *hint = hob_value_string(hob_value_get(details, "hint"));
    const char *message = hob_value_string(is_rpc ? hob_value_get(rpc, "message")
                                                  : hob_value_get(answer, "error_message"));
    if (message == NULL)
        message = hob_value_string(rpc);
    if (message == NULL)
        return hob_error_set(error, HOB_E_PROTOCOL, "the server answered with status %d",
                             reply->status);
    int code = hob_error_code_of(type != NULL ? type : "", reply->status);
    hob_error_set(error, code, "%s", message);
    if (hint != NULL)
        hob_error_hint(error, "%s", hint);
    return code;
}
