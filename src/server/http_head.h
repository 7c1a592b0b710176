/* http_head: what the head of a request says, and whether it is one that everybody between the
 * client and here reads in the same way. Internal to http. */
#ifndef HOB_SERVER_HTTP_HEAD_H
#define HOB_SERVER_HTTP_HEAD_H

#include <microhttpd.h>

#include "server/http.h"

/* The first line, in libmicrohttpd's own texts. */
struct hob_http_line {
    const char *method, *version;
    const char *target_end; /* the first NUL of the target, before it was taken apart */
};

/* Fills *headers, which is zero. */
void hob_http_read_headers(struct hob_http_headers *headers, struct MHD_Connection *native,
                           const struct hob_http_line *line);

/* The path of a target that may name its server ("http://host/path"): *authority is that name,
 * which stands in place of the Host header, or is left alone. */
const char *hob_http_read_target(const char *target, struct hob_text *authority);

/* Decodes percent escapes in place, for MHD_OPTION_UNESCAPE_CALLBACK. An escaped NUL or slash stays
 * as it is: decoded, it would cut the path or make another one of it. */
size_t hob_http_unescape(void *context, struct MHD_Connection *native, char *text);

#endif
