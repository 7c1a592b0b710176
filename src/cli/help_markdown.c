/* help_markdown: the reference of all commands and formats; docs/commands.md is this text. */
#include "access/access.h"
#include "cli/help.h"

/* Help texts put code in backquotes, as markdown does. Outside of it, what markdown would take for
 * a mark is escaped, and so is a backquote alone; within, the bar alone, which ends a cell of a
 * table there, too. */
static void put_markdown(struct hob_buffer *out, const char *text)
{
    bool in_code = false;
    for (; *text != '\0'; text++) {
        bool mark = *text == '`' && (in_code || strchr(text + 1, '`') != NULL);
        if (mark)
            in_code = !in_code;
        else if (strchr(in_code ? "|" : "_*|<`\\[", *text) != NULL)
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

static void put_markdown_examples(struct hob_buffer *out, const struct hob_command *command)
{
    hob_buffer_put_string(out, "\n```sh\n");
    for (const struct hob_note *note = command->examples; note->what != NULL; note++)
        hob_buffer_printf(out, "%s%s%s\n", note->what, note->meaning[0] != '\0' ? "  # " : "",
                          note->meaning);
    hob_buffer_put_string(out, "```\n");
}

static void put_markdown_group(struct hob_buffer *out, const struct hob_command *command)
{
    hob_buffer_put_string(out, "\n\n| command | what it does |\n|---|---|\n");
    for (const struct hob_command *const *at = command->subcommands; *at != NULL; at++) {
        hob_buffer_printf(out, "| [%s](#hob-%s-%s) | ", (*at)->name, command->name, (*at)->name);
        put_markdown(out, (*at)->summary);
        hob_buffer_put_string(out, " |\n");
    }
    put_markdown_examples(out, command);
}

static void put_markdown_command(void *data, const struct hob_command *command, const char *title)
{
    struct hob_buffer *out = data;
    const char *level = strchr(title, ' ') != NULL ? "###" : "##";
    hob_buffer_printf(out, "\n%s hob %s\n\n", level, title);
    put_markdown(out, command->summary);
    hob_buffer_printf(out, "\n\n```\nhob %s %s%s\n```\n\n", title,
                      command->subcommands != NULL ? "COMMAND [OPTION]... [ARGUMENT]..."
                                                   : "[OPTION]... ",
                      command->subcommands != NULL ? "" : command->arguments);
    put_markdown(out, command->description);
    if (command->subcommands != NULL) {
        put_markdown_group(out, command);
        return;
    }
    hob_buffer_put_string(out, "\n\n| option | meaning |\n|---|---|\n");
    for (const struct hob_option *option = command->options; option->name != NULL; option++)
        put_markdown_option(out, option);
    put_markdown_option(out, &hob_help_option);
    put_markdown_exits(out, command);
    put_markdown_examples(out, command);
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
        hob_buffer_printf(out, " | %s | %s |\n", hob_help_directions(&formats[i]),
                          formats[i].extensions);
    }
}

void hob_help_put_markdown(struct hob_buffer *out)
{
    hob_buffer_put_string(out, "# hob: commands\n\n"
                               "Made by `hob help --markdown` from the table of commands.\n");
    hob_command_each(put_markdown_command, out);
    put_markdown_formats(out);
}
