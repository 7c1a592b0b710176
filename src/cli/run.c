/* run: see run.h. */
#include "cli/run.h"

#include <stdio.h>
#include <unistd.h>

#include "base/nearest.h"
#include "cli/exec.h"
#include "cli/help.h"
#include "cli/options.h"
#include "cli/output.h"

static int print_version(const char *name)
{
    HOB_AUTO(output) struct hob_output output = {.program = name};
    hob_buffer_printf(&output.buffer, "%s " HOB_VERSION "\n", name);
    return hob_output_finish(&output);
}

static bool is_one_of(const char *word, const char *short_form, const char *long_form)
{
    return strcmp(word, short_form) == 0 || strcmp(word, long_form) == 0;
}

static int run_command(const struct hob_command *command, const char *name, const char *program,
                       const struct hob_compute_hook *compute, char *const *words)
{
    struct hob_error error = HOB_ERROR_INIT;
    HOB_AUTO(arguments)
    struct hob_arguments arguments = {
        .command = command, .name = name, .program = program, .compute = compute};
    size_t count = 0;
    while (words[count] != NULL)
        count++;
    if (hob_arguments_parse(&arguments, count, words, &error) != 0)
        return hob_report(program, &error);
    if (!arguments.help)
        return command->run(&arguments);
    HOB_AUTO(output) struct hob_output output = {.program = name};
    hob_help_put_command(&output.buffer, command, program);
    return hob_output_finish(&output);
}

static int print_overview(void)
{
    HOB_AUTO(output) struct hob_output output = {.program = "hob"};
    hob_help_put_overview(&output.buffer);
    return hob_output_finish(&output);
}

/* `program` is what was typed before the word: "hob", "hob session". */
static int unknown_word(const struct hob_command *const *commands, const char *program,
                        const char *word)
{
    struct hob_error error;
    const struct hob_command *nearest = hob_command_nearest(commands, word);
    unsigned distance = hob_near_enough("version");
    hob_error_set(&error, HOB_E_PARAMETER,
                  word[0] == '-' ? "unknown option '%s'" : "there is no command '%s'", word);
    bool option = strncmp(word, "--", 2) == 0;
    bool version =
        commands == hob_commands && hob_nearer(word + (option ? 2 : 0), "version", &distance);
    if (version)
        hob_error_hint(&error, "did you mean '%s--version'?", option ? "" : "hob ");
    else if (nearest != NULL)
        hob_error_hint(&error, "did you mean '%s %s'?", program, nearest->name);
    else if (commands == hob_commands && access(word, F_OK) == 0)
        hob_error_hint(&error, "'hob read %.250s' prints the table in a file", word);
    else
        hob_error_hint(&error, "'%s --help' lists all commands", program);
    return hob_report(program, &error);
}

static int no_word(const char *program)
{
    struct hob_error error;
    hob_error_set(&error, HOB_E_PARAMETER, "no command was given");
    hob_error_hint(&error, "'%s --help' lists all commands", program);
    return hob_report(program, &error);
}

static int print_help(const struct hob_command *command, const char *program)
{
    HOB_AUTO(output) struct hob_output output = {.program = "hob"};
    hob_help_put_command(&output.buffer, command, program);
    return hob_output_finish(&output);
}

/* A command by its name, and its subcommand by the next word. */
static int run_named(const struct hob_command *command, const struct hob_compute_hook *compute,
                     char *const *words)
{
    char program[64];
    snprintf(program, sizeof program, "hob %s", command->name);
    if (command->subcommands == NULL)
        return run_command(command, "hob", program, compute, words);
    if (words[0] == NULL)
        return no_word(program);
    if (is_one_of(words[0], "-h", "--help"))
        return print_help(command, program);
    const struct hob_command *below = hob_command_find(command->subcommands, words[0]);
    if (below == NULL)
        return unknown_word(command->subcommands, program, words[0]);
    snprintf(program, sizeof program, "hob %s %s", command->name, below->name);
    return run_command(below, "hob", program, compute, words + 1);
}

int hob_cli_run(int argc, char **argv, const struct hob_compute_hook *compute)
{
    const struct hob_command *command = argc > 0 ? hob_command_of_executable(argv[0]) : NULL;
    if (command != NULL && argc == 2 && is_one_of(argv[1], "-V", "--version"))
        return print_version(command->alias);
    if (command != NULL)
        return run_command(command, command->alias, command->alias, compute, argv + 1);
    int status;
    if (hob_exec_shim(argc, argv, &status))
        return status;
    if (argc < 2)
        return no_word("hob");
    command = hob_command_find(hob_commands, argv[1]);
    if (command != NULL)
        return run_named(command, compute, argv + 2);
    if (is_one_of(argv[1], "-h", "--help"))
        return print_overview();
    if (is_one_of(argv[1], "-V", "--version"))
        return print_version("hob");
    return unknown_word(hob_commands, "hob", argv[1]);
}
