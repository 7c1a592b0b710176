/* shim: see shim.h. */
#define _GNU_SOURCE
#include "warm/shim.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/buffer.h"
#include "base/file.h"
#include "warm/command.h"

#define LIST ".hob-shims"

enum { LARGEST_LIST = 1 << 20 };

char *hob_shims_default_folder(void)
{
    HOB_AUTO(buffer) struct hob_buffer path = HOB_BUFFER_INIT;
    const char *given = getenv("HOB_SHIMS"), *home = getenv("HOME");
    if (given != NULL && given[0] != '\0')
        return hob_copy_string(given);
    if (home == NULL || home[0] != '/')
        return NULL;
    hob_buffer_printf(&path, "%s/.local/share/hob/shims", home);
    return hob_copy_string(hob_buffer_string(&path));
}

void hob_shims_read(struct hob_shims *shims, struct hob_arena *arena, const char *folder)
{
    HOB_AUTO(file_content) struct hob_file_content content = HOB_FILE_CONTENT_INIT;
    const char *path = hob_arena_printf(arena, "%s/" LIST, folder);
    HOB_AUTO(descriptor) int descriptor = open(path, O_RDONLY | O_CLOEXEC);
    *shims = (struct hob_shims){0};
    if (descriptor < 0 || hob_file_read(&content, descriptor, path, LARGEST_LIST, NULL) != 0)
        return;
    char *next = (char *)hob_arena_copy(arena, content.text).data;
    for (char *line = strsep(&next, "\n"); line != NULL; line = strsep(&next, "\n")) {
        char *tab = strchr(line, '\t');
        if (tab == NULL || !HOB_TRY_GROW(shims->items, shims->capacity, shims->count + 1))
            continue;
        *tab = '\0';
        shims->items[shims->count++] = (struct hob_shim){line, tab + 1};
    }
}

int hob_shims_write(const struct hob_shims *shims, const char *folder, struct hob_error *error)
{
    HOB_AUTO(buffer) struct hob_buffer text = HOB_BUFFER_INIT;
    HOB_AUTO(file_writer) struct hob_file_writer writer = HOB_FILE_WRITER_INIT;
    for (size_t i = 0; i < shims->count; i++)
        hob_buffer_printf(&text, "%s\t%s\n", shims->items[i].name, shims->items[i].program);
    int directory = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (directory < 0)
        return hob_error_from_errno(error, errno, "open", folder);
    int code = hob_file_writer_open(&writer, directory, LIST, LIST, error);
    if (code == 0)
        code = hob_file_writer_put(&writer, hob_buffer_text(&text), error);
    return code == 0 ? hob_file_writer_commit(&writer, error) : code;
}

static bool own_path(char path[PATH_MAX])
{
    ssize_t size = readlink("/proc/self/exe", path, PATH_MAX - 1);
    if (size > 0)
        path[size] = '\0';
    return size > 0;
}

static int make_link(const char *path, struct hob_error *error)
{
    char own[PATH_MAX], there[PATH_MAX];
    struct stat facts;
    if (!own_path(own))
        return hob_error_from_errno(error, errno, "look at", "/proc/self/exe");
    ssize_t size = readlink(path, there, sizeof there - 1);
    if (size < 0 && lstat(path, &facts) == 0) {
        hob_error_set(error, HOB_E_VALUE, "cannot make the shim '%s': there is a file", path);
        hob_error_hint(error, "remove it, or choose another folder with --dir");
        return HOB_E_VALUE;
    }
    if (size >= 0) {
        there[size] = '\0';
        if (strcmp(there, own) == 0)
            return 0;
        unlink(path);
    }
    return symlink(own, path) == 0 ? 0 : hob_error_from_errno(error, errno, "make the link", path);
}

int hob_shims_make(struct hob_shims *shims, const char *folder, const char *name,
                   const char *program, struct hob_error *error)
{
    HOB_AUTO(buffer) struct hob_buffer path = HOB_BUFFER_INIT;
    hob_buffer_printf(&path, "%s/%s", folder, name);
    int code = make_link(hob_buffer_string(&path), error);
    if (code != 0)
        return code;
    for (size_t i = 0; i < shims->count; i++) {
        if (strcmp(shims->items[i].name, name) == 0) {
            shims->items[i].program = program;
            return 0;
        }
    }
    if (!HOB_TRY_GROW(shims->items, shims->capacity, shims->count + 1))
        return hob_error_set(error, HOB_E_MEMORY, "not enough memory for the list of shims");
    shims->items[shims->count++] = (struct hob_shim){name, program};
    return 0;
}

static const char *find_in(struct hob_arena *arena, const char *folder, const char *name)
{
    struct hob_shims shims;
    const char *program = NULL;
    hob_shims_read(&shims, arena, folder);
    for (size_t i = 0; i < shims.count && program == NULL; i++)
        if (strcmp(shims.items[i].name, name) == 0)
            program = shims.items[i].program;
    free(shims.items);
    return program;
}

const char *hob_shim_program(struct hob_arena *arena, const char *called)
{
    const char *slash = strrchr(called, '/');
    const char *name = slash != NULL ? slash + 1 : called;
    if (strcmp(name, "hob") == 0 || strcmp(name, "hob-full") == 0)
        return NULL;
    const char *path = hob_warm_find_program(arena, called, NULL);
    if (path == NULL)
        return NULL;
    slash = strrchr(path, '/');
    const char *folder =
        slash == NULL ? "." : hob_arena_printf(arena, "%.*s", (int)(slash - path), path);
    const char *program = find_in(arena, folder[0] != '\0' ? folder : "/", name);
    if (program == NULL || strchr(program, '/') != NULL)
        return program;
    /* Only a name: what PATH has behind this link. */
    return hob_warm_find_program(arena, program, path);
}
