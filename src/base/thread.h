/* thread: threads that leave the signals of the program to the program's own ones. */
#ifndef HOB_BASE_THREAD_H
#define HOB_BASE_THREAD_H

#include <pthread.h>

/* As pthread_create, 0 or what errno would be, but with all signals blocked in the new thread but
 * those of its own faults: no handler of a program that hob is part of ever runs there. */
int hob_thread_start(pthread_t *thread, void *(*run)(void *), void *data);
/* With a stack of so many bytes; 0: as the system likes it. */
int hob_thread_start_with_stack(pthread_t *thread, size_t stack, void *(*run)(void *), void *data);

#endif
