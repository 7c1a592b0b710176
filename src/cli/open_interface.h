/* open_interface: an interface file that the command line names by its path, and that may not find
 * what it names. */
#ifndef HOB_CLI_OPEN_INTERFACE_H
#define HOB_CLI_OPEN_INTERFACE_H

#include "config/interface.h"

/* Paths inside an interface start from the working directory, which surprises those who name an
 * interface elsewhere: says so for what was not found. */
void hob_open_interface_hint(const char *path, struct hob_error *error);

#endif
