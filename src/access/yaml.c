/* yaml: flows of type yaml. */
#include "value/yaml.h"

#include "access/formats.h"
#include "frame/build.h"
#include "frame/records.h"

static int read_yaml(struct hob_frame **frame, const struct hob_flow_file *file,
                     struct hob_error *error)
{
    HOB_AUTO(arena) struct hob_arena *arena = hob_arena_new(); /* the frame takes it over */
    const struct hob_value *value;
    int result = hob_yaml_read_data(arena, file->text, file->path, &value, error);
    if (result < 0)
        return result;
    result = hob_frame_from_value(frame, value, HOB_BUILD_SCALARS_ARE_ROW, HOB_STEAL(arena), error);
    return result < 0 ? hob_error_context(error, "reading '%s' as a table", file->path) : 0;
}

int hob_yaml_read_flow(struct hob_frame **frame, const struct hob_scope *scope,
                       const struct hob_value *flow, struct hob_error *error)
{
    return hob_flow_read(frame, scope, flow, NULL, read_yaml, error);
}

int hob_yaml_write_flow(const struct hob_scope *scope, const struct hob_value *flow,
                        const struct hob_frame *frame, struct hob_error *error)
{
    HOB_AUTO(buffer) struct hob_buffer out = HOB_BUFFER_INIT;
    int result = hob_frame_write_yaml(&out, frame, error);
    return result < 0 ? result : hob_flow_write_file(scope, flow, &out, error);
}
