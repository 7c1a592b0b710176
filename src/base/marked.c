/* marked: see marked.h. Linux shows the environment with which a process was started. */
#define _GNU_SOURCE
#include "base/marked.h"

#ifdef __linux__
#include <dirent.h>
#include <fcntl.h>
#include <signal.h>
#include <stdbool.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

enum {
    MOST_ENVIRONMENT = 256 << 10,
    PASSES = 10, /* one that starts others faster than they are found gets away */
};

/* Its number as a text in a directory's entry; 0: something else. */
static pid_t number_of(const char *text)
{
    pid_t number = 0;
    for (; *text >= '0' && *text <= '9' && number < 100000000; text++)
        number = number * 10 + (*text - '0');
    return *text == '\0' ? number : 0;
}

static size_t read_environment(pid_t pid, char *out, size_t size)
{
    char path[40] = "/proc/", digits[16];
    size_t at = strlen(path), count = 0, got = 0;
    for (pid_t left = pid; left > 0; left /= 10)
        digits[count++] = (char)('0' + left % 10);
    while (count > 0)
        path[at++] = digits[--count];
    strcpy(path + at, "/environ");
    int file = open(path, O_RDONLY | O_CLOEXEC);
    if (file < 0)
        return 0;
    for (ssize_t read_now; got < size && (read_now = read(file, out + got, size - got)) > 0;)
        got += (size_t)read_now;
    close(file);
    return got;
}

static bool is_among(pid_t number, const pid_t *numbers, size_t count)
{
    for (size_t i = 0; i < count; i++)
        if (number > 0 && numbers[i] == number)
            return true;
    return false;
}

/* Whether one of its variables is the mark with one of the numbers. */
static bool is_marked(char *environment, size_t size, const char *name, const pid_t *numbers,
                      size_t count)
{
    size_t length = strlen(name);
    environment[size] = '\0';
    for (size_t at = 0; at < size; at += strlen(environment + at) + 1) {
        const char *variable = environment + at;
        if (strncmp(variable, name, length) == 0 && variable[length] == '=')
            return is_among(number_of(variable + length + 1), numbers, count);
    }
    return false;
}

/* Held by a descriptor between the look and the signal: the number may be another's by then. */
static bool end_if_marked(pid_t pid, const char *name, const pid_t *numbers, size_t count)
{
    static char environment[MOST_ENVIRONMENT + 1];
    int held = (int)syscall(SYS_pidfd_open, pid, 0);
    if (held < 0)
        return false;
    size_t size = read_environment(pid, environment, MOST_ENVIRONMENT);
    bool found = is_marked(environment, size, name, numbers, count) &&
                 syscall(SYS_pidfd_send_signal, held, SIGKILL, NULL, 0) == 0;
    close(held);
    return found;
}

static bool end_all(int processes, const char *name, const pid_t *numbers, size_t count)
{
    static char entries[16 << 10];
    bool found = false;
    lseek(processes, 0, SEEK_SET);
    for (long size; (size = syscall(SYS_getdents64, processes, entries, sizeof entries)) > 0;) {
        for (long at = 0; at < size;) {
            const struct dirent64 *entry = (const struct dirent64 *)(void *)(entries + at);
            pid_t pid = number_of(entry->d_name);
            at += entry->d_reclen;
            if (pid > 0 && pid != getpid() && end_if_marked(pid, name, numbers, count))
                found = true;
        }
    }
    return found;
}

void hob_marked_end(const char *name, const pid_t *numbers, size_t count)
{
    int processes = open("/proc", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (processes < 0)
        return;
    for (int i = 0; i < PASSES && end_all(processes, name, numbers, count); i++)
        continue;
    close(processes);
}

#else

void hob_marked_end(const char *name, const pid_t *numbers, size_t count)
{
    (void)name, (void)numbers, (void)count;
}

#endif
