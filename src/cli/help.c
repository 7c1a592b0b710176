/* help: see help.h. */
#include "cli/help.h"

#include <stdio.h>

#include "access/access.h"
#include "cli/options.h"
#include "cli/output.h"

enum { LINE_WIDTH = 80, COLUMN = 24 };

void hob_help_put_option(struct hob_buffer *out, const struct hob_option *option)
{
    if (option->letter != 0)
        hob_buffer_printf(out, "-%c, ", option->letter);
    hob_buffer_printf(out, "--%s", option->name);
    if (option->argument != NULL)
        hob_buffer_printf(out, " %s", option->argument);
}

void hob_help_put_option_help(struct hob_buffer *out, const struct hob_option *option)
{
    hob_buffer_put_string(out, option->help);
    if (option->repeatable)
        hob_buffer_put_string(out, "; may be given several times");
    if (option->choices == NULL)
        return;
    hob_buffer_put_string(out, "; one of: ");
    option->choices(out);
}

static size_t column_of(const struct hob_buffer *out)
{
    size_t at = out->size;
    while (at > 0 && out->data[at - 1] != '\n')
        at--;
    return out->size - at;
}

static void go_to_column(struct hob_buffer *out, size_t column)
{
    size_t now = column_of(out);
    if (now + 1 > column && now > 0) {
        hob_buffer_put_char(out, '\n');
        now = 0;
    }
    hob_buffer_put_repeated(out, ' ', column - now);
}

/* Fills lines with words; an empty line in the text stays one. Ends the line. */
static void put_wrapped(struct hob_buffer *out, const char *text, size_t indent)
{
    bool fresh = true;
    while (*text != '\0') {
        size_t size = strcspn(text, " \n");
        if (!fresh && column_of(out) + 1 + size > LINE_WIDTH) {
            hob_buffer_put_char(out, '\n');
            fresh = true;
        }
        if (fresh && column_of(out) < indent)
            hob_buffer_put_repeated(out, ' ', indent - column_of(out));
        hob_buffer_put_string(out, fresh ? "" : " ");
        hob_buffer_put(out, text, size);
        text += size;
        fresh = strncmp(text, "\n\n", 2) == 0;
        if (fresh)
            hob_buffer_put_string(out, "\n\n");
        text += strspn(text, " \n");
    }
    hob_buffer_put_char(out, '\n');
}

void hob_help_put_item(struct hob_buffer *out, const char *what, const char *meaning)
{
    hob_buffer_printf(out, "  %s", what);
    go_to_column(out, COLUMN);
    put_wrapped(out, meaning, COLUMN);
}

static void put_option(struct hob_buffer *out, const struct hob_option *option)
{
    if (option->hidden)
        return;
    HOB_AUTO(buffer) struct hob_buffer help = HOB_BUFFER_INIT;
    hob_help_put_option_help(&help, option);
    hob_buffer_put_string(out, option->letter != 0 ? "  " : "      ");
    hob_help_put_option(out, option);
    go_to_column(out, COLUMN);
    put_wrapped(out, hob_buffer_string(&help), COLUMN);
}

static void put_exits(struct hob_buffer *out, const struct hob_command *command)
{
    hob_buffer_put_string(out, "\nExit status:\n");
    for (const struct hob_note *note = command->exit_notes; note->what != NULL; note++) {
        hob_buffer_printf(out, "  %s  ", note->what);
        put_wrapped(out, note->meaning, 5);
    }
}

static void put_examples(struct hob_buffer *out, const struct hob_command *command)
{
    hob_buffer_put_string(out, "\nExamples:\n");
    for (const struct hob_note *note = command->examples; note->what != NULL; note++) {
        hob_buffer_printf(out, "  %s\n", note->what);
        if (note->meaning[0] != '\0')
            put_wrapped(out, note->meaning, 6);
    }
}

static void put_summaries(struct hob_buffer *out, const struct hob_command *const *commands)
{
    for (; *commands != NULL; commands++) {
        hob_buffer_printf(out, "  %s", (*commands)->name);
        go_to_column(out, 16);
        put_wrapped(out, (*commands)->summary, 16);
    }
}

static void put_group(struct hob_buffer *out, const struct hob_command *command,
                      const char *program)
{
    hob_buffer_printf(out, "Usage: %s COMMAND [OPTION]... [ARGUMENT]...\n\n", program);
    put_wrapped(out, command->description, 0);
    hob_buffer_put_string(out, "\nCommands:\n");
    put_summaries(out, command->subcommands);
    put_examples(out, command);
    hob_buffer_printf(out, "\n'%s COMMAND --help' says how each is used.\n", program);
}

void hob_help_put_command(struct hob_buffer *out, const struct hob_command *command,
                          const char *program)
{
    if (command->subcommands != NULL) {
        put_group(out, command, program);
        return;
    }
    hob_buffer_printf(out, "Usage: %s [OPTION]...%s%s\n\n", program,
                      command->arguments[0] != '\0' ? " " : "", command->arguments);
    put_wrapped(out, command->description, 0);
    hob_buffer_put_string(out, "\nOptions:\n");
    for (const struct hob_option *option = command->options; option->name != NULL; option++)
        put_option(out, option);
    put_option(out, &hob_help_option);
    put_exits(out, command);
    put_examples(out, command);
}

void hob_help_put_overview(struct hob_buffer *out)
{
    hob_buffer_put_string(out, "hob: " HOB_SUMMARY "\n\n"
                               "Usage: hob COMMAND [OPTION]... [ARGUMENT]...\n\n"
                               "Commands:\n");
    put_summaries(out, hob_commands);
    hob_buffer_put_string(out,
                          "\n'hob help COMMAND' says how a command is used, 'hob help formats' "
                          "what files\ncan be read, 'hob help functions' what computes, "
                          "'hob --version' which hob this\nis.\n");
}

/* --- the formats of files --- */

const char *hob_help_directions(const struct hob_format *format)
{
    if (format->read == NULL)
        return "write";
    return format->write == NULL ? "read" : "read, write";
}

void hob_help_put_formats(struct hob_buffer *out)
{
    size_t count;
    const struct hob_format *formats = hob_formats(&count);
    hob_buffer_put_string(out, "What `type` in an interface, and --type, can be:\n\n");
    for (size_t i = 0; i < count; i++) {
        hob_buffer_printf(out, "  %s", formats[i].type);
        go_to_column(out, COLUMN);
        put_wrapped(out, formats[i].summary, COLUMN);
        hob_buffer_put_repeated(out, ' ', COLUMN);
        hob_buffer_printf(out, "(%s%s%s)\n", hob_help_directions(&formats[i]),
                          formats[i].extensions[0] != '\0' ? ": " : "", formats[i].extensions);
    }
}

/* `program` is how the commands among which it was looked for are called: "hob", "hob session". */
static int unknown_command(const struct hob_arguments *arguments, const char *program,
                           const struct hob_command *const *commands, const char *name)
{
    const struct hob_command *nearest = hob_command_nearest(commands, name);
    struct hob_error error;
    hob_error_set(&error, HOB_E_PARAMETER, "there is no command '%s'", name);
    if (nearest != NULL)
        hob_error_hint(&error, "did you mean '%s'?", nearest->name);
    else
        hob_error_hint(&error, "'%s --help' lists all commands", program);
    return hob_report(arguments->program, &error);
}

static int print_page(const struct hob_arguments *arguments, const struct hob_command *command,
                      const char *program)
{
    HOB_AUTO(output) struct hob_output output = {.program = arguments->name};
    if (hob_arguments_has(arguments, "man"))
        hob_man_put(&output.buffer, command);
    else if (hob_arguments_has(arguments, "markdown"))
        hob_help_put_markdown(&output.buffer);
    else if (command == NULL)
        hob_help_put_overview(&output.buffer);
    else
        hob_help_put_command(&output.buffer, command, program);
    return hob_output_finish(&output);
}

/* Only a program that renders templates knows them. */
static int print_functions(const struct hob_arguments *arguments)
{
    struct hob_error error = HOB_ERROR_INIT;
    if (arguments->compute->hand_over != NULL) {
        hob_hand_over(arguments->compute->hand_over, &error);
        return hob_report(arguments->name, &error);
    }
    HOB_AUTO(output) struct hob_output output = {.program = arguments->name};
    arguments->compute->put_functions(&output.buffer);
    return hob_output_finish(&output);
}

static int print_formats(const struct hob_arguments *arguments)
{
    HOB_AUTO(output) struct hob_output output = {.program = arguments->name};
    hob_help_put_formats(&output.buffer);
    return hob_output_finish(&output);
}

static int run_help(const struct hob_arguments *arguments)
{
    char program[64] = "hob";
    const struct hob_command *command = NULL;
    if (arguments->word_count == 1 && strcmp(arguments->words[0], "functions") == 0)
        return print_functions(arguments);
    if (arguments->word_count == 1 && strcmp(arguments->words[0], "formats") == 0)
        return print_formats(arguments);
    for (size_t i = 0; i < arguments->word_count; i++) {
        const struct hob_command *const *commands = i == 0 ? hob_commands : command->subcommands;
        if (commands == NULL)
            return hob_arguments_wrong(arguments, "'%s' has no commands of its own: what is '%s'?",
                                       program, arguments->words[i]);
        command = hob_command_find(commands, arguments->words[i]);
        if (command == NULL)
            return unknown_command(arguments, program, commands, arguments->words[i]);
        size_t size = strlen(program);
        snprintf(program + size, sizeof program - size, " %s", command->name);
    }
    return print_page(arguments, command, program);
}

static void put_topics(struct hob_buffer *out)
{
    for (const struct hob_command *const *at = hob_commands; *at != NULL; at++)
        hob_buffer_printf(out, "%s ", (*at)->name);
    hob_buffer_put_string(out, "formats functions");
}

static const struct hob_option options[] = {
    {.name = "man", .help = "print the man page instead (roff)"},
    {.name = "markdown", .help = "print the reference of all commands in markdown"},
    {0},
};

static const struct hob_note examples[] = {
    {"hob help read", "the options and examples of a command"},
    {"hob help formats", "what files can be read and written"},
    {"hob help functions", "what compute sections, lists and templates can call"},
    {NULL, NULL},
};

const struct hob_command hob_command_help = {
    .name = "help",
    .summary = "say how a command is used",
    .arguments = "[COMMAND [SUBCOMMAND]]",
    .description = "Without a command: the list of commands. The word formats in place of "
                   "COMMAND lists the formats of files, functions what compute sections, "
                   "lists and templates can call.",
    .options = options,
    .examples = examples,
    .exit_notes = hob_usual_exits,
    .argument_choices = put_topics,
    .most_words = 2,
    .run = run_help,
};
