/* csv_columns: all columns of a reading.
 *
 * Each column has one array for the values of all rows. A piece knows how many rows are before it,
 * so that its parts write where the values stay; only a piece for which the arrays turn out to be
 * too short gets arrays of its own. */
#include "access/csv_internal.h"

#include "base/log.h"

int hob_csv_no_memory(const struct hob_csv_reading *reading)
{
    return hob_error_set(reading->error, HOB_E_MEMORY,
                         "reading CSV: no memory for %zu columns of a text of %zu bytes",
                         reading->columns, reading->source.size);
}

bool hob_csv_too_many_cells(const struct hob_csv_reading *reading, size_t rows)
{
    size_t cells;
    return __builtin_mul_overflow(rows, reading->columns, &cells) ||
           cells / 16 > reading->source.size + (1 << 18);
}

static enum hob_csv_wish wish_for(const struct hob_csv_reading *reading, size_t column)
{
    return hob_csv_wish_for(reading->options->dtypes, reading->names[column],
                            reading->written[column]);
}

int hob_csv_prepare(struct hob_csv_reading *reading, size_t rows)
{
    reading->parts = calloc(reading->piece_count * reading->columns, sizeof *reading->parts);
    reading->joins = calloc(reading->columns, sizeof *reading->joins);
    if (reading->parts == NULL || reading->joins == NULL)
        return hob_csv_no_memory(reading);
    for (size_t i = 0; i < reading->columns; i++)
        if (pthread_mutex_init(&reading->joins[i].lock, NULL) != 0 ||
            pthread_cond_init(&reading->joins[i].copied, NULL) != 0)
            abort(); /* never with default attributes */
    for (size_t i = 0; i < reading->columns; i++) {
        struct hob_csv_join *join = &reading->joins[i];
        join->parts = reading->parts + i;
        join->stride = reading->columns;
        join->count = reading->piece_count;
        join->capacity = rows;
        join->slots = hob_try_alloc_large(rows, sizeof *join->slots);
        if (join->slots == NULL)
            return hob_csv_no_memory(reading);
        bool text = hob_csv_wants_texts(wish_for(reading, i));
        for (size_t piece = 0; text && piece < reading->piece_count; piece++)
            hob_csv_parts_of(reading, piece)[i].state = HOB_CSV_TEXTS;
    }
    return 0;
}

int hob_csv_prepare_piece(struct hob_csv_reading *reading, size_t i)
{
    struct hob_csv_piece *piece = &reading->pieces[i];
    struct hob_csv_part *parts = hob_csv_parts_of(reading, i);
    if (piece->row + piece->capacity > reading->joins[0].capacity) {
        size_t cells;
        if (__builtin_mul_overflow(piece->capacity, reading->columns, &cells))
            return HOB_E_MEMORY;
        piece->slots = hob_try_alloc_large(cells, sizeof *piece->slots);
        if (piece->slots == NULL)
            return HOB_E_MEMORY;
    }
    for (size_t column = 0; column < reading->columns; column++) {
        parts[column].capacity = piece->capacity;
        parts[column].bytes_limit = piece->end - piece->start;
        parts[column].slots = piece->slots == NULL ? reading->joins[column].slots + piece->row
                                                   : piece->slots + column * piece->capacity;
    }
    return 0;
}

int hob_csv_take_piece(struct hob_csv_reading *reading, size_t i, struct hob_csv_splitter *splitter,
                       struct hob_error *error)
{
    struct hob_csv_piece *piece = &reading->pieces[i];
    struct hob_csv_part *parts = hob_csv_parts_of(reading, i);
    size_t rows = 0;
    for (;;) {
        int status = hob_csv_split(splitter, error);
        if (status != 0)
            return status;
        if (splitter->rows == 0)
            break;
        rows += splitter->rows;
        if (rows > piece->capacity) /* the count went wrong: odd quotes before */
            return HOB_CSV_MALFORMED;
        for (size_t column = 0; column < reading->columns; column++)
            if (!hob_csv_part_take(&parts[column], splitter->cells + column, reading->columns,
                                   splitter->rows))
                return HOB_E_MEMORY;
    }
    for (size_t column = 0; column < reading->columns; column++) {
        if (parts[column].done && rows != piece->rows)
            return HOB_CSV_CHANGED;
        parts[column].done = true;
    }
    piece->rows = rows;
    return 0;
}

bool hob_csv_decide(struct hob_csv_reading *reading)
{
    bool again = false;
    for (size_t i = 0; i < reading->columns; i++)
        again |= hob_csv_join_decide(&reading->joins[i]);
    return again;
}

static void join_column(void *context, size_t i)
{
    struct hob_csv_reading *reading = context;
    struct hob_csv_join *join = &reading->joins[i];
    join->failed = !hob_csv_join(join, &join->column);
}

static void warn_of_lost_precision(const struct hob_csv_reading *reading, size_t i)
{
    const struct hob_csv_join *join = &reading->joins[i];
    bool large = false;
    for (size_t part = 0; part < join->count; part++)
        large |= join->parts[part * join->stride].large;
    if (!large || join->state != HOB_CSV_NUMBERS)
        return;
    HOB_AUTO(buffer) struct hob_buffer name = HOB_BUFFER_INIT;
    const struct hob_value *value = reading->names[i];
    if (value->kind == HOB_STRING)
        hob_buffer_put_text(&name, value->text);
    else
        hob_buffer_printf(&name, "%lld", (long long)value->integer);
    hob_log(HOB_LOG_WARNING, "integers beyond 64 bits were read as floats and lost precision",
            "column", hob_buffer_string(&name), NULL);
}

int hob_csv_finish(struct hob_csv_reading *reading)
{
    hob_csv_work_on(reading->threads, reading->columns, join_column, reading);
    for (size_t i = 0; i < reading->columns; i++)
        if (reading->joins[i].failed)
            return hob_csv_no_memory(reading);
    for (size_t i = 0; i < reading->columns; i++) {
        struct hob_csv_join *join = &reading->joins[i];
        warn_of_lost_precision(reading, i);
        struct hob_text name = hob_value_text(reading->names[i]);
        int status = hob_csv_convert(&join->column, wish_for(reading, i), name, reading->error);
        if (status != 0)
            return status;
        if (hob_frame_add(reading->frame, reading->names[i], &join->column) == NULL)
            return hob_csv_no_memory(reading);
    }
    return 0;
}

void hob_csv_drop(struct hob_csv_reading *reading)
{
    size_t parts = reading->parts == NULL ? 0 : reading->piece_count * reading->columns;
    for (size_t i = 0; i < parts; i++)
        hob_csv_part_deinit(&reading->parts[i]);
    for (size_t i = 0; reading->joins != NULL && i < reading->columns; i++) {
        pthread_mutex_destroy(&reading->joins[i].lock);
        pthread_cond_destroy(&reading->joins[i].copied);
        free(reading->joins[i].slots);
        free(reading->joins[i].bytes);
        for (size_t k = 0; k < reading->joins[i].spare_count; k++)
            free(reading->joins[i].spares[k].bytes);
        hob_column_deinit(&reading->joins[i].column);
    }
    for (size_t i = 0; reading->pieces != NULL && i < reading->piece_count; i++)
        free(reading->pieces[i].slots);
    free(reading->parts);
    free(reading->joins);
    free(reading->pieces);
    reading->parts = NULL;
    reading->joins = NULL;
    reading->pieces = NULL;
}
