/* follow_look: what a stopped process is asked: its words, its memory, what it is about to open. */
#define _GNU_SOURCE
#ifdef __linux__
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <sys/ptrace.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <unistd.h>

#include "base/file.h"
#include "profile/follow_internal.h"

enum { MOST_WORDS = 256 << 10, FACTS_SIZE = 8 << 10, PAGE = 4096 };

/* The beginning of a file of /proc, a NUL behind it; its size. */
static size_t read_fact(pid_t pid, const char *name, char *text, size_t size)
{
    char path[64];
    size_t got = 0;
    snprintf(path, sizeof path, "/proc/%ld/%s", (long)pid, name);
    HOB_AUTO(descriptor) int file = open(path, O_RDONLY | O_CLOEXEC);
    while (file >= 0 && got + 1 < size) {
        ssize_t part = read(file, text + got, size - 1 - got);
        if (part <= 0)
            break;
        got += (size_t)part;
    }
    text[got] = '\0';
    return got;
}

/* The number behind `label` at the start of a line; 0 when it is not there. */
static unsigned long long fact(const char *facts, const char *label)
{
    unsigned long long number = 0;
    for (const char *at = facts; at != NULL; at = strchr(at, '\n')) {
        at += *at == '\n';
        if (strncmp(at, label, strlen(label)) == 0)
            sscanf(at + strlen(label), " %llu", &number);
    }
    return number;
}

pid_t follow_leader_of(pid_t thread)
{
    char facts[FACTS_SIZE];
    read_fact(thread, "status", facts, sizeof facts);
    return (pid_t)fact(facts, "Tgid:");
}

struct hob_text follow_words_of(pid_t pid, struct hob_arena *arena)
{
    HOB_AUTO(free) char *words = hob_alloc(MOST_WORDS);
    size_t size = read_fact(pid, "cmdline", words, MOST_WORDS);
    return hob_arena_copy(arena, (struct hob_text){words, size});
}

void follow_look_at_memory(struct hob_follow_process *process, bool shared)
{
    char facts[FACTS_SIZE];
    read_fact((pid_t)process->pid, "status", facts, sizeof facts);
    process->peak = (size_t)fact(facts, "VmHWM:") << 10;
    if (!shared)
        return;
    read_fact((pid_t)process->pid, "smaps_rollup", facts, sizeof facts);
    process->resident = (size_t)fact(facts, "Rss:") << 10;
    process->proportional = (size_t)fact(facts, "Pss:") << 10;
    process->shared = (size_t)(fact(facts, "Shared_Clean:") + fact(facts, "Shared_Dirty:")) << 10;
    process->private_memory =
        (size_t)(fact(facts, "Private_Clean:") + fact(facts, "Private_Dirty:")) << 10;
}

/* A string of the process's, up to its NUL; page by page, because the next page may not be there.
 */
static bool read_string(pid_t thread, uint64_t address, char text[PATH_MAX])
{
    size_t got = 0;
    while (got < PATH_MAX) {
        size_t part = PAGE - (size_t)((address + got) % PAGE);
        part = part < PATH_MAX - got ? part : PATH_MAX - got;
        struct iovec here = {text + got, part};
        struct iovec there = {(void *)(uintptr_t)(address + got), part};
        if (process_vm_readv(thread, &here, 1, &there, 1, 0) != (ssize_t)part)
            return false;
        if (memchr(text + got, '\0', part) != NULL)
            return true;
        got += part;
    }
    return false;
}

static bool put_directory(struct hob_buffer *path, pid_t thread, int descriptor)
{
    char link[64], directory[PATH_MAX];
    if (descriptor == AT_FDCWD)
        snprintf(link, sizeof link, "/proc/%ld/cwd", (long)thread);
    else
        snprintf(link, sizeof link, "/proc/%ld/fd/%d", (long)thread, descriptor);
    ssize_t size = readlink(link, directory, sizeof directory);
    if (size <= 0)
        return false;
    hob_buffer_put(path, directory, (size_t)size);
    if (path->data[path->size - 1] != '/')
        hob_buffer_put_char(path, '/');
    return true;
}

struct opening {
    int directory;
    uint64_t path, flags;
};

static bool opening_of(pid_t thread, struct opening *opening)
{
    struct __ptrace_syscall_info info = {0};
    if (ptrace(PTRACE_GET_SYSCALL_INFO, thread, sizeof info, &info) <= 0 ||
        info.op != PTRACE_SYSCALL_INFO_SECCOMP)
        return false;
    const uint64_t *words = info.seccomp.args;
#ifdef SYS_open
    if (info.seccomp.nr == SYS_open) {
        *opening = (struct opening){AT_FDCWD, words[0], words[1]};
        return true;
    }
#endif
    *opening = (struct opening){(int)words[0], words[1], words[2]};
    if (info.seccomp.nr == SYS_openat)
        return true;
    /* openat2: the flags are the first number of a structure */
    struct iovec here = {&opening->flags, sizeof opening->flags};
    struct iovec there = {(void *)(uintptr_t)words[2], sizeof opening->flags};
    return process_vm_readv(thread, &here, 1, &there, 1, 0) == (ssize_t)sizeof opening->flags;
}

bool follow_path_opened(pid_t thread, struct hob_buffer *path)
{
    char name[PATH_MAX];
    struct opening opening;
    if (!opening_of(thread, &opening) || (opening.flags & O_ACCMODE) == O_WRONLY ||
        (opening.flags & (O_DIRECTORY | O_PATH)) != 0 || !read_string(thread, opening.path, name) ||
        name[0] == '\0')
        return false;
    hob_buffer_clear(path);
    if (name[0] != '/' && !put_directory(path, thread, opening.directory))
        return false;
    hob_buffer_put_string(path, name);
    return !hob_buffer_failed(path);
}

int follow_result(pid_t thread)
{
    struct __ptrace_syscall_info info = {0};
    if (ptrace(PTRACE_GET_SYSCALL_INFO, thread, sizeof info, &info) <= 0 ||
        info.op != PTRACE_SYSCALL_INFO_EXIT)
        return EIO;
    return info.exit.is_error ? (int)-info.exit.rval : 0;
}
#endif
