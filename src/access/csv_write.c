/* csv_write: a frame as comma-separated text.
 *
 * Minimal quoting, as pandas has Python's csv module do it: fields that hold the delimiter, the
 * quote or a line feed, and the empty field of a table with one column, which would else be a blank
 * line. A lone carriage return is quoted too: readers, pandas among them, take it for a line's end.
 */
#include "access/csv_internal.h"

#include <math.h>

#include "base/number.h"
#include "value/date.h"
#include "value/python.h"

/* What nested cells of one table may come to: aliases make small files name large things. */
static const size_t max_nested_size = (size_t)512 << 20;

struct hob_csv_writer {
    struct hob_buffer *out; /* of the step that is being done */
    const struct hob_frame *frame;
    const struct hob_column **columns;
    size_t count;
    char delimiter, quote;
    bool quotes_numbers; /* the delimiter or quote may stand in numbers and booleans */
    bool special[256];   /* bytes that make a field quoted */
    struct hob_buffer scratch;
    size_t nested_size; /* of values so far */
    size_t row;         /* the next one */
    bool started;
};

static bool needs_quotes(const struct hob_csv_writer *writer, struct hob_text field)
{
    const unsigned char *data = (const unsigned char *)field.data;
    for (size_t i = 0; i < field.size; i++)
        if (writer->special[data[i]])
            return true;
    return field.size == 0 && writer->count == 1;
}

static void put_quoted(struct hob_csv_writer *writer, struct hob_text field)
{
    struct hob_buffer *out = writer->out;
    hob_buffer_put_char(out, writer->quote);
    while (field.size > 0) {
        const char *quote = memchr(field.data, writer->quote, field.size);
        size_t size = quote != NULL ? (size_t)(quote - field.data) + 1 : field.size;
        hob_buffer_put(out, field.data, size);
        if (quote != NULL)
            hob_buffer_put_char(out, writer->quote);
        field.data += size;
        field.size -= size;
    }
    hob_buffer_put_char(out, writer->quote);
}

static void put_field(struct hob_csv_writer *writer, struct hob_text field)
{
    if (needs_quotes(writer, field))
        put_quoted(writer, field);
    else
        hob_buffer_put_text(writer->out, field);
}

/* Values that are no texts, as Python's str prints them. */
static void put_value(struct hob_csv_writer *writer, const struct hob_value *value)
{
    hob_buffer_clear(&writer->scratch);
    if (value->kind == HOB_DATETIME)
        hob_datetime_print(&writer->scratch, value, ' ');
    else
        hob_python_str(&writer->scratch, value);
    if (writer->scratch.failed)
        writer->out->failed = true;
    if (value->kind == HOB_LIST || value->kind == HOB_MAP)
        writer->nested_size += writer->scratch.size;
    put_field(writer, hob_buffer_text(&writer->scratch));
}

static void put_datetime(struct hob_csv_writer *writer, const struct hob_column *column, size_t row)
{
    struct hob_value value = {.kind = HOB_DATETIME,
                              .boolean = column->has_zone,
                              .offset_seconds = column->offset_seconds,
                              .microseconds = column->integers[row]};
    put_value(writer, &value);
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

static void put_plain(struct hob_csv_writer *writer, const struct hob_column *column, size_t row)
{
    char printed[HOB_NUMBER_SIZE];
    struct hob_buffer *out = writer->out;
    if (writer->quotes_numbers)
        put_field(writer, (struct hob_text){printed, print_plain(printed, column, row)});
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

static void put_cell(struct hob_csv_writer *writer, const struct hob_column *column, size_t row)
{
    if (is_missing(column, row))
        put_field(writer, (struct hob_text){"", 0});
    else if (column->type == HOB_COLUMN_STRING)
        put_field(writer, hob_column_string(column, row));
    else if (column->type == HOB_COLUMN_DATETIME)
        put_datetime(writer, column, row);
    else if (column->type == HOB_COLUMN_VALUE)
        put_value(writer, column->values[row]);
    else
        put_plain(writer, column, row);
}

static void put_header(struct hob_csv_writer *writer)
{
    for (size_t i = 0; i < writer->count; i++) {
        const struct hob_value *name = hob_frame_name(writer->frame, i);
        if (i > 0)
            hob_buffer_put_char(writer->out, writer->delimiter);
        if (name->kind == HOB_STRING)
            put_field(writer, name->text);
        else
            put_value(writer, name);
    }
    hob_buffer_put_char(writer->out, '\n');
}

static void put_row(struct hob_csv_writer *writer, size_t row)
{
    for (size_t i = 0; i < writer->count; i++) {
        if (i > 0)
            hob_buffer_put_char(writer->out, writer->delimiter);
        put_cell(writer, writer->columns[i], row);
    }
    hob_buffer_put_char(writer->out, '\n');
}

static void find_special(struct hob_csv_writer *writer)
{
    static const char in_numbers[] = "0123456789+-.einfTrueFals";
    const char special[] = {writer->delimiter, writer->quote, '\n', '\r'};
    for (size_t i = 0; i < sizeof special; i++)
        writer->special[(unsigned char)special[i]] = true;
    writer->quotes_numbers = memchr(in_numbers, writer->delimiter, sizeof in_numbers - 1) != NULL ||
                             memchr(in_numbers, writer->quote, sizeof in_numbers - 1) != NULL;
}

static int no_memory(const struct hob_frame *frame, struct hob_error *error)
{
    return hob_error_set(error, HOB_E_MEMORY, "writing CSV: no memory for %zu rows",
                         hob_frame_rows(frame));
}

struct hob_csv_writer *hob_csv_writer_new(const struct hob_frame *frame, char delimiter, char quote)
{
    struct hob_csv_writer *writer = hob_try_alloc(1, sizeof *writer);
    if (writer == NULL)
        return NULL;
    *writer = (struct hob_csv_writer){
        .frame = frame, .count = hob_frame_columns(frame), .delimiter = delimiter, .quote = quote};
    writer->columns = hob_try_alloc(writer->count, sizeof *writer->columns);
    if (writer->columns == NULL)
        return hob_csv_writer_free(writer);
    for (size_t i = 0; i < writer->count; i++)
        writer->columns[i] = hob_frame_column(frame, i);
    find_special(writer);
    return writer;
}

struct hob_csv_writer *hob_csv_writer_free(struct hob_csv_writer *writer)
{
    if (writer != NULL) {
        hob_buffer_deinit(&writer->scratch);
        free(writer->columns);
    }
    free(writer);
    return NULL;
}

static void put_rows(struct hob_csv_writer *writer, size_t enough)
{
    size_t rows = hob_frame_rows(writer->frame);
    while (writer->row < rows && !writer->out->failed && writer->out->size < enough &&
           writer->nested_size <= max_nested_size)
        put_row(writer, writer->row++);
}

int hob_csv_writer_step(struct hob_csv_writer *writer, struct hob_buffer *out, size_t enough,
                        struct hob_error *error)
{
    writer->out = out;
    if (!writer->started)
        put_header(writer);
    writer->started = true;
    put_rows(writer, enough);
    if (out->failed)
        return no_memory(writer->frame, error);
    if (writer->nested_size > max_nested_size)
        return hob_error_set(error, HOB_E_LIMIT,
                             "writing CSV: nested cells are more than %zu bytes", max_nested_size);
    return writer->row < hob_frame_rows(writer->frame) ? HOB_WRITER_MORE : 0;
}

int hob_csv_write(struct hob_buffer *out, const struct hob_frame *frame, char delimiter, char quote,
                  struct hob_error *error)
{
    struct hob_csv_writer *writer = hob_csv_writer_new(frame, delimiter, quote);
    int result = writer != NULL ? hob_csv_writer_step(writer, out, SIZE_MAX, error)
                                : no_memory(frame, error);
    hob_csv_writer_free(writer);
    return result;
}

int hob_csv_write_to(const struct hob_sink *sink, const struct hob_frame *frame, char delimiter,
                     char quote, struct hob_error *error)
{
    HOB_AUTO(buffer) struct hob_buffer out = HOB_BUFFER_INIT;
    struct hob_csv_writer *writer = hob_csv_writer_new(frame, delimiter, quote);
    int more = HOB_WRITER_MORE, result = writer != NULL ? 0 : no_memory(frame, error);
    while (result == 0 && more == HOB_WRITER_MORE) {
        more = hob_csv_writer_step(writer, &out, HOB_SINK_PIECE, error);
        result = more < 0 ? more : hob_sink_drain(sink, &out, error);
    }
    hob_csv_writer_free(writer);
    return result;
}
