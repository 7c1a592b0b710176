/* completion_shells: a file a shell, and what they share. Internal to completion.
 *
 * Each script knows the commands and options that this hob has, so it never runs hob while the
 * user is typing. Where nothing else is known file names are completed. */
#ifndef HOB_CLI_COMPLETION_SHELLS_H
#define HOB_CLI_COMPLETION_SHELLS_H

#include "cli/command.h"

void hob_completion_put_bash(struct hob_buffer *out);
void hob_completion_put_zsh(struct hob_buffer *out);
void hob_completion_put_fish(struct hob_buffer *out);

/* The other names under which hob is called, each after a blank. */
void hob_completion_put_aliases(struct hob_buffer *out);
/* Text inside single quotes, in which `special` characters need a backslash. */
void hob_completion_put_quoted(struct hob_buffer *out, const char *text, const char *special);

#endif
