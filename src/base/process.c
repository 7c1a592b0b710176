/* process: see process.h.
 *
 * Between fork and exec only calls that are safe in a copy of one thread of many: everything that
 * allocates or searches happens before. A pipe that exec closes brings errno back, so that a
 * program that cannot be started is an error here and not a child that ends at once. */
#define _GNU_SOURCE
#include "base/process.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/buffer.h"
#include "base/file.h"

#ifdef __linux__
#include <sys/prctl.h>
#include <sys/syscall.h>
#endif

extern char **environ;

/* The value of PATH in an environment. */
static const char *path_in(const char *const *environment)
{
    for (; *environment != NULL; environment++)
        if (strncmp(*environment, "PATH=", 5) == 0)
            return *environment + 5;
    return "/usr/local/bin:/usr/bin:/bin";
}

static bool is_program(const char *path)
{
    struct stat facts;
    return stat(path, &facts) == 0 && S_ISREG(facts.st_mode) && access(path, X_OK) == 0;
}

char *hob_process_find(const char *name, const char *const *environment)
{
    HOB_AUTO(buffer) struct hob_buffer path = HOB_BUFFER_INIT;
    const char *at = path_in(environment != NULL ? environment : (const char *const *)environ);
    while (strchr(name, '/') == NULL && *at != '\0') {
        size_t size = strcspn(at, ":");
        hob_buffer_clear(&path);
        hob_buffer_printf(&path, "%.*s/%s", (int)size, size > 0 ? at : ".", name);
        if (is_program(hob_buffer_string(&path)))
            return hob_copy_string(hob_buffer_string(&path));
        at += size;
        at += *at == ':';
    }
    return hob_copy_string(name);
}

struct start {
    const struct hob_process_options *options;
    const char *program;
    const char *const *environment;
    char mark[64]; /* the first variable, when there is one */
    pid_t parent;
    int null, report;
};

/* In the child: what is to become 0, 1 and 2 may be one of those already, in any order. */
static void place_descriptors(const struct start *start)
{
    const int wanted[3] = {start->options->input, start->options->output, start->options->errors};
    int moved[3];
    for (int i = 0; i < 3; i++)
        moved[i] = fcntl(wanted[i] >= 0 ? wanted[i] : start->null, F_DUPFD_CLOEXEC, 3);
    for (int i = 0; i < 3; i++)
        dup2(moved[i], i);
}

static void reset_signals(void)
{
    sigset_t none;
    for (int number = 1; number < NSIG; number++)
        if (number != SIGKILL && number != SIGSTOP)
            signal(number, SIG_DFL);
    sigemptyset(&none);
    sigprocmask(SIG_SETMASK, &none, NULL);
}

/* Nothing can be done here when nobody hears it. */
static void announce(const struct start *start, pid_t number)
{
    if (start->options->announce > 0 &&
        write(start->options->announce, &number, sizeof number) != sizeof number)
        return;
}

/* Writes its own number behind the mark, by hand: nothing else is safe here. */
static void fill_mark(struct start *start)
{
    char digits[24];
    size_t count = 0, at = strlen(start->mark);
    for (pid_t left = getpid(); left > 0; left /= 10)
        digits[count++] = (char)('0' + left % 10);
    while (count > 0 && at + 1 < sizeof start->mark)
        start->mark[at++] = digits[--count];
}

__attribute__((noreturn)) static void become(struct start *start)
{
    setsid();
    if (start->options->mark != NULL)
        fill_mark(start);
#ifdef __linux__
    if (start->options->dies_with_thread) {
        prctl(PR_SET_PDEATHSIG, SIGKILL);
        if (getppid() != start->parent)
            _exit(127); /* the parent ended before the system knew */
    }
#endif
    announce(start, getpid());
    reset_signals();
    place_descriptors(start);
    const char *directory = start->options->directory;
    if (directory == NULL || chdir(directory) == 0)
        execve(start->program, (char *const *)start->options->arguments,
               (char *const *)start->environment);
    int number = errno;
    signal(SIGPIPE, SIG_IGN);
    announce(start, -getpid());
    ssize_t written = write(start->report, &number, sizeof number);
    _exit(written > 0 ? 127 : 126);
}

/* errno of the child, or 0 when it became the program. */
static int hear_report(int report)
{
    int number = 0;
    ssize_t size;
    do
        size = read(report, &number, sizeof number);
    while (size < 0 && errno == EINTR);
    return size == sizeof number ? number : 0;
}

static int watch_of(pid_t pid)
{
#if defined(__linux__) && defined(SYS_pidfd_open)
    return (int)syscall(SYS_pidfd_open, pid, 0);
#else
    (void)pid;
    return -1;
#endif
}

static void wait_for(pid_t pid)
{
    while (waitpid(pid, NULL, 0) < 0 && errno == EINTR)
        continue;
}

static int cannot_start(const struct hob_process_options *options, int number,
                        struct hob_error *error)
{
    const char *directory = options->directory;
    if (directory != NULL && access(directory, X_OK) != 0)
        return hob_error_from_errno(error, errno, "start a program in the directory", directory);
    int code = hob_error_from_errno(error, number, "start the program", options->arguments[0]);
    if (number == ENOENT)
        hob_error_hint(error, "is it installed, and PATH right? A script also needs the "
                              "interpreter that its first line names");
    return code;
}

/* The environment with a place for the mark in front, and without one that was there; NULL: as it
 * is. For the caller to free. */
static const char **mark_environment(struct start *start)
{
    size_t count = 0, at = 1, size;
    if (start->options->mark == NULL)
        return NULL;
    snprintf(start->mark, sizeof start->mark, "%s=", start->options->mark);
    size = strlen(start->mark);
    while (start->environment[count] != NULL)
        count++;
    const char **marked = hob_alloc_zero(count + 2, sizeof *marked);
    marked[0] = start->mark;
    for (size_t i = 0; i < count; i++)
        if (strncmp(start->environment[i], start->mark, size) != 0)
            marked[at++] = start->environment[i];
    return marked;
}

int hob_process_start(struct hob_process *process, const struct hob_process_options *options,
                      struct hob_error *error)
{
    int report[2];
    struct start start = {
        .options = options,
        .environment =
            options->environment != NULL ? options->environment : (const char *const *)environ,
        .parent = getpid(),
    };
    HOB_AUTO(free) char *program = hob_process_find(options->arguments[0], start.environment);
    HOB_AUTO(descriptor) int null = open("/dev/null", O_RDWR | O_CLOEXEC);
    if (null < 0 || !hob_process_pipe(report))
        return hob_error_from_errno(error, errno, "start the program", options->arguments[0]);
    HOB_AUTO(free) const char **marked = mark_environment(&start);
    if (marked != NULL)
        start.environment = marked;
    start.program = program;
    start.null = null;
    start.report = report[1];
    /* No signal of this process's may be handled in the child before it is itself. */
    sigset_t all, old;
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &old);
    pid_t pid = fork();
    if (pid == 0)
        become(&start);
    int number = pid < 0 ? errno : 0;
    pthread_sigmask(SIG_SETMASK, &old, NULL);
    close(report[1]);
    if (pid > 0)
        number = hear_report(report[0]);
    close(report[0]);
    if (number != 0 && pid > 0)
        wait_for(pid);
    if (number != 0)
        return cannot_start(options, number, error);
    *process = (struct hob_process){.pid = pid, .watch = watch_of(pid)};
    return 0;
}

bool hob_process_pipe(int ends[2])
{
#ifdef __linux__
    return pipe2(ends, O_CLOEXEC) == 0;
#else
    if (pipe(ends) != 0)
        return false;
    fcntl(ends[0], F_SETFD, FD_CLOEXEC);
    fcntl(ends[1], F_SETFD, FD_CLOEXEC);
    return true;
#endif
}

bool hob_process_has_ended(const struct hob_process *process)
{
    siginfo_t info = {0};
    if (process->pid <= 0)
        return false;
    if (waitid(P_PID, (id_t)process->pid, &info, WEXITED | WNOHANG | WNOWAIT) != 0)
        return errno == ECHILD; /* somebody else has waited for it */
    return info.si_pid != 0;
}

bool hob_process_ended(struct hob_process *process, int *status)
{
    return hob_process_ended_with(process, status, NULL);
}

bool hob_process_ended_with(struct hob_process *process, int *status, struct rusage *usage)
{
    pid_t found;
    do
        found = wait4(process->pid, status, WNOHANG, usage);
    while (found < 0 && errno == EINTR);
    if (found == 0)
        return false;
    if (found < 0) { /* somebody else has waited for it */
        *status = 0;
        if (usage != NULL)
            *usage = (struct rusage){0};
    }
    hob_file_close(process->watch);
    *process = (struct hob_process)HOB_PROCESS_INIT;
    return true;
}

void hob_process_signal(const struct hob_process *process, int number)
{
    if (process->pid > 0)
        kill(-process->pid, number);
}

void hob_process_describe(char *text, size_t size, int status)
{
    if (WIFSIGNALED(status))
        snprintf(text, size, "was killed by signal %d (%s)", WTERMSIG(status),
                 strsignal(WTERMSIG(status)));
    else
        snprintf(text, size, "exited with status %d", WEXITSTATUS(status));
}

size_t hob_process_memory(pid_t pid)
{
#ifdef __linux__
    char path[40], text[128] = "";
    unsigned long pages = 0;
    snprintf(path, sizeof path, "/proc/%ld/statm", (long)pid);
    HOB_AUTO(descriptor) int file = open(path, O_RDONLY | O_CLOEXEC);
    if (file < 0 || read(file, text, sizeof text - 1) <= 0 || sscanf(text, "%*u %lu", &pages) != 1)
        return 0;
    return pages * (size_t)sysconf(_SC_PAGESIZE);
#else
    (void)pid;
    return 0;
#endif
}
