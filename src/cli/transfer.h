/* transfer: what the commands that bring a table from one place to another share: keys of flows
 * from the command line, and writing in any format to a file, a pipe or standard output. */
#ifndef HOB_CLI_TRANSFER_H
#define HOB_CLI_TRANSFER_H

#include "access/access.h"
#include "cli/destination.h"
#include "cli/options.h"
#include "cli/progress.h"

struct hob_transfer {
    const struct hob_arguments *arguments;
    struct hob_arena *arena;
    struct hob_scope scope;
    struct hob_progress *progress;
    bool deserted; /* nobody reads what was written: fail without a message */
};

/* Formats that write one file, and their names separated by blanks. NULL when it is none. */
const struct hob_format *hob_transfer_target_find(const char *type);
void hob_transfer_put_targets(struct hob_buffer *out);
/* The option that names one. */
#define HOB_TRANSFER_TARGET_OPTION(option)                                                         \
    {                                                                                              \
        .name = (option), .letter = 't', .argument = "TYPE", .choices = hob_transfer_put_targets,  \
        .help = "what OUT is to hold, when its name does not say"                                  \
    }
/* The format for writing to this path: `type` when it is given, else by the ending of the path.
 * `option` is the one to name in messages. Returns 0, or 2 after a message. */
int hob_transfer_choose_target(const struct hob_transfer *transfer, const char *option,
                               const char *type, const char *path,
                               const struct hob_format **format);

/* Whether the formats know the keys of all `--option KEY=VALUE`: `source` is the one that is read,
 * or NULL when there is but one flow; a key without "from." or "to." may be of either. Returns 0,
 * or 2 after a message. */
int hob_transfer_check_options(const struct hob_transfer *transfer, const struct hob_format *source,
                               const struct hob_format *target);
/* Sets keys of the flow by each `--option KEY=VALUE`, the value being YAML. Keys that start with
 * "from." or "to." are for the flow that is read or written only: `side` is one of these prefixes,
 * or NULL when there is but one flow. Returns 0, or 2 after a message. */
int hob_transfer_set_options(const struct hob_transfer *transfer, const char *side,
                             struct hob_value *flow);

/* Writes the frame in the format, with the keys of the flow, to a path ("-": standard output). */
int hob_transfer_write(struct hob_transfer *transfer, const struct hob_format *format,
                       struct hob_value *flow, const char *path, const struct hob_frame *frame,
                       struct hob_error *error);

/* Ends the command: clears the progress, reports the error where there is one (code < 0), and
 * returns the exit status. */
int hob_transfer_finish(struct hob_transfer *transfer, int code, const struct hob_error *error);

#endif
