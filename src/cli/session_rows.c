/* session_rows: `hob session slice`, `row`, `column` and `filter`: many cells at once. */
#include <limits.h>

#include "cli/session.h"

/* ---- slice ---- */

static int slice(struct hob_remote_call *call)
{
    static const char *const names[] = {"start", "end"};
    int code = 0;
    for (size_t i = 0; code == 0 && i < call->arguments->word_count; i++)
        code = hob_remote_put_word(call, names[i], call->arguments->words[i]);
    hob_remote_put_columns(call);
    return code == 0 ? hob_remote_show(call, "get_slice") : code;
}

static const struct hob_option column_options[] = {
    HOB_REMOTE_COLUMNS_OPTION,
    HOB_REMOTE_OPTIONS,
};

static const struct hob_note slice_examples[] = {
    {"hob session slice", "the whole table"},
    {"hob session slice 0 10 --columns name,age", "the first ten rows"},
    {"hob session slice -- -5", "the last five"},
    {NULL, NULL},
};

const struct hob_command hob_command_session_slice = {
    .name = "slice",
    .summary = "print rows by their positions",
    .arguments = "[START] [END]",
    .description = "Prints the rows from START up to, not with, END: positions from 0, negative "
                   "ones from the end (behind --, for they look like options), as in Python's "
                   "slices. On a terminal a long table shows its beginning and end.",
    .options = column_options,
    .examples = slice_examples,
    .exit_notes = hob_remote_exits,
    .most_words = 2,
    .run = hob_remote_run,
    .ask = slice,
};

/* ---- row, column ---- */

static int row(struct hob_remote_call *call)
{
    int code = 0;
    if (call->arguments->word_count > 0)
        code = hob_remote_put_word(call, "index", call->arguments->words[0]);
    hob_remote_put_columns(call);
    return code == 0 ? hob_remote_show(call, "get_row_data") : code;
}

static const struct hob_note row_examples[] = {
    {"hob session row", "the row in focus"},
    {"hob session row Ada --columns age,score", "two columns of another"},
    {NULL, NULL},
};

const struct hob_command hob_command_session_row = {
    .name = "row",
    .summary = "print a row, a column a line",
    .arguments = "[INDEX]",
    .description = "INDEX is the label of the row; without it, it is the row in focus.",
    .options = column_options,
    .examples = row_examples,
    .exit_notes = hob_remote_exits,
    .most_words = 1,
    .run = hob_remote_run,
    .ask = row,
};

static int column(struct hob_remote_call *call)
{
    if (call->arguments->word_count > 0)
        hob_remote_put_column(call, call->arguments->words[0]);
    return hob_remote_show(call, "get_column_data");
}

static const struct hob_note column_examples[] = {
    {"hob session column age", "all values of the column age, and the labels of their rows"},
    {NULL, NULL},
};

const struct hob_command hob_command_session_column = {
    .name = "column",
    .summary = "print a column",
    .arguments = "[COLUMN]",
    .description = "Without COLUMN it is the column in focus. The entries of a series stand in a "
                   "list.",
    .options = hob_remote_options,
    .examples = column_examples,
    .exit_notes = hob_remote_exits,
    .most_words = 1,
    .run = hob_remote_run,
    .ask = column,
};

/* ---- filter ---- */

static bool is_operator(const char *word)
{
    return hob_text_has_word("== = != < <= > >= eq ne lt le gt ge in not_in contains startswith "
                             "starts_with endswith ends_with is_null not_null",
                             word);
}

/* All words with blanks between them, as they were typed. */
static const char *joined(struct hob_remote_call *call)
{
    HOB_AUTO(buffer) struct hob_buffer text = HOB_BUFFER_INIT;
    for (size_t i = 0; i < call->arguments->word_count; i++) {
        hob_buffer_put_string(&text, i > 0 ? " " : "");
        hob_buffer_put_string(&text, call->arguments->words[i]);
    }
    return hob_arena_copy(call->arena, hob_buffer_text(&text)).data;
}

static int put_condition(struct hob_remote_call *call)
{
    const char **words = call->arguments->words;
    size_t count = call->arguments->word_count;
    const char *compared = count > 1 ? hob_remote_text(call, words[1]) : NULL;
    if (count > 3 || compared == NULL || !is_operator(compared)) {
        const char *text = count == 1 ? hob_remote_text(call, words[0]) : joined(call);
        hob_remote_put(call, "where", hob_value_new_string(call->arena, hob_text_from(text)));
        return 0;
    }
    hob_remote_put_column(call, words[0]);
    hob_remote_put(call, "operator", hob_value_new_string(call->arena, hob_text_from(compared)));
    return count == 3 ? hob_remote_put_word(call, "value", words[2]) : 0;
}

/* The server gives records only of columns that are named. */
static int put_all_columns(struct hob_remote_call *call)
{
    const struct hob_value *columns;
    int code = hob_remote_look_up(call, "get_columns", "columns", &columns);
    if (code == 0 && columns != NULL)
        hob_remote_put(call, "columns", columns);
    return code;
}

static int filter(struct hob_remote_call *call)
{
    bool some = hob_arguments_has(call->arguments, "columns");
    bool labels = hob_arguments_has(call->arguments, "labels");
    int code = put_condition(call);
    hob_remote_put_columns(call);
    if (code == 0 && !some && !labels)
        code = put_all_columns(call);
    return code == 0 ? hob_remote_show(call, "filter") : code;
}

static int run_filter(const struct hob_arguments *arguments)
{
    if (hob_arguments_has(arguments, "columns") && hob_arguments_has(arguments, "labels"))
        return hob_arguments_wrong(arguments, "--labels prints no columns");
    return hob_remote_run(arguments);
}

static const struct hob_option filter_options[] = {
    {.name = "labels", .letter = 'l', .help = "print only the labels of the rows, one a line"},
    HOB_REMOTE_COLUMNS_OPTION,
    HOB_REMOTE_OPTIONS,
};

static const struct hob_note filter_examples[] = {
    {"hob session filter age '>' 40", "the rows whose age is greater"},
    {"hob session filter venue in '[Harbour, Pier]' --columns title", "one column of some rows"},
    {"hob session filter score is_null --labels", "which rows have no score"},
    {"hob session filter 'age > 40 and score is missing'", "a condition, as of hob read --where"},
    {NULL, NULL},
};

const struct hob_command hob_command_session_filter = {
    .name = "filter",
    .summary = "print the rows for which a condition holds",
    .arguments = "CONDITION...",
    .description =
        "The condition is a column, an operator and a value, or an expression as 'hob read "
        "--where' takes it. The operators are ==, !=, <, <=, >, >=, in, not_in, contains, "
        "starts_with, ends_with, is_null and not_null; the value is read as YAML reads it. The "
        "column can be that of the labels, too.",
    .options = filter_options,
    .examples = filter_examples,
    .exit_notes = hob_remote_exits,
    .least_words = 1,
    .most_words = UINT_MAX,
    .run = run_filter,
    .ask = filter,
};
