/* fail_at: a library to preload, which makes the k-th system call of a program go wrong.
 *
 * FAIL_AT=k counts the calls that touch files, FAIL_HOW says what happens at the k-th: `error` (it
 * fails with ENOSPC) or `kill` (the process dies before it, as by kill -9). The calls that were
 * made are counted in the file FAIL_COUNT, when that is set, so that a test knows when to stop. */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* The wrappers have to be seen by the program, whatever the project's default is. */
#pragma GCC visibility push(default)

static long calls;

/* True when this call has to fail. */
static int is_my_turn(void)
{
    const char *at = getenv("FAIL_AT"), *how = getenv("FAIL_HOW");
    calls++;
    if (at == NULL || atol(at) != calls)
        return 0;
    if (how != NULL && strcmp(how, "kill") == 0)
        raise(SIGKILL);
    errno = ENOSPC;
    return 1;
}

static void *next(const char *name)
{
    void *function = dlsym(RTLD_NEXT, name);
    if (function == NULL)
        abort();
    return function;
}

__attribute__((destructor)) static void report(void)
{
    const char *path = getenv("FAIL_COUNT");
    FILE *file = path != NULL ? fopen(path, "w") : NULL;
    if (file != NULL) {
        fprintf(file, "%ld\n", calls);
        fclose(file);
    }
}

ssize_t write(int descriptor, const void *data, size_t size)
{
    ssize_t (*real)(int, const void *, size_t) = next("write");
    if (descriptor <= 2)
        return real(descriptor, data, size);
    if (is_my_turn()) {
        real(descriptor, data, size / 2); /* a disk that fills up takes some of it */
        errno = ENOSPC;
        return -1;
    }
    return real(descriptor, data, size);
}

int fsync(int descriptor)
{
    int (*real)(int) = next("fsync");
    return is_my_turn() ? -1 : real(descriptor);
}

int close(int descriptor)
{
    int (*real)(int) = next("close");
    return is_my_turn() ? (real(descriptor), errno = ENOSPC, -1) : real(descriptor);
}

int renameat(int from, const char *old, int to, const char *name)
{
    int (*real)(int, const char *, int, const char *) = next("renameat");
    return is_my_turn() ? -1 : real(from, old, to, name);
}

int linkat(int from, const char *old, int to, const char *name, int flags)
{
    int (*real)(int, const char *, int, const char *, int) = next("linkat");
    return is_my_turn() ? -1 : real(from, old, to, name, flags);
}

int fchmod(int descriptor, mode_t mode)
{
    int (*real)(int, mode_t) = next("fchmod");
    return is_my_turn() ? -1 : real(descriptor, mode);
}

int faccessat(int directory, const char *path, int mode, int flags)
{
    int (*real)(int, const char *, int, int) = next("faccessat");
    return is_my_turn() ? -1 : real(directory, path, mode, flags);
}

int openat(int directory, const char *path, int flags, ...)
{
    int (*real)(int, const char *, int, ...) = next("openat");
    va_list arguments;
    va_start(arguments, flags);
    mode_t mode = (flags & O_CREAT) != 0 ? va_arg(arguments, mode_t) : 0;
    va_end(arguments);
    return is_my_turn() ? -1 : real(directory, path, flags, mode);
}

int open(const char *path, int flags, ...)
{
    int (*real)(const char *, int, ...) = next("open");
    va_list arguments;
    va_start(arguments, flags);
    mode_t mode = (flags & O_CREAT) != 0 ? va_arg(arguments, mode_t) : 0;
    va_end(arguments);
    return is_my_turn() ? -1 : real(path, flags, mode);
}
