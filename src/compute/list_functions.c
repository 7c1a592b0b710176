/* list_functions: the table, and what its functions share; see list_functions.h. */
#include "compute/list_functions.h"

#include "compute/liquid/moment.h"
#include "compute/where_tree.h"
#include "value/date.h"
#include "value/python.h"

static const struct hob_list_function functions[] = {
    {"convert_datetime", HOB_LIST_PREPROCESSOR, "columns", "makes dates of texts and years",
     hob_list_convert_datetime},
    {"convert_int", HOB_LIST_PREPROCESSOR, "columns", "makes whole numbers of texts and fractions",
     hob_list_convert_int},
    {"convert_string", HOB_LIST_PREPROCESSOR, "columns", "makes texts of anything",
     hob_list_convert_string},
    {"convert_year_iso", HOB_LIST_PREPROCESSOR, "column, month, day",
     "makes dates of years: the first of January, or as month and day say",
     hob_list_convert_year_iso},
    {"addmonth", HOB_LIST_AUGMENTOR, "source, destination",
     "puts the month's name of the date in source (date) into destination (month)",
     hob_list_addmonth},
    {"addyear", HOB_LIST_AUGMENTOR, "source, destination",
     "puts the year of the date in source (date) into destination (year)", hob_list_addyear},
    {"augmentmonth", HOB_LIST_AUGMENTOR, "source, destination",
     "the same as addmonth where destination is empty", hob_list_augmentmonth},
    {"augmentyear", HOB_LIST_AUGMENTOR, "source, destination",
     "the same as addyear where destination is empty", hob_list_augmentyear},
    {"augmentcurrency", HOB_LIST_AUGMENTOR, "source, destination, sf",
     "writes the number in source (amount) as 1,234,567 with sf (0) decimals",
     hob_list_augmentcurrency},
    {"addsupervisor", HOB_LIST_AUGMENTOR, "supervisor, destination",
     "puts a name into destination (supervisor) where that is empty", hob_list_addsupervisor},
    {"recent", HOB_LIST_FILTER, "column, since_year",
     "keeps entries whose year or date in column (year) is not before since_year; --since goes "
     "before that",
     hob_list_recent},
    {"current", HOB_LIST_FILTER, "start, end, current, today",
     "keeps what has started and not ended, or is true in the column that current names",
     hob_list_current},
    {"former", HOB_LIST_FILTER, "end, today", "keeps what has ended", hob_list_former},
    {"onbool", HOB_LIST_FILTER, "column, invert",
     "keeps entries that are true in column (current), with invert those that are not",
     hob_list_onbool},
    {"columnis", HOB_LIST_FILTER, "column, value",
     "keeps entries that have this value, or one of a list of values", hob_list_columnis},
    {"columncontains", HOB_LIST_FILTER, "column, value",
     "keeps entries whose list has this value, or whose text has it as a piece; of a list of "
     "values any",
     hob_list_columncontains},
    {"where", HOB_LIST_FILTER, "condition",
     "keeps entries for which a condition holds, as in `hob read --where`", hob_list_where},
    {"ascending", HOB_LIST_SORTER, "by", "the least first, by one column or several",
     hob_list_ascending},
    {"descending", HOB_LIST_SORTER, "by", "the largest first, by one column or several",
     hob_list_descending},
};

enum { FUNCTION_COUNT = sizeof functions / sizeof functions[0] };

const struct hob_list_function *hob_list_functions(size_t *count)
{
    *count = FUNCTION_COUNT;
    return functions;
}

const struct hob_list_function *hob_list_function_find(enum hob_list_stage stage,
                                                       struct hob_text name)
{
    for (size_t i = 0; i < FUNCTION_COUNT; i++)
        if (functions[i].stage == stage && hob_text_is(name, functions[i].name))
            return &functions[i];
    return NULL;
}

const char *hob_list_stage_name(enum hob_list_stage stage)
{
    static const char *const names[] = {
        [HOB_LIST_PREPROCESSOR] = "preprocessor",
        [HOB_LIST_AUGMENTOR] = "augmentor",
        [HOB_LIST_FILTER] = "filter",
        [HOB_LIST_SORTER] = "sorter",
    };
    return names[stage];
}

int hob_list_no_memory(struct hob_error *error)
{
    return hob_error_set(error, HOB_E_MEMORY, "cannot make the list: not enough memory");
}

/* -- Arguments. */

const struct hob_value *hob_list_argument(const struct hob_list_call *call, const char *name)
{
    const struct hob_value *value = hob_value_get(call->arguments, name);
    if (value == NULL && strcmp(name, "columns") == 0)
        value = hob_value_get(call->arguments, "column");
    if (value == NULL && strcmp(name, "column") == 0)
        value = hob_value_get(call->arguments, "columns");
    return value;
}

int hob_list_text_argument(const struct hob_list_call *call, const char *name, const char *usual,
                           struct hob_text *text, struct hob_error *error)
{
    const struct hob_value *value = hob_list_argument(call, name);
    if (hob_value_is(value, HOB_STRING)) {
        *text = value->text;
        return 0;
    }
    if (value == NULL && usual != NULL) {
        *text = hob_text_from(usual);
        return 0;
    }
    if (value == NULL)
        return hob_error_set(error, HOB_E_PARAMETER, "%s needs the argument `%s`", call->function,
                             name);
    return hob_error_set(error, HOB_E_PARAMETER,
                         "the argument `%s` of %s must be a text, but it is: %s", name,
                         call->function, hob_value_kind_name(value));
}

static int find_column(const struct hob_list_call *call, struct hob_text name, size_t *position,
                       struct hob_error *error)
{
    *position = hob_frame_find_text(call->frame, name);
    if (*position != SIZE_MAX)
        return 0;
    HOB_AUTO(buffer) struct hob_buffer names = HOB_BUFFER_INIT;
    hob_frame_put_names(call->frame, &names);
    hob_error_set(error, HOB_E_KEY, "%s cannot use the column '%.*s': no entry has it",
                  call->function, HOB_TEXT_ARG(name));
    hob_error_hint(error, "the entries have %s", hob_buffer_string(&names));
    return HOB_E_KEY;
}

int hob_list_column(const struct hob_list_call *call, struct hob_text name,
                    const struct hob_column **column, struct hob_error *error)
{
    size_t position;
    int result = find_column(call, name, &position, error);
    if (result == 0)
        *column = hob_frame_column(call->frame, position);
    return result;
}

int hob_list_columns(const struct hob_list_call *call, const char *name, const char *usual,
                     size_t **columns, size_t *count, struct hob_error *error)
{
    const struct hob_value *value = hob_list_argument(call, name);
    struct hob_text text;
    *count = 0;
    if (!hob_value_is(value, HOB_LIST)) {
        size_t position;
        int result = hob_list_text_argument(call, name, usual, &text, error);
        if (result == 0)
            result = find_column(call, text, &position, error);
        if (result < 0)
            return result;
        *columns = hob_alloc_zero(1, sizeof **columns);
        (*columns)[(*count)++] = position;
        return 0;
    }
    HOB_AUTO(free) size_t *found = hob_alloc_zero(value->list.count + 1, sizeof *found);
    for (uint32_t i = 0; i < value->list.count; i++) {
        if (!hob_value_is(value->list.items[i], HOB_STRING))
            return hob_error_set(error, HOB_E_PARAMETER,
                                 "the argument `%s` of %s must be names of columns", name,
                                 call->function);
        int result = find_column(call, value->list.items[i]->text, &found[i], error);
        if (result < 0)
            return result;
    }
    *count = value->list.count;
    *columns = HOB_STEAL(found);
    return 0;
}

int hob_list_put_column(const struct hob_list_call *call, struct hob_text name,
                        struct hob_column *column, struct hob_error *error)
{
    size_t position = hob_frame_find_text(call->frame, name);
    if (position != SIZE_MAX) {
        struct hob_column *old = hob_frame_column(call->frame, position);
        hob_column_deinit(old);
        *old = *column;
        return 0;
    }
    if (hob_frame_add_named(call->frame, name, column) != NULL)
        return 0;
    hob_column_deinit(column);
    return hob_list_no_memory(error);
}

/* -- Dates. */

static const int64_t day_microseconds = (int64_t)86400 * 1000000;

static bool moment_of_text(struct hob_text text, int64_t *microseconds)
{
    struct where_cell iso;
    text = hob_text_strip(text);
    if (where_read_moment(text, &iso)) {
        *microseconds = iso.integer;
        return true;
    }
    /* A month without a day is its first day, whatever today is. */
    static const struct liquid_moment first = {.year = 1, .month = 1, .day = 1};
    struct liquid_moment moment;
    if (!liquid_read_moment(text, &first, &moment) || moment.year == 1)
        return false;
    struct hob_date date = {moment.year, moment.month, moment.day};
    int64_t seconds = (moment.hour * 60 + moment.minute) * 60 + moment.second;
    *microseconds =
        hob_date_to_days(date) * day_microseconds + seconds * 1000000 + moment.microsecond;
    return true;
}

static bool moment_of_year(double year, int64_t *microseconds)
{
    if (!(year >= 1 && year <= 9999) || year != (double)(int)year)
        return false;
    *microseconds = hob_date_to_days((struct hob_date){(int)year, 1, 1}) * day_microseconds;
    return true;
}

bool hob_list_moment(const struct hob_value *cell, int64_t *microseconds)
{
    switch ((enum hob_kind)cell->kind) {
    case HOB_DATE:
        *microseconds = cell->days * day_microseconds;
        return true;
    case HOB_DATETIME:
        *microseconds = cell->microseconds;
        return true;
    case HOB_INT:
        return moment_of_year((double)cell->integer, microseconds);
    case HOB_DOUBLE:
        return moment_of_year(cell->number, microseconds);
    case HOB_STRING:
        return moment_of_text(cell->text, microseconds);
    default:
        return false;
    }
}

static int64_t days_of(int64_t microseconds)
{
    int64_t days = microseconds / day_microseconds;
    return days - (microseconds % day_microseconds < 0);
}

int hob_list_year(int64_t microseconds)
{
    return hob_date_from_days(days_of(microseconds)).year;
}
