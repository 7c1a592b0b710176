/* options: see options.h. */
#include "pool/options.h"

#include <string.h>

#include "base/log.h"
#include "config/schema.h"

static int wrong(const char *name, struct hob_error *error, const char *what, const char *hint)
{
    hob_error_set(error, HOB_E_PARAMETER, "pool '%s': %s", name, what);
    hob_error_hint(error, "%s", hint);
    return HOB_E_PARAMETER;
}

bool hob_pool_is_name(const char *name)
{
    size_t size = strspn(name, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_.-");
    return size > 0 && name[size] == '\0' && size <= 64;
}

/* It is put between quotes as it is. */
static bool is_method(const char *name)
{
    for (const char *at = name; at != NULL && *at != '\0'; at++)
        if (*at == '"' || *at == '\\' || (unsigned char)*at < ' ')
            return false;
    return name == NULL || name[0] != '\0';
}

int hob_pool_options_check(const struct hob_pool_options *options, const char *name,
                           struct hob_error *error)
{
    if (!hob_pool_is_name(name))
        return wrong(name, error, "the name must be of letters, digits, '_', '.' and '-'",
                     "choose another name");
    if (options->command == NULL || options->command[0] == NULL)
        return wrong(name, error, "there is no command", "command: [python3, worker.py]");
    if (options->max_workers == 0 || options->min_workers > options->max_workers)
        return wrong(name, error,
                     "there must be at least one worker at most, and no more at least "
                     "than at most",
                     "workers: {min: 0, max: 4}");
    if (options->concurrency == 0)
        return wrong(name, error, "a worker must be given at least one call at a time",
                     "workers: {concurrency: 1}");
    if (options->max_message < 1024)
        return wrong(name, error, "max_message must be at least 1024 bytes", "max_message: 64M");
    if (options->restart.factor < 1)
        return wrong(name, error, "restart.backoff.factor must be at least 1", "factor: 2");
    if (!is_method(options->cancel_method) || !is_method(options->health.method))
        return wrong(name, error, "a method needs a name without quotes and backslashes",
                     "health: {method: ping}");
    if (options->request_timeout == 0 || options->start_timeout == 0)
        return wrong(name, error, "a call, and a start, must have a time limit",
                     "request_timeout: 30s");
    return 0;
}

/* true, 1, on, yes and their opposites: 1, 0, or -1. */
static int truth(const char *text)
{
    if (hob_text_has_word("true 1 on yes", text))
        return 1;
    return hob_text_has_word("false 0 off no", text) ? 0 : -1;
}

static void take_switch(bool *off, const char *variable)
{
    const char *text = getenv(variable);
    if (text == NULL || text[0] == '\0')
        return;
    if (truth(text) == 0)
        *off = true;
    else if (truth(text) < 0)
        hob_log(HOB_LOG_WARNING, "a variable is neither true nor false", "variable", variable,
                "value", text, NULL);
}

static void take_duration(uint64_t *milliseconds, const char *variable)
{
    const char *text = getenv(variable);
    if (text == NULL || text[0] == '\0')
        return;
    static const struct hob_setting row = {.name = "", .kind = HOB_SETTING_DURATION};
    HOB_AUTO(arena) struct hob_arena *arena = hob_arena_new();
    struct hob_error error = HOB_ERROR_INIT;
    if (hob_schema_set(arena, (struct hob_schema_place){&row, 0}, &text, 1, milliseconds, &error) !=
        0)
        hob_log(HOB_LOG_WARNING, "a variable is no duration", "variable", variable, "value", text,
                "reason", error.message, NULL);
}

void hob_pool_options_from_environment(struct hob_pool_options *options)
{
    take_switch(&options->off, "HOB_POOL");
    take_switch(&options->off, "EXARP_PYTHON_POOL_ENABLED");
    take_duration(&options->idle_timeout, "EXARP_PYTHON_POOL_IDLE_TIMEOUT");
    take_duration(&options->health.after_idle, "EXARP_PYTHON_POOL_HEALTH_CHECK_INTERVAL");
}
