/* session_cell: `hob session get`, `set` and `focus`: one cell, and where the session looks. */
#include "cli/session.h"

/* The cell that is named in part: what is missing is where the focus is. */
static int put_cell(struct hob_remote_call *call, const char *column, const char *index)
{
    const struct hob_value *value = NULL;
    int code;
    if (index != NULL) {
        code = hob_remote_put_word(call, "index", index);
    } else {
        code = hob_remote_look_up(call, "get_index", "index", &value);
        if (code == 0)
            hob_remote_put(call, "index", value != NULL ? value : &hob_value_null);
    }
    if (code != 0)
        return code;
    if (column != NULL) {
        hob_remote_put_column(call, column);
        return 0;
    }
    code = hob_remote_look_up(call, "get_column", "column", &value);
    if (code == 0)
        hob_remote_put(call, "column", value != NULL ? value : &hob_value_null);
    return code;
}

/* ---- get ---- */

static int get(struct hob_remote_call *call)
{
    const struct hob_arguments *arguments = call->arguments;
    if (arguments->word_count == 0)
        return hob_remote_show(call, "get_value");
    const char *index = arguments->word_count > 1 ? arguments->words[1] : NULL;
    int code = put_cell(call, arguments->words[0], index);
    return code == 0 ? hob_remote_show(call, "get_value_at") : code;
}

static const struct hob_note get_examples[] = {
    {"hob session get", "the value in focus"},
    {"hob session get age Ada", "the column age of the row Ada"},
    {"hob session get age 7 -s 3cac", "of the session whose id begins so"},
    {NULL, NULL},
};

const struct hob_command hob_command_session_get = {
    .name = "get",
    .summary = "print a value",
    .arguments = "[COLUMN] [INDEX]",
    .description =
        "Prints the value in focus, that of another column of the row in focus, or that of "
        "any column and row. A value that is missing is an empty line. The focus stays where "
        "it is.\n\n"
        "INDEX is the label of a row, read as YAML reads it: 7 is a number, '\"7\"' a text.",
    .options = hob_remote_options,
    .examples = get_examples,
    .exit_notes = hob_remote_exits,
    .most_words = 2,
    .run = hob_remote_run,
    .ask = get,
};

/* ---- set ---- */

static int set(struct hob_remote_call *call)
{
    const struct hob_arguments *arguments = call->arguments;
    const char *column = hob_arguments_value(arguments, "column");
    const char *index = hob_arguments_value(arguments, "index");
    bool elsewhere = column != NULL || index != NULL;
    int code = elsewhere ? put_cell(call, column, index) : 0;
    if (code == 0)
        code = hob_remote_put_word(call, "value", arguments->words[0]);
    return code == 0 ? hob_remote_show(call, elsewhere ? "set_value_at" : "set_value") : code;
}

static const struct hob_option set_options[] = {
    {.name = "column",
     .letter = 'c',
     .argument = "COLUMN",
     .help = "in this column instead of the one in focus"},
    {.name = "index",
     .letter = 'i',
     .argument = "INDEX",
     .help = "in the row of this label instead of the one in focus"},
    HOB_REMOTE_OPTIONS,
};

static const struct hob_note set_examples[] = {
    {"hob session set 42", "a number, where the focus is"},
    {"hob session set '\"42\"'", "a text"},
    {"hob session set 'Old Harbour' --column venue --index 7", "in another cell"},
    {"hob session set '[1, 2]'", "a list"},
    {"hob session set -- -1", "what begins with a dash stands behind two"},
    {NULL, NULL},
};

const struct hob_command hob_command_session_set = {
    .name = "set",
    .summary = "change a value",
    .arguments = "VALUE",
    .description =
        "Changes the value in focus, or the one that --column and --index name. VALUE is read "
        "as YAML reads a scalar: 42 and 1.5 are numbers, yes and no truth values, 2024-01-05 a "
        "date, everything else a text; what stands in quotes (inside those of the shell: "
        "'\"42\"') is a text whatever it looks like, and what begins with [ or { a list or "
        "mapping.\n\n"
        "The edit is safe on disk, in the server's journal, when the command ends; files "
        "change with 'hob session save'.",
    .options = set_options,
    .examples = set_examples,
    .exit_notes = hob_remote_exits,
    .least_words = 1,
    .most_words = 1,
    .run = hob_remote_run,
    .ask = set,
};

/* ---- focus ---- */

enum focus_part { FOCUS_INDEX, FOCUS_COLUMN, FOCUS_SELECTOR, FOCUS_SUBINDEX, FOCUS_PARTS };

/* In the order in which they are set: a subindex belongs to a row and a selector. */
static const struct {
    const char *name, *get, *set, *parameter; /* without a parameter: a column */
} parts[FOCUS_PARTS] = {
    [FOCUS_INDEX] = {"index", "get_index", "set_index", "index"},
    [FOCUS_COLUMN] = {"column", "get_column", "set_column", NULL},
    [FOCUS_SELECTOR] = {"selector", "get_selector", "set_selector", NULL},
    [FOCUS_SUBINDEX] = {"subindex", "get_subindex", "set_subindex", "value"},
};

static int set_part(struct hob_remote_call *call, enum focus_part part, const char *word)
{
    int code = 0;
    if (parts[part].parameter == NULL)
        hob_remote_put_column(call, word);
    else
        code = hob_remote_put_word(call, parts[part].parameter, word);
    return code == 0 ? hob_remote_ask(call, parts[part].set) : code;
}

static int show_focus(struct hob_remote_call *call)
{
    struct hob_value *shown = hob_value_new(call->arena, HOB_MAP);
    const struct hob_value *value;
    for (int part = 0; part < FOCUS_PARTS; part++) {
        int code = hob_remote_look_up(call, parts[part].get, parts[part].name, &value);
        if (code != 0)
            return code;
        hob_value_put_string(call->arena, shown, parts[part].name,
                             value != NULL ? value : &hob_value_null);
    }
    return hob_remote_print_map(call, shown);
}

static int focus(struct hob_remote_call *call)
{
    bool moved = false;
    for (int part = 0; part < FOCUS_PARTS; part++) {
        const char *word = hob_arguments_value(call->arguments, parts[part].name);
        int code = word != NULL ? set_part(call, (enum focus_part)part, word) : 0;
        if (code != 0)
            return code;
        moved = moved || word != NULL;
    }
    return moved ? hob_remote_print(call) : show_focus(call);
}

static const struct hob_option focus_options[] = {
    {.name = "index", .letter = 'i', .argument = "INDEX", .help = "look at the row of this label"},
    {.name = "column", .letter = 'c', .argument = "COLUMN", .help = "look at this column"},
    {.name = "selector",
     .argument = "COLUMN",
     .help = "the column that tells the entries of a series apart"},
    {.name = "subindex",
     .argument = "VALUE",
     .help = "look at the entry of the row whose selector has this value"},
    HOB_REMOTE_OPTIONS,
};

static const struct hob_note focus_examples[] = {
    {"hob session focus", "where the session looks"},
    {"hob session focus --index Ada --column score", "look at another cell"},
    {"hob session focus --selector date --subindex 2024-05-01", "and at one entry of a series"},
    {NULL, NULL},
};

const struct hob_command hob_command_session_focus = {
    .name = "focus",
    .summary = "show or move where the session looks",
    .arguments = "",
    .description = "Without an option, prints the row, the column, the selector and the subindex "
                   "in focus; with some of them, sets those.",
    .options = focus_options,
    .examples = focus_examples,
    .exit_notes = hob_remote_exits,
    .run = hob_remote_run,
    .ask = focus,
};
