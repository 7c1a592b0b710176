/* roots: the directories that a request may touch.
 *
 * A daemon allows its working directory and what its operator named; nothing in a request or an
 * interface file can add to them. Paths are resolved (links followed) before they are compared,
 * and opened so that a link put there in between cannot lead out. */
#ifndef HOB_CONFIG_ROOTS_H
#define HOB_CONFIG_ROOTS_H

#include "base/buffer.h"
#include "base/error.h"

struct hob_roots;

/* None yet: nothing is allowed until something is added. Never NULL; the caller frees it. */
struct hob_roots *hob_roots_new(void);
/* Takes NULL, returns NULL. */
struct hob_roots *hob_roots_free(struct hob_roots *roots);
static inline void hob_auto_roots(struct hob_roots **roots)
{
    hob_roots_free(*roots);
}

/* Allows a directory and everything below it. It must exist: what errno says otherwise. The name is
 * copied. */
int hob_roots_add(struct hob_roots *roots, const char *directory, struct hob_error *error);

/* The roots of `above` (which must live longer), and the working directory of the calling thread,
 * of which `directory` is an open descriptor, taken over on success. What errno says when it has no
 * name any more. */
int hob_roots_new_here(struct hob_roots **roots, const struct hob_roots *above, int directory,
                       struct hob_error *error);

/* The resolved path of a root; NULL when there are no more. */
const char *hob_roots_path(const struct hob_roots *roots, size_t position);

/* Opens a path below one of the roots. The path need not exist with O_CREAT. Returns a descriptor
 * or a negative code: HOB_E_OUTSIDE, or what errno says. `roots` may be NULL: everything is
 * allowed. */
int hob_roots_open(const struct hob_roots *roots, const char *path, int flags,
                   struct hob_error *error);
/* The absolute path without links, as Python's os.path.realpath: what does not exist resolves as if
 * it were plain. malloc'd; NULL with errno set. */
char *hob_path_resolve(const char *path);
/* 0 when the path, whether it exists or not, lies below a root; else HOB_E_OUTSIDE. */
int hob_roots_check(const struct hob_roots *roots, const char *path, struct hob_error *error);

#endif
