/* pool: warm worker processes that answer JSON-RPC 2.0, and never lose a call.
 *
 * A pool starts its program when it is first needed, keeps between min and max of them, and gives
 * each call to the one that has least to do; what finds none waits in a queue. A call is answered
 * exactly once: with what the worker said, or with an error that names the pool, the worker, the
 * cause and the worker's last lines on standard error. A call that a worker may have begun is run
 * again only if the caller said that it may be; one that no worker has seen is given to another.
 *
 * A supervisor watches all pools of a process with one thread of its own. Everything here may be
 * called from any thread; callbacks are called without a lock held, by some thread, one at a time,
 * and must not block (those of calls that a loop brought, by that loop: see loop.h). A thread that
 * waits for its own call (hob_pool_call) does the supervisor's work meanwhile, so that it costs no
 * switch to another thread. */
#ifndef HOB_POOL_POOL_H
#define HOB_POOL_POOL_H

#include "base/buffer.h"
#include "pool/options.h"

struct hob_supervisor;
struct hob_pool;
struct hob_pool_loop;

/* NULL with *error filled. Nothing runs before a pool is opened. From now on SIGPIPE is ignored,
 * unless the program handles it. */
struct hob_supervisor *hob_supervisor_new(struct hob_error *error);
/* Refuses new calls, waits for those that are under way, at most `drain_milliseconds`, fails what
 * is left, and ends all workers. When it returns no callback is being called, and no thread is left
 * in hob_pool_call; everything may still be used, and refuses. Takes NULL. */
void hob_supervisor_stop(struct hob_supervisor *supervisor, uint64_t drain_milliseconds);
/* Stops it if nobody has, and frees everything. Nobody may use it any more. Takes NULL, returns
 * NULL. */
struct hob_supervisor *hob_supervisor_free(struct hob_supervisor *supervisor,
                                           uint64_t drain_milliseconds);

/* A name is used once; the options are copied. HOB_E_PARAMETER for options that make no sense. The
 * pool belongs to the supervisor, and stays until it is closed. */
int hob_pool_open(struct hob_pool **pool, struct hob_supervisor *supervisor, const char *name,
                  const struct hob_pool_options *options, struct hob_error *error);
/* The same in place of the pool of that name, if there is one, which is closed: whoever looks for
 * the name finds the one or the other. */
int hob_pool_open_anew(struct hob_pool **pool, struct hob_supervisor *supervisor, const char *name,
                       const struct hob_pool_options *options, struct hob_error *error);
/* Nobody finds the pool any more, and its name is free. What it has been given, and what those give
 * it who found it before, is done; then its workers end. It is freed when they have, and everybody
 * has released it: whoever closes a pool that they do not hold must not use it any more. */
void hob_pool_close(struct hob_pool *pool);
/* NULL when there is none of that name. It is held from now on, also when it is closed meanwhile:
 * the caller has to release it, which need not wait for calls that it was given. */
struct hob_pool *hob_pool_find(struct hob_supervisor *supervisor, struct hob_text name);
/* Of what was found: the caller must not use it any more. Takes NULL, returns NULL. */
struct hob_pool *hob_pool_release(struct hob_pool *pool);
static inline void hob_auto_pool(struct hob_pool **pool)
{
    hob_pool_release(*pool);
}

struct hob_pool_request {
    struct hob_text method; /* a JSON string, quotes included */
    struct hob_text params; /* JSON; empty: none */
    uint64_t timeout;       /* milliseconds, waiting in the queue included; 0: the pool's */
    bool idempotent;        /* may be run again when a worker dies that may have begun it */
    bool notification;      /* nothing is answered: the call is over when a worker has it */
    int caller; /* 0, or a socket: when its other side is closed the call is cancelled */
    struct hob_pool_loop *loop; /* of the thread that submits it (loop.h); NULL: none */
};

enum hob_pool_path { HOB_POOL_BY_WORKER, HOB_POOL_BY_FALLBACK };

/* Valid during the callback. */
struct hob_pool_answer {
    /* 0: `result`, or `rpc_error`, which the worker sent, is there. Else the call failed on the
     * way: `error` says why, and rpc_code is what JSON-RPC has for that. */
    int code;
    int rpc_code;
    const struct hob_error *error;
    struct hob_text result, rpc_error; /* JSON */
    enum hob_pool_path path;
};

struct hob_pool_handlers {
    /* Once for each call that was taken. */
    void (*answered)(void *data, const struct hob_pool_answer *answer);
    /* May be NULL. A notification that the worker sent while it was working on this call: never
     * after `answered`. `params` is JSON. */
    void (*progress)(void *data, struct hob_text method, struct hob_text params);
    void *data;
};

/* 0 when the call was taken; *id (may be NULL) is for hob_pool_cancel. Otherwise nothing is ever
 * answered: HOB_E_BUSY when the queue is full or the pool rests after failures, and has no
 * fallback; *retry_after (may be NULL) is then the seconds after which another try makes sense.
 * HOB_E_LIMIT for a request that is too large, HOB_E_PARAMETER for the method by which hob itself
 * tells workers that a call is cancelled. */
int hob_pool_submit(struct hob_pool *pool, const struct hob_pool_request *request,
                    const struct hob_pool_handlers *handlers, uint64_t *id, unsigned *retry_after,
                    struct hob_error *error);
/* The caller is answered at once with HOB_RPC_CANCELLED, the worker is asked to stop. Nothing
 * happens when the call was answered already. */
void hob_pool_cancel(struct hob_pool *pool, uint64_t id);

/* Waits for the answer; not to be called in a callback. 0: *result has the worker's result, or,
 * when *is_rpc_error is set, the error object that it answered. */
int hob_pool_call(struct hob_pool *pool, const struct hob_pool_request *request,
                  struct hob_buffer *result, bool *is_rpc_error, struct hob_error *error);

/* ---- for operators ---- */

/* Appends a JSON object that describes the pool and its workers. */
void hob_pool_put_status(struct hob_buffer *out, struct hob_pool *pool);
/* Appends a JSON list of all pools. */
void hob_supervisor_put_status(struct hob_buffer *out, struct hob_supervisor *supervisor);
/* The same list with the numbers of each pool alone: workers, busy, queued, calls, failures,
 * restarts. */
void hob_supervisor_put_summary(struct hob_buffer *out, struct hob_supervisor *supervisor);
/* Appends what is kept of the workers' standard error. */
void hob_pool_put_logs(struct hob_buffer *out, struct hob_pool *pool);
/* Replaces all workers, one after another, without losing a call. */
void hob_pool_restart(struct hob_pool *pool);
/* From now on calls are refused (or go to the fallback); workers end when they are done. Until
 * hob_pool_restart. */
void hob_pool_drain(struct hob_pool *pool);

#endif
