/* stage: see stage.h. */
#define _GNU_SOURCE
#include "profile/stage.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/file.h"
#include "base/process.h"

enum { MOST_KEPT = 64 << 20, BLOCK = 512 };

/* A file that nobody else can open and that is gone with its descriptor. */
static int open_nameless(void)
{
#ifdef __linux__
    int file = memfd_create("hob-profile", MFD_CLOEXEC);
    if (file >= 0)
        return file;
#endif
    char name[] = "/tmp/hob-profile-XXXXXX";
    int named = mkstemp(name);
    if (named < 0)
        return -1;
    unlink(name);
    fcntl(named, F_SETFD, FD_CLOEXEC);
    return named;
}

static void open_input(struct hob_stage *stage)
{
    struct stat facts;
    if (fstat(STDIN_FILENO, &facts) == 0 && S_ISREG(facts.st_mode)) {
        stage->input = fcntl(STDIN_FILENO, F_DUPFD_CLOEXEC, 3);
        stage->input_start = lseek(STDIN_FILENO, 0, SEEK_CUR);
    } else {
        stage->input = open("/dev/null", O_RDONLY | O_CLOEXEC);
        stage->input_start = -1;
    }
}

static void block_signals(struct hob_stage *stage)
{
    static const int numbers[] = {SIGCHLD, SIGINT, SIGQUIT, SIGTERM, SIGHUP};
    struct sigaction usual = {.sa_handler = SIG_DFL};
    sigemptyset(&stage->signals);
    for (size_t i = 0; i < sizeof numbers / sizeof *numbers; i++)
        sigaddset(&stage->signals, numbers[i]);
    pthread_sigmask(SIG_BLOCK, &stage->signals, &stage->before);
    sigaction(SIGCHLD, &usual, &stage->child_action); /* ignored, the children's ends are lost */
}

int hob_stage_open(struct hob_stage *stage, struct hob_error *error)
{
    block_signals(stage);
    open_input(stage);
    stage->output = open_nameless();
    stage->errors = open_nameless();
    if (stage->input >= 0 && stage->output >= 0 && stage->errors >= 0)
        return 0;
    int code = hob_error_from_errno(error, errno, "make a temporary file in", "/tmp");
    hob_stage_close(stage);
    return code;
}

void hob_stage_close(struct hob_stage *stage)
{
    hob_file_close(stage->input);
    hob_file_close(stage->output);
    hob_file_close(stage->errors);
    sigaction(SIGCHLD, &stage->child_action, NULL);
    pthread_sigmask(SIG_SETMASK, &stage->before, NULL);
}

static void empty(int file)
{
    if (ftruncate(file, 0) == 0)
        lseek(file, 0, SEEK_SET);
}

void hob_stage_reset(struct hob_stage *stage)
{
    empty(stage->output);
    empty(stage->errors);
    if (stage->input_start >= 0)
        lseek(stage->input, stage->input_start, SEEK_SET);
}

/* Sleeps until it has ended; true when somebody wants all of this to end. */
static bool wait_for_end(struct hob_process *process, const sigset_t *signals, int *status,
                         struct rusage *usage)
{
    bool interrupted = false;
    while (!hob_process_ended_with(process, status, usage)) {
        int number = 0;
        if (sigwait(signals, &number) == 0 && number != SIGCHLD) {
            interrupted = true;
            hob_process_signal(process, SIGKILL);
        }
    }
    return interrupted;
}

static int run_watched(const struct hob_process_options *options, struct hob_stage_run *run,
                       const sigset_t *signals, struct hob_error *error)
{
    struct hob_process process = HOB_PROCESS_INIT;
    struct rusage usage;
    uint64_t start = hob_clock_now();
    int code = hob_process_start(&process, options, error);
    if (code != 0)
        return code;
    pid_t group = process.pid;
    run->start = hob_clock_milliseconds_since(start);
    bool interrupted = wait_for_end(&process, signals, &run->status, &usage);
    run->whole = hob_clock_milliseconds_since(start);
    run->peak = (size_t)usage.ru_maxrss << 10;
    run->read_from_disk = (size_t)usage.ru_inblock * BLOCK;
    if (!interrupted)
        return 0;
    kill(-group, SIGKILL); /* what it started, which outlives it by now */
    return hob_error_set(error, HOB_E_INTERRUPTED, "'%s' was interrupted", options->arguments[0]);
}

int hob_stage_run(struct hob_stage *stage, const char *const *arguments,
                  const char *const *environment, struct hob_stage_run *run,
                  struct hob_error *error)
{
    struct hob_process_options options = {
        .arguments = arguments,
        .environment = environment,
        .input = stage->input,
        .output = stage->output,
        .errors = stage->errors,
    };
    hob_stage_reset(stage);
    *run = (struct hob_stage_run){0};
    return run_watched(&options, run, &stage->signals, error);
}

static bool put_content(int file, struct hob_buffer *out)
{
    char piece[64 << 10];
    off_t at = 0;
    for (;;) {
        ssize_t size = pread(file, piece, sizeof piece, at);
        if (size < 0 && errno == EINTR)
            continue;
        if (size <= 0)
            return size == 0;
        if (at + size > MOST_KEPT)
            return false;
        hob_buffer_put(out, piece, (size_t)size);
        at += size;
    }
}

bool hob_stage_output(const struct hob_stage *stage, struct hob_buffer *out)
{
    return put_content(stage->output, out);
}

bool hob_stage_errors(const struct hob_stage *stage, struct hob_buffer *out)
{
    return put_content(stage->errors, out);
}

int hob_stage_exit_status(int status)
{
    return WIFSIGNALED(status) ? 128 + WTERMSIG(status) : WEXITSTATUS(status);
}
