/* stream: see stream.h.
 *
 * Whoever sends asks for the next piece when the last one is gone, so a client that reads slowly
 * slows the writing down, and one that goes away ends it. Pieces are made by the thread that talks
 * to clients: they are small, so that the others hardly wait (a fraction of a millisecond). What
 * was written is cut into pieces by the same size before it is compressed. */
#include "server/stream.h"

#include "base/log.h"
#include "server/encode.h"

enum { PIECE = 64 * 1024 };

struct stream {
    struct hob_table_rest *rest; /* NULL: the table has been written to its end */
    struct hob_encoder *encoder; /* NULL: nothing is compressed */
    struct hob_buffer text;      /* what was written... */
    size_t taken;                /* ...and how much of it was passed on */
};

static void free_stream(void *data)
{
    struct stream *stream = data;
    hob_table_rest_free(stream->rest);
    hob_encoder_free(stream->encoder);
    hob_buffer_deinit(&stream->text);
    free(stream);
}

/* Writes more of the table when all that was written has been passed on. */
static int write_more(struct stream *stream, struct hob_error *error)
{
    if (stream->taken < stream->text.size || stream->rest == NULL)
        return 0;
    if (stream->text.capacity > 4 * PIECE) /* it was the beginning, or had a large batch in it */
        hob_buffer_deinit(&stream->text);
    hob_buffer_clear(&stream->text);
    stream->taken = 0;
    int code = hob_table_rest_step(stream->rest, &stream->text, PIECE, error);
    if (code == 0)
        stream->rest = hob_table_rest_free(stream->rest);
    if (code >= 0 && hob_buffer_failed(&stream->text))
        return hob_error_set(error, HOB_E_MEMORY, "not enough memory for the next piece");
    return code < 0 ? code : 0;
}

/* Passes a piece on; 1 when there is more. */
static int pass_on(struct stream *stream, struct hob_buffer *out)
{
    struct hob_text piece = {stream->text.data + stream->taken, stream->text.size - stream->taken};
    if (piece.size > PIECE)
        piece.size = PIECE;
    stream->taken += piece.size;
    bool last = stream->rest == NULL && stream->taken == stream->text.size;
    if (stream->encoder == NULL)
        hob_buffer_put_text(out, piece);
    else if (!hob_encoder_put(stream->encoder, piece, last, out))
        return HOB_E_MEMORY;
    return last ? 0 : 1;
}

static int next_piece(void *data, struct hob_buffer *out)
{
    struct stream *stream = data;
    struct hob_error error = HOB_ERROR_INIT;
    int code = write_more(stream, &error);
    if (code == 0)
        code = pass_on(stream, out);
    if (code < 0)
        hob_log(HOB_LOG_ERROR, "an answer was cut off", "reason",
                error.code != 0 ? error.message : "not enough memory", NULL);
    return code;
}

struct hob_response *hob_stream_table(struct hob_buffer *first, struct hob_table_rest *rest,
                                      enum hob_form form, enum hob_encoding encoding)
{
    struct stream *stream = hob_alloc_zero(1, sizeof *stream);
    stream->rest = rest;
    stream->text = *first;
    *first = (struct hob_buffer)HOB_BUFFER_INIT;
    if (encoding != HOB_ENCODING_IDENTITY)
        stream->encoder = hob_encoder_new(encoding);
    if (encoding != HOB_ENCODING_IDENTITY && stream->encoder == NULL) {
        free_stream(stream);
        return NULL;
    }
    struct hob_http_source source = {next_piece, free_stream, stream};
    return hob_response_new_streamed(200, &source, hob_form_content_type(form));
}
