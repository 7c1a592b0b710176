/* bounds: which files requests may touch, and how large they may be: an object that is replaced as
 * a whole while requests are being answered.
 *
 * A request holds the bounds with which it began until it is answered. Every replacement has a
 * number of its own, so that no answer made within old bounds is taken for one of the new ones. Any
 * thread may call. */
#ifndef HOB_SERVER_BOUNDS_H
#define HOB_SERVER_BOUNDS_H

#include <pthread.h>
#include <stdatomic.h>

#include "config/roots.h"

struct hob_bounds {
    struct hob_roots *roots; /* owned */
    size_t max_file_size;
    unsigned number;  /* from 1 */
    unsigned holders; /* under the place's lock; the place itself is one */
};

/* Where the bounds in force are. */
struct hob_bounds_place {
    pthread_mutex_t lock; /* held for a few instructions */
    struct hob_bounds *current;
    atomic_uint number; /* of the current ones; 0: there are none yet */
};

/* None are in force yet. */
void hob_bounds_init(struct hob_bounds_place *place);
/* Nobody may hold any bounds any more. */
void hob_bounds_deinit(struct hob_bounds_place *place);

/* Puts new bounds in force; the roots are taken over. */
void hob_bounds_replace(struct hob_bounds_place *place, struct hob_roots *roots,
                        size_t max_file_size);
/* The bounds in force, until they are released. */
struct hob_bounds *hob_bounds_hold(struct hob_bounds_place *place);
void hob_bounds_release(struct hob_bounds_place *place, struct hob_bounds *bounds);

static inline unsigned hob_bounds_number(struct hob_bounds_place *place)
{
    return atomic_load_explicit(&place->number, memory_order_acquire);
}

#endif
