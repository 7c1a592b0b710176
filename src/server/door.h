/* door: a thread that takes new connections off a listening socket and hands them on.
 *
 * The socket belongs to the door alone, so that it can be closed, or left to another process that
 * has it too, at any moment: no event loop waits for it. */
#ifndef HOB_SERVER_DOOR_H
#define HOB_SERVER_DOOR_H

#include <stdbool.h>
#include <sys/socket.h>

#include "base/error.h"

struct hob_door;

struct hob_door_options {
    int descriptor; /* listens, does not block; the door's, once it is open */
    /* Both are called by the door's thread. A connection is the callee's. */
    bool (*has_room)(void *context);
    void (*enter)(void *context, int connection, const struct sockaddr *address, socklen_t size);
    void *context;
};

/* HOB_E_IO when there are no descriptors or threads left. */
int hob_door_open(struct hob_door **door, const struct hob_door_options *options,
                  struct hob_error *error);
/* Closes the socket; nobody enters any more when this returns. Whoever had connected by then is
 * still let in, unless `handed_over`: then the queue is left to the other process. Takes NULL,
 * returns NULL. */
struct hob_door *hob_door_close(struct hob_door *door, bool handed_over);

#endif
