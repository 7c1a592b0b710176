/* guard: a small process that outlives this one by a moment.
 *
 * It is told which process groups are ours, by numbers through a pipe: first by each process
 * itself, before it becomes a program that could start others, so that there is no moment at which
 * it is known to nobody; then by us, who notice whether the guard still lives. When the pipe ends
 * without all of them having been taken back, this process was killed, and the guard kills what is
 * left: workers that do not notice, and what they have started themselves. What went into a session
 * of its own is in none of the groups; the guard finds it by its environment (base/marked.h), also
 * when just its worker has ended. It is a copy of one thread of many and never becomes another
 * program, so it only does what is safe there. */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/file.h"
#include "base/marked.h"
#include "pool/internal.h"

#ifdef __linux__
#include <sys/prctl.h>
#include <sys/syscall.h>
#endif

enum { MOST_GROUPS = 4096, MOST_GONE = 256 };

static void close_all_but(int kept)
{
    dup2(kept, 0);
#if defined(__linux__) && defined(SYS_close_range)
    if (syscall(SYS_close_range, 1u, ~0u, 0u) == 0)
        return;
#endif
    long most = sysconf(_SC_OPEN_MAX);
    for (int i = 1; i < (most > 0 && most < 65536 ? (int)most : 65536); i++)
        close(i);
}

/* A group is never there twice: what was taken back may be somebody else's number soon. */
static void note(pid_t groups[MOST_GROUPS], pid_t group)
{
    pid_t wanted = group > 0 ? group : -group;
    int place = -1;
    for (int i = 0; i < MOST_GROUPS && (place < 0 || groups[place] != wanted); i++)
        if (groups[i] == wanted || (groups[i] == 0 && place < 0))
            place = i;
    if (place >= 0)
        groups[place] = group > 0 ? group : 0;
}

/* Many that end together are looked for together. */
static bool more_to_read(void)
{
    struct pollfd input = {.fd = 0, .events = POLLIN};
    return poll(&input, 1, 0) > 0;
}

/* For ps. By the system call itself: what a sanitizer puts in its place takes a lock, and another
 * thread may have held that when this copy was made. */
static void show_name(void)
{
#ifdef __linux__
    syscall(SYS_prctl, PR_SET_NAME, "hob-guard", 0, 0, 0);
#endif
}

__attribute__((noreturn)) static void watch_over(int pipe_end)
{
    static pid_t groups[MOST_GROUPS], gone[MOST_GONE];
    pid_t group;
    size_t count = 0;
    for (int number = 1; number < NSIG; number++)
        signal(number, SIG_IGN);
    setsid();
    close_all_but(pipe_end);
    show_name();
    for (;;) {
        ssize_t size = read(0, &group, sizeof group);
        if (size != sizeof group && (size >= 0 || errno != EINTR))
            break;
        if (size != sizeof group)
            continue;
        note(groups, group);
        if (group < 0)
            gone[count++] = -group;
        if (count == MOST_GONE || (count > 0 && !more_to_read())) {
            hob_marked_end(POOL_MARK, gone, count);
            count = 0;
        }
    }
    for (int i = 0; i < MOST_GROUPS; i++)
        if (groups[i] > 0)
            kill(-groups[i], SIGKILL);
    hob_marked_end(POOL_MARK, gone, count);
    hob_marked_end(POOL_MARK, groups, MOST_GROUPS);
    _exit(0);
}

static void start(struct hob_supervisor *supervisor)
{
    int ends[2];
    sigset_t all, old;
    if (!hob_process_pipe(ends))
        return;
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &old);
    pid_t pid = fork();
    if (pid == 0) {
        close(ends[1]);
        pthread_sigmask(SIG_SETMASK, &old, NULL);
        watch_over(ends[0]);
    }
    pthread_sigmask(SIG_SETMASK, &old, NULL);
    close(ends[0]);
    if (pid < 0) {
        close(ends[1]);
        return;
    }
    fcntl(ends[1], F_SETFL, O_NONBLOCK);
    supervisor->guard = ends[1];
    supervisor->guard_pid = pid;
}

bool pool_guard_tell(struct hob_supervisor *supervisor, pid_t group)
{
    return write(supervisor->guard, &group, sizeof group) == sizeof group;
}

/* A new guard learns of every process that is there. The old one has ended, or hears nothing any
 * more: it must not take the end of its pipe for ours. */
static void start_anew(struct hob_supervisor *supervisor)
{
    if (supervisor->guard >= 0)
        kill(supervisor->guard_pid, SIGKILL);
    pool_guard_stop(supervisor);
    start(supervisor);
    for (struct hob_pool *pool = supervisor->pools; pool != NULL && supervisor->guard >= 0;
         pool = pool->next) {
        for (struct pool_worker *worker = pool->workers; worker != NULL; worker = worker->next)
            if (worker->process.pid > 0)
                pool_guard_tell(supervisor, worker->process.pid);
        pool_runs_tell_guard(pool);
    }
}

void pool_guard_start(struct hob_supervisor *supervisor)
{
    if (supervisor->guard < 0)
        start_anew(supervisor);
}

void pool_guard_add(struct hob_supervisor *supervisor, pid_t group)
{
    if (supervisor->guard < 0 || !pool_guard_tell(supervisor, group))
        start_anew(supervisor);
}

void pool_guard_remove(struct hob_supervisor *supervisor, pid_t group)
{
    if (supervisor->guard >= 0)
        pool_guard_tell(supervisor, -group);
}

void pool_guard_stop(struct hob_supervisor *supervisor)
{
    if (supervisor->guard < 0)
        return;
    hob_file_close(supervisor->guard);
    supervisor->guard = -1;
    while (waitpid(supervisor->guard_pid, NULL, 0) < 0 && errno == EINTR)
        continue;
}
