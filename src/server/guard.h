/* guard: who may ask at all.
 *
 * A web page in a browser on the same machine can send requests to a local server, under its own
 * name (Origin) or under a name that its owner has pointed at 127.0.0.1 (Host); and any user of the
 * machine can connect to a loopback port. None of them is let in. */
#ifndef HOB_SERVER_GUARD_H
#define HOB_SERVER_GUARD_H

#include "server/http.h"

struct hob_guard {
    char host[256]; /* the name or address that the server was told to listen on */
    uint16_t port;
};

/* Looks at the process on the other end, once for each connection, and notes whether it may ask. */
bool hob_guard_welcome(struct hob_http_peer *peer);

/* 0 when the request may go on; else HOB_E_FORBIDDEN, or HOB_E_PARAMETER for headers that
 * contradict each other. The peer has been looked at. */
int hob_guard_check(const struct hob_guard *guard, const struct hob_http_request *request,
                    struct hob_error *error);

/* Whether the server listens at a loopback address, which other machines cannot reach. */
bool hob_guard_is_loopback(const struct hob_guard *guard);

/* True when `host`, as in a Host header, is this server. `descriptor` is the connection's. */
bool hob_guard_is_own_host(const struct hob_guard *guard, struct hob_text host, int descriptor);

#endif
