/* flow_stream: see flow_stream.h. */
#include "access/flow_stream.h"

#include "access/access.h"

int hob_flow_stream_open(struct hob_flow_stream *stream, const struct hob_scope *scope,
                         const struct hob_value *flow, struct hob_error *error)
{
    HOB_AUTO(arena) struct hob_arena *arena = hob_arena_new();
    const char *path;
    int result = hob_access_path(&path, arena, flow, error);
    return result < 0 ? result : hob_scope_write(scope, path, false, &stream->writer, error);
}

static int write_piece(void *data, struct hob_text text, struct hob_error *error)
{
    return hob_file_writer_put(data, text, error);
}

struct hob_sink hob_flow_stream_sink(struct hob_flow_stream *stream)
{
    return (struct hob_sink){write_piece, &stream->writer};
}

int hob_flow_stream_commit(struct hob_flow_stream *stream, struct hob_error *error)
{
    return hob_file_writer_commit(&stream->writer, error);
}

void hob_flow_stream_deinit(struct hob_flow_stream *stream)
{
    hob_file_writer_deinit(&stream->writer);
}
