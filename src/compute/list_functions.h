/* list_functions: what the definition of a list may call: one table of names, arguments and help,
 * from which `hob help functions` is made.
 *
 * A preprocessor or augmentor changes columns, a sorter names columns to sort by, a filter says
 * which rows stay. */
#ifndef HOB_COMPUTE_LIST_FUNCTIONS_H
#define HOB_COMPUTE_LIST_FUNCTIONS_H

#include "frame/select.h"

enum hob_list_stage {
    HOB_LIST_PREPROCESSOR,
    HOB_LIST_AUGMENTOR,
    HOB_LIST_FILTER,
    HOB_LIST_SORTER,
    HOB_LIST_STAGES,
};

/* "preprocessor"... */
const char *hob_list_stage_name(enum hob_list_stage stage);

/* One call. */
struct hob_list_call {
    const char *function;
    const struct hob_value *arguments; /* a mapping */
    struct hob_frame *frame;
    int64_t today;            /* days since 1970-01-01 */
    const int64_t *since;     /* overrides since_year of `recent`; may be NULL */
    struct hob_row_set *keep; /* FILTER: empty, for the rows that stay */
    struct hob_order **order; /* SORTER: grown with HOB_TRY_GROW */
    size_t *order_count, *order_capacity;
};

struct hob_list_function {
    const char *name;
    enum hob_list_stage stage;
    const char *arguments; /* their names, separated by ", " */
    const char *summary;
    int (*run)(const struct hob_list_call *call, struct hob_error *error);
};

/* The table of all. */
const struct hob_list_function *hob_list_functions(size_t *count);
/* NULL when that stage has none of that name. */
const struct hob_list_function *hob_list_function_find(enum hob_list_stage stage,
                                                       struct hob_text name);

/* -- For the files that implement them. */

/* The argument, or NULL; `column` and `columns` mean the same. */
const struct hob_value *hob_list_argument(const struct hob_list_call *call, const char *name);
/* The argument as a text, else the default; HOB_E_PARAMETER when it is no text. */
int hob_list_text_argument(const struct hob_list_call *call, const char *name, const char *usual,
                           struct hob_text *text, struct hob_error *error);
/* The columns that an argument, a text or a list of texts, names: malloc'd, for the caller. */
int hob_list_columns(const struct hob_list_call *call, const char *name, const char *usual,
                     size_t **columns, size_t *count, struct hob_error *error);
/* The column of that name; HOB_E_KEY with those that are there. */
int hob_list_column(const struct hob_list_call *call, struct hob_text name,
                    const struct hob_column **column, struct hob_error *error);
/* Replaces or adds a column of the frame, and takes its contents over, in any case. */
int hob_list_put_column(const struct hob_list_call *call, struct hob_text name,
                        struct hob_column *column, struct hob_error *error);
/* The moment that a cell means, in microseconds of wall time since 1970: dates, texts in any of the
 * usual forms, numbers as years. False for anything else; null is none either. */
bool hob_list_moment(const struct hob_value *cell, int64_t *microseconds);
int hob_list_year(int64_t microseconds);
int hob_list_no_memory(struct hob_error *error);

#define HOB_LIST_FUNCTION(name)                                                                    \
    int hob_list_##name(const struct hob_list_call *call, struct hob_error *error)

HOB_LIST_FUNCTION(convert_datetime);
HOB_LIST_FUNCTION(convert_int);
HOB_LIST_FUNCTION(convert_string);
HOB_LIST_FUNCTION(convert_year_iso);
HOB_LIST_FUNCTION(addmonth);
HOB_LIST_FUNCTION(addyear);
HOB_LIST_FUNCTION(augmentmonth);
HOB_LIST_FUNCTION(augmentyear);
HOB_LIST_FUNCTION(augmentcurrency);
HOB_LIST_FUNCTION(addsupervisor);
HOB_LIST_FUNCTION(recent);
HOB_LIST_FUNCTION(current);
HOB_LIST_FUNCTION(former);
HOB_LIST_FUNCTION(onbool);
HOB_LIST_FUNCTION(columnis);
HOB_LIST_FUNCTION(columncontains);
HOB_LIST_FUNCTION(where);
HOB_LIST_FUNCTION(ascending);
HOB_LIST_FUNCTION(descending);

#endif
