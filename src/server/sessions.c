/* sessions: the routes of sessions; what they do is in the session layer. */
#include "server/dispatch.h"

/* The part of the path behind /api/sessions/ with this number, in the arena. */
static const char *path_part(const struct hob_call *call, unsigned number)
{
    const char *at = call->path + strlen("/api/sessions/");
    for (; number > 0; number--)
        at += strcspn(at, "/") + 1;
    return hob_arena_copy(call->arena, (struct hob_text){at, strcspn(at, "/")}).data;
}

static struct hob_store_call begin(struct hob_call *call)
{
    hob_buffer_put_string(&call->out, "{\"status\":\"success\"");
    return (struct hob_store_call){
        .scope = &call->scope, .may_wait = call->may_wait, .out = &call->out};
}

static int end(struct hob_call *call, const struct hob_store_call *done, int code)
{
    hob_buffer_put_char(&call->out, '}');
    call->ticket = done->ticket;
    return code == HOB_STORE_WOULD_WAIT ? HOB_CALL_WOULD_WAIT : code;
}

int hob_handle_sessions(struct hob_call *call, struct hob_error *error)
{
    struct hob_store_call asked = begin(call);
    struct hob_store *store = call->server->store;
    if (strcmp(call->method, "POST") == 0)
        return end(call, &asked, hob_store_create(store, &asked, call->body, error));
    return end(call, &asked, hob_store_list(store, &asked, error));
}

int hob_handle_session(struct hob_call *call, struct hob_error *error)
{
    struct hob_store_call asked = begin(call);
    struct hob_store *store = call->server->store;
    const char *id = path_part(call, 0);
    if (strcmp(call->method, "DELETE") == 0)
        return end(call, &asked, hob_store_delete(store, &asked, id, error));
    return end(call, &asked, hob_store_info(store, &asked, id, error));
}

int hob_handle_session_operation(struct hob_call *call, struct hob_error *error)
{
    struct hob_store_call asked = begin(call);
    const char *name = path_part(call, 1);
    const struct hob_session_operation *operation = hob_session_operation_find(hob_text_from(name));
    if (operation == NULL) {
        hob_error_set(error, HOB_E_ROUTE, "unknown operation of sessions: %.100s", name);
        hob_error_hint(error, "get_value, set_value, set_index, get_slice... are some that exist");
        return HOB_E_ROUTE;
    }
    return end(call, &asked,
               hob_store_operate(call->server->store, &asked, path_part(call, 0), operation,
                                 call->body, error));
}
