/* file_set: which files a flow of many files means, and how a row says which one it came from. */
#ifndef HOB_ACCESS_FILE_SET_H
#define HOB_ACCESS_FILE_SET_H

#include "base/error.h"
#include "config/glob.h"
#include "value/value.h"

/* The three columns that say which file a row came from. */
enum { HOB_STORE_ROOT, HOB_STORE_DIRECTORY, HOB_STORE_FILENAME, HOB_STORE_COUNT };

struct hob_store_fields {
    const struct hob_value *names[HOB_STORE_COUNT]; /* in the arena that they were read with */
};

/* The names that `store_fields` gives, those that it leaves out being sourceRoot, sourceDirectory
 * and `filename`. HOB_E_PARAMETER for names that are no texts, or twice the same. */
int hob_store_fields_read(struct hob_store_fields *fields, struct hob_arena *arena,
                          const struct hob_value *flow, const char *filename,
                          struct hob_error *error);

/* All files that the flow's `source` means, sorted: mappings of directory, glob and regexp, or
 * directories. Nothing that matches is no error; HOB_E_VALUE for a file that is found twice. */
int hob_file_set_find(struct hob_paths *paths, struct hob_arena *arena,
                      const struct hob_scope *scope, const struct hob_value *flow,
                      const char *default_glob, struct hob_error *error);
/* All files that the flow's `filename`, a list or a text, names, sorted. Errors as above. */
int hob_file_set_list(struct hob_paths *paths, struct hob_arena *arena,
                      const struct hob_value *flow, struct hob_error *error);

/* Splits names of files into root, directory and name. Files mostly come directory by directory,
 * so what the last one gave is kept. */
struct hob_file_places {
    struct hob_arena *arena;
    const char *working; /* the working directory, or "" */
    struct hob_text head;
    const struct hob_value *root, *directory; /* of that head */
};

/* Needs no deinit: what it keeps is the arena's. What errno says when there is no working
 * directory. */
int hob_file_places_init(struct hob_file_places *places, struct hob_arena *arena,
                         struct hob_error *error);
/* Below the working directory that is the root; elsewhere the root is all but the last part of the
 * directory, with ${HOME} where it starts with the home directory. */
void hob_file_place(struct hob_file_places *places, const char *path,
                    const struct hob_value *values[HOB_STORE_COUNT]);
/* The shortest name to open the file by: relative where it lies below the working directory. */
const char *hob_file_opening_name(const struct hob_file_places *places, const char *path);

#endif
