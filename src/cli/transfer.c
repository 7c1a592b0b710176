/* transfer: see transfer.h.
 *
 * Formats write files. For standard output, pipes and devices the file is a temporary one, which is
 * then copied: so a failure leaves nothing half-said, and every format can do it, those that must
 * go back in what they have written too. */
#define _GNU_SOURCE
#include "cli/transfer.h"

#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

#include "cli/choices.h"
#include "cli/output.h"

/* --- formats --- */

static bool is_target(const struct hob_format *format)
{
    return format->write != NULL && format->extensions[0] != '\0';
}

const struct hob_format *hob_transfer_target_find(const char *type)
{
    const struct hob_format *format = hob_format_find(hob_text_from(type));
    return format != NULL && is_target(format) ? format : NULL;
}

void hob_transfer_put_targets(struct hob_buffer *out)
{
    size_t count;
    const struct hob_format *formats = hob_formats(&count);
    const char *before = "";
    for (size_t i = 0; i < count; i++) {
        if (!is_target(&formats[i]))
            continue;
        hob_buffer_put_string(out, before);
        hob_buffer_put_string(out, formats[i].type);
        before = " ";
    }
}

int hob_transfer_choose_target(const struct hob_transfer *transfer, const char *option,
                               const char *type, const char *path, const struct hob_format **format)
{
    *format = type != NULL ? hob_transfer_target_find(type) : hob_format_of_file(path);
    if (type != NULL && *format == NULL)
        return hob_choice_wrong(transfer->arguments, option, type, hob_transfer_put_targets);
    if (*format != NULL && is_target(*format))
        return 0;
    if (hob_destination_is_standard(path))
        return hob_arguments_wrong(transfer->arguments,
                                   "in what format to write to standard output must be said with "
                                   "--%s",
                                   option);
    if (*format != NULL)
        return hob_arguments_wrong(transfer->arguments,
                                   "'%s' cannot be written: %s is a format that can only be read",
                                   path, (*format)->type);
    return hob_arguments_wrong(transfer->arguments,
                               "the name '%s' does not say in what format to write: give --%s",
                               path, option);
}

/* --- writing --- */

/* A file in a directory of its own, which both go when they are no longer needed. */
struct temporary {
    char *directory; /* NULL: there is none */
    char *file;
};

static void hob_auto_temporary(struct temporary *temporary)
{
    if (temporary->directory != NULL) {
        unlink(temporary->file);
        rmdir(temporary->directory);
    }
    free(temporary->directory);
    free(temporary->file);
    *temporary = (struct temporary){0};
}

static int make_temporary(struct temporary *temporary, const struct hob_format *format,
                          struct hob_error *error)
{
    HOB_AUTO(buffer) struct hob_buffer path = HOB_BUFFER_INIT;
    const char *place = getenv("TMPDIR");
    place = place != NULL && place[0] != '\0' ? place : "/tmp";
    hob_buffer_printf(&path, "%s/hob-XXXXXX", place);
    HOB_AUTO(free) char *directory = hob_copy_string(hob_buffer_string(&path));
    if (mkdtemp(directory) == NULL)
        return hob_error_from_errno(error, errno, "make a temporary directory in", place);
    hob_buffer_clear(&path);
    hob_buffer_printf(&path, "%s/table.%.*s", directory, (int)strcspn(format->extensions, " "),
                      format->extensions);
    temporary->file = hob_copy_string(hob_buffer_string(&path));
    temporary->directory = HOB_STEAL(directory);
    return 0;
}

static int refuse_terminal(const struct hob_format *format, struct hob_error *error)
{
    hob_error_set(error, HOB_E_PARAMETER, "%s is not for a terminal: it is no text", format->type);
    hob_error_hint(error, "name a file, or redirect standard output");
    return HOB_E_PARAMETER;
}

static int copy_to(struct hob_destination *destination, int descriptor, const char *path,
                   struct hob_error *error)
{
    HOB_AUTO(buffer) struct hob_buffer piece = HOB_BUFFER_INIT;
    struct hob_sink sink = hob_destination_sink(destination);
    hob_buffer_reserve(&piece, HOB_SINK_PIECE);
    for (;;) {
        ssize_t size = piece.failed ? 0 : read(descriptor, piece.data, HOB_SINK_PIECE);
        if (size < 0 && errno == EINTR)
            continue;
        if (size < 0)
            return hob_error_from_errno(error, errno, "read", path);
        piece.size = (size_t)size;
        int result = hob_sink_drain(&sink, &piece, error);
        if (result < 0 || size == 0)
            return result;
    }
}

/* No text of ours has a NUL, and no other format is without one in its first bytes. */
static bool is_binary(int descriptor)
{
    char start[512];
    ssize_t size = pread(descriptor, start, sizeof start, 0);
    return size > 0 && memchr(start, '\0', (size_t)size) != NULL;
}

/* Nothing is left behind when the reader of a pipe goes away and the signal ends the process: the
 * file has no name any more when its copying starts. */
static int write_through(struct hob_transfer *transfer, const struct hob_format *format,
                         struct hob_value *flow, const char *path, const struct hob_frame *frame,
                         struct hob_error *error)
{
    HOB_AUTO(temporary) struct temporary temporary = {0};
    HOB_AUTO(destination) struct hob_destination destination = HOB_DESTINATION_INIT;
    int result = make_temporary(&temporary, format, error);
    if (result < 0)
        return result;
    hob_value_put_string(transfer->arena, flow, "filename",
                         hob_value_new_string(transfer->arena, hob_text_from(temporary.file)));
    result = hob_access_write(&transfer->scope, flow, frame, error);
    if (result < 0)
        return result;
    HOB_AUTO(descriptor) int descriptor = open(temporary.file, O_RDONLY | O_CLOEXEC);
    if (descriptor < 0)
        return hob_error_from_errno(error, errno, "read", temporary.file);
    hob_auto_temporary(&temporary);
    if (hob_destination_is_terminal(path) && is_binary(descriptor))
        return refuse_terminal(format, error);
    result = hob_destination_open(&destination, &transfer->scope, path, error);
    if (result == 0)
        result = copy_to(&destination, descriptor, "a temporary file", error);
    transfer->deserted = destination.deserted;
    return result;
}

int hob_transfer_write(struct hob_transfer *transfer, const struct hob_format *format,
                       struct hob_value *flow, const char *path, const struct hob_frame *frame,
                       struct hob_error *error)
{
    struct hob_arena *arena = transfer->arena;
    bool standard = hob_destination_is_standard(path);
    hob_progress_writing(transfer->progress, standard ? "standard output" : path,
                         hob_frame_rows(frame));
    hob_value_put_string(arena, flow, "type",
                         hob_value_new_string(arena, hob_text_from(format->type)));
    if (standard || hob_destination_is_device(path))
        return write_through(transfer, format, flow, path, frame, error);
    hob_value_put_string(arena, flow, "filename", hob_value_new_string(arena, hob_text_from(path)));
    return hob_access_write(&transfer->scope, flow, frame, error);
}

int hob_transfer_finish(struct hob_transfer *transfer, int code, const struct hob_error *error)
{
    transfer->progress = hob_progress_stop(transfer->progress);
    if (code >= 0)
        return 0;
    return transfer->deserted ? 1 : hob_report(transfer->arguments->name, error);
}
