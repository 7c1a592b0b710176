/* build: a frame from a value, by the rules of pandas' DataFrame constructor (golden RULES 9-11).
 */
#ifndef HOB_FRAME_BUILD_H
#define HOB_FRAME_BUILD_H

#include "frame/frame.h"

enum hob_build_rules {
    HOB_BUILD_SCALARS_ARE_ROW = 1 << 0, /* a mapping of scalars is one row (YAML, local) */
};

/* Accepts a list of mappings (records), of lists or scalars (columns 0..n-1), a mapping of lists
 * (columns; scalars beside them are repeated), of mappings (outer keys are columns, the union of
 * inner keys the hidden index), of scalars. The frame copies what it keeps unless `source` is
 * given: that arena, in which the value lives, is then adopted by the frame (also on error).
 * Errors are HOB_E_VALUE: unequal lengths, scalars where columns are meant, anything else. */
int hob_frame_from_value(struct hob_frame **frame, const struct hob_value *value, unsigned rules,
                         struct hob_arena *source, struct hob_error *error);

#endif
