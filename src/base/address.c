/* address: see address.h. */
#include "base/address.h"

#include <arpa/inet.h>
#include <string.h>

bool hob_address_set_host(struct hob_address *address, const char *host, uint16_t port)
{
    memset(address, 0, sizeof *address);
    if (strcmp(host, "localhost") == 0)
        host = "127.0.0.1";
    if (inet_pton(AF_INET, host, &address->as.v4.sin_addr) == 1) {
        address->as.v4.sin_family = AF_INET;
        address->as.v4.sin_port = htons(port);
        address->size = sizeof address->as.v4;
        return true;
    }
    if (inet_pton(AF_INET6, host, &address->as.v6.sin6_addr) == 1) {
        address->as.v6.sin6_family = AF_INET6;
        address->as.v6.sin6_port = htons(port);
        address->size = sizeof address->as.v6;
        return true;
    }
    return false;
}

bool hob_address_set_path(struct hob_address *address, const char *path)
{
    size_t size = strlen(path);
    if (size == 0 || size > HOB_ADDRESS_MAX_PATH)
        return false;
    memset(address, 0, sizeof *address);
    address->as.local.sun_family = AF_UNIX;
    memcpy(address->as.local.sun_path, path, size + 1);
    address->size = sizeof address->as.local;
    return true;
}
