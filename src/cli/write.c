/* write: `hob write`.
 *
 * Records come from standard input. Which of the three formats they are in is told by their first
 * bytes where the command line does not say it: [ starts a JSON list, { a JSON line when the first
 * line is a mapping of its own, else a JSON document, and everything else is CSV. */
#include "cli/write.h"

#include <unistd.h>

#include "access/csv.h"
#include "cli/choices.h"
#include "cli/open_interface.h"
#include "cli/transfer.h"
#include "frame/build.h"
#include "frame/lines_read.h"
#include "frame/records.h"
#include "value/json.h"

static int read_json(struct hob_frame **frame, struct hob_text text, struct hob_error *error)
{
    int result = hob_frame_read_records(frame, text, error);
    if (result < 0 || *frame != NULL)
        return result;
    HOB_AUTO(arena) struct hob_arena *arena = hob_arena_new(); /* the frame takes it over */
    const struct hob_value *value;
    result = hob_json_read(arena, text, &value, error);
    return result < 0 ? result : hob_frame_from_value(frame, value, 0, HOB_STEAL(arena), error);
}

static int read_csv(struct hob_frame **frame, struct hob_text text, struct hob_error *error)
{
    struct hob_csv_options options = {0};
    return hob_csv_read(frame, text, &options, error);
}

enum { JSON, NDJSON, CSV, SOURCES };

static const struct source {
    const char *name;
    int (*read)(struct hob_frame **frame, struct hob_text text, struct hob_error *error);
} sources[SOURCES] = {
    [JSON] = {"json", read_json},
    [NDJSON] = {"ndjson", hob_frame_read_lines},
    [CSV] = {"csv", read_csv},
};

void hob_write_put_sources(struct hob_buffer *out)
{
    for (size_t i = 0; i < SOURCES; i++) {
        hob_buffer_put_string(out, i > 0 ? " " : "");
        hob_buffer_put_string(out, sources[i].name);
    }
}

static const struct source *find_source(const char *name)
{
    for (size_t i = 0; i < SOURCES; i++)
        if (strcmp(sources[i].name, name) == 0)
            return &sources[i];
    return NULL;
}

/* Whether the first line is a document of its own. */
static bool is_line(struct hob_text text)
{
    const char *end = memchr(text.data, '\n', text.size);
    HOB_AUTO(arena) struct hob_arena *arena = hob_arena_new();
    const struct hob_value *value;
    if (end != NULL)
        text.size = (size_t)(end - text.data);
    return hob_json_read(arena, text, &value, NULL) == 0;
}

static const struct source *guess_source(struct hob_text text)
{
    while (text.size > 0 && strchr(" \t\r\n", text.data[0]) != NULL && text.data[0] != '\0') {
        text.data++;
        text.size--;
    }
    if (text.size > 0 && text.data[0] == '[')
        return &sources[JSON];
    if (text.size > 0 && text.data[0] == '{')
        return &sources[is_line(text) ? NDJSON : JSON];
    return &sources[CSV];
}

static int read_records(struct hob_transfer *transfer, struct hob_frame **frame,
                        struct hob_error *error)
{
    HOB_AUTO(file_content) struct hob_file_content content = HOB_FILE_CONTENT_INIT;
    const char *from = hob_arguments_value(transfer->arguments, "from");
    size_t limit = transfer->scope.max_file_size;
    hob_progress_reading(transfer->progress, "standard input", 0);
    int result = hob_file_read(&content, STDIN_FILENO, "standard input",
                               limit > 0 ? limit : HOB_SCOPE_MAX_FILE_SIZE, error);
    if (result < 0)
        return result;
    const struct source *source = from != NULL ? find_source(from) : guess_source(content.text);
    result = source->read(frame, content.text, error);
    return result < 0 ? hob_error_context(error, "reading standard input as %s", source->name) : 0;
}

static int output_section(struct hob_transfer *transfer, const char *path,
                          const struct hob_value **flow, struct hob_error *error)
{
    struct hob_interface interface;
    int result =
        hob_interface_load_file(transfer->arena, &transfer->scope, path, &interface, error);
    if (result < 0)
        return result;
    *flow = hob_value_get(interface.own, "output");
    if (*flow == NULL)
        *flow = hob_value_get(interface.fields, "output");
    if (hob_value_is(*flow, HOB_MAP))
        return 0;
    hob_error_set(error, HOB_E_PARAMETER, "the interface '%s' has no 'output' section", path);
    hob_error_hint(error, "an interface that is written needs `output: {type: ..., ...}`");
    return HOB_E_PARAMETER;
}

/* The section is looked for before anything is read, so that a wrong interface is known at once. */
static int write_interface(struct hob_transfer *transfer, const char *path)
{
    HOB_AUTO(frame) struct hob_frame *frame = NULL;
    struct hob_error error = HOB_ERROR_INIT;
    const struct hob_value *section = NULL;
    int code = output_section(transfer, path, &section, &error);
    if (code < 0)
        return hob_transfer_finish(transfer, code, &error);
    struct hob_value *flow = hob_value_copy(transfer->arena, section);
    const struct hob_format *format = hob_format_find(hob_value_text(hob_value_get(flow, "type")));
    int wrong = format != NULL ? hob_transfer_check_options(transfer, NULL, format) : 0;
    if (wrong == 0)
        wrong = hob_transfer_set_options(transfer, NULL, flow);
    if (wrong != 0)
        return wrong;
    transfer->progress = hob_progress_start();
    code = read_records(transfer, &frame, &error);
    if (code == 0) {
        hob_progress_writing(transfer->progress, path, hob_frame_rows(frame));
        code = hob_access_write(&transfer->scope, flow, frame, &error);
        hob_open_interface_hint(path, &error);
    }
    return hob_transfer_finish(transfer, code, &error);
}

static int write_file(struct hob_transfer *transfer, const char *path)
{
    HOB_AUTO(frame) struct hob_frame *frame = NULL;
    struct hob_error error = HOB_ERROR_INIT;
    struct hob_value *flow = hob_value_new(transfer->arena, HOB_MAP);
    const struct hob_format *format;
    const char *type = hob_arguments_value(transfer->arguments, "type");
    int wrong = hob_transfer_choose_target(transfer, "type", type, path, &format);
    if (wrong == 0)
        wrong = hob_transfer_check_options(transfer, NULL, format);
    if (wrong == 0)
        wrong = hob_transfer_set_options(transfer, NULL, flow);
    if (wrong != 0)
        return wrong;
    transfer->progress = hob_progress_start();
    int code = read_records(transfer, &frame, &error);
    if (code == 0)
        code = hob_transfer_write(transfer, format, flow, path, frame, &error);
    return hob_transfer_finish(transfer, code, &error);
}

static int run_write(const struct hob_arguments *arguments)
{
    HOB_AUTO(arena) struct hob_arena *arena = hob_arena_new();
    struct hob_transfer transfer = {.arguments = arguments, .arena = arena};
    const char *interface = hob_arguments_value(arguments, "interface");
    const char *from = hob_arguments_value(arguments, "from");
    if ((interface == NULL) == (arguments->word_count == 0))
        return hob_arguments_wrong(arguments, interface == NULL
                                                  ? "where to write is missing: name a file, or an "
                                                    "interface with --interface"
                                                  : "a file and --interface cannot both be given");
    if (interface != NULL && hob_arguments_has(arguments, "type"))
        return hob_arguments_wrong(arguments, "the type is in the interface: --type is for files");
    if (from != NULL && find_source(from) == NULL)
        return hob_choice_wrong(arguments, "from", from, hob_write_put_sources);
    int wrong = hob_choice_size(arguments, "max-file-size", &transfer.scope.max_file_size);
    if (wrong != 0)
        return wrong;
    return interface != NULL ? write_interface(&transfer, interface)
                             : write_file(&transfer, arguments->words[0]);
}

static const struct hob_option options[] = {
    {.name = "interface",
     .letter = 'i',
     .argument = "FILE",
     .help = "write to the output of this interface"},
    {.name = "from",
     .letter = 'f',
     .argument = "FORMAT",
     .choices = hob_write_put_sources,
     .help = "what standard input holds; the default is told by its first bytes"},
    HOB_TRANSFER_TARGET_OPTION("type"),
    {.name = "option",
     .letter = 'O',
     .argument = "KEY=VALUE",
     .repeatable = true,
     .help = "a key as in the output of an interface, its value in YAML"},
    HOB_MAX_FILE_SIZE_OPTION,
    {0},
};

static const struct hob_note examples[] = {
    {"my-program | hob write people.yml", "records as a file, replaced whole or not at all"},
    {"hob read a.csv --format ndjson | grep Ada | hob write ada.csv", "in a pipeline"},
    {"my-program | hob write --interface grants.yml", "where an interface says"},
    {NULL, NULL},
};

static const struct hob_note exits[] = {
    {"0", "written"},
    {"1", "the records could not be read, or not written; what was there is as it was"},
    {"2", "the command line is wrong, or the interface has no `output` that says what to write"},
    {NULL, NULL},
};

const struct hob_command hob_command_write = {
    .name = "write",
    .summary = "write records from standard input to a file, or where an interface says",
    .arguments = "[OUT]",
    .description =
        "Reads records (JSON, a JSON record a line, or CSV with a header) from standard input "
        "and writes them to OUT, in the format of its ending or of --type, or to the output of "
        "an interface. Everything is read before anything is written, and a file is replaced "
        "whole or not at all. An OUT of - is standard output.\n\n"
        "What takes longer than a second is shown on standard error, if that is a terminal.",
    .options = options,
    .examples = examples,
    .exit_notes = exits,
    .most_words = 1,
    .run = run_write,
};
