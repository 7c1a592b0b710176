/* completion: scripts for shells, made from the table of commands. */
#ifndef HOB_CLI_COMPLETION_H
#define HOB_CLI_COMPLETION_H

#include "base/buffer.h"

/* The names of the shells, separated by blanks. */
void hob_completion_put_shells(struct hob_buffer *out);
/* Appends the script; false for a shell that is not known. */
bool hob_completion_put(struct hob_buffer *out, const char *shell);

#endif
