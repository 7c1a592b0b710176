/* follow_start: the command, stopped until it is attached to.
 *
 * The child waits at a pipe until it is seized, so that nothing of it is missed; then it asks the
 * kernel to stop it at calls that open files, and becomes the command. The filter stays with all of
 * its descendants: that is why they can't be let go as long as they live. */
#define _GNU_SOURCE
#ifdef __linux__
#include <errno.h>
#include <fcntl.h>
#include <linux/audit.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <stddef.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/file.h"
#include "base/process.h"
#include "profile/follow_internal.h"

extern char **environ;

enum { FILTER_REFUSED = -1 }; /* in a report, where there could be an errno */

#if defined(__x86_64__)
#define NATIVE_CALLS AUDIT_ARCH_X86_64
#elif defined(__aarch64__)
#define NATIVE_CALLS AUDIT_ARCH_AARCH64
#else
#define NATIVE_CALLS 0
#endif

#ifndef SYS_openat2
#define SYS_openat2 437
#endif
#ifdef SYS_open
#define PLAIN_OPEN SYS_open
#else
#define PLAIN_OPEN SYS_openat
#endif

#define LOAD(member) BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, member))
#define IF_EQUAL(value, then, otherwise) BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, value, then, otherwise)
#define RETURN(value) BPF_STMT(BPF_RET | BPF_K, value)

/* Safe between fork and exec. */
static bool stop_at_openings(void)
{
    static struct sock_filter steps[] = {
        LOAD(arch),
        IF_EQUAL(NATIVE_CALLS, 0, 5),
        LOAD(nr),
        IF_EQUAL(SYS_openat, 2, 0),
        IF_EQUAL(SYS_openat2, 1, 0),
        IF_EQUAL(PLAIN_OPEN, 0, 1),
        RETURN(SECCOMP_RET_TRACE),
        RETURN(SECCOMP_RET_ALLOW),
    };
    static struct sock_fprog filter = {.len = sizeof steps / sizeof *steps, .filter = steps};
    return NATIVE_CALLS != 0 && prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0 &&
           prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &filter) == 0;
}

struct birth {
    const struct hob_follow_options *options;
    const char *program;
    const char *const *environment;
    const sigset_t *mask;
    int go, report;
};

static void report(const struct birth *birth, int number)
{
    ssize_t written = write(birth->report, &number, sizeof number);
    (void)written; /* without a reader there is nobody to tell */
}

__attribute__((noreturn)) static void become(const struct birth *birth)
{
    const struct hob_follow_options *options = birth->options;
    char byte;
    int moved[3];
    const int wanted[3] = {options->input, options->output, options->errors};
    if ((options->flags & HOB_FOLLOW_SESSION) != 0)
        setsid();
    if (read(birth->go, &byte, 1) != 1)
        _exit(127);
    for (int i = 0; i < 3; i++)
        moved[i] = fcntl(wanted[i], F_DUPFD_CLOEXEC, 3);
    for (int i = 0; i < 3; i++)
        if (moved[i] >= 0)
            dup2(moved[i], i);
        else
            close(i); /* as closed as it was here */
    sigprocmask(SIG_SETMASK, birth->mask, NULL);
    if ((options->flags & HOB_FOLLOW_FILES) != 0 && !stop_at_openings())
        report(birth, FILTER_REFUSED);
    execve(birth->program, (char *const *)options->arguments, (char *const *)birth->environment);
    report(birth, errno);
    _exit(127);
}

static int not_followed(struct hob_error *error, int number)
{
    hob_error_set(error, HOB_E_UNSUPPORTED, "cannot follow processes: %s", strerror(number));
    hob_error_hint(error, "something forbids ptrace: a container without it, a debugger that is "
                          "attached already, or kernel.yama.ptrace_scope");
    return HOB_E_UNSUPPORTED;
}

static int attach(pid_t pid, unsigned flags)
{
    long events = PTRACE_O_EXITKILL | PTRACE_O_TRACESYSGOOD | PTRACE_O_TRACEFORK |
                  PTRACE_O_TRACEVFORK | PTRACE_O_TRACECLONE | PTRACE_O_TRACEEXEC |
                  PTRACE_O_TRACEEXIT;
    if ((flags & HOB_FOLLOW_FILES) != 0)
        events |= PTRACE_O_TRACESECCOMP;
    return ptrace(PTRACE_SEIZE, pid, 0, events) == 0 ? 0 : errno;
}

static void end_child(pid_t pid)
{
    kill(pid, SIGKILL);
    while (waitpid(pid, NULL, __WALL) < 0 && errno == EINTR)
        continue;
}

static int begin(pid_t pid, const struct hob_follow_options *options, int go,
                 struct hob_error *error)
{
    int number = attach(pid, options->flags);
    if (number == 0 && write(go, "", 1) == 1)
        return 0;
    end_child(pid);
    return not_followed(error, number != 0 ? number : EPIPE);
}

int follow_start(pid_t *pid, int *report, const struct hob_follow_options *options,
                 const sigset_t *mask, struct hob_error *error)
{
    int go[2] = {-1, -1}, told[2] = {-1, -1};
    HOB_AUTO(free) char *program = hob_process_find(options->arguments[0], options->environment);
    const char *const *environment =
        options->environment != NULL ? options->environment : (const char *const *)environ;
    if (!hob_process_pipe(go) || !hob_process_pipe(told)) {
        hob_file_close(go[0]);
        hob_file_close(go[1]);
        return hob_error_from_errno(error, errno, "start the program", options->arguments[0]);
    }
    struct birth birth = {.options = options,
                          .program = program,
                          .environment = environment,
                          .mask = mask,
                          .go = go[0],
                          .report = told[1]};
    pid_t child = fork();
    if (child == 0) {
        close(go[1]);
        become(&birth);
    }
    int number = errno;
    close(go[0]);
    close(told[1]);
    int code = child < 0 ? hob_error_from_errno(error, number, "start the program", program)
                         : begin(child, options, go[1], error);
    close(go[1]);
    if (code != 0) {
        close(told[0]);
        return code;
    }
    *pid = child;
    *report = told[0];
    return 0;
}

int follow_hear(int report, bool *files)
{
    int number = 0, last = 0;
    while (read(report, &number, sizeof number) == (ssize_t)sizeof number) {
        if (number == FILTER_REFUSED)
            *files = false;
        else
            last = number;
    }
    return last;
}
#endif
