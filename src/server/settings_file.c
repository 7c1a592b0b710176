/* settings_file: see settings_file.h, and settings.h for where the file is looked for. */
#define _GNU_SOURCE
#include "server/settings_file.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <unistd.h>

#include "base/buffer.h"
#include "server/settings.h"

enum { MOST_BYTES = 1024 * 1024 };

/* A writer who is not the owner could have hobd run anything as its user. */
static int check_owner(int descriptor, const char *path, struct hob_error *error)
{
    struct stat facts;
    if (fstat(descriptor, &facts) != 0)
        return hob_error_from_errno(error, errno, "read the settings", path);
    if (S_ISDIR(facts.st_mode))
        return hob_error_from_errno(error, EISDIR, "read the settings", path);
    if (!S_ISREG(facts.st_mode))
        return hob_error_set(error, HOB_E_VALUE,
                             "cannot read the settings '%s': it is a device, pipe or socket, not a "
                             "file",
                             path);
    if (facts.st_size > MOST_BYTES)
        return hob_error_set(error, HOB_E_LIMIT,
                             "cannot read the settings '%s': they are larger than a megabyte",
                             path);
    if (facts.st_uid != geteuid() && facts.st_uid != 0) {
        hob_error_set(error, HOB_E_PERMISSION,
                      "cannot trust the settings '%s': the file belongs to user %u, not to you or "
                      "root",
                      path, (unsigned)facts.st_uid);
        hob_error_hint(error, "make a copy of it that is yours");
        return HOB_E_PERMISSION;
    }
    if ((facts.st_mode & (S_IWGRP | S_IWOTH)) != 0) {
        hob_error_set(error, HOB_E_PERMISSION,
                      "cannot trust the settings '%s': others than its owner may write to it",
                      path);
        hob_error_hint(error, "chmod go-w '%.250s'", path);
        return HOB_E_PERMISSION;
    }
    return 0;
}

int hob_settings_load(const char *path, struct hob_file_content *content, struct hob_error *error)
{
    /* A pipe must not hold up the start. */
    HOB_AUTO(descriptor) int descriptor = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
    if (descriptor < 0)
        return hob_error_from_errno(error, errno, "read the settings", path);
    int code = check_owner(descriptor, path, error);
    return code != 0 ? code : hob_file_read(content, descriptor, path, MOST_BYTES, error);
}

char *hob_settings_directory(const char *path)
{
    char *resolved = realpath(path, NULL);
    char *slash = resolved != NULL ? strrchr(resolved, '/') : NULL;
    if (slash != NULL)
        slash[slash == resolved] = '\0';
    return resolved;
}

static bool exists(const char *path)
{
    return access(path, F_OK) == 0 || (errno != ENOENT && errno != ENOTDIR);
}

static int find_named(const char *named, const char *by, char **path, struct hob_error *error)
{
    if (strcmp(named, HOB_SETTINGS_NO_FILE) == 0)
        return 0;
    if (!exists(named)) {
        hob_error_set(error, HOB_E_NOT_FOUND, "there is no file of settings '%s'%s", named, by);
        hob_error_hint(error, "'hob config show --defaults' prints one to start from");
        return HOB_E_NOT_FOUND;
    }
    *path = hob_copy_string(named);
    return 0;
}

int hob_settings_find(const char *wanted, char **path, struct hob_error *error)
{
    const char *named = getenv("HOB_CONFIG"), *config = getenv("XDG_CONFIG_HOME"),
               *home = getenv("HOME");
    HOB_AUTO(buffer) struct hob_buffer own = HOB_BUFFER_INIT;
    *path = NULL;
    if (wanted != NULL)
        return find_named(wanted, "", path, error);
    if (named != NULL && named[0] != '\0')
        return find_named(named, ", which $HOB_CONFIG names", path, error);
    if (config != NULL && config[0] == '/')
        hob_buffer_printf(&own, "%s/hob/hob.yml", config);
    else if (home != NULL && home[0] == '/')
        hob_buffer_printf(&own, "%s/.config/hob/hob.yml", home);
    const char *const places[] = {hob_buffer_string(&own), "/etc/hob/hob.yml"};
    for (size_t i = 0; i < sizeof places / sizeof places[0]; i++) {
        if (places[i][0] != '\0' && exists(places[i])) {
            *path = hob_copy_string(places[i]);
            return 0;
        }
    }
    return 0;
}
