/* command: the table of commands.
 *
 * Everything that is said of a command comes from its row: help, man page, completions, the
 * markdown reference, and what the parser of options accepts. A new command is a file with its row
 * and its run function, and its name in the table. */
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
struct hob_remote_call;

struct hob_command {
    const char *name;
    const char *summary;
    /* Commands of its own, ended by NULL: the next word says which. Such a command has neither
     * options nor arguments nor `run`. */
    const struct hob_command *const *subcommands;
    const char *arguments;             /* "FIELD FILE", optional ones in brackets */
    const char *description;           /* paragraphs, separated by an empty line */
    const struct hob_option *options;  /* --help is understood by all */
    const struct hob_note *examples;   /* command line, what it does */
    const struct hob_note *exit_notes; /* status, meaning */
    const char *alias;                 /* name of the executable that means this command, or NULL */
    void (*argument_choices)(struct hob_buffer *out); /* of the first argument; NULL: files */
    unsigned least_words, most_words;
    bool words_end_options; /* what stands behind the first argument belongs to it */
    /* Returns the exit status. */
    int (*run)(const struct hob_arguments *arguments);
    int (*ask)(struct hob_remote_call *call); /* where `run` is hob_remote_run: what it asks for */
};

/* Ends with NULL. */
extern const struct hob_command *const hob_commands[];
/* Of every command. */
extern const struct hob_option hob_help_option;

/* In hob_commands or the subcommands of one; NULL when it is not there. */
const struct hob_command *hob_command_find(const struct hob_command *const *commands,
                                           const char *name);
/* The command with the nearest name, or NULL when none is near. */
const struct hob_command *hob_command_nearest(const struct hob_command *const *commands,
                                              const char *name);
/* The command that an executable of this name is, or NULL. */
const struct hob_command *hob_command_of_executable(const char *path);

/* For everything that is made of the table: calls `visit` for each command, and for its subcommands
 * behind it, with what is typed after `hob`: "read", "session", "session get". */
void hob_command_each(void (*visit)(void *data, const struct hob_command *command,
                                    const char *title),
                      void *data);

/* The rows, each in the file of its command. */
extern const struct hob_command hob_command_call;
extern const struct hob_command hob_command_completion;
extern const struct hob_command hob_command_config;
extern const struct hob_command hob_command_convert;
extern const struct hob_command hob_command_field;
extern const struct hob_command hob_command_help;
extern const struct hob_command hob_command_list;
extern const struct hob_command hob_command_pool;
extern const struct hob_command hob_command_profile;
extern const struct hob_command hob_command_read;
extern const struct hob_command hob_command_serve;
extern const struct hob_command hob_command_session;
extern const struct hob_command hob_command_stdio;
extern const struct hob_command hob_command_run;
extern const struct hob_command hob_command_shim;
extern const struct hob_command hob_command_warm;
extern const struct hob_command hob_command_why;
extern const struct hob_command hob_command_write;

/* The option of commands that ask a server. */
#define HOB_SERVER_OPTION                                                                          \
    {                                                                                              \
        .name = "server", .argument = "URL",                                                       \
        .help = "ask this server; the default is $HOB_SERVER, else your own"                       \
    }

/* What commands have in common that only print. */
extern const struct hob_option hob_no_options[];
extern const struct hob_note hob_usual_exits[];

#endif
