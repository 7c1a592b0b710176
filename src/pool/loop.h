/* loop: an event loop of somebody else's, whose thread brings calls and hears their answers itself.
 *
 * A worker that has a call of a loop is listened to by that loop, so that from the request to its
 * answer no other thread has to be woken. Deadlines, ends of processes and whatever else is rare
 * stay with the driver of the supervisor; what it has to tell about a loop's calls it leaves to
 * the loop. */
#ifndef HOB_POOL_LOOP_H
#define HOB_POOL_LOOP_H

#include "base/poller.h"
#include "pool/pool.h"

struct hob_pool_loop;

/* The poller is borrowed: keys below 1 << 63 are the pools'. A call is the loop's when its request
 * says so (struct hob_pool_request), which only the loop's thread may do. */
struct hob_pool_loop *hob_pool_loop_new(struct hob_supervisor *supervisor,
                                        struct hob_poller *poller);
/* By the loop's thread, each time that its poller was waited for: with those events whose keys are
 * the pools', or none. Calls the callbacks of its calls. */
void hob_pool_loop_hear(struct hob_pool_loop *loop, const struct hob_poller_event *events,
                        size_t count);
/* When all its calls are answered, and before its poller goes. Takes NULL, returns NULL. */
struct hob_pool_loop *hob_pool_loop_free(struct hob_pool_loop *loop);

#endif
