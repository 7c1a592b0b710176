/* excel: a workbook's sheet into typed columns, as pandas' read_excel types them, and back. */
#ifndef HOB_ACCESS_EXCEL_H
#define HOB_ACCESS_EXCEL_H

#include "frame/frame.h"

/* Reads the sheet that the flow's `sheet`, `header` and `dtypes` ask for from a file's bytes.
 * HOB_E_VALUE for what is no workbook, is damaged, or has no such sheet; HOB_E_LIMIT for what would
 * take far more memory than its size shows. */
int hob_excel_read(struct hob_frame **frame, struct hob_text file, const struct hob_value *flow,
                   struct hob_error *error);

/* Appends a workbook with the frame as its one sheet, named by `sheet` (null: "Sheet1").
 * HOB_E_LIMIT for more than Excel holds, HOB_E_VALUE for a name that it does not accept. */
int hob_excel_write(struct hob_buffer *out, const struct hob_frame *frame,
                    const struct hob_value *sheet, struct hob_error *error);

#endif
