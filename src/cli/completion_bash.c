/* completion_bash: the script for bash. */
#include "cli/completion_shells.h"

/* After an option that takes a value: what to choose from. */
static void put_values(void *data, const struct hob_command *command, const char *title)
{
    struct hob_buffer *out = data;
    const struct hob_option *option = command->options;
    for (; option != NULL && option->name != NULL; option++) {
        if (option->argument == NULL)
            continue;
        hob_buffer_printf(out, "    '%s --%s'", title, option->name);
        if (option->letter != 0)
            hob_buffer_printf(out, " | '%s -%c'", title, option->letter);
        hob_buffer_put_string(out, ") words='");
        if (option->choices != NULL)
            option->choices(out);
        hob_buffer_put_string(out, "' ;;\n");
    }
}

static void put_command(void *data, const struct hob_command *command, const char *title)
{
    struct hob_buffer *out = data;
    const struct hob_option *option = command->options;
    hob_buffer_printf(out, "    '%s')\n        options='--help", title);
    for (; option != NULL && option->name != NULL; option++)
        if (!option->hidden)
            hob_buffer_printf(out, " --%s", option->name);
    hob_buffer_put_string(out, "'\n        arguments='");
    if (command->argument_choices != NULL)
        command->argument_choices(out);
    hob_buffer_put_string(out, "' ;;\n");
}

static void put_names(struct hob_buffer *out, const struct hob_command *const *commands)
{
    for (; *commands != NULL; commands++)
        hob_buffer_printf(out, " %s", (*commands)->name);
}

/* Where the words of a command begin that is typed as one word, or as two. */
static void put_groups(struct hob_buffer *out)
{
    for (const struct hob_command *const *at = hob_commands; *at != NULL; at++) {
        if ((*at)->subcommands == NULL)
            continue;
        hob_buffer_printf(out, "    %s)\n        if ((COMP_CWORD == 2)); then\n", (*at)->name);
        hob_buffer_put_string(out, "            COMPREPLY=($(compgen -W '--help");
        put_names(out, (*at)->subcommands);
        hob_buffer_put_string(out, "' -- \"$current\"))\n"
                                   "            return\n"
                                   "        fi\n"
                                   "        command=\"$command ${COMP_WORDS[2]}\" ;;\n");
    }
}

static void put_alias_cases(struct hob_buffer *out)
{
    for (const struct hob_command *const *at = hob_commands; *at != NULL; at++)
        if ((*at)->alias != NULL)
            hob_buffer_printf(out, "    %s) command=%s first=1 ;;\n", (*at)->alias, (*at)->name);
}

void hob_completion_put_bash(struct hob_buffer *out)
{
    hob_buffer_put_string(
        out, "# bash completion for hob, made by `hob completion bash`\n"
             "_hob() {\n"
             "    local current=${COMP_WORDS[COMP_CWORD]} previous=${COMP_WORDS[COMP_CWORD-1]}\n"
             "    local command=${COMP_WORDS[1]} first=2 words=- options='' arguments=''\n"
             "    COMPREPLY=()\n"
             "    case ${COMP_WORDS[0]##*/} in\n");
    put_alias_cases(out);
    hob_buffer_put_string(out, "    esac\n"
                               "    if ((COMP_CWORD < first)); then\n"
                               "        COMPREPLY=($(compgen -W '--help --version");
    put_names(out, hob_commands);
    hob_buffer_put_string(out, "' -- \"$current\"))\n"
                               "        return\n"
                               "    fi\n"
                               "    case $command in\n");
    put_groups(out);
    hob_buffer_put_string(out, "    *) ;;\n"
                               "    esac\n"
                               "    case \"$command $previous\" in\n");
    hob_command_each(put_values, out);
    hob_buffer_put_string(out, "    esac\n"
                               "    case $command in\n");
    hob_command_each(put_command, out);
    hob_buffer_put_string(
        out, "    esac\n"
             "    if [[ $words == - ]]; then\n"
             "        words=$arguments\n"
             "        [[ $current == -* ]] && words=$options\n"
             "    fi\n"
             "    [[ -n $words ]] && COMPREPLY=($(compgen -W \"$words\" -- \"$current\"))\n"
             "    return 0\n"
             "}\n"
             "complete -o default -F _hob hob");
    hob_completion_put_aliases(out);
    hob_buffer_put_char(out, '\n');
}
