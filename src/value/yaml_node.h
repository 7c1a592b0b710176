/* yaml_node: what lies between libyaml's events and values: for the YAML reader, and for whoever
 * must tell in which line something is (config/schema.h).
 *
 * Aliases make the nodes of a document a graph, possibly with cycles. The reader's nodes live in a
 * scratch arena that is freed when the document has been read; only values outlive it. */
#ifndef HOB_VALUE_YAML_NODE_H
#define HOB_VALUE_YAML_NODE_H

#include "base/error.h"
#include "value/value.h"
#include "value/yaml_resolve.h"

enum hob_yaml_node_kind { HOB_YAML_SCALAR, HOB_YAML_SEQUENCE, HOB_YAML_MAPPING };

struct hob_yaml_node {
    uint8_t kind;          /* enum hob_yaml_node_kind */
    uint8_t tag;           /* enum hob_yaml_tag */
    uint32_t line, column; /* from 0, as libyaml counts */
    const char *tag_name;  /* when the tag is unknown */
    struct hob_text text;  /* SCALAR: in the arena of the values, with a NUL behind it */
    /* SEQUENCE: its items. MAPPING: keys and values in turn; a key that is NULL was merged. */
    struct hob_yaml_node **items;
    size_t count, capacity;
    const struct hob_value *value; /* once it is constructed, or while it is */
};

struct hob_yaml_place {
    const char *name; /* of the document, for messages */
    size_t line, column;
};

/* Sets "cannot read 'NAME' as YAML: CONTEXT, PROBLEM, line L, column C"; `context` may be NULL. */
int hob_yaml_fail(struct hob_error *error, int code, struct hob_yaml_place place,
                  const char *context, const char *problem);

/* Adds to a node's items; false when there is no memory. */
bool hob_yaml_node_append(struct hob_arena *scratch, struct hob_yaml_node *node,
                          struct hob_yaml_node *item);

/* The nodes of the only document, in `arena`; NULL when it is empty. Errors are those of
 * hob_yaml_read; *line is then where the mistake is, from 1, or 0 when it is in no line. Merge keys
 * are not followed yet. */
int hob_yaml_compose(struct hob_arena *arena, struct hob_text text, const char *name,
                     struct hob_yaml_node **root, size_t *line, struct hob_error *error);

/* The value of the whole graph, allocated from `arena`; `scratch` is the nodes' own. */
int hob_yaml_construct(struct hob_arena *arena, struct hob_arena *scratch, const char *name,
                       struct hob_yaml_node *root, const struct hob_value **value,
                       struct hob_error *error);

#endif
