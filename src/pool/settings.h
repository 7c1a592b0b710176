/* settings: what hob.yml says of one pool, and the options that follow from it. */
#ifndef HOB_POOL_SETTINGS_H
#define HOB_POOL_SETTINGS_H

#include "config/schema.h"
#include "pool/options.h"

struct hob_pool_settings {
    bool enabled;
    struct hob_setting_texts command;
    const char *directory;
    int framing, protocol, isolation; /* places in the rows' choices */
    struct hob_setting_texts preload;
    uint64_t spare;
    struct {
        uint64_t min, max, concurrency;
    } workers;
    uint64_t request_timeout, idle_timeout, start_timeout, stop_grace;
    uint64_t max_message, memory_limit;
    struct {
        uint64_t max, timeout;
    } queue;
    struct {
        const char *method;
        uint64_t grace;
    } cancel;
    struct {
        uint64_t max_requests, max_memory, max_age;
        double jitter;
    } recycle;
    struct {
        const char *method;
        uint64_t every_calls, after_idle, timeout;
    } health;
    struct {
        struct {
            uint64_t first, max;
            double factor, jitter;
        } backoff;
        struct {
            uint64_t failures, within;
        } intensity;
    } restart;
    struct {
        struct hob_setting_texts command;
        int output; /* place in the row's choices */
    } fallback;
    struct hob_setting_texts watch;
    struct hob_setting_pairs env;
};

/* For a mapping from names to pools: HOB_SETTING_NAMED(..., struct hob_pool_settings, ...). */
extern const struct hob_setting hob_pool_settings_rows[];
/* The `check` of that row: what the rows alone cannot see. */
int hob_pool_settings_check(const void *settings, struct hob_error *error);
/* The `look` of that row: whether the programs are there. */
int hob_pool_settings_look(const void *settings, struct hob_error *error);

/* What is put together lives in the arena. HOB_E_NOT_FOUND when a pool of forks needs hob_worker,
 * hob's package for Python, and it is not installed. */
int hob_pool_settings_apply(const struct hob_pool_settings *settings, struct hob_arena *arena,
                            struct hob_pool_options *options, struct hob_error *error);

#endif
