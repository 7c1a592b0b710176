/* apply: new settings for a server that runs. Everything that can fail is made first; what is then
 * put in force cannot. */
#include "server/apply.h"

#include "server/dispatch.h"

int hob_server_add_roots(struct hob_roots *roots, const struct hob_server_options *options,
                         struct hob_error *error)
{
    int code = options->no_working_root ? 0 : hob_roots_add(roots, ".", error);
    for (size_t i = 0; code == 0 && i < options->root_count; i++) {
        code = hob_roots_add(roots, options->roots[i], error);
        if (code == HOB_E_NOT_FOUND || code == HOB_E_NOT_DIRECTORY)
            hob_error_hint(error, "a root is a directory that is there: make it, or leave it out");
    }
    return code;
}

int hob_server_apply(struct hob_server *server, const struct hob_server_options *options,
                     struct hob_error *error)
{
    HOB_AUTO(roots) struct hob_roots *roots = hob_roots_new();
    int code = hob_server_add_roots(roots, options, error);
    if (code != 0)
        return code;
    hob_bounds_replace(&server->bounds, HOB_STEAL(roots), options->max_file_size);
    /* Answers made within other bounds are not found any more; they need not be kept either. */
    hob_cache_clear(server->cache);
    hob_cache_resize(server->cache, options->no_cache ? 0 : options->cache_size);
    if (server->tcp != NULL)
        hob_http_limit_bodies(server->tcp, options->max_body,
                              options->max_body * HOB_SERVER_BODIES_AT_ONCE);
    if (server->local != NULL)
        hob_http_limit_bodies(server->local, options->max_body,
                              options->max_body * HOB_SERVER_BODIES_AT_ONCE);
    hob_store_limit(server->store, options->max_sessions, options->max_session_memory);
    server->options.drain_seconds = options->drain_seconds;
    atomic_store(&server->idle_ms, options->idle_ms);
    return 0;
}

/* ---- pools ---- */

int hob_server_open_pools(struct hob_server *server, const struct hob_server_pool *pools,
                          size_t count, struct hob_error *error)
{
    struct hob_supervisor *supervisor = atomic_load(&server->pools);
    struct hob_pool *pool;
    int code = 0;
    for (size_t i = 0; code == 0 && i < count; i++)
        code = hob_pool_options_check(&pools[i].options, pools[i].name, error);
    if (code != 0 || count == 0)
        return code;
    if (supervisor == NULL)
        supervisor = hob_supervisor_new(error);
    if (supervisor == NULL)
        return error->code;
    atomic_store(&server->pools, supervisor);
    for (size_t i = 0; code == 0 && i < count; i++)
        code = hob_pool_open_anew(&pool, supervisor, pools[i].name, &pools[i].options, error);
    return code;
}

void hob_server_close_pool(struct hob_server *server, const char *name)
{
    struct hob_supervisor *supervisor = atomic_load(&server->pools);
    HOB_AUTO(pool)
    struct hob_pool *pool =
        supervisor != NULL ? hob_pool_find(supervisor, hob_text_from(name)) : NULL;
    if (pool != NULL)
        hob_pool_close(pool);
}
