/* auto: the format by the ending of the file name; the flow's other keys are passed on. */
#include "access/formats.h"

int hob_auto_read_flow(struct hob_frame **frame, const struct hob_scope *scope,
                       const struct hob_value *flow, struct hob_error *error)
{
    HOB_AUTO(arena) struct hob_arena *arena = hob_arena_new();
    const char *path;
    int result = hob_access_path(&path, arena, flow, error);
    if (result < 0)
        return result;
    const struct hob_format *format = hob_format_of_file(path);
    if (format != NULL && format->read != NULL)
        return format->read(frame, scope, flow, error);
    hob_error_set(error, HOB_E_VALUE, "cannot tell the format of '%s' by its ending", path);
    hob_error_hint(error, "name it with `type`; `hob help formats` lists the types that there are");
    return HOB_E_VALUE;
}
