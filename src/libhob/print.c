/* print: frames as text or Arrow, to memory, a descriptor or a file; see include/hob/frame.h. */
#define _GNU_SOURCE
#include <errno.h>
#include <poll.h>
#include <unistd.h>

#include "access/access.h"
#include "access/arrow.h"
#include "access/csv.h"
#include "frame/records.h"
#include "libhob/frame.h"
#include "value/json.h"

static int write_yaml(const struct hob_sink *sink, const struct hob_frame *frame,
                      struct hob_error *error)
{
    HOB_AUTO(buffer) struct hob_buffer out = HOB_BUFFER_INIT;
    int code = hob_frame_write_yaml(&out, frame, error);
    return code == 0 ? hob_sink_drain(sink, &out, error) : code;
}

static int write_to(const struct hob_sink *sink, const struct hob_frame *frame,
                    enum libhob_format format, struct hob_error *error)
{
    switch (format) {
    case LIBHOB_JSON:
        return hob_frame_write_records(sink, frame, HOB_JSON_COMPACT, error);
    case LIBHOB_NDJSON:
        return hob_frame_write_lines(sink, frame, error);
    case LIBHOB_CSV:
        return hob_csv_write_to(sink, frame, ',', '"', error);
    case LIBHOB_ARROW:
        return hob_arrow_write(sink, frame, error);
    case LIBHOB_YAML:
        return write_yaml(sink, frame, error);
    }
    return hob_error_set(error, HOB_E_PARAMETER, "there is no format %d", (int)format);
}

int libhob_frame_print(const struct libhob_frame *frame, enum libhob_format format,
                       struct libhob_bytes *out, struct libhob_error *error)
{
    struct hob_error reason = HOB_ERROR_INIT;
    HOB_AUTO(buffer) struct hob_buffer text = HOB_BUFFER_INIT;
    struct hob_sink sink = hob_sink_to_buffer(&text);
    int code = write_to(&sink, frame->frame, format, &reason);
    if (code == 0)
        code = api_give(out, &text, &reason);
    return code == 0 ? 0 : api_fail(error, &reason);
}

/* Whether there is room, now or after waiting for it. */
static bool wait_for_room(int descriptor)
{
    struct pollfd waits = {.fd = descriptor, .events = POLLOUT};
    return poll(&waits, 1, -1) >= 0 || errno == EINTR;
}

static int write_descriptor(void *data, struct hob_text text, struct hob_error *error)
{
    int descriptor = *(int *)data;
    while (text.size > 0) {
        ssize_t written = write(descriptor, text.data, text.size);
        if (written >= 0) {
            text.data += written;
            text.size -= (size_t)written;
            continue;
        }
        bool full = errno == EAGAIN || errno == EWOULDBLOCK;
        if (errno != EINTR && !(full && wait_for_room(descriptor)))
            return hob_error_set(error, HOB_E_IO, "cannot write to descriptor %d: %s", descriptor,
                                 strerror(errno));
    }
    return 0;
}

int libhob_frame_print_to(const struct libhob_frame *frame, enum libhob_format format,
                          int descriptor, struct libhob_error *error)
{
    struct hob_error reason = HOB_ERROR_INIT;
    struct hob_sink sink = {.write = write_descriptor, .data = &descriptor};
    API_QUIET;
    int code = write_to(&sink, frame->frame, format, &reason);
    return code == 0 ? 0 : api_fail(error, &reason);
}

static int flow_to(const struct hob_value **flow, struct hob_arena *arena, const char *path,
                   const char *type, struct hob_error *error)
{
    const struct hob_format *format = hob_format_of_file(path);
    if (type == NULL && format != NULL && format->write != NULL)
        type = format->type;
    if (type == NULL)
        return hob_error_set(error, HOB_E_VALUE,
                             "cannot write '%s': the ending of its name does not say in what "
                             "format, or it can only be read",
                             path);
    struct hob_value *map = hob_value_new(arena, HOB_MAP);
    hob_value_put_string(arena, map, "type", hob_value_new_string(arena, hob_text_from(type)));
    hob_value_put_string(arena, map, "filename", hob_value_new_string(arena, hob_text_from(path)));
    *flow = map;
    return 0;
}

int libhob_frame_write(const struct libhob_frame *frame, struct libhob_context *context,
                       const char *path, const char *type, struct libhob_error *error)
{
    struct hob_error reason = HOB_ERROR_INIT;
    HOB_AUTO(arena) struct hob_arena *arena = hob_arena_new();
    struct hob_scope scope = api_scope(context);
    const struct hob_value *flow = NULL;
    int code = flow_to(&flow, arena, path, type, &reason);
    if (code == 0)
        code = hob_access_write(&scope, flow, frame->frame, &reason);
    return code == 0 ? 0 : api_fail(error, &reason);
}
