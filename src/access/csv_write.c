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

struct marks {
    char delimiter, quote;
};

struct writing {
    struct hob_buffer *out;
    const struct hob_sink *sink; /* NULL: all stays in `out` */
    const struct hob_frame *frame;
    const struct hob_column **columns;
    size_t count;
    char delimiter, quote;
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
    return field.size == 0 && writing->count == 1;
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

/* Prints an integer, number or boolean that is not missing; returns its size. */
static size_t print_plain(char *out, const struct hob_column *column, size_t row)
{
    switch (column->type) {
    case HOB_COLUMN_INT64:
        return hob_number_print_int(out, column->integers[row]);
    case HOB_COLUMN_UINT64:
        return hob_number_print_unsigned(out, column->unsigneds[row]);
    case HOB_COLUMN_FLOAT64:
        return hob_number_print_double(out, column->numbers[row]);
    default:
        memcpy(out, column->booleans[row] ? "True" : "False", 5); /* the NUL of True, too */
        return column->booleans[row] ? 4 : 5;
    }
}

static void put_plain(struct writing *writing, const struct hob_column *column, size_t row)
{
    char printed[HOB_NUMBER_SIZE];
    struct hob_buffer *out = writing->out;
    if (writing->quotes_numbers)
        put_field(writing, (struct hob_text){printed, print_plain(printed, column, row)});
    else if (hob_buffer_reserve(out, HOB_NUMBER_SIZE))
        out->size += print_plain(out->data + out->size, column, row);
}

/* hob_column_is_missing without a call where nothing can be. */
static inline bool is_missing(const struct hob_column *column, size_t row)
{
    if (column->type == HOB_COLUMN_FLOAT64)
        return isnan(column->numbers[row]);
    return (column->missing != NULL || column->type == HOB_COLUMN_VALUE) &&
           hob_column_is_missing(column, row);
}

static void put_cell(struct writing *writing, const struct hob_column *column, size_t row)
{
    if (is_missing(column, row))
        put_field(writing, (struct hob_text){"", 0});
    else if (column->type == HOB_COLUMN_STRING)
        put_field(writing, hob_column_string(column, row));
    else if (column->type == HOB_COLUMN_DATETIME)
        put_datetime(writing, column, row);
    else if (column->type == HOB_COLUMN_VALUE)
        put_value(writing, column->values[row]);
    else
        put_plain(writing, column, row);
}

static void put_header(struct writing *writing)
{
    for (size_t i = 0; i < writing->count; i++) {
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

static int put_rows(struct writing *writing, struct hob_error *error)
{
    size_t rows = hob_frame_rows(writing->frame);
    int result = 0;
    for (size_t row = 0; row < rows && result == 0 && !writing->out->failed; row++) {
        for (size_t i = 0; i < writing->count; i++) {
            if (i > 0)
                hob_buffer_put_char(writing->out, writing->delimiter);
            put_cell(writing, writing->columns[i], row);
        }
        hob_buffer_put_char(writing->out, '\n');
        result = hob_sink_spill(writing->sink, writing->out, error);
    }
    return result;
}

static void start_writing(struct writing *writing)
{
    static const char in_numbers[] = "0123456789+-.einfTrueFals";
    const char special[] = {writing->delimiter, writing->quote, '\n'};
    for (size_t i = 0; i < sizeof special; i++)
        writing->special[(unsigned char)special[i]] = true;
    writing->quotes_numbers =
        memchr(in_numbers, writing->delimiter, sizeof in_numbers - 1) != NULL ||
        memchr(in_numbers, writing->quote, sizeof in_numbers - 1) != NULL;
    for (size_t i = 0; i < writing->count; i++)
        writing->columns[i] = hob_frame_column(writing->frame, i);
}

static int put_table(struct hob_buffer *out, const struct hob_sink *sink,
                     const struct hob_frame *frame, const struct marks *marks,
                     struct hob_error *error)
{
    struct writing writing = {.out = out,
                              .sink = sink,
                              .frame = frame,
                              .count = hob_frame_columns(frame),
                              .delimiter = marks->delimiter,
                              .quote = marks->quote};
    int result = 0;
    writing.columns = hob_try_alloc(writing.count, sizeof *writing.columns);
    bool failed = writing.columns == NULL;
    if (!failed) {
        start_writing(&writing);
        put_header(&writing);
        result = put_rows(&writing, error);
    }
    hob_buffer_deinit(&writing.scratch);
    free(writing.columns);
    if (result < 0 || (!failed && !out->failed))
        return result;
    return hob_error_set(error, HOB_E_MEMORY, "writing CSV: no memory for %zu rows",
                         hob_frame_rows(frame));
}

int hob_csv_write(struct hob_buffer *out, const struct hob_frame *frame, char delimiter, char quote,
                  struct hob_error *error)
{
    struct marks marks = {delimiter, quote};
    return put_table(out, NULL, frame, &marks, error);
}

int hob_csv_write_to(const struct hob_sink *sink, const struct hob_frame *frame, char delimiter,
                     char quote, struct hob_error *error)
{
    HOB_AUTO(buffer) struct hob_buffer out = HOB_BUFFER_INIT;
    struct marks marks = {delimiter, quote};
    int result = put_table(&out, sink, frame, &marks, error);
    return result < 0 ? result : hob_sink_drain(sink, &out, error);
}
