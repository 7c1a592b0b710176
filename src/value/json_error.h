/* json_error: what is wrong with a document and where, in the words of Python's json; internal to
 * the json module. */
#ifndef HOB_VALUE_JSON_ERROR_H
#define HOB_VALUE_JSON_ERROR_H

#include "base/error.h"
#include "base/text.h"

/* "what: line 1 column 2 (char 1)" for the byte `offset` of a text that is valid UTF-8 up to
 * there; returns HOB_E_JSON. */
int json_error_at(struct hob_error *error, struct hob_text text, size_t offset, const char *what);

/* "'utf-8' codec can't decode byte 0xff in position 0: invalid start byte" for a text of which
 * `valid` bytes are valid UTF-8; returns HOB_E_UNICODE. */
int json_error_unicode(struct hob_error *error, struct hob_text text, size_t valid);

#endif
