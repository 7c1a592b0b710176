/* formats: what the files of this folder, one a format, give to the table in formats.c. */
#ifndef HOB_ACCESS_FORMATS_H
#define HOB_ACCESS_FORMATS_H

#include "access/access.h"

#define HOB_READS(name)                                                                            \
    int hob_##name##_read_flow(struct hob_frame **frame, const struct hob_scope *scope,            \
                               const struct hob_value *flow, struct hob_error *error)
#define HOB_WRITES(name)                                                                           \
    int hob_##name##_write_flow(const struct hob_scope *scope, const struct hob_value *flow,       \
                                const struct hob_frame *frame, struct hob_error *error)

HOB_WRITES(arrow);
HOB_READS(auto);
HOB_READS(bibtex);
HOB_WRITES(bibtex);
HOB_READS(bibtex_directory);
HOB_READS(csv);
HOB_WRITES(csv);
HOB_READS(directory);
HOB_WRITES(directory);
HOB_READS(docx);
HOB_READS(docx_directory);
HOB_READS(excel);
HOB_WRITES(excel);
HOB_READS(fake);
HOB_READS(gsheet);
HOB_WRITES(gsheet);
HOB_READS(hstack);
HOB_READS(json);
HOB_WRITES(json);
HOB_READS(json_directory);
HOB_WRITES(json_directory);
HOB_READS(list);
HOB_READS(local);
HOB_READS(markdown);
HOB_WRITES(markdown);
HOB_READS(markdown_directory);
HOB_WRITES(markdown_directory);
HOB_READS(meta_directory);
HOB_WRITES(meta_directory);
HOB_READS(ndjson);
HOB_WRITES(ndjson);
HOB_READS(series);
HOB_READS(stack);
HOB_READS(vstack);
HOB_READS(yaml);
HOB_WRITES(yaml);
HOB_READS(yaml_directory);
HOB_WRITES(yaml_directory);

/* What every format of one file needs. */

/* A file that was read for a flow. */
struct hob_flow_file {
    struct hob_text text;
    const char *path; /* for messages */
    const struct hob_value *flow;
};

/* Reads the file that the flow names and has `read` make a frame of it. Errors of `read` get
 * "reading 'PATH' as KIND" before them, unless `kind` is NULL because they name the file
 * themselves. */
int hob_flow_read(struct hob_frame **frame, const struct hob_scope *scope,
                  const struct hob_value *flow, const char *kind,
                  int (*read)(struct hob_frame **frame, const struct hob_flow_file *file,
                              struct hob_error *error),
                  struct hob_error *error);
/* One row: the fields of the front matter and the content (also of what pandoc made of a docx). */
int hob_markdown_read(struct hob_frame **frame, const struct hob_flow_file *file,
                      struct hob_error *error);

/* Replaces the file that the flow names with the buffer's text. */
int hob_flow_write_file(const struct hob_scope *scope, const struct hob_value *flow,
                        const struct hob_buffer *content, struct hob_error *error);

#endif
