/* work: see work.h. One mutex guards everything; jobs are linked into the queue by themselves, so
 * that submitting allocates nothing. A thread is started only when a job comes and nobody waits for
 * one: an idle server has none. */
#include "server/work.h"

#include <pthread.h>

#include "base/memory.h"

/* Documents are read and written by recursion, up to HOB_VALUE_MAX_DEPTH. */
enum { STACK_SIZE = 2 * 1024 * 1024 };

struct hob_work {
    pthread_mutex_t mutex;
    pthread_cond_t changed;
    struct hob_job *first, **end;
    size_t waiting, limit;
    unsigned running, max_threads, idle;
    bool closing;
    pthread_t threads[];
};

struct hob_work *hob_work_new(unsigned threads, size_t queue_limit)
{
    struct hob_work *work = hob_alloc_zero(1, sizeof *work + (size_t)threads * sizeof(pthread_t));
    pthread_mutex_init(&work->mutex, NULL);
    pthread_cond_init(&work->changed, NULL);
    work->end = &work->first;
    work->limit = queue_limit;
    work->max_threads = threads;
    return work;
}

static struct hob_job *next_job(struct hob_work *work)
{
    work->idle++;
    while (work->first == NULL && !work->closing)
        pthread_cond_wait(&work->changed, &work->mutex);
    work->idle--;
    struct hob_job *job = work->first;
    if (job != NULL) {
        work->first = job->next;
        if (work->first == NULL)
            work->end = &work->first;
        work->waiting--;
    }
    return job;
}

static void *run_jobs(void *context)
{
    struct hob_work *work = context;
    pthread_mutex_lock(&work->mutex);
    for (struct hob_job *job; (job = next_job(work)) != NULL;) {
        pthread_mutex_unlock(&work->mutex);
        job->run(job);
        pthread_mutex_lock(&work->mutex);
    }
    pthread_mutex_unlock(&work->mutex);
    return NULL;
}

static bool start_thread(struct hob_work *work)
{
    pthread_attr_t attributes;
    pthread_attr_init(&attributes);
    pthread_attr_setstacksize(&attributes, STACK_SIZE);
    int failed = pthread_create(&work->threads[work->running], &attributes, run_jobs, work);
    pthread_attr_destroy(&attributes);
    if (failed == 0)
        work->running++;
    return failed == 0;
}

/* Whether somebody will come to do one more job; the mutex is held. */
static bool has_hands(struct hob_work *work)
{
    if (work->idle > work->waiting)
        return true;
    if (work->running < work->max_threads)
        return start_thread(work) || work->running > 0;
    return work->running > 0;
}

bool hob_work_submit(struct hob_work *work, struct hob_job *job)
{
    job->next = NULL;
    pthread_mutex_lock(&work->mutex);
    bool taken = !work->closing && work->waiting < work->limit && has_hands(work);
    if (taken) {
        *work->end = job;
        work->end = &job->next;
        work->waiting++;
        pthread_cond_signal(&work->changed);
    }
    pthread_mutex_unlock(&work->mutex);
    return taken;
}

void hob_work_count(struct hob_work *work, size_t *waiting, unsigned *threads)
{
    pthread_mutex_lock(&work->mutex);
    *waiting = work->waiting;
    *threads = work->running;
    pthread_mutex_unlock(&work->mutex);
}

size_t hob_work_abandon(struct hob_work *work)
{
    pthread_mutex_lock(&work->mutex);
    size_t left = work->waiting + (work->running - work->idle);
    work->closing = true;
    work->first = NULL;
    work->end = &work->first;
    work->waiting = 0;
    pthread_cond_broadcast(&work->changed);
    pthread_mutex_unlock(&work->mutex);
    return left;
}

struct hob_work *hob_work_free(struct hob_work *work)
{
    if (work == NULL)
        return NULL;
    pthread_mutex_lock(&work->mutex);
    work->closing = true;
    pthread_cond_broadcast(&work->changed);
    pthread_mutex_unlock(&work->mutex);
    for (unsigned i = 0; i < work->running; i++)
        pthread_join(work->threads[i], NULL);
    pthread_cond_destroy(&work->changed);
    pthread_mutex_destroy(&work->mutex);
    free(work);
    return NULL;
}
