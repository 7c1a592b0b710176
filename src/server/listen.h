/* listen: sockets that wait for clients. */
#ifndef HOB_SERVER_LISTEN_H
#define HOB_SERVER_LISTEN_H

#include <stdint.h>

#include "base/error.h"

/* Listens on an address (a number, or "localhost") and port; *port 0 becomes the one that was
 * free. A descriptor, or a negative code; a port in use is an error that names the next free. */
int hob_listen_tcp(const char *host, uint16_t *port, struct hob_error *error);

/* Listens on a unix socket that only the owner can open. A socket that nobody answers at any more
 * is replaced; one that somebody answers at is HOB_E_BUSY. A descriptor, or a negative code. */
int hob_listen_local(const char *path, struct hob_error *error);

enum { HOB_LISTEN_ADDRESS_SIZE = 128 };

/* Where a socket listens that somebody else made: its address as a text, and its port (0 for a unix
 * socket, whose address is its path). */
int hob_listen_look(int descriptor, char address[HOB_LISTEN_ADDRESS_SIZE], uint16_t *port,
                    struct hob_error *error);

#endif
