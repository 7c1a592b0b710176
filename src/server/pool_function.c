/* pool_function: functions of pools in compute sections that the server runs. */
#include "server/dispatch.h"
#include "value/json.h"

/* The worker's own words, where they are a text. */
static int fail(struct hob_text pool, struct hob_text method, struct hob_text rpc_error,
                struct hob_error *error)
{
    HOB_AUTO(arena) struct hob_arena *arena = hob_arena_new();
    const struct hob_value *answer = NULL;
    hob_json_read(arena, rpc_error, &answer, NULL);
    struct hob_text message = hob_value_text(hob_value_get(answer, "message"));
    return hob_error_set(error, HOB_E_VALUE, "pool:%.*s/%.*s: %.*s", HOB_TEXT_ARG(pool),
                         HOB_TEXT_ARG(method), HOB_TEXT_ARG(message));
}

int hob_server_call_pool(void *server, struct hob_text name, struct hob_text method,
                         struct hob_text params, struct hob_buffer *result, struct hob_error *error)
{
    HOB_AUTO(pool) struct hob_pool *pool = NULL;
    bool failed = false;
    HOB_AUTO(buffer) struct hob_buffer quoted = HOB_BUFFER_INIT;
    int code = hob_pools_find(server, name, &pool, error);
    if (code != 0)
        return code;
    hob_json_put_string(&quoted, method, HOB_JSON_COMPACT);
    struct hob_pool_request request = {.method = hob_buffer_text(&quoted), .params = params};
    code = hob_pool_call(pool, &request, result, &failed, error);
    return code == 0 && failed ? fail(name, method, hob_buffer_text(result), error) : code;
}
