/* select: some rows of a frame, or all of them in another order.
 *
 * Which rows are wanted is a set, a bit a row, so that conditions combine a word at a time; in
 * which order is a list of row numbers. Both are made first, and the cells are copied once. */
#ifndef HOB_FRAME_SELECT_H
#define HOB_FRAME_SELECT_H

#include "frame/frame.h"

/* Bits beyond the last row are zero. */
struct hob_row_set {
    uint64_t *words;
    size_t rows;
};

#define HOB_ROW_SET_INIT                                                                           \
    {                                                                                              \
        0                                                                                          \
    }

/* An empty set for that many rows; false without memory. */
bool hob_row_set_init(struct hob_row_set *set, size_t rows);
void hob_row_set_deinit(struct hob_row_set *set);
static inline void hob_auto_row_set(struct hob_row_set *set)
{
    hob_row_set_deinit(set);
}

static inline bool hob_row_set_has(const struct hob_row_set *set, size_t row)
{
    return (set->words[row / 64] >> row % 64 & 1) != 0;
}
/* Adds the row when `wanted`; never takes one out. */
static inline void hob_row_set_add(struct hob_row_set *set, size_t row, bool wanted)
{
    set->words[row / 64] |= (uint64_t)wanted << row % 64;
}

/* The sets must be for the same number of rows. */
void hob_row_set_intersect(struct hob_row_set *set, const struct hob_row_set *other);
void hob_row_set_unite(struct hob_row_set *set, const struct hob_row_set *other);
void hob_row_set_invert(struct hob_row_set *set);
size_t hob_row_set_count(const struct hob_row_set *set);
/* The numbers of the rows in it, ascending: malloc'd, for the caller to free. NULL without memory;
 * also an empty set has a list. */
size_t *hob_row_set_list(const struct hob_row_set *set, size_t *count);

struct hob_order {
    size_t column;
    bool descending;
};

/* Puts the row numbers into order by the first column, equal ones by the next, and so on; what is
 * equal in all of them stays as it was. Numbers come before texts before dates and the rest; what
 * is missing comes last, also when descending. HOB_E_MEMORY. */
int hob_frame_sort_rows(size_t *rows, size_t count, const struct hob_frame *frame,
                        const struct hob_order *order, size_t order_count, struct hob_error *error);

/* Makes a frame of the rows named, in that order; HOB_NO_ROW is a row of holes. Labels stay with
 * their rows. Takes the frame over, in any case. HOB_E_MEMORY. */
int hob_frame_take_rows(struct hob_frame **taken, struct hob_frame *frame, const size_t *rows,
                        size_t count, struct hob_error *error);

#endif
