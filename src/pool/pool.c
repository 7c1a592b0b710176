/* pool: opening pools, finding them, and what operators do to them. */
#include "pool/pool.h"

#include <string.h>

#include "base/arena.h"
#include "base/clock.h"
#include "pool/internal.h"

extern char **environ;

static const char *keep(struct hob_arena *arena, const char *text)
{
    return text != NULL ? hob_arena_copy(arena, hob_text_from(text)).data : NULL;
}

static const char *const *keep_list(struct hob_arena *arena, const char *const *list)
{
    size_t count = 0;
    if (list == NULL)
        return NULL;
    while (list[count] != NULL)
        count++;
    const char **copy = hob_arena_alloc(arena, (count + 1) * sizeof *copy);
    for (size_t i = 0; i < count; i++)
        copy[i] = keep(arena, list[i]);
    copy[count] = NULL;
    return copy;
}

/* Whether two "NAME=value" have the same name. */
static bool same_name(const char *a, const char *b)
{
    size_t size = strcspn(a, "=");
    return strncmp(a, b, size) == 0 && b[size] == '=';
}

static bool is_set_in(const char *const *list, const char *entry)
{
    for (; list != NULL && *list != NULL; list++)
        if (same_name(*list, entry))
            return true;
    return false;
}

/* This process's, with what the options say on top. */
static const char *const *make_environment(struct hob_arena *arena, const char *const *extra)
{
    size_t count = 0, extras = 0, at = 0;
    while (environ[count] != NULL)
        count++;
    while (extra != NULL && extra[extras] != NULL)
        extras++;
    const char **whole = hob_arena_alloc(arena, (count + extras + 1) * sizeof *whole);
    for (size_t i = 0; i < count; i++)
        if (!is_set_in(extra, environ[i]))
            whole[at++] = keep(arena, environ[i]);
    for (size_t i = 0; i < extras; i++)
        whole[at++] = extra[i];
    whole[at] = NULL;
    return whole;
}

static void keep_options(struct hob_pool *pool, const struct hob_pool_options *options)
{
    struct hob_pool_options *own = &pool->options;
    *own = *options;
    own->command = keep_list(pool->arena, options->command);
    own->environment = keep_list(pool->arena, options->environment);
    own->fallback = keep_list(pool->arena, options->fallback);
    own->watch = keep_list(pool->arena, options->watch);
    own->directory = keep(pool->arena, options->directory);
    own->cancel_method = keep(pool->arena, options->cancel_method);
    own->health.method = keep(pool->arena, options->health.method);
    pool->environment = make_environment(pool->arena, own->environment);
    hob_pacing_init(&pool->pacing, &(struct hob_pacing_options){
                                       .first = options->restart.first * 1000000,
                                       .most = options->restart.max * 1000000,
                                       .factor = options->restart.factor,
                                       .jitter = options->restart.jitter,
                                       .failures = options->restart.failures,
                                       .within = options->restart.within * 1000000,
                                   });
}

static struct hob_pool *find(struct hob_supervisor *supervisor, struct hob_text name)
{
    struct hob_pool *pool = supervisor->pools;
    while (pool != NULL && (atomic_load(&pool->closed) || !hob_text_is(name, pool->name)))
        pool = pool->next;
    return pool;
}

static int open_pool(struct hob_pool **out, struct hob_supervisor *supervisor, const char *name,
                     const struct hob_pool_options *options, bool anew, struct hob_error *error)
{
    int code = hob_pool_options_check(options, name, error);
    if (code != 0)
        return code;
    struct hob_pool *pool = hob_alloc_zero(1, sizeof *pool);
    pool->arena = hob_arena_new();
    pool->name = hob_copy_string(name);
    pool->supervisor = supervisor;
    keep_options(pool, options);
    pool_lock(supervisor);
    struct hob_pool *former = find(supervisor, hob_text_from(name));
    bool taken = former != NULL && !anew;
    struct hob_pool **end = &supervisor->pools;
    while (*end != NULL)
        end = &(*end)->next;
    pthread_mutex_lock(&supervisor->names);
    if (!taken)
        *end = pool;
    if (anew && former != NULL) {
        atomic_store(&former->closed, true);
        former->holders++;
    }
    pthread_mutex_unlock(&supervisor->names);
    pool_wake_by(supervisor, 0);
    pool_unlock(supervisor);
    if (taken) {
        pool_free(pool);
        return hob_error_set(error, HOB_E_PARAMETER, "there is a pool '%s' already", name);
    }
    if (former != NULL)
        hob_pool_close(former);
    hob_pool_release(former);
    *out = pool;
    return 0;
}

int hob_pool_open(struct hob_pool **pool, struct hob_supervisor *supervisor, const char *name,
                  const struct hob_pool_options *options, struct hob_error *error)
{
    return open_pool(pool, supervisor, name, options, false, error);
}

int hob_pool_open_anew(struct hob_pool **pool, struct hob_supervisor *supervisor, const char *name,
                       const struct hob_pool_options *options, struct hob_error *error)
{
    return open_pool(pool, supervisor, name, options, true, error);
}

void pool_free(struct hob_pool *pool)
{
    while (pool->workers != NULL) {
        struct pool_worker *worker = pool->workers;
        pool->workers = worker->next;
        while (worker->calls.first != NULL) {
            struct pool_call *call = worker->calls.first;
            pool_calls_remove(&worker->calls, call);
            pool_call_free(call);
        }
        pool_worker_free(worker);
    }
    pool_runs_free(pool);
    hob_buffer_deinit(&pool->handshake);
    hob_tail_deinit(&pool->last_words);
    hob_arena_free(pool->arena);
    free(pool->name);
    free(pool);
}

struct hob_pool *hob_pool_find(struct hob_supervisor *supervisor, struct hob_text name)
{
    pthread_mutex_lock(&supervisor->names);
    struct hob_pool *pool = find(supervisor, name);
    if (pool != NULL)
        pool->holders++;
    pthread_mutex_unlock(&supervisor->names);
    return pool;
}

struct hob_pool *hob_pool_release(struct hob_pool *pool)
{
    if (pool == NULL)
        return NULL;
    struct hob_supervisor *supervisor = pool->supervisor;
    pthread_mutex_lock(&supervisor->names);
    pool->holders--;
    pthread_mutex_unlock(&supervisor->names);
    return NULL;
}

/* Nobody holds it, and nobody will, as it cannot be found: who could still use it are those whose
 * call, worker or run it has. A call that was posted is posted by somebody who holds the pool, so
 * they have all been posted by now. What is to be told does not know the pool any more. */
static bool is_forsaken(struct hob_pool *pool)
{
    struct hob_supervisor *supervisor = pool->supervisor;
    if (!atomic_load(&pool->closed))
        return false;
    pthread_mutex_lock(&supervisor->names);
    bool held = pool->holders > 0;
    pthread_mutex_unlock(&supervisor->names);
    if (held)
        return false;
    pool_take_posted(supervisor);
    return pool->workers == NULL && pool->runs == NULL && pool->queue.count == 0;
}

void pool_free_closed(struct hob_supervisor *supervisor)
{
    struct hob_pool **at = &supervisor->pools;
    while (*at != NULL) {
        struct hob_pool *pool = *at;
        if (!is_forsaken(pool)) {
            at = &pool->next;
            continue;
        }
        pthread_mutex_lock(&supervisor->names);
        *at = pool->next;
        pthread_mutex_unlock(&supervisor->names);
        pool_free(pool);
    }
}

void hob_pool_restart(struct hob_pool *pool)
{
    struct hob_supervisor *supervisor = pool->supervisor;
    pool_lock(supervisor);
    pool->draining = false;
    hob_pacing_succeeded(&pool->pacing);
    pool_replace_all(pool, "its pool is restarted");
    pool_wake_by(supervisor, 0);
    pool_unlock(supervisor);
}

void hob_pool_drain(struct hob_pool *pool)
{
    struct hob_supervisor *supervisor = pool->supervisor;
    pool_lock(supervisor);
    pool->draining = true;
    for (struct pool_worker *worker = pool->workers; worker != NULL; worker = worker->next)
        if (pool->queue.count == 0)
            pool_replace(worker, "its pool is drained");
    pool_wake_by(supervisor, 0);
    pool_unlock(supervisor);
}

void hob_pool_close(struct hob_pool *pool)
{
    struct hob_supervisor *supervisor = pool->supervisor;
    pthread_mutex_lock(&supervisor->names);
    atomic_store(&pool->closed, true);
    pool->holders++;
    pthread_mutex_unlock(&supervisor->names);
    hob_pool_restart(pool); /* its workers are to go; there is no need for others */
    hob_pool_release(pool);
}
