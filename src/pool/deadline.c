/* deadline: calls whose time is over, in the queue and with workers, and callers that go away. */
#include <stdio.h>

#include "base/clock.h"
#include "pool/internal.h"

enum {
    CALLER_WATCH_MS = 50 /* a call that is over before then is not worth watching its caller */
};

static uint64_t sooner(uint64_t a, uint64_t b)
{
    return a < b ? a : b;
}

static void put_duration(char *text, size_t size, uint64_t nanoseconds)
{
    double seconds = (double)nanoseconds / 1e9;
    if (seconds < 1)
        snprintf(text, size, "%.0f ms", seconds * 1e3);
    else
        snprintf(text, size, "%.3g s", seconds);
}

static void describe_timeout(const struct pool_call *call, const struct pool_worker *worker,
                             uint64_t deadline, struct hob_error *error)
{
    char time[32];
    struct hob_text method = pool_call_method(call);
    put_duration(time, sizeof time, deadline - call->submitted);
    if (worker == NULL) {
        bool failing = call->pool->pacing.in_a_row > 0;
        hob_error_set(error, HOB_E_TIMEOUT,
                      "pool '%s': %.*s waited %s in the queue, and no worker was free%s%s",
                      call->pool->name, HOB_TEXT_ARG(method), time,
                      failing ? "; the last that failed: " : "", failing ? call->pool->cause : "");
        hob_error_hint(error, "more workers, shorter calls, or a longer timeout");
    } else {
        bool noisy = worker->noise[0] != '\0';
        hob_error_set(error, HOB_E_TIMEOUT,
                      "pool '%s': worker %u (pid %ld) has not answered %.*s within %s%s%s",
                      call->pool->name, worker->number, (long)worker->pid, HOB_TEXT_ARG(method),
                      time, noisy ? "; it printed what is no answer: " : "", worker->noise);
        hob_error_hint(error, "it is stopped if it does not answer soon; request_timeout of the "
                              "pool, or the caller's, sets the limit");
    }
}

uint64_t pool_watch_caller(struct pool_call *call, uint64_t now)
{
    uint64_t when = call->submitted + CALLER_WATCH_MS * 1000000ull;
    if (call->caller < 0 || call->watched || call->abandoned)
        return UINT64_MAX;
    if (now < when)
        return when;
    call->watched = hob_poller_add(call->pool->supervisor->poller, call->caller, HOB_POLLER_HANGUP,
                                   POOL_CALLER_KEY | call->id);
    return UINT64_MAX;
}

uint64_t pool_tick_queue(struct hob_pool *pool, uint64_t now)
{
    uint64_t next = UINT64_MAX;
    struct pool_call *following;
    for (struct pool_call *call = pool->queue.first; call != NULL; call = following) {
        uint64_t deadline = call->queue_deadline != 0 && call->queue_deadline < call->deadline
                                ? call->queue_deadline
                                : call->deadline;
        following = call->next;
        if (now >= deadline) {
            struct hob_error error = HOB_ERROR_INIT;
            describe_timeout(call, NULL, deadline, &error);
            pool->timeouts++;
            pool_calls_remove(&pool->queue, call);
            pool_call_fail(call, HOB_RPC_TIMED_OUT, &error);
            pool_call_free(call);
            continue;
        }
        next = sooner(next, sooner(deadline, pool_watch_caller(call, now)));
    }
    return next;
}

/* True when the worker's calls are not what they were. */
static bool give_up_if_overdue(struct pool_worker *worker, struct pool_call *call, uint64_t now)
{
    struct hob_error error = HOB_ERROR_INIT;
    if (call->abandoned || call->kind == POOL_GREETS || now < call->deadline)
        return false;
    if (call->kind == POOL_PING) {
        pool_worker_why(worker, "did not answer a ping within %llu ms",
                        (unsigned long long)worker->pool->options.health.timeout);
        call->abandoned = true;
        pool_worker_event(worker, HOB_LIFE_TOO_LATE);
        return true;
    }
    describe_timeout(call, worker, call->deadline, &error);
    worker->pool->timeouts++;
    pool_worker_abandon(worker, call, HOB_RPC_TIMED_OUT, &error);
    return true;
}

uint64_t pool_tick_calls(struct pool_worker *worker, uint64_t now)
{
    uint64_t next = UINT64_MAX;
    for (struct pool_call *call = worker->calls.first; call != NULL; call = call->next) {
        if (give_up_if_overdue(worker, call, now))
            return 0; /* look again */
        if (call->abandoned && now >= call->deadline && worker->life == HOB_LIFE_BUSY)
            pool_replace(worker, "it does not end a call that nobody waits for");
        if (call->kind != POOL_GREETS && call->deadline > now)
            next = sooner(next, sooner(call->deadline, pool_watch_caller(call, now)));
    }
    return next;
}
