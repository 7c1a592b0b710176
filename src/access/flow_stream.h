/* flow_stream: replacing the file that a flow names, a piece at a time.
 *
 * Open, write to its sink, commit; deinit without commit leaves the old file as it was. */
#ifndef HOB_ACCESS_FLOW_STREAM_H
#define HOB_ACCESS_FLOW_STREAM_H

#include "base/sink.h"
#include "config/scope.h"
#include "value/value.h"

struct hob_flow_stream {
    struct hob_file_writer writer;
};

#define HOB_FLOW_STREAM_INIT                                                                       \
    {                                                                                              \
        HOB_FILE_WRITER_INIT                                                                       \
    }

/* Begins a temporary file beside the one that the flow names. Errors of hob_access_path and of
 * hob_scope_write; deinit is right after them, too, and without a commit leaves the old file. */
int hob_flow_stream_open(struct hob_flow_stream *stream, const struct hob_scope *scope,
                         const struct hob_value *flow, struct hob_error *error);
/* Lives as long as the stream. */
struct hob_sink hob_flow_stream_sink(struct hob_flow_stream *stream);
int hob_flow_stream_commit(struct hob_flow_stream *stream, struct hob_error *error);
void hob_flow_stream_deinit(struct hob_flow_stream *stream);
static inline void hob_auto_flow_stream(struct hob_flow_stream *stream)
{
    hob_flow_stream_deinit(stream);
}

#endif
