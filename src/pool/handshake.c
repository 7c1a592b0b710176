/* handshake: what a client of MCP says first. A worker is initialized once, by hob, and serves many
 * clients; a second `initialize` would begin its session anew, and fail the calls of others. So
 * each client is told what the worker told hob, and workers hear nothing of it. */
#include "pool/internal.h"

/* A worker that has been initialized, and is not about to end. */
static bool has_greeted(const struct hob_pool *pool)
{
    for (const struct pool_worker *worker = pool->workers; worker != NULL; worker = worker->next)
        if (hob_life_takes_calls(worker->life) || worker->life == HOB_LIFE_DRAINING ||
            worker->life == HOB_LIFE_HUNG)
            return true;
    return false;
}

static void answer(struct pool_call *call, struct hob_text result)
{
    pool_call_answer(call, &(struct hob_message){.result = result});
    pool_call_free(call);
}

enum pool_call_topic pool_call_topic_of(const struct hob_pool *pool, struct hob_text method)
{
    if (pool->options.protocol != HOB_POOL_MCP)
        return POOL_TOPIC_WORK;
    if (hob_message_is_method(method, "initialize"))
        return POOL_TOPIC_INITIALIZE;
    return hob_message_is_method(method, "notifications/initialized") ? POOL_TOPIC_INITIALIZED
                                                                      : POOL_TOPIC_WORK;
}

bool pool_answers_itself(struct hob_pool *pool, struct pool_call *call)
{
    if (call->topic == POOL_TOPIC_INITIALIZED)
        answer(call, HOB_TEXT("null")); /* as any notification is */
    else if (call->topic == POOL_TOPIC_INITIALIZE && has_greeted(pool))
        answer(call, hob_buffer_text(&pool->handshake));
    else
        return false;
    return true;
}

bool pool_keep_handshake(struct hob_pool *pool, const struct hob_message *message)
{
    struct hob_buffer kept = HOB_BUFFER_INIT;
    if (!message->inexact)
        hob_buffer_put_text(&kept, message->result);
    else if (!hob_message_put_exact(&kept, message->result))
        kept.failed = true;
    if (hob_buffer_failed(&kept)) {
        hob_buffer_deinit(&kept);
        return false;
    }
    hob_buffer_deinit(&pool->handshake);
    pool->handshake = kept;
    struct pool_call *next;
    for (struct pool_call *call = pool->queue.first; call != NULL; call = next) {
        next = call->next;
        if (call->topic != POOL_TOPIC_INITIALIZE)
            continue;
        pool_calls_remove(&pool->queue, call);
        answer(call, hob_buffer_text(&pool->handshake));
    }
    return true;
}
