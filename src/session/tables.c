/* tables: what asks for many cells: shape and names, slices, columns, rows. */
#define _GNU_SOURCE
#include "session/internal.h"

#include <string.h>

#include "value/json.h"

static const size_t max_name_size = 1 << 20;

size_t hob_session_rows(const struct hob_session *session)
{
    return session_labels_count(session_index(session));
}

/* Rows of the outer join of everything: a row with several entries of a series counts as many. */
void hob_session_put_shape(struct hob_buffer *out, const struct hob_session *session)
{
    size_t rows = session->distinct;
    for (size_t i = 0; i < session->part_count; i++) {
        const struct session_labels *labels = &session->parts[i]->labels;
        if (session->parts[i]->kind == SESSION_SERIES)
            rows += session_labels_count(labels) - labels->distinct;
    }
    hob_buffer_printf(out, "[%zu,%zu]", rows, session_labels_count(&session->names));
}

static void put_names(struct hob_buffer *out, const struct hob_session *session, unsigned kinds)
{
    hob_buffer_put_char(out, '[');
    bool first = true;
    for (size_t i = 0; i < session_labels_count(&session->names); i++) {
        const struct session_column *column = session->by_name[i];
        if ((kinds >> column->part->kind & 1) == 0)
            continue;
        if (!first)
            hob_buffer_put_char(out, ',');
        hob_json_write(out, column->name, HOB_JSON_COMPACT, max_name_size, NULL);
        first = false;
    }
    hob_buffer_put_char(out, ']');
}

void hob_session_put_columns(struct hob_buffer *out, const struct hob_session *session)
{
    put_names(out, session, ~0u);
}

SESSION_OPERATION(get_shape)
{
    (void)parameters, (void)scope, (void)error;
    hob_buffer_put_string(out, ",\"shape\":");
    hob_session_put_shape(out, session);
    return 0;
}

static int columns_of(struct hob_buffer *out, const struct hob_session *session, unsigned kinds)
{
    hob_buffer_put_string(out, ",\"columns\":");
    put_names(out, session, kinds);
    return 0;
}

SESSION_OPERATION(get_columns)
{
    (void)parameters, (void)scope, (void)error;
    return columns_of(out, session, ~0u);
}

SESSION_OPERATION(get_input_columns)
{
    (void)parameters, (void)scope, (void)error;
    return columns_of(out, session,
                      1u << SESSION_INPUT | 1u << SESSION_DATA | 1u << SESSION_CONSTANTS);
}

SESSION_OPERATION(get_output_columns)
{
    (void)parameters, (void)scope, (void)error;
    return columns_of(out, session,
                      1u << SESSION_OUTPUT | 1u << SESSION_SERIES | 1u << SESSION_PARAMETERS);
}

SESSION_OPERATION(get_series_columns)
{
    (void)parameters, (void)scope, (void)error;
    return columns_of(out, session, 1u << SESSION_SERIES);
}

SESSION_OPERATION(get_column_type)
{
    (void)scope;
    const struct hob_value *name;
    int result = session_need(parameters, "column", &name, error);
    if (result < 0)
        return result;
    const struct session_column *column = session_find_column(session, name);
    if (column == NULL)
        hob_buffer_put_string(out, ",\"column_type\":null");
    else
        hob_buffer_printf(out, ",\"column_type\":\"%s\"", session_kind_name(column->part->kind));
    return 0;
}

static int put_indices(struct hob_buffer *out, const struct hob_session *session, size_t start,
                       size_t end, struct hob_error *error)
{
    hob_buffer_put_char(out, '[');
    for (size_t row = start; row < end; row++) {
        struct session_label label = session_labels_at(session_index(session), row);
        if (row > start)
            hob_buffer_put_char(out, ',');
        session_label_put(out, &label);
        if (session_check_answer(out->size, error) < 0)
            return HOB_E_LIMIT;
    }
    hob_buffer_put_char(out, ']');
    return 0;
}

SESSION_OPERATION(get_indices)
{
    (void)parameters, (void)scope;
    hob_buffer_put_string(out, ",\"indices\":");
    return put_indices(out, session, 0, hob_session_rows(session), error);
}

/* ---- which cells ---- */

/* A position as in Python's slices: from the end when negative, cut to the table. */
static int position_of(const struct hob_value *parameters, const char *name, size_t rows,
                       size_t fallback, size_t *position, struct hob_error *error)
{
    const struct hob_value *value = hob_value_get(parameters, name);
    *position = fallback;
    if (hob_value_is_null(value))
        return 0;
    if (value->kind != HOB_INT)
        return hob_error_set(error, HOB_E_PARAMETER,
                             "'%s' must be a whole number, a position from 0 on, not a %s", name,
                             hob_value_kind_name(value));
    int64_t at = value->integer < 0 ? value->integer + (int64_t)rows : value->integer;
    *position = at < 0 ? 0 : (uint64_t)at > rows ? rows : (size_t)at;
    return 0;
}

struct selection {
    struct session_column **columns;
    size_t count;
};

/* The columns that `columns` names, all without it; in the arena. */
static int select_columns(struct selection *selection, const struct hob_session *session,
                          const struct hob_value *names, struct hob_arena *arena,
                          struct hob_error *error)
{
    selection->columns = session->by_name;
    selection->count = session_labels_count(&session->names);
    if (hob_value_is_null(names))
        return 0;
    bool list = names->kind == HOB_LIST;
    selection->count = list ? names->list.count : 1;
    selection->columns =
        hob_arena_try_alloc(arena, (selection->count + 1) * sizeof *selection->columns);
    if (selection->columns == NULL)
        return hob_error_set(error, HOB_E_MEMORY, "not enough memory for the columns");
    for (size_t i = 0; i < selection->count; i++) {
        const struct hob_value *name = list ? names->list.items[i] : names;
        int result = session_need_column(session, name, &selection->columns[i], error);
        if (result < 0)
            return result;
    }
    return 0;
}

static int put_record(struct hob_buffer *out, const struct hob_session *session,
                      const struct selection *selection, size_t row, struct hob_error *error)
{
    hob_buffer_put_char(out, '{');
    for (size_t i = 0; i < selection->count; i++) {
        if (i > 0)
            hob_buffer_put_char(out, ',');
        hob_json_put_key(out, selection->columns[i]->name, HOB_JSON_COMPACT);
        hob_buffer_put_char(out, ':');
        int result = session_put_table_cell(out, session, selection->columns[i], row, error);
        if (result < 0)
            return result;
    }
    hob_buffer_put_char(out, '}');
    return 0;
}

SESSION_OPERATION(get_slice)
{
    (void)scope;
    HOB_AUTO(arena) struct hob_arena *arena = hob_arena_new();
    size_t rows = hob_session_rows(session);
    size_t start, end;
    struct selection selection;
    int result = position_of(parameters, "start", rows, 0, &start, error);
    if (result == 0)
        result = position_of(parameters, "end", rows, rows, &end, error);
    if (result == 0)
        result =
            select_columns(&selection, session, hob_value_get(parameters, "columns"), arena, error);
    if (result < 0)
        return result;
    end = end < start ? start : end;
    hob_buffer_put_string(out, ",\"indices\":");
    result = put_indices(out, session, start, end, error);
    if (result < 0)
        return result;
    hob_buffer_put_string(out, ",\"records\":[");
    for (size_t row = start; row < end; row++) {
        if (row > start)
            hob_buffer_put_char(out, ',');
        result = put_record(out, session, &selection, row, error);
        if (result < 0)
            return result;
    }
    hob_buffer_printf(out, "],\"shape\":[%zu,%zu]", end - start, selection.count);
    return 0;
}

SESSION_OPERATION(get_column_data)
{
    (void)scope;
    struct session_column *column = session->focus.column;
    const struct hob_value *name = hob_value_get(parameters, "column");
    int result = 0;
    if (!hob_value_is_null(name))
        result = session_need_column(session, name, &column, error);
    else if (session->focus.kind != SESSION_ON_COLUMN)
        result = hob_error_set(error, HOB_E_PARAMETER, "Missing required parameter: column");
    if (result < 0)
        return result;
    hob_buffer_put_string(out, ",\"column\":");
    hob_json_write(out, column->name, HOB_JSON_COMPACT, max_name_size, NULL);
    hob_buffer_put_string(out, ",\"indices\":");
    result = put_indices(out, session, 0, hob_session_rows(session), error);
    if (result < 0)
        return result;
    hob_buffer_put_string(out, ",\"values\":[");
    for (size_t row = 0; row < hob_session_rows(session); row++) {
        if (row > 0)
            hob_buffer_put_char(out, ',');
        result = session_put_table_cell(out, session, column, row, error);
        if (result < 0)
            return result;
    }
    hob_buffer_put_char(out, ']');
    return 0;
}

SESSION_OPERATION(get_row_data)
{
    (void)scope;
    HOB_AUTO(arena) struct hob_arena *arena = hob_arena_new();
    const struct hob_value *index = hob_value_get(parameters, "index");
    size_t row = session->focus.row;
    struct selection selection;
    int result = 0;
    if (!hob_value_is_null(index))
        result = session_need_row(session, index, &row, error);
    else if (row == SIZE_MAX)
        result = hob_error_set(error, HOB_E_NO_KEY, "the session has no rows");
    if (result == 0)
        result =
            select_columns(&selection, session, hob_value_get(parameters, "columns"), arena, error);
    if (result < 0)
        return result;
    struct session_label label = session_labels_at(session_index(session), row);
    hob_buffer_put_string(out, ",\"index\":");
    session_label_put(out, &label);
    hob_buffer_put_string(out, ",\"row\":");
    return put_record(out, session, &selection, row, error);
}

/* ---- filter ---- */

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
                          "ends_with, is_null, not_null");
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

struct filter {
    const struct hob_session *session;
    const struct session_column *column; /* NULL: the index */
    enum comparison comparison;
    const struct hob_value *wanted;
    struct selection selection;
    bool with_records;
};

static int filter_init(struct filter *filter, const struct hob_value *parameters,
                       struct hob_arena *arena, struct hob_error *error)
{
    const struct hob_value *name;
    const struct hob_value *columns = hob_value_get(parameters, "columns");
    struct session_column *column = NULL;
    int result = session_need(parameters, "column", &name, error);
    if (result == 0 && !session_is_index_name(filter->session, name))
        result = session_need_column(filter->session, name, &column, error);
    if (result == 0)
        result = find_comparison(&filter->comparison, parameters, error);
    if (result < 0)
        return result;
    filter->column = column;
    filter->wanted = hob_value_get(parameters, "value");
    bool list = filter->comparison == IN || filter->comparison == NOT_IN;
    if (filter->wanted == NULL && filter->comparison < NOTHING)
        return hob_error_set(error, HOB_E_PARAMETER, "Missing required parameter: value");
    if (list && filter->wanted->kind != HOB_LIST)
        return hob_error_set(error, HOB_E_PARAMETER, "'value' must be a list for this operator");
    filter->with_records = !hob_value_is_null(columns);
    return select_columns(&filter->selection, filter->session, columns, arena, error);
}

/* 1 when the row passes. */
static int passes(const struct filter *filter, size_t row, struct hob_error *error)
{
    HOB_AUTO(arena) struct hob_arena *arena = hob_arena_new();
    struct session_label label = session_labels_at(session_index(filter->session), row);
    const struct hob_value *cell = session_label_value(&label, arena);
    int result = filter->column == NULL ? 0
                                        : session_table_value(&cell, filter->session,
                                                              filter->column, row, arena, error);
    return result < 0 ? result : compare(filter->comparison, cell, filter->wanted, arena);
}

SESSION_OPERATION(filter)
{
    (void)scope;
    HOB_AUTO(arena) struct hob_arena *arena = hob_arena_new();
    HOB_AUTO(buffer) struct hob_buffer records = HOB_BUFFER_INIT;
    struct filter filter = {.session = session};
    int result = filter_init(&filter, parameters, arena, error);
    if (result < 0)
        return result;
    size_t count = 0;
    hob_buffer_put_string(out, ",\"indices\":[");
    for (size_t row = 0; row < hob_session_rows(session); row++) {
        result = passes(&filter, row, error);
        if (result < 0)
            return result;
        if (result == 0)
            continue;
        struct session_label label = session_labels_at(session_index(session), row);
        hob_buffer_put_string(out, count > 0 ? "," : "");
        session_label_put(out, &label);
        hob_buffer_put_string(&records, count++ > 0 ? "," : "");
        if (filter.with_records) {
            result = put_record(&records, session, &filter.selection, row, error);
            if (result < 0)
                return result;
        }
    }
    hob_buffer_printf(out, "],\"count\":%zu", count);
    if (!filter.with_records)
        return 0;
    if (hob_buffer_failed(&records))
        return hob_error_set(error, HOB_E_MEMORY, "not enough memory for the answer");
    hob_buffer_put_string(out, ",\"records\":[");
    result = session_check_answer(out->size + records.size, error);
    if (result < 0)
        return result;
    hob_buffer_put_text(out, hob_buffer_text(&records));
    hob_buffer_put_char(out, ']');
    return 0;
}

size_t hob_session_size(const struct hob_session *session)
{
    size_t size = sizeof *session + hob_arena_size(session->arena) + session->base_size +
                  session->edited_size + session->undo_capacity * sizeof *session->undo +
                  session_labels_size(&session->names) + session_labels_size(&session->own_index);
    for (size_t i = 0; i < session->part_count; i++)
        size += sizeof(struct session_part) + session_labels_size(&session->parts[i]->labels);
    for (size_t i = 0; i < session->column_count; i++)
        size += sizeof(struct session_column) +
                session->columns[i]->overlay.slot_count * sizeof(struct session_cell);
    return size;
}
