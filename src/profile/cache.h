/* cache: what the system keeps in memory of a command's files, and how to make it forget that. */
#ifndef HOB_PROFILE_CACHE_H
#define HOB_PROFILE_CACHE_H

#include "base/error.h"
#include "base/map.h"

struct hob_cache_state {
    size_t files, bytes; /* regular files that are there, and their sizes */
    size_t resident;     /* bytes of them that are in memory */
    size_t unknown;      /* files of others, of which the system does not say it */
};

/* The keys of the map are paths. */
struct hob_cache_state hob_cache_look(const struct hob_map *files);
/* Asks the system to forget these files: it keeps what other processes use (the C library), and
 * what is not on the disk yet. */
void hob_cache_drop(const struct hob_map *files);
/* Everything that can be forgotten, of all programs on the machine; for root alone:
 * HOB_E_PERMISSION, HOB_E_UNSUPPORTED where there is no such thing. */
int hob_cache_drop_everything(struct hob_error *error);

#endif
