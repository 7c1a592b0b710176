/* file: reading whole files, knowing whether they changed, and replacing them atomically. */
#ifndef HOB_BASE_FILE_H
#define HOB_BASE_FILE_H

#include <sys/stat.h>

#include "base/error.h"
#include "base/memory.h"
#include "base/text.h"

/* What tells one state of a file from another. Equal identities mean equal content, unless the
 * file was written within the clock's granularity before it was looked at (`racy`). */
struct hob_file_identity {
    bool exists;
    bool racy;
    uint64_t device, inode, size;
    int64_t modified_ns, changed_ns; /* mtime and ctime */
};

struct hob_file_identity hob_file_identity_from(const struct stat *facts);
/* Follows symbolic links; a file that is not there has an identity too (exists = false). */
struct hob_file_identity hob_file_identity_of(const char *path);
/* True when the file is certainly as it was; a racy identity is never the same. */
bool hob_file_unchanged(const struct hob_file_identity *before,
                        const struct hob_file_identity *now);

/* The bytes of a file, in memory: never mapped, because a mapped file that somebody truncates kills
 * the process that looks at it. There is always a NUL behind the text. */
struct hob_file_content {
    struct hob_text text;
    struct hob_file_identity identity;
    char *owned; /* what text.data points to, or NULL */
};

#define HOB_FILE_CONTENT_INIT                                                                      \
    {                                                                                              \
        0                                                                                          \
    }

/* What hob_file_read finds out before it reads: the errors that are known then; the identity; the
 * size, which is 0 for what is no regular file. */
int hob_file_check(struct hob_file_identity *identity, size_t *size, int descriptor,
                   const char *path, size_t limit, struct hob_error *error);
/* Reads what the descriptor holds, up to `limit` bytes (more is HOB_E_LIMIT, known before reading
 * for regular files); `path` is for messages. The descriptor stays open. Directories are
 * HOB_E_IS_DIRECTORY. Reads pipes and devices to their end, under the same limit. */
int hob_file_read(struct hob_file_content *content, int descriptor, const char *path, size_t limit,
                  struct hob_error *error);
void hob_file_content_deinit(struct hob_file_content *content);
static inline void hob_auto_file_content(struct hob_file_content *content)
{
    hob_file_content_deinit(content);
}

/* An atomic replacement: write to the descriptor, then commit; deinit without commit leaves the
 * old file byte for byte, and nothing else. Where the file system has files without names, a
 * process that is killed while it writes leaves nothing either, but in the moment between naming
 * and renaming. Keeps permissions, and where it may the owner, of an existing file; hard links to
 * it keep the old content. */
struct hob_file_writer {
    int descriptor;  /* of the new file, or -1 */
    int directory;   /* descriptor of the directory, or -1 */
    char *name;      /* of the file in the directory */
    char *temporary; /* name of the new file while it has one of its own, or NULL */
    char *path;      /* for messages */
    bool rehearses;  /* put and commit do nothing */
};

#define HOB_FILE_WRITER_INIT                                                                       \
    {                                                                                              \
        .descriptor = -1, .directory = -1                                                          \
    }

/* `directory` is an open directory (taken over, closed by deinit), `name` the file in it. */
int hob_file_writer_open(struct hob_file_writer *writer, int directory, const char *name,
                         const char *path, struct hob_error *error);
/* The same without making anything: what opening the writer would refuse, this does. With directory
 * -1 there is nothing to look at. */
int hob_file_writer_rehearse(struct hob_file_writer *writer, int directory, const char *name,
                             const char *path, struct hob_error *error);
int hob_file_writer_put(struct hob_file_writer *writer, struct hob_text text,
                        struct hob_error *error);
/* fsync, rename over the old file, fsync of the directory. */
int hob_file_writer_commit(struct hob_file_writer *writer, struct hob_error *error);
void hob_file_writer_deinit(struct hob_file_writer *writer);
static inline void hob_auto_file_writer(struct hob_file_writer *writer)
{
    hob_file_writer_deinit(writer);
}

void hob_file_close(int descriptor);
static inline void hob_auto_descriptor(int *descriptor)
{
    hob_file_close(*descriptor);
}

#endif
