/* address: where a socket listens, or connects to.
 *
 * Hosts are numbers, and "localhost": names would need the system's resolver, which a program that
 * is linked statically does not have. */
#ifndef HOB_BASE_ADDRESS_H
#define HOB_BASE_ADDRESS_H

#include <netinet/in.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/socket.h>
#include <sys/un.h>

struct hob_address {
    union {
        struct sockaddr any;
        struct sockaddr_in v4;
        struct sockaddr_in6 v6;
        struct sockaddr_un local;
    } as;
    socklen_t size;
};

/* The longest path of a unix socket. */
enum { HOB_ADDRESS_MAX_PATH = sizeof((struct sockaddr_un *)0)->sun_path - 1 };

/* "127.0.0.1", "::1", "localhost"; false for anything else. */
bool hob_address_set_host(struct hob_address *address, const char *host, uint16_t port);
/* A unix socket; false when the path is too long, or empty. */
bool hob_address_set_path(struct hob_address *address, const char *path);

#endif
