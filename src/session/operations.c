/* operations: the one table of what can be done to a session; documentation is made from it. */
#include "session/internal.h"

#define P(...) ((const struct hob_parameter[]){__VA_ARGS__, {0}})
#define INDEX(needed, help)                                                                        \
    {                                                                                              \
        "index", "string|number|boolean", needed, help                                             \
    }
#define COLUMN(needed, help)                                                                       \
    {                                                                                              \
        "column", "string|number", needed, help                                                    \
    }
#define VALUE(needed, help)                                                                        \
    {                                                                                              \
        "value", "any", needed, help                                                               \
    }
#define COLUMNS                                                                                    \
    {                                                                                              \
        "columns", "array", false, "names of the columns; all if absent"                           \
    }

static const struct hob_session_operation operations[] = {
    {"get_value", HOB_SESSION_READS, false, false, session_do_get_value, "The value in focus.",
     NULL},
    {"set_value", HOB_SESSION_EDITS, false, false, session_do_set_value,
     "Changes the value in focus.", P(VALUE(true, "any JSON but null"))},
    {"get_value_at", HOB_SESSION_READS, false, false, session_do_get_value_at,
     "A value, without moving the focus.", P(INDEX(true, "the row"), COLUMN(true, "the column"))},
    {"set_value_at", HOB_SESSION_EDITS, false, false, session_do_set_value_at,
     "Changes a value, without moving the focus.",
     P(INDEX(true, "the row"), COLUMN(true, "the column"), VALUE(true, "any JSON but null"))},
    {"set_index", HOB_SESSION_MOVES, false, false, session_do_set_index,
     "Moves the focus to a row.", P(INDEX(true, "the row's label"))},
    {"get_index", HOB_SESSION_READS, false, false, session_do_get_index, "The row in focus.", NULL},
    {"set_column", HOB_SESSION_MOVES, false, false, session_do_set_column,
     "Moves the focus to a column.", P(COLUMN(true, "its name"))},
    {"get_column", HOB_SESSION_READS, false, false, session_do_get_column, "The column in focus.",
     NULL},
    {"get_shape", HOB_SESSION_READS, false, false, session_do_get_shape,
     "Rows, entries of series counted, and columns.", NULL},
    {"get_columns", HOB_SESSION_READS, false, false, session_do_get_columns, "All columns.", NULL},
    {"get_indices", HOB_SESSION_READS, true, false, session_do_get_indices,
     "The labels of all rows.", NULL},
    {"get_input_columns", HOB_SESSION_READS, false, false, session_do_get_input_columns,
     "Columns of input, data and constants, which never change.", NULL},
    {"get_output_columns", HOB_SESSION_READS, false, false, session_do_get_output_columns,
     "Columns of output, series and parameters.", NULL},
    {"get_series_columns", HOB_SESSION_READS, false, false, session_do_get_series_columns,
     "Columns of series.", NULL},
    {"get_column_type", HOB_SESSION_READS, false, false, session_do_get_column_type,
     "The flow that a column belongs to, or null.", P(COLUMN(true, "its name"))},
    {"set_selector", HOB_SESSION_MOVES, false, false, session_do_set_selector,
     "Says which column tells the entries of a series apart.", P(COLUMN(true, "of the series"))},
    {"get_selector", HOB_SESSION_READS, false, false, session_do_get_selector,
     "That column, or null.", NULL},
    {"set_subindex", HOB_SESSION_MOVES, false, false, session_do_set_subindex,
     "Moves the focus to an entry of the row.",
     P(VALUE(true, "the entry's value of the selector"))},
    {"get_subindex", HOB_SESSION_READS, false, false, session_do_get_subindex,
     "The entry in focus, the last one if none was chosen.", NULL},
    {"get_subseries", HOB_SESSION_READS, false, false, session_do_get_subseries,
     "All entries of the row in focus.", NULL},
    {"get_slice", HOB_SESSION_READS, true, false, session_do_get_slice,
     "Rows by position, as in Python's slices.",
     P({"start", "integer", false, "the first position; 0 if absent"},
       {"end", "integer", false, "the position behind the last; the number of rows if absent"},
       COLUMNS)},
    {"get_column_data", HOB_SESSION_READS, true, false, session_do_get_column_data,
     "A whole column; entries of a series as lists.",
     P(COLUMN(false, "its name; the one in focus if absent"))},
    {"get_row_data", HOB_SESSION_READS, false, false, session_do_get_row_data, "A whole row.",
     P(INDEX(false, "its label; the one in focus if absent"), COLUMNS)},
    {"filter", HOB_SESSION_READS, true, false, session_do_filter,
     "The rows for which a condition holds, or whose value compares as asked; with `columns` their "
     "records. With both, both must hold.",
     P({"where", "string|array", false,
        "a condition, as in `hob read --where`, or several that must all hold"},
       COLUMN(false, "what is compared; the index too; needed without `where`"),
       {"operator", "string", false,
        "==, !=, <, <=, >, >=, in, not_in, contains, starts_with, ends_with, is_null, not_null"},
       VALUE(false, "what it is compared with; for in and not_in a list"), COLUMNS)},
    {"add_row", HOB_SESSION_EDITS, false, true, session_do_add_row,
     "A new row; in a row that is there, a new entry of a series.",
     P(INDEX(true, "the label"), {"values", "object", false, "columns and their values"})},
    {"add_column", HOB_SESSION_EDITS, false, true, session_do_add_column,
     "A new column of the cache.",
     P(COLUMN(true, "its name"), VALUE(false, "what all rows have in it"))},
    {"drop_column", HOB_SESSION_EDITS, false, true, session_do_drop_column,
     "Takes a column of output, series or cache out.", P(COLUMN(true, "its name"))},
    {"run_compute", HOB_SESSION_EDITS, true, true, session_do_run_compute,
     "Computes what the interface says under `compute`, or what is given.",
     P({"compute", "object|array", false, "in place of the interface's section"})},
    {"undo", HOB_SESSION_EDITS, false, true, session_do_undo, "Takes the last edit back.", NULL},
    {"save", HOB_SESSION_SAVES, true, false, session_do_save,
     "Writes output and series, if they changed, to their files; answers what was written: `path`, "
     "or `files` where each row has its own.",
     P({"all", "boolean", false, "write them even if they did not change"},
       {"force", "boolean", false,
        "replace files that another program changed since they were read; refused if absent"})},
    {"reload", HOB_SESSION_RELOADS, true, false, NULL,
     "Reads the files again, when they changed under the session.",
     P({"keep", "boolean", false, "true (if absent): edits are made again; false: they go"})},
};

const struct hob_session_operation *hob_session_operations(size_t *count)
{
    *count = sizeof operations / sizeof operations[0];
    return operations;
}

const struct hob_session_operation *hob_session_operation_find(struct hob_text name)
{
    for (size_t i = 0; i < sizeof operations / sizeof operations[0]; i++)
        if (hob_text_is(name, operations[i].name))
            return &operations[i];
    return NULL;
}
