/* routes: see routes.h. */
#include "server/routes.h"

#define ANY (HOB_METHOD_GET | HOB_METHOD_POST)

static const struct hob_parameter read_data_parameters[] = {
    {"interface_file", "string|array|null", false,
     "name of an interface file, or names of which the first that exists is taken; null for "
     "_lynguine.yml. Its input is read."},
    {"directory", "string", false, "where the interface file is; the working directory if absent"},
    {"interface_field", "string", false, "the section to read; \"input\" if absent"},
    {"data_source", "object", false,
     "what to read, when no interface_file is given: its type, "
     "filename, directory and column operations"},
    {"config", "object", false,
     "the other form of a request: a data source or an interface; the "
     "answer has result, error and timing"},
    {"params", "object", false, "with config: further keys of the data source"},
    {0},
};

static const struct hob_parameter write_data_parameters[] = {
    {"data", "object", true,
     "{\"records\": rows, \"columns\": [names]}: rows are a list of "
     "mappings, a list of lists, or a mapping of lists; columns picks and "
     "orders"},
    {"output", "object", true, "where to write: type, filename, directory..."},
    {0},
};

static const struct hob_parameter compute_parameters[] = {
    {"operation", "string", true, "a compute function: render_liquid, today, identity..."},
    {"data", "object", false, "the table: {\"records\": rows, \"columns\": [names]}"},
    {"params", "object", false,
     "of the compute entry: field, args, row_args, column_args, mode, separator, refresh"},
    {"interface_file", "string|array|null", false,
     "without data: an interface, which computes as it says itself"},
    {"directory", "string", false, "where the interface file is; the working directory if absent"},
    {0},
};

static const struct hob_parameter interface_read_parameters[] = {
    {"interface_file", "string|array|null", true, "as in read_data"},
    {"field", "string", true, "the key whose value is asked for"},
    {"directory", "string", false, "where the interface file is; the working directory if absent"},
    {0},
};

static const struct hob_parameter talk_field_parameters[] = {
    {"field", "string", true, "the field of the talk"},
    {"markdown_file", "string", true, "the talk: markdown with front matter"},
    {"config_files", "string|array|null", false,
     "files of which the first that exists is asked for a field that the talk does not have"},
    {0},
};

static const struct hob_parameter sessions_parameters[] = {
    {"interface_file", "string", true, "name of the interface file"},
    {"directory", "string", false, "where the interface file is; the working directory if absent"},
    {"interface_field", "string", false, "the section of it to open; all of it if absent"},
    {"timeout", "number", false,
     "seconds after which a session that nobody uses ends (default 3600); 0: never"},
    {0},
};

static const struct hob_parameter rpc_parameters[] = {
    {"jsonrpc", "string", true, "the version of the protocol: \"2.0\""},
    {"method", "string", true, "what the worker is asked to do"},
    {"params", "object|array", false, "with what"},
    {"id", "string|number|null", false, "comes back with the answer; without it there is none"},
    {0},
};

static const struct hob_route routes[] = {
    {"/api/ping", ANY, HOB_ROUTE_CONSTANT, HOB_ENVELOPE_TYPED, hob_handle_ping,
     "Whether the server answers.", NULL},
    {"/api/talk/field", HOB_METHOD_POST, HOB_ROUTE_KEPT, HOB_ENVELOPE_TEXT_VALUE,
     hob_handle_talk_field, "A field of a talk, from its front matter or a config file.",
     talk_field_parameters},
    {"/api/read_data", HOB_METHOD_POST, HOB_ROUTE_KEPT, HOB_ENVELOPE_TYPED, hob_handle_read_data,
     "Reads a table.", read_data_parameters, .table = true},
    {"/api/write_data", HOB_METHOD_POST, HOB_ROUTE_SLOW, HOB_ENVELOPE_TYPED, hob_handle_write_data,
     "Writes a table; a file is replaced as a whole or not at all.", write_data_parameters},
    {"/api/compute", HOB_METHOD_POST, HOB_ROUTE_KEPT, HOB_ENVELOPE_TYPED, hob_handle_compute,
     "Calls a function for each row of a table.", compute_parameters, .table = true},
    {"/api/interface/read", HOB_METHOD_POST, HOB_ROUTE_KEPT, HOB_ENVELOPE_NULL_VALUE,
     hob_handle_interface_read, "A field of an interface file, with what it inherits.",
     interface_read_parameters},
    {"/api/sessions/{id}/{operation}", ANY, HOB_ROUTE_EITHER, HOB_ENVELOPE_TYPED,
     hob_handle_session_operation, "Does something to a session.", NULL},
    {"/api/sessions/{id}", ANY | HOB_METHOD_DELETE, HOB_ROUTE_EITHER, HOB_ENVELOPE_TYPED,
     hob_handle_session, "What a session is; DELETE ends it.", NULL},
    {"/api/sessions", ANY, HOB_ROUTE_EITHER, HOB_ENVELOPE_TYPED, hob_handle_sessions,
     "GET lists the sessions; POST opens one: a table to walk, read and edit.",
     sessions_parameters},
    {"/api/rpc/{pool}", HOB_METHOD_POST, HOB_ROUTE_RELAYED, HOB_ENVELOPE_TYPED, NULL,
     "Calls a method of a pool: a JSON-RPC 2.0 request, or a batch. X-Hob-Timeout (30s, 500ms) and "
     "X-Hob-Idempotent (true) go with it; Accept: application/x-ndjson or text/event-stream also "
     "gets the notifications that come before the answer.",
     rpc_parameters, .relay = hob_relay_rpc},
    {"/api/pools/{pool}/{action}", ANY, HOB_ROUTE_QUICK, HOB_ENVELOPE_TYPED, hob_handle_pool_action,
     "GET logs: what its workers wrote to standard error. POST restart: replaces its workers, "
     "without losing a call; drain: it takes no more calls until it is restarted.",
     NULL},
    {"/api/pools/{pool}", HOB_METHOD_GET, HOB_ROUTE_QUICK, HOB_ENVELOPE_TYPED, hob_handle_pool,
     "One pool: its workers, its queue, its counts.", NULL},
    {"/api/pools", HOB_METHOD_GET, HOB_ROUTE_QUICK, HOB_ENVELOPE_TYPED, hob_handle_pools,
     "All pools, as each is shown alone.", NULL},
    {"/api/health", ANY, HOB_ROUTE_CONSTANT, HOB_ENVELOPE_TYPED, hob_handle_health,
     "Which server this is, and its version.", NULL},
    {"/api/status", ANY, HOB_ROUTE_QUICK, HOB_ENVELOPE_TYPED, hob_handle_status,
     "Routes, memory, uptime, caches.", NULL},
    {"/api/server/stop", HOB_METHOD_POST, HOB_ROUTE_QUICK, HOB_ENVELOPE_TYPED, hob_handle_stop,
     "Stops the server once open requests are answered; for processes of its own user.", NULL},
    {"/api/server/restart", HOB_METHOD_POST, HOB_ROUTE_SLOW, HOB_ENVELOPE_TYPED, hob_handle_restart,
     "Puts a new process in the server's place without refusing anybody; likewise.", NULL},
    {"/api/server/reload", HOB_METHOD_POST, HOB_ROUTE_SLOW, HOB_ENVELOPE_TYPED, hob_handle_reload,
     "Reads the file of settings again and tells what has changed, or what is wrong in it; "
     "likewise.",
     NULL},
    {"/openapi.json", HOB_METHOD_GET, HOB_ROUTE_CONSTANT, HOB_ENVELOPE_TYPED, hob_handle_openapi,
     "This description of all routes, for programs (OpenAPI 3.1).", NULL},
};

const struct hob_route *hob_routes(size_t *count)
{
    *count = sizeof routes / sizeof *routes;
    return routes;
}

/* `{...}` in the pattern stands for one part of the path. */
static bool matches(const char *pattern, const char *path, const char *end)
{
    while (*pattern != '\0' && path < end) {
        if (*pattern == '{') {
            const char *start = path;
            pattern += strcspn(pattern, "}") + 1;
            while (path < end && *path != '/')
                path++;
            if (path == start)
                return false;
        } else if (*pattern++ != *path++) {
            return false;
        }
    }
    return *pattern == '\0' && path == end;
}

/* Nearly all begin with "/api/": the byte behind that tells most of them from a path at once. Every
 * pattern is longer than that. */
static bool may_match(const char *pattern, const char *path)
{
    enum { BEHIND = sizeof "/api/" - 1 };
    return pattern[BEHIND] == path[BEHIND] || pattern[BEHIND] == '{';
}

const struct hob_route *hob_route_find(const char *path)
{
    size_t size = strlen(path);
    if (size > 1 && path[size - 1] == '/')
        size--;
    if (size < sizeof "/api/")
        return NULL; /* shorter than any */
    for (size_t i = 0; i < sizeof routes / sizeof *routes; i++)
        if (may_match(routes[i].path, path) && matches(routes[i].path, path, path + size))
            return &routes[i];
    return NULL;
}

void hob_route_put_methods(struct hob_buffer *out, const struct hob_route *route)
{
    static const struct {
        unsigned method;
        const char *name;
    } names[] = {
        {HOB_METHOD_GET, "GET, HEAD"},
        {HOB_METHOD_POST, "POST"},
        {HOB_METHOD_DELETE, "DELETE"},
    };
    const char *separator = "";
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        if ((route->methods & names[i].method) == 0)
            continue;
        hob_buffer_put_string(out, separator);
        hob_buffer_put_string(out, names[i].name);
        separator = ", ";
    }
}

struct hob_text hob_route_part(const struct hob_route *route, const char *path, unsigned number)
{
    const char *pattern = route->path;
    for (;;) {
        size_t same = strcspn(pattern, "{");
        pattern += same;
        path += same;
        struct hob_text part = {path, strcspn(path, "/")};
        if (*pattern == '\0' || number-- == 0)
            return *pattern == '\0' ? (struct hob_text){"", 0} : part;
        path += part.size;
        pattern += strcspn(pattern, "}") + 1;
    }
}
