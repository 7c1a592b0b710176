/* sink: where a long text goes, a piece at a time, so that it is never in memory as a whole.
 *
 * Whoever writes gathers small things in a buffer and lets it drain now and then; a failing sink
 * ends the writing, and its code comes back unchanged. */
#ifndef HOB_BASE_SINK_H
#define HOB_BASE_SINK_H

#include "base/buffer.h"
#include "base/error.h"

struct hob_sink {
    /* Takes all of the text, which is the writer's again afterwards. 0, or a negative code. */
    int (*write)(void *data, struct hob_text text, struct hob_error *error);
    void *data;
};

/* What a buffer gathers before it is worth a call of the system. */
enum { HOB_SINK_PIECE = 1 << 20 };

/* Writes what the buffer holds and empties it. HOB_E_MEMORY when the buffer failed. */
int hob_sink_drain(const struct hob_sink *sink, struct hob_buffer *buffer, struct hob_error *error);

/* The same once there is a piece; for loops that write rows. A NULL sink keeps all in the buffer.
 */
static inline int hob_sink_spill(const struct hob_sink *sink, struct hob_buffer *buffer,
                                 struct hob_error *error)
{
    if (sink == NULL || buffer->size < HOB_SINK_PIECE)
        return 0;
    return hob_sink_drain(sink, buffer, error);
}

/* What the steps of a writer say that writes a part at a time, when it is asked to: there is more.
 */
enum { HOB_WRITER_MORE = 1 };

/* A sink that appends to a buffer; whether that failed is asked at the end, as with any buffer. */
struct hob_sink hob_sink_to_buffer(struct hob_buffer *buffer);

#endif
