/* place: see place.h.
 *
 * The working directory belongs to the process, so a thread is given one of its own before it goes
 * anywhere; it comes back before it does anything else. That makes every relative path right, in
 * whatever layer it is opened, without any of them knowing. */
#define _GNU_SOURCE
#include "server/place.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <unistd.h>

#include "base/file.h"
#include "base/platform.h"
#include "server/dispatch.h"

/* Once for each thread. */
static int own_directory(struct hob_error *error)
{
    static _Thread_local bool owned;
    if (!owned && hob_platform_own_directory() != 0)
        return hob_error_set(error, HOB_E_UNSUPPORTED,
                             "cannot work in the client's directory: %s; name files by their "
                             "absolute paths",
                             strerror(errno));
    owned = true;
    return 0;
}

int hob_place_enter_directory(struct hob_place *place, const struct hob_server *server,
                              const char *directory, struct hob_error *error)
{
    *place = (struct hob_place)HOB_PLACE_INIT;
    if (directory == NULL)
        return 0;
    HOB_AUTO(descriptor)
    int descriptor = open(directory, O_PATH | O_DIRECTORY | O_CLOEXEC);
    if (descriptor < 0)
        return hob_error_from_errno(error, errno, "work in the directory", directory);
    int code = own_directory(error);
    if (code != 0)
        return code;
    if (fchdir(descriptor) != 0)
        return hob_error_from_errno(error, errno, "work in the directory", directory);
    place->home = server->home;
    place->here = descriptor;
    descriptor = -1;
    return 0;
}

int hob_place_enter(struct hob_place *place, const struct hob_server *server,
                    const struct hob_http_request *request, struct hob_error *error)
{
    struct hob_text wanted = request->headers.directory;
    *place = (struct hob_place)HOB_PLACE_INIT;
    if (wanted.size == 0)
        return 0;
    if (!request->peer->local || !request->peer->owner) {
        hob_error_set(error, HOB_E_FORBIDDEN,
                      "refused: X-Hob-Directory is for the owner's clients of the unix socket");
        hob_error_hint(error, "start hobd with --root DIR to let others use a directory");
        return HOB_E_FORBIDDEN;
    }
    char directory[PATH_MAX];
    if (wanted.data[0] != '/' || wanted.size >= sizeof directory)
        return hob_error_set(error, HOB_E_PARAMETER,
                             "X-Hob-Directory must be an absolute path of less than %d bytes",
                             PATH_MAX);
    memcpy(directory, wanted.data, wanted.size);
    directory[wanted.size] = '\0';
    int code = hob_place_enter_directory(place, server, directory, error);
    place->directory = wanted;
    return code;
}

const struct hob_roots *hob_place_roots(struct hob_place *place, const struct hob_roots *above)
{
    if (place->here < 0)
        return place->owned != NULL ? place->owned : above;
    if (hob_roots_new_here(&place->owned, above, place->here, NULL) != 0)
        return above; /* the directory was removed: nothing can be below it */
    place->here = -1;
    return place->owned;
}

int hob_place_go_home(const struct hob_server *server, struct hob_error *error)
{
    if (server->home >= 0 && fchdir(server->home) != 0)
        return hob_error_from_errno(error, errno, "work in the directory", ".");
    return 0;
}

void hob_place_leave(struct hob_place *place)
{
    /* Nothing that this thread did later could be trusted to be where it should be. */
    if (place->home >= 0 && fchdir(place->home) != 0)
        abort();
    hob_file_close(place->here);
    place->home = place->here = -1;
    place->owned = hob_roots_free(place->owned);
}
