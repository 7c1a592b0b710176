/* roots: see roots.h.
 *
 * The usual case, a relative path that stays below the working directory, is one openat2 call with
 * RESOLVE_BENEATH. Everything else is resolved here, link by link, as Python's realpath does (what
 * doesn't exist resolves as if it were plain), compared with the roots as text, and opened from the
 * root's descriptor with links forbidden: a link that appears between the two steps makes the open
 * fail, it can't lead out. */
#define _GNU_SOURCE
#include "config/roots.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <unistd.h>

#include "base/file.h"
#include "base/platform.h"

enum { MAX_LINKS = 40, MAX_PATH_SIZE = 16 * 1024 };

struct root {
    char *path; /* resolved; "" for "/", so that path + "/" is a prefix of what lies below */
    int descriptor;
};

struct hob_roots {
    struct root *items;
    size_t count, capacity;
    bool has_working_directory;    /* it lies below one of the roots */
    const struct hob_roots *above; /* more of them; NULL: none */
};

struct hob_roots *hob_roots_new(void)
{
    return hob_alloc_zero(1, sizeof(struct hob_roots));
}

struct hob_roots *hob_roots_free(struct hob_roots *roots)
{
    if (roots == NULL)
        return NULL;
    for (size_t i = 0; i < roots->count; i++) {
        free(roots->items[i].path);
        hob_file_close(roots->items[i].descriptor);
    }
    free(roots->items);
    free(roots);
    return NULL;
}

static const struct root *root_of(const struct hob_roots *roots, struct hob_text resolved)
{
    for (size_t i = 0; i < roots->count; i++) {
        const char *path = roots->items[i].path;
        size_t size = strlen(path);
        if (hob_text_starts_with(resolved, path) &&
            (resolved.size == size || resolved.data[size] == '/'))
            return &roots->items[i];
    }
    return roots->above != NULL ? root_of(roots->above, resolved) : NULL;
}

int hob_roots_add(struct hob_roots *roots, const char *directory, struct hob_error *error)
{
    HOB_AUTO(free) char *resolved = realpath(directory, NULL);
    if (resolved == NULL)
        return hob_error_from_errno(error, errno, "allow the directory", directory);
    HOB_AUTO(descriptor) int descriptor = open(resolved, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (descriptor < 0)
        return hob_error_from_errno(error, errno, "allow the directory", directory);
    if (!HOB_TRY_GROW(roots->items, roots->capacity, roots->count + 1))
        return hob_error_set(error, HOB_E_MEMORY, "cannot allow '%s': not enough memory",
                             directory);
    if (strcmp(resolved, "/") == 0)
        resolved[0] = '\0';
    roots->items[roots->count++] = (struct root){HOB_STEAL(resolved), descriptor};
    descriptor = -1;
    HOB_AUTO(free) char *working = realpath(".", NULL);
    roots->has_working_directory =
        working != NULL && root_of(roots, hob_text_from(working)) != NULL;
    return 0;
}

int hob_roots_new_here(struct hob_roots **out, const struct hob_roots *above, int directory,
                       struct hob_error *error)
{
    char working[PATH_MAX];
    if (getcwd(working, sizeof working) == NULL)
        return hob_error_from_errno(error, errno, "work in the directory", ".");
    struct hob_roots *roots = hob_roots_new();
    roots->items = hob_alloc_zero(1, sizeof *roots->items);
    roots->items[0] =
        (struct root){hob_copy_string(strcmp(working, "/") == 0 ? "" : working), directory};
    roots->count = roots->capacity = 1;
    roots->has_working_directory = true;
    roots->above = above;
    *out = roots;
    return 0;
}

const char *hob_roots_path(const struct hob_roots *roots, size_t position)
{
    if (position >= roots->count)
        return NULL;
    return roots->items[position].path[0] != '\0' ? roots->items[position].path : "/";
}

/* Takes the last component off the resolved path. */
static void pop_component(struct hob_buffer *resolved)
{
    while (resolved->size > 0 && resolved->data[--resolved->size] != '/') {
    }
}

/* What is still to be resolved after a link: its target, then the rest from `at` on. */
static bool follow_link(struct hob_buffer *rest, size_t at, const char *target)
{
    struct hob_buffer joined = HOB_BUFFER_INIT;
    hob_buffer_printf(&joined, "%s/", target);
    hob_buffer_put(&joined, rest->data + at, rest->size - at);
    hob_buffer_deinit(rest);
    *rest = joined;
    return joined.size <= MAX_PATH_SIZE;
}

static struct hob_text take_component(struct hob_buffer *rest, size_t *at)
{
    while (*at < rest->size && rest->data[*at] == '/')
        ++*at;
    size_t start = *at;
    while (*at < rest->size && rest->data[*at] != '/')
        ++*at;
    return (struct hob_text){rest->data + start, *at - start};
}

/* 0, or an errno value. On success `resolved` is absolute, without trailing slash ("" is "/"). */
static int resolve(struct hob_buffer *resolved, const char *path)
{
    HOB_AUTO(buffer) struct hob_buffer rest = HOB_BUFFER_INIT;
    if (path[0] != '/') {
        char working[PATH_MAX];
        /* EACCES is here about the working directory, and callers skip paths that may not be read.
         */
        if (getcwd(working, sizeof working) == NULL)
            return errno == EACCES ? EIO : errno;
        hob_buffer_printf(&rest, "%s/", working);
    }
    hob_buffer_put_string(&rest, path);
    if (rest.size > MAX_PATH_SIZE)
        return ENAMETOOLONG;
    int links = 0;
    for (size_t at = 0;;) {
        struct hob_text component = take_component(&rest, &at);
        if (component.size == 0)
            return resolved->failed || rest.failed ? ENOMEM : 0;
        if (hob_text_is(component, "."))
            continue;
        if (hob_text_is(component, "..")) {
            pop_component(resolved);
            continue;
        }
        size_t before = resolved->size;
        hob_buffer_put_char(resolved, '/');
        hob_buffer_put_text(resolved, component);
        char target[PATH_MAX];
        ssize_t size = readlink(hob_buffer_string(resolved), target, sizeof target - 1);
        if (size < 0)
            continue;
        target[size] = '\0';
        resolved->size = target[0] == '/' ? 0 : before;
        if (++links > MAX_LINKS)
            return ELOOP;
        if (!follow_link(&rest, at, target))
            return ENAMETOOLONG;
        at = 0;
    }
}

char *hob_path_resolve(const char *path)
{
    HOB_AUTO(buffer) struct hob_buffer resolved = HOB_BUFFER_INIT;
    int failure = resolve(&resolved, path);
    if (failure == 0 && resolved.size == 0)
        hob_buffer_put_char(&resolved, '/');
    char *out = failure == 0 ? hob_buffer_steal(&resolved, NULL) : NULL;
    if (out == NULL)
        errno = failure != 0 ? failure : ENOMEM;
    return out;
}

static int outside(const struct hob_roots *roots, const char *path, struct hob_error *error)
{
    HOB_AUTO(buffer) struct hob_buffer list = HOB_BUFFER_INIT;
    for (const struct hob_roots *part = roots; part != NULL; part = part->above)
        for (size_t i = 0; i < part->count; i++)
            hob_buffer_printf(&list, "%s'%s'", list.size > 0 ? ", " : "",
                              part->items[i].path[0] != '\0' ? part->items[i].path : "/");
    hob_error_set(error, HOB_E_OUTSIDE, "Path '%s' is not under allowed roots [%s]", path,
                  hob_buffer_string(&list));
    hob_error_hint(error, "start hobd in the directory that holds the data, or allow it with "
                          "--root DIR");
    return HOB_E_OUTSIDE;
}

/* The slow, general way: a descriptor, or a negative code. */
static int open_resolved(const struct hob_roots *roots, const char *path, int flags,
                         struct hob_error *error)
{
    HOB_AUTO(buffer) struct hob_buffer resolved = HOB_BUFFER_INIT;
    int failure = resolve(&resolved, path);
    if (failure != 0)
        return hob_error_from_errno(error, failure, "open", path);
    const struct root *root = root_of(roots, hob_buffer_text(&resolved));
    if (root == NULL)
        return outside(roots, path, error);
    const char *below = hob_buffer_string(&resolved) + strlen(root->path);
    while (*below == '/')
        below++;
    if (*below == '\0')
        below = ".";
    int descriptor = hob_platform_open_beneath(root->descriptor, below, flags, 0666, true);
    if (descriptor < 0 && errno == ENOSYS)
        descriptor = openat(root->descriptor, below, flags | O_CLOEXEC | O_NOFOLLOW, 0666);
    if (descriptor >= 0)
        return descriptor;
    if (errno == EXDEV || errno == ELOOP)
        return outside(roots, path, error);
    return hob_error_from_errno(error, errno, "open", path);
}

int hob_roots_open(const struct hob_roots *roots, const char *path, int flags,
                   struct hob_error *error)
{
    if (path[0] == '\0')
        return hob_error_from_errno(error, ENOENT, "open", path);
    if (roots == NULL) {
        int descriptor = open(path, flags | O_CLOEXEC, 0666);
        return descriptor >= 0 ? descriptor : hob_error_from_errno(error, errno, "open", path);
    }
    if (path[0] != '/' && roots->has_working_directory) {
        int descriptor = hob_platform_open_beneath(AT_FDCWD, path, flags, 0666, false);
        if (descriptor >= 0)
            return descriptor;
    }
    return open_resolved(roots, path, flags, error);
}

int hob_roots_check(const struct hob_roots *roots, const char *path, struct hob_error *error)
{
    if (roots == NULL)
        return 0;
    if (path[0] != '/' && path[0] != '\0' && roots->has_working_directory) {
        HOB_AUTO(descriptor)
        int descriptor = hob_platform_open_beneath(AT_FDCWD, path, O_PATH, 0, false);
        if (descriptor >= 0)
            return 0;
    }
    HOB_AUTO(buffer) struct hob_buffer resolved = HOB_BUFFER_INIT;
    int failure = resolve(&resolved, path);
    if (failure != 0)
        return hob_error_from_errno(error, failure, "open", path);
    if (root_of(roots, hob_buffer_text(&resolved)) == NULL)
        return outside(roots, path, error);
    return 0;
}
