/* serve: what the files of `hob serve` share. */
#ifndef HOB_CLI_SERVE_H
#define HOB_CLI_SERVE_H

#include "cli/options.h"
#include "client/client.h"
#include "value/value.h"

/* The server that the options name: --socket, --port (with --host), else the user's own. */
int hob_serve_find(char *server, size_t size, const struct hob_arguments *arguments,
                   struct hob_error *error);

/* Connects to it, without starting one, and asks for its status, read into the arena. */
int hob_serve_look(struct hob_connection **connection, const struct hob_arguments *arguments,
                   struct hob_arena *arena, struct hob_reply *reply,
                   const struct hob_value **status, struct hob_error *error);

/* A whole number in the status, 0 when it is not there. `path` has dots: "hob_server.requests". */
int64_t hob_serve_number(const struct hob_value *status, const char *path);
const struct hob_value *hob_serve_get(const struct hob_value *status, const char *path);

/* --status, --stop, --restart: exit statuses. */
int hob_serve_status(const struct hob_arguments *arguments);
int hob_serve_stop(const struct hob_arguments *arguments);
int hob_serve_restart(const struct hob_arguments *arguments);

#endif
