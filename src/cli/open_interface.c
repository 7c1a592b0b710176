/* open_interface: see open_interface.h. */
#include "cli/open_interface.h"

int hob_open_interface(struct hob_arena *arena, const struct hob_scope *scope, const char *path,
                       struct hob_interface *interface, struct hob_error *error)
{
    const char *slash = strrchr(path, '/');
    const char *name = slash != NULL ? slash + 1 : path;
    struct hob_text directory = {path, slash != NULL ? (size_t)(slash - path) : 0};
    if (slash == path)
        directory.size = 1;
    struct hob_interface_request request = {
        .names = hob_value_new_string(arena, hob_text_from(name)),
        .directory = slash != NULL ? hob_arena_copy(arena, directory).data : NULL,
    };
    return hob_interface_load(arena, scope, &request, interface, error);
}

void hob_open_interface_hint(const char *path, struct hob_error *error)
{
    if (error->code == HOB_E_NOT_FOUND && strchr(path, '/') != NULL)
        hob_error_hint(error, "paths in an interface start from the working directory, not from "
                              "where the interface is: change to the directory that they mean");
}
