/* yaml_scalar: how a text may be spelled in YAML, and spelling it; private to the YAML writer. */
#ifndef HOB_VALUE_YAML_SCALAR_H
#define HOB_VALUE_YAML_SCALAR_H

#include "base/buffer.h"

/* Where the writer stands. What comes next depends on what was written last. */
struct hob_yaml_output {
    struct hob_buffer *buffer;
    int indent;       /* of the innermost block; -1 outside of all */
    size_t column;    /* in characters */
    bool after_space; /* the last character was white space */
    bool in_indent;   /* only blanks, "-", "?" and ":" on this line so far */
    bool open_ended;  /* what was written last needs "..." if the document ends with it */
};

/* An indicator ("-", "!!set") with a blank before it where `spaced`. `opens` says that blanks after
 * it count as indentation. */
void hob_yaml_put_indicator(struct hob_yaml_output *output, const char *indicator, bool spaced,
                            bool opens);
/* A new line, unless the present one is still empty, and blanks up to the indent. */
void hob_yaml_put_indent(struct hob_yaml_output *output);

/* What a text is like. */
struct hob_yaml_looks {
    size_t characters;
    bool multiline; /* has any kind of line break */
    bool plain;     /* may stand without quotes, as far as its characters go */
    bool single;    /* may stand between single quotes */
    bool literal;   /* may stand as a block literal */
    bool has_newline;
};

struct hob_yaml_looks hob_yaml_look_at(struct hob_text text);

/* The four spellings; lines are folded at 80 columns where `fold`. */
void hob_yaml_put_plain(struct hob_yaml_output *output, struct hob_text text, bool fold);
void hob_yaml_put_single(struct hob_yaml_output *output, struct hob_text text, bool fold);
void hob_yaml_put_double(struct hob_yaml_output *output, struct hob_text text, bool fold);
void hob_yaml_put_literal(struct hob_yaml_output *output, struct hob_text text);

#endif
