/* columns: the column operations of a flow, applied to what was read (golden RULES 29). */
#ifndef HOB_ACCESS_COLUMNS_H
#define HOB_ACCESS_COLUMNS_H

#include "frame/frame.h"

/* index (names the hidden index only), add_columns, rename_columns, ignore_columns,
 * select_columns, columns, in that order. HOB_E_VALUE names the column that is not there and lists
 * those that are; HOB_E_KEY for an index mapping without `name` or a selection that matches
 * nothing. */
int hob_columns_apply(struct hob_frame *frame, const struct hob_value *flow,
                      struct hob_error *error);

/* Adds a column that holds nothing, if there is none of that name yet. */
int hob_columns_add_empty(struct hob_frame *frame, const struct hob_value *name,
                          struct hob_error *error);

#endif
