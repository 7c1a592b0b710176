/* excel_read: flows of type excel, read: the cells of a sheet typed as pandas types them.
 *
 * A column becomes the narrowest type that all its cells fit: numbers also when they are spelled
 * as text, booleans (beside numbers or holes they count as 1 and 0), dates, text, and else values
 * (golden RULES 22). A cell of the header keeps its kind. A sheet is sparse and a table is not, so
 * how much larger the table may be is limited. */
#include "access/csv_internal.h"
#include "access/excel.h"
#include "access/excel_names.h"
#include "access/formats.h"
#include "access/xlsx.h"

#include <math.h>

#include "base/number.h"
#include "value/python.h"

/* What was seen in a column, as bits. */
enum seen {
    SEEN_HOLE = 1 << 0,
    SEEN_TEXT = 1 << 1,  /* a text cell, whatever it spells */
    SEEN_OTHER = 1 << 2, /* any other cell */
    SEEN_INT = 1 << 3,
    SEEN_NEGATIVE = 1 << 4,
    SEEN_UNSIGNED = 1 << 5, /* beyond int64, within uint64 */
    SEEN_DOUBLE = 1 << 6,
    SEEN_BOOL = 1 << 7,
    SEEN_BOOL_WORD = 1 << 8, /* "true"... */
    SEEN_WORD = 1 << 9,      /* a text that is no number and no boolean */
    SEEN_MOMENT = 1 << 10,
    SEEN_FAR = 1 << 11, /* a moment beyond what nanoseconds can count */
};

/* A cell as what it may count as. */
struct item {
    unsigned seen;
    int64_t integer; /* INT, BOOL, BOOL_WORD, MOMENT */
    uint64_t large;  /* UNSIGNED */
    double number;   /* INT, UNSIGNED, DOUBLE, BOOL */
    struct hob_text text;
};

/* A text that many cells share is copied for each of them. */
static const size_t max_text = (size_t)1 << 30;

struct table {
    const struct hob_xlsx_sheet *sheet;
    struct hob_csv_options options;
    uint32_t *grid; /* column by column: 1 + the place of the cell, 0 for none */
    const struct hob_value **names, **written; /* told apart, and as the header has them */
    size_t first;                              /* row of the data */
    struct hob_frame *frame;
    struct hob_error *error;
};

static int no_memory(struct table *table)
{
    return hob_error_set(table->error, HOB_E_MEMORY, "not enough memory");
}

static const struct hob_xlsx_cell *cell_at(const struct table *table, size_t row, size_t column)
{
    uint32_t place = table->grid[column * table->sheet->rows + row];
    return place == 0 ? NULL : &table->sheet->cells[place - 1];
}

/* Every cell at its place; of repeated ones the last. */
static int place_cells(struct table *table)
{
    const struct hob_xlsx_sheet *sheet = table->sheet;
    size_t text = 0;
    for (size_t i = 0; i < sheet->count; i++) {
        const struct hob_xlsx_cell *cell = &sheet->cells[i];
        table->grid[cell->column * sheet->rows + cell->row] = (uint32_t)i + 1;
        if (cell->kind == HOB_XLSX_TEXT)
            text += hob_column_string(&sheet->texts, cell->text).size;
    }
    if (text <= max_text)
        return 0;
    hob_error_set(table->error, HOB_E_LIMIT, "its cells have more than 1 GiB of text");
    return HOB_E_LIMIT;
}

static int lay_out(struct table *table)
{
    const struct hob_xlsx_sheet *sheet = table->sheet;
    size_t size = sheet->rows * sheet->columns, allowed = ((size_t)4 << 20) + 100 * sheet->count;
    if (size > allowed || sheet->count >= UINT32_MAX) {
        hob_error_set(table->error, HOB_E_LIMIT,
                      "a table of %zu rows and %zu columns is too large for %zu cells that hold "
                      "something",
                      sheet->rows, sheet->columns, sheet->count);
        hob_error_hint(table->error, "delete the stray cells far from the table");
        return HOB_E_LIMIT;
    }
    table->grid = hob_try_alloc(size, sizeof *table->grid);
    if (table->grid == NULL)
        return no_memory(table);
    memset(table->grid, 0, size * sizeof *table->grid);
    return place_cells(table);
}

/* What a cell counts as. */

static bool is_infinity(struct hob_text text, double *number)
{
    static const char *const words[] = {"inf", "infinity"};
    bool negative = text.size > 0 && text.data[0] == '-';
    if (negative || (text.size > 0 && text.data[0] == '+')) {
        text.data++;
        text.size--;
    }
    for (size_t word = 0; word < 2; word++) {
        size_t at = 0;
        while (at < text.size && words[word][at] != '\0' &&
               (text.data[at] | 0x20) == words[word][at])
            at++;
        if (at == text.size && words[word][at] == '\0') {
            *number = negative ? -INFINITY : INFINITY;
            return at > 0;
        }
    }
    return false;
}

static bool is_boolean_word(struct hob_text text, int64_t *boolean)
{
    static const char *const words[2][3] = {{"False", "FALSE", "false"}, {"True", "TRUE", "true"}};
    for (int i = 0; i < 6; i++) {
        if (hob_text_is(text, words[i / 3][i % 3])) {
            *boolean = i / 3;
            return true;
        }
    }
    return false;
}

/* A text that spells a number, perhaps between blanks. */
static unsigned number_in(struct hob_text text, struct item *item)
{
    while (text.size > 0 && strchr(" \t\n\v\f\r", text.data[0]) != NULL) {
        text.data++;
        text.size--;
    }
    while (text.size > 0 && strchr(" \t\n\v\f\r", text.data[text.size - 1]) != NULL)
        text.size--;
    if (hob_number_parse_int(text, &item->integer) == 0) {
        item->number = (double)item->integer;
        return SEEN_INT | (item->integer < 0 ? (unsigned)SEEN_NEGATIVE : 0u);
    }
    if (hob_number_parse_unsigned(text, &item->large) == 0) {
        item->number = (double)item->large;
        return SEEN_UNSIGNED;
    }
    if (is_infinity(text, &item->number))
        return SEEN_DOUBLE;
    bool digits_only = true; /* an integer beyond uint64 stays text */
    for (size_t i = 0; i < text.size; i++)
        digits_only = digits_only && (strchr("+-0123456789", text.data[i]) != NULL);
    if (digits_only || !hob_number_parse_double(text, &item->number) || isinf(item->number))
        return 0;
    return SEEN_DOUBLE;
}

static void look_at_text(struct hob_text text, struct item *item)
{
    item->text = text;
    if (hob_csv_is_missing(text)) {
        item->seen = SEEN_HOLE;
        return;
    }
    unsigned number = memchr(text.data, '\0', text.size) == NULL ? number_in(text, item) : 0;
    if (number != 0)
        item->seen = SEEN_TEXT | number;
    else if (is_boolean_word(text, &item->integer))
        item->seen = SEEN_TEXT | SEEN_BOOL_WORD;
    else
        item->seen = SEEN_TEXT | SEEN_WORD;
}

static struct item look_at(const struct table *table, size_t row, size_t column)
{
    const struct hob_xlsx_cell *cell = cell_at(table, row, column);
    const int64_t last = INT64_C(9223372036854775); /* microseconds, of int64 nanoseconds */
    struct item item = {.seen = SEEN_HOLE};
    if (cell == NULL)
        return item;
    item.integer = cell->kind == HOB_XLSX_DOUBLE ? 0 : cell->integer;
    item.number = cell->kind == HOB_XLSX_DOUBLE ? cell->number : (double)item.integer;
    switch ((enum hob_xlsx_kind)cell->kind) {
    case HOB_XLSX_INT:
        item.seen = SEEN_OTHER | SEEN_INT | (item.integer < 0 ? (unsigned)SEEN_NEGATIVE : 0u);
        break;
    case HOB_XLSX_DOUBLE:
        item.seen = SEEN_OTHER | SEEN_DOUBLE;
        break;
    case HOB_XLSX_BOOL:
        item.seen = SEEN_OTHER | SEEN_BOOL;
        break;
    case HOB_XLSX_MOMENT:
        item.seen = SEEN_OTHER | SEEN_MOMENT |
                    (item.integer > last || item.integer < -last ? (unsigned)SEEN_FAR : 0u);
        break;
    case HOB_XLSX_TEXT:
        look_at_text(hob_column_string(&table->sheet->texts, cell->text), &item);
        break;
    case HOB_XLSX_ERROR:
        break;
    }
    return item;
}

/* The type of a column. */

static enum hob_column_type type_of_numbers(unsigned seen)
{
    bool holes = (seen & SEEN_HOLE) != 0;
    bool only_booleans = (seen & (SEEN_INT | SEEN_UNSIGNED | SEEN_DOUBLE)) == 0;
    if (only_booleans && !holes)
        return HOB_COLUMN_BOOL;
    if (holes || (seen & SEEN_DOUBLE) != 0)
        return HOB_COLUMN_FLOAT64;
    if ((seen & SEEN_UNSIGNED) == 0)
        return HOB_COLUMN_INT64;
    return (seen & SEEN_NEGATIVE) != 0 ? HOB_COLUMN_FLOAT64 : HOB_COLUMN_UINT64;
}

static enum hob_column_type type_for(unsigned seen)
{
    const unsigned numbers = SEEN_INT | SEEN_UNSIGNED | SEEN_DOUBLE | SEEN_BOOL;
    unsigned values = seen & ~(unsigned)(SEEN_HOLE | SEEN_TEXT | SEEN_OTHER | SEEN_NEGATIVE);
    if (seen == 0)
        return HOB_COLUMN_STRING; /* no rows */
    if (values == 0)
        return HOB_COLUMN_FLOAT64; /* nothing but holes */
    if ((values & ~numbers) == 0)
        return type_of_numbers(seen);
    if ((values & ~(unsigned)(SEEN_BOOL | SEEN_BOOL_WORD)) == 0)
        return HOB_COLUMN_BOOL;
    if (values == SEEN_MOMENT)
        return HOB_COLUMN_DATETIME;
    return (seen & SEEN_OTHER) == 0 ? HOB_COLUMN_STRING : HOB_COLUMN_VALUE;
}

static struct hob_value *moment_of(int64_t microseconds, struct hob_arena *arena)
{
    struct hob_value *value = hob_value_new(arena, HOB_DATETIME);
    value->microseconds = microseconds;
    return value;
}

/* The cell as it is, for columns of mixed kinds and for names. */
static const struct hob_value *value_of(const struct item *item, struct hob_arena *arena)
{
    if ((item->seen & SEEN_TEXT) != 0)
        return hob_value_new_string(arena, item->text);
    if ((item->seen & SEEN_INT) != 0)
        return hob_value_new_int(arena, item->integer);
    if ((item->seen & SEEN_BOOL) != 0)
        return hob_value_new_bool(item->integer != 0);
    if ((item->seen & SEEN_MOMENT) != 0)
        return moment_of(item->integer, arena);
    return hob_value_new_double(arena, item->number);
}

static bool append(struct hob_column *column, const struct item *item, struct hob_arena *arena)
{
    if (item->seen == SEEN_HOLE)
        return hob_column_append_missing(column);
    switch (column->type) {
    case HOB_COLUMN_INT64:
    case HOB_COLUMN_DATETIME:
        return hob_column_append_int(column, item->integer);
    case HOB_COLUMN_UINT64:
        return hob_column_append_unsigned(
            column, (item->seen & SEEN_UNSIGNED) != 0 ? item->large : (uint64_t)item->integer);
    case HOB_COLUMN_FLOAT64:
        return hob_column_append_double(column, item->number);
    case HOB_COLUMN_BOOL:
        return hob_column_append_bool(column, item->integer != 0);
    case HOB_COLUMN_STRING:
        return hob_column_append_string(column, item->text);
    case HOB_COLUMN_VALUE:
        return hob_column_append_value(column, value_of(item, arena));
    }
    return false;
}

/* Booleans are numbers where numbers are asked for, but words are not. */
static enum hob_column_type type_beside(enum hob_csv_wish wish, unsigned seen)
{
    enum hob_column_type type = type_for(seen);
    bool counts = type == HOB_COLUMN_BOOL && (seen & SEEN_BOOL_WORD) == 0;
    return wish != HOB_CSV_ANY && counts ? HOB_COLUMN_INT64 : type;
}

static bool fill_typed(const struct table *table, size_t position, enum hob_csv_wish wish,
                       struct hob_column *column)
{
    size_t rows = table->sheet->rows;
    unsigned seen = 0;
    for (size_t row = table->first; row < rows; row++)
        seen |= look_at(table, row, position).seen;
    hob_column_init(column, type_beside(wish, seen));
    if (!hob_column_reserve(column, rows - table->first, 0))
        return false;
    for (size_t row = table->first; row < rows; row++) {
        struct item item = look_at(table, row, position);
        if (!append(column, &item, hob_frame_arena(table->frame)))
            return false;
    }
    return true;
}

/* Every cell as Python would print it. */
static bool fill_texts(const struct table *table, size_t position, struct hob_column *column)
{
    HOB_AUTO(buffer) struct hob_buffer spelled = HOB_BUFFER_INIT;
    HOB_AUTO(arena) struct hob_arena *arena = hob_arena_new();
    hob_column_init(column, HOB_COLUMN_STRING);
    for (size_t row = table->first; row < table->sheet->rows; row++) {
        struct item item = look_at(table, row, position);
        hob_buffer_clear(&spelled);
        if ((item.seen & SEEN_OTHER) != 0) {
            hob_python_str(&spelled, value_of(&item, arena));
            item.text = hob_buffer_text(&spelled);
        }
        if (hob_buffer_failed(&spelled) || !append(column, &item, arena))
            return false;
    }
    return true;
}

/* Dates and mixed cells are nothing that numbers could be made of. */
static int refuse(const struct table *table, size_t position, struct hob_text name)
{
    size_t row = table->first;
    const unsigned strange = SEEN_WORD | SEEN_MOMENT | SEEN_BOOL_WORD;
    while (row + 1 < table->sheet->rows && (look_at(table, row, position).seen & strange) == 0)
        row++;
    hob_error_set(table->error, HOB_E_VALUE,
                  "column '%.*s', row %zu of the sheet: the cell is not of the type that dtypes "
                  "asks for",
                  HOB_TEXT_ARG(name), row + 1);
    hob_error_hint(table->error, "correct the cell, or the type that dtypes asks for");
    return HOB_E_VALUE;
}

static int make_column(const struct table *table, size_t position, struct hob_column *column)
{
    const struct hob_value *name = table->names[position];
    enum hob_csv_wish wish =
        hob_csv_wish_for(table->options.dtypes, name, table->written[position]);
    bool done = hob_csv_wants_texts(wish) ? fill_texts(table, position, column)
                                          : fill_typed(table, position, wish, column);
    if (!done)
        return hob_error_set(table->error, HOB_E_MEMORY, "not enough memory");
    if (wish == HOB_CSV_ANY || wish == HOB_CSV_STRING)
        return 0;
    HOB_AUTO(buffer) struct hob_buffer spelled = HOB_BUFFER_INIT;
    hob_python_str(&spelled, name);
    if (column->type == HOB_COLUMN_VALUE || column->type == HOB_COLUMN_DATETIME)
        return refuse(table, position, hob_buffer_text(&spelled));
    return hob_csv_convert(column, wish, hob_buffer_text(&spelled), table->error);
}

/* The cells of the header row; NULL where there is none, and without a header the numbers. */
static bool read_names(struct table *table)
{
    size_t count = table->sheet->columns;
    struct hob_arena *arena = hob_frame_arena(table->frame);
    const struct hob_value **names = hob_arena_try_alloc(arena, count * sizeof *names);
    const struct hob_value **written = hob_arena_try_alloc(arena, count * sizeof *written);
    if (names == NULL || written == NULL)
        return false;
    table->names = names;
    table->written = written;
    for (size_t i = 0; i < count; i++) {
        if (table->options.no_header) {
            written[i] = names[i] = hob_value_new_int(arena, (int64_t)i);
            continue;
        }
        const struct hob_xlsx_cell *cell = cell_at(table, table->options.header, i);
        struct item item = look_at(table, table->options.header, i);
        bool word = cell != NULL && cell->kind == HOB_XLSX_TEXT; /* "NA" is a name, too */
        if (word)
            item.seen |= SEEN_TEXT;
        names[i] = item.seen == SEEN_HOLE ? NULL : value_of(&item, arena);
    }
    return table->options.no_header || hob_excel_name_columns(arena, names, written, count);
}

static int fill_frame(struct table *table)
{
    if (!read_names(table))
        return no_memory(table);
    for (size_t i = 0; i < table->sheet->columns; i++) {
        struct hob_column column = {0};
        int result = make_column(table, i, &column);
        if (result == 0 && hob_frame_add(table->frame, table->names[i], &column) == NULL)
            result = no_memory(table);
        hob_column_deinit(&column);
        if (result < 0)
            return result;
    }
    return 0;
}

static int make_frame(struct table *table)
{
    if (table->sheet->rows == 0)
        return 0;
    if (!table->options.no_header && table->options.header >= table->sheet->rows)
        return hob_error_set(table->error, HOB_E_VALUE,
                             "Passed header=[%zu], len of 1, but only %zu lines in file",
                             table->options.header, table->sheet->rows);
    table->first = table->options.no_header ? 0 : table->options.header + 1;
    int result = lay_out(table);
    if (result == 0)
        result = fill_frame(table);
    free(table->grid);
    return result;
}

int hob_excel_read(struct hob_frame **frame, struct hob_text file, const struct hob_value *flow,
                   struct hob_error *error)
{
    HOB_AUTO(xlsx_sheet) struct hob_xlsx_sheet sheet = {0};
    HOB_AUTO(frame) struct hob_frame *made = hob_frame_new();
    struct table table = {.sheet = &sheet, .frame = made, .error = error};
    int result = hob_csv_options_from_flow(&table.options, flow, error);
    if (result == 0)
        result = hob_xlsx_read(&sheet, file, hob_value_get(flow, "sheet"), error);
    if (result == 0)
        result = make_frame(&table);
    if (result == 0)
        *frame = HOB_STEAL(made);
    return result;
}

static int read_excel(struct hob_frame **frame, const struct hob_flow_file *file,
                      struct hob_error *error)
{
    return hob_excel_read(frame, file->text, file->flow, error);
}

int hob_excel_read_flow(struct hob_frame **frame, const struct hob_scope *scope,
                        const struct hob_value *flow, struct hob_error *error)
{
    return hob_flow_read(frame, scope, flow, "excel", read_excel, error);
}
