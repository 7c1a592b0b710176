/* read_format: the formats in which `hob read` prints a table, and the types that it reads. */
#ifndef HOB_CLI_READ_FORMAT_H
#define HOB_CLI_READ_FORMAT_H

#include "access/access.h"
#include "base/sink.h"
#include "cli/table.h"
#include "frame/frame.h"

enum { HOB_READ_ENDINGS = 2 };

struct hob_read_format {
    const char *name;
    const char *endings[HOB_READ_ENDINGS]; /* of the names of files that are written in it */
    int (*write)(const struct hob_sink *sink, const struct hob_frame *frame,
                 const struct hob_table_options *options, struct hob_error *error);
    /* One value, as `--field` prints it. NULL: not possible. */
    int (*put_value)(struct hob_buffer *out, const struct hob_value *value,
                     struct hob_error *error);
    bool binary; /* no text: nothing for a terminal */
};

/* NULL when there is none of that name. */
const struct hob_read_format *hob_read_format_find(const char *name);
/* By the ending of a file's name; NULL when it says nothing. */
const struct hob_read_format *hob_read_format_of_file(const char *name);
/* Their names, separated by blanks. */
void hob_read_put_formats(struct hob_buffer *out);

/* The type of that name when it is one of files that can be read; other types are about something
 * else than one file: data in an interface itself, directories. NULL when it is not. */
const struct hob_format *hob_read_type_find(const char *name);
/* The names of all of them, separated by blanks. */
void hob_read_put_types(struct hob_buffer *out);

#endif
