/* csv_source: the text, in memory or in a file.
 *
 * What is in a file is read a window at a time into memory that is used again for the next window:
 * the bytes stay in the processor's cache from being read to being typed, and the system need not
 * find (and zero) pages for a whole file. Nothing is mapped: a mapped file that somebody truncates
 * kills the process that looks at it. */
#include "access/csv_internal.h"

#include <errno.h>
#include <unistd.h>

enum {
    SLACK = 2 * HOB_CSV_SLACK, /* readable behind a file's window */
    SAMPLES = 16,
    SAMPLE = 16384,
};

static int read_bytes(const struct hob_csv_source *source, char *data, size_t start, size_t size)
{
    while (size > 0) {
        ssize_t got = pread(source->descriptor, data, size, (off_t)(source->offset + start));
        if (got < 0 && errno == EINTR)
            continue;
        if (got <= 0)
            return HOB_CSV_CHANGED;
        data += got;
        start += (size_t)got;
        size -= (size_t)got;
    }
    return 0;
}

int hob_csv_window_grow(struct hob_csv_window *window, size_t size)
{
    const struct hob_csv_source *source = window->source;
    if (size > source->size - window->start)
        size = source->size - window->start;
    if (source->descriptor < 0) {
        window->data = source->text.data + window->start;
        window->size = size;
        window->readable_end = source->text.data + source->text.size;
        return 0;
    }
    if (!HOB_TRY_GROW(window->buffer, window->capacity, size + SLACK))
        return HOB_E_MEMORY;
    window->data = window->buffer;
    int status = size <= window->size
                     ? 0
                     : read_bytes(source, window->buffer + window->size,
                                  window->start + window->size, size - window->size);
    if (status != 0)
        return status;
    window->size = size;
    window->readable_end = window->buffer + size + SLACK;
    memset(window->buffer + size, 0, SLACK);
    return 0;
}

int hob_csv_window_move(struct hob_csv_window *window, size_t start, size_t size)
{
    window->start = start;
    window->size = 0;
    return hob_csv_window_grow(window, size);
}

void hob_csv_window_deinit(struct hob_csv_window *window)
{
    free(window->buffer);
    window->buffer = NULL;
    window->capacity = window->size = 0;
}

size_t hob_csv_guess_rows(const struct hob_csv_source *source)
{
    struct hob_csv_window window = {.source = source};
    struct hob_csv_survey survey;
    size_t lines = 0, bytes = 0;
    for (size_t i = 0; i < SAMPLES; i++) {
        if (hob_csv_window_move(&window, source->size / SAMPLES * i, SAMPLE) != 0)
            break;
        /* Somewhere in the text nothing is known of quotes. */
        hob_csv_survey(&survey, (struct hob_text){window.data, window.size}, '"', false);
        lines += survey.lines_even + survey.lines_odd;
        bytes += window.size;
    }
    hob_csv_window_deinit(&window);
    double each = bytes > 0 ? (double)lines / (double)bytes : 0;
    return (size_t)(each * 1.03 * (double)source->size) + 1000;
}
