/* csv_write: a frame as comma-separated text.
 *
 * Minimal quoting, as pandas has Python's csv module do it: fields that hold the delimiter, the
 * quote or a line feed (not a lone carriage return), and the empty field of a table with one
 * column, which would else be a blank line. */
#include "access/csv_internal.h"

#include <math.h>

#include "base/number.h"
#include "value/date.h"
#include "value/python.h"

struct writing {
    struct hob_buffer *out;
    const struct hob_frame *frame;
    char delimiter, quote;
    bool alone;          /* one column */
    bool quotes_numbers; /* the delimiter or quote may stand in numbers and booleans */
    bool special[256];   /* bytes that make a field quoted */
    struct hob_buffer scratch;
};

static bool needs_quotes(const struct writing *writing, struct hob_text field)
{
    const unsigned char *data = (const unsigned char *)field.data;
    for (size_t i = 0; i < field.size; i++)
        if (writing->special[data[i]])
            return true;
    return field.size == 0 && writing->alone;
}

static void put_quoted(struct writing *writing, struct hob_text field)
{
    struct hob_buffer *out = writing->out;
    hob_buffer_put_char(out, writing->quote);
    while (field.size > 0) {
        const char *quote = memchr(field.data, writing->quote, field.size);
        size_t size = quote != NULL ? (size_t)(quote - field.data) + 1 : field.size;
        hob_buffer_put(out, field.data, size);
        if (quote != NULL)
            hob_buffer_put_char(out, writing->quote);
        field.data += size;
        field.size -= size;
    }
    hob_buffer_put_char(out, writing->quote);
}

static void put_field(struct writing *writing, struct hob_text field)
{
    if (needs_quotes(writing, field))
        put_quoted(writing, field);
    else
        hob_buffer_put_text(writing->out, field);
}

static void put_plain(struct writing *writing, struct hob_text field)
{
    if (writing->quotes_numbers)
        put_field(writing, field);
    else
        hob_buffer_put_text(writing->out, field);
}

/* Values that are no texts, as Python's str prints them. */
static void put_value(struct writing *writing, const struct hob_value *value)
{
    hob_buffer_clear(&writing->scratch);
    if (value->kind == HOB_DATETIME)
        hob_datetime_print(&writing->scratch, value, ' ');
    else
        hob_python_str(&writing->scratch, value);
    if (writing->scratch.failed)
        writing->out->failed = true;
    put_field(writing, hob_buffer_text(&writing->scratch));
}

static void put_datetime(struct writing *writing, const struct hob_column *column, size_t row)
{
    struct hob_value value = {.kind = HOB_DATETIME,
                              .boolean = column->has_zone,
                              .offset_seconds = column->offset_seconds,
                              .microseconds = column->integers[row]};
    put_value(writing, &value);
}

static void put_cell(struct writing *writing, const struct hob_column *column, size_t row)
{
    char number[HOB_NUMBER_SIZE];
    struct hob_text field = {number, 0};
    if (hob_column_is_missing(column, row)) {
        put_field(writing, field);
        return;
    }
    switch (column->type) {
    case HOB_COLUMN_INT64:
        field.size = hob_number_print_int(number, column->integers[row]);
        break;
    case HOB_COLUMN_UINT64:
        field.size = hob_number_print_unsigned(number, column->unsigneds[row]);
        break;
    case HOB_COLUMN_FLOAT64:
        field.size = hob_number_print_double(number, column->numbers[row]);
        break;
    case HOB_COLUMN_BOOL:
        field = column->booleans[row] ? HOB_TEXT("True") : HOB_TEXT("False");
        break;
    case HOB_COLUMN_STRING:
        put_field(writing, hob_column_string(column, row));
        return;
    case HOB_COLUMN_DATETIME:
        put_datetime(writing, column, row);
        return;
    default:
        put_value(writing, column->values[row]);
        return;
    }
    put_plain(writing, field);
}

static void put_header(struct writing *writing, size_t columns)
{
    for (size_t i = 0; i < columns; i++) {
        const struct hob_value *name = hob_frame_name(writing->frame, i);
        if (i > 0)
            hob_buffer_put_char(writing->out, writing->delimiter);
        if (name->kind == HOB_STRING)
            put_field(writing, name->text);
        else
            put_value(writing, name);
    }
    hob_buffer_put_char(writing->out, '\n');
}

static void put_rows(struct writing *writing, size_t columns)
{
    size_t rows = hob_frame_rows(writing->frame);
    for (size_t row = 0; row < rows && !writing->out->failed; row++) {
        for (size_t i = 0; i < columns; i++) {
            if (i > 0)
                hob_buffer_put_char(writing->out, writing->delimiter);
            put_cell(writing, hob_frame_column(writing->frame, i), row);
        }
        hob_buffer_put_char(writing->out, '\n');
    }
}

int hob_csv_write(struct hob_buffer *out, const struct hob_frame *frame, char delimiter, char quote,
                  struct hob_error *error)
{
    static const char in_numbers[] = "0123456789+-.einfTrueFals";
    size_t columns = hob_frame_columns(frame);
    struct writing writing = {
        .out = out, .frame = frame, .delimiter = delimiter, .quote = quote, .alone = columns == 1};
    const char special[] = {delimiter, quote, '\n'};
    for (size_t i = 0; i < sizeof special; i++)
        writing.special[(unsigned char)special[i]] = true;
    writing.quotes_numbers = memchr(in_numbers, delimiter, sizeof in_numbers - 1) != NULL ||
                             memchr(in_numbers, quote, sizeof in_numbers - 1) != NULL;
    put_header(&writing, columns);
    put_rows(&writing, columns);
    hob_buffer_deinit(&writing.scratch);
    if (!out->failed)
        return 0;
    return hob_error_set(error, HOB_E_MEMORY, "writing CSV: no memory for %zu rows",
                         hob_frame_rows(frame));
}
