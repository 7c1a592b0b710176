/* texts: pieces of UTF-8 text (private to this folder). Texts are valid WTF-8. */
#ifndef HOB_COMPUTE_LIQUID_TEXTS_H
#define HOB_COMPUTE_LIQUID_TEXTS_H

#include "base/text.h"

/* Without the Unicode white space at one end. */
struct hob_text liquid_strip_left(struct hob_text text);
struct hob_text liquid_strip_right(struct hob_text text);

/* Where `part` first or last stands in the text, or SIZE_MAX. An empty part stands at the start,
 * or at the end. */
size_t liquid_find_text(struct hob_text text, struct hob_text part);
size_t liquid_find_last_text(struct hob_text text, struct hob_text part);

static inline struct hob_text liquid_text_from(struct hob_text text, size_t start)
{
    return (struct hob_text){text.data + start, text.size - start};
}

/* Takes the next run of characters that are no white space off the front; false when there is
 * none. */
bool liquid_next_run(struct hob_text *rest, struct hob_text *run);

/* The byte at which character number `count` starts; text.size when there are fewer. */
size_t liquid_skip_characters(struct hob_text text, size_t count);

#endif
