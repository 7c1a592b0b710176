/* server: see server.h. Starting builds from the inside out (roots, caches, workers, then the
 * sockets), so that nothing is reachable before everything behind it is there; stopping goes the
 * other way. */
#define _GNU_SOURCE
#include "server/server.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/file.h"
#include "base/log.h"
#include "base/places.h"
#include "server/apply.h"
#include "server/dispatch.h"
#include "server/listen.h"
#include "server/unset.h"

enum {
    DRAIN_STEP_US = 2000,
    DRAIN_QUIET_STEPS = 5, /* so many steps without a request: nobody is in the middle of one */
    SUCCESSION_QUIET_STEPS = 50, /* while a successor serves there is no hurry */
    DRAIN_SILENT_STEPS = 500,    /* for connections that have not asked yet */
    SUCCESSION_SECONDS = 5,      /* that a predecessor may take to end when it has drained */
    SETTLE_MS = 2000,            /* for one that stopped just before this one was started */
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
    options->host = options->host != NULL ? options->host : "127.0.0.1";
    if (options->port == 0 && !options->any_port)
        options->port = HOB_SERVER_PORT;
    options->max_body = or_default_size(options->max_body, (size_t)64 << 20);
    options->max_file_size = or_default_size(options->max_file_size, HOB_SCOPE_MAX_FILE_SIZE);
    unsigned connections = hob_unset_connections();
    options->threads = or_default(options->threads, hob_unset_threads());
    options->max_connections = or_default(options->max_connections, connections);
    options->workers = or_default(options->workers, hob_unset_workers());
    options->queue_limit = or_default_size(options->queue_limit, 1024);
    options->cache_size = or_default_size(options->cache_size, (size_t)32 << 20);
    options->drain_seconds = or_default(options->drain_seconds, 30);
}

static int set_bounds(struct hob_server *server, struct hob_error *error)
{
    HOB_AUTO(roots) struct hob_roots *roots = hob_roots_new();
    int code = hob_server_add_roots(roots, &server->options, error);
    if (code != 0)
        return code;
    hob_bounds_replace(&server->bounds, HOB_STEAL(roots), server->options.max_file_size);
    server->directory = getcwd(NULL, 0);
    server->home = open(".", O_PATH | O_DIRECTORY | O_CLOEXEC);
    return server->home >= 0 ? 0 : hob_error_from_errno(error, errno, "work in the directory", ".");
}

static struct hob_http *new_http(struct hob_server *server, int descriptor, bool local)
{
    return hob_http_new(&(struct hob_http_options){
        .descriptor = descriptor,
        .local = local,
        .threads = local ? 1 : server->options.threads,
        .max_connections = server->options.max_connections,
        .max_body = server->options.max_body,
        .max_bodies = server->options.max_body * HOB_SERVER_BODIES_AT_ONCE,
        .application = &server->application,
    });
}

/* ---- where clients come in ---- */

static void serve_tcp(struct hob_server *server, int descriptor, const char *host, uint16_t port)
{
    bool v6 = strchr(host, ':') != NULL;
    server->guard.port = port;
    snprintf(server->guard.host, sizeof server->guard.host, v6 ? "[%s]" : "%s", host);
    snprintf(server->url, sizeof server->url, "http://%s:%u", server->guard.host, port);
    server->tcp = new_http(server, descriptor, false);
}

/* The lock file is for those who look for a server at a port that they know. */
static void announce_port(struct hob_server *server, const char *host, uint16_t port)
{
    HOB_AUTO(free) char *path = hob_presence_lock_path(host, port);
    pid_t other = hob_presence_server_of(path);
    if (other != 0 && other != getpid() && server->options.inherited->hold < 0) {
        hob_log(HOB_LOG_WARNING, "another server says that it has this port", "file", path, NULL);
        return;
    }
    hob_presence_put(path);
    server->lock_path = HOB_STEAL(path);
}

static int listen_tcp(struct hob_server *server, struct hob_error *error)
{
    const struct hob_inherited *inherited = server->options.inherited;
    const char *host = server->options.host;
    uint16_t port = server->options.port;
    int descriptor = inherited->tcp;
    char address[HOB_LISTEN_ADDRESS_SIZE];
    if (descriptor >= 0 && hob_listen_look(descriptor, address, &port, error) != 0)
        return error->code;
    if (descriptor >= 0 && !inherited->tcp_is_ours)
        host = address;
    if (descriptor < 0)
        descriptor = hob_listen_tcp(host, &port, error);
    if (descriptor < 0)
        return descriptor;
    serve_tcp(server, descriptor, host, port);
    server->tcp_is_foreign = inherited->tcp >= 0 && !inherited->tcp_is_ours;
    if (!server->options.any_port)
        announce_port(server, host, port);
    return 0;
}

static void serve_local(struct hob_server *server, int descriptor, const char *path, bool ours)
{
    struct stat facts = {0};
    server->local = new_http(server, descriptor, true);
    server->socket_path = hob_copy_string(path);
    if (ours && stat(path, &facts) == 0)
        server->socket_inode = facts.st_ino;
    server->pid_path = hob_presence_pid_path(path);
    hob_presence_put(server->pid_path);
}

static int listen_at(struct hob_server *server, const char *path, struct hob_error *error)
{
    int descriptor = hob_listen_local(path, error);
    if (descriptor >= 0)
        serve_local(server, descriptor, path, true);
    return descriptor >= 0 ? 0 : descriptor;
}

static int listen_inherited(struct hob_server *server, struct hob_error *error)
{
    const struct hob_inherited *inherited = server->options.inherited;
    char path[HOB_LISTEN_ADDRESS_SIZE];
    int code = hob_listen_look(inherited->local, path, NULL, error);
    if (code == 0)
        serve_local(server, inherited->local, path, inherited->local_is_ours);
    return code;
}

/* Beside TCP the unix socket is a convenience: without it the server still serves, unless it was
 * asked for. */
static int listen_local(struct hob_server *server, struct hob_error *error)
{
    if (server->options.inherited->local >= 0)
        return listen_inherited(server, error);
    if (server->options.socket_path != NULL)
        return listen_at(server, server->options.socket_path, error);
    struct hob_error reason = HOB_ERROR_INIT;
    HOB_AUTO(free) char *path = hob_places_runtime_file("hobd.sock", &reason);
    if (path != NULL && listen_at(server, path, &reason) == 0)
        return 0;
    if (server->tcp == NULL) {
        *error = reason;
        return error->code;
    }
    hob_log(HOB_LOG_WARNING, "no unix socket: serving over TCP only", "reason", reason.message,
            NULL);
    return 0;
}

static int nowhere(struct hob_error *error)
{
    hob_error_set(error, HOB_E_PARAMETER,
                  "there is nowhere to listen: neither a port nor a socket");
    hob_error_hint(error, "leave out one of --host none and --socket none");
    return HOB_E_PARAMETER;
}

/* Whoever was started with sockets serves at those. */
static int listen_everywhere(struct hob_server *server, struct hob_error *error)
{
    const struct hob_server_options *options = &server->options;
    const struct hob_inherited *inherited = options->inherited;
    bool given = inherited->tcp >= 0 || inherited->local >= 0;
    int code = 0;
    if (!given && options->no_tcp && options->no_socket)
        code = nowhere(error);
    if (code == 0 && (given ? inherited->tcp >= 0 : !options->no_tcp))
        code = listen_tcp(server, error);
    if (code == 0 && (given ? inherited->local >= 0 : !options->no_socket))
        code = listen_local(server, error);
    if (code == 0 && server->tcp == NULL)
        snprintf(server->url, sizeof server->url, "unix:%s", server->socket_path);
    return code;
}

/* Requests may come from here on, and look at everything that is in *server; even the first can ask
 * for a restart, which then waits until both doors are open. */
static int open_doors(struct hob_server *server, struct hob_error *error)
{
    pthread_mutex_lock(&server->closing);
    int code = server->tcp != NULL ? hob_http_start(server->tcp, error) : 0;
    if (code == 0 && server->local != NULL)
        code = hob_http_start(server->local, error);
    pthread_mutex_unlock(&server->closing);
    return code;
}

/* Whether sessions can be kept where the operator said. The directory is made when the first
 * session is, so it is enough when that can be done. */
static int check_state(const char *wanted, struct hob_error *error)
{
    if (wanted == NULL)
        return hob_places_check_state(error);
    int number = wanted[0] == '\0' || strcmp(wanted, "none") == 0 ? 0 : hob_places_try(wanted);
    if (number == 0)
        return 0;
    int code = hob_error_from_errno(error, number, "keep sessions in", wanted);
    hob_error_hint(error, "name another directory with --state; none keeps them in memory only");
    return code;
}

static int open_pools(struct hob_server *server, struct hob_error *error)
{
    hob_compute_set_remote(server->compute, &(struct hob_compute_remote){
                                                .call = hob_server_call_pool, .data = server});
    return hob_server_open_pools(server, server->options.pools, server->options.pool_count, error);
}

int hob_server_start(struct hob_server **out, const struct hob_server_options *options,
                     struct hob_error *error)
{
    static const struct hob_inherited nothing = {.tcp = -1, .local = -1, .hold = -1};
    struct hob_server *server = hob_alloc_zero(1, sizeof *server);
    server->options = *options;
    server->home = server->hold = -1;
    pthread_mutex_init(&server->closing, NULL);
    hob_reload_request_init(&server->reload);
    fill_defaults(&server->options);
    atomic_init(&server->idle_ms, options->idle_ms);
    if (server->options.inherited == NULL)
        server->options.inherited = &nothing;
    int hold = server->options.inherited->hold;
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
        .hold = hold,
        .hold_ms = (server->options.drain_seconds + SUCCESSION_SECONDS) * 1000,
        .patience_ms = SETTLE_MS,
        .durability = options->durability,
    });
    server->cache =
        hob_cache_new(options->no_cache ? 0 : server->options.cache_size, (size_t)1 << 20);
    hob_bounds_init(&server->bounds);
    server->work = hob_work_new(server->options.workers, server->options.queue_limit);
    int code = set_bounds(server, error);
    if (code == 0)
        code = check_state(options->state, error);
    if (code == 0)
        code = hob_dispatch_prepare(server, error);
    if (code == 0)
        code = open_pools(server, error);
    if (code == 0)
        code = listen_everywhere(server, error);
    if (code == 0)
        code = open_doors(server, error);
    if (code != 0) {
        hob_server_stop(server);
        return code;
    }
    /* They belong to the caller, and were read for the last time. */
    server->options.host = server->options.socket_path = NULL;
    server->options.roots = NULL;
    server->options.inherited = NULL;
    server->options.pools = NULL;
    *out = server;
    return 0;
}

const char *hob_server_url(const struct hob_server *server)
{
    return server->url;
}

/* ---- stopping ---- */

/* From here on nobody finds the server any more, unless a successor is found in its place. */
static void disappear(struct hob_server *server)
{
    struct stat facts;
    if (atomic_load(&server->future) == HOB_FUTURE_SUCCEEDED)
        return;
    if (server->socket_inode != 0 && lstat(server->socket_path, &facts) == 0 &&
        facts.st_ino == server->socket_inode)
        unlink(server->socket_path);
    hob_presence_remove(server->pid_path);
    hob_presence_remove(server->lock_path);
}

void hob_server_close_doors(struct hob_server *server)
{
    bool handed_over = atomic_load(&server->future) == HOB_FUTURE_SUCCEEDED;
    pthread_mutex_lock(&server->closing);
    if (server->tcp != NULL)
        hob_http_drain(server->tcp, handed_over);
    if (server->local != NULL)
        hob_http_drain(server->local, handed_over);
    pthread_mutex_unlock(&server->closing);
}

/* Of both ways in. */
static unsigned total(struct hob_server *server, unsigned (*count)(struct hob_http *http))
{
    return (server->tcp != NULL ? count(server->tcp) : 0) +
           (server->local != NULL ? count(server->local) : 0);
}

/* Waits until every request that has begun is answered; then a moment longer, for those that are on
 * their way over connections that are kept alive, and longer still for connections that have not
 * asked yet. False when the requests took too long. */
static bool drain(struct hob_server *server)
{
    uint64_t started = hob_clock_now();
    double limit = server->options.drain_seconds * 1e3;
    bool handed_over = atomic_load(&server->future) == HOB_FUTURE_SUCCEEDED;
    unsigned enough = handed_over ? SUCCESSION_QUIET_STEPS : DRAIN_QUIET_STEPS;
    for (unsigned quiet = 0;;) {
        quiet = total(server, hob_http_open_requests) == 0 ? quiet + 1 : 0;
        bool silent = total(server, hob_http_silent_connections) > 0;
        if (quiet >= (silent ? DRAIN_SILENT_STEPS : enough))
            return true;
        if (hob_clock_milliseconds_since(started) > limit)
            return quiet > 0;
        usleep(DRAIN_STEP_US);
    }
}

/* What is not answered by now never will be. True when no job is left that uses the server. */
static bool give_up(struct hob_server *server)
{
    char count[16], seconds[16];
    snprintf(count, sizeof count, "%u", total(server, hob_http_open_requests));
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
    int serves = HOB_FUTURE_SERVES;
    atomic_compare_exchange_strong(&server->future, &serves, HOB_FUTURE_STOPS);
    disappear(server);
    hob_server_close_doors(server);
    if (!drain(server) && !give_up(server)) {
        hob_store_flush(server->store);
        return false;
    }
    /* Jobs and workers answer connections: they end before the connections do. */
    hob_work_free(server->work);
    hob_supervisor_stop(server->pools, 0);
    hob_store_flush(server->store);
    hob_http_stop(server->tcp);
    hob_http_stop(server->local);
    hob_supervisor_free(server->pools, 0); /* a late request could still have asked it */
    free_constants(server);
    hob_cache_free(server->cache);
    hob_store_free(server->store);
    hob_file_close(server->hold); /* now the successor may have the sessions */
    hob_compute_free(server->compute);
    hob_bounds_deinit(&server->bounds);
    free(server->socket_path);
    free(server->pid_path);
    free(server->lock_path);
    pthread_mutex_destroy(&server->closing);
    hob_reload_request_deinit(&server->reload);
    free(server->directory);
    hob_file_close(server->home);
    free(server);
    return true;
}

/* ---- being idle ---- */

static uint64_t last_used(struct hob_server *server)
{
    uint64_t tcp = server->tcp != NULL ? hob_http_last_used(server->tcp) : 0;
    uint64_t local = server->local != NULL ? hob_http_last_used(server->local) : 0;
    return tcp > local ? tcp : local;
}

int hob_server_idle_left(struct hob_server *server)
{
    double limit = (double)atomic_load(&server->idle_ms);
    if (limit == 0)
        return -1;
    bool busy = total(server, hob_http_open_requests) > 0 || hob_store_is_fleeting(server->store);
    double left = busy ? limit : limit - hob_clock_milliseconds_since(last_used(server));
    /* Rounded up, so that nobody looks again too early, time after time. */
    return left <= 0 ? 0 : left < INT32_MAX ? (int)left + 1 : INT32_MAX;
}

void hob_server_count(struct hob_server *server, struct hob_server_counts *counts)
{
    counts->cache = hob_cache_count(server->cache);
    hob_work_count(server->work, &counts->waiting, &counts->workers);
    counts->connections = total(server, hob_http_connections);
    counts->sessions = hob_store_count(server->store);
    counts->idle_seconds = hob_clock_milliseconds_since(last_used(server)) / 1e3;
    counts->requests = atomic_load(&server->requests);
    counts->uptime_seconds = hob_clock_milliseconds_since(server->started) / 1e3;
}
