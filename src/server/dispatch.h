/* dispatch: from a request to its answer: guard, route, cache, handler, now or in a worker thread.
 *
 * Internal to the server: what server.c starts and stops, dispatch.c uses. */
#ifndef HOB_SERVER_DISPATCH_H
#define HOB_SERVER_DISPATCH_H

#include <stdatomic.h>

#include "compute/compute.h"
#include "pool/pool.h"
#include "server/bounds.h"
#include "server/cache.h"
#include "server/guard.h"
#include "server/http.h"
#include "server/routes.h"
#include "server/server.h"
#include "server/work.h"
#include "session/store.h"

/* So many bodies of the largest size may be in memory. */
enum { HOB_SERVER_BODIES_AT_ONCE = 8 };

struct hob_server {
    struct hob_server_options options; /* with defaults filled in; its texts are not kept */
    struct hob_guard guard;
    struct hob_bounds_place bounds;
    struct hob_compute *compute;
    struct hob_store *store;      /* the sessions */
    struct hob_supervisor *pools; /* NULL when there are none */
    struct hob_cache *cache;
    struct hob_work *work;
    struct hob_http *tcp, *local; /* `local` is NULL without a unix socket */
    struct hob_http_application application;
    /* Of routes of that kind, by position in the table and encoding. */
    struct hob_response *(*constants)[HOB_ENCODINGS];
    char *socket_path;
    uint64_t socket_inode; /* so that only our own socket is removed */
    uint64_t started;
    atomic_ullong requests;
    char url[300];
};

/* The functions that make up server->application. */
bool hob_dispatch_welcome(void *server, struct hob_http_peer *peer);
struct hob_response *hob_dispatch_admit(void *server, struct hob_http_request *request);
void hob_dispatch_handle(void *server, struct hob_http_request *request);
struct hob_response *hob_dispatch_refuse_body(void *server, struct hob_http_request *request,
                                              enum hob_http_refusal why);

/* The pool of that name; HOB_E_NO_KEY. */
int hob_pools_find(struct hob_server *server, struct hob_text name, struct hob_pool **pool,
                   struct hob_error *error);

/* The `call` of a struct hob_compute_remote. */
int hob_server_call_pool(void *server, struct hob_text name, struct hob_text method,
                         struct hob_text params, struct hob_buffer *result,
                         struct hob_error *error);

/* Makes the answers of constant routes. */
int hob_dispatch_prepare(struct hob_server *server, struct hob_error *error);

#endif
