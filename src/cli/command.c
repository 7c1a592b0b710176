/* command: see command.h. */
#include "cli/command.h"

#include <limits.h>

#include "cli/completion.h"
#include "cli/read_format.h"
#include "cli/transfer.h"
#include "cli/write.h"

const struct hob_option hob_help_option = {
    .name = "help", .letter = 'h', .help = "say how the command is used, and stop"};

static void put_topics(struct hob_buffer *out)
{
    for (const struct hob_command *command = hob_commands; command->name != NULL; command++) {
        hob_buffer_put_string(out, command->name);
        hob_buffer_put_char(out, ' ');
    }
    hob_buffer_put_string(out, "formats functions");
}

static const struct hob_option no_options[] = {{0}};

static const struct hob_option field_options[] = {
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
     .help = "with batch: the fields to print, each as NAME:VALUE"},
    {0},
};

static const struct hob_note field_examples[] = {
    {"hob field title talk.md", "the title of a talk"},
    {"hob field venue talks/talk.md --config shared.yml", "with another config to fall back on"},
    {"hob field batch talk.md --fields title date venue", "several fields, one line each"},
    {"ln -s hob mdfield", "a link of that name is the command field"},
    {NULL, NULL},
};

static const struct hob_note field_exits[] = {
    {"0", "printed; a field or a file that is not there is an empty line"},
    {"1", "standard output could not be written"},
    {"2", "the command line is wrong"},
    {NULL, NULL},
};

static const struct hob_option read_options[] = {
    {.name = "field",
     .letter = 'f',
     .argument = "FIELD",
     .help = "print one field of an interface"},
    {.name = "format",
     .letter = 'F',
     .argument = "FORMAT",
     .choices = hob_read_put_formats,
     .help = "how to print; the default is table, or what the name of OUT says"},
    {.name = "type",
     .letter = 't',
     .argument = "TYPE",
     .choices = hob_read_put_types,
     .help = "what the file holds, when its name does not say"},
    {.name = "delimiter",
     .letter = 'd',
     .argument = "TEXT",
     .help = "between the cells of a CSV file; \\t is a tab, \\s+ any white space"},
    {.name = "rows",
     .letter = 'n',
     .argument = "NUMBER",
     .help = "print only the first rows; a table says how many more there are"},
    {.name = "where",
     .letter = 'w',
     .argument = "CONDITION",
     .repeatable = true,
     .help = "only rows for which this holds, as in 'year >= 2020 and venue contains \"Harbour\"'; "
             "of several all must"},
    {.name = "sort",
     .letter = 's',
     .argument = "NAME,...",
     .repeatable = true,
     .help = "put rows into order by these columns; -NAME is descending"},
    {.name = "select",
     .letter = 'c',
     .argument = "NAME,...",
     .repeatable = true,
     .help = "only these columns, in this order, after grouping and sorting"},
    {.name = "limit", .argument = "NUMBER", .help = "no more rows than that, after sorting"},
    {.name = "group",
     .letter = 'g',
     .argument = "NAME,...",
     .repeatable = true,
     .help = "one row for each combination of cells of these columns"},
    {.name = "count", .help = "the number of rows of each group, or of all"},
    {.name = "sum",
     .argument = "NAME,...",
     .repeatable = true,
     .help = "of each group, the sum of these columns"},
    {.name = "mean", .argument = "NAME,...", .repeatable = true, .help = "their mean"},
    {.name = "min", .argument = "NAME,...", .repeatable = true, .help = "their least cell"},
    {.name = "max", .argument = "NAME,...", .repeatable = true, .help = "their largest cell"},
    {.name = "types", .help = "show the type of each column below its name, in tables"},
    {.name = "max-file-size",
     .argument = "SIZE",
     .help = "refuse larger files: bytes, or a number with K, M or G; the default is 4G"},
    {.name = "output",
     .letter = 'o',
     .argument = "OUT",
     .help = "write to this file; it is replaced whole or not at all"},
    {0},
};

static const struct hob_note read_examples[] = {
    {"hob read grants.csv", "a file as a table"},
    {"hob read publications.yml --select year,title --rows 5", "some of it"},
    {"hob read publications.yml --where 'year >= 2020' --sort -year,title --limit 20",
     "the rows that are wanted, in order"},
    {"hob read grants.csv --group funder --count --sum amount", "what there is to say of groups"},
    {"hob read interfaces/grants.yml", "what an interface describes"},
    {"hob read interfaces/grants.yml --field title", "one field of the interface itself"},
    {"hob read grants.csv -o grants.json", "from one format to another"},
    {"hob read grants.csv --format arrow > grants.arrows", "columns for pandas or polars"},
    {"curl -s URL | hob read - --type csv --format ndjson", "from a pipe"},
    {NULL, NULL},
};

static const struct hob_note read_exits[] = {
    {"0", "read and written"},
    {"1", "the file could not be read as asked, or the result not written"},
    {"2", "the command line is wrong"},
    {NULL, NULL},
};

static const struct hob_option convert_options[] = {
    {.name = "from",
     .letter = 'f',
     .argument = "TYPE",
     .choices = hob_read_put_types,
     .help = "what IN holds, when its name does not say"},
    {.name = "to",
     .letter = 't',
     .argument = "TYPE",
     .choices = hob_transfer_put_targets,
     .help = "what OUT is to hold, when its name does not say"},
    {.name = "option",
     .letter = 'O',
     .argument = "KEY=VALUE",
     .repeatable = true,
     .help = "a key as in the input and output of an interface, its value in YAML; from.KEY and "
             "to.KEY are for one of the two"},
    {.name = "max-file-size",
     .argument = "SIZE",
     .help = "refuse larger files: bytes, or a number with K, M or G; the default is 4G"},
    {0},
};

static const struct hob_note convert_examples[] = {
    {"hob convert grants.csv grants.json", "by the endings of the names"},
    {"hob convert grants.csv - --to arrow | python3 analyse.py", "columns for another program"},
    {"curl -s URL | hob convert - table.csv --from ndjson", "from a pipe"},
    {"hob convert in.csv out.csv -O 'from.delimiter=;' -O 'to.delimiter=|'",
     "with another delimiter"},
    {"hob convert book.xlsx people.yml -O sheet=People", "one sheet of a workbook"},
    {NULL, NULL},
};

static const struct hob_note convert_exits[] = {
    {"0", "converted"},
    {"1", "IN could not be read, or OUT not written; OUT is then as it was"},
    {"2", "the command line is wrong"},
    {NULL, NULL},
};

static const struct hob_option write_options[] = {
    {.name = "interface",
     .letter = 'i',
     .argument = "FILE",
     .help = "write to the output of this interface"},
    {.name = "from",
     .letter = 'f',
     .argument = "FORMAT",
     .choices = hob_write_put_sources,
     .help = "what standard input holds; the default is told by its first bytes"},
    {.name = "type",
     .letter = 't',
     .argument = "TYPE",
     .choices = hob_transfer_put_targets,
     .help = "what OUT is to hold, when its name does not say"},
    {.name = "option",
     .letter = 'O',
     .argument = "KEY=VALUE",
     .repeatable = true,
     .help = "a key as in the output of an interface, its value in YAML"},
    {.name = "max-file-size",
     .argument = "SIZE",
     .help = "refuse more input: bytes, or a number with K, M or G; the default is 4G"},
    {0},
};

static const struct hob_note write_examples[] = {
    {"my-program | hob write people.yml", "records as a file, replaced whole or not at all"},
    {"hob read a.csv --format ndjson | grep Ada | hob write ada.csv", "in a pipeline"},
    {"my-program | hob write --interface grants.yml", "where an interface says"},
    {NULL, NULL},
};

static const struct hob_note write_exits[] = {
    {"0", "written"},
    {"1", "the records could not be read, or not written; what was there is as it was"},
    {"2", "the command line is wrong"},
    {NULL, NULL},
};

static const struct hob_option list_options[] = {
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
    {.name = "output",
     .letter = 'o',
     .argument = "OUT",
     .help = "write to this file; it is replaced whole or not at all"},
    {0},
};

static const struct hob_note list_examples[] = {
    {"hob list talks talks/*.md", "the list `talks` of cvlists.yml"},
    {"hob list publications publications.yml -s 2020 -o publications.md", "since 2020, to a file"},
    {"hob list grants grants.csv --config cv/cvlists.yml", "with cv/templates for templates"},
    {"ln -s hob mdlist", "a link of that name is the command list"},
    {NULL, NULL},
};

static const struct hob_note list_exits[] = {
    {"0", "rendered and written"},
    {"1", "an entry, the definition or a template cannot be used, or the result not written"},
    {"2", "the command line is wrong"},
    {NULL, NULL},
};

static const struct hob_option help_options[] = {
    {.name = "man", .hidden = true, .help = "print the man page instead (roff)"},
    {.name = "markdown", .help = "print the reference of all commands in markdown"},
    {0},
};

static const struct hob_note help_examples[] = {
    {"hob help read", "the options and examples of a command"},
    {"hob help formats", "what files can be read and written"},
    {"hob help functions", "what compute sections, lists and templates can call"},
    {NULL, NULL},
};

static const struct hob_note completion_examples[] = {
    {"source <(hob completion bash)", "in ~/.bashrc"},
    {"hob completion zsh > ~/.zfunc/_hob", "a directory in zsh's $fpath"},
    {"hob completion fish > ~/.config/fish/completions/hob.fish", ""},
    {NULL, NULL},
};

static const struct hob_note usual_exits[] = {
    {"0", "printed"},
    {"1", "standard output could not be written"},
    {"2", "the command line is wrong"},
    {NULL, NULL},
};

const struct hob_command hob_commands[] = {
    {
        .name = "field",
        .summary = "print a field of a talk",
        .arguments = "FIELD FILE",
        .description =
            "Prints a field of the front matter of a markdown file. A field that the talk lacks "
            "comes from a config file in the working directory: _lamd.yml, or _config.yml when "
            "there is no _lamd.yml. Variables such as $HOME are expanded in what is printed.\n\n"
            "With the word batch in place of FIELD, the fields after --fields are printed, each on "
            "a line NAME:VALUE; the file is read once.\n\n"
            "Called as mdfield, the command is a drop-in for the tool of that name.",
        .options = field_options,
        .examples = field_examples,
        .exit_notes = field_exits,
        .alias = "mdfield",
        .least_words = 2,
        .most_words = 2,
        .run = hob_run_field,
    },
    {
        .name = "read",
        .summary = "print a data file, or what an interface describes",
        .arguments = "FILE|INTERFACE",
        .description =
            "Reads a table and prints it. What a file holds is told by the ending of its name, or "
            "by --type; - reads standard input and needs --type. A YAML file that is a mapping "
            "with `input` (or that inherits one) is an interface: its input is read, and relative "
            "paths in it start from the working directory; with --type yaml it is data.\n\n"
            "A table on a terminal is cut to its width, and a long one shows its first and last "
            "rows; nothing is cut elsewhere.",
        .options = read_options,
        .examples = read_examples,
        .exit_notes = read_exits,
        .least_words = 1,
        .most_words = 1,
        .run = hob_run_read,
    },
    {
        .name = "convert",
        .summary = "convert a data file from one format to another",
        .arguments = "IN OUT",
        .description =
            "Reads a table from IN and writes it to OUT, in any of the formats that `hob help "
            "formats` lists with an ending. The formats are told by the endings of the names, or "
            "by --from and --to; - is standard input or output. OUT is replaced whole or not at "
            "all. A YAML file is data here, even where it is an interface.\n\n"
            "What takes longer than a second is shown on standard error, if that is a terminal.",
        .options = convert_options,
        .examples = convert_examples,
        .exit_notes = convert_exits,
        .least_words = 2,
        .most_words = 2,
        .run = hob_run_convert,
    },
    {
        .name = "write",
        .summary = "write records from standard input to a file, or where an interface says",
        .arguments = "[OUT]",
        .description =
            "Reads records (JSON, a JSON record a line, or CSV with a header) from standard input "
            "and writes them to OUT, in the format of its ending or of --type, or to the output of "
            "an interface. Everything is read before anything is written, and a file is replaced "
            "whole or not at all. An OUT of - is standard output.\n\n"
            "What takes longer than a second is shown on standard error, if that is a terminal.",
        .options = write_options,
        .examples = write_examples,
        .exit_notes = write_exits,
        .most_words = 1,
        .run = hob_run_write,
    },
    {
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
        .options = list_options,
        .examples = list_examples,
        .exit_notes = list_exits,
        .alias = "mdlist",
        .least_words = 2,
        .most_words = UINT_MAX,
        .run = hob_run_list,
    },
    {
        .name = "help",
        .summary = "say how a command is used",
        .arguments = "[COMMAND]",
        .description = "Without a command: the list of commands. The word formats in place of "
                       "COMMAND lists the formats of files, functions what compute sections, "
                       "lists and templates can call.",
        .options = help_options,
        .examples = help_examples,
        .exit_notes = usual_exits,
        .argument_choices = put_topics,
        .most_words = 1,
        .run = hob_run_help,
    },
    {
        .name = "completion",
        .summary = "print a script that lets a shell complete hob's commands",
        .arguments = "SHELL",
        .description = "SHELL is bash, zsh or fish.",
        .options = no_options,
        .examples = completion_examples,
        .exit_notes = usual_exits,
        .argument_choices = hob_completion_put_shells,
        .least_words = 1,
        .most_words = 1,
        .run = hob_run_completion,
    },
    {0},
};

const struct hob_command *hob_command_find(const char *name)
{
    for (const struct hob_command *command = hob_commands; command->name != NULL; command++)
        if (strcmp(command->name, name) == 0)
            return command;
    return NULL;
}

const struct hob_command *hob_command_of_executable(const char *path)
{
    const char *slash = strrchr(path, '/');
    const char *name = slash != NULL ? slash + 1 : path;
    for (const struct hob_command *command = hob_commands; command->name != NULL; command++)
        if (command->alias != NULL && strcmp(command->alias, name) == 0)
            return command;
    return NULL;
}

const struct hob_command *hob_command_nearest(const char *name)
{
    const struct hob_command *nearest = NULL;
    unsigned distance = hob_near_enough(name);
    for (const struct hob_command *command = hob_commands; command->name != NULL; command++)
        if (hob_nearer(name, command->name, &distance))
            nearest = command;
    return nearest;
}

/* Longer words are nobody's typing mistake. */
enum { LONGEST_NAME = 64 };

static unsigned smallest(unsigned a, unsigned b, unsigned c)
{
    unsigned least = a < b ? a : b;
    return least < c ? least : c;
}

/* Insertions, deletions, replacements, and two neighbours swapped, which is the commonest slip of
 * all: three rows of the table at a time. */
static unsigned edits(const char *a, size_t a_size, const char *b, size_t b_size)
{
    unsigned rows[3][LONGEST_NAME + 1];
    for (size_t j = 0; j <= b_size; j++)
        rows[0][j] = (unsigned)j;
    for (size_t i = 1; i <= a_size; i++) {
        unsigned *row = rows[i % 3], *above = rows[(i + 2) % 3], *higher = rows[(i + 1) % 3];
        row[0] = (unsigned)i;
        for (size_t j = 1; j <= b_size; j++) {
            unsigned replaced = above[j - 1] + (a[i - 1] != b[j - 1]);
            row[j] = smallest(above[j] + 1, row[j - 1] + 1, replaced);
            bool swapped = i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1];
            if (swapped && higher[j - 2] + 1 < row[j])
                row[j] = higher[j - 2] + 1;
        }
    }
    return rows[a_size % 3][b_size];
}

unsigned hob_near_enough(const char *name)
{
    size_t third = (strlen(name) + 1) / 3;
    return (unsigned)(third < 2 ? third : 2) + 1;
}

bool hob_nearer(const char *name, const char *candidate, unsigned *distance)
{
    size_t size = strlen(name), candidate_size = strlen(candidate);
    if (size > LONGEST_NAME || candidate_size > LONGEST_NAME)
        return false;
    unsigned found = edits(name, size, candidate, candidate_size);
    /* A name of which nothing is left was not meant. */
    if (found >= *distance || found >= size || found >= candidate_size)
        return false;
    *distance = found;
    return true;
}
