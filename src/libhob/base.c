/* base: errors, bytes, and the checks that all adapters make. */
#define _GNU_SOURCE
#include <stdio.h>

#include "libhob/internal.h"
#include "pool/message.h"
#include "value/json.h"

/* The public numbers are those of the one list. A new error is a line in include/hob/base.h. */
#define X(name, number, type, http, exit)                                                          \
    _Static_assert((int)LIBHOB_E_##name == (int)HOB_E_##name, "include/hob/base.h: " #name);
HOB_ERROR_LIST(X)
#undef X

const char *libhob_version(void)
{
    return HOB_VERSION;
}

const char *libhob_error_type(int code)
{
    return hob_error_type(code);
}

void api_copy_error(struct libhob_error *out, const struct hob_error *error)
{
    if (out == NULL)
        return;
    *out = (struct libhob_error){.code = error->code};
    snprintf(out->type, sizeof out->type, "%s", hob_error_type(error->code));
    _Static_assert(sizeof out->message == sizeof error->message, "message");
    _Static_assert(sizeof out->hint == sizeof error->hint, "hint");
    memcpy(out->message, error->message, sizeof out->message);
    memcpy(out->hint, error->hint, sizeof out->hint);
}

int api_fail(struct libhob_error *out, const struct hob_error *error)
{
    api_copy_error(out, error);
    return error->code;
}

void libhob_bytes_free(struct libhob_bytes *bytes)
{
    if (bytes == NULL)
        return;
    free(bytes->data);
    *bytes = (struct libhob_bytes){0};
}

int api_give(struct libhob_bytes *out, struct hob_buffer *buffer, struct hob_error *error)
{
    size_t size = 0;
    char *data = hob_buffer_steal(buffer, &size);
    if (data == NULL)
        return hob_error_set(error, HOB_E_MEMORY, "not enough memory for the answer");
    *out = (struct libhob_bytes){data, size};
    return 0;
}

int api_check_reserved(const uint64_t *reserved, size_t count, const char *what,
                       struct hob_error *error)
{
    for (size_t i = 0; i < count; i++)
        if (reserved[i] != 0)
            return hob_error_set(error, HOB_E_PARAMETER,
                                 "struct %s: what is reserved must be 0: was it cleared?", what);
    return 0;
}

int api_read_parameters(const struct hob_value **value, struct hob_arena *arena, const char *json,
                        struct hob_error *error)
{
    *value = &hob_value_empty_map;
    if (json == NULL)
        return 0;
    int code = hob_json_read(arena, hob_text_from(json), value, error);
    if (code != 0)
        return hob_error_context(error, "the parameters");
    if (!hob_value_is(*value, HOB_MAP))
        return hob_error_set(error, HOB_E_PARAMETER,
                             "the parameters must be a JSON object, not a %s",
                             hob_value_kind_name(*value));
    return 0;
}

int api_check_params(const char *params, struct hob_error *error)
{
    struct hob_json_token token;
    if (params == NULL)
        return 0;
    HOB_AUTO(json_reader)
    struct hob_json_reader *reader =
        hob_json_reader_new(hob_text_from(params), HOB_MESSAGE_MAX_DEPTH);
    int code = hob_json_next(reader, &token, error);
    if (code == 0 && token.event != HOB_JSON_LIST_START && token.event != HOB_JSON_MAP_START)
        return hob_error_set(error, HOB_E_PARAMETER,
                             "the parameters of a call must be a JSON array or object");
    while (code == 0 && token.event != HOB_JSON_END)
        code = hob_json_next(reader, &token, error);
    return code == 0 ? 0 : hob_error_context(error, "the parameters");
}

void api_put_request(struct hob_buffer *out, const char *method, const char *params)
{
    hob_buffer_put_string(out, "{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":");
    hob_json_put_string(out, hob_text_from(method), HOB_JSON_COMPACT);
    if (params != NULL) {
        hob_buffer_put_string(out, ",\"params\":");
        hob_buffer_put_string(out, params);
    }
    hob_buffer_put_char(out, '}');
}

void api_worker_error(struct hob_error *error, const char *method, struct hob_text object)
{
    HOB_AUTO(buffer) struct hob_buffer why = HOB_BUFFER_INIT;
    if (!hob_message_string(&why, hob_message_member(object, "message")))
        hob_buffer_put_string(&why, "no reason given");
    hob_error_set(error, HOB_E_VALUE, "%s: %s", method, hob_buffer_string(&why));
}
