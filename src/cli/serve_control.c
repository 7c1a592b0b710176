/* serve_control: `hob serve --stop`, --restart and --reload: what a server that runs is told. */
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

enum {
    RESTART_MS = 45000, /* a new process has 30 seconds */
    STOP_MS = 60000,    /* open requests have 30, unless the server was told otherwise */
    STEP_MS = 5,
};

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
static int stop_by_signal(const struct hob_serve_request *request)
{
    const struct hob_arguments *arguments = request->arguments;
    const struct hob_endpoint *endpoint =
        request->connection != NULL ? hob_connection_endpoint(request->connection) : NULL;
    if (request->error.code != HOB_E_TIMEOUT || endpoint == NULL || !endpoint->is_local)
        return hob_report(arguments->name, &request->error);
    HOB_AUTO(free) char *path = hob_presence_pid_path(endpoint->address.as.local.sun_path);
    pid_t process = hob_presence_server_of(path);
    HOB_AUTO(descriptor) int watch = process > 0 ? hob_platform_watch_process(process) : -1;
    if (process <= 0 || kill(process, SIGTERM) != 0)
        return hob_report(arguments->name, &request->error);
    return say_ended(arguments, process, wait_for_end(process, watch, STOP_MS));
}

int hob_serve_stop(const struct hob_arguments *arguments)
{
    HOB_AUTO(serve_request) struct hob_serve_request request;
    hob_serve_request_init(&request, arguments);
    int code = hob_serve_look(&request);
    if (code == HOB_E_NO_SERVER) {
        HOB_AUTO(output) struct hob_output output = {.program = arguments->name};
        hob_buffer_put_string(&output.buffer, "no server runs\n");
        return hob_output_finish(&output);
    }
    if (code != 0)
        return stop_by_signal(&request);
    /* Watched before it is told, so that its number cannot be somebody else's by then. */
    pid_t process = (pid_t)hob_serve_number(request.answer, "pid");
    HOB_AUTO(descriptor) int watch = hob_platform_watch_process(process);
    if (hob_serve_ask(&request, "POST", "/api/server/stop", HOB_SERVE_ASK_MS) != 0)
        return stop_by_signal(&request);
    return say_ended(arguments, process, wait_for_end(process, watch, STOP_MS));
}

/* ---- --restart ---- */

/* What can take a while, and is told the server that runs: 0, or what was reported. */
static int tell(struct hob_serve_request *request, const struct hob_arguments *arguments,
                const char *path)
{
    hob_serve_request_init(request, arguments);
    int code = hob_serve_connect(request);
    if (code == 0)
        code = hob_serve_ask(request, "POST", path, RESTART_MS);
    return code != 0 ? hob_report(arguments->name, &request->error) : 0;
}

int hob_serve_restart(const struct hob_arguments *arguments)
{
    HOB_AUTO(serve_request) struct hob_serve_request request;
    int status = tell(&request, arguments, "/api/server/restart");
    if (status != 0)
        return status;
    HOB_AUTO(output) struct hob_output output = {.program = arguments->name};
    hob_buffer_printf(&output.buffer, "restarted: process %lld in place of %lld\n",
                      (long long)hob_serve_number(request.answer, "pid"),
                      (long long)hob_serve_number(request.answer, "before"));
    return hob_output_finish(&output);
}

/* ---- --reload ---- */

static void put_text(struct hob_buffer *out, const struct hob_value *change, const char *key)
{
    const struct hob_value *value = hob_serve_get(change, key);
    struct hob_text text = value != NULL ? hob_value_text(value) : HOB_TEXT("");
    hob_display_put(out, text.size > 0 ? text : HOB_TEXT("unset"));
}

/* "limits.body: 2K, before 64M", or "listen.threads: 2 until a restart, 1 in the file". */
static void put_change(struct hob_buffer *out, const struct hob_value *change)
{
    const struct hob_value *restart = hob_serve_get(change, "needs_restart");
    bool live = restart == NULL || restart->kind != HOB_BOOL || !restart->boolean;
    put_text(out, change, "setting");
    hob_buffer_put_string(out, ": ");
    put_text(out, change, "in_force");
    hob_buffer_put_string(out, live ? ", before: " : " until 'hob serve --restart', in the file: ");
    put_text(out, change, live ? "before" : "in_file");
    hob_buffer_put_char(out, '\n');
}

int hob_serve_reload(const struct hob_arguments *arguments)
{
    HOB_AUTO(serve_request) struct hob_serve_request request;
    int status = tell(&request, arguments, "/api/server/reload");
    if (status != 0)
        return status;
    HOB_AUTO(output) struct hob_output output = {.program = arguments->name};
    const struct hob_value *changes = hob_serve_get(request.answer, "changes");
    size_t count = hob_value_is(changes, HOB_LIST) ? changes->list.count : 0;
    for (size_t i = 0; i < count; i++)
        put_change(&output.buffer, changes->list.items[i]);
    hob_buffer_put_string(&output.buffer, count > 0 ? "" : "reloaded: nothing has changed\n");
    return hob_output_finish(&output);
}
