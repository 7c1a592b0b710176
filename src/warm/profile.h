/* profile: what was learned about a command, as the zygote wrote it (python/warm/profile.py).
 *
 * A text file in the state directory, replaced whole; one for each interpreter and script, module
 * or code. Only a hint: without it, or when it is wrong, less is preloaded. */
#ifndef HOB_WARM_PROFILE_H
#define HOB_WARM_PROFILE_H

#include "warm/command.h"

struct hob_warm_names {
    const char **items;
    size_t count, capacity;
};

struct hob_warm_profile {
    char *path; /* of the file; NULL when there is no state directory */
    bool exists;
    const char *command;              /* what it was learned from */
    struct hob_warm_names modules;    /* to be preloaded, in order */
    struct hob_warm_names variables;  /* that these read while they are imported */
    struct hob_warm_names candidates; /* imported by a run, not tried yet */
    struct hob_warm_names refused;    /* "NAME why" */
    struct hob_warm_names failed;     /* likewise: a warm process could not load it */
};

/* Of a command that can be warm; the strings live in the arena. */
void hob_warm_profile_load(struct hob_warm_profile *profile, struct hob_arena *arena,
                           const struct hob_warm_command *command);
/* From a file that is known. */
void hob_warm_profile_load_file(struct hob_warm_profile *profile, struct hob_arena *arena,
                                const char *path);
void hob_warm_profile_deinit(struct hob_warm_profile *profile);
static inline void hob_auto_warm_profile(struct hob_warm_profile *profile)
{
    hob_warm_profile_deinit(profile);
}

/* The name is borrowed; without memory it is left out. */
void hob_warm_names_add(struct hob_warm_names *names, const char *name);
bool hob_warm_names_have(const struct hob_warm_names *names, const char *name);

/* The folder of profiles, made if `make`; malloc'd, NULL when there is none to be had. */
char *hob_warm_profile_folder(bool make);

/* A name of sixteen hexadecimal digits for a text. */
void hob_warm_digest(struct hob_text text, char name[17]);

/* Why a warm process could not load the module; NULL when it could, or nobody tried. */
const char *hob_warm_failure(const struct hob_warm_profile *profile, const char *module);

/* The profile's modules and those of `preload`, in this order, without repetitions and without what
 * cannot be loaded; the list is the caller's to free, its strings live in the arena. */
void hob_warm_wanted_modules(struct hob_warm_names *modules, struct hob_arena *arena,
                             const struct hob_warm_profile *profile, const char *preload);

#endif
