/* hand_over: from hob to hob-full; see run.h. */
#define _GNU_SOURCE
#include "cli/run.h"

#include <errno.h>
#include <stdio.h>
#include <unistd.h>

#include "base/places.h"
#include "value/value.h"

int hob_hand_over(char **argv, struct hob_error *error)
{
    HOB_AUTO(free) char *path = hob_places_libexec("hob-full");
    errno = ENOENT;
    if (path != NULL)
        execv(path, argv);
    hob_error_set(error, HOB_E_UNSUPPORTED,
                  "this needs templates, which the program hob-full computes, and that cannot be "
                  "started: %s",
                  strerror(errno));
    hob_error_hint(error, "it is installed together with hob, as " HOB_LIBEXEC "/hob-full");
    return HOB_E_UNSUPPORTED;
}

int hob_hand_over_finish(void *data, struct hob_frame *frame, const struct hob_value *flow,
                         const struct hob_scope *scope, struct hob_error *error)
{
    static const char *const sections[] = {"precompute", "compute", "postcompute"};
    (void)frame, (void)scope;
    for (size_t i = 0; i < sizeof sections / sizeof sections[0]; i++)
        if (!hob_value_is_null(hob_value_get(flow, sections[i])))
            return hob_hand_over(data, error);
    return 0;
}
