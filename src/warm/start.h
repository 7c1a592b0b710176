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

/* The profile's modules and those of `preload`, in this order, without repetitions; the list is
 * the caller's to free, its strings live in the arena. */
void hob_warm_wanted_modules(struct hob_warm_names *modules, struct hob_arena *arena,
                             const struct hob_warm_profile *profile, const char *preload);

/* The folder of the Python files, as installed or as in a build tree; malloc'd, NULL if missing. */
char *hob_warm_libexec(void);

/* Ends the zygotes that were used longest ago, so that at most `keep` are left, and removes what
 * those left that were killed. */
void hob_warm_evict(const char *folder, size_t keep);

#endif
