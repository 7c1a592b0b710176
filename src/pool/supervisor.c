/* supervisor: the thread that watches over all pools, and the supervisor's own life.
 *
 * The thread drives (drive.c) unless a thread that waits for a call of its own does so in its
 * place. New processes are always started by the supervisor's thread: the system ends them with the
 * thread that started them. */
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
    LINGER_US = 2000,       /* after a caller drove, before the thread drives again */
    DRIVEN_REST_US = 20000, /* between the thread's looks whether a caller still drives: nobody
                               wakes it for each call */
    STOP_WAIT_MS = 20000,   /* workers that do not end are killed long before */
};

double pool_chance(struct hob_supervisor *supervisor)
{
    supervisor->random = supervisor->random * 1664525u + 1013904223u;
    return (double)(supervisor->random >> 8) / (double)(1u << 24);
}

void pool_wants_start(struct hob_supervisor *supervisor)
{
    pthread_cond_signal(&supervisor->rest);
    if (supervisor->driven_by_thread)
        hob_poller_wake(supervisor->poller);
}

/* ---- the supervisor's thread ---- */

int pool_start_process(struct hob_supervisor *supervisor, struct hob_process *process,
                       struct hob_process_options *options, struct hob_error *error)
{
    struct hob_process started = HOB_PROCESS_INIT;
    pool_guard_start(supervisor);
    options->dies_with_thread = true;
    options->mark = POOL_MARK;
    options->announce = supervisor->guard; /* which only this thread replaces */
    pool_tell_and_unlock(supervisor);
    int code = hob_process_start(&started, options, error);
    pool_lock(supervisor);
    *process = started;
    return code;
}

static void start_wanted(struct hob_supervisor *supervisor)
{
    for (struct hob_pool *pool = supervisor->pools; pool != NULL; pool = pool->next) {
        for (struct pool_worker *worker = pool->workers; worker != NULL; worker = worker->next) {
            struct hob_error error = HOB_ERROR_INIT;
            if (!worker->waiting_to_start)
                continue;
            supervisor->starts--;
            if (pool_worker_start(worker, &error) == 0) {
                if (worker->life == HOB_LIFE_STARTING)
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

static bool is_lingering(const struct hob_supervisor *supervisor)
{
    return supervisor->released != 0 && supervisor->open_calls == 0 &&
           hob_clock_now() < supervisor->released + LINGER_US * 1000ull;
}

static void *run(void *data)
{
    struct hob_supervisor *supervisor = data;
    pool_lock(supervisor);
    while (!supervisor->ends) {
        pool_take_posted(supervisor);
        start_wanted(supervisor);
        pool_tell(supervisor);
        if (supervisor->starts > 0)
            continue; /* one that was ready at once had work for another, or somebody had */
        if (supervisor->driven || pool_others_wait(supervisor)) {
            if (!supervisor->driven)
                pool_hand_on(supervisor);
            pool_rest(supervisor, &supervisor->rest, DRIVEN_REST_US);
        } else if (is_lingering(supervisor)) {
            pool_rest(supervisor, &supervisor->rest, LINGER_US);
        } else {
            supervisor->released = 0;
            supervisor->driven = supervisor->driven_by_thread = true;
            pool_drive(supervisor);
            supervisor->driven = supervisor->driven_by_thread = false;
        }
    }
    pool_unlock(supervisor);
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
    pool_take_posted(supervisor);
    return supervisor->open_calls > 0;
}

static bool workers_are_left(struct hob_supervisor *supervisor)
{
    return pool_sweep(supervisor);
}

/* Threads that are about to return from hob_pool_call, and callbacks. */
static bool callers_are_left(struct hob_supervisor *supervisor)
{
    pool_take_posted(supervisor);
    pool_tell(supervisor);
    bool told = supervisor->told.first != NULL || supervisor->telling;
    for (struct hob_pool_loop *loop = supervisor->loops; loop != NULL; loop = loop->next)
        told = told || loop->told.first != NULL || atomic_load(&loop->telling);
    return told || supervisor->waiters != NULL;
}

/* Waits with the lock until nothing is left, or until then. */
static void wait_while(struct hob_supervisor *supervisor, bool (*left)(struct hob_supervisor *),
                       uint64_t limit)
{
    while (left(supervisor) && hob_clock_now() < limit) {
        struct timespec moment = {.tv_nsec = 1000000};
        pool_unlock(supervisor);
        nanosleep(&moment, NULL);
        pool_lock(supervisor);
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
    pool_lock(supervisor);
    bool again = supervisor->stopping;
    supervisor->stopping = true;
    if (!again) {
        wait_while(supervisor, calls_are_left, in_milliseconds(drain_milliseconds));
        end_workers(supervisor);
        wait_while(supervisor, workers_are_left, in_milliseconds(STOP_WAIT_MS));
        wait_while(supervisor, callers_are_left, UINT64_MAX);
        supervisor->ends = true;
        hob_poller_wake(supervisor->poller);
        pthread_cond_signal(&supervisor->rest);
    }
    pool_unlock(supervisor);
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
