/* die_at: a library to preload, which kills hobd, as by kill -9, just before the k-th of the calls
 * that its start consists of: DIE_AT=k. Other programs are left alone. */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/file.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/types.h>
#include <unistd.h>

/* The wrappers have to be seen by the program, whatever the project's default is. */
#pragma GCC visibility push(default)

static long calls;

static void *step(const char *name)
{
    const char *at = getenv("DIE_AT");
    if (at != NULL && strcmp(program_invocation_short_name, "hobd") == 0 &&
        __atomic_add_fetch(&calls, 1, __ATOMIC_RELAXED) == atol(at))
        raise(SIGKILL);
    void *function = dlsym(RTLD_NEXT, name);
    if (function == NULL)
        abort();
    return function;
}

#define STEP(type, name, parameters, arguments)                                                    \
    type name parameters                                                                           \
    {                                                                                              \
        type(*next) parameters = (type(*) parameters)step(#name);                                  \
        return next arguments;                                                                     \
    }

STEP(int, socket, (int domain, int type, int protocol), (domain, type, protocol))
STEP(int, bind, (int socket, const struct sockaddr *address, socklen_t size),
     (socket, address, size))
STEP(int, listen, (int socket, int backlog), (socket, backlog))
STEP(int, connect, (int socket, const struct sockaddr *address, socklen_t size),
     (socket, address, size))
STEP(int, chmod, (const char *path, mode_t mode), (path, mode))
STEP(int, mkdir, (const char *path, mode_t mode), (path, mode))
STEP(int, lstat, (const char *path, struct stat *facts), (path, facts))
STEP(int, unlink, (const char *path), (path))
STEP(int, rename, (const char *from, const char *to), (from, to))
STEP(int, flock, (int descriptor, int operation), (descriptor, operation))
STEP(int, pipe2, (int ends[2], int flags), (ends, flags))
STEP(int, epoll_create1, (int flags), (flags))
STEP(ssize_t, write, (int descriptor, const void *data, size_t size), (descriptor, data, size))
STEP(int, pthread_create,
     (pthread_t * thread, const pthread_attr_t *attributes, void *(*run)(void *), void *data),
     (thread, attributes, run, data))
