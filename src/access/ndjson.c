/* ndjson: flows of type ndjson, a JSON record a line. */
#include "access/flow_stream.h"
#include "access/formats.h"
#include "frame/lines_read.h"
#include "frame/records.h"

static int read_lines(struct hob_frame **frame, const struct hob_flow_file *file,
                      struct hob_error *error)
{
    return hob_frame_read_lines(frame, file->text, error);
}

int hob_ndjson_read_flow(struct hob_frame **frame, const struct hob_scope *scope,
                         const struct hob_value *flow, struct hob_error *error)
{
    return hob_flow_read(frame, scope, flow, "ndjson", read_lines, error);
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
