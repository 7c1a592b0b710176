/* call_floor: the least that a call to a warm worker takes: one that only gives back what it got.
 */
#ifndef HOB_PROFILE_CALL_FLOOR_H
#define HOB_PROFILE_CALL_FLOOR_H

#include "base/error.h"
#include "profile/times.h"

/* Starts a pool in this process with a worker in this Python, and calls it `count` times. */
int hob_call_floor(struct hob_times *times, const char *interpreter, unsigned count,
                   struct hob_error *error);

#endif
