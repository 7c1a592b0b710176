/* relay: JSON-RPC over HTTP: a pool answers, while nobody waits.
 *
 * The answer is one document, or, for a client that accepts lines or events, a stream: the
 * notifications as they come, and the answer last. A client that goes away cancels its call. */
#define _GNU_SOURCE
#include <fcntl.h>
#include <pthread.h>
#include <stdio.h>
#include <unistd.h>

#include "base/file.h"
#include "config/schema.h"
#include "pool/loop.h"
#include "pool/message.h"
#include "pool/rpc.h"
#include "server/answer.h"
#include "server/dispatch.h"

enum form { WHOLE, LINES, EVENTS };

/* Of a client that does not read: it loses progress then, and never the answer. */
enum { MOST_WAITING = 4 << 20 };

/* Of one request; shared by the pool, which answers, and the response, which is sent. */
struct relay {
    pthread_mutex_t lock;
    unsigned references;
    enum form form;
    struct hob_http_request *request; /* until it is answered */
    struct hob_response *response;    /* of a stream, until it is done */
    struct hob_buffer waiting;        /* to be sent */
    int caller;                       /* a stream's own descriptor of the client's socket; -1 */
    bool done;
};

static struct relay *relay_new(struct hob_http_request *request, enum form form)
{
    struct relay *relay = hob_alloc_zero(1, sizeof *relay);
    pthread_mutex_init(&relay->lock, NULL);
    relay->references = 1;
    relay->form = form;
    relay->request = request;
    relay->caller = -1;
    return relay;
}

static void relay_unref(struct relay *relay)
{
    pthread_mutex_lock(&relay->lock);
    bool last = --relay->references == 0;
    pthread_mutex_unlock(&relay->lock);
    if (!last)
        return;
    hob_file_close(relay->caller);
    hob_buffer_deinit(&relay->waiting);
    pthread_mutex_destroy(&relay->lock);
    free(relay);
}

/* ---- a document ---- */

static int status_of(const struct hob_rpc_outcome *outcome)
{
    if (outcome->text.size == 0 && outcome->code == 0)
        return 202;
    if (outcome->code == HOB_E_JSON || outcome->code == HOB_E_UNICODE)
        return 400;
    return outcome->code != 0 ? hob_error_http_status(outcome->code) : 200;
}

static void set_headers(struct hob_response *response, const struct hob_rpc_outcome *outcome)
{
    char seconds[16];
    hob_response_set_header(response, "X-Hob-Served-By",
                            outcome->by_fallback ? "fallback" : "pool");
    if (outcome->code != HOB_E_BUSY)
        return;
    snprintf(seconds, sizeof seconds, "%u", outcome->retry_after != 0 ? outcome->retry_after : 1);
    hob_response_set_header(response, "Retry-After", seconds);
}

static void send_document(void *data, const struct hob_rpc_outcome *outcome)
{
    struct relay *relay = data;
    HOB_AUTO(buffer) struct hob_buffer body = HOB_BUFFER_INIT;
    hob_buffer_put_text(&body, outcome->text);
    HOB_AUTO(response)
    struct hob_response *response = outcome->text.size > 0
                                        ? hob_response_new(status_of(outcome), &body)
                                        : hob_response_new_empty(status_of(outcome));
    if (response != NULL)
        set_headers(response, outcome);
    else
        response = hob_answer_no_memory();
    hob_http_answer(relay->request, response);
    relay_unref(relay);
}

/* ---- a stream ---- */

static void put_message(struct relay *relay, struct hob_text message)
{
    if (relay->form == EVENTS)
        hob_buffer_put_string(&relay->waiting, "data: ");
    hob_message_put_line(&relay->waiting, message);
    hob_buffer_put_string(&relay->waiting, relay->form == EVENTS ? "\n\n" : "\n");
}

static void add_message(struct relay *relay, struct hob_text message, bool last)
{
    pthread_mutex_lock(&relay->lock);
    if (message.size > 0 && (last || relay->waiting.size + message.size <= MOST_WAITING))
        put_message(relay, message);
    relay->done = relay->done || last;
    pthread_mutex_unlock(&relay->lock);
    hob_http_wake(relay->response);
}

static void stream_progress(void *data, struct hob_text message)
{
    add_message(data, message, false);
}

/* The response holds the relay, which must not hold it in turn any longer than it has to wake it.
 */
static void stream_done(void *data, const struct hob_rpc_outcome *outcome)
{
    struct relay *relay = data;
    add_message(relay, outcome->text, true);
    struct hob_response *response = HOB_STEAL(relay->response);
    hob_file_close(relay->caller);
    relay->caller = -1;
    relay_unref(relay);
    hob_response_unref(response);
}

static int stream_more(void *data, struct hob_buffer *out)
{
    struct relay *relay = data;
    pthread_mutex_lock(&relay->lock);
    bool failed = hob_buffer_failed(&relay->waiting);
    int code = failed                    ? HOB_E_MEMORY
               : relay->done             ? 0
               : relay->waiting.size > 0 ? 1
                                         : HOB_HTTP_LATER;
    hob_buffer_put_text(out, hob_buffer_text(&relay->waiting));
    hob_buffer_clear(&relay->waiting);
    pthread_mutex_unlock(&relay->lock);
    return code;
}

static void stream_free(void *data)
{
    relay_unref(data);
}

/* Answers with a stream that is still empty. False without memory: then it is answered too. */
static bool begin_stream(struct relay *relay)
{
    struct hob_http_source source = {stream_more, stream_free, relay};
    const char *type = relay->form == EVENTS ? "text/event-stream" : "application/x-ndjson";
    int caller = relay->request->peer->descriptor;
    relay->references++; /* the response's, which may end first or last */
    relay->response = hob_response_new_streamed(200, &source, type);
    if (relay->response != NULL)
        hob_response_set_header(relay->response, "Cache-Control", "no-store");
    /* The connection may be closed before the call is over; this descriptor is not. */
    relay->caller = fcntl(caller, F_DUPFD_CLOEXEC, 3);
    bool begun = relay->response != NULL;
    hob_http_answer(relay->request, relay->response);
    return begun;
}

/* ---- the request ---- */

/* Events have to be asked for by name. Among equals they come first: they are all that the whole
 * answer is, and more. */
static bool wants_events(const struct hob_accept_header *accept)
{
    struct hob_accept_wish events = hob_accept_wish_for(accept, "text/event-stream");
    if (!events.named || events.weight == 0)
        return false;
    return events.weight >= hob_accept_wish_for(accept, hob_form_type(HOB_FORM_JSON)).weight &&
           events.weight >= hob_accept_wish_for(accept, hob_form_type(HOB_FORM_LINES)).weight;
}

static enum form form_of(const struct hob_accept_header *accept)
{
    if (accept->count == 0)
        return WHOLE;
    if (wants_events(accept))
        return EVENTS;
    return hob_accept_form(accept) == HOB_FORM_LINES ? LINES : WHOLE;
}

static int read_timeout(struct hob_text text, uint64_t *milliseconds, struct hob_error *error)
{
    static const struct hob_setting row = {
        .name = "X-Hob-Timeout", .kind = HOB_SETTING_DURATION, .least = 1};
    char word[64];
    const char *words[] = {word};
    if (text.size == 0)
        return 0;
    snprintf(word, sizeof word, "%.*s", HOB_TEXT_ARG(text));
    HOB_AUTO(arena) struct hob_arena *arena = hob_arena_new();
    struct hob_schema_place place = {&row, 0};
    int code = hob_schema_set(arena, place, words, 1, milliseconds, error);
    return code == 0 ? 0 : hob_error_context(error, "X-Hob-Timeout");
}

static int read_options(const struct hob_http_request *request, struct hob_rpc_options *options,
                        struct hob_error *error)
{
    struct hob_text idempotent = request->headers.idempotent;
    options->idempotent = hob_text_is(idempotent, "true");
    options->caller = request->peer->descriptor;
    if (idempotent.size > 0 && !options->idempotent && !hob_text_is(idempotent, "false"))
        return hob_error_set(error, HOB_E_PARAMETER, "X-Hob-Idempotent is true or false");
    return read_timeout(request->headers.timeout, &options->timeout, error);
}

static void hear(void *data, const struct hob_poller_event *events, size_t count)
{
    hob_pool_loop_hear(data, events, count);
}

static void let_go(void *data)
{
    hob_pool_loop_free(data);
}

/* The thread that reads a request also writes it to a worker, reads the worker's answer and sends
 * it. NULL where there are no loops. */
static struct hob_pool_loop *loop_of(struct hob_server *server,
                                     const struct hob_http_request *request)
{
    struct hob_poller *poller = hob_http_loop_poller(request->loop);
    if (poller == NULL)
        return NULL;
    if (hob_http_loop_guest(request->loop) == NULL)
        hob_http_loop_set_guest(request->loop, &(struct hob_http_guest){
                                                   .hear = hear,
                                                   .free = let_go,
                                                   .data = hob_pool_loop_new(server->pools, poller),
                                               });
    return hob_http_loop_guest(request->loop);
}

static void refuse(struct hob_http_request *request, const struct hob_error *error)
{
    HOB_AUTO(response)
    struct hob_response *response = hob_answer_error(HOB_ENVELOPE_TYPED, error, 0);
    hob_http_answer(request, response);
}

/* A loop tells what becomes of its calls itself, so there is no hurry to put the request to sleep,
 * which takes longer than many a call. */
static void relay_document(struct hob_pool *pool, struct hob_http_request *request,
                           const struct hob_rpc_options *options,
                           const struct hob_rpc_handlers *handlers)
{
    if (options->loop == NULL)
        hob_http_defer(request);
    hob_rpc_answer(pool, request->body, options, handlers);
    if (options->loop != NULL)
        hob_http_await(request);
}

void hob_relay_rpc(struct hob_server *server, const struct hob_route *route,
                   struct hob_http_request *request)
{
    HOB_AUTO(pool) struct hob_pool *pool = NULL;
    struct hob_error error = HOB_ERROR_INIT;
    struct hob_rpc_options options = {0};
    struct hob_text name = hob_route_part(route, request->path, 0);
    if (hob_pools_find(server, name, &pool, &error) != 0 ||
        read_options(request, &options, &error) != 0) {
        refuse(request, &error);
        return;
    }
    options.loop = loop_of(server, request);
    struct relay *relay = relay_new(request, form_of(&request->headers.accept));
    struct hob_rpc_handlers handlers = {.done = send_document, .data = relay};
    if (relay->form == WHOLE) {
        relay_document(pool, request, &options, &handlers);
        return;
    }
    /* The body goes with the request when that is answered. */
    HOB_AUTO(buffer) struct hob_buffer body = HOB_BUFFER_INIT;
    hob_buffer_put_text(&body, request->body);
    handlers.done = stream_done;
    handlers.progress = stream_progress;
    if (hob_buffer_failed(&body))
        hob_http_answer(request, NULL);
    if (hob_buffer_failed(&body) || !begin_stream(relay)) {
        relay_unref(relay);
        return;
    }
    options.caller = relay->caller;
    hob_rpc_answer(pool, hob_buffer_text(&body), &options, &handlers);
}
