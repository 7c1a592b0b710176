/* header: the lines at the head of a message, as HTTP (RFC 9110) has them. */
#ifndef HOB_BASE_HEADER_H
#define HOB_BASE_HEADER_H

#include "base/text.h"

/* Whether it can be the name of a header: a token, not empty. */
bool hob_header_is_name(struct hob_text text);
/* Whether it can be the value of one: no control characters but the tab. */
bool hob_header_is_value(struct hob_text text);
/* Whether they are the same; the case of ASCII letters does not matter. */
bool hob_header_named(struct hob_text text, struct hob_text name);
/* Without blanks and tabs at both ends. */
struct hob_text hob_header_trim(struct hob_text text);

#endif
