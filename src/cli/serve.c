/* serve: `hob serve`: a server in the foreground or the background, and what becomes of it. */
#define _GNU_SOURCE
#include "cli/serve.h"

#include <errno.h>
#include <stdio.h>
#include <unistd.h>

#include "cli/output.h"
#include "client/start.h"

static int serve_in_background(const struct hob_arguments *arguments);
static int serve_by_itself(const struct hob_arguments *arguments);

/* What can be done instead of serving here and now. */
static const struct action {
    const char *option;
    int (*run)(const struct hob_arguments *arguments);
} actions[] = {
    /* clang-format off */
    {"daemon", serve_in_background},
    {"auto", serve_by_itself},
    {"stop", hob_serve_stop},
    {"restart", hob_serve_restart},
    {"reload", hob_serve_reload},
    {"status", hob_serve_status},
    /* clang-format on */
};

/* Options of this command alone; the others are hobd's. */
static bool is_own(const char *option)
{
    for (size_t i = 0; i < sizeof actions / sizeof *actions; i++)
        if (strcmp(actions[i].option, option) == 0)
            return true;
    return strcmp(option, "json") == 0;
}

/* The words for hobd: "--name=value". Each is malloc'd, and so is the list. */
static char **make_words(const struct hob_arguments *arguments)
{
    char **words = hob_alloc_zero(arguments->given_count + 2, sizeof *words);
    size_t count = 0;
    words[count++] = hob_copy_string("hobd");
    for (size_t i = 0; i < arguments->given_count; i++) {
        const struct hob_given_option *given = &arguments->given[i];
        HOB_AUTO(buffer) struct hob_buffer word = HOB_BUFFER_INIT;
        if (is_own(given->option->name))
            continue;
        hob_buffer_printf(&word, "--%s=%s", given->option->name, given->value);
        words[count++] = hob_copy_string(hob_buffer_string(&word));
    }
    return words;
}

static void free_words(char **words)
{
    for (char **word = words; *word != NULL; word++)
        free(*word);
    free(words);
}

static int serve_here(const struct hob_arguments *arguments)
{
    struct hob_error error = HOB_ERROR_INIT;
    HOB_AUTO(free) char *program = hob_start_program(&error);
    if (program == NULL)
        return hob_report(arguments->name, &error);
    char **words = make_words(arguments);
    execv(program, words);
    hob_error_from_errno(&error, errno, "start", program);
    free_words(words);
    return hob_report(arguments->name, &error);
}

static int say_started(const struct hob_arguments *arguments, const char *what, long process,
                       const char *where)
{
    HOB_AUTO(output) struct hob_output output = {.program = arguments->name};
    hob_buffer_printf(&output.buffer, "%s: process %ld%s%s\n", what, process,
                      where[0] != '\0' ? ", at " : "", where);
    return hob_output_finish(&output);
}

/* Says that the server runs of which the request has the status. */
static int say_found(const struct hob_serve_request *request)
{
    return say_started(request->arguments, "a server runs already",
                       (long)hob_serve_number(request->answer, "pid"), "");
}

/* With options it is another server that is wanted, or an error that hobd knows best; else of many
 * that are started at once there is to be one. */
static int start(const struct hob_arguments *arguments, const char *const *words,
                 struct hob_launched *launched, struct hob_error *error)
{
    struct hob_endpoint endpoint;
    if (arguments->given_count > 1)
        return hob_start_words(words, 0, launched, error);
    int code = hob_endpoint_find(&endpoint, NULL, error);
    if (code != 0 || !endpoint.is_default)
        return code != 0 ? code : hob_start_words(words, 0, launched, error);
    return hob_start_once(&endpoint, words, 0, launched, error);
}

static int serve_in_background(const struct hob_arguments *arguments)
{
    HOB_AUTO(serve_request) struct hob_serve_request request;
    struct hob_launched launched;
    hob_serve_request_init(&request, arguments);
    if (arguments->given_count == 1 && hob_serve_look(&request) == 0)
        return say_found(&request);
    char **words = make_words(arguments);
    struct hob_error error = HOB_ERROR_INIT;
    int code = start(arguments, (const char *const *)words + 1, &launched, &error);
    free_words(words);
    if (code != 0)
        return hob_report(arguments->name, &error);
    if (launched.pid != 0)
        return say_started(arguments, "started", launched.pid, launched.where);
    /* Somebody else has started it at the same moment. */
    return hob_serve_look(&request) == 0 ? say_found(&request)
                                         : hob_report(arguments->name, &request.error);
}

/* The server that commands start by themselves. */
static int serve_by_itself(const struct hob_arguments *arguments)
{
    HOB_AUTO(serve_request) struct hob_serve_request request;
    HOB_AUTO(connection) struct hob_connection *connection = NULL;
    struct hob_client_options options = {.server = NULL};
    hob_serve_request_init(&request, arguments);
    if (hob_client_open(&connection, &options, &request.error) != 0)
        return hob_report(arguments->name, &request.error);
    if (hob_serve_look(&request) != 0)
        return hob_report(arguments->name, &request.error);
    return say_started(arguments, "serves", (long)hob_serve_number(request.answer, "pid"), "");
}

static int run_serve(const struct hob_arguments *arguments)
{
    const struct action *chosen = NULL;
    for (size_t i = 0; i < sizeof actions / sizeof *actions; i++) {
        if (!hob_arguments_has(arguments, actions[i].option))
            continue;
        if (chosen != NULL)
            return hob_arguments_wrong(arguments, "--%s and --%s don't go together", chosen->option,
                                       actions[i].option);
        chosen = &actions[i];
    }
    if (hob_arguments_has(arguments, "json") && (chosen == NULL || chosen->run != hob_serve_status))
        return hob_arguments_wrong(arguments, "--json goes with --status");
    return chosen != NULL ? chosen->run(arguments) : serve_here(arguments);
}

/* An option of hobd, with its help in a few words; docs/settings.md has all of it. */
#define PASSED(option, value, text, ...)                                                           \
    {                                                                                              \
        .name = (option), .argument = (value), .help = (text), ##__VA_ARGS__                       \
    }

static const struct hob_option options[] = {
    {.name = "daemon",
     .letter = 'd',
     .help = "serve in the background, and say where; without other options only unless a server "
             "runs"},
    {.name = "auto",
     .help = "start the server that commands start by themselves, unless a server runs"},
    {.name = "stop", .help = "stop the server when it has answered its open requests"},
    {.name = "restart",
     .help = "put a new process in the server's place; nobody is refused meanwhile"},
    {.name = "reload",
     .help = "have the server read its file of settings again, and print what has changed"},
    {.name = "status",
     .help = "say whether a server runs, what it serves, its pools, and who may connect"},
    {.name = "json", .help = "with --status: all that the server says of itself"},
    PASSED("config", "FILE", "read the settings in this file; none: in no file"),
    PASSED("host", "ADDRESS", "listen on this address; none: at the unix socket only"),
    PASSED("port", "PORT", "listen on this port (default 8765); 0 takes one that is free"),
    PASSED("socket", "PATH", "the unix socket; none for TCP only"),
    PASSED("root", "DIRECTORY", "requests may use files below it, too", .repeatable = true),
    PASSED("working-root", "BOOLEAN", "no: not those below the working directory"),
    PASSED("state", "DIRECTORY", "where sessions are kept; none: in memory only"),
    PASSED("durability", "WHAT", "what an answered edit survives: power cuts too, or this process"),
    PASSED("session-memory", "SIZE", "sessions take at most this of memory"),
    PASSED("cache", "SIZE", "answers kept warm take at most this; off keeps none"),
    PASSED("max-body", "SIZE", "the largest request body"),
    PASSED("max-file-size", "SIZE", "the largest file that is read"),
    PASSED("threads", "COUNT", "threads that talk to clients"),
    PASSED("idle-timeout", "DURATION", "stop after so long without a request"),
    PASSED("drain", "DURATION", "how long open requests may take when the server stops"),
    PASSED("log-level", "LEVEL", "how much is logged: error, warning, info, debug"),
    PASSED("log-file", "PATH", "append the log to a file"),
    {0},
};

static const struct hob_note examples[] = {
    {"hob serve", "serve the working directory until Ctrl-C"},
    {"hob serve --daemon", "the same in the background"},
    {"hob serve --status", "which server runs, for how long, for whom"},
    {"hob serve --reload", "after hob.yml was changed"},
    {"hob serve --restart", "after an upgrade: the new program, the same sockets and sessions"},
    {"hob serve --stop", "when nobody needs it any more"},
    {NULL, NULL},
};

static const struct hob_note exits[] = {
    {"0", "done; with --status: a server runs"},
    {"1", "not done; with --status: no server runs"},
    {"2", "the command line is wrong"},
    {NULL, NULL},
};

const struct hob_command hob_command_serve = {
    .name = "serve",
    .summary = "run the server, look after it",
    .arguments = "",
    .description =
        "Serves tables, interfaces, talks and sessions over HTTP, from the working directory: at "
        "http://127.0.0.1:8765 and at a unix socket in the user's runtime directory. The program "
        "that serves is hobd, which takes the same options.\n\n"
        "Commands that need a server start one of their own when none runs; it listens at the "
        "unix socket only, serves the directories of those who ask, and ends after three hours "
        "without a request. HOB_AUTOSTART=0 forbids that.\n\n"
        "--stop, --restart, --reload and --status are about the user's own server, or the one at "
        "--socket, "
        "or at --port.",
    .options = options,
    .examples = examples,
    .exit_notes = exits,
    .least_words = 0,
    .most_words = 0,
    .run = run_serve,
};
