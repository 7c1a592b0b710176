/* help: see help.h. */
#include "cli/help.h"

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

void hob_help_put_command(struct hob_buffer *out, const struct hob_command *command,
                          const char *program)
{
    hob_buffer_printf(out, "Usage: %s [OPTION]... %s\n\n", program, command->arguments);
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
    for (const struct hob_command *command = hob_commands; command->name != NULL; command++) {
        hob_buffer_printf(out, "  %s", command->name);
        go_to_column(out, 16);
        put_wrapped(out, command->summary, 16);
    }
    hob_buffer_put_string(out,
                          "\n'hob help COMMAND' says how a command is used, 'hob help formats' "
                          "what files\ncan be read, 'hob help functions' what computes, "
                          "'hob --version' which hob this\nis.\n");
}

/* --- the formats of files --- */

static const char *directions_of(const struct hob_format *format)
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
        hob_buffer_printf(out, "(%s%s%s)\n", directions_of(&formats[i]),
                          formats[i].extensions[0] != '\0' ? ": " : "", formats[i].extensions);
    }
}

/* --- markdown --- */

/* Text outside code: what markdown would take for a mark is escaped. */
static void put_markdown(struct hob_buffer *out, const char *text)
{
    for (; *text != '\0'; text++) {
        if (strchr("_*|<`\\[", *text) != NULL)
            hob_buffer_put_char(out, '\\');
        hob_buffer_put_char(out, *text);
    }
}

static void put_markdown_option(struct hob_buffer *out, const struct hob_option *option)
{
    if (option->hidden)
        return;
    HOB_AUTO(buffer) struct hob_buffer help = HOB_BUFFER_INIT;
    hob_help_put_option_help(&help, option);
    hob_buffer_put_string(out, "| `");
    hob_help_put_option(out, option);
    hob_buffer_put_string(out, "` | ");
    put_markdown(out, hob_buffer_string(&help));
    hob_buffer_put_string(out, " |\n");
}

static void put_markdown_exits(struct hob_buffer *out, const struct hob_command *command)
{
    hob_buffer_put_string(out, "\n| exit status | meaning |\n|---|---|\n");
    for (const struct hob_note *note = command->exit_notes; note->what != NULL; note++) {
        hob_buffer_printf(out, "| %s | ", note->what);
        put_markdown(out, note->meaning);
        hob_buffer_put_string(out, " |\n");
    }
}

static void put_markdown_command(struct hob_buffer *out, const struct hob_command *command)
{
    hob_buffer_printf(out, "\n## hob %s\n\n", command->name);
    put_markdown(out, command->summary);
    hob_buffer_printf(out, "\n\n```\nhob %s [OPTION]... %s\n```\n\n", command->name,
                      command->arguments);
    put_markdown(out, command->description);
    hob_buffer_put_string(out, "\n\n| option | meaning |\n|---|---|\n");
    for (const struct hob_option *option = command->options; option->name != NULL; option++)
        put_markdown_option(out, option);
    put_markdown_option(out, &hob_help_option);
    put_markdown_exits(out, command);
    hob_buffer_put_string(out, "\n```sh\n");
    for (const struct hob_note *note = command->examples; note->what != NULL; note++)
        hob_buffer_printf(out, "%s%s%s\n", note->what, note->meaning[0] != '\0' ? "  # " : "",
                          note->meaning);
    hob_buffer_put_string(out, "```\n");
}

static void put_markdown_formats(struct hob_buffer *out)
{
    size_t count;
    const struct hob_format *formats = hob_formats(&count);
    hob_buffer_put_string(out, "\n## Formats\n\n| type | what it is | can | endings |\n"
                               "|---|---|---|---|\n");
    for (size_t i = 0; i < count; i++) {
        hob_buffer_printf(out, "| `%s` | ", formats[i].type);
        put_markdown(out, formats[i].summary);
        hob_buffer_printf(out, " | %s | %s |\n", directions_of(&formats[i]), formats[i].extensions);
    }
}

void hob_help_put_markdown(struct hob_buffer *out)
{
    hob_buffer_put_string(out, "# hob: commands\n\n"
                               "Made by `hob help --markdown` from the table of commands.\n");
    for (const struct hob_command *command = hob_commands; command->name != NULL; command++)
        put_markdown_command(out, command);
    put_markdown_formats(out);
}

static int unknown_command(const struct hob_arguments *arguments, const char *name)
{
    const struct hob_command *nearest = hob_command_nearest(name);
    struct hob_error error;
    hob_error_set(&error, HOB_E_PARAMETER, "there is no command '%s'", name);
    if (nearest != NULL)
        hob_error_hint(&error, "did you mean '%s'?", nearest->name);
    else
        hob_error_hint(&error, "'hob help' lists all commands");
    return hob_report_usage(arguments->program, &error);
}

static void put_page(struct hob_buffer *out, const struct hob_arguments *arguments,
                     const struct hob_command *command)
{
    if (hob_arguments_has(arguments, "man")) {
        hob_man_put(out, command);
    } else if (hob_arguments_has(arguments, "markdown")) {
        hob_help_put_markdown(out);
    } else if (command == NULL) {
        hob_help_put_overview(out);
    } else {
        HOB_AUTO(buffer) struct hob_buffer program = HOB_BUFFER_INIT;
        hob_buffer_printf(&program, "hob %s", command->name);
        hob_help_put_command(out, command, hob_buffer_string(&program));
    }
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

int hob_run_help(const struct hob_arguments *arguments)
{
    const char *topic = arguments->word_count > 0 ? arguments->words[0] : NULL;
    const struct hob_command *command = topic != NULL ? hob_command_find(topic) : NULL;
    bool formats = topic != NULL && strcmp(topic, "formats") == 0;
    if (topic != NULL && strcmp(topic, "functions") == 0)
        return print_functions(arguments);
    if (topic != NULL && command == NULL && !formats)
        return unknown_command(arguments, topic);
    HOB_AUTO(output) struct hob_output output = {.program = arguments->name};
    if (formats)
        hob_help_put_formats(&output.buffer);
    else
        put_page(&output.buffer, arguments, command);
    return hob_output_finish(&output);
}
