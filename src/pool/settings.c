/* settings: see settings.h. */
#include "pool/settings.h"

#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/process.h"

#ifndef HOB_DATA
#define HOB_DATA "/usr/local/share/hob"
#endif

#define OF(KIND, member) HOB_SETTING(KIND, struct hob_pool_settings, member)
#define GROUP(table) .kind = HOB_SETTING_GROUP, .offset = 0, .rows = (table)
#define MOST_MS (366.0 * 24 * 3600 * 1000)

enum { LINES, HEADERS };
enum { JSON_RPC, MCP };
enum { PROCESS, FORK };
enum { JSON, TEXT };

static const char *const framings[] = {[LINES] = "lines", [HEADERS] = "headers", NULL};
static const char *const protocols[] = {[JSON_RPC] = "json-rpc", [MCP] = "mcp", NULL};
static const char *const isolations[] = {[PROCESS] = "process", [FORK] = "fork", NULL};

static const char *const outputs[] = {[JSON] = "json", [TEXT] = "text", NULL};

static const struct hob_setting worker_rows[] = {
    {.name = "min", OF(COUNT, workers.min), .most = 1000, .help = "workers that are always there"},
    {.name = "max",
     OF(COUNT, workers.max),
     .initial = "4",
     .least = 1,
     .most = 1000,
     .help = "workers at one time"},
    {.name = "concurrency",
     OF(COUNT, workers.concurrency),
     .initial = "1",
     .least = 1,
     .most = 10000,
     .help = "calls that a worker is given at one time: it answers them in any order, or one after "
             "the other, and then the next ones wait in its pipe"},
    {0},
};

static const struct hob_setting queue_rows[] = {
    {.name = "max",
     OF(COUNT, queue.max),
     .initial = "1000",
     .least = 1,
     .most = 1000000,
     .help = "calls that may wait; further ones are refused with 503"},
    {.name = "timeout",
     OF(DURATION, queue.timeout),
     .word = "off",
     .most = MOST_MS,
     .unset = "only the time limit of the call",
     .help = "how long a call may wait for a worker"},
    {0},
};

static const struct hob_setting cancel_rows[] = {
    {.name = "method",
     OF(TEXT, cancel.method),
     .initial = "$/cancelRequest",
     .help = "the notification by which a worker is told that a call is cancelled or too late"},
    {.name = "grace",
     OF(DURATION, cancel.grace),
     .initial = "1s",
     .most = MOST_MS,
     .help = "how long it may then still answer before it is ended"},
    {0},
};

static const struct hob_setting recycle_rows[] = {
    {.name = "max_requests",
     OF(COUNT, recycle.max_requests),
     .word = "off",
     .most = 1e9,
     .unset = "off",
     .help = "calls after which a worker is replaced"},
    {.name = "jitter",
     OF(PERCENT, recycle.jitter),
     .initial = "10%",
     .most = 1,
     .help = "each worker's own limits are up to that much lower, so that not all go at once"},
    {.name = "max_memory",
     OF(SIZE, recycle.max_memory),
     .word = "off",
     .unset = "off",
     .help = "a worker that uses more is replaced after its call"},
    {.name = "max_age",
     OF(DURATION, recycle.max_age),
     .word = "off",
     .unset = "off",
     .most = MOST_MS,
     .help = "a worker that is older is replaced"},
    {0},
};

static const struct hob_setting health_rows[] = {
    {.name = "method",
     OF(TEXT, health.method),
     .unset = "workers are not pinged; with mcp: ping",
     .help = "what idle workers are asked; any answer will do, an error too"},
    {.name = "every_calls",
     OF(COUNT, health.every_calls),
     .word = "off",
     .unset = "off",
     .most = 1e9,
     .help = "also after so many calls"},
    {.name = "after_idle",
     OF(DURATION, health.after_idle),
     .initial = "30s",
     .word = "off",
     .most = MOST_MS,
     .help = "after so long without a word"},
    {.name = "timeout",
     OF(DURATION, health.timeout),
     .initial = "5s",
     .least = 1,
     .most = MOST_MS,
     .help = "a worker that has not answered by then is ended"},
    {0},
};

static const struct hob_setting backoff_rows[] = {
    {.name = "first",
     OF(DURATION, restart.backoff.first),
     .initial = "100ms",
     .most = MOST_MS,
     .help = "the wait after the first failure"},
    {.name = "max",
     OF(DURATION, restart.backoff.max),
     .initial = "30s",
     .most = MOST_MS,
     .help = "the longest wait, and how long the pool rests"},
    {.name = "factor",
     OF(RATIO, restart.backoff.factor),
     .initial = "2",
     .least = 1,
     .most = 100,
     .help = "each wait is so many times the one before"},
    {.name = "jitter",
     OF(PERCENT, restart.backoff.jitter),
     .initial = "20%",
     .most = 1,
     .help = "waits are up to that much shorter or longer"},
    {0},
};

static const struct hob_setting intensity_rows[] = {
    {.name = "failures",
     OF(COUNT, restart.intensity.failures),
     .initial = "5",
     .word = "off",
     .most = 64,
     .help = "so many workers that fail before they have answered anything make the pool rest: "
             "calls are then answered at once, with the cause"},
    {.name = "within",
     OF(DURATION, restart.intensity.within),
     .initial = "1m",
     .least = 1,
     .most = MOST_MS,
     .help = "in this time"},
    {0},
};

static const struct hob_setting restart_rows[] = {
    {.name = "backoff", GROUP(backoff_rows), .help = "when the next worker is started"},
    {.name = "intensity", GROUP(intensity_rows), .help = "when no more are started for a while"},
    {0},
};

static const struct hob_setting fallback_rows[] = {
    {.name = "command",
     OF(TEXTS, fallback.command),
     .help = "run once for a call that no worker can take: {method}, {params} and {NAME} of a "
             "parameter stand for what the call says; what it prints is the result"},
    {.name = "output",
     OF(CHOICE, fallback.output),
     .initial = "json",
     .choices = outputs,
     .help = "json: what it prints is JSON, or else a text; text: always a text, as workers' "
             "results are that put JSON into a text"},
    {0},
};

const struct hob_setting hob_pool_settings_rows[] = {
    {.name = "command",
     OF(COMMAND, command),
     .required = true,
     .help = "the worker: a program that speaks JSON-RPC 2.0 on its standard input and output"},
    {.name = "enabled",
     OF(BOOLEAN, enabled),
     .initial = "yes",
     .help = "no: only the fallback is used"},
    {.name = "directory",
     OF(PATH, directory),
     .unset = "hobd's working directory",
     .look = hob_schema_look_directory,
     .help = "where workers run"},
    {.name = "env", OF(PAIRS, env), .help = "variables for workers, beside hobd's own"},
    {.name = "framing",
     OF(CHOICE, framing),
     .initial = "lines",
     .choices = framings,
     .help = "a message a line, or Content-Length headers before each"},
    {.name = "protocol",
     OF(CHOICE, protocol),
     .initial = "json-rpc",
     .choices = protocols,
     .help = "mcp: workers are servers of the Model Context Protocol, initialized once each"},
    {.name = "isolation",
     OF(CHOICE, isolation),
     .initial = "process",
     .choices = isolations,
     .help = "fork: each call in a fresh fork of an interpreter that has its modules loaded; "
             "command is then python3 and a script that uses hob_worker"},
    {.name = "preload", OF(TEXTS, preload), .help = "with fork: modules that are loaded once"},
    {.name = "spare",
     OF(COUNT, spare),
     .initial = "2",
     .most = 100,
     .help = "with fork: children that are forked ahead"},
    {.name = "workers", GROUP(worker_rows), .help = "how many"},
    {.name = "request_timeout",
     OF(DURATION, request_timeout),
     .initial = "30s",
     .least = 1,
     .most = MOST_MS,
     .help = "how long a call may take, waiting for a worker included"},
    {.name = "idle_timeout",
     OF(DURATION, idle_timeout),
     .initial = "5m",
     .word = "never",
     .most = MOST_MS,
     .help = "workers beyond min that had nothing to do for so long end"},
    {.name = "start_timeout",
     OF(DURATION, start_timeout),
     .initial = "30s",
     .least = 1,
     .most = MOST_MS,
     .help = "how long a worker may take to be ready"},
    {.name = "stop_grace",
     OF(DURATION, stop_grace),
     .initial = "5s",
     .most = MOST_MS,
     .help = "how long a worker may take to end when it is told to, then to die of SIGTERM"},
    {.name = "max_message",
     OF(SIZE, max_message),
     .initial = "64M",
     .least = 1024,
     .help = "the largest request or answer"},
    {.name = "memory_limit",
     OF(SIZE, memory_limit),
     .word = "off",
     .unset = "off",
     .help = "a worker that uses more is killed, whatever it is doing"},
    {.name = "queue", GROUP(queue_rows), .help = "calls that wait for a worker"},
    {.name = "cancel", GROUP(cancel_rows), .help = "when nobody waits for an answer any more"},
    {.name = "recycle",
     GROUP(recycle_rows),
     .help = "when workers are replaced, by new ones first"},
    {.name = "health", GROUP(health_rows), .help = "whether idle workers live"},
    {.name = "restart", GROUP(restart_rows), .help = "after workers have failed"},
    {.name = "fallback", GROUP(fallback_rows), .help = "when the pool is off, rests or is full"},
    {.name = "watch",
     OF(TEXTS, watch),
     .help = "patterns of files (** is any directories); when one changes the workers are replaced "
             "one after another"},
    {0},
};

int hob_pool_settings_check(const void *values, struct hob_error *error)
{
    const struct hob_pool_settings *settings = values;
    if (settings->workers.min > settings->workers.max)
        return hob_error_set(error, HOB_E_VALUE, "workers.min is more than workers.max");
    if (settings->isolation == FORK && settings->command.count < 2)
        return hob_error_set(error, HOB_E_VALUE,
                             "with isolation fork, command is python3 and a script");
    if (settings->isolation == FORK && settings->protocol == MCP)
        return hob_error_set(error, HOB_E_VALUE, "isolation fork is not for protocol mcp");
    if (settings->preload.count > 0 && settings->isolation != FORK)
        return hob_error_set(error, HOB_E_VALUE, "preload needs isolation: fork");
    return 0;
}

/* ---- whether programs are there ---- */

/* PATH for the workers, as an environment. */
static const char *path_of(struct hob_arena *arena, const struct hob_pool_settings *settings)
{
    for (size_t i = 0; i < settings->env.count; i++)
        if (strcmp(settings->env.items[i].name, "PATH") == 0)
            return hob_arena_printf(arena, "PATH=%s", settings->env.items[i].value);
    return NULL;
}

/* Names with braces are made of what a call says; relative ones count from a directory that is
 * known when the pool has its own. */
static int look_for_program(const struct hob_pool_settings *settings, const char *key,
                            const struct hob_setting_texts *command, struct hob_error *error)
{
    HOB_AUTO(arena) struct hob_arena *arena = hob_arena_new();
    const char *name = command->count > 0 ? command->items[0] : "";
    bool bare = strchr(name, '/') == NULL;
    if (name[0] == '\0' || strchr(name, '{') != NULL ||
        (!bare && name[0] != '/' && settings->directory == NULL))
        return 0;
    if (!bare && name[0] != '/')
        name = hob_arena_printf(arena, "%s/%s", settings->directory, name);
    const char *environment[2] = {path_of(arena, settings), NULL};
    HOB_AUTO(free)
    char *found = hob_process_find(name, environment[0] != NULL ? environment : NULL);
    if (bare ? strchr(found, '/') != NULL : access(found, X_OK) == 0)
        return 0;
    return hob_error_set(
        error, HOB_E_NOT_FOUND, "%s: expected a program that is there, not '%s': %s", key, name,
        bare ? "is it installed, and PATH right?" : "check the name, and that it may be executed");
}

int hob_pool_settings_look(const void *values, struct hob_error *error)
{
    const struct hob_pool_settings *settings = values;
    int code =
        settings->enabled ? look_for_program(settings, "command", &settings->command, error) : 0;
    return code != 0
               ? code
               : look_for_program(settings, "fallback.command", &settings->fallback.command, error);
}

/* ---- options ---- */

static const char *const *list_of(struct hob_arena *arena, const struct hob_setting_texts *texts)
{
    if (texts->count == 0)
        return NULL;
    const char **list = hob_arena_alloc(arena, (texts->count + 1) * sizeof *list);
    memcpy(list, texts->items, texts->count * sizeof *list);
    list[texts->count] = NULL;
    return list;
}

static const char *const *environment_of(struct hob_arena *arena,
                                         const struct hob_setting_pairs *pairs, const char *more)
{
    size_t count = 0;
    const char **list = hob_arena_alloc(arena, (pairs->count + 2) * sizeof *list);
    for (size_t i = 0; i < pairs->count; i++)
        list[count++] =
            hob_arena_printf(arena, "%s=%s", pairs->items[i].name, pairs->items[i].value);
    if (more != NULL)
        list[count++] = more;
    list[count] = NULL;
    return count > 0 ? list : NULL;
}

static bool has_worker_kit(const char *directory)
{
    char path[PATH_MAX];
    int size = snprintf(path, sizeof path, "%s/hob_worker/__main__.py", directory);
    return size > 0 && (size_t)size < sizeof path && access(path, R_OK) == 0;
}

/* The directory that holds the package hob_worker: beside a build of hob, or installed. */
static const char *find_worker_kit(struct hob_arena *arena)
{
    char own[PATH_MAX];
    const char *named = getenv("HOB_PYTHON");
    if (named != NULL && has_worker_kit(named))
        return named;
    ssize_t size = readlink("/proc/self/exe", own, sizeof own - 1);
    own[size > 0 ? size : 0] = '\0';
    char *slash = strrchr(own, '/');
    if (slash != NULL) {
        *slash = '\0';
        const char *beside = hob_arena_printf(arena, "%s/../../python", own);
        if (has_worker_kit(beside))
            return beside;
    }
    return has_worker_kit(HOB_DATA "/python") ? HOB_DATA "/python" : NULL;
}

/* The value that PYTHONPATH has for workers without us. */
static const char *python_path(const struct hob_setting_pairs *env)
{
    for (size_t i = 0; i < env->count; i++)
        if (strcmp(env->items[i].name, "PYTHONPATH") == 0)
            return env->items[i].value;
    const char *own = getenv("PYTHONPATH");
    return own != NULL ? own : "";
}

static const char *joined(struct hob_arena *arena, const struct hob_setting_texts *texts)
{
    HOB_AUTO(buffer) struct hob_buffer out = HOB_BUFFER_INIT;
    for (size_t i = 0; i < texts->count; i++)
        hob_buffer_printf(&out, "%s%s", i > 0 ? "," : "", texts->items[i]);
    return hob_arena_copy(arena, hob_buffer_whole_text(&out)).data;
}

/* python3 -m hob_worker --fork ... -- script.py: one process, whose children take the calls. */
static int fork_command(const struct hob_pool_settings *settings, struct hob_arena *arena,
                        struct hob_pool_options *options, struct hob_error *error)
{
    const char *kit = find_worker_kit(arena);
    if (kit == NULL) {
        hob_error_set(error, HOB_E_NOT_FOUND,
                      "isolation fork needs hob_worker, hob's package for Python");
        hob_error_hint(error, "it is installed in " HOB_DATA "/python; HOB_PYTHON names another "
                              "place");
        return HOB_E_NOT_FOUND;
    }
    const char **command = hob_arena_alloc(arena, (settings->command.count + 16) * sizeof *command);
    size_t count = 0;
    options->concurrency = options->max_workers;
    options->max_workers = 1;
    options->min_workers = options->min_workers > 0 ? 1 : 0;
    command[count++] = settings->command.items[0];
    command[count++] = "-m";
    command[count++] = "hob_worker";
    command[count++] = "--fork";
    if (settings->preload.count > 0) {
        command[count++] = "--preload";
        command[count++] = joined(arena, &settings->preload);
    }
    command[count++] = "--children";
    command[count++] = hob_arena_printf(arena, "%u", options->concurrency);
    if (options->framing == HOB_FRAMING_HEADERS) {
        command[count++] = "--framing";
        command[count++] = "headers";
    }
    command[count++] = "--spare";
    command[count++] = hob_arena_printf(arena, "%u", (unsigned)settings->spare);
    command[count++] = "--";
    for (size_t i = 1; i < settings->command.count; i++)
        command[count++] = settings->command.items[i];
    command[count] = NULL;
    options->command = command;
    const char *before = python_path(&settings->env);
    const char *path =
        hob_arena_printf(arena, "PYTHONPATH=%s%s%s", kit, before[0] != '\0' ? ":" : "", before);
    options->environment = environment_of(arena, &settings->env, path);
    return 0;
}

static void apply_times(const struct hob_pool_settings *settings, struct hob_pool_options *options)
{
    options->request_timeout = settings->request_timeout;
    options->idle_timeout = settings->idle_timeout;
    options->start_timeout = settings->start_timeout;
    options->stop_grace = settings->stop_grace;
    options->cancel_grace = settings->cancel.grace;
    options->cancel_method = settings->cancel.method;
    options->queue.max = settings->queue.max;
    options->queue.timeout = settings->queue.timeout;
    options->restart.first = settings->restart.backoff.first;
    options->restart.max = settings->restart.backoff.max;
    options->restart.factor = settings->restart.backoff.factor;
    options->restart.jitter = settings->restart.backoff.jitter;
    options->restart.failures = (unsigned)settings->restart.intensity.failures;
    options->restart.within = settings->restart.intensity.within;
}

static void apply_limits(const struct hob_pool_settings *settings, struct hob_pool_options *options)
{
    options->min_workers = (unsigned)settings->workers.min;
    options->max_workers = (unsigned)settings->workers.max;
    options->concurrency = (unsigned)settings->workers.concurrency;
    options->max_message = settings->max_message;
    options->memory_limit = settings->memory_limit;
    options->recycle.max_requests = (unsigned)settings->recycle.max_requests;
    options->recycle.max_memory = settings->recycle.max_memory;
    options->recycle.max_age = settings->recycle.max_age;
    options->recycle.jitter = settings->recycle.jitter;
    options->health.method = settings->health.method;
    options->health.every_calls = (unsigned)settings->health.every_calls;
    options->health.after_idle = settings->health.after_idle;
    options->health.timeout = settings->health.timeout;
}

int hob_pool_settings_apply(const struct hob_pool_settings *settings, struct hob_arena *arena,
                            struct hob_pool_options *options, struct hob_error *error)
{
    *options = (struct hob_pool_options)HOB_POOL_OPTIONS_INIT;
    apply_times(settings, options);
    apply_limits(settings, options);
    options->directory = settings->directory;
    options->framing = settings->framing == HEADERS ? HOB_FRAMING_HEADERS : HOB_FRAMING_LINES;
    options->protocol = settings->protocol == MCP ? HOB_POOL_MCP : HOB_POOL_PLAIN;
    if (options->protocol == HOB_POOL_MCP && options->health.method == NULL)
        options->health.method = "ping";
    options->fallback = list_of(arena, &settings->fallback.command);
    options->fallback_text = settings->fallback.output == TEXT;
    options->watch = list_of(arena, &settings->watch);
    options->off = !settings->enabled;
    options->command = list_of(arena, &settings->command);
    options->environment = environment_of(arena, &settings->env, NULL);
    hob_pool_options_from_environment(options);
    return settings->isolation == FORK ? fork_command(settings, arena, options, error) : 0;
}
