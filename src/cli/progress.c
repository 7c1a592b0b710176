/* progress: see progress.h.
 *
 * Readers and writers of formats know nothing of this. How far they are is what the kernel counts:
 * the bytes that this process has read and written (Linux; elsewhere only the time is shown). */
#include "cli/progress.h"

#include <errno.h>
#include <pthread.h>
#include <stdio.h>
#include <sys/ioctl.h>
#include <time.h>
#include <unistd.h>

#include "base/buffer.h"
#include "base/clock.h"
#include "cli/display.h"
#include "cli/output.h"

enum { FIRST_MILLISECONDS = 1000, NEXT_MILLISECONDS = 100, BAR_WIDTH = 20 };

struct transferred {
    uint64_t read, written;
};

struct hob_progress {
    pthread_t thread;
    pthread_mutex_t lock;
    pthread_cond_t changed;
    bool stopping, drawn;
    const char *doing; /* NULL: nothing yet */
    const char *name;
    uint64_t bytes; /* to read; 0: not known */
    size_t rows;    /* to write */
    bool silent;    /* what is read and written says nothing */
    uint64_t started;
    struct transferred before; /* when this was started */
};

/* All zero when nobody counts. */
static struct transferred count_transferred(void)
{
    unsigned long long bytes;
    char line[128];
    struct transferred count = {0, 0};
    FILE *file = fopen("/proc/self/io", "re");
    while (file != NULL && fgets(line, sizeof line, file) != NULL) {
        if (sscanf(line, "rchar: %llu", &bytes) == 1)
            count.read = bytes;
        if (sscanf(line, "wchar: %llu", &bytes) == 1)
            count.written = bytes;
    }
    if (file != NULL)
        fclose(file);
    return count;
}

static void put_size(struct hob_buffer *out, uint64_t bytes)
{
    if (bytes >= (uint64_t)1 << 30)
        hob_buffer_printf(out, "%.1f GB", (double)bytes / (1 << 30));
    else
        hob_buffer_printf(out, "%.0f MB", (double)bytes / (1 << 20));
}

static void put_bar(struct hob_buffer *out, uint64_t done, uint64_t all)
{
    double share = done < all ? (double)done / (double)all : 1;
    size_t full = (size_t)(share * BAR_WIDTH);
    hob_buffer_put_string(out, "  [");
    hob_buffer_put_repeated(out, '#', full);
    hob_buffer_put_repeated(out, '-', BAR_WIDTH - full);
    hob_buffer_printf(out, "] %3.0f %%", share * 100);
}

static void put_line(struct hob_buffer *out, const struct hob_progress *progress)
{
    struct transferred now = count_transferred();
    uint64_t read = now.read - progress->before.read;
    uint64_t written = now.written - progress->before.written;
    hob_buffer_printf(out, "%s ", progress->doing);
    hob_display_put(out, hob_text_from(progress->name));
    if (progress->rows > 0)
        hob_buffer_printf(out, ": %zu rows", progress->rows);
    else if (progress->bytes > 0)
        put_bar(out, read, progress->bytes);
    uint64_t bytes = progress->rows > 0 ? written : read;
    if (bytes > 0 && !progress->silent) {
        hob_buffer_put_string(out, ", ");
        put_size(out, bytes);
        hob_buffer_put_string(out, progress->rows > 0 ? " written" : " read");
    }
    hob_buffer_printf(out, ", %.0f s", hob_clock_milliseconds_since(progress->started) / 1000);
}

static size_t line_width(void)
{
    struct winsize size;
    bool known = ioctl(STDERR_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_col > 1;
    return known ? size.ws_col - 1u : 79;
}

static void draw(struct hob_progress *progress)
{
    HOB_AUTO(buffer) struct hob_buffer line = HOB_BUFFER_INIT;
    HOB_AUTO(buffer) struct hob_buffer shown = HOB_BUFFER_INIT;
    size_t used;
    put_line(&line, progress);
    struct hob_text text = hob_buffer_text(&line);
    text.size = hob_display_fit(text, line_width(), &used);
    hob_buffer_put_char(&shown, '\r');
    hob_buffer_put_text(&shown, text);
    hob_buffer_put_string(&shown, "\033[K");
    hob_write_all(STDERR_FILENO, hob_buffer_text(&shown));
    progress->drawn = true;
}

static struct timespec in_milliseconds(long milliseconds)
{
    struct timespec time;
    clock_gettime(CLOCK_MONOTONIC, &time);
    time.tv_sec += milliseconds / 1000;
    time.tv_nsec += milliseconds % 1000 * 1000000;
    if (time.tv_nsec >= 1000000000) {
        time.tv_sec++;
        time.tv_nsec -= 1000000000;
    }
    return time;
}

/* Waits until it is time to draw; false when there is nothing to draw any more. */
static bool wait_for_turn(struct hob_progress *progress, long milliseconds)
{
    struct timespec until = in_milliseconds(milliseconds);
    while (!progress->stopping &&
           pthread_cond_timedwait(&progress->changed, &progress->lock, &until) != ETIMEDOUT)
        ;
    return !progress->stopping;
}

static void *keep_drawing(void *data)
{
    struct hob_progress *progress = data;
    pthread_mutex_lock(&progress->lock);
    bool go_on = wait_for_turn(progress, FIRST_MILLISECONDS);
    while (go_on) {
        if (progress->doing != NULL)
            draw(progress);
        go_on = wait_for_turn(progress, NEXT_MILLISECONDS);
    }
    if (progress->drawn)
        hob_write_all(STDERR_FILENO, HOB_TEXT("\r\033[K"));
    pthread_mutex_unlock(&progress->lock);
    return NULL;
}

static void deinit(struct hob_progress *progress)
{
    pthread_cond_destroy(&progress->changed);
    pthread_mutex_destroy(&progress->lock);
    free(progress);
}

struct hob_progress *hob_progress_start(void)
{
    if (isatty(STDERR_FILENO) != 1)
        return NULL;
    pthread_condattr_t attributes;
    struct hob_progress *progress = hob_alloc_zero(1, sizeof *progress);
    pthread_condattr_init(&attributes);
    pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC);
    pthread_mutex_init(&progress->lock, NULL);
    pthread_cond_init(&progress->changed, &attributes);
    pthread_condattr_destroy(&attributes);
    if (pthread_create(&progress->thread, NULL, keep_drawing, progress) == 0)
        return progress;
    deinit(progress); /* it is only a line on a terminal */
    return NULL;
}

static void set(struct hob_progress *progress, const char *doing, const char *name, uint64_t bytes,
                size_t rows)
{
    if (progress == NULL)
        return;
    pthread_mutex_lock(&progress->lock);
    progress->doing = doing;
    progress->name = name;
    progress->bytes = bytes;
    progress->rows = rows;
    progress->silent = false;
    progress->started = hob_clock_now();
    progress->before = count_transferred();
    pthread_mutex_unlock(&progress->lock);
}

void hob_progress_reading(struct hob_progress *progress, const char *name, uint64_t bytes)
{
    set(progress, "reading", name, bytes, 0);
}

void hob_progress_writing(struct hob_progress *progress, const char *name, size_t rows)
{
    set(progress, "writing", name, 0, rows);
}

void hob_progress_doing(struct hob_progress *progress, const char *doing, const char *name)
{
    if (progress == NULL)
        return;
    pthread_mutex_lock(&progress->lock);
    progress->doing = doing;
    progress->name = name;
    progress->bytes = progress->rows = 0;
    progress->silent = true;
    progress->started = hob_clock_now();
    pthread_mutex_unlock(&progress->lock);
}

struct hob_progress *hob_progress_stop(struct hob_progress *progress)
{
    if (progress == NULL)
        return NULL;
    pthread_mutex_lock(&progress->lock);
    progress->stopping = true;
    pthread_cond_signal(&progress->changed);
    pthread_mutex_unlock(&progress->lock);
    pthread_join(progress->thread, NULL);
    deinit(progress);
    return NULL;
}
