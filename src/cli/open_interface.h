/* open_interface: an interface file that the command line names by its path. */
#ifndef HOB_CLI_OPEN_INTERFACE_H
#define HOB_CLI_OPEN_INTERFACE_H

#include "config/interface.h"

int hob_open_interface(struct hob_arena *arena, const struct hob_scope *scope, const char *path,
                       struct hob_interface *interface, struct hob_error *error);
/* Paths inside an interface start from the working directory, which surprises those who name an
 * interface elsewhere: says so for what was not found. */
void hob_open_interface_hint(const char *path, struct hob_error *error);

#endif
