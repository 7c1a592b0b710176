/* exec: `hob run`, and hob called by the name of a shim. */
#include <limits.h>

#include "cli/exec.h"
#include "cli/options.h"
#include "cli/output.h"
#include "warm/run.h"
#include "warm/shim.h"

enum { UNKNOWN_END = 125, NOT_EXECUTABLE = 126, NO_SUCH_COMMAND = 127 };

static const struct hob_option run_options[] = {
    {.name = "cold", .help = "start it as usual, even when there is a warm process"},
    {.name = "preload",
     .argument = "MODULE,...",
     .help = "have these modules ready, beside those that are learned"},
    {.name = "explain", .help = "say on standard error whether it ran warm, and why"},
    {0},
};

static const struct hob_note run_examples[] = {
    {"hob run -- ./report.py --year 2024", "a script; from the second time on without the imports"},
    {"hob run -- python3 -m json.tool data.json", "a module"},
    {"hob run --preload pandas -- python3 -c 'import pandas'", "with a hint"},
    {"hob run --explain -- mytool", "a console script, and how it was run"},
    {NULL, NULL},
};

static const struct hob_note run_exits[] = {
    {"N", "what COMMAND ended with; killed by a signal, hob run dies of the same"},
    {"125", "the warm process was killed from outside, and how COMMAND ended is not known"},
    {"126", "COMMAND cannot be executed"},
    {"127", "there is no COMMAND"},
    {"2", "the command line is wrong"},
    {NULL, NULL},
};

static int run(const char *program, char *const *words, const struct hob_warm_options *options)
{
    struct hob_error error = HOB_ERROR_INIT;
    int code = hob_warm_run(words, options, &error);
    if (code == HOB_E_NOT_FOUND)
        hob_error_hint(&error, "is it installed, and PATH right?");
    else if (code == HOB_E_PERMISSION)
        hob_error_hint(&error, "'chmod +x' makes it so, if it is a program");
    hob_report(program, &error);
    return code == HOB_E_NOT_FOUND  ? NO_SUCH_COMMAND
           : code == HOB_E_INTERNAL ? UNKNOWN_END
                                    : NOT_EXECUTABLE;
}

static int run_run(const struct hob_arguments *arguments)
{
    struct hob_warm_options options = {
        .cold = hob_arguments_has(arguments, "cold"),
        .explain = hob_arguments_has(arguments, "explain"),
        .preload = hob_arguments_value(arguments, "preload"),
        .start = hob_warm_start,
    };
    return run(arguments->program, (char *const *)arguments->words, &options);
}

bool hob_exec_shim(int argc, char **argv, int *status)
{
    static const struct hob_warm_options options = {.start = hob_warm_start};
    HOB_AUTO(arena) struct hob_arena *arena = hob_arena_new();
    const char *program = argc > 0 ? hob_shim_program(arena, argv[0]) : NULL;
    if (program == NULL)
        return false;
    argv[0] = (char *)program;
    *status = run("hob", argv, &options);
    return true;
}

const struct hob_command hob_command_run = {
    .name = "run",
    .summary = "run a Python command from a warm process",
    .arguments = "COMMAND [ARGUMENT]...",
    .description =
        "Runs COMMAND: a Python script, python3 with a script, -m or -c, or a console script. The "
        "first time it is started as usual, and hob learns what it imports; then a process that "
        "has imported it waits, and every run is a fork of that: with the standard streams, "
        "working directory, environment, limits and signals of the caller, and the exit status or "
        "signal of the command.\n\n"
        "What can't be warm is started as usual, with the same result. A warm process ends when "
        "anything that it has loaded changes, and when nobody has used it for a while.",
    .options = run_options,
    .examples = run_examples,
    .exit_notes = run_exits,
    .least_words = 1,
    .most_words = UINT_MAX,
    .words_end_options = true,
    .run = run_run,
};
