/* yaml_mend: what PyYAML reads and libyaml does not, in words that libyaml knows; internal to the
 * yaml module.
 *
 * It is only asked where libyaml gave up: a block scalar without indentation indicator whose first
 * line starts with a tab gets one; a surrogate pair in double quotes becomes one escape; an unknown
 * directive becomes a comment. Lines keep their numbers. */
#ifndef HOB_VALUE_YAML_MEND_H
#define HOB_VALUE_YAML_MEND_H

#include "base/buffer.h"
#include "base/text.h"

struct yaml_trouble {
    struct hob_text text;
    const char *problem;         /* libyaml's */
    size_t context_index, index; /* characters before the token, and before the problem */
    int indent;                  /* columns of the block around it, -1 for none */
};

/* Puts a text in which that problem is gone, or puts nothing and is false. */
bool yaml_mend(struct hob_buffer *out, const struct yaml_trouble *trouble);

#endif
