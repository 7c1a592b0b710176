/* csv_crew: doing many things of a kind side by side.
 *
 * Threads live for one such task: starting one takes a few microseconds, and texts that are worth
 * it take milliseconds. */
#include "access/csv_internal.h"

#include <stdatomic.h>

#include "base/thread.h"

enum { MAX_THREADS = 64 };

struct crew {
    void (*work)(void *context, size_t i);
    void *context;
    size_t count;
    atomic_size_t next;
};

static void *crew_member(void *argument)
{
    struct crew *crew = argument;
    for (;;) {
        size_t i = atomic_fetch_add(&crew->next, 1);
        if (i >= crew->count)
            return NULL;
        crew->work(crew->context, i);
    }
}

void hob_csv_work_on(size_t threads, size_t count, void (*work)(void *context, size_t i),
                     void *context)
{
    struct crew crew = {.work = work, .context = context, .count = count};
    pthread_t started[MAX_THREADS];
    size_t more = 0;
    /* A thread that can't be started is no trouble: the others do its work. */
    while (more + 1 < threads && more + 1 < count && more < MAX_THREADS &&
           hob_thread_start(&started[more], crew_member, &crew) == 0)
        more++;
    crew_member(&crew);
    while (more > 0)
        pthread_join(started[--more], NULL);
}
