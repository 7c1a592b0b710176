/* pool: `hob pool`: looking at pools, and restarting and draining them. */
#include <stdio.h>
#include <string.h>

#include "cli/display.h"
#include "cli/options.h"
#include "cli/output.h"
#include "client/client.h"
#include "value/json.h"

struct request {
    const struct hob_arguments *arguments;
    struct hob_output output;
    struct hob_arena *arena;
    struct hob_reply reply;
    struct hob_error error;
    const struct hob_value *answer;
};

static int ask(struct request *request, const char *method, const char *action)
{
    char path[200];
    const char *pool = request->arguments->word_count > 0 ? request->arguments->words[0] : NULL;
    struct hob_client_options options = {.server =
                                             hob_arguments_value(request->arguments, "server")};
    HOB_AUTO(connection) struct hob_connection *connection = NULL;
    snprintf(path, sizeof path, "/api/pools%s%s%s", pool != NULL ? "/" : "",
             pool != NULL ? pool : "", action);
    int code = hob_client_open(&connection, &options, &request->error);
    if (code == 0)
        code = hob_client_ask(connection, &(struct hob_request){.method = method, .path = path},
                              &request->reply, &request->error);
    return code == 0 ? hob_json_read(request->arena, hob_buffer_text(&request->reply.body),
                                     &request->answer, &request->error)
                     : code;
}

static int run(const struct hob_arguments *arguments, const char *method, const char *action,
               void (*show)(struct request *request))
{
    struct request request = {
        .arguments = arguments, .output = {.program = arguments->name}, .arena = hob_arena_new()};
    int code = ask(&request, method, action);
    if (code == 0 && show != NULL && hob_arguments_has(arguments, "json"))
        hob_json_write(&request.output.buffer, request.answer, HOB_JSON_INDENT | HOB_JSON_SPACED,
                       SIZE_MAX, &request.error);
    else if (code == 0 && show != NULL)
        show(&request);
    int status = code == 0 ? hob_output_finish(&request.output)
                           : hob_report(arguments->name, &request.error);
    hob_buffer_deinit(&request.output.buffer);
    hob_reply_deinit(&request.reply);
    hob_arena_free(request.arena);
    return status;
}

/* ---- what is shown ---- */

static long long number(const struct hob_value *map, const char *key)
{
    const struct hob_value *value = hob_value_get(map, key);
    if (hob_value_is(value, HOB_INT))
        return value->integer;
    return hob_value_is(value, HOB_DOUBLE) ? (long long)value->number : 0;
}

static void put_text(struct hob_buffer *out, const struct hob_value *map, const char *key)
{
    hob_display_put(out, hob_value_text(hob_value_get(map, key)));
}

static size_t count_of(const struct hob_value *list)
{
    return hob_value_is(list, HOB_LIST) ? list->list.count : 0;
}

static void put_line(struct hob_buffer *out, const struct hob_value *pool)
{
    const struct hob_value *name = hob_value_get(pool, "name");
    const struct hob_value *state = hob_value_get(pool, "state");
    hob_buffer_printf(out, "%-20.*s %-8.*s %3zu/%-3lld %6lld %9lld %8lld\n",
                      HOB_TEXT_ARG(hob_value_text(name)), HOB_TEXT_ARG(hob_value_text(state)),
                      count_of(hob_value_get(pool, "workers")), number(pool, "max_workers"),
                      number(pool, "queued"), number(pool, "calls"), number(pool, "failures"));
}

static const char no_pools[] = "There are no pools: hob.yml describes them under 'pools'.\n";

static void show_list(struct request *request)
{
    struct hob_buffer *out = &request->output.buffer;
    const struct hob_value *pools = hob_value_get(request->answer, "pools");
    if (count_of(pools) == 0) {
        hob_buffer_put_string(out, no_pools);
        return;
    }
    hob_buffer_put_string(out, "POOL                 STATE    WORKERS QUEUED     CALLS FAILURES\n");
    for (size_t i = 0; i < count_of(pools); i++)
        put_line(out, pools->list.items[i]);
}

static void put_worker(struct hob_buffer *out, const struct hob_value *worker)
{
    hob_buffer_printf(out, "  worker %-4lld pid %-8lld ", number(worker, "worker"),
                      number(worker, "pid"));
    put_text(out, worker, "state");
    hob_buffer_printf(out, ", %lld calls, %lld served, %lld MiB, %lld s old\n",
                      number(worker, "calls"), number(worker, "served"),
                      number(worker, "memory_bytes") >> 20, number(worker, "age_seconds"));
}

static void put_pool(struct hob_buffer *out, const struct hob_value *pool)
{
    static const char *const counts[] = {"calls",     "failures",  "timeouts",
                                         "cancelled", "refused",   "worker_failures",
                                         "recycled",  "fallbacks", "noise_lines"};
    const struct hob_value *workers = hob_value_get(pool, "workers");
    put_text(out, pool, "name");
    hob_buffer_put_string(out, ": ");
    put_text(out, pool, "state");
    hob_buffer_printf(out, ", %zu of %lld workers, %lld calls wait\n ", count_of(workers),
                      number(pool, "max_workers"), number(pool, "queued"));
    for (size_t i = 0; i < sizeof counts / sizeof *counts; i++)
        hob_buffer_printf(out, " %s %lld%s", counts[i], number(pool, counts[i]),
                          i + 1 < sizeof counts / sizeof *counts ? "," : "\n");
    if (hob_value_get(pool, "last_failure") != NULL) {
        hob_buffer_put_string(out, "  last failure: ");
        put_text(out, pool, "last_failure");
        hob_buffer_put_char(out, '\n');
    }
    for (size_t i = 0; i < count_of(workers); i++)
        put_worker(out, workers->list.items[i]);
}

static void show_status(struct request *request)
{
    const struct hob_value *pools = hob_value_get(request->answer, "pools");
    const struct hob_value *pool = hob_value_get(request->answer, "pool");
    if (pool != NULL)
        put_pool(&request->output.buffer, pool);
    else if (count_of(pools) == 0)
        hob_buffer_put_string(&request->output.buffer, no_pools);
    for (size_t i = 0; i < count_of(pools); i++)
        put_pool(&request->output.buffer, pools->list.items[i]);
}

static void show_logs(struct request *request)
{
    struct hob_text logs = hob_value_text(hob_value_get(request->answer, "logs"));
    bool people = hob_terminal_look().is_terminal;
    while (logs.size > 0) {
        const char *end = memchr(logs.data, '\n', logs.size);
        size_t size = end != NULL ? (size_t)(end - logs.data) : logs.size;
        if (people)
            hob_display_put(&request->output.buffer, (struct hob_text){logs.data, size});
        else
            hob_buffer_put(&request->output.buffer, logs.data, size);
        hob_buffer_put_char(&request->output.buffer, '\n');
        size += end != NULL;
        logs = (struct hob_text){logs.data + size, logs.size - size};
    }
}

/* ---- the commands ---- */

static int run_list(const struct hob_arguments *arguments)
{
    return run(arguments, "GET", "", show_list);
}

static int run_status(const struct hob_arguments *arguments)
{
    return run(arguments, "GET", "", show_status);
}

static int run_logs(const struct hob_arguments *arguments)
{
    return run(arguments, "GET", "/logs", show_logs);
}

static int run_restart(const struct hob_arguments *arguments)
{
    return run(arguments, "POST", "/restart", NULL);
}

static int run_drain(const struct hob_arguments *arguments)
{
    return run(arguments, "POST", "/drain", NULL);
}

static const struct hob_option looking[] = {
    {.name = "json", .letter = 'j', .help = "print what the server answered, as JSON"},
    HOB_SERVER_OPTION,
    {0},
};
static const struct hob_option doing[] = {HOB_SERVER_OPTION, {0}};

static const struct hob_note exits[] = {
    {"0", "done"},
    {"1", "there is no such pool, or no server"},
    {"2", "the command line is wrong"},
    {NULL, NULL},
};

static const struct hob_note list_examples[] = {{"hob pool list", "a line a pool"}, {NULL, NULL}};
static const struct hob_note status_examples[] = {
    {"hob pool status tools", "its workers: what each does, and how much memory it uses"},
    {NULL, NULL}};
static const struct hob_note logs_examples[] = {
    {"hob pool logs tools | less", "what its workers wrote to standard error"}, {NULL, NULL}};
static const struct hob_note restart_examples[] = {
    {"hob pool restart tools", "after a new version of the tool was installed"}, {NULL, NULL}};
static const struct hob_note drain_examples[] = {
    {"hob pool drain tools", "before something that it uses is taken away"}, {NULL, NULL}};

static const struct hob_command list = {
    .name = "list",
    .summary = "list the pools",
    .arguments = "",
    .description = "A line for each pool: its state, workers, queue and counts.",
    .options = looking,
    .examples = list_examples,
    .exit_notes = exits,
    .run = run_list,
};
static const struct hob_command status = {
    .name = "status",
    .summary = "show a pool and its workers",
    .arguments = "[POOL]",
    .description = "Shows the pool, or all of them: what each worker does, how many calls it has "
                   "answered, its memory and its age.",
    .options = looking,
    .examples = status_examples,
    .exit_notes = exits,
    .most_words = 1,
    .run = run_status,
};
static const struct hob_command logs = {
    .name = "logs",
    .summary = "print what workers wrote to standard error",
    .arguments = "POOL",
    .description = "The last 64 KiB of each worker, and of the one that ended last.",
    .options = looking,
    .examples = logs_examples,
    .exit_notes = exits,
    .least_words = 1,
    .most_words = 1,
    .run = run_logs,
};
static const struct hob_command restart = {
    .name = "restart",
    .summary = "replace all workers of a pool, without losing a call",
    .arguments = "POOL",
    .description = "Each worker is replaced by a new one that is ready before the old one ends. A "
                   "drained pool takes calls again.",
    .options = doing,
    .examples = restart_examples,
    .exit_notes = exits,
    .least_words = 1,
    .most_words = 1,
    .run = run_restart,
};
static const struct hob_command drain = {
    .name = "drain",
    .summary = "let a pool take no more calls",
    .arguments = "POOL",
    .description = "Calls that are under way are answered, new ones are refused, or go to the "
                   "fallback; workers end when they are done. Until the pool is restarted.",
    .options = doing,
    .examples = drain_examples,
    .exit_notes = exits,
    .least_words = 1,
    .most_words = 1,
    .run = run_drain,
};

static const struct hob_command *const subcommands[] = {&list,    &status, &logs,
                                                        &restart, &drain,  NULL};

static const struct hob_note examples[] = {
    {"hob pool list", "a line a pool"},
    {"hob pool status tools", "what its workers do"},
    {NULL, NULL},
};

const struct hob_command hob_command_pool = {
    .name = "pool",
    .summary = "look at pools of warm workers, restart and drain them",
    .description = "Pools are described in hob.yml and run by hobd; 'hob call' calls them.",
    .subcommands = subcommands,
    .examples = examples,
};
