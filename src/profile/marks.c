/* marks: see marks.h. */
#define _GNU_SOURCE
#include "profile/marks.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/file.h"

extern char **environ;

static const char marks_python[] =
#include "profile/marks_python.inc" /* made of marks.py */
    ;

enum { MOST_MARKS = 64 << 20 };

static bool write_file(const char *path, struct hob_text text)
{
    HOB_AUTO(descriptor) int file = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
    while (file >= 0 && text.size > 0) {
        ssize_t written = write(file, text.data, text.size);
        if (written < 0 && errno == EINTR)
            continue;
        if (written < 0)
            return false;
        text.data += written;
        text.size -= (size_t)written;
    }
    return file >= 0;
}

static const char *const own_names[] = {"PYTHONPATH=", "PYTHONPROFILEIMPORTTIME=", "HOB_PROFILE_"};

static bool is_own(const char *entry)
{
    for (size_t i = 0; i < sizeof own_names / sizeof *own_names; i++)
        if (strncmp(entry, own_names[i], strlen(own_names[i])) == 0)
            return true;
    return false;
}

static const char *const *make_environment(const struct hob_marks *marks, bool alone)
{
    size_t count = 0, used = 0;
    while (environ[count] != NULL)
        count++;
    const char **environment = hob_arena_alloc(marks->arena, (count + 6) * sizeof *environment);
    for (size_t i = 0; i < count; i++)
        if (!is_own(environ[i]))
            environment[used++] = environ[i];
    const char *path = getenv("PYTHONPATH");
    bool further = path != NULL && path[0] != '\0';
    environment[used++] = hob_arena_printf(marks->arena, "PYTHONPATH=%s%s%s", marks->directory,
                                           further ? ":" : "", further ? path : "");
    environment[used++] = hob_arena_printf(marks->arena, "HOB_PROFILE_MARKS=%s", marks->file);
    if (alone) {
        environment[used++] = "HOB_PROFILE_ONE=1";
        environment[used++] = "PYTHONPROFILEIMPORTTIME=1";
        if (path != NULL)
            environment[used++] = hob_arena_printf(marks->arena, "HOB_PROFILE_PYTHONPATH=%s", path);
    }
    environment[used] = NULL;
    return environment;
}

int hob_marks_begin(struct hob_marks *marks, bool alone, struct hob_error *error)
{
    const char *temporary = getenv("TMPDIR");
    if (temporary == NULL || temporary[0] != '/')
        temporary = "/tmp";
    *marks = (struct hob_marks){.arena = hob_arena_new()};
    char *directory = hob_arena_printf(marks->arena, "%s/hob-profile-XXXXXX", temporary);
    if (mkdtemp(directory) == NULL)
        return hob_error_from_errno(error, errno, "make a directory in", temporary);
    marks->directory = directory;
    marks->file = hob_arena_printf(marks->arena, "%s/marks", directory);
    const char *module = hob_arena_printf(marks->arena, "%s/sitecustomize.py", directory);
    if (!write_file(module, hob_text_from(marks_python)) || !write_file(marks->file, HOB_TEXT("")))
        return hob_error_from_errno(error, errno, "write into", directory);
    marks->environment = make_environment(marks, alone);
    return 0;
}

void hob_marks_clear(const struct hob_marks *marks)
{
    if (truncate(marks->file, 0) != 0)
        unlink(marks->file); /* better none than those of another run */
}

/* ---- what they told ---- */

struct told {
    struct hob_mark *items;
    size_t count, capacity;
};

/* The last of this process that has not ended: numbers of processes come again. */
static struct hob_mark *find(struct told *told, long pid)
{
    for (size_t i = told->count; i > 0; i--)
        if (told->items[i - 1].pid == pid)
            return told->items[i - 1].ended ? NULL : &told->items[i - 1];
    return NULL;
}

static void read_line(struct told *told, struct hob_arena *arena, char *line)
{
    long pid;
    double moment, imports, configuration;
    int at = 0;
    if (sscanf(line, "ready %ld %lf %n", &pid, &moment, &at) == 2 && at > 0) {
        if (!HOB_TRY_GROW(told->items, told->capacity, told->count + 1))
            return;
        told->items[told->count++] = (struct hob_mark){
            .pid = pid,
            .ready = moment * 1e3,
            .interpreter = hob_arena_copy(arena, hob_text_from(line + at)).data,
        };
    } else if (sscanf(line, "done %ld %lf %lf %lf", &pid, &moment, &imports, &configuration) == 4) {
        struct hob_mark *mark = find(told, pid);
        if (mark == NULL)
            return;
        mark->ended = true;
        mark->end = moment * 1e3;
        mark->imports = imports * 1e3;
        mark->configuration = configuration * 1e3;
    }
}

void hob_marks_read(const struct hob_marks *marks, struct hob_mark **list, size_t *count)
{
    struct told told = {0};
    HOB_AUTO(file_content) struct hob_file_content content = HOB_FILE_CONTENT_INIT;
    HOB_AUTO(descriptor) int file = open(marks->file, O_RDONLY | O_CLOEXEC);
    char *rest = NULL;
    if (file >= 0 && hob_file_read(&content, file, marks->file, MOST_MARKS, NULL) == 0) {
        HOB_AUTO(free) char *copy = hob_copy_string(content.text.size > 0 ? content.text.data : "");
        for (char *line = strtok_r(copy, "\n", &rest); line != NULL;
             line = strtok_r(NULL, "\n", &rest))
            read_line(&told, marks->arena, line);
    }
    *list = hob_arena_alloc(marks->arena, (told.count + 1) * sizeof **list);
    if (told.count > 0)
        memcpy(*list, told.items, told.count * sizeof **list);
    *count = told.count;
    free(told.items);
}

/* ---- the end ---- */

/* Everything in a directory of hob's own that holds files, and directories of files. */
static void empty(int parent, const char *name, bool deeper)
{
    int directory = openat(parent, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
    DIR *list = directory >= 0 ? fdopendir(directory) : NULL;
    if (list == NULL) {
        hob_file_close(directory);
        return;
    }
    for (struct dirent *entry = readdir(list); entry != NULL; entry = readdir(list)) {
        if (strcmp(entry->d_name, ".") == 0 || strcmp(entry->d_name, "..") == 0)
            continue;
        if (unlinkat(directory, entry->d_name, 0) != 0 && deeper) {
            empty(directory, entry->d_name, false);
            unlinkat(directory, entry->d_name, AT_REMOVEDIR);
        }
    }
    closedir(list);
}

void hob_marks_end(struct hob_marks *marks)
{
    if (marks->directory != NULL) {
        empty(AT_FDCWD, marks->directory, true);
        rmdir(marks->directory);
    }
    hob_arena_free(marks->arena);
    *marks = (struct hob_marks){0};
}
