/* sessions: the routes of sessions; what they do is in the session layer. */
#define _GNU_SOURCE
#include "server/dispatch.h"

#include <limits.h>
#include <unistd.h>

/* What stands for `{...}` number `number` of the route, in the arena. */
static const char *path_part(const struct hob_call *call, unsigned number)
{
    struct hob_text part = hob_route_part(hob_route_find(call->path), call->path, number);
    return hob_arena_copy(call->arena, part).data;
}

/* The directory of a new session of this client, resolved; NULL: the server's own. */
static const char *directory_of(const struct hob_call *call)
{
    char directory[PATH_MAX];
    if (call->place->directory.size == 0 || getcwd(directory, sizeof directory) == NULL ||
        (call->server->directory != NULL && strcmp(directory, call->server->directory) == 0))
        return NULL;
    return hob_arena_copy(call->arena, hob_text_from(directory)).data;
}

static struct hob_store_call begin(struct hob_call *call)
{
    hob_buffer_put_string(&call->out, "{\"status\":\"success\"");
    return (struct hob_store_call){.scope = &call->scope,
                                   .directory = directory_of(call),
                                   .may_wait = call->may_wait,
                                   .out = &call->out};
}

static int end(struct hob_call *call, const struct hob_store_call *done, int code)
{
    hob_buffer_put_char(&call->out, '}');
    call->ticket = done->ticket;
    return code == HOB_STORE_WOULD_WAIT ? HOB_CALL_WOULD_WAIT : code;
}

static int refuse_session(struct hob_error *error)
{
    hob_error_set(error, HOB_E_FORBIDDEN,
                  "refused: the session was opened over the unix socket, from a directory of its "
                  "client's");
    hob_error_hint(error, "use it over the unix socket, too");
    return HOB_E_FORBIDDEN;
}

/* Goes to where a session's relative paths start, whoever asks and from wherever. Only those may
 * who could have asked for a session there. */
static int go_to_session(struct hob_place *place, struct hob_call *call, const char *id,
                         struct hob_error *error)
{
    HOB_AUTO(free) char *directory = NULL;
    int code = hob_store_directory(call->server->store, call->may_wait, id, &directory);
    if (code != 0)
        return code;
    bool owner = call->peer->local && call->peer->owner;
    if (directory != NULL && !owner && hob_roots_check(call->roots, directory, NULL) != 0)
        return refuse_session(error);
    if (directory == NULL && call->place->directory.size > 0)
        code = hob_place_go_home(call->server, error);
    if (code == 0)
        code = hob_place_enter_directory(place, call->server, directory, error);
    if (code == 0)
        call->scope.roots = owner ? hob_place_roots(place, call->roots) : call->roots;
    return code;
}

int hob_handle_sessions(struct hob_call *call, struct hob_error *error)
{
    struct hob_store_call asked = begin(call);
    struct hob_store *store = call->server->store;
    if (strcmp(call->method, "POST") == 0)
        return end(call, &asked, hob_store_create(store, &asked, call->body, error));
    return end(call, &asked, hob_store_list(store, &asked, error));
}

/* What is done with one session. */
static int use_session(struct hob_call *call, struct hob_store_call *asked, const char *id,
                       const struct hob_session_operation *operation, struct hob_error *error)
{
    struct hob_store *store = call->server->store;
    if (operation != NULL)
        return hob_store_operate(store, asked, id, operation, call->body, error);
    if (strcmp(call->method, "DELETE") == 0)
        return hob_store_delete(store, asked, id, error);
    return hob_store_info(store, asked, id, error);
}

/* `operation` NULL: none of those that sessions have by name. */
static int handle_one(struct hob_call *call, const struct hob_session_operation *operation,
                      struct hob_error *error)
{
    const char *id = path_part(call, 0);
    HOB_AUTO(place) struct hob_place place = HOB_PLACE_INIT;
    int code = go_to_session(&place, call, id, error);
    struct hob_store_call asked = begin(call);
    if (code == 0)
        code = use_session(call, &asked, id, operation, error);
    return end(call, &asked, code);
}

int hob_handle_session(struct hob_call *call, struct hob_error *error)
{
    return handle_one(call, NULL, error);
}

int hob_handle_session_operation(struct hob_call *call, struct hob_error *error)
{
    const char *name = path_part(call, 1);
    const struct hob_session_operation *operation = hob_session_operation_find(hob_text_from(name));
    if (operation != NULL)
        return handle_one(call, operation, error);
    hob_error_set(error, HOB_E_ROUTE, "unknown operation of sessions: %.100s", name);
    hob_error_hint(error, "get_value, set_value, set_index, get_slice... are some that exist");
    return HOB_E_ROUTE;
}
