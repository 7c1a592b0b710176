/* csv_dtypes: columns whose type a flow asks for: int_type, float_type, bool_type, str_type.
 *
 * Texts and booleans are read as texts from the start. For the others the column is typed by its
 * cells first. Then it is turned into what was asked, so that a cell that doesn't fit can be named.
 */
#include "access/csv_internal.h"

#include <math.h>

#include "base/number.h"

static const struct {
    const char *name;
    enum hob_csv_wish wish;
} types[] = {
    {"int_type", HOB_CSV_INT},
    {"float_type", HOB_CSV_FLOAT},
    {"bool_type", HOB_CSV_BOOL},
    {"str_type", HOB_CSV_STRING},
};

static enum hob_csv_wish wish_named(struct hob_text name)
{
    for (size_t i = 0; i < sizeof types / sizeof *types; i++)
        if (hob_text_is(name, types[i].name))
            return types[i].wish;
    return HOB_CSV_ANY;
}

static int check_entry(const struct hob_value *entry, struct hob_error *error)
{
    if (!hob_value_is(entry, HOB_MAP))
        return hob_error_set(error, HOB_E_TYPE, "dtypes: an entry is a %s, not a mapping",
                             hob_value_kind_name(entry));
    const struct hob_value *type = hob_value_get(entry, "type");
    if (hob_value_get(entry, "field") == NULL || type == NULL)
        return hob_error_set(error, HOB_E_KEY, "'%s'", type == NULL ? "type" : "field");
    if (wish_named(hob_value_text(type)) != HOB_CSV_ANY)
        return 0;
    struct hob_text name = hob_value_text(type);
    hob_error_set(error, HOB_E_KEY, "'%.*s'", HOB_TEXT_ARG(name));
    hob_error_hint(error, "The types in dtypes are int_type, float_type, bool_type and str_type.");
    return HOB_E_KEY;
}

int hob_csv_check_dtypes(const struct hob_value *dtypes, struct hob_error *error)
{
    if (hob_value_is_null(dtypes))
        return 0;
    if (dtypes->kind != HOB_LIST)
        return hob_error_set(error, HOB_E_TYPE, "dtypes must be a list, not a %s",
                             hob_value_kind_name(dtypes));
    for (uint32_t i = 0; i < dtypes->list.count; i++) {
        int status = check_entry(dtypes->list.items[i], error);
        if (status != 0)
            return status;
    }
    return 0;
}

static enum hob_csv_wish wish_for_name(const struct hob_value *dtypes, const struct hob_value *name)
{
    for (uint32_t i = hob_value_is_null(dtypes) ? 0 : dtypes->list.count; i > 0; i--) {
        const struct hob_value *entry = dtypes->list.items[i - 1];
        if (hob_value_equal(hob_value_get(entry, "field"), name))
            return wish_named(hob_value_text(hob_value_get(entry, "type")));
    }
    return HOB_CSV_ANY;
}

enum hob_csv_wish hob_csv_wish_for(const struct hob_value *dtypes, const struct hob_value *name,
                                   const struct hob_value *written)
{
    enum hob_csv_wish wish = wish_for_name(dtypes, name);
    return wish != HOB_CSV_ANY ? wish : wish_for_name(dtypes, written);
}

/* A cell as a number: false for what is none. Booleans are none. */
static bool number_at(const struct hob_column *column, size_t row, double *number)
{
    switch (column->type) {
    case HOB_COLUMN_INT64:
        *number = (double)column->integers[row];
        return true;
    case HOB_COLUMN_UINT64:
        *number = (double)column->unsigneds[row];
        return true;
    case HOB_COLUMN_FLOAT64:
        *number = column->numbers[row];
        return true;
    case HOB_COLUMN_STRING: {
        struct hob_text text = hob_text_strip(hob_column_string(column, row));
        return hob_number_parse_double(text, number) && !isinf(*number);
    }
    default:
        return false;
    }
}

static bool fits_int(double number)
{
    return number >= INT32_MIN && number <= INT32_MAX && number == floor(number);
}

/* A cell as a boolean: 1 or 0, else -1. Only what pandas lists: 01 and tRUE are neither. */
static int boolean_at(const struct hob_column *column, size_t row)
{
    static const char *const words[2][5] = {{"False", "FALSE", "false", "0", "0.0"},
                                            {"True", "TRUE", "true", "1", "1.0"}};
    struct hob_text text = hob_column_string(column, row);
    for (int i = 0; i < 10; i++)
        if (hob_text_is(text, words[i / 5][i % 5]))
            return i / 5;
    return -1;
}

static int refuse(const struct hob_column *column, size_t row, enum hob_csv_wish wish,
                  struct hob_text name, struct hob_error *error)
{
    static const char *const wanted[] = {
        [HOB_CSV_INT] = "an integer of 32 bits",
        [HOB_CSV_FLOAT] = "a number",
        [HOB_CSV_BOOL] = "true or false",
        [HOB_CSV_STRING] = "text",
    };
    char spelled[HOB_NUMBER_SIZE];
    struct hob_text cell = {spelled, 0};
    if (column->type == HOB_COLUMN_STRING)
        cell = hob_column_string(column, row);
    else if (column->type == HOB_COLUMN_BOOL)
        cell = column->booleans[row] ? HOB_TEXT("True") : HOB_TEXT("False");
    else if (column->type == HOB_COLUMN_INT64)
        cell.size = hob_number_print_int(spelled, column->integers[row]);
    else if (column->type == HOB_COLUMN_UINT64)
        cell.size = hob_number_print_unsigned(spelled, column->unsigneds[row]);
    else
        cell.size = hob_number_print_double(spelled, column->numbers[row]);
    if (cell.size > 100)
        cell.size = 100;
    hob_error_set(error, HOB_E_VALUE, "column '%.*s', row %zu: '%.*s' is not %s",
                  HOB_TEXT_ARG(name), row + 1, HOB_TEXT_ARG(cell), wanted[wish]);
    hob_error_hint(error, wish == HOB_CSV_BOOL
                              ? "bool_type takes True, TRUE, true, 1, 1.0 and False, FALSE, false, "
                                "0, 0.0; correct the cell, or the type."
                              : "Correct the cell, or the type that dtypes asks for.");
    return HOB_E_VALUE;
}

/* Appends the cell as asked: 1 when it was done, 0 when it doesn't fit, -1 without memory. */
static int append_as(struct hob_column *made, const struct hob_column *column, size_t row,
                     enum hob_csv_wish wish)
{
    double number = 0;
    if (hob_column_is_missing(column, row))
        return hob_column_append_missing(made) ? 1 : -1;
    if (wish == HOB_CSV_BOOL) {
        int boolean = boolean_at(column, row);
        if (boolean < 0)
            return 0;
        return hob_column_append_bool(made, boolean > 0) ? 1 : -1;
    }
    if (!number_at(column, row, &number))
        return 0;
    if (wish == HOB_CSV_FLOAT)
        return hob_column_append_double(made, number) ? 1 : -1;
    if (!fits_int(number))
        return 0;
    return hob_column_append_int(made, (int64_t)number) ? 1 : -1;
}

int hob_csv_convert(struct hob_column *column, enum hob_csv_wish wish, struct hob_text name,
                    struct hob_error *error)
{
    static const enum hob_column_type made_of[] = {
        [HOB_CSV_INT] = HOB_COLUMN_INT64,
        [HOB_CSV_FLOAT] = HOB_COLUMN_FLOAT64,
        [HOB_CSV_BOOL] = HOB_COLUMN_BOOL,
    };
    if (wish == HOB_CSV_ANY || wish == HOB_CSV_STRING)
        return 0;
    struct hob_column made;
    hob_column_init(&made, made_of[wish]);
    made.nullable = true;
    int done = hob_column_reserve(&made, column->count, 0) ? 1 : -1;
    size_t row = 0;
    for (; done > 0 && row < column->count; row++)
        done = append_as(&made, column, row, wish);
    if (done > 0) {
        hob_column_deinit(column);
        *column = made;
        return 0;
    }
    hob_column_deinit(&made);
    if (done == 0)
        return refuse(column, row - 1, wish, name, error);
    return hob_error_set(error, HOB_E_MEMORY, "reading CSV: no memory for a column");
}
