/* lines_read: JSON lines (NDJSON), a record a line, straight into columns. */
#ifndef HOB_FRAME_LINES_READ_H
#define HOB_FRAME_LINES_READ_H

#include "frame/frame.h"

/* Each line that is not blank is a JSON mapping; lines end with LF or CRLF. The frame is what
 * hob_frame_from_value would make of the list of them; no lines make an empty frame. Errors name
 * the line: those of hob_json_next, HOB_E_VALUE for what is no mapping; HOB_E_MEMORY, HOB_E_LIMIT
 * for a table of more than HOB_FRAME_MAX_CELLS cells. */
int hob_frame_read_lines(struct hob_frame **frame, struct hob_text text, struct hob_error *error);

#endif
