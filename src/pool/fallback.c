/* fallback: the same call by a process of its own, when the pool is off, rests or is full.
 *
 * In each argument of the command {method} stands for the method, {params} for its parameters as
 * JSON, and {NAME} for one of them: a text as it is, anything else as JSON. What the process prints
 * is the result: JSON, or else a text; or always a text, where workers answer with texts that are
 * JSON themselves. So the answer is byte for byte the workers'. */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/file.h"
#include "base/utf8.h"
#include "pool/internal.h"
#include "value/json.h"

enum { READ_SIZE = 64 << 10, LOOK_MS = 200, LAST_READS = 4096 };

struct pool_run {
    struct pool_run *next;
    struct hob_pool *pool;
    struct pool_call *call;
    uint64_t serial;
    struct hob_process process;
    pid_t group;
    int output, errors;
    struct hob_buffer text;
    struct hob_tail tail;
    uint64_t kill_at; /* after SIGTERM; 0: not sent */
    bool waiting, too_large, ended;
};

/* ---- the command ---- */

static bool is_name_byte(char byte)
{
    return (byte >= 'a' && byte <= 'z') || (byte >= 'A' && byte <= 'Z') ||
           (byte >= '0' && byte <= '9') || byte == '_';
}

/* The name in braces at `at`, or an empty text. */
static struct hob_text name_in_braces(const char *at)
{
    size_t size = 0;
    if (*at != '{')
        return (struct hob_text){NULL, 0};
    while (is_name_byte(at[1 + size]))
        size++;
    return (struct hob_text){at + 1, at[1 + size] == '}' ? size : 0};
}

static void put_value(struct hob_buffer *out, const struct pool_call *call, struct hob_text name)
{
    char member[100];
    snprintf(member, sizeof member, "%.*s", HOB_TEXT_ARG(name));
    HOB_AUTO(buffer) struct hob_buffer own = HOB_BUFFER_INIT;
    pool_call_put_params(&own, call, pool_call_params(call));
    struct hob_text params = hob_buffer_text(&own);
    struct hob_text value = hob_text_is(name, "method")   ? pool_call_method(call)
                            : hob_text_is(name, "params") ? params
                                                          : hob_message_member(params, member);
    if (value.size == 0 || !hob_message_string(out, value))
        hob_buffer_put_text(out, value);
}

static char *fill_argument(const char *pattern, const struct pool_call *call,
                           struct hob_error *error)
{
    HOB_AUTO(buffer) struct hob_buffer out = HOB_BUFFER_INIT;
    while (*pattern != '\0') {
        struct hob_text name = name_in_braces(pattern);
        if (name.size == 0) {
            hob_buffer_put_char(&out, *pattern++);
            continue;
        }
        put_value(&out, call, name);
        pattern += name.size + 2;
    }
    if (hob_buffer_failed(&out))
        hob_error_set(error, HOB_E_MEMORY, "not enough memory for the fallback command");
    else if (out.size > 0 && memchr(out.data, '\0', out.size) != NULL)
        hob_error_set(error, HOB_E_PARAMETER,
                      "pool '%s': a parameter has the character U+0000, which no argument of the "
                      "fallback command can have",
                      call->pool->name);
    return error->code != 0 ? NULL : hob_copy_string(hob_buffer_string(&out));
}

static void free_arguments(char **arguments)
{
    for (size_t i = 0; arguments[i] != NULL; i++)
        free(arguments[i]);
    free(arguments);
}

static char **fill_command(const struct hob_pool *pool, const struct pool_call *call,
                           struct hob_error *error)
{
    size_t count = 0;
    while (pool->options.fallback[count] != NULL)
        count++;
    char **arguments = hob_alloc_zero(count + 1, sizeof *arguments);
    for (size_t i = 0; i < count; i++) {
        arguments[i] = fill_argument(pool->options.fallback[i], call, error);
        if (arguments[i] != NULL)
            continue;
        free_arguments(arguments);
        return NULL;
    }
    return arguments;
}

/* ---- its end ---- */

static void close_run(struct pool_run *run)
{
    struct hob_poller *poller = run->pool->supervisor->poller;
    int *all[] = {&run->output, &run->errors};
    for (size_t i = 0; i < 2; i++) {
        if (*all[i] >= 0)
            hob_poller_remove(poller, *all[i]);
        hob_file_close(*all[i]);
        *all[i] = -1;
    }
}

static void fail_run(struct pool_run *run, int code, int rpc_code, const char *what)
{
    struct hob_error error = HOB_ERROR_INIT;
    HOB_AUTO(buffer) struct hob_buffer words = HOB_BUFFER_INIT;
    hob_tail_put_lines(&words, &run->tail, 5, 600);
    struct hob_text method = pool_call_method(run->call);
    hob_error_set(&error, code, "pool '%s': the fallback command for %.*s %s%s%s", run->pool->name,
                  HOB_TEXT_ARG(method), what,
                  words.size > 0 ? "; it wrote to standard error: " : "",
                  hob_buffer_string(&words));
    pool_call_fail(run->call, rpc_code, &error);
}

static struct hob_text strip(struct hob_text text)
{
    while (text.size > 0 && strchr(" \t\r\n", text.data[text.size - 1]) != NULL)
        text.size--;
    while (text.size > 0 && strchr(" \t\r\n", text.data[0]) != NULL)
        text = (struct hob_text){text.data + 1, text.size - 1};
    return text;
}

static void answer_run(struct pool_run *run)
{
    struct hob_message message;
    HOB_AUTO(buffer) struct hob_buffer json = HOB_BUFFER_INIT;
    struct hob_text text = strip(hob_buffer_text(&run->text));
    bool is_json = text.size > 0 && !run->pool->options.fallback_text &&
                   hob_message_read(&message, text, NULL) == 0;
    if (is_json && message.kind == HOB_MESSAGE_ANSWER) {
        bool failed = message.result.size == 0;
        text = failed ? message.error : message.result;
        pool_call_answer_by_fallback(run->call, text, failed);
    } else if (is_json && !message.inexact) {
        pool_call_answer_by_fallback(run->call, text, false);
    } else if (is_json && hob_message_put_exact(&json, text)) {
        pool_call_answer_by_fallback(run->call, hob_buffer_text(&json), false);
    } else if (hob_utf8_valid_prefix(text) != text.size) {
        fail_run(run, HOB_E_UNICODE, HOB_RPC_WORKER_FAILED, "printed what is not UTF-8");
    } else {
        hob_json_put_string(&json, text, HOB_JSON_COMPACT);
        pool_call_answer_by_fallback(run->call, hob_buffer_text(&json), false);
    }
}

static bool read_once(struct pool_run *run, bool errors)
{
    char bytes[READ_SIZE];
    int *descriptor = errors ? &run->errors : &run->output;
    if (*descriptor < 0)
        return false;
    ssize_t size = read(*descriptor, bytes, sizeof bytes);
    if (size < 0)
        return errno == EINTR;
    if (size == 0) {
        hob_poller_remove(run->pool->supervisor->poller, *descriptor);
        hob_file_close(*descriptor);
        *descriptor = -1;
        return false;
    }
    if (errors)
        hob_tail_add(&run->tail, bytes, (size_t)size);
    else if (run->text.size + (size_t)size > run->pool->options.max_message)
        run->too_large = true;
    else
        hob_buffer_put(&run->text, bytes, (size_t)size);
    return size == sizeof bytes;
}

static void end_run(struct pool_run *run, int status)
{
    char ending[100];
    for (int i = 0; i < LAST_READS && read_once(run, false); i++)
        continue;
    for (int i = 0; i < LAST_READS && read_once(run, true); i++)
        continue;
    close_run(run);
    hob_process_describe(ending, sizeof ending, status);
    if (status != 0)
        fail_run(run, HOB_E_WORKER, HOB_RPC_WORKER_FAILED, ending);
    else if (run->too_large || hob_buffer_failed(&run->text))
        fail_run(run, HOB_E_LIMIT, HOB_RPC_TOO_LARGE, "printed more than max_message");
    else
        answer_run(run);
    run->ended = true;
    pool_wake_by(run->pool->supervisor, 0); /* others may wait for the place */
}

static void look(struct pool_run *run)
{
    int status;
    if (!hob_process_has_ended(&run->process))
        return;
    hob_process_signal(&run->process, SIGKILL); /* what it has left behind */
    pool_guard_remove(run->pool->supervisor, run->group);
    if (run->process.watch >= 0)
        hob_poller_remove(run->pool->supervisor->poller, run->process.watch);
    if (hob_process_ended(&run->process, &status))
        end_run(run, status);
}

bool pool_runs_handle(struct hob_pool *pool, uint64_t serial, unsigned part)
{
    struct pool_run *run = pool->runs;
    while (run != NULL && run->serial != serial)
        run = run->next;
    if (run == NULL || run->ended)
        return run != NULL;
    if (part == POOL_PART_PROCESS)
        look(run);
    else
        read_once(run, part == POOL_PART_ERRORS);
    return true;
}

/* ---- starting ---- */

bool pool_fall_back(struct hob_pool *pool, struct pool_call *call)
{
    size_t waiting = 0;
    if (pool->options.fallback == NULL || pool->supervisor->stopping)
        return false;
    struct pool_run **end = &pool->runs;
    for (; *end != NULL; end = &(*end)->next)
        waiting += (*end)->waiting;
    if (waiting >= pool->options.queue.max)
        return false;
    struct pool_run *run = hob_alloc_zero(1, sizeof *run);
    run->pool = pool;
    run->call = call;
    run->serial = ++pool->supervisor->last_serial;
    run->process = (struct hob_process)HOB_PROCESS_INIT;
    run->output = run->errors = -1;
    run->waiting = true;
    *end = run;
    pool->fallbacks++;
    pool_wants_start(pool->supervisor);
    return true;
}

static int start_process(struct pool_run *run, int output[2], int errors[2],
                         struct hob_error *error)
{
    struct hob_pool *pool = run->pool;
    if (!hob_process_pipe(output) || !hob_process_pipe(errors))
        return hob_error_from_errno(error, errno, "make pipes for the fallback of pool",
                                    pool->name);
    char **arguments = fill_command(pool, run->call, error);
    if (arguments == NULL)
        return error->code;
    struct hob_process_options options = {
        .arguments = (const char *const *)arguments,
        .environment = pool->environment,
        .directory = pool->options.directory,
        .input = -1,
        .output = output[1],
        .errors = errors[1],
    };
    int code = pool_start_process(pool->supervisor, &run->process, &options, error);
    free_arguments(arguments);
    return code;
}

static void watch_run(struct pool_run *run)
{
    struct hob_poller *poller = run->pool->supervisor->poller;
    uint64_t key = run->serial * POOL_PARTS;
    fcntl(run->output, F_SETFL, O_NONBLOCK);
    fcntl(run->errors, F_SETFL, O_NONBLOCK);
    hob_poller_add(poller, run->output, HOB_POLLER_READ, key + POOL_PART_OUTPUT);
    hob_poller_add(poller, run->errors, HOB_POLLER_READ, key + POOL_PART_ERRORS);
    if (run->process.watch >= 0)
        hob_poller_add(poller, run->process.watch, HOB_POLLER_READ, key + POOL_PART_PROCESS);
}

static void start_run(struct pool_run *run)
{
    int output[2] = {-1, -1}, errors[2] = {-1, -1};
    struct hob_error error = HOB_ERROR_INIT;
    run->waiting = false;
    if (start_process(run, output, errors, &error) != 0) {
        pool_call_fail(run->call, HOB_RPC_WORKER_FAILED, &error);
        run->ended = true;
        hob_file_close(output[0]);
        hob_file_close(errors[0]);
    } else {
        run->output = output[0];
        run->errors = errors[0];
        run->group = run->process.pid;
        pool_guard_add(run->pool->supervisor, run->group);
        watch_run(run);
        if (run->kill_at != 0) /* nobody wants it any more */
            hob_process_signal(&run->process, SIGTERM);
    }
    hob_file_close(output[1]);
    hob_file_close(errors[1]);
}

void pool_runs_start(struct hob_pool *pool)
{
    unsigned running = 0;
    for (struct pool_run *run = pool->runs; run != NULL; run = run->next)
        running += !run->waiting && !run->ended;
    for (struct pool_run *run = pool->runs; run != NULL; run = run->next) {
        if (!run->waiting || run->ended || running >= pool->options.max_workers)
            continue;
        start_run(run);
        running++;
    }
}

/* ---- by the clock ---- */

static void stop_run(struct pool_run *run, uint64_t now)
{
    if (run->waiting) {
        run->waiting = false;
        run->ended = true;
        return;
    }
    hob_process_signal(&run->process, SIGTERM);
    run->kill_at = now + run->pool->options.stop_grace * 1000000;
}

static uint64_t tick_run(struct pool_run *run, uint64_t now)
{
    struct hob_error error = HOB_ERROR_INIT;
    if (run->process.watch < 0 || now >= run->call->deadline)
        look(run); /* also before it is judged: nobody may have listened for a while */
    if (run->ended)
        return UINT64_MAX;
    if (run->kill_at != 0 && now >= run->kill_at)
        hob_process_signal(&run->process, SIGKILL);
    if (run->kill_at == 0 && now >= run->call->deadline) {
        struct hob_text method = pool_call_method(run->call);
        hob_error_set(&error, HOB_E_TIMEOUT,
                      "pool '%s': the fallback command for %.*s was not done in time",
                      run->pool->name, HOB_TEXT_ARG(method));
        run->pool->timeouts++;
        pool_call_fail(run->call, HOB_RPC_TIMED_OUT, &error);
        stop_run(run, now);
    }
    uint64_t next = run->kill_at > now  ? run->kill_at
                    : run->kill_at == 0 ? run->call->deadline
                                        : UINT64_MAX;
    uint64_t watched = pool_watch_caller(run->call, now);
    next = watched < next ? watched : next;
    uint64_t soon = now + LOOK_MS * 1000000ull;
    return run->process.watch < 0 && !run->waiting && soon < next ? soon : next;
}

uint64_t pool_runs_tick(struct hob_pool *pool, uint64_t now)
{
    uint64_t next = UINT64_MAX;
    bool waiting = false;
    for (struct pool_run *run = pool->runs; run != NULL; run = run->next) {
        uint64_t time = tick_run(run, now);
        next = time < next ? time : next;
        waiting = waiting || run->waiting;
    }
    if (waiting)
        pool_wants_start(pool->supervisor);
    return next;
}

static void cancel_run(struct pool_run *run, const struct hob_error *error)
{
    pool_call_refuse(run->call, HOB_RPC_CANCELLED, error);
    stop_run(run, hob_clock_now());
}

struct pool_call *pool_runs_find(struct hob_pool *pool, uint64_t id, int caller)
{
    for (struct pool_run *run = pool->runs; run != NULL; run = run->next)
        if (!run->call->abandoned && !run->ended &&
            (run->call->id == id || (caller >= 0 && run->call->caller == caller)))
            return run->call;
    return NULL;
}

bool pool_runs_cancel(struct hob_pool *pool, uint64_t id, const struct hob_error *error)
{
    for (struct pool_run *run = pool->runs; run != NULL; run = run->next) {
        if (run->call->id != id || run->call->abandoned || run->ended)
            continue;
        cancel_run(run, error);
        return true;
    }
    return false;
}

void pool_runs_cancel_all(struct hob_pool *pool, const struct hob_error *error)
{
    for (struct pool_run *run = pool->runs; run != NULL; run = run->next)
        if (!run->ended)
            cancel_run(run, error);
}

void pool_runs_free(struct hob_pool *pool)
{
    for (struct pool_run *run = pool->runs; run != NULL; run = run->next)
        run->ended = true;
    pool_runs_sweep(pool);
}

void pool_runs_tell_guard(struct hob_pool *pool)
{
    for (struct pool_run *run = pool->runs; run != NULL; run = run->next)
        if (run->process.pid > 0)
            pool_guard_tell(pool->supervisor, run->group);
}

bool pool_runs_sweep(struct hob_pool *pool)
{
    struct pool_run **at = &pool->runs;
    while (*at != NULL) {
        struct pool_run *run = *at;
        if (!run->ended) {
            at = &run->next;
            continue;
        }
        *at = run->next;
        close_run(run);
        pool_call_free(run->call);
        hob_buffer_deinit(&run->text);
        hob_tail_deinit(&run->tail);
        free(run);
    }
    return pool->runs != NULL;
}
