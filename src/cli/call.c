/* call: `hob call`: one method of a pool. */
#define _GNU_SOURCE
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/file.h"
#include "cli/display.h"
#include "cli/options.h"
#include "cli/output.h"
#include "client/client.h"
#include "config/schema.h"
#include "pool/message.h"
#include "pool/options.h"
#include "value/json.h"

enum { LONGEST_PATH = 200, SLACK_MS = 5000 };

static const size_t max_params_size = (size_t)64 << 20;

struct call {
    const struct hob_arguments *arguments;
    struct hob_output output;
    struct hob_buffer body;
    struct hob_reply reply;
    struct hob_error error;
    bool stream;
};

/* ---- the request ---- */

/* Parameters are a list or a mapping in JSON: given as a word, or on standard input. */
static int put_params(struct call *call, const char *word)
{
    HOB_AUTO(file_content) struct hob_file_content content = HOB_FILE_CONTENT_INIT;
    HOB_AUTO(arena) struct hob_arena *arena = hob_arena_new();
    const struct hob_value *params;
    struct hob_text text = hob_text_from(word);
    if (strcmp(word, "-") == 0) {
        int code =
            hob_file_read(&content, STDIN_FILENO, "standard input", max_params_size, &call->error);
        if (code != 0)
            return code;
        text = content.text;
    }
    int code = hob_json_read(arena, text, &params, &call->error);
    if (code != 0) {
        hob_error_set(&call->error, HOB_E_PARAMETER, "the parameters are no JSON: %s",
                      call->error.message);
        hob_error_hint(&call->error, "in single quotes, as in hob call POOL METHOD "
                                     "'{\"name\": \"value\"}'");
        return HOB_E_PARAMETER;
    }
    if (!hob_value_is(params, HOB_MAP) && !hob_value_is(params, HOB_LIST)) {
        hob_error_set(&call->error, HOB_E_PARAMETER,
                      "the parameters must be a JSON object or array, not a %s",
                      hob_value_kind_name(params));
        hob_error_hint(&call->error, "as in hob call POOL METHOD '{\"name\": \"value\"}'");
        return HOB_E_PARAMETER;
    }
    hob_buffer_put_string(&call->body, ",\"params\":");
    return hob_json_write(&call->body, params, HOB_JSON_COMPACT, SIZE_MAX, &call->error);
}

static int put_request(struct call *call)
{
    const struct hob_arguments *arguments = call->arguments;
    hob_buffer_put_string(&call->body, "{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":");
    hob_json_put_string(&call->body, hob_text_from(arguments->words[1]), HOB_JSON_COMPACT);
    int code = arguments->word_count > 2 ? put_params(call, arguments->words[2]) : 0;
    hob_buffer_put_char(&call->body, '}');
    return code;
}

/* ---- the answer ---- */

static void put_result(struct call *call, const struct hob_value *result)
{
    struct hob_buffer *out = &call->output.buffer;
    bool raw = hob_arguments_has(call->arguments, "raw");
    bool people = hob_terminal_look().is_terminal;
    if (raw && hob_value_is(result, HOB_STRING))
        hob_buffer_put_text(out, result->text);
    else
        hob_json_write(out, result, people ? HOB_JSON_INDENT | HOB_JSON_SPACED : HOB_JSON_COMPACT,
                       SIZE_MAX, NULL);
    hob_buffer_put_char(out, '\n');
}

/* What the worker answered that it could not do. */
static int worker_error(struct call *call, const struct hob_value *error)
{
    HOB_AUTO(buffer) struct hob_buffer message = HOB_BUFFER_INIT, data = HOB_BUFFER_INIT;
    const struct hob_value *details = hob_value_get(error, "data");
    struct hob_text text = hob_value_text(hob_value_get(error, "message"));
    hob_display_put(&message, text.size > 0 ? text : HOB_TEXT("no reason given"));
    hob_error_set(&call->error, HOB_E_VALUE, "the worker answered to '%s': %s",
                  call->arguments->words[1], hob_buffer_string(&message));
    const char *hint = hob_value_string(hob_value_get(details, "hint"));
    if (hint != NULL) {
        hob_error_hint(&call->error, "%s", hint);
    } else if (!hob_value_is_null(details)) {
        hob_json_write(&data, details, HOB_JSON_COMPACT, SIZE_MAX, NULL);
        hob_error_hint(&call->error, "%s", hob_buffer_string(&data));
    } else {
        hob_error_hint(&call->error, "'hob pool logs %.64s' shows what its workers said",
                       call->arguments->words[0]);
    }
    return call->error.code;
}

static int take_answer(struct call *call, struct hob_text text)
{
    HOB_AUTO(arena) struct hob_arena *arena = hob_arena_new();
    const struct hob_value *answer;
    int code = hob_json_read(arena, text, &answer, &call->error);
    if (code != 0)
        return hob_error_context(&call->error, "the answer");
    const struct hob_value *error = hob_value_get(answer, "error");
    if (error != NULL)
        return worker_error(call, error);
    put_result(call, hob_value_get(answer, "result"));
    return 0;
}

static bool is_notification(struct hob_text line)
{
    struct hob_message message;
    return hob_message_read(&message, line, NULL) == 0 && message.kind == HOB_MESSAGE_NOTIFICATION;
}

/* Lines of a stream: each but the last is a notification, and shown as it comes. */
static void take_lines(void *data, struct hob_buffer *body)
{
    (void)data;
    size_t at = 0;
    for (;;) {
        const char *end = memchr(body->data + at, '\n', body->size - at);
        size_t next = end != NULL ? (size_t)(end - body->data) + 1 : body->size;
        struct hob_text line = {body->data + at, next - at};
        if (end == NULL || !is_notification(line))
            break; /* not whole yet, or the answer */
        hob_write_all(STDOUT_FILENO, line);
        at = next;
    }
    memmove(body->data, body->data + at, body->size - at);
    body->size -= at;
}

static int ask(struct call *call)
{
    char path[LONGEST_PATH], deadline[40] = "";
    const char *timeout = hob_arguments_value(call->arguments, "timeout");
    struct hob_client_options options = {.server = hob_arguments_value(call->arguments, "server")};
    HOB_AUTO(connection) struct hob_connection *connection = NULL;
    struct hob_request_header headers[4] = {{0}};
    size_t count = 0;
    if (timeout != NULL) {
        snprintf(deadline, sizeof deadline, "%s", timeout);
        headers[count++] = (struct hob_request_header){"X-Hob-Timeout", deadline};
    }
    if (hob_arguments_has(call->arguments, "idempotent"))
        headers[count++] = (struct hob_request_header){"X-Hob-Idempotent", "true"};
    if (call->stream)
        headers[count++] = (struct hob_request_header){"Accept", "application/x-ndjson"};
    snprintf(path, sizeof path, "/api/rpc/%s", call->arguments->words[0]);
    struct hob_request request = {.method = "POST",
                                  .path = path,
                                  .body = hob_buffer_text(&call->body),
                                  .headers = headers,
                                  .piece = call->stream ? take_lines : NULL};
    int code = hob_client_open(&connection, &options, &call->error);
    if (code == 0)
        code = hob_client_ask(connection, &request, &call->reply, &call->error);
    return code == 0 ? take_answer(call, hob_buffer_text(&call->reply.body)) : code;
}

/* As the server will read it. */
static bool is_time(const char *text)
{
    static const struct hob_setting row = {
        .name = "timeout", .kind = HOB_SETTING_DURATION, .least = 1};
    HOB_AUTO(arena) struct hob_arena *arena = hob_arena_new();
    struct hob_schema_place place = {&row, 0};
    uint64_t milliseconds;
    return hob_schema_set(arena, place, &text, 1, &milliseconds, NULL) == 0;
}

static int run_call(const struct hob_arguments *arguments)
{
    struct call call = {.arguments = arguments,
                        .output = {.program = arguments->name},
                        .stream = hob_arguments_has(arguments, "stream")};
    if (!hob_pool_is_name(arguments->words[0]))
        return hob_arguments_wrong(arguments, "'%s' is no name of a pool", arguments->words[0]);
    const char *timeout = hob_arguments_value(arguments, "timeout");
    if (timeout != NULL && !is_time(timeout))
        return hob_arguments_wrong(
            arguments, "--timeout cannot be '%s': it is a time such as 500ms, 30s or 5m", timeout);
    int code = put_request(&call);
    if (code == 0)
        code = ask(&call);
    int status =
        code == 0 ? hob_output_finish(&call.output) : hob_report(arguments->name, &call.error);
    hob_buffer_deinit(&call.output.buffer);
    hob_buffer_deinit(&call.body);
    hob_reply_deinit(&call.reply);
    return status;
}

static const struct hob_option options[] = {
    {.name = "timeout",
     .letter = 't',
     .argument = "TIME",
     .help = "wait no longer, as in 500ms, 30s or 5m; the default is the pool's"},
    {.name = "stream",
     .letter = 'S',
     .help = "also print the notifications that come before the answer, one a line"},
    {.name = "idempotent",
     .letter = 'i',
     .help = "it may be run again if a worker dies that may have begun it"},
    {.name = "raw", .letter = 'r', .help = "print a text as it is, without quotes"},
    HOB_SERVER_OPTION,
    {0},
};

static const struct hob_note examples[] = {
    {"hob call tools resize '{\"width\": 640}'", "a method with its parameters"},
    {"echo '{\"n\": 3}' | hob call tools count -", "parameters from standard input"},
    {"hob call server tools/list", "an MCP server that is hosted as a pool"},
    {"hob call tools train '{}' --stream --timeout 10m", "what it says on the way, too"},
    {NULL, NULL},
};

static const struct hob_note exits[] = {
    {"0", "answered; the result was printed"},
    {"1", "the worker answered with an error, or there was no answer in time"},
    {"2", "the command line is wrong"},
    {NULL, NULL},
};

const struct hob_command hob_command_call = {
    .name = "call",
    .summary = "call a method of a warm worker",
    .arguments = "POOL METHOD [PARAMS]",
    .description = "Calls a method of a pool that hob.yml describes and prints the result as JSON. "
                   "PARAMS is a "
                   "JSON object or array; - reads it from standard input.\n\n"
                   "Ctrl-C cancels the call: the worker is told so.",
    .options = options,
    .examples = examples,
    .exit_notes = exits,
    .least_words = 2,
    .most_words = 3,
    .run = run_call,
};
