/* arrow: see arrow.h.
 *
 * The stream is a row of messages: four bytes of ones, the size of the description that follows,
 * the description (a flatbuffer), and the body. The schema comes first and has to be right for all
 * rows, so the types of columns are decided before anything is written; then batches of rows, each
 * with its own body, and a description of size zero at the end.
 *
 * A batch ends after so many rows, or so many bytes of text, whatever comes first. A text with
 * 32-bit offsets can therefore only be too large for them where a single cell is. */
#include "access/arrow_internal.h"

#include "access/flow_stream.h"
#include "access/formats.h"
#include "value/python.h"

static const struct hob_arrow_limits usual_limits = {
    .rows = 65536, .text = (size_t)64 << 20, .small_text = INT32_MAX};

enum stage { SCHEMA, BATCHES, END };

struct stream {
    struct hob_sink sink;
    const struct hob_frame *frame;
    struct hob_arrow_limits limits;
    enum stage stage;
    size_t row; /* the next one */
    struct hob_arrow_field *fields;
    size_t count;
    struct hob_buffer names;
    struct hob_flatbuffer message;
    struct hob_arrow_batch batch;
};

static void hob_auto_stream(struct stream *stream)
{
    free(stream->fields);
    free(stream->batch.nulls);
    free(stream->batch.extents);
    hob_buffer_deinit(&stream->names);
    hob_buffer_deinit(&stream->batch.body);
    hob_flatbuffer_deinit(&stream->message);
}

static int no_memory(struct hob_error *error)
{
    return hob_error_set(error, HOB_E_MEMORY, "cannot write Arrow: not enough memory");
}

/* --- the fields --- */

/* Int32 is a name that `dtypes` gives; nobody has checked that all cells fit. */
static bool fits_int32(const struct hob_column *column)
{
    for (size_t row = 0; row < column->count; row++)
        if (column->integers[row] != (int32_t)column->integers[row])
            return false;
    return true;
}

static enum hob_arrow_type type_of(const struct hob_column *column, size_t small_text)
{
    switch (column->type) {
    case HOB_COLUMN_INT64:
        return column->nullable && fits_int32(column) ? HOB_ARROW_INT32 : HOB_ARROW_INT64;
    case HOB_COLUMN_UINT64:
        return HOB_ARROW_UINT64;
    case HOB_COLUMN_FLOAT64:
        return HOB_ARROW_DOUBLE;
    case HOB_COLUMN_BOOL:
        return HOB_ARROW_BOOL;
    case HOB_COLUMN_DATETIME:
        return HOB_ARROW_TIMESTAMP;
    case HOB_COLUMN_STRING:
        return hob_column_longest_string(column) > small_text ? HOB_ARROW_LARGE_UTF8
                                                              : HOB_ARROW_UTF8;
    default:
        return HOB_ARROW_UTF8;
    }
}

/* The names lie one after another in one buffer, so they are cut out once it no longer moves. */
static int name_fields(struct stream *stream, struct hob_error *error)
{
    size_t start = 0;
    for (size_t i = 0; i < stream->count; i++) {
        size_t before = stream->names.size;
        hob_python_str(&stream->names, hob_frame_name(stream->frame, i));
        stream->fields[i].name.size = stream->names.size - before;
    }
    if (hob_buffer_failed(&stream->names))
        return no_memory(error);
    struct hob_text all = hob_buffer_text(&stream->names);
    hob_arrow_mend_text(stream->names.data, all.size);
    for (size_t i = 0; i < stream->count; i++) {
        stream->fields[i].name.data = all.data + start;
        start += stream->fields[i].name.size;
    }
    return 0;
}

static int find_fields(struct stream *stream, struct hob_error *error)
{
    stream->fields = hob_try_alloc(stream->count + 1, sizeof *stream->fields);
    stream->batch.nulls = hob_try_alloc(stream->count + 1, sizeof *stream->batch.nulls);
    stream->batch.extents =
        hob_try_alloc(stream->count + 1, HOB_ARROW_EXTENTS * sizeof *stream->batch.extents);
    if (stream->fields == NULL || stream->batch.nulls == NULL || stream->batch.extents == NULL)
        return no_memory(error);
    for (size_t i = 0; i < stream->count; i++) {
        const struct hob_column *column = hob_frame_column(stream->frame, i);
        stream->fields[i] =
            (struct hob_arrow_field){.column = column,
                                     .label = hob_frame_name(stream->frame, i),
                                     .type = type_of(column, stream->limits.small_text),
                                     .json = column->type == HOB_COLUMN_VALUE};
    }
    return name_fields(stream, error);
}

/* --- the messages --- */

static void put_size(char out[4], uint32_t size)
{
    for (int i = 0; i < 4; i++)
        out[i] = (char)(uint8_t)(size >> 8 * i);
}

static int write_text(const struct stream *stream, struct hob_text text, struct hob_error *error)
{
    return text.size > 0 ? stream->sink.write(stream->sink.data, text, error) : 0;
}

/* The message that was described, and its body. */
static int write_message(struct stream *stream, struct hob_text body, struct hob_error *error)
{
    char head[8] = {'\xFF', '\xFF', '\xFF', '\xFF'};
    if (hob_buffer_failed(&stream->message.bytes))
        return no_memory(error);
    struct hob_text description = hob_buffer_text(&stream->message.bytes);
    if (description.size > INT32_MAX)
        return hob_error_set(error, HOB_E_LIMIT, "cannot write Arrow: %zu columns are too many",
                             stream->count);
    put_size(head + 4, (uint32_t)description.size);
    int result = write_text(stream, (struct hob_text){head, sizeof head}, error);
    if (result == 0)
        result = write_text(stream, description, error);
    return result == 0 ? write_text(stream, body, error) : result;
}

static int write_end(const struct stream *stream, struct hob_error *error)
{
    return write_text(stream, HOB_TEXT("\xFF\xFF\xFF\xFF\0\0\0\0"), error);
}

/* --- the batches --- */

/* How many rows from `first` on one column lets into a batch: all up to `most` whose texts fit, and
 * at least one. The ends of texts are sorted. */
static size_t rows_that_fit(const struct hob_column *column, size_t first, size_t most, size_t text)
{
    const size_t *ends = column->ends + first;
    size_t start = first == 0 ? 0 : ends[-1];
    size_t low = 1, high = most;
    while (low < high) {
        size_t middle = low + (high - low + 1) / 2;
        if (ends[middle - 1] - start <= text)
            low = middle;
        else
            high = middle - 1;
    }
    return low;
}

/* Each column of texts gets its share of what a batch may hold. */
static size_t choose_rows(const struct stream *stream, size_t first)
{
    size_t texts = 0, rows = hob_frame_rows(stream->frame) - first;
    rows = rows < stream->limits.rows ? rows : stream->limits.rows;
    for (size_t i = 0; i < stream->count; i++)
        texts += stream->fields[i].column->type == HOB_COLUMN_STRING;
    for (size_t i = 0; i < stream->count; i++)
        if (stream->fields[i].column->type == HOB_COLUMN_STRING)
            rows =
                rows_that_fit(stream->fields[i].column, first, rows, stream->limits.text / texts);
    return rows;
}

static int write_batch(struct stream *stream, size_t first, size_t rows, struct hob_error *error)
{
    struct hob_arrow_batch *batch = &stream->batch;
    hob_buffer_clear(&batch->body);
    batch->first = first;
    batch->rows = rows;
    batch->extent_count = 0;
    for (size_t i = 0; i < stream->count; i++) {
        int result = hob_arrow_put_column(batch, &stream->fields[i], &batch->nulls[i], error);
        if (result < 0)
            return result;
    }
    hob_arrow_put_batch(&stream->message, batch, stream->count);
    return write_message(stream, hob_buffer_text(&batch->body), error);
}

/* --- the stream --- */

static int start_stream(struct stream *stream, const struct hob_frame *frame,
                        const struct hob_arrow_limits *limits, struct hob_error *error)
{
    *stream = (struct stream){
        .frame = frame, .limits = *limits, .count = hob_frame_columns(frame), .stage = SCHEMA};
    return find_fields(stream, error);
}

/* Writes the next message: HOB_WRITER_MORE until that was the last. */
static int write_next(struct stream *stream, struct hob_error *error)
{
    int result;
    if (stream->stage == SCHEMA) {
        hob_arrow_put_schema(&stream->message, stream->fields, stream->count);
        result = write_message(stream, (struct hob_text){"", 0}, error);
        stream->stage = BATCHES;
    } else if (stream->row < hob_frame_rows(stream->frame)) {
        size_t rows = choose_rows(stream, stream->row);
        result = write_batch(stream, stream->row, rows, error);
        stream->row += rows;
    } else {
        stream->stage = END;
        return write_end(stream, error);
    }
    return result == 0 ? HOB_WRITER_MORE : result;
}

int hob_arrow_write_limited(const struct hob_sink *sink, const struct hob_frame *frame,
                            const struct hob_arrow_limits *limits, struct hob_error *error)
{
    HOB_AUTO(stream) struct stream stream;
    int result = start_stream(&stream, frame, limits, error);
    if (result < 0)
        return result;
    stream.sink = *sink;
    do {
        result = write_next(&stream, error);
    } while (result == HOB_WRITER_MORE);
    return result;
}

int hob_arrow_write(const struct hob_sink *sink, const struct hob_frame *frame,
                    struct hob_error *error)
{
    return hob_arrow_write_limited(sink, frame, &usual_limits, error);
}

/* --- a part at a time --- */

/* Batches that are made while somebody waits are small: each is made as a whole. */
static struct hob_arrow_limits small_batches(const struct hob_frame *frame)
{
    enum { BATCH_SIZE = 1 << 20, LEAST_ROWS = 64 };
    size_t columns = hob_frame_columns(frame);
    size_t rows = BATCH_SIZE / sizeof(int64_t) / (columns > 0 ? columns : 1);
    return (struct hob_arrow_limits){
        .rows = rows > LEAST_ROWS ? rows : LEAST_ROWS,
        .text = BATCH_SIZE,
        .small_text = usual_limits.small_text,
    };
}

struct hob_arrow_writer {
    struct stream stream;
};

int hob_arrow_writer_new(struct hob_arrow_writer **out, const struct hob_frame *frame,
                         struct hob_error *error)
{
    struct hob_arrow_limits limits = small_batches(frame);
    struct hob_arrow_writer *writer = hob_try_alloc(1, sizeof *writer);
    if (writer == NULL)
        return no_memory(error);
    int result = start_stream(&writer->stream, frame, &limits, error);
    if (result < 0)
        hob_arrow_writer_free(writer);
    else
        *out = writer;
    return result;
}

struct hob_arrow_writer *hob_arrow_writer_free(struct hob_arrow_writer *writer)
{
    if (writer != NULL)
        hob_auto_stream(&writer->stream);
    free(writer);
    return NULL;
}

int hob_arrow_writer_step(struct hob_arrow_writer *writer, struct hob_buffer *out, size_t enough,
                          struct hob_error *error)
{
    int result = writer->stream.stage == END ? 0 : HOB_WRITER_MORE;
    writer->stream.sink = hob_sink_to_buffer(out);
    while (result == HOB_WRITER_MORE && out->size < enough)
        result = write_next(&writer->stream, error);
    return result >= 0 && hob_buffer_failed(out) ? no_memory(error) : result;
}

/* --- flows of type arrow --- */

int hob_arrow_write_flow(const struct hob_scope *scope, const struct hob_value *flow,
                         const struct hob_frame *frame, struct hob_error *error)
{
    HOB_AUTO(flow_stream) struct hob_flow_stream stream = HOB_FLOW_STREAM_INIT;
    int result = hob_flow_stream_open(&stream, scope, flow, error);
    struct hob_sink sink = hob_flow_stream_sink(&stream);
    if (result == 0)
        result = hob_arrow_write(&sink, frame, error);
    return result == 0 ? hob_flow_stream_commit(&stream, error) : result;
}
