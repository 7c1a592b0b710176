/* server: see server.h. Starting builds from the inside out (roots, caches, workers, then the
 * sockets), so that nothing is reachable before everything behind it is there; stopping goes the
 * other way. */
#include "server/server.h"

#include <errno.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/log.h"
#include "base/places.h"
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

static int listen_at(struct hob_server *server, const char *path, struct hob_error *error)
{
    struct stat facts = {0};
    int descriptor = hob_listen_local(path, error);
    if (descriptor < 0)
        return descriptor;
    stat(path, &facts);
    server->local = new_http(server, descriptor, true);
    server->socket_inode = facts.st_ino;
    server->socket_path = hob_copy_string(path);
    return 0;
}

/* The unix socket is a convenience: without it the server still serves, unless it was asked for. */
static int listen_local(struct hob_server *server, struct hob_error *error)
{
    if (server->options.socket_path != NULL)
        return listen_at(server, server->options.socket_path, error);
    struct hob_error reason = HOB_ERROR_INIT;
    HOB_AUTO(free) char *path = hob_places_runtime_file("hobd.sock", &reason);
    if (path == NULL || listen_at(server, path, &reason) != 0)
        hob_log(HOB_LOG_WARNING, "no unix socket: serving over TCP only", "reason", reason.message,
                NULL);
    return 0;
}

/* Whether sessions can be kept where the operator said. The directory is made when the first
 * session is, so it is enough when that can be done. */
static int check_state(const char *wanted, struct hob_error *error)
{
    struct stat facts;
    if (wanted == NULL || wanted[0] == '\0' || strcmp(wanted, "none") == 0)
        return 0;
    HOB_AUTO(free) char *path = hob_copy_string(wanted);
    while (stat(path, &facts) != 0) {
        char *slash = strrchr(path, '/');
        if (errno != ENOENT)
            return hob_error_from_errno(error, errno, "keep sessions in", wanted);
        if (slash == NULL || slash == path)
            strcpy(path, slash == NULL ? "." : "/");
        else
            *slash = '\0';
    }
    int number = !S_ISDIR(facts.st_mode) ? ENOTDIR : access(path, W_OK | X_OK) != 0 ? errno : 0;
    return number == 0 ? 0 : hob_error_from_errno(error, number, "keep sessions in", wanted);
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
        .welcome = hob_dispatch_welcome,
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
        code = check_state(options->state, error);
    if (code == 0)
        code = hob_dispatch_prepare(server, error);
    if (code == 0)
        code = listen_tcp(server, error);
    if (code == 0 && !server->options.no_socket)
        code = listen_local(server, error);
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
 * on their way. False when that took too long. */
static bool drain(struct hob_server *server)
{
    uint64_t started = hob_clock_now();
    double limit = server->options.drain_seconds * 1e3;
    for (unsigned quiet = 0; quiet < DRAIN_QUIET_STEPS;) {
        quiet = open_requests(server) == 0 ? quiet + 1 : 0;
        if (hob_clock_milliseconds_since(started) > limit)
            return false;
        usleep(DRAIN_STEP_US);
    }
    return true;
}

/* What is not answered by now never will be. True when no job is left that uses the server. */
static bool give_up(struct hob_server *server)
{
    char count[16], seconds[16];
    snprintf(count, sizeof count, "%u", open_requests(server));
    snprintf(seconds, sizeof seconds, "%u", server->options.drain_seconds);
    hob_log(HOB_LOG_WARNING, "stopping before all requests are answered", "given_up", count,
            "seconds", seconds, NULL);
    return hob_work_abandon(server->work) == 0;
}

static void free_constants(struct hob_server *server)
{
    size_t count;
    hob_routes(&count);
    for (size_t i = 0; server->constants != NULL && i < count; i++)
        for (int encoding = 0; encoding < HOB_ENCODINGS; encoding++)
            hob_response_unref(server->constants[i][encoding]);
    free(server->constants);
}

bool hob_server_stop(struct hob_server *server)
{
    remove_socket(server);
    if (server->tcp != NULL)
        hob_http_drain(server->tcp, false);
    if (server->local != NULL)
        hob_http_drain(server->local, false);
    if (!drain(server) && !give_up(server)) {
        hob_store_flush(server->store);
        return false;
    }
    /* Jobs answer connections: they end before the connections do. */
    hob_work_free(server->work);
    hob_store_flush(server->store);
    hob_http_stop(server->tcp);
    hob_http_stop(server->local);
    free_constants(server);
    hob_cache_free(server->cache);
    hob_store_free(server->store);
    hob_compute_free(server->compute);
    hob_roots_free(server->roots);
    free(server->socket_path);
    free(server);
    return true;
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
