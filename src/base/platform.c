/* platform: see platform.h. */
#define _GNU_SOURCE
#include "base/platform.h"

#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <sched.h>
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

#ifdef __linux__
#include <linux/openat2.h>
#include <sys/syscall.h>
#endif

int hob_platform_open_beneath(int root, const char *path, int flags, mode_t mode, _Bool no_links)
{
#if defined(__linux__) && defined(SYS_openat2)
    struct open_how how = {
        .flags = (unsigned)(flags | O_CLOEXEC),
        .mode = (flags & O_CREAT) != 0 ? mode : 0,
        .resolve = RESOLVE_BENEATH | RESOLVE_NO_MAGICLINKS,
    };
    if (no_links)
        how.resolve |= RESOLVE_NO_SYMLINKS;
    long descriptor;
    /* EAGAIN: something was renamed on the way; the kernel asks to try again. */
    for (int tries = 0; tries < 8; tries++) {
        descriptor = syscall(SYS_openat2, root, path, &how, sizeof how);
        if (descriptor >= 0 || errno != EAGAIN)
            break;
    }
    return (int)descriptor;
#else
    (void)root, (void)path, (void)flags, (void)mode, (void)no_links;
    errno = ENOSYS;
    return -1;
#endif
}

#ifdef __linux__
/* An address as /proc/net/tcp prints it: words of 32 bits in host order, in hexadecimal. */
static void format_address(char *out, size_t size, int family, const void *address, uint16_t port)
{
    uint32_t words[4] = {0};
    size_t count = family == AF_INET6 ? 4 : 1;
    memcpy(words, address, count * 4);
    int used = 0;
    for (size_t i = 0; i < count; i++)
        used += snprintf(out + used, size - (size_t)used, "%08X", words[i]);
    snprintf(out + used, size - (size_t)used, ":%04X", port);
}
#endif

int hob_platform_peer_user(int family, const void *client_address, uint16_t client_port,
                           const void *server_address, uint16_t server_port, uid_t *user)
{
#ifdef __linux__
    char client[64], server[64], line[512];
    format_address(client, sizeof client, family, client_address, client_port);
    format_address(server, sizeof server, family, server_address, server_port);
    FILE *table = fopen(family == AF_INET6 ? "/proc/net/tcp6" : "/proc/net/tcp", "re");
    if (table == NULL)
        return -1;
    int found = -1;
    while (found != 0 && fgets(line, sizeof line, table) != NULL) {
        char local[64], remote[64];
        unsigned owner;
        if (sscanf(line, " %*d: %63s %63s %*x %*s %*s %*s %u", local, remote, &owner) == 3 &&
            strcmp(local, client) == 0 && strcmp(remote, server) == 0) {
            *user = owner;
            found = 0;
        }
    }
    fclose(table);
    return found;
#else
    (void)family, (void)client_address, (void)client_port;
    (void)server_address, (void)server_port, (void)user;
    return -1;
#endif
}

int hob_platform_memory(size_t *resident, size_t *private_bytes)
{
#ifdef __linux__
    FILE *file = fopen("/proc/self/statm", "re");
    if (file == NULL)
        return -1;
    unsigned long pages, shared;
    int fields = fscanf(file, "%*u %lu %lu", &pages, &shared);
    fclose(file);
    if (fields != 2)
        return -1;
    size_t page = (size_t)sysconf(_SC_PAGESIZE);
    *resident = pages * page;
    *private_bytes = (pages - shared) * page;
    return 0;
#else
    struct rusage usage;
    if (getrusage(RUSAGE_SELF, &usage) != 0)
        return -1;
    *resident = (size_t)usage.ru_maxrss;
    *private_bytes = *resident;
    return 0;
#endif
}

unsigned hob_platform_cores(void)
{
#ifdef __linux__
    cpu_set_t set;
    if (sched_getaffinity(0, sizeof set, &set) == 0 && CPU_COUNT(&set) > 0)
        return (unsigned)CPU_COUNT(&set);
#endif
    long cores = sysconf(_SC_NPROCESSORS_ONLN);
    return cores > 0 ? (unsigned)cores : 1;
}

size_t hob_platform_raise_descriptor_limit(void)
{
    struct rlimit limit;
    if (getrlimit(RLIMIT_NOFILE, &limit) != 0)
        return 1024;
    if (limit.rlim_cur < limit.rlim_max) {
        limit.rlim_cur = limit.rlim_max;
        setrlimit(RLIMIT_NOFILE, &limit);
        getrlimit(RLIMIT_NOFILE, &limit);
    }
    return limit.rlim_cur;
}
