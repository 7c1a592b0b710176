/* entities: HTML character references to characters (private to this folder). */
#ifndef HOB_COMPUTE_LIQUID_ENTITIES_H
#define HOB_COMPUTE_LIQUID_ENTITIES_H

#include "base/buffer.h"

/* Appends the text with &lt; &#60; &#x3c; turned into characters as Python's html.unescape, and so
 * HTML 5, has it: all of its names, some of them without semicolon; numbers of Windows' characters
 * are read as these, and those of control characters are dropped. Others stay. */
void liquid_put_unescaped(struct hob_buffer *out, struct hob_text text);

#endif
