/* pool: pools of this process, opened and closed, and calls that wait; see include/hob/pool.h. */
#define _GNU_SOURCE
#include "libhob/pool.h"

#include "pool/settings.h"
#include "server/settings.h"

/* ---- opening ---- */

static int open_pool(struct libhob_pool **out, const char *name,
                     const struct hob_pool_options *options, struct hob_error *error)
{
    struct hob_pool *pool;
    struct hob_supervisor *supervisor = hob_supervisor_new(error);
    if (supervisor == NULL)
        return error->code;
    int code = hob_pool_open(&pool, supervisor, name, options, error);
    if (code != 0) {
        hob_supervisor_free(supervisor, 0);
        return code;
    }
    *out = hob_alloc_zero(1, sizeof **out);
    (*out)->supervisor = supervisor;
    (*out)->pool = pool;
    return 0;
}

static void take_numbers(struct hob_pool_options *to, const struct libhob_pool_options *from)
{
    to->min_workers = from->min_workers;
    if (from->max_workers != 0)
        to->max_workers = from->max_workers;
    if (from->concurrency != 0)
        to->concurrency = from->concurrency;
    if (from->request_timeout != 0)
        to->request_timeout = from->request_timeout;
    if (from->idle_timeout != 0)
        to->idle_timeout = from->idle_timeout;
    if (from->max_message != 0)
        to->max_message = from->max_message;
    if (from->max_queue != 0)
        to->queue.max = from->max_queue;
    to->memory_limit = from->memory_limit;
    to->recycle.max_requests =
        from->recycle_requests > UINT32_MAX ? UINT32_MAX : (unsigned)from->recycle_requests;
}

int libhob_pool_open(struct libhob_pool **pool, const char *name,
                     const struct libhob_pool_options *options, struct libhob_error *error)
{
    struct hob_error reason = HOB_ERROR_INIT;
    struct hob_pool_options own = HOB_POOL_OPTIONS_INIT;
    API_QUIET;
    int code = api_check_reserved(options->reserved,
                                  sizeof options->reserved / sizeof options->reserved[0],
                                  "libhob_pool_options", &reason);
    own.command = options->command;
    own.directory = options->directory;
    own.environment = options->environment;
    own.fallback = options->fallback;
    take_numbers(&own, options);
    hob_pool_options_from_environment(&own);
    if (code == 0)
        code = open_pool(pool, name, &own, &reason);
    return code == 0 ? 0 : api_fail(error, &reason);
}

static int open_settings(struct libhob_pool **pool, const char *name,
                         const struct hob_pool_settings *settings, struct hob_error *error)
{
    HOB_AUTO(arena) struct hob_arena *arena = hob_arena_new();
    struct hob_pool_options options;
    int code = hob_pool_settings_apply(settings, arena, &options, error);
    return code == 0 ? open_pool(pool, name, &options, error) : code;
}

int libhob_pool_open_yaml(struct libhob_pool **pool, const char *name, const char *yaml,
                          struct libhob_error *error)
{
    struct hob_error reason = HOB_ERROR_INIT;
    HOB_AUTO(arena) struct hob_arena *arena = hob_arena_new();
    struct hob_pool_settings settings;
    struct hob_mistakes mistakes = {.arena = arena};
    struct hob_schema_source source = {.arena = arena, .name = name, .text = hob_text_from(yaml)};
    API_QUIET;
    int code = 0;
    if (!hob_schema_read(&source, hob_pool_settings_rows, &settings, &mistakes)) {
        HOB_AUTO(buffer) struct hob_buffer first = HOB_BUFFER_INIT;
        hob_mistake_put(&first, name, &mistakes.items[0]);
        code = hob_error_set(&reason, HOB_E_VALUE, "the settings of a pool: %s",
                             hob_buffer_string(&first));
    }
    if (code == 0)
        code = hob_pool_settings_check(&settings, &reason);
    if (code == 0)
        code = open_settings(pool, name, &settings, &reason);
    return code == 0 ? 0 : api_fail(error, &reason);
}

static int find_settings(const struct hob_settings *settings, const char *name, const char *path,
                         const struct hob_pool_settings **found, struct hob_error *error)
{
    for (size_t i = 0; i < settings->pools.count; i++) {
        if (strcmp(settings->pools.items[i].name, name) != 0)
            continue;
        *found = settings->pools.items[i].values;
        return 0;
    }
    return hob_error_set(error, HOB_E_NO_KEY, "there is no pool '%s' in '%s'", name,
                         path != NULL ? path : "hob.yml");
}

int libhob_pool_open_file(struct libhob_pool **pool, const char *name, const char *path,
                          struct libhob_error *error)
{
    struct hob_error reason = HOB_ERROR_INIT;
    HOB_AUTO(settings_read) struct hob_settings_read *settings = NULL;
    const struct hob_pool_settings *found = NULL;
    HOB_AUTO(free) char *usual = NULL;
    API_QUIET;
    int code = path == NULL ? hob_settings_find(NULL, &usual, &reason) : 0;
    const char *file = path != NULL ? path : usual;
    if (code == 0)
        code = hob_settings_read(file, NULL, &settings, &reason);
    if (code == 0)
        code = find_settings(&settings->values, name, file, &found, &reason);
    if (code == 0)
        code = open_settings(pool, name, found, &reason);
    return code == 0 ? 0 : api_fail(error, &reason);
}

struct libhob_pool *libhob_pool_close(struct libhob_pool *pool, uint64_t drain)
{
    if (pool == NULL)
        return NULL;
    API_QUIET;
    hob_supervisor_free(pool->supervisor, drain);
    free(pool);
    return NULL;
}

/* ---- calls ---- */

int api_prepare_call(struct hob_pool_request *request, struct hob_buffer *quoted,
                     const char *method, const char *params,
                     const struct libhob_call_options *options, struct hob_error *error)
{
    int code = options != NULL
                   ? api_check_reserved(options->reserved,
                                        sizeof options->reserved / sizeof options->reserved[0],
                                        "libhob_call_options", error)
                   : 0;
    if (code == 0)
        code = api_check_params(params, error);
    if (code != 0)
        return code;
    hob_json_put_string(quoted, hob_text_from(method), HOB_JSON_COMPACT);
    if (hob_buffer_failed(quoted))
        return hob_error_set(error, HOB_E_MEMORY, "not enough memory for the call");
    *request = (struct hob_pool_request){.method = hob_buffer_text(quoted)};
    if (params != NULL)
        request->params = hob_text_from(params);
    if (options != NULL) {
        request->timeout = options->timeout;
        request->idempotent = options->idempotent;
    }
    return 0;
}

int libhob_pool_call(struct libhob_pool *pool, const char *method, const char *params,
                     const struct libhob_call_options *options, struct libhob_bytes *answer,
                     struct libhob_error *error)
{
    struct hob_error reason = HOB_ERROR_INIT;
    struct hob_pool_request request;
    HOB_AUTO(buffer) struct hob_buffer quoted = HOB_BUFFER_INIT, result = HOB_BUFFER_INIT;
    bool refused = false;
    API_QUIET;
    int code = api_prepare_call(&request, &quoted, method, params, options, &reason);
    if (code == 0)
        code = hob_pool_call(pool->pool, &request, &result, &refused, &reason);
    if (code == 0 && refused)
        api_worker_error(&reason, method, hob_buffer_text(&result));
    if (code == 0)
        code = api_give(answer, &result, &reason);
    if (code == 0 && refused)
        code = LIBHOB_ANSWERED_ERROR;
    if (code != 0)
        api_copy_error(error, &reason);
    return code;
}

/* ---- for operators ---- */

int libhob_pool_status(struct libhob_pool *pool, struct libhob_bytes *status,
                       struct libhob_error *error)
{
    struct hob_error reason = HOB_ERROR_INIT;
    HOB_AUTO(buffer) struct hob_buffer out = HOB_BUFFER_INIT;
    API_QUIET;
    hob_pool_put_status(&out, pool->pool);
    return api_give(status, &out, &reason) == 0 ? 0 : api_fail(error, &reason);
}

void libhob_pool_restart(struct libhob_pool *pool)
{
    API_QUIET;
    hob_pool_restart(pool->pool);
}
