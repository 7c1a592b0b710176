/* log: see log.h. A line is built first and written with one call, so that lines of several
 * threads and processes don't mix. */
#define _GNU_SOURCE
#include "base/log.h"

#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdio.h>
#include <time.h>
#include <unistd.h>

#include "base/buffer.h"
#include "base/log_bound.h"

static const char *const level_names[] = {"error", "warning", "info", "debug"};

static atomic_int current_level = HOB_LOG_WARNING;
static atomic_int log_descriptor = STDERR_FILENO;

void hob_log_set_level(enum hob_log_level level)
{
    atomic_store(&current_level, (int)level);
}

_Bool hob_log_enabled(enum hob_log_level level)
{
    return (int)level <= atomic_load_explicit(&current_level, memory_order_relaxed);
}

int hob_log_prepare(const char *path, struct hob_error *error)
{
    if (path == NULL)
        return STDERR_FILENO;
    int descriptor = open(path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC | O_NOCTTY, 0600);
    if (descriptor >= 0)
        return descriptor;
    int code = hob_error_from_errno(error, errno, "open the log file", path);
    if (code == HOB_E_NOT_FOUND || code == HOB_E_NOT_DIRECTORY)
        hob_error_hint(error, "make its directory first");
    return code;
}

void hob_log_drop(int descriptor)
{
    if (descriptor > STDERR_FILENO)
        close(descriptor);
}

/* The number of a descriptor that other threads may be writing to stays the log's for ever: only
 * what it stands for changes. Were it closed, a line could end in whatever is opened next. */
void hob_log_take(int descriptor)
{
    int current = atomic_load(&log_descriptor);
    if (current == STDERR_FILENO) {
        atomic_store(&log_descriptor, descriptor);
        return;
    }
    while (dup3(descriptor, current, O_CLOEXEC) < 0 && errno == EINTR)
        continue;
    hob_log_drop(descriptor);
}

static void put_value(struct hob_buffer *line, const char *value)
{
    bool plain = value[0] != '\0';
    for (const char *at = value; *at != '\0' && plain; at++)
        plain = (unsigned char)*at > ' ' && *at != '"' && *at != '=' && *at != 0x7F;
    if (plain) {
        hob_buffer_put_string(line, value);
        return;
    }
    hob_buffer_put_char(line, '"');
    for (const char *at = value; *at != '\0'; at++) {
        unsigned char byte = (unsigned char)*at;
        if (byte == '"' || byte == '\\')
            hob_buffer_printf(line, "\\%c", byte);
        else if (byte == '\n')
            hob_buffer_put_string(line, "\\n");
        else if (byte < ' ' || byte == 0x7F)
            hob_buffer_printf(line, "\\x%02x", byte);
        else
            hob_buffer_put_char(line, (char)byte);
    }
    hob_buffer_put_char(line, '"');
}

static void put_time(struct hob_buffer *line)
{
    struct timespec now;
    struct tm parts;
    clock_gettime(CLOCK_REALTIME, &now);
    gmtime_r(&now.tv_sec, &parts);
    char stamp[32];
    strftime(stamp, sizeof stamp, "%Y-%m-%dT%H:%M:%S", &parts);
    hob_buffer_printf(line, "%s.%03ldZ", stamp, now.tv_nsec / 1000000);
}

void hob_log(enum hob_log_level level, const char *message, ...)
{
    if (!hob_log_enabled(level))
        return;
    HOB_AUTO(buffer) struct hob_buffer line = HOB_BUFFER_INIT;
    put_time(&line);
    hob_buffer_printf(&line, " %s %s", level_names[level], message);
    va_list pairs;
    va_start(pairs, message);
    for (const char *key; (key = va_arg(pairs, const char *)) != NULL;) {
        const char *value = va_arg(pairs, const char *);
        hob_buffer_printf(&line, " %s=", key);
        put_value(&line, value != NULL ? value : "-");
    }
    va_end(pairs);
    hob_buffer_put_char(&line, '\n');
    int descriptor = atomic_load(&log_descriptor);
    ssize_t written = write(descriptor, line.data, line.size);
    (void)written; /* nowhere to complain to */
    if (descriptor == STDERR_FILENO)
        hob_log_keep_bounded();
}
