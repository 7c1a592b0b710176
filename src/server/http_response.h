/* http_response: what a response is, for the two files that send them: http_exchange.c and
 * http_response.c. */
#ifndef HOB_SERVER_HTTP_RESPONSE_H
#define HOB_SERVER_HTTP_RESPONSE_H

#include <stdatomic.h>

#include "server/http.h"

struct MHD_Response;
struct hob_pulled;
struct hob_http_sleeper;

struct hob_response {
    atomic_uint references;
    int status;
    struct hob_text body; /* belongs to `native` */
    struct MHD_Response *native;
    bool streamed;             /* the body is not there yet */
    struct hob_pulled *pulled; /* of a streamed one; belongs to `native` */
    char tag[48];
};

/* Before a streamed response is queued: whose turn it is that may have to wait. */
void hob_response_set_connection(struct hob_response *response, struct hob_http_sleeper *sleeper);

#endif
