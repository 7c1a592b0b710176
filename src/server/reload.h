/* reload: the settings by which hobd runs, and taking new ones from their file while it serves.
 *
 * A file with mistakes changes nothing, and the log says all of them. The thread that started the
 * server calls. */
#ifndef HOB_SERVER_RELOAD_H
#define HOB_SERVER_RELOAD_H

#include "server/options.h"

struct hob_reload {
    const struct hob_options *options; /* borrowed; its overrides win over the file each time */
    char *path;                        /* of the file; NULL: there is none */
    struct hob_settings_read *started; /* what holds until a restart, for the rows that need one */
    struct hob_settings_read *current; /* what holds for all others */
};

/* Finds and reads the settings, and sets up the log by them. Deinit in any case. */
int hob_reload_init(struct hob_reload *reload, const struct hob_options *options,
                    struct hob_error *error);
void hob_reload_deinit(struct hob_reload *reload);
static inline void hob_auto_reload(struct hob_reload *reload)
{
    hob_reload_deinit(reload);
}

/* Reads the file again and applies it; what happened, and what needs a restart, is in the log, and
 * in `changes` as JSON objects with commas between them. When it fails the settings stay as they
 * were. */
int hob_reload_apply(struct hob_reload *reload, struct hob_server *server,
                     struct hob_buffer *changes, struct hob_error *error);

#endif
