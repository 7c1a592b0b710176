/* environment: variables in texts, as Python's os.path.expandvars and expanduser. */
#ifndef HOB_CONFIG_ENVIRONMENT_H
#define HOB_CONFIG_ENVIRONMENT_H

#include "base/buffer.h"
#include "value/value.h"

/* $NAME and ${NAME} become the variable's value; unset ones, `$`, `$$` and `${}` stay. */
void hob_environment_expand(struct hob_buffer *out, struct hob_text text);
/* The expanded text in the arena, or the same text when there is nothing to expand. */
struct hob_text hob_environment_expand_in(struct hob_arena *arena, struct hob_text text);
/* A leading ~ or ~/ becomes $HOME. */
struct hob_text hob_environment_expand_home(struct hob_arena *arena, struct hob_text path);

#endif
