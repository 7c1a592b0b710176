/* glob: the files whose names match a pattern, as Python's glob.glob finds them (not recursive). */
#ifndef HOB_CONFIG_GLOB_H
#define HOB_CONFIG_GLOB_H

#include "base/arena.h"
#include "config/scope.h"

/* More files than this are HOB_E_LIMIT. */
#define HOB_PATHS_MAX ((size_t)1000000)

/* Names of files; the texts belong to somebody's arena. */
struct hob_paths {
    const char **items;
    size_t count, capacity;
};

#define HOB_PATHS_INIT                                                                             \
    {                                                                                              \
        0                                                                                          \
    }

void hob_paths_deinit(struct hob_paths *paths);
static inline void hob_auto_paths(struct hob_paths *paths)
{
    hob_paths_deinit(paths);
}
/* HOB_E_LIMIT beyond HOB_PATHS_MAX, HOB_E_MEMORY. */
int hob_paths_add(struct hob_paths *paths, const char *path, struct hob_error *error);
/* In byte order, which for UTF-8 is that of the characters. */
void hob_paths_sort(struct hob_paths *paths);

/* Whether a name matches `*`, `?`, `[a-z]`, `[!a-z]` and literal characters. */
bool hob_glob_match(struct hob_text pattern, struct hob_text name);

#define HOB_GLOB_MAX_DIRECTORIES ((size_t)100000)

/* Adds to *paths (initialised; freed by the caller), with texts of `arena`, what matches `pattern`
 * below `directory` (which is taken literally), each as DIRECTORY/NAME, in no order. Wildcards do
 * not match a leading dot, `**` is `*`, and directories that a wildcard matches are not found. What
 * is not there, or may not be listed, matches nothing; HOB_E_OUTSIDE for a directory outside the
 * roots, HOB_E_VALUE for `..` behind a wildcard (it would find the same files once for each
 * directory), HOB_E_LIMIT for more than HOB_GLOB_MAX_DIRECTORIES directories, and the errors of
 * hob_paths_add; some may have been added by then. */
int hob_glob(const struct hob_scope *scope, struct hob_arena *arena, const char *directory,
             const char *pattern, struct hob_paths *paths, struct hob_error *error);

#endif
