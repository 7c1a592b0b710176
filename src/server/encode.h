/* encode: bodies compressed with gzip or zstd, as a whole or a piece at a time.
 *
 * The only module that knows zlib's streams of gzip and libzstd. What is compressed once is sent
 * once, or kept warm for a while, so the levels are the fastest ones. */
#ifndef HOB_SERVER_ENCODE_H
#define HOB_SERVER_ENCODE_H

#include "base/buffer.h"
#include "server/accept.h"

/* A bit for each encoding that this build has: 1 << HOB_ENCODING_IDENTITY | ... */
unsigned hob_encode_available(void);

struct hob_encoder;

/* Not for identity. NULL without memory, and for what is not available. */
struct hob_encoder *hob_encoder_new(enum hob_encoding encoding);
/* Takes NULL, returns NULL. */
struct hob_encoder *hob_encoder_free(struct hob_encoder *encoder);
static inline void hob_auto_encoder(struct hob_encoder **encoder)
{
    hob_encoder_free(*encoder);
}
/* Appends what the text becomes, all of it, so that whoever gets it can decode what was given so
 * far; `last` ends the body. False without memory, after which the encoder is of no use. */
bool hob_encoder_put(struct hob_encoder *encoder, struct hob_text text, bool last,
                     struct hob_buffer *out);

/* A whole body at once. False without memory. */
bool hob_encode(enum hob_encoding encoding, struct hob_text text, struct hob_buffer *out);

#endif
