/* options: what a pool is told in hob.yml, or by a program that opens one. Times are milliseconds,
 * sizes bytes; texts are borrowed. */
#ifndef HOB_POOL_OPTIONS_H
#define HOB_POOL_OPTIONS_H

#include "base/error.h"
#include "pool/framing.h"

enum hob_pool_protocol {
    HOB_POOL_PLAIN, /* JSON-RPC 2.0, nothing more */
    HOB_POOL_MCP,   /* the Model Context Protocol: each worker is initialized once */
};

struct hob_pool_options {
    const char *const *command;     /* ended by NULL */
    const char *directory;          /* where workers run; NULL: this process's */
    const char *const *environment; /* "NAME=value" beside this process's, ended by NULL; or NULL */
    enum hob_framing_kind framing;
    enum hob_pool_protocol protocol;
    unsigned min_workers, max_workers, concurrency;
    uint64_t idle_timeout, request_timeout, start_timeout;
    uint64_t cancel_grace; /* for an answer after a call was cancelled or timed out, then SIGTERM */
    uint64_t stop_grace;   /* for an end after the input was closed, and again after SIGTERM */
    const char *cancel_method; /* of the notification that says that a call is cancelled; or NULL */
    size_t max_message;
    struct {
        size_t max;
        uint64_t timeout; /* 0: only the calls' own deadlines */
    } queue;
    struct {
        unsigned max_requests; /* 0: never for this reason, as below */
        double jitter;         /* 0.1: each worker's own numbers are up to 10 % smaller */
        size_t max_memory;     /* above it: replaced after its call */
        uint64_t max_age;
    } recycle;
    size_t memory_limit; /* above it: killed, whatever it is doing; 0: none */
    struct {
        const char *method; /* NULL: workers are not pinged */
        unsigned every_calls;
        uint64_t after_idle, timeout;
    } health;
    struct {
        uint64_t first, max;
        double factor, jitter;
        unsigned failures; /* so many workers that failed before they had done anything... */
        uint64_t within;   /* ...in this time: calls are answered at once until one lives */
    } restart;
    const char *const *fallback; /* a command, run once for each call; NULL: none */
    bool fallback_text;          /* what it prints is a text, also when it could be JSON */
    const char *const *watch;    /* patterns of files; a change replaces the workers; or NULL */
    bool off;                    /* only the fallback is used */
};

/* What a pool does that is told nothing but its command. */
#define HOB_POOL_OPTIONS_INIT                                                                      \
    {                                                                                              \
        .max_workers = 4, .concurrency = 1, .idle_timeout = 300000, .request_timeout = 30000,      \
        .start_timeout = 30000, .cancel_grace = 1000, .stop_grace = 5000,                          \
        .cancel_method = "$/cancelRequest", .max_message = (size_t)64 << 20, .queue.max = 1000,    \
        .recycle.jitter = 0.1, .health.every_calls = 0, .health.after_idle = 30000,                \
        .health.timeout = 5000, .restart.first = 100, .restart.max = 30000, .restart.factor = 2,   \
        .restart.jitter = 0.2, .restart.failures = 5, .restart.within = 60000,                     \
    }

/* Whether a pool may be called so: a word of letters, digits and _.- */
bool hob_pool_is_name(const char *name);
/* HOB_E_PARAMETER for what cannot be meant: no command, more workers at least than at most... */
int hob_pool_options_check(const struct hob_pool_options *options, const char *name,
                           struct hob_error *error);
/* What the environment says: HOB_POOL=off, EXARP_PYTHON_POOL_ENABLED=false,
 * EXARP_PYTHON_POOL_IDLE_TIMEOUT and ..._HEALTH_CHECK_INTERVAL (seconds, or with a unit as in
 * hob.yml). What cannot be read is left alone, with a warning in the log. */
void hob_pool_options_from_environment(struct hob_pool_options *options);

#endif
