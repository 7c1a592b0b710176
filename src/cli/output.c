/* output: see output.h. */
#include "cli/output.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "base/number.h"
#include "cli/advice.h"
#include "cli/display.h"

enum { DEFAULT_WIDTH = 80, SMALLEST_WIDTH = 20 };

int hob_write_all(int descriptor, struct hob_text text)
{
    while (text.size > 0) {
        ssize_t written = write(descriptor, text.data, text.size);
        if (written < 0 && errno == EINTR)
            continue;
        if (written < 0)
            return errno;
        text.data += written;
        text.size -= (size_t)written;
    }
    return 0;
}

int hob_output_finish(struct hob_output *output)
{
    struct hob_error error;
    if (hob_buffer_failed(&output->buffer)) {
        hob_error_set(&error, HOB_E_MEMORY, "cannot write the answer: not enough memory");
        return hob_report(output->program, &error);
    }
    int number = hob_write_all(STDOUT_FILENO, hob_buffer_text(&output->buffer));
    if (number == 0)
        return 0;
    if (number == EPIPE)
        return 1;
    hob_error_set(&error, HOB_E_IO, "cannot write to standard output: %s", strerror(number));
    if (number == ENOSPC)
        hob_error_hint(&error, "free some disk space, or write elsewhere");
    return hob_report(output->program, &error);
}

static unsigned terminal_width(void)
{
    struct winsize size;
    if (ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_col > 0)
        return size.ws_col < SMALLEST_WIDTH ? SMALLEST_WIDTH : size.ws_col;
    const char *columns = getenv("COLUMNS");
    int64_t number;
    if (columns != NULL && hob_number_parse_int(hob_text_from(columns), &number) == 0 &&
        number >= SMALLEST_WIDTH && number <= UINT16_MAX)
        return (unsigned)number;
    return DEFAULT_WIDTH;
}

struct hob_terminal hob_terminal_look(void)
{
    struct hob_terminal terminal = {.is_terminal = isatty(STDOUT_FILENO) == 1};
    if (!terminal.is_terminal)
        return terminal;
    const char *no_color = getenv("NO_COLOR"), *kind = getenv("TERM");
    terminal.color =
        (no_color == NULL || no_color[0] == '\0') && kind != NULL && strcmp(kind, "dumb") != 0;
    terminal.width = terminal_width();
    return terminal;
}

/* The text is made harmless, and a line end at its end is dropped: some messages of parsers that
 * hob repeats word for word have one. */
static void put_line(struct hob_buffer *out, const char *before, const char *text,
                     const char *after)
{
    struct hob_text shown = hob_text_from(text);
    while (shown.size > 0 && shown.data[shown.size - 1] == '\n')
        shown.size--;
    hob_buffer_put_string(out, before);
    hob_display_put(out, shown);
    hob_buffer_put_string(out, after);
}

/* Whether standard error can be written to makes no difference to the result. */
static void say(struct hob_buffer *line)
{
    hob_write_all(STDERR_FILENO, hob_buffer_text(line));
}

int hob_report(const char *program, const struct hob_error *reported)
{
    struct hob_error advised = *reported;
    const struct hob_error *error = &advised;
    hob_advice_add(&advised);
    HOB_AUTO(buffer) struct hob_buffer line = HOB_BUFFER_INIT;
    put_line(&line, program, "", ": ");
    put_line(&line, "", error->message, "");
    if (error->hint[0] != '\0')
        put_line(&line, " (", error->hint, ")");
    hob_buffer_put_char(&line, '\n');
    say(&line);
    return hob_error_exit_status(error->code);
}

void hob_report_warning(const char *program, const char *format, ...)
{
    char message[HOB_ERROR_MESSAGE_SIZE];
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(message, sizeof message, format, arguments);
    va_end(arguments);
    HOB_AUTO(buffer) struct hob_buffer line = HOB_BUFFER_INIT;
    put_line(&line, program, "", ": warning: ");
    put_line(&line, "", message, "\n");
    say(&line);
}
