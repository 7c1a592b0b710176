/* command: what a command line would run, and whether that is a Python program.
 *
 * Understood are an interpreter with a script, -m or -c behind its options, and scripts whose first
 * line names an interpreter, directly or through env. The same rules as the system's and the
 * interpreter's: what is executed cold is exactly what was typed. */
#ifndef HOB_WARM_COMMAND_H
#define HOB_WARM_COMMAND_H

#include "base/arena.h"
#include "base/error.h"

enum { HOB_WARM_NAME_SIZE = 16 };

struct hob_warm_command {
    char **words;        /* as typed; what a cold run executes */
    const char *program; /* the file that a cold run executes, found in PATH if need be */
    /* The rest is meaningful when `reason` is NULL. */
    const char *reason;            /* why this can't be warm */
    const char *python;            /* the interpreter's file */
    char **argv;                   /* what the interpreter is called with, ended by NULL */
    size_t count, index;           /* words in argv; where the script, module or code is */
    char mode;                     /* 's' script, 'm' module, 'c' code */
    char name[HOB_WARM_NAME_SIZE]; /* of the process, as ps shows it */
};

/* Everything is kept in the arena or borrowed from `words`, which ends with NULL and has at least
 * one. 0, or HOB_E_NOT_FOUND or HOB_E_PERMISSION when nothing can be executed. */
int hob_warm_command_read(struct hob_warm_command *command, struct hob_arena *arena,
                          char *const *words, struct hob_error *error);

/* The file that a word stands for as a command: itself when it has a slash, else found in PATH,
 * passing over what is the same file as `other_than` (NULL: nothing). NULL when there is none. */
const char *hob_warm_find_program(struct hob_arena *arena, const char *word,
                                  const char *other_than);

/* The interpreter's options that a warm process can be started with are argv[1..index). */
#endif
