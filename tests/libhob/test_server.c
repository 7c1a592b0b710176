/* libhob: talking to a hobd, which is started for each test: requests, pools, sessions.
 *
 * Environment: HOBD, the program. */
#include "check.h"

#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

struct place {
    char directory[64], address[96];
    pid_t daemon;
    struct libhob_server *server;
};

static const char worker[] =
    "import json, sys\n"
    "for line in sys.stdin:\n"
    "    request = json.loads(line)\n"
    "    answer = {'jsonrpc': '2.0', 'id': request.get('id')}\n"
    "    if request['method'] == 'echo': answer['result'] = request.get('params')\n"
    "    else: answer['error'] = {'code': -32601, 'message': 'no such method'}\n"
    "    print(json.dumps(answer), flush=True)\n";

static void start_daemon(struct place *place)
{
    const char *program = getenv("HOBD");
    int ends[2];
    char line[256];
    size_t size = 0;
    assert_non_null(program);
    assert_int_equal(pipe(ends), 0);
    place->daemon = fork();
    if (place->daemon == 0) {
        dup2(ends[1], STDOUT_FILENO);
        close(ends[0]);
        execl(program, program, "--port", "0", "--socket", "hobd.sock", "--state", "none",
              "--config", "hob.yml", (char *)NULL);
        _exit(127);
    }
    close(ends[1]);
    while (size < sizeof line && read(ends[0], line + size, 1) == 1 && line[size] != '\n')
        size++;
    close(ends[0]);
    assert_int_equal(strncmp(line, "hobd: listening", 15), 0);
}

static int enter(void **state)
{
    struct place *place = calloc(1, sizeof *place);
    struct libhob_error error;
    snprintf(place->directory, sizeof place->directory, "/tmp/hob-libhob-XXXXXX");
    assert_non_null(mkdtemp(place->directory));
    assert_int_equal(chdir(place->directory), 0);
    write_file("worker.py", worker);
    write_file("hob.yml", "pools:\n  tools:\n    command: [python3, worker.py]\n"
                          "    directory: .\n");
    write_file("people.csv", "name,born\nAubracque,1951\nRavndal,1960\n");
    write_file("people.yml", "input:\n  type: csv\n  filename: people.csv\n  index: name\n");
    start_daemon(place);
    snprintf(place->address, sizeof place->address, "unix:%s/hobd.sock", place->directory);
    assert_works(libhob_server_open(&place->server, place->address, &error));
    *state = place;
    return 0;
}

static int leave(void **state)
{
    struct place *place = *state;
    char command[128];
    int status;
    libhob_server_close(place->server);
    kill(place->daemon, SIGTERM);
    assert_int_equal(waitpid(place->daemon, &status, 0), place->daemon);
    assert_int_equal(chdir("/"), 0);
    snprintf(command, sizeof command, "rm -rf '%s'", place->directory);
    assert_int_equal(system(command), 0);
    free(place);
    return 0;
}

static void test_request(void **state)
{
    struct place *place = *state;
    struct libhob_bytes answer;
    struct libhob_error error;
    assert_works(
        libhob_server_request(place->server, "GET", "/api/ping", NULL, 0, &answer, &error));
    assert_non_null(strstr(answer.data, "\"status\""));
    libhob_bytes_free(&answer);
    assert_int_equal(
        libhob_server_request(place->server, "GET", "/api/nothing", NULL, 0, &answer, &error),
        LIBHOB_E_ROUTE);
    assert_int_equal(
        libhob_server_request(place->server, "GET", "/api/ping\r\nX: y", NULL, 0, &answer, &error),
        LIBHOB_E_PARAMETER);
}

static void test_call(void **state)
{
    struct place *place = *state;
    struct libhob_bytes answer;
    struct libhob_error error;
    assert_works(libhob_server_call(place->server, "tools", "echo", "[1, 2]", 0, &answer, &error));
    assert_bytes_equal(answer, "[1, 2]");
    assert_int_equal(libhob_server_call(place->server, "tools", "fly", NULL, 0, &answer, &error),
                     LIBHOB_ANSWERED_ERROR);
    assert_string_equal(error.message, "fly: no such method");
    libhob_bytes_free(&answer);
    assert_int_equal(libhob_server_call(place->server, "none", "echo", NULL, 0, &answer, &error),
                     LIBHOB_E_NO_KEY);
    assert_int_equal(libhob_server_call(place->server, "a/b", "echo", NULL, 0, &answer, &error),
                     LIBHOB_E_PARAMETER);
    assert_int_equal(libhob_server_call(place->server, "tools", "echo", "{", 0, &answer, &error),
                     LIBHOB_E_JSON);
    assert_works(libhob_server_batch(place->server, "tools",
                                     "[{\"jsonrpc\":\"2.0\",\"id\":5,\"method\":\"echo\"}]", 0,
                                     &answer, &error));
    assert_non_null(strstr(answer.data, "\"id\":5"));
    libhob_bytes_free(&answer);
}

static void test_session(void **state)
{
    struct place *place = *state;
    struct libhob_session *session, *same;
    struct libhob_bytes answer;
    struct libhob_error error;
    assert_works(libhob_session_open_at(&session, place->server,
                                        "{\"interface_file\": \"people.yml\"}", &error));
    assert_works(libhob_session_do(session, "get_value_at",
                                   "{\"index\": \"Ravndal\", \"column\": \"born\"}", &answer,
                                   &error));
    assert_non_null(strstr(answer.data, "\"value\":1960"));
    libhob_bytes_free(&answer);
    assert_int_equal(libhob_session_do(session, "../x", NULL, &answer, &error), LIBHOB_E_ROUTE);
    assert_works(
        libhob_session_attach(&same, NULL, place->server, libhob_session_id(session), &error));
    assert_works(libhob_session_delete(same, &error));
    assert_int_equal(libhob_session_do(session, "get_shape", NULL, &answer, &error),
                     LIBHOB_E_NO_KEY);
    libhob_session_close(same);
    libhob_session_close(session);
}

static void *ask_often(void *data)
{
    struct libhob_bytes answer;
    intptr_t failed = 0;
    for (int i = 0; i < 20; i++) {
        failed += libhob_server_call(data, "tools", "echo", "[1]", 0, &answer, NULL) != 0;
        libhob_bytes_free(&answer);
    }
    return (void *)failed;
}

static void test_threads(void **state)
{
    struct place *place = *state;
    pthread_t threads[3];
    for (int i = 0; i < 3; i++)
        assert_int_equal(pthread_create(&threads[i], NULL, ask_often, place->server), 0);
    for (int i = 0; i < 3; i++) {
        void *failed;
        pthread_join(threads[i], &failed);
        assert_int_equal((intptr_t)failed, 0);
    }
}

/* A daemon that was killed is an error, and no signal. */
static void test_daemon_goes(void **state)
{
    struct place *place = *state;
    struct libhob_server *other = NULL;
    struct libhob_bytes answer;
    struct libhob_error error;
    int status;
    kill(place->daemon, SIGKILL);
    assert_int_equal(waitpid(place->daemon, &status, 0), place->daemon);
    assert_true(libhob_server_request(place->server, "GET", "/api/ping", NULL, 0, &answer, &error) <
                0);
    assert_int_equal(libhob_server_open(&other, place->address, &error), LIBHOB_E_NO_SERVER);
    assert_int_equal(libhob_server_open(&other, "ftp://x", &error), LIBHOB_E_PARAMETER);
    assert_null(other);
    start_daemon(place); /* for leave; and the connection finds it again */
    assert_works(
        libhob_server_request(place->server, "GET", "/api/ping", NULL, 0, &answer, &error));
    libhob_bytes_free(&answer);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, enter, leave)
    const struct CMUnitTest tests[] = {
        TEST(test_request), TEST(test_call),        TEST(test_session),
        TEST(test_threads), TEST(test_daemon_goes),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
