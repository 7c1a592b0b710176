/* quiet: no signals and no words: SIGPIPE, which a program may not have thought of, and the log.
 *
 * The signal goes to the thread that writes, so it is enough to block it there, and to take one
 * that came out of what is pending; in POSIX's own calls, which every system has. */
#define _GNU_SOURCE
#include "base/log.h"
#include "libhob/internal.h"

static bool is_pending(void)
{
    sigset_t pending;
    sigemptyset(&pending);
    sigpending(&pending);
    return sigismember(&pending, SIGPIPE) == 1;
}

void api_quiet_begin(struct api_quiet *quiet)
{
    sigset_t pipe;
    if (hob_log_enabled(HOB_LOG_ERROR))
        hob_log_set_level(HOB_LOG_NONE);
    sigemptyset(&pipe);
    sigaddset(&pipe, SIGPIPE);
    quiet->pending = is_pending();
    pthread_sigmask(SIG_BLOCK, &pipe, &quiet->before);
}

void api_quiet_end(struct api_quiet *quiet)
{
    sigset_t pipe;
    int number;
    sigemptyset(&pipe);
    sigaddset(&pipe, SIGPIPE);
    if (!quiet->pending && is_pending())
        sigwait(&pipe, &number);
    pthread_sigmask(SIG_SETMASK, &quiet->before, NULL);
}
