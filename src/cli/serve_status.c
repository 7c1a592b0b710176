/* serve_status: asking a server that runs, and `hob serve --status`. */
#define _GNU_SOURCE
#include <stdio.h>
#include <unistd.h>

#include "cli/display.h"
#include "cli/output.h"
#include "cli/serve.h"
#include "value/json.h"

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

void hob_serve_request_init(struct hob_serve_request *request,
                            const struct hob_arguments *arguments)
{
    *request = (struct hob_serve_request){.arguments = arguments, .arena = hob_arena_new()};
}

void hob_serve_request_deinit(struct hob_serve_request *request)
{
    hob_connection_close(request->connection);
    hob_reply_deinit(&request->reply);
    hob_arena_free(request->arena);
}

int hob_serve_connect(struct hob_serve_request *request)
{
    char server[HOB_ENDPOINT_NAME_SIZE];
    int code = hob_serve_find(server, sizeof server, request->arguments, &request->error);
    if (code != 0)
        return code;
    struct hob_client_options options = {.server = server[0] != '\0' ? server : NULL,
                                         .no_start = true};
    request->connection = hob_connection_close(request->connection);
    code = hob_client_open(&request->connection, &options, &request->error);
    if (code == HOB_E_NO_SERVER)
        hob_error_hint(&request->error, "'hob serve --daemon' starts one");
    return code;
}

int hob_serve_ask(struct hob_serve_request *request, const char *method, const char *path,
                  unsigned deadline_ms)
{
    struct hob_request question = {.method = method, .path = path, .deadline_ms = deadline_ms};
    int code = hob_client_ask(request->connection, &question, &request->reply, &request->error);
    return code != 0
               ? code
               : read_reply(&request->reply, request->arena, &request->answer, &request->error);
}

int hob_serve_look(struct hob_serve_request *request)
{
    int code = hob_serve_connect(request);
    return code != 0 ? code : hob_serve_ask(request, "GET", "/api/status", HOB_SERVE_ASK_MS);
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
    hob_buffer_printf(out, "%lld", (long long)hob_serve_number(status, "hob_server.sessions"));
    const char *unkept = text_of(status, "hob_server.sessions_in_memory_only");
    if (unkept != NULL) {
        hob_buffer_put_string(out, ", in memory only: ");
        hob_display_put(out, hob_text_from(unkept));
    }
    hob_buffer_put_char(out, '\n');
}

/* ---- pools ---- */

static size_t count_of(const struct hob_value *value)
{
    if (hob_value_is(value, HOB_LIST))
        return value->list.count;
    return value != NULL && value->kind == HOB_INT && value->integer > 0 ? (size_t)value->integer
                                                                         : 0;
}

static void put_pool(struct hob_buffer *out, const struct hob_value *pool)
{
    const char *name = text_of(pool, "name"), *state = text_of(pool, "state");
    long long busy = 0;
    const struct hob_value *workers = hob_serve_get(pool, "workers");
    for (size_t i = 0; hob_value_is(workers, HOB_LIST) && i < workers->list.count; i++)
        busy += hob_serve_number(workers->list.items[i], "calls") > 0;
    put_label(out, "");
    hob_display_put(out, hob_text_from(name != NULL ? name : "?"));
    hob_buffer_put_string(out, ": ");
    hob_display_put(out, hob_text_from(state != NULL ? state : "?"));
    hob_buffer_printf(out,
                      ", workers: %zu of %lld, %lld busy; calls: %lld, %lld waiting, %lld failed; "
                      "workers that failed: %lld\n",
                      count_of(workers), (long long)hob_serve_number(pool, "max_workers"), busy,
                      (long long)hob_serve_number(pool, "calls"),
                      (long long)hob_serve_number(pool, "queued"),
                      (long long)hob_serve_number(pool, "failures"),
                      (long long)hob_serve_number(pool, "worker_failures"));
}

/* The last line of the status, and one for each pool. */
static void put_pools(struct hob_buffer *out, struct hob_serve_request *request)
{
    bool asked = hob_serve_ask(request, "GET", "/api/pools", HOB_SERVE_ASK_MS) == 0;
    const struct hob_value *pools = asked ? hob_serve_get(request->answer, "pools") : NULL;
    put_label(out, "pools");
    hob_buffer_printf(out, "%zu\n", count_of(pools));
    for (size_t i = 0; hob_value_is(pools, HOB_LIST) && i < pools->list.count; i++)
        put_pool(out, pools->list.items[i]);
}

int hob_serve_status(const struct hob_arguments *arguments)
{
    HOB_AUTO(serve_request) struct hob_serve_request request;
    hob_serve_request_init(&request, arguments);
    if (hob_serve_look(&request) != 0)
        return hob_report(arguments->name, &request.error);
    HOB_AUTO(output) struct hob_output output = {.program = arguments->name};
    if (hob_arguments_has(arguments, "json")) {
        hob_buffer_put_text(&output.buffer, hob_buffer_text(&request.reply.body));
        hob_buffer_put_char(&output.buffer, '\n');
    } else {
        put_status(&output.buffer, request.answer);
        put_pools(&output.buffer, &request);
    }
    return hob_output_finish(&output);
}
