/* access: reading a flow (an input or output section of an interface, or a data_source) into a
 * frame, and writing a frame to one. */
#ifndef HOB_ACCESS_ACCESS_H
#define HOB_ACCESS_ACCESS_H

#include "config/interface.h"
#include "config/scope.h"
#include "frame/frame.h"

/* Reads what the flow's `type` says, then applies its column operations (index, add_columns,
 * rename_columns, ignore_columns, select_columns, columns), in that order. */
int hob_access_read(struct hob_frame **frame, const struct hob_scope *scope,
                    const struct hob_value *flow, struct hob_error *error);
/* Writes to what the flow's `type` says; atomic for each file. */
int hob_access_write(const struct hob_scope *scope, const struct hob_value *flow,
                     const struct hob_frame *frame, struct hob_error *error);

/* Reads the input of an interface: its own if it has one, else what it inherits; HOB_E_PARAMETER
 * when there is neither. */
int hob_access_read_interface(struct hob_frame **frame, const struct hob_scope *scope,
                              const struct hob_interface *interface, struct hob_error *error);

/* The file that a flow names: base_directory / directory / filename, variables and ~ expanded in
 * directory only (golden RULES 24). In the arena; HOB_E_PARAMETER without a filename. */
int hob_access_path(const char **path, struct hob_arena *arena, const struct hob_value *flow,
                    struct hob_error *error);

/* One row of the table of formats: everything that help, README and completions say of them. */
struct hob_format {
    const char *type;       /* as in `type: csv` */
    const char *extensions; /* space-separated, for `auto` and file names; "" for none */
    const char *summary;    /* one line for help */
    int (*read)(struct hob_frame **frame, const struct hob_scope *scope,
                const struct hob_value *flow, struct hob_error *error); /* NULL: cannot */
    int (*write)(const struct hob_scope *scope, const struct hob_value *flow,
                 const struct hob_frame *frame, struct hob_error *error); /* NULL: cannot */
    /* Keys that it looks at in a flow, beside those that name files and HOB_COLUMN_KEYS; separated
     * by blanks, NULL: none. Unknown keys of an interface are left alone, as the reference does; on
     * a command line they are mistakes. */
    const char *write_keys;
    const char *read_keys; /* only of what has extensions: the others are read by interfaces */
};

/* Those that hold for whatever is read. */
#define HOB_COLUMN_KEYS "index add_columns rename_columns ignore_columns select_columns columns"

/* The table of all, in order of their names; and the one of this type, or NULL. */
const struct hob_format *hob_formats(size_t *count);
const struct hob_format *hob_format_find(struct hob_text type);
/* By the ending of a file name; NULL when it is not known. */
const struct hob_format *hob_format_of_file(const char *filename);
/* HOB_E_VALUE for a file whose name does not say how to read it, or names a format that can only be
 * written. `remedy` is what helps in the first case. */
int hob_format_unreadable(const char *filename, const char *remedy, struct hob_error *error);

#endif
