/* open_interface: see open_interface.h. */
#include "cli/open_interface.h"

void hob_open_interface_hint(const char *path, struct hob_error *error)
{
    if (error->code == HOB_E_NOT_FOUND && strchr(path, '/') != NULL)
        hob_error_hint(error, "paths in an interface start from the working directory, not from "
                              "where the interface is: change to the directory that they mean");
}
