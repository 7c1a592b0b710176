/* connection: requests to one server, one after another, each waiting for its answer.
 *
 * The connection is kept alive between requests; one that the server has closed meanwhile is opened
 * again by the next request, as long as nothing of that was sent. No threads, and no signals: a
 * server that goes away is an error, never SIGPIPE. One connection is for one thread at a time. */
#ifndef HOB_CLIENT_CONNECTION_H
#define HOB_CLIENT_CONNECTION_H

#include "client/endpoint.h"
#include "client/reply.h"

struct hob_connection;

enum {
    HOB_CONNECT_MS = 250, /* a server on this machine answers at once, or is not well */
};

/* Connects within `budget_ms` (0: HOB_CONNECT_MS). HOB_E_NO_SERVER when nobody listens there (the
 * socket is not there, or refuses), HOB_E_BUSY when the server lets too many wait, HOB_E_TIMEOUT,
 * HOB_E_PERMISSION, HOB_E_IO. */
int hob_connection_open(struct hob_connection **connection, const struct hob_endpoint *endpoint,
                        unsigned budget_ms, struct hob_error *error);
/* Takes NULL, returns NULL. */
struct hob_connection *hob_connection_close(struct hob_connection *connection);
static inline void hob_auto_connection(struct hob_connection **connection)
{
    hob_connection_close(*connection);
}
/* Where it leads to; lives as long as the connection. */
const struct hob_endpoint *hob_connection_endpoint(const struct hob_connection *connection);

struct hob_request_header {
    const char *name, *value;
};

/* Everything is borrowed for the call. */
struct hob_request {
    const char *method;
    const char *path;     /* with its query, escaped where it must be */
    struct hob_text body; /* JSON, unless a header says what it is */
    const struct hob_request_header
        *headers;         /* more of them: Accept...; ended by one without name */
    unsigned deadline_ms; /* for all of it; 0: none */
    size_t max_body;      /* of the answer; 0: 256 MiB */
    /* Ctrl-C ends the wait with HOB_E_INTERRUPTED. For callers that keep SIGINT blocked and have a
     * handler for it, which need not do anything: it is let through while waiting only. */
    bool interruptible;
    /* 0, or a descriptor: as soon as there is something to read the wait ends with
     * HOB_E_INTERRUPTED. For callers with several threads. */
    int stop;
    /* Called whenever more of the body of an answer below 400 has come; may take it out of the
     * buffer, so that an answer without end needs no memory. NULL: all of it is kept. */
    void (*piece)(void *data, struct hob_buffer *body);
    void *piece_data;
};

/* Sends the request and reads the answer into *reply, which is begun anew (its owner deinits it). 0
 * for every answer, whatever its status; else why there is none: as hob_connection_open, HOB_E_CUT,
 * HOB_E_PROTOCOL, HOB_E_LIMIT, HOB_E_TIMEOUT, HOB_E_INTERRUPTED, HOB_E_MEMORY, and HOB_E_PARAMETER
 * for a request that cannot be sent. */
int hob_connection_exchange(struct hob_connection *connection, const struct hob_request *request,
                            struct hob_reply *reply, struct hob_error *error);
/* Whether the server can have seen any of the last request; if not, it is safe to send it again. */
bool hob_connection_reached(const struct hob_connection *connection);

#endif
