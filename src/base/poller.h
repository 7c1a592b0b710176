/* poller: waits until something can be done with one of many descriptors.
 *
 * One thread waits at a time; any thread may add, change and remove descriptors meanwhile, and wake
 * the one that waits. A descriptor is known by a key that its owner chooses: an event may still be
 * told after the descriptor was removed, so a key is looked up by whoever hears it, and must not be
 * used again for something else. */
#ifndef HOB_BASE_POLLER_H
#define HOB_BASE_POLLER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/error.h"

struct hob_poller;

enum {
    HOB_POLLER_READ = 1,  /* there is something to read, or an end to notice */
    HOB_POLLER_WRITE = 2, /* there is room to write, or nobody reads any more */
    /* The other side has closed. Asked for alone, nothing else is told, and that once; told also
     * where other things were asked for, or nothing at all. */
    HOB_POLLER_HANGUP = 4,
    /* With READ: told once each time that something arrives, whether it is read or not. Some systems
     * do not have it: hob_poller_add is false there. */
    HOB_POLLER_EDGE = 8,
};

struct hob_poller_event {
    uint64_t key;
    unsigned what;
};

/* NULL with *error filled. */
struct hob_poller *hob_poller_new(struct hob_error *error);
/* Takes NULL, returns NULL. */
struct hob_poller *hob_poller_free(struct hob_poller *poller);

/* Level-triggered. False without memory or descriptors; `descriptor` must not be known yet. */
bool hob_poller_add(struct hob_poller *poller, int descriptor, unsigned what, uint64_t key);
void hob_poller_change(struct hob_poller *poller, int descriptor, unsigned what, uint64_t key);
/* Before the descriptor is closed. */
void hob_poller_remove(struct hob_poller *poller, int descriptor);

/* Waits at most that many nanoseconds (UINT64_MAX: for ever); the number of events, 0 when woken or
 * out of time. */
size_t hob_poller_wait(struct hob_poller *poller, struct hob_poller_event *events, size_t most,
                       uint64_t nanoseconds);
/* The wait that is under way, or else the next one, ends at once. */
void hob_poller_wake(struct hob_poller *poller);

#endif
