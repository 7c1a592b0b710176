/* pool: warm worker processes of this program: started when they are first needed, kept, watched
 * and replaced; no daemon is involved.
 *
 * A worker is any program that reads JSON-RPC 2.0 requests from its standard input, one a line, and
 * writes answers to its standard output (docs/write-a-worker.md). A call is answered exactly once:
 * with what the worker said, or with an error that names the cause and the worker's last lines on
 * standard error. A call that a worker may have begun is run again only if it is marked
 * `idempotent`.
 *
 * Thread-safe. Each pool has a thread that watches it, and a small process beside its workers that
 * ends them should this process be killed. If the program changes its user or its root, it does so
 * before it opens pools. */
#ifndef HOB_POOL_H
#define HOB_POOL_H

#include <hob/base.h>
#include <hob/server.h> /* LIBHOB_ANSWERED_ERROR */

LIBHOB_BEGIN

struct libhob_pool;

/* What most programs say. Everything else that a pool can be told: libhob_pool_open_yaml. */
struct libhob_pool_options {
    const char *const *command;     /* needed; ended by NULL; no shell is involved */
    const char *directory;          /* where workers run; NULL: the working directory */
    const char *const *environment; /* "NAME=value" beside this process's; ended by NULL; or NULL */
    const char *const *fallback;    /* a command, run once for each call that no worker can take */
    unsigned min_workers;
    unsigned max_workers;      /* 0: 4 */
    unsigned concurrency;      /* calls that a worker takes at a time; 0: 1 */
    uint64_t request_timeout;  /* waiting for a worker included; 0: 30 s */
    uint64_t idle_timeout;     /* of workers beyond min; 0: 5 min */
    uint64_t max_message;      /* of a request or an answer; 0: 64 MiB */
    uint64_t memory_limit;     /* a worker that uses more is killed; 0: none */
    uint64_t max_queue;        /* calls that wait; 0: 1000 */
    uint64_t recycle_requests; /* calls after which a worker is replaced; 0: never */
    uint64_t reserved[8];
};

/* Everything is copied. `name` is for messages. Workers start with the first call, `min_workers`
 * at once. LIBHOB_E_PARAMETER for what cannot be meant. */
LIBHOB_API int libhob_pool_open(struct libhob_pool **pool, const char *name,
                                const struct libhob_pool_options *options,
                                struct libhob_error *error);
/* The same from settings in YAML: what stands under a pool's name in hob.yml (docs/settings.md), as
 * in "command: [python3, worker.py]\nworkers: {max: 2}". Relative paths stay as they are. */
LIBHOB_API int libhob_pool_open_yaml(struct libhob_pool **pool, const char *name, const char *yaml,
                                     struct libhob_error *error);
/* The pool of that name in a hob.yml; `path` NULL: the one that hobd would read ($HOB_CONFIG...).
 * Relative paths in it start from its directory. A file that others may write to is refused. */
LIBHOB_API int libhob_pool_open_file(struct libhob_pool **pool, const char *name, const char *path,
                                     struct libhob_error *error);
/* Refuses new calls, waits for those that are under way, at most `drain` milliseconds, fails what
 * is left (their callbacks are called), ends the workers. Not from a callback of the pool; nobody
 * else uses the pool any more. */
LIBHOB_API struct libhob_pool *libhob_pool_close(struct libhob_pool *pool, uint64_t drain);

/* ---- calls ---- */

struct libhob_call_options {
    uint64_t timeout; /* waiting for a worker included; 0: the pool's */
    bool idempotent;  /* may be run again when a worker dies that may have begun it */
    uint64_t reserved[4];
};

/* Calls a method and waits for the answer. `params` is a JSON array or object, or NULL; `options`
 * may be NULL. 0: *answer is the result, as JSON; or LIBHOB_ANSWERED_ERROR (server.h); or a
 * negative code: LIBHOB_E_BUSY, LIBHOB_E_TIMEOUT, LIBHOB_E_WORKER, LIBHOB_E_LIMIT, LIBHOB_E_JSON...
 */
LIBHOB_API int libhob_pool_call(struct libhob_pool *pool, const char *method, const char *params,
                                const struct libhob_call_options *options,
                                struct libhob_bytes *answer, struct libhob_error *error);

/* What a callback gets, valid until it returns. */
struct libhob_answer {
    int code;         /* as libhob_pool_call returns it; of a batch 0 */
    const char *json; /* result, or the worker's error object; ends with a NUL; "" for none */
    size_t size;
    const struct libhob_error *error; /* NULL when code is 0 */
};

/* Called from some thread, maybe from one that is inside a function of this pool, maybe before that
 * has returned. It must not block, nor wait for another call of the pool; it may submit more. */
typedef void libhob_answered(void *data, const struct libhob_answer *answer);

/* Starts a call. 0: `answered` is called exactly once, and *id (may be NULL) is for
 * libhob_pool_cancel. Otherwise it is never called. */
LIBHOB_API int libhob_pool_submit(struct libhob_pool *pool, const char *method, const char *params,
                                  const struct libhob_call_options *options,
                                  libhob_answered *answered, void *data, uint64_t *id,
                                  struct libhob_error *error);
/* The call is answered with LIBHOB_E_CANCELLED, and its worker told. Nothing happens when it was
 * answered already. */
LIBHOB_API void libhob_pool_cancel(struct libhob_pool *pool, uint64_t id);

/* Answers a JSON-RPC 2.0 document, a request or a batch: its requests are shared out among the
 * workers, and answered in their order; *answer is "" when all were notifications. What went wrong
 * with a request is in its answer. LIBHOB_E_MEMORY. */
LIBHOB_API int libhob_pool_batch(struct libhob_pool *pool, const char *document,
                                 const struct libhob_call_options *options,
                                 struct libhob_bytes *answer, struct libhob_error *error);
/* The same without waiting. */
LIBHOB_API int libhob_pool_submit_batch(struct libhob_pool *pool, const char *document,
                                        const struct libhob_call_options *options,
                                        libhob_answered *answered, void *data,
                                        struct libhob_error *error);

/* ---- for operators ---- */

/* A JSON object that describes the pool and its workers. */
LIBHOB_API int libhob_pool_status(struct libhob_pool *pool, struct libhob_bytes *status,
                                  struct libhob_error *error);
/* Replaces all workers, one after another, without losing a call. */
LIBHOB_API void libhob_pool_restart(struct libhob_pool *pool);

LIBHOB_END

#endif
