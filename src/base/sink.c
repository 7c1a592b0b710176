/* sink: see sink.h. */
#include "base/sink.h"

int hob_sink_drain(const struct hob_sink *sink, struct hob_buffer *buffer, struct hob_error *error)
{
    if (hob_buffer_failed(buffer))
        return hob_error_set(error, HOB_E_MEMORY, "cannot write the table: not enough memory");
    int result = buffer->size > 0 ? sink->write(sink->data, hob_buffer_text(buffer), error) : 0;
    hob_buffer_clear(buffer);
    return result;
}

static int append(void *data, struct hob_text text, struct hob_error *error)
{
    (void)error;
    hob_buffer_put_text(data, text);
    return 0;
}

struct hob_sink hob_sink_to_buffer(struct hob_buffer *buffer)
{
    return (struct hob_sink){append, buffer};
}
