/* stage: where a command is run again and again, seen by nobody: what it prints is kept, what it
 * reads is the same each time. */
#ifndef HOB_PROFILE_STAGE_H
#define HOB_PROFILE_STAGE_H

#include <signal.h>
#include <sys/types.h>

#include "base/buffer.h"
#include "base/error.h"

struct hob_stage {
    int input; /* standard input when that is a file, else /dev/null */
    off_t input_start;
    int output, errors; /* files without a name */
    sigset_t signals;   /* those that are waited for */
    sigset_t before;    /* the mask to go back to */
    struct sigaction child_action;
};

struct hob_stage_run {
    double start;          /* milliseconds until the program was executed */
    double whole;          /* until it had ended */
    int status;            /* as from wait */
    size_t peak;           /* resident bytes of the largest of its processes */
    size_t read_from_disk; /* bytes, as far as the system counts them */
};

/* HOB_E_IO. The signals that end this process are blocked until close: a run hears them, also those
 * that came between runs, so that nothing is ever left behind. */
int hob_stage_open(struct hob_stage *stage, struct hob_error *error);
void hob_stage_close(struct hob_stage *stage);
static inline void hob_auto_stage(struct hob_stage *stage)
{
    hob_stage_close(stage);
}

/* Empties what was printed, and goes back to the start of the input. */
void hob_stage_reset(struct hob_stage *stage);
/* HOB_E_NOT_FOUND, HOB_E_PERMISSION...; HOB_E_INTERRUPTED: somebody ended this process, and the
 * command with all that it started was killed. `environment` may be NULL: this process's. */
int hob_stage_run(struct hob_stage *stage, const char *const *arguments,
                  const char *const *environment, struct hob_stage_run *run,
                  struct hob_error *error);

/* Appends what the last run printed, up to a limit; false when there is more. */
bool hob_stage_output(const struct hob_stage *stage, struct hob_buffer *out);
bool hob_stage_errors(const struct hob_stage *stage, struct hob_buffer *out);

/* The status that a shell would give: of a signal 128 and its number. */
int hob_stage_exit_status(int status);

#endif
