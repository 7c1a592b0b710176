/* platform: see platform.h. */
#define _GNU_SOURCE
#include "base/platform.h"

#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <stdio.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <unistd.h>

#ifdef __GLIBC__
#include <malloc.h>
#endif
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

#ifdef O_TMPFILE
/* The way to a file without a name that asks for no capability. */
static const char *path_of(int descriptor, char *path, size_t size)
{
    snprintf(path, size, "/proc/self/fd/%d", descriptor);
    return path;
}
#endif

int hob_platform_open_nameless(int directory, mode_t mode)
{
#ifdef O_TMPFILE
    char path[64];
    int descriptor = openat(directory, ".", O_TMPFILE | O_WRONLY | O_CLOEXEC, mode);
    if (descriptor < 0 || access(path_of(descriptor, path, sizeof path), F_OK) == 0)
        return descriptor;
    close(descriptor);
    errno = ENOSYS;
    return -1;
#else
    (void)directory, (void)mode;
    errno = ENOSYS;
    return -1;
#endif
}

int hob_platform_name_file(int descriptor, int directory, const char *name)
{
#ifdef O_TMPFILE
    char path[64];
    return linkat(AT_FDCWD, path_of(descriptor, path, sizeof path), directory, name,
                  AT_SYMLINK_FOLLOW);
#else
    (void)descriptor, (void)directory, (void)name;
    errno = ENOSYS;
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

void hob_platform_prefer_large_pages(void *memory, size_t size)
{
#if defined(__linux__) && defined(MADV_HUGEPAGE)
    const size_t large = (size_t)2 << 20;
    uintptr_t start = ((uintptr_t)memory + large - 1) / large * large;
    uintptr_t end = ((uintptr_t)memory + size) / large * large;
    if (end > start)
        madvise((void *)start, end - start, MADV_HUGEPAGE);
#else
    (void)memory, (void)size;
#endif
}

void hob_platform_return_large_memory(void)
{
#ifdef __GLIBC__
    mallopt(M_MMAP_THRESHOLD, 4 << 20);
    mallopt(M_TRIM_THRESHOLD, 512 << 10);
#endif
}

void hob_platform_return_memory(void)
{
#ifdef __GLIBC__
    malloc_trim(0);
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

void hob_platform_close_from(int first)
{
#if defined(__linux__) && defined(SYS_close_range)
    if (syscall(SYS_close_range, (unsigned)first, ~0U, 0) == 0)
        return;
#endif
    struct rlimit limit;
    rlim_t most = getrlimit(RLIMIT_NOFILE, &limit) == 0 ? limit.rlim_cur : 1024;
    for (int descriptor = first; (rlim_t)descriptor < most && descriptor < 65536; descriptor++)
        close(descriptor);
}

int hob_platform_own_directory(void)
{
#ifdef __linux__
    return unshare(CLONE_FS);
#else
    errno = ENOSYS;
    return -1;
#endif
}

int hob_platform_watch_process(pid_t pid)
{
#if defined(__linux__) && defined(SYS_pidfd_open)
    return (int)syscall(SYS_pidfd_open, pid, 0);
#else
    (void)pid;
    errno = ENOSYS;
    return -1;
#endif
}
