/* profile: `hob profile`: where the time of a command goes, or of a build. */
#define _GNU_SOURCE
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/number.h"
#include "base/process.h"
#include "cli/destination.h"
#include "cli/options.h"
#include "cli/profile_report.h"
#include "cli/progress.h"
#include "profile/stage.h"

enum { USUAL_RUNS = 10, MOST_RUNS = 1000, LEARNING_RUNS = 3 };
enum { NOT_EXECUTABLE = 126, NO_SUCH_COMMAND = 127 };

struct asked {
    const struct hob_arguments *arguments;
    const char *const *words; /* the command */
    const char *json, *html;  /* where to; NULL: not wanted */
    bool table;
    unsigned runs;
    char self[PATH_MAX]; /* this program */
    struct hob_progress *progress;
    char doing[2][64]; /* one is shown while the other is written */
    unsigned turn;
};

/* The line on the terminal is started by the first step: then the signals that end this process are
 * blocked already, and so they are in the thread that draws it. */
static void tell(void *data, const char *doing, unsigned run, unsigned runs)
{
    struct asked *asked = data;
    char *text = asked->doing[asked->turn++ % 2];
    if (asked->progress == NULL)
        asked->progress = hob_progress_start();
    if (runs > 1)
        snprintf(text, sizeof asked->doing[0], "%s, %u of %u:", doing, run, runs);
    else
        snprintf(text, sizeof asked->doing[0], "%s:", doing);
    hob_progress_doing(asked->progress, text, asked->words[0]);
}

/* ---- what could replace the command ---- */

static void find_self(struct asked *asked)
{
    ssize_t size = readlink("/proc/self/exe", asked->self, sizeof asked->self - 1);
    asked->self[size > 0 ? size : 0] = '\0';
}

static bool is_this_program(const struct asked *asked, const char *name)
{
    struct stat mine, other;
    HOB_AUTO(free) char *path = hob_process_find(name, NULL);
    return stat(asked->self, &mine) == 0 && stat(path, &other) == 0 &&
           mine.st_dev == other.st_dev && mine.st_ino == other.st_ino;
}

/* The command of hob's that a program is, by its name; also when it is given to an interpreter.
 * *rest is what follows the program. */
static const struct hob_command *native_command(const char *const *words, size_t *rest)
{
    const struct hob_command *command = hob_command_of_executable(words[0]);
    *rest = 1;
    if (command != NULL || strncmp(words[0], "py", 2) != 0 || words[1] == NULL)
        return command;
    *rest = 2;
    return hob_command_of_executable(words[1]);
}

static const char **list_of(struct hob_arena *arena, const char *const *before,
                            const char *const *words)
{
    size_t count = 0, start = 0;
    while (before[start] != NULL)
        start++;
    while (words[count] != NULL)
        count++;
    const char **list = hob_arena_alloc(arena, (start + count + 1) * sizeof *list);
    memcpy(list, before, start * sizeof *list);
    memcpy(list + start, words, (count + 1) * sizeof *list);
    return list;
}

static void find_rivals(struct asked *asked, struct hob_profile_options *options,
                        struct hob_arena *arena)
{
    size_t rest;
    struct hob_rival *native = &options->rivals[HOB_RIVAL_NATIVE];
    struct hob_rival *warm = &options->rivals[HOB_RIVAL_WARM_EXEC];
    const struct hob_command *command = native_command(asked->words, &rest);
    if (asked->self[0] == '\0') {
        native->note = warm->note = "not measured: this program does not know where it is";
        return;
    }
    if (is_this_program(asked, asked->words[0]))
        native->note = warm->note = "this is hob's own command already";
    else if (command != NULL)
        native->arguments = list_of(arena, (const char *const[]){asked->self, command->name, NULL},
                                    asked->words + rest);
    else
        native->note = "hob has no command of its own for this";
    if (warm->note != NULL)
        return;
    if (hob_command_find(hob_commands, "run") == NULL)
        warm->note = "not measured: this hob has no 'hob run'";
    else
        warm->arguments =
            list_of(arena, (const char *const[]){asked->self, "run", "--", NULL}, asked->words);
    warm->learning = LEARNING_RUNS;
}

/* ---- reports ---- */

static int write_report(const struct asked *asked, const char *path, struct hob_text text)
{
    struct hob_error error = HOB_ERROR_INIT;
    struct hob_scope scope = {.roots = NULL};
    HOB_AUTO(destination) struct hob_destination destination = HOB_DESTINATION_INIT;
    int code = hob_destination_open(&destination, &scope, path, &error);
    if (code == 0) {
        struct hob_sink sink = hob_destination_sink(&destination);
        code = sink.write(sink.data, text, &error);
    }
    if (code == 0)
        code = hob_destination_commit(&destination, &error);
    if (code == 0 || destination.deserted)
        return code == 0 ? 0 : 1;
    return hob_report(asked->arguments->name, &error);
}

struct writers {
    void (*table)(struct hob_buffer *out, const void *found);
    void (*json)(struct hob_buffer *out, const void *found);
    void (*html)(struct hob_buffer *out, const void *found);
};

/* Returns the exit status: 0 when everything was written. */
static int write_reports(const struct asked *asked, const struct writers *writers,
                         const void *found)
{
    int status = 0;
    HOB_AUTO(buffer) struct hob_buffer text = HOB_BUFFER_INIT;
    if (asked->html != NULL) {
        writers->html(&text, found);
        status = write_report(asked, asked->html, hob_buffer_text(&text));
    }
    hob_buffer_clear(&text);
    if (asked->json != NULL && status == 0) {
        writers->json(&text, found);
        status = write_report(asked, asked->json, hob_buffer_text(&text));
    }
    hob_buffer_clear(&text);
    if (asked->table && status == 0) {
        writers->table(&text, found);
        status = write_report(asked, NULL, hob_buffer_text(&text));
    }
    return status;
}

static void put_profile_table(struct hob_buffer *out, const void *found)
{
    hob_profile_put_table(out, found);
}

static void put_profile_json(struct hob_buffer *out, const void *found)
{
    hob_profile_put_json(out, found);
}

static void put_profile_html(struct hob_buffer *out, const void *found)
{
    hob_profile_put_html(out, found);
}

static void put_build_table(struct hob_buffer *out, const void *found)
{
    hob_build_put_table(out, found, hob_terminal_look().width);
}

static void put_build_json(struct hob_buffer *out, const void *found)
{
    hob_build_put_json(out, found);
}

static void put_build_html(struct hob_buffer *out, const void *found)
{
    hob_build_put_html(out, found);
}

/* ---- the command ---- */

static int failed(const struct asked *asked, const struct hob_error *error, int code)
{
    int status = hob_report(asked->arguments->name, error);
    return code == HOB_E_NOT_FOUND    ? NO_SUCH_COMMAND
           : code == HOB_E_PERMISSION ? NOT_EXECUTABLE
                                      : status;
}

static void tell_failure(const struct asked *asked, int status, const char *errors)
{
    char how[80];
    hob_process_describe(how, sizeof how, status);
    hob_report_warning("hob", "'%s' %s; it was measured all the same", asked->words[0], how);
    size_t size = errors != NULL ? strlen(errors) : 0;
    while (size > 0 && errors[size - 1] == '\n')
        size--;
    const char *last = size > 0 ? memrchr(errors, '\n', size) : NULL;
    last = last != NULL ? last + 1 : errors;
    if (size > 0)
        hob_report_warning("hob", "its last words: %.*s", (int)(size - (size_t)(last - errors)),
                           last);
}

static int profile_command(struct asked *asked)
{
    static const struct writers writers = {put_profile_table, put_profile_json, put_profile_html};
    struct hob_error error = HOB_ERROR_INIT;
    HOB_AUTO(profile) struct hob_profile profile = {0};
    HOB_AUTO(arena) struct hob_arena *arena = hob_arena_new();
    struct hob_profile_options options = {
        .arguments = asked->words,
        .runs = asked->runs,
        .drop_everything = hob_arguments_has(asked->arguments, "drop-caches"),
        .tell = tell,
        .data = asked,
    };
    find_rivals(asked, &options, arena);
    int code = hob_profile_run(&profile, &options, &error);
    asked->progress = hob_progress_stop(asked->progress);
    if (code != 0)
        return failed(asked, &error, code);
    if (profile.status != 0)
        tell_failure(asked, profile.status, profile.errors);
    int status = write_reports(asked, &writers, &profile);
    return status != 0 ? status : hob_stage_exit_status(profile.status);
}

static void tell_about_wait(void *data, size_t processes)
{
    (void)data;
    hob_report_warning("hob",
                       "the command is over, but left %zu process%s running: waiting for "
                       "%s (Ctrl-C ends %s; --no-files lets them go)",
                       processes, processes == 1 ? "" : "es", processes == 1 ? "it" : "them",
                       processes == 1 ? "it" : "them");
}

static int profile_build(struct asked *asked)
{
    static const struct writers writers = {put_build_table, put_build_json, put_build_html};
    static const char *const native[] = {"mdfield", "field", NULL};
    struct hob_error error = HOB_ERROR_INIT;
    HOB_AUTO(build) struct hob_build build = {0};
    bool taken = asked->json != NULL && hob_destination_is_standard(asked->json);
    taken = taken || (asked->html != NULL && hob_destination_is_standard(asked->html));
    struct hob_build_options options = {
        .arguments = asked->words,
        .files = !hob_arguments_has(asked->arguments, "no-files"),
        .output = taken ? STDERR_FILENO : STDOUT_FILENO,
        .waits = tell_about_wait,
    };
    int code = hob_build_run(&build, &options, &error);
    if (code != 0)
        return failed(asked, &error, code);
    bool warm = hob_command_find(hob_commands, "run") != NULL;
    struct hob_build_replacements replacements = {
        .program = asked->self,
        .native = native,
        .warm_exec = warm ? "run" : NULL,
        .warm_note = warm ? NULL : "warm exec was not measured: this hob has no 'hob run'",
        .runs = asked->runs,
    };
    code = asked->self[0] != '\0' ? hob_build_compare(&build, &replacements, &error) : 0;
    if (code != 0)
        return failed(asked, &error, code);
    int status = write_reports(asked, &writers, &build);
    return status != 0 ? status : hob_stage_exit_status(build.status);
}

static int run_profile(const struct hob_arguments *arguments)
{
    struct asked asked = {
        .arguments = arguments,
        .words = arguments->words,
        .json = hob_arguments_value(arguments, "json"),
        .html = hob_arguments_value(arguments, "html"),
        .runs = USUAL_RUNS,
    };
    bool trace = hob_arguments_has(arguments, "trace");
    const char *runs = hob_arguments_value(arguments, "runs");
    int64_t number = USUAL_RUNS;
    if (runs != NULL && (hob_number_parse_int(hob_text_from(runs), &number) != 0 || number < 1 ||
                         number > MOST_RUNS))
        return hob_arguments_wrong(arguments, "--runs needs a number from 1 to %d, not '%s'",
                                   MOST_RUNS, runs);
    if (trace && hob_arguments_has(arguments, "drop-caches"))
        return hob_arguments_wrong(arguments, "--drop-caches does not go with --trace, which runs "
                                              "the command once");
    if (!trace && hob_arguments_has(arguments, "no-files"))
        return hob_arguments_wrong(arguments, "--no-files goes with --trace");
    bool json = asked.json != NULL && hob_destination_is_standard(asked.json);
    bool html = asked.html != NULL && hob_destination_is_standard(asked.html);
    if (json && html)
        return hob_arguments_wrong(arguments, "only one report can go to standard output");
    asked.runs = (unsigned)number;
    asked.table = !json && !html;
    find_self(&asked);
    return trace ? profile_build(&asked) : profile_command(&asked);
}

static const struct hob_option options[] = {
    {.name = "trace",
     .letter = 't',
     .help = "run the command once, as it is, and see the commands that it runs"},
    {.name = "runs", .letter = 'n', .argument = "N", .help = "warm runs (usually 10)"},
    {.name = "json",
     .argument = "FILE",
     .help = "write the report as JSON, too; - is standard "
             "output, instead of the table"},
    {.name = "html", .argument = "FILE", .help = "write the report as a page with pictures, too"},
    {.name = "drop-caches",
     .help = "before cold runs drop all file caches of the machine, not only the command's (root)"},
    {.name = "no-files",
     .help = "with --trace: do not look at files; disturbs the command less, and lets go of "
             "processes that it leaves running"},
    {0},
};

static const struct hob_note examples[] = {
    {"hob profile -- mdfield title talk.md", "is it worth it for this command?"},
    {"hob profile --html report.html -- python3 tool.py", "with a waterfall of its imports"},
    {"hob profile --trace --html build.html -- make cv", "what a build spends its time on"},
    {"hob profile --trace --json - -- make -j4 cv", "the same, side by side, for a program"},
    {NULL, NULL},
};

static const struct hob_note exits[] = {
    {"N", "what COMMAND ended with; killed by a signal, 128 and its number"},
    {"1", "a report could not be written"},
    {"2", "the command line is wrong"},
    {"126", "COMMAND cannot be executed"},
    {"127", "there is no COMMAND"},
    {"130", "interrupted; nothing is left running"},
    {NULL, NULL},
};

const struct hob_command hob_command_profile = {
    .name = "profile",
    .summary = "measure where a command's start-up time goes",
    .arguments = "COMMAND [ARGUMENT]...",
    .description =
        "Runs COMMAND again and again, its output kept to itself: cold, after its files were "
        "dropped from memory as far as the system does that, and warm. Says how long starting the "
        "process, the interpreter and (for Python) each import take, and parsing configuration, "
        "the work and the end; how much memory it takes, and how much of that is shared. What "
        "could be run in its place is measured beside it: hob's own command if there is one, the "
        "command from a warm process, and a call to a worker.\n\n"
        "Run it only for commands that may run many times. Standard input is /dev/null, or the "
        "same file from the start each time.\n\n"
        "With --trace COMMAND runs once, as usual, with the terminal; the report says which "
        "commands it ran, how often, for how long, how much of that was start-up, whether side by "
        "side, and how many files they opened. Programs can't gain privileges meanwhile.",
    .options = options,
    .examples = examples,
    .exit_notes = exits,
    .least_words = 1,
    .most_words = UINT_MAX,
    .words_end_options = true,
    .run = run_profile,
};
