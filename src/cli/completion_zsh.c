/* completion_zsh: the script for zsh. */
#include "cli/completion_shells.h"

static void put_value(struct hob_buffer *out, const struct hob_option *option)
{
    if (option->argument == NULL)
        return;
    hob_buffer_put_char(out, ':');
    hob_completion_put_quoted(out, option->argument, "[]:\\");
    hob_buffer_put_char(out, ':');
    if (option->choices != NULL) {
        hob_buffer_put_char(out, '(');
        option->choices(out);
        hob_buffer_put_char(out, ')');
    } else {
        hob_buffer_put_string(out, "_files");
    }
}

static void put_form(struct hob_buffer *out, const struct hob_option *option, bool is_short)
{
    hob_buffer_printf(out, "            '%s", option->repeatable ? "*" : "");
    if (is_short)
        hob_buffer_printf(out, "-%c%s[", option->letter, option->argument != NULL ? "+" : "");
    else
        hob_buffer_printf(out, "--%s%s[", option->name, option->argument != NULL ? "=" : "");
    hob_completion_put_quoted(out, option->help, "[]:\\");
    hob_buffer_put_char(out, ']');
    put_value(out, option);
    hob_buffer_put_string(out, "' \\\n");
}

static void put_option(struct hob_buffer *out, const struct hob_option *option)
{
    if (option->hidden)
        return;
    put_form(out, option, false);
    if (option->letter != 0)
        put_form(out, option, true);
}

static void put_command(void *data, const struct hob_command *command, const char *title)
{
    struct hob_buffer *out = data;
    if (command->subcommands != NULL)
        return;
    hob_buffer_printf(out, "    '%s')\n        _arguments -s \\\n", title);
    for (const struct hob_option *option = command->options; option->name != NULL; option++)
        put_option(out, option);
    put_option(out, &hob_help_option);
    hob_buffer_put_string(out, "            '*: :");
    if (command->argument_choices != NULL) {
        hob_buffer_put_char(out, '(');
        command->argument_choices(out);
        hob_buffer_put_char(out, ')');
    } else {
        hob_buffer_put_string(out, "_files");
    }
    hob_buffer_put_string(out, "' ;;\n");
}

static void put_described(struct hob_buffer *out, const struct hob_command *const *commands)
{
    hob_buffer_put_string(out, "            local -a commands=(\n");
    for (; *commands != NULL; commands++) {
        hob_buffer_printf(out, "                '%s:", (*commands)->name);
        hob_completion_put_quoted(out, (*commands)->summary, "\\");
        hob_buffer_put_string(out, "'\n");
    }
    hob_buffer_put_string(out, "            )\n"
                               "            _describe command commands\n"
                               "            return\n");
}

/* Takes the first word, which is the command's, from those that its options are looked for in. */
static const char *const next_word = "        shift words\n"
                                     "        ((CURRENT--))";

static void put_groups(struct hob_buffer *out)
{
    for (const struct hob_command *const *at = hob_commands; *at != NULL; at++) {
        if ((*at)->subcommands == NULL)
            continue;
        hob_buffer_printf(out, "    %s)\n        if ((CURRENT == 2)); then\n", (*at)->name);
        put_described(out, (*at)->subcommands);
        hob_buffer_printf(out,
                          "        fi\n"
                          "        command=\"$command $words[2]\"\n"
                          "%s ;;\n",
                          next_word);
    }
}

void hob_completion_put_zsh(struct hob_buffer *out)
{
    hob_buffer_put_string(out, "#compdef hob");
    hob_completion_put_aliases(out);
    hob_buffer_put_string(out, "\n# zsh completion for hob, made by `hob completion zsh`\n"
                               "_hob() {\n"
                               "    local command=$words[2]\n"
                               "    case $service in\n");
    for (const struct hob_command *const *at = hob_commands; *at != NULL; at++)
        if ((*at)->alias != NULL)
            hob_buffer_printf(out, "    %s) command=%s ;;\n", (*at)->alias, (*at)->name);
    hob_buffer_put_string(out, "    *)\n"
                               "        if ((CURRENT == 2)); then\n");
    put_described(out, hob_commands);
    hob_buffer_printf(out,
                      "        fi\n%s ;;\n"
                      "    esac\n"
                      "    case $command in\n",
                      next_word);
    put_groups(out);
    hob_buffer_put_string(out, "    *) ;;\n"
                               "    esac\n"
                               "    case $command in\n");
    hob_command_each(put_command, out);
    /* As a file in $fpath the script is the function's first call; sourced, it is not. */
    hob_buffer_put_string(out, "    esac\n"
                               "}\n"
                               "if [[ $funcstack[1] == _hob ]]; then\n"
                               "    _hob \"$@\"\n"
                               "else\n"
                               "    compdef _hob hob");
    hob_completion_put_aliases(out);
    hob_buffer_put_string(out, "\nfi\n");
}
