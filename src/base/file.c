/* file: see file.h. */
#define _GNU_SOURCE
#include "base/file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdatomic.h>
#include <stdio.h>
#include <time.h>
#include <unistd.h>

#include "base/platform.h"

/* Files are stamped with the kernel's tick, at most 10 ms coarse; network file systems may be
 * coarser, but a second is too long to leave a file uncached after every edit. */
static const int64_t racy_window_ns = 20 * 1000 * 1000;

static int64_t nanoseconds(struct timespec time)
{
    return (int64_t)time.tv_sec * 1000000000 + time.tv_nsec;
}

struct hob_file_identity hob_file_identity_from(const struct stat *facts)
{
    struct timespec now;
    clock_gettime(CLOCK_REALTIME, &now);
    struct hob_file_identity identity = {
        .exists = true,
        .device = (uint64_t)facts->st_dev,
        .inode = (uint64_t)facts->st_ino,
        .size = (uint64_t)facts->st_size,
        .modified_ns = nanoseconds(facts->st_mtim),
        .changed_ns = nanoseconds(facts->st_ctim),
    };
    /* The change time can't be set by hand; one that lies ahead is as suspect as a fresh one. */
    identity.racy = nanoseconds(now) - identity.changed_ns < racy_window_ns;
    return identity;
}

struct hob_file_identity hob_file_identity_of(const char *path)
{
    struct stat facts;
    if (stat(path, &facts) != 0)
        return (struct hob_file_identity){.exists = false};
    return hob_file_identity_from(&facts);
}

bool hob_file_unchanged(const struct hob_file_identity *before, const struct hob_file_identity *now)
{
    if (!before->exists || !now->exists)
        return before->exists == now->exists;
    return !before->racy && before->device == now->device && before->inode == now->inode &&
           before->size == now->size && before->modified_ns == now->modified_ns &&
           before->changed_ns == now->changed_ns;
}

static int too_large(const char *path, size_t limit, struct hob_error *error)
{
    hob_error_set(error, HOB_E_LIMIT, "cannot read '%s': it is larger than the limit of %zu bytes",
                  path, limit);
    hob_error_hint(error, "raise the limit with --max-file-size, or split the file");
    return HOB_E_LIMIT;
}

static int no_memory(const char *path, struct hob_error *error)
{
    return hob_error_set(error, HOB_E_MEMORY, "cannot read '%s': not enough memory", path);
}

/* Reads to the end, growing; `expected` is what stat said. */
static int read_all(struct hob_file_content *content, int descriptor, const char *path,
                    size_t expected, size_t limit, struct hob_error *error)
{
    HOB_AUTO(free) char *data = NULL;
    size_t capacity = 0, size = 0;
    data = hob_try_alloc_large(expected + 2, 1);
    if (data == NULL)
        return no_memory(path, error);
    capacity = expected + 2;
    for (;;) {
        if (size + 1 >= capacity && !HOB_TRY_GROW(data, capacity, capacity + 1))
            return no_memory(path, error);
        ssize_t got = read(descriptor, data + size, capacity - size - 1);
        if (got < 0 && errno == EINTR)
            continue;
        if (got < 0)
            return hob_error_from_errno(error, errno, "read", path);
        if (got == 0)
            break;
        size += (size_t)got;
        if (size > limit)
            return too_large(path, limit, error);
    }
    data[size] = '\0';
    content->text = (struct hob_text){data, size};
    content->owned = HOB_STEAL(data);
    return 0;
}

int hob_file_check(struct hob_file_identity *identity, size_t *size, int descriptor,
                   const char *path, size_t limit, struct hob_error *error)
{
    struct stat facts;
    if (fstat(descriptor, &facts) != 0)
        return hob_error_from_errno(error, errno, "read", path);
    if (S_ISDIR(facts.st_mode))
        return hob_error_from_errno(error, EISDIR, "read", path);
    *identity = hob_file_identity_from(&facts);
    *size = S_ISREG(facts.st_mode) ? (size_t)facts.st_size : 0;
    return *size > limit ? too_large(path, limit, error) : 0;
}

int hob_file_read(struct hob_file_content *content, int descriptor, const char *path, size_t limit,
                  struct hob_error *error)
{
    size_t size;
    int result = hob_file_check(&content->identity, &size, descriptor, path, limit, error);
    return result < 0 ? result : read_all(content, descriptor, path, size, limit, error);
}

void hob_file_content_deinit(struct hob_file_content *content)
{
    free(content->owned);
    *content = (struct hob_file_content)HOB_FILE_CONTENT_INIT;
}

void hob_file_close(int descriptor)
{
    if (descriptor < 0)
        return;
    int saved = errno;
    close(descriptor);
    errno = saved;
}

/* What opening the old file for writing would have refused, replacing it refuses as well. */
static int check_replaceable(int directory, const char *name, const struct stat *old,
                             const char *path, struct hob_error *error)
{
    if (S_ISDIR(old->st_mode))
        return hob_error_from_errno(error, EISDIR, "write", path);
    if (!S_ISREG(old->st_mode))
        return hob_error_set(error, HOB_E_VALUE,
                             "cannot write '%s': it is a device, pipe or socket, not a file", path);
    if (faccessat(directory, name, W_OK, AT_EACCESS) != 0)
        return hob_error_from_errno(error, errno, "write", path);
    return 0;
}

/* The new file gets the old one's owner, if this process may give files away, and its permissions,
 * but never the bits that lend the owner's rights to whoever runs it. */
static int take_over(int descriptor, const struct stat *old, const char *path,
                     struct hob_error *error)
{
    bool same_owner = old->st_uid == geteuid() && old->st_gid == getegid();
    if (!same_owner && fchown(descriptor, old->st_uid, old->st_gid) != 0 && errno != EPERM)
        return hob_error_from_errno(error, errno, "keep the owner of", path);
    if (fchmod(descriptor, old->st_mode & 0777) != 0)
        return hob_error_from_errno(error, errno, "keep the mode of", path);
    return 0;
}

/* A name beside the file: made anew for `descriptor` -1, else given to that nameless file. 0, or -1
 * and errno. */
static int make_temporary(struct hob_file_writer *writer, mode_t mode)
{
    static atomic_uint counter;
    static const int flags = O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW;
    char name[64];
    bool nameless = writer->descriptor >= 0, made = false;
    for (int tries = 0; !made && tries < 100; tries++) {
        snprintf(name, sizeof name, ".hob-%ld-%u.tmp", (long)getpid(),
                 atomic_fetch_add(&counter, 1));
        if (!nameless)
            writer->descriptor = openat(writer->directory, name, flags, mode);
        made = nameless ? hob_platform_name_file(writer->descriptor, writer->directory, name) == 0
                        : writer->descriptor >= 0;
        if (!made && errno != EEXIST)
            return -1;
    }
    if (made)
        writer->temporary = hob_copy_string(name);
    return made ? 0 : -1;
}

int hob_file_writer_open(struct hob_file_writer *writer, int directory, const char *name,
                         const char *path, struct hob_error *error)
{
    writer->directory = directory;
    writer->name = hob_copy_string(name);
    writer->path = hob_copy_string(path);
    struct stat old;
    bool replaces = fstatat(directory, name, &old, 0) == 0;
    int result = replaces ? check_replaceable(directory, name, &old, path, error) : 0;
    if (result < 0)
        return result;
    mode_t mode = replaces ? 0600 : 0666;
    writer->descriptor = hob_platform_open_nameless(directory, mode);
    if (writer->descriptor < 0 && make_temporary(writer, mode) != 0)
        return hob_error_from_errno(error, errno, "write", path);
    return replaces ? take_over(writer->descriptor, &old, path, error) : 0;
}

int hob_file_writer_rehearse(struct hob_file_writer *writer, int directory, const char *name,
                             const char *path, struct hob_error *error)
{
    struct stat old;
    writer->directory = directory;
    writer->rehearses = true;
    if (directory < 0)
        return 0;
    if (faccessat(directory, ".", W_OK | X_OK, AT_EACCESS) != 0)
        return hob_error_from_errno(error, errno, "write", path);
    bool replaces = fstatat(directory, name, &old, 0) == 0;
    return replaces ? check_replaceable(directory, name, &old, path, error) : 0;
}

int hob_file_writer_put(struct hob_file_writer *writer, struct hob_text text,
                        struct hob_error *error)
{
    if (writer->rehearses)
        return 0;
    while (text.size > 0) {
        ssize_t written = write(writer->descriptor, text.data, text.size);
        if (written < 0 && errno == EINTR)
            continue;
        if (written < 0)
            return hob_error_from_errno(error, errno, "write", writer->path);
        text.data += written;
        text.size -= (size_t)written;
    }
    return 0;
}

int hob_file_writer_commit(struct hob_file_writer *writer, struct hob_error *error)
{
    if (writer->rehearses)
        return 0;
    if (fsync(writer->descriptor) != 0 && errno != EINVAL)
        return hob_error_from_errno(error, errno, "write", writer->path);
    /* A link cannot replace a file, so that there is a name of its own for the moment until the
     * renaming. */
    if (writer->temporary == NULL && make_temporary(writer, 0) != 0)
        return hob_error_from_errno(error, errno, "write", writer->path);
    int descriptor = writer->descriptor;
    writer->descriptor = -1;
    if (close(descriptor) != 0)
        return hob_error_from_errno(error, errno, "write", writer->path);
    if (renameat(writer->directory, writer->temporary, writer->directory, writer->name) != 0)
        return hob_error_from_errno(error, errno, "replace", writer->path);
    free(HOB_STEAL(writer->temporary));
    fsync(writer->directory);
    return 0;
}

void hob_file_writer_deinit(struct hob_file_writer *writer)
{
    hob_file_close(writer->descriptor);
    if (writer->temporary != NULL)
        unlinkat(writer->directory, writer->temporary, 0);
    hob_file_close(writer->directory);
    free(writer->name);
    free(writer->temporary);
    free(writer->path);
    *writer = (struct hob_file_writer)HOB_FILE_WRITER_INIT;
}
