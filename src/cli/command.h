/* command: the table of commands.
 *
 * Everything that is said of a command comes from its row: help, man page, completions, the
 * markdown reference, and what the parser of options accepts. A new command is a row here and a
 * file with its run function. */
#ifndef HOB_CLI_COMMAND_H
#define HOB_CLI_COMMAND_H

#include "base/buffer.h"

struct hob_option {
    const char *name;     /* long form without dashes; NULL ends a list */
    const char *argument; /* what stands for the value in help; NULL: a switch */
    const char *help;     /* one line, no full stop */
    /* Appends the values to choose from, separated by blanks; NULL: anything goes. */
    void (*choices)(struct hob_buffer *out);
    char letter;     /* short form, 0 for none */
    bool repeatable; /* each value counts; otherwise the last one does */
    bool many;       /* takes all words up to the next option */
    bool hidden;     /* works, but is not advertised */
};

/* A line of help in two columns; a NULL `what` ends a list. */
struct hob_note {
    const char *what, *meaning;
};

struct hob_arguments;

struct hob_command {
    const char *name; /* NULL ends the table */
    const char *summary;
    const char *arguments;             /* "FIELD FILE", optional ones in brackets */
    const char *description;           /* paragraphs, separated by an empty line */
    const struct hob_option *options;  /* --help is understood by all */
    const struct hob_note *examples;   /* command line, what it does */
    const struct hob_note *exit_notes; /* status, meaning */
    const char *alias;                 /* name of the executable that means this command, or NULL */
    void (*argument_choices)(struct hob_buffer *out); /* of the first argument; NULL: files */
    unsigned least_words, most_words;
    /* Returns the exit status. */
    int (*run)(const struct hob_arguments *arguments);
};

/* Ends with a row without a name. */
extern const struct hob_command hob_commands[];
/* Of every command. */
extern const struct hob_option hob_help_option;

const struct hob_command *hob_command_find(const char *name);
/* The command that an executable of this name is, or NULL. */
const struct hob_command *hob_command_of_executable(const char *path);
/* The command with the nearest name, or NULL when none is near. */
const struct hob_command *hob_command_nearest(const char *name);

/* The number of edits that is too many for a misspelling: a third of the letters, and three. */
unsigned hob_near_enough(const char *name);
/* Looks for the candidate with the fewest edits to `name`: start with *distance =
 * hob_near_enough(name), which is too many; true when `candidate` is nearer than that, and
 * *distance is then the new mark. */
bool hob_nearer(const char *name, const char *candidate, unsigned *distance);

int hob_run_completion(const struct hob_arguments *arguments);
int hob_run_convert(const struct hob_arguments *arguments);
int hob_run_field(const struct hob_arguments *arguments);
int hob_run_help(const struct hob_arguments *arguments);
int hob_run_list(const struct hob_arguments *arguments);
int hob_run_read(const struct hob_arguments *arguments);
int hob_run_write(const struct hob_arguments *arguments);

#endif
