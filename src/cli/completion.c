/* completion: see completion.h.
 *
 * Each script knows the commands and options that this hob has, so it never runs hob while the
 * user is typing. Where nothing else is known file names are completed. */
#include "cli/completion.h"

#include "cli/help.h"
#include "cli/options.h"
#include "cli/output.h"

static void put_choices(struct hob_buffer *out, void (*choices)(struct hob_buffer *out))
{
    if (choices != NULL)
        choices(out);
}

/* The other names under which hob is called, each after a blank. */
static void put_aliases(struct hob_buffer *out)
{
    for (const struct hob_command *command = hob_commands; command->name != NULL; command++)
        if (command->alias != NULL)
            hob_buffer_printf(out, " %s", command->alias);
}

/* --- bash --- */

static void put_bash_values(struct hob_buffer *out, const struct hob_command *command)
{
    for (const struct hob_option *option = command->options; option->name != NULL; option++) {
        if (option->argument == NULL)
            continue;
        hob_buffer_printf(out, "    '%s --%s'", command->name, option->name);
        if (option->letter != 0)
            hob_buffer_printf(out, " | '%s -%c'", command->name, option->letter);
        hob_buffer_put_string(out, ") words='");
        put_choices(out, option->choices);
        hob_buffer_put_string(out, "' ;;\n");
    }
}

static void put_bash_command(struct hob_buffer *out, const struct hob_command *command)
{
    hob_buffer_printf(out, "    %s)\n        options='--help", command->name);
    for (const struct hob_option *option = command->options; option->name != NULL; option++)
        if (!option->hidden)
            hob_buffer_printf(out, " --%s", option->name);
    hob_buffer_put_string(out, "'\n        arguments='");
    put_choices(out, command->argument_choices);
    hob_buffer_put_string(out, "' ;;\n");
}

static void put_bash(struct hob_buffer *out)
{
    hob_buffer_put_string(
        out, "# bash completion for hob, made by `hob completion bash`\n"
             "_hob() {\n"
             "    local current=${COMP_WORDS[COMP_CWORD]} previous=${COMP_WORDS[COMP_CWORD-1]}\n"
             "    local command=${COMP_WORDS[1]} first=2 words=- options='' arguments=''\n"
             "    COMPREPLY=()\n"
             "    case ${COMP_WORDS[0]##*/} in\n");
    for (const struct hob_command *command = hob_commands; command->name != NULL; command++)
        if (command->alias != NULL)
            hob_buffer_printf(out, "    %s) command=%s first=1 ;;\n", command->alias,
                              command->name);
    hob_buffer_put_string(out, "    esac\n"
                               "    if ((COMP_CWORD < first)); then\n"
                               "        COMPREPLY=($(compgen -W '--help --version");
    for (const struct hob_command *command = hob_commands; command->name != NULL; command++)
        hob_buffer_printf(out, " %s", command->name);
    hob_buffer_put_string(out, "' -- \"$current\"))\n"
                               "        return\n"
                               "    fi\n"
                               "    case \"$command $previous\" in\n");
    for (const struct hob_command *command = hob_commands; command->name != NULL; command++)
        put_bash_values(out, command);
    hob_buffer_put_string(out, "    esac\n"
                               "    case $command in\n");
    for (const struct hob_command *command = hob_commands; command->name != NULL; command++)
        put_bash_command(out, command);
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
    put_aliases(out);
    hob_buffer_put_char(out, '\n');
}

/* --- zsh --- */

/* Text inside single quotes, in which `special` characters need a backslash. */
static void put_quoted(struct hob_buffer *out, const char *text, const char *special)
{
    for (; *text != '\0'; text++) {
        if (strchr(special, *text) != NULL)
            hob_buffer_put_char(out, '\\');
        if (*text == '\'')
            hob_buffer_put_string(out, "'\\'");
        hob_buffer_put_char(out, *text);
    }
}

static void put_zsh_value(struct hob_buffer *out, const struct hob_option *option)
{
    if (option->argument == NULL)
        return;
    hob_buffer_put_char(out, ':');
    put_quoted(out, option->argument, "[]:\\");
    hob_buffer_put_char(out, ':');
    if (option->choices != NULL) {
        hob_buffer_put_char(out, '(');
        option->choices(out);
        hob_buffer_put_char(out, ')');
    } else {
        hob_buffer_put_string(out, "_files");
    }
}

static void put_zsh_form(struct hob_buffer *out, const struct hob_option *option, bool is_short)
{
    hob_buffer_printf(out, "            '%s", option->repeatable ? "*" : "");
    if (is_short)
        hob_buffer_printf(out, "-%c%s[", option->letter, option->argument != NULL ? "+" : "");
    else
        hob_buffer_printf(out, "--%s%s[", option->name, option->argument != NULL ? "=" : "");
    put_quoted(out, option->help, "[]:\\");
    hob_buffer_put_char(out, ']');
    put_zsh_value(out, option);
    hob_buffer_put_string(out, "' \\\n");
}

static void put_zsh_option(struct hob_buffer *out, const struct hob_option *option)
{
    if (option->hidden)
        return;
    put_zsh_form(out, option, false);
    if (option->letter != 0)
        put_zsh_form(out, option, true);
}

static void put_zsh_command(struct hob_buffer *out, const struct hob_command *command)
{
    hob_buffer_printf(out, "    %s)\n        _arguments -s \\\n", command->name);
    for (const struct hob_option *option = command->options; option->name != NULL; option++)
        put_zsh_option(out, option);
    put_zsh_option(out, &hob_help_option);
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

static void put_zsh(struct hob_buffer *out)
{
    hob_buffer_put_string(out, "#compdef hob");
    put_aliases(out);
    hob_buffer_put_string(out, "\n# zsh completion for hob, made by `hob completion zsh`\n"
                               "_hob() {\n"
                               "    local command=$words[2]\n"
                               "    case $service in\n");
    for (const struct hob_command *command = hob_commands; command->name != NULL; command++)
        if (command->alias != NULL)
            hob_buffer_printf(out, "    %s) command=%s ;;\n", command->alias, command->name);
    hob_buffer_put_string(out, "    *)\n"
                               "        if ((CURRENT == 2)); then\n"
                               "            local -a commands=(\n");
    for (const struct hob_command *command = hob_commands; command->name != NULL; command++) {
        hob_buffer_printf(out, "                '%s:", command->name);
        put_quoted(out, command->summary, "\\");
        hob_buffer_put_string(out, "'\n");
    }
    hob_buffer_put_string(out, "            )\n"
                               "            _describe command commands\n"
                               "            return\n"
                               "        fi\n"
                               "        shift words\n"
                               "        ((CURRENT--)) ;;\n"
                               "    esac\n"
                               "    case $command in\n");
    for (const struct hob_command *command = hob_commands; command->name != NULL; command++)
        put_zsh_command(out, command);
    /* As a file in $fpath the script is the function's first call; sourced, it is not. */
    hob_buffer_put_string(out, "    esac\n"
                               "}\n"
                               "if [[ $funcstack[1] == _hob ]]; then\n"
                               "    _hob \"$@\"\n"
                               "else\n"
                               "    compdef _hob hob");
    put_aliases(out);
    hob_buffer_put_string(out, "\nfi\n");
}

/* --- fish --- */

/* `where` is the program, and the condition under which the option is offered. */
static void put_fish_option(struct hob_buffer *out, const char *where,
                            const struct hob_option *option)
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
    put_quoted(out, option->help, "\\");
    hob_buffer_put_string(out, "'\n");
}

static void put_fish_options(struct hob_buffer *out, const struct hob_command *command,
                             const char *where)
{
    for (const struct hob_option *option = command->options; option->name != NULL; option++)
        put_fish_option(out, where, option);
    put_fish_option(out, where, &hob_help_option);
}

static void put_fish_command(struct hob_buffer *out, const struct hob_command *command)
{
    HOB_AUTO(buffer) struct hob_buffer where = HOB_BUFFER_INIT;
    hob_buffer_printf(&where, "hob -n '__fish_seen_subcommand_from %s'", command->name);
    hob_buffer_printf(out, "complete -c hob -n __fish_use_subcommand -f -a %s -d '", command->name);
    put_quoted(out, command->summary, "\\");
    hob_buffer_put_string(out, "'\n");
    if (command->argument_choices != NULL) {
        hob_buffer_printf(out, "complete -c %s -f -a '", hob_buffer_string(&where));
        command->argument_choices(out);
        hob_buffer_put_string(out, "'\n");
    }
    put_fish_options(out, command, hob_buffer_string(&where));
    if (command->alias != NULL)
        put_fish_options(out, command, command->alias);
}

static void put_fish(struct hob_buffer *out)
{
    hob_buffer_put_string(out, "# fish completion for hob, made by `hob completion fish`\n");
    for (const struct hob_command *command = hob_commands; command->name != NULL; command++)
        put_fish_command(out, command);
}

static const struct {
    const char *name;
    void (*put)(struct hob_buffer *out);
} shells[] = {{"bash", put_bash}, {"zsh", put_zsh}, {"fish", put_fish}};

enum { SHELL_COUNT = sizeof shells / sizeof shells[0] };

void hob_completion_put_shells(struct hob_buffer *out)
{
    for (size_t i = 0; i < SHELL_COUNT; i++) {
        hob_buffer_put_string(out, i > 0 ? " " : "");
        hob_buffer_put_string(out, shells[i].name);
    }
}

bool hob_completion_put(struct hob_buffer *out, const char *shell)
{
    for (size_t i = 0; i < SHELL_COUNT; i++) {
        if (strcmp(shells[i].name, shell) != 0)
            continue;
        shells[i].put(out);
        return true;
    }
    return false;
}

int hob_run_completion(const struct hob_arguments *arguments)
{
    HOB_AUTO(output) struct hob_output output = {.program = arguments->name};
    if (!hob_completion_put(&output.buffer, arguments->words[0]))
        return hob_arguments_wrong(arguments,
                                   "there is no completion for '%s', only for bash, "
                                   "zsh and fish",
                                   arguments->words[0]);
    return hob_output_finish(&output);
}
