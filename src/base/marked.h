/* marked: processes that descend from one that was started with a mark, found by their environment:
 * also those that went into a session of their own, or whose parents have ended. */
#ifndef HOB_BASE_MARKED_H
#define HOB_BASE_MARKED_H

#include <stddef.h>
#include <sys/types.h>

/* Kills all processes whose variable `name` has one of these numbers, and that this user may look
 * at, until there are none. Where processes cannot be looked at nothing happens. Allocates nothing
 * and is safe after fork, but in one thread at a time only. */
void hob_marked_end(const char *name, const pid_t *numbers, size_t count);

#endif
