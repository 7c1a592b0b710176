/* routes: the one table of what can be asked over HTTP, and what a handler gets and gives.
 *
 * The table says everything about a route: paths and methods, how it runs, how its errors look,
 * and the parameters with their help, from which the documentation and openapi.json are made. */
#ifndef HOB_SERVER_ROUTES_H
#define HOB_SERVER_ROUTES_H

#include "base/buffer.h"
#include "config/scope.h"
#include "server/accept.h"
#include "value/parameter.h"
#include "value/value.h"

struct hob_http_peer;
struct hob_place;
struct hob_http_request;
struct hob_server;
struct hob_table_rest;

enum hob_method {
    HOB_METHOD_GET = 1 << 0, /* HEAD too */
    HOB_METHOD_POST = 1 << 1,
    HOB_METHOD_DELETE = 1 << 2,
};

/* How the answer of a route comes about. */
enum hob_route_kind {
    HOB_ROUTE_CONSTANT, /* always the same: made once, when the server starts */
    HOB_ROUTE_QUICK,    /* made at once: never waits for anything */
    HOB_ROUTE_KEPT,     /* depends on the body and on files: kept while those are unchanged */
    HOB_ROUTE_SLOW,     /* may wait for a disk: made by a worker thread */
    HOB_ROUTE_EITHER,   /* made at once, unless the handler says that it has to wait */
    HOB_ROUTE_RELAYED,  /* made by others: `relay` has the request, and sees to its answer */
};

/* What the handler of such a route returns when it may not wait but must: it is called again, from
 * a worker thread. */
enum { HOB_CALL_WOULD_WAIT = 1 };

/* What an error's body looks like. */
enum hob_envelope {
    HOB_ENVELOPE_TYPED,      /* status, error_type, error_message, hint */
    HOB_ENVELOPE_NULL_VALUE, /* status, error, value: null */
    HOB_ENVELOPE_TEXT_VALUE, /* status, error, value: "" */
    HOB_ENVELOPE_TIMED,      /* status, result: null, error, timing */
};

/* A request on its way through a handler. */
struct hob_call {
    struct hob_server *server;
    const struct hob_http_peer *peer; /* who asks; NULL: the server itself */
    struct hob_place *place;          /* where it was asked */
    const struct hob_roots *roots;    /* of the server, without that place */
    const char *method, *path;
    bool may_wait;                /* it runs in a worker thread */
    const struct hob_value *body; /* the JSON object; an empty one when there was no body */
    struct hob_arena *arena;      /* freed when the answer has been made */
    struct hob_scope scope;       /* where the call may look; records what it looked at */
    enum hob_form form;           /* of the answer; JSON but for routes whose answer is a table */
    struct hob_buffer out;        /* the handler appends the body of the success answer... */
    struct hob_table_rest *rest;  /* ...or its beginning, and this makes the rest; owned */
    enum hob_envelope envelope;   /* the route's; a handler may choose another */
    bool keep;                    /* false: this answer must not be kept warm */
    uint64_t ticket;              /* not 0: sent when the store says that this is safe */
    uint64_t started;             /* hob_clock_now: when the server had the request... */
    uint64_t operation_started;   /* ...and when the handler was called */
};

struct hob_route {
    const char *path;
    unsigned methods; /* of enum hob_method */
    enum hob_route_kind kind;
    enum hob_envelope envelope;
    /* 0 with call->out filled, or a negative code with *error filled. */
    int (*handle)(struct hob_call *call, struct hob_error *error);
    const char *summary;
    const struct hob_parameter *parameters; /* ended by one without a name; or NULL */
    bool table; /* the answer is a table, which comes in the form that the client accepts */
    /* HOB_ROUTE_RELAYED: instead of `handle`. Answers the request, or defers it. */
    void (*relay)(struct hob_server *server, const struct hob_route *route,
                  struct hob_http_request *request);
};

/* The table of all. */
const struct hob_route *hob_routes(size_t *count);
/* By path, one slash at the end left aside; `{...}` in a route's path stands for any one part.
 * NULL when there is none. */
const struct hob_route *hob_route_find(const char *path);
/* "GET, HEAD, POST": for the Allow header. */
void hob_route_put_methods(struct hob_buffer *out, const struct hob_route *route);

/* The part of a request's path that stands for `{...}` number `number`, from 0, of the route: a
 * view of the path. */
struct hob_text hob_route_part(const struct hob_route *route, const char *path, unsigned number);

/* The handlers, in status.c, life.c, tables.c, compute.c, fields.c, sessions.c, pools.c,
 * relay.c and openapi.c. */
int hob_handle_health(struct hob_call *call, struct hob_error *error);
int hob_handle_openapi(struct hob_call *call, struct hob_error *error);
int hob_handle_ping(struct hob_call *call, struct hob_error *error);
int hob_handle_status(struct hob_call *call, struct hob_error *error);
int hob_handle_read_data(struct hob_call *call, struct hob_error *error);
int hob_handle_write_data(struct hob_call *call, struct hob_error *error);
int hob_handle_reload(struct hob_call *call, struct hob_error *error);
int hob_handle_restart(struct hob_call *call, struct hob_error *error);
int hob_handle_stop(struct hob_call *call, struct hob_error *error);
int hob_handle_compute(struct hob_call *call, struct hob_error *error);
int hob_handle_interface_read(struct hob_call *call, struct hob_error *error);
int hob_handle_talk_field(struct hob_call *call, struct hob_error *error);
int hob_handle_sessions(struct hob_call *call, struct hob_error *error);
int hob_handle_session(struct hob_call *call, struct hob_error *error);
int hob_handle_session_operation(struct hob_call *call, struct hob_error *error);
int hob_handle_pools(struct hob_call *call, struct hob_error *error);
int hob_handle_pool(struct hob_call *call, struct hob_error *error);
int hob_handle_pool_action(struct hob_call *call, struct hob_error *error);
void hob_relay_rpc(struct hob_server *server, const struct hob_route *route,
                   struct hob_http_request *request);

#endif
