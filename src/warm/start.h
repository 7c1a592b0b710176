/* start: makes a zygote in the background, for the runs to come. */
#ifndef HOB_WARM_START_H
#define HOB_WARM_START_H

#include "warm/key.h"

struct hob_warm_wish {
    const struct hob_warm_command *command;
    const char *folder;  /* the runtime directory */
    const char *preload; /* modules to be preloaded beside those learned: "a,b", or NULL */
    const char *libexec; /* where the Python part is */
};

/* Learns what the command imports, if that is not known, and starts the zygote that it needs,
 * unless somebody is doing so already. Returns at once; nothing of it is a child of this process,
 * holds its descriptors, or can be seen by the command. */
void hob_warm_start(const struct hob_warm_wish *wish);

/* Ends the zygotes that were used longest ago, so that at most `keep` are left, and removes what
 * those left that were killed. */
void hob_warm_evict(const char *folder, size_t keep);

#endif
