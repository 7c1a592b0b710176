/* list: `hob list` and `mdlist` where templates cannot be rendered: hands over to the program that
 * does (run.h). */
#include <limits.h>

#include "cli/choices.h"
#include "cli/options.h"
#include "cli/output.h"

static int run_list(const struct hob_arguments *arguments)
{
    struct hob_error error = HOB_ERROR_INIT;
    if (arguments->compute->hand_over == NULL)
        return arguments->compute->run_list(arguments);
    hob_hand_over(arguments->compute->hand_over, &error);
    return hob_report(arguments->name, &error);
}

static const struct hob_option options[] = {
    {.name = "config",
     .letter = 'c',
     .argument = "FILE",
     .help = "the definitions of lists; the default is cvlists.yml"},
    {.name = "templates",
     .letter = 't',
     .argument = "DIR",
     .help = "where templates are; the default is templates beside the config"},
    {.name = "since",
     .letter = 's',
     .argument = "YEAR",
     .help = "for lists with the filter recent: only entries of that year or later"},
    {.name = "since-year", .argument = "YEAR", .hidden = true, .help = "the same as --since"},
    HOB_OUTPUT_OPTION,
    {0},
};

static const struct hob_note examples[] = {
    {"hob list talks talks/*.md", "the list `talks` of cvlists.yml"},
    {"hob list publications publications.yml -s 2020 -o publications.md", "since 2020, to a file"},
    {"hob list grants grants.csv --config cv/cvlists.yml", "with cv/templates for templates"},
    {"ln -s hob mdlist", "a link of that name is the command list"},
    {NULL, NULL},
};

static const struct hob_note exits[] = {
    {"0", "rendered and written"},
    {"1", "an entry, the definition or a template cannot be used, or the result not written"},
    {"2", "the command line is wrong"},
    {NULL, NULL},
};

const struct hob_command hob_command_list = {
    .name = "list",
    .summary = "render the entries of files as a list, as a CV has them",
    .arguments = "TYPE FILE...",
    .description =
        "Reads entries: a markdown file is one, a data file or an interface as many as it has "
        "rows, a directory means the markdown files in it. The list TYPE of the config says "
        "how columns are converted, which entries stay and in which order, and by which "
        "Liquid template each is rendered. The words functions and formats behind 'hob help' "
        "list what definitions can call and what files can be read.\n\n"
        "Called as mdlist, the command is a drop-in for the tool of that name.",
    .options = options,
    .examples = examples,
    .exit_notes = exits,
    .alias = "mdlist",
    .least_words = 2,
    .most_words = UINT_MAX,
    .run = run_list,
};
