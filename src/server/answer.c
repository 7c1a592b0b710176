/* answer: see answer.h. */
#include "server/answer.h"

#include "base/clock.h"
#include "value/json.h"

/* When there is no memory even to say why something failed; it fits all envelopes. */
static const char no_memory[] =
    "{\"status\":\"error\",\"error\":\"not enough memory\",\"error_type\":\"MemoryError\","
    "\"error_message\":\"not enough memory\",\"hint\":\"try again later\"}";

static void put_member(struct hob_buffer *out, const char *name, const char *text)
{
    hob_buffer_printf(out, ",\"%s\":", name);
    hob_json_put_string(out, hob_text_from(text), HOB_JSON_COMPACT);
}

static void put_error(struct hob_buffer *out, enum hob_envelope envelope,
                      const struct hob_error *error)
{
    hob_buffer_put_string(out, "{\"status\":\"error\"");
    switch (envelope) {
    case HOB_ENVELOPE_TYPED:
        put_member(out, "error_type", hob_error_type(error->code));
        put_member(out, "error_message", error->message);
        break;
    case HOB_ENVELOPE_NULL_VALUE:
    case HOB_ENVELOPE_TEXT_VALUE:
        put_member(out, "error", error->message);
        hob_buffer_put_string(out, envelope == HOB_ENVELOPE_NULL_VALUE ? ",\"value\":null"
                                                                       : ",\"value\":\"\"");
        break;
    case HOB_ENVELOPE_TIMED:
        hob_buffer_put_string(out, ",\"result\":null");
        put_member(out, "error", error->message);
        put_member(out, "error_type", hob_error_type(error->code));
        break;
    }
    if (error->hint[0] != '\0')
        put_member(out, "hint", error->hint);
    hob_buffer_put_string(out, "}");
}

struct hob_response *hob_answer_no_memory(void)
{
    return hob_response_new_constant(503, no_memory);
}

struct hob_response *hob_answer_error(enum hob_envelope envelope, const struct hob_error *error,
                                      int status)
{
    HOB_AUTO(buffer) struct hob_buffer out = HOB_BUFFER_INIT;
    put_error(&out, envelope, error);
    if (status == 0)
        status = hob_error_http_status(error->code);
    struct hob_response *response = hob_response_new(status, &out);
    if (response == NULL)
        return hob_answer_no_memory();
    if (status == 503)
        hob_response_set_header(response, "Retry-After", "1");
    return response;
}

void hob_answer_put_timing(struct hob_buffer *out, uint64_t started, uint64_t operation_started)
{
    hob_buffer_printf(out, ",\"timing\":{\"server_ms\":%.3f,\"operation_ms\":%.3f}}",
                      hob_clock_milliseconds_since(started),
                      hob_clock_milliseconds_since(operation_started));
}
