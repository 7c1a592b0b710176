/* unset: what hobd does where a setting has no fixed default and nothing was given: it depends on
 * the machine and on who starts it. */
#ifndef HOB_SERVER_UNSET_H
#define HOB_SERVER_UNSET_H

#include "base/arena.h"
#include "server/settings.h"

/* Threads that talk to clients; threads for what may wait for a disk. */
unsigned hob_unset_threads(void);
unsigned hob_unset_workers(void);
/* Connections at one time: some descriptors are left for files. Raises this process's limit on
 * descriptors, as hobd does. */
unsigned hob_unset_connections(void);

/* Puts in what a hobd that is started now, by this user and here, would do; for who shows it. */
void hob_unset_fill(struct hob_settings *settings, struct hob_arena *arena);

#endif
