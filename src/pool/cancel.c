/* cancel: calls that nobody waits for any more, wherever they are. */
#include "pool/internal.h"

static bool cancel_queued(struct hob_pool *pool, uint64_t id, const struct hob_error *error)
{
    for (struct pool_call *call = pool->queue.first; call != NULL; call = call->next) {
        if (call->id != id)
            continue;
        pool_calls_remove(&pool->queue, call);
        pool_call_refuse(call, HOB_RPC_CANCELLED, error);
        pool_call_free(call);
        return true;
    }
    return false;
}

static bool cancel_given(struct hob_pool *pool, uint64_t id, const struct hob_error *error)
{
    for (struct pool_worker *worker = pool->workers; worker != NULL; worker = worker->next) {
        struct pool_call *call = worker->calls.first;
        while (call != NULL && call->id != id)
            call = call->next;
        if (call == NULL || call->abandoned)
            continue;
        pool_worker_abandon(worker, call, HOB_RPC_CANCELLED, error);
        return true;
    }
    return false;
}

/* The call of that number, or of that caller, that is not over. */
static struct pool_call *find_call(const struct pool_calls *calls, uint64_t id, int caller)
{
    for (struct pool_call *call = calls->first; call != NULL; call = call->next)
        if (!call->abandoned && (call->id == id || (caller >= 0 && call->caller == caller)))
            return call;
    return NULL;
}

static struct pool_call *find_anywhere(struct hob_pool *pool, uint64_t id, int caller)
{
    struct pool_call *call = find_call(&pool->queue, id, caller);
    for (struct pool_worker *worker = pool->workers; worker != NULL && call == NULL;
         worker = worker->next)
        call = find_call(&worker->calls, id, caller);
    return call != NULL ? call : pool_runs_find(pool, id, caller);
}

int pool_caller_of(struct hob_pool *pool, uint64_t id)
{
    const struct pool_call *call = find_anywhere(pool, id, -1);
    return call != NULL ? call->caller : -1;
}

uint64_t pool_call_of(struct hob_pool *pool, int caller)
{
    const struct pool_call *call = find_anywhere(pool, 0, caller);
    return call != NULL ? call->id : 0;
}

bool pool_cancel(struct hob_pool *pool, uint64_t id)
{
    struct hob_error error = HOB_ERROR_INIT;
    hob_error_set(&error, HOB_E_CANCELLED, "pool '%s': the call was cancelled", pool->name);
    bool found = cancel_queued(pool, id, &error) || cancel_given(pool, id, &error) ||
                 pool_runs_cancel(pool, id, &error);
    pool->cancelled += found;
    return found;
}
