/* peer: which user's process is on the other end of a connection. */
#ifndef HOB_BASE_PEER_H
#define HOB_BASE_PEER_H

#include <stdbool.h>
#include <sys/types.h>

enum hob_peer {
    HOB_PEER_USER,    /* a process of *user on this machine */
    HOB_PEER_GONE,    /* a connection of this machine whose process has closed its end already */
    HOB_PEER_REMOTE,  /* another machine */
    HOB_PEER_UNKNOWN, /* this machine, but the system doesn't tell */
};

/* The process that connected this unix socket, or that listens at its other end; 0 when the system
 * doesn't tell. */
pid_t hob_peer_process(int descriptor);

/* `descriptor` is a connected socket, TCP or unix. */
enum hob_peer hob_peer_look_up(int descriptor, uid_t *user);

#endif
