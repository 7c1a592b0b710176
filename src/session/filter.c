/* filter: the rows of a session that a comparison, or a condition, holds for.
 *
 * A condition looks at whole columns, a comparison at one cell after another. */
#define _GNU_SOURCE
#include "session/internal.h"

#include <string.h>

#include "compute/where.h"

/* ---- comparisons ---- */

enum comparison {
    EQUAL,
    UNEQUAL,
    LESS,
    AT_MOST,
    GREATER,
    AT_LEAST,
    IN,
    NOT_IN,
    CONTAINS,
    STARTS,
    ENDS,
    NOTHING,
    SOMETHING
};

static const struct {
    const char *name;
    enum comparison comparison;
} comparisons[] = {
    {"==", EQUAL},
    {"=", EQUAL},
    {"eq", EQUAL},
    {"!=", UNEQUAL},
    {"ne", UNEQUAL},
    {"<", LESS},
    {"lt", LESS},
    {"<=", AT_MOST},
    {"le", AT_MOST},
    {">", GREATER},
    {"gt", GREATER},
    {">=", AT_LEAST},
    {"ge", AT_LEAST},
    {"in", IN},
    {"not in", NOT_IN},
    {"not_in", NOT_IN},
    {"contains", CONTAINS},
    {"startswith", STARTS},
    {"starts_with", STARTS},
    {"endswith", ENDS},
    {"ends_with", ENDS},
    {"is_null", NOTHING},
    {"not_null", SOMETHING},
};

static int find_comparison(enum comparison *comparison, const struct hob_value *parameters,
                           struct hob_error *error)
{
    const struct hob_value *wanted;
    int result = session_need(parameters, "operator", &wanted, error);
    if (result < 0)
        return result;
    for (size_t i = 0; i < sizeof comparisons / sizeof comparisons[0]; i++) {
        if (!hob_text_is(hob_value_text(wanted), comparisons[i].name))
            continue;
        *comparison = comparisons[i].comparison;
        return 0;
    }
    hob_error_set(error, HOB_E_PARAMETER, "unknown operator");
    hob_error_hint(error, "use one of ==, !=, <, <=, >, >=, in, not_in, contains, starts_with, "
                          "ends_with, is_null, not_null; or `where` for a condition");
    return HOB_E_PARAMETER;
}

static bool is_number(const struct session_label *label)
{
    return label->kind == SESSION_LABEL_INT || label->kind == SESSION_LABEL_DOUBLE;
}

/* <0, 0, >0, or 2 when the two have no order, as a number and a text. */
static int order(const struct session_label *a, const struct session_label *b)
{
    if (is_number(a) && is_number(b)) {
        if (a->kind == SESSION_LABEL_INT && b->kind == SESSION_LABEL_INT)
            return (a->integer > b->integer) - (a->integer < b->integer);
        double first = a->kind == SESSION_LABEL_INT ? (double)a->integer : a->number;
        double second = b->kind == SESSION_LABEL_INT ? (double)b->integer : b->number;
        return (first > second) - (first < second);
    }
    if (a->kind != b->kind || a->kind == SESSION_LABEL_NONE)
        return 2;
    if (a->kind == SESSION_LABEL_BOOL)
        return a->boolean - b->boolean;
    int compared = hob_text_compare(a->text, b->text);
    return (compared > 0) - (compared < 0);
}

static bool holds(struct hob_text text, struct hob_text part)
{
    return part.size == 0 || memmem(text.data, text.size, part.data, part.size) != NULL;
}

static bool compare_text(enum comparison comparison, struct hob_text text, struct hob_text part)
{
    if (part.size > text.size)
        return false;
    struct hob_text end = {text.data + text.size - part.size, part.size};
    if (comparison == STARTS)
        return hob_text_equal((struct hob_text){text.data, part.size}, part);
    return comparison == ENDS ? hob_text_equal(end, part) : holds(text, part);
}

static bool is_member(const struct hob_value *list, const struct hob_value *item)
{
    for (uint32_t i = 0; hob_value_is(list, HOB_LIST) && i < list->list.count; i++)
        if (hob_value_equal(list->list.items[i], item))
            return true;
    return false;
}

static bool compare(enum comparison comparison, const struct hob_value *cell,
                    const struct hob_value *wanted, struct hob_arena *arena)
{
    switch (comparison) {
    case NOTHING:
        return hob_value_is_null(cell);
    case SOMETHING:
        return !hob_value_is_null(cell);
    case IN:
        return is_member(wanted, cell);
    case NOT_IN:
        return !is_member(wanted, cell);
    case CONTAINS:
        if (cell->kind == HOB_LIST)
            return is_member(cell, wanted);
        /* fall through */
    case STARTS:
    case ENDS:
        return cell->kind == HOB_STRING && wanted->kind == HOB_STRING &&
               compare_text(comparison, cell->text, wanted->text);
    case EQUAL:
    case UNEQUAL:
        if (cell->kind == HOB_LIST || cell->kind == HOB_MAP || wanted->kind == HOB_LIST)
            return hob_value_equal(cell, wanted) == (comparison == EQUAL);
        break;
    default:
        break;
    }
    struct session_label a = session_label_of(cell, arena), b = session_label_of(wanted, arena);
    if (comparison == EQUAL || comparison == UNEQUAL)
        return session_label_equal(&a, &b) == (comparison == EQUAL);
    int compared = order(&a, &b);
    if (compared == 2)
        return false;
    return comparison == LESS      ? compared < 0
           : comparison == AT_MOST ? compared <= 0
           : comparison == GREATER ? compared > 0
                                   : compared >= 0;
}

struct comparing {
    const struct hob_session *session;
    const struct session_column *column; /* NULL: the index */
    enum comparison comparison;
    const struct hob_value *wanted;
};

static int read_comparison(struct comparing *comparing, const struct hob_value *parameters,
                           struct hob_error *error)
{
    const struct hob_value *name;
    struct session_column *column = NULL;
    int result = session_need(parameters, "column", &name, error);
    if (result == 0 && !session_is_index_name(comparing->session, name))
        result = session_need_column(comparing->session, name, &column, error);
    if (result == 0)
        result = find_comparison(&comparing->comparison, parameters, error);
    if (result < 0)
        return result;
    comparing->column = column;
    comparing->wanted = hob_value_get(parameters, "value");
    bool list = comparing->comparison == IN || comparing->comparison == NOT_IN;
    if (comparing->wanted == NULL && comparing->comparison < NOTHING)
        return hob_error_set(error, HOB_E_PARAMETER, "Missing required parameter: value");
    if (list && comparing->wanted->kind != HOB_LIST)
        return hob_error_set(error, HOB_E_PARAMETER, "'value' must be a list for this operator");
    return 0;
}

/* 1 when the row passes. */
static int passes(const struct comparing *comparing, size_t row, struct hob_error *error)
{
    HOB_AUTO(arena) struct hob_arena *arena = hob_arena_new();
    struct session_label label = session_labels_at(session_index(comparing->session), row);
    const struct hob_value *cell = session_label_value(&label, arena);
    int result =
        comparing->column == NULL
            ? 0
            : session_table_value(&cell, comparing->session, comparing->column, row, arena, error);
    return result < 0 ? result : compare(comparing->comparison, cell, comparing->wanted, arena);
}

static int no_memory(struct hob_error *error)
{
    return hob_error_set(error, HOB_E_MEMORY, "not enough memory to look for rows");
}

/* Leaves the rows in the set for which the comparison holds. */
static int keep_compared(struct hob_row_set *rows, const struct hob_session *session,
                         const struct hob_value *parameters, struct hob_error *error)
{
    struct comparing comparing = {.session = session};
    HOB_AUTO(row_set) struct hob_row_set found = HOB_ROW_SET_INIT;
    int result = read_comparison(&comparing, parameters, error);
    if (result < 0)
        return result;
    if (!hob_row_set_init(&found, rows->rows))
        return no_memory(error);
    for (size_t row = 0; row < rows->rows; row++) {
        result = hob_row_set_has(rows, row) ? passes(&comparing, row, error) : 0;
        if (result < 0)
            return result;
        hob_row_set_add(&found, row, result > 0);
    }
    hob_row_set_intersect(rows, &found);
    return 0;
}

/* ---- conditions ---- */

static bool is_used(void *condition, struct hob_text name)
{
    return hob_where_uses(condition, name);
}

/* HOB_E_KEY, with all names there are, for a condition that names a column which is not there: a
 * table of all columns and no rows says so, and costs nothing. */
static int check_names(const struct hob_where *condition, const struct hob_session *session,
                       struct hob_error *error)
{
    HOB_AUTO(frame) struct hob_frame *empty = hob_frame_new();
    HOB_AUTO(row_set) struct hob_row_set none = HOB_ROW_SET_INIT;
    const struct session_part *named = session->main != NULL ? session->main : session->parts[0];
    for (size_t i = 0; i < session_labels_count(&session->names) + 1; i++) {
        struct hob_column column;
        hob_column_init(&column, HOB_COLUMN_VALUE);
        const struct hob_value *name = i > 0 ? session->by_name[i - 1]->name : named->index_name;
        if (hob_frame_add(empty, name, &column) == NULL)
            return no_memory(error);
    }
    return hob_where_select(condition, empty, &none, error);
}

/* Leaves the rows in the set for which the condition holds. */
static int keep_where(struct hob_row_set *rows, const struct hob_session *session,
                      const struct hob_value *text, struct hob_error *error)
{
    HOB_AUTO(where) struct hob_where *condition = NULL;
    HOB_AUTO(session_view) struct session_view view = {0};
    HOB_AUTO(row_set) struct hob_row_set found = HOB_ROW_SET_INIT;
    if (text->kind != HOB_STRING)
        return hob_error_set(error, HOB_E_PARAMETER,
                             "'where' must be a condition, a text, or a list of them, not a %s",
                             hob_value_kind_name(text));
    int result = hob_where_parse(&condition, text->text, error);
    if (result == 0)
        result = check_names(condition, session, error);
    struct session_view_choice choice = {
        .series = true, .lend = true, .wanted = is_used, .context = condition};
    if (result == 0)
        result = session_view_init(&view, session, &choice, error);
    if (result == 0)
        result = hob_where_select(condition, view.frame, &found, error);
    if (result == 0)
        hob_row_set_intersect(rows, &found);
    return result;
}

/* One condition, or several that must all hold. */
static int keep_conditions(struct hob_row_set *rows, const struct hob_session *session,
                           const struct hob_value *where, struct hob_error *error)
{
    if (where->kind != HOB_LIST)
        return keep_where(rows, session, where, error);
    int result = 0;
    for (uint32_t i = 0; result == 0 && i < where->list.count; i++)
        result = keep_where(rows, session, where->list.items[i], error);
    return result;
}

/* ---- the answer ---- */

static void put_labels(struct hob_buffer *out, const struct hob_session *session,
                       const struct hob_row_set *rows)
{
    const char *separator = "";
    for (size_t row = 0; row < rows->rows; row++) {
        if (!hob_row_set_has(rows, row))
            continue;
        struct session_label label = session_labels_at(session_index(session), row);
        hob_buffer_put_string(out, separator);
        session_label_put(out, &label);
        separator = ",";
    }
}

static int put_records(struct hob_buffer *out, const struct hob_session *session,
                       const struct hob_row_set *rows, const struct session_selection *selection,
                       struct hob_error *error)
{
    hob_buffer_put_string(out, ",\"records\":[");
    const char *separator = "";
    for (size_t row = 0; row < rows->rows; row++) {
        if (!hob_row_set_has(rows, row))
            continue;
        hob_buffer_put_string(out, separator);
        int result = session_put_record(out, session, selection, row, error);
        if (result < 0)
            return result;
        separator = ",";
    }
    hob_buffer_put_char(out, ']');
    return session_check_answer(out->size, error);
}

static int find_rows(struct hob_row_set *rows, const struct hob_session *session,
                     const struct hob_value *parameters, struct hob_error *error)
{
    const struct hob_value *where = hob_value_get(parameters, "where");
    bool compares = hob_value_is_null(where) || hob_value_get(parameters, "column") != NULL ||
                    hob_value_get(parameters, "operator") != NULL;
    if (!hob_row_set_init(rows, hob_session_rows(session)))
        return no_memory(error);
    hob_row_set_invert(rows);
    int result = compares ? keep_compared(rows, session, parameters, error) : 0;
    if (result == 0 && !hob_value_is_null(where))
        result = keep_conditions(rows, session, where, error);
    return result;
}

SESSION_OPERATION(filter)
{
    (void)scope;
    HOB_AUTO(arena) struct hob_arena *arena = hob_arena_new();
    HOB_AUTO(row_set) struct hob_row_set rows = HOB_ROW_SET_INIT;
    const struct hob_value *columns = hob_value_get(parameters, "columns");
    struct session_selection selection;
    int result = session_select_columns(&selection, session, columns, arena, error);
    if (result == 0)
        result = find_rows(&rows, session, parameters, error);
    if (result < 0)
        return result;
    hob_buffer_put_string(out, ",\"indices\":[");
    put_labels(out, session, &rows);
    hob_buffer_printf(out, "],\"count\":%zu", hob_row_set_count(&rows));
    result = session_check_answer(out->size, error);
    if (result == 0 && !hob_value_is_null(columns))
        result = put_records(out, session, &rows, &selection, error);
    return result;
}
