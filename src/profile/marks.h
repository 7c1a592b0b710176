/* marks: the moments that Python processes tell of themselves (marks.py), and how they are asked
 * to.
 *
 * begin, run something with `environment`, read, end. */
#ifndef HOB_PROFILE_MARKS_H
#define HOB_PROFILE_MARKS_H

#include "base/arena.h"
#include "base/error.h"

struct hob_marks {
    struct hob_arena *arena;
    char *directory;                /* a temporary one, put in front of PYTHONPATH */
    const char *file;               /* in it: what they tell */
    const char *const *environment; /* to run a command with */
};

/* Milliseconds of hob_clock_now. */
struct hob_mark {
    long pid;
    const char *interpreter; /* its path; may be "" */
    double ready;            /* Python itself had started, the program had not */
    bool ended;              /* false: it ended in a way that says nothing (a signal, os._exit) */
    double end;              /* the program was over, the end of Python had not begun */
    double imports, configuration; /* spent between, by the main thread */
};

/* `alone`: the first Python process is the only one, and also tells its imports on standard error
 * (profile/imports.h). HOB_E_IO, HOB_E_PERMISSION: no temporary directory. */
int hob_marks_begin(struct hob_marks *marks, bool alone, struct hob_error *error);
/* Before it is used for another run. */
void hob_marks_clear(const struct hob_marks *marks);
/* *list is in the arena of the marks; *count of it. */
void hob_marks_read(const struct hob_marks *marks, struct hob_mark **list, size_t *count);
/* Removes the directory. */
void hob_marks_end(struct hob_marks *marks);
static inline void hob_auto_marks(struct hob_marks *marks)
{
    hob_marks_end(marks);
}

#endif
