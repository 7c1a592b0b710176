/* csv_read: from a text to a frame.
 *
 * First the header line is read, and the first row of data is looked at: it decides how many empty
 * cells beyond the header rows may have. A long text is then read in pieces, side by side, and if
 * it is in a file, without ever being in memory as a whole. What is short, or whose delimiter takes
 * looking at each byte, or what turned out not to be in good order, is read as one piece by the
 * rules: surveyed for the number of line ends, so that the arrays are as long as they must be,
 * split and typed. That way knows all there is to say about what is wrong. */
#include "access/csv_internal.h"

#include <sys/stat.h>
#include <unistd.h>

#include "base/file.h"
#include "base/platform.h"
#include "base/utf8.h"

enum {
    /* Below this size pieces and threads cost more than they save. */
    PIECES_FROM = 1 << 20,
    LEAST_PIECE = 64 << 10,
    MOST_PIECE = 512 << 10,
    MOST_PARTS = 1 << 18, /* parts of many columns would cost more than they hold */
    HEAD = 256 << 10,     /* of a file, for the header and the first row */
};

static int refuse_bytes(const struct hob_csv_reading *reading, size_t at)
{
    const struct hob_text text = reading->source.text;
    struct hob_text rest = {text.data + at, text.size - at};
    return hob_csv_refuse_bytes(reading->error, rest, at + reading->source.offset);
}

/* The header. */

static void start_splitter(const struct hob_csv_reading *reading, struct hob_csv_splitter *splitter,
                           size_t from)
{
    const struct hob_text text = reading->source.text;
    *splitter = (struct hob_csv_splitter){.dialect = &reading->dialect,
                                          .at = text.data + from,
                                          .end = text.data + text.size,
                                          .text_end = text.data + text.size,
                                          .columns = reading->columns,
                                          .allowed = reading->allowed,
                                          .plodding = reading->plodding,
                                          .lone = true,
                                          .portable = reading->tuning.portable};
}

static int number_columns(struct hob_csv_reading *reading, size_t width)
{
    struct hob_arena *arena = hob_frame_arena(reading->frame);
    reading->names = hob_arena_try_alloc(arena, width * sizeof *reading->names);
    if (reading->names == NULL)
        return hob_csv_no_memory(reading);
    for (size_t i = 0; i < width; i++)
        reading->names[i] = hob_value_new_int(arena, (int64_t)i);
    reading->written = reading->names;
    reading->columns = width;
    return 0;
}

/* Reads up to the names; moves `data` behind them. */
static int read_names(struct hob_csv_reading *reading, struct hob_csv_splitter *splitter)
{
    const struct hob_csv_options *options = reading->options;
    size_t wanted = options->no_header ? 0 : options->header;
    for (size_t i = 0; i <= wanted; i++) {
        int status = hob_csv_split_row(splitter, reading->error);
        if (status != 0)
            return status;
        if (splitter->rows == 0 && i == 0)
            return hob_error_set(reading->error, HOB_E_EMPTY, "No columns to parse from file");
        if (splitter->rows == 0) /* pandas' other engine has another type of error */
            return hob_error_set(reading->error,
                                 options->sniff || reading->dialect.pattern != NULL ? HOB_E_VALUE
                                                                                    : HOB_E_PARSE,
                                 "Passed header=%zu but only %zu lines in file", wanted, i);
    }
    if (options->no_header)
        return number_columns(reading, splitter->width);
    reading->data = (size_t)(splitter->at - reading->source.text.data);
    reading->columns = splitter->width;
    bool named = hob_csv_names(hob_frame_arena(reading->frame), splitter->cells, splitter->width,
                               &reading->names, &reading->written);
    return named ? 0 : hob_csv_no_memory(reading);
}

/* Reads the names, and looks at the first row behind them. HOB_CSV_MALFORMED when the text that is
 * in memory ends before that row. */
static int read_header(struct hob_csv_reading *reading)
{
    struct hob_csv_splitter splitter;
    start_splitter(reading, &splitter, 0);
    int status = read_names(reading, &splitter);
    if (status == 0) {
        if (!reading->options->no_header)
            status = hob_csv_split_row(&splitter, reading->error);
        reading->allowed = reading->columns;
        if (status == 0 && splitter.rows > 0 && splitter.width > reading->columns)
            reading->allowed = splitter.width;
    }
    bool reaches_end = splitter.at == splitter.end;
    if (status == HOB_E_PARSE && splitter.trouble != NULL)
        status = hob_csv_refuse_row(reading->error, reading->source.text, &splitter);
    hob_csv_splitter_deinit(&splitter);
    if (reaches_end && reading->source.text.size < reading->source.size)
        return HOB_CSV_MALFORMED;
    return status;
}

/* In one piece. */

/* *rows: line ends outside quotes, as far as parity tells; *more: those inside. */
static int survey(struct hob_csv_reading *reading, size_t *rows, size_t *more)
{
    const struct hob_text text = reading->source.text;
    struct hob_text data = {text.data + reading->data, text.size - reading->data};
    struct hob_csv_survey survey;
    hob_csv_survey(&survey, data, reading->dialect.quote, reading->tuning.portable);
    size_t valid = hob_csv_valid(text, reading->tuning.portable);
    if (valid < text.size)
        return refuse_bytes(reading, valid);
    reading->plodding |= survey.nul;
    *rows = survey.lines_even + 2;
    *more = survey.lines_odd;
    if (hob_csv_too_many_cells(reading, *rows))
        return hob_error_set(reading->error, HOB_E_LIMIT,
                             "reading CSV: %zu columns and %zu lines in %zu bytes make too many "
                             "empty cells",
                             reading->columns, *rows, text.size);
    return 0;
}

static int split_and_type(struct hob_csv_reading *reading)
{
    do {
        struct hob_csv_splitter splitter;
        start_splitter(reading, &splitter, reading->data);
        int status = hob_csv_take_piece(reading, 0, &splitter, reading->error);
        if (status == HOB_E_PARSE && splitter.trouble != NULL)
            status = hob_csv_refuse_row(reading->error, reading->source.text, &splitter);
        else if (status == HOB_E_MEMORY)
            status = hob_csv_no_memory(reading);
        hob_csv_splitter_deinit(&splitter);
        if (status != 0)
            return status;
    } while (hob_csv_decide(reading));
    return 0;
}

static int read_rows(struct hob_csv_reading *reading, size_t rows)
{
    reading->pieces = calloc(1, sizeof *reading->pieces);
    if (reading->pieces == NULL)
        return hob_csv_no_memory(reading);
    reading->piece_count = 1;
    reading->pieces[0] = (struct hob_csv_piece){
        .start = reading->data, .end = reading->source.size, .capacity = rows};
    int status = hob_csv_prepare(reading, rows);
    if (status == 0 && hob_csv_prepare_piece(reading, 0) != 0)
        status = hob_csv_no_memory(reading);
    return status == 0 ? split_and_type(reading) : status;
}

static int read_whole(struct hob_csv_reading *reading)
{
    size_t rows = 0, more = 0;
    int status = survey(reading, &rows, &more);
    if (status == 0)
        status = read_rows(reading, rows);
    if (status != HOB_CSV_MALFORMED)
        return status;
    /* Quotes within plain text: parity told nothing. */
    hob_csv_drop(reading);
    return read_rows(reading, rows + more);
}

/* In pieces. */

/* How many pieces to cut what is behind the header into; 1 when that isn't worth it. */
static size_t plan_pieces(struct hob_csv_reading *reading)
{
    const struct hob_csv_tuning *tuning = &reading->tuning;
    size_t size = reading->source.size - reading->data, piece = tuning->piece_size;
    reading->threads = tuning->threads;
    if (reading->threads == 0)
        reading->threads = size < PIECES_FROM ? 1 : hob_platform_cores();
    if (reading->plodding || size == 0 || (piece == 0 && size < PIECES_FROM))
        return 1;
    if (piece == 0) {
        piece = size / reading->threads / 8;
        piece = piece < LEAST_PIECE ? LEAST_PIECE : piece > MOST_PIECE ? MOST_PIECE : piece;
    }
    size_t count = size / piece + (size % piece != 0), most = MOST_PARTS / reading->columns;
    return count < most ? count : most > 0 ? most : 1;
}

static int read_pieces(struct hob_csv_reading *reading)
{
    struct hob_text header = {reading->source.text.data, reading->data};
    size_t count = plan_pieces(reading);
    if (count < 2 || hob_csv_valid(header, reading->tuning.portable) < header.size)
        return HOB_CSV_MALFORMED;
    return hob_csv_read_pieces(reading, count);
}

static bool start(struct hob_csv_reading *reading, int *status)
{
    *status = hob_csv_check_dtypes(reading->options->dtypes, reading->error);
    if (*status == 0)
        *status = hob_csv_dialect_init(&reading->dialect, reading->source.text, reading->options,
                                       reading->error);
    if (*status != 0)
        return false;
    reading->plodding = reading->tuning.plodding || reading->dialect.delimiter_size != 1 ||
                        reading->dialect.delimiter[0] == reading->dialect.quote;
    reading->frame = hob_frame_new();
    return true;
}

static int end(struct hob_csv_reading *reading, struct hob_frame **frame, int status)
{
    if (status == 0)
        *frame = HOB_STEAL(reading->frame);
    hob_csv_drop(reading);
    hob_csv_dialect_deinit(&reading->dialect);
    hob_frame_free(reading->frame);
    return status;
}

static struct hob_text without_mark(struct hob_text text)
{
    size_t mark = hob_text_starts_with(text, "\xEF\xBB\xBF") ? 3 : 0;
    return (struct hob_text){text.data + mark, text.size - mark};
}

int hob_csv_read_tuned(struct hob_frame **frame, struct hob_text whole,
                       const struct hob_csv_options *options, const struct hob_csv_tuning *tuning,
                       struct hob_error *error)
{
    struct hob_text text = without_mark(whole);
    struct hob_csv_reading reading = {
        .options = options,
        .tuning = *tuning,
        .source = {text, text.size, -1, (size_t)(text.data - whole.data)},
        .error = error};
    int status;
    if (!start(&reading, &status))
        return status;
    size_t valid = reading.plodding ? hob_csv_valid(text, tuning->portable) : text.size;
    if (valid == text.size)
        status = read_header(&reading);
    if (valid == text.size && status == 0) {
        status = read_pieces(&reading);
        if (status > 0) {
            hob_csv_drop(&reading);
            status = read_whole(&reading);
        }
    }
    /* What is wrong with the bytes explains what seems wrong with the fields. */
    if (valid < text.size || (status != 0 && status != HOB_E_UNICODE))
        valid = hob_csv_valid(text, tuning->portable);
    if (valid < text.size)
        status = refuse_bytes(&reading, valid);
    if (status == 0)
        status = hob_csv_finish(&reading);
    return end(&reading, frame, status);
}

int hob_csv_read(struct hob_frame **frame, struct hob_text text,
                 const struct hob_csv_options *options, struct hob_error *error)
{
    static const struct hob_csv_tuning untuned = {0};
    return hob_csv_read_tuned(frame, text, options, &untuned, error);
}

/* Files. */

/* Reads a file in pieces; positive when it has to be read as a whole, whatever the reason. */
static int read_file_in_pieces(struct hob_frame **frame, const struct hob_csv_file *file,
                               size_t size, const struct hob_csv_options *options,
                               const struct hob_csv_tuning *tuning, struct hob_error *error)
{
    size_t head_size = tuning->piece_size > 0 ? tuning->piece_size + 64 : HEAD;
    struct hob_csv_source file_source = {.size = size, .descriptor = file->descriptor};
    struct hob_csv_window head = {.source = &file_source};
    struct hob_csv_reading reading = {.options = options, .tuning = *tuning};
    int status = hob_csv_window_move(&head, 0, head_size);
    if (status == 0) {
        struct hob_text text = without_mark((struct hob_text){head.data, head.size});
        size_t mark = (size_t)(text.data - head.data);
        reading.source = (struct hob_csv_source){text, size - mark, file->descriptor, mark};
        if (!start(&reading, &status)) {
            hob_csv_window_deinit(&head);
            return HOB_CSV_MALFORMED;
        }
        status = read_header(&reading);
    }
    if (status == 0)
        status = read_pieces(&reading);
    hob_csv_window_deinit(&head);
    reading.error = error;
    if (status == HOB_E_MEMORY)
        status = hob_csv_no_memory(&reading);
    else if (status != 0)
        status = HOB_CSV_MALFORMED;
    else
        status = hob_csv_finish(&reading);
    return end(&reading, frame, status);
}

static bool is_as_it_was(const struct hob_csv_file *file, const struct stat *before)
{
    struct stat now;
    return fstat(file->descriptor, &now) == 0 && now.st_size == before->st_size &&
           now.st_mtim.tv_sec == before->st_mtim.tv_sec &&
           now.st_mtim.tv_nsec == before->st_mtim.tv_nsec;
}

int hob_csv_read_file_tuned(struct hob_frame **frame, const struct hob_csv_file *file,
                            const struct hob_csv_options *options,
                            const struct hob_csv_tuning *tuning, struct hob_error *error)
{
    struct stat facts;
    size_t least = tuning->piece_size > 0 ? 1 : PIECES_FROM;
    bool large = fstat(file->descriptor, &facts) == 0 && S_ISREG(facts.st_mode) &&
                 (size_t)facts.st_size >= least && (size_t)facts.st_size <= file->limit &&
                 lseek(file->descriptor, 0, SEEK_CUR) == 0;
    if (large) {
        HOB_AUTO(frame) struct hob_frame *read = NULL;
        int status =
            read_file_in_pieces(&read, file, (size_t)facts.st_size, options, tuning, error);
        if (status < 0)
            return status;
        if (status == 0 && is_as_it_was(file, &facts)) {
            *frame = HOB_STEAL(read);
            return 0;
        }
    }
    HOB_AUTO(file_content) struct hob_file_content content = HOB_FILE_CONTENT_INIT;
    int status = hob_file_read(&content, file->descriptor, file->path, file->limit, error);
    if (status != 0)
        return status;
    return hob_csv_read_tuned(frame, content.text, options, tuning, error);
}

int hob_csv_read_file(struct hob_frame **frame, const struct hob_csv_file *file,
                      const struct hob_csv_options *options, struct hob_error *error)
{
    static const struct hob_csv_tuning untuned = {0};
    return hob_csv_read_file_tuned(frame, file, options, &untuned, error);
}
