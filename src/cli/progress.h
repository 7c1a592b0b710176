/* progress: a line on the terminal about what takes longer than a second.
 *
 * Only where standard error is a terminal; elsewhere start returns NULL, which every function
 * takes. The line is drawn by a thread of its own, so that work is never slowed down by it. */
#ifndef HOB_CLI_PROGRESS_H
#define HOB_CLI_PROGRESS_H

#include <stddef.h>
#include <stdint.h>

struct hob_progress;

/* NULL where standard error is no terminal, or there is no thread to be had: the rest takes that.
 * The caller stops it. */
struct hob_progress *hob_progress_start(void);
/* What is being done now, to what (borrowed while it is): how many bytes there are to read (0: not
 * known), how many rows to write. */
void hob_progress_reading(struct hob_progress *progress, const char *name, uint64_t bytes);
void hob_progress_writing(struct hob_progress *progress, const char *name, size_t rows);
/* Anything else; both texts are borrowed, and nothing is counted. */
void hob_progress_doing(struct hob_progress *progress, const char *doing, const char *name);
/* Clears the line, before anything else is said. Takes NULL, returns NULL. */
struct hob_progress *hob_progress_stop(struct hob_progress *progress);
static inline void hob_auto_progress(struct hob_progress **progress)
{
    hob_progress_stop(*progress);
}

#endif
