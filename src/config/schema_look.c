/* schema_look: whether the paths of settings are there. */
#include <errno.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/address.h"
#include "base/memory.h"
#include "base/places.h"
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

/* Whether a file can be made or replaced there: its directory has to be there. */
static int look_around(const char *path, struct hob_error *error)
{
    HOB_AUTO(free) char *above = hob_copy_string(path);
    char *slash = strrchr(above, '/');
    if (slash == NULL)
        strcpy(above, ".");
    else
        slash[slash == above] = '\0'; /* of /file it is / */
    int reason = is_directory(above);
    if (reason != 0)
        return not_there("a file in a directory that is there", path, reason,
                         "make its directory first", error);
    if (access(path, F_OK) == 0 || access(above, W_OK | X_OK) == 0)
        return 0;
    return not_there("a file that can be made", path, errno,
                     "change the permissions of its directory, or name another one", error);
}

int hob_schema_look_file(const void *path, struct hob_error *error)
{
    const char *const *text = path;
    struct stat facts;
    if (stat(*text, &facts) == 0 && S_ISDIR(facts.st_mode))
        return not_there("a file", *text, EISDIR, "name a file in it", error);
    if (access(*text, F_OK) == 0 && access(*text, W_OK) != 0)
        return not_there("a file that can be written", *text, errno,
                         "change its permissions, or name another one", error);
    return look_around(*text, error);
}

int hob_schema_look_socket(const void *path, struct hob_error *error)
{
    const char *const *text = path;
    struct stat facts;
    struct hob_address address;
    if (stat(*text, &facts) == 0 && S_ISDIR(facts.st_mode))
        return not_there("a file", *text, EISDIR, "name a file in it", error);
    if (lstat(*text, &facts) == 0 && !S_ISSOCK(facts.st_mode))
        return not_there("a socket, or nothing yet", *text, EEXIST,
                         "move it away, or name another path", error);
    if (!hob_address_set_path(&address, *text))
        return hob_error_set(
            error, HOB_E_VALUE,
            "expected a path of at most %d bytes, as sockets have, not '%s': choose "
            "a shorter one",
            HOB_ADDRESS_MAX_PATH, *text);
    return look_around(*text, error);
}

int hob_schema_look_place(const void *path, struct hob_error *error)
{
    const char *const *text = path;
    int reason = hob_places_try(*text);
    return reason == 0 ? 0
                       : not_there("a directory that can be used or made", *text, reason,
                                   "name another one", error);
}
