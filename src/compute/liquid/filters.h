/* filters: the table of filters and what they share (private to this folder). */
#ifndef HOB_COMPUTE_LIQUID_FILTERS_H
#define HOB_COMPUTE_LIQUID_FILTERS_H

#include "compute/liquid/filter_list.h"
#include "compute/liquid/render.h"

struct liquid_arguments {
    struct liquid_value values[LIQUID_MAX_ARGUMENTS]; /* those not given are undefined */
    unsigned count;
    struct liquid_value keyword; /* undefined when not given */
};

/* Replaces *value. 0, LIQUID_BROKEN or an error. */
typedef int liquid_filter_function(struct liquid_render *render, struct liquid_value *value,
                                   const struct liquid_arguments *arguments);

struct liquid_filter {
    const char *name;
    uint8_t minimum, maximum; /* positional arguments */
    const char *keyword;      /* NULL: takes none */
    liquid_filter_function *function;
    const char *help;
};
/* NULL when there is none of that name. */
const struct liquid_filter *liquid_find_filter(struct hob_text name);

/* The value as Python's str makes text of it; nil and undefined are "". Text is not copied. */
int liquid_to_text(struct liquid_render *render, const struct liquid_value *value,
                   struct hob_text *text);
/* The same for arguments, where nil is "None". */
int liquid_argument_text(struct liquid_render *render, const struct liquid_value *value,
                         struct hob_text *text);
/* Hands what was built in render->work over as the value. */
int liquid_take_work(struct liquid_render *render, struct liquid_value *value);

/* An INT, BIG or DOUBLE: of a number, a boolean, or the text of a number; else 0. */
struct liquid_value liquid_to_number(const struct liquid_value *value);
/* True when the text is a number as Python's int() and float() read it. */
bool liquid_read_number(struct hob_text text, struct liquid_value *number);

/* A list of the value's items: lists inside are opened up to five levels, another value is a list
 * of one, undefined an empty one. */
int liquid_flatten(struct liquid_render *render, const struct liquid_value *value,
                   struct liquid_value **items, uint32_t *count);
/* The member `key` of a mapping; of a text the key itself when the text contains it; else
 * undefined. LIQUID_BROKEN for what has no members. */
int liquid_property(struct liquid_render *render, const struct liquid_value *item,
                    const struct liquid_value *key, struct liquid_value *member);

#define LIQUID_FILTER(name)                                                                        \
    int liquid_filter_##name(struct liquid_render *render, struct liquid_value *value,             \
                             const struct liquid_arguments *arguments)

#define X(name, minimum, maximum, keyword, help) LIQUID_FILTER(name);
LIQUID_FILTERS(X)
#undef X

#endif
