/* pool_function: `function: pool:NAME/METHOD`: what a warm worker makes of the arguments.
 *
 * Nobody knows what the answer depends on, so whatever was computed with it is not kept. */
#include "compute/compute.h"
#include "compute/functions.h"
#include "value/json.h"

static const size_t max_params_size = (size_t)64 << 20;

/* "tools" and "resize" of "pool:tools/resize"; a method may have slashes itself. */
static int split(struct hob_text name, struct hob_text *pool, struct hob_text *method,
                 struct hob_error *error)
{
    struct hob_text rest = {name.data + sizeof "pool:" - 1, name.size - (sizeof "pool:" - 1)};
    const char *slash = memchr(rest.data, '/', rest.size);
    if (slash == NULL || slash == rest.data || slash == rest.data + rest.size - 1) {
        hob_error_set(error, HOB_E_PARAMETER, "'%.*s' names no method of a pool",
                      HOB_TEXT_ARG(name));
        hob_error_hint(error, "write pool:NAME/METHOD, as in pool:tools/resize");
        return HOB_E_PARAMETER;
    }
    *pool = (struct hob_text){rest.data, (size_t)(slash - rest.data)};
    *method = (struct hob_text){slash + 1, rest.size - pool->size - 1};
    return 0;
}

int hob_function_call_pool(const struct hob_value **result, const struct hob_function_call *call,
                           struct hob_error *error)
{
    struct hob_text pool, method;
    HOB_AUTO(buffer) struct hob_buffer params = HOB_BUFFER_INIT, answer = HOB_BUFFER_INIT;
    int code = split(call->name, &pool, &method, error);
    if (code != 0)
        return code;
    if (call->remote == NULL) {
        hob_error_set(error, HOB_E_UNSUPPORTED,
                      "'%.*s' is a function of a pool, and there are none",
                      HOB_TEXT_ARG(call->name));
        hob_error_hint(error, "pools run in hobd: describe them in hob.yml under 'pools'");
        return HOB_E_UNSUPPORTED;
    }
    hob_sources_set_volatile(call->scope->sources);
    code = hob_json_write(&params, call->arguments, HOB_JSON_COMPACT, max_params_size, error);
    if (code == 0)
        code = call->remote->call(call->remote->data, pool, method, hob_buffer_text(&params),
                                  &answer, error);
    if (code == 0 && (hob_buffer_failed(&params) || hob_buffer_failed(&answer)))
        code = hob_error_set(error, HOB_E_MEMORY, "not enough memory for the answer of a pool");
    return code == 0 ? hob_json_read(call->arena, hob_buffer_text(&answer), result, error) : code;
}
