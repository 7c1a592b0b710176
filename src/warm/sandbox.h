/* sandbox: whether the caller has given up powers that no field of the key shows.
 *
 * A warm run is the child of another process, so it would be outside. Filters of system calls
 * (seccomp) cannot be read, only counted: what a container or a service was started with is
 * inherited by all processes in it, so those that the session's leader, or the first process, has
 * as well are taken for the same, and their number belongs to the key. A Landlock domain cannot
 * even be counted; but who is in one cannot look at processes outside of it. */
#ifndef HOB_WARM_SANDBOX_H
#define HOB_WARM_SANDBOX_H

#include <stdbool.h>
#include <sys/types.h>

/* The number of filters of this process, 0 without, -1 when nobody knows. */
int hob_warm_sandbox_filters(void);
/* Whether this process has filters that neither its session's leader nor process 1 has. */
bool hob_warm_sandbox_is_own(void);
/* Whether the other process, of the same user, may be looked at: it isn't outside a sandbox that
 * this one is in. */
bool hob_warm_sandbox_reaches(pid_t other);

#endif
