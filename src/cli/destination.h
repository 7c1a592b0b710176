/* destination: where a command writes a table: standard output, a pipe or device, or a file, which
 * is replaced whole or not at all.
 *
 * Open, write to its sink, commit; deinit without commit leaves an old file as it was. */
#ifndef HOB_CLI_DESTINATION_H
#define HOB_CLI_DESTINATION_H

#include "base/sink.h"
#include "config/scope.h"

struct hob_destination {
    const char *path; /* for messages; borrowed */
    int descriptor;   /* of a pipe or device, or of standard output */
    bool owned;       /* the descriptor is to be closed */
    bool deserted;    /* nobody reads any more: an error about that is not worth a message */
    struct hob_file_writer writer; /* of a file */
};

#define HOB_DESTINATION_INIT                                                                       \
    {                                                                                              \
        .descriptor = -1, .writer = HOB_FILE_WRITER_INIT                                           \
    }

/* NULL or "-" means standard output. */
bool hob_destination_is_standard(const char *path);
/* Whether it is a pipe or a device: to be written to, not to be replaced by a file. */
bool hob_destination_is_device(const char *path);
bool hob_destination_is_terminal(const char *path);

/* Standard output, a device, or a new file that commit puts in the place of the old one; `path` is
 * borrowed. What errno says, and the errors of hob_scope_write; deinit is right after them, too. */
int hob_destination_open(struct hob_destination *destination, const struct hob_scope *scope,
                         const char *path, struct hob_error *error);
/* Lives as long as the destination. */
struct hob_sink hob_destination_sink(struct hob_destination *destination);
int hob_destination_commit(struct hob_destination *destination, struct hob_error *error);
void hob_destination_deinit(struct hob_destination *destination);
static inline void hob_auto_destination(struct hob_destination *destination)
{
    hob_destination_deinit(destination);
}

#endif
