/* man: the man pages, hob(1) and hob-COMMAND(1), in roff. */
#include "cli/help.h"

/* What roff would take for a request or an escape is escaped. */
static void put_roff(struct hob_buffer *out, const char *text)
{
    bool line_start = out->size == 0 || out->data[out->size - 1] == '\n';
    for (; *text != '\0'; text++) {
        if (line_start && (*text == '.' || *text == '\''))
            hob_buffer_put_string(out, "\\&");
        line_start = *text == '\n';
        if (*text == '\\')
            hob_buffer_put_string(out, "\\e");
        else if (*text == '-')
            hob_buffer_put_string(out, "\\-");
        else
            hob_buffer_put_char(out, *text);
    }
}

/* An empty line becomes a paragraph. */
static void put_paragraphs(struct hob_buffer *out, const char *text)
{
    HOB_AUTO(buffer) struct hob_buffer paragraph = HOB_BUFFER_INIT;
    for (;;) {
        const char *end = strstr(text, "\n\n");
        hob_buffer_clear(&paragraph);
        hob_buffer_put(&paragraph, text, end != NULL ? (size_t)(end - text) : strlen(text));
        put_roff(out, hob_buffer_string(&paragraph));
        hob_buffer_put_char(out, '\n');
        if (end == NULL)
            return;
        hob_buffer_put_string(out, ".PP\n");
        text = end + 2;
    }
}

static void put_option(struct hob_buffer *out, const struct hob_option *option)
{
    if (option->hidden)
        return;
    HOB_AUTO(buffer) struct hob_buffer text = HOB_BUFFER_INIT;
    hob_help_put_option(&text, option);
    hob_buffer_put_string(out, ".TP\n.B ");
    put_roff(out, hob_buffer_string(&text));
    hob_buffer_put_char(out, '\n');
    hob_buffer_clear(&text);
    hob_help_put_option_help(&text, option);
    put_roff(out, hob_buffer_string(&text));
    hob_buffer_put_string(out, ".\n");
}

static void put_title(struct hob_buffer *out, const char *command, const char *summary)
{
    const char *dash = command[0] != '\0' ? "-" : "";
    hob_buffer_put_string(out, ".TH HOB");
    hob_buffer_put_string(out, dash);
    for (const char *letter = command; *letter != '\0'; letter++)
        hob_buffer_put_char(out, *letter >= 'a' && *letter <= 'z' ? (char)(*letter - 32) : *letter);
    hob_buffer_printf(out, " 1 \"\" \"hob %s\" \"hob\"\n.SH NAME\nhob%s%s \\- ", HOB_VERSION,
                      dash[0] != '\0' ? "\\-" : "", command);
    put_roff(out, summary);
    hob_buffer_put_char(out, '\n');
}

static void put_notes(struct hob_buffer *out, const struct hob_note *note)
{
    for (; note->what != NULL; note++) {
        hob_buffer_put_string(out, ".TP\n.B ");
        put_roff(out, note->what);
        hob_buffer_put_char(out, '\n');
        put_roff(out, note->meaning);
        hob_buffer_put_string(out, note->meaning[0] != '\0' ? ".\n" : "\\&\n");
    }
}

static void put_options(struct hob_buffer *out, const struct hob_command *command)
{
    for (const struct hob_option *option = command->options; option->name != NULL; option++)
        put_option(out, option);
    put_option(out, &hob_help_option);
}

static void put_single(struct hob_buffer *out, const struct hob_command *command)
{
    hob_buffer_printf(out, ".SH SYNOPSIS\n.B hob %s\n[OPTION]... ", command->name);
    put_roff(out, command->arguments);
    if (command->alias != NULL)
        hob_buffer_printf(out, "\n.br\n.B %s\n[OPTION]... %s", command->alias, command->arguments);
    hob_buffer_put_string(out, "\n.SH DESCRIPTION\n");
    put_paragraphs(out, command->description);
    hob_buffer_put_string(out, ".SH OPTIONS\n");
    put_options(out, command);
    hob_buffer_put_string(out, ".SH EXIT STATUS\n");
    put_notes(out, command->exit_notes);
}

static void put_subcommand(struct hob_buffer *out, const char *group,
                           const struct hob_command *command)
{
    hob_buffer_printf(out, ".SS hob %s %s [OPTION]... ", group, command->name);
    put_roff(out, command->arguments);
    hob_buffer_put_char(out, '\n');
    put_paragraphs(out, command->description);
    put_options(out, command);
}

static void put_group(struct hob_buffer *out, const struct hob_command *command)
{
    hob_buffer_printf(out, ".SH SYNOPSIS\n.B hob %s\nCOMMAND [OPTION]... [ARGUMENT]...\n",
                      command->name);
    hob_buffer_put_string(out, ".SH DESCRIPTION\n");
    put_paragraphs(out, command->description);
    hob_buffer_put_string(out, ".SH COMMANDS\n");
    for (const struct hob_command *const *at = command->subcommands; *at != NULL; at++)
        put_subcommand(out, command->name, *at);
    hob_buffer_put_string(out, ".SH EXIT STATUS\n");
    put_notes(out, command->subcommands[0]->exit_notes);
}

static void put_command(struct hob_buffer *out, const struct hob_command *command)
{
    put_title(out, command->name, command->summary);
    if (command->subcommands != NULL)
        put_group(out, command);
    else
        put_single(out, command);
    hob_buffer_put_string(out, ".SH EXAMPLES\n");
    put_notes(out, command->examples);
    hob_buffer_put_string(out, ".SH SEE ALSO\n.BR hob (1)\n");
}

static void put_overview(struct hob_buffer *out)
{
    put_title(out, "", HOB_SUMMARY);
    hob_buffer_put_string(out, ".SH SYNOPSIS\n.B hob\nCOMMAND [OPTION]... [ARGUMENT]...\n"
                               ".SH COMMANDS\n");
    for (const struct hob_command *const *at = hob_commands; *at != NULL; at++) {
        hob_buffer_printf(out, ".TP\n.BR hob\\-%s (1)\n", (*at)->name);
        put_roff(out, (*at)->summary);
        hob_buffer_put_string(out, ".\n");
    }
    hob_buffer_put_string(out, ".SH OPTIONS\n.TP\n.B \\-\\-version\nSay which hob this is.\n"
                               ".TP\n.B \\-h, \\-\\-help\nList the commands.\n");
}

void hob_man_put(struct hob_buffer *out, const struct hob_command *command)
{
    if (command != NULL)
        put_command(out, command);
    else
        put_overview(out);
}
