/* calls: the system's calls. */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/personality.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <termios.h>
#include <time.h>
#include <unistd.h>

#include "bare/system.h"

enum { KERNEL_SIGNALS = 8 /* bytes of a set */ };

long syscall(long number, ...)
{
    va_list rest;
    long given[5];
    va_start(rest, number);
    for (size_t i = 0; i < sizeof given / sizeof given[0]; i++)
        given[i] = va_arg(rest, long);
    va_end(rest);
    return hob_bare_result(
        hob_bare_call(number, given[0], given[1], given[2], given[3], given[4], 0));
}

/* --- files --- */

int open(const char *path, int flags, ...)
{
    mode_t mode = 0;
    if (flags & O_CREAT) {
        va_list rest;
        va_start(rest, flags);
        mode = va_arg(rest, mode_t);
        va_end(rest);
    }
    return (int)CALL4(openat, AT_FDCWD, path, flags, mode);
}

int close(int descriptor)
{
    return (int)CALL1(close, descriptor);
}

ssize_t read(int descriptor, void *into, size_t size)
{
    return CALL3(read, descriptor, into, size);
}

ssize_t write(int descriptor, const void *from, size_t size)
{
    return CALL3(write, descriptor, from, size);
}

int stat(const char *restrict path, struct stat *restrict facts)
{
    return (int)CALL4(newfstatat, AT_FDCWD, path, facts, 0);
}

int lstat(const char *restrict path, struct stat *restrict facts)
{
    return (int)CALL4(newfstatat, AT_FDCWD, path, facts, AT_SYMLINK_NOFOLLOW);
}

int fstat(int descriptor, struct stat *facts)
{
    return (int)CALL4(newfstatat, descriptor, "", facts, AT_EMPTY_PATH);
}

int access(const char *path, int mode)
{
    return (int)CALL3(faccessat, AT_FDCWD, path, mode);
}

int mkdir(const char *path, mode_t mode)
{
    return (int)CALL3(mkdirat, AT_FDCWD, path, mode);
}

int rename(const char *from, const char *to)
{
    return (int)CALL5(renameat2, AT_FDCWD, from, AT_FDCWD, to, 0);
}

int unlink(const char *path)
{
    return (int)CALL3(unlinkat, AT_FDCWD, path, 0);
}

ssize_t readlink(const char *restrict path, char *restrict into, size_t size)
{
    return CALL4(readlinkat, AT_FDCWD, path, into, size);
}

mode_t umask(mode_t mask)
{
    return (mode_t)CALL1(umask, mask);
}

char *getcwd(char *into, size_t size)
{
    char own[PATH_MAX];
    if (CALL2(getcwd, own, sizeof own) < 0)
        return NULL;
    size_t needed = strlen(own) + 1;
    if (into == NULL)
        into = malloc(needed);
    else if (size < needed)
        return NULL;
    return into != NULL ? memcpy(into, own, needed) : NULL;
}

/* The system knows by which path a file was opened, without links. */
char *realpath(const char *restrict path, char *restrict into)
{
    char link[64], own[PATH_MAX];
    int descriptor = open(path, O_PATH | O_CLOEXEC);
    if (descriptor < 0)
        return NULL;
    snprintf(link, sizeof link, "/proc/self/fd/%d", descriptor);
    ssize_t size = readlink(link, own, sizeof own - 1);
    close(descriptor);
    if (size <= 0 || own[0] != '/')
        return NULL;
    own[size] = '\0';
    if (into == NULL)
        into = malloc((size_t)size + 1);
    return into != NULL ? memcpy(into, own, (size_t)size + 1) : NULL;
}

int fcntl(int descriptor, int command, ...)
{
    va_list rest;
    va_start(rest, command);
    long given = va_arg(rest, long);
    va_end(rest);
    return (int)CALL3(fcntl, descriptor, command, given);
}

int ioctl(int descriptor, unsigned long command, ...)
{
    va_list rest;
    va_start(rest, command);
    void *given = va_arg(rest, void *);
    va_end(rest);
    return (int)CALL3(ioctl, descriptor, command, given);
}

int isatty(int descriptor)
{
    char settings[128]; /* larger than the kernel's structure, which is not the C library's */
    return ioctl(descriptor, TCGETS, settings) == 0;
}

pid_t tcgetpgrp(int descriptor)
{
    pid_t group;
    return ioctl(descriptor, TIOCGPGRP, &group) == 0 ? group : -1;
}

int poll(struct pollfd *watched, nfds_t count, int milliseconds)
{
    struct timespec limit = {milliseconds / 1000, milliseconds % 1000 * 1000000L};
    return (int)CALL5(ppoll, watched, count, milliseconds < 0 ? NULL : &limit, NULL,
                      KERNEL_SIGNALS);
}

int madvise(void *memory, size_t size, int advice)
{
    return (int)CALL3(madvise, memory, size, advice);
}

/* --- sockets --- */

int socket(int domain, int kind, int protocol)
{
    return (int)CALL3(socket, domain, kind, protocol);
}

int connect(int descriptor, const struct sockaddr *address, socklen_t size)
{
    return (int)CALL3(connect, descriptor, address, size);
}

int getsockname(int descriptor, struct sockaddr *restrict address, socklen_t *restrict size)
{
    return (int)CALL3(getsockname, descriptor, address, size);
}

int getpeername(int descriptor, struct sockaddr *restrict address, socklen_t *restrict size)
{
    return (int)CALL3(getpeername, descriptor, address, size);
}

int setsockopt(int descriptor, int level, int name, const void *value, socklen_t size)
{
    return (int)CALL5(setsockopt, descriptor, level, name, value, size);
}

int getsockopt(int descriptor, int level, int name, void *restrict value, socklen_t *restrict size)
{
    return (int)CALL5(getsockopt, descriptor, level, name, value, size);
}

ssize_t send(int descriptor, const void *from, size_t size, int flags)
{
    return CALL6(sendto, descriptor, from, size, flags, 0, 0);
}

ssize_t recv(int descriptor, void *into, size_t size, int flags)
{
    return CALL6(recvfrom, descriptor, into, size, flags, 0, 0);
}

ssize_t sendmsg(int descriptor, const struct msghdr *message, int flags)
{
    return CALL3(sendmsg, descriptor, message, flags);
}

ssize_t recvmsg(int descriptor, struct msghdr *message, int flags)
{
    return CALL3(recvmsg, descriptor, message, flags);
}

struct cmsghdr *__cmsg_nxthdr(struct msghdr *message, struct cmsghdr *part)
{
    char *next = (char *)part + CMSG_ALIGN(part->cmsg_len);
    char *end = (char *)message->msg_control + message->msg_controllen;
    bool whole = part->cmsg_len >= sizeof *part && next + sizeof *part <= end &&
                 next + CMSG_ALIGN(((struct cmsghdr *)(void *)next)->cmsg_len) <= end;
    return whole ? (struct cmsghdr *)(void *)next : NULL;
}

/* --- this process --- */

pid_t getpid(void)
{
    return (pid_t)CALL0(getpid);
}

uid_t getuid(void)
{
    return (uid_t)CALL0(getuid);
}

uid_t geteuid(void)
{
    return (uid_t)CALL0(geteuid);
}

gid_t getgid(void)
{
    return (gid_t)CALL0(getgid);
}

gid_t getegid(void)
{
    return (gid_t)CALL0(getegid);
}

pid_t getpgrp(void)
{
    return (pid_t)CALL1(getpgid, 0);
}

int getgroups(int most, gid_t *groups)
{
    return (int)CALL2(getgroups, most, groups);
}

int getrlimit(__rlimit_resource_t kind, struct rlimit *limit)
{
    return (int)CALL4(prlimit64, 0, kind, NULL, limit);
}

int setrlimit(__rlimit_resource_t kind, const struct rlimit *limit)
{
    return (int)CALL4(prlimit64, 0, kind, limit, NULL);
}

int getpriority(__priority_which_t which, id_t who)
{
    return 20 - (int)CALL2(getpriority, which, who); /* the system itself never answers below 1 */
}

int sched_getscheduler(pid_t pid)
{
    return (int)CALL1(sched_getscheduler, pid);
}

int sched_getaffinity(pid_t pid, size_t size, cpu_set_t *cores)
{
    return CALL3(sched_getaffinity, pid, size, cores) < 0 ? -1 : 0;
}

int personality(unsigned long persona)
{
    return (int)CALL1(personality, persona);
}

int prctl(int option, ...)
{
    va_list rest;
    long given[4];
    va_start(rest, option);
    for (size_t i = 0; i < sizeof given / sizeof given[0]; i++)
        given[i] = va_arg(rest, long);
    va_end(rest);
    return (int)CALL5(prctl, option, given[0], given[1], given[2], given[3]);
}

int clock_gettime(clockid_t clock, struct timespec *now)
{
    return (int)CALL2(clock_gettime, clock, now);
}

int execv(const char *path, char *const *words)
{
    return (int)CALL3(execve, path, words, environ);
}

/* --- signals --- */

/* The system's own structure. */
struct action {
    __sighandler_t handler;
    unsigned long flags;
    void (*restorer)(void);
    uint64_t mask;
};

int sigaction(int number, const struct sigaction *restrict fresh, struct sigaction *restrict before)
{
    struct action old, wanted = {.handler = SIG_DFL};
    if (fresh != NULL)
        wanted.handler = fresh->sa_handler; /* default or ignored: there are no handlers here */
    if (CALL4(rt_sigaction, number, fresh != NULL ? &wanted : NULL, &old, KERNEL_SIGNALS) != 0)
        return -1;
    if (before != NULL)
        before->sa_handler = old.handler;
    return 0;
}

__sighandler_t signal(int number, __sighandler_t handler)
{
    struct sigaction before, fresh = {.sa_handler = handler};
    return sigaction(number, &fresh, &before) == 0 ? before.sa_handler : SIG_ERR;
}

int sigprocmask(int how, const sigset_t *restrict set, sigset_t *restrict before)
{
    return (int)CALL4(rt_sigprocmask, how, set, before, KERNEL_SIGNALS);
}

static uint64_t bit_of(int number)
{
    return UINT64_C(1) << (number - 1);
}

static uint64_t bits_of(const sigset_t *set)
{
    uint64_t bits;
    memcpy(&bits, set, sizeof bits);
    return bits;
}

static int set_bits(sigset_t *set, uint64_t bits)
{
    memset(set, 0, sizeof *set);
    memcpy(set, &bits, sizeof bits);
    return 0;
}

int sigemptyset(sigset_t *set)
{
    return set_bits(set, 0);
}

/* But the two that the C library keeps for itself: a program may have them blocked. */
int sigfillset(sigset_t *set)
{
    return set_bits(set, ~(bit_of(32) | bit_of(33)));
}

int sigaddset(sigset_t *set, int number)
{
    return set_bits(set, bits_of(set) | bit_of(number));
}

int sigdelset(sigset_t *set, int number)
{
    return set_bits(set, bits_of(set) & ~bit_of(number));
}

int sigismember(const sigset_t *set, int number)
{
    return (bits_of(set) & bit_of(number)) != 0;
}

int kill(pid_t pid, int number)
{
    return (int)CALL2(kill, pid, number);
}

int raise(int number)
{
    return kill(getpid(), number);
}

int signalfd(int descriptor, const sigset_t *set, int flags)
{
    return (int)CALL4(signalfd4, descriptor, set, KERNEL_SIGNALS, flags);
}
