/* negotiate: which variant of an answer a client gets, and whether it has it already. */
#ifndef HOB_SERVER_NEGOTIATE_H
#define HOB_SERVER_NEGOTIATE_H

#include "server/http.h"
#include "server/routes.h"

struct hob_choice {
    int form; /* of enum hob_form; HOB_FORM_NONE when the client takes none that there is */
    enum hob_encoding encoding;
    bool encode_all; /* small bodies too: the client takes nothing uncompressed */
};

/* What the headers ask for; the form is JSON where the route has no other. */
struct hob_choice hob_negotiate(const struct hob_route *route,
                                const struct hob_http_headers *headers);
/* Says in *error what forms there are; HOB_E_NOT_ACCEPTABLE. */
int hob_negotiate_refuse(const struct hob_route *route, struct hob_error *error);
/* The choice as a number, for the cache. */
unsigned hob_negotiate_variant(struct hob_choice choice);

/* Whether the answer that the handler has put into the call is too long to be compressed by a
 * thread that may not wait. What is kept must not depend on who made it, so that a route whose
 * answers are kept is then called again, from a worker thread. */
bool hob_negotiate_would_wait(const struct hob_call *call, struct hob_choice choice);
/* The answer that the handler has put into the call, in the encoding that was chosen, with the
 * headers that say what it is. NULL without memory. */
struct hob_response *hob_negotiate_answer(struct hob_call *call, const struct hob_route *route,
                                          struct hob_choice choice);
/* The answer without its body, for a client that has it. NULL without memory. */
struct hob_response *hob_negotiate_not_modified(const struct hob_response *response);
/* The answer that this request gets instead: the same one, or that it has not been modified. NULL
 * when the answer is one of the latter kind, and the client doesn't have the body. Takes a
 * reference over and gives one; takes NULL. */
struct hob_response *hob_negotiate_settle(struct hob_response *response,
                                          const struct hob_http_request *request);

#endif
