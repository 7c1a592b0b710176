/* Tests of finding a server, and of asking one that a script plays: each connection that comes in
 * is a step of the script, which says whether it reads the request and what it answers. */
#define _GNU_SOURCE
#include "check.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/file.h"
#include "client/client.h"

/* ---- finding ---- */

static int find(struct hob_endpoint *endpoint, const char *server, struct hob_error *error)
{
    *error = (struct hob_error)HOB_ERROR_INIT;
    return hob_endpoint_find(endpoint, server, error);
}

static void each_form_of_an_address_is_understood(void **state)
{
    (void)state;
    static const struct {
        const char *server, *name, *host;
        bool local;
    } forms[] = {
        {"/run/x.sock", "unix:/run/x.sock", "localhost", true},
        {"unix:/run/x.sock", "unix:/run/x.sock", "localhost", true},
        {"unix:x.sock", "unix:x.sock", "localhost", true},
        {"http://127.0.0.1:8765", "http://127.0.0.1:8765", "127.0.0.1:8765", false},
        {"HTTP://127.0.0.1:8765/", "http://127.0.0.1:8765", "127.0.0.1:8765", false},
        {"localhost:1", "http://localhost:1", "localhost:1", false},
        {"[::1]:65535", "http://[::1]:65535", "[::1]:65535", false},
        {"http://192.0.2.1:80", "http://192.0.2.1:80", "192.0.2.1:80", false},
    };
    for (size_t i = 0; i < sizeof forms / sizeof forms[0]; i++) {
        struct hob_endpoint endpoint;
        struct hob_error error;
        int code = find(&endpoint, forms[i].server, &error);
        assert_string_equal(error.message, "");
        assert_int_equal(code, 0);
        assert_string_equal(endpoint.name, forms[i].name);
        assert_string_equal(endpoint.host, forms[i].host);
        assert_int_equal(endpoint.is_local, forms[i].local);
        assert_false(endpoint.is_default);
    }
}

static void what_is_no_address_is_told_what_to_write_instead(void **state)
{
    (void)state;
    static const char *const wrong[] = {
        "http://127.0.0.1",
        "127.0.0.1",
        "http://127.0.0.1:0",
        "http://127.0.0.1:65536",
        "127.0.0.1:+5",
        "127.0.0.1:",
        ":8765",
        "http://:8765",
        "::1:8765",
        "ftp://127.0.0.1:21",
        "127.0.0.1:8765/x",
        "http://user@127.0.0.1:8765",
        "unix:",
        "[::1:8765",
        "[]:8765",
        "http://a b:8765",
        "300.0.0.1:8765",
        "http://127.0.0.1:8765?x",
    };
    struct hob_endpoint endpoint;
    struct hob_error error;
    for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++) {
        if (find(&endpoint, wrong[i], &error) != HOB_E_PARAMETER)
            fail_msg("taken for an address: %s", wrong[i]);
        assert_string_not_equal(error.hint, "");
    }
    assert_int_equal(find(&endpoint, "https://127.0.0.1:8765", &error), HOB_E_UNSUPPORTED);
    assert_non_null(strstr(error.hint, "http://"));
    assert_int_equal(find(&endpoint, "example.org:8765", &error), HOB_E_PARAMETER);
    assert_non_null(strstr(error.hint, "getent hosts example.org"));
    char path[300] = "/";
    memset(path + 1, 'x', 200);
    assert_int_equal(find(&endpoint, path, &error), HOB_E_PARAMETER);
    assert_non_null(strstr(error.message, "bytes"));
}

/* ---- a server that plays a script ---- */

struct step {
    bool reads;         /* the request, before it answers */
    const char *answer; /* NULL: none */
    bool waits;         /* until the client has gone, before it closes */
};

struct stage {
    char directory[64], socket[80];
    struct hob_endpoint endpoint;
    int listener;
    pid_t player; /* 0: none */
};

static int set_up(void **state)
{
    struct stage *stage = hob_alloc_zero(1, sizeof *stage);
    strcpy(stage->directory, "/tmp/hob-client-XXXXXX");
    if (mkdtemp(stage->directory) == NULL)
        return -1;
    snprintf(stage->socket, sizeof stage->socket, "%s/s", stage->directory);
    if (hob_endpoint_find(&stage->endpoint, stage->socket, NULL) != 0)
        return -1;
    stage->listener = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    *state = stage;
    return bind(stage->listener, &stage->endpoint.address.as.any, stage->endpoint.address.size);
}

static int tear_down(void **state)
{
    struct stage *stage = *state;
    if (stage->player > 0)
        waitpid(stage->player, NULL, 0);
    hob_file_close(stage->listener);
    unlink(stage->socket);
    rmdir(stage->directory);
    free(stage);
    return 0;
}

/* Until an empty line: the requests of these tests have no body, or one that comes with the head.
 */
static void read_request(int descriptor)
{
    char text[4096];
    size_t size = 0;
    while (size < sizeof text && memmem(text, size, "\r\n\r\n", 4) == NULL) {
        ssize_t got = read(descriptor, text + size, sizeof text - size);
        if (got <= 0)
            return;
        size += (size_t)got;
    }
}

static void play_step(int listener, const struct step *step)
{
    char byte;
    int descriptor = accept(listener, NULL, NULL);
    if (step->reads)
        read_request(descriptor);
    if (step->answer != NULL &&
        write(descriptor, step->answer, strlen(step->answer)) != (ssize_t)strlen(step->answer))
        _exit(1);
    while (step->waits && read(descriptor, &byte, 1) > 0) {
    }
    close(descriptor);
}

static void play(struct stage *stage, const struct step *steps, size_t count)
{
    assert_int_equal(listen(stage->listener, 8), 0);
    stage->player = fork();
    assert_true(stage->player >= 0);
    if (stage->player > 0)
        return;
    alarm(60);
    signal(SIGPIPE, SIG_IGN);
    for (size_t i = 0; i < count; i++)
        play_step(stage->listener, &steps[i]);
    _exit(0);
}

#define PLAY(stage, ...)                                                                           \
    play(stage, (const struct step[]){__VA_ARGS__},                                                \
         sizeof((const struct step[]){__VA_ARGS__}) / sizeof(struct step))

static const char good[] = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}";
static const char busy[] = "HTTP/1.1 503 Busy\r\nContent-Length: 60\r\n\r\n"
                           "{\"error_type\":\"BusyError\",\"error_message\":\"come back later\"}";

static struct hob_connection *open_stage(const struct stage *stage)
{
    struct hob_connection *connection = NULL;
    struct hob_error error = HOB_ERROR_INIT;
    struct hob_client_options options = {.server = stage->socket};
    int code = hob_client_open(&connection, &options, &error);
    assert_string_equal(error.message, "");
    assert_int_equal(code, 0);
    return connection;
}

/* Opens, asks once, closes. */
static int ask(const struct stage *stage, struct hob_request request, bool *reached,
               struct hob_error *error)
{
    HOB_AUTO(reply) struct hob_reply reply = HOB_REPLY_INIT;
    HOB_AUTO(connection) struct hob_connection *connection = open_stage(stage);
    request.path = "/";
    *error = (struct hob_error)HOB_ERROR_INIT;
    int code = hob_client_ask(connection, &request, &reply, error);
    *reached = hob_connection_reached(connection);
    return code;
}

static void a_server_that_is_not_there_is_told_apart(void **state)
{
    struct stage *stage = *state;
    struct hob_connection *connection;
    struct hob_error error = HOB_ERROR_INIT;
    assert_int_equal(hob_connection_open(&connection, &stage->endpoint, 0, &error),
                     HOB_E_NO_SERVER);
    assert_non_null(strstr(error.message, stage->socket));
    unlink(stage->socket);
    assert_int_equal(hob_connection_open(&connection, &stage->endpoint, 0, &error),
                     HOB_E_NO_SERVER);
    assert_non_null(strstr(error.hint, "hob serve --daemon"));
}

static void a_connection_that_was_closed_meanwhile_is_opened_again(void **state)
{
    struct stage *stage = *state;
    PLAY(stage, {true, good, false}, {true, good, true});
    HOB_AUTO(reply) struct hob_reply reply = HOB_REPLY_INIT;
    HOB_AUTO(connection) struct hob_connection *connection = open_stage(stage);
    struct hob_request request = {.method = "POST", .path = "/", .deadline_ms = 30000};
    assert_int_equal(hob_connection_exchange(connection, &request, &reply, NULL), 0);
    assert_true(reply.keeps_alive);
    /* The second answer can only come over the second connection: the first step closes. */
    struct hob_error error = HOB_ERROR_INIT;
    int code;
    do {
        code = hob_connection_exchange(connection, &request, &reply, &error);
    } while (code == HOB_E_CUT); /* it was asked before the end arrived */
    assert_int_equal(code, 0);
    assert_int_equal(reply.status, 200);
}

static void a_cut_answer_is_asked_for_again_only_when_that_changes_nothing(void **state)
{
    struct stage *stage = *state;
    PLAY(stage, {true, NULL, false}, {true, "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{", false},
         {true, good, true}, {true, NULL, false});
    struct hob_error error;
    bool reached;
    assert_int_equal(ask(stage, (struct hob_request){.method = "GET"}, &reached, &error), 0);
    assert_int_equal(ask(stage, (struct hob_request){.method = "POST"}, &reached, &error),
                     HOB_E_CUT);
    assert_true(reached);
    assert_non_null(strstr(error.message, stage->socket));
}

static void a_busy_server_is_asked_again_and_then_believed(void **state)
{
    struct stage *stage = *state;
    PLAY(stage, {true, busy, false}, {true, good, true}, {true, busy, false}, {true, busy, false},
         {true, busy, false}, {true, busy, false}, {true, busy, false});
    struct hob_error error;
    bool reached;
    assert_int_equal(ask(stage, (struct hob_request){.method = "POST"}, &reached, &error), 0);
    int code = ask(stage, (struct hob_request){.method = "GET"}, &reached, &error);
    assert_string_equal(error.message, "come back later");
    assert_int_equal(code, HOB_E_BUSY);
}

static void a_silent_server_is_waited_for_until_the_deadline(void **state)
{
    struct stage *stage = *state;
    PLAY(stage, {true, NULL, true}, {true, "HTTP/1.1 200 OK\r\n", true});
    struct hob_request request = {.method = "POST", .deadline_ms = 30};
    struct hob_error error;
    bool reached;
    for (int i = 0; i < 2; i++) {
        uint64_t started = hob_clock_now();
        assert_int_equal(ask(stage, request, &reached, &error), HOB_E_TIMEOUT);
        assert_true(hob_clock_milliseconds_since(started) >= 30);
        assert_true(reached);
    }
}

static void an_answer_that_comes_before_the_request_was_read_is_heard(void **state)
{
    struct stage *stage = *state;
    static const char refused[] = "HTTP/1.1 413 Large\r\nContent-Length: 63\r\n\r\n"
                                  "{\"error_type\":\"LimitError\",\"error_message\":"
                                  "\"the body is large\"}";
    PLAY(stage, {true, refused, true});
    size_t size = (size_t)8 << 20;
    HOB_AUTO(free) char *body = calloc(1, size);
    struct hob_request request = {.method = "POST", .body = {body, size}, .deadline_ms = 30000};
    struct hob_error error;
    bool reached;
    int code = ask(stage, request, &reached, &error);
    assert_string_equal(error.message, "the body is large");
    assert_int_equal(code, HOB_E_LIMIT);
}

static void on_interrupt(int number)
{
    (void)number;
}

static void an_interrupt_ends_the_wait_even_one_that_came_before(void **state)
{
    struct stage *stage = *state;
    PLAY(stage, {true, NULL, true});
    struct sigaction action = {.sa_handler = on_interrupt}, before;
    sigset_t set, mask;
    sigemptyset(&set);
    sigaddset(&set, SIGINT);
    sigprocmask(SIG_BLOCK, &set, &mask);
    sigaction(SIGINT, &action, &before);
    raise(SIGINT);
    struct hob_request request = {.method = "GET", .deadline_ms = 30000, .interruptible = true};
    struct hob_error error;
    bool reached;
    int code = ask(stage, request, &reached, &error);
    sigprocmask(SIG_SETMASK, &mask, NULL);
    sigaction(SIGINT, &before, NULL);
    assert_int_equal(code, HOB_E_INTERRUPTED);
}

static void what_could_be_more_than_one_request_is_not_sent(void **state)
{
    struct stage *stage = *state;
    PLAY(stage, {true, NULL, false});
    static const struct hob_request_header bad[] = {{"X", "a\r\nY: b"}, {0}};
    const struct hob_request wrong[] = {
        {.method = "GET", .path = "/ HTTP/1.1\r\nX: y"},
        {.method = "GET", .path = "no-slash"},
        {.method = "G T", .path = "/"},
        {.method = "GET", .path = "/", .headers = bad},
    };
    HOB_AUTO(reply) struct hob_reply reply = HOB_REPLY_INIT;
    HOB_AUTO(connection) struct hob_connection *connection = open_stage(stage);
    for (size_t i = 0; i < 4; i++) {
        assert_int_equal(hob_connection_exchange(connection, &wrong[i], &reply, NULL),
                         HOB_E_PARAMETER);
        assert_false(hob_connection_reached(connection));
    }
    assert_int_equal(hob_connection_exchange(connection,
                                             &(struct hob_request){.method = "GET", .path = "/x"},
                                             &reply, NULL),
                     HOB_E_CUT);
}

#define STAGED(test) cmocka_unit_test_setup_teardown(test, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_form_of_an_address_is_understood),
        cmocka_unit_test(what_is_no_address_is_told_what_to_write_instead),
        STAGED(a_server_that_is_not_there_is_told_apart),
        STAGED(a_connection_that_was_closed_meanwhile_is_opened_again),
        STAGED(a_cut_answer_is_asked_for_again_only_when_that_changes_nothing),
        STAGED(a_busy_server_is_asked_again_and_then_believed),
        STAGED(a_silent_server_is_waited_for_until_the_deadline),
        STAGED(an_answer_that_comes_before_the_request_was_read_is_heard),
        STAGED(an_interrupt_ends_the_wait_even_one_that_came_before),
        STAGED(what_could_be_more_than_one_request_is_not_sent),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
