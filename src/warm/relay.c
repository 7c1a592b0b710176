/* relay: see relay.h. */
#define _GNU_SOURCE
#include "warm/relay.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <sys/ioctl.h>
#include <sys/resource.h>
#include <sys/signalfd.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/file.h"

enum { REAP_TRIES = 200, REAP_PAUSE_MS = 5 };

static void relayed_signals(sigset_t *set)
{
    static const int own[] = {SIGKILL, SIGSTOP, SIGCHLD, SIGSEGV, SIGBUS, SIGFPE, SIGILL, SIGTRAP};
    sigfillset(set);
    for (size_t i = 0; i < sizeof own / sizeof own[0]; i++)
        sigdelset(set, own[i]);
}

void hob_warm_relay_prepare(void)
{
    sigset_t set;
    relayed_signals(&set);
    sigprocmask(SIG_BLOCK, &set, NULL);
}

void hob_warm_relay_cancel(const struct hob_warm_inheritance *inheritance)
{
    sigprocmask(SIG_SETMASK, &inheritance->blocked, NULL);
}

/* --- signals --- */

static bool signal_process(const struct hob_warm_zygote *zygote, int number)
{
    return syscall(SYS_pidfd_send_signal, zygote->child, number, NULL, 0) == 0;
}

/* To the whole group: only while its leader is there, whose number can't be another's then. */
static void signal_group(const struct hob_warm_zygote *zygote, int number)
{
    if (signal_process(zygote, 0))
        kill(-zygote->pid, number);
}

/* A file of /proc with a NUL behind it; false when it cannot be read. */
static bool read_proc(const char *path, char *text, size_t size)
{
    HOB_AUTO(descriptor) int descriptor = open(path, O_RDONLY | O_CLOEXEC);
    ssize_t got = descriptor >= 0 ? read(descriptor, text, size - 1) : -1;
    text[got > 0 ? got : 0] = '\0';
    return got > 0;
}

/* What the run is called in /proc, which may show the numbers of another namespace than that in
 * which the zygote said it; 0 when it is not shown there. */
static int number_in_proc(const struct hob_warm_zygote *zygote)
{
    static const char label[] = "\nPid:";
    char path[64], text[1024];
    snprintf(path, sizeof path, "/proc/self/fdinfo/%d", zygote->child);
    const char *line = read_proc(path, text, sizeof text) ? strstr(text, label) : NULL;
    int number = line != NULL ? atoi(line + sizeof label - 1) : 0;
    return number > 0 ? number : 0;
}

/* What /proc has of the run. Opened while it runs, since its end is seen by others at the same
 * time, who may reap it. */
struct view {
    int number; /* 0: there is nothing */
    int stat;   /* a descriptor, or -1 */
};

static struct view look_at(const struct hob_warm_zygote *zygote)
{
    char path[64];
    struct view run = {.number = number_in_proc(zygote), .stat = -1};
    snprintf(path, sizeof path, "/proc/%d/stat", run.number);
    if (run.number != 0)
        run.stat = open(path, O_RDONLY | O_CLOEXEC);
    return run;
}

/* Whether the run handles or ignores the signal; by the masks of /proc/PID/status. */
static bool is_default(const struct view *run, int number)
{
    char path[64], text[4096];
    snprintf(path, sizeof path, "/proc/%d/status", run->number);
    if (run->number == 0 || !read_proc(path, text, sizeof text))
        return true;
    const char *ignored = strstr(text, "SigIgn:"), *caught = strstr(text, "SigCgt:");
    if (ignored == NULL || caught == NULL)
        return true;
    unsigned long long mask = strtoull(ignored + 7, NULL, 16) | strtoull(caught + 7, NULL, 16);
    return (mask >> (number - 1) & 1) == 0;
}

static bool is_stop(int number)
{
    return number == SIGTSTP || number == SIGTTIN || number == SIGTTOU;
}

static void pass_on(const struct hob_warm_zygote *zygote, const struct view *run,
                    const struct signalfd_siginfo *info)
{
    int number = (int)info->ssi_signo;
    /* Nobody controls the run's process group, so the system would not let these stop it. */
    if (is_stop(number) && is_default(run, number))
        number = SIGSTOP;
    if (info->ssi_code == SI_KERNEL || number == SIGCONT || number == SIGSTOP)
        signal_group(zygote, number);
    else
        signal_process(zygote, number);
}

static void read_signals(const struct hob_warm_zygote *zygote, const struct view *run, int signals,
                         sigset_t *passed)
{
    struct signalfd_siginfo info;
    while (read(signals, &info, sizeof info) == sizeof info) {
        sigaddset(passed, (int)info.ssi_signo);
        pass_on(zygote, run, &info);
    }
}

/* What was sent to a run that then refused was meant for the command: it is there again when
 * signals are no longer blocked. */
static void take_back(const sigset_t *passed)
{
    for (int number = 1; number < NSIG; number++)
        if (sigismember(passed, number) == 1)
            raise(number);
}

/* The run has stopped: so does this process, that whoever waits for it sees so. It is continued by
 * them, or by the zygote when the run goes on or ends without them. */
static void stop_too(const struct hob_warm_zygote *zygote)
{
    struct pollfd run = {.fd = zygote->child, .events = POLLIN};
    if (poll(&run, 1, 0) != 0)
        return; /* it has been killed meanwhile */
    raise(SIGSTOP);
    signal_group(zygote, SIGCONT);
}

/* --- the end --- */

/* What the kernel tells of a process that is gone, to who still holds its pidfd (since 6.15). */
struct process_info {
    uint64_t mask, control_group;
    uint32_t ids[11];
    int32_t exit_status;
    uint32_t more[4];
};
#define GET_PROCESS_INFO _IOC(_IOC_READ | _IOC_WRITE, 0xFF, 11, sizeof(struct process_info))
enum { INFO_EXIT = 1 << 3 };

/* Whether /proc tells how a process has ended: of one that has gained rights it says that all went
 * well. What a link there leads to is refused to the same askers; of who has ended there is none.
 */
static bool may_ask_how_it_ended(int number)
{
    char path[64], target[1];
    snprintf(path, sizeof path, "/proc/%d/cwd", number);
    return readlink(path, target, sizeof target) >= 0 || errno == ENOENT;
}

/* As long as nobody has reaped it, /proc has it too, in the 52nd field of stat. */
static bool ask_zombie(const struct hob_warm_zygote *zygote, const struct view *run, int *status)
{
    enum { STATE = 3, EXIT_CODE = 52 };
    char text[2048];
    ssize_t size = run->stat >= 0 ? pread(run->stat, text, sizeof text - 1, 0) : 0;
    text[size > 0 ? size : 0] = '\0';
    const char *field = strrchr(text, ')'); /* the end of the second one, which may hold anything */
    if (field == NULL || strncmp(field, ") Z", 3) != 0)
        return false;
    for (int at = STATE - 1; at < EXIT_CODE && field != NULL; at++)
        field = strchr(field + 1, ' ');
    if (field == NULL || !may_ask_how_it_ended(run->number))
        return false;
    *status = atoi(field);
    return signal_process(zygote, 0); /* it is there: that was no other process of that number */
}

static bool ask_for_status(const struct hob_warm_zygote *zygote, const struct view *run,
                           int *status)
{
    for (int tries = 0; tries < REAP_TRIES; tries++) {
        struct process_info info = {.mask = INFO_EXIT};
        if (ask_zombie(zygote, run, status))
            return true;
        if (ioctl(zygote->child, GET_PROCESS_INFO, &info) != 0)
            return false;
        if (info.mask & INFO_EXIT) {
            *status = info.exit_status;
            return true;
        }
        poll(NULL, 0, REAP_PAUSE_MS); /* until its new parent has reaped it */
    }
    return false;
}

/* Whether there is something to read: what a child says before it ends is there when its end is
 * seen. */
static bool has_report(const struct hob_warm_zygote *zygote)
{
    struct pollfd reports = {.fd = zygote->connection, .events = POLLIN};
    return poll(&reports, 1, 0) != 0;
}

/* What the zygote says of the run; false: it goes on. */
static bool hear_report(struct hob_warm_zygote *zygote, const sigset_t *passed, bool *lost,
                        enum hob_warm_end *end, int *status)
{
    struct hob_warm_report report;
    hob_warm_report_read(zygote->connection, &report, -1);
    hob_file_close(report.descriptor);
    *status = report.number;
    switch (report.letter) {
    case 'E':
        *end = HOB_WARM_ENDED;
        return true;
    case 'R':
        hob_warm_zygote_read_refusal(zygote, report.number);
        take_back(passed);
        *end = HOB_WARM_REFUSED;
        return true;
    case 'S':
        stop_too(zygote);
        return false;
    default: /* the zygote was killed, and the run goes on without it */
        *lost = true;
        return false;
    }
}

static enum hob_warm_end relay(struct hob_warm_zygote *zygote, const struct view *run, int signals,
                               int *status)
{
    enum { REPORTS, SIGNALS, RUN, COUNT };
    /* The run's end is seen here sooner than the zygote can report it; when that has been quicker,
     * or has the right to know and this process has not, it reports. */
    struct pollfd watched[COUNT] = {[REPORTS] = {.fd = zygote->connection, .events = POLLIN},
                                    [SIGNALS] = {.fd = signals, .events = POLLIN},
                                    [RUN] = {.fd = zygote->child, .events = POLLIN}};
    enum hob_warm_end end;
    bool lost = false;
    sigset_t passed;
    sigemptyset(&passed);
    for (;;) {
        int ready = poll(watched, COUNT, -1);
        if (ready < 0 && errno == EINTR)
            continue;
        if (ready < 0)
            return HOB_WARM_LOST;
        if (watched[SIGNALS].revents != 0)
            read_signals(zygote, run, signals, &passed);
        bool has_ended = watched[RUN].revents != 0;
        if (has_ended && lost)
            return ask_for_status(zygote, run, status) ? HOB_WARM_ENDED : HOB_WARM_LOST;
        if (has_ended && !has_report(zygote)) {
            if (ask_zombie(zygote, run, status))
                return HOB_WARM_ENDED;
            watched[RUN].fd = -1;
        }
        if (watched[REPORTS].revents != 0 && hear_report(zygote, &passed, &lost, &end, status))
            return end;
        if (lost) {
            watched[REPORTS].fd = -1;
            watched[RUN].fd = zygote->child;
        }
    }
}

enum hob_warm_end hob_warm_relay(struct hob_warm_zygote *zygote, int *status)
{
    sigset_t set;
    relayed_signals(&set);
    HOB_AUTO(descriptor) int signals = signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
    struct view run = look_at(zygote);
    enum hob_warm_end end = relay(zygote, &run, signals, status);
    hob_file_close(run.stat);
    return end;
}

_Noreturn void hob_warm_end_as(int status)
{
    if (!WIFSIGNALED(status))
        _exit(WEXITSTATUS(status));
    int number = WTERMSIG(status);
    struct rlimit none = {0, 0};
    sigset_t set;
    sigemptyset(&set);
    sigaddset(&set, number);
    setrlimit(RLIMIT_CORE, &none); /* the run has left its own */
    signal(number, SIG_DFL);
    sigprocmask(SIG_UNBLOCK, &set, NULL);
    raise(number);
    _exit(128 + number);
}
