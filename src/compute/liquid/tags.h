/* tags: the functions of the tags, for the table in tags.c (private to this folder).
 *
 * parse_NAME makes a node of the words behind the tag's name, and for a block of the tokens up to
 * its end; render_NAME prints it. Both return 0, LIQUID_BROKEN or an error. */
#ifndef HOB_COMPUTE_LIQUID_TAGS_H
#define HOB_COMPUTE_LIQUID_TAGS_H

#include "compute/liquid/parse.h"
#include "compute/liquid/render.h"

#define LIQUID_TAG(name)                                                                           \
    int liquid_parse_##name(struct liquid_parser *parser, const struct liquid_token *token,        \
                            struct liquid_words *words, struct liquid_node **made);                \
    int liquid_render_##name(struct liquid_render *render, const struct liquid_node *node)

LIQUID_TAG(assign);
LIQUID_TAG(capture);
LIQUID_TAG(case);
LIQUID_TAG(cycle);
LIQUID_TAG(echo);
LIQUID_TAG(for);
LIQUID_TAG(if);
LIQUID_TAG(ifchanged);
LIQUID_TAG(include);
LIQUID_TAG(increment);
LIQUID_TAG(decrement);
LIQUID_TAG(jump); /* break and continue */
LIQUID_TAG(liquid);
LIQUID_TAG(render);
LIQUID_TAG(tablerow);
LIQUID_TAG(unless);

#endif
