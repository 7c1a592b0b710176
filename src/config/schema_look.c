/* schema_look: whether the paths of settings are there. */
#include <errno.h>
#include <string.h>
#include <sys/stat.h>

#include "base/memory.h"
#include "config/schema.h"

/* 0, or what stat says: ENOTDIR for what is there and no directory. */
static int is_directory(const char *path)
{
    struct stat facts;
    if (stat(path, &facts) != 0)
        return errno;
    return S_ISDIR(facts.st_mode) ? 0 : ENOTDIR;
}

static int not_there(const char *expected, const char *path, int reason, const char *remedy,
                     struct hob_error *error)
{
    return hob_error_set(error, HOB_E_NOT_FOUND, "expected %s, not '%s' (%s): %s", expected, path,
                         strerror(reason), remedy);
}

int hob_schema_look_directory(const void *path, struct hob_error *error)
{
    const char *const *text = path;
    int reason = is_directory(*text);
    return reason == 0 ? 0
                       : not_there("a directory that is there", *text, reason,
                                   "make it, or leave it out", error);
}

int hob_schema_look_file(const void *path, struct hob_error *error)
{
    const char *const *text = path;
    HOB_AUTO(free) char *above = hob_copy_string(*text);
    char *slash = strrchr(above, '/');
    struct stat facts;
    if (stat(*text, &facts) == 0 && S_ISDIR(facts.st_mode))
        return not_there("a file", *text, EISDIR, "name a file in it", error);
    if (slash == NULL)
        return 0;
    slash[slash == above] = '\0'; /* of /file it is / */
    int reason = is_directory(above);
    return reason == 0 ? 0
                       : not_there("a file in a directory that is there", *text, reason,
                                   "make its directory first", error);
}

int hob_schema_look_place(const void *path, struct hob_error *error)
{
    const char *const *text = path;
    int reason = is_directory(*text);
    if (reason == 0 || reason == ENOENT)
        return 0;
    return not_there("a directory", *text, reason, "name another one", error);
}
