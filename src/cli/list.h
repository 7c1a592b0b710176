/* list: `hob list` and what `hob help functions` says, in the program that can render templates. */
#ifndef HOB_CLI_LIST_H
#define HOB_CLI_LIST_H

#include "base/buffer.h"

struct hob_arguments;

/* The command itself; returns the exit status. */
int hob_list_command(const struct hob_arguments *arguments);
/* Appends the functions of compute sections and of lists, and the tags and filters of templates. */
void hob_list_put_functions(struct hob_buffer *out);

#endif
