/* bounds: see bounds.h. */
#include "server/bounds.h"

void hob_bounds_init(struct hob_bounds_place *place)
{
    pthread_mutex_init(&place->lock, NULL);
    place->current = NULL;
    atomic_init(&place->number, 0);
}

/* Lets go of bounds; what nobody holds any more is for the caller to free, without the lock. */
static struct hob_bounds *let_go(struct hob_bounds *bounds)
{
    return bounds != NULL && --bounds->holders == 0 ? bounds : NULL;
}

static void free_bounds(struct hob_bounds *bounds)
{
    if (bounds == NULL)
        return;
    hob_roots_free(bounds->roots);
    free(bounds);
}

void hob_bounds_deinit(struct hob_bounds_place *place)
{
    free_bounds(let_go(place->current));
    place->current = NULL;
    pthread_mutex_destroy(&place->lock);
}

void hob_bounds_replace(struct hob_bounds_place *place, struct hob_roots *roots,
                        size_t max_file_size)
{
    struct hob_bounds *bounds = hob_alloc_zero(1, sizeof *bounds);
    *bounds = (struct hob_bounds){.roots = roots, .max_file_size = max_file_size, .holders = 1};
    pthread_mutex_lock(&place->lock);
    bounds->number = atomic_load(&place->number) + 1;
    struct hob_bounds *old = let_go(place->current);
    place->current = bounds;
    atomic_store_explicit(&place->number, bounds->number, memory_order_release);
    pthread_mutex_unlock(&place->lock);
    free_bounds(old);
}

struct hob_bounds *hob_bounds_hold(struct hob_bounds_place *place)
{
    pthread_mutex_lock(&place->lock);
    struct hob_bounds *bounds = place->current;
    bounds->holders++;
    pthread_mutex_unlock(&place->lock);
    return bounds;
}

void hob_bounds_release(struct hob_bounds_place *place, struct hob_bounds *bounds)
{
    pthread_mutex_lock(&place->lock);
    struct hob_bounds *old = let_go(bounds);
    pthread_mutex_unlock(&place->lock);
    free_bounds(old);
}
