/* Tests of an event loop that a guest shares with connections: neither keeps the other waiting. */
#include "check.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

#include "base/poller.h"
#include "server/http.h"

enum { REQUESTS = 200, PATIENCE_S = 20 };

static const char request[] = "GET / HTTP/1.1\r\nHost: here\r\n\r\n";
static const char answer_body[] = "{\"answer\":\"this\"}";

/* A guest with a descriptor that always has something to read. */
struct talker {
    int pipe[2];
    size_t heard;
};

static void hear(void *data, const struct hob_poller_event *events, size_t count)
{
    struct talker *talker = data;
    (void)events;
    talker->heard += count;
}

static bool welcome(void *context, struct hob_http_peer *peer)
{
    (void)context;
    (void)peer;
    return true;
}

static struct hob_response *admit(void *context, struct hob_http_request *asked)
{
    (void)context;
    (void)asked;
    return NULL;
}

static void answer(struct hob_http_request *asked)
{
    HOB_AUTO(response)
    struct hob_response *response = hob_response_new_constant(200, answer_body);
    hob_http_answer(asked, response);
}

/* The first request brings the guest. */
static void handle(void *context, struct hob_http_request *asked)
{
    struct talker *talker = context;
    struct hob_poller *poller = hob_http_loop_poller(asked->loop);
    if (poller != NULL && hob_http_loop_guest(asked->loop) == NULL) {
        hob_http_loop_set_guest(asked->loop,
                                &(struct hob_http_guest){.hear = hear, .data = talker});
        hob_poller_add(poller, talker->pipe[0], HOB_POLLER_READ, 1);
    }
    answer(asked);
}

static struct hob_response *refuse_body(void *context, struct hob_http_request *asked,
                                        enum hob_http_refusal why)
{
    (void)context;
    (void)asked;
    (void)why;
    return hob_response_new_empty(413);
}

static int listening(struct sockaddr_in *address)
{
    socklen_t size = sizeof *address;
    *address =
        (struct sockaddr_in){.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    int descriptor = socket(AF_INET, SOCK_STREAM, 0);
    fcntl(descriptor, F_SETFL, O_NONBLOCK);
    assert_int_equal(bind(descriptor, (struct sockaddr *)address, size), 0);
    assert_int_equal(listen(descriptor, 8), 0);
    assert_int_equal(getsockname(descriptor, (struct sockaddr *)address, &size), 0);
    return descriptor;
}

static int connected(const struct sockaddr_in *address)
{
    struct timeval limit = {.tv_sec = PATIENCE_S};
    int descriptor = socket(AF_INET, SOCK_STREAM, 0);
    setsockopt(descriptor, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof limit);
    assert_int_equal(connect(descriptor, (const struct sockaddr *)address, sizeof *address), 0);
    return descriptor;
}

static void send_requests(int descriptor, size_t count)
{
    HOB_AUTO(buffer) struct hob_buffer all = HOB_BUFFER_INIT;
    for (size_t i = 0; i < count; i++)
        hob_buffer_put_string(&all, request);
    assert_int_equal(send(descriptor, all.data, all.size, MSG_NOSIGNAL), (ssize_t)all.size);
}

/* How many answers come until there are so many, or nothing more comes. */
static size_t count_answers(int descriptor, size_t most)
{
    HOB_AUTO(buffer) struct hob_buffer all = HOB_BUFFER_INIT;
    char bytes[4096];
    size_t count = 0;
    while (count < most) {
        ssize_t size = recv(descriptor, bytes, sizeof bytes, 0);
        if (size <= 0)
            break;
        hob_buffer_put(&all, bytes, (size_t)size);
        const char *at = hob_buffer_string(&all);
        for (count = 0; (at = strstr(at, answer_body)) != NULL; count++)
            at += sizeof answer_body - 1;
    }
    return count;
}

static void a_guest_that_always_has_something_to_hear_does_not_keep_requests_waiting(void **state)
{
    (void)state;
    struct talker talker = {0};
    struct sockaddr_in address;
    struct hob_error error = HOB_ERROR_INIT;
    const struct hob_http_application application = {.context = &talker,
                                                     .welcome = welcome,
                                                     .admit = admit,
                                                     .handle = handle,
                                                     .refuse_body = refuse_body};
    const struct hob_http_options options = {.descriptor = listening(&address),
                                             .threads = 1,
                                             .max_connections = 8,
                                             .max_body = 1000,
                                             .max_bodies = 1000,
                                             .application = &application};
    assert_int_equal(pipe(talker.pipe), 0);
    assert_int_equal(write(talker.pipe[1], "x", 1), 1); /* which nobody ever reads */
    struct hob_http *http = hob_http_new(&options);
    assert_int_equal(hob_http_start(http, &error), 0);
    int first = connected(&address), second = connected(&address);
    send_requests(first, 1);
    assert_int_equal(count_answers(first, 1), 1);
    /* More than the daemon does in one turn, and all there before its first. */
    send_requests(second, REQUESTS);
    assert_int_equal(count_answers(second, REQUESTS), REQUESTS);
    send_requests(first, 2);
    assert_int_equal(count_answers(first, 2), 2);
    close(first);
    close(second);
    hob_http_stop(http);
    close(talker.pipe[0]);
    close(talker.pipe[1]);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_guest_that_always_has_something_to_hear_does_not_keep_requests_waiting),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
