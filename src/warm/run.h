/* run: runs a command, from a zygote when there is one that fits, as it was typed otherwise. */
#ifndef HOB_WARM_RUN_H
#define HOB_WARM_RUN_H

#include "warm/start.h"

struct hob_warm_options {
    bool cold;           /* just execute it */
    bool explain;        /* say on standard error how it was run, and why */
    const char *preload; /* "a,b": modules to be preloaded beside those that are learned */
    /* Makes a warm process for the runs to come (hob_warm_start). NULL: what can't be warm at once
     * is left to another program, as if nobody had looked. */
    void (*start)(const struct hob_warm_wish *wish);
};

/* Ends as the command ends: this only returns when nothing could be run, with HOB_E_NOT_FOUND or
 * HOB_E_PERMISSION, or HOB_E_INTERNAL for a run whose end nobody knows. Without options.start also
 * with 0, for a command that has not been started. */
int hob_warm_run(char *const *words, const struct hob_warm_options *options,
                 struct hob_error *error);

#endif
