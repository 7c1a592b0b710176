/* display: foreign text made harmless for a terminal.
 *
 * What a file holds, or is called, must not move the cursor, change colours or reorder the line
 * that it is shown in. Control characters become their Unicode pictures (ESC is ␛), line breaks
 * ⏎, what reorders text or is no UTF-8 the replacement character. */
#ifndef HOB_CLI_DISPLAY_H
#define HOB_CLI_DISPLAY_H

#include "base/buffer.h"

/* Appends the text, harmless and valid UTF-8. Returns the columns that a terminal needs for it. */
size_t hob_display_put(struct hob_buffer *out, struct hob_text text);
/* The number of leading bytes of a harmless text that fit into `width` columns; *used gets the
 * columns that they take (one less than `width` when a wide character is in the way). */
size_t hob_display_fit(struct hob_text text, size_t width, size_t *used);

#endif
