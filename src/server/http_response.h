/* http_response: what a response is, for the two files that know libmicrohttpd: http.c and
 * http_response.c. */
#ifndef HOB_SERVER_HTTP_RESPONSE_H
#define HOB_SERVER_HTTP_RESPONSE_H

#include <stdatomic.h>

#include "server/http.h"

struct MHD_Response;

struct hob_response {
    atomic_uint references;
    int status;
    struct hob_text body; /* belongs to `native` */
    struct MHD_Response *native;
    bool streamed; /* the body is not there yet */
    char tag[48];
};

#endif
