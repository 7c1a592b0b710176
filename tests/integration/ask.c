/* ask: one request through the client library, to the user's own server, which is started if need
 * be: ask METHOD PATH [BODY]. Prints the body of the answer; exit status 1 and a line for an error.
 */
#include <stdio.h>

#include "client/client.h"

int main(int count, char **words)
{
    struct hob_error error = HOB_ERROR_INIT;
    HOB_AUTO(connection) struct hob_connection *connection = NULL;
    HOB_AUTO(reply) struct hob_reply reply = HOB_REPLY_INIT;
    if (count < 3)
        return 2;
    struct hob_request request = {
        .method = words[1],
        .path = words[2],
        .body = hob_text_from(count > 3 ? words[3] : ""),
        .deadline_ms = 60000,
    };
    int code =
        hob_client_open(&connection, &(struct hob_client_options){.budget_ms = 10000}, &error);
    if (code == 0)
        code = hob_client_ask(connection, &request, &reply, &error);
    if (code != 0) {
        fprintf(stderr, "ask: %s; %s\n", error.message, error.hint);
        return 1;
    }
    fwrite(reply.body.data, 1, reply.body.size, stdout);
    return 0;
}
