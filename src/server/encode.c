/* encode: see encode.h.
 *
 * Both libraries work in the same way: they are given room, fill it, and say whether they need
 * more. Each piece is flushed, so that a body which compresses a thousandfold still comes in
 * regularly, and what a call costs is bounded by the size of its piece; pieces are at least as
 * large as the blocks that the formats would make by themselves, so that little is lost. */
#include "server/encode.h"

#include <limits.h>
#include <zlib.h>
#if HOB_WITH_ZSTD
#include <zstd.h>
#endif

enum {
    GZIP_WINDOW = 15 + 16, /* the largest window; 16 asks for gzip's head and tail */
    GZIP_MEMORY = 8,
    ZSTD_LEVEL = 1,
    ROOM = 32 * 1024, /* for what a call puts out */
};

struct hob_encoder {
    enum hob_encoding encoding;
    z_stream gzip;
#if HOB_WITH_ZSTD
    ZSTD_CCtx *zstd;
#endif
};

unsigned hob_encode_available(void)
{
    return 1u << HOB_ENCODING_IDENTITY | 1u << HOB_ENCODING_GZIP |
           (HOB_WITH_ZSTD ? 1u << HOB_ENCODING_ZSTD : 0);
}

/* ---- gzip ---- */

static bool gzip_start(struct hob_encoder *encoder)
{
    return deflateInit2(&encoder->gzip, Z_BEST_SPEED, Z_DEFLATED, GZIP_WINDOW, GZIP_MEMORY,
                        Z_DEFAULT_STRATEGY) == Z_OK;
}

static bool gzip_put(z_stream *stream, struct hob_text text, bool last, struct hob_buffer *out)
{
    stream->next_in = (z_const Bytef *)(uintptr_t)text.data;
    do {
        size_t piece = text.size < UINT_MAX ? text.size : UINT_MAX;
        stream->avail_in = (uInt)piece;
        text.size -= piece;
        do {
            if (!hob_buffer_reserve(out, ROOM))
                return false;
            stream->next_out = (Bytef *)out->data + out->size;
            stream->avail_out = ROOM;
            int flush = text.size > 0 ? Z_NO_FLUSH : last ? Z_FINISH : Z_SYNC_FLUSH;
            if (deflate(stream, flush) == Z_STREAM_ERROR)
                return false;
            out->size += ROOM - stream->avail_out;
        } while (stream->avail_out == 0);
    } while (text.size > 0);
    return true;
}

/* ---- zstd ---- */

#if HOB_WITH_ZSTD
static bool zstd_start(struct hob_encoder *encoder)
{
    encoder->zstd = ZSTD_createCCtx();
    return encoder->zstd != NULL && !ZSTD_isError(ZSTD_CCtx_setParameter(
                                        encoder->zstd, ZSTD_c_compressionLevel, ZSTD_LEVEL));
}

static bool zstd_put(ZSTD_CCtx *context, struct hob_text text, bool last, struct hob_buffer *out)
{
    ZSTD_inBuffer in = {text.data, text.size, 0};
    size_t left;
    do {
        if (!hob_buffer_reserve(out, ROOM))
            return false;
        ZSTD_outBuffer room = {out->data + out->size, ROOM, 0};
        left = ZSTD_compressStream2(context, &room, &in, last ? ZSTD_e_end : ZSTD_e_flush);
        if (ZSTD_isError(left))
            return false;
        out->size += room.pos;
    } while (left > 0);
    return true;
}
#else
static bool zstd_start(struct hob_encoder *encoder)
{
    (void)encoder;
    return false;
}
#endif

/* ---- both ---- */

struct hob_encoder *hob_encoder_new(enum hob_encoding encoding)
{
    struct hob_encoder *encoder = hob_alloc_zero(1, sizeof *encoder);
    encoder->encoding = encoding;
    bool started = (encoding == HOB_ENCODING_GZIP && gzip_start(encoder)) ||
                   (encoding == HOB_ENCODING_ZSTD && zstd_start(encoder));
    return started ? encoder : hob_encoder_free(encoder);
}

struct hob_encoder *hob_encoder_free(struct hob_encoder *encoder)
{
    if (encoder == NULL)
        return NULL;
    if (encoder->encoding == HOB_ENCODING_GZIP)
        deflateEnd(&encoder->gzip);
#if HOB_WITH_ZSTD
    ZSTD_freeCCtx(encoder->zstd);
#endif
    free(encoder);
    return NULL;
}

bool hob_encoder_put(struct hob_encoder *encoder, struct hob_text text, bool last,
                     struct hob_buffer *out)
{
#if HOB_WITH_ZSTD
    if (encoder->encoding == HOB_ENCODING_ZSTD)
        return zstd_put(encoder->zstd, text, last, out);
#endif
    return gzip_put(&encoder->gzip, text, last, out);
}

bool hob_encode(enum hob_encoding encoding, struct hob_text text, struct hob_buffer *out)
{
    HOB_AUTO(encoder) struct hob_encoder *encoder = hob_encoder_new(encoding);
    return encoder != NULL && hob_encoder_put(encoder, text, true, out);
}
