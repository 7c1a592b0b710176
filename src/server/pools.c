/* pools: the routes that show pools and do something to them. */
#include "base/utf8.h"
#include "server/dispatch.h"
#include "value/json.h"

static int find(const struct hob_call *call, struct hob_pool **pool, struct hob_error *error)
{
    struct hob_text name = hob_route_part(hob_route_find(call->path), call->path, 0);
    return hob_pools_find(call->server, name, pool, error);
}

int hob_pools_find(struct hob_server *server, struct hob_text name, struct hob_pool **pool,
                   struct hob_error *error)
{
    *pool = server->pools != NULL ? hob_pool_find(server->pools, name) : NULL;
    if (*pool != NULL)
        return 0;
    hob_error_set(error, HOB_E_NO_KEY, "there is no pool '%.*s'", HOB_TEXT_ARG(name));
    hob_error_hint(error, "'hob pool list' (GET /api/pools) shows those that there are; hob.yml "
                          "describes them, under 'pools'");
    return HOB_E_NO_KEY;
}

int hob_handle_pools(struct hob_call *call, struct hob_error *error)
{
    (void)error;
    hob_buffer_put_string(&call->out, "{\"status\":\"success\",\"pools\":");
    if (call->server->pools != NULL)
        hob_supervisor_put_status(&call->out, call->server->pools);
    else
        hob_buffer_put_string(&call->out, "[]");
    hob_buffer_put_char(&call->out, '}');
    return 0;
}

int hob_handle_pool(struct hob_call *call, struct hob_error *error)
{
    HOB_AUTO(pool) struct hob_pool *pool = NULL;
    int code = find(call, &pool, error);
    if (code != 0)
        return code;
    hob_buffer_put_string(&call->out, "{\"status\":\"success\",\"pool\":");
    hob_pool_put_status(&call->out, pool);
    hob_buffer_put_char(&call->out, '}');
    return 0;
}

static void put_logs(struct hob_call *call, struct hob_pool *pool)
{
    HOB_AUTO(buffer) struct hob_buffer raw = HOB_BUFFER_INIT, logs = HOB_BUFFER_INIT;
    hob_pool_put_logs(&raw, pool);
    hob_utf8_put_repaired(&logs, hob_buffer_text(&raw));
    hob_buffer_put_string(&call->out, "{\"status\":\"success\",\"logs\":");
    hob_json_put_string(&call->out, hob_buffer_text(&logs), HOB_JSON_COMPACT);
    hob_buffer_put_char(&call->out, '}');
    call->out.failed |= hob_buffer_failed(&raw) || hob_buffer_failed(&logs);
}

int hob_handle_pool_action(struct hob_call *call, struct hob_error *error)
{
    HOB_AUTO(pool) struct hob_pool *pool = NULL;
    struct hob_text action = hob_route_part(hob_route_find(call->path), call->path, 1);
    bool post = strcmp(call->method, "POST") == 0, logs = hob_text_is(action, "logs");
    bool restart = hob_text_is(action, "restart"), drain = hob_text_is(action, "drain");
    int code = find(call, &pool, error);
    if (code != 0)
        return code;
    if (!logs && !restart && !drain) {
        hob_error_set(error, HOB_E_ROUTE, "a pool has no '%.*s'", HOB_TEXT_ARG(action));
        hob_error_hint(error, "there are logs, restart and drain");
        return HOB_E_ROUTE;
    }
    if (post == logs)
        return hob_error_set(error, HOB_E_METHOD, "%.*s of a pool is asked for with %s",
                             HOB_TEXT_ARG(action), logs ? "GET" : "POST");
    if (logs) {
        put_logs(call, pool);
        return 0;
    }
    if (restart)
        hob_pool_restart(pool);
    else
        hob_pool_drain(pool);
    hob_buffer_put_string(&call->out, "{\"status\":\"success\"}");
    return 0;
}
