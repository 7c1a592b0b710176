/* combine: frames one below the other, one over the other, and rows gathered into lists. */
#ifndef HOB_FRAME_COMBINE_H
#define HOB_FRAME_COMBINE_H

#include "frame/frame.h"

/* The rows of all frames in order; columns in order of first appearance, with holes where a frame
 * has none of that name. Rows keep their labels unless `fresh_labels`. The frames are taken over,
 * in any case, and their slots set to NULL. HOB_E_VALUE when a frame has a name twice. */
int hob_frame_concatenate(struct hob_frame **all, struct hob_frame **frames, size_t count,
                          bool fresh_labels, struct hob_error *error);

/* Frames of one row each as one row: of columns with the same name the last wins, at the place of
 * the first. The frames are taken over as above; HOB_E_VALUE when one has another number of
 * rows. */
int hob_frame_overlay(struct hob_frame **all, struct hob_frame **frames, size_t count,
                      struct hob_error *error);

/* A row for each different cell of the column `key`, in order of first appearance: first the key,
 * then of every other column the list of its cells, missing ones as null. Takes the frame over, in
 * any case. HOB_E_KEY when there is no such column. */
int hob_frame_gather(struct hob_frame **gathered, struct hob_frame *frame,
                     const struct hob_value *key, struct hob_error *error);

#endif
