/* bibtex_parse: BibTeX text into entries with their fields, macros resolved. */
#ifndef HOB_ACCESS_BIBTEX_PARSE_H
#define HOB_ACCESS_BIBTEX_PARSE_H

#include "base/arena.h"
#include "base/error.h"
#include "base/map.h"

struct hob_bibtex_field {
    size_t name; /* position in `names` */
    struct hob_text value;
};

struct hob_bibtex_entry {
    struct hob_text type; /* lower-cased */
    struct hob_text key;  /* "" when the entry has none */
    size_t first, count;  /* its fields */
};

/* What a text holds. Texts live in the arena, or in the text that was parsed. */
struct hob_bibtex {
    struct hob_arena *arena;
    struct hob_map *names; /* field names, lower-cased, in order of first appearance */
    struct hob_bibtex_entry *entries;
    size_t entry_count, entry_capacity;
    struct hob_bibtex_field *fields;
    size_t field_count, field_capacity;
};

/* Parses the whole text, which must stay as it is while *bibtex is used. HOB_E_VALUE names the line
 * of what is malformed; HOB_E_UNICODE; HOB_E_LIMIT for too many field names, or macros that
 * multiply. *bibtex is to be deinitialised in any case. */
int hob_bibtex_parse(struct hob_bibtex *bibtex, struct hob_text text, struct hob_error *error);
void hob_bibtex_deinit(struct hob_bibtex *bibtex);
static inline void hob_auto_bibtex(struct hob_bibtex *bibtex)
{
    hob_bibtex_deinit(bibtex);
}

/* Whether a name can be written as a field, a key or a type: not empty, and without blanks,
 * control characters and the characters that BibTeX itself needs. */
bool hob_bibtex_is_name(struct hob_text name);

#endif
