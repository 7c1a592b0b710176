/* letters: upper and lower case of Unicode text, as Python's str methods (private to this
 * folder). Single characters go through the C library's tables of a C.UTF-8 locale, which is made
 * once and never set as the locale of the process; the few that become several characters, and
 * the final sigma, are here. Without such a locale only ASCII letters change. */
#ifndef HOB_COMPUTE_LIQUID_LETTERS_H
#define HOB_COMPUTE_LIQUID_LETTERS_H

#include "base/buffer.h"

void liquid_put_upper(struct hob_buffer *out, struct hob_text text);
void liquid_put_lower(struct hob_buffer *out, struct hob_text text);
/* The first character in title case, the rest in lower case. */
void liquid_put_capitalized(struct hob_buffer *out, struct hob_text text);

/* What is looked past when the end of a word is looked for: marks, hyphens that do not show,
 * apostrophes (ignorable.c). */
bool liquid_is_case_ignorable(uint32_t character);

#endif
