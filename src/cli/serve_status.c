/* serve_status: `hob serve --status`, --stop and --restart: what is asked of a server that runs. */
#define _GNU_SOURCE
#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/file.h"
#include "base/platform.h"
#include "cli/display.h"
#include "cli/output.h"
#include "cli/serve.h"
#include "server/presence.h"
#include "value/json.h"

enum {
    ASK_MS = 5000,
    RESTART_MS = 45000, /* a new process has 30 seconds */
    STOP_MS = 60000,    /* open requests have 30, unless the server was told otherwise */
    STEP_MS = 5,
};

/* ---- asking ---- */

int hob_serve_find(char *server, size_t size, const struct hob_arguments *arguments,
                   struct hob_error *error)
{
    const char *path = hob_arguments_value(arguments, "socket");
    const char *host = hob_arguments_value(arguments, "host");
    const char *port = hob_arguments_value(arguments, "port");
    server[0] = '\0';
    if (path != NULL && strcmp(path, "none") != 0)
        snprintf(server, size, "unix:%s", path);
    else if (port != NULL)
        snprintf(server, size,
                 strchr(host != NULL ? host : "", ':') ? "http://[%s]:%s" : "http://%s:%s",
                 host != NULL ? host : "127.0.0.1", port);
    else if (host != NULL && strcmp(host, "none") != 0)
        return hob_error_set(error, HOB_E_PARAMETER, "which server? --host goes with --port");
    return 0;
}

static int read_reply(const struct hob_reply *reply, struct hob_arena *arena,
                      const struct hob_value **value, struct hob_error *error)
{
    int code = hob_json_read(arena, hob_buffer_text(&reply->body), value, error);
    if (code == 0 && !hob_value_is(*value, HOB_MAP))
        code = hob_error_set(error, HOB_E_PROTOCOL, "the answer is no JSON object");
    return code != 0 ? hob_error_context(error, "read the answer of the server") : 0;
}

static int open_connection(struct hob_connection **connection,
                           const struct hob_arguments *arguments, struct hob_error *error)
{
    char server[HOB_ENDPOINT_NAME_SIZE];
    int code = hob_serve_find(server, sizeof server, arguments, error);
    if (code != 0)
        return code;
    struct hob_client_options options = {.server = server[0] != '\0' ? server : NULL,
                                         .no_start = true};
    return hob_client_open(connection, &options, error);
}

static int ask(struct hob_connection *connection, const char *method, const char *path,
               unsigned deadline_ms, struct hob_arena *arena, struct hob_reply *reply,
               const struct hob_value **answer, struct hob_error *error)
{
    struct hob_request request = {.method = method, .path = path, .deadline_ms = deadline_ms};
    int code = hob_client_ask(connection, &request, reply, error);
    return code != 0 ? code : read_reply(reply, arena, answer, error);
}

int hob_serve_look(struct hob_connection **connection, const struct hob_arguments *arguments,
                   struct hob_arena *arena, struct hob_reply *reply,
                   const struct hob_value **status, struct hob_error *error)
{
    int code = open_connection(connection, arguments, error);
    if (code != 0)
        return code;
    return ask(*connection, "GET", "/api/status", ASK_MS, arena, reply, status, error);
}

const struct hob_value *hob_serve_get(const struct hob_value *status, const char *path)
{
    char name[64];
    for (;;) {
        size_t size = strcspn(path, ".");
        snprintf(name, sizeof name, "%.*s", (int)size, path);
        status = hob_value_is(status, HOB_MAP) ? hob_value_get(status, name) : NULL;
        if (status == NULL || path[size] == '\0')
            return status;
        path += size + 1;
    }
}

static double real_of(const struct hob_value *status, const char *path)
{
    const struct hob_value *value = hob_serve_get(status, path);
    if (value == NULL)
        return 0;
    return value->kind == HOB_INT      ? (double)value->integer
           : value->kind == HOB_DOUBLE ? value->number
                                       : 0;
}

int64_t hob_serve_number(const struct hob_value *status, const char *path)
{
    return (int64_t)real_of(status, path);
}

static const char *text_of(const struct hob_value *status, const char *path)
{
    const struct hob_value *value = hob_serve_get(status, path);
    return value != NULL ? hob_value_string(value) : NULL;
}

static bool is_true(const struct hob_value *status, const char *path)
{
    const struct hob_value *value = hob_serve_get(status, path);
    return value != NULL && value->kind == HOB_BOOL && value->boolean;
}

/* ---- --status ---- */

static void put_label(struct hob_buffer *out, const char *label)
{
    hob_buffer_printf(out, "%-16s", label);
}

static void put_duration(struct hob_buffer *out, double seconds)
{
    unsigned long whole = seconds > 0 ? (unsigned long)seconds : 0;
    if (whole >= 86400)
        hob_buffer_printf(out, "%lu d %lu h", whole / 86400, whole / 3600 % 24);
    else if (whole >= 3600)
        hob_buffer_printf(out, "%lu h %lu min", whole / 3600, whole / 60 % 60);
    else if (whole >= 60)
        hob_buffer_printf(out, "%lu min %lu s", whole / 60, whole % 60);
    else
        hob_buffer_printf(out, "%lu s", whole);
}

static void put_places(struct hob_buffer *out, const struct hob_value *status)
{
    const char *url = text_of(status, "hob_server.url");
    const char *path = text_of(status, "hob_server.socket");
    put_label(out, "listens at");
    if (url != NULL)
        hob_buffer_put_string(out, url);
    if (path != NULL) {
        hob_buffer_put_string(out, url != NULL ? ", unix:" : "unix:");
        hob_display_put(out, hob_text_from(path));
    }
    hob_buffer_put_char(out, '\n');
}

static void put_roots(struct hob_buffer *out, const struct hob_value *status)
{
    const struct hob_value *roots = hob_serve_get(status, "hob_server.roots");
    const char *separator = "";
    put_label(out, "serves");
    for (size_t i = 0; hob_value_is(roots, HOB_LIST) && i < roots->list.count; i++) {
        const char *root = hob_value_string(roots->list.items[i]);
        hob_buffer_put_string(out, separator);
        hob_display_put(out, hob_text_from(root != NULL ? root : "?"));
        separator = ", ";
    }
    if (text_of(status, "hob_server.socket") != NULL) {
        hob_buffer_put_string(out, separator);
        hob_buffer_put_string(out, "the directories of the socket's clients");
    }
    hob_buffer_put_char(out, '\n');
}

static void put_who(struct hob_buffer *out, const struct hob_value *status)
{
    uid_t user = (uid_t)hob_serve_number(status, "hob_server.user");
    const char *name = getenv("USER");
    put_label(out, "who may connect");
    if (user == geteuid() && name != NULL && name[0] != '\0') {
        hob_buffer_put_string(out, "processes of ");
        hob_display_put(out, hob_text_from(name));
    } else {
        hob_buffer_printf(out, "processes of user %lu", (unsigned long)user);
    }
    hob_buffer_put_string(out, user != 0 ? " and of root, on this machine" : " on this machine");
    if (is_true(status, "hob_server.others_may_connect"))
        hob_buffer_put_string(out, "; and everybody on other machines who can reach it");
    hob_buffer_put_char(out, '\n');
}

static void put_idle(struct hob_buffer *out, const struct hob_value *status)
{
    put_label(out, "stops");
    if (is_true(status, "idle_timeout.enabled")) {
        hob_buffer_put_string(out, "after ");
        put_duration(out, real_of(status, "idle_timeout.timeout_seconds"));
        hob_buffer_put_string(out, " without a request\n");
    } else {
        hob_buffer_put_string(out, "when it is told to\n");
    }
}

static void put_status(struct hob_buffer *out, const struct hob_value *status)
{
    const char *version = text_of(status, "version");
    put_label(out, "running");
    hob_buffer_printf(out, "process %lld, version ", (long long)hob_serve_number(status, "pid"));
    hob_display_put(out, hob_text_from(version != NULL ? version : "?"));
    hob_buffer_put_string(out, ", for ");
    put_duration(out, real_of(status, "uptime_seconds"));
    hob_buffer_put_char(out, '\n');
    put_places(out, status);
    put_roots(out, status);
    put_who(out, status);
    put_idle(out, status);
    put_label(out, "memory");
    hob_buffer_printf(out, "%.1f MB, %.1f MB of it shared with nobody\n",
                      real_of(status, "memory.rss_mb"), real_of(status, "memory.private_mb"));
    put_label(out, "requests");
    hob_buffer_printf(out, "%lld; connections that are open: %lld\n",
                      (long long)hob_serve_number(status, "hob_server.requests"),
                      (long long)hob_serve_number(status, "hob_server.connections"));
    put_label(out, "sessions");
    hob_buffer_printf(out, "%lld\n", (long long)hob_serve_number(status, "hob_server.sessions"));
}

int hob_serve_status(const struct hob_arguments *arguments)
{
    struct hob_error error = HOB_ERROR_INIT;
    HOB_AUTO(arena) struct hob_arena *arena = hob_arena_new();
    HOB_AUTO(reply) struct hob_reply reply = HOB_REPLY_INIT;
    HOB_AUTO(connection) struct hob_connection *connection = NULL;
    const struct hob_value *status;
    if (hob_serve_look(&connection, arguments, arena, &reply, &status, &error) != 0)
        return hob_report(arguments->name, &error);
    HOB_AUTO(output) struct hob_output output = {.program = arguments->name};
    if (hob_arguments_has(arguments, "json")) {
        hob_buffer_put_text(&output.buffer, hob_buffer_text(&reply.body));
        hob_buffer_put_char(&output.buffer, '\n');
    } else {
        put_status(&output.buffer, status);
    }
    return hob_output_finish(&output);
}

/* ---- --stop ---- */

/* Waits until the process has ended; `watch` as hob_platform_watch_process has it, or -1. */
static bool wait_for_end(pid_t process, int watch, unsigned milliseconds)
{
    uint64_t started = hob_clock_now();
    while (hob_clock_milliseconds_since(started) < milliseconds) {
        struct pollfd polled = {.fd = watch, .events = POLLIN};
        if (watch < 0 && kill(process, 0) != 0 && errno == ESRCH)
            return true;
        if (poll(&polled, watch >= 0 ? 1 : 0, watch >= 0 ? (int)milliseconds : STEP_MS) > 0)
            return true;
    }
    return false;
}

static int say_ended(const struct hob_arguments *arguments, pid_t process, bool ended)
{
    struct hob_error error = HOB_ERROR_INIT;
    if (!ended) {
        hob_error_set(&error, HOB_E_TIMEOUT, "the server (process %ld) is still ending",
                      (long)process);
        hob_error_hint(&error, "'kill -9 %ld' ends it at once, with what it is doing",
                       (long)process);
        return hob_report(arguments->name, &error);
    }
    HOB_AUTO(output) struct hob_output output = {.program = arguments->name};
    hob_buffer_printf(&output.buffer, "stopped: process %ld\n", (long)process);
    return hob_output_finish(&output);
}

/* For a server that does not answer: its pid file says which process it is. */
static int stop_by_signal(const struct hob_connection *connection,
                          const struct hob_arguments *arguments, const struct hob_error *error)
{
    const struct hob_endpoint *endpoint =
        connection != NULL ? hob_connection_endpoint(connection) : NULL;
    if (error->code != HOB_E_TIMEOUT || endpoint == NULL || !endpoint->is_local)
        return hob_report(arguments->name, error);
    HOB_AUTO(free) char *path = hob_presence_pid_path(endpoint->address.as.local.sun_path);
    pid_t process = hob_presence_server_of(path);
    HOB_AUTO(descriptor) int watch = process > 0 ? hob_platform_watch_process(process) : -1;
    if (process <= 0 || kill(process, SIGTERM) != 0)
        return hob_report(arguments->name, error);
    return say_ended(arguments, process, wait_for_end(process, watch, STOP_MS));
}

int hob_serve_stop(const struct hob_arguments *arguments)
{
    struct hob_error error = HOB_ERROR_INIT;
    HOB_AUTO(arena) struct hob_arena *arena = hob_arena_new();
    HOB_AUTO(reply) struct hob_reply reply = HOB_REPLY_INIT;
    HOB_AUTO(connection) struct hob_connection *connection = NULL;
    const struct hob_value *answer;
    int code = hob_serve_look(&connection, arguments, arena, &reply, &answer, &error);
    if (code == HOB_E_NO_SERVER) {
        HOB_AUTO(output) struct hob_output output = {.program = arguments->name};
        hob_buffer_put_string(&output.buffer, "no server runs\n");
        return hob_output_finish(&output);
    }
    if (code != 0)
        return stop_by_signal(connection, arguments, &error);
    /* Watched before it is told, so that its number cannot be somebody else's by then. */
    pid_t process = (pid_t)hob_serve_number(answer, "pid");
    HOB_AUTO(descriptor) int watch = hob_platform_watch_process(process);
    code = ask(connection, "POST", "/api/server/stop", ASK_MS, arena, &reply, &answer, &error);
    if (code != 0)
        return stop_by_signal(connection, arguments, &error);
    return say_ended(arguments, process, wait_for_end(process, watch, STOP_MS));
}

/* ---- --restart ---- */

int hob_serve_restart(const struct hob_arguments *arguments)
{
    struct hob_error error = HOB_ERROR_INIT;
    HOB_AUTO(arena) struct hob_arena *arena = hob_arena_new();
    HOB_AUTO(reply) struct hob_reply reply = HOB_REPLY_INIT;
    HOB_AUTO(connection) struct hob_connection *connection = NULL;
    const struct hob_value *answer;
    int code = open_connection(&connection, arguments, &error);
    if (code == 0)
        code = ask(connection, "POST", "/api/server/restart", RESTART_MS, arena, &reply, &answer,
                   &error);
    if (code == HOB_E_NO_SERVER)
        hob_error_hint(&error, "'hob serve --daemon' starts one");
    if (code != 0)
        return hob_report(arguments->name, &error);
    HOB_AUTO(output) struct hob_output output = {.program = arguments->name};
    hob_buffer_printf(&output.buffer, "restarted: process %lld in place of %lld\n",
                      (long long)hob_serve_number(answer, "pid"),
                      (long long)hob_serve_number(answer, "before"));
    return hob_output_finish(&output);
}
