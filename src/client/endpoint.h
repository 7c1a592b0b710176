/* endpoint: where a server is.
 *
 * `unix:/path` or `/path` is a unix socket; `http://host:port`, with or without the scheme and a
 * slash at the end, is TCP. Hosts are numbers and "localhost" (base/address.h). */
#ifndef HOB_CLIENT_ENDPOINT_H
#define HOB_CLIENT_ENDPOINT_H

#include "base/address.h"
#include "base/error.h"

enum {
    HOB_ENDPOINT_NAME_SIZE = HOB_ADDRESS_MAX_PATH + 16,
    HOB_ENDPOINT_HOST_SIZE = 64,
};

struct hob_endpoint {
    struct hob_address address;
    bool is_local;                     /* a unix socket, which only this user can open */
    bool is_default;                   /* nobody named it: the server that each user has */
    bool may_start;                    /* and whoever asks may start it */
    char name[HOB_ENDPOINT_NAME_SIZE]; /* as it can be given again: "unix:/run/user/1/hob/..." */
    char host[HOB_ENDPOINT_HOST_SIZE]; /* of the Host header */
};

/* `server` NULL: $HOB_SERVER, else the socket hobd.sock in the runtime directory. HOB_E_PARAMETER
 * for what is no address of a server, HOB_E_UNSUPPORTED for https, and what hob_places_runtime
 * says. Nothing is connected to. */
int hob_endpoint_find(struct hob_endpoint *endpoint, const char *server, struct hob_error *error);

#endif
