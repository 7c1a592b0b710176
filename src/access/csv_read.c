/* csv_read: from a text to a frame.
 *
 * First the header line is read, and the first row of data is looked at: it decides how many empty
 * cells beyond the header rows may have. Then the text is surveyed: how many line ends are in it,
 * inside and outside quotes, and whether it is valid UTF-8. With that it can be cut into one chunk
 * a core, each of which begins at a row, and knows where in the arrays of the columns its rows go.
 * The chunks are split and typed side by side, columns whose chunks don't agree on a type are read
 * again in those chunks, and the parts are joined.
 *
 * Counting quotes tells inside from outside only where quotes open fields and nothing else. When a
 * chunk finds one that doesn't, everything is read once more as a single chunk, by the rules. */
#include "access/csv_internal.h"

#include "base/log.h"
#include "base/platform.h"
#include "base/utf8.h"

enum {
    /* Below this size threads cost more than they save. */
    THREADS_FROM = 1 << 20,
    MAX_CHUNKS = 4096,
};

struct chunk {
    struct hob_text surveyed; /* from where the text was cut at first */
    struct hob_csv_survey survey;
    const char *start, *end; /* whole rows */
    size_t row, capacity;    /* of the arrays */
    size_t rows;             /* read */
    int status;
    struct hob_error error;
    struct hob_csv_splitter splitter;
};

struct reading {
    const struct hob_csv_options *options;
    struct hob_csv_tuning tuning;
    struct hob_csv_dialect dialect;
    size_t mark; /* bytes of the byte order mark */
    struct hob_text text;
    const char *data; /* where the rows begin */
    bool plodding, lone;
    size_t threads;
    struct hob_frame *frame;
    const struct hob_value **names;
    size_t columns, allowed;
    struct chunk *chunks;
    size_t chunk_count;
    struct hob_csv_part *parts; /* those of a chunk lie together */
    struct hob_csv_join *joins;
    struct hob_error *error;
};

static int no_memory(struct reading *reading)
{
    return hob_error_set(reading->error, HOB_E_MEMORY,
                         "reading CSV: no memory for %zu columns of a text of %zu bytes",
                         reading->columns, reading->text.size);
}

static int refuse(struct reading *reading, const struct hob_csv_splitter *splitter)
{
    return hob_csv_refuse_row(reading->error, reading->text, splitter);
}

static int invalid_utf8(struct reading *reading, size_t at)
{
    struct hob_text rest = {reading->text.data + at, reading->text.size - at};
    return hob_csv_refuse_bytes(reading->error, rest, at + reading->mark);
}

/* The header. */

static void start_splitter(const struct reading *reading, struct hob_csv_splitter *splitter,
                           const char *from, const char *to)
{
    *splitter = (struct hob_csv_splitter){.dialect = &reading->dialect,
                                          .at = from,
                                          .end = to,
                                          .text_end = reading->text.data + reading->text.size,
                                          .columns = reading->columns,
                                          .allowed = reading->allowed,
                                          .plodding = reading->plodding,
                                          .lone = reading->lone,
                                          .portable = reading->tuning.portable};
}

static int number_columns(struct reading *reading, size_t width)
{
    struct hob_arena *arena = hob_frame_arena(reading->frame);
    reading->names = hob_arena_try_alloc(arena, width * sizeof *reading->names);
    if (reading->names == NULL)
        return no_memory(reading);
    for (size_t i = 0; i < width; i++)
        reading->names[i] = hob_value_new_int(arena, (int64_t)i);
    reading->columns = width;
    return 0;
}

/* Reads up to the names; moves `data` behind them. */
static int read_names(struct reading *reading, struct hob_csv_splitter *splitter)
{
    const struct hob_csv_options *options = reading->options;
    size_t wanted = options->no_header ? 0 : options->header;
    for (size_t i = 0; i <= wanted; i++) {
        int status = hob_csv_split_row(splitter, reading->error);
        if (status != 0)
            return status;
        if (splitter->rows == 0 && i == 0)
            return hob_error_set(reading->error, HOB_E_EMPTY, "No columns to parse from file");
        if (splitter->rows == 0)
            return hob_error_set(reading->error, HOB_E_PARSE,
                                 "Passed header=%zu but only %zu lines in file", wanted, i);
    }
    if (options->no_header)
        return number_columns(reading, splitter->width);
    reading->data = splitter->at;
    reading->columns = splitter->width;
    reading->names =
        hob_csv_names(hob_frame_arena(reading->frame), splitter->cells, splitter->width);
    return reading->names == NULL ? no_memory(reading) : 0;
}

/* Reads the names, and looks at the first row behind them. */
static int read_header(struct reading *reading)
{
    struct hob_csv_splitter splitter;
    const char *end = reading->text.data + reading->text.size;
    start_splitter(reading, &splitter, reading->text.data, end);
    splitter.lone = true;
    int status = read_names(reading, &splitter);
    if (status == 0) {
        if (!reading->options->no_header)
            status = hob_csv_split_row(&splitter, reading->error);
        reading->allowed = reading->columns;
        if (status == 0 && splitter.rows > 0 && splitter.width > reading->columns)
            reading->allowed = splitter.width;
    }
    if (status == HOB_E_PARSE && splitter.trouble != NULL)
        status = refuse(reading, &splitter);
    hob_csv_splitter_deinit(&splitter);
    return status;
}

/* Cutting. */

static void survey_chunk(void *context, size_t i)
{
    struct reading *reading = context;
    struct chunk *chunk = &reading->chunks[i];
    hob_csv_survey(&chunk->survey, chunk->surveyed, reading->dialect.quote,
                   reading->tuning.portable);
}

/* Behind the first line end at or after `at` that is not between quotes. */
static const char *next_row(const struct reading *reading, const char *at, bool within_quotes)
{
    const char *end = reading->text.data + reading->text.size;
    for (; at < end; at++) {
        if (*at == reading->dialect.quote)
            within_quotes = !within_quotes;
        else if (!within_quotes && (*at == '\n' || *at == '\r'))
            return at + 1;
    }
    return end;
}

static int cut_at_first(struct reading *reading, size_t count)
{
    size_t size = reading->text.size;
    reading->chunks = calloc(count, sizeof *reading->chunks);
    if (reading->chunks == NULL)
        return no_memory(reading);
    reading->chunk_count = count;
    size_t from = 0;
    for (size_t i = 0; i < count; i++) {
        size_t to = i + 1 == count ? size : size / count * (i + 1);
        if (to < from)
            to = from;
        /* Not within a character, nor within a run of line ends. */
        while (to < size && (((unsigned char)reading->text.data[to] & 0xC0) == 0x80 ||
                             reading->text.data[to] == '\n' || reading->text.data[to] == '\r'))
            to++;
        reading->chunks[i].surveyed = (struct hob_text){reading->text.data + from, to - from};
        from = to;
    }
    return 0;
}

/* Moves the cuts to rows and gives each chunk its place in the arrays; returns the rows that there
 * is to be room for. *balanced: the header has an even number of quotes. */
static size_t cut_at_rows(struct reading *reading, bool *balanced)
{
    struct hob_csv_survey header;
    size_t header_size = (size_t)(reading->data - reading->text.data);
    hob_csv_survey(&header, (struct hob_text){reading->text.data, header_size},
                   reading->dialect.quote, reading->tuning.portable);
    *balanced = !header.odd_quotes;
    bool within = false;
    size_t lines = 0;
    bool all_lines = reading->plodding || reading->lone;
    for (size_t i = 0; i < reading->chunk_count; i++) {
        struct chunk *chunk = &reading->chunks[i];
        chunk->start = i == 0 ? reading->data : next_row(reading, chunk->surveyed.data, within);
        if (chunk->start < reading->data)
            chunk->start = reading->data;
        chunk->row = i == 0 || lines < header.lines_even ? 0 : lines + 1 - header.lines_even;
        if (i > 0) {
            chunk[-1].end = chunk->start;
            chunk[-1].capacity = chunk->row - chunk[-1].row;
        }
        lines += within ? chunk->survey.lines_odd : chunk->survey.lines_even;
        if (all_lines)
            lines += within ? chunk->survey.lines_even : chunk->survey.lines_odd;
        within ^= chunk->survey.odd_quotes;
    }
    struct chunk *last = &reading->chunks[reading->chunk_count - 1];
    last->end = reading->text.data + reading->text.size;
    size_t rows = lines + 2;
    last->capacity = rows - last->row;
    return rows;
}

static int survey(struct reading *reading, size_t count)
{
    int status = cut_at_first(reading, count);
    if (status != 0)
        return status;
    hob_csv_work_on(reading->threads, count, survey_chunk, reading);
    for (size_t i = 0; i < count; i++) {
        struct chunk *chunk = &reading->chunks[i];
        reading->plodding |= chunk->survey.nul;
        if (chunk->survey.valid < chunk->surveyed.size)
            return invalid_utf8(reading, (size_t)(chunk->surveyed.data - reading->text.data) +
                                             chunk->survey.valid);
    }
    return 0;
}

/* Reading. */

static struct hob_csv_part *parts_of(const struct reading *reading, size_t chunk)
{
    return reading->parts + chunk * reading->columns;
}

static void prepare_parts(struct reading *reading, size_t column, enum hob_csv_state state)
{
    struct hob_csv_join *join = &reading->joins[column];
    for (size_t i = 0; i < reading->chunk_count; i++) {
        const struct chunk *chunk = &reading->chunks[i];
        parts_of(reading, i)[column] = (struct hob_csv_part){
            .state = (uint8_t)state,
            .capacity = chunk->capacity,
            .slots = join->slots + chunk->row,
            .rows_expected = i == 0 ? join->capacity : chunk->capacity,
            .bytes_limit = i == 0 ? reading->text.size : (size_t)(chunk->end - chunk->start),
        };
    }
}

static int prepare(struct reading *reading)
{
    bool balanced;
    size_t rows = cut_at_rows(reading, &balanced), cells;
    if (!balanced && !reading->lone)
        return HOB_CSV_MALFORMED;
    /* Short rows are filled: a small text must not become a huge table. */
    if (__builtin_mul_overflow(rows, reading->columns, &cells) ||
        cells / 16 > reading->text.size + (1 << 18))
        return hob_error_set(reading->error, HOB_E_LIMIT,
                             "reading CSV: %zu columns and %zu lines in %zu bytes make too many "
                             "empty cells",
                             reading->columns, rows, reading->text.size);
    reading->parts = calloc(reading->chunk_count * reading->columns, sizeof *reading->parts);
    reading->joins = calloc(reading->columns, sizeof *reading->joins);
    if (reading->parts == NULL || reading->joins == NULL)
        return no_memory(reading);
    for (size_t i = 0; i < reading->columns; i++) {
        struct hob_csv_join *join = &reading->joins[i];
        *join = (struct hob_csv_join){.parts = reading->parts + i,
                                      .stride = reading->columns,
                                      .count = reading->chunk_count,
                                      .slots = hob_try_alloc_large(rows, sizeof(int64_t)),
                                      .capacity = rows};
        if (join->slots == NULL)
            return no_memory(reading);
        bool text = hob_csv_wish_for(reading->options->dtypes, reading->names[i]) == HOB_CSV_STRING;
        prepare_parts(reading, i, text ? HOB_CSV_TEXTS : HOB_CSV_NOTHING);
    }
    return 0;
}

static void read_chunk(void *context, size_t i)
{
    struct reading *reading = context;
    struct chunk *chunk = &reading->chunks[i];
    struct hob_csv_splitter *splitter = &chunk->splitter;
    struct hob_csv_part *parts = parts_of(reading, i);
    bool wanted = false;
    for (size_t column = 0; column < reading->columns; column++)
        wanted |= !parts[column].done;
    if (!wanted)
        return;
    start_splitter(reading, splitter, chunk->start, chunk->end);
    chunk->rows = 0;
    for (;;) {
        chunk->status = hob_csv_split(splitter, &chunk->error);
        if (chunk->status != 0 || splitter->rows == 0)
            break;
        chunk->rows += splitter->rows;
        if (chunk->rows > chunk->capacity) { /* the count went wrong: odd quotes before */
            chunk->status = HOB_CSV_MALFORMED;
            break;
        }
        for (size_t column = 0; column < reading->columns; column++)
            if (!hob_csv_part_take(&parts[column], splitter->cells + column, reading->columns,
                                   splitter->rows))
                chunk->status = HOB_E_MEMORY;
        if (chunk->status != 0)
            break;
    }
    for (size_t column = 0; column < reading->columns; column++)
        parts[column].done = true;
    hob_csv_splitter_deinit(splitter);
}

/* What the chunks came to: the first trouble, or HOB_CSV_MALFORMED when any met odd quotes. */
static int check_chunks(struct reading *reading)
{
    for (size_t i = 0; i < reading->chunk_count; i++)
        if (reading->chunks[i].status == HOB_CSV_MALFORMED)
            return HOB_CSV_MALFORMED;
    for (size_t i = 0; i < reading->chunk_count; i++) {
        struct chunk *chunk = &reading->chunks[i];
        if (chunk->status == HOB_E_PARSE)
            return refuse(reading, &chunk->splitter);
        if (chunk->status != 0 && chunk->error.code != 0) {
            if (reading->error != NULL)
                *reading->error = chunk->error;
            return chunk->status;
        }
        if (chunk->status != 0)
            return no_memory(reading);
    }
    return 0;
}

static void join_column(void *context, size_t i)
{
    struct reading *reading = context;
    struct hob_csv_join *join = &reading->joins[i];
    join->failed = !hob_csv_join(join, &join->column);
}

/* Splits and types everything, until each column knows its type. */
static int read_rows(struct reading *reading)
{
    bool again = true;
    while (again) {
        hob_csv_work_on(reading->threads, reading->chunk_count, read_chunk, reading);
        int status = check_chunks(reading);
        if (status != 0)
            return status;
        again = false;
        for (size_t i = 0; i < reading->columns; i++)
            again |= hob_csv_join_decide(&reading->joins[i]);
    }
    hob_csv_work_on(reading->threads, reading->columns, join_column, reading);
    for (size_t i = 0; i < reading->columns; i++)
        if (reading->joins[i].failed)
            return no_memory(reading);
    return 0;
}

static void drop_parts(struct reading *reading)
{
    for (size_t i = 0; reading->parts != NULL && i < reading->chunk_count * reading->columns; i++)
        hob_csv_part_deinit(&reading->parts[i]);
    for (size_t i = 0; reading->joins != NULL && i < reading->columns; i++) {
        free(reading->joins[i].slots);
        hob_column_deinit(&reading->joins[i].column);
    }
    free(reading->parts);
    free(reading->joins);
    free(reading->chunks);
    reading->parts = NULL;
    reading->joins = NULL;
    reading->chunks = NULL;
}

/* The frame. */

static void warn_of_lost_precision(const struct reading *reading, size_t i)
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

static int add_columns(struct reading *reading)
{
    for (size_t i = 0; i < reading->columns; i++) {
        struct hob_csv_join *join = &reading->joins[i];
        warn_of_lost_precision(reading, i);
        enum hob_csv_wish wish = hob_csv_wish_for(reading->options->dtypes, reading->names[i]);
        struct hob_text name = hob_value_text(reading->names[i]);
        int status = hob_csv_convert(&join->column, wish, name, reading->error);
        if (status != 0)
            return status;
        if (hob_frame_add(reading->frame, reading->names[i], &join->column) == NULL)
            return no_memory(reading);
    }
    return 0;
}

static size_t plan_chunks(struct reading *reading)
{
    const struct hob_csv_tuning *tuning = &reading->tuning;
    size_t size = reading->text.size, count = 1;
    reading->threads = tuning->threads;
    if (reading->threads == 0)
        reading->threads = size < THREADS_FROM ? 1 : hob_platform_cores();
    count = tuning->chunk_size > 0 ? size / tuning->chunk_size + 1 : reading->threads;
    if (count > MAX_CHUNKS)
        count = MAX_CHUNKS;
    /* Parts of many columns would cost more than they hold. */
    while (count > 1 && count * reading->columns > 1 << 18)
        count /= 2;
    return reading->plodding ? 1 : count;
}

static int read_text(struct reading *reading)
{
    int status = read_header(reading);
    if (status == 0)
        status = survey(reading, plan_chunks(reading));
    if (status != 0)
        return status;
    reading->lone = reading->plodding;
    if (reading->plodding && reading->chunk_count > 1) { /* it holds a NUL */
        free(reading->chunks);
        status = survey(reading, 1);
    }
    if (status == 0)
        status = prepare(reading);
    if (status == 0)
        status = read_rows(reading);
    if (status == HOB_CSV_MALFORMED) {
        drop_parts(reading);
        reading->lone = true;
        status = survey(reading, 1);
        if (status == 0)
            status = prepare(reading);
        if (status == 0)
            status = read_rows(reading);
    }
    return status == 0 ? add_columns(reading) : status;
}

int hob_csv_read_tuned(struct hob_frame **frame, struct hob_text text,
                       const struct hob_csv_options *options, const struct hob_csv_tuning *tuning,
                       struct hob_error *error)
{
    struct reading reading = {.options = options, .tuning = *tuning, .error = error};
    reading.mark = hob_text_starts_with(text, "\xEF\xBB\xBF") ? 3 : 0;
    reading.text = (struct hob_text){text.data + reading.mark, text.size - reading.mark};
    reading.data = reading.text.data;
    int status = hob_csv_check_dtypes(options->dtypes, error);
    if (status == 0)
        status = hob_csv_dialect_init(&reading.dialect, reading.text, options, error);
    if (status != 0)
        return status;
    reading.plodding = tuning->plodding || reading.dialect.delimiter_size != 1 ||
                       reading.dialect.delimiter[0] == reading.dialect.quote;
    reading.frame = hob_frame_new();
    size_t valid = reading.plodding ? hob_utf8_valid_prefix(reading.text) : reading.text.size;
    if (valid == reading.text.size)
        status = read_text(&reading);
    /* What is wrong with the bytes explains what seems wrong with the fields. */
    if (valid < reading.text.size || (status != 0 && status != HOB_E_UNICODE))
        valid = hob_utf8_valid_prefix(reading.text);
    if (valid < reading.text.size)
        status = invalid_utf8(&reading, valid);
    if (status == 0)
        *frame = HOB_STEAL(reading.frame);
    drop_parts(&reading);
    hob_csv_dialect_deinit(&reading.dialect);
    hob_frame_free(reading.frame);
    return status;
}

int hob_csv_read(struct hob_frame **frame, struct hob_text text,
                 const struct hob_csv_options *options, struct hob_error *error)
{
    static const struct hob_csv_tuning untuned = {0};
    return hob_csv_read_tuned(frame, text, options, &untuned, error);
}
