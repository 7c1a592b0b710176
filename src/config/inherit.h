/* inherit: what an interface file takes over from its parent (golden RULES 33). */
#ifndef HOB_CONFIG_INHERIT_H
#define HOB_CONFIG_INHERIT_H

#include "base/error.h"
#include "value/value.h"

/* `own` are the child's keys, among them `inherit` with its `append` and `ignore` lists; `parent`
 * the parent's merged keys. The result lives in the arena. HOB_E_VALUE when `append` names
 * something that is neither list nor mapping. */
int hob_inherit(struct hob_arena *arena, const struct hob_value *own,
                const struct hob_value *parent, const struct hob_value **merged,
                struct hob_error *error);

#endif
