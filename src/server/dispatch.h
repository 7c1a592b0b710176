/* dispatch: from a request to its answer: guard, route, cache, handler, now or in a worker thread.
 *
 * Internal to the server: what server.c starts and stops, dispatch.c uses. */
#ifndef HOB_SERVER_DISPATCH_H
#define HOB_SERVER_DISPATCH_H

#include <pthread.h>
#include <stdatomic.h>
#include <sys/types.h>

#include "compute/compute.h"
#include "pool/pool.h"
#include "server/bounds.h"
#include "server/cache.h"
#include "server/guard.h"
#include "server/http.h"
#include "server/place.h"
#include "server/presence.h"
#include "server/reload_request.h"
#include "server/routes.h"
#include "server/server.h"
#include "server/work.h"
#include "session/store.h"

/* So many bodies of the largest size may be in memory. */
enum { HOB_SERVER_BODIES_AT_ONCE = 8 };

struct hob_server {
    struct hob_server_options options; /* as started, with defaults; its texts are not kept */
    struct hob_guard guard;
    struct hob_bounds_place bounds;
    struct hob_compute *compute;
    struct hob_store *store; /* the sessions */
    /* NULL while there have been no pools. */
    struct hob_supervisor *_Atomic pools;
    struct hob_cache *cache;
    struct hob_work *work;
    struct hob_http *tcp, *local; /* NULL: nobody is served that way */
    pthread_mutex_t closing;      /* held while their doors are opened or closed */
    struct hob_http_application application;
    /* Of routes of that kind, by position in the table and encoding. */
    struct hob_response *(*constants)[HOB_ENCODINGS];
    char *socket_path;
    uint64_t socket_inode;      /* so that only our own socket is removed; 0: it is not ours */
    char *pid_path, *lock_path; /* hob_presence; NULL: none was written */
    bool tcp_is_foreign;        /* a service manager made the socket */
    int home;                   /* the working directory, open... */
    char *directory;            /* ...and its path */
    uint64_t started;
    atomic_ullong idle_ms; /* as in the options, and what a reload makes of it */
    atomic_int future;     /* of enum hob_future */
    atomic_bool replacing; /* somebody starts a successor... */
    atomic_int successor;  /* ...which is this process; 0: none yet */
    int hold;              /* the end of its pipe (struct hob_inherited) that is ours; -1: none */
    struct hob_reload_request reload;
    atomic_ullong requests;
    char url[300];
};

/* What is to become of the server; it only ever moves down this list. */
enum hob_future {
    HOB_FUTURE_SERVES,
    HOB_FUTURE_STOPS,     /* somebody asked for it */
    HOB_FUTURE_SUCCEEDED, /* another process listens at its sockets */
};

/* The functions that make up server->application. */
bool hob_dispatch_welcome(void *server, struct hob_http_peer *peer);
struct hob_response *hob_dispatch_admit(void *server, struct hob_http_request *request);
void hob_dispatch_handle(void *server, struct hob_http_request *request);
struct hob_response *hob_dispatch_refuse_body(void *server, struct hob_http_request *request,
                                              enum hob_http_refusal why);

/* Who asks is a process of the server's own user, on the same machine; HOB_E_FORBIDDEN. */
int hob_life_check_owner(const struct hob_call *call, struct hob_error *error);
/* Nobody comes in any more; any thread may call, more than once. */
void hob_server_close_doors(struct hob_server *server);
/* The pool of that name, for the caller to release; HOB_E_NO_KEY. */
int hob_pools_find(struct hob_server *server, struct hob_text name, struct hob_pool **pool,
                   struct hob_error *error);

/* The `call` of a struct hob_compute_remote. */
int hob_server_call_pool(void *server, struct hob_text name, struct hob_text method,
                         struct hob_text params, struct hob_buffer *result,
                         struct hob_error *error);

/* Makes the answers of constant routes. */
int hob_dispatch_prepare(struct hob_server *server, struct hob_error *error);

#endif
