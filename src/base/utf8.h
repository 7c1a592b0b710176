/* utf8: checking and stepping through UTF-8 (RFC 3629: no surrogates, no overlong forms). */
#ifndef HOB_BASE_UTF8_H
#define HOB_BASE_UTF8_H

#include "base/buffer.h"
#include "base/text.h"

/* The number of leading bytes that are valid UTF-8; text.size when all of it is. */
size_t hob_utf8_valid_prefix(struct hob_text text);

/* What to do with a text that is no UTF-8, for an error's hint: NULL when its first bytes do not
 * say what it is. */
const char *hob_utf8_remedy(struct hob_text text);

/* Like hob_utf8_valid_prefix, but lone surrogates written as three bytes (WTF-8) pass: that is how
 * a "\ud83d" escape of JSON or YAML is kept until it is printed. */
size_t hob_wtf8_valid_prefix(struct hob_text text);

/* Decodes the character at data[0] (valid WTF-8 assumed) and returns its length in bytes. */
unsigned hob_utf8_decode(const char *data, uint32_t *character);

/* Writes a code point (surrogates included) and returns the number of bytes, 1 to 4. */
unsigned hob_utf8_encode(uint32_t character, char out[4]);

/* Number of characters (valid WTF-8 assumed). */
size_t hob_utf8_count(struct hob_text text);

/* Columns that a terminal needs for the text: 2 for wide characters, 0 for combining ones. */
size_t hob_utf8_width(struct hob_text text);
unsigned hob_utf8_character_width(uint32_t character);

/* Appends the text with U+FFFD in place of what is no UTF-8: one for as many bytes as could have
 * begun a character, as Python has it. */
void hob_utf8_put_repaired(struct hob_buffer *out, struct hob_text text);

/* White space as Python's str.isspace has it. */
bool hob_utf8_is_space(uint32_t character);

#endif
