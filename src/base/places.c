/* places: see places.h. A place in /tmp could have been made by somebody else beforehand, so it is
 * looked at without following a link, and used only when nobody else can enter it. */
#define _GNU_SOURCE
#include "base/places.h"

#include <errno.h>
#include <limits.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/buffer.h"

static int check_own_directory(const char *directory, struct hob_error *error)
{
    struct stat facts;
    if (mkdir(directory, 0700) != 0 && errno != EEXIST)
        return hob_error_from_errno(error, errno, "make the directory", directory);
    if (lstat(directory, &facts) != 0)
        return hob_error_from_errno(error, errno, "look at", directory);
    if (S_ISDIR(facts.st_mode) && facts.st_uid == geteuid() && (facts.st_mode & 077) == 0)
        return 0;
    hob_error_set(error, HOB_E_PERMISSION,
                  "cannot use '%s' for sockets: it must be a directory that only you can enter",
                  directory);
    hob_error_hint(error, "chmod 700 it, remove it, or set XDG_RUNTIME_DIR to another place");
    return HOB_E_PERMISSION;
}

/* After su and sudo -E the variable may still name another user's place: a directory that was made
 * there would lock that user out. */
static bool is_own_place(const char *directory)
{
    struct stat facts;
    return directory[0] == '/' && (stat(directory, &facts) != 0 || facts.st_uid == geteuid());
}

char *hob_places_runtime(struct hob_error *error)
{
    HOB_AUTO(buffer) struct hob_buffer path = HOB_BUFFER_INIT;
    const char *runtime = getenv("XDG_RUNTIME_DIR");
    if (runtime != NULL && is_own_place(runtime))
        hob_buffer_printf(&path, "%s/hob", runtime);
    else
        hob_buffer_printf(&path, "/tmp/hob-%u", (unsigned)geteuid());
    if (check_own_directory(hob_buffer_string(&path), error) != 0)
        return NULL;
    return hob_copy_string(hob_buffer_string(&path));
}

char *hob_places_runtime_file(const char *name, struct hob_error *error)
{
    HOB_AUTO(free) char *directory = hob_places_runtime(error);
    HOB_AUTO(buffer) struct hob_buffer path = HOB_BUFFER_INIT;
    if (directory == NULL)
        return NULL;
    hob_buffer_printf(&path, "%s/%s", directory, name);
    return hob_copy_string(hob_buffer_string(&path));
}

static int make_all(const char *directory, mode_t mode, struct hob_error *error)
{
    HOB_AUTO(free) char *part = hob_copy_string(directory);
    for (char *at = part + 1;; at++) {
        if (*at != '/' && *at != '\0')
            continue;
        char end = *at;
        *at = '\0';
        if (mkdir(part, mode) != 0 && errno != EEXIST)
            return hob_error_from_errno(error, errno, "make the directory", part);
        if (end == '\0')
            return 0;
        *at = end;
    }
}

int hob_places_make(const char *directory, struct hob_error *error)
{
    return make_all(directory, 0700, error);
}

int hob_places_make_shared(const char *directory, struct hob_error *error)
{
    return make_all(directory, 0777, error);
}

const char *hob_places_base_name(const char *path)
{
    const char *slash = strrchr(path, '/');
    return slash != NULL ? slash + 1 : path;
}

int hob_places_check_writers(int descriptor, const char *directory, struct hob_error *error)
{
    struct stat facts;
    if (fstat(descriptor, &facts) != 0)
        return hob_error_from_errno(error, errno, "look at the state directory", directory);
    bool is_foreign = geteuid() != 0 && facts.st_uid != geteuid() && facts.st_uid != 0;
    /* Where each user has a group of their own, what they make is writable to it. */
    bool is_open =
        (facts.st_mode & 002) != 0 || ((facts.st_mode & 020) != 0 && facts.st_gid != getegid());
    if (!is_foreign && !is_open)
        return 0;
    hob_error_set(
        error, HOB_E_PERMISSION,
        "cannot use '%s' as the state directory: other users may write to it (chmod go-w)",
        directory);
    hob_error_hint(error, "chmod go-w it, or choose one that is yours (--state, HOB_STATE)");
    return HOB_E_PERMISSION;
}

/* In the directory of this executable; "" when nobody knows which that is. */
static void put_beside(struct hob_buffer *path, const char *name)
{
    char own[PATH_MAX];
    ssize_t size = readlink("/proc/self/exe", own, sizeof own - 1);
    if (size <= 0)
        return;
    own[size] = '\0';
    hob_buffer_printf(path, "%.*s/%s", (int)(strrchr(own, '/') - own), own, name);
}

char *hob_places_libexec(const char *name)
{
    static const char *const places[] = {"", "../" HOB_LIBEXEC_BELOW_PREFIX "/"};
    HOB_AUTO(buffer) struct hob_buffer path = HOB_BUFFER_INIT;
    HOB_AUTO(buffer) struct hob_buffer there = HOB_BUFFER_INIT;
    for (size_t i = 0; i < sizeof places / sizeof places[0]; i++) {
        hob_buffer_clear(&path);
        hob_buffer_clear(&there);
        hob_buffer_printf(&there, "%s%s", places[i], name);
        put_beside(&path, hob_buffer_string(&there));
        if (path.size > 0 && access(hob_buffer_string(&path), R_OK | X_OK) == 0)
            return hob_copy_string(hob_buffer_string(&path));
    }
    hob_buffer_clear(&path);
    hob_buffer_printf(&path, "%s/%s", HOB_LIBEXEC, name);
    return access(hob_buffer_string(&path), R_OK | X_OK) == 0
               ? hob_copy_string(hob_buffer_string(&path))
               : NULL;
}

char *hob_places_program(const char *name)
{
    HOB_AUTO(buffer) struct hob_buffer path = HOB_BUFFER_INIT;
    const char *list = getenv("PATH");
    put_beside(&path, name);
    if (path.size > 0 && access(hob_buffer_string(&path), X_OK) == 0)
        return hob_copy_string(hob_buffer_string(&path));
    while (list != NULL && *list != '\0') {
        size_t size = strcspn(list, ":");
        hob_buffer_clear(&path);
        hob_buffer_printf(&path, "%.*s/%s", (int)size, list, name);
        /* Relative entries would find another program in each directory. */
        if (list[0] == '/' && access(hob_buffer_string(&path), X_OK) == 0)
            return hob_copy_string(hob_buffer_string(&path));
        list += size + (list[size] == ':' ? 1 : 0);
    }
    return NULL;
}

int hob_places_try(const char *directory)
{
    struct stat facts;
    HOB_AUTO(free) char *path = hob_copy_string(directory);
    while (stat(path, &facts) != 0) {
        char *slash = strrchr(path, '/');
        if (errno != ENOENT)
            return errno;
        if (slash == NULL || slash == path)
            strcpy(path, slash == NULL ? "." : "/");
        else
            *slash = '\0';
    }
    if (!S_ISDIR(facts.st_mode))
        return ENOTDIR;
    return access(path, W_OK | X_OK) != 0 ? errno : 0;
}

int hob_places_check_state(struct hob_error *error)
{
    const char *state = getenv("HOB_STATE");
    if (state == NULL || state[0] == '\0' || state[0] == '/' || strcmp(state, "none") == 0)
        return 0;
    hob_error_set(error, HOB_E_PARAMETER,
                  "HOB_STATE is '%s', which is another directory in each place that a program of "
                  "hob's runs in",
                  state);
    hob_error_hint(error, "give the whole path, from / on, or none");
    return HOB_E_PARAMETER;
}

char *hob_places_state(const char *wanted)
{
    HOB_AUTO(buffer) struct hob_buffer path = HOB_BUFFER_INIT;
    const char *home = getenv("HOME"), *state = getenv("XDG_STATE_HOME");
    if (wanted == NULL && hob_places_check_state(NULL) != 0)
        return NULL;
    if (wanted == NULL)
        wanted = getenv("HOB_STATE");
    if (wanted != NULL && wanted[0] != '\0')
        return strcmp(wanted, "none") == 0 ? NULL : hob_copy_string(wanted);
    if (state != NULL && state[0] == '/')
        hob_buffer_printf(&path, "%s/hob", state);
    else if (home != NULL && home[0] == '/')
        hob_buffer_printf(&path, "%s/.local/state/hob", home);
    else
        return NULL;
    return hob_copy_string(hob_buffer_string(&path));
}
