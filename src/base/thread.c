/* thread: see thread.h. */
#define _GNU_SOURCE
#include "base/thread.h"

#include <signal.h>

/* These a thread brings upon itself; they end the process, and whoever reports that must see them.
 */
static const int faults[] = {SIGABRT, SIGBUS, SIGFPE, SIGILL, SIGSEGV, SIGSYS, SIGTRAP};

int hob_thread_start(pthread_t *thread, void *(*run)(void *), void *data)
{
    return hob_thread_start_with_stack(thread, 0, run, data);
}

int hob_thread_start_with_stack(pthread_t *thread, size_t stack, void *(*run)(void *), void *data)
{
    pthread_attr_t attributes;
    sigset_t all, before;
    sigfillset(&all);
    for (size_t i = 0; i < sizeof faults / sizeof faults[0]; i++)
        sigdelset(&all, faults[i]);
    pthread_sigmask(SIG_SETMASK, &all, &before);
    pthread_attr_init(&attributes);
    if (stack != 0)
        pthread_attr_setstacksize(&attributes, stack);
    int number = pthread_create(thread, &attributes, run, data);
    pthread_attr_destroy(&attributes);
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    return number;
}
