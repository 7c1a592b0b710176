/* calls: requests on their way, and what their callers are told. */
#define _GNU_SOURCE
#include <string.h>

#include "base/clock.h"
#include "base/number.h"
#include "pool/internal.h"

void pool_calls_add(struct pool_calls *calls, struct pool_call *call)
{
    call->next = NULL;
    call->previous = calls->last;
    *(calls->last != NULL ? &calls->last->next : &calls->first) = call;
    calls->last = call;
    calls->count++;
}

void pool_calls_add_first(struct pool_calls *calls, struct pool_call *call)
{
    call->previous = NULL;
    call->next = calls->first;
    *(calls->first != NULL ? &calls->first->previous : &calls->last) = call;
    calls->first = call;
    calls->count++;
}

void pool_calls_remove(struct pool_calls *calls, struct pool_call *call)
{
    *(call->previous != NULL ? &call->previous->next : &calls->first) = call->next;
    *(call->next != NULL ? &call->next->previous : &calls->last) = call->previous;
    call->next = call->previous = NULL;
    calls->count--;
}

/* The progress token that a caller of a server of MCP chose: others may have chosen the same. */
static struct hob_text token_in(const struct pool_call *call, struct hob_text params)
{
    static const char name[] = "progressToken";
    struct hob_text none = {NULL, 0};
    bool mcp = call->pool->options.protocol == HOB_POOL_MCP && call->kind == POOL_CALL;
    if (!mcp || params.size == 0 || memmem(params.data, params.size, name, strlen(name)) == NULL)
        return none;
    return hob_message_member(hob_message_member(params, "_meta"), name);
}

/* With the number of the call in place of its token, which is used once. */
static void put_params(struct hob_buffer *body, struct pool_call *call, struct hob_text params)
{
    char number[HOB_NUMBER_SIZE];
    HOB_AUTO(buffer) struct hob_buffer numbered = HOB_BUFFER_INIT;
    struct hob_text token = token_in(call, params);
    if (token.size > 0) {
        size_t size = hob_number_print_unsigned(number, call->id);
        hob_buffer_put_text(&call->token, token);
        hob_message_put_replaced(&numbered, params, token, (struct hob_text){number, size});
        call->message.failed = hob_buffer_failed(&call->token) || hob_buffer_failed(&numbered);
        params = hob_buffer_text(&numbered);
    }
    call->params_at = body->size;
    call->params_size = params.size;
    hob_message_put_line(body, params);
}

/* The request as the worker gets it. */
static void write_message(struct pool_call *call, struct hob_text method, struct hob_text params)
{
    enum { AROUND = 80 }; /* bytes, more than are written beside method and params */
    HOB_AUTO(buffer) struct hob_buffer body = HOB_BUFFER_INIT;
    char number[HOB_NUMBER_SIZE];
    hob_buffer_reserve(&body, method.size + params.size + AROUND);
    hob_buffer_put_string(&body, "{\"jsonrpc\":\"2.0\"");
    if (!call->notification) {
        hob_buffer_put_string(&body, ",\"id\":");
        hob_buffer_put(&body, number, hob_number_print_unsigned(number, call->id));
    }
    hob_buffer_put_string(&body, ",\"method\":");
    call->method_at = body.size;
    call->method_size = method.size;
    hob_message_put_line(&body, method);
    if (params.size > 0)
        hob_buffer_put_string(&body, ",\"params\":");
    put_params(&body, call, params);
    hob_buffer_put_char(&body, '}');
    if (call->pool->options.framing == HOB_FRAMING_LINES) {
        hob_buffer_put_char(&body, '\n');
        body.failed = body.failed || call->message.failed;
        call->message = body;
        body = (struct hob_buffer)HOB_BUFFER_INIT;
        return;
    }
    hob_framing_put(&call->message, HOB_FRAMING_HEADERS, hob_buffer_text(&body));
    call->message.failed = call->message.failed || hob_buffer_failed(&body);
    size_t head = call->message.size - body.size;
    call->method_at += head;
    call->params_at += head;
}

struct hob_text pool_call_method(const struct pool_call *call)
{
    return (struct hob_text){call->message.data + call->method_at, call->method_size};
}

struct hob_text pool_call_params(const struct pool_call *call)
{
    return (struct hob_text){call->message.data + call->params_at, call->params_size};
}

void pool_call_put_params(struct hob_buffer *out, const struct pool_call *call,
                          struct hob_text params)
{
    struct hob_text token = {NULL, 0};
    if (call->token.size > 0) {
        token = hob_message_member(params, "progressToken");
        if (token.size == 0)
            token = hob_message_member(hob_message_member(params, "_meta"), "progressToken");
    }
    if (token.size > 0)
        hob_message_put_replaced(out, params, token, hob_buffer_text(&call->token));
    else
        hob_buffer_put_text(out, params);
}

struct pool_call *pool_call_new(struct hob_pool *pool, enum pool_call_kind kind,
                                const struct hob_pool_request *request)
{
    static const uint64_t most = 366ull * 24 * 3600 * 1000; /* as in settings */
    struct pool_call *call = hob_alloc_zero(1, sizeof *call);
    uint64_t timeout = request->timeout != 0 ? request->timeout : pool->options.request_timeout;
    timeout = timeout < most ? timeout : most;
    call->pool = pool;
    call->kind = kind;
    call->id = atomic_fetch_add(&pool->supervisor->last_id, 1) + 1;
    call->idempotent = request->idempotent;
    call->notification = request->notification;
    call->loop = request->loop;
    call->caller = request->caller > 0 ? request->caller : -1;
    call->submitted = hob_clock_now();
    call->deadline = call->submitted + timeout * 1000000;
    if (pool->options.queue.timeout != 0)
        call->queue_deadline = call->submitted + pool->options.queue.timeout * 1000000;
    write_message(call, request->method, request->params);
    return hob_buffer_failed(&call->message) ? pool_call_free(call) : call;
}

static void stop_watching(struct pool_call *call)
{
    if (call->watched)
        hob_poller_remove(call->pool->supervisor->poller, call->caller);
    call->watched = false;
}

struct pool_call *pool_call_free(struct pool_call *call)
{
    stop_watching(call);
    hob_buffer_deinit(&call->message);
    hob_buffer_deinit(&call->token);
    free(call);
    return NULL;
}

/* What is to be told; NULL when nobody is there to hear it. */
static struct pool_told *tell(struct pool_call *call)
{
    struct hob_supervisor *supervisor = call->pool->supervisor;
    if (call->kind != POOL_CALL || call->abandoned || call->handlers.answered == NULL)
        return NULL;
    struct pool_told *told = hob_alloc_zero(1, sizeof *told);
    told->handlers = call->handlers;
    struct hob_pool_loop *loop = call->loop;
    pool_told_add(loop != NULL ? &loop->told : &supervisor->told, told);
    if (loop != NULL && loop != supervisor->hearing && !atomic_exchange(&loop->waiting, true))
        hob_poller_wake(loop->poller);
    return told;
}

/* The last thing that the caller is told. */
static struct pool_told *tell_last(struct pool_call *call)
{
    struct pool_told *told = tell(call);
    if (call->kind == POOL_CALL && !call->abandoned)
        call->pool->supervisor->open_calls--;
    call->abandoned = true;
    /* The socket is the caller's again as soon as it is told. */
    stop_watching(call);
    return told;
}

static void no_memory(struct pool_told *told)
{
    told->error = hob_alloc_zero(1, sizeof *told->error);
    told->answer.code =
        hob_error_set(told->error, HOB_E_MEMORY, "not enough memory for the worker's answer");
    told->answer.rpc_code = HOB_RPC_INTERNAL_ERROR;
}

void pool_call_answer(struct pool_call *call, const struct hob_message *message)
{
    struct pool_told *told = tell_last(call);
    bool failed = message->result.size == 0;
    struct hob_text text = failed ? message->error : message->result;
    if (told == NULL)
        return;
    if (!message->inexact)
        hob_buffer_put_text(&told->text, text);
    else if (!hob_message_put_exact(&told->text, text))
        told->text.failed = true;
    if (hob_buffer_failed(&told->text))
        no_memory(told);
    else if (failed)
        told->answer.rpc_error = hob_buffer_text(&told->text);
    else
        told->answer.result = hob_buffer_text(&told->text);
}

void pool_call_answer_by_fallback(struct pool_call *call, struct hob_text text, bool is_error)
{
    struct pool_told *told = tell_last(call);
    if (told == NULL)
        return;
    told->answer.path = HOB_POOL_BY_FALLBACK;
    hob_buffer_put_text(&told->text, text);
    if (hob_buffer_failed(&told->text))
        no_memory(told);
    else if (is_error)
        told->answer.rpc_error = hob_buffer_text(&told->text);
    else
        told->answer.result = hob_buffer_text(&told->text);
}

void pool_call_refuse(struct pool_call *call, int rpc_code, const struct hob_error *error)
{
    call->cancelled = call->cancelled || (!call->abandoned && rpc_code == HOB_RPC_CANCELLED);
    struct pool_told *told = tell_last(call);
    if (told == NULL)
        return;
    told->error = hob_alloc_zero(1, sizeof *told->error);
    *told->error = *error;
    told->answer.code = error->code;
    told->answer.rpc_code = rpc_code;
}

void pool_call_fail(struct pool_call *call, int rpc_code, const struct hob_error *error)
{
    if (!call->abandoned && call->kind == POOL_CALL)
        call->pool->failures++;
    pool_call_refuse(call, rpc_code, error);
}

void pool_call_progress(struct pool_call *call, struct hob_text method, struct hob_text params)
{
    if (call->handlers.progress == NULL)
        return;
    struct pool_told *told = tell(call);
    if (told == NULL)
        return;
    told->progress = true;
    hob_buffer_put_text(&told->method, method);
    pool_call_put_params(&told->text, call, params);
}
