/* work: threads for jobs that may block, so that the threads that talk to clients never do.
 *
 * Threads are started when there is work for them, up to a number, and stay. Jobs run in the order
 * in which they came; the queue has a length. */
#ifndef HOB_SERVER_WORK_H
#define HOB_SERVER_WORK_H

#include <stdbool.h>
#include <stddef.h>

struct hob_work;

/* Part of whatever is to be done; stays where it is until `run` begins. */
struct hob_job {
    void (*run)(struct hob_job *job);
    struct hob_job *next; /* the queue's own */
};

/* Starts threads when there are jobs, up to `threads`; `queue_limit` jobs may wait. Never NULL; the
 * owner frees it. */
struct hob_work *hob_work_new(unsigned threads, size_t queue_limit);
/* Does what is queued, ends the threads. Takes NULL, returns NULL. */
struct hob_work *hob_work_free(struct hob_work *work);
/* Takes no more jobs and drops those that wait, which are never run. The number of jobs that will
 * not be heard of: these, and those that still run. Unless it is 0, neither the queue nor what jobs
 * use may be freed. */
size_t hob_work_abandon(struct hob_work *work);

/* False when the queue is full (or no thread can be started): the job was not taken. */
bool hob_work_submit(struct hob_work *work, struct hob_job *job);

/* Jobs that wait, and threads that exist. */
void hob_work_count(struct hob_work *work, size_t *waiting, unsigned *threads);

#endif
