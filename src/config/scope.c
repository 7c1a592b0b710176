/* scope: see scope.h. */
#define _GNU_SOURCE
#include "config/scope.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

#include "base/buffer.h"

static void record_absent(const struct hob_scope *scope, const char *path)
{
    hob_sources_add(scope->sources, path, (struct hob_file_identity){.exists = false});
}

/* A FIFO would block whoever opens it until somebody writes; files never look at O_NONBLOCK. */
static int open_to_read(const struct hob_scope *scope, const char *path, struct hob_error *error)
{
    int flags = O_RDONLY | O_NOCTTY | (scope->roots != NULL ? O_NONBLOCK : 0);
    int descriptor = hob_roots_open(scope->roots, path, flags, error);
    if (descriptor == HOB_E_NOT_FOUND || descriptor == HOB_E_NOT_DIRECTORY)
        record_absent(scope, path);
    return descriptor;
}

/* What a request may read: a server has no business with pipes, devices and sockets. */
static int check_regular(const struct hob_scope *scope, int descriptor, const char *path,
                         struct hob_error *error)
{
    struct stat facts;
    if (scope->roots == NULL || fstat(descriptor, &facts) != 0 || S_ISREG(facts.st_mode) ||
        S_ISDIR(facts.st_mode))
        return 0;
    return hob_error_set(error, HOB_E_VALUE, "cannot read '%s': it is not a regular file", path);
}

size_t hob_scope_max_file_size(const struct hob_scope *scope)
{
    return scope->max_file_size > 0 ? scope->max_file_size : HOB_SCOPE_MAX_FILE_SIZE;
}

int hob_scope_open(const struct hob_scope *scope, const char *path, struct hob_error *error)
{
    HOB_AUTO(descriptor) int descriptor = open_to_read(scope, path, error);
    if (descriptor < 0)
        return descriptor;
    struct hob_file_identity identity;
    size_t size;
    int result = check_regular(scope, descriptor, path, error);
    if (result == 0)
        result = hob_file_check(&identity, &size, descriptor, path, hob_scope_max_file_size(scope),
                                error);
    if (result < 0)
        return result;
    hob_sources_add(scope->sources, path, identity);
    int opened = descriptor;
    descriptor = -1;
    return opened;
}

int hob_scope_read(const struct hob_scope *scope, const char *path,
                   struct hob_file_content *content, struct hob_error *error)
{
    HOB_AUTO(descriptor) int descriptor = open_to_read(scope, path, error);
    if (descriptor < 0)
        return descriptor;
    int result = check_regular(scope, descriptor, path, error);
    if (result == 0)
        result = hob_file_read(content, descriptor, path, hob_scope_max_file_size(scope), error);
    if (result == 0)
        hob_sources_add(scope->sources, path, content->identity);
    return result;
}

bool hob_scope_exists(const struct hob_scope *scope, const char *path)
{
    HOB_AUTO(descriptor) int descriptor = hob_roots_open(scope->roots, path, O_PATH, NULL);
    bool absent = descriptor == HOB_E_NOT_FOUND || descriptor == HOB_E_NOT_DIRECTORY;
    if (absent)
        record_absent(scope, path);
    return !absent && descriptor != HOB_E_OUTSIDE;
}

int hob_scope_check(const struct hob_scope *scope, const char *path, struct hob_error *error)
{
    return hob_roots_check(scope->roots, path, error);
}

static inline void hob_auto_directory(DIR **directory)
{
    if (*directory != NULL)
        closedir(*directory);
}

/* Some file systems don't tell the kind of an entry, and of a link the target decides. */
static bool is_directory(DIR *directory, const struct dirent *entry)
{
    struct stat facts;
    if (entry->d_type != DT_UNKNOWN && entry->d_type != DT_LNK)
        return entry->d_type == DT_DIR;
    return fstatat(dirfd(directory), entry->d_name, &facts, 0) == 0 && S_ISDIR(facts.st_mode);
}

static int visit_entries(DIR *directory, const char *path, hob_scope_visit *visit, void *context,
                         struct hob_error *error)
{
    for (;;) {
        errno = 0;
        const struct dirent *entry = readdir(directory);
        if (entry == NULL && errno != 0)
            return hob_error_from_errno(error, errno, "list", path);
        if (entry == NULL)
            return 0;
        if (strcmp(entry->d_name, ".") == 0 || strcmp(entry->d_name, "..") == 0)
            continue;
        int result = visit(context, entry->d_name, is_directory(directory, entry), error);
        if (result < 0)
            return result;
    }
}

int hob_scope_list(const struct hob_scope *scope, const char *path, hob_scope_visit *visit,
                   void *context, struct hob_error *error)
{
    HOB_AUTO(descriptor)
    int descriptor = hob_roots_open(scope->roots, path, O_RDONLY | O_DIRECTORY, error);
    if (descriptor == HOB_E_NOT_FOUND || descriptor == HOB_E_NOT_DIRECTORY)
        record_absent(scope, path);
    if (descriptor < 0)
        return descriptor;
    /* Recorded before it is listed: what appears in between changes the record. */
    struct stat facts;
    if (fstat(descriptor, &facts) != 0)
        return hob_error_from_errno(error, errno, "list", path);
    hob_sources_add(scope->sources, path, hob_file_identity_from(&facts));
    HOB_AUTO(directory) DIR *directory = fdopendir(descriptor);
    if (directory == NULL)
        return hob_error_from_errno(error, errno, "list", path);
    descriptor = -1;
    return visit_entries(directory, path, visit, context, error);
}

/* Opens the directory of a path, making what is missing of it when asked to. */
static int open_directory(const struct hob_scope *scope, const char *path, bool make,
                          struct hob_error *error)
{
    struct hob_error absent = HOB_ERROR_INIT;
    int descriptor = hob_roots_open(scope->roots, path, O_RDONLY | O_DIRECTORY, &absent);
    if (descriptor >= 0)
        return descriptor;
    if (descriptor != HOB_E_NOT_FOUND || !make) {
        if (error != NULL)
            *error = absent;
        return descriptor;
    }
    HOB_AUTO(free) char *parent = hob_copy_string(path);
    char *slash = strrchr(parent, '/');
    const char *name = slash != NULL ? slash + 1 : parent;
    if (slash == parent)
        return hob_error_from_errno(error, ENOENT, "write below", path);
    if (slash != NULL)
        *slash = '\0';
    HOB_AUTO(descriptor)
    int above = open_directory(scope, slash != NULL ? parent : ".", make, error);
    if (above < 0)
        return above;
    if (name[0] != '\0' && mkdirat(above, name, 0777) != 0 && errno != EEXIST)
        return hob_error_from_errno(error, errno, "make the directory", path);
    return hob_roots_open(scope->roots, path, O_RDONLY | O_DIRECTORY, error);
}

/* The file that was to be written is what its user knows, and not only the directory around it. */
static int no_directory(const char *path, const struct hob_error *reason, struct hob_error *error)
{
    if (error == NULL)
        return reason->code;
    *error = *reason;
    return reason->code == HOB_E_OUTSIDE ? reason->code
                                         : hob_error_context(error, "cannot write '%s'", path);
}

int hob_scope_write(const struct hob_scope *scope, const char *path, bool make_directories,
                    struct hob_file_writer *writer, struct hob_error *error)
{
    int allowed = hob_scope_check(scope, path, error);
    if (allowed == 0 && scope->writing != NULL)
        allowed = scope->writing(scope->writing_data, path, !scope->rehearses, error);
    if (allowed < 0)
        return allowed;
    /* A link is followed, so that it is its target that gets replaced (or made), not the link. */
    struct stat facts;
    bool is_link = lstat(path, &facts) == 0 && S_ISLNK(facts.st_mode);
    HOB_AUTO(free) char *target = is_link ? hob_path_resolve(path) : hob_copy_string(path);
    if (target == NULL)
        return hob_error_from_errno(error, errno, "write", path);
    char *slash = strrchr(target, '/');
    const char *name = slash != NULL ? slash + 1 : target;
    if (name[0] == '\0' || strcmp(name, ".") == 0 || strcmp(name, "..") == 0)
        return hob_error_from_errno(error, EISDIR, "write", path);
    HOB_AUTO(free) char *directory = hob_copy_string(target);
    if (slash == target)
        directory[1] = '\0';
    else if (slash != NULL)
        directory[slash - target] = '\0';
    else
        strcpy(directory, ".");
    bool makes = make_directories && !scope->rehearses;
    struct hob_error absent = HOB_ERROR_INIT;
    int descriptor = open_directory(scope, directory, makes, &absent);
    if (descriptor == HOB_E_NOT_FOUND && make_directories && scope->rehearses)
        return hob_file_writer_rehearse(writer, -1, name, path, error);
    if (descriptor < 0)
        return no_directory(path, &absent, error);
    return scope->rehearses ? hob_file_writer_rehearse(writer, descriptor, name, path, error)
                            : hob_file_writer_open(writer, descriptor, name, path, error);
}
