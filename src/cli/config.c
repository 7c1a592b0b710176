/* config: `hob config`: the settings that hobd reads, looked at without it. */
#include <stdlib.h>

#include "cli/options.h"
#include "cli/output.h"
#include "server/settings.h"
#include "server/unset.h"

static int show_template(void)
{
    HOB_AUTO(output) struct hob_output output = {.program = "hob"};
    hob_schema_put_template(&output.buffer, hob_settings_rows);
    return hob_output_finish(&output);
}

static int run_show(const struct hob_arguments *arguments)
{
    HOB_AUTO(output) struct hob_output output = {.program = "hob"};
    HOB_AUTO(settings_read) struct hob_settings_read *settings = NULL;
    HOB_AUTO(free) char *path = NULL;
    struct hob_error error = HOB_ERROR_INIT;
    bool json = hob_arguments_has(arguments, "json");
    bool defaults = hob_arguments_has(arguments, "defaults");
    if (defaults && !json)
        return show_template();
    if ((!defaults && hob_settings_find(hob_arguments_value(arguments, "config"), &path, &error)) ||
        hob_settings_read(path, NULL, &settings, &error) != 0)
        return hob_report("hob", &error);
    if (!defaults)
        hob_unset_fill(&settings->values, settings->arena);
    if (json)
        hob_schema_put_json(&output.buffer, hob_settings_rows, &settings->values);
    else
        hob_schema_put_yaml(&output.buffer, hob_settings_rows, &settings->values);
    return hob_output_finish(&output);
}

/* The file that the command is about: NULL when there is none, which is then told. */
static char *find_file(const char *wanted, int *status)
{
    struct hob_error error = HOB_ERROR_INIT;
    char *path = NULL;
    *status = hob_settings_find(wanted, &path, &error) == 0 ? 0 : hob_report("hob", &error);
    if (path == NULL && *status == 0)
        hob_report_warning("hob",
                           "there is no file of settings, hobd uses its defaults; 'hob config "
                           "show --defaults' prints a file to start from");
    return path;
}

static int run_check(const struct hob_arguments *arguments)
{
    HOB_AUTO(output) struct hob_output output = {.program = "hob"};
    HOB_AUTO(settings_read) struct hob_settings_read *settings = NULL;
    struct hob_error error = HOB_ERROR_INIT;
    int status;
    HOB_AUTO(free)
    char *path = find_file(arguments->word_count > 0 ? arguments->words[0] : NULL, &status);
    if (path == NULL)
        return status;
    int code = hob_settings_check(path, &settings, &error);
    if (code != 0 && settings->mistakes.found == 0)
        return hob_report("hob", &error);
    hob_mistakes_put(&output.buffer, path, &settings->mistakes);
    status = hob_output_finish(&output);
    return code != 0 ? hob_error_exit_status(code) : status;
}

static int run_path(const struct hob_arguments *arguments)
{
    (void)arguments;
    HOB_AUTO(output) struct hob_output output = {.program = "hob"};
    int status;
    HOB_AUTO(free) char *path = find_file(NULL, &status);
    if (path == NULL)
        return status != 0 ? status : 1;
    hob_buffer_printf(&output.buffer, "%s\n", path);
    return hob_output_finish(&output);
}

static const struct hob_option show_options[] = {
    {.name = "config",
     .letter = 'c',
     .argument = "FILE",
     .help = "the settings of this file, not of the one that hobd would find"},
    {.name = "defaults",
     .letter = 'd',
     .help = "a file to start from: every key with its help and its default, commented out"},
    {.name = "json", .letter = 'j', .help = "as JSON; sizes in bytes, durations in seconds"},
    {0},
};

static const struct hob_note show_examples[] = {
    {"hob config show", "what a hobd started now would do"},
    {"hob config show --defaults > ~/.config/hob/hob.yml", "a file to start from"},
    {"hob config show --json | jq .limits", "for a program"},
    {NULL, NULL},
};

static const struct hob_note show_exits[] = {
    {"0", "printed"},
    {"1", "the file cannot be read or has mistakes"},
    {"2", "the command line is wrong"},
    {NULL, NULL},
};

static const struct hob_command show = {
    .name = "show",
    .summary = "print the settings that hobd would have",
    .arguments = "",
    .description = "Prints every setting, as the file has it or by default; what depends on the "
                   "machine and the user as a hobd that is started now, by you, would have it. "
                   "What is printed is itself a file of settings.",
    .options = show_options,
    .examples = show_examples,
    .exit_notes = show_exits,
    .run = run_show,
};

static const struct hob_note check_examples[] = {
    {"hob config check", "the file that hobd would read"},
    {"hob config check deploy/hob.yml", "another one"},
    {NULL, NULL},
};

static const struct hob_note check_exits[] = {
    {"0", "hobd would take the file, or there is none"},
    {"1", "it has mistakes, which were printed, or cannot be read"},
    {"2", "the command line is wrong"},
    {NULL, NULL},
};

static const struct hob_command check = {
    .name = "check",
    .summary = "tell all that is wrong in a file of settings",
    .arguments = "[FILE]",
    .description =
        "Prints a line for each mistake, as compilers do: the file, the line, the key, "
        "what was expected, and which name may have been meant. Directories that are not "
        "there and programs of pools that are not installed are mistakes too.",
    .options = hob_no_options,
    .examples = check_examples,
    .exit_notes = check_exits,
    .most_words = 1,
    .run = run_check,
};

static const struct hob_note path_examples[] = {
    {"hob config path", "such as /home/ada/.config/hob/hob.yml"},
    {"${EDITOR:-vi} \"$(hob config path)\"", "to change it"},
    {NULL, NULL},
};

static const struct hob_note path_exits[] = {
    {"0", "printed"},
    {"1", "there is no file of settings"},
    {"2", "the command line is wrong"},
    {NULL, NULL},
};

static const struct hob_command path = {
    .name = "path",
    .summary = "print which file of settings hobd would read",
    .arguments = "",
    .description = "The file that $HOB_CONFIG names, else the first that exists of "
                   "$XDG_CONFIG_HOME/hob/hob.yml (~/.config/hob/hob.yml) and /etc/hob/hob.yml.",
    .options = hob_no_options,
    .examples = path_examples,
    .exit_notes = path_exits,
    .run = run_path,
};

static const struct hob_note examples[] = {
    {"hob config show --defaults > ~/.config/hob/hob.yml", "a file to start from"},
    {"hob config check", "all that is wrong in it, with lines"},
    {"hob config show", "what a hobd started now would do"},
    {NULL, NULL},
};

static const struct hob_command *const subcommands[] = {&show, &check, &path, NULL};

const struct hob_command hob_command_config = {
    .name = "config",
    .summary = "look at the settings of hobd, and check them",
    .subcommands = subcommands,
    .description =
        "hobd reads its settings from the file that --config names, else the one that $HOB_CONFIG "
        "names, else the first that exists of $XDG_CONFIG_HOME/hob/hob.yml "
        "(~/.config/hob/hob.yml) and /etc/hob/hob.yml. A running hobd applies a changed file when "
        "it gets SIGHUP, and keeps the old settings if the file has mistakes.",
    .examples = examples,
};
