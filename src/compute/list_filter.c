/* list_filter: the filters and sorters of lists; see list_functions.h. */
#include <stdio.h>

#include "base/number.h"
#include "compute/list_functions.h"
#include "compute/where.h"

/* Whether an entry stays, by one cell. */
typedef bool keeps(const struct hob_value *cell, const void *data);

static void filter(const struct hob_list_call *call, const struct hob_column *column, keeps *keep,
                   const void *data)
{
    HOB_AUTO(arena) struct hob_arena *arena = hob_arena_new();
    for (size_t row = 0; row < column->count; row++)
        hob_row_set_add(call->keep, row, keep(hob_column_value(column, row, arena), data));
}

static int filter_by(const struct hob_list_call *call, const char *usual, keeps *keep,
                     const void *data, struct hob_error *error)
{
    struct hob_text name;
    const struct hob_column *column;
    int result = hob_list_text_argument(call, "column", usual, &name, error);
    if (result == 0)
        result = hob_list_column(call, name, &column, error);
    if (result == 0)
        filter(call, column, keep, data);
    return result;
}

/* -- By time. */

static bool is_since(const struct hob_value *cell, const void *data)
{
    int64_t microseconds;
    return hob_list_moment(cell, &microseconds) &&
           hob_list_year(microseconds) >= *(const int64_t *)data;
}

HOB_LIST_FUNCTION(recent)
{
    const struct hob_value *given = hob_list_argument(call, "since_year");
    int64_t since = INT64_MIN;
    if (call->since != NULL)
        since = *call->since;
    else if (hob_value_is(given, HOB_INT))
        since = given->integer;
    else if (given != NULL)
        return hob_error_set(error, HOB_E_PARAMETER, "the `since_year` of recent must be a year");
    if (since == INT64_MIN) {
        hob_row_set_invert(call->keep);
        return 0;
    }
    return filter_by(call, "year", is_since, &since, error);
}

/* The column that an argument names; NULL when no entry has it, which counts as empty. */
static int optional_column(const struct hob_list_call *call, const char *argument,
                           const char *usual, const struct hob_column **column,
                           struct hob_error *error)
{
    struct hob_text name;
    *column = NULL;
    if (usual == NULL && hob_list_argument(call, argument) == NULL)
        return 0;
    int result = hob_list_text_argument(call, argument, usual, &name, error);
    size_t position = result == 0 ? hob_frame_find_text(call->frame, name) : SIZE_MAX;
    if (position != SIZE_MAX)
        *column = hob_frame_column(call->frame, position);
    return result;
}

/* Midnight of today, or of the day that the argument `today` says. */
static int start_of_today(const struct hob_list_call *call, int64_t *microseconds,
                          struct hob_error *error)
{
    const struct hob_value *today = hob_list_argument(call, "today");
    *microseconds = call->today * 86400 * 1000000;
    if (today == NULL || hob_list_moment(today, microseconds))
        return 0;
    return hob_error_set(error, HOB_E_PARAMETER, "the `today` of %s must be a date",
                         call->function);
}

enum when { NEVER, BEFORE, FROM }; /* no date, before today, today or later */

static enum when when_of(const struct hob_column *column, size_t row, int64_t today,
                         struct hob_arena *arena)
{
    int64_t microseconds;
    if (column == NULL || !hob_list_moment(hob_column_value(column, row, arena), &microseconds))
        return NEVER;
    return microseconds < today ? BEFORE : FROM;
}

static bool is_true(const struct hob_value *cell, const void *data)
{
    (void)data;
    return (cell->kind == HOB_BOOL && cell->boolean) || (cell->kind == HOB_INT && cell->integer) ||
           (cell->kind == HOB_DOUBLE && cell->number > 0);
}

HOB_LIST_FUNCTION(current)
{
    const struct hob_column *start = NULL, *end = NULL, *flag = NULL;
    struct hob_text start_name;
    int64_t today;
    int result = start_of_today(call, &today, error);
    if (result == 0)
        result = hob_list_text_argument(call, "start", "start", &start_name, error);
    if (result == 0)
        result = hob_list_column(call, start_name, &start, error);
    if (result == 0)
        result = optional_column(call, "end", "end", &end, error);
    if (result == 0)
        result = optional_column(call, "current", NULL, &flag, error);
    if (result < 0)
        return result;
    HOB_AUTO(arena) struct hob_arena *arena = hob_arena_new();
    for (size_t row = 0; row < start->count; row++) {
        bool started = when_of(start, row, today + 1, arena) == BEFORE;
        bool ended = when_of(end, row, today, arena) == BEFORE;
        bool flagged = flag != NULL && is_true(hob_column_value(flag, row, arena), NULL);
        hob_row_set_add(call->keep, row, (started && !ended) || flagged);
    }
    return 0;
}

HOB_LIST_FUNCTION(former)
{
    const struct hob_column *end = NULL;
    int64_t today;
    int result = start_of_today(call, &today, error);
    if (result == 0)
        result = optional_column(call, "end", "end", &end, error);
    HOB_AUTO(arena) struct hob_arena *arena = hob_arena_new();
    for (size_t row = 0; result == 0 && row < hob_frame_rows(call->frame); row++)
        hob_row_set_add(call->keep, row, when_of(end, row, today, arena) == BEFORE);
    return result;
}

/* -- By value. */

HOB_LIST_FUNCTION(onbool)
{
    const struct hob_value *invert = hob_list_argument(call, "invert");
    int result = filter_by(call, "current", is_true, NULL, error);
    if (result == 0 && invert != NULL && is_true(invert, NULL))
        hob_row_set_invert(call->keep);
    return result;
}

/* Whether the value is `wanted`, or, when that is a list, one of it. */
static bool is_value(const struct hob_value *cell, const void *data)
{
    const struct hob_value *wanted = data;
    if (hob_value_is_null(cell))
        return false;
    if (hob_value_equal(cell, wanted))
        return true;
    for (uint32_t i = 0; wanted->kind == HOB_LIST && i < wanted->list.count; i++)
        if (hob_value_equal(cell, wanted->list.items[i]))
            return true;
    return false;
}

static bool has_piece(struct hob_text text, struct hob_text piece)
{
    for (size_t at = 0; at + piece.size <= text.size; at++)
        if (piece.size == 0 || memcmp(text.data + at, piece.data, piece.size) == 0)
            return true;
    return false;
}

static bool contains_one(const struct hob_value *cell, const struct hob_value *wanted)
{
    if (cell->kind == HOB_STRING)
        return wanted->kind == HOB_STRING && has_piece(cell->text, wanted->text);
    for (uint32_t i = 0; cell->kind == HOB_LIST && i < cell->list.count; i++)
        if (hob_value_equal(cell->list.items[i], wanted))
            return true;
    return false;
}

static bool contains_value(const struct hob_value *cell, const void *data)
{
    const struct hob_value *wanted = data;
    if (wanted->kind != HOB_LIST)
        return contains_one(cell, wanted);
    for (uint32_t i = 0; i < wanted->list.count; i++)
        if (contains_one(cell, wanted->list.items[i]))
            return true;
    return false;
}

static int filter_by_value(const struct hob_list_call *call, keeps *keep, struct hob_error *error)
{
    const struct hob_value *value = hob_list_argument(call, "value");
    if (hob_value_is_null(value))
        return hob_error_set(error, HOB_E_PARAMETER, "%s needs the argument `value`",
                             call->function);
    return filter_by(call, NULL, keep, value, error);
}

HOB_LIST_FUNCTION(columnis)
{
    return filter_by_value(call, is_value, error);
}

HOB_LIST_FUNCTION(columncontains)
{
    return filter_by_value(call, contains_value, error);
}

HOB_LIST_FUNCTION(where)
{
    struct hob_text condition;
    HOB_AUTO(where) struct hob_where *where = NULL;
    HOB_AUTO(row_set) struct hob_row_set found = HOB_ROW_SET_INIT;
    int result = hob_list_text_argument(call, "condition", NULL, &condition, error);
    if (result == 0)
        result = hob_where_parse(&where, condition, error);
    if (result == 0)
        result = hob_where_select(where, call->frame, &found, error);
    if (result == 0)
        hob_row_set_unite(call->keep, &found);
    return result;
}

/* -- Order. */

static int add_order(const struct hob_list_call *call, bool descending, struct hob_error *error)
{
    HOB_AUTO(free) size_t *columns = NULL;
    size_t count;
    int result = hob_list_columns(call, "by", NULL, &columns, &count, error);
    for (size_t i = 0; result == 0 && i < count; i++) {
        if (!HOB_TRY_GROW(*call->order, *call->order_capacity, *call->order_count + 1))
            return hob_list_no_memory(error);
        (*call->order)[(*call->order_count)++] = (struct hob_order){columns[i], descending};
    }
    return result;
}

HOB_LIST_FUNCTION(ascending)
{
    return add_order(call, false, error);
}

HOB_LIST_FUNCTION(descending)
{
    return add_order(call, true, error);
}
