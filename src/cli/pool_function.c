/* pool_function: see pool_function.h. */
#include "cli/pool_function.h"

#include <stdio.h>

#include "client/client.h"
#include "pool/message.h"
#include "value/json.h"

enum { LONGEST_PATH = 200 };

static int take_answer(struct hob_text answer, struct hob_text method, struct hob_buffer *result,
                       struct hob_error *error)
{
    struct hob_message message;
    HOB_AUTO(buffer) struct hob_buffer why = HOB_BUFFER_INIT;
    int code = hob_message_read(&message, answer, error);
    if (code != 0)
        return hob_error_context(error, "the answer of a pool");
    if (message.result.size > 0) {
        hob_buffer_put_text(result, message.result);
        return 0;
    }
    hob_message_string(&why, hob_message_member(message.error, "message"));
    return hob_error_set(error, HOB_E_VALUE, "%.*s: %s", HOB_TEXT_ARG(method),
                         hob_buffer_string(&why));
}

int hob_pool_link_call(void *data, struct hob_text pool, struct hob_text method,
                       struct hob_text params, struct hob_buffer *result, struct hob_error *error)
{
    char path[LONGEST_PATH];
    struct hob_pool_link *link = data;
    HOB_AUTO(buffer) struct hob_buffer body = HOB_BUFFER_INIT;
    HOB_AUTO(reply) struct hob_reply reply = HOB_REPLY_INIT;
    int size = snprintf(path, sizeof path, "/api/rpc/%.*s", HOB_TEXT_ARG(pool));
    if (size < 0 || (size_t)size >= sizeof path || strpbrk(path, " ?#%") != NULL)
        return hob_error_set(error, HOB_E_PARAMETER, "'%.*s' is no name of a pool",
                             HOB_TEXT_ARG(pool));
    hob_buffer_put_string(&body, "{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":");
    hob_json_put_string(&body, method, HOB_JSON_COMPACT);
    hob_buffer_put_string(&body, ",\"params\":");
    hob_buffer_put_text(&body, params);
    hob_buffer_put_char(&body, '}');
    int code = 0;
    if (link->connection == NULL)
        code = hob_client_open(&link->connection, &(struct hob_client_options){0}, error);
    struct hob_request request = {.method = "POST", .path = path, .body = hob_buffer_text(&body)};
    if (code == 0)
        code = hob_client_ask(link->connection, &request, &reply, error);
    return code == 0 ? take_answer(hob_buffer_text(&reply.body), method, result, error) : code;
}

void hob_pool_link_deinit(struct hob_pool_link *link)
{
    link->connection = hob_connection_close(link->connection);
}
