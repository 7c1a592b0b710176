/* record: a file as a record (or several), for the formats that are made of many files. */
#ifndef HOB_ACCESS_RECORD_H
#define HOB_ACCESS_RECORD_H

#include "base/buffer.h"
#include "base/error.h"
#include "config/scope.h"
#include "value/value.h"

/* How files of one kind are read and written. */
struct hob_record_kind {
    const char *type;       /* the format of one such file */
    const char *extensions; /* space-separated: what makes a file this kind */
    /* The file's record: a mapping, or a list of mappings; null for none. */
    int (*read)(const struct hob_record_kind *kind, const struct hob_value **value,
                struct hob_arena *arena, const struct hob_scope *scope, const char *path,
                struct hob_error *error);
    /* NULL when it cannot be written. May change `fields`. */
    int (*write)(struct hob_buffer *out, struct hob_arena *arena, struct hob_value *fields,
                 struct hob_error *error);
};

/* The kind of that type, which must be one: yaml, json, markdown, bibtex, docx, meta. */
const struct hob_record_kind *hob_record_kind_find(const char *type);
/* By the ending of the file's name; a file of an unknown kind is a text. */
const struct hob_record_kind *hob_record_kind_of(const char *path);

#endif
