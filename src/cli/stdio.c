/* stdio: `hob stdio`: JSON-RPC lines on standard input and output, answered by a pool: a drop-in
 * for a worker that a program would start for itself.
 *
 * Each line is a request of its own to hobd, by one of a few threads with a connection each, so
 * that a slow call does not hold up the others; answers come as they are ready. A $/cancelRequest
 * ends the connection of the request that it names, which cancels the call. */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/file.h"
#include "base/process.h"
#include "cli/options.h"
#include "cli/output.h"
#include "client/client.h"
#include "pool/framing.h"
#include "pool/message.h"

enum { THREADS = 16, READ_SIZE = 64 << 10, LONGEST_PATH = 200, STACK_SIZE = 512 << 10 };

static const size_t max_line = (size_t)64 << 20;

struct lane;

struct relay {
    struct hob_client_options client;
    char path[LONGEST_PATH];
    pthread_mutex_t lock; /* of everything here and in the lanes */
    pthread_cond_t changed;
    struct lane *lanes; /* THREADS of them */
    bool ends;          /* no more lines will come */
    pthread_mutex_t output;
    int failed; /* errno of standard output */
};

/* A thread, its connection, and the line that it works on. */
struct lane {
    struct relay *relay;
    pthread_t thread;
    struct hob_connection *connection;
    int stop[2]; /* a pipe: a byte ends the exchange that is under way */
    struct hob_buffer line;
    struct hob_text id; /* of the line, when it is a single request */
    bool started, busy;
};

static void say(struct relay *relay, struct hob_text text)
{
    pthread_mutex_lock(&relay->output);
    int number = text.size > 0 ? hob_write_all(STDOUT_FILENO, text) : 0;
    if (number != 0)
        relay->failed = number;
    pthread_mutex_unlock(&relay->output);
}

/* Whole lines are passed on as they come. */
static void pass_on(void *data, struct hob_buffer *body)
{
    struct lane *lane = data;
    const char *end = memrchr(body->data, '\n', body->size);
    if (end == NULL)
        return;
    size_t size = (size_t)(end - body->data) + 1;
    say(lane->relay, (struct hob_text){body->data, size});
    memmove(body->data, body->data + size, body->size - size);
    body->size -= size;
}

/* One line that says why there is no answer; nothing for a notification. */
static void say_error(struct lane *lane, const struct hob_error *error)
{
    HOB_AUTO(buffer) struct hob_buffer out = HOB_BUFFER_INIT;
    int code = error->code == HOB_E_CANCELLED ? HOB_RPC_CANCELLED
               : error->code == HOB_E_BUSY    ? HOB_RPC_BUSY
                                              : HOB_RPC_INTERNAL_ERROR;
    hob_message_put_error(&out, lane->id, code, error);
    hob_buffer_put_char(&out, '\n');
    say(lane->relay, hob_buffer_text(&out));
}

/* An answer with an error status is still an answer in JSON-RPC, unless it is hobd's own. */
static void ask(struct lane *lane)
{
    struct hob_error error = HOB_ERROR_INIT;
    HOB_AUTO(reply) struct hob_reply reply = HOB_REPLY_INIT;
    const struct hob_request_header headers[] = {{"Accept", "application/x-ndjson"}, {0}};
    struct hob_request request = {.method = "POST",
                                  .path = lane->relay->path,
                                  .body = hob_buffer_text(&lane->line),
                                  .headers = headers,
                                  .stop = lane->stop[0],
                                  .piece = pass_on,
                                  .piece_data = lane};
    int code = 0;
    if (lane->connection == NULL)
        code = hob_client_open(&lane->connection, &lane->relay->client, &error);
    if (code == 0)
        code = hob_client_ask(lane->connection, &request, &reply, &error);
    if (code == HOB_E_INTERRUPTED)
        code = hob_error_set(&error, HOB_E_CANCELLED, "the call was cancelled");
    if (code != 0)
        say_error(lane, &error);
}

static void *run_lane(void *data)
{
    struct lane *lane = data;
    struct relay *relay = lane->relay;
    char told[16];
    pthread_mutex_lock(&relay->lock);
    for (;;) {
        while (!lane->busy && !relay->ends)
            pthread_cond_wait(&relay->changed, &relay->lock);
        if (!lane->busy)
            break;
        pthread_mutex_unlock(&relay->lock);
        ask(lane);
        pthread_mutex_lock(&relay->lock);
        lane->busy = false;
        lane->id = (struct hob_text){NULL, 0};
        while (read(lane->stop[0], &told, sizeof told) > 0)
            continue;
        pthread_cond_broadcast(&relay->changed);
    }
    pthread_mutex_unlock(&relay->lock);
    return NULL;
}

/* ---- lines ---- */

/* With the lock: a lane without work, one that has run before if there is one. */
static struct lane *free_lane(struct relay *relay)
{
    struct lane *fresh = NULL;
    for (size_t i = 0; i < THREADS; i++) {
        struct lane *lane = &relay->lanes[i];
        if (lane->started && !lane->busy)
            return lane;
        if (!lane->started && fresh == NULL)
            fresh = lane;
    }
    return fresh;
}

static void cancel(struct relay *relay, struct hob_text params)
{
    struct hob_text id = hob_message_member(params, "id");
    pthread_mutex_lock(&relay->lock);
    for (size_t i = 0; i < THREADS && id.size > 0; i++) {
        struct lane *lane = &relay->lanes[i];
        if (lane->busy && hob_text_equal(lane->id, id) && write(lane->stop[1], "", 1) < 0)
            continue; /* it was told already */
    }
    pthread_mutex_unlock(&relay->lock);
}

static int start(struct lane *lane, struct hob_error *error)
{
    pthread_attr_t attributes;
    if (!hob_process_pipe(lane->stop))
        return hob_error_from_errno(error, errno, "make a pipe for", "a line");
    fcntl(lane->stop[0], F_SETFL, O_NONBLOCK);
    fcntl(lane->stop[1], F_SETFL, O_NONBLOCK);
    pthread_attr_init(&attributes);
    pthread_attr_setstacksize(&attributes, STACK_SIZE);
    int number = pthread_create(&lane->thread, &attributes, run_lane, lane);
    pthread_attr_destroy(&attributes);
    if (number != 0)
        return hob_error_from_errno(error, number, "start a thread for", "a line");
    lane->started = true;
    return 0;
}

static int hand_out(struct relay *relay, struct hob_text line, struct hob_error *error)
{
    struct hob_message message = {0};
    struct lane *lane;
    bool readable = hob_message_is_batch(line) || hob_message_read(&message, line, NULL) == 0;
    if (readable && message.kind == HOB_MESSAGE_NOTIFICATION &&
        hob_text_is(message.method, "\"$/cancelRequest\"")) {
        cancel(relay, message.params);
        return 0;
    }
    pthread_mutex_lock(&relay->lock);
    while ((lane = free_lane(relay)) == NULL)
        pthread_cond_wait(&relay->changed, &relay->lock);
    hob_buffer_clear(&lane->line);
    hob_buffer_put_text(&lane->line, line);
    if (message.id.size > 0)
        lane->id =
            (struct hob_text){lane->line.data + (message.id.data - line.data), message.id.size};
    lane->busy = !hob_buffer_failed(&lane->line);
    int code = lane->started ? 0 : start(lane, error);
    pthread_cond_broadcast(&relay->changed);
    pthread_mutex_unlock(&relay->lock);
    return code;
}

static int read_lines(struct relay *relay, struct hob_error *error)
{
    struct hob_framing framing;
    int code = 0;
    hob_framing_init(&framing, HOB_FRAMING_LINES, max_line);
    while (code == 0 && relay->failed == 0) {
        struct hob_text line;
        char *room = hob_framing_reserve(&framing, READ_SIZE);
        ssize_t size = room != NULL ? read(STDIN_FILENO, room, READ_SIZE) : 0;
        if (size < 0 && errno == EINTR)
            continue;
        if (size < 0)
            code = hob_error_from_errno(error, errno, "read", "standard input");
        if (size <= 0)
            break;
        hob_framing_add(&framing, (size_t)size);
        enum hob_framing_found found;
        while (code == 0 && (found = hob_framing_next(&framing, &line)) != HOB_FRAMING_MORE)
            code =
                found == HOB_FRAMING_MESSAGE
                    ? hand_out(relay, line, error)
                    : hob_error_set(error, HOB_E_LIMIT, "a line has more than %zu bytes", max_line);
    }
    hob_framing_deinit(&framing);
    return code;
}

static void finish(struct relay *relay)
{
    pthread_mutex_lock(&relay->lock);
    relay->ends = true;
    pthread_cond_broadcast(&relay->changed);
    pthread_mutex_unlock(&relay->lock);
    for (size_t i = 0; i < THREADS; i++) {
        struct lane *lane = &relay->lanes[i];
        if (!lane->started)
            continue;
        pthread_join(lane->thread, NULL);
        hob_connection_close(lane->connection);
        hob_buffer_deinit(&lane->line);
        hob_file_close(lane->stop[0]);
        hob_file_close(lane->stop[1]);
    }
}

static int run_stdio(const struct hob_arguments *arguments)
{
    struct lane lanes[THREADS] = {0};
    struct hob_error error = HOB_ERROR_INIT;
    struct relay relay = {.client = {.server = hob_arguments_value(arguments, "server")},
                          .lock = PTHREAD_MUTEX_INITIALIZER,
                          .changed = PTHREAD_COND_INITIALIZER,
                          .output = PTHREAD_MUTEX_INITIALIZER,
                          .lanes = lanes};
    const char *pool = arguments->words[0];
    if (strlen(pool) > 64 || strpbrk(pool, "/?#% ") != NULL)
        return hob_arguments_wrong(arguments, "'%s' is no name of a pool", pool);
    snprintf(relay.path, sizeof relay.path, "/api/rpc/%s", pool);
    for (size_t i = 0; i < THREADS; i++)
        lanes[i].relay = &relay;
    int code = read_lines(&relay, &error);
    finish(&relay);
    if (relay.failed != 0 && relay.failed != EPIPE)
        code = hob_error_from_errno(&error, relay.failed, "write", "standard output");
    return code == 0 ? 0 : hob_report(arguments->name, &error);
}

static const struct hob_option options[] = {
    HOB_SERVER_OPTION,
    {0},
};

static const struct hob_note examples[] = {
    {"hob stdio tools", "in place of the command that the pool runs"},
    {"echo '{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"ping\"}' | hob stdio tools",
     "a try by hand"},
    {NULL, NULL},
};

static const struct hob_note exits[] = {
    {"0", "standard input ended, and everything was answered"},
    {"1", "standard input or output failed"},
    {"2", "the command line is wrong"},
    {NULL, NULL},
};

const struct hob_command hob_command_stdio = {
    .name = "stdio",
    .summary = "relay JSON-RPC lines to a pool: a drop-in for its worker",
    .arguments = "POOL",
    .description =
        "Reads JSON-RPC 2.0 requests or batches from standard input, one a line, and writes the "
        "answers of the pool to standard output, as each is ready. A program that starts a worker "
        "of its own and talks to it by lines can start this instead, and shares warm workers with "
        "all others.",
    .options = options,
    .examples = examples,
    .exit_notes = exits,
    .least_words = 1,
    .most_words = 1,
    .run = run_stdio,
};
