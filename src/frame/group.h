/* group: rows with equal cells brought together, and what there is to say of each group. */
#ifndef HOB_FRAME_GROUP_H
#define HOB_FRAME_GROUP_H

#include "frame/frame.h"

enum hob_aggregate_kind {
    HOB_AGGREGATE_COUNT, /* of rows */
    HOB_AGGREGATE_SUM,
    HOB_AGGREGATE_MEAN,
    HOB_AGGREGATE_MIN,
    HOB_AGGREGATE_MAX,
};

struct hob_aggregate {
    enum hob_aggregate_kind kind;
    size_t column; /* of no meaning for COUNT */
};

/* "count", "sum"... */
const char *hob_aggregate_name(enum hob_aggregate_kind kind);

/* A row for each different combination of cells of the key columns, in order of first appearance;
 * missing cells are a combination too. First the keys, then a column an aggregate: `count`, or
 * COLUMN_sum and so on. Without keys there is one row, about all rows. Missing cells count for
 * nothing: a sum without any is 0, the others are missing then.
 *
 * Takes the frame over, in any case. Errors: HOB_E_TYPE for keys that are lists or mappings and for
 * sums and means of what is no number, HOB_E_MEMORY. */
int hob_frame_group(struct hob_frame **grouped, struct hob_frame *frame, const size_t *keys,
                    size_t key_count, const struct hob_aggregate *aggregates, size_t count,
                    struct hob_error *error);

#endif
