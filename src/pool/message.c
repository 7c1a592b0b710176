/* message: see message.h. */
#include "pool/message.h"

#include <string.h>

#include "base/number.h"
#include "base/utf8.h"
#include "value/json.h"

static bool is_blank(char byte)
{
    return byte == ' ' || byte == '\n' || byte == '\r' || byte == '\t';
}

/* Where the next byte is that is not white space, from `at` on; the text's size when there is none.
 */
static size_t next_byte(struct hob_text text, size_t at)
{
    while (at < text.size && is_blank(text.data[at]))
        at++;
    return at;
}

/* A value behind the reader, as it stands in the text: white space and a comma before it, which the
 * reader has not passed yet, are left out. */
static int skip_value(struct hob_json_reader *reader, struct hob_text text, struct hob_text *value,
                      bool *inexact, struct hob_error *error)
{
    struct hob_json_token token;
    unsigned depth = 0;
    size_t start = hob_json_offset(reader);
    while (start < text.size && strchr(" \t\r\n,", text.data[start]) != NULL)
        start++;
    do {
        int code = hob_json_next(reader, &token, error);
        if (code != 0)
            return code;
        depth += token.event == HOB_JSON_LIST_START || token.event == HOB_JSON_MAP_START;
        depth -= token.event == HOB_JSON_LIST_END || token.event == HOB_JSON_MAP_END;
        /* The numbers of JSON end in a digit; NaN and Infinity do not. */
        char last = text.data[hob_json_offset(reader) - 1];
        if (token.event == HOB_JSON_DOUBLE && (last < '0' || last > '9'))
            *inexact = true;
    } while (depth > 0);
    *value = (struct hob_text){text.data + start, hob_json_offset(reader) - start};
    return 0;
}

static struct hob_text *member_of(struct hob_message *message, struct hob_text key)
{
    if (hob_text_is(key, "id"))
        return &message->id;
    if (hob_text_is(key, "method"))
        return &message->method;
    if (hob_text_is(key, "params"))
        return &message->params;
    if (hob_text_is(key, "result"))
        return &message->result;
    return hob_text_is(key, "error") ? &message->error : NULL;
}

static enum hob_message_kind kind_of(const struct hob_message *message)
{
    bool method = message->method.size > 0 && message->method.data[0] == '"';
    if (method)
        return message->id.size > 0 ? HOB_MESSAGE_REQUEST : HOB_MESSAGE_NOTIFICATION;
    bool failed = message->error.size > 0 && !hob_text_is(message->error, "null");
    bool answer = message->id.size > 0 && (failed || message->result.size > 0);
    return answer ? HOB_MESSAGE_ANSWER : HOB_MESSAGE_NONE;
}

static int read_members(struct hob_message *message, struct hob_json_reader *reader,
                        struct hob_text text, struct hob_error *error)
{
    for (;;) {
        struct hob_json_token token;
        struct hob_text value;
        int code = hob_json_next(reader, &token, error);
        if (code != 0 || token.event == HOB_JSON_MAP_END)
            return code;
        struct hob_text *member = member_of(message, token.text);
        code = skip_value(reader, text, &value, &message->inexact, error);
        if (code != 0)
            return code;
        if (member != NULL)
            *member = value;
    }
}

/* The same for what most messages are: nothing in them needs a second look. False when something
 * does. */
static bool pass_over_members(struct hob_message *message, struct hob_text text)
{
    size_t at = next_byte(text, 0);
    if (at == text.size || text.data[at] != '{' || hob_utf8_valid_prefix(text) != text.size)
        return false;
    do {
        size_t key = next_byte(text, at + 1), behind = key;
        if (key == text.size || text.data[key] != '"' || !hob_json_skip(text, &behind))
            return false;
        struct hob_text name = {text.data + key + 1, behind - key - 2};
        at = next_byte(text, behind);
        if (at == text.size || text.data[at] != ':' || memchr(name.data, '\\', name.size) != NULL)
            return false;
        size_t start = next_byte(text, at + 1);
        behind = start;
        if (!hob_json_skip(text, &behind))
            return false;
        struct hob_text *member = member_of(message, name);
        if (member != NULL)
            *member = (struct hob_text){text.data + start, behind - start};
        at = next_byte(text, behind);
    } while (at < text.size && text.data[at] == ',');
    return at < text.size && text.data[at] == '}' && next_byte(text, at + 1) == text.size;
}

static bool pass_over(struct hob_message *message, struct hob_text text)
{
    *message = (struct hob_message){0};
    if (!pass_over_members(message, text))
        return false;
    message->kind = kind_of(message);
    return true;
}

int hob_message_read(struct hob_message *message, struct hob_text text, struct hob_error *error)
{
    if (pass_over(message, text))
        return 0;
    HOB_AUTO(json_reader)
    struct hob_json_reader *reader = hob_json_reader_new(text, HOB_MESSAGE_MAX_DEPTH);
    struct hob_json_token token;
    *message = (struct hob_message){0};
    int code = hob_json_next(reader, &token, error);
    if (code == 0 && token.event == HOB_JSON_MAP_START)
        code = read_members(message, reader, text, error);
    while (code == 0 && token.event != HOB_JSON_END)
        code = hob_json_next(reader, &token, error);
    if (code == 0)
        message->kind = kind_of(message);
    return code;
}

bool hob_message_is_batch(struct hob_text text)
{
    size_t at = next_byte(text, 0);
    return at < text.size && text.data[at] == '[';
}

static bool at_list_end(const struct hob_json_reader *reader, struct hob_text list)
{
    size_t at = next_byte(list, hob_json_offset(reader));
    return at < list.size && list.data[at] == ']';
}

int hob_message_split(struct hob_text list, struct hob_text **items, size_t *count,
                      struct hob_error *error)
{
    HOB_AUTO(json_reader)
    struct hob_json_reader *reader = hob_json_reader_new(list, HOB_MESSAGE_MAX_DEPTH);
    HOB_AUTO(free) struct hob_text *found = NULL;
    size_t capacity = 0, number = 0;
    struct hob_json_token token;
    bool inexact;
    int code = hob_json_next(reader, &token, error);
    while (code == 0 && !at_list_end(reader, list)) {
        if (number == HOB_MESSAGE_MAX_BATCH)
            return hob_error_set(error, HOB_E_LIMIT, "a batch may have at most %d requests",
                                 HOB_MESSAGE_MAX_BATCH);
        if (!HOB_TRY_GROW(found, capacity, number + 1))
            return hob_error_set(error, HOB_E_MEMORY, "not enough memory for the batch");
        code = skip_value(reader, list, &found[number++], &inexact, error);
    }
    while (code == 0 && token.event != HOB_JSON_END)
        code = hob_json_next(reader, &token, error);
    if (code != 0)
        return code;
    *items = HOB_STEAL(found);
    *count = number;
    return 0;
}

struct hob_text hob_message_member(struct hob_text object, const char *name)
{
    HOB_AUTO(json_reader)
    struct hob_json_reader *reader = hob_json_reader_new(object, HOB_MESSAGE_MAX_DEPTH);
    struct hob_json_token token;
    struct hob_text found = {NULL, 0}, value;
    bool inexact;
    if (object.size == 0 || hob_json_next(reader, &token, NULL) != 0 ||
        token.event != HOB_JSON_MAP_START)
        return found;
    while (hob_json_next(reader, &token, NULL) == 0 && token.event == HOB_JSON_KEY) {
        bool wanted = hob_text_is(token.text, name);
        if (skip_value(reader, object, &value, &inexact, NULL) != 0)
            break;
        if (wanted)
            found = value;
    }
    return found;
}

bool hob_message_string(struct hob_buffer *out, struct hob_text json)
{
    struct hob_json_token token;
    if (json.size == 0 || json.data[0] != '"')
        return false;
    HOB_AUTO(json_reader) struct hob_json_reader *reader = hob_json_reader_new(json, 1);
    if (hob_json_next(reader, &token, NULL) != 0 || token.event != HOB_JSON_STRING)
        return false;
    hob_buffer_put_text(out, token.text);
    return true;
}

bool hob_message_is_method(struct hob_text method, const char *name)
{
    HOB_AUTO(buffer) struct hob_buffer unescaped = HOB_BUFFER_INIT;
    if (method.size >= 2 && memchr(method.data, '\\', method.size) == NULL)
        return hob_text_is((struct hob_text){method.data + 1, method.size - 2}, name);
    return hob_message_string(&unescaped, method) && hob_text_is(hob_buffer_text(&unescaped), name);
}

bool hob_message_number(uint64_t *number, struct hob_text json)
{
    int64_t found;
    if (json.size >= 2 && json.data[0] == '"' && json.data[json.size - 1] == '"')
        json = (struct hob_text){json.data + 1, json.size - 2};
    if (json.size == 0 || hob_number_parse_int(json, &found) != 0 || found < 0)
        return false;
    *number = (uint64_t)found;
    return true;
}

void hob_message_put_line(struct hob_buffer *out, struct hob_text json)
{
    size_t start = out->size;
    hob_buffer_put_text(out, json);
    if (hob_buffer_failed(out) || json.size == 0)
        return;
    for (const char *ends = "\n\r"; *ends != '\0'; ends++) {
        char *at = out->data + start, *end = out->data + out->size;
        while ((at = memchr(at, *ends, (size_t)(end - at))) != NULL)
            *at = ' ';
    }
}

void hob_message_put_replaced(struct hob_buffer *out, struct hob_text text, struct hob_text part,
                              struct hob_text by)
{
    size_t before = (size_t)(part.data - text.data), behind = before + part.size;
    hob_buffer_put(out, text.data, before);
    hob_buffer_put_text(out, by);
    hob_buffer_put(out, text.data + behind, text.size - behind);
}

bool hob_message_put_exact(struct hob_buffer *out, struct hob_text json)
{
    HOB_AUTO(arena) struct hob_arena *arena = hob_arena_new();
    const struct hob_value *value;
    return hob_json_read(arena, json, &value, NULL) == 0 &&
           hob_json_write(out, value, HOB_JSON_COMPACT, SIZE_MAX, NULL) == 0;
}

void hob_message_put_error_object(struct hob_buffer *out, int rpc_code,
                                  const struct hob_error *error)
{
    hob_buffer_printf(out, "{\"code\":%d,\"message\":", rpc_code);
    hob_json_put_string(out, hob_text_from(error->message), HOB_JSON_COMPACT);
    hob_buffer_printf(out, ",\"data\":{\"error_type\":\"%s\"", hob_error_type(error->code));
    if (error->hint[0] != '\0') {
        hob_buffer_put_string(out, ",\"hint\":");
        hob_json_put_string(out, hob_text_from(error->hint), HOB_JSON_COMPACT);
    }
    hob_buffer_put_string(out, "}}");
}

void hob_message_put_error(struct hob_buffer *out, struct hob_text id, int rpc_code,
                           const struct hob_error *error)
{
    hob_buffer_put_string(out, "{\"jsonrpc\":\"2.0\",\"id\":");
    hob_buffer_put_text(out, id.size > 0 ? id : HOB_TEXT("null"));
    hob_buffer_put_string(out, ",\"error\":");
    hob_message_put_error_object(out, rpc_code, error);
    hob_buffer_put_char(out, '}');
}

/* ---- the beginning of a message ---- */

/* What is left of the beginning; empty at its end. */
static void skip_blanks(struct hob_text *text)
{
    size_t blanks = next_byte(*text, 0);
    *text = (struct hob_text){text->data + blanks, text->size - blanks};
}

static bool skip_byte(struct hob_text *text, char byte)
{
    skip_blanks(text);
    if (text->size == 0 || text->data[0] != byte)
        return false;
    *text = (struct hob_text){text->data + 1, text->size - 1};
    return true;
}

/* Bytes of the string that begins there, quotes included; 0 when its end is not there. */
static size_t string_size(struct hob_text text)
{
    for (size_t i = 1; i < text.size; i++) {
        if (text.data[i] == '"')
            return i + 1;
        i += text.data[i] == '\\';
    }
    return 0;
}

/* Bytes of any value; 0 when its end is not there. */
static size_t value_size(struct hob_text text)
{
    size_t depth = 0;
    for (size_t i = 0; i < text.size; i++) {
        char byte = text.data[i];
        bool closes = byte == '}' || byte == ']';
        if (depth == 0 && (closes || strchr(", \t\r\n", byte) != NULL))
            return i;
        depth += byte == '{' || byte == '[';
        depth -= closes;
        if (closes && depth == 0)
            return i + 1;
        if (byte != '"')
            continue;
        size_t size = string_size((struct hob_text){text.data + i, text.size - i});
        if (size == 0)
            return 0;
        i += size - 1;
        if (depth == 0)
            return i + 1;
    }
    return 0;
}

struct hob_text hob_message_early_member(struct hob_text beginning, const char *name)
{
    struct hob_text text = beginning, none = {NULL, 0};
    if (!skip_byte(&text, '{'))
        return none;
    do {
        skip_blanks(&text);
        size_t size = text.size > 0 && text.data[0] == '"' ? string_size(text) : 0;
        struct hob_text key = {text.data, size};
        text = (struct hob_text){text.data + size, text.size - size};
        if (size == 0 || !skip_byte(&text, ':'))
            return none;
        skip_blanks(&text);
        struct hob_text value = {text.data, value_size(text)};
        if (value.size == 0 || hob_text_is((struct hob_text){key.data + 1, size - 2}, name))
            return value;
        text = (struct hob_text){text.data + value.size, text.size - value.size};
    } while (skip_byte(&text, ','));
    return none;
}
