/* convert: columns made of the cells of other columns, with the types that pandas gives them. */
#ifndef HOB_FRAME_CONVERT_H
#define HOB_FRAME_CONVERT_H

#include "frame/column.h"

/* Stands for a row that is not there; what is picked from it is missing. */
#define HOB_NO_ROW SIZE_MAX

/* What a column must be to hold the cells of several: start with HOB_COLUMN_KIND_INIT, add each
 * column (and a hole where one is not there), then make the column. */
struct hob_column_kind {
    struct hob_column merged;     /* the form that columns with a say have in common; no cells */
    unsigned first, all, telling; /* types: of the first, of all, of those in which something is */
    bool holes;                   /* somewhere there will be no cell */
    bool mixed;                   /* not just numbers that can be put below each other */
    bool has_cells;
};

#define HOB_COLUMN_KIND_INIT                                                                       \
    {                                                                                              \
        0                                                                                          \
    }

/* The order counts, as in pandas: booleans below numbers become numbers, floats below booleans make
 * mixed values. Columns in which nothing is have no say, but beside integers and booleans alone. */
void hob_column_kind_add(struct hob_column_kind *kind, const struct hob_column *column);
void hob_column_kind_add_hole(struct hob_column_kind *kind);
/* An empty column of that kind: integers with holes are floats. */
void hob_column_init_kind(struct hob_column *column, const struct hob_column_kind *kind);

/* Appends a cell of a column that was added to the kind; HOB_NO_ROW appends a hole. Values are made
 * in `arena`. False without memory. */
bool hob_column_append_cell(struct hob_column *column, const struct hob_column *other, size_t row,
                            struct hob_arena *arena);

/* Makes `picked` from the rows named, in that order. On failure (no memory) it is empty. */
bool hob_column_pick(struct hob_column *picked, const struct hob_column *column, const size_t *rows,
                     size_t count, struct hob_arena *arena);
/* Makes 0, 1, 2... On failure (no memory) it is empty. */
bool hob_column_count_up(struct hob_column *column, size_t count);

#endif
