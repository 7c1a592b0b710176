/* cache: see cache.h. */
#define _GNU_SOURCE
#include "profile/cache.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/file.h"

static const char everything[] = "/proc/sys/vm/drop_caches";

/* A regular file that has something in it, or -1: nothing else is waited for or woken up. */
static int open_plain(const char *path, struct stat *facts)
{
    int file = open(path, O_RDONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
    if (file >= 0 && fstat(file, facts) == 0 && S_ISREG(facts->st_mode) && facts->st_size > 0)
        return file;
    hob_file_close(file);
    return -1;
}

#ifdef __linux__
/* Without being its owner or allowed to write to it, one is told that all of a file is in memory.
 */
static bool may_ask(int file, const struct stat *facts)
{
    char path[64];
    if (facts->st_uid == geteuid() || geteuid() == 0)
        return true;
    snprintf(path, sizeof path, "/proc/self/fd/%d", file);
    return access(path, W_OK) == 0;
}

static size_t resident_bytes(int file, size_t size)
{
    size_t page = (size_t)sysconf(_SC_PAGESIZE), pages = (size + page - 1) / page, found = 0;
    void *mapped = mmap(NULL, size, PROT_NONE, MAP_SHARED, file, 0);
    if (mapped == MAP_FAILED)
        return 0;
    HOB_AUTO(free) unsigned char *there = hob_try_alloc(pages, 1);
    if (there != NULL && mincore(mapped, size, there) == 0)
        for (size_t i = 0; i < pages; i++)
            found += there[i] & 1u;
    munmap(mapped, size);
    return found * page < size ? found * page : size;
}
#else
static bool may_ask(int file, const struct stat *facts)
{
    (void)file, (void)facts;
    return false;
}

static size_t resident_bytes(int file, size_t size)
{
    (void)file, (void)size;
    return 0;
}
#endif

struct hob_cache_state hob_cache_look(const struct hob_map *files)
{
    struct hob_cache_state state = {0};
    for (size_t i = 0; i < hob_map_count(files); i++) {
        struct stat facts;
        HOB_AUTO(descriptor) int file = open_plain(hob_map_key_at(files, i).data, &facts);
        if (file < 0)
            continue;
        state.files++;
        state.bytes += (size_t)facts.st_size;
        if (may_ask(file, &facts))
            state.resident += resident_bytes(file, (size_t)facts.st_size);
        else
            state.unknown++;
    }
    return state;
}

void hob_cache_drop(const struct hob_map *files)
{
    for (size_t i = 0; i < hob_map_count(files); i++) {
        struct stat facts;
        HOB_AUTO(descriptor) int file = open_plain(hob_map_key_at(files, i).data, &facts);
#ifdef POSIX_FADV_DONTNEED
        if (file >= 0)
            posix_fadvise(file, 0, 0, POSIX_FADV_DONTNEED);
#endif
    }
}

int hob_cache_drop_everything(struct hob_error *error)
{
    HOB_AUTO(descriptor) int file = open(everything, O_WRONLY | O_CLOEXEC);
    if (file < 0 && errno == ENOENT)
        return hob_error_set(error, HOB_E_UNSUPPORTED, "cannot drop caches: there is no %s",
                             everything);
    sync();
    if (file >= 0 && write(file, "3\n", 2) == 2)
        return 0;
    int code = hob_error_from_errno(error, errno, "drop caches through", everything);
    hob_error_hint(error, "only root may; without --drop-caches the files of the command alone are "
                          "dropped");
    return code;
}
