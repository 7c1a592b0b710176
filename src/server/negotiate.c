/* negotiate: see negotiate.h.
 *
 * Tables come in several forms, everything in several encodings. Small bodies are never compressed,
 * since they fit into a packet anyway; nor are large ones where that would make other clients wait.
 * An answer of which the client already has the body is sent as 304, without it; of answers that
 * are too large to be kept warm that alone is kept. */
#include "server/negotiate.h"

#include "server/encode.h"
#include "server/stream.h"

enum {
    ENCODE_FROM = 1024,      /* bytes of a body; smaller ones are not worth it */
    QUICK_SIZE = 128 * 1024, /* what is compressed at most by a thread that talks to clients */
    NOT_MODIFIED = 304,
};

struct hob_choice hob_negotiate(const struct hob_route *route,
                                const struct hob_http_headers *headers)
{
    struct hob_choice choice = {.form = HOB_FORM_JSON};
    if (route->table && headers->accept.count > 0)
        choice.form = hob_accept_form(&headers->accept);
    if (headers->accept_encoding.count == 0)
        return choice;
    choice.encoding = hob_accept_encoding(&headers->accept_encoding, hob_encode_available());
    choice.encode_all = choice.encoding != HOB_ENCODING_IDENTITY &&
                        hob_accept_refuses_identity(&headers->accept_encoding);
    return choice;
}

int hob_negotiate_refuse(const struct hob_route *route, struct hob_error *error)
{
    HOB_AUTO(buffer) struct hob_buffer types = HOB_BUFFER_INIT;
    for (int form = 0; form < HOB_FORMS; form++)
        hob_buffer_printf(&types, "%s%s", form > 0 ? ", " : "", hob_form_type((enum hob_form)form));
    hob_error_set(error, HOB_E_NOT_ACCEPTABLE,
                  "%s has no answer of a type that the Accept header takes: there are %s",
                  route->path, hob_buffer_string(&types));
    hob_error_hint(error, "send one of these types as Accept, or none for JSON");
    return HOB_E_NOT_ACCEPTABLE;
}

unsigned hob_negotiate_variant(struct hob_choice choice)
{
    return ((unsigned)choice.form * HOB_ENCODINGS + choice.encoding) * 2 + choice.encode_all;
}

/* ---- the answer ---- */

static bool is_worth_encoding(const struct hob_call *call, struct hob_choice choice)
{
    return choice.encoding != HOB_ENCODING_IDENTITY &&
           (call->out.size > ENCODE_FROM || choice.encode_all);
}

bool hob_negotiate_would_wait(const struct hob_call *call, struct hob_choice choice)
{
    return call->rest == NULL && !call->may_wait && call->out.size > QUICK_SIZE &&
           is_worth_encoding(call, choice);
}

/* Compresses the body when that makes it smaller; false when it stays as it is. */
static bool encode(struct hob_call *call, struct hob_choice choice)
{
    size_t size = call->out.size;
    bool quick = size <= QUICK_SIZE || call->may_wait || choice.encode_all;
    if (!is_worth_encoding(call, choice) || !quick || hob_buffer_failed(&call->out))
        return false;
    HOB_AUTO(buffer) struct hob_buffer encoded = HOB_BUFFER_INIT;
    if (!hob_encode(choice.encoding, hob_buffer_text(&call->out), &encoded) ||
        (encoded.size >= size && !choice.encode_all))
        return false;
    struct hob_buffer plain = call->out;
    call->out = encoded;
    encoded = plain;
    return true;
}

static void describe(struct hob_response *response, const struct hob_route *route, bool varies)
{
    if (route->table) {
        hob_response_set_header(response, "Vary", "Accept, Accept-Encoding");
        hob_response_set_header(response, "Cache-Control", "no-cache");
    } else if (varies) {
        hob_response_set_header(response, "Vary", "Accept-Encoding");
    }
}

struct hob_response *hob_negotiate_answer(struct hob_call *call, const struct hob_route *route,
                                          struct hob_choice choice)
{
    struct hob_response *response;
    bool streamed = call->rest != NULL;
    bool varies = streamed || call->out.size > ENCODE_FROM || choice.encode_all;
    bool encoded = streamed ? choice.encoding != HOB_ENCODING_IDENTITY : encode(call, choice);
    if (hob_buffer_failed(&call->out))
        return NULL;
    if (streamed)
        response = hob_stream_table(&call->out, HOB_STEAL(call->rest), call->form, choice.encoding);
    else
        response = hob_response_new_typed(200, &call->out, hob_form_content_type(call->form));
    if (response == NULL)
        return NULL;
    describe(response, route, varies);
    if (encoded)
        hob_response_set_header(response, "Content-Encoding", hob_encoding_name(choice.encoding));
    return response;
}

/* ---- what the client has already ---- */

struct hob_response *hob_negotiate_not_modified(const struct hob_response *response)
{
    struct hob_response *shorter = hob_response_new_empty(NOT_MODIFIED);
    if (shorter == NULL)
        return NULL;
    hob_response_set_header(shorter, "Vary", "Accept, Accept-Encoding");
    hob_response_set_header(shorter, "Cache-Control", "no-cache");
    hob_response_set_tag(shorter, hob_response_tag(response));
    return shorter;
}

struct hob_response *hob_negotiate_settle(struct hob_response *response,
                                          const struct hob_http_request *request)
{
    const struct hob_accept_header *tags = &request->headers.if_none_match;
    if (response == NULL || (tags->count == 0 && hob_response_status(response) != NOT_MODIFIED))
        return response;
    struct hob_text tag = hob_text_from(hob_response_tag(response));
    bool fresh = tag.size > 0 && hob_accept_has_tag(tags, tag);
    if (fresh == (hob_response_status(response) == NOT_MODIFIED))
        return response;
    struct hob_response *other = fresh ? hob_negotiate_not_modified(response) : NULL;
    hob_response_unref(response);
    return other;
}
