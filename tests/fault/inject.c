/* inject: a library to preload, in which the n-th allocation, or the n-th system call, goes wrong.
 *
 * HOB_INJECT names a file that holds a struct control; tests/fault/inject.py maps the same file,
 * and so tells a running program which call has to fail, and learns which one it was. Calls are
 * counted while `active` is set. Children are left alone.
 *
 * Memory that is given out and not yet given back is counted, too: what an error path forgets
 * stays. */
#undef _FILE_OFFSET_BITS /* both names of each call are wrapped */
#define _GNU_SOURCE
#include <dirent.h>
#include <dlfcn.h>
#include <errno.h>
#include <execinfo.h>
#include <fcntl.h>
#include <link.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/file.h>
#include <sys/mman.h>
#include <sys/random.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <unistd.h>

/* The wrappers have to be seen by the program, whatever the project's default is. */
#pragma GCC visibility push(default)

extern void *__libc_malloc(size_t size);
extern void *__libc_calloc(size_t count, size_t size);
extern void *__libc_realloc(void *memory, size_t size);
extern void *__libc_memalign(size_t alignment, size_t size);
extern void __libc_free(void *memory);

enum kind { MEMORY = 1, SYSTEM = 2, INTERRUPT = 3, SHORT = 4 };

enum { MOST_FRAMES = 24 };

/* The layout is known to inject.py. */
struct control {
    int32_t active, kind;
    int64_t at, calls, hits, blocks;
    int64_t descriptor, size;
    char function[32];
    char frames[MOST_FRAMES][96]; /* object+offset of the callers */
};

static struct control *control;
static __thread bool busy;

/* Says where a crash was. */
static void tell_crash(int number)
{
    void *frames[MOST_FRAMES];
    int count = backtrace(frames, MOST_FRAMES);
    backtrace_symbols_fd(frames, count, 2);
    signal(number, SIG_DFL);
    raise(number);
}

/* Where libmicrohttpd is. It takes a short or interrupted transfer on
 * its sockets, which don't block, for the end of what is there, as it is on Linux. And
 * a connection that epoll does not take it frees twice. */
static uintptr_t spared_from, spared_to;

static int find_spared(struct dl_phdr_info *info, size_t size, void *context)
{
    (void)size, (void)context;
    if (strstr(info->dlpi_name, "libmicrohttpd") == NULL)
        return 0;
    spared_from = info->dlpi_addr;
    for (int i = 0; i < info->dlpi_phnum; i++) {
        uintptr_t end = info->dlpi_addr + info->dlpi_phdr[i].p_vaddr + info->dlpi_phdr[i].p_memsz;
        spared_to = info->dlpi_phdr[i].p_type == PT_LOAD && end > spared_to ? end : spared_to;
    }
    return 1;
}

static bool is_spared(const void *caller)
{
    return (uintptr_t)caller >= spared_from && (uintptr_t)caller < spared_to;
}

static void leave_child(void)
{
    control = NULL;
}

__attribute__((constructor)) static void attach(void)
{
    void *frames[2];
    const char *path = getenv("HOB_INJECT");
    int file = path != NULL ? open(path, O_RDWR | O_CLOEXEC) : -1;
    if (file < 0)
        return;
    void *mapped = mmap(NULL, sizeof *control, PROT_READ | PROT_WRITE, MAP_SHARED, file, 0);
    close(file);
    dl_iterate_phdr(find_spared, NULL);
    backtrace(frames, 2); /* loads what it needs now, not in the middle of something */
    pthread_atfork(NULL, NULL, leave_child);
    if (mapped == MAP_FAILED)
        return;
    control = mapped;
    signal(SIGSEGV, tell_crash);
    signal(SIGBUS, tell_crash);
}

static void describe(const char *function, int64_t descriptor, int64_t size)
{
    void *frames[MOST_FRAMES + 2];
    Dl_info info;
    int count = backtrace(frames, MOST_FRAMES + 2);
    memset(control->frames, 0, sizeof control->frames);
    snprintf(control->function, sizeof control->function, "%s", function);
    control->descriptor = descriptor;
    control->size = size;
    for (int i = 2; i < count && i < MOST_FRAMES + 2; i++) {
        if (dladdr(frames[i], &info) == 0 || info.dli_fname == NULL)
            continue;
        const char *name = strrchr(info.dli_fname, '/');
        snprintf(control->frames[i - 2], sizeof *control->frames, "%.60s+0x%lx",
                 name != NULL ? name + 1 : info.dli_fname,
                 (unsigned long)((char *)frames[i] - (char *)info.dli_fbase));
    }
}

/* True when this call has to go wrong. */
__attribute__((noinline)) static bool strikes(enum kind kind, const char *function,
                                              int64_t descriptor, int64_t size)
{
    if (control == NULL || !control->active || control->kind != (int32_t)kind || busy)
        return false;
    if (__atomic_add_fetch(&control->calls, 1, __ATOMIC_RELAXED) != control->at)
        return false;
    busy = true;
    describe(function, descriptor, size);
    __atomic_add_fetch(&control->hits, 1, __ATOMIC_RELEASE);
    busy = false;
    return true;
}

static void *next(const char *name)
{
    bool was = busy;
    busy = true;
    void *function = dlsym(RTLD_NEXT, name);
    busy = was;
    if (function == NULL)
        abort();
    return function;
}

/* ---- memory ---- */

static void *counted(void *memory)
{
    if (memory != NULL && control != NULL)
        __atomic_add_fetch(&control->blocks, 1, __ATOMIC_RELAXED);
    return memory;
}

static bool no_memory(const char *function, size_t size)
{
    if (!strikes(MEMORY, function, -1, (int64_t)size))
        return false;
    errno = ENOMEM;
    return true;
}

void *malloc(size_t size)
{
    return no_memory("malloc", size) ? NULL : counted(__libc_malloc(size));
}

void *calloc(size_t count, size_t size)
{
    return no_memory("calloc", count * size) ? NULL : counted(__libc_calloc(count, size));
}

void free(void *memory)
{
    if (memory != NULL && control != NULL)
        __atomic_sub_fetch(&control->blocks, 1, __ATOMIC_RELAXED);
    __libc_free(memory);
}

void *realloc(void *memory, size_t size)
{
    if (no_memory("realloc", size))
        return NULL;
    void *moved = __libc_realloc(memory, size);
    if (memory == NULL)
        counted(moved);
    else if (size == 0 && control != NULL)
        __atomic_sub_fetch(&control->blocks, 1, __ATOMIC_RELAXED);
    return moved;
}

int posix_memalign(void **memory, size_t alignment, size_t size)
{
    if (no_memory("posix_memalign", size))
        return ENOMEM;
    *memory = counted(__libc_memalign(alignment, size));
    return *memory != NULL ? 0 : ENOMEM;
}

void *aligned_alloc(size_t alignment, size_t size)
{
    return no_memory("aligned_alloc", size) ? NULL : counted(__libc_memalign(alignment, size));
}

/* ---- system calls ---- */

#define CALL(type, name, parameters, arguments, descriptor, failed, number)                        \
    type name parameters                                                                           \
    {                                                                                              \
        static type(*real) parameters;                                                             \
        if (real == NULL)                                                                          \
            real = (type(*) parameters)next(#name);                                                \
        if (strikes(SYSTEM, #name, descriptor, 0)) {                                               \
            errno = number;                                                                        \
            return failed;                                                                         \
        }                                                                                          \
        return real arguments;                                                                     \
    }

/* A packet is sent and read as a whole. */
static bool is_packets(int file)
{
    int type = 0, number = errno;
    socklen_t size = sizeof type;
    if (control == NULL || !control->active || control->kind != SHORT)
        return false;
    bool packets = getsockopt(file, SOL_SOCKET, SO_TYPE, &type, &size) == 0 && type != SOCK_STREAM;
    errno = number;
    return packets;
}

/* Waking by one never fails: there is room in its counter, or it is awake already. */
static bool is_eventfd(int file, size_t size)
{
    static const char kind[] = "anon_inode:[eventfd]";
    char path[40], target[sizeof kind];
    int number = errno;
    if (size != sizeof(uint64_t) || control == NULL || !control->active)
        return false;
    snprintf(path, sizeof path, "/proc/self/fd/%d", file);
    bool is = readlink(path, target, sizeof target) == sizeof kind - 1 &&
              memcmp(target, kind, sizeof kind - 1) == 0;
    errno = number;
    return is;
}

/* Those that a signal may interrupt, and that may do less than was asked. */
#define TRANSFER(name, parameters, arguments, halved, descriptor, number)                          \
    ssize_t name parameters                                                                        \
    {                                                                                              \
        static ssize_t(*real) parameters;                                                          \
        if (real == NULL)                                                                          \
            real = (ssize_t(*) parameters)next(#name);                                             \
        if (strikes(SYSTEM, #name, descriptor, (int64_t)size)) {                                   \
            errno = number;                                                                        \
            return -1;                                                                             \
        }                                                                                          \
        if (!is_spared(__builtin_return_address(0)) &&                                             \
            strikes(INTERRUPT, #name, descriptor, (int64_t)size)) {                                \
            errno = EINTR;                                                                         \
            return -1;                                                                             \
        }                                                                                          \
        if (size > 1 && !is_packets(file) && !is_spared(__builtin_return_address(0)) &&            \
            strikes(SHORT, #name, descriptor, (int64_t)size))                                      \
            return real halved;                                                                    \
        return real arguments;                                                                     \
    }

TRANSFER(read, (int file, void *data, size_t size), (file, data, size), (file, data, size / 2),
         file, EIO)
TRANSFER(pread64, (int file, void *data, size_t size, off64_t at), (file, data, size, at),
         (file, data, size / 2, at), file, EIO)
TRANSFER(pwrite64, (int file, const void *data, size_t size, off64_t at), (file, data, size, at),
         (file, data, size / 2, at), file, ENOSPC)
TRANSFER(recv, (int file, void *data, size_t size, int flags), (file, data, size, flags),
         (file, data, size / 2, flags), file, ECONNRESET)
TRANSFER(send, (int file, const void *data, size_t size, int flags), (file, data, size, flags),
         (file, data, size / 2, flags), file, EPIPE)

ssize_t write(int file, const void *data, size_t size)
{
    static ssize_t (*real)(int, const void *, size_t);
    if (real == NULL)
        real = (ssize_t(*)(int, const void *, size_t))next("write");
    if (is_spared(__builtin_return_address(0)) || is_eventfd(file, size))
        return real(file, data, size);
    bool fails = strikes(SYSTEM, "write", file, (int64_t)size);
    if (fails || strikes(INTERRUPT, "write", file, (int64_t)size)) {
        errno = fails ? ENOSPC : EINTR;
        return -1;
    }
    bool halved = size > 1 && !is_packets(file) && strikes(SHORT, "write", file, (int64_t)size);
    return real(file, data, halved ? size / 2 : size);
}

ssize_t sendmsg(int file, const struct msghdr *message, int flags)
{
    static ssize_t (*real)(int, const struct msghdr *, int);
    if (real == NULL)
        real = (ssize_t(*)(int, const struct msghdr *, int))next("sendmsg");
    if (strikes(SYSTEM, "sendmsg", file, 0)) {
        errno = EPIPE;
        return -1;
    }
    if (is_spared(__builtin_return_address(0)))
        return real(file, message, flags);
    if (strikes(INTERRUPT, "sendmsg", file, 0)) {
        errno = EINTR;
        return -1;
    }
    if (message->msg_iovlen > 1 && strikes(SHORT, "sendmsg", file, 0)) {
        struct msghdr first = *message;
        first.msg_iovlen = 1;
        return real(file, &first, flags);
    }
    return real(file, message, flags);
}

static mode_t mode_of(int flags, va_list arguments)
{
    return (flags & (O_CREAT | __O_TMPFILE)) != 0 ? va_arg(arguments, mode_t) : 0;
}

static bool open_fails(const char *function, int directory)
{
    if (strikes(SYSTEM, function, directory, 0)) {
        errno = EMFILE;
        return true;
    }
    return false;
}

#define OPEN(name)                                                                                 \
    int name(const char *path, int flags, ...)                                                     \
    {                                                                                              \
        static int (*real)(const char *, int, ...);                                                \
        va_list arguments;                                                                         \
        if (real == NULL)                                                                          \
            real = (int (*)(const char *, int, ...))next(#name);                                   \
        va_start(arguments, flags);                                                                \
        mode_t mode = mode_of(flags, arguments);                                                   \
        va_end(arguments);                                                                         \
        return open_fails(#name, AT_FDCWD) ? -1 : real(path, flags, mode);                         \
    }

#define OPENAT(name)                                                                               \
    int name(int directory, const char *path, int flags, ...)                                      \
    {                                                                                              \
        static int (*real)(int, const char *, int, ...);                                           \
        va_list arguments;                                                                         \
        if (real == NULL)                                                                          \
            real = (int (*)(int, const char *, int, ...))next(#name);                              \
        va_start(arguments, flags);                                                                \
        mode_t mode = mode_of(flags, arguments);                                                   \
        va_end(arguments);                                                                         \
        return open_fails(#name, directory) ? -1 : real(directory, path, flags, mode);             \
    }

OPEN(open)
OPEN(open64)
OPENAT(openat)
OPENAT(openat64)

/* To give a lock up is nothing that a file system on this machine refuses; SQLite, which doesn't
 * look, would hold it for ever. */
static bool unlocks(int command, const void *argument)
{
    return command == F_SETLK && ((const struct flock *)argument)->l_type == F_UNLCK;
}

#define FCNTL(name)                                                                                \
    int name(int file, int command, ...)                                                           \
    {                                                                                              \
        static int (*real)(int, int, ...);                                                         \
        va_list arguments;                                                                         \
        if (real == NULL)                                                                          \
            real = (int (*)(int, int, ...))next(#name);                                            \
        va_start(arguments, command);                                                              \
        void *argument = va_arg(arguments, void *);                                                \
        va_end(arguments);                                                                         \
        if (!unlocks(command, argument) && strikes(SYSTEM, #name, file, 0)) {                      \
            errno = ENOLCK;                                                                        \
            return -1;                                                                             \
        }                                                                                          \
        return real(file, command, argument);                                                      \
    }

FCNTL(fcntl)
FCNTL(fcntl64)

/* The descriptor is gone also when close fails. */
int close(int file)
{
    static int (*real)(int);
    if (real == NULL)
        real = (int (*)(int))next("close");
    if (!strikes(SYSTEM, "close", file, 0))
        return real(file);
    real(file);
    errno = EIO;
    return -1;
}

/* To take a descriptor out needs nothing, and can't fail. */
int epoll_ctl(int file, int operation, int which, struct epoll_event *event)
{
    static int (*real)(int, int, int, struct epoll_event *);
    if (real == NULL)
        real = (int (*)(int, int, int, struct epoll_event *))next("epoll_ctl");
    if (operation == EPOLL_CTL_DEL || is_spared(__builtin_return_address(0)) ||
        !strikes(SYSTEM, "epoll_ctl", file, operation))
        return real(file, operation, which, event);
    errno = ENOMEM;
    return -1;
}

CALL(FILE *, fopen, (const char *path, const char *mode), (path, mode), -1, NULL, EMFILE)
CALL(FILE *, fopen64, (const char *path, const char *mode), (path, mode), -1, NULL, EMFILE)
CALL(DIR *, opendir, (const char *path), (path), -1, NULL, EMFILE)
CALL(DIR *, fdopendir, (int file), (file), file, NULL, EMFILE)
CALL(struct dirent *, readdir, (DIR * directory), (directory), -1, NULL, EIO)
CALL(struct dirent64 *, readdir64, (DIR * directory), (directory), -1, NULL, EIO)
CALL(int, stat, (const char *path, struct stat *facts), (path, facts), -1, -1, EACCES)
CALL(int, stat64, (const char *path, struct stat64 *facts), (path, facts), -1, -1, EACCES)
CALL(int, lstat, (const char *path, struct stat *facts), (path, facts), -1, -1, EACCES)
CALL(int, lstat64, (const char *path, struct stat64 *facts), (path, facts), -1, -1, EACCES)
CALL(int, fstat, (int file, struct stat *facts), (file, facts), file, -1, EIO)
CALL(int, fstat64, (int file, struct stat64 *facts), (file, facts), file, -1, EIO)
CALL(int, fstatat, (int at, const char *path, struct stat *facts, int flags),
     (at, path, facts, flags), -1, -1, EACCES)
CALL(int, fstatat64, (int at, const char *path, struct stat64 *facts, int flags),
     (at, path, facts, flags), -1, -1, EACCES)
CALL(int, access, (const char *path, int mode), (path, mode), -1, -1, EACCES)
CALL(int, faccessat, (int at, const char *path, int mode, int flags), (at, path, mode, flags), -1,
     -1, EACCES)
CALL(char *, realpath, (const char *path, char *out), (path, out), -1, NULL, EACCES)
CALL(ssize_t, readlink, (const char *path, char *out, size_t size), (path, out, size), -1, -1, EIO)
CALL(char *, getcwd, (char *out, size_t size), (out, size), -1, NULL, EACCES)
CALL(int, chdir, (const char *path), (path), -1, -1, EACCES)
CALL(int, fchdir, (int file), (file), file, -1, EACCES)
CALL(int, mkdir, (const char *path, mode_t mode), (path, mode), -1, -1, ENOSPC)
CALL(int, mkdirat, (int at, const char *path, mode_t mode), (at, path, mode), -1, -1, ENOSPC)
CALL(int, rename, (const char *from, const char *to), (from, to), -1, -1, EIO)
CALL(int, renameat, (int from_at, const char *from, int to_at, const char *to),
     (from_at, from, to_at, to), -1, -1, EIO)
CALL(int, linkat, (int from_at, const char *from, int to_at, const char *to, int flags),
     (from_at, from, to_at, to, flags), -1, -1, EACCES)
CALL(int, unlink, (const char *path), (path), -1, -1, EACCES)
CALL(int, unlinkat, (int at, const char *path, int flags), (at, path, flags), -1, -1, EACCES)
CALL(int, chmod, (const char *path, mode_t mode), (path, mode), -1, -1, EPERM)
CALL(int, fchmod, (int file, mode_t mode), (file, mode), file, -1, EPERM)
CALL(int, fchown, (int file, uid_t owner, gid_t group), (file, owner, group), file, -1, EPERM)
CALL(int, ftruncate64, (int file, off64_t size), (file, size), file, -1, ENOSPC)
CALL(int, fsync, (int file), (file), file, -1, EIO)
CALL(int, fdatasync, (int file), (file), file, -1, EIO)
CALL(int, flock, (int file, int operation), (file, operation), file, -1, ENOLCK)
CALL(off64_t, lseek64, (int file, off64_t offset, int whence), (file, offset, whence), file, -1,
     EIO)
CALL(void *, mmap, (void *at, size_t size, int protection, int flags, int file, off_t offset),
     (at, size, protection, flags, file, offset), file, MAP_FAILED, ENOMEM)
CALL(void *, mmap64, (void *at, size_t size, int protection, int flags, int file, off64_t offset),
     (at, size, protection, flags, file, offset), file, MAP_FAILED, ENOMEM)
CALL(int, socket, (int domain, int type, int protocol), (domain, type, protocol), -1, -1, EMFILE)
CALL(int, bind, (int file, const struct sockaddr *address, socklen_t size), (file, address, size),
     file, -1, EADDRINUSE)
CALL(int, listen, (int file, int backlog), (file, backlog), file, -1, EADDRINUSE)
CALL(int, connect, (int file, const struct sockaddr *address, socklen_t size),
     (file, address, size), file, -1, ECONNREFUSED)
CALL(int, accept4, (int file, struct sockaddr *address, socklen_t *size, int flags),
     (file, address, size, flags), file, -1, EMFILE)
CALL(int, getsockname, (int file, struct sockaddr *address, socklen_t *size), (file, address, size),
     file, -1, ENOBUFS)
CALL(int, getpeername, (int file, struct sockaddr *address, socklen_t *size), (file, address, size),
     file, -1, ENOBUFS)
CALL(int, setsockopt, (int file, int level, int name, const void *value, socklen_t size),
     (file, level, name, value, size), file, -1, ENOMEM)
CALL(int, getsockopt, (int file, int level, int name, void *value, socklen_t *size),
     (file, level, name, value, size), file, -1, ENOBUFS)
CALL(int, shutdown, (int file, int how), (file, how), file, -1, ENOTCONN)
CALL(int, epoll_create1, (int flags), (flags), -1, -1, EMFILE)
CALL(int, epoll_wait, (int file, struct epoll_event *events, int most, int wait),
     (file, events, most, wait), file, -1, EINTR)
CALL(int, poll, (struct pollfd * files, nfds_t count, int wait), (files, count, wait), -1, -1,
     EINTR)
CALL(int, eventfd, (unsigned value, int flags), (value, flags), -1, -1, EMFILE)
CALL(int, pipe2, (int ends[2], int flags), (ends, flags), -1, -1, EMFILE)
CALL(int, dup2, (int file, int other), (file, other), file, -1, EMFILE)
CALL(int, dup3, (int file, int other, int flags), (file, other, flags), file, -1, EMFILE)
CALL(pid_t, fork, (void), (), -1, -1, EAGAIN)
CALL(ssize_t, getrandom, (void *data, size_t size, unsigned flags), (data, size, flags), -1, -1,
     ENOSYS)
CALL(int, getrlimit64, (__rlimit_resource_t which, struct rlimit64 *limit), (which, limit), -1, -1,
     EPERM)
CALL(int, pthread_create,
     (pthread_t * thread, const pthread_attr_t *attributes, void *(*run)(void *), void *data),
     (thread, attributes, run, data), -1, EAGAIN, EAGAIN)
