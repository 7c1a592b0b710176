/* ndjson: flows of type ndjson, a JSON record a line. */
#include "access/flow_stream.h"
#include "access/formats.h"
#include "frame/lines_read.h"
#include "frame/records.h"

int hob_ndjson_read_flow(struct hob_frame **frame, const struct hob_scope *scope,
                         const struct hob_value *flow, struct hob_error *error)
{
    HOB_AUTO(arena) struct hob_arena *arena = hob_arena_new();
    HOB_AUTO(file_content) struct hob_file_content content = HOB_FILE_CONTENT_INIT;
    const char *path;
    int result = hob_flow_read_file(&content, &path, arena, scope, flow, error);
    if (result < 0)
        return result;
    result = hob_frame_read_lines(frame, content.text, error);
    return result < 0 ? hob_error_context(error, "reading '%s' as ndjson", path) : 0;
}

int hob_ndjson_write_flow(const struct hob_scope *scope, const struct hob_value *flow,
                          const struct hob_frame *frame, struct hob_error *error)
{
    HOB_AUTO(flow_stream) struct hob_flow_stream stream = HOB_FLOW_STREAM_INIT;
    int result = hob_flow_stream_open(&stream, scope, flow, error);
    struct hob_sink sink = hob_flow_stream_sink(&stream);
    if (result == 0)
        result = hob_frame_write_lines(&sink, frame, error);
    return result == 0 ? hob_flow_stream_commit(&stream, error) : result;
}
