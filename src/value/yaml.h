/* yaml: YAML 1.1 as PyYAML's safe_load (with the libyaml loader) reads it, and as its dump writes.
 *
 * libyaml parses; this module composes and resolves: yes/no/on/off, octal, base 60, timestamps,
 * merge keys, anchors (aliases are the same node; recursive ones make cycles), !!set, !!omap,
 * !!pairs, !!binary, explicit scalar tags. Unknown tags, a second document, an unhashable key, the
 * same anchor twice and a date that does not exist are errors. */
#ifndef HOB_VALUE_YAML_H
#define HOB_VALUE_YAML_H

#include "base/buffer.h"
#include "base/error.h"
#include "value/value.h"

/* Reads one document; an empty one is null. Errors are HOB_E_VALUE with `name` (of the file, for
 * the message), line and column counted from 1; nesting beyond HOB_VALUE_MAX_DEPTH and documents
 * beyond the limits are HOB_E_LIMIT. */
int hob_yaml_read(struct hob_arena *arena, struct hob_text text, const char *name,
                  const struct hob_value **value, struct hob_error *error);

/* The same for files of data, which the reference reads with PyYAML's own loader: also what that
 * takes and libyaml refuses. Block scalars whose first line starts with a tab, surrogate pairs of
 * escapes (one character here), unknown directives. */
int hob_yaml_read_data(struct hob_arena *arena, struct hob_text text, const char *name,
                       const struct hob_value **value, struct hob_error *error);

/* What a plain scalar of these characters is, without a document around it: 42 a number, yes a
 * truth value, a text what is nothing else. The text is valid UTF-8, and copied. */
const struct hob_value *hob_yaml_plain(struct hob_arena *arena, struct hob_text text);

/* Appends the value in block style, as the reference writes files: two blanks a level, lists not
 * indented under their key, plain or single-quoted scalars, block literals for texts with line
 * breaks, texts that hold CR or other control characters double-quoted, lines folded at 80, keys
 * in their order, Unicode as it is. Pairs whose value is null, NaN or "" are left out, in mappings
 * at any depth but not in lists. */
int hob_yaml_write(struct hob_buffer *out, const struct hob_value *value, struct hob_error *error);

#endif
