/* posted: a table that came in the body of a request. */
#ifndef HOB_SERVER_POSTED_H
#define HOB_SERVER_POSTED_H

#include "frame/frame.h"

/* Makes the frame of {"records": rows, "columns": [names]}: rows are a list of mappings, a list of
 * lists or a mapping of lists; names pick and order columns, or name those of lists. HOB_E_KEY
 * without records, HOB_E_TYPE and HOB_E_VALUE for anything else that is no table. `arena` is for
 * scratch. */
int hob_posted_frame(struct hob_frame **frame, const struct hob_value *data,
                     struct hob_arena *arena, struct hob_error *error);

#endif
