/* follow_internal: what the files of `follow` share (Linux only). */
#ifndef HOB_PROFILE_FOLLOW_INTERNAL_H
#define HOB_PROFILE_FOLLOW_INTERNAL_H

#include <signal.h>
#include <sys/types.h>

#include "base/buffer.h"
#include "profile/follow.h"

/* ---- follow_start.c ---- */

/* Starts the command, attached and about to execute; with `mask` as its signal mask. *report is a
 * pipe that the caller closes. */
int follow_start(pid_t *pid, int *report, const struct hob_follow_options *options,
                 const sigset_t *mask, struct hob_error *error);
/* Once the command has executed or ended: the errno of an exec that failed, or 0; *files becomes
 * false when openings won't be seen. */
int follow_hear(int report, bool *files);

/* ---- follow_look.c: what is asked of a process that is stopped ---- */

/* The process that a thread belongs to; 0 when it is gone. */
pid_t follow_leader_of(pid_t thread);
/* In the arena; empty when it cannot be read. */
struct hob_text follow_words_of(pid_t pid, struct hob_arena *arena);
void follow_look_at_memory(struct hob_follow_process *process, bool shared);
/* Stopped at the call: the path that is about to be opened for reading, absolute, in `path`; false
 * when it is opened for writing alone, or cannot be told. */
bool follow_path_opened(pid_t thread, struct hob_buffer *path);
/* Stopped behind the call: 0, or its errno. */
int follow_result(pid_t thread);

#endif
