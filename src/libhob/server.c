/* server: see include/hob/server.h. */
#define _GNU_SOURCE
#include <limits.h>
#include <stdio.h>
#include <unistd.h>

#include "client/client.h"
#include "libhob/internal.h"
#include "pool/message.h"

enum { USUAL_DEADLINE = 300000, LONGEST_PATH = 200 };

struct libhob_server {
    pthread_mutex_t lock; /* of the connection */
    struct hob_connection *connection;
};

int libhob_server_open(struct libhob_server **server, const char *address,
                       struct libhob_error *error)
{
    struct hob_error reason = HOB_ERROR_INIT;
    struct hob_client_options options = {.server = address};
    struct hob_connection *connection;
    API_QUIET;
    if (hob_client_open(&connection, &options, &reason) != 0)
        return api_fail(error, &reason);
    *server = hob_alloc_zero(1, sizeof **server);
    (*server)->connection = connection;
    pthread_mutex_init(&(*server)->lock, NULL);
    return 0;
}

struct libhob_server *libhob_server_close(struct libhob_server *server)
{
    if (server == NULL)
        return NULL;
    hob_connection_close(server->connection);
    pthread_mutex_destroy(&server->lock);
    free(server);
    return NULL;
}

int api_server_ask(struct libhob_server *server, const char *method, const char *path,
                   struct hob_text body, unsigned timeout, struct hob_buffer *answer,
                   struct hob_error *error)
{
    char directory[PATH_MAX];
    HOB_AUTO(reply) struct hob_reply reply = HOB_REPLY_INIT;
    const struct hob_request_header headers[] = {{"X-Hob-Directory", directory}, {0}};
    struct hob_request request = {.method = method,
                                  .path = path,
                                  .body = body,
                                  .deadline_ms = timeout != 0 ? timeout : USUAL_DEADLINE};
    API_QUIET;
    pthread_mutex_lock(&server->lock);
    if (hob_connection_endpoint(server->connection)->is_local &&
        getcwd(directory, sizeof directory) != NULL)
        request.headers = headers;
    int code = hob_client_ask(server->connection, &request, &reply, error);
    pthread_mutex_unlock(&server->lock);
    if (code == 0)
        hob_buffer_put_text(answer, hob_buffer_text(&reply.body));
    return code;
}

int libhob_server_request(struct libhob_server *server, const char *method, const char *path,
                          const char *body, unsigned timeout, struct libhob_bytes *answer,
                          struct libhob_error *error)
{
    struct hob_error reason = HOB_ERROR_INIT;
    HOB_AUTO(buffer) struct hob_buffer text = HOB_BUFFER_INIT;
    int code = api_server_ask(server, method, path, hob_text_from(body != NULL ? body : ""),
                              timeout, &text, &reason);
    if (code == 0)
        code = api_give(answer, &text, &reason);
    return code == 0 ? 0 : api_fail(error, &reason);
}

/* ---- pools ---- */

static int rpc(struct libhob_server *server, const char *pool, struct hob_text document,
               unsigned timeout, struct hob_buffer *answer, struct hob_error *error)
{
    char path[LONGEST_PATH];
    int size = snprintf(path, sizeof path, "/api/rpc/%s", pool);
    if (size < 0 || (size_t)size >= sizeof path || pool[strcspn(pool, "/?#% ")] != '\0')
        return hob_error_set(error, HOB_E_PARAMETER, "'%.100s' is no name of a pool", pool);
    return api_server_ask(server, "POST", path, document, timeout, answer, error);
}

/* The result, or the worker's error object, of one answer. */
static int take_answer(struct hob_text text, const char *method, struct libhob_bytes *answer,
                       struct hob_error *error)
{
    struct hob_message message;
    HOB_AUTO(buffer) struct hob_buffer out = HOB_BUFFER_INIT;
    int code = hob_message_read(&message, text, error);
    if (code != 0)
        return hob_error_context(error, "the answer of a pool");
    bool refused = message.error.size > 0;
    hob_buffer_put_text(&out, refused ? message.error : message.result);
    code = api_give(answer, &out, error);
    if (code == 0 && refused) {
        api_worker_error(error, method, message.error);
        return LIBHOB_ANSWERED_ERROR;
    }
    return code;
}

int libhob_server_call(struct libhob_server *server, const char *pool, const char *method,
                       const char *params, unsigned timeout, struct libhob_bytes *answer,
                       struct libhob_error *error)
{
    struct hob_error reason = HOB_ERROR_INIT;
    HOB_AUTO(buffer) struct hob_buffer document = HOB_BUFFER_INIT, text = HOB_BUFFER_INIT;
    int code = api_check_params(params, &reason);
    api_put_request(&document, method, params);
    if (code == 0 && hob_buffer_failed(&document))
        code = hob_error_set(&reason, HOB_E_MEMORY, "not enough memory for the call");
    if (code == 0)
        code = rpc(server, pool, hob_buffer_text(&document), timeout, &text, &reason);
    if (code == 0)
        code = take_answer(hob_buffer_text(&text), method, answer, &reason);
    if (code != 0)
        api_copy_error(error, &reason);
    return code;
}

int libhob_server_batch(struct libhob_server *server, const char *pool, const char *document,
                        unsigned timeout, struct libhob_bytes *answer, struct libhob_error *error)
{
    struct hob_error reason = HOB_ERROR_INIT;
    HOB_AUTO(buffer) struct hob_buffer text = HOB_BUFFER_INIT;
    int code = rpc(server, pool, hob_text_from(document), timeout, &text, &reason);
    if (code == 0)
        code = api_give(answer, &text, &reason);
    return code == 0 ? 0 : api_fail(error, &reason);
}
