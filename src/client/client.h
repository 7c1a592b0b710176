/* client: what a program does to talk to hobd: it finds the server, connects, and asks, again where
 * that is safe.
 *
 * Asked again, after a pause that doubles and differs from one process to the next, is: a server
 * that lets too many wait already, a request of which the server has seen nothing, an answer that
 * says the server is busy and did nothing (503), and a GET whose answer was cut. Everything else
 * might be done twice, and comes back as its error. */
#ifndef HOB_CLIENT_CLIENT_H
#define HOB_CLIENT_CLIENT_H

#include "client/connection.h"

/* All zero is the default. */
struct hob_client_options {
    const char *server; /* as hob_endpoint_find takes it; NULL: $HOB_SERVER, else the user's own */
    unsigned budget_ms; /* for connecting once; 0: HOB_CONNECT_MS */
    bool interruptible; /* as in struct hob_request, also for the pauses */
    bool no_start;      /* do not start the user's own daemon when it does not run */
};

/* Connects to the server; the user's own daemon is started first when it does not run, unless
 * $HOB_AUTOSTART forbids that. Errors as hob_endpoint_find, hob_connection_open and hob_start. */
int hob_client_open(struct hob_connection **connection, const struct hob_client_options *options,
                    struct hob_error *error);

/* As hob_connection_exchange, and an answer with an error status is an error too (as
 * hob_reply_check says it). */
int hob_client_ask(struct hob_connection *connection, const struct hob_request *request,
                   struct hob_reply *reply, struct hob_error *error);

#endif
