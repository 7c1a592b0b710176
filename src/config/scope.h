/* scope: where one request or command may look, and what it has looked at.
 *
 * A plain value that borrows everything; relative paths start from the working directory of the
 * process. Everything that reads or writes files for a user goes through a scope. */
#ifndef HOB_CONFIG_SCOPE_H
#define HOB_CONFIG_SCOPE_H

#include "base/file.h"
#include "config/roots.h"
#include "config/sources.h"

struct hob_frame;
struct hob_value;

struct hob_scope {
    const struct hob_roots *roots; /* NULL: no confinement (commands that a user runs) */
    struct hob_sources *sources;   /* NULL: nothing is recorded */
    size_t max_file_size;          /* 0: HOB_SCOPE_MAX_FILE_SIZE */
    /* What is done to each flow after it was read and its columns are in order: how the compute
     * layer, which access knows nothing of, takes part in reading. NULL: nothing. */
    int (*finish)(void *data, struct hob_frame *frame, const struct hob_value *flow,
                  const struct hob_scope *scope, struct hob_error *error);
    void *finish_data;
    /* Told of each file before it is replaced; a negative code refuses. With `begins` false
     * somebody only asks. NULL: nobody wants to know. */
    int (*writing)(void *data, const char *path, bool begins, struct hob_error *error);
    void *writing_data;
    /* Writers check all that can be checked, and write nothing: for who is to write several files
     * and wants all of them or none. `writing` is only asked. */
    bool rehearses;
};

#define HOB_SCOPE_MAX_FILE_SIZE ((size_t)4 << 30)

/* Reads a file and records it; a file that is not there is recorded as well. */
int hob_scope_read(const struct hob_scope *scope, const char *path,
                   struct hob_file_content *content, struct hob_error *error);
/* The same for who reads the file itself, up to the size it may have: a descriptor, or a negative
 * code for all that can be known before reading. */
int hob_scope_open(const struct hob_scope *scope, const char *path, struct hob_error *error);
size_t hob_scope_max_file_size(const struct hob_scope *scope);
/* Whether something is there; that nothing is, is recorded. False for what is outside the roots;
 * true when it cannot be told, so that whoever reads it next gets the reason. */
bool hob_scope_exists(const struct hob_scope *scope, const char *path);
int hob_scope_check(const struct hob_scope *scope, const char *path, struct hob_error *error);
/* Called for each entry of a directory, in no order; a negative code ends the listing. What a link
 * leads to counts for `is_directory`. */
typedef int hob_scope_visit(void *context, const char *name, bool is_directory,
                            struct hob_error *error);
/* Lists a directory (without "." and "..") and records it: a file that is made or removed in it
 * changes the record, and a directory that is not there is recorded as well. */
int hob_scope_list(const struct hob_scope *scope, const char *path, hob_scope_visit *visit,
                   void *context, struct hob_error *error);
/* Begins the replacement of a file. With `make_directories` the directories above are made. */
int hob_scope_write(const struct hob_scope *scope, const char *path, bool make_directories,
                    struct hob_file_writer *writer, struct hob_error *error);

#endif
