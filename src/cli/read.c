/* read: `hob read`.
 *
 * What is read is always a flow, as in an interface file: for a data file one is made from the
 * command line, for an interface it is the interface's input. So a file reads the same here, in
 * an interface and on the server. */
#define _GNU_SOURCE
#include <errno.h>
#include <sys/stat.h>

#include "access/access.h"
#include "base/number.h"
#include "cli/choices.h"
#include "cli/destination.h"
#include "cli/open_interface.h"
#include "cli/output.h"
#include "cli/read_format.h"
#include "cli/read_query.h"
#include "value/python.h"
#include "value/yaml.h"

struct reading {
    const struct hob_arguments *arguments;
    struct hob_arena *arena;
    struct hob_scope scope;
    const char *file;
    const char *type; /* as given, or NULL */
    const char *out;  /* the file to write, or NULL for standard output */
    const struct hob_read_format *format;
    bool format_given;
    size_t rows; /* 0: all */
};

static const struct hob_value *text_value(const struct reading *reading, const char *text)
{
    return hob_value_new_string(reading->arena, hob_text_from(text));
}

/* --- the command line --- */

static int choose_format(struct reading *reading)
{
    const char *name = hob_arguments_value(reading->arguments, "format");
    reading->format_given = name != NULL;
    if (name != NULL) {
        reading->format = hob_read_format_find(name);
        return reading->format != NULL
                   ? 0
                   : hob_choice_wrong(reading->arguments, "format", name, hob_read_put_formats);
    }
    reading->format = hob_read_format_find("table");
    if (reading->out == NULL)
        return 0;
    reading->format = hob_read_format_of_file(reading->out);
    reading->format_given = true;
    if (reading->format == NULL)
        return hob_arguments_wrong(
            reading->arguments, "the name '%s' does not say in what format to write: give --format",
            reading->out);
    return 0;
}

static int check_terminal(const struct reading *reading)
{
    if (!reading->format->binary || !hob_destination_is_terminal(reading->out))
        return 0;
    return hob_arguments_wrong(reading->arguments,
                               "%s is not for a terminal: give --output, or redirect standard "
                               "output",
                               reading->format->name);
}

static int choose_rows(struct reading *reading)
{
    const char *given = hob_arguments_value(reading->arguments, "rows");
    uint64_t rows = 0;
    if (given == NULL)
        return 0;
    if (hob_number_parse_unsigned(hob_text_from(given), &rows) != 0 || rows == 0)
        return hob_arguments_wrong(reading->arguments,
                                   "--rows cannot be '%s': it is a whole number from 1", given);
    reading->rows = rows;
    return 0;
}

static int look_at_arguments(struct reading *reading)
{
    const struct hob_arguments *arguments = reading->arguments;
    reading->file = arguments->words[0];
    reading->out = hob_arguments_value(arguments, "output");
    reading->type = hob_arguments_value(arguments, "type");
    if (reading->type != NULL && hob_read_type_find(reading->type) == NULL)
        return hob_choice_wrong(arguments, "type", reading->type, hob_read_put_types);
    if (strcmp(reading->file, "-") == 0 && reading->type == NULL)
        return hob_arguments_wrong(arguments, "what standard input holds must be said with --type");
    int wrong = choose_format(reading);
    if (wrong == 0)
        wrong = check_terminal(reading);
    if (wrong == 0)
        wrong = choose_rows(reading);
    if (wrong == 0)
        wrong = hob_read_query_check(arguments);
    if (wrong == 0)
        wrong = hob_choice_size(arguments, "max-file-size", &reading->scope.max_file_size);
    return wrong;
}

/* --- data files --- */

/* A backslash and a t is how a tab is typed in most shells. */
static const char *delimiter_of(const char *given)
{
    return strcmp(given, "\\t") == 0 ? "\t" : given;
}

/* That the file is not there, or is a directory, is the better answer where it is true. */
static int unknown_ending(const struct reading *reading, struct hob_error *error)
{
    struct stat facts;
    if (stat(reading->file, &facts) != 0)
        return hob_error_from_errno(error, errno, "read", reading->file);
    if (S_ISDIR(facts.st_mode))
        return hob_error_from_errno(error, EISDIR, "read", reading->file);
    return hob_format_unreadable(reading->file, "say it with --type, as in --type csv", error);
}

static int flow_of_file(struct reading *reading, const struct hob_value **flow,
                        struct hob_error *error)
{
    bool standard_input = strcmp(reading->file, "-") == 0;
    const struct hob_format *format = hob_format_of_file(reading->file);
    if (reading->type == NULL && (format == NULL || format->read == NULL))
        return unknown_ending(reading, error);
    struct hob_arena *arena = reading->arena;
    struct hob_value *map = hob_value_new(arena, HOB_MAP);
    const char *type = reading->type != NULL ? reading->type : format->type;
    const char *path = standard_input ? "/dev/stdin" : reading->file;
    hob_value_put_string(arena, map, "type", text_value(reading, type));
    hob_value_put_string(arena, map, "filename", text_value(reading, path));
    const char *delimiter = hob_arguments_value(reading->arguments, "delimiter");
    if (delimiter != NULL)
        hob_value_put_string(arena, map, "delimiter", text_value(reading, delimiter_of(delimiter)));
    *flow = map;
    return 0;
}

/* --- interfaces --- */

static bool is_yaml_name(const char *path)
{
    struct hob_text text = hob_text_from(path);
    return hob_text_ends_with(text, ".yml") || hob_text_ends_with(text, ".yaml");
}

/* Data files can be large and are parsed once more when they are read: most of them never say a
 * word that makes an interface. */
static bool names_input(struct hob_text text)
{
    return memmem(text.data, text.size, "input", strlen("input")) != NULL ||
           memmem(text.data, text.size, "inherit", strlen("inherit")) != NULL;
}

/* A mapping with an input, or with one from a parent. A file that cannot be read is none, and is
 * complained of when it is read as data; unless that could succeed, for want of memory now. */
static int look_for_interface(struct reading *reading, bool *found, struct hob_error *error)
{
    *found = false;
    if (reading->type != NULL || !is_yaml_name(reading->file))
        return 0;
    *found = hob_arguments_has(reading->arguments, "field");
    if (*found)
        return 0;
    HOB_AUTO(arena) struct hob_arena *arena = hob_arena_new();
    HOB_AUTO(file_content) struct hob_file_content content = HOB_FILE_CONTENT_INIT;
    const struct hob_value *value;
    int code = hob_scope_read(&reading->scope, reading->file, &content, error);
    if (code == 0 && !names_input(content.text))
        return 0;
    if (code == 0)
        code = hob_yaml_read(arena, content.text, reading->file, &value, error);
    if (code != 0)
        return code == HOB_E_MEMORY || code == HOB_E_IO ? code : 0;
    const struct hob_value *inherit = hob_value_get(value, "inherit");
    *found = hob_value_get(value, "input") != NULL || hob_value_is(inherit, HOB_MAP);
    return 0;
}

static int read_frame(struct reading *reading, struct hob_frame **frame, struct hob_error *error)
{
    bool interface_given;
    int code = look_for_interface(reading, &interface_given, error);
    if (code != 0)
        return code;
    if (!interface_given) {
        const struct hob_value *flow = NULL;
        code = flow_of_file(reading, &flow, error);
        return code != 0 ? code : hob_access_read(frame, &reading->scope, flow, error);
    }
    struct hob_interface interface;
    code =
        hob_interface_load_file(reading->arena, &reading->scope, reading->file, &interface, error);
    if (code == 0)
        code = hob_access_read_interface(frame, &reading->scope, &interface, error);
    if (code != 0)
        hob_open_interface_hint(reading->file, error);
    return code;
}

/* --- rows --- */

static bool copy_rows(struct hob_column *to, const struct hob_column *from, size_t rows,
                      struct hob_arena *arena)
{
    hob_column_init(to, from->type);
    to->nullable = from->nullable;
    to->has_zone = from->has_zone;
    to->offset_seconds = from->offset_seconds;
    for (size_t row = 0; row < rows; row++)
        if (!hob_column_append_from(to, from, row, arena))
            return false;
    return true;
}

/* The first rows as a frame of its own, which borrows nested values from the whole. */
static int first_rows(const struct hob_frame *whole, size_t rows, struct hob_frame **part,
                      struct hob_error *error)
{
    HOB_AUTO(frame) struct hob_frame *frame = hob_frame_new();
    hob_frame_set_rows(frame, rows);
    for (size_t i = 0; i < hob_frame_columns(whole); i++) {
        struct hob_column column;
        bool copied =
            copy_rows(&column, hob_frame_column(whole, i), rows, hob_frame_arena(frame)) &&
            hob_frame_add(frame, hob_frame_name(whole, i), &column) != NULL;
        if (!copied) {
            hob_column_deinit(&column);
            return hob_error_set(error, HOB_E_MEMORY, "cannot choose rows: not enough memory");
        }
    }
    *part = HOB_STEAL(frame);
    return 0;
}

/* --- writing --- */

/* Ends what was written with `code`. Returns the exit status. */
static int finish(const struct reading *reading, struct hob_destination *destination, int code,
                  struct hob_error *error)
{
    if (code == 0)
        code = hob_destination_commit(destination, error);
    if (code == 0)
        return 0;
    return destination->deserted ? 1 : hob_report(reading->arguments->name, error);
}

static int no_field(const struct reading *reading, const struct hob_value *fields,
                    const char *field, struct hob_error *error)
{
    HOB_AUTO(buffer) struct hob_buffer names = HOB_BUFFER_INIT;
    hob_error_set(error, HOB_E_KEY, "the interface '%s' has no field '%s'", reading->file, field);
    for (size_t i = 0; hob_value_is(fields, HOB_MAP) && i < fields->map.count; i++)
        hob_buffer_printf(&names, "%s%.*s", i > 0 ? ", " : "",
                          HOB_TEXT_ARG(hob_value_text(fields->map.pairs[i].key)));
    if (names.size > 0)
        hob_error_hint(error, "it has %s", hob_buffer_string(&names));
    return HOB_E_KEY;
}

static int print_field(struct reading *reading, const char *field)
{
    struct hob_error error = HOB_ERROR_INIT;
    struct hob_interface interface;
    bool interface_given;
    if (look_for_interface(reading, &interface_given, &error) != 0)
        return hob_report(reading->arguments->name, &error);
    if (!interface_given)
        return hob_arguments_wrong(reading->arguments,
                                   "--field is for interfaces (.yml files); for the fields of a "
                                   "talk there is 'hob field'");
    if (reading->format->put_value == NULL)
        return hob_arguments_wrong(reading->arguments, "a single field cannot be printed as %s",
                                   reading->format->name);
    HOB_AUTO(buffer) struct hob_buffer out = HOB_BUFFER_INIT;
    HOB_AUTO(destination) struct hob_destination destination = HOB_DESTINATION_INIT;
    struct hob_sink sink = hob_destination_sink(&destination);
    int code =
        hob_interface_load_file(reading->arena, &reading->scope, reading->file, &interface, &error);
    if (code != 0)
        return hob_report(reading->arguments->name, &error);
    const struct hob_value *value = hob_value_get(interface.fields, field);
    if (value == NULL)
        code = no_field(reading, interface.fields, field, &error);
    else
        code = reading->format->put_value(&out, value, &error);
    if (code == 0)
        code = hob_destination_open(&destination, &reading->scope, reading->out, &error);
    if (code == 0)
        code = hob_sink_drain(&sink, &out, &error);
    return finish(reading, &destination, code, &error);
}

static struct hob_table_options table_options(const struct reading *reading)
{
    struct hob_table_options options = {0};
    if (reading->out == NULL)
        options = hob_table_options_look();
    options.types = hob_arguments_has(reading->arguments, "types");
    if (reading->rows > 0) {
        options.first = reading->rows;
        options.last = 0;
    }
    return options;
}

static int print_table(const struct reading *reading, const struct hob_frame *frame)
{
    struct hob_error error = HOB_ERROR_INIT;
    HOB_AUTO(destination) struct hob_destination destination = HOB_DESTINATION_INIT;
    struct hob_sink sink = hob_destination_sink(&destination);
    HOB_AUTO(frame) struct hob_frame *part = NULL;
    bool is_table = strcmp(reading->format->name, "table") == 0;
    bool some = !is_table && reading->rows > 0 && reading->rows < hob_frame_rows(frame);
    int code = some ? first_rows(frame, reading->rows, &part, &error) : 0;
    struct hob_table_options options = table_options(reading);
    if (code == 0)
        code = hob_destination_open(&destination, &reading->scope, reading->out, &error);
    if (code == 0)
        code = reading->format->write(&sink, part != NULL ? part : frame, &options, &error);
    return finish(reading, &destination, code, &error);
}

static int run_read(const struct hob_arguments *arguments)
{
    HOB_AUTO(arena) struct hob_arena *arena = hob_arena_new();
    struct reading reading = {
        .arguments = arguments,
        .arena = arena,
        .scope = {.finish = arguments->compute->finish, .finish_data = arguments->compute->data}};
    int wrong = look_at_arguments(&reading);
    if (wrong != 0)
        return wrong;
    const char *field = hob_arguments_value(arguments, "field");
    if (field != NULL)
        return print_field(&reading, field);
    struct hob_error error = HOB_ERROR_INIT;
    HOB_AUTO(frame) struct hob_frame *frame = NULL;
    int code = read_frame(&reading, &frame, &error);
    if (code == 0)
        code = hob_read_query(arguments, &frame, &error);
    if (code != 0)
        return hob_report(arguments->name, &error);
    return print_table(&reading, frame);
}

static const struct hob_option options[] = {
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
     .help =
         "only rows for which this holds, as in 'year >= 2020 and venue contains \"Hydrology\"'; "
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
    HOB_MAX_FILE_SIZE_OPTION,
    HOB_OUTPUT_OPTION,
    {0},
};

static const struct hob_note examples[] = {
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

static const struct hob_note exits[] = {
    {"0", "read and written"},
    {"1", "the file could not be read as asked, or the result not written"},
    {"2", "the command line is wrong, or the interface has no `input` that says what to read"},
    {NULL, NULL},
};

const struct hob_command hob_command_read = {
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
    .options = options,
    .examples = examples,
    .exit_notes = exits,
    .least_words = 1,
    .most_words = 1,
    .run = run_read,
};
