/* field: `hob field` and `mdfield`.
 *
 * Builds call this dozens of times in a row, so nothing is done that the answer does not need. A
 * talk that is not there is an empty line and success, as with the tool that mdfield stands in
 * for: its callers test for an empty answer. */
#include "talk/field.h"
#include "cli/options.h"
#include "cli/output.h"

static const char *const default_configs[] = {"_lamd.yml", "_config.yml"};

enum { DEFAULT_COUNT = sizeof default_configs / sizeof default_configs[0] };

static void put_field(struct hob_output *output, struct hob_talk *talk, struct hob_text field)
{
    if (hob_talk_exists(talk))
        hob_talk_print_field(&output->buffer, talk, field);
    hob_buffer_put_char(&output->buffer, '\n');
}

static void put_named(struct hob_output *output, struct hob_talk *talk, struct hob_text field)
{
    hob_buffer_put_text(&output->buffer, field);
    hob_buffer_put_char(&output->buffer, ':');
    put_field(output, talk, field);
}

/* Names between commas, as other commands take them; the tool itself does not. */
static void put_each(struct hob_output *output, struct hob_talk *talk, const char *names)
{
    while (*names != '\0') {
        size_t size = strcspn(names, ",");
        if (size > 0)
            put_named(output, talk, (struct hob_text){names, size});
        names += size + (names[size] == ',');
    }
}

static void put_batch(struct hob_output *output, struct hob_talk *talk,
                      const struct hob_arguments *arguments)
{
    size_t count;
    HOB_AUTO(free) const char **fields = hob_arguments_values(arguments, "fields", &count);
    bool drop_in = strcmp(arguments->name, "hob") != 0;
    for (size_t i = 0; i < count; i++) {
        if (drop_in)
            put_named(output, talk, hob_text_from(fields[i]));
        else
            put_each(output, talk, fields[i]);
    }
}

/* What is broken is told always; what is not there not to who calls the command by the name of the
 * tool that it stands in for, whose callers ask for files that may not be there. */
static void warn(const struct hob_arguments *arguments, struct hob_talk *talk)
{
    bool drop_in = strcmp(arguments->name, "hob") != 0;
    const char *flaw;
    for (size_t i = 0; (flaw = hob_talk_flaw(talk, i)) != NULL; i++)
        hob_report_warning(arguments->name, "%s: the file counts as empty", flaw);
    if (drop_in)
        return;
    if (!hob_talk_exists(talk))
        hob_report_warning("hob", "there is no readable file '%s': the answer is empty",
                           arguments->words[1]);
    const char *config = hob_arguments_value(arguments, "config");
    if (config != NULL && hob_talk_lacks_config(talk))
        hob_report_warning("hob", "there is no config '%s': it counts as empty", config);
}

static int print_fields(const struct hob_arguments *arguments, struct hob_talk *talk, bool batch)
{
    HOB_AUTO(output) struct hob_output output = {.program = arguments->name};
    if (batch)
        put_batch(&output, talk, arguments);
    else
        put_field(&output, talk, hob_text_from(arguments->words[0]));
    struct hob_error error = HOB_ERROR_INIT;
    if (hob_talk_check(talk, &error) != 0) {
        hob_buffer_clear(&output.buffer);
        return hob_report(arguments->name, &error);
    }
    warn(arguments, talk);
    return hob_output_finish(&output);
}

static int run_field(const struct hob_arguments *arguments)
{
    bool batch = strcmp(arguments->words[0], "batch") == 0;
    bool fields = hob_arguments_has(arguments, "fields");
    if (batch && !fields)
        return hob_arguments_wrong(arguments, "batch needs --fields FIELD...");
    if (!batch && fields)
        return hob_arguments_wrong(arguments, "--fields goes with 'batch %s'", arguments->words[1]);
    size_t count;
    HOB_AUTO(free) const char **configs = hob_arguments_values(arguments, "config", &count);
    struct hob_talk_request request = {
        .markdown_file = arguments->words[1],
        .config_files = count > 0 ? configs : default_configs,
        .config_count = count > 0 ? count : DEFAULT_COUNT,
        .default_parent = "_lamd.yml",
    };
    struct hob_scope scope = {.roots = NULL};
    HOB_AUTO(talk) struct hob_talk *talk = hob_talk_open(&scope, &request);
    return print_fields(arguments, talk, batch);
}

static const struct hob_option options[] = {
    {.name = "config",
     .letter = 'c',
     .argument = "FILE",
     .repeatable = true,
     .help = "ask this config instead of _lamd.yml and _config.yml; of several the first that "
             "exists"},
    {.name = "fields",
     .letter = 'f',
     .argument = "FIELD...",
     .repeatable = true,
     .many = true,
     .help = "with batch: the fields to print, each as NAME:VALUE; also with commas between them"},
    {0},
};

static const struct hob_note examples[] = {
    {"hob field title talk.md", "the title of a talk"},
    {"hob field venue talks/talk.md --config shared.yml", "with another config to fall back on"},
    {"hob field batch talk.md --fields title date venue", "several fields, one line each"},
    {"ln -s hob mdfield", "a link of that name is the command field"},
    {NULL, NULL},
};

static const struct hob_note exits[] = {
    {"0", "printed; a field that is not there is an empty line"},
    {"1", "a file could not be read because the system failed, or standard output not written"},
    {"2", "the command line is wrong"},
    {NULL, NULL},
};

const struct hob_command hob_command_field = {
    .name = "field",
    .summary = "print a field of a talk",
    .arguments = "FIELD FILE",
    .description =
        "Prints a field of the front matter of a markdown file. A field that the talk lacks "
        "comes from a config file in the working directory: _lamd.yml, or _config.yml when "
        "there is no _lamd.yml. Variables such as $HOME are expanded in what is printed.\n\n"
        "A file that is not there, or is broken (front matter that is never closed, what is no "
        "YAML), counts as empty: the exit status is 0, and a line on standard error says why.\n\n"
        "With the word batch in place of FIELD, the fields after --fields are printed, each on "
        "a line NAME:VALUE; the file is read once.\n\n"
        "Called as mdfield, the command is a drop-in for the tool of that name, and says nothing "
        "of files that are not there.",
    .options = options,
    .examples = examples,
    .exit_notes = exits,
    .alias = "mdfield",
    .least_words = 2,
    .most_words = 2,
    .run = run_field,
};
