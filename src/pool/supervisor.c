/* supervisor: the thread that watches over all pools, and the threads that do so in its place while
 * they wait for a call of their own.
 *
 * Whoever waits for events drives: one thread at a time. A caller that finds nobody driving drives
 * until its own call is answered; one that finds the supervisor's thread driving asks it to step
 * back, and the thread does not come again as long as calls follow one another closely. So a
 * program with one thread talks to its workers as directly as through pipes of its own. New
 * processes are always started by the supervisor's thread: the system ends them with the thread
 * that started them. */
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "base/arena.h"
#include "base/clock.h"
#include "base/thread.h"
#include "pool/internal.h"

enum {
    EVENTS_AT_ONCE = 64,
    LINGER_US = 2000,       /* after a caller drove, before the thread drives again */
    DRIVEN_REST_US = 20000, /* between the thread's looks whether a caller still drives: nobody
                               wakes it for each call */
    LIVELY_MS = 2000,       /* after a call, while waits are short... */
    SHORT_WAIT_MS = 50,     /* ...so that a new deadline needs no waking */
    STOP_WAIT_MS = 20000,   /* workers that do not end are killed long before */
};

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

double pool_chance(struct hob_supervisor *supervisor)
{
    supervisor->random = supervisor->random * 1664525u + 1013904223u;
    return (double)(supervisor->random >> 8) / (double)(1u << 24);
}

/* The next look at the clock is not later than that. */
static void be_due(struct hob_supervisor *supervisor, uint64_t time)
{
    if (time < supervisor->next_tick)
        supervisor->next_tick = time;
    if (supervisor->waits_until > time)
        hob_poller_wake(supervisor->poller);
}

void pool_wake_by(struct hob_supervisor *supervisor, uint64_t time)
{
    be_due(supervisor, time);
    if (!supervisor->driven)
        pthread_cond_signal(&supervisor->rest);
}

void pool_wants_start(struct hob_supervisor *supervisor)
{
    pthread_cond_signal(&supervisor->rest);
    if (supervisor->driven_by_thread)
        hob_poller_wake(supervisor->poller);
}

/* ---- calls that others brought ---- */

static void take_posted(struct hob_supervisor *supervisor);

/* What was posted meanwhile is the driver's to take; where there is none, it is ours. */
static void unlock_and_tell(struct hob_supervisor *supervisor)
{
    pool_tell(supervisor);
    bool driven = supervisor->driven;
    pthread_mutex_unlock(&supervisor->lock);
    if (driven || atomic_load(&supervisor->posted) == NULL)
        return;
    pthread_mutex_lock(&supervisor->lock);
    take_posted(supervisor);
    pthread_cond_signal(&supervisor->rest);
    pool_tell(supervisor);
    pthread_mutex_unlock(&supervisor->lock);
}

/* ---- events ---- */

/* One call of a caller's is enough to hear that it is gone; all that are its own end. */
static void caller_is_gone(struct hob_supervisor *supervisor, uint64_t id)
{
    int caller = -1;
    for (struct hob_pool *pool = supervisor->pools; pool != NULL && caller < 0; pool = pool->next)
        caller = pool_caller_of(pool, id);
    for (struct hob_pool *pool = supervisor->pools; pool != NULL && caller >= 0; pool = pool->next)
        while ((id = pool_call_of(pool, caller)) != 0)
            pool_cancel(pool, id);
}

static void handle(struct hob_supervisor *supervisor, const struct hob_poller_event *event)
{
    if (event->key & POOL_CALLER_KEY) {
        if (event->what & HOB_POLLER_HANGUP)
            caller_is_gone(supervisor, event->key & ~POOL_CALLER_KEY);
        return;
    }
    uint64_t serial = event->key / POOL_PARTS;
    unsigned part = (unsigned)(event->key % POOL_PARTS);
    for (struct hob_pool *pool = supervisor->pools; pool != NULL; pool = pool->next) {
        struct pool_worker *worker = pool->workers;
        while (worker != NULL && worker->serial != serial)
            worker = worker->next;
        if (worker != NULL && worker->life != HOB_LIFE_DEAD)
            pool_worker_handle(worker, part, event->what);
        if (worker != NULL || pool_runs_handle(pool, serial, part))
            return;
    }
}

static bool sweep(struct hob_supervisor *supervisor)
{
    bool left = false;
    for (struct hob_pool *pool = supervisor->pools; pool != NULL; pool = pool->next) {
        struct pool_worker **at = &pool->workers;
        while (*at != NULL) {
            struct pool_worker *worker = *at;
            if (worker->life == HOB_LIFE_DEAD) {
                *at = worker->next;
                pool_worker_free(worker);
            } else {
                at = &worker->next;
            }
        }
        left = pool_runs_sweep(pool) || left || pool->workers != NULL;
    }
    return left;
}

/* Does what the clock asks for; the time until which nothing more has to be done. */
static uint64_t tick(struct hob_supervisor *supervisor)
{
    uint64_t now = hob_clock_now(), next = UINT64_MAX;
    for (struct hob_pool *pool = supervisor->pools; pool != NULL; pool = pool->next) {
        uint64_t time = pool_tick(pool, now);
        next = time < next ? time : next;
    }
    uint64_t soon = now + (uint64_t)SHORT_WAIT_MS * 1000000;
    bool lively = supervisor->open_calls > 0 || now < supervisor->busy_until;
    return lively && soon < next ? soon : next;
}

/* Waits once and handles what came. With the lock, which is released meanwhile. */
static void drive(struct hob_supervisor *supervisor)
{
    struct hob_poller_event events[EVENTS_AT_ONCE];
    uint64_t now = hob_clock_now();
    if (now >= supervisor->next_tick) {
        supervisor->next_tick = UINT64_MAX; /* what happens meanwhile makes it earlier again */
        be_due(supervisor, tick(supervisor));
        sweep(supervisor);
        pool_tell_all(supervisor);
        now = hob_clock_now();
    }
    uint64_t until = supervisor->next_tick;
    supervisor->waits_until = until;
    atomic_store(&supervisor->waits, true);
    if (atomic_load(&supervisor->posted) != NULL)
        until = 0; /* what comes after this look finds `waits`, and wakes */
    pthread_mutex_unlock(&supervisor->lock);
    size_t count = hob_poller_wait(supervisor->poller, events, EVENTS_AT_ONCE,
                                   until == UINT64_MAX ? until
                                   : until > now       ? until - now
                                                       : 0);
    atomic_store(&supervisor->waits, false);
    pthread_mutex_lock(&supervisor->lock);
    supervisor->waits_until = 0;
    for (size_t i = 0; i < count; i++)
        handle(supervisor, &events[i]);
    take_posted(supervisor);
    pool_tell_all(supervisor);
}

/* ---- the supervisor's thread ---- */

static void start_wanted(struct hob_supervisor *supervisor)
{
    for (struct hob_pool *pool = supervisor->pools; pool != NULL; pool = pool->next) {
        for (struct pool_worker *worker = pool->workers; worker != NULL; worker = worker->next) {
            struct hob_error error = HOB_ERROR_INIT;
            if (!worker->waiting_to_start)
                continue;
            supervisor->starts--;
            if (pool_worker_start(worker, &error) == 0) {
                pool_worker_greet(worker);
                continue;
            }
            pool_worker_why(worker, "could not be started: %s%s%s", error.message,
                            error.hint[0] != '\0' ? "; " : "", error.hint);
            pool_worker_has_ended(worker);
        }
        pool_runs_start(pool);
    }
}

static void rest(struct hob_supervisor *supervisor, uint64_t microseconds)
{
    struct timespec until;
    clock_gettime(CLOCK_MONOTONIC, &until);
    until.tv_nsec += (long)microseconds * 1000;
    until.tv_sec += until.tv_nsec / 1000000000;
    until.tv_nsec %= 1000000000;
    pthread_cond_timedwait(&supervisor->rest, &supervisor->lock, &until);
}

/* Whoever waits for its turn drives next. */
static void hand_on(struct hob_supervisor *supervisor)
{
    for (struct pool_waiter *waiter = supervisor->waiters; waiter != NULL; waiter = waiter->next)
        if (!waiter->done) {
            pthread_cond_signal(&waiter->turn);
            return;
        }
    pthread_cond_signal(&supervisor->rest);
}

static bool others_wait(const struct hob_supervisor *supervisor)
{
    for (const struct pool_waiter *waiter = supervisor->waiters; waiter != NULL;
         waiter = waiter->next)
        if (!waiter->done)
            return true;
    return false;
}

static bool is_lingering(const struct hob_supervisor *supervisor)
{
    return supervisor->released != 0 && supervisor->open_calls == 0 &&
           hob_clock_now() < supervisor->released + LINGER_US * 1000ull;
}

static void *run(void *data)
{
    struct hob_supervisor *supervisor = data;
    pthread_mutex_lock(&supervisor->lock);
    while (!supervisor->ends) {
        take_posted(supervisor);
        start_wanted(supervisor);
        pool_tell(supervisor);
        if (supervisor->starts > 0)
            continue; /* one that was ready at once had work for another, or somebody had */
        if (supervisor->driven || others_wait(supervisor)) {
            if (!supervisor->driven)
                hand_on(supervisor);
            rest(supervisor, DRIVEN_REST_US);
        } else if (is_lingering(supervisor)) {
            rest(supervisor, LINGER_US);
        } else {
            supervisor->released = 0;
            supervisor->driven = supervisor->driven_by_thread = true;
            drive(supervisor);
            supervisor->driven = supervisor->driven_by_thread = false;
        }
    }
    pthread_mutex_unlock(&supervisor->lock);
    return NULL;
}

/* ---- its own life ---- */

/* A worker that has ended is an error to be told, and not the end of this process. */
static void ignore_broken_pipes(void)
{
    struct sigaction now;
    if (sigaction(SIGPIPE, NULL, &now) == 0 && now.sa_handler == SIG_DFL)
        signal(SIGPIPE, SIG_IGN);
}

struct hob_supervisor *hob_supervisor_new(struct hob_error *error)
{
    pthread_condattr_t monotonic;
    struct hob_poller *poller = hob_poller_new(error);
    if (poller == NULL)
        return NULL;
    ignore_broken_pipes();
    struct hob_supervisor *supervisor = hob_alloc_zero(1, sizeof *supervisor);
    supervisor->poller = poller;
    supervisor->told_end = &supervisor->told;
    supervisor->guard = -1;
    supervisor->random = (unsigned)hob_clock_now();
    pthread_mutex_init(&supervisor->lock, NULL);
    pthread_mutex_init(&supervisor->names, NULL);
    pthread_condattr_init(&monotonic);
    pthread_condattr_setclock(&monotonic, CLOCK_MONOTONIC);
    pthread_cond_init(&supervisor->rest, &monotonic);
    pthread_condattr_destroy(&monotonic);
    int number = hob_thread_start(&supervisor->thread, run, supervisor);
    if (number == 0)
        return supervisor;
    hob_error_from_errno(error, number, "start a thread for", "pools");
    hob_poller_free(poller);
    free(supervisor);
    return NULL;
}

/* What the end waits for, one after another. */
static bool calls_are_left(struct hob_supervisor *supervisor)
{
    take_posted(supervisor);
    return supervisor->open_calls > 0;
}

static bool workers_are_left(struct hob_supervisor *supervisor)
{
    return sweep(supervisor);
}

/* Threads that are about to return from hob_pool_call, and callbacks. */
static bool callers_are_left(struct hob_supervisor *supervisor)
{
    take_posted(supervisor);
    pool_tell(supervisor);
    return supervisor->told != NULL || supervisor->telling || supervisor->waiters != NULL;
}

/* Waits with the lock until nothing is left, or until then. */
static void wait_while(struct hob_supervisor *supervisor, bool (*left)(struct hob_supervisor *),
                       uint64_t limit)
{
    while (left(supervisor) && hob_clock_now() < limit) {
        struct timespec moment = {.tv_nsec = 1000000};
        pthread_mutex_unlock(&supervisor->lock);
        nanosleep(&moment, NULL);
        pthread_mutex_lock(&supervisor->lock);
    }
}

static void end_calls(struct hob_pool *pool, const struct hob_error *error)
{
    pool_empty_queue(pool, HOB_RPC_BUSY, error);
    for (struct pool_worker *worker = pool->workers; worker != NULL; worker = worker->next)
        for (struct pool_call *call = worker->calls.first; call != NULL; call = call->next)
            pool_call_fail(call, HOB_RPC_BUSY, error);
    pool_runs_cancel_all(pool, error);
}

static void end_workers(struct hob_supervisor *supervisor)
{
    struct hob_error error = HOB_ERROR_INIT;
    hob_error_set(&error, HOB_E_BUSY, "the pool ended before the call was answered");
    for (struct hob_pool *pool = supervisor->pools; pool != NULL; pool = pool->next) {
        end_calls(pool, &error);
        for (struct pool_worker *worker = pool->workers; worker != NULL; worker = worker->next) {
            bool busy = worker->calls.count > 0 && worker->life != HOB_LIFE_STARTING;
            pool_worker_event(worker, busy ? HOB_LIFE_TOO_LATE : HOB_LIFE_RETIRE);
        }
    }
    pool_wake_by(supervisor, 0);
}

static uint64_t in_milliseconds(uint64_t milliseconds)
{
    return hob_clock_now() + milliseconds * 1000000;
}

void hob_supervisor_stop(struct hob_supervisor *supervisor, uint64_t drain_milliseconds)
{
    if (supervisor == NULL)
        return;
    pthread_mutex_lock(&supervisor->lock);
    bool again = supervisor->stopping;
    supervisor->stopping = true;
    if (!again) {
        wait_while(supervisor, calls_are_left, in_milliseconds(drain_milliseconds));
        end_workers(supervisor);
        wait_while(supervisor, workers_are_left, in_milliseconds(STOP_WAIT_MS));
        atomic_store(&supervisor->ended, true);
        wait_while(supervisor, callers_are_left, UINT64_MAX);
        supervisor->ends = true;
        hob_poller_wake(supervisor->poller);
        pthread_cond_signal(&supervisor->rest);
    }
    pthread_mutex_unlock(&supervisor->lock);
    if (again)
        return;
    pthread_join(supervisor->thread, NULL);
    pool_guard_stop(supervisor);
}

struct hob_supervisor *hob_supervisor_free(struct hob_supervisor *supervisor,
                                           uint64_t drain_milliseconds)
{
    if (supervisor == NULL)
        return NULL;
    hob_supervisor_stop(supervisor, drain_milliseconds);
    while (supervisor->pools != NULL) {
        struct hob_pool *pool = supervisor->pools;
        supervisor->pools = pool->next;
        pool_free(pool);
    }
    hob_poller_free(supervisor->poller);
    pthread_cond_destroy(&supervisor->rest);
    pthread_mutex_destroy(&supervisor->names);
    pthread_mutex_destroy(&supervisor->lock);
    free(supervisor);
    return NULL;
}

/* ---- calls ---- */

/* With the lock. Nothing is taken when the result is not 0. */
static int submit(struct hob_pool *pool, struct pool_call *call, unsigned *retry_after,
                  struct hob_error *error)
{
    struct hob_supervisor *supervisor = pool->supervisor;
    uint64_t now = call->submitted;
    int code = 0;
    bool off = pool->options.off || pool->draining;
    if (supervisor->stopping)
        code = hob_error_set(error, HOB_E_BUSY, "pool '%s' is ending", pool->name);
    else if (off)
        code = hob_error_set(error, HOB_E_BUSY, "pool '%s' is %s", pool->name,
                             pool->draining ? "drained" : "switched off, and has no fallback");
    else if (hob_pacing_is_open(&pool->pacing, now) && pool->workers == NULL)
        pool_describe_rest(pool, error), code = HOB_E_BUSY;
    else if (pool->queue.count >= pool->options.queue.max)
        code = hob_error_set(error, HOB_E_BUSY, "pool '%s': %zu calls wait already", pool->name,
                             pool->queue.count);
    supervisor->open_calls++;
    pool->last_submit = now;
    pool->calls++;
    supervisor->busy_until = now + (uint64_t)LIVELY_MS * 1000000;
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
    be_due(supervisor, now + 2ull * SHORT_WAIT_MS * 1000000);
    return 0;
}

static struct pool_call *new_call(struct hob_pool *pool, const struct hob_pool_request *request,
                                  const struct hob_pool_handlers *handlers, struct hob_error *error)
{
    struct pool_call *call = NULL;
    if (request->method.size + request->params.size <= pool->options.max_message)
        call = pool_call_new(pool, POOL_CALL, request);
    else
        hob_error_set(error, HOB_E_LIMIT, "pool '%s': a request may have at most %zu bytes",
                      pool->name, pool->options.max_message);
    if (call != NULL)
        call->handlers = *handlers;
    else if (error != NULL && error->code == 0)
        hob_error_set(error, HOB_E_MEMORY, "pool '%s': not enough memory for the request",
                      pool->name);
    return call;
}

/* Without the lock: leaves the call to whoever has it. */
static void post(struct hob_supervisor *supervisor, struct pool_call *call)
{
    call->next = atomic_load(&supervisor->posted);
    while (!atomic_compare_exchange_weak(&supervisor->posted, &call->next, call))
        continue;
    if (atomic_load(&supervisor->waits))
        hob_poller_wake(supervisor->poller);
    if (!atomic_load(&supervisor->ended))
        return; /* whoever sets it looks afterwards */
    pthread_mutex_lock(&supervisor->lock);
    take_posted(supervisor);
    unlock_and_tell(supervisor);
}

/* With the lock: what was posted, in the order in which it came. Its callers were told that it is
 * taken, so a refusal is an answer now. */
static void take_posted(struct hob_supervisor *supervisor)
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
    take_posted(supervisor);
    int code = submit(pool, call, retry_after, error);
    if (code != 0)
        pool_call_free(call);
    if (!supervisor->driven)
        pthread_cond_signal(&supervisor->rest);
    unlock_and_tell(supervisor);
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
    pthread_mutex_lock(&supervisor->lock);
    take_posted(supervisor);
    pool_cancel(pool, id);
    unlock_and_tell(supervisor);
}

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
    pthread_mutex_lock(&supervisor->lock);
    waiter->code = answer->code;
    waiter->done = true;
    pthread_cond_signal(&waiter->turn);
    if (waiter->drives && supervisor->waits_until != 0)
        hob_poller_wake(supervisor->poller); /* it is told by another thread while it drives */
    pthread_mutex_unlock(&supervisor->lock);
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
            pthread_cond_wait(&waiter->turn, &supervisor->lock);
            continue;
        }
        supervisor->driven = waiter->drives = true;
        while (!waiter->done)
            drive(supervisor);
        supervisor->driven = waiter->drives = false;
    }
    while (*at != waiter)
        at = &(*at)->next;
    *at = waiter->next;
    if (supervisor->driven)
        return;
    supervisor->released = hob_clock_now();
    if (others_wait(supervisor) || supervisor->starts > 0 || supervisor->open_calls > 0)
        hand_on(supervisor);
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
    pthread_mutex_lock(&supervisor->lock);
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
    unlock_and_tell(supervisor);
    pthread_cond_destroy(&waiter.turn);
    *is_rpc_error = waiter.is_rpc_error;
    if (waiter.code != 0 && error != NULL)
        *error = reason;
    if (waiter.code == 0 && hob_buffer_failed(result))
        return hob_error_set(error, HOB_E_MEMORY, "not enough memory for the worker's answer");
    return waiter.code;
}
