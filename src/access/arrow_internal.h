/* arrow_internal: what the files of the Arrow writer share: the schema's fields, and one batch of
 * rows with where everything lies in it. Only arrow*.c include this. */
#ifndef HOB_ACCESS_ARROW_INTERNAL_H
#define HOB_ACCESS_ARROW_INTERNAL_H

#include "access/arrow.h"
#include "access/flatbuffer.h"

enum hob_arrow_type {
    HOB_ARROW_INT32,
    HOB_ARROW_INT64,
    HOB_ARROW_UINT64,
    HOB_ARROW_DOUBLE,
    HOB_ARROW_BOOL,
    HOB_ARROW_UTF8,
    HOB_ARROW_LARGE_UTF8,
    HOB_ARROW_TIMESTAMP,
};

struct hob_arrow_field {
    const struct hob_column *column;
    struct hob_text name;          /* valid UTF-8; borrowed */
    const struct hob_value *label; /* the name before it was made a text; borrowed */
    enum hob_arrow_type type;
    bool json; /* cells are values, written as JSON */
};

/* A buffer of the format: its place in the body of a batch. */
struct hob_arrow_extent {
    size_t offset, size;
};

/* Each field has three buffers at most: validity, offsets, data. */
enum { HOB_ARROW_EXTENTS = 3 };

struct hob_arrow_batch {
    struct hob_buffer body;
    size_t first, rows;
    size_t *nulls; /* of each field */
    struct hob_arrow_extent *extents;
    size_t extent_count;
    size_t json_size; /* of nested cells, in all batches so far */
};

/* arrow_cells.c: appends the cells of one column to the body. */
int hob_arrow_put_column(struct hob_arrow_batch *batch, const struct hob_arrow_field *field,
                         size_t *nulls, struct hob_error *error);
/* Lone surrogates, which UTF-8 forbids, become U+FFFD, which is as long. */
void hob_arrow_mend_text(char *data, size_t size);

/* arrow_message.c: the messages that describe, without their bodies. */
void hob_arrow_put_schema(struct hob_flatbuffer *flat, const struct hob_arrow_field *fields,
                          size_t count);
void hob_arrow_put_batch(struct hob_flatbuffer *flat, const struct hob_arrow_batch *batch,
                         size_t count);

#endif
