/* entities: HTML character references to characters (private to this folder). */
#ifndef HOB_COMPUTE_LIQUID_ENTITIES_H
#define HOB_COMPUTE_LIQUID_ENTITIES_H

#include "base/buffer.h"

/* Appends the text with &lt; &#60; &#x3c; and the named references of HTML 4 (and &apos;) turned
 * into characters; those of Latin-1 also without semicolon, as HTML has it. Others stay. */
void liquid_put_unescaped(struct hob_buffer *out, struct hob_text text);

#endif
