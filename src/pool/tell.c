/* tell: callers hear what became of their calls, without a lock held. What belongs to a loop is
 * told by that loop's thread (loop.c); of everything else one thread at a time tells, in the order
 * of what happened: nobody hears of progress after the answer. Who finds another at it leaves it to
 * that one, and what came meanwhile to the driver, so that nobody tells for ever. */
#include "pool/internal.h"

void pool_told_add(struct pool_told_list *list, struct pool_told *told)
{
    *(list->end != NULL ? list->end : &list->first) = told;
    list->end = &told->next;
}

struct pool_told *pool_told_take(struct pool_told_list *list)
{
    struct pool_told *told = list->first;
    *list = (struct pool_told_list){NULL, NULL};
    return told;
}

void pool_tell_list(struct pool_told *told)
{
    static const struct hob_error none = HOB_ERROR_INIT;
    while (told != NULL) {
        struct pool_told *next = told->next;
        told->answer.error = told->error != NULL ? told->error : &none;
        if (told->progress)
            told->handlers.progress(told->handlers.data, hob_buffer_text(&told->method),
                                    hob_buffer_text(&told->text));
        else
            told->handlers.answered(told->handlers.data, &told->answer);
        hob_buffer_deinit(&told->text);
        hob_buffer_deinit(&told->method);
        free(told->error);
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
    if (supervisor->told.first == NULL || supervisor->telling)
        return;
    struct pool_told *told = pool_told_take(&supervisor->told);
    supervisor->telling = true;
    supervisor->teller = pthread_self();
    pthread_mutex_unlock(&supervisor->lock);
    pool_tell_list(told);
    pthread_mutex_lock(&supervisor->lock);
    supervisor->telling = false;
    if (supervisor->told.first != NULL)
        leave_to_driver(supervisor);
}

void pool_tell_all(struct hob_supervisor *supervisor)
{
    while (supervisor->told.first != NULL && !supervisor->telling)
        pool_tell(supervisor);
}
