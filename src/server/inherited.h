/* inherited: listening sockets that the process was started with, in the way of systemd's socket
 * activation (LISTEN_FDS): by a service manager, or by the hobd whose place this one takes. */
#ifndef HOB_SERVER_INHERITED_H
#define HOB_SERVER_INHERITED_H

#include <stdbool.h>

#include "base/error.h"

/* The names of sockets that one hobd hands to the next (LISTEN_FDNAMES). The file of a local socket
 * that hobd made itself goes with the last of them; one of a service manager's stays. */
#define HOB_INHERITED_TCP "hobd-tcp"
#define HOB_INHERITED_LOCAL "hobd-local"
#define HOB_INHERITED_FOREIGN "hobd-foreign" /* either kind, made by a service manager */
#define HOB_INHERITED_HOLD "hobd-hold"       /* no socket: struct hob_inherited's `hold` */

struct hob_inherited {
    int tcp, local; /* descriptors, or -1 */
    bool tcp_is_ours, local_is_ours;
    /* Not -1 when a hobd hands over: a pipe whose other end it closes when it has finished its
     * requests and let go of the sessions. */
    int hold;
};

/* Takes what the environment speaks of, and the variables out of it; before there are threads.
 * HOB_E_PARAMETER for what no server could listen on, or two of a kind. */
int hob_inherited_take(struct hob_inherited *inherited, struct hob_error *error);

#endif
