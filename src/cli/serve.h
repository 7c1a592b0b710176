/* serve: what the files of `hob serve` share. */
#ifndef HOB_CLI_SERVE_H
#define HOB_CLI_SERVE_H

#include "cli/options.h"
#include "client/client.h"
#include "value/value.h"

/* The server that the options name: --socket, --port (with --host), else the user's own. */
int hob_serve_find(char *server, size_t size, const struct hob_arguments *arguments,
                   struct hob_error *error);

enum { HOB_SERVE_ASK_MS = 5000 };

/* Something that is asked of that server; init and deinit in any case. */
struct hob_serve_request {
    const struct hob_arguments *arguments;
    struct hob_arena *arena; /* of the answer */
    struct hob_reply reply;
    struct hob_connection *connection;
    const struct hob_value *answer; /* a mapping, once something was asked */
    struct hob_error error;
};

/* `arguments` are borrowed; what was asked for since is freed by deinit. */
void hob_serve_request_init(struct hob_serve_request *request,
                            const struct hob_arguments *arguments);
void hob_serve_request_deinit(struct hob_serve_request *request);
static inline void hob_auto_serve_request(struct hob_serve_request *request)
{
    hob_serve_request_deinit(request);
}

/* Connects, without starting a server. */
int hob_serve_connect(struct hob_serve_request *request);
/* Asks over that connection. */
int hob_serve_ask(struct hob_serve_request *request, const char *method, const char *path,
                  unsigned deadline_ms);
/* Connects and asks for the server's status. */
int hob_serve_look(struct hob_serve_request *request);

/* A whole number in the status, 0 when it is not there. `path` has dots: "hob_server.requests". */
int64_t hob_serve_number(const struct hob_value *status, const char *path);
const struct hob_value *hob_serve_get(const struct hob_value *status, const char *path);

/* --status, --stop, --restart, --reload: exit statuses. */
int hob_serve_status(const struct hob_arguments *arguments);
int hob_serve_stop(const struct hob_arguments *arguments);
int hob_serve_restart(const struct hob_arguments *arguments);
int hob_serve_reload(const struct hob_arguments *arguments);

#endif
