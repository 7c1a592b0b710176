/* shell: `hob session shell`, in the program that has everything (run.h).
 *
 * It reads lines and runs the commands of `hob session` over one connection. What it knows of the
 * session it asks the server for each time: others may change it meanwhile. */
#ifndef HOB_CLI_SHELL_H
#define HOB_CLI_SHELL_H

#include "cli/session.h"

int hob_shell_command(const struct hob_arguments *arguments);

/* ---- words (shell_words.c) ---- */

/* Splits the line in place at blanks that do not stand in quotes; quotes stay, for they mean
 * something to YAML. *count words and a NULL behind them; the caller frees the list.
 * HOB_E_PARAMETER when a quote is not closed. */
int hob_shell_split(char *line, char ***words, size_t *count, struct hob_error *error);

/* ---- completion (shell_complete.c) ---- */

/* As hob_line_completer; `data` is the shell's struct hob_remote_link. */
void hob_shell_complete(void *data, struct hob_text line, size_t start, size_t end,
                        struct hob_buffer *words);

/* What a shell has beside the commands of `hob session`. */
extern const struct hob_note hob_shell_words[];
/* Whether a command of `hob session` can be used in its shell. */
bool hob_shell_has(const struct hob_command *command);

#endif
