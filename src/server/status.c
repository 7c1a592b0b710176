/* status: how the server is. Ping and health are constant; status is measured when asked. */
#include <sys/resource.h>
#include <unistd.h>

#include "base/platform.h"
#include "server/dispatch.h"
#include "value/json.h"

int hob_handle_health(struct hob_call *call, struct hob_error *error)
{
    (void)error;
    hob_buffer_put_string(&call->out, "{\"status\":\"ok\",\"server\":\"lynguine-server-poc\","
                                      "\"version\":\"" HOB_VERSION "\"}");
    return 0;
}

int hob_handle_ping(struct hob_call *call, struct hob_error *error)
{
    (void)error;
    hob_buffer_put_string(&call->out, "{\"status\":\"ok\",\"message\":\"pong\"}");
    return 0;
}

static void put_endpoints(struct hob_buffer *out)
{
    size_t count;
    const struct hob_route *routes = hob_routes(&count);
    for (size_t i = 0; i < count; i++) {
        hob_buffer_put_string(out, i == 0 ? "\"endpoints\":[" : ",");
        hob_json_put_string(out, hob_text_from(routes[i].path), HOB_JSON_COMPACT);
    }
    hob_buffer_put_string(out, "]");
}

static void put_memory(struct hob_buffer *out)
{
    size_t resident, private_bytes;
    if (hob_platform_memory(&resident, &private_bytes) != 0) {
        hob_buffer_put_string(out, "\"memory\":{\"rss_mb\":null,\"private_mb\":null}");
        return;
    }
    hob_buffer_printf(out, "\"memory\":{\"rss_mb\":%.2f,\"private_mb\":%.2f}",
                      (double)resident / 1048576, (double)private_bytes / 1048576);
}

static double seconds(struct timeval time)
{
    return (double)time.tv_sec + (double)time.tv_usec / 1e6;
}

/* Of one core, over the life of the process. */
static double cpu_percent(double uptime_seconds)
{
    struct rusage usage;
    if (uptime_seconds <= 0 || getrusage(RUSAGE_SELF, &usage) != 0)
        return 0;
    return 100 * (seconds(usage.ru_utime) + seconds(usage.ru_stime)) / uptime_seconds;
}

static void put_idle(struct hob_buffer *out, double limit, double idle)
{
    if (limit == 0) {
        hob_buffer_put_string(out, ",\"idle_timeout\":{\"enabled\":false},");
        return;
    }
    hob_buffer_printf(out,
                      ",\"idle_timeout\":{\"enabled\":true,\"timeout_seconds\":%g,"
                      "\"idle_seconds\":%.3f,\"remaining_seconds\":%.3f},",
                      limit, idle, idle < limit ? limit - idle : 0);
}

static void put_member(struct hob_buffer *out, const char *name, const char *text)
{
    hob_buffer_printf(out, ",\"%s\":", name);
    if (text != NULL)
        hob_json_put_string(out, hob_text_from(text), HOB_JSON_COMPACT);
    else
        hob_buffer_put_string(out, "null");
}

/* Where it listens, what it serves, and who may connect. */
static void put_place(struct hob_buffer *out, struct hob_server *server)
{
    bool open = server->tcp != NULL && !hob_guard_is_loopback(&server->guard);
    put_member(out, "url", server->tcp != NULL ? server->url : NULL);
    put_member(out, "socket", server->socket_path);
    put_member(out, "directory", server->directory);
    hob_buffer_put_string(out, ",\"roots\":[");
    struct hob_bounds *bounds = hob_bounds_hold(&server->bounds);
    for (size_t i = 0; hob_roots_path(bounds->roots, i) != NULL; i++) {
        hob_buffer_put_string(out, i > 0 ? "," : "");
        hob_json_put_string(out, hob_text_from(hob_roots_path(bounds->roots, i)), HOB_JSON_COMPACT);
    }
    hob_bounds_release(&server->bounds, bounds);
    hob_buffer_printf(out, "],\"user\":%ld,\"others_may_connect\":%s", (long)geteuid(),
                      open ? "true" : "false");
}

/* Why sessions that were to be kept are not. */
static void put_unkept(struct hob_buffer *out, const struct hob_server *server)
{
    const char *reason = hob_store_unkept(server->store);
    if (reason == NULL)
        return;
    hob_buffer_put_string(out, ",\"sessions_in_memory_only\":");
    hob_json_put_string(out, hob_text_from(reason), HOB_JSON_COMPACT);
}

int hob_handle_status(struct hob_call *call, struct hob_error *error)
{
    (void)error;
    struct hob_buffer *out = &call->out;
    struct hob_server_counts counts;
    hob_server_count(call->server, &counts);
    hob_buffer_printf(out,
                      "{\"status\":\"ok\",\"server\":\"lynguine-server\",\"version\":\"%s\","
                      "\"pid\":%ld,\"uptime_seconds\":%.3f,",
                      HOB_VERSION, (long)getpid(), counts.uptime_seconds);
    put_endpoints(out);
    put_idle(out, (double)atomic_load(&call->server->idle_ms) / 1e3, counts.idle_seconds);
    put_memory(out);
    hob_buffer_printf(out, ",\"cpu_percent\":%.1f,", cpu_percent(counts.uptime_seconds));
    hob_buffer_printf(out,
                      "\"hob_cache\":{\"hits\":%llu,\"misses\":%llu,\"answers\":%zu,"
                      "\"bytes\":%zu},",
                      (unsigned long long)counts.cache.hits,
                      (unsigned long long)counts.cache.misses, counts.cache.entries,
                      counts.cache.bytes);
    hob_buffer_printf(out,
                      "\"hob_server\":{\"requests\":%llu,\"connections\":%u,\"workers\":%u,"
                      "\"waiting\":%zu,\"sessions\":%zu",
                      (unsigned long long)counts.requests, counts.connections, counts.workers,
                      counts.waiting, counts.sessions);
    put_unkept(out, call->server);
    put_place(out, call->server);
    hob_buffer_put_string(out, "},\"hob_pools\":");
    if (call->server->pools != NULL)
        hob_supervisor_put_summary(out, call->server->pools);
    else
        hob_buffer_put_string(out, "[]");
    hob_buffer_put_char(out, '}');
    return 0;
}
