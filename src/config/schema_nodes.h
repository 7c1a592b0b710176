/* What the files share that walk the nodes of a document. */
#ifndef HOB_CONFIG_SCHEMA_NODES_H
#define HOB_CONFIG_SCHEMA_NODES_H

#include "config/schema_internal.h"
#include "value/yaml_node.h"

/* Where the walk is: the names on the way, from the innermost. */
struct schema_trail {
    const struct schema_trail *above; /* NULL: the file as a whole */
    const char *name;
};

struct schema_reading {
    const struct hob_schema_source *source;
    struct hob_mistakes *mistakes;
    size_t left; /* nodes that may still be looked at */
};

/* From 1. */
static inline size_t schema_line(const struct hob_yaml_node *node)
{
    return (size_t)node->line + 1;
}

/* One more mistake, at this node. */
void schema_add(struct schema_reading *reading, const struct hob_yaml_node *node,
                const struct schema_trail *trail, const char *what);
/* "expected size such as 64M, not a list" */
void schema_add_unexpected(struct schema_reading *reading, const struct hob_setting *row,
                           const struct hob_yaml_node *node, const struct schema_trail *trail);
/* What the file has there: "a list", "'abc'". */
void schema_put_found(struct hob_buffer *out, const struct hob_yaml_node *node);
/* One more node that is looked at; false, and told once, when there are too many. */
bool schema_count_node(struct schema_reading *reading, const struct hob_yaml_node *node,
                       const struct schema_trail *trail);

#endif
