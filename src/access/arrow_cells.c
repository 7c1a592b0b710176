/* arrow_cells: the cells of a column as the buffers of a batch.
 *
 * Hob keeps numbers as Arrow does, so most of this is copying. The bitmap of what is missing is the
 * opposite of Arrow's validity, texts have ends where Arrow has offsets, and booleans become bits.
 */
#include <math.h>

#include "access/arrow_internal.h"
#include "value/json.h"

/* What nested cells of one table may come to: aliases make small files name large things. */
static const size_t max_json_size = (size_t)512 << 20;

/* Each buffer starts at a multiple of this. */
enum { ALIGNMENT = 64 };

static struct hob_arrow_extent *start_extent(struct hob_arrow_batch *batch)
{
    struct hob_arrow_extent *extent = &batch->extents[batch->extent_count++];
    extent->offset = batch->body.size;
    extent->size = 0;
    return extent;
}

static void end_extent(struct hob_arrow_batch *batch, struct hob_arrow_extent *extent)
{
    extent->size = batch->body.size - extent->offset;
    size_t over = batch->body.size % ALIGNMENT;
    if (over > 0)
        hob_buffer_put_repeated(&batch->body, '\0', ALIGNMENT - over);
}

/* Room for a whole buffer in the body, or NULL. */
static void *take(struct hob_arrow_batch *batch, size_t size)
{
    if (!hob_buffer_reserve(&batch->body, size))
        return NULL;
    void *room = batch->body.data + batch->body.size;
    batch->body.size += size;
    return room;
}

/* --- validity --- */

static size_t count_nulls(const struct hob_column *column, size_t first, size_t rows)
{
    size_t nulls = 0;
    if (column->type == HOB_COLUMN_FLOAT64)
        for (size_t i = 0; i < rows; i++)
            nulls += isnan(column->numbers[first + i]) ? 1 : 0;
    else if (column->missing != NULL || column->type == HOB_COLUMN_VALUE)
        for (size_t i = 0; i < rows; i++)
            nulls += hob_column_is_missing(column, first + i) ? 1 : 0;
    return nulls;
}

/* An empty buffer says that nothing is missing. */
static void put_validity(struct hob_arrow_batch *batch, const struct hob_column *column,
                         size_t nulls)
{
    struct hob_arrow_extent *extent = start_extent(batch);
    size_t size = nulls > 0 ? (batch->rows + 7) / 8 : 0;
    uint8_t *bits = take(batch, size);
    if (bits == NULL || size == 0)
        return;
    memset(bits, 0, size);
    for (size_t i = 0; i < batch->rows; i++)
        if (!hob_column_is_missing(column, batch->first + i))
            bits[i / 8] |= (uint8_t)(1u << i % 8);
    end_extent(batch, extent);
}

/* --- numbers --- */

/* 64-bit integers and doubles are copied as they are. */
static void put_numbers(struct hob_arrow_batch *batch, const struct hob_column *column)
{
    hob_buffer_put(&batch->body, column->integers + batch->first,
                   batch->rows * sizeof *column->integers);
}

static void put_small_integers(struct hob_arrow_batch *batch, const struct hob_column *column)
{
    int32_t *cells = take(batch, batch->rows * sizeof *cells);
    for (size_t i = 0; cells != NULL && i < batch->rows; i++)
        cells[i] = (int32_t)column->integers[batch->first + i];
}

/* From wall time to the moment, for columns with a zone. */
static void put_moments(struct hob_arrow_batch *batch, const struct hob_column *column)
{
    int64_t shift = column->has_zone ? (int64_t)column->offset_seconds * 1000000 : 0;
    int64_t *cells = take(batch, batch->rows * sizeof *cells);
    for (size_t i = 0; cells != NULL && i < batch->rows; i++)
        cells[i] = column->integers[batch->first + i] - shift;
}

static void put_booleans(struct hob_arrow_batch *batch, const struct hob_column *column)
{
    size_t size = (batch->rows + 7) / 8;
    uint8_t *bits = take(batch, size);
    if (bits == NULL)
        return;
    memset(bits, 0, size);
    for (size_t i = 0; i < batch->rows; i++)
        if (column->booleans[batch->first + i])
            bits[i / 8] |= (uint8_t)(1u << i % 8);
}

/* --- texts --- */

/* The only characters that start with 0xED and go on with 0xA0 or more are surrogates. */
void hob_arrow_mend_text(char *data, size_t size)
{
    char *end = data + size;
    while (data < end && (data = memchr(data, 0xED, (size_t)(end - data))) != NULL) {
        if (end - data >= 3 && (unsigned char)data[1] >= 0xA0)
            memcpy(data, "\xEF\xBF\xBD", 3);
        data++;
    }
}

static void put_offset(struct hob_buffer *body, bool large, size_t offset)
{
    int32_t small = (int32_t)offset;
    int64_t wide = (int64_t)offset;
    if (large)
        hob_buffer_put(body, &wide, sizeof wide);
    else
        hob_buffer_put(body, &small, sizeof small);
}

static void put_texts(struct hob_arrow_batch *batch, const struct hob_arrow_field *field)
{
    const struct hob_column *column = field->column;
    const size_t *ends = column->ends + batch->first;
    bool large = field->type == HOB_ARROW_LARGE_UTF8;
    size_t start = batch->first == 0 ? 0 : ends[-1];
    size_t size = ends[batch->rows - 1] - start;
    struct hob_arrow_extent *extent = start_extent(batch);
    hob_buffer_reserve(&batch->body, (batch->rows + 1) * sizeof(int64_t) + size);
    put_offset(&batch->body, large, 0);
    for (size_t i = 0; i < batch->rows; i++)
        put_offset(&batch->body, large, ends[i] - start);
    end_extent(batch, extent);
    extent = start_extent(batch);
    char *texts = take(batch, size);
    if (texts != NULL && size > 0) {
        memcpy(texts, column->bytes + start, size);
        hob_arrow_mend_text(texts, size);
    }
    end_extent(batch, extent);
}

/* --- values --- */

static int put_json_cell(struct hob_buffer *texts, const struct hob_value *value, size_t left,
                         struct hob_error *error)
{
    if (value->kind == HOB_STRING) {
        hob_json_put_string(texts, value->text, HOB_JSON_COMPACT);
        return 0;
    }
    return hob_json_write(texts, value, HOB_JSON_COMPACT, left, error);
}

/* The texts are made beside the body, because their offsets lie before them. */
static int put_json(struct hob_arrow_batch *batch, const struct hob_column *column,
                    struct hob_error *error)
{
    HOB_AUTO(buffer) struct hob_buffer texts = HOB_BUFFER_INIT;
    struct hob_arrow_extent *extent = start_extent(batch);
    put_offset(&batch->body, false, 0);
    for (size_t i = 0; i < batch->rows; i++) {
        size_t used = batch->json_size + texts.size;
        size_t row = batch->first + i;
        int result = 0;
        if (used > max_json_size)
            return hob_error_set(error, HOB_E_LIMIT, "nested cells are more than %zu bytes of JSON",
                                 max_json_size);
        if (!hob_column_is_missing(column, row))
            result = put_json_cell(&texts, column->values[row], max_json_size - used, error);
        if (result < 0)
            return result;
        put_offset(&batch->body, false, texts.size);
    }
    batch->json_size += texts.size;
    end_extent(batch, extent);
    extent = start_extent(batch);
    hob_buffer_put_text(&batch->body, hob_buffer_text(&texts));
    batch->body.failed |= texts.failed;
    end_extent(batch, extent);
    return 0;
}

/* --- columns --- */

static void put_cells(struct hob_arrow_batch *batch, const struct hob_arrow_field *field)
{
    struct hob_arrow_extent *extent = start_extent(batch);
    switch (field->type) {
    case HOB_ARROW_INT32:
        put_small_integers(batch, field->column);
        break;
    case HOB_ARROW_BOOL:
        put_booleans(batch, field->column);
        break;
    case HOB_ARROW_TIMESTAMP:
        put_moments(batch, field->column);
        break;
    default:
        put_numbers(batch, field->column);
    }
    end_extent(batch, extent);
}

int hob_arrow_put_column(struct hob_arrow_batch *batch, const struct hob_arrow_field *field,
                         size_t *nulls, struct hob_error *error)
{
    int result = 0;
    *nulls = count_nulls(field->column, batch->first, batch->rows);
    put_validity(batch, field->column, *nulls);
    if (field->json)
        result = put_json(batch, field->column, error);
    else if (field->type == HOB_ARROW_UTF8 || field->type == HOB_ARROW_LARGE_UTF8)
        put_texts(batch, field);
    else
        put_cells(batch, field);
    if (result == 0 && hob_buffer_failed(&batch->body))
        result = hob_error_set(error, HOB_E_MEMORY, "cannot write Arrow: not enough memory");
    return result;
}
