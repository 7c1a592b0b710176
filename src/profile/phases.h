/* phases: the time of one followed run, divided. */
#ifndef HOB_PROFILE_PHASES_H
#define HOB_PROFILE_PHASES_H

#include "profile/follow.h"
#include "profile/marks.h"
#include "profile/profile.h"

/* Milliseconds. */
struct hob_phases {
    double spent[HOB_PHASE_COUNT]; /* none is negative */
    double whole;                  /* their sum */
    bool known;                    /* a Python told of itself: else all but the start is work */
    const char *interpreter;       /* of that Python, borrowed from the marks; or NULL */
    size_t pythons;
    struct hob_profile_memory memory;
};

/* Of the Python process that took longest, if there is one. */
void hob_phases_tell(struct hob_phases *phases, const struct hob_follow *follow,
                     const struct hob_mark *marks, size_t count);

/* What a process told of itself, or NULL: numbers of processes come again, moments don't. */
const struct hob_mark *hob_mark_of(const struct hob_follow_process *process,
                                   const struct hob_mark *marks, size_t count);

static inline double hob_milliseconds(uint64_t nanoseconds)
{
    return (double)nanoseconds / 1e6;
}

#endif
