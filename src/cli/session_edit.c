/* session_edit: `hob session add-row`, `add-column`, `drop-column`, `compute`, `undo`, `save` and
 * `reload`: what changes more than one cell, and files. */
#include <limits.h>
#include <stdio.h>

#include "cli/session.h"

/* ---- add-row ---- */

/* "score=9": the column up to the first equals sign, and its value. */
static int put_assignment(struct hob_remote_call *call, struct hob_value *values, const char *word)
{
    const struct hob_value *value;
    const char *equals = strchr(word, '=');
    if (equals == NULL || equals == word) {
        hob_error_set(&call->error, HOB_E_PARAMETER, "'%.200s' is no COLUMN=VALUE", word);
        hob_error_hint(&call->error, "as in 'hob session add-row Ada age=36'");
        return HOB_E_PARAMETER;
    }
    struct hob_text left = {word, (size_t)(equals - word)};
    int code = hob_remote_read(call, equals + 1, &value);
    if (code == 0)
        hob_value_put(call->arena, values,
                      hob_remote_column(call, hob_arena_copy(call->arena, left).data), value);
    return code;
}

static int add_row(struct hob_remote_call *call)
{
    struct hob_value *values = hob_value_new(call->arena, HOB_MAP);
    int code = hob_remote_put_word(call, "index", call->arguments->words[0]);
    for (size_t i = 1; code == 0 && i < call->arguments->word_count; i++)
        code = put_assignment(call, values, call->arguments->words[i]);
    if (code != 0)
        return code;
    hob_remote_put(call, "values", values);
    return hob_remote_show(call, "add_row");
}

static const struct hob_note add_row_examples[] = {
    {"hob session add-row Zed score=9 'note=came late'", "a new row"},
    {NULL, NULL},
};

const struct hob_command hob_command_session_add_row = {
    .name = "add-row",
    .summary = "add a row",
    .arguments = "INDEX [COLUMN=VALUE...]",
    .description = "Adds a row with the label INDEX. When there is one already, columns of a "
                   "series get a new entry in it.",
    .options = hob_remote_options,
    .examples = add_row_examples,
    .exit_notes = hob_remote_exits,
    .least_words = 1,
    .most_words = UINT_MAX,
    .run = hob_remote_run,
    .ask = add_row,
};

/* ---- add-column, drop-column ---- */

static int add_column(struct hob_remote_call *call)
{
    const struct hob_arguments *arguments = call->arguments;
    int code = 0;
    hob_remote_put_column(call, arguments->words[0]);
    if (arguments->word_count > 1)
        code = hob_remote_put_word(call, "value", arguments->words[1]);
    return code == 0 ? hob_remote_show(call, "add_column") : code;
}

static const struct hob_note add_column_examples[] = {
    {"hob session add-column checked no", "a column in which every row has false"},
    {NULL, NULL},
};

const struct hob_command hob_command_session_add_column = {
    .name = "add-column",
    .summary = "add a column to the cache",
    .arguments = "COLUMN [VALUE]",
    .description = "VALUE is what all rows have in it; without it, nothing. The column belongs to "
                   "the cache: it lives with the session and is not saved.",
    .options = hob_remote_options,
    .examples = add_column_examples,
    .exit_notes = hob_remote_exits,
    .least_words = 1,
    .most_words = 2,
    .run = hob_remote_run,
    .ask = add_column,
};

static int drop_column(struct hob_remote_call *call)
{
    hob_remote_put_column(call, call->arguments->words[0]);
    return hob_remote_show(call, "drop_column");
}

static const struct hob_note drop_column_examples[] = {
    {"hob session drop-column note", ""},
    {NULL, NULL},
};

const struct hob_command hob_command_session_drop_column = {
    .name = "drop-column",
    .summary = "take a column out",
    .arguments = "COLUMN",
    .description = "Takes a column of output, series or cache out; those of input stay. 'hob "
                   "session undo' brings it back.",
    .options = hob_remote_options,
    .examples = drop_column_examples,
    .exit_notes = hob_remote_exits,
    .least_words = 1,
    .most_words = 1,
    .run = hob_remote_run,
    .ask = drop_column,
};

/* ---- compute ---- */

static int compute(struct hob_remote_call *call)
{
    int code = 0;
    if (call->arguments->word_count > 0)
        code = hob_remote_put_word(call, "compute", call->arguments->words[0]);
    return code == 0 ? hob_remote_show(call, "run_compute") : code;
}

static const struct hob_note compute_examples[] = {
    {"hob session compute", "what the interface says under compute"},
    {"hob session compute '{field: today, function: today}'", "something else"},
    {NULL, NULL},
};

const struct hob_command hob_command_session_compute = {
    .name = "compute",
    .summary = "compute columns, and print which",
    .arguments = "[SECTION]",
    .description = "Runs the compute section of the interface, or SECTION in its place: a mapping "
                   "or a list of them, in YAML or JSON. 'hob help functions' lists what there is.",
    .options = hob_remote_options,
    .examples = compute_examples,
    .exit_notes = hob_remote_exits,
    .most_words = 1,
    .run = hob_remote_run,
    .ask = compute,
};

/* ---- undo ---- */

static int undo(struct hob_remote_call *call)
{
    int code = hob_remote_ask(call, "undo");
    if (code != 0 || hob_arguments_has(call->arguments, "json"))
        return code == 0 ? hob_remote_print(call) : code;
    const struct hob_value *left = hob_value_get(call->answer, "remaining");
    long long count = hob_value_is(left, HOB_INT) ? (long long)left->integer : 0;
    hob_buffer_printf(&call->output.buffer, "undone; %lld more can be\n", count);
    return 0;
}

static const struct hob_note undo_examples[] = {
    {"hob session undo", ""},
    {NULL, NULL},
};

const struct hob_command hob_command_session_undo = {
    .name = "undo",
    .summary = "take the last edit back",
    .arguments = "",
    .description = "Takes back the last edit, whoever made it, and says how many more there are. "
                   "Files that were saved stay as they are until the next save.",
    .options = hob_remote_options,
    .examples = undo_examples,
    .exit_notes = hob_remote_exits,
    .run = hob_remote_run,
    .ask = undo,
};

/* ---- save, reload ---- */

static int save(struct hob_remote_call *call)
{
    if (hob_arguments_has(call->arguments, "force"))
        hob_remote_put(call, "force", &hob_value_true);
    if (hob_arguments_has(call->arguments, "all"))
        hob_remote_put(call, "all", &hob_value_true);
    return hob_remote_show(call, "save");
}

static const struct hob_option save_options[] = {
    {.name = "force",
     .help = "replace files that another program changed since they were read; refused otherwise"},
    {.name = "all", .help = "write also what did not change"},
    HOB_REMOTE_OPTIONS,
};

static const struct hob_note save_examples[] = {
    {"hob session save", "says what was written"},
    {NULL, NULL},
};

const struct hob_command hob_command_session_save = {
    .name = "save",
    .summary = "write output and series to their files",
    .arguments = "",
    .description = "Writes what changed. Each file is replaced whole or not at all; one that "
                   "another program changed meanwhile is not touched without --force.",
    .options = save_options,
    .examples = save_examples,
    .exit_notes = hob_remote_exits,
    .run = hob_remote_run,
    .ask = save,
};

static int reload(struct hob_remote_call *call)
{
    if (hob_arguments_has(call->arguments, "discard"))
        hob_remote_put(call, "keep", &hob_value_false);
    return hob_remote_show(call, "reload");
}

static const struct hob_option reload_options[] = {
    {.name = "discard", .help = "let edits that were not saved go, instead of making them again"},
    HOB_REMOTE_OPTIONS,
};

static const struct hob_note reload_examples[] = {
    {"hob session reload", "after another program changed the files"},
    {"hob session reload --discard", "back to what the files say"},
    {NULL, NULL},
};

const struct hob_command hob_command_session_reload = {
    .name = "reload",
    .summary = "read the files again",
    .arguments = "",
    .description = "Reads the files again when they changed under the session, and makes the "
                   "edits again that were not saved.",
    .options = reload_options,
    .examples = reload_examples,
    .exit_notes = hob_remote_exits,
    .run = hob_remote_run,
    .ask = reload,
};
