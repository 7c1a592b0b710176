/* records: frames as JSON, straight from the columns. */
#ifndef HOB_FRAME_RECORDS_H
#define HOB_FRAME_RECORDS_H

#include "base/buffer.h"
#include "frame/frame.h"

/* [{"a": 1, "b": null}, ...]: missing and infinite cells are null, datetimes ISO text; of repeated
 * names a record has the last; a frame without columns has no records. `style` as in
 * value/json.h. */
int hob_frame_put_records(struct hob_buffer *out, const struct hob_frame *frame, unsigned style,
                          struct hob_error *error);
/* One record a line (NDJSON). */
int hob_frame_put_lines(struct hob_buffer *out, const struct hob_frame *frame,
                        struct hob_error *error);
/* {"records": [...], "columns": [...], "shape": [rows, columns], "dtypes": {...}}: the `data` of
 * the reference's answers; numbered columns are numbers in `columns` and text elsewhere. */
int hob_frame_put_answer(struct hob_buffer *out, const struct hob_frame *frame,
                         struct hob_error *error);

#endif
