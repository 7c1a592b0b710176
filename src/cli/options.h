/* options: the words of a command line, sorted by the command's table of options.
 *
 * `--name value`, `--name=value`, `-n value`, `-nvalue` and bundled switches; options may stand
 * after arguments; `--` ends the options, and `-` is a word like any other. */
#ifndef HOB_CLI_OPTIONS_H
#define HOB_CLI_OPTIONS_H

#include "base/error.h"
#include "cli/command.h"
#include "cli/run.h"

struct hob_remote_link;

struct hob_given_option {
    const struct hob_option *option;
    const char *value; /* NULL for switches */
};

/* Borrows everything from the words that were parsed. */
struct hob_arguments {
    const struct hob_command *command;
    const struct hob_compute_hook *compute; /* for the scopes of commands that read flows */
    struct hob_remote_link *remote;         /* of the shell that runs it; else NULL */
    const char *program;                    /* how the command was called: "hob field", "mdfield" */
    const char *name;                       /* of the executable, for messages: "hob", "mdfield" */
    const char **words;                     /* what is no option */
    size_t word_count;
    struct hob_given_option *given;
    size_t given_count;
    bool help; /* asked for: nothing else was checked */
};

/* Sorts `count` words, which follow the command's name; command, program and name are set by the
 * caller. HOB_E_PARAMETER with a hint about what to type instead. */
int hob_arguments_parse(struct hob_arguments *arguments, size_t count, char *const *words,
                        struct hob_error *error);
void hob_arguments_deinit(struct hob_arguments *arguments);
static inline void hob_auto_arguments(struct hob_arguments *arguments)
{
    hob_arguments_deinit(arguments);
}

bool hob_arguments_has(const struct hob_arguments *arguments, const char *option);
/* The last value given, or NULL. */
const char *hob_arguments_value(const struct hob_arguments *arguments, const char *option);
/* All values in order; *count of them, the caller frees the list (not the values). */
const char **hob_arguments_values(const struct hob_arguments *arguments, const char *option,
                                  size_t *count);

/* For run functions that find a mistake of their own: prints it as the parser's are, with the
 * usage of the command as the hint. Returns 2. */
int hob_arguments_wrong(const struct hob_arguments *arguments, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

#endif
