/* reload: see reload.h. Everything that can fail (reading, opening the log, opening the roots) is
 * done before anything takes effect. */
#include "server/reload.h"

#include "base/log.h"
#include "server/apply.h"

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

static bool keep_old(const struct hob_reload *reload, const struct hob_error *error)
{
    hob_log(HOB_LOG_ERROR, "the settings were not reloaded: they are as they were", "file",
            reload->path, "reason", error->message, NULL);
    return false;
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
};

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

/* Tells of each of `groups` that is not the same among `others`, or not there (`missing` only). */
static void log_groups(const struct hob_schema_step *step, const struct hob_setting_groups *groups,
                       const struct hob_setting_groups *others, bool missing)
{
    for (size_t i = 0; i < groups->count; i++) {
        const struct hob_setting_named *group = &groups->items[i];
        const struct hob_setting_named *other = find_group(others, group->name);
        if (same_group(step->row, group, other) || (missing && other != NULL))
            continue;
        HOB_AUTO(buffer) struct hob_buffer key = HOB_BUFFER_INIT;
        hob_buffer_printf(&key, "%s.%s", step->key, group->name);
        hob_log(HOB_LOG_WARNING, "a changed setting needs a restart", "setting",
                hob_buffer_string(&key), NULL);
    }
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
        const void *started = member_of(step, comparison->started);
        const void *next = member_of(step, comparison->next);
        log_groups(step, next, started, false);
        log_groups(step, started, next, true);
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
}

/* Puts the new settings in force and lets the old ones go. */
static void replace(struct hob_reload *reload, struct hob_settings_read *next)
{
    struct comparison comparison = {reload->started, reload->current, next};
    hob_schema_walk(hob_settings_rows, log_difference, &comparison);
    hob_log(HOB_LOG_INFO, "the settings were reloaded", "file", reload->path, NULL);
    if (reload->current != reload->started)
        hob_settings_read_free(reload->current);
    reload->current = next;
}

bool hob_reload_apply(struct hob_reload *reload, struct hob_server *server)
{
    struct hob_error error = HOB_ERROR_INIT;
    HOB_AUTO(settings_read) struct hob_settings_read *next = NULL;
    if (hob_settings_read(reload->path, &reload->options->overrides, &next, &error) != 0) {
        log_mistakes(reload->path, &next->mistakes);
        return keep_old(reload, &error);
    }
    struct hob_server_options options = hob_options_for_server(&next->values);
    int log = open_log(&next->values, &error);
    if (log < 0)
        return keep_old(reload, &error);
    if (hob_server_apply(server, &options, &error) != 0) {
        hob_log_drop(log);
        return keep_old(reload, &error);
    }
    use_log(&next->values, log);
    replace(reload, HOB_STEAL(next));
    return true;
}
