/* reload_request: somebody asks over HTTP that the settings be read again, the thread that started
 * the server does so (reload.h), and tells what came of it. */
#ifndef HOB_SERVER_RELOAD_REQUEST_H
#define HOB_SERVER_RELOAD_REQUEST_H

#include <pthread.h>
#include <stdbool.h>

#include "base/buffer.h"
#include "base/error.h"
#include "server/server.h"

/* All under `lock`. */
struct hob_reload_request {
    pthread_mutex_t lock;
    pthread_cond_t changed;
    enum { HOB_RELOAD_NONE, HOB_RELOAD_WANTED, HOB_RELOAD_DONE } state;
    bool closed; /* nobody reloads any more */
    bool well;
    struct hob_buffer changes; /* JSON objects, with commas between them */
    struct hob_error error;
};

void hob_reload_request_init(struct hob_reload_request *request);
void hob_reload_request_deinit(struct hob_reload_request *request);

/* For the thread that reloads: whether somebody wants it to. */
bool hob_server_wants_reload(struct hob_server *server);
/* What came of it: the changes, or the error. */
void hob_server_tell_reload(struct hob_server *server, const struct hob_buffer *changes,
                            const struct hob_error *error);
/* There will be no more of that: who waits is refused. */
void hob_server_close_reload(struct hob_server *server);

#endif
