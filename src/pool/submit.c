/* submit: calls on their way in, and threads that wait for the answer of theirs.
 *
 * A caller that finds nobody driving (drive.c) drives until its own call is answered; one that
 * finds the supervisor's thread driving asks it to step back, and the thread does not come again as
 * long as calls follow one another closely. So a program with one thread talks to its workers as
 * directly as through pipes of its own. */
#include <string.h>

#include "base/clock.h"
#include "pool/internal.h"

enum { LIVELY_MS = 2000 /* after a call, while the driver's waits are short */ };

struct pool_waiter {
    struct pool_waiter *next;
    struct hob_supervisor *supervisor;
    pthread_cond_t turn; /* it is answered, or may drive */
    bool done, drives;
    struct hob_buffer *result;
    bool is_rpc_error;
    struct hob_error *error;
    int code;
};

/* ---- bringing ---- */

/* Trying again would not help. */
static int refuse(const struct hob_pool *pool, struct hob_error *error)
{
    hob_error_set(error, HOB_E_BUSY, "pool '%s' is %s", pool->name,
                  pool->draining ? "drained" : "switched off, and has no fallback");
    if (pool->draining)
        hob_error_hint(error, "'hob pool restart %.200s' has it take calls again", pool->name);
    else
        hob_error_hint(error, "'enabled: yes' in hob.yml switches it on");
    return HOB_E_BUSY;
}

/* With the lock: why the pool takes no calls; 0: it does. */
static int why_not(struct hob_pool *pool, uint64_t now, struct hob_error *error)
{
    if (pool->supervisor->stopping)
        return hob_error_set(error, HOB_E_BUSY, "pool '%s' is ending", pool->name);
    if (pool->options.off || pool->draining)
        return refuse(pool, error);
    if (hob_pacing_is_open(&pool->pacing, now) && pool->workers == NULL) {
        pool_describe_rest(pool, error);
        return HOB_E_BUSY;
    }
    if (pool->queue.count >= pool->options.queue.max)
        return hob_error_set(error, HOB_E_BUSY, "pool '%s': %zu calls wait already", pool->name,
                             pool->queue.count);
    return 0;
}

/* With the lock. Nothing is taken when the result is not 0; else the call may be over already. */
static int submit(struct hob_pool *pool, struct pool_call *call, unsigned *retry_after,
                  struct hob_error *error)
{
    struct hob_supervisor *supervisor = pool->supervisor;
    uint64_t now = call->submitted;
    supervisor->open_calls++;
    pool->last_submit = now;
    pool->calls++;
    supervisor->busy_until = now + (uint64_t)LIVELY_MS * 1000000;
    if (call->topic != POOL_TOPIC_WORK && !supervisor->stopping && pool_answers_itself(pool, call))
        return 0;
    int code = why_not(pool, now, error);
    if (code == 0) {
        pool_calls_add(&pool->queue, call);
        pool_dispatch(pool);
    } else if (!supervisor->stopping && pool_fall_back(pool, call)) {
        code = 0;
    } else {
        supervisor->open_calls--;
        pool->refused++;
        if (retry_after != NULL) {
            uint64_t until = pool->pacing.not_before;
            *retry_after = until > now ? (unsigned)((until - now) / 1000000000 + 1) : 1;
        }
        return code;
    }
    pool_be_due(supervisor, now + 2ull * POOL_SHORT_WAIT_MS * 1000000);
    return 0;
}

/* Whether a method, as JSON, is the one by which hob tells a worker that a call is cancelled.
 * Workers know calls by hob's numbers: whoever names one means another call, and would end a
 * stranger's. */
static bool is_hobs_own(const struct hob_pool *pool, struct hob_text method)
{
    const char *name = pool->options.protocol == HOB_POOL_MCP ? "notifications/cancelled"
                       : pool->options.cancel_method != NULL  ? pool->options.cancel_method
                                                              : "$/cancelRequest";
    return hob_message_is_method(method, name);
}

static struct pool_call *new_call(struct hob_pool *pool, const struct hob_pool_request *request,
                                  const struct hob_pool_handlers *handlers, struct hob_error *error)
{
    struct pool_call *call = NULL;
    if (is_hobs_own(pool, request->method)) {
        hob_error_set(error, HOB_E_PARAMETER, "pool '%s': %.*s is not passed on to workers",
                      pool->name, HOB_TEXT_ARG(request->method));
        hob_error_hint(error, "they know calls by numbers of hob's own; a call is cancelled by "
                              "closing the connection that it came by");
    } else if (request->method.size + request->params.size > pool->options.max_message) {
        hob_error_set(error, HOB_E_LIMIT, "pool '%s': a request may have at most %zu bytes",
                      pool->name, pool->options.max_message);
    } else {
        call = pool_call_new(pool, POOL_CALL, request);
    }
    if (call != NULL) {
        call->handlers = *handlers;
        call->topic = pool_call_topic_of(pool, request->method);
    }
    if (call == NULL && error != NULL && error->code == 0)
        hob_error_set(error, HOB_E_MEMORY, "pool '%s': not enough memory for the request",
                      pool->name);
    return call;
}

bool pool_has_posted(struct hob_supervisor *supervisor)
{
    /* Exchanged and not only read: so it is either seen here, or the lock was seen free there. */
    struct pool_call *none = NULL;
    return !atomic_compare_exchange_strong(&supervisor->posted, &none, NULL);
}

/* Without the lock, which somebody has: leaves the call to them. */
static void post(struct hob_supervisor *supervisor, struct pool_call *call)
{
    call->next = atomic_load(&supervisor->posted);
    while (!atomic_compare_exchange_weak(&supervisor->posted, &call->next, call))
        continue;
    if (pthread_mutex_trylock(&supervisor->lock) != 0) {
        if (atomic_load(&supervisor->resting) > 0)
            hob_poller_wake(supervisor->poller);
        return;
    }
    pool_take_posted(supervisor);
    if (!supervisor->driven)
        pthread_cond_signal(&supervisor->rest);
    pool_tell_and_unlock(supervisor);
}

/* Their callers were told that they are taken, so a refusal is an answer now. */
void pool_take_posted(struct hob_supervisor *supervisor)
{
    struct pool_call *newest = atomic_exchange(&supervisor->posted, NULL), *oldest = NULL;
    while (newest != NULL) {
        struct pool_call *next = newest->next;
        newest->next = oldest;
        oldest = newest;
        newest = next;
    }
    while (oldest != NULL) {
        struct pool_call *call = oldest;
        struct hob_error error = HOB_ERROR_INIT;
        oldest = call->next;
        if (submit(call->pool, call, NULL, &error) == 0)
            continue;
        supervisor->open_calls++; /* until it is answered */
        pool_call_refuse(call, HOB_RPC_BUSY, &error);
        pool_call_free(call);
    }
}

/* With the lock, which is released. */
static int submit_now(struct hob_pool *pool, struct pool_call *call, unsigned *retry_after,
                      struct hob_error *error)
{
    struct hob_supervisor *supervisor = pool->supervisor;
    pool_take_posted(supervisor);
    int code = submit(pool, call, retry_after, error);
    if (code != 0)
        pool_call_free(call);
    if (!supervisor->driven)
        pthread_cond_signal(&supervisor->rest);
    pool_tell_and_unlock(supervisor);
    return code;
}

int hob_pool_submit(struct hob_pool *pool, const struct hob_pool_request *request,
                    const struct hob_pool_handlers *handlers, uint64_t *id, unsigned *retry_after,
                    struct hob_error *error)
{
    struct hob_supervisor *supervisor = pool->supervisor;
    struct hob_error reason = HOB_ERROR_INIT;
    struct pool_call *call = new_call(pool, request, handlers, &reason);
    int code = reason.code;
    uint64_t number = call != NULL ? call->id : 0;
    if (call != NULL && pthread_mutex_trylock(&supervisor->lock) == 0)
        code = submit_now(pool, call, retry_after, &reason);
    else if (call != NULL)
        post(supervisor, call);
    if (code == 0 && id != NULL)
        *id = number;
    if (code != 0 && error != NULL)
        *error = reason;
    return code;
}

void hob_pool_cancel(struct hob_pool *pool, uint64_t id)
{
    struct hob_supervisor *supervisor = pool->supervisor;
    pool_lock(supervisor);
    pool_take_posted(supervisor);
    pool_cancel(pool, id);
    pool_tell_and_unlock(supervisor);
}

/* ---- waiting ---- */

static void waiter_is_answered(void *data, const struct hob_pool_answer *answer)
{
    struct pool_waiter *waiter = data;
    if (answer->code == 0) {
        waiter->is_rpc_error = answer->rpc_error.size > 0;
        hob_buffer_put_text(waiter->result,
                            waiter->is_rpc_error ? answer->rpc_error : answer->result);
    } else if (waiter->error != NULL) {
        *waiter->error = *answer->error;
    }
    struct hob_supervisor *supervisor = waiter->supervisor;
    pool_lock(supervisor);
    waiter->code = answer->code;
    waiter->done = true;
    pthread_cond_signal(&waiter->turn);
    if (waiter->drives && supervisor->waits_until != 0)
        hob_poller_wake(supervisor->poller); /* it is told by another thread while it drives */
    pool_unlock(supervisor);
}

void pool_hand_on(struct hob_supervisor *supervisor)
{
    for (struct pool_waiter *waiter = supervisor->waiters; waiter != NULL; waiter = waiter->next)
        if (!waiter->done) {
            pthread_cond_signal(&waiter->turn);
            return;
        }
    pthread_cond_signal(&supervisor->rest);
}

bool pool_others_wait(const struct hob_supervisor *supervisor)
{
    for (const struct pool_waiter *waiter = supervisor->waiters; waiter != NULL;
         waiter = waiter->next)
        if (!waiter->done)
            return true;
    return false;
}

/* With the lock: drives, or waits for its turn to, until the call is answered. */
static void wait_for_answer(struct hob_supervisor *supervisor, struct pool_waiter *waiter)
{
    struct pool_waiter **at = &supervisor->waiters;
    waiter->next = supervisor->waiters;
    supervisor->waiters = waiter;
    while (!waiter->done) {
        if (supervisor->driven) {
            if (supervisor->driven_by_thread)
                hob_poller_wake(supervisor->poller);
            pool_rest(supervisor, &waiter->turn, 0);
            continue;
        }
        supervisor->driven = waiter->drives = true;
        while (!waiter->done)
            pool_drive(supervisor);
        supervisor->driven = waiter->drives = false;
    }
    while (*at != waiter)
        at = &(*at)->next;
    *at = waiter->next;
    if (supervisor->driven)
        return;
    supervisor->released = hob_clock_now();
    if (pool_others_wait(supervisor) || supervisor->starts > 0 || supervisor->open_calls > 0)
        pool_hand_on(supervisor);
}

int hob_pool_call(struct hob_pool *pool, const struct hob_pool_request *request,
                  struct hob_buffer *result, bool *is_rpc_error, struct hob_error *error)
{
    struct hob_supervisor *supervisor = pool->supervisor;
    struct hob_error reason = HOB_ERROR_INIT;
    struct pool_waiter waiter = {.supervisor = supervisor,
                                 .result = result,
                                 .error = &reason,
                                 .turn = PTHREAD_COND_INITIALIZER};
    struct hob_pool_handlers handlers = {.answered = waiter_is_answered, .data = &waiter};
    pool_lock(supervisor);
    struct pool_call *call = NULL;
    if (supervisor->telling && pthread_equal(supervisor->teller, pthread_self()))
        hob_error_set(&reason, HOB_E_PARAMETER, "pool '%s': a callback cannot wait for a call",
                      pool->name);
    else
        call = new_call(pool, request, &handlers, &reason);
    waiter.code = call != NULL ? submit(pool, call, NULL, &reason) : reason.code;
    if (call != NULL && waiter.code != 0)
        pool_call_free(call);
    pool_tell(supervisor);
    if (waiter.code == 0)
        wait_for_answer(supervisor, &waiter);
    pool_tell_and_unlock(supervisor);
    pthread_cond_destroy(&waiter.turn);
    *is_rpc_error = waiter.is_rpc_error;
    if (waiter.code != 0 && error != NULL)
        *error = reason;
    if (waiter.code == 0 && hob_buffer_failed(result))
        return hob_error_set(error, HOB_E_MEMORY, "not enough memory for the worker's answer");
    return waiter.code;
}
