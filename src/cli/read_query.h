/* read_query: the options of `hob read` that ask something of a table. */
#ifndef HOB_CLI_READ_QUERY_H
#define HOB_CLI_READ_QUERY_H

#include "cli/options.h"
#include "frame/frame.h"

/* 0, or 2 after a message about options that make no sense, before anything is read. */
int hob_read_query_check(const struct hob_arguments *arguments);
/* Replaces *frame by what --where, --group, --sort, --limit, --select and their like ask for; it
 * stays as it is when none of them is given. */
int hob_read_query(const struct hob_arguments *arguments, struct hob_frame **frame,
                   struct hob_error *error);

#endif
