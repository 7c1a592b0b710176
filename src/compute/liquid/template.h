/* template: the tree that parsing makes and rendering walks (private to this folder).
 *
 * Everything is in the arena of the template. A node begins with struct liquid_node; each tag has
 * a larger struct of its own behind it, known only to the file of the tag. */
#ifndef HOB_COMPUTE_LIQUID_TEMPLATE_H
#define HOB_COMPUTE_LIQUID_TEMPLATE_H

#include <stdatomic.h>

#include "compute/liquid/liquid.h"
#include "compute/liquid/values.h"

struct liquid_render;
struct liquid_parser;

/* Results beside 0 and the negative codes of errors. */
enum {
    LIQUID_BROKEN = 1, /* renders as nothing, with a warning; the reason is in parser or render */
    LIQUID_BREAK = 2,
    LIQUID_CONTINUE = 3,
};

struct liquid_name {
    struct hob_text text;
    uint64_t hash;
};

enum liquid_expression_kind { LIQUID_LITERAL, LIQUID_PATH, LIQUID_BOUNDS };

struct liquid_expression {
    uint8_t kind;
    uint32_t count;          /* PATH: segments */
    struct liquid_name name; /* PATH: the variable; no text when the first segment names it */
    union {
        struct liquid_value literal;
        const struct liquid_segment *segments;
        const struct liquid_expression *bounds; /* BOUNDS: two of them */
    };
};

struct liquid_segment {
    struct liquid_name name;               /* .name or ['name'], or no text */
    const struct liquid_expression *index; /* [index], or NULL */
    bool dotted;                           /* .size, .first and .last are special */
};

enum { LIQUID_MAX_ARGUMENTS = 3 };

/* A filter with its arguments: expressions, at most one of them by keyword. */
struct liquid_call {
    const struct liquid_filter *filter;
    const struct liquid_call *next;
    const struct liquid_expression *arguments; /* positional */
    const struct liquid_expression *keyword;   /* NULL when not given */
    uint8_t count;
};

struct liquid_filtered {
    struct liquid_expression expression;
    const struct liquid_call *calls;
};

enum liquid_operator {
    LIQUID_EQUAL,
    LIQUID_UNEQUAL,
    LIQUID_LESS,
    LIQUID_LESS_EQUAL,
    LIQUID_GREATER,
    LIQUID_GREATER_EQUAL,
    LIQUID_CONTAINS,
};

/* a < b < c: operands compared from the right. Comparisons joined by and/or, which bind from the
 * right too and short-circuit, so that both are flat lists. */
struct liquid_comparison {
    const struct liquid_expression *operands;
    const uint8_t *operators; /* enum liquid_operator, one less than operands */
    uint32_t count;
    bool joined_by_or; /* to the next one */
    const struct liquid_comparison *next;
};

struct liquid_node {
    const struct liquid_tag *tag;
    struct liquid_node *next;
    uint32_t offset; /* in the source, for warnings */
    bool visible;    /* its block prints white space too */
    bool is_text;
};

struct liquid_block {
    struct liquid_node *first;
    bool visible; /* a node of it is */
};

struct liquid_text_node {
    struct liquid_node base;
    struct hob_text text;
};

/* `{{ }}` and echo. */
struct liquid_output_node {
    struct liquid_node base;
    struct liquid_filtered filtered;
};

struct liquid_template_warning {
    const struct liquid_template_warning *next;
    uint32_t offset;
    const char *message;
};

struct hob_liquid_template {
    atomic_size_t references;
    struct hob_arena *arena;
    struct hob_text name, source;
    struct liquid_block block;
    const struct liquid_template_warning *warnings;
};

/* Line and column (from 1, in characters) of an offset. */
void liquid_locate(struct hob_text source, size_t offset, unsigned *line, unsigned *column);

#endif
