/* run: the command line: finds the command, by the name under which hob was called or by the first
 * word, and hands it the rest.
 *
 * There are two programs of it. `hob` is linked statically, so that it starts at once; but the
 * Markdown library that templates may use exists as a shared one only. So `hob` does not compute:
 * when a flow turns out to have a compute section, it becomes `hob-full`, the same program linked
 * dynamically, with the same words. Where hob cannot be linked statically anyway, there is only one
 * program, which computes itself. */
#ifndef HOB_CLI_RUN_H
#define HOB_CLI_RUN_H

#include "config/scope.h"

struct hob_arguments;
struct hob_buffer;

/* How this program computes: a scope's `finish` and its data. */
struct hob_compute_hook {
    int (*finish)(void *data, struct hob_frame *frame, const struct hob_value *flow,
                  const struct hob_scope *scope, struct hob_error *error);
    void *data;
    char **hand_over; /* hob: its argv, for hob_hand_over; NULL: this program does everything */
    /* What only a program that does everything has (cli/list.h, cli/shell.h): so that hob never
     * refers to it. */
    int (*run_list)(const struct hob_arguments *arguments);
    int (*run_shell)(const struct hob_arguments *arguments);
    void (*put_functions)(struct hob_buffer *out);
};

/* Returns the exit status. */
int hob_cli_run(int argc, char **argv, const struct hob_compute_hook *compute);

/* Becomes hob-full with these words: found beside this program, or in its libexec directory. Only
 * returns when that fails, with HOB_E_UNSUPPORTED. */
int hob_hand_over(char **argv, struct hob_error *error);

/* The `finish` of a program that hands over (data is its argv): nothing to do for a flow that does
 * not compute. */
int hob_hand_over_finish(void *data, struct hob_frame *frame, const struct hob_value *flow,
                         const struct hob_scope *scope, struct hob_error *error);

#endif
