/* loop: see loop.h. */
#include "pool/loop.h"

#include "pool/internal.h"

struct hob_pool_loop *hob_pool_loop_new(struct hob_supervisor *supervisor,
                                        struct hob_poller *poller)
{
    struct hob_pool_loop *loop = hob_alloc_zero(1, sizeof *loop);
    loop->supervisor = supervisor;
    loop->poller = poller;
    pool_lock(supervisor);
    loop->next = supervisor->loops;
    supervisor->loops = loop;
    pool_unlock(supervisor);
    return loop;
}

void hob_pool_loop_hear(struct hob_pool_loop *loop, const struct hob_poller_event *events,
                        size_t count)
{
    struct hob_supervisor *supervisor = loop->supervisor;
    if (count == 0 && !atomic_load(&loop->waiting))
        return;
    pool_lock(supervisor);
    supervisor->hearing = loop; /* and looks at what is to be told before it goes */
    for (size_t i = 0; i < count; i++)
        pool_handle(supervisor, &events[i]);
    supervisor->hearing = NULL;
    struct pool_told *told = pool_told_take(&loop->told);
    atomic_store(&loop->waiting, false);
    atomic_store(&loop->telling, true);
    pool_tell_and_unlock(supervisor);
    pool_tell_list(told);
    atomic_store(&loop->telling, false);
}

/* Workers that it still listens to are the driver's again. */
struct hob_pool_loop *hob_pool_loop_free(struct hob_pool_loop *loop)
{
    if (loop == NULL)
        return NULL;
    struct hob_supervisor *supervisor = loop->supervisor;
    struct hob_pool_loop **at = &supervisor->loops;
    pool_lock(supervisor);
    for (struct hob_pool *pool = supervisor->pools; pool != NULL; pool = pool->next)
        for (struct pool_worker *worker = pool->workers; worker != NULL; worker = worker->next)
            if (worker->hearer == loop->poller)
                pool_worker_turn_to(worker, NULL);
    while (*at != loop)
        at = &(*at)->next;
    *at = loop->next;
    pool_unlock(supervisor);
    free(loop);
    return NULL;
}
