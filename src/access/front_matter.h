/* front_matter: the fields above a markdown text.
 *
 * The whole text is stripped first. Front matter is YAML between lines of three or more dashes, or
 * JSON between a line "{" and a line "}"; it must be first and must be closed (golden RULES 21). */
#ifndef HOB_ACCESS_FRONT_MATTER_H
#define HOB_ACCESS_FRONT_MATTER_H

#include "base/error.h"
#include "value/value.h"

struct hob_front_matter {
    const struct hob_value *fields; /* a mapping (with text keys), or NULL when there is none */
    struct hob_text content;        /* stripped; line ends are LF */
    /* Why there are no fields although the text begins as front matter does; NULL otherwise. It may
     * be no mistake: a text may begin with a line of dashes. */
    const char *flaw;
};

/* Errors: HOB_E_VALUE for YAML that does not parse, HOB_E_JSON, HOB_E_UNICODE; `name` is the
 * file's, for the message. */
int hob_front_matter_read(struct hob_arena *arena, struct hob_text text, const char *name,
                          struct hob_front_matter *result, struct hob_error *error);

#endif
