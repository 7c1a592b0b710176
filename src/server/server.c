/* server: see server.h. Starting builds from the inside out (roots, caches, workers, then the
 * sockets), so that nothing is reachable before everything behind it is there; stopping goes the
 * other way. */
#include "server/server.h"

#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/log.h"
#include "base/platform.h"
#include "server/dispatch.h"
#include "server/listen.h"

enum {
    MAX_CONNECTIONS = 16384,
    BODIES_AT_ONCE = 8,      /* of the largest size */
    SPARE_DESCRIPTORS = 128, /* for files, while all connections are in use */
    DRAIN_STEP_US = 2000,
    DRAIN_QUIET_STEPS = 5, /* so many steps without a request: nobody is in the middle of one */
};

static unsigned or_default(unsigned value, unsigned fallback)
{
    return value != 0 ? value : fallback;
}

static size_t or_default_size(size_t value, size_t fallback)
{
    return value != 0 ? value : fallback;
}

static void fill_defaults(struct hob_server_options *options)
{
    unsigned cores = hob_platform_cores();
    size_t descriptors = hob_platform_raise_descriptor_limit();
    size_t room =
        descriptors > 2 * SPARE_DESCRIPTORS ? descriptors - SPARE_DESCRIPTORS : descriptors / 2;
    options->host = options->host != NULL ? options->host : "127.0.0.1";
    if (options->port == 0 && !options->any_port)
        options->port = HOB_SERVER_PORT;
    options->max_body = or_default_size(options->max_body, (size_t)64 << 20);
    options->max_file_size = or_default_size(options->max_file_size, HOB_SCOPE_MAX_FILE_SIZE);
    options->threads = or_default(options->threads, cores);
    options->max_connections = or_default(
        options->max_connections, room < MAX_CONNECTIONS ? (unsigned)room : MAX_CONNECTIONS);
    options->workers = or_default(options->workers, cores * 2 < 4 ? 4 : cores * 2);
    options->queue_limit = or_default_size(options->queue_limit, 1024);
    options->cache_size = or_default_size(options->cache_size, (size_t)32 << 20);
    options->drain_seconds = or_default(options->drain_seconds, 30);
}

static int add_roots(struct hob_server *server, struct hob_error *error)
{
    server->roots = hob_roots_new();
    int code = hob_roots_add(server->roots, ".", error);
    for (size_t i = 0; code == 0 && i < server->options.root_count; i++)
        code = hob_roots_add(server->roots, server->options.roots[i], error);
    return code;
}

static struct hob_http *new_http(struct hob_server *server, int descriptor, bool local)
{
    return hob_http_new(&(struct hob_http_options){
        .descriptor = descriptor,
        .local = local,
        .threads = local ? 1 : server->options.threads,
        .max_connections = server->options.max_connections,
        .max_body = server->options.max_body,
        .max_bodies = server->options.max_body * BODIES_AT_ONCE,
        .application = &server->application,
    });
}

static int listen_tcp(struct hob_server *server, struct hob_error *error)
{
    const char *host = server->options.host;
    uint16_t port = server->options.port;
    int descriptor = hob_listen_tcp(host, &port, error);
    if (descriptor < 0)
        return descriptor;
    server->guard.port = port;
    bool v6 = strchr(host, ':') != NULL;
    snprintf(server->guard.host, sizeof server->guard.host, v6 ? "[%s]" : "%s", host);
    snprintf(server->url, sizeof server->url, "http://%s:%u", server->guard.host, port);
    server->tcp = new_http(server, descriptor, false);
    return 0;
}

/* The unix socket is a convenience: without it the server still serves. */
static void listen_local(struct hob_server *server)
{
    struct hob_error error = HOB_ERROR_INIT;
    const char *wanted = server->options.socket_path;
    HOB_AUTO(free)
    char *path = wanted != NULL ? hob_copy_string(wanted) : hob_listen_default_path(&error);
    int descriptor = path != NULL ? hob_listen_local(path, &error) : error.code;
    struct stat facts = {0};
    if (descriptor >= 0) {
        stat(path, &facts);
        server->local = new_http(server, descriptor, true);
        server->socket_inode = facts.st_ino;
        server->socket_path = HOB_STEAL(path);
        return;
    }
    hob_log(HOB_LOG_WARNING, "no unix socket: serving over TCP only", "reason", error.message,
            NULL);
}

int hob_server_start(struct hob_server **out, const struct hob_server_options *options,
                     struct hob_error *error)
{
    struct hob_server *server = hob_alloc_zero(1, sizeof *server);
    server->options = *options;
    fill_defaults(&server->options);
    server->started = hob_clock_now();
    server->application = (struct hob_http_application){
        .context = server,
        .admit = hob_dispatch_admit,
        .handle = hob_dispatch_handle,
        .refuse_body = hob_dispatch_refuse_body,
    };
    server->compute = hob_compute_new();
    server->store = hob_store_new(&(struct hob_store_options){
        .state = options->state,
        .max_sessions = options->max_sessions,
        .max_memory = options->max_session_memory,
    });
    server->cache = hob_cache_new(server->options.cache_size, (size_t)1 << 20);
    server->work = hob_work_new(server->options.workers, server->options.queue_limit);
    int code = add_roots(server, error);
    if (code == 0)
        code = hob_dispatch_prepare(server, error);
    if (code == 0)
        code = listen_tcp(server, error);
    if (code == 0 && !server->options.no_socket)
        listen_local(server);
    /* Requests may come from here on, and look at everything that is in *server. */
    if (code == 0)
        code = hob_http_start(server->tcp, error);
    if (code == 0 && server->local != NULL)
        code = hob_http_start(server->local, error);
    if (code != 0) {
        hob_server_stop(server);
        return code;
    }
    /* They belong to the caller, and were read for the last time. */
    server->options.host = server->options.socket_path = NULL;
    server->options.roots = NULL;
    *out = server;
    return 0;
}

const char *hob_server_url(const struct hob_server *server)
{
    return server->url;
}

static void remove_socket(struct hob_server *server)
{
    struct stat facts;
    if (server->socket_path != NULL && lstat(server->socket_path, &facts) == 0 &&
        facts.st_ino == server->socket_inode)
        unlink(server->socket_path);
}

static unsigned open_requests(struct hob_server *server)
{
    return (server->tcp != NULL ? hob_http_open_requests(server->tcp) : 0) +
           (server->local != NULL ? hob_http_open_requests(server->local) : 0);
}

/* Waits until every request that has begun is answered, and a moment longer, for those that were
 * on their way. */
static void drain(struct hob_server *server)
{
    uint64_t started = hob_clock_now();
    double limit = server->options.drain_seconds * 1e3;
    for (unsigned quiet = 0; quiet < DRAIN_QUIET_STEPS;) {
        quiet = open_requests(server) == 0 ? quiet + 1 : 0;
        if (hob_clock_milliseconds_since(started) > limit)
            return;
        usleep(DRAIN_STEP_US);
    }
}

struct hob_server *hob_server_stop(struct hob_server *server)
{
    if (server == NULL)
        return NULL;
    remove_socket(server);
    if (server->tcp != NULL)
        hob_http_drain(server->tcp);
    if (server->local != NULL)
        hob_http_drain(server->local);
    drain(server);
    /* Jobs answer connections: they end before the connections do. */
    hob_work_free(server->work);
    hob_store_flush(server->store);
    hob_http_stop(server->tcp);
    hob_http_stop(server->local);
    size_t count;
    hob_routes(&count);
    for (size_t i = 0; server->constants != NULL && i < count; i++)
        for (int encoding = 0; encoding < HOB_ENCODINGS; encoding++)
            hob_response_unref(server->constants[i][encoding]);
    free(server->constants);
    hob_cache_free(server->cache);
    hob_store_free(server->store);
    hob_compute_free(server->compute);
    hob_roots_free(server->roots);
    free(server->socket_path);
    free(server);
    return NULL;
}

void hob_server_count(struct hob_server *server, struct hob_server_counts *counts)
{
    counts->cache = hob_cache_count(server->cache);
    hob_work_count(server->work, &counts->waiting, &counts->workers);
    counts->connections = hob_http_connections(server->tcp);
    if (server->local != NULL)
        counts->connections += hob_http_connections(server->local);
    counts->requests = atomic_load(&server->requests);
    counts->uptime_seconds = hob_clock_milliseconds_since(server->started) / 1e3;
}
