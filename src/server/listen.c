/* listen: see listen.h.
 *
 * The unix socket is the way in without a password, so the directory that holds it must be the
 * owner's alone: a socket's own mode is not looked at everywhere. Two servers that start at the
 * same moment take turns through a lock on that directory, which leaves nothing behind when one of
 * them is killed. */
#define _GNU_SOURCE
#include "server/listen.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <sys/file.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/address.h"
#include "base/buffer.h"
#include "base/clock.h"
#include "base/file.h"
#include "base/peer.h"
#include "server/presence.h"

enum { BACKLOG = 1024, COPY_MS = 2000, TRY_AGAIN_US = 10000 };

/* A bound and listening socket, or -1 and errno. */
static int try_listen(const struct hob_address *address)
{
    int on = 1;
    HOB_AUTO(descriptor)
    int descriptor =
        socket(address->as.any.sa_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (descriptor < 0)
        return -1;
    setsockopt(descriptor, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
    if (bind(descriptor, &address->as.any, address->size) != 0 || listen(descriptor, BACKLOG) != 0)
        return -1;
    int result = descriptor;
    descriptor = -1;
    return result;
}

static unsigned next_free_port(const char *host, uint16_t port)
{
    struct hob_address address;
    for (unsigned next = port + 1U; next < port + 100U && next <= UINT16_MAX; next++) {
        hob_address_set_host(&address, host, (uint16_t)next);
        int descriptor = try_listen(&address);
        hob_file_close(descriptor);
        if (descriptor >= 0)
            return next;
    }
    return 0;
}

/* Who has the port, as far as anybody says so. */
static void name_owner(char *text, size_t size, const char *host, uint16_t port)
{
    HOB_AUTO(free) char *lock = hob_presence_lock_path(host, port);
    pid_t owner = hob_presence_server_of(lock);
    if (owner != 0)
        snprintf(text, size, "the server with process number %ld listens there", (long)owner);
    else
        snprintf(text, size, "another process listens there");
}

static int cannot_listen(const char *host, uint16_t port, int number, struct hob_error *error)
{
    char reason[128];
    snprintf(reason, sizeof reason, "%s", strerror(number));
    if (number == EADDRINUSE)
        name_owner(reason, sizeof reason, host, port);
    hob_error_set(error, HOB_E_IO, "cannot listen on %s port %u: %s", host, port, reason);
    unsigned next = number == EADDRINUSE ? next_free_port(host, port) : 0;
    if (next != 0)
        hob_error_hint(error, "try --port %u, or --port 0 for any that is free", next);
    else if (number == EACCES)
        hob_error_hint(error, "ports below 1024 are the system's: try --port 8765");
    return HOB_E_IO;
}

int hob_listen_tcp(const char *host, uint16_t *port, struct hob_error *error)
{
    struct hob_address address;
    if (!hob_address_set_host(&address, host, *port)) {
        hob_error_set(error, HOB_E_PARAMETER, "cannot listen on '%s': it is no address", host);
        hob_error_hint(error, "give an address of this machine, such as 127.0.0.1, ::1 or 0.0.0.0");
        return HOB_E_PARAMETER;
    }
    int descriptor = try_listen(&address);
    if (descriptor < 0)
        return cannot_listen(host, *port, errno, error);
    getsockname(descriptor, &address.as.any, &address.size);
    bool v6 = address.as.any.sa_family == AF_INET6;
    *port = ntohs(v6 ? address.as.v6.sin6_port : address.as.v4.sin_port);
    return descriptor;
}

int hob_listen_look(int descriptor, char text[HOB_LISTEN_ADDRESS_SIZE], uint16_t *port,
                    struct hob_error *error)
{
    struct hob_address address = {.size = sizeof address.as};
    if (getsockname(descriptor, &address.as.any, &address.size) != 0)
        return hob_error_from_errno(error, errno, "listen on", "an inherited socket");
    uint16_t number = 0;
    if (address.as.any.sa_family == AF_UNIX) {
        snprintf(text, HOB_LISTEN_ADDRESS_SIZE, "%.*s", HOB_ADDRESS_MAX_PATH,
                 address.as.local.sun_path);
    } else {
        bool v6 = address.as.any.sa_family == AF_INET6;
        inet_ntop(address.as.any.sa_family,
                  v6 ? (void *)&address.as.v6.sin6_addr : (void *)&address.as.v4.sin_addr, text,
                  HOB_LISTEN_ADDRESS_SIZE);
        number = ntohs(v6 ? address.as.v6.sin6_port : address.as.v4.sin_port);
    }
    if (port != NULL)
        *port = number;
    return 0;
}

/* ---- the unix socket ---- */

/* The directory of `path`, locked until it is closed; -1 and errno. */
static int lock_directory(const char *path)
{
    const char *slash = strrchr(path, '/');
    char directory[HOB_ADDRESS_MAX_PATH + 2] = ".";
    if (slash != NULL)
        snprintf(directory, sizeof directory, "%.*s", slash == path ? 1 : (int)(slash - path),
                 path);
    int descriptor = open(directory, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (descriptor >= 0)
        flock(descriptor, LOCK_EX);
    return descriptor;
}

/* Whether the socket is held open; *maker is the process that made it, 0 when that isn't known. */
static bool is_held(const struct hob_address *address, pid_t *maker)
{
    HOB_AUTO(descriptor)
    int descriptor = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    *maker = 0;
    if (descriptor < 0)
        return false;
    /* A full backlog (EAGAIN) is somebody, too. */
    if (connect(descriptor, &address->as.any, address->size) != 0)
        return errno == EAGAIN || errno == EINPROGRESS;
    *maker = hob_peer_process(descriptor);
    return true;
}

/* Whether somebody answers at the socket. A server that was killed while it was starting a worker
 * leaves a copy of itself for a moment, which holds the socket until it becomes that worker. */
static bool is_alive(const struct hob_address *address)
{
    pid_t maker;
    uint64_t started = hob_clock_now();
    while (is_held(address, &maker)) {
        if (hob_clock_milliseconds_since(started) >= COPY_MS || maker == 0 || kill(maker, 0) == 0 ||
            errno != ESRCH)
            return true;
        usleep(TRY_AGAIN_US);
    }
    return false;
}

/* Makes way for a new socket: 0, or an error when there is something that must stay. */
static int clear_place(const struct hob_address *address, struct hob_error *error)
{
    const char *path = address->as.local.sun_path;
    struct stat facts;
    if (lstat(path, &facts) != 0)
        return 0;
    if (!S_ISSOCK(facts.st_mode))
        return hob_error_set(error, HOB_E_IO,
                             "cannot listen on '%s': there is something else, which is no socket: "
                             "move it away, or name another path",
                             path);
    if (is_alive(address)) {
        hob_error_set(error, HOB_E_BUSY, "cannot listen on '%s': another server listens there",
                      path);
        hob_error_hint(error, "'hob serve --status --socket %.200s' says which", path);
        return HOB_E_BUSY;
    }
    unlink(path);
    return 0;
}

int hob_listen_local(const char *path, struct hob_error *error)
{
    struct hob_address address;
    if (!hob_address_set_path(&address, path))
        return hob_error_set(error, HOB_E_PARAMETER,
                             "cannot listen on '%s': such a path has 1 to %d bytes: choose a "
                             "shorter one",
                             path, HOB_ADDRESS_MAX_PATH);
    HOB_AUTO(descriptor) int lock = lock_directory(path);
    if (lock < 0) {
        int wrong = hob_error_from_errno(error, errno, "listen on", path);
        if (wrong == HOB_E_NOT_FOUND || wrong == HOB_E_NOT_DIRECTORY)
            hob_error_hint(error, "make its directory first, or leave --socket out");
        return wrong;
    }
    int code = clear_place(&address, error);
    if (code != 0)
        return code;
    HOB_AUTO(descriptor)
    int descriptor = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    /* Nobody can connect before listen: by then the mode is right. */
    if (descriptor < 0 || bind(descriptor, &address.as.any, address.size) != 0 ||
        chmod(path, 0600) != 0 || listen(descriptor, BACKLOG) != 0)
        return hob_error_from_errno(error, errno, "listen on", path);
    int result = descriptor;
    descriptor = -1;
    return result;
}
