/* weigh: how much memory workers use, and what becomes of those that use more than they may. */
#include <signal.h>

#include "pool/internal.h"

void pool_worker_check_memory(struct pool_worker *worker, uint64_t now, uint64_t interval)
{
    const struct hob_pool_options *options = &worker->pool->options;
    size_t soft = options->recycle.max_memory, hard = options->memory_limit;
    if ((soft == 0 && hard == 0) || worker->life == HOB_LIFE_STARTING ||
        now < worker->memory_checked + interval * 1000000)
        return;
    worker->memory_checked = now;
    worker->memory = hob_process_memory(worker->pid);
    if (hard != 0 && worker->memory > hard && !worker->terminated) {
        pool_worker_why(worker, "was killed because it used %zu MiB: memory_limit is %zu MiB",
                        worker->memory >> 20, hard >> 20);
        worker->terminated = true;
        hob_process_signal(&worker->process, SIGKILL);
    } else if (soft != 0 && worker->memory > soft) {
        pool_replace(worker, "it uses more memory than recycle.max_memory");
    }
}

/* A limit that even a fresh worker is near to would kill one after another. */
static bool fits_its_limits(struct pool_worker *worker)
{
    const struct hob_pool_options *options = &worker->pool->options;
    size_t soft = options->recycle.max_memory, hard = options->memory_limit;
    size_t least = worker->base + worker->base / 4;
    const char *name = soft != 0 && least > soft   ? "recycle.max_memory"
                       : hard != 0 && least > hard ? "memory_limit"
                                                   : NULL;
    if (name == NULL)
        return true;
    worker->proven = false;
    pool_worker_why(worker,
                    "uses %zu MiB %s its first call: %s must be at least 1.25 times that, "
                    "but is %zu MiB",
                    worker->base >> 20, worker->served > 0 ? "after" : "before", name,
                    (name[0] == 'r' ? soft : hard) >> 20);
    pool_worker_event(worker, HOB_LIFE_BROKEN);
    return false;
}

bool pool_worker_weigh(struct pool_worker *worker)
{
    const struct hob_pool_options *options = &worker->pool->options;
    bool limited = options->recycle.max_memory != 0 || options->memory_limit != 0;
    bool greeted = options->health.method != NULL || options->protocol == HOB_POOL_MCP;
    if (limited && !greeted && (worker->served == 0 || worker->life != HOB_LIFE_IDLE))
        return true;
    worker->base = worker->memory = limited ? hob_process_memory(worker->pid) : 1;
    return !limited || fits_its_limits(worker);
}
