/* scope: where one request or command may look, and what it has looked at.
 *
 * A plain value that borrows everything; relative paths start from the working directory of the
 * process. Everything that reads or writes files for a user goes through a scope. */
#ifndef HOB_CONFIG_SCOPE_H
#define HOB_CONFIG_SCOPE_H

#include "base/file.h"
#include "config/roots.h"
#include "config/sources.h"

struct hob_scope {
    const struct hob_roots *roots; /* NULL: no confinement (commands that a user runs) */
    struct hob_sources *sources;   /* NULL: nothing is recorded */
    size_t max_file_size;          /* 0: HOB_SCOPE_MAX_FILE_SIZE */
};

#define HOB_SCOPE_MAX_FILE_SIZE ((size_t)4 << 30)

/* Reads a file and records it; a file that is not there is recorded as well. */
int hob_scope_read(const struct hob_scope *scope, const char *path,
                   struct hob_file_content *content, struct hob_error *error);
/* Whether something is there, recorded; false for what is outside the roots. */
bool hob_scope_exists(const struct hob_scope *scope, const char *path);
int hob_scope_check(const struct hob_scope *scope, const char *path, struct hob_error *error);
/* Begins the replacement of a file. With `make_directories` the directories above are made. */
int hob_scope_write(const struct hob_scope *scope, const char *path, bool make_directories,
                    struct hob_file_writer *writer, struct hob_error *error);

#endif
