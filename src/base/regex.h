/* regex: regular expressions in Python's spelling, as interface files hold them.
 *
 * Patterns come from files and clients, so matching is bounded: what would need too many steps or
 * too much memory is HOB_E_LIMIT, never a process that hangs. One regex is for one thread. */
#ifndef HOB_BASE_REGEX_H
#define HOB_BASE_REGEX_H

#include "base/error.h"
#include "base/text.h"

struct hob_regex;

/* HOB_E_PATTERN with the place for what is no pattern, HOB_E_LIMIT for one that is too long. */
int hob_regex_new(struct hob_regex **regex, struct hob_text pattern, struct hob_error *error);
/* Takes NULL, returns NULL. */
struct hob_regex *hob_regex_free(struct hob_regex *regex);
static inline void hob_auto_regex(struct hob_regex **regex)
{
    hob_regex_free(*regex);
}

/* Whether the text starts with a match, as Python's re.match: 1, 0, or HOB_E_LIMIT. An empty match
 * counts. Bytes that are not UTF-8 match nothing. */
int hob_regex_match_start(struct hob_regex *regex, struct hob_text text, struct hob_error *error);
/* The first match at or behind `from` that is not empty: 1 with its place, 0, or HOB_E_LIMIT. The
 * text must be UTF-8. */
int hob_regex_find(struct hob_regex *regex, struct hob_text text, size_t from, size_t *start,
                   size_t *end, struct hob_error *error);

#endif
