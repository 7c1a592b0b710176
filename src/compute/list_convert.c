/* list_convert: the preprocessors and augmentors of lists; see list_functions.h.
 *
 * Each makes a new column from the cells of one and puts it in the place of an old one, or beside.
 * A cell that is missing stays missing; one that cannot be converted is an error that names it. */
#include <math.h>
#include <stdio.h>

#include "base/number.h"
#include "compute/list_functions.h"
#include "value/date.h"
#include "value/python.h"

/* Appends what `cell`, which is not missing, becomes: 1, 0 when it cannot, or -1 without memory. */
typedef int convert(struct hob_column *made, const struct hob_value *cell,
                    const struct hob_list_call *call);

struct conversion {
    enum hob_column_type type;
    bool nullable;
    const char *what; /* "a date" */
    convert *append;
};

static int cannot_convert(const struct hob_list_call *call, const struct conversion *conversion,
                          size_t row, const struct hob_value *cell, struct hob_error *error)
{
    HOB_AUTO(buffer) struct hob_buffer printed = HOB_BUFFER_INIT;
    hob_python_repr(&printed, cell);
    return hob_error_set(error, HOB_E_VALUE, "%s: entry %zu has %.100s where %s is needed",
                         call->function, row + 1, hob_buffer_string(&printed), conversion->what);
}

static int make_column(struct hob_column *made, const struct hob_column *source,
                       const struct conversion *conversion, const struct hob_list_call *call,
                       struct hob_error *error)
{
    HOB_AUTO(arena) struct hob_arena *arena = hob_arena_new();
    hob_column_init(made, conversion->type);
    made->nullable = conversion->nullable;
    int appended = 1;
    for (size_t row = 0; appended > 0 && row < source->count; row++) {
        const struct hob_value *cell = hob_column_value(source, row, arena);
        if (hob_value_is_null(cell)) {
            appended = hob_column_append_missing(made) ? 1 : -1;
            continue;
        }
        appended = conversion->append(made, cell, call);
        if (appended == 0)
            cannot_convert(call, conversion, row, cell, error);
    }
    if (appended > 0)
        return 0;
    hob_column_deinit(made);
    return appended == 0 ? HOB_E_VALUE : hob_list_no_memory(error);
}

static int convert_columns(const struct hob_list_call *call, const char *usual,
                           const struct conversion *conversion, struct hob_error *error)
{
    HOB_AUTO(free) size_t *columns = NULL;
    size_t count;
    int result = hob_list_columns(call, "columns", usual, &columns, &count, error);
    for (size_t i = 0; result == 0 && i < count; i++) {
        struct hob_column *old = hob_frame_column(call->frame, columns[i]);
        struct hob_column made;
        result = make_column(&made, old, conversion, call, error);
        if (result < 0)
            return result;
        hob_column_deinit(old);
        *old = made;
    }
    return result;
}

/* -- Preprocessors. */

static int to_datetime(struct hob_column *made, const struct hob_value *cell,
                       const struct hob_list_call *call)
{
    int64_t microseconds;
    (void)call;
    if (!hob_list_moment(cell, &microseconds))
        return 0;
    return hob_column_append_int(made, microseconds) ? 1 : -1;
}

static bool whole_number(const struct hob_value *cell, int64_t *number)
{
    const double limit = 9223372036854775808.0; /* 2^63 */
    double fraction = cell->kind == HOB_DOUBLE ? cell->number : 0.5;
    if (cell->kind == HOB_INT || cell->kind == HOB_BOOL) {
        *number = cell->kind == HOB_INT ? cell->integer : cell->boolean;
        return true;
    }
    if (cell->kind == HOB_STRING) {
        struct hob_text text = hob_text_strip(cell->text);
        if (hob_number_parse_int(text, number) == 0)
            return true;
        if (!hob_number_parse_double(text, &fraction))
            return false;
    }
    if (trunc(fraction) != fraction || !(fraction >= -limit && fraction < limit))
        return false;
    *number = (int64_t)fraction;
    return true;
}

static int to_int(struct hob_column *made, const struct hob_value *cell,
                  const struct hob_list_call *call)
{
    int64_t number;
    (void)call;
    if (!whole_number(cell, &number))
        return 0;
    return hob_column_append_int(made, number) ? 1 : -1;
}

/* A whole number prints without ".0": it is a float only because of holes in its column. */
static int to_string(struct hob_column *made, const struct hob_value *cell,
                     const struct hob_list_call *call)
{
    HOB_AUTO(buffer) struct hob_buffer text = HOB_BUFFER_INIT;
    int64_t number;
    (void)call;
    if (cell->kind == HOB_DOUBLE && fabs(cell->number) < 1e15 && whole_number(cell, &number))
        hob_buffer_printf(&text, "%lld", (long long)number);
    else
        hob_python_str(&text, cell);
    return hob_column_append_string(made, hob_buffer_text(&text)) ? 1 : -1;
}

static int part_of_date(const struct hob_list_call *call, const char *name)
{
    const struct hob_value *value = hob_list_argument(call, name);
    bool fits = hob_value_is(value, HOB_INT) && value->integer >= 1 && value->integer <= 31;
    return value == NULL ? 1 : fits ? (int)value->integer : 0;
}

/* What is a date already stays what it is. */
static int year_to_datetime(struct hob_column *made, const struct hob_value *cell,
                            const struct hob_list_call *call)
{
    int64_t year;
    if (!whole_number(cell, &year))
        return to_datetime(made, cell, call);
    struct hob_date date = {.month = part_of_date(call, "month"), .day = part_of_date(call, "day")};
    date.year = year >= 1 && year <= 9999 ? (int)year : 0;
    if (!hob_date_valid(date.year, date.month, date.day))
        return 0;
    return hob_column_append_int(made, hob_date_to_days(date) * 86400 * 1000000) ? 1 : -1;
}

HOB_LIST_FUNCTION(convert_datetime)
{
    static const struct conversion conversion = {HOB_COLUMN_DATETIME, false, "a date", to_datetime};
    return convert_columns(call, "date", &conversion, error);
}

HOB_LIST_FUNCTION(convert_int)
{
    static const struct conversion conversion = {HOB_COLUMN_INT64, true, "a whole number", to_int};
    return convert_columns(call, NULL, &conversion, error);
}

HOB_LIST_FUNCTION(convert_string)
{
    static const struct conversion conversion = {HOB_COLUMN_STRING, false, "a text", to_string};
    return convert_columns(call, NULL, &conversion, error);
}

HOB_LIST_FUNCTION(convert_year_iso)
{
    static const struct conversion conversion = {HOB_COLUMN_DATETIME, false, "a year of a date",
                                                 year_to_datetime};
    return convert_columns(call, "year", &conversion, error);
}

/* -- Augmentors. */

static int to_year(struct hob_column *made, const struct hob_value *cell,
                   const struct hob_list_call *call)
{
    int64_t microseconds;
    (void)call;
    if (!hob_list_moment(cell, &microseconds))
        return 0;
    return hob_column_append_int(made, hob_list_year(microseconds)) ? 1 : -1;
}

static int to_month(struct hob_column *made, const struct hob_value *cell,
                    const struct hob_list_call *call)
{
    static const char *const names[] = {"January",   "February", "March",    "April",
                                        "May",       "June",     "July",     "August",
                                        "September", "October",  "November", "December"};
    const int64_t day = (int64_t)86400 * 1000000;
    int64_t microseconds;
    (void)call;
    if (!hob_list_moment(cell, &microseconds))
        return 0;
    int64_t days = microseconds / day - (microseconds % day < 0);
    const char *name = names[hob_date_from_days(days).month - 1];
    return hob_column_append_string(made, hob_text_from(name)) ? 1 : -1;
}

/* The text 1,234,567.89 for a number; `text` has room for it. */
static void group_digits(const char *digits, char *text)
{
    size_t whole = strcspn(digits, ".");
    size_t sign = digits[0] == '-' ? 1 : 0;
    for (size_t i = 0; digits[i] != '\0'; i++) {
        if (i > sign && i < whole && (whole - i) % 3 == 0)
            *text++ = ',';
        *text++ = digits[i];
    }
    *text = '\0';
}

static int to_currency(struct hob_column *made, const struct hob_value *cell,
                       const struct hob_list_call *call)
{
    char digits[400], text[600];
    const struct hob_value *decimals = hob_list_argument(call, "sf");
    bool fits = hob_value_is(decimals, HOB_INT) && decimals->integer >= 0 && decimals->integer < 20;
    double number = cell->kind == HOB_INT ? (double)cell->integer : cell->number;
    bool is_number = cell->kind == HOB_INT || cell->kind == HOB_DOUBLE;
    if (cell->kind == HOB_STRING)
        is_number = hob_number_parse_double(hob_text_strip(cell->text), &number);
    if (!is_number || !isfinite(number))
        return 0;
    if (cell->kind == HOB_INT && !fits)
        snprintf(digits, sizeof digits, "%lld", (long long)cell->integer);
    else
        snprintf(digits, sizeof digits, "%.*f", fits ? (int)decimals->integer : 0, number);
    group_digits(digits, text);
    return hob_column_append_string(made, hob_text_from(text)) ? 1 : -1;
}

/* Puts what is there in the old column over the new one, which stays where the old one is empty.
 * Whole numbers that are floats because of the holes are whole numbers again. */
static int keep_old(const struct hob_list_call *call, struct hob_text name, struct hob_column *made,
                    struct hob_error *error)
{
    size_t position = hob_frame_find_text(call->frame, name);
    if (position == SIZE_MAX)
        return 0;
    const struct hob_column *old = hob_frame_column(call->frame, position);
    struct hob_arena *arena = hob_frame_arena(call->frame);
    HOB_AUTO(free)
    const struct hob_value **cells = hob_try_alloc(made->count + 1, sizeof *cells);
    for (size_t row = 0; cells != NULL && row < made->count; row++) {
        cells[row] = hob_column_value(old, row, arena);
        bool empty = hob_value_is_null(cells[row]) ||
                     (cells[row]->kind == HOB_STRING && cells[row]->text.size == 0);
        int64_t whole;
        if (empty)
            cells[row] = hob_column_value(made, row, arena);
        else if (made->type == HOB_COLUMN_INT64 && whole_number(cells[row], &whole))
            cells[row] = hob_value_new_int(arena, whole);
    }
    struct hob_column merged;
    size_t count = made->count;
    hob_column_deinit(made);
    if (cells == NULL || !hob_column_from_values(&merged, cells, NULL, count))
        return hob_list_no_memory(error);
    *made = merged;
    return 0;
}

static int augment(const struct hob_list_call *call, const char *source, const char *destination,
                   const struct conversion *conversion, bool keep, struct hob_error *error)
{
    struct hob_text from = {0}, to = {0};
    const struct hob_column *column;
    struct hob_column made;
    int result = hob_list_text_argument(call, "source", source, &from, error);
    if (result == 0 && hob_list_argument(call, "field") != NULL)
        result = hob_list_text_argument(call, "field", NULL, &to, error);
    else if (result == 0)
        result = hob_list_text_argument(call, "destination", destination, &to, error);
    if (result == 0)
        result = hob_list_column(call, from, &column, error);
    if (result == 0)
        result = make_column(&made, column, conversion, call, error);
    if (result == 0 && keep)
        result = keep_old(call, to, &made, error);
    return result == 0 ? hob_list_put_column(call, to, &made, error) : result;
}

static const struct conversion year_conversion = {HOB_COLUMN_INT64, true, "a date", to_year};
static const struct conversion month_conversion = {HOB_COLUMN_STRING, false, "a date", to_month};

HOB_LIST_FUNCTION(addyear)
{
    return augment(call, "date", "year", &year_conversion, false, error);
}

HOB_LIST_FUNCTION(addmonth)
{
    return augment(call, "date", "month", &month_conversion, false, error);
}

HOB_LIST_FUNCTION(augmentyear)
{
    return augment(call, "date", "year", &year_conversion, true, error);
}

HOB_LIST_FUNCTION(augmentmonth)
{
    return augment(call, "date", "month", &month_conversion, true, error);
}

HOB_LIST_FUNCTION(augmentcurrency)
{
    static const struct conversion conversion = {HOB_COLUMN_STRING, false, "a number", to_currency};
    struct hob_text source;
    char name[256];
    int result = hob_list_text_argument(call, "source", "amount", &source, error);
    if (result < 0)
        return result;
    snprintf(name, sizeof name, "%.*s", HOB_TEXT_ARG(source));
    return augment(call, "amount", name, &conversion, false, error);
}

HOB_LIST_FUNCTION(addsupervisor)
{
    struct hob_text name = {0}, destination = {0};
    int result = hob_list_text_argument(call, "supervisor", NULL, &name, error);
    if (result == 0)
        result = hob_list_text_argument(call, "destination", "supervisor", &destination, error);
    struct hob_column made;
    hob_column_init(&made, HOB_COLUMN_STRING);
    for (size_t row = 0; result == 0 && row < hob_frame_rows(call->frame); row++)
        if (!hob_column_append_string(&made, name))
            result = hob_list_no_memory(error);
    if (result == 0)
        result = keep_old(call, destination, &made, error);
    if (result == 0)
        return hob_list_put_column(call, destination, &made, error);
    hob_column_deinit(&made);
    return result;
}
