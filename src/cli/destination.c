/* destination: see destination.h. */
#include "cli/destination.h"

#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

#include "cli/output.h"

bool hob_destination_is_standard(const char *path)
{
    return path == NULL || strcmp(path, "-") == 0;
}

bool hob_destination_is_device(const char *path)
{
    struct stat facts;
    return stat(path, &facts) == 0 && !S_ISREG(facts.st_mode) && !S_ISDIR(facts.st_mode);
}

bool hob_destination_is_terminal(const char *path)
{
    struct stat facts;
    if (hob_destination_is_standard(path))
        return isatty(STDOUT_FILENO) == 1;
    if (stat(path, &facts) != 0 || !S_ISCHR(facts.st_mode))
        return false;
    HOB_AUTO(descriptor)
    int descriptor = open(path, O_WRONLY | O_NOCTTY | O_NONBLOCK | O_CLOEXEC);
    return descriptor >= 0 && isatty(descriptor) == 1;
}

int hob_destination_open(struct hob_destination *destination, const struct hob_scope *scope,
                         const char *path, struct hob_error *error)
{
    destination->path = path;
    if (hob_destination_is_standard(path)) {
        destination->descriptor = STDOUT_FILENO;
        return 0;
    }
    if (!hob_destination_is_device(path))
        return hob_scope_write(scope, path, false, &destination->writer, error);
    destination->descriptor = open(path, O_WRONLY | O_NOCTTY | O_CLOEXEC);
    destination->owned = true;
    return destination->descriptor < 0 ? hob_error_from_errno(error, errno, "write", path) : 0;
}

static int write_descriptor(struct hob_destination *destination, struct hob_text text,
                            struct hob_error *error)
{
    int number = hob_write_all(destination->descriptor, text);
    destination->deserted |= number == EPIPE;
    if (number == 0)
        return 0;
    if (destination->owned)
        return hob_error_from_errno(error, number, "write", destination->path);
    hob_error_set(error, HOB_E_IO, "cannot write to standard output: %s", strerror(number));
    if (number == ENOSPC)
        hob_error_hint(error, "free some disk space, or write elsewhere");
    return HOB_E_IO;
}

static int write_piece(void *data, struct hob_text text, struct hob_error *error)
{
    struct hob_destination *destination = data;
    if (destination->descriptor < 0)
        return hob_file_writer_put(&destination->writer, text, error);
    return write_descriptor(destination, text, error);
}

struct hob_sink hob_destination_sink(struct hob_destination *destination)
{
    return (struct hob_sink){write_piece, destination};
}

int hob_destination_commit(struct hob_destination *destination, struct hob_error *error)
{
    return destination->descriptor < 0 ? hob_file_writer_commit(&destination->writer, error) : 0;
}

void hob_destination_deinit(struct hob_destination *destination)
{
    if (destination->owned)
        hob_file_close(destination->descriptor);
    hob_file_writer_deinit(&destination->writer);
    *destination = (struct hob_destination)HOB_DESTINATION_INIT;
}
