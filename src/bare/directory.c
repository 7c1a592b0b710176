/* directory: <dirent.h>. */
#define _GNU_SOURCE
#include <dirent.h>
#include <fcntl.h>
#include <stdlib.h>
#include <unistd.h>

#include "bare/system.h"

struct __dirstream {
    int descriptor;
    size_t at, size;
    _Alignas(struct dirent) char entries[4096];
};

DIR *opendir(const char *path)
{
    int descriptor = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    DIR *directory = descriptor >= 0 ? malloc(sizeof *directory) : NULL;
    if (directory == NULL) {
        if (descriptor >= 0)
            close(descriptor);
        return NULL;
    }
    directory->descriptor = descriptor;
    directory->at = directory->size = 0;
    return directory;
}

int dirfd(DIR *directory)
{
    return directory->descriptor;
}

/* The system's entries are laid out as the C library's are. */
struct dirent *readdir(DIR *directory)
{
    if (directory->at == directory->size) {
        long got =
            CALL3(getdents64, directory->descriptor, directory->entries, sizeof directory->entries);
        if (got <= 0)
            return NULL;
        directory->at = 0;
        directory->size = (size_t)got;
    }
    struct dirent *entry = (struct dirent *)(void *)(directory->entries + directory->at);
    directory->at += entry->d_reclen;
    return entry;
}

int closedir(DIR *directory)
{
    int code = close(directory->descriptor);
    free(directory);
    return code;
}
