/* entity_names: the names of HTML's character references (private to this folder).
 *
 * A group a first letter, A to Z and then a to z. Its entries are in order of their names: the
 * name,
 * `!` if HTML takes it without semicolon too and else a blank, the characters, and a NUL. */
#ifndef HOB_COMPUTE_LIQUID_ENTITY_NAMES_H
#define HOB_COMPUTE_LIQUID_ENTITY_NAMES_H

#include <stddef.h>

enum { LIQUID_ENTITY_GROUPS = 52 };

struct liquid_entity_group {
    const char *entries;
    size_t size;
};

extern const struct liquid_entity_group liquid_entity_groups[LIQUID_ENTITY_GROUPS];

#endif
