/* markdown: CommonMark to HTML (private to this folder); the only user of md4c. */
#ifndef HOB_COMPUTE_LIQUID_MARKDOWN_H
#define HOB_COMPUTE_LIQUID_MARKDOWN_H

#include "base/buffer.h"

/* Appends the HTML, without line ends at its end. Stops when `out` is larger than `limit`. False
 * when there is no memory or the text is larger than the library takes. */
bool liquid_put_markdown(struct hob_buffer *out, struct hob_text text, size_t limit);

#endif
