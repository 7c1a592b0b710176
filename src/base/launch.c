/* launch: see launch.h.
 *
 * Between fork and exec of a process with threads only system calls are safe, so everything that
 * needs memory is made before; the one thing that nobody can know before, the number of the new
 * process in LISTEN_PID, is written into a place that was left for it. */
#define _GNU_SOURCE
#include "base/launch.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/buffer.h"
#include "base/clock.h"
#include "base/file.h"
#include "base/number.h"
#include "base/platform.h"

enum {
    FIRST_SOCKET = 3, /* SD_LISTEN_FDS_START */
    DIGITS = 12,      /* room for a process number */
    LARGEST_REPORT = HOB_ERROR_MESSAGE_SIZE + HOB_ERROR_HINT_SIZE + 256,
};

static const char listen_pid[] = "LISTEN_PID=";

/* What the new process needs, made before it is. */
struct plan {
    const struct hob_launch *launch;
    int ready;         /* the pipe's end for the new process */
    char **words;      /* with --ready-fd */
    char **variables;  /* of its environment */
    char *own_process; /* in the environment: where its number goes; NULL: nowhere */
    char ready_number[DIGITS];
    char listen_process[sizeof listen_pid + DIGITS], listen_count[32];
    char *listen_names;
};

static bool is_named(const char *variable, const char *name)
{
    size_t size = strlen(name);
    return strncmp(variable, name, size) == 0 && variable[size] == '=';
}

static void plan_variables(struct plan *plan)
{
    size_t count = 0, kept = 0;
    while (environ[count] != NULL)
        count++;
    plan->variables = hob_alloc_zero(count + 4, sizeof *plan->variables);
    for (size_t i = 0; i < count; i++)
        if (!is_named(environ[i], "LISTEN_PID") && !is_named(environ[i], "LISTEN_FDS") &&
            !is_named(environ[i], "LISTEN_FDNAMES") &&
            !is_named(environ[i], "HOB_WORKER")) /* it does not end with a worker of a pool */
            plan->variables[kept++] = environ[i];
    if (plan->launch->socket_count == 0)
        return;
    memcpy(plan->listen_process, listen_pid, sizeof listen_pid);
    plan->own_process = plan->listen_process + sizeof listen_pid - 1;
    snprintf(plan->listen_count, sizeof plan->listen_count, "LISTEN_FDS=%u",
             plan->launch->socket_count);
    HOB_AUTO(buffer) struct hob_buffer names = HOB_BUFFER_INIT;
    hob_buffer_printf(&names, "LISTEN_FDNAMES=%s", plan->launch->socket_names);
    plan->listen_names = hob_copy_string(hob_buffer_string(&names));
    plan->variables[kept++] = plan->listen_process;
    plan->variables[kept++] = plan->listen_count;
    plan->variables[kept++] = plan->listen_names;
}

static void plan_words(struct plan *plan)
{
    size_t count = 0;
    while (count < HOB_LAUNCH_WORDS && plan->launch->words[count] != NULL)
        count++;
    plan->words = hob_alloc_zero(count + 3, sizeof *plan->words);
    for (size_t i = 0; i < count; i++)
        plan->words[i] = (char *)(uintptr_t)plan->launch->words[i];
    snprintf(plan->ready_number, sizeof plan->ready_number, "%u",
             FIRST_SOCKET + plan->launch->socket_count);
    static char option[] = "--ready-fd";
    plan->words[count] = option;
    plan->words[count + 1] = plan->ready_number;
}

static void free_plan(struct plan *plan)
{
    free(plan->words);
    free(plan->variables);
    free(plan->listen_names);
}

/* ---- in the new process: system calls only ---- */

static void put_number(char *to, pid_t number)
{
    char digits[DIGITS];
    int count = 0;
    for (; number > 0 && count < DIGITS - 1; number /= 10)
        digits[count++] = (char)('0' + number % 10);
    while (count > 0)
        *to++ = digits[--count];
    *to = '\0';
}

/* A line with a word and a number, such as "pid 123". */
static void report_number(int to, const char *word, int number)
{
    char line[32 + DIGITS];
    size_t size = strlen(word);
    memcpy(line, word, size);
    put_number(line + size, number);
    size = strlen(line);
    line[size++] = '\n';
    (void)!write(to, line, size);
}

/* Puts the descriptors where the new program looks for them; the number of the ready one, or -1. */
static int place_descriptors(const struct plan *plan)
{
    const struct hob_launch *launch = plan->launch;
    int moved[HOB_LAUNCH_SOCKETS + 1];
    unsigned count = launch->socket_count;
    int safe = FIRST_SOCKET + (int)count + 1; /* above everything that is about to be replaced */
    for (unsigned i = 0; i <= count; i++) {
        moved[i] = fcntl(i < count ? launch->sockets[i] : plan->ready, F_DUPFD_CLOEXEC, safe);
        if (moved[i] < 0)
            return -1;
    }
    int nothing = launch->detached ? open("/dev/null", O_RDWR | O_CLOEXEC) : -1;
    int errors = launch->errors;
    if (errors >= 0 && errors != STDERR_FILENO && dup2(errors, STDERR_FILENO) < 0)
        return -1;
    if (nothing >= 0) {
        dup2(nothing, STDIN_FILENO);
        dup2(nothing, STDOUT_FILENO);
    }
    for (unsigned i = 0; i <= count; i++)
        if (dup2(moved[i], FIRST_SOCKET + (int)i) < 0)
            return moved[count];
    hob_platform_close_from(FIRST_SOCKET + (int)count + 1);
    return FIRST_SOCKET + (int)count;
}

static void reset_signals(void)
{
    sigset_t none;
    sigemptyset(&none);
    signal(SIGPIPE, SIG_DFL);
    sigprocmask(SIG_SETMASK, &none, NULL);
}

static void become(const struct plan *plan)
{
    report_number(plan->ready, "pid ", getpid());
    if (plan->own_process != NULL)
        put_number(plan->own_process, getpid());
    int ready = place_descriptors(plan);
    reset_signals();
    const char *directory = plan->launch->directory;
    if (ready >= 0 && (directory == NULL || chdir(directory) == 0))
        execve(plan->launch->program, plan->words, plan->variables);
    report_number(ready >= 0 ? ready : plan->ready, "errno ", errno);
    _exit(127);
}

/* Forks twice, so that the new process is not ours to wait for: 0, or errno. */
static int fork_away(const struct plan *plan)
{
    pid_t between = fork();
    if (between < 0)
        return errno;
    if (between == 0) {
        if (plan->launch->detached)
            setsid();
        pid_t child = fork();
        if (child == 0)
            become(plan);
        if (child < 0)
            report_number(plan->ready, "errno ", errno);
        _exit(0);
    }
    while (waitpid(between, NULL, 0) < 0 && errno == EINTR)
        continue;
    return 0;
}

/* ---- in the old process ---- */

/* Reads what comes until the other end is closed; false when time is up. */
static bool read_report(int from, struct hob_buffer *report, unsigned seconds)
{
    uint64_t started = hob_clock_now();
    for (;;) {
        char piece[512];
        double left = seconds * 1e3 - hob_clock_milliseconds_since(started);
        struct pollfd polled = {.fd = from, .events = POLLIN};
        int ready = left > 0 ? poll(&polled, 1, (int)left + 1) : 0;
        if (ready == 0)
            return false;
        ssize_t got = ready > 0 ? read(from, piece, sizeof piece) : -1;
        if (got == 0 || (got < 0 && errno != EINTR))
            return true;
        if (got > 0 && report->size < LARGEST_REPORT)
            hob_buffer_put(report, piece, (size_t)got);
    }
}

/* Takes a line off the front of the text. */
static struct hob_text take_line(struct hob_text *text)
{
    const char *end = text->size > 0 ? memchr(text->data, '\n', text->size) : NULL;
    struct hob_text line = {text->data, end != NULL ? (size_t)(end - text->data) : text->size};
    size_t taken = line.size + (end != NULL ? 1 : 0);
    *text = (struct hob_text){text->data + taken, text->size - taken};
    return line;
}

static bool read_number(struct hob_text line, const char *word, uint64_t *number)
{
    size_t size = strlen(word);
    return hob_text_starts_with(line, word) &&
           hob_number_parse_unsigned((struct hob_text){line.data + size, line.size - size},
                                     number) == 0;
}

static int read_told_error(struct hob_text report, struct hob_error *error)
{
    struct hob_text message = take_line(&report), hint = take_line(&report);
    hob_error_set(error, HOB_E_VALUE, "%.*s", HOB_TEXT_ARG(message));
    if (hint.size > 0)
        hob_error_hint(error, "%.*s", HOB_TEXT_ARG(hint));
    return HOB_E_VALUE;
}

static int judge(struct hob_launched *launched, struct hob_text report, bool in_time,
                 const struct hob_launch *launch, struct hob_error *error)
{
    uint64_t number;
    struct hob_text line = take_line(&report);
    if (read_number(line, "pid ", &number)) {
        launched->pid = (pid_t)number;
        line = take_line(&report);
    }
    if (hob_text_is(line, "ready")) {
        line = take_line(&report); /* it may be missing */
        if (hob_text_starts_with(line, "at "))
            snprintf(launched->where, sizeof launched->where, "%.*s", (int)line.size - 3,
                     line.data + 3);
        return 0;
    }
    if (hob_text_is(line, "error"))
        return read_told_error(report, error);
    if (read_number(line, "errno ", &number))
        return hob_error_from_errno(error, (int)number, "start", launch->program);
    if (!in_time)
        return hob_error_set(error, HOB_E_IO, "'%s' was started, but is not ready after %u seconds",
                             launch->program, launch->seconds);
    return hob_error_set(error, HOB_E_IO, "'%s' ended before it was ready", launch->program);
}

int hob_launch(struct hob_launched *launched, const struct hob_launch *launch,
               struct hob_error *error)
{
    int ends[2];
    if (pipe2(ends, O_CLOEXEC) != 0)
        return hob_error_from_errno(error, errno, "start", launch->program);
    HOB_AUTO(descriptor) int from = ends[0];
    struct plan plan = {.launch = launch, .ready = ends[1]};
    plan_words(&plan);
    plan_variables(&plan);
    int number = fork_away(&plan);
    free_plan(&plan);
    hob_file_close(ends[1]);
    if (number != 0)
        return hob_error_from_errno(error, number, "start", launch->program);
    HOB_AUTO(buffer) struct hob_buffer report = HOB_BUFFER_INIT;
    bool in_time = read_report(from, &report, launch->seconds);
    *launched = (struct hob_launched){0};
    return judge(launched, hob_buffer_text(&report), in_time, launch, error);
}

void hob_launch_tell(int descriptor, const char *where, const struct hob_error *error)
{
    HOB_AUTO(buffer) struct hob_buffer report = HOB_BUFFER_INIT;
    if (descriptor < 0)
        return;
    if (error == NULL)
        hob_buffer_printf(&report, "ready\n%s%s%s", where != NULL ? "at " : "",
                          where != NULL ? where : "", where != NULL ? "\n" : "");
    else
        hob_buffer_printf(&report, "error\n%s\n%s\n", error->message, error->hint);
    const char *at = hob_buffer_string(&report);
    for (size_t left = report.size; left > 0;) {
        ssize_t put = write(descriptor, at, left);
        if (put < 0 && errno == EINTR)
            continue;
        if (put <= 0)
            break; /* whoever wanted to know has gone */
        at += put;
        left -= (size_t)put;
    }
    hob_file_close(descriptor);
}
