/* completion_fish: the script for fish. */
#include "cli/completion_shells.h"

/* `where` is the program, and the condition under which the option is offered. */
static void put_option(struct hob_buffer *out, const char *where, const struct hob_option *option)
{
    if (option->hidden)
        return;
    hob_buffer_printf(out, "complete -c %s -l %s", where, option->name);
    if (option->letter != 0)
        hob_buffer_printf(out, " -s %c", option->letter);
    if (option->argument != NULL)
        hob_buffer_put_string(out, " -r");
    if (option->choices != NULL) {
        hob_buffer_put_string(out, " -f -a '");
        option->choices(out);
        hob_buffer_put_char(out, '\'');
    }
    hob_buffer_put_string(out, " -d '");
    hob_completion_put_quoted(out, option->help, "\\");
    hob_buffer_put_string(out, "'\n");
}

static void put_options(struct hob_buffer *out, const struct hob_command *command,
                        const char *where)
{
    for (const struct hob_option *option = command->options; option->name != NULL; option++)
        put_option(out, where, option);
    put_option(out, where, &hob_help_option);
}

static void put_choices(struct hob_buffer *out, const char *where,
                        const struct hob_command *command)
{
    if (command->argument_choices == NULL)
        return;
    hob_buffer_printf(out, "complete -c %s -f -a '", where);
    command->argument_choices(out);
    hob_buffer_put_string(out, "'\n");
}

static void put_name(struct hob_buffer *out, const char *condition,
                     const struct hob_command *command)
{
    hob_buffer_printf(out, "complete -c hob -n '%s' -f -a %s -d '", condition, command->name);
    hob_completion_put_quoted(out, command->summary, "\\");
    hob_buffer_put_string(out, "'\n");
}

/* The subcommands, while none of them was typed, and then their options. */
static void put_group(struct hob_buffer *out, const struct hob_command *command)
{
    HOB_AUTO(buffer) struct hob_buffer condition = HOB_BUFFER_INIT;
    HOB_AUTO(buffer) struct hob_buffer where = HOB_BUFFER_INIT;
    hob_buffer_printf(&condition,
                      "__fish_seen_subcommand_from %s; and not __fish_seen_subcommand_from",
                      command->name);
    for (const struct hob_command *const *at = command->subcommands; *at != NULL; at++)
        hob_buffer_printf(&condition, " %s", (*at)->name);
    for (const struct hob_command *const *at = command->subcommands; *at != NULL; at++) {
        put_name(out, hob_buffer_string(&condition), *at);
        hob_buffer_clear(&where);
        hob_buffer_printf(&where,
                          "hob -n '__fish_seen_subcommand_from %s; and "
                          "__fish_seen_subcommand_from %s'",
                          command->name, (*at)->name);
        put_choices(out, hob_buffer_string(&where), *at);
        put_options(out, *at, hob_buffer_string(&where));
    }
}

static void put_command(struct hob_buffer *out, const struct hob_command *command)
{
    put_name(out, "__fish_use_subcommand", command);
    if (command->subcommands != NULL) {
        put_group(out, command);
        return;
    }
    HOB_AUTO(buffer) struct hob_buffer where = HOB_BUFFER_INIT;
    hob_buffer_printf(&where, "hob -n '__fish_seen_subcommand_from %s'", command->name);
    put_choices(out, hob_buffer_string(&where), command);
    put_options(out, command, hob_buffer_string(&where));
    if (command->alias != NULL)
        put_options(out, command, command->alias);
}

void hob_completion_put_fish(struct hob_buffer *out)
{
    hob_buffer_put_string(out, "# fish completion for hob, made by `hob completion fish`\n");
    for (const struct hob_command *const *at = hob_commands; *at != NULL; at++)
        put_command(out, *at);
}
