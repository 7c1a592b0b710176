/* yaml_resolve: from the text of a scalar to its type and value, by the rules of YAML 1.1 as PyYAML
 * has them; private to the YAML reader and writer. */
#ifndef HOB_VALUE_YAML_RESOLVE_H
#define HOB_VALUE_YAML_RESOLVE_H

#include "value/value.h"

enum hob_yaml_tag {
    HOB_YAML_UNKNOWN,
    HOB_YAML_STR,
    HOB_YAML_NULL,
    HOB_YAML_BOOL,
    HOB_YAML_INT,
    HOB_YAML_FLOAT,
    HOB_YAML_TIMESTAMP,
    HOB_YAML_BINARY,
    HOB_YAML_SEQ,
    HOB_YAML_MAP,
    HOB_YAML_SET,
    HOB_YAML_OMAP,
    HOB_YAML_PAIRS,
    HOB_YAML_MERGE, /* << */
    HOB_YAML_VALUE, /* = */
};

/* Integers with more decimal digits are refused, as Python refuses them. */
enum { HOB_YAML_MAX_DIGITS = 4300 };

/* The tag of a full name ("tag:yaml.org,2002:int"), or UNKNOWN. */
enum hob_yaml_tag hob_yaml_tag_from_name(const char *name);
/* What a plain scalar without a tag is. */
enum hob_yaml_tag hob_yaml_resolve_plain(struct hob_text text);

/* The value of a scalar that has one of the tags STR to BINARY; never copies the text of a string
 * (which lives in the arena, with a NUL behind it). NULL and *problem ("this date does not exist")
 * when the text does not fit the tag; *problem is NULL when memory ran out. */
const struct hob_value *hob_yaml_scalar_value(struct hob_arena *arena, enum hob_yaml_tag tag,
                                              struct hob_text text, const char **problem);

/* The parts of hob_yaml_scalar_value that fill files of their own. */
const struct hob_value *hob_yaml_int_value(struct hob_arena *arena, struct hob_text text,
                                           const char **problem);
const struct hob_value *hob_yaml_float_value(struct hob_arena *arena, struct hob_text text,
                                             const char **problem);
const struct hob_value *hob_yaml_timestamp_value(struct hob_arena *arena, struct hob_text text,
                                                 const char **problem);
/* Whether a plain scalar is a date or a moment, by its form. */
bool hob_yaml_is_timestamp(struct hob_text text);

#endif
