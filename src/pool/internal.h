/* internal: what the files of the pool layer share.
 *
 * One lock, the supervisor's, guards everything below. Whoever waits for events is the driver: at
 * most one thread at a time, with the lock released while it waits. Answers to callers are
 * collected while the lock is held and told after it was released (struct pool_told). */
#ifndef HOB_POOL_INTERNAL_H
#define HOB_POOL_INTERNAL_H

#include <pthread.h>
#include <stdatomic.h>

#include "base/poller.h"
#include "base/process.h"
#include "pool/framing.h"
#include "pool/life.h"
#include "pool/loop.h"
#include "pool/message.h"
#include "pool/pacing.h"
#include "pool/pool.h"
#include "pool/tail.h"

/* Workers that may be given the same call, one after another: that may have begun it, and that end
 * without having seen it. */
enum { POOL_MOST_ATTEMPTS = 3, POOL_MOST_UNSEEN = 10 };

enum pool_call_kind {
    POOL_CALL,    /* somebody waits for it */
    POOL_PING,    /* hob's own question whether a worker lives */
    POOL_GREETS,  /* hob's own first request to a worker, which is ready when it is answered */
    POOL_CONFIRMS /* hob's own question behind a cancellation: an answer to it says that the worker
                     has heard of that */
};

/* What a caller's call is about, where hob itself answers (handshake.c). */
enum pool_call_topic { POOL_TOPIC_WORK, POOL_TOPIC_INITIALIZE, POOL_TOPIC_INITIALIZED };

/* The poller's key of a caller's socket: this bit, and the number of the call. */
#define POOL_CALLER_KEY ((uint64_t)1 << 63)

struct pool_call {
    struct pool_call *next, *previous; /* in the queue of its pool, or among its worker's calls */
    struct hob_pool *pool;
    enum pool_call_kind kind;
    enum pool_call_topic topic;
    uint64_t id;                                           /* never used twice */
    struct hob_buffer message;                             /* framed, as it is written... */
    size_t method_at, method_size, params_at, params_size; /* ...and where they stand in it */
    uint64_t submitted, sent, queue_deadline;              /* hob_clock_now; 0: none */
    uint64_t deadline;   /* when abandoned: of its worker, to end it */
    uint64_t stream_end; /* bytes that its worker had been sent when it was whole */
    unsigned attempts, unseen;
    bool idempotent, notification;
    bool cancelled;             /* its caller went away, or said so */
    bool abandoned;             /* answered already: its worker's answer is for nobody... */
    const char *overdue;        /* ...because of this: "took too long"; NULL */
    struct hob_buffer token;    /* the caller's own progressToken; the worker got `id` for it */
    uint64_t confirms;          /* the id of the call that was cancelled before it */
    struct hob_pool_loop *loop; /* which hears and tells its answer; NULL: the driver */
    int caller;                 /* a socket, or -1; watched when `watched` */
    bool watched;
    struct hob_pool_handlers handlers;
};

struct pool_calls {
    struct pool_call *first, *last;
    size_t count;
};

struct pool_worker {
    struct pool_worker *next;
    struct hob_pool *pool;
    uint64_t serial; /* of all workers of the supervisor; part of the poller's keys */
    unsigned number; /* in its pool, for people */
    enum hob_life life;
    struct hob_process process;
    pid_t pid; /* for people; stays when the process has ended */
    int input, output, errors;
    struct hob_poller *hearer;  /* which waits for its output: a loop's, or the driver's */
    struct hob_framing framing; /* of what it says */
    struct hob_buffer unsent;   /* of what is said to it; bytes before unsent_at are sent */
    size_t unsent_at;
    uint64_t sent; /* bytes that the system took */
    size_t unread; /* of these, those that it had not read when its input was closed */
    struct pool_calls calls;
    struct hob_tail tail;
    uint64_t started, last_heard, idle_since, memory_checked;
    uint64_t late_at; /* when what is waited for is TOO_LATE; 0: nothing is */
    unsigned served, since_ping, recycle_after;
    uint64_t retire_at;    /* by age; 0: never */
    size_t memory, base;   /* resident now, and when it was ready */
    bool waiting_to_start; /* for the supervisor's thread... */
    bool being_started;    /* ...which is at it, without the lock */
    bool proven;           /* has answered something */
    bool deserted;         /* when it ended, all that it worked on had been cancelled */
    bool terminated;       /* SIGTERM was sent */
    bool retired;          /* was asked to end, for no fault of its own */
    bool input_refused;    /* it closed its end of its standard input */
    bool output_closed, writes_watched;
    bool haunted; /* works perhaps still on calls that were cancelled and are forgotten */
    unsigned noise_logged;
    char noise[120];     /* the last that it printed, since it was idle, and was no answer */
    const char *replace; /* why it is to be replaced; NULL */
    uint64_t replaces;   /* serial of the worker that ends when this one is ready */
    char why[200];       /* why it is being ended, for errors and the log */
};

struct pool_run; /* one process of a fallback command (fallback.c) */

struct hob_pool {
    struct hob_pool *next;
    struct hob_supervisor *supervisor;
    char *name;
    struct hob_arena *arena; /* of the options' texts */
    struct hob_pool_options options;
    const char *const *environment; /* whole, for new processes */
    struct pool_worker *workers;
    struct pool_calls queue;
    struct hob_pacing pacing;
    struct pool_run *runs;
    struct hob_buffer handshake; /* what the worker that was initialized last answered to that */
    struct hob_tail last_words;  /* of the worker that ended last */
    char cause[600];             /* of the last failure */
    bool draining;
    atomic_bool closed; /* nobody finds it any more; it does what it still gets. Set with `names` */
    unsigned holders;   /* those who found it, and have not released it; `names` guards that */
    unsigned numbers;   /* of workers, given out */
    uint64_t last_submit, watch_checked, watch_interval, fingerprint;
    uint64_t calls, failures, timeouts, cancelled, refused, restarts, recycled, noise, fallbacks;
};

/* An answer that is to be told when the lock is released. */
struct pool_told {
    struct pool_told *next;
    struct hob_pool_handlers handlers;
    bool progress;
    struct hob_pool_answer answer;
    struct hob_error *error;  /* owned; NULL: there is none */
    struct hob_buffer text;   /* result, rpc_error or params */
    struct hob_buffer method; /* of progress */
};

struct pool_told_list {
    struct pool_told *first, **end; /* `end` is NULL while it is empty */
};

struct hob_pool_loop {
    struct hob_pool_loop *next;
    struct hob_supervisor *supervisor;
    struct hob_poller *poller;  /* the loop's; borrowed */
    struct pool_told_list told; /* to be told by the loop's thread alone */
    atomic_bool waiting;        /* there is something to tell */
    atomic_bool telling;
};

struct pool_waiter; /* a thread in hob_pool_call (submit.c) */

struct hob_supervisor {
    pthread_mutex_t lock;
    pthread_cond_t rest; /* what the supervisor's thread waits for when it does not drive */
    pthread_t thread;
    struct hob_poller *poller;
    struct hob_pool *pools; /* grows at its end; `names` guards that too, so that finding a... */
    pthread_mutex_t names;  /* ...pool does not wait for `lock`; it is taken after that, if both */
    /* Calls from threads that found `lock` taken, the newest first: nobody who brings a call waits
     * for whoever has it. Whoever has released the lock looks at it afterwards (pool_unlock). */
    _Atomic(struct pool_call *) posted;
    atomic_int resting; /* threads that let go of the lock without looking */
    struct hob_pool_loop *loops;
    struct hob_pool_loop *hearing; /* whose thread has the lock, and hears; or NULL */
    struct pool_told_list told;    /* what no loop tells */
    atomic_ullong last_id;
    uint64_t last_serial;
    uint64_t waits_until; /* the driver does; UINT64_MAX: for ever; 0: it does not wait */
    uint64_t next_tick;   /* when the clock has to be looked at */
    uint64_t released;    /* when a caller stopped driving */
    uint64_t busy_until;
    struct pool_waiter *waiters; /* callers that would drive */
    size_t open_calls;           /* of pools, by others than threads that wait */
    unsigned starts;             /* workers that wait for the supervisor's thread */
    unsigned random;
    int guard; /* write end of the guard's pipe; -1: not running */
    pid_t guard_pid;
    bool driven, driven_by_thread, stopping, ends;
    bool telling;     /* a thread calls callbacks: this one */
    pthread_t teller; /* while `telling` */
};

/* ---- calls.c ---- */

/* A list owns nothing: who takes a call out of it frees it or adds it to another one. */
void pool_calls_add(struct pool_calls *calls, struct pool_call *call);
void pool_calls_add_first(struct pool_calls *calls, struct pool_call *call);
void pool_calls_remove(struct pool_calls *calls, struct pool_call *call);
/* Of a call that is in no list; returns NULL. Nobody is told: that is pool_call_fail's. */
struct pool_call *pool_call_free(struct pool_call *call);
/* NULL without memory. */
struct pool_call *pool_call_new(struct hob_pool *pool, enum pool_call_kind kind,
                                const struct hob_pool_request *request);
/* Tells the caller, unless somebody has been told already; the call stays where it is. */
void pool_call_answer(struct pool_call *call, const struct hob_message *message);
void pool_call_answer_by_fallback(struct pool_call *call, struct hob_text text, bool is_error);
/* Not counted as a failure: it was never begun, or its caller went away. */
void pool_call_refuse(struct pool_call *call, int rpc_code, const struct hob_error *error);
void pool_call_fail(struct pool_call *call, int rpc_code, const struct hob_error *error);
void pool_call_progress(struct pool_call *call, struct hob_text method, struct hob_text params);
/* Appends params of the call, as its worker has them or names them, with the caller's own token. */
void pool_call_put_params(struct hob_buffer *out, const struct pool_call *call,
                          struct hob_text params);
/* JSON. */
struct hob_text pool_call_method(const struct pool_call *call);
struct hob_text pool_call_params(const struct pool_call *call);

/* ---- worker.c: one process and its pipes ---- */

/* Not started yet, and in no list of the pool; never NULL. */
struct pool_worker *pool_worker_new(struct hob_pool *pool);
/* By the supervisor's thread. The lock is released meanwhile. */
int pool_worker_start(struct pool_worker *worker, struct hob_error *error);
void pool_worker_event(struct pool_worker *worker, enum hob_life_event event);
void pool_worker_handle(struct pool_worker *worker, unsigned part, unsigned what);
/* Its output is heard by that loop from now on; NULL: by the driver. */
void pool_worker_turn_to(struct pool_worker *worker, struct hob_pool_loop *loop);
/* Where its end cannot be waited for: looks whether it has come. */
void pool_worker_look(struct pool_worker *worker);
void pool_worker_why(struct pool_worker *worker, const char *format, ...)
    __attribute__((format(printf, 2, 3)));
void pool_worker_close_input(struct pool_worker *worker);
void pool_worker_free(struct pool_worker *worker);
/* The poller's, of one of these parts. */
uint64_t pool_worker_key(const struct pool_worker *worker, unsigned part);
enum { POOL_CLOSING_MS = 500 /* between the end of its output or input and its own */ };
enum { POOL_PART_OUTPUT, POOL_PART_ERRORS, POOL_PART_INPUT, POOL_PART_PROCESS, POOL_PARTS = 8 };

/* ---- say.c: what is said to a worker ---- */

/* The call is then the worker's. */
void pool_worker_give(struct pool_worker *worker, struct pool_call *call);
void pool_worker_say(struct pool_worker *worker, struct hob_text message);
/* There is room again for what the system did not take. */
void pool_worker_send_rest(struct pool_worker *worker);
/* It has closed its standard input. Its end, which is about to be noticed, says more than that. */
void pool_worker_is_not_read(struct pool_worker *worker);
/* Bytes that it was sent and has not read. */
size_t pool_worker_unread(const struct pool_worker *worker);

/* ---- answers.c: what a worker says ---- */

/* One message as it was framed; `text` is needed until it returns. */
void pool_worker_hear(struct pool_worker *worker, struct hob_text text);
/* `beginning` is how the message begins. */
void pool_worker_hear_too_large(struct pool_worker *worker, struct hob_text beginning);
void pool_worker_noise(struct pool_worker *worker, struct hob_text text, const char *what);
/* Its calls, when it has ended: given to others or failed. */
void pool_worker_settle_calls(struct pool_worker *worker, size_t unread);
/* The caller is told now; the worker is asked to stop, and may go on for a moment. */
void pool_worker_abandon(struct pool_worker *worker, struct pool_call *call, int rpc_code,
                         const struct hob_error *error);
/* Asks whether it lives. */
void pool_worker_ping(struct pool_worker *worker);
void pool_worker_greet(struct pool_worker *worker);

/* ---- handshake.c: what a client of MCP says first ---- */

enum pool_call_topic pool_call_topic_of(const struct hob_pool *pool, struct hob_text method);
/* With the lock: true when the call was answered, and is freed. Else it waits for a worker. */
bool pool_answers_itself(struct hob_pool *pool, struct pool_call *call);
/* A worker was initialized: keeps its answer, and tells those who wait for one. False without
 * memory. */
bool pool_keep_handshake(struct hob_pool *pool, const struct hob_message *message);

/* ---- schedule.c: which worker gets what, and how many there are ---- */

/* Gives waiting calls to workers that are free, and starts workers where there are too few. */
void pool_dispatch(struct hob_pool *pool);
/* What has to be done by the clock; the time of the next thing to be done. */
uint64_t pool_tick(struct hob_pool *pool, uint64_t now);
/* It can take calls, or has nothing left to do. */
void pool_worker_offer(struct pool_worker *worker);
void pool_worker_has_ended(struct pool_worker *worker);
/* Answers everything that waits, by the fallback where there is one. */
void pool_empty_queue(struct hob_pool *pool, int rpc_code, const struct hob_error *error);
/* A worker, or all, are to be replaced: by new ones first, where there is work. */
void pool_replace(struct pool_worker *worker, const char *why);
void pool_replace_all(struct hob_pool *pool, const char *why);
/* The pool's own error for calls that it does not take. */
void pool_describe_rest(struct hob_pool *pool, struct hob_error *error);

/* ---- deadline.c: calls whose time is over ---- */

/* Both: the time of the next thing to be done. */
uint64_t pool_tick_queue(struct hob_pool *pool, uint64_t now);
uint64_t pool_tick_calls(struct pool_worker *worker, uint64_t now);
/* Watches its caller once the call has lasted a while; the time until which it has not. */
uint64_t pool_watch_caller(struct pool_call *call, uint64_t now);

/* ---- weigh.c: memory ---- */

/* What it needs when it is warm: as soon as it has answered something, be it only a greeting.
 * Before that it may be a program that has just been started. False when it cannot stay. */
bool pool_worker_weigh(struct pool_worker *worker);
/* Unless that was done less than so many milliseconds ago. */
void pool_worker_check_memory(struct pool_worker *worker, uint64_t now, uint64_t interval);

/* ---- cancel.c: calls that nobody waits for any more ---- */

/* Cancels a call, wherever it is: false when there is none of that number. */
bool pool_cancel(struct hob_pool *pool, uint64_t id);
/* The socket of the caller of a call that is not over, or -1. */
int pool_caller_of(struct hob_pool *pool, uint64_t id);
/* The number of some call of that caller's that is not over; 0: none. */
uint64_t pool_call_of(struct hob_pool *pool, int caller);

/* ---- fallback.c: a process for each call ---- */

/* Takes the call over. False when there is no fallback, or as many calls wait for it as may wait
 * for workers. */
bool pool_fall_back(struct hob_pool *pool, struct pool_call *call);
/* False when no run has this serial. */
bool pool_runs_handle(struct hob_pool *pool, uint64_t serial, unsigned part);
uint64_t pool_runs_tick(struct hob_pool *pool, uint64_t now);
/* By the supervisor's thread: starts what may be started. */
void pool_runs_start(struct hob_pool *pool);
bool pool_runs_cancel(struct hob_pool *pool, uint64_t id, const struct hob_error *error);
/* The call of that number, or of that caller, that is not over; or NULL. */
struct pool_call *pool_runs_find(struct hob_pool *pool, uint64_t id, int caller);
void pool_runs_cancel_all(struct hob_pool *pool, const struct hob_error *error);
/* Tells a new guard of all that run. */
void pool_runs_tell_guard(struct hob_pool *pool);
/* When the pool goes: also those whose end was not seen. */
void pool_runs_free(struct hob_pool *pool);
/* Frees those that have ended; true when some are left. */
bool pool_runs_sweep(struct hob_pool *pool);

/* ---- watch.c ---- */

/* True when a watched file is not as it was; looks at most as often as it is cheap. */
bool pool_watch_changed(struct hob_pool *pool, uint64_t now);

/* With its workers and their calls, of which nobody is told. */
void pool_free(struct hob_pool *pool);
/* Frees those of which nothing is left, and that nobody holds. */
void pool_free_closed(struct hob_supervisor *supervisor);

/* ---- supervisor.c ---- */

/* Between 0 and 1. */
double pool_chance(struct hob_supervisor *supervisor);
/* The supervisor's thread is to start what waits to be started. */
void pool_wants_start(struct hob_supervisor *supervisor);

/* By the supervisor's thread, which releases the lock meanwhile: a process takes its time to start.
 */
int pool_start_process(struct hob_supervisor *supervisor, struct hob_process *process,
                       struct hob_process_options *options, struct hob_error *error);

/* ---- drive.c: who waits for events, and what they lead to ---- */

/* The one lock of all that a supervisor has. */
void pool_lock(struct hob_supervisor *supervisor);
/* Also takes what others have left meanwhile. */
void pool_unlock(struct hob_supervisor *supervisor);
/* The same, after telling what there is to tell. */
void pool_tell_and_unlock(struct hob_supervisor *supervisor);
/* Waits for the condition at most so long (0: for ever), with the lock, which is released
 * meanwhile; may return at once. */
void pool_rest(struct hob_supervisor *supervisor, pthread_cond_t *until, uint64_t microseconds);
/* The driver must not wait longer than until then. */
void pool_be_due(struct hob_supervisor *supervisor, uint64_t time);
/* The same, also where nobody drives. */
void pool_wake_by(struct hob_supervisor *supervisor, uint64_t time);
/* Waits once and handles what came. With the lock, which is released meanwhile. */
void pool_drive(struct hob_supervisor *supervisor);
void pool_handle(struct hob_supervisor *supervisor, const struct hob_poller_event *event);
/* Frees workers and runs that have ended, and pools that were closed and have done everything; true
 * when workers or runs are left. */
bool pool_sweep(struct hob_supervisor *supervisor);

/* ---- submit.c: calls on their way in, and threads that wait for theirs ---- */

/* How often the driver looks while there are calls: until then a new deadline needs no waking. */
enum { POOL_SHORT_WAIT_MS = 50 };

/* With the lock: what was posted, in the order in which it came. */
void pool_take_posted(struct hob_supervisor *supervisor);
bool pool_has_posted(struct hob_supervisor *supervisor);
/* Whoever waits for its turn drives next, or else the supervisor's thread. */
void pool_hand_on(struct hob_supervisor *supervisor);
bool pool_others_wait(const struct hob_supervisor *supervisor);

/* ---- tell.c ---- */

void pool_told_add(struct pool_told_list *list, struct pool_told *told);
/* Empties it. */
struct pool_told *pool_told_take(struct pool_told_list *list);
/* Without the lock. */
void pool_tell_list(struct pool_told *told);
/* Releases the lock, tells what there is to tell, and takes it again. */
void pool_tell(struct hob_supervisor *supervisor);
/* The same, by the driver: until nothing is left. */
void pool_tell_all(struct hob_supervisor *supervisor);

/* The variable by which the guard finds what workers have started. */
#define POOL_MARK "HOB_WORKER"

/* ---- guard.c: ends what is left when this process ends without a word ---- */

/* Before a process is started that is to announce itself. */
void pool_guard_start(struct hob_supervisor *supervisor);
void pool_guard_add(struct hob_supervisor *supervisor, pid_t group);
void pool_guard_remove(struct hob_supervisor *supervisor, pid_t group);
/* Only for those who are asked what there is. */
bool pool_guard_tell(struct hob_supervisor *supervisor, pid_t group);
void pool_guard_stop(struct hob_supervisor *supervisor);

#endif
