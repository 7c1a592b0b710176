/* worker: one process and its pipes, and what is done to it. What it says is read here and
 * understood in answers.c; what it gets is decided in schedule.c and written in say.c. */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/file.h"
#include "base/log.h"
#include "pool/internal.h"

enum {
    READ_SIZE = 64 << 10,
    READS_AT_ONCE = 16, /* then others have their turn */
    LAST_READS = 4096,  /* somebody else may go on writing to its pipes */
    PIPE_SIZE = 1 << 20,
};

uint64_t pool_worker_key(const struct pool_worker *worker, unsigned part)
{
    return worker->serial * POOL_PARTS + part;
}

static struct hob_poller *poller_of(const struct pool_worker *worker)
{
    return worker->pool->supervisor->poller;
}

void pool_worker_why(struct pool_worker *worker, const char *format, ...)
{
    if (worker->why[0] != '\0')
        return; /* the first cause is the one to tell */
    va_list list;
    va_start(list, format);
    vsnprintf(worker->why, sizeof worker->why, format, list);
    va_end(list);
}

/* A number of this worker's own, up to `jitter` below `most`: so that they do not all go at once.
 */
static uint64_t jittered(const struct pool_worker *worker, uint64_t most)
{
    double chance = pool_chance(worker->pool->supervisor);
    return (uint64_t)((double)most * (1 - worker->pool->options.recycle.jitter * chance));
}

struct pool_worker *pool_worker_new(struct hob_pool *pool)
{
    struct pool_worker *worker = hob_alloc_zero(1, sizeof *worker);
    worker->pool = pool;
    worker->serial = ++pool->supervisor->last_serial;
    worker->number = ++pool->numbers;
    worker->life = HOB_LIFE_STARTING;
    worker->process = (struct hob_process)HOB_PROCESS_INIT;
    worker->input = worker->output = worker->errors = -1;
    worker->waiting_to_start = true;
    worker->hearer = pool->supervisor->poller;
    worker->recycle_after = (unsigned)jittered(worker, pool->options.recycle.max_requests);
    hob_framing_init(&worker->framing, pool->options.framing, pool->options.max_message);
    return worker;
}

static void close_part(struct pool_worker *worker, int *descriptor, bool watched)
{
    if (*descriptor >= 0 && watched)
        hob_poller_remove(poller_of(worker), *descriptor);
    hob_file_close(*descriptor);
    *descriptor = -1;
}

static void close_output(struct pool_worker *worker)
{
    if (worker->output >= 0)
        hob_poller_remove(worker->hearer, worker->output);
    close_part(worker, &worker->output, false);
}

void pool_worker_close_input(struct pool_worker *worker)
{
    close_part(worker, &worker->input, true);
    worker->writes_watched = false;
}

void pool_worker_free(struct pool_worker *worker)
{
    pool_worker_close_input(worker);
    close_output(worker);
    close_part(worker, &worker->errors, true);
    if (worker->process.watch >= 0)
        close_part(worker, &worker->process.watch, true);
    hob_framing_deinit(&worker->framing);
    hob_buffer_deinit(&worker->unsent);
    hob_tail_deinit(&worker->tail);
    free(worker);
}

/* ---- starting ---- */

struct pipes {
    int input[2], output[2], errors[2];
};

static void close_pipes(struct pipes *pipes)
{
    int *all = &pipes->input[0];
    for (int i = 0; i < 6; i++)
        hob_file_close(all[i]);
}

/* Our ends never block; the worker's are as any program expects them. */
static int make_pipes(struct pipes *pipes)
{
    *pipes = (struct pipes){{-1, -1}, {-1, -1}, {-1, -1}};
    if (!hob_process_pipe(pipes->input) || !hob_process_pipe(pipes->output) ||
        !hob_process_pipe(pipes->errors))
        return -1;
    fcntl(pipes->input[1], F_SETFL, O_NONBLOCK);
    fcntl(pipes->output[0], F_SETFL, O_NONBLOCK);
    fcntl(pipes->errors[0], F_SETFL, O_NONBLOCK);
#ifdef F_SETPIPE_SZ
    fcntl(pipes->output[0], F_SETPIPE_SZ, PIPE_SIZE); /* large answers in fewer turns; may fail */
#endif
    return 0;
}

void pool_worker_turn_to(struct pool_worker *worker, struct hob_pool_loop *loop)
{
    struct hob_poller *wanted = loop != NULL ? loop->poller : poller_of(worker);
    if (worker->hearer == wanted || worker->output < 0)
        return;
    hob_poller_remove(worker->hearer, worker->output);
    worker->hearer = wanted;
    if (hob_poller_add(wanted, worker->output, HOB_POLLER_READ,
                       pool_worker_key(worker, POOL_PART_OUTPUT)))
        return;
    pool_worker_why(worker, "cannot be listened to: %s", strerror(errno));
    pool_worker_event(worker, HOB_LIFE_BROKEN);
}

static void watch_parts(struct pool_worker *worker)
{
    struct hob_poller *poller = poller_of(worker);
    bool watched =
        hob_poller_add(poller, worker->output, HOB_POLLER_READ,
                       pool_worker_key(worker, POOL_PART_OUTPUT)) &&
        hob_poller_add(poller, worker->errors, HOB_POLLER_READ,
                       pool_worker_key(worker, POOL_PART_ERRORS)) &&
        hob_poller_add(poller, worker->input, 0, pool_worker_key(worker, POOL_PART_INPUT));
    if (watched && worker->process.watch >= 0)
        watched = hob_poller_add(poller, worker->process.watch, HOB_POLLER_READ,
                                 pool_worker_key(worker, POOL_PART_PROCESS));
    if (watched)
        return;
    pool_worker_why(worker, "cannot be watched: %s", strerror(errno));
    pool_worker_event(worker, HOB_LIFE_BROKEN);
}

static void act(struct pool_worker *worker, enum hob_life_action action);

int pool_worker_start(struct pool_worker *worker, struct hob_error *error)
{
    struct hob_pool *pool = worker->pool;
    struct pipes pipes;
    worker->waiting_to_start = false;
    if (make_pipes(&pipes) != 0) {
        hob_error_from_errno(error, errno, "make pipes for a worker of pool", pool->name);
        close_pipes(&pipes);
        return error->code;
    }
    struct hob_process_options options = {
        .arguments = pool->options.command,
        .environment = pool->environment,
        .directory = pool->options.directory,
        .input = pipes.input[0],
        .output = pipes.output[1],
        .errors = pipes.errors[1],
    };
    worker->being_started = true;
    int code = pool_start_process(pool->supervisor, &worker->process, &options, error);
    worker->being_started = false;
    if (code != 0) {
        close_pipes(&pipes);
        return code;
    }
    close(pipes.input[0]);
    close(pipes.output[1]);
    close(pipes.errors[1]);
    worker->input = pipes.input[1];
    worker->output = pipes.output[0];
    worker->errors = pipes.errors[0];
    worker->pid = worker->process.pid;
    worker->started = worker->last_heard = worker->idle_since = hob_clock_now();
    worker->late_at = worker->started + pool->options.start_timeout * 1000000;
    if (pool->options.recycle.max_age != 0)
        worker->retire_at =
            worker->started + jittered(worker, pool->options.recycle.max_age) * 1000000;
    pool_guard_add(pool->supervisor, worker->pid);
    hob_log(HOB_LOG_DEBUG, "worker started", "pool", pool->name, NULL);
    watch_parts(worker);
    /* It was told to end meanwhile. */
    if (worker->life == HOB_LIFE_STOPPING)
        act(worker, worker->retired ? HOB_LIFE_STOP : HOB_LIFE_TERMINATE);
    return 0;
}

/* ---- hearing ---- */

static void hear_messages(struct pool_worker *worker)
{
    struct hob_text message;
    for (;;) {
        switch (hob_framing_next(&worker->framing, &message)) {
        case HOB_FRAMING_MESSAGE:
            pool_worker_hear(worker, message);
            break;
        case HOB_FRAMING_NOISE:
            pool_worker_noise(worker, message, "a line that is no part of a message");
            break;
        case HOB_FRAMING_TOO_LARGE:
            pool_worker_hear_too_large(worker, message);
            break;
        case HOB_FRAMING_MORE:
            return;
        }
    }
}

/* Reads once: false when there is nothing more for now. */
static bool read_output(struct pool_worker *worker)
{
    char *room = hob_framing_reserve(&worker->framing, READ_SIZE);
    if (room == NULL) {
        pool_worker_why(worker, "said more than memory holds");
        close_output(worker);
        worker->output_closed = true;
        return false;
    }
    ssize_t size = read(worker->output, room, READ_SIZE);
    if (size < 0)
        return errno == EINTR;
    if (size == 0) {
        close_output(worker);
        worker->output_closed = true;
        return false;
    }
    worker->last_heard = hob_clock_now();
    hob_framing_add(&worker->framing, (size_t)size);
    hear_messages(worker);
    return size == READ_SIZE;
}

static bool read_errors(struct pool_worker *worker)
{
    char bytes[16 << 10];
    ssize_t size = read(worker->errors, bytes, sizeof bytes);
    if (size < 0)
        return errno == EINTR;
    if (size == 0) {
        close_part(worker, &worker->errors, true);
        return false;
    }
    hob_tail_add(&worker->tail, bytes, (size_t)size);
    return size == sizeof bytes;
}

/* Nothing more will be said; when it does not end itself now, it is made to. */
static void output_has_ended(struct pool_worker *worker)
{
    uint64_t limit = hob_clock_now() + POOL_CLOSING_MS * 1000000ull;
    pool_worker_why(worker, "closed its standard output");
    if (worker->late_at == 0 || worker->late_at > limit)
        worker->late_at = limit;
    pool_wake_by(worker->pool->supervisor, worker->late_at);
}

/* Whether all that it works on was cancelled by those who asked for it. */
static bool is_deserted(const struct pool_worker *worker)
{
    bool deserted = false;
    for (const struct pool_call *call = worker->calls.first; call != NULL; call = call->next) {
        if (call->kind != POOL_CONFIRMS && !call->cancelled)
            return false;
        deserted = deserted || call->cancelled;
    }
    return deserted;
}

/* Its last words first, then its calls. What it started goes with it, as long as it is a zombie:
 * its number cannot be somebody else's then. */
static void bury(struct pool_worker *worker)
{
    int status = 0;
    char ending[100];
    for (int i = 0; i < LAST_READS && worker->errors >= 0 && read_errors(worker); i++)
        continue;
    size_t unread = pool_worker_unread(worker);
    hob_process_signal(&worker->process, SIGKILL);
    pool_guard_remove(worker->pool->supervisor, worker->pid);
    if (worker->process.watch >= 0)
        hob_poller_remove(poller_of(worker), worker->process.watch);
    hob_process_ended(&worker->process, &status);
    hob_process_describe(ending, sizeof ending, status);
    /* Its pipes close when it ends: that alone is not the cause. */
    bool pipes_closed = worker->output_closed || worker->input_refused;
    if (worker->why[0] == '\0' || (pipes_closed && !worker->terminated)) {
        worker->why[0] = '\0';
        pool_worker_why(worker, "%s", ending);
    }
    worker->deserted = is_deserted(worker);
    pool_worker_settle_calls(worker, unread);
    pool_worker_has_ended(worker);
}

void pool_worker_look(struct pool_worker *worker)
{
    if (hob_process_has_ended(&worker->process))
        pool_worker_handle(worker, POOL_PART_PROCESS, HOB_POLLER_READ);
}

void pool_worker_handle(struct pool_worker *worker, unsigned part, unsigned what)
{
    /* What it was sent and has not read would wait for ever. */
    if (part == POOL_PART_INPUT && (what & HOB_POLLER_HANGUP) != 0 && worker->input >= 0)
        pool_worker_is_not_read(worker);
    if (part == POOL_PART_INPUT && (what & HOB_POLLER_WRITE) != 0 && worker->input >= 0)
        pool_worker_send_rest(worker);
    if (part == POOL_PART_ERRORS)
        for (int i = 0; i < READS_AT_ONCE && worker->errors >= 0 && read_errors(worker); i++)
            continue;
    if (part == POOL_PART_OUTPUT && worker->output >= 0) {
        for (int i = 0; i < READS_AT_ONCE && worker->output >= 0 && read_output(worker); i++)
            continue;
        if (worker->output_closed && worker->life != HOB_LIFE_DEAD)
            output_has_ended(worker);
    }
    if (part == POOL_PART_PROCESS && hob_process_has_ended(&worker->process)) {
        /* What it said before it ended still counts. */
        for (int i = 0; i < LAST_READS && worker->output >= 0 && read_output(worker); i++)
            continue;
        pool_worker_event(worker, HOB_LIFE_EXITED);
    }
}

/* ---- its life ---- */

static void grace(struct pool_worker *worker, uint64_t milliseconds)
{
    worker->late_at = hob_clock_now() + milliseconds * 1000000;
    pool_wake_by(worker->pool->supervisor, worker->late_at);
}

static void log_stop(struct pool_worker *worker, const char *how)
{
    char number[16];
    snprintf(number, sizeof number, "%u", worker->number);
    hob_log(worker->why[0] != '\0' ? HOB_LOG_INFO : HOB_LOG_DEBUG, how, "pool", worker->pool->name,
            "worker", number, "why", worker->why[0] != '\0' ? worker->why : "no longer needed",
            NULL);
}

static void terminate(struct pool_worker *worker)
{
    log_stop(worker, "worker is told to end");
    worker->terminated = true;
    hob_process_signal(&worker->process, SIGTERM);
    grace(worker, worker->pool->options.stop_grace);
}

static void stop(struct pool_worker *worker)
{
    log_stop(worker, "worker ends");
    worker->retired = true;
    if (worker->waiting_to_start) {
        worker->waiting_to_start = false;
        worker->pool->supervisor->starts--;
        worker->life = HOB_LIFE_DEAD;
        pool_worker_has_ended(worker);
        return;
    }
    if (worker->unsent.size == 0)
        pool_worker_close_input(worker); /* else when the rest of a notification is sent */
    grace(worker, worker->pool->options.stop_grace);
}

static void act(struct pool_worker *worker, enum hob_life_action action)
{
    switch (action) {
    case HOB_LIFE_OFFER:
        worker->idle_since = hob_clock_now();
        if (worker->input < 0 || worker->output_closed) {
            grace(worker, POOL_CLOSING_MS); /* its end, which is about to be noticed, says why */
            break;
        }
        worker->late_at = 0;
        worker->why[0] = worker->noise[0] = '\0';
        pool_worker_offer(worker);
        break;
    case HOB_LIFE_INTERRUPT:
        grace(worker, worker->pool->options.cancel_grace);
        break;
    case HOB_LIFE_STOP:
        stop(worker);
        break;
    case HOB_LIFE_TERMINATE:
        terminate(worker);
        break;
    case HOB_LIFE_KILL:
        if (!worker->terminated) {
            terminate(worker);
            break;
        }
        log_stop(worker, "worker is killed");
        hob_process_signal(&worker->process, SIGKILL);
        grace(worker, worker->pool->options.stop_grace);
        break;
    case HOB_LIFE_BURY:
        bury(worker);
        break;
    case HOB_LIFE_NOTHING:
    case HOB_LIFE_IMPOSSIBLE:
        break;
    }
}

void pool_worker_event(struct pool_worker *worker, enum hob_life_event event)
{
    struct hob_life_step step = hob_life_step(worker->life, event);
    if (step.action == HOB_LIFE_IMPOSSIBLE) {
        hob_log(HOB_LOG_ERROR, "a worker was in a state that cannot be", "state",
                hob_life_name(worker->life), NULL);
        return;
    }
    worker->life = step.next;
    act(worker, step.action);
}
