/* request: everything that a run needs to know of the process that asks for it. */
#ifndef HOB_WARM_REQUEST_H
#define HOB_WARM_REQUEST_H

#include <signal.h>

#include "base/buffer.h"
#include "warm/command.h"

enum { HOB_WARM_MOST_DESCRIPTORS = 200 };

/* What this process was given by whoever started it: to be looked at before anything is opened. */
struct hob_warm_inheritance {
    int descriptors[HOB_WARM_MOST_DESCRIPTORS]; /* numbers of those that a child would inherit */
    size_t count;
    bool too_many;
    sigset_t blocked;
    uint64_t blocked_bits, ignored_bits; /* bit n-1 is signal n */
};

/* Fills it in; there is nothing to free. Never fails: where descriptors cannot be listed, or are
 * more than HOB_WARM_MOST_DESCRIPTORS, `too_many` is set, and the run has to be cold. */
void hob_warm_inherit(struct hob_warm_inheritance *inheritance);

/* Appends the fields of a request to run the command here and now; `profile` is the file in which
 * what it imports is noted, or NULL. */
void hob_warm_request_put(struct hob_buffer *out, const struct hob_warm_command *command,
                          const struct hob_warm_inheritance *inheritance, const char *profile);

#endif
