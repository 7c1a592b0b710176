/* convert: `hob convert`.
 *
 * Both ends are flows, as in an interface file: so what a format can be told in an interface it can
 * be told here, with --option. */
#include <errno.h>

#include "cli/choices.h"
#include "cli/read_format.h"
#include "cli/transfer.h"

static int unknown_input(const char *path, struct hob_error *error)
{
    struct stat facts;
    if (stat(path, &facts) != 0)
        return hob_error_from_errno(error, errno, "read", path);
    if (S_ISDIR(facts.st_mode))
        return hob_error_from_errno(error, EISDIR, "read", path);
    return hob_format_unreadable(path, "say it with --from, as in --from csv", error);
}

static uint64_t size_of(const char *path)
{
    struct stat facts;
    return stat(path, &facts) == 0 && S_ISREG(facts.st_mode) ? (uint64_t)facts.st_size : 0;
}

/* NULL when neither --from nor the name says it. */
static const struct hob_format *source_of(const struct hob_transfer *transfer, const char *path)
{
    const char *type = hob_arguments_value(transfer->arguments, "from");
    const struct hob_format *format =
        type != NULL ? hob_read_type_find(type) : hob_format_of_file(path);
    return format != NULL && format->read != NULL ? format : NULL;
}

static int read_input(struct hob_transfer *transfer, struct hob_value *flow, const char *path,
                      struct hob_frame **frame, struct hob_error *error)
{
    const struct hob_format *format = source_of(transfer, path);
    if (format == NULL)
        return unknown_input(path, error);
    bool standard = strcmp(path, "-") == 0;
    const char *name = standard ? "/dev/stdin" : path;
    struct hob_arena *arena = transfer->arena;
    hob_value_put_string(arena, flow, "type",
                         hob_value_new_string(arena, hob_text_from(format->type)));
    hob_value_put_string(arena, flow, "filename", hob_value_new_string(arena, hob_text_from(name)));
    hob_progress_reading(transfer->progress, standard ? "standard input" : path, size_of(name));
    return hob_access_read(frame, &transfer->scope, flow, error);
}

static int look_at_arguments(struct hob_transfer *transfer, const struct hob_format **target)
{
    const struct hob_arguments *arguments = transfer->arguments;
    const char *from = hob_arguments_value(arguments, "from");
    if (from != NULL && hob_read_type_find(from) == NULL)
        return hob_choice_wrong(arguments, "from", from, hob_read_put_types);
    if (from == NULL && strcmp(arguments->words[0], "-") == 0)
        return hob_arguments_wrong(arguments, "what standard input holds must be said with --from");
    int wrong = hob_transfer_choose_target(transfer, "to", hob_arguments_value(arguments, "to"),
                                           arguments->words[1], target);
    if (wrong != 0)
        return wrong;
    const struct hob_format *source = source_of(transfer, arguments->words[0]);
    if (source != NULL) /* else there is more to say than what its keys are */
        wrong = hob_transfer_check_options(transfer, source, *target);
    if (wrong != 0)
        return wrong;
    return hob_choice_size(arguments, "max-file-size", &transfer->scope.max_file_size);
}

static int run_convert(const struct hob_arguments *arguments)
{
    HOB_AUTO(arena) struct hob_arena *arena = hob_arena_new();
    HOB_AUTO(frame) struct hob_frame *frame = NULL;
    struct hob_error error = HOB_ERROR_INIT;
    struct hob_transfer transfer = {
        .arguments = arguments,
        .arena = arena,
        .scope = {.finish = arguments->compute->finish, .finish_data = arguments->compute->data}};
    const struct hob_format *target;
    struct hob_value *input = hob_value_new(arena, HOB_MAP);
    struct hob_value *output = hob_value_new(arena, HOB_MAP);
    int wrong = look_at_arguments(&transfer, &target);
    if (wrong == 0)
        wrong = hob_transfer_set_options(&transfer, "from.", input);
    if (wrong == 0)
        wrong = hob_transfer_set_options(&transfer, "to.", output);
    if (wrong != 0)
        return wrong;
    transfer.progress = hob_progress_start();
    int code = read_input(&transfer, input, arguments->words[0], &frame, &error);
    if (code == 0)
        code = hob_transfer_write(&transfer, target, output, arguments->words[1], frame, &error);
    return hob_transfer_finish(&transfer, code, &error);
}

static const struct hob_option options[] = {
    {.name = "from",
     .letter = 'f',
     .argument = "TYPE",
     .choices = hob_read_put_types,
     .help = "what IN holds, when its name does not say"},
    HOB_TRANSFER_TARGET_OPTION("to"),
    {.name = "option",
     .letter = 'O',
     .argument = "KEY=VALUE",
     .repeatable = true,
     .help = "a key as in the input and output of an interface, its value in YAML; from.KEY and "
             "to.KEY are for one of the two"},
    HOB_MAX_FILE_SIZE_OPTION,
    {0},
};

static const struct hob_note examples[] = {
    {"hob convert grants.csv grants.json", "by the endings of the names"},
    {"hob convert grants.csv - --to arrow | python3 analyse.py", "columns for another program"},
    {"curl -s URL | hob convert - table.csv --from ndjson", "from a pipe"},
    {"hob convert in.csv out.csv -O 'from.delimiter=;' -O 'to.delimiter=|'",
     "with another delimiter"},
    {"hob convert book.xlsx people.yml -O sheet=People", "one sheet of a workbook"},
    {NULL, NULL},
};

static const struct hob_note exits[] = {
    {"0", "converted"},
    {"1", "IN could not be read, or OUT not written; OUT is then as it was"},
    {"2", "the command line is wrong"},
    {NULL, NULL},
};

const struct hob_command hob_command_convert = {
    .name = "convert",
    .summary = "convert a data file from one format to another",
    .arguments = "IN OUT",
    .description =
        "Reads a table from IN and writes it to OUT, in any of the formats that `hob help "
        "formats` lists with an ending. The formats are told by the endings of the names, or "
        "by --from and --to; - is standard input or output. OUT is replaced whole or not at "
        "all. A YAML file is data here, even where it is an interface.\n\n"
        "What takes longer than a second is shown on standard error, if that is a terminal.",
    .options = options,
    .examples = examples,
    .exit_notes = exits,
    .least_words = 2,
    .most_words = 2,
    .run = run_convert,
};
