/* stdio: `hob stdio`: JSON-RPC lines on standard input and output, answered by a pool: a drop-in
 * for a worker that a program would start for itself.
 *
 * Each line is a request of its own to hobd, by one of a few threads with a connection each, so
 * that a slow call does not hold up the others; answers come as they are ready. Lines that find no
 * thread free wait, while reading goes on: what comes next may cancel one.
 *
 * A $/cancelRequest, or a notifications/cancelled of MCP, ends the connection of the request that
 * it names, which cancels the call. Neither is passed on: workers know calls by numbers of hob's,
 * and the number of a request here may be that of a stranger's call there. */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/file.h"
#include "base/process.h"
#include "base/utf8.h"
#include "cli/options.h"
#include "cli/output.h"
#include "client/client.h"
#include "pool/framing.h"
#include "pool/message.h"
#include "value/json.h"

enum { THREADS = 16, READ_SIZE = 64 << 10, LONGEST_PATH = 200, STACK_SIZE = 512 << 10 };

static const size_t max_line = (size_t)64 << 20;
static const size_t most_waiting = (size_t)64 << 20; /* bytes of lines; then reading rests */

struct lane;

/* A line on its way. */
struct line {
    struct line *next; /* of those that wait for a lane */
    struct hob_buffer text;
    struct hob_text id;  /* when it is a single request; empty */
    bool notification;   /* is answered by nothing */
    bool answered;       /* by its lane: the answer has been said */
    atomic_bool unheard; /* it was cancelled, and nothing more is to be said of it */
};

struct relay {
    struct hob_client_options client;
    char path[LONGEST_PATH];
    pthread_mutex_t lock;   /* of everything here and in the lanes */
    pthread_cond_t changed; /* there are lines, or no more will come */
    pthread_cond_t room;    /* fewer lines wait */
    struct lane *lanes;     /* THREADS of them */
    struct line *first, *last;
    size_t waiting; /* bytes of these lines */
    bool ends;      /* no more lines will come */
    pthread_mutex_t output;
    int failed; /* errno of standard output */
};

/* A thread, its connection, and the line that it works on. */
struct lane {
    struct relay *relay;
    pthread_t thread;
    struct hob_connection *connection;
    int stop[2]; /* a pipe: a byte ends the exchange that is under way */
    struct line *line;
    bool started;
};

static void free_line(struct line *line)
{
    hob_buffer_deinit(&line->text);
    free(line);
}

/* ---- answers ---- */

static void say(struct relay *relay, const struct line *line, struct hob_text text)
{
    pthread_mutex_lock(&relay->output);
    bool heard = text.size > 0 && !atomic_load(&line->unheard);
    int number = heard ? hob_write_all(STDOUT_FILENO, text) : 0;
    if (number != 0)
        relay->failed = number;
    pthread_mutex_unlock(&relay->output);
}

/* Of a line of hobd's, which writes notifications in no other way. */
static bool is_answer(struct hob_text line)
{
    static const char notification[] = "{\"jsonrpc\":\"2.0\",\"method\":";
    size_t size = sizeof notification - 1;
    return line.size < size || memcmp(line.data, notification, size) != 0;
}

/* Whole lines are passed on as they come. */
static void pass_on(void *data, struct hob_buffer *body)
{
    struct lane *lane = data;
    const char *end = memrchr(body->data, '\n', body->size);
    if (end == NULL)
        return;
    size_t size = (size_t)(end - body->data) + 1;
    const char *before = memrchr(body->data, '\n', size - 1);
    const char *last = before != NULL ? before + 1 : body->data;
    lane->line->answered = is_answer((struct hob_text){last, (size_t)(end - last)});
    say(lane->relay, lane->line, (struct hob_text){body->data, size});
    memmove(body->data, body->data + size, body->size - size);
    body->size -= size;
}

/* One line that says why there is no answer; nothing for a notification. */
static void say_error(struct relay *relay, const struct line *line, const struct hob_error *error)
{
    HOB_AUTO(buffer) struct hob_buffer out = HOB_BUFFER_INIT;
    int code = error->code == HOB_E_CANCELLED ? HOB_RPC_CANCELLED
               : error->code == HOB_E_BUSY    ? HOB_RPC_BUSY
               : error->code == HOB_E_LIMIT   ? HOB_RPC_TOO_LARGE
                                              : HOB_RPC_INTERNAL_ERROR;
    if (line->notification || line->answered)
        return;
    hob_message_put_error(&out, line->id, code, error);
    hob_buffer_put_char(&out, '\n');
    say(relay, line, hob_buffer_text(&out));
}

static void say_cancelled(struct relay *relay, const struct line *line)
{
    struct hob_error error = HOB_ERROR_INIT;
    hob_error_set(&error, HOB_E_CANCELLED, "the call was cancelled");
    say_error(relay, line, &error);
}

/* ---- lanes ---- */

/* An answer with an error status is still an answer in JSON-RPC, unless it is hobd's own. */
static void ask(struct lane *lane)
{
    struct hob_error error = HOB_ERROR_INIT;
    HOB_AUTO(reply) struct hob_reply reply = HOB_REPLY_INIT;
    const struct hob_request_header headers[] = {{"Accept", "application/x-ndjson"}, {0}};
    struct hob_request request = {.method = "POST",
                                  .path = lane->relay->path,
                                  .body = hob_buffer_text(&lane->line->text),
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
        say_cancelled(lane->relay, lane->line);
    else if (code != 0)
        say_error(lane->relay, lane->line, &error);
}

/* With the lock. */
static struct line *take_line(struct relay *relay)
{
    struct line *line = relay->first;
    if (line == NULL)
        return NULL;
    relay->first = line->next;
    if (relay->first == NULL)
        relay->last = NULL;
    relay->waiting -= line->text.size;
    pthread_cond_signal(&relay->room);
    return line;
}

static void *run_lane(void *data)
{
    struct lane *lane = data;
    struct relay *relay = lane->relay;
    char told[16];
    pthread_mutex_lock(&relay->lock);
    for (;;) {
        while ((lane->line = take_line(relay)) == NULL && !relay->ends)
            pthread_cond_wait(&relay->changed, &relay->lock);
        if (lane->line == NULL)
            break;
        pthread_mutex_unlock(&relay->lock);
        ask(lane);
        pthread_mutex_lock(&relay->lock);
        free_line(lane->line);
        lane->line = NULL;
        while (read(lane->stop[0], &told, sizeof told) > 0)
            continue;
    }
    pthread_mutex_unlock(&relay->lock);
    return NULL;
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
    lane->started = number == 0;
    if (lane->started)
        return 0;
    hob_file_close(lane->stop[0]);
    hob_file_close(lane->stop[1]);
    return hob_error_from_errno(error, number, "start a thread for", "a line");
}

/* With the lock: a thread for the line that has just come, unless one is free, or all there may be
 * run. Without another one the line waits for those that there are. */
static int see_to_lanes(struct relay *relay, struct hob_error *error)
{
    size_t started = 0, free_ones = 0, lines = 0;
    struct lane *fresh = NULL;
    for (size_t i = 0; i < THREADS; i++) {
        struct lane *lane = &relay->lanes[i];
        started += lane->started;
        free_ones += lane->started && lane->line == NULL;
        if (!lane->started && fresh == NULL)
            fresh = lane;
    }
    for (const struct line *line = relay->first; line != NULL && lines <= free_ones;
         line = line->next)
        lines++;
    int code = lines > free_ones && fresh != NULL ? start(fresh, error) : 0;
    return started > 0 ? 0 : code;
}

/* ---- lines ---- */

/* With the lock: takes those of the lines that wait which have that id. */
static struct line *take_waiting(struct relay *relay, struct hob_text id)
{
    struct line *before = NULL, *taken = NULL, *next;
    for (struct line *line = relay->first; line != NULL; line = next) {
        next = line->next;
        if (!hob_text_equal(line->id, id)) {
            before = line;
            continue;
        }
        *(before != NULL ? &before->next : &relay->first) = next;
        relay->last = relay->last == line ? before : relay->last;
        relay->waiting -= line->text.size;
        line->next = taken;
        taken = line;
    }
    return taken;
}

/* With the lock: ends those that are under way. */
static void stop_asking(struct relay *relay, struct hob_text id, bool unheard)
{
    for (size_t i = 0; i < THREADS; i++) {
        struct lane *lane = &relay->lanes[i];
        if (lane->line == NULL || !hob_text_equal(lane->line->id, id))
            continue;
        if (unheard)
            atomic_store(&lane->line->unheard, true);
        if (write(lane->stop[1], "", 1) < 0)
            continue; /* it was told already */
    }
}

/* An id that no request here has is that of one that is over, or was never made. */
static void cancel(struct relay *relay, struct hob_text id, bool unheard)
{
    if (id.size == 0)
        return;
    pthread_mutex_lock(&relay->lock);
    struct line *line = take_waiting(relay, id);
    stop_asking(relay, id, unheard);
    pthread_mutex_unlock(&relay->lock);
    while (line != NULL) {
        struct line *next = line->next;
        if (!unheard)
            say_cancelled(relay, line);
        free_line(line);
        line = next;
    }
}

/* True for a notification that is meant for hob, and is done. Who cancels as MCP has it wants no
 * answer to the request any more; else the answer says that it was cancelled, as in LSP. */
static bool is_for_hob(struct relay *relay, const struct hob_message *message)
{
    bool mcp = hob_message_is_method(message->method, "notifications/cancelled");
    if (!mcp && !hob_message_is_method(message->method, "$/cancelRequest"))
        return false;
    cancel(relay, hob_message_member(message->params, mcp ? "requestId" : "id"), mcp);
    return true;
}

static struct line *new_line(struct hob_text text, const struct hob_message *message)
{
    struct line *line = hob_alloc_zero(1, sizeof *line);
    hob_buffer_put_text(&line->text, text);
    line->notification = message->kind == HOB_MESSAGE_NOTIFICATION;
    if (!hob_buffer_failed(&line->text) && message->id.size > 0)
        line->id =
            (struct hob_text){line->text.data + (message->id.data - text.data), message->id.size};
    return line;
}

static int hand_out(struct relay *relay, struct hob_text text, struct hob_error *error)
{
    struct hob_message message = {0};
    bool readable = !hob_message_is_batch(text) && hob_message_read(&message, text, NULL) == 0;
    if (!readable)
        message = (struct hob_message){0}; /* hobd says what is wrong, or does the batch */
    if (message.kind == HOB_MESSAGE_NOTIFICATION && is_for_hob(relay, &message))
        return 0;
    struct line *line = new_line(text, &message);
    if (hob_buffer_failed(&line->text)) {
        free_line(line);
        return hob_error_set(error, HOB_E_MEMORY, "not enough memory for a line");
    }
    pthread_mutex_lock(&relay->lock);
    while (relay->waiting > most_waiting)
        pthread_cond_wait(&relay->room, &relay->lock);
    *(relay->last != NULL ? &relay->last->next : &relay->first) = line;
    relay->last = line;
    relay->waiting += line->text.size;
    int code = see_to_lanes(relay, error);
    pthread_cond_broadcast(&relay->changed);
    pthread_mutex_unlock(&relay->lock);
    return code;
}

/* The id of a request of which only the beginning is kept, when it comes early and is one. */
static struct hob_text early_id(struct hob_text beginning)
{
    struct hob_text id = hob_message_early_member(beginning, "id");
    size_t size = 0;
    bool simple = id.size > 0 && strchr("{[tf", id.data[0]) == NULL;
    bool whole = simple && hob_utf8_valid_prefix(id) == id.size && hob_json_skip(id, &size);
    return whole && size == id.size ? id : (struct hob_text){NULL, 0};
}

/* Its rest is passed over as it comes, and what follows is read as if it had not been there. */
static void refuse_too_large(struct relay *relay, struct hob_text beginning)
{
    struct line line = {.id = early_id(beginning)};
    struct hob_error error = HOB_ERROR_INIT;
    hob_error_set(&error, HOB_E_LIMIT, "a line has more than %zu bytes", max_line);
    hob_error_hint(&error, "ask for less at a time, or hand over the name of a file");
    say_error(relay, &line, &error);
}

static int hand_out_lines(struct relay *relay, struct hob_framing *framing, struct hob_error *error)
{
    struct hob_text line;
    enum hob_framing_found found;
    int code = 0;
    while (code == 0 && (found = hob_framing_next(framing, &line)) != HOB_FRAMING_MORE) {
        if (found == HOB_FRAMING_MESSAGE)
            code = hand_out(relay, line, error);
        else
            refuse_too_large(relay, line);
    }
    return code;
}

/* The last line is one, whether it has an end or not. */
static int read_lines(struct relay *relay, struct hob_error *error)
{
    struct hob_framing framing;
    bool more = true;
    int code = 0;
    hob_framing_init(&framing, HOB_FRAMING_LINES, max_line);
    while (code == 0 && more && relay->failed == 0) {
        char *room = hob_framing_reserve(&framing, READ_SIZE);
        if (room == NULL) {
            code = hob_error_set(error, HOB_E_MEMORY, "not enough memory for a line");
            break;
        }
        ssize_t size = read(STDIN_FILENO, room, READ_SIZE);
        if (size < 0 && errno == EINTR)
            continue;
        if (size < 0) {
            code = hob_error_from_errno(error, errno, "read", "standard input");
            break;
        }
        more = size > 0;
        if (!more)
            room[size++] = '\n';
        hob_framing_add(&framing, (size_t)size);
        code = hand_out_lines(relay, &framing, error);
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
        hob_file_close(lane->stop[0]);
        hob_file_close(lane->stop[1]);
    }
    struct line *left; /* when no thread could be started */
    while ((left = take_line(relay)) != NULL)
        free_line(left);
}

static int run_stdio(const struct hob_arguments *arguments)
{
    struct lane lanes[THREADS] = {0};
    struct hob_error error = HOB_ERROR_INIT;
    struct relay relay = {.client = {.server = hob_arguments_value(arguments, "server")},
                          .lock = PTHREAD_MUTEX_INITIALIZER,
                          .changed = PTHREAD_COND_INITIALIZER,
                          .room = PTHREAD_COND_INITIALIZER,
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
        "all others.\n\n"
        "A request is cancelled by its id: with the notification $/cancelRequest it is answered "
        "that it was cancelled, with MCP's notifications/cancelled it is answered nothing more.",
    .options = options,
    .examples = examples,
    .exit_notes = exits,
    .least_words = 1,
    .most_words = 1,
    .run = run_stdio,
};
