/* follow: see follow.h.
 *
 * All are seized, so that a stop by job control is one (PTRACE_LISTEN) and not mistaken for a
 * signal. What wait brings is by thread; processes are found through their leaders. A new process
 * may be heard of before or after the fork that made it: either makes its entry.
 *
 * SIGCHLD and the signals that would end this process are blocked and waited for: nothing is
 * handled in the middle of something else. What the terminal sends goes to the command as well, and
 * is left to it; what somebody else sends to this process alone is passed on. */
#define _GNU_SOURCE
#include "profile/follow.h"

#ifdef __linux__
#include <errno.h>
#include <fcntl.h>
#include <sys/ptrace.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/file.h"
#include "profile/follow_internal.h"

enum { STOPPED_AT_CALL = SIGTRAP | 0x80, PATIENCE_MILLISECONDS = 1000 };

struct thread {
    pid_t id;
    size_t process;
    bool opening; /* between the stops before and behind a call that opens */
    bool leaving; /* is to be let go at its next stop */
    struct hob_text path;
};

struct follower {
    struct hob_follow *follow;
    const struct hob_follow_options *options;
    struct thread *threads; /* those that live */
    size_t thread_count, thread_capacity;
    struct hob_buffer path;
    int report;
    pid_t command;
    bool over; /* the command has ended; others may not have */
    uint64_t over_since;
    bool told, interrupted, heard;
    int failure; /* errno of an exec that failed */
};

/* ---- processes and threads ---- */

static size_t add_process(struct follower *follower, pid_t pid, size_t parent)
{
    struct hob_follow *follow = follower->follow;
    if (!HOB_TRY_GROW(follow->processes, follow->capacity, follow->count + 1))
        abort();
    follow->processes[follow->count] =
        (struct hob_follow_process){.pid = pid, .parent = parent, .start = hob_clock_now()};
    return follow->count++;
}

static struct thread *find_thread(struct follower *follower, pid_t id)
{
    for (size_t i = 0; i < follower->thread_count; i++)
        if (follower->threads[i].id == id)
            return &follower->threads[i];
    return NULL;
}

static struct thread *add_thread(struct follower *follower, pid_t id, size_t process)
{
    if (!HOB_TRY_GROW(follower->threads, follower->thread_capacity, follower->thread_count + 1))
        abort();
    struct thread *thread = &follower->threads[follower->thread_count++];
    *thread = (struct thread){.id = id, .process = process};
    return thread;
}

/* The entry of a thread that is heard of; of a process without a known parent so far it is the
 * command, until its fork is heard of. */
static struct thread *know_thread(struct follower *follower, pid_t id)
{
    struct thread *thread = find_thread(follower, id);
    if (thread != NULL)
        return thread;
    pid_t leader = follow_leader_of(id);
    struct thread *first = leader != 0 && leader != id ? find_thread(follower, leader) : NULL;
    return add_thread(follower, id, first != NULL ? first->process : add_process(follower, id, 0));
}

static struct hob_follow_process *process_of(struct follower *follower, const struct thread *thread)
{
    return &follower->follow->processes[thread->process];
}

static void forget_thread(struct follower *follower, struct thread *thread)
{
    *thread = follower->threads[--follower->thread_count];
}

static void go_on(const struct thread *thread, int number)
{
    /* One that was killed meanwhile says so itself. */
    if (thread->opening)
        ptrace(PTRACE_SYSCALL, thread->id, 0, (long)number);
    else
        ptrace(PTRACE_CONT, thread->id, 0, (long)number);
}

/* `number`: a signal that it is about to get, or 0. */
static void let_go(struct follower *follower, struct thread *thread, int number)
{
    struct hob_follow_process *process = process_of(follower, thread);
    process->left = true;
    process->end = hob_clock_now();
    ptrace(PTRACE_DETACH, thread->id, 0, (long)number);
    forget_thread(follower, thread);
}

/* ---- events ---- */

static void see_exec(struct follower *follower, struct thread *thread)
{
    /* Only the leader is left, whichever thread called exec. */
    for (size_t i = follower->thread_count; i > 0; i--)
        if (follower->threads[i - 1].process == thread->process &&
            follower->threads[i - 1].id != thread->id) {
            pid_t kept = thread->id;
            forget_thread(follower, &follower->threads[i - 1]);
            thread = find_thread(follower, kept);
        }
    thread->opening = false;
    struct hob_follow_process *process = process_of(follower, thread);
    if (!HOB_TRY_GROW(process->images, process->image_capacity, process->image_count + 1))
        abort();
    process->images[process->image_count++] = (struct hob_follow_image){
        .start = hob_clock_now(), .words = follow_words_of(thread->id, follower->follow->arena)};
    if (!follower->heard)
        follow_hear(follower->report, &follower->follow->files_known);
    follower->heard = true;
}

static void see_birth(struct follower *follower, struct thread *thread, int event)
{
    unsigned long number = 0;
    size_t parent = thread->process;
    if (ptrace(PTRACE_GETEVENTMSG, thread->id, 0, &number) != 0 || number == 0)
        return;
    struct thread *child = find_thread(follower, (pid_t)number);
    pid_t leader = event == PTRACE_EVENT_CLONE ? follow_leader_of((pid_t)number) : (pid_t)number;
    if (leader != (pid_t)number && leader != 0) {
        if (child == NULL)
            add_thread(follower, (pid_t)number, parent);
        return;
    }
    size_t process = child != NULL ? child->process : add_process(follower, (pid_t)number, parent);
    follower->follow->processes[process].parent = parent;
    if (child == NULL)
        add_thread(follower, (pid_t)number, process);
}

static void see_exit(struct follower *follower, const struct thread *thread)
{
    struct hob_follow_process *process = process_of(follower, thread);
    if (thread->id == process->pid)
        follow_look_at_memory(process, (follower->options->flags & HOB_FOLLOW_SHARED_MEMORY) != 0);
}

static void see_opening(struct follower *follower, struct thread *thread)
{
    if (!follow_path_opened(thread->id, &follower->path))
        return;
    /* a file that was seen before is not copied again: builds open the same ones very often */
    struct hob_follow *follow = follower->follow;
    size_t place = hob_map_find(follow->files, hob_buffer_text(&follower->path));
    thread->opening = true;
    thread->path = place != SIZE_MAX
                       ? hob_map_key_at(follow->files, place)
                       : hob_arena_copy(follow->arena, hob_buffer_text(&follower->path));
}

static void see_opened(struct follower *follower, struct thread *thread)
{
    struct hob_follow *follow = follower->follow;
    struct hob_follow_process *process = process_of(follower, thread);
    int number = thread->opening ? follow_result(thread->id) : EIO;
    thread->opening = false;
    process->missing += number == ENOENT || number == ENOTDIR;
    if (number != 0)
        return;
    process->opened++;
    struct hob_follow_file *file = hob_map_get(follow->files, thread->path);
    if (file == NULL) {
        file = hob_arena_alloc(follow->arena, sizeof *file);
        *file = (struct hob_follow_file){0};
        hob_map_put(follow->files, thread->path, file);
    }
    file->opened++;
}

static bool stops_jobs(int number)
{
    return number == SIGSTOP || number == SIGTSTP || number == SIGTTIN || number == SIGTTOU;
}

static void see_stop(struct follower *follower, struct thread *thread, int status)
{
    int event = status >> 16, number = WSTOPSIG(status);
    if (thread->leaving) {
        let_go(follower, thread, event == 0 && number != STOPPED_AT_CALL ? number : 0);
        return;
    }
    switch (event) {
    case PTRACE_EVENT_EXEC:
        see_exec(follower, thread);
        break;
    case PTRACE_EVENT_FORK:
    case PTRACE_EVENT_VFORK:
    case PTRACE_EVENT_CLONE: {
        pid_t id = thread->id;
        see_birth(follower, thread, event);
        thread = find_thread(follower, id); /* adding one may have moved them */
        break;
    }
    case PTRACE_EVENT_EXIT:
        see_exit(follower, thread);
        break;
    case PTRACE_EVENT_SECCOMP:
        see_opening(follower, thread);
        break;
    case PTRACE_EVENT_STOP:
        if (stops_jobs(number)) {
            ptrace(PTRACE_LISTEN, thread->id, 0, 0);
            return;
        }
        break;
    default:
        if (number == STOPPED_AT_CALL)
            see_opened(follower, thread);
        else if (event == 0) {
            go_on(thread, number);
            return;
        }
    }
    go_on(thread, 0);
}

static double milliseconds_of(struct timeval time)
{
    return (double)time.tv_sec * 1e3 + (double)time.tv_usec / 1e3;
}

static void see_end(struct follower *follower, struct thread *thread, int status,
                    const struct rusage *usage)
{
    struct hob_follow_process *process = process_of(follower, thread);
    if (thread->id == process->pid) {
        process->end = hob_clock_now();
        process->status = status;
        process->processor = milliseconds_of(usage->ru_utime) + milliseconds_of(usage->ru_stime);
    }
    if (thread->id == follower->command) {
        follower->over = true;
        follower->over_since = hob_clock_now();
        if (!follower->heard)
            follower->failure = follow_hear(follower->report, &follower->follow->files_known);
    }
    forget_thread(follower, thread);
}

/* Everything that has happened so far; false when nobody is left. */
static bool see_all(struct follower *follower)
{
    for (;;) {
        int status;
        struct rusage usage;
        pid_t id = wait4(-1, &status, __WALL | __WNOTHREAD | WNOHANG, &usage);
        if (id < 0 && errno == EINTR)
            continue;
        if (id <= 0)
            return id == 0;
        struct thread *thread = know_thread(follower, id);
        if (WIFSTOPPED(status))
            see_stop(follower, thread, status);
        else
            see_end(follower, thread, status, &usage);
    }
}

/* ---- the whole ---- */

static void kill_all(struct follower *follower)
{
    for (size_t i = 0; i < follower->thread_count; i++)
        kill(process_of(follower, &follower->threads[i])->pid > 0
                 ? (pid_t)process_of(follower, &follower->threads[i])->pid
                 : follower->threads[i].id,
             SIGKILL);
}

static void leave_all(struct follower *follower)
{
    for (size_t i = 0; i < follower->thread_count; i++) {
        follower->threads[i].leaving = true;
        ptrace(PTRACE_INTERRUPT, follower->threads[i].id, 0, 0);
    }
}

static void handle(struct follower *follower, const siginfo_t *info)
{
    bool session = (follower->options->flags & HOB_FOLLOW_SESSION) != 0;
    if (info->si_signo == SIGCHLD)
        return;
    if (session || follower->over) {
        follower->interrupted = session || follower->interrupted;
        kill_all(follower);
    } else if (info->si_code <= 0) {
        kill(follower->command, info->si_signo); /* not from the terminal: for us alone */
    }
}

/* Once the command is over: what else lives is ended, let go or waited for. */
static void after_command(struct follower *follower)
{
    if (!follower->over || follower->thread_count == 0)
        return;
    if ((follower->options->flags & HOB_FOLLOW_SESSION) != 0)
        kill_all(follower);
    else if (!follower->follow->files_known)
        leave_all(follower);
}

static void tell_about_wait(struct follower *follower)
{
    if (!follower->over || follower->told || follower->options->waits == NULL ||
        hob_clock_milliseconds_since(follower->over_since) < PATIENCE_MILLISECONDS)
        return;
    follower->told = true;
    follower->options->waits(follower->options->data, follower->thread_count);
}

static void follow_to_end(struct follower *follower, const sigset_t *signals)
{
    static const struct timespec patience = {.tv_sec = PATIENCE_MILLISECONDS / 1000};
    while (see_all(follower)) {
        siginfo_t info;
        after_command(follower);
        if (sigtimedwait(signals, &info, &patience) > 0)
            handle(follower, &info);
        tell_about_wait(follower);
    }
}

static int conclude(const struct follower *follower, struct hob_error *error)
{
    const char *name = follower->options->arguments[0];
    if (follower->interrupted)
        return hob_error_set(error, HOB_E_INTERRUPTED, "'%s' was interrupted", name);
    if (follower->failure == 0)
        return 0;
    int code = hob_error_from_errno(error, follower->failure, "start the program", name);
    if (follower->failure == ENOENT)
        hob_error_hint(error, "is it installed, and PATH right? A script also needs the "
                              "interpreter that its first line names");
    return code;
}

int hob_follow_run(struct hob_follow *follow, const struct hob_follow_options *options,
                   struct hob_error *error)
{
    sigset_t signals, before, mask;
    struct sigaction usual = {.sa_handler = SIG_DFL}, child_action;
    struct follower follower = {.follow = follow, .options = options};
    *follow = (struct hob_follow){.arena = hob_arena_new(),
                                  .files = hob_map_new(),
                                  .files_known = (options->flags & HOB_FOLLOW_FILES) != 0};
    sigemptyset(&signals);
    sigaddset(&signals, SIGCHLD);
    sigaddset(&signals, SIGINT);
    sigaddset(&signals, SIGQUIT);
    sigaddset(&signals, SIGTERM);
    sigaddset(&signals, SIGHUP);
    pthread_sigmask(SIG_BLOCK, &signals, &before);
    if ((options->flags & HOB_FOLLOW_SESSION) != 0)
        sigemptyset(&mask);
    else
        mask = before;
    sigaction(SIGCHLD, &usual, &child_action);
    add_process(&follower, 0, SIZE_MAX);
    int code = follow_start(&follower.command, &follower.report, options, &mask, error);
    if (code == 0) {
        follow->processes[0].pid = follower.command;
        fcntl(follower.report, F_SETFL, O_NONBLOCK);
        add_thread(&follower, follower.command, 0);
        follow_to_end(&follower, &signals);
        close(follower.report);
        code = conclude(&follower, error);
    }
    follow->files_known = follow->files_known && code == 0;
    sigaction(SIGCHLD, &child_action, NULL);
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    hob_buffer_deinit(&follower.path);
    free(follower.threads);
    return code;
}
#else
int hob_follow_run(struct hob_follow *follow, const struct hob_follow_options *options,
                   struct hob_error *error)
{
    (void)options;
    *follow = (struct hob_follow){.arena = hob_arena_new(), .files = hob_map_new()};
    return hob_error_set(error, HOB_E_UNSUPPORTED,
                         "cannot follow processes: this system has no ptrace as Linux has it");
}
#endif

void hob_follow_deinit(struct hob_follow *follow)
{
    for (size_t i = 0; i < follow->count; i++)
        free(follow->processes[i].images);
    free(follow->processes);
    hob_map_free(follow->files);
    hob_arena_free(follow->arena);
    *follow = (struct hob_follow){0};
}
