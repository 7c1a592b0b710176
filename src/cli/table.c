/* table: see table.h.
 *
 * Rows are formatted twice, once to measure the columns and once to write them, so that a table of
 * a million rows needs no second copy of itself. Only rows that are shown are measured. */
#include "cli/table.h"

#include "base/number.h"
#include "base/utf8.h"
#include "cli/display.h"
#include "cli/output.h"
#include "value/date.h"
#include "value/json.h"
#include "value/python.h"

/* Two blanks between columns; a column narrower than NARROWEST says nothing. Where nothing is cut,
 * a cell wider than WIDEST pushes the rest of its own row aside instead of padding all others. A
 * nested value beyond MAX_CELL bytes is cut: aliases can make it endless. */
enum { GAP = 2, NARROWEST = 4, WIDEST = 100, MAX_CELL = 1 << 20 };

/* Of a long table on a terminal. */
enum { FIRST_ROWS = 50, LAST_ROWS = 10 };

static const char ellipsis[] = "…";

struct shown_column {
    const struct hob_column *column;
    size_t position; /* in the frame */
    size_t width;
    bool right;
};

struct table {
    struct hob_buffer *out;
    const struct hob_frame *frame;
    const struct hob_table_options *options;
    struct shown_column *columns;
    size_t count;                /* columns that are shown */
    size_t head_end, tail_start; /* rows [0, head_end) and [tail_start, rows) are shown */
    struct hob_buffer raw, cell;
};

static inline void hob_auto_table(struct table *table)
{
    free(table->columns);
    hob_buffer_deinit(&table->raw);
    hob_buffer_deinit(&table->cell);
}

static void put_size(struct hob_buffer *out, size_t number)
{
    char digits[HOB_NUMBER_SIZE];
    hob_buffer_put(out, digits, hob_number_print_unsigned(digits, number));
}

static bool is_number(const struct hob_column *column)
{
    return column->type == HOB_COLUMN_INT64 || column->type == HOB_COLUMN_UINT64 ||
           column->type == HOB_COLUMN_FLOAT64;
}

static void put_nested(struct hob_buffer *raw, const struct hob_value *value)
{
    if (value->kind == HOB_STRING) {
        hob_buffer_put_text(raw, value->text);
        return;
    }
    if (value->kind == HOB_DATE || value->kind == HOB_DATETIME) {
        hob_python_str(raw, value);
        return;
    }
    if (hob_json_write(raw, value, HOB_JSON_SPACED, MAX_CELL, NULL) != 0)
        hob_buffer_put_string(raw, ellipsis);
}

static void put_raw(struct hob_buffer *raw, const struct hob_column *column, size_t row)
{
    char digits[HOB_NUMBER_SIZE];
    switch (column->type) {
    case HOB_COLUMN_INT64:
        hob_buffer_put(raw, digits, hob_number_print_int(digits, column->integers[row]));
        return;
    case HOB_COLUMN_UINT64:
        hob_buffer_put(raw, digits, hob_number_print_unsigned(digits, column->unsigneds[row]));
        return;
    case HOB_COLUMN_FLOAT64:
        hob_buffer_put(raw, digits, hob_number_print_double(digits, column->numbers[row]));
        return;
    case HOB_COLUMN_BOOL:
        hob_buffer_put_string(raw, column->booleans[row] ? "true" : "false");
        return;
    case HOB_COLUMN_STRING:
        hob_buffer_put_text(raw, hob_column_string(column, row));
        return;
    case HOB_COLUMN_DATETIME: {
        struct hob_value moment = {.kind = HOB_DATETIME,
                                   .boolean = column->has_zone,
                                   .offset_seconds = column->offset_seconds,
                                   .microseconds = column->integers[row]};
        hob_datetime_print(raw, &moment, ' ');
        return;
    }
    case HOB_COLUMN_VALUE:
        put_nested(raw, column->values[row]);
        return;
    }
}

/* Puts the cell as it is shown into table->cell. Returns its width. */
static size_t format_cell(struct table *table, const struct shown_column *column, size_t row,
                          bool *missing)
{
    hob_buffer_clear(&table->raw);
    hob_buffer_clear(&table->cell);
    *missing = hob_column_is_missing(column->column, row);
    if (*missing)
        hob_buffer_put_string(&table->raw, "null");
    else
        put_raw(&table->raw, column->column, row);
    return hob_display_put(&table->cell, hob_buffer_text(&table->raw));
}

static size_t format_name(struct table *table, const struct shown_column *column)
{
    hob_buffer_clear(&table->raw);
    hob_buffer_clear(&table->cell);
    hob_python_str(&table->raw, hob_frame_name(table->frame, column->position));
    return hob_display_put(&table->cell, hob_buffer_text(&table->raw));
}

static size_t format_type(struct table *table, const struct shown_column *column)
{
    hob_buffer_clear(&table->cell);
    hob_column_put_dtype(&table->cell, column->column);
    return hob_utf8_width(hob_buffer_text(&table->cell));
}

static void measure_rows(struct table *table, struct shown_column *column, size_t start, size_t end)
{
    bool missing;
    for (size_t row = start; row < end; row++) {
        size_t width = format_cell(table, column, row, &missing);
        if (width > column->width)
            column->width = width;
    }
}

static void measure(struct table *table, struct shown_column *column)
{
    column->width = format_name(table, column);
    size_t type_width = table->options->types ? format_type(table, column) : 0;
    if (type_width > column->width)
        column->width = type_width;
    measure_rows(table, column, 0, table->head_end);
    measure_rows(table, column, table->tail_start, hob_frame_rows(table->frame));
    if (table->options->width == 0 && column->width > WIDEST)
        column->width = WIDEST;
}

/* The width of the table with no column wider than `cap`. */
static size_t width_with_cap(const struct table *table, size_t cap)
{
    size_t width = table->count > 0 ? (table->count - 1) * GAP : 0;
    for (size_t i = 0; i < table->count; i++)
        width += table->columns[i].width < cap ? table->columns[i].width : cap;
    return width;
}

/* Leaves out the last columns when not even narrow ones all fit. */
static void drop_columns(struct table *table, size_t limit)
{
    size_t used = 0, count = 0;
    while (count < table->count) {
        size_t width = table->columns[count].width;
        used += (count > 0 ? GAP : 0) + (width < NARROWEST ? width : NARROWEST);
        if (used > limit && count > 0)
            break;
        count++;
    }
    table->count = count;
}

/* Makes the table fit: the widest columns are cut to a common width. */
static void shrink(struct table *table)
{
    size_t limit = table->options->width;
    if (limit == 0 || width_with_cap(table, SIZE_MAX) <= limit)
        return;
    drop_columns(table, limit);
    size_t cap = NARROWEST;
    while (cap < limit && width_with_cap(table, cap + 1) <= limit)
        cap++;
    size_t total = width_with_cap(table, cap);
    size_t spare = total < limit ? limit - total : 0;
    for (size_t i = 0; i < table->count; i++) {
        struct shown_column *column = &table->columns[i];
        if (column->width <= cap)
            continue;
        size_t more = spare > 0 ? 1 : 0;
        spare -= more;
        column->width = cap + more;
    }
}

/* Writes table->cell into its column; `style` is an escape sequence or NULL. */
static void put_cell(struct table *table, size_t at, size_t width, const char *style)
{
    const struct shown_column *column = &table->columns[at];
    struct hob_buffer *out = table->out;
    struct hob_text text = hob_buffer_text(&table->cell);
    bool cut = width > column->width && table->options->width > 0;
    if (cut)
        text.size = hob_display_fit(text, column->width - 1, &width);
    width += cut ? 1 : 0;
    size_t padding = column->width > width ? column->width - width : 0;
    hob_buffer_put_repeated(out, ' ', (at > 0 ? GAP : 0) + (column->right ? padding : 0));
    if (style != NULL)
        hob_buffer_put_string(out, style);
    hob_buffer_put_text(out, text);
    if (cut)
        hob_buffer_put_string(out, ellipsis);
    if (style != NULL)
        hob_buffer_put_string(out, "\033[0m");
    if (!column->right && at + 1 < table->count)
        hob_buffer_put_repeated(out, ' ', padding);
}

static void put_header(struct table *table)
{
    bool color = table->options->color;
    for (size_t i = 0; i < table->count; i++) {
        size_t width = format_name(table, &table->columns[i]);
        put_cell(table, i, width, color ? "\033[1m" : NULL);
    }
    hob_buffer_put_char(table->out, '\n');
    for (size_t i = 0; table->options->types && i < table->count; i++) {
        size_t width = format_type(table, &table->columns[i]);
        put_cell(table, i, width, color ? "\033[2m" : NULL);
    }
    if (table->options->types)
        hob_buffer_put_char(table->out, '\n');
    for (size_t i = 0; i < table->count; i++) {
        hob_buffer_put_string(table->out, i > 0 ? "  " : "");
        for (size_t j = 0; j < table->columns[i].width; j++)
            hob_buffer_put_string(table->out, "─");
    }
    hob_buffer_put_char(table->out, '\n');
}

static void put_rows(struct table *table, size_t start, size_t end)
{
    bool missing;
    for (size_t row = start; row < end && !hob_buffer_failed(table->out); row++) {
        for (size_t i = 0; i < table->count; i++) {
            size_t width = format_cell(table, &table->columns[i], row, &missing);
            put_cell(table, i, width, missing && table->options->color ? "\033[2m" : NULL);
        }
        hob_buffer_put_char(table->out, '\n');
    }
}

static void put_count(struct hob_buffer *out, size_t count, const char *noun)
{
    put_size(out, count);
    hob_buffer_put_string(out, noun);
    hob_buffer_put_string(out, count == 1 ? "" : "s");
}

static void put_hidden(struct hob_buffer *out, size_t count, const char *noun, const char *hint)
{
    hob_buffer_put_string(out, "… ");
    put_size(out, count);
    hob_buffer_put_string(out, " more");
    hob_buffer_put_string(out, noun);
    hob_buffer_put_string(out, count == 1 ? "" : "s");
    hob_buffer_put_string(out, hint);
}

static void put_footer(const struct table *table)
{
    size_t columns = hob_frame_columns(table->frame);
    if (table->count < columns)
        put_hidden(table->out, columns - table->count, " column",
                   " (choose with --select, or use --format csv)\n");
    put_count(table->out, hob_frame_rows(table->frame), " row");
    hob_buffer_put_string(table->out, " × ");
    put_count(table->out, columns, " column");
    hob_buffer_put_char(table->out, '\n');
}

/* Hiding a few rows would gain nothing: the line that says so takes one as well. */
static void choose_rows(struct table *table)
{
    size_t rows = hob_frame_rows(table->frame);
    size_t first = table->options->first, last = table->options->last;
    bool all = first == 0 || rows <= first || rows - first <= last;
    table->head_end = all ? rows : first;
    table->tail_start = all ? rows : rows - last;
}

static bool init(struct table *table)
{
    table->count = hob_frame_columns(table->frame);
    table->columns = hob_try_alloc(table->count + 1, sizeof *table->columns);
    if (table->columns == NULL)
        return false;
    choose_rows(table);
    for (size_t i = 0; i < table->count; i++) {
        const struct hob_column *column = hob_frame_column(table->frame, i);
        table->columns[i] =
            (struct shown_column){.column = column, .position = i, .right = is_number(column)};
        measure(table, &table->columns[i]);
    }
    shrink(table);
    return true;
}

int hob_table_put(struct hob_buffer *out, const struct hob_frame *frame,
                  const struct hob_table_options *options, struct hob_error *error)
{
    HOB_AUTO(table)
    struct table table = {.out = out, .frame = frame, .options = options};
    if (!init(&table))
        return hob_error_set(error, HOB_E_MEMORY, "cannot print the table: not enough memory");
    size_t rows = hob_frame_rows(frame);
    if (table.count > 0) {
        put_header(&table);
        put_rows(&table, 0, table.head_end);
        if (table.head_end < table.tail_start)
            put_hidden(out, table.tail_start - table.head_end, " row",
                       options->last > 0 ? " (use --rows N or --format csv)\n" : "\n");
        put_rows(&table, table.tail_start, rows);
    }
    put_footer(&table);
    if (hob_buffer_failed(out) || hob_buffer_failed(&table.cell) || hob_buffer_failed(&table.raw))
        return hob_error_set(error, HOB_E_MEMORY, "cannot print the table: not enough memory");
    return 0;
}

struct hob_table_options hob_table_options_look(void)
{
    struct hob_terminal terminal = hob_terminal_look();
    struct hob_table_options options = {.color = terminal.color};
    if (terminal.is_terminal) {
        options.width = terminal.width;
        options.first = FIRST_ROWS;
        options.last = LAST_ROWS;
    }
    return options;
}
