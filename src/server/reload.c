/* reload: see reload.h. Everything that can fail (reading, opening the log, opening the roots) is
 * done before anything takes effect. */
#include "server/reload.h"

#include "base/log.h"
#include "server/apply.h"
#include "value/json.h"

/* Where the log is to go; a descriptor for hob_log_take. */
static int open_log(const struct hob_settings *settings, struct hob_error *error)
{
    const char *path = settings->log.file;
    bool elsewhere = path != NULL && strcmp(path, "none") != 0;
    return hob_log_prepare(elsewhere ? path : NULL, error);
}

static void use_log(const struct hob_settings *settings, int descriptor)
{
    hob_log_set_level((enum hob_log_level)settings->log.level);
    hob_log_take(descriptor);
}

int hob_reload_init(struct hob_reload *reload, const struct hob_options *options,
                    struct hob_error *error)
{
    *reload = (struct hob_reload){.options = options};
    int code = hob_settings_find(options->config, &reload->path, error);
    if (code == 0)
        code = hob_settings_read(reload->path, &options->overrides, &reload->started, error);
    if (code != 0)
        return code;
    reload->current = reload->started;
    int descriptor = open_log(&reload->current->values, error);
    if (descriptor < 0)
        return descriptor;
    use_log(&reload->current->values, descriptor);
    return 0;
}

void hob_reload_deinit(struct hob_reload *reload)
{
    if (reload->current != reload->started)
        hob_settings_read_free(reload->current);
    hob_settings_read_free(reload->started);
    free(reload->path);
    *reload = (struct hob_reload){0};
}

static int keep_old(const struct hob_reload *reload, struct hob_error *error)
{
    hob_log(HOB_LOG_ERROR, "the settings were not reloaded: they are as they were", "file",
            reload->path, "reason", error->message, NULL);
    return hob_error_context(error, "the settings stay as they were");
}

/* All mistakes become the message, as far as it has room for them. */
static void tell_mistakes(const char *path, const struct hob_mistakes *mistakes,
                          struct hob_error *error)
{
    HOB_AUTO(buffer) struct hob_buffer all = HOB_BUFFER_INIT;
    for (size_t i = 0; i < mistakes->kept; i++) {
        hob_buffer_put_string(&all, i > 0 ? "; " : "");
        hob_mistake_put(&all, path, &mistakes->items[i]);
    }
    if (mistakes->kept == 0)
        return;
    hob_error_set(error, HOB_E_VALUE, "%s", hob_buffer_string(&all));
    hob_error_hint(error, "'hob config check %.250s' tells it, too", path);
}

static void log_mistakes(const char *path, const struct hob_mistakes *mistakes)
{
    for (size_t i = 0; i < mistakes->kept; i++) {
        HOB_AUTO(buffer) struct hob_buffer line = HOB_BUFFER_INIT;
        hob_mistake_put(&line, path, &mistakes->items[i]);
        hob_log(HOB_LOG_ERROR, "a mistake in the settings", "mistake", hob_buffer_string(&line),
                NULL);
    }
}

struct comparison {
    const struct hob_settings_read *started, *current, *next;
    struct hob_buffer *changes;
};

static void put_member(struct hob_buffer *out, const char *name, const char *value)
{
    hob_buffer_put_string(out, name);
    hob_json_put_string(out, hob_text_from(value), HOB_JSON_COMPACT);
}

/* A changed setting: what is in force, and what was before or, where that needs a restart, what the
 * file has. */
static void put_change(struct hob_buffer *changes, const char *key, bool live, const char *old,
                       const char *new)
{
    hob_buffer_put_string(changes, changes->size > 0 ? "," : "");
    put_member(changes, "{\"setting\":", key);
    put_member(changes, ",\"in_force\":", live ? new : old);
    put_member(changes, live ? ",\"before\":" : ",\"in_file\":", live ? old : new);
    hob_buffer_printf(changes, ",\"needs_restart\":%s}", live ? "false" : "true");
}

static const struct hob_setting_named *find_group(const struct hob_setting_groups *groups,
                                                  const char *name)
{
    for (size_t i = 0; i < groups->count; i++)
        if (strcmp(groups->items[i].name, name) == 0)
            return &groups->items[i];
    return NULL;
}

static bool same_group(const struct hob_setting *row, const struct hob_setting_named *a,
                       const struct hob_setting_named *b)
{
    HOB_AUTO(buffer) struct hob_buffer old = HOB_BUFFER_INIT;
    HOB_AUTO(buffer) struct hob_buffer new = HOB_BUFFER_INIT;
    if (a == NULL || b == NULL)
        return false;
    hob_schema_put_yaml(&old, row->rows, a->values);
    hob_schema_put_yaml(&new, row->rows, b->values);
    return hob_text_equal(hob_buffer_text(&old), hob_buffer_text(&new));
}

/* Tells of one that is new, changed or gone. */
static void log_group(struct hob_buffer *changes, const struct hob_schema_step *step,
                      const char *name, const char *what, const char *before)
{
    HOB_AUTO(buffer) struct hob_buffer key = HOB_BUFFER_INIT;
    hob_buffer_printf(&key, "%s.%s", step->key, name);
    hob_log(HOB_LOG_INFO, "a setting has changed", "setting", hob_buffer_string(&key), "in_force",
            what, NULL);
    put_change(changes, hob_buffer_string(&key), true, before, what);
}

static void log_groups(struct hob_buffer *changes, const struct hob_schema_step *step,
                       const struct hob_setting_groups *old, const struct hob_setting_groups *new)
{
    for (size_t i = 0; i < new->count; i++) {
        const struct hob_setting_named *before = find_group(old, new->items[i].name);
        if (before == NULL)
            log_group(changes, step, new->items[i].name, "as the file has it", "absent");
        else if (!same_group(step->row, before, &new->items[i]))
            log_group(changes, step, new->items[i].name, "as the file has it", "otherwise");
    }
    for (size_t i = 0; i < old->count; i++)
        if (find_group(new, old->items[i].name) == NULL)
            log_group(changes, step, old->items[i].name, "absent", "there");
}

static const void *member_of(const struct hob_schema_step *step,
                             const struct hob_settings_read *settings)
{
    return (const char *)&settings->values + step->offset;
}

static void log_difference(void *data, const struct hob_schema_step *step)
{
    const struct comparison *comparison = data;
    bool live = step->row->live;
    HOB_AUTO(buffer) struct hob_buffer old = HOB_BUFFER_INIT;
    HOB_AUTO(buffer) struct hob_buffer new = HOB_BUFFER_INIT;
    if (step->named)
        return;
    if (step->row->kind == HOB_SETTING_GROUPS) {
        log_groups(comparison->changes, step, member_of(step, comparison->current),
                   member_of(step, comparison->next));
        return;
    }
    const struct hob_settings_read *in_force = live ? comparison->current : comparison->started;
    hob_schema_put_value(&old, step->row, member_of(step, in_force), false);
    hob_schema_put_value(&new, step->row, member_of(step, comparison->next), false);
    if (hob_text_equal(hob_buffer_text(&old), hob_buffer_text(&new)))
        return;
    hob_log(live ? HOB_LOG_INFO : HOB_LOG_WARNING,
            live ? "a setting has changed" : "a changed setting needs a restart", "setting",
            step->key, "in_force", hob_buffer_string(live ? &new : &old),
            live ? "before" : "in_file", hob_buffer_string(live ? &old : &new), NULL);
    put_change(comparison->changes, step->key, live, hob_buffer_string(&old),
               hob_buffer_string(&new));
}

static const struct hob_setting *pools_row(void)
{
    const struct hob_setting *row = hob_settings_rows;
    while (strcmp(row->name, "pools") != 0)
        row++;
    return row;
}

/* Pools that are new, or not as they were: an array that is to be freed, or NULL with *error. */
static struct hob_server_pool *find_changed(const struct hob_setting_groups *old,
                                            struct hob_settings_read *next, size_t *count,
                                            struct hob_error *error)
{
    const struct hob_setting_groups *new = &next->values.pools;
    struct hob_server_options options = {0};
    if (hob_options_add_pools(&options, next, error) != 0)
        return NULL;
    struct hob_server_pool *changed = hob_alloc_zero(new->count + 1, sizeof *changed);
    *count = 0;
    for (size_t i = 0; i < new->count; i++) {
        if (same_group(pools_row(), find_group(old, new->items[i].name), &new->items[i]))
            continue;
        if (hob_pool_options_check(&options.pools[i].options, options.pools[i].name, error) != 0) {
            free(changed);
            return NULL;
        }
        changed[(*count)++] = options.pools[i];
    }
    return changed;
}

/* Everything but the log. Those pools that have not changed are not touched. */
static int apply(struct hob_reload *reload, struct hob_settings_read *next,
                 struct hob_server *server, struct hob_error *error)
{
    const struct hob_setting_groups *old = &reload->current->values.pools;
    struct hob_server_options options = hob_options_for_server(&next->values);
    size_t count = 0;
    HOB_AUTO(free) struct hob_server_pool *changed = find_changed(old, next, &count, error);
    int code = changed != NULL ? hob_server_apply(server, &options, error) : error->code;
    /* What was checked above can fail for lack of memory alone. */
    if (code == 0)
        code = hob_server_open_pools(server, changed, count, error);
    for (size_t i = 0; code == 0 && i < old->count; i++)
        if (find_group(&next->values.pools, old->items[i].name) == NULL)
            hob_server_close_pool(server, old->items[i].name);
    return code;
}

/* Puts the new settings in force and lets the old ones go. */
static void replace(struct hob_reload *reload, struct hob_settings_read *next,
                    struct hob_buffer *changes)
{
    struct comparison comparison = {reload->started, reload->current, next, changes};
    hob_schema_walk(hob_settings_rows, log_difference, &comparison);
    hob_log(HOB_LOG_INFO, "the settings were reloaded", "file", reload->path, NULL);
    if (reload->current != reload->started)
        hob_settings_read_free(reload->current);
    reload->current = next;
}

int hob_reload_apply(struct hob_reload *reload, struct hob_server *server,
                     struct hob_buffer *changes, struct hob_error *error)
{
    HOB_AUTO(settings_read) struct hob_settings_read *next = NULL;
    if (hob_settings_read(reload->path, &reload->options->overrides, &next, error) != 0) {
        log_mistakes(reload->path, &next->mistakes);
        tell_mistakes(reload->path, &next->mistakes, error);
        return keep_old(reload, error);
    }
    int log = open_log(&next->values, error);
    if (log < 0)
        return keep_old(reload, error);
    if (apply(reload, next, server, error) != 0) {
        hob_log_drop(log);
        return keep_old(reload, error);
    }
    use_log(&next->values, log);
    replace(reload, HOB_STEAL(next), changes);
    return 0;
}
