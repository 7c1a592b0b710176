/* fuzz_csv: reading CSV never crashes, and reads the same however it goes about it.
 *
 * The first bytes of the input choose the dialect, the rest is the text. It is read in one piece,
 * byte by byte (the way that knows all the rules), in many small pieces, from a file, and without
 * vector instructions; all must give the same frame or the same error. What was read is written
 * too. */
#include "access/csv_internal.h"

#include <stdio.h>
#include <unistd.h>

#include "base/log.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void describe(struct hob_buffer *out, int status, const struct hob_frame *frame,
                     const struct hob_error *error)
{
    if (status != 0) {
        hob_buffer_printf(out, "error %d: %s", status, error->message);
        return;
    }
    for (size_t i = 0; i < hob_frame_columns(frame); i++) {
        const struct hob_column *column = hob_frame_column(frame, i);
        hob_column_put_dtype(out, column);
        for (size_t row = 0; row < column->count; row++)
            hob_buffer_put_char(out, hob_column_is_missing(column, row) ? '0' : '1');
        hob_buffer_put_char(out, '\n');
    }
    if (hob_csv_write(out, frame, ',', '"', NULL) != 0)
        __builtin_trap();
}

/* One file without a name, written anew for each text. */
static int file_of(struct hob_text text)
{
    static FILE *file;
    if (file == NULL)
        file = tmpfile();
    if (file == NULL)
        abort();
    rewind(file);
    int descriptor = fileno(file);
    if (ftruncate(descriptor, 0) != 0 ||
        pwrite(descriptor, text.data, text.size, 0) != (ssize_t)text.size)
        abort();
    return descriptor;
}

static int read_as(struct hob_buffer *out, struct hob_text text, bool from_file,
                   const struct hob_csv_options *options, struct hob_csv_tuning tuning)
{
    struct hob_frame *frame = NULL;
    struct hob_error error = HOB_ERROR_INIT;
    int status;
    if (from_file) {
        struct hob_csv_file file = {file_of(text), "the file", SIZE_MAX};
        status = hob_csv_read_file_tuned(&frame, &file, options, &tuning, &error);
        lseek(file.descriptor, 0, SEEK_SET);
    } else {
        status = hob_csv_read_tuned(&frame, text, options, &tuning, &error);
    }
    describe(out, status, frame, &error);
    hob_frame_free(frame);
    return status;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const char *const delimiters[] = {",", ";", "\t", " ", "|",    NULL,     "\\s+",
                                             ",", ",", "::", "é", "a*b?", "[,;] ?", ","};
    static const struct {
        struct hob_csv_tuning tuning;
        bool from_file;
    } ways[] = {
        {{.threads = 1}},
        {{.threads = 1, .plodding = true}},
        {{.threads = 1, .piece_size = 3}},
        {{.threads = 1, .piece_size = 17, .rows_guess = 1}},
        {{.threads = 1, .piece_size = 50}, .from_file = true},
        {{.threads = 2, .piece_size = 64, .portable = true}},
        {{.threads = 1, .portable = true}},
    };
    if (size < 3)
        return 0;
    hob_log_set_level(HOB_LOG_ERROR);
    struct hob_csv_options options = {
        .delimiter = delimiters[data[0] % (sizeof delimiters / sizeof *delimiters)],
        .sniff = true,
        .quote = data[1] % 4 == 0 ? '\'' : 0,
        .no_header = data[2] % 4 == 0,
        .header = data[2] % 4 == 1,
    };
    /* A copy, so that the sanitizer sees reads beyond the text. */
    char *copy = malloc(size - 3);
    memcpy(copy, data + 3, size - 3);
    struct hob_text text = {copy, size - 3};
    HOB_AUTO(buffer) struct hob_buffer first = HOB_BUFFER_INIT;
    int first_status = read_as(&first, text, false, &options, ways[0].tuning);
    for (size_t i = 1; i < sizeof ways / sizeof *ways; i++) {
        HOB_AUTO(buffer) struct hob_buffer other = HOB_BUFFER_INIT;
        int status = read_as(&other, text, ways[i].from_file, &options, ways[i].tuning);
        /* How many empty cells are too many is estimated. */
        if (status == HOB_E_LIMIT || first_status == HOB_E_LIMIT)
            continue;
        if (!hob_text_equal(hob_buffer_text(&first), hob_buffer_text(&other))) {
            fprintf(stderr, "way %zu differs:\n%s\n---\n%s\n", i, hob_buffer_string(&first),
                    hob_buffer_string(&other));
            __builtin_trap();
        }
    }
    free(copy);
    return 0;
}
