/* completion: see completion.h. */
#include "cli/completion.h"

#include "cli/completion_shells.h"
#include "cli/options.h"
#include "cli/output.h"

void hob_completion_put_aliases(struct hob_buffer *out)
{
    for (const struct hob_command *const *at = hob_commands; *at != NULL; at++)
        if ((*at)->alias != NULL)
            hob_buffer_printf(out, " %s", (*at)->alias);
}

void hob_completion_put_quoted(struct hob_buffer *out, const char *text, const char *special)
{
    for (; *text != '\0'; text++) {
        if (strchr(special, *text) != NULL)
            hob_buffer_put_char(out, '\\');
        if (*text == '\'')
            hob_buffer_put_string(out, "'\\'");
        hob_buffer_put_char(out, *text);
    }
}

static const struct {
    const char *name;
    void (*put)(struct hob_buffer *out);
} shells[] = {{"bash", hob_completion_put_bash},
              {"zsh", hob_completion_put_zsh},
              {"fish", hob_completion_put_fish}};

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

static int run_completion(const struct hob_arguments *arguments)
{
    HOB_AUTO(output) struct hob_output output = {.program = arguments->name};
    if (!hob_completion_put(&output.buffer, arguments->words[0]))
        return hob_arguments_wrong(arguments,
                                   "there is no completion for '%s', only for bash, "
                                   "zsh and fish",
                                   arguments->words[0]);
    return hob_output_finish(&output);
}

static const struct hob_note examples[] = {
    {"source <(hob completion bash)", "in ~/.bashrc"},
    {"hob completion zsh > ~/.zfunc/_hob", "a directory in zsh's $fpath"},
    {"hob completion fish > ~/.config/fish/completions/hob.fish", ""},
    {NULL, NULL},
};

const struct hob_command hob_command_completion = {
    .name = "completion",
    .summary = "print a script that lets a shell complete hob's commands",
    .arguments = "SHELL",
    .description = "SHELL is bash, zsh or fish.",
    .options = hob_no_options,
    .examples = examples,
    .exit_notes = hob_usual_exits,
    .argument_choices = hob_completion_put_shells,
    .least_words = 1,
    .most_words = 1,
    .run = run_completion,
};
