/* tell: callers hear what became of their calls, without a lock held. One thread at a time tells,
 * in the order of what happened: nobody hears of progress after the answer. Who finds another at it
 * leaves it to that one, and what came meanwhile to the driver, so that nobody tells for ever. */
#include "pool/internal.h"

static struct pool_told *take_told(struct hob_supervisor *supervisor)
{
    struct pool_told *told = supervisor->told;
    supervisor->told = NULL;
    supervisor->told_end = &supervisor->told;
    return told;
}

/* Without the lock. */
static void tell_list(struct pool_told *told)
{
    while (told != NULL) {
        struct pool_told *next = told->next;
        told->answer.error = &told->error;
        if (told->progress)
            told->handlers.progress(told->handlers.data, hob_buffer_text(&told->method),
                                    hob_buffer_text(&told->text));
        else
            told->handlers.answered(told->handlers.data, &told->answer);
        hob_buffer_deinit(&told->text);
        hob_buffer_deinit(&told->method);
        free(told);
        told = next;
    }
}

/* Whoever drives is to tell what is left. */
static void leave_to_driver(struct hob_supervisor *supervisor)
{
    if (supervisor->waits_until != 0)
        hob_poller_wake(supervisor->poller);
    if (!supervisor->driven)
        pthread_cond_signal(&supervisor->rest);
}

void pool_tell(struct hob_supervisor *supervisor)
{
    if (supervisor->told == NULL || supervisor->telling)
        return;
    struct pool_told *told = take_told(supervisor);
    supervisor->telling = true;
    supervisor->teller = pthread_self();
    pthread_mutex_unlock(&supervisor->lock);
    tell_list(told);
    pthread_mutex_lock(&supervisor->lock);
    supervisor->telling = false;
    if (supervisor->told != NULL)
        leave_to_driver(supervisor);
}

void pool_tell_all(struct hob_supervisor *supervisor)
{
    while (supervisor->told != NULL && !supervisor->telling)
        pool_tell(supervisor);
}
