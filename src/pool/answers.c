/* answers: what a worker says, and what becomes of its calls.
 *
 * An answer is found by its id among the calls of the worker that gave it, and nowhere else: one
 * that comes late, twice or from nowhere is noise. What is no message at all is noise too: programs
 * print things. */
#include <stdio.h>
#include <string.h>

#include "base/clock.h"
#include "base/log.h"
#include "base/utf8.h"
#include "pool/internal.h"

#define PROGRESS_METHOD "\"$/progress\""

enum { NOISE_LOGGED = 5, TAIL_LINES = 5, TAIL_BYTES = 600 };

/* ---- noise ---- */

void pool_worker_noise(struct pool_worker *worker, struct hob_text text, const char *what)
{
    char number[16];
    size_t most = sizeof worker->noise - 1, size = text.size < most ? text.size : most;
    worker->pool->noise++;
    memcpy(worker->noise, text.data, size);
    worker->noise[hob_utf8_valid_prefix((struct hob_text){worker->noise, size})] = '\0';
    if (worker->noise_logged == NOISE_LOGGED && !hob_log_enabled(HOB_LOG_DEBUG))
        return;
    enum hob_log_level level = HOB_LOG_DEBUG;
    if (worker->noise_logged < NOISE_LOGGED) {
        worker->noise_logged++;
        level = HOB_LOG_WARNING;
    }
    snprintf(number, sizeof number, "%u", worker->number);
    hob_log(level, "worker printed what is no answer", "pool", worker->pool->name, "worker", number,
            "what", what, "line", worker->noise, NULL);
}

/* ---- after a call ---- */

static bool only_abandoned(const struct pool_worker *worker)
{
    for (const struct pool_call *call = worker->calls.first; call != NULL; call = call->next)
        if (!call->abandoned)
            return false;
    return true;
}

/* As long as it works on others it may end for a cause of its own. */
static void mark_overdue(struct pool_worker *worker)
{
    if (worker->calls.first->overdue != NULL)
        pool_worker_why(worker, "did not end a call that %s", worker->calls.first->overdue);
    pool_worker_event(worker, HOB_LIFE_OVERDUE);
}

/* One call less, or one that nobody waits for any more. */
static void calls_changed(struct pool_worker *worker)
{
    if (worker->life == HOB_LIFE_STARTING)
        return;
    if (worker->calls.count == 0)
        pool_worker_event(worker, HOB_LIFE_FREE);
    else if (only_abandoned(worker))
        mark_overdue(worker);
    else if (hob_life_takes_calls(worker->life))
        pool_worker_offer(worker);
}

static void remove_call(struct pool_worker *worker, struct pool_call *call)
{
    pool_calls_remove(&worker->calls, call);
    pool_call_free(call);
}

static void end_call(struct pool_worker *worker, struct pool_call *call)
{
    remove_call(worker, call);
    calls_changed(worker);
}

/* To be ready is not enough: one that then ends at once would be started again and again. */
static void has_proven(struct pool_worker *worker)
{
    if (!worker->proven)
        hob_pacing_succeeded(&worker->pool->pacing);
    worker->proven = true;
}

/* ---- hob's own calls ---- */

void pool_worker_ping(struct pool_worker *worker)
{
    HOB_AUTO(buffer) struct hob_buffer method = HOB_BUFFER_INIT;
    hob_buffer_printf(&method, "\"%s\"", worker->pool->options.health.method);
    struct pool_call *ping = pool_call_new(worker->pool, POOL_PING,
                                           &(struct hob_pool_request){
                                               .method = hob_buffer_text(&method),
                                               .timeout = worker->pool->options.health.timeout,
                                           });
    worker->since_ping = 0;
    if (ping != NULL)
        pool_worker_give(worker, ping);
}

void pool_worker_greet(struct pool_worker *worker)
{
    const struct hob_pool_options *options = &worker->pool->options;
    HOB_AUTO(buffer) struct hob_buffer method = HOB_BUFFER_INIT;
    struct hob_text params = {NULL, 0};
    if (options->protocol == HOB_POOL_MCP) {
        hob_buffer_put_string(&method, "\"initialize\"");
        params = HOB_TEXT("{\"protocolVersion\":\"2025-06-18\",\"capabilities\":{},"
                          "\"clientInfo\":{\"name\":\"hob\",\"version\":\"" HOB_VERSION "\"}}");
    } else if (options->health.method != NULL) {
        hob_buffer_printf(&method, "\"%s\"", options->health.method);
    } else {
        pool_worker_event(worker, HOB_LIFE_READY);
        return;
    }
    struct pool_call *call = pool_call_new(worker->pool, POOL_GREETS,
                                           &(struct hob_pool_request){
                                               .method = hob_buffer_text(&method),
                                               .params = params,
                                               .timeout = options->start_timeout,
                                           });
    if (call != NULL)
        pool_worker_give(worker, call);
}

static void is_greeted(struct pool_worker *worker, const struct hob_message *message)
{
    if (worker->pool->options.protocol != HOB_POOL_MCP) {
        pool_worker_event(worker, HOB_LIFE_READY);
        return;
    }
    if (message->result.size == 0) {
        pool_worker_why(worker, "would not be initialized: %.*s", HOB_TEXT_ARG(message->error));
        pool_worker_event(worker, HOB_LIFE_BROKEN);
        return;
    }
    if (!pool_keep_handshake(worker->pool, message)) {
        pool_worker_why(worker, "was initialized with more than memory holds");
        pool_worker_event(worker, HOB_LIFE_BROKEN);
        return;
    }
    HOB_AUTO(buffer) struct hob_buffer framed = HOB_BUFFER_INIT;
    hob_framing_put(&framed, worker->pool->options.framing,
                    HOB_TEXT("{\"jsonrpc\":\"2.0\",\"method\":\"notifications/initialized\"}"));
    pool_worker_say(worker, hob_buffer_text(&framed));
    pool_worker_event(worker, HOB_LIFE_READY);
}

/* ---- messages ---- */

static struct pool_call *find_call(struct pool_worker *worker, struct hob_text id)
{
    uint64_t number;
    if (!hob_message_number(&number, id))
        return NULL;
    struct pool_call *call = worker->calls.first;
    while (call != NULL && call->id != number)
        call = call->next;
    return call;
}

/* The worker has heard that it was cancelled: nothing more comes of it, or nothing that anybody
 * waits for. */
static void forget_cancelled(struct pool_worker *worker, uint64_t id)
{
    for (struct pool_call *call = worker->calls.first; call != NULL; call = call->next) {
        if (call->id != id)
            continue;
        worker->haunted = true;
        remove_call(worker, call);
        return;
    }
}

/* A cancelled call was answered all the same: what was asked behind it is of no use any more. */
static void forget_question(struct pool_worker *worker, uint64_t cancelled)
{
    for (struct pool_call *call = worker->calls.first; call != NULL; call = call->next) {
        if (call->kind != POOL_CONFIRMS || call->confirms != cancelled)
            continue;
        remove_call(worker, call);
        return;
    }
}

/* Whether some call, of whatever worker, has or had this id. */
static bool was_given_out(const struct pool_worker *worker, struct hob_text id)
{
    uint64_t number;
    return hob_message_number(&number, id) && number > 0 &&
           number <= atomic_load(&worker->pool->supervisor->last_id);
}

static void hear_answer(struct pool_worker *worker, const struct hob_message *message,
                        struct hob_text text)
{
    struct pool_call *call = find_call(worker, message->id);
    if (call == NULL) {
        pool_worker_noise(worker, text, "an answer to nothing that it was asked");
        if (was_given_out(worker, message->id))
            worker->noise[0] = '\0'; /* another caller's, late: for the log alone */
        return;
    }
    enum pool_call_kind kind = call->kind;
    if (kind != POOL_GREETS)
        has_proven(worker);
    if (kind == POOL_CONFIRMS)
        forget_cancelled(worker, call->confirms);
    if (kind == POOL_CALL && call->abandoned)
        forget_question(worker, call->id);
    if (kind == POOL_CALL) {
        worker->served++;
        worker->since_ping++;
        pool_call_answer(call, message);
    }
    if (kind != POOL_GREETS) {
        end_call(worker, call);
        return;
    }
    pool_calls_remove(&worker->calls, call);
    pool_call_free(call);
    is_greeted(worker, message);
}

static bool is_token_of(const struct pool_call *call, struct hob_text token)
{
    struct hob_text meta = hob_message_member(pool_call_params(call), "_meta");
    return token.size > 0 && hob_text_equal(hob_message_member(meta, "progressToken"), token);
}

/* The call whose caller chose this token. Two callers may have chosen the same: then it is
 * nobody's, rather than the wrong one's. */
static struct pool_call *find_token(struct pool_worker *worker, struct hob_text token)
{
    struct pool_call *found = NULL;
    for (struct pool_call *call = worker->calls.first; call != NULL; call = call->next) {
        if (!is_token_of(call, token))
            continue;
        if (found != NULL)
            return NULL;
        found = call;
    }
    return found;
}

/* The call that a notification is about: the one that it names, or else the only one. One that
 * names a call that is over comes late, and is nobody's; so is one that names none, of a worker
 * that may still be at a forgotten call. Servers of MCP have got hob's numbers as tokens. */
static struct pool_call *subject_of(struct pool_worker *worker, const struct hob_message *message)
{
    struct hob_text id = hob_message_member(message->params, "id");
    struct hob_text token = hob_message_member(message->params, "progressToken");
    struct pool_call *named = find_call(worker, id);
    if (named != NULL || (id.size > 0 && hob_text_is(message->method, PROGRESS_METHOD)))
        return named;
    if (token.size > 0)
        return worker->pool->options.protocol == HOB_POOL_MCP ? find_call(worker, token)
                                                              : find_token(worker, token);
    return worker->calls.count == 1 && !worker->haunted ? worker->calls.first : NULL;
}

static void hear_notification(struct pool_worker *worker, const struct hob_message *message)
{
    struct pool_call *call = subject_of(worker, message);
    if (call != NULL && call->kind == POOL_CALL)
        pool_call_progress(call, message->method, message->params);
}

/* hob has no methods for workers, beside the one that MCP asks of everybody; a worker that asks is
 * told so, and not left waiting. */
static void answer_request(struct pool_worker *worker, const struct hob_message *message)
{
    struct hob_error error = HOB_ERROR_INIT;
    HOB_AUTO(buffer) struct hob_buffer body = HOB_BUFFER_INIT, framed = HOB_BUFFER_INIT;
    bool ping =
        worker->pool->options.protocol == HOB_POOL_MCP && hob_text_is(message->method, "\"ping\"");
    if (worker->unsent.size > worker->pool->options.max_message)
        return; /* it asks and asks, and does not read */
    hob_error_set(&error, HOB_E_UNSUPPORTED, "hob answers no requests of workers");
    if (ping)
        hob_buffer_printf(&body, "{\"jsonrpc\":\"2.0\",\"id\":%.*s,\"result\":{}}",
                          HOB_TEXT_ARG(message->id));
    else
        hob_message_put_error(&body, message->id, HOB_RPC_METHOD_NOT_FOUND, &error);
    hob_framing_put(&framed, worker->pool->options.framing, hob_buffer_text(&body));
    pool_worker_say(worker, hob_buffer_text(&framed));
}

static void hear_one(struct pool_worker *worker, struct hob_text text)
{
    struct hob_message message;
    if (hob_message_read(&message, text, NULL) != 0) {
        pool_worker_noise(worker, text, "not JSON");
        return;
    }
    switch (message.kind) {
    case HOB_MESSAGE_ANSWER:
        hear_answer(worker, &message, text);
        break;
    case HOB_MESSAGE_NOTIFICATION:
        hear_notification(worker, &message);
        break;
    case HOB_MESSAGE_REQUEST:
        answer_request(worker, &message);
        break;
    case HOB_MESSAGE_NONE:
        pool_worker_noise(worker, text, "JSON, but no message");
        break;
    }
}

void pool_worker_hear(struct pool_worker *worker, struct hob_text text)
{
    HOB_AUTO(free) struct hob_text *items = NULL;
    size_t count;
    if (!hob_message_is_batch(text)) {
        hear_one(worker, text);
        return;
    }
    if (hob_message_split(text, &items, &count, NULL) != 0) {
        pool_worker_noise(worker, text, "not JSON");
        return;
    }
    for (size_t i = 0; i < count; i++)
        hear_one(worker, items[i]);
}

/* The call that a message answers of which only the beginning is there: with one call under way it
 * can only be that one's, unless it says otherwise. False when it answers none of them. */
static bool find_early(struct pool_worker *worker, struct hob_text beginning,
                       struct pool_call **call)
{
    struct hob_text id = hob_message_early_member(beginning, "id");
    bool named = id.size > 0 && !hob_text_is(id, "null");
    if (hob_message_early_member(beginning, "method").size > 0)
        return false;
    *call = named ? find_call(worker, id) : worker->calls.count == 1 ? worker->calls.first : NULL;
    return *call != NULL || !named;
}

/* One of them is never answered, and nobody can tell which. */
static void give_all_up(struct pool_worker *worker, const struct hob_error *error)
{
    for (struct pool_call *call = worker->calls.first; call != NULL; call = call->next)
        if (!call->abandoned && call->kind == POOL_CALL)
            pool_worker_abandon(worker, call, HOB_RPC_TOO_LARGE, error);
}

void pool_worker_hear_too_large(struct pool_worker *worker, struct hob_text beginning)
{
    struct hob_error error = HOB_ERROR_INIT;
    struct pool_call *call = NULL;
    size_t limit = worker->pool->options.max_message;
    pool_worker_noise(worker, beginning, "a message over the limit");
    if (!find_early(worker, beginning, &call))
        return;
    if (call != NULL)
        hob_error_set(&error, HOB_E_LIMIT,
                      "pool '%s': the answer of worker %u has more than %zu bytes",
                      worker->pool->name, worker->number, limit);
    else
        hob_error_set(&error, HOB_E_LIMIT,
                      "pool '%s': worker %u, which had %zu calls, gave an answer of more than %zu "
                      "bytes whose id does not come first: it may have been this call's",
                      worker->pool->name, worker->number, worker->calls.count, limit);
    hob_error_hint(&error, "raise max_message of the pool, or ask for less at a time");
    if (call == NULL) {
        give_all_up(worker, &error);
        return;
    }
    pool_call_fail(call, HOB_RPC_TOO_LARGE, &error);
    end_call(worker, call);
}

/* ---- calls that end without an answer ---- */

/* "add" for "\"add\"". */
static void name_of_method(char *name, size_t size, const struct pool_call *call)
{
    struct hob_text method = pool_call_method(call);
    if (method.size >= 2)
        method = (struct hob_text){method.data + 1, method.size - 2};
    snprintf(name, size, "%.*s", HOB_TEXT_ARG(method));
}

static void put_last_words(struct hob_buffer *out, const struct pool_worker *worker)
{
    HOB_AUTO(buffer) struct hob_buffer words = HOB_BUFFER_INIT;
    hob_tail_put_lines(&words, &worker->tail, TAIL_LINES, TAIL_BYTES);
    if (words.size == 0)
        return;
    hob_buffer_put_string(out, "; the last that it wrote to standard error: ");
    hob_buffer_put(out, words.data, words.size);
}

static void describe_end(const struct pool_worker *worker, const struct pool_call *call,
                         struct hob_error *error)
{
    char method[100];
    HOB_AUTO(buffer) struct hob_buffer words = HOB_BUFFER_INIT;
    name_of_method(method, sizeof method, call);
    put_last_words(&words, worker);
    hob_error_set(error, HOB_E_WORKER,
                  "pool '%s': worker %u (pid %ld) %s while it worked on '%s'%s", worker->pool->name,
                  worker->number, (long)worker->pid, worker->why, method,
                  hob_buffer_string(&words));
    hob_error_hint(error, "it may have begun: call again only if that does no harm, or mark calls "
                          "that never do as idempotent");
}

void pool_worker_settle_calls(struct pool_worker *worker, size_t unread)
{
    struct hob_pool *pool = worker->pool;
    uint64_t seen = worker->sent - (unread < worker->sent ? unread : worker->sent);
    while (worker->calls.last != NULL) {
        struct pool_call *call = worker->calls.last;
        bool unseen = call->stream_end - call->message.size >= seen;
        pool_calls_remove(&worker->calls, call);
        call->attempts += !unseen;
        call->unseen += unseen;
        bool again = (unseen || call->idempotent) && call->attempts < POOL_MOST_ATTEMPTS &&
                     call->unseen < POOL_MOST_UNSEEN;
        if (again && call->kind == POOL_CALL && !call->abandoned) {
            pool_calls_add_first(&pool->queue, call);
            continue;
        }
        struct hob_error error = HOB_ERROR_INIT;
        describe_end(worker, call, &error);
        pool_call_fail(call, HOB_RPC_WORKER_FAILED, &error);
        pool_call_free(call);
    }
}

/* A server of MCP does not answer what was cancelled (specification, "Cancellation"), so it is
 * asked something behind it. One that is stuck answers neither, and is ended after the grace. */
static void ask_to_confirm(struct pool_worker *worker, const struct pool_call *cancelled)
{
    struct pool_call *call = pool_call_new(
        worker->pool, POOL_CONFIRMS, &(struct hob_pool_request){.method = HOB_TEXT("\"ping\"")});
    if (call == NULL)
        return;
    call->confirms = cancelled->id;
    call->abandoned = true;
    call->deadline = cancelled->deadline;
    pool_worker_give(worker, call);
}

static void ask_to_cancel(struct pool_worker *worker, const struct pool_call *call)
{
    const struct hob_pool_options *options = &worker->pool->options;
    HOB_AUTO(buffer) struct hob_buffer body = HOB_BUFFER_INIT, framed = HOB_BUFFER_INIT;
    bool mcp = options->protocol == HOB_POOL_MCP;
    if (!mcp && options->cancel_method == NULL)
        return;
    hob_buffer_printf(&body, "{\"jsonrpc\":\"2.0\",\"method\":\"%s\",\"params\":{\"%s\":%llu}}",
                      mcp ? "notifications/cancelled" : options->cancel_method,
                      mcp ? "requestId" : "id", (unsigned long long)call->id);
    hob_framing_put(&framed, options->framing, hob_buffer_text(&body));
    pool_worker_say(worker, hob_buffer_text(&framed));
}

void pool_worker_abandon(struct pool_worker *worker, struct pool_call *call, int rpc_code,
                         const struct hob_error *error)
{
    if (rpc_code == HOB_RPC_CANCELLED)
        pool_call_refuse(call, rpc_code, error);
    else
        pool_call_fail(call, rpc_code, error);
    call->abandoned = true;
    call->deadline = hob_clock_now() + worker->pool->options.cancel_grace * 1000000;
    call->overdue = rpc_code == HOB_RPC_CANCELLED   ? "was cancelled"
                    : rpc_code == HOB_RPC_TOO_LARGE ? "may have been answered at too great length"
                                                    : "took too long";
    ask_to_cancel(worker, call);
    if (rpc_code == HOB_RPC_CANCELLED && worker->pool->options.protocol == HOB_POOL_MCP)
        ask_to_confirm(worker, call);
    calls_changed(worker);
}
