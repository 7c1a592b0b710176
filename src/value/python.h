/* python: values as Python prints them, which is what the reference's field tools answer. */
#ifndef HOB_VALUE_PYTHON_H
#define HOB_VALUE_PYTHON_H

#include "base/buffer.h"
#include "value/value.h"

#define HOB_PYTHON_MAX_SIZE ((size_t)64 << 20)

/* str(value): text as it is, None, True, 1e+16, lists and mappings with repr inside. Dates inside
 * lists and mappings print as quoted ISO text ('2024-01-05'), not as datetime.date(2024, 1, 5): a
 * documented difference. A collection inside itself prints as [...] or {...}, and what would be
 * longer than HOB_PYTHON_MAX_SIZE (aliases can multiply) ends there in "...". */
void hob_python_str(struct hob_buffer *out, const struct hob_value *value);
void hob_python_repr(struct hob_buffer *out, const struct hob_value *value);
/* repr of a text: single quotes unless it holds a single quote and no double one. */
void hob_python_repr_text(struct hob_buffer *out, struct hob_text text);

#endif
