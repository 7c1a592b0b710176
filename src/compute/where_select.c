/* where_select: for which rows a condition holds; see where.h.
 *
 * Each test is one loop over a column of one type, which fills a set of rows; "and", "or" and "not"
 * combine sets a word at a time. A comparison of numbers is brought into the form least <= cell <=
 * most first, in the column's own type, so that one loop without branches does for all of them.
 * Columns of mixed values, and columns compared with columns, go cell by cell, without allocating
 * either. */
#define _GNU_SOURCE
#include <math.h>

#include "compute/where_tree.h"
#include "value/date.h"
#include "value/python.h"

struct selecting {
    const struct hob_where *where;
    const struct hob_frame *frame;
    struct hob_error *error;
};

static int no_memory(const struct selecting *selecting)
{
    return hob_error_set(selecting->error, HOB_E_MEMORY, "cannot look for rows: not enough memory");
}

/* -- Columns. */

static int no_column(const struct selecting *selecting, const struct where_operand *operand)
{
    HOB_AUTO(buffer) struct hob_buffer names = HOB_BUFFER_INIT;
    hob_frame_put_names(selecting->frame, &names);
    hob_error_set(selecting->error, HOB_E_KEY,
                  "there is no column '%.*s', which the condition names at character %zu",
                  HOB_TEXT_ARG(operand->name), operand->place);
    hob_error_hint(selecting->error, "texts are in quotes; the columns are %s",
                   hob_buffer_string(&names));
    return HOB_E_KEY;
}

static int find_column(const struct selecting *selecting, const struct where_operand *operand,
                       const struct hob_column **column)
{
    size_t position = hob_frame_find_printed(selecting->frame, operand->name);
    if (position == SIZE_MAX)
        return no_column(selecting, operand);
    *column = hob_frame_column(selecting->frame, position);
    return 0;
}

static const char *contents_of(const struct hob_column *column)
{
    switch (column->type) {
    case HOB_COLUMN_BOOL:
        return "true and false";
    case HOB_COLUMN_STRING:
        return "texts";
    case HOB_COLUMN_DATETIME:
        return "dates";
    case HOB_COLUMN_VALUE:
        return "mixed values";
    default:
        return "numbers";
    }
}

static bool is_all_missing(const struct hob_column *column)
{
    for (size_t row = 0; row < column->count; row++)
        if (!hob_column_is_missing(column, row))
            return false;
    return true;
}

/* A mistake, unless the column has no cell that it could be a mistake about. */
static int mismatch(const struct selecting *selecting, const struct hob_column *column,
                    const struct where_operand *operand, const char *what, const char *hint)
{
    if (is_all_missing(column))
        return 0;
    hob_error_set(selecting->error, HOB_E_TYPE,
                  "the column '%.*s', named at character %zu of the condition, holds %s, %s",
                  HOB_TEXT_ARG(operand->name), operand->place, contents_of(column), what);
    hob_error_hint(selecting->error, "%s", hint);
    return HOB_E_TYPE;
}

static void take_out_missing(const struct hob_column *column, struct hob_row_set *set)
{
    for (size_t i = 0; column->missing != NULL && i < column->count; i += 8)
        set->words[i / 64] &= ~((uint64_t)column->missing[i / 8] << i % 64);
}

/* -- Comparing a column with a value. */

/* The least and the largest number that the comparison holds for. */
#define ADD_RANGE(cells, least, most)                                                              \
    for (size_t row = 0; row < column->count; row++)                                               \
    hob_row_set_add(set, row, (cells)[row] >= (least) && (cells)[row] <= (most))

static void select_integers(const struct hob_column *column, unsigned orders, int64_t value,
                            struct hob_row_set *set)
{
    bool none = (orders == WHERE_LESS && value == INT64_MIN) ||
                (orders == WHERE_GREATER && value == INT64_MAX);
    int64_t least = (orders & WHERE_LESS) != 0 ? INT64_MIN : value;
    int64_t most = (orders & WHERE_GREATER) != 0 ? INT64_MAX : value;
    if (none)
        return;
    if ((orders & WHERE_EQUAL) == 0) {
        least += orders == WHERE_GREATER;
        most -= orders == WHERE_LESS;
    }
    ADD_RANGE(column->integers, least, most);
    take_out_missing(column, set);
}

static void select_unsigneds(const struct hob_column *column, unsigned orders, uint64_t value,
                             struct hob_row_set *set)
{
    bool none =
        (orders == WHERE_LESS && value == 0) || (orders == WHERE_GREATER && value == UINT64_MAX);
    uint64_t least = (orders & WHERE_LESS) != 0 ? 0 : value;
    uint64_t most = (orders & WHERE_GREATER) != 0 ? UINT64_MAX : value;
    if (none)
        return;
    if ((orders & WHERE_EQUAL) == 0) {
        least += orders == WHERE_GREATER;
        most -= orders == WHERE_LESS;
    }
    ADD_RANGE(column->unsigneds, least, most);
    take_out_missing(column, set);
}

/* NaN, which is what is missing, is in no range. */
static void select_doubles(const struct hob_column *column, unsigned orders, double value,
                           struct hob_row_set *set)
{
    double least = (orders & WHERE_LESS) != 0 ? -INFINITY : value;
    double most = (orders & WHERE_GREATER) != 0 ? INFINITY : value;
    if ((orders & WHERE_EQUAL) == 0) {
        least = orders == WHERE_GREATER ? nextafter(value, INFINITY) : least;
        most = orders == WHERE_LESS ? nextafter(value, -INFINITY) : most;
    }
    if ((orders == WHERE_GREATER && value == INFINITY) ||
        (orders == WHERE_LESS && value == -INFINITY))
        return;
    ADD_RANGE(column->numbers, least, most);
}

static void select_booleans(const struct hob_column *column, unsigned orders,
                            const struct where_cell *value, struct hob_row_set *set)
{
    bool holds[2];
    for (int i = 0; i < 2; i++) {
        struct where_cell cell = {.form = WHERE_INTEGER, .integer = i};
        holds[i] = (where_compare(&cell, value) & orders) != 0;
    }
    for (size_t row = 0; row < column->count; row++)
        hob_row_set_add(set, row, holds[column->booleans[row]]);
    take_out_missing(column, set);
}

static void select_texts(const struct hob_column *column, unsigned orders, struct hob_text value,
                         struct hob_row_set *set)
{
    for (size_t row = 0; row < column->count; row++) {
        struct hob_text text = hob_column_string(column, row);
        bool holds;
        if (orders == WHERE_EQUAL) {
            holds = hob_text_equal(text, value);
        } else {
            int order = hob_text_compare(text, value);
            unsigned found = order < 0 ? WHERE_LESS : order > 0 ? WHERE_GREATER : WHERE_EQUAL;
            holds = (found & orders) != 0;
        }
        hob_row_set_add(set, row, holds);
    }
    take_out_missing(column, set);
}

static void select_cells(const struct hob_column *column, unsigned orders,
                         const struct where_cell *value, struct hob_row_set *set)
{
    for (size_t row = 0; row < column->count; row++) {
        struct where_cell cell = where_cell_at(column, row);
        hob_row_set_add(set, row, (where_compare(&cell, value) & orders) != 0);
    }
}

/* The whole number that a comparison of whole numbers with a fraction means: x < 2.5 is x < 3.
 * False when there is none that does; then cells are compared one by one. */
static bool whole_number(const struct where_cell *value, unsigned orders, int64_t *whole)
{
    const long double limit = 9223372036854775808.0L; /* 2^63 */
    *whole = value->integer;
    if (value->form == WHERE_INTEGER)
        return true;
    bool up = orders == WHERE_LESS || orders == (WHERE_GREATER | WHERE_EQUAL);
    long double rounded = up ? ceill(value->number) : floorl(value->number);
    if (orders == WHERE_EQUAL && rounded != value->number)
        return false;
    if (!(rounded >= -limit && rounded < limit))
        return false;
    *whole = (int64_t)rounded;
    return true;
}

static int select_numbers(const struct selecting *selecting, const struct hob_column *column,
                          const struct where_operand *left, unsigned orders,
                          const struct where_cell *value, struct hob_row_set *set)
{
    int64_t whole;
    long double exact = value->form == WHERE_INTEGER ? (long double)value->integer : value->number;
    if (value->form == WHERE_TEXT)
        return mismatch(selecting, column, left, "which are not compared with a quoted text",
                        "write numbers, true and false without quotes");
    if (column->type == HOB_COLUMN_BOOL)
        select_booleans(column, orders, value, set);
    else if (column->type == HOB_COLUMN_FLOAT64 && (long double)(double)exact == exact)
        select_doubles(column, orders, (double)exact, set);
    else if (column->type == HOB_COLUMN_FLOAT64) /* no double is this number */
        select_cells(column, orders, value, set);
    else if (!whole_number(value, orders, &whole))
        select_cells(column, orders, value, set);
    else if (column->type == HOB_COLUMN_INT64)
        select_integers(column, orders, whole, set);
    else if (whole >= 0)
        select_unsigneds(column, orders, (uint64_t)whole, set);
    else
        select_cells(column, orders, value, set);
    return 0;
}

static int select_dates(const struct selecting *selecting, const struct hob_column *column,
                        const struct where_operand *left, unsigned orders,
                        const struct where_operand *right, struct hob_row_set *set)
{
    if (right->moment.form != WHERE_MOMENT)
        return mismatch(selecting, column, left, "and what it is compared with is none",
                        "write dates as texts, as in \"2024\", \"2024-05-31\" or "
                        "\"2024-05-31T10:30\"");
    /* From wall time in the column's zone. */
    int64_t value = right->moment.integer;
    if (right->moment.zoned && column->has_zone)
        value += (int64_t)column->offset_seconds * 1000000;
    select_integers(column, orders, value, set);
    return 0;
}

/* Adds the rows whose cell compares with the value in one of the orders. */
static int select_value(const struct selecting *selecting, const struct hob_column *column,
                        const struct where_operand *left, unsigned orders,
                        const struct where_operand *right, struct hob_row_set *set)
{
    switch (column->type) {
    case HOB_COLUMN_VALUE:
        select_cells(column, orders, &right->cell, set);
        return 0;
    case HOB_COLUMN_DATETIME:
        return select_dates(selecting, column, left, orders, right, set);
    case HOB_COLUMN_STRING:
        if (right->cell.form != WHERE_TEXT)
            return mismatch(selecting, column, left, "which are not compared with a number",
                            "put the number into quotes to compare it as text");
        select_texts(column, orders, right->cell.text, set);
        return 0;
    default:
        return select_numbers(selecting, column, left, orders, &right->cell, set);
    }
}

static unsigned turned(unsigned orders)
{
    return (orders & WHERE_EQUAL) | ((orders & WHERE_LESS) != 0 ? WHERE_GREATER : 0) |
           ((orders & WHERE_GREATER) != 0 ? WHERE_LESS : 0);
}

/* Any two operands, cell by cell; a column that is NULL stands for the operand's value. */
static void select_pairs(const struct where_node *node, const struct hob_column *left,
                         const struct hob_column *right, struct hob_row_set *set)
{
    for (size_t row = 0; row < set->rows; row++) {
        struct where_cell a = left != NULL ? where_cell_at(left, row) : node->left.cell;
        struct where_cell b = right != NULL ? where_cell_at(right, row) : node->right.cell;
        hob_row_set_add(set, row, (where_compare(&a, &b) & node->orders) != 0);
    }
}

static int select_comparison(const struct selecting *selecting, const struct where_node *node,
                             struct hob_row_set *set)
{
    const struct hob_column *left = NULL, *right = NULL;
    int result = 0;
    if (node->left.is_column)
        result = find_column(selecting, &node->left, &left);
    if (result == 0 && node->right.is_column)
        result = find_column(selecting, &node->right, &right);
    if (result < 0)
        return result;
    if (left != NULL && right == NULL)
        return select_value(selecting, left, &node->left, node->orders, &node->right, set);
    if (left == NULL && right != NULL)
        return select_value(selecting, right, &node->right, turned(node->orders), &node->left, set);
    select_pairs(node, left, right, set);
    return 0;
}

static int need_column(const struct selecting *selecting, const struct where_node *node,
                       const char *test, const struct hob_column **column)
{
    if (node->left.is_column)
        return find_column(selecting, &node->left, column);
    hob_error_set(selecting->error, HOB_E_PARAMETER,
                  "at character %zu of the condition a column is expected before '%s'",
                  node->left.place, test);
    hob_error_hint(selecting->error, "names of columns are written without quotes");
    return HOB_E_PARAMETER;
}

static int select_in(const struct selecting *selecting, const struct where_node *node,
                     struct hob_row_set *set)
{
    const struct hob_column *column;
    int result = need_column(selecting, node, "in", &column);
    for (size_t i = 0; result == 0 && i < node->value_count; i++)
        result = select_value(selecting, column, &node->left, WHERE_EQUAL, &node->values[i], set);
    return result;
}

/* -- Pieces of texts, and members of lists. */

static bool has_piece(enum where_kind kind, struct hob_text text, struct hob_text piece)
{
    if (text.size < piece.size)
        return false;
    size_t last = text.size - piece.size;
    if (kind == WHERE_STARTS)
        return piece.size == 0 || memcmp(text.data, piece.data, piece.size) == 0;
    if (kind == WHERE_ENDS)
        return piece.size == 0 || memcmp(text.data + last, piece.data, piece.size) == 0;
    return piece.size == 0 || memmem(text.data, text.size, piece.data, piece.size) != NULL;
}

static bool has_member(const struct hob_value *list, const struct where_cell *member)
{
    bool is_list = list->kind == HOB_LIST || list->kind == HOB_TUPLE;
    for (uint32_t i = 0; is_list && i < list->list.count; i++) {
        struct where_cell cell = where_cell_of_value(list->list.items[i]);
        if ((where_compare(&cell, member) & WHERE_EQUAL) != 0)
            return true;
    }
    return false;
}

/* The ISO text of a date in its own zone, as it is printed: what a piece is looked for in. */
static struct hob_text text_of_moment(const struct where_cell *cell, struct hob_buffer *scratch)
{
    const int64_t day = (int64_t)86400 * 1000000;
    int64_t ahead = cell->zoned ? (int64_t)cell->offset_seconds * 1000000 : 0;
    struct hob_value value = {.kind = HOB_DATETIME,
                              .boolean = cell->zoned,
                              .offset_seconds = cell->offset_seconds,
                              .microseconds = cell->integer + ahead};
    hob_buffer_clear(scratch);
    if (!cell->zoned && cell->integer % day == 0)
        hob_date_print(scratch, cell->integer / day);
    else
        hob_datetime_print(scratch, &value, 'T');
    return hob_buffer_text(scratch);
}

static bool holds_piece(enum where_kind kind, const struct where_cell *cell,
                        const struct where_cell *piece, struct hob_buffer *scratch)
{
    if (cell->form == WHERE_OTHER)
        return kind == WHERE_CONTAINS && has_member(cell->value, piece);
    if (piece->form != WHERE_TEXT)
        return false;
    if (cell->form == WHERE_MOMENT)
        return has_piece(kind, text_of_moment(cell, scratch), piece->text);
    return cell->form == WHERE_TEXT && has_piece(kind, cell->text, piece->text);
}

static void select_text_pieces(const struct hob_column *column, enum where_kind kind,
                               struct hob_text piece, struct hob_row_set *set)
{
    for (size_t row = 0; row < column->count; row++)
        hob_row_set_add(set, row, has_piece(kind, hob_column_string(column, row), piece));
    take_out_missing(column, set);
}

static int select_pieces(const struct selecting *selecting, const struct where_node *node,
                         struct hob_row_set *set)
{
    static const char *const names[] = {
        [WHERE_CONTAINS] = "contains", [WHERE_STARTS] = "starts with", [WHERE_ENDS] = "ends with"};
    const struct hob_column *column, *pieces = NULL;
    int result = need_column(selecting, node, names[node->kind], &column);
    if (result == 0 && node->right.is_column)
        result = find_column(selecting, &node->right, &pieces);
    if (result < 0)
        return result;
    bool is_text = column->type == HOB_COLUMN_STRING;
    if (!is_text && column->type != HOB_COLUMN_DATETIME && column->type != HOB_COLUMN_VALUE)
        return mismatch(selecting, column, &node->left, "which have no pieces to look for",
                        "contains, starts with and ends with are for texts, dates and lists");
    if (is_text && pieces == NULL && node->right.cell.form != WHERE_TEXT)
        return mismatch(selecting, column, &node->left, "which a number is no piece of",
                        "put what is looked for into quotes");
    if (is_text && pieces == NULL) {
        select_text_pieces(column, node->kind, node->right.cell.text, set);
        return 0;
    }
    HOB_AUTO(buffer) struct hob_buffer scratch = HOB_BUFFER_INIT;
    for (size_t row = 0; row < set->rows; row++) {
        struct where_cell cell = where_cell_at(column, row);
        struct where_cell piece = pieces != NULL ? where_cell_at(pieces, row) : node->right.cell;
        hob_row_set_add(set, row, holds_piece(node->kind, &cell, &piece, &scratch));
    }
    return hob_buffer_failed(&scratch) ? no_memory(selecting) : 0;
}

/* -- Tests of one operand. */

static int select_missing(const struct selecting *selecting, const struct where_node *node,
                          struct hob_row_set *set)
{
    const struct hob_column *column;
    int result = need_column(selecting, node, "is missing", &column);
    for (size_t row = 0; result == 0 && row < set->rows; row++)
        hob_row_set_add(set, row, hob_column_is_missing(column, row));
    return result;
}

static int select_truth(const struct selecting *selecting, const struct where_node *node,
                        struct hob_row_set *set)
{
    static const struct where_operand yes = {.cell = {.form = WHERE_INTEGER, .integer = 1}};
    const struct hob_column *column;
    if (!node->left.is_column) {
        bool holds = node->left.cell.form == WHERE_INTEGER && node->left.cell.integer != 0;
        if (holds)
            hob_row_set_invert(set);
        return 0;
    }
    int result = find_column(selecting, &node->left, &column);
    if (result < 0)
        return result;
    if (column->type != HOB_COLUMN_BOOL && column->type != HOB_COLUMN_VALUE)
        return mismatch(selecting, column, &node->left, "not true and false",
                        "compare it with something, as in NAME == 1, or ask NAME is not missing");
    return select_value(selecting, column, &node->left, WHERE_EQUAL, &yes, set);
}

/* -- Trees. */

static int select_node(const struct selecting *selecting, const struct where_node *node,
                       struct hob_row_set *set);

static int select_children(const struct selecting *selecting, const struct where_node *node,
                           struct hob_row_set *set)
{
    int result = select_node(selecting, node->child, set);
    const struct where_node *child = node->child->next;
    for (; result == 0 && child != NULL; child = child->next) {
        HOB_AUTO(row_set) struct hob_row_set part = HOB_ROW_SET_INIT;
        if (!hob_row_set_init(&part, set->rows))
            return no_memory(selecting);
        result = select_node(selecting, child, &part);
        if (node->kind == WHERE_ALL)
            hob_row_set_intersect(set, &part);
        else
            hob_row_set_unite(set, &part);
    }
    return result;
}

/* Adds the rows to a set that is empty. */
static int select_node(const struct selecting *selecting, const struct where_node *node,
                       struct hob_row_set *set)
{
    int result;
    switch (node->kind) {
    case WHERE_ALL:
    case WHERE_ANY:
        return select_children(selecting, node, set);
    case WHERE_NOT:
        result = select_node(selecting, node->child, set);
        hob_row_set_invert(set);
        return result;
    case WHERE_COMPARE:
        return select_comparison(selecting, node, set);
    case WHERE_IN:
        return select_in(selecting, node, set);
    case WHERE_MISSING:
        return select_missing(selecting, node, set);
    case WHERE_TRUTH:
        return select_truth(selecting, node, set);
    default:
        return select_pieces(selecting, node, set);
    }
}

int hob_where_select(const struct hob_where *where, const struct hob_frame *frame,
                     struct hob_row_set *selected, struct hob_error *error)
{
    struct selecting selecting = {where, frame, error};
    HOB_AUTO(row_set) struct hob_row_set set = HOB_ROW_SET_INIT;
    if (!hob_row_set_init(&set, hob_frame_rows(frame)))
        return no_memory(&selecting);
    int result = select_node(&selecting, where->root, &set);
    if (result < 0)
        return result;
    *selected = set;
    set = (struct hob_row_set)HOB_ROW_SET_INIT;
    return 0;
}
