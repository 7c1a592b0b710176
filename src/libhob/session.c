/* session: see include/hob/session.h. Those of this process answer as hobd would. */
#define _GNU_SOURCE
#include <stdio.h>

#include "libhob/internal.h"
#include "value/json.h"

enum { LONGEST_ID = 64, LONGEST_OPERATION = 40 };

struct libhob_session {
    struct libhob_context *context; /* or NULL, then there is a server */
    struct libhob_server *server;
    char id[LONGEST_ID];
};

const char *libhob_session_id(const struct libhob_session *session)
{
    return session->id;
}

struct libhob_session *libhob_session_close(struct libhob_session *session)
{
    free(session);
    return NULL;
}

/* ---- here ---- */

/* One request to the store. */
struct local {
    struct hob_scope scope;
    struct hob_store_call call;
};

static void begin(struct local *local, struct libhob_context *context, struct hob_buffer *out)
{
    local->scope = api_scope(context);
    local->call = (struct hob_store_call){.scope = &local->scope, .may_wait = true, .out = out};
    hob_buffer_put_string(out, "{\"status\":\"success\"");
}

/* What was done is safe when this returns. */
static int end(const struct local *local, struct libhob_context *context, int code)
{
    hob_buffer_put_char(local->call.out, '}');
    if (code == 0 && local->call.ticket != 0)
        hob_store_flush(context->store);
    return code;
}

static int operate_here(struct libhob_session *session, const char *name, const char *parameters,
                        struct hob_buffer *out, struct hob_error *error)
{
    struct local local;
    const struct hob_value *value;
    HOB_AUTO(arena) struct hob_arena *arena = hob_arena_new();
    const struct hob_session_operation *operation = hob_session_operation_find(hob_text_from(name));
    if (operation == NULL)
        return hob_error_set(error, HOB_E_ROUTE, "unknown operation of sessions: %.100s", name);
    int code = api_read_parameters(&value, arena, parameters, error);
    if (code != 0)
        return code;
    begin(&local, session->context, out);
    code = hob_store_operate(session->context->store, &local.call, session->id, operation, value,
                             error);
    return end(&local, session->context, code);
}

/* ---- there ---- */

static int ask(struct libhob_session *session, const char *method, const char *operation,
               const char *parameters, struct hob_buffer *out, struct hob_error *error)
{
    char path[sizeof "/api/sessions//" + LONGEST_ID + LONGEST_OPERATION];
    if (strlen(operation) > LONGEST_OPERATION || operation[strcspn(operation, "/?#% ")] != '\0')
        return hob_error_set(error, HOB_E_ROUTE, "unknown operation of sessions: %.100s",
                             operation);
    snprintf(path, sizeof path, "/api/sessions/%s%s%s", session->id,
             operation[0] != '\0' ? "/" : "", operation);
    return api_server_ask(session->server, method, path, hob_text_from(parameters), 0, out, error);
}

/* ---- either ---- */

int libhob_session_do(struct libhob_session *session, const char *operation, const char *parameters,
                      struct libhob_bytes *answer, struct libhob_error *error)
{
    struct hob_error reason = HOB_ERROR_INIT;
    HOB_AUTO(buffer) struct hob_buffer out = HOB_BUFFER_INIT;
    int code = session->context != NULL
                   ? operate_here(session, operation, parameters, &out, &reason)
                   : ask(session, "POST", operation, parameters != NULL ? parameters : "{}", &out,
                         &reason);
    if (code == 0)
        code = api_give(answer, &out, &reason);
    return code == 0 ? 0 : api_fail(error, &reason);
}

static int keep_id(struct libhob_session *session, const char *id, struct hob_error *error)
{
    if (strlen(id) >= sizeof session->id || id[strcspn(id, "/?#% ")] != '\0')
        return hob_error_set(error, HOB_E_NO_KEY, "'%.100s' is no id of a session", id);
    snprintf(session->id, sizeof session->id, "%s", id);
    return 0;
}

/* The session that `answer` tells of, as an object. */
static int take_session(struct libhob_session **out, struct libhob_context *context,
                        struct libhob_server *server, struct hob_text answer,
                        struct hob_error *error)
{
    HOB_AUTO(arena) struct hob_arena *arena = hob_arena_new();
    HOB_AUTO(free) struct libhob_session *made = hob_alloc_zero(1, sizeof *made);
    const struct hob_value *value = NULL;
    int code = hob_json_read(arena, answer, &value, error);
    const char *id = hob_value_string(hob_value_get(hob_value_get(value, "session"), "session_id"));
    if (code == 0 && id == NULL)
        code = hob_error_set(error, HOB_E_PROTOCOL, "the server does not name its session");
    if (code == 0)
        code = keep_id(made, id, error);
    made->context = context;
    made->server = server;
    if (code == 0)
        *out = HOB_STEAL(made);
    return code;
}

int libhob_session_open(struct libhob_session **session, struct libhob_context *context,
                        const char *parameters, struct libhob_error *error)
{
    struct local local;
    struct hob_error reason = HOB_ERROR_INIT;
    HOB_AUTO(arena) struct hob_arena *arena = hob_arena_new();
    HOB_AUTO(buffer) struct hob_buffer out = HOB_BUFFER_INIT;
    const struct hob_value *value;
    int code = api_read_parameters(&value, arena, parameters, &reason);
    if (code != 0)
        return api_fail(error, &reason);
    begin(&local, context, &out);
    code = end(&local, context, hob_store_create(context->store, &local.call, value, &reason));
    if (code == 0)
        code = take_session(session, context, NULL, hob_buffer_text(&out), &reason);
    return code == 0 ? 0 : api_fail(error, &reason);
}

int libhob_session_open_at(struct libhob_session **session, struct libhob_server *server,
                           const char *parameters, struct libhob_error *error)
{
    struct hob_error reason = HOB_ERROR_INIT;
    HOB_AUTO(buffer) struct hob_buffer out = HOB_BUFFER_INIT;
    int code =
        api_server_ask(server, "POST", "/api/sessions",
                       hob_text_from(parameters != NULL ? parameters : "{}"), 0, &out, &reason);
    if (code == 0)
        code = take_session(session, NULL, server, hob_buffer_text(&out), &reason);
    return code == 0 ? 0 : api_fail(error, &reason);
}

int libhob_session_attach(struct libhob_session **session, struct libhob_context *context,
                          struct libhob_server *server, const char *id, struct libhob_error *error)
{
    struct local local;
    struct hob_error reason = HOB_ERROR_INIT;
    HOB_AUTO(buffer) struct hob_buffer out = HOB_BUFFER_INIT;
    struct libhob_session asked = {.context = context, .server = server};
    int code = 0;
    if ((context == NULL) == (server == NULL))
        code = hob_error_set(&reason, HOB_E_PARAMETER,
                             "a session is of a context or of a server: give one of them");
    if (code == 0)
        code = keep_id(&asked, id, &reason);
    if (code == 0 && context != NULL) {
        begin(&local, context, &out);
        code = end(&local, context, hob_store_info(context->store, &local.call, id, &reason));
    } else if (code == 0) {
        code = ask(&asked, "GET", "", "", &out, &reason);
    }
    if (code != 0)
        return api_fail(error, &reason);
    *session = hob_alloc_zero(1, sizeof **session);
    **session = asked;
    return 0;
}

int libhob_session_delete(struct libhob_session *session, struct libhob_error *error)
{
    struct local local;
    struct hob_error reason = HOB_ERROR_INIT;
    HOB_AUTO(buffer) struct hob_buffer out = HOB_BUFFER_INIT;
    int code;
    if (session->context != NULL) {
        begin(&local, session->context, &out);
        code = hob_store_delete(session->context->store, &local.call, session->id, &reason);
        code = end(&local, session->context, code);
    } else {
        code = ask(session, "DELETE", "", "", &out, &reason);
    }
    return code == 0 ? 0 : api_fail(error, &reason);
}
