/* dispatch: see dispatch.h.
 *
 * Which thread makes an answer. An answer that is kept warm is sent by the thread that read the
 * request, and so is one that is known to be quick to make: its last making took less than a
 * millisecond, and no file is larger than a megabyte (a smaller limit on files says so while it is
 * being tried; the work is then done again by a worker). Everything else that touches files goes to
 * a worker thread, and so does every request with a large body, which takes long to read: the
 * threads that talk to clients never wait for a disk, nor do others wait for them.
 *
 * The body of every POST must be JSON, whatever the route makes of it: that is checked even for
 * paths that do not exist, as in the reference. */
#include "server/dispatch.h"

#include "base/clock.h"
#include "base/log.h"
#include "server/answer.h"
#include "server/encode.h"
#include "server/etag.h"
#include "server/negotiate.h"
#include "server/table_answer.h"
#include "value/json.h"

enum {
    QUICK_NS = 1000 * 1000,        /* what may be made at once... */
    QUICK_FILE_SIZE = 1024 * 1024, /* ...from files of at most this size... */
    QUICK_BODY_SIZE = 128 * 1024,  /* ...and from bodies of at most this size */
};

/* ---- refusals ---- */

static struct hob_response *refusal(const struct hob_error *error, int status)
{
    return hob_answer_error(HOB_ENVELOPE_TYPED, error, status);
}

bool hob_dispatch_welcome(void *context, struct hob_http_peer *peer)
{
    (void)context;
    if (hob_guard_welcome(peer))
        return true;
    hob_log(HOB_LOG_WARNING, "refused", "reason", "a connection of another user's process", NULL);
    return false;
}

struct hob_response *hob_dispatch_admit(void *context, struct hob_http_request *request)
{
    struct hob_server *server = context;
    struct hob_error error;
    error.code = 0;
    atomic_fetch_add_explicit(&server->requests, 1, memory_order_relaxed);
    if (hob_guard_check(&server->guard, request, &error) == 0)
        return NULL;
    hob_log(HOB_LOG_WARNING, "refused", "method", request->method, "path", request->path, "reason",
            error.message, NULL);
    return refusal(&error, 0);
}

/* The answer to a request that cannot be served now. */
static struct hob_response *too_busy(const struct hob_http_request *request, const char *why)
{
    const struct hob_route *route = hob_route_find(request->path);
    struct hob_error error = HOB_ERROR_INIT;
    hob_error_set(&error, HOB_E_BUSY, "%.40s %.200s: %s", request->method, request->path, why);
    hob_error_hint(&error, "try again in a second");
    return hob_answer_error(route != NULL ? route->envelope : HOB_ENVELOPE_TYPED, &error, 0);
}

struct hob_response *hob_dispatch_refuse_body(void *context, struct hob_http_request *request,
                                              enum hob_http_refusal why)
{
    struct hob_server *server = context;
    if (why == HOB_HTTP_CROWDED)
        return too_busy(request, "the bodies of other requests take up the memory for them");
    struct hob_error error = HOB_ERROR_INIT;
    hob_error_set(&error, HOB_E_LIMIT,
                  "%.40s %.200s: the body is larger than the limit of %zu bytes", request->method,
                  request->path, hob_http_max_body(server->tcp));
    hob_error_hint(&error, "start hobd with a larger --max-body, or send less at once");
    return refusal(&error, 0);
}

static struct hob_response *unknown_path(const struct hob_http_request *request)
{
    struct hob_error error = HOB_ERROR_INIT;
    hob_error_set(&error, HOB_E_ROUTE, "unknown path: %.200s", request->path);
    hob_error_hint(&error, "GET /api/status lists the paths that there are");
    return refusal(&error, 0);
}

static struct hob_response *wrong_method(const struct hob_http_request *request,
                                         const struct hob_route *route)
{
    HOB_AUTO(buffer) struct hob_buffer methods = HOB_BUFFER_INIT;
    hob_route_put_methods(&methods, route);
    struct hob_error error = HOB_ERROR_INIT;
    hob_error_set(&error, HOB_E_METHOD, "%.40s is not supported for %s", request->method,
                  route->path);
    hob_error_hint(&error, "use %s", hob_buffer_string(&methods));
    struct hob_response *response = refusal(&error, 0);
    if (response != NULL)
        hob_response_set_header(response, "Allow", hob_buffer_string(&methods));
    return response;
}

static struct hob_response *not_acceptable(const struct hob_route *route)
{
    struct hob_error error = HOB_ERROR_INIT;
    hob_negotiate_refuse(route, &error);
    return hob_answer_error(route->envelope, &error, 0);
}

/* ---- running a handler ---- */

static struct hob_response *body_error(enum hob_envelope envelope, struct hob_error *error)
{
    bool malformed = error->code == HOB_E_JSON || error->code == HOB_E_UNICODE;
    return hob_answer_error(envelope, error, malformed ? 400 : 0);
}

/* Reads the body: 0, or an error for what is no JSON. */
static int read_body(struct hob_call *call, struct hob_text body, struct hob_error *error)
{
    call->body = &hob_value_empty_map;
    if (body.size == 0)
        return 0;
    return hob_json_read(call->arena, body, &call->body, error);
}

static int need_object(const struct hob_call *call, struct hob_error *error)
{
    if (hob_value_is(call->body, HOB_MAP))
        return 0;
    hob_error_set(error, HOB_E_PARAMETER, "the body must be a JSON object, but it is a %s",
                  hob_value_kind_name(call->body));
    hob_error_hint(error, "send the parameters as {\"name\": value, ...}");
    return HOB_E_PARAMETER;
}

/* The response of a handler that succeeded. */
static struct hob_response *take_answer(struct hob_call *call, const struct hob_route *route,
                                        struct hob_choice choice, struct hob_error *error)
{
    struct hob_response *response = hob_negotiate_answer(call, route, choice);
    if (response != NULL)
        return response;
    hob_error_set(error, HOB_E_MEMORY, "not enough memory for the answer");
    call->keep = false;
    return hob_answer_error(call->envelope, error, 0);
}

/* What becomes of a request beside its answer. */
struct outcome {
    bool may_wait;   /* in: for files, and for other requests */
    int code;        /* what the handler said */
    uint64_t ticket; /* as in struct hob_call */
};

/* Reads the body and calls the handler. NULL without memory; *code says what the handler said. */
static struct hob_response *run_call(struct hob_call *call, const struct hob_route *route,
                                     struct hob_choice choice, struct hob_text body, int *code)
{
    struct hob_error error;
    error.code = 0;
    error.message[0] = error.hint[0] = '\0';
    call->envelope = route->envelope;
    call->keep = route->kind == HOB_ROUTE_KEPT;
    *code = read_body(call, body, &error);
    if (*code != 0)
        return body_error(HOB_ENVELOPE_TYPED, &error);
    *code = need_object(call, &error);
    call->operation_started = hob_clock_now();
    if (*code == 0)
        *code = route->handle(call, &error);
    if (*code == 0 && route->kind == HOB_ROUTE_KEPT && hob_negotiate_would_wait(call, choice))
        *code = HOB_CALL_WOULD_WAIT;
    if (*code == 0)
        return take_answer(call, route, choice, &error);
    if (*code == HOB_CALL_WOULD_WAIT)
        return NULL;
    if (*code == HOB_E_INTERNAL || *code == HOB_E_IO)
        hob_log(HOB_LOG_ERROR, "request failed", "path", route->path, "reason", error.message,
                NULL);
    return hob_answer_error(call->envelope, &error, 0);
}

/* A request that has a route, and the variant of its answer. */
struct asked {
    const struct hob_http_request *request;
    struct hob_place *place;
    const struct hob_route *route; /* NULL: there is nothing to answer but a refusal */
    struct hob_choice choice;
};

/* The same question within other bounds is another one. */
static struct hob_cache_key key_of(const struct asked *asked, unsigned bounds_number)
{
    return (struct hob_cache_key){asked->route, asked->request->body,
                                  bounds_number << 8 | hob_negotiate_variant(asked->choice),
                                  asked->place->directory};
}

/* Keeps the answer warm together with the sources, which are taken over; of one that is made while
 * it is being sent, what a client gets that has it already. */
static void keep(struct hob_server *server, struct hob_cache_key key, struct hob_response *response,
                 struct hob_sources *sources, uint64_t cost_ns)
{
    if (!hob_response_is_streamed(response)) {
        hob_cache_keep(server->cache, key, response, sources, cost_ns);
        return;
    }
    HOB_AUTO(response)
    struct hob_response *shorter = hob_negotiate_not_modified(response);
    if (shorter != NULL)
        hob_cache_keep(server->cache, key, shorter, sources, cost_ns);
    else
        hob_sources_free(sources);
}

/* What is done with a success answer that the same question will get again. */
static void finish(struct hob_server *server, const struct asked *asked, unsigned bounds_number,
                   struct hob_response *response, struct hob_sources **sources, uint64_t cost_ns)
{
    char tag[HOB_ETAG_SIZE] = "";
    struct hob_text body = asked->request->body;
    if (asked->route->table && hob_etag_make(tag, asked->route->path, body,
                                             hob_negotiate_variant(asked->choice), *sources))
        hob_response_set_tag(response, tag);
    if (hob_cache_is_on(server->cache) && body.size <= QUICK_BODY_SIZE &&
        (tag[0] != '\0' || !hob_response_is_streamed(response)))
        keep(server, key_of(asked, bounds_number), response, HOB_STEAL(*sources), cost_ns);
}

/* Of two limits, 0 being none. */
static size_t smaller(size_t a, size_t b)
{
    return a != 0 && a < b ? a : b;
}

/* Makes the answer of a route, and keeps it warm when it may be. max_file_size 0: what is allowed.
 */
static struct hob_response *make_answer(struct hob_server *server, const struct asked *asked,
                                        size_t max_file_size, struct outcome *outcome)
{
    HOB_AUTO(sources) struct hob_sources *sources = NULL;
    const struct hob_http_request *request = asked->request;
    struct hob_bounds *bounds = hob_bounds_hold(&server->bounds);
    struct hob_call call = {
        .server = server,
        .peer = request->peer,
        .place = asked->place,
        .arena = hob_arena_new(),
        .started = request->started,
        .method = request->method,
        .path = request->path,
        .may_wait = outcome->may_wait,
        .form = (enum hob_form)asked->choice.form,
        .roots = bounds->roots,
        .scope = {.roots = hob_place_roots(asked->place, bounds->roots),
                  .max_file_size = smaller(max_file_size, bounds->max_file_size),
                  .finish = hob_compute_finish,
                  .finish_data = server->compute},
    };
    uint64_t started = hob_clock_now();
    if (asked->route->kind == HOB_ROUTE_KEPT)
        call.scope.sources = sources = hob_sources_new();
    struct hob_response *response =
        run_call(&call, asked->route, asked->choice, request->body, &outcome->code);
    outcome->ticket = call.ticket;
    if (call.keep && outcome->code == 0 && response != NULL)
        finish(server, asked, bounds->number, response, &sources, hob_clock_now() - started);
    hob_table_rest_free(call.rest);
    hob_buffer_deinit(&call.out);
    hob_arena_free(call.arena);
    hob_bounds_release(&server->bounds, bounds);
    return hob_negotiate_settle(response, request);
}

/* ---- routing ---- */

/* What has to be said of the body when the route does not care for it; NULL when all is well. */
static struct hob_response *check_body(const struct hob_http_request *request)
{
    if (request->body.size == 0 || strcmp(request->method, "POST") != 0)
        return NULL;
    struct hob_error error = HOB_ERROR_INIT;
    HOB_AUTO(arena) struct hob_arena *arena = hob_arena_new();
    struct hob_call call = {.arena = arena};
    if (read_body(&call, request->body, &error) == 0)
        return NULL;
    return body_error(HOB_ENVELOPE_TYPED, &error);
}

static unsigned method_flag(const char *method)
{
    if (strcmp(method, "GET") == 0 || strcmp(method, "HEAD") == 0)
        return HOB_METHOD_GET;
    if (strcmp(method, "POST") == 0)
        return HOB_METHOD_POST;
    return strcmp(method, "DELETE") == 0 ? HOB_METHOD_DELETE : 0;
}

/* The route when it has the method and what the client takes, else none and the refusal in
 * *refused (NULL without memory). */
static struct asked find_route(const struct hob_http_request *request, struct hob_place *place,
                               struct hob_response **refused)
{
    struct asked asked = {
        .request = request, .place = place, .route = hob_route_find(request->path)};
    const struct hob_route *route = asked.route;
    bool has_method = route != NULL && (route->methods & method_flag(request->method)) != 0;
    if (has_method)
        asked.choice = hob_negotiate(route, &request->headers);
    if (has_method && asked.choice.form != HOB_FORM_NONE)
        return asked;
    *refused = check_body(request);
    if (*refused == NULL)
        *refused = route == NULL ? unknown_path(request)
                   : has_method  ? not_acceptable(route)
                                 : wrong_method(request, route);
    asked.route = NULL;
    return asked;
}

/* As find_route, from where the client asks. */
static struct asked go_and_find(struct hob_server *server, const struct hob_http_request *request,
                                struct hob_place *place, struct hob_response **refused)
{
    struct hob_error error;
    error.code = 0;
    error.hint[0] = '\0';
    if (hob_place_enter(place, server, request, &error) == 0)
        return find_route(request, place, refused);
    *refused = refusal(&error, 0);
    return (struct asked){.request = request};
}

/* For routes that don't look at the body: what is wrong with it, or their constant answer. */
static struct hob_response *constant_answer(struct hob_server *server, const struct asked *asked)
{
    size_t count;
    struct hob_response *response = check_body(asked->request);
    if (response != NULL)
        return response;
    size_t position = (size_t)(asked->route - hob_routes(&count));
    return hob_response_ref(server->constants[position][asked->choice.encoding]);
}

/* ---- answers that wait until what they say is safe ---- */

struct unsafe_answer {
    struct hob_journal_wait wait; /* first: a wait is cast back to its answer */
    struct hob_http_request *request;
    struct hob_response *response;
};

/* A session that is not on the disk is not kept at all; a change to one is in the session. */
static void describe_unsafe(const struct hob_http_request *request, int code,
                            struct hob_error *error)
{
    if (strcmp(request->path, "/api/sessions") == 0) {
        hob_error_set(error, code, "the session could not be written to the disk, and is not kept");
        hob_error_hint(error, "the log says why");
        return;
    }
    hob_error_set(error, code, "the change was made, but could not be written to the disk");
    hob_error_hint(error, "it is lost if the server ends before a later one of the session can be "
                          "written; the log says why");
}

static void send_unsafe(struct hob_journal_wait *wait, int code)
{
    struct unsafe_answer *answer = (struct unsafe_answer *)wait;
    HOB_AUTO(response) struct hob_response *response = answer->response;
    if (code != 0) {
        struct hob_error error = HOB_ERROR_INIT;
        describe_unsafe(answer->request, code, &error);
        hob_response_unref(response);
        response = hob_answer_error(HOB_ENVELOPE_TYPED, &error, 0);
    }
    hob_http_answer(answer->request, response);
    free(answer);
}

/* Sends the answer to a request that was deferred, not before its ticket is safe. */
static void send_deferred(struct hob_server *server, struct hob_http_request *request,
                          struct hob_response *response, uint64_t ticket)
{
    if (hob_store_settle(server->store, ticket) || response == NULL) {
        hob_http_answer(request, response);
        return;
    }
    struct unsafe_answer *answer = hob_alloc_zero(1, sizeof *answer);
    answer->wait = (struct hob_journal_wait){.ticket = ticket, .done = send_unsafe};
    answer->request = request;
    answer->response = hob_response_ref(response);
    if (hob_store_when_safe(server->store, &answer->wait))
        send_unsafe(&answer->wait, 0);
}

/* ---- in a worker thread ---- */

struct task {
    struct hob_job job; /* first: a job is cast back to its task */
    struct hob_server *server;
    struct hob_http_request *request;
};

/* The answer to any request, however long it takes. */
static struct hob_response *answer_slowly(struct hob_server *server,
                                          const struct hob_http_request *request,
                                          struct outcome *outcome)
{
    struct hob_response *refused = NULL;
    HOB_AUTO(place) struct hob_place place;
    struct asked asked = go_and_find(server, request, &place, &refused);
    if (asked.route == NULL)
        return refused;
    if (asked.route->kind == HOB_ROUTE_CONSTANT)
        return constant_answer(server, &asked);
    return make_answer(server, &asked, 0, outcome);
}

static void run_task(struct hob_job *job)
{
    struct task *task = (struct task *)job;
    struct outcome outcome = {.may_wait = true};
    HOB_AUTO(response)
    struct hob_response *response = answer_slowly(task->server, task->request, &outcome);
    send_deferred(task->server, task->request, response, outcome.ticket);
    free(task);
}

static void answer_later(struct hob_server *server, struct hob_http_request *request)
{
    struct task *task = hob_alloc_zero(1, sizeof *task);
    *task = (struct task){{.run = run_task}, server, request};
    hob_http_defer(request);
    if (hob_work_submit(server->work, &task->job))
        return;
    free(task);
    HOB_AUTO(response)
    struct hob_response *response = too_busy(request, "too many requests are waiting already");
    hob_http_answer(request, response);
}

/* ---- in the thread that read the request ---- */

/* The answer if it can be had at once, else NULL. */
static struct hob_response *quick_answer(struct hob_server *server, const struct asked *asked)
{
    uint64_t cost_ns;
    struct hob_cache_key key = key_of(asked, hob_bounds_number(&server->bounds));
    struct hob_response *response = hob_cache_find(server->cache, key, &cost_ns);
    response = hob_negotiate_settle(response, asked->request);
    if (response != NULL || cost_ns == 0 || cost_ns > QUICK_NS)
        return response;
    struct outcome outcome = {0};
    response = make_answer(server, asked, QUICK_FILE_SIZE, &outcome);
    return outcome.code == HOB_E_LIMIT ? hob_response_unref(response) : response;
}

/* The answer, or NULL when a worker has to make it. */
static struct hob_response *answer_now(struct hob_server *server, const struct asked *asked,
                                       struct outcome *outcome)
{
    switch (asked->route->kind) {
    case HOB_ROUTE_CONSTANT:
        return constant_answer(server, asked);
    case HOB_ROUTE_QUICK:
    case HOB_ROUTE_EITHER:
        return make_answer(server, asked, 0, outcome);
    case HOB_ROUTE_KEPT:
        return quick_answer(server, asked);
    case HOB_ROUTE_SLOW:
    case HOB_ROUTE_RELAYED:
        break;
    }
    return NULL;
}

void hob_dispatch_handle(void *context, struct hob_http_request *request)
{
    struct hob_server *server = context;
    struct outcome outcome = {0};
    HOB_AUTO(response) struct hob_response *response = NULL;
    const struct hob_route *route = hob_route_find(request->path);
    bool relayed = route != NULL && route->kind == HOB_ROUTE_RELAYED;
    if (request->body.size > QUICK_BODY_SIZE && !relayed) {
        answer_later(server, request);
        return;
    }
    HOB_AUTO(place) struct hob_place place;
    struct asked asked = go_and_find(server, request, &place, &response);
    if (asked.route != NULL && relayed) {
        route->relay(server, route, request);
        return;
    }
    if (asked.route != NULL)
        response = answer_now(server, &asked, &outcome);
    if (asked.route != NULL && response == NULL) {
        answer_later(server, request);
    } else if (!hob_store_settle(server->store, outcome.ticket)) {
        hob_http_defer(request);
        send_deferred(server, request, response, outcome.ticket);
    } else {
        hob_http_answer(request, response);
    }
}

int hob_dispatch_prepare(struct hob_server *server, struct hob_error *error)
{
    size_t count;
    const struct hob_route *routes = hob_routes(&count);
    server->constants = hob_alloc_zero(count, sizeof *server->constants);
    struct hob_http_request nothing = {.method = "GET", .path = "", .started = hob_clock_now()};
    for (size_t i = 0; i < count * HOB_ENCODINGS; i++) {
        struct outcome outcome = {.may_wait = true};
        struct hob_place here = HOB_PLACE_INIT;
        struct asked asked = {
            &nothing, &here, &routes[i / HOB_ENCODINGS], {.encoding = i % HOB_ENCODINGS}};
        if ((hob_encode_available() & 1u << asked.choice.encoding) != 0 &&
            asked.route->kind == HOB_ROUTE_CONSTANT)
            server->constants[i / HOB_ENCODINGS][asked.choice.encoding] =
                make_answer(server, &asked, 0, &outcome);
        if (outcome.code != 0)
            return hob_error_set(error, outcome.code, "cannot prepare the answer of %s",
                                 asked.route->path);
    }
    return 0;
}
