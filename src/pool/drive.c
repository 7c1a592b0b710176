/* drive: who waits for events, and what they lead to.
 *
 * Whoever waits for events of the supervisor's poller drives: one thread at a time, a thread that
 * waits for its own call (submit.c) or the supervisor's. Calls that loops bring (loop.c) are heard
 * by those.
 *
 * Nobody waits for the lock to bring a call: who finds it taken leaves the call in a list, and
 * whoever had the lock looks at the list after releasing it. A call that is put there after that
 * look finds the lock free, and whoever put it there takes it. */
#include "base/clock.h"
#include "pool/internal.h"

enum { EVENTS_AT_ONCE = 64 };

/* ---- the lock ---- */

void pool_lock(struct hob_supervisor *supervisor)
{
    pthread_mutex_lock(&supervisor->lock);
}

void pool_unlock(struct hob_supervisor *supervisor)
{
    pthread_mutex_unlock(&supervisor->lock);
    while (pool_has_posted(supervisor) && pthread_mutex_trylock(&supervisor->lock) == 0) {
        pool_take_posted(supervisor);
        pool_tell(supervisor);
        if (!supervisor->driven)
            pthread_cond_signal(&supervisor->rest);
        pthread_mutex_unlock(&supervisor->lock);
    }
}

void pool_tell_and_unlock(struct hob_supervisor *supervisor)
{
    pool_tell(supervisor);
    pool_unlock(supervisor);
}

void pool_rest(struct hob_supervisor *supervisor, pthread_cond_t *until, uint64_t microseconds)
{
    struct timespec limit;
    clock_gettime(CLOCK_MONOTONIC, &limit);
    limit.tv_nsec += (long)microseconds * 1000;
    limit.tv_sec += limit.tv_nsec / 1000000000;
    limit.tv_nsec %= 1000000000;
    /* From here on those who post wake the driver instead. */
    atomic_fetch_add(&supervisor->resting, 1);
    if (pool_has_posted(supervisor))
        pool_take_posted(supervisor);
    else if (microseconds != 0)
        pthread_cond_timedwait(until, &supervisor->lock, &limit);
    else
        pthread_cond_wait(until, &supervisor->lock);
    atomic_fetch_sub(&supervisor->resting, 1);
}

void pool_be_due(struct hob_supervisor *supervisor, uint64_t time)
{
    if (time < supervisor->next_tick)
        supervisor->next_tick = time;
    if (supervisor->waits_until > time)
        hob_poller_wake(supervisor->poller);
}

void pool_wake_by(struct hob_supervisor *supervisor, uint64_t time)
{
    pool_be_due(supervisor, time);
    if (!supervisor->driven)
        pthread_cond_signal(&supervisor->rest);
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

void pool_handle(struct hob_supervisor *supervisor, const struct hob_poller_event *event)
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

bool pool_sweep(struct hob_supervisor *supervisor)
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
    pool_free_closed(supervisor);
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
    uint64_t soon = now + (uint64_t)POOL_SHORT_WAIT_MS * 1000000;
    bool lively = supervisor->open_calls > 0 || now < supervisor->busy_until;
    return lively && soon < next ? soon : next;
}

void pool_drive(struct hob_supervisor *supervisor)
{
    struct hob_poller_event events[EVENTS_AT_ONCE];
    uint64_t now = hob_clock_now();
    if (now >= supervisor->next_tick) {
        supervisor->next_tick = UINT64_MAX; /* what happens meanwhile makes it earlier again */
        pool_be_due(supervisor, tick(supervisor));
        pool_sweep(supervisor);
        pool_tell_all(supervisor);
        now = hob_clock_now();
    }
    uint64_t until = supervisor->next_tick;
    supervisor->waits_until = until;
    pthread_mutex_unlock(&supervisor->lock);
    if (pool_has_posted(supervisor))
        until = 0;
    size_t count = hob_poller_wait(supervisor->poller, events, EVENTS_AT_ONCE,
                                   until == UINT64_MAX ? until
                                   : until > now       ? until - now
                                                       : 0);
    pthread_mutex_lock(&supervisor->lock);
    supervisor->waits_until = 0;
    for (size_t i = 0; i < count; i++)
        pool_handle(supervisor, &events[i]);
    pool_take_posted(supervisor);
    pool_tell_all(supervisor);
}
