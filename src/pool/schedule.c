/* schedule: which worker gets which call, how many workers there are, and what happens to them by
 * the clock. */
#include <stdio.h>

#include "base/clock.h"
#include "base/log.h"
#include "pool/internal.h"

enum {
    CHECK_MS = 500, /* memory, and whether ends that cannot be waited for have come */
    CHECK_AFTER_CALL_MS = 20,
    FAIR_US = 1000,          /* that a call may wait while later ones are taken before it... */
    FAIR_LOOK = 64,          /* ...which are not far behind */
    QUIET_MS = 5000,         /* without calls: replacing needs no care */
    MOST_AT_ONCE_FACTOR = 2, /* workers that end are not counted, but there is a limit */
};

static uint64_t from_ms(uint64_t milliseconds)
{
    return milliseconds * 1000000;
}

static uint64_t sooner(uint64_t a, uint64_t b)
{
    return a < b ? a : b;
}

/* ---- how many ---- */

struct census {
    unsigned starting, active, alive, replacing;
};

static struct census count_workers(const struct hob_pool *pool)
{
    struct census census = {0};
    for (const struct pool_worker *worker = pool->workers; worker != NULL; worker = worker->next) {
        bool takes = hob_life_takes_calls(worker->life);
        census.alive += worker->life != HOB_LIFE_DEAD;
        census.starting += worker->life == HOB_LIFE_STARTING;
        census.replacing += worker->life == HOB_LIFE_STARTING && worker->replaces != 0;
        census.active += takes || (worker->life == HOB_LIFE_STARTING && worker->replaces == 0);
    }
    return census;
}

static struct pool_worker *start_worker(struct hob_pool *pool)
{
    struct pool_worker *worker = pool_worker_new(pool);
    if (pool->workers == NULL && pool->options.watch != NULL) {
        pool->fingerprint = pool->watch_interval = 0; /* files count from now on */
        pool_watch_changed(pool, hob_clock_now());
    }
    worker->next = pool->workers;
    pool->workers = worker;
    hob_pacing_started(&pool->pacing);
    pool->supervisor->starts++;
    pool_wants_start(pool->supervisor);
    return worker;
}

/* What was taken is done, also when the pool takes no more. */
static bool is_over(const struct hob_pool *pool)
{
    bool ends = pool->draining || atomic_load(&pool->closed) || pool->supervisor->stopping;
    return ends && pool->queue.count == 0;
}

static bool may_start(struct hob_pool *pool, const struct census *census, uint64_t now)
{
    return !is_over(pool) && census->alive < pool->options.max_workers * MOST_AT_ONCE_FACTOR &&
           hob_pacing_allows(&pool->pacing, now, census->starting);
}

static void start_wanted(struct hob_pool *pool, uint64_t now)
{
    size_t coming = 0;
    for (;;) {
        struct census census = count_workers(pool);
        coming = (size_t)census.starting * pool->options.concurrency;
        bool wanted = pool->queue.count > coming || census.active < pool->options.min_workers;
        if (!wanted || census.active >= pool->options.max_workers || !may_start(pool, &census, now))
            return;
        start_worker(pool);
    }
}

/* ---- replacing ---- */

void pool_replace(struct pool_worker *worker, const char *why)
{
    if (worker->replace != NULL)
        return;
    worker->replace = why;
    worker->pool->recycled++;
    hob_log(HOB_LOG_INFO, "worker is to be replaced", "pool", worker->pool->name, "why", why, NULL);
}

void pool_replace_all(struct hob_pool *pool, const char *why)
{
    for (struct pool_worker *worker = pool->workers; worker != NULL; worker = worker->next)
        if (worker->life != HOB_LIFE_DEAD && worker->life != HOB_LIFE_STOPPING)
            pool_replace(worker, why);
    pool_wake_by(pool->supervisor, 0);
}

static struct pool_worker *find_worker(struct hob_pool *pool, uint64_t serial)
{
    struct pool_worker *worker = pool->workers;
    while (worker != NULL && worker->serial != serial)
        worker = worker->next;
    return worker;
}

static bool has_replacement(const struct hob_pool *pool, uint64_t serial)
{
    for (const struct pool_worker *worker = pool->workers; worker != NULL; worker = worker->next)
        if (worker->replaces == serial && worker->life == HOB_LIFE_STARTING)
            return true;
    return false;
}

static bool is_quiet(const struct hob_pool *pool, uint64_t now)
{
    return pool->queue.count == 0 && now > pool->last_submit + from_ms(QUIET_MS);
}

/* The new one is ready before the old one goes; at most a tenth of the pool is replaced at a time.
 */
static void go_on_replacing(struct hob_pool *pool, uint64_t now)
{
    unsigned most = pool->options.max_workers / 10 > 1 ? pool->options.max_workers / 10 : 1;
    for (struct pool_worker *worker = pool->workers; worker != NULL; worker = worker->next) {
        bool works = hob_life_takes_calls(worker->life) || worker->life == HOB_LIFE_STARTING;
        if (worker->replace == NULL || !works || has_replacement(pool, worker->serial))
            continue;
        struct census census = count_workers(pool);
        bool idle = worker->life == HOB_LIFE_IDLE;
        if (idle && (is_quiet(pool, now) || is_over(pool))) {
            pool_worker_event(worker, HOB_LIFE_RETIRE);
        } else if (census.replacing < most && !atomic_load(&pool->closed) &&
                   may_start(pool, &census, now)) {
            start_worker(pool)->replaces = worker->serial;
        }
    }
}

/* ---- offering work ---- */

/* Asked whether it lives: until it has said so nothing else may keep it from answering. */
static bool is_asked(const struct pool_worker *worker)
{
    return worker->calls.first != NULL && worker->calls.first->kind == POOL_PING;
}

/* The least busy; of equals the one that is listened to already by who brings the call; of these
 * the one that worked last: its memory is warm, and others may end. */
static bool is_better(const struct pool_worker *worker, const struct pool_worker *than,
                      const struct hob_poller *hearer)
{
    if (worker->calls.count != than->calls.count)
        return worker->calls.count < than->calls.count;
    if ((worker->hearer == hearer) != (than->hearer == hearer))
        return worker->hearer == hearer;
    return worker->idle_since > than->idle_since;
}

static struct pool_worker *best_worker(struct hob_pool *pool, const struct hob_pool_loop *loop)
{
    struct pool_worker *best = NULL;
    const struct hob_poller *hearer = loop != NULL ? loop->poller : pool->supervisor->poller;
    for (struct pool_worker *worker = pool->workers; worker != NULL; worker = worker->next) {
        if (!hob_life_takes_calls(worker->life) || worker->input < 0 || worker->output_closed ||
            worker->terminated || worker->unsent.size > 0 || is_asked(worker) ||
            worker->calls.count >= pool->options.concurrency)
            continue;
        if (best == NULL || is_better(worker, best, hearer))
            best = worker;
    }
    return best;
}

/* The oldest; or the oldest of the loop that hears, unless it came much later: its worker, and what
 * it works on, then stay on one core. */
static struct pool_call *next_call(const struct hob_pool *pool)
{
    struct pool_call *oldest = pool->queue.first, *call = oldest;
    const struct hob_pool_loop *here = pool->supervisor->hearing;
    for (int i = 0; here != NULL && call != NULL && call->loop != here; i++)
        call = i < FAIR_LOOK ? call->next : NULL;
    bool fair = call != NULL && call->submitted < oldest->submitted + FAIR_US * 1000ull;
    return fair ? call : oldest;
}

void pool_dispatch(struct hob_pool *pool)
{
    struct pool_worker *worker;
    struct pool_call *call;
    while ((call = next_call(pool)) != NULL && (worker = best_worker(pool, call->loop)) != NULL) {
        pool_calls_remove(&pool->queue, call);
        pool_worker_give(worker, call);
    }
    if (pool->queue.first == NULL)
        return;
    uint64_t now = hob_clock_now();
    start_wanted(pool, now);
    struct census census = count_workers(pool);
    if (census.active == 0 && hob_pacing_is_open(&pool->pacing, now)) {
        struct hob_error error = HOB_ERROR_INIT;
        pool_describe_rest(pool, &error);
        pool_empty_queue(pool, HOB_RPC_BUSY, &error);
    }
}

/* It is ready: the one in whose place it was started may go. */
static void succeed(struct pool_worker *worker)
{
    uint64_t serial = worker->replaces;
    worker->replaces = 0;
    struct pool_worker *old = serial != 0 ? find_worker(worker->pool, serial) : NULL;
    if (old != NULL && old->life != HOB_LIFE_DEAD)
        pool_worker_event(old, HOB_LIFE_RETIRE);
}

/* A worker that hung is not counted, and may come back when another was started in its place: then
 * one is too many, and it is not the one that is warm. */
static bool is_too_many(struct pool_worker *worker)
{
    struct hob_pool *pool = worker->pool;
    if (worker->life != HOB_LIFE_IDLE || count_workers(pool).active <= pool->options.max_workers)
        return false;
    struct pool_worker *other = pool->workers;
    while (other != NULL && (other->life != HOB_LIFE_STARTING || other->replaces != 0))
        other = other->next;
    pool_worker_event(other != NULL ? other : worker, HOB_LIFE_RETIRE);
    return other == NULL;
}

void pool_worker_offer(struct pool_worker *worker)
{
    const struct hob_pool_options *options = &worker->pool->options;
    if (worker->input < 0 || worker->output_closed)
        return; /* its end is being waited for */
    if (worker->base == 0 && !pool_worker_weigh(worker))
        return;
    succeed(worker);
    if (is_too_many(worker))
        return;
    if (worker->recycle_after != 0 && worker->served >= worker->recycle_after)
        pool_replace(worker, "it has answered as many calls as it should");
    if (worker->served > 0)
        pool_worker_check_memory(worker, hob_clock_now(), CHECK_AFTER_CALL_MS);
    if (worker->replace != NULL)
        go_on_replacing(worker->pool, hob_clock_now());
    bool ping = options->health.method != NULL && options->health.every_calls != 0 &&
                worker->since_ping >= options->health.every_calls;
    if (ping && worker->life == HOB_LIFE_IDLE)
        pool_worker_ping(worker);
    pool_dispatch(worker->pool);
}

/* ---- the end of workers ---- */

void pool_worker_has_ended(struct pool_worker *worker)
{
    struct hob_pool *pool = worker->pool;
    char number[16];
    worker->life = HOB_LIFE_DEAD;
    if (worker->tail.seen > 0) {
        hob_tail_deinit(&pool->last_words);
        pool->last_words = worker->tail;
        worker->tail = (struct hob_tail)HOB_TAIL_INIT;
    }
    if (worker->retired || pool->supervisor->stopping) {
        pool_dispatch(pool);
        return;
    }
    snprintf(pool->cause, sizeof pool->cause, "worker %u %s", worker->number, worker->why);
    snprintf(number, sizeof number, "%u", worker->number);
    hob_log(HOB_LOG_WARNING, "worker has ended", "pool", pool->name, "worker", number, "why",
            worker->why, NULL);
    pool->restarts++;
    /* Callers that change their minds say nothing about whether workers can live. */
    if (!worker->proven && !worker->deserted) {
        hob_pacing_failed(&pool->pacing, hob_clock_now(), pool_chance(pool->supervisor));
        pool_wake_by(pool->supervisor, pool->pacing.not_before);
    }
    pool_dispatch(pool);
}

void pool_describe_rest(struct hob_pool *pool, struct hob_error *error)
{
    HOB_AUTO(buffer) struct hob_buffer words = HOB_BUFFER_INIT;
    hob_tail_put_lines(&words, &pool->last_words, 5, 600);
    hob_error_set(error, HOB_E_BUSY,
                  "pool '%s' rests: %u workers in a row failed before they had answered anything; "
                  "the last: %s%s%s",
                  pool->name, pool->pacing.in_a_row, pool->cause,
                  words.size > 0 ? "; it wrote to standard error: " : "",
                  hob_buffer_string(&words));
    hob_error_hint(error, "another one is tried in a while; 'hob pool logs %s' shows more",
                   pool->name);
}

void pool_empty_queue(struct hob_pool *pool, int rpc_code, const struct hob_error *error)
{
    while (pool->queue.first != NULL) {
        struct pool_call *call = pool->queue.first;
        pool_calls_remove(&pool->queue, call);
        if (pool_fall_back(pool, call))
            continue;
        pool_call_fail(call, rpc_code, error);
        pool_call_free(call);
    }
}

/* ---- workers by the clock ---- */

static bool may_idle_out(const struct pool_worker *worker, uint64_t now)
{
    const struct hob_pool *pool = worker->pool;
    uint64_t limit = pool->options.idle_timeout;
    if (pool->draining || is_over(pool))
        return true;
    return limit != 0 && now >= worker->idle_since + from_ms(limit) &&
           count_workers(pool).active > pool->options.min_workers;
}

static uint64_t tick_idle(struct pool_worker *worker, uint64_t now)
{
    const struct hob_pool_options *options = &worker->pool->options;
    if (may_idle_out(worker, now)) {
        pool_worker_event(worker, HOB_LIFE_RETIRE);
        return UINT64_MAX;
    }
    uint64_t next = UINT64_MAX;
    if (options->idle_timeout != 0 && now < worker->idle_since + from_ms(options->idle_timeout))
        next = worker->idle_since + from_ms(options->idle_timeout);
    if (options->health.method == NULL || options->health.after_idle == 0)
        return next;
    uint64_t ping = worker->last_heard + from_ms(options->health.after_idle);
    if (now < ping)
        return sooner(next, ping);
    pool_worker_ping(worker);
    return next;
}

/* Before it is judged: what it has said by now still counts, when whoever listens was busy, or this
 * process stopped. */
static void catch_up(struct pool_worker *worker, uint64_t now)
{
    bool judged = worker->late_at != 0 && now >= worker->late_at;
    for (const struct pool_call *call = worker->calls.first; call != NULL; call = call->next)
        judged = judged || (!call->abandoned && now >= call->deadline);
    if (judged)
        pool_worker_handle(worker, POOL_PART_OUTPUT, HOB_POLLER_READ);
    if (judged || worker->process.watch < 0)
        pool_worker_look(worker);
}

static uint64_t tick_worker(struct pool_worker *worker, uint64_t now)
{
    uint64_t next = UINT64_MAX;
    if (worker->waiting_to_start || worker->being_started || worker->life == HOB_LIFE_DEAD)
        return next;
    catch_up(worker, now);
    if (worker->life == HOB_LIFE_DEAD)
        return next;
    if (worker->process.watch < 0)
        next = now + from_ms(CHECK_MS);
    if (worker->late_at != 0 && now >= worker->late_at) {
        worker->late_at = 0;
        if (worker->life == HOB_LIFE_STARTING)
            pool_worker_why(worker, "was not ready within %llu ms",
                            (unsigned long long)worker->pool->options.start_timeout);
        else if (worker->input < 0 && worker->life != HOB_LIFE_STOPPING)
            pool_worker_why(worker, "closed its standard input");
        pool_worker_event(worker, HOB_LIFE_TOO_LATE);
    }
    if (worker->retire_at != 0 && now >= worker->retire_at)
        pool_replace(worker, "it is as old as it should get");
    pool_worker_check_memory(worker, now, CHECK_MS);
    if (worker->life == HOB_LIFE_IDLE)
        next = sooner(next, tick_idle(worker, now));
    next = sooner(next, pool_tick_calls(worker, now));
    if (worker->late_at != 0)
        next = sooner(next, worker->late_at);
    if (worker->retire_at > now)
        next = sooner(next, worker->retire_at);
    bool limited =
        worker->pool->options.recycle.max_memory != 0 || worker->pool->options.memory_limit != 0;
    if (limited && worker->life == HOB_LIFE_BUSY)
        next = sooner(next, now + from_ms(CHECK_MS));
    return next;
}

uint64_t pool_tick(struct hob_pool *pool, uint64_t now)
{
    uint64_t next = pool_tick_queue(pool, now);
    for (struct pool_worker *worker = pool->workers; worker != NULL; worker = worker->next)
        next = sooner(next, tick_worker(worker, now));
    if (pool->workers != NULL && pool->options.watch != NULL) {
        if (pool_watch_changed(pool, now))
            pool_replace_all(pool, "a watched file has changed");
        next = sooner(next, pool->watch_checked + pool->watch_interval);
    }
    go_on_replacing(pool, now);
    start_wanted(pool, now);
    if (pool->queue.first != NULL)
        pool_dispatch(pool);
    if (pool->pacing.not_before > now &&
        (pool->queue.first != NULL || pool->options.min_workers > 0))
        next = sooner(next, pool->pacing.not_before);
    if (atomic_load(&pool->closed)) /* until it can be freed: who releases it tells nobody */
        next = sooner(next, now + from_ms(CHECK_MS));
    return sooner(next, pool_runs_tick(pool, now));
}
