/* output: what a command says, to standard output and to standard error.
 *
 * A command gathers its answer in `buffer` and it is written once, at the end, so that a failure
 * half-way leaves nothing half-said. Messages on standard error are one line:
 * `hob: what: why (what to do next)`. */
#ifndef HOB_CLI_OUTPUT_H
#define HOB_CLI_OUTPUT_H

#include "base/buffer.h"
#include "base/error.h"

struct hob_output {
    struct hob_buffer buffer;
    const char *program; /* before messages: "hob", "mdfield" */
};

static inline void hob_auto_output(struct hob_output *output)
{
    hob_buffer_deinit(&output->buffer);
}

/* Writes the buffer to standard output. Returns the exit status: 0, or 1 after a message about
 * what failed (none when nobody reads the pipe any more). */
int hob_output_finish(struct hob_output *output);

/* Writes all of the text; 0, or the errno of what failed. */
int hob_write_all(int descriptor, struct hob_text text);

/* What the terminal on standard output is like. */
struct hob_terminal {
    bool is_terminal;
    bool color;     /* a terminal, NO_COLOR unset or empty, TERM not "dumb" */
    unsigned width; /* in columns; meaningful for terminals only */
};

struct hob_terminal hob_terminal_look(void);

/* Prints the error and its hint (advice.h has one for many) on standard error, in one line; returns
 * its exit status. */
int hob_report(const char *program, const struct hob_error *error);
/* One line that is no failure. */
void hob_report_warning(const char *program, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

#endif
