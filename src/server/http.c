/* http: libmicrohttpd behind one small face: its daemons, what counts for all of them, and the
 * door.
 *
 * Each loop (http_loop.h) is a thread with a daemon of libmicrohttpd, to which the door gives the
 * new connections in turn; a connection stays with its loop, and what is asked there is for
 * http_exchange.c. The listening socket is in none of the loops: one that another process holds too
 * could not be taken out of them safely, and 0.9.75 aborts when two of its threads try. */
#include "server/http_exchange.h"

#include "base/clock.h"
#include "base/file.h"
#include "server/http_head.h"

enum {
    POOL_SIZE = 8 * 1024, /* of a connection, for its headers; cleared after each request */
};

/* ---- the door ---- */

static bool has_room(void *context)
{
    struct hob_http *http = context;
    return atomic_load(&http->connections) < http->options.max_connections;
}

static void let_in(void *context, int descriptor, const struct sockaddr *address, socklen_t size)
{
    struct hob_http *http = context;
    atomic_fetch_add(&http->connections, 1);
    atomic_fetch_add(&http->silent, 1);
    hob_http_loop_enter(http->loops[http->next++ % http->threads], descriptor, address, size);
}

static void has_lost(void *owner)
{
    struct hob_http *http = owner;
    atomic_fetch_sub(&http->connections, 1);
    atomic_fetch_sub(&http->silent, 1);
}

/* ---- starting and stopping ---- */

struct hob_http *hob_http_new(const struct hob_http_options *options)
{
    unsigned threads = options->threads > 0 ? options->threads : 1;
    struct hob_http *http =
        hob_alloc_zero(1, sizeof *http + threads * sizeof(struct hob_http_loop *));
    http->application = *options->application;
    http->options = *options;
    hob_http_limit_bodies(http, options->max_body, options->max_bodies);
    http->listening = options->descriptor;
    http->threads = threads;
    http->last_used = hob_clock_now();
    http->linger = hob_linger_new();
    return http;
}

void hob_http_limit_bodies(struct hob_http *http, size_t max_body, size_t max_bodies)
{
    atomic_store(&http->max_body, max_body);
    atomic_store(&http->max_bodies, max_bodies);
}

size_t hob_http_max_body(const struct hob_http *http)
{
    return atomic_load(&http->max_body);
}

static struct MHD_Daemon *start_daemon(struct hob_http *http, struct hob_http_loop *loop)
{
    return MHD_start_daemon(
        hob_http_loop_flags() | MHD_USE_NO_LISTEN_SOCKET, 0, NULL, NULL, hob_http_exchange_access,
        http, MHD_OPTION_NOTIFY_COMPLETED, hob_http_exchange_completed, http,
        MHD_OPTION_NOTIFY_CONNECTION, hob_http_exchange_connection, loop,
        MHD_OPTION_CONNECTION_MEMORY_LIMIT, (size_t)POOL_SIZE, MHD_OPTION_CONNECTION_LIMIT,
        http->options.max_connections, MHD_OPTION_CONNECTION_TIMEOUT,
        (unsigned)HOB_HTTP_IDLE_SECONDS, MHD_OPTION_UNESCAPE_CALLBACK, hob_http_unescape, NULL,
        MHD_OPTION_URI_LOG_CALLBACK, hob_http_exchange_target, http, MHD_OPTION_THREAD_STACK_SIZE,
        (size_t)HOB_HTTP_STACK_SIZE, MHD_OPTION_END);
}

static int start_loop(struct hob_http *http, struct hob_http_loop **loop, struct hob_error *error)
{
    *loop = hob_http_loop_new(http, has_lost, error);
    if (*loop == NULL)
        return error->code;
    struct MHD_Daemon *daemon = start_daemon(http, *loop);
    if (daemon == NULL)
        return hob_error_set(error, HOB_E_IO,
                             "cannot start the HTTP server: libmicrohttpd gave no reason");
    return hob_http_loop_start(*loop, daemon, error);
}

int hob_http_start(struct hob_http *http, struct hob_error *error)
{
    for (unsigned i = 0; i < http->threads; i++) {
        int code = start_loop(http, &http->loops[i], error);
        if (code != 0)
            return code;
    }
    int code = hob_door_open(
        &http->door,
        &(struct hob_door_options){
            .descriptor = http->listening, .has_room = has_room, .enter = let_in, .context = http},
        error);
    return code;
}

int hob_http_listening(const struct hob_http *http)
{
    return http->listening;
}

void hob_http_drain(struct hob_http *http, bool handed_over)
{
    atomic_store(&http->draining, true);
    if (http->door != NULL)
        http->listening = -1; /* the door closes it */
    http->door = hob_door_close(http->door, handed_over);
}

unsigned hob_http_open_requests(struct hob_http *http)
{
    return atomic_load(&http->open_requests);
}

unsigned hob_http_silent_connections(struct hob_http *http)
{
    return atomic_load(&http->silent);
}

uint64_t hob_http_last_used(struct hob_http *http)
{
    return atomic_load_explicit(&http->last_used, memory_order_relaxed);
}

unsigned hob_http_connections(struct hob_http *http)
{
    return atomic_load(&http->connections);
}

struct hob_http *hob_http_stop(struct hob_http *http)
{
    if (http == NULL)
        return NULL;
    hob_http_drain(http, false);
    for (unsigned i = 0; i < http->threads; i++)
        hob_http_loop_stop(http->loops[i]);
    hob_file_close(http->listening);
    hob_linger_free(http->linger);
    free(http);
    return NULL;
}
