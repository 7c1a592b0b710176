/* json: flows of type json. */
#include "value/json.h"

#include "access/formats.h"
#include "frame/build.h"
#include "frame/records.h"

/* Any other document than a plain list of records. */
static int read_tree(struct hob_frame **frame, struct hob_text text, struct hob_error *error)
{
    HOB_AUTO(arena) struct hob_arena *arena = hob_arena_new(); /* the frame takes it over */
    const struct hob_value *value;
    int result = hob_json_read(arena, text, &value, error);
    return result < 0 ? result : hob_frame_from_value(frame, value, 0, HOB_STEAL(arena), error);
}

static int read_json(struct hob_frame **frame, const struct hob_flow_file *file,
                     struct hob_error *error)
{
    int result = hob_frame_read_records(frame, file->text, error);
    return result == 0 && *frame == NULL ? read_tree(frame, file->text, error) : result;
}

int hob_json_read_flow(struct hob_frame **frame, const struct hob_scope *scope,
                       const struct hob_value *flow, struct hob_error *error)
{
    return hob_flow_read(frame, scope, flow, "json", read_json, error);
}

int hob_json_write_flow(const struct hob_scope *scope, const struct hob_value *flow,
                        const struct hob_frame *frame, struct hob_error *error)
{
    HOB_AUTO(buffer) struct hob_buffer out = HOB_BUFFER_INIT;
    int result = hob_frame_put_records(&out, frame, HOB_JSON_ASCII | HOB_JSON_SPACED, error);
    return result < 0 ? result : hob_flow_write_file(scope, flow, &out, error);
}
