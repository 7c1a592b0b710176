/* libhob: pools of this process: calls, callbacks, batches, and what can go wrong with workers. */
#include "check.h"

#include <dirent.h>
#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

static const char worker[] =
    "import json, os, sys, time\n"
    "for line in sys.stdin:\n"
    "    request = json.loads(line)\n"
    "    method, params = request['method'], request.get('params')\n"
    "    answer = {'jsonrpc': '2.0', 'id': request.get('id')}\n"
    "    if method == 'echo': answer['result'] = params\n"
    "    elif method == 'size': answer['result'] = len(params[0])\n"
    "    elif method == 'die': os._exit(3)\n"
    "    elif method == 'sleep': time.sleep(60)\n"
    "    else: answer['error'] = {'code': -32601, 'message': 'no ' + method}\n"
    "    print(json.dumps(answer), flush=True)\n";

static const char *const command[] = {"python3", "worker.py", NULL};

struct place {
    char directory[64];
    struct libhob_pool *pool;
};

static int enter(void **state)
{
    struct place *place = calloc(1, sizeof *place);
    struct libhob_error error;
    struct libhob_pool_options options = {.command = command, .max_workers = 2};
    snprintf(place->directory, sizeof place->directory, "/tmp/hob-libhob-XXXXXX");
    assert_non_null(mkdtemp(place->directory));
    assert_int_equal(chdir(place->directory), 0);
    write_file("worker.py", worker);
    assert_works(libhob_pool_open(&place->pool, "tools", &options, &error));
    *state = place;
    return 0;
}

static int leave(void **state)
{
    struct place *place = *state;
    char command_line[128];
    assert_null(libhob_pool_close(place->pool, 0));
    assert_int_equal(chdir("/"), 0);
    snprintf(command_line, sizeof command_line, "rm -rf '%s'", place->directory);
    assert_int_equal(system(command_line), 0);
    free(place);
    return 0;
}

static void expect(struct libhob_pool *pool, const char *method, const char *params,
                   const char *expected)
{
    struct libhob_bytes answer;
    struct libhob_error error;
    assert_works(libhob_pool_call(pool, method, params, NULL, &answer, &error));
    assert_bytes_equal(answer, expected);
}

/* ---- calls ---- */

static void test_call(void **state)
{
    struct place *place = *state;
    struct libhob_bytes answer;
    struct libhob_error error;
    expect(place->pool, "echo", "{\"a\":\n[1]}", "{\"a\": [1]}");
    expect(place->pool, "echo", NULL, "null");
    assert_int_equal(libhob_pool_call(place->pool, "fly \"\\", NULL, NULL, &answer, &error),
                     LIBHOB_ANSWERED_ERROR);
    assert_string_equal(error.message, "fly \"\\: no fly \"\\");
    assert_non_null(strstr(answer.data, "-32601"));
    libhob_bytes_free(&answer);
    assert_int_equal(libhob_pool_call(place->pool, "fly", NULL, NULL, &answer, NULL),
                     LIBHOB_ANSWERED_ERROR);
    libhob_bytes_free(&answer);
}

static void test_wrong_calls(void **state)
{
    struct place *place = *state;
    struct libhob_bytes answer = {0};
    struct libhob_error error;
    struct libhob_call_options wrong = {.reserved = {1}};
    assert_int_equal(libhob_pool_call(place->pool, "echo", "{", NULL, &answer, &error),
                     LIBHOB_E_JSON);
    assert_int_equal(libhob_pool_call(place->pool, "echo", "[1] [2]", NULL, &answer, &error),
                     LIBHOB_E_JSON);
    assert_int_equal(libhob_pool_call(place->pool, "echo", "5", NULL, &answer, &error),
                     LIBHOB_E_PARAMETER);
    assert_int_equal(libhob_pool_call(place->pool, "echo", NULL, &wrong, &answer, &error),
                     LIBHOB_E_PARAMETER);
    assert_int_equal(libhob_pool_submit(place->pool, "echo", "x", NULL, NULL, NULL, NULL, &error),
                     LIBHOB_E_JSON);
    assert_int_equal(libhob_pool_submit_batch(place->pool, "[]", &wrong, NULL, NULL, &error),
                     LIBHOB_E_PARAMETER);
    assert_null(answer.data);
}

static void test_timeout_and_death(void **state)
{
    struct place *place = *state;
    struct libhob_bytes answer;
    struct libhob_error error;
    struct libhob_call_options soon = {.timeout = 100};
    assert_int_equal(libhob_pool_call(place->pool, "sleep", NULL, &soon, &answer, &error),
                     LIBHOB_E_TIMEOUT);
    assert_int_equal(libhob_pool_call(place->pool, "die", NULL, NULL, &answer, &error),
                     LIBHOB_E_WORKER);
    assert_non_null(strstr(error.message, "status 3"));
    expect(place->pool, "echo", "[1]", "[1]");
}

/* A worker that never reads: what is written to it after its end would be SIGPIPE. */
static void test_deaf_worker(void **state)
{
    static const char *const deaf[] = {"sh", "-c", "exec 0<&-; sleep 0.1; exit 1", NULL};
    struct libhob_pool_options options = {.command = deaf, .max_workers = 1};
    struct libhob_pool *pool;
    struct libhob_bytes answer;
    struct libhob_error error;
    size_t size = 1 << 20;
    char *params = malloc(size + 1);
    (void)state;
    memset(params, ' ', size);
    memcpy(params, "[1", 2);
    params[size - 1] = ']';
    params[size] = '\0';
    assert_works(libhob_pool_open(&pool, "deaf", &options, &error));
    assert_true(libhob_pool_call(pool, "echo", params, NULL, &answer, &error) < 0);
    libhob_pool_close(pool, 0);
    free(params);
}

/* ---- callbacks ---- */

struct tally {
    pthread_mutex_t lock;
    pthread_cond_t changed;
    int answers, good, refused, cancelled, failed;
    char last[256];
};

#define TALLY_INIT                                                                                 \
    {                                                                                              \
        .lock = PTHREAD_MUTEX_INITIALIZER, .changed = PTHREAD_COND_INITIALIZER                     \
    }

static void count(void *data, const struct libhob_answer *answer)
{
    struct tally *tally = data;
    pthread_mutex_lock(&tally->lock);
    tally->answers++;
    tally->good += answer->code == 0 && answer->error == NULL;
    tally->refused += answer->code == LIBHOB_ANSWERED_ERROR && answer->error != NULL;
    tally->cancelled += answer->code == LIBHOB_E_CANCELLED;
    tally->failed += answer->code < 0;
    snprintf(tally->last, sizeof tally->last, "%s", answer->json);
    pthread_cond_signal(&tally->changed);
    pthread_mutex_unlock(&tally->lock);
}

static void wait_for_answers(struct tally *tally, int answers)
{
    pthread_mutex_lock(&tally->lock);
    while (tally->answers < answers)
        pthread_cond_wait(&tally->changed, &tally->lock);
    pthread_mutex_unlock(&tally->lock);
}

static void test_submit(void **state)
{
    struct place *place = *state;
    struct tally tally = TALLY_INIT;
    struct libhob_error error;
    for (int i = 0; i < 50; i++)
        assert_works(
            libhob_pool_submit(place->pool, "echo", "[\"x\"]", NULL, count, &tally, NULL, &error));
    wait_for_answers(&tally, 50);
    assert_string_equal(tally.last, "[\"x\"]");
    assert_works(libhob_pool_submit(place->pool, "fly", NULL, NULL, count, &tally, NULL, &error));
    wait_for_answers(&tally, 51);
    assert_int_equal(tally.good, 50);
    assert_int_equal(tally.refused, 1);
}

static void test_cancel(void **state)
{
    struct place *place = *state;
    struct tally tally = TALLY_INIT;
    struct libhob_error error;
    uint64_t id;
    assert_works(libhob_pool_submit(place->pool, "sleep", NULL, NULL, count, &tally, &id, &error));
    libhob_pool_cancel(place->pool, id);
    wait_for_answers(&tally, 1);
    assert_int_equal(tally.cancelled, 1);
    libhob_pool_cancel(place->pool, id);
    libhob_pool_cancel(place->pool, 4711);
    assert_int_equal(tally.answers, 1);
}

/* Each call that was taken is answered, also when the pool ends. */
static void test_close_answers(void **state)
{
    struct libhob_pool_options options = {.command = command, .max_workers = 1};
    struct tally tally = TALLY_INIT;
    struct libhob_pool *pool;
    struct libhob_error error;
    (void)state;
    assert_works(libhob_pool_open(&pool, "ending", &options, &error));
    for (int i = 0; i < 5; i++)
        assert_works(libhob_pool_submit(pool, "sleep", NULL, NULL, count, &tally, NULL, &error));
    libhob_pool_close(pool, 0);
    assert_int_equal(tally.answers, 5);
    assert_int_equal(tally.failed, 5);
}

/* A callback that submits the next call. */
struct chain {
    struct tally tally;
    struct libhob_pool *pool;
    int left;
};

static void go_on(void *data, const struct libhob_answer *answer)
{
    struct chain *chain = data;
    if (answer->code == 0 && chain->left-- > 0)
        libhob_pool_submit(chain->pool, "echo", "[]", NULL, go_on, chain, NULL, NULL);
    else
        count(&chain->tally, answer);
}

static void test_chain(void **state)
{
    struct place *place = *state;
    struct chain chain = {.tally = TALLY_INIT, .pool = place->pool, .left = 20};
    struct libhob_error error;
    assert_works(libhob_pool_submit(place->pool, "echo", "[]", NULL, go_on, &chain, NULL, &error));
    wait_for_answers(&chain.tally, 1);
    assert_int_equal(chain.left, -1);
    assert_int_equal(chain.tally.good, 1);
}

/* ---- batches ---- */

static void test_batch(void **state)
{
    struct place *place = *state;
    struct tally tally = TALLY_INIT;
    struct libhob_bytes answer;
    struct libhob_error error;
    assert_works(
        libhob_pool_batch(place->pool,
                          "[{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"echo\",\"params\":[1]},"
                          "{\"jsonrpc\":\"2.0\",\"id\":\"two\",\"method\":\"fly\"},"
                          "{\"jsonrpc\":\"2.0\",\"method\":\"echo\"}]",
                          NULL, &answer, &error));
    assert_int_equal(strncmp(answer.data, "[{\"jsonrpc\":\"2.0\",\"id\":1,\"result\":[1]}", 38), 0);
    assert_non_null(strstr(answer.data, "\"id\":\"two\",\"error\":"));
    libhob_bytes_free(&answer);
    assert_works(libhob_pool_batch(place->pool, "no JSON", NULL, &answer, &error));
    assert_non_null(strstr(answer.data, "-32700"));
    libhob_bytes_free(&answer);
    assert_works(libhob_pool_submit_batch(place->pool,
                                          "{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"echo\"}",
                                          NULL, count, &tally, &error));
    wait_for_answers(&tally, 1);
    assert_non_null(strstr(tally.last, "\"result\":null"));
}

/* ---- opening ---- */

static void test_settings(void **state)
{
    struct libhob_pool *pool = NULL;
    struct libhob_error error;
    (void)state;
    assert_works(libhob_pool_open_yaml(
        &pool, "tools", "command: [python3, worker.py]\nworkers: {max: 1}\n", &error));
    expect(pool, "echo", "[2]", "[2]");
    pool = libhob_pool_close(pool, 0);
    assert_int_equal(libhob_pool_open_yaml(&pool, "tools", "comand: x", &error), LIBHOB_E_VALUE);
    assert_non_null(strstr(error.message, "command"));
    assert_int_equal(
        libhob_pool_open_yaml(&pool, "tools", "{command: [x], workers: {min: 2, max: 1}}", &error),
        LIBHOB_E_VALUE);
    write_file("hob.yml", "pools:\n  tools:\n    command: [python3, worker.py]\n"
                          "    directory: .\nlisten: {port: 1}\n");
    assert_works(libhob_pool_open_file(&pool, "tools", "hob.yml", &error));
    expect(pool, "echo", "[3]", "[3]");
    pool = libhob_pool_close(pool, 0);
    assert_int_equal(libhob_pool_open_file(&pool, "none", "hob.yml", &error), LIBHOB_E_NO_KEY);
    assert_int_equal(libhob_pool_open_file(&pool, "none", "none.yml", &error), LIBHOB_E_NOT_FOUND);
    assert_int_equal(chmod("hob.yml", 0666), 0);
    assert_int_equal(libhob_pool_open_file(&pool, "tools", "hob.yml", &error), LIBHOB_E_PERMISSION);
    assert_null(pool);
}

static void test_wrong_options(void **state)
{
    static const char *const nothing[] = {NULL};
    struct libhob_pool *pool = NULL;
    struct libhob_error error;
    struct libhob_pool_options none = {.command = nothing},
                               odd = {.command = command, .min_workers = 9, .max_workers = 2},
                               dirty = {.command = command, .reserved = {0, 0, 1}};
    (void)state;
    assert_int_equal(libhob_pool_open(&pool, "tools", &none, &error), LIBHOB_E_PARAMETER);
    assert_int_equal(libhob_pool_open(&pool, "tools", &odd, &error), LIBHOB_E_PARAMETER);
    assert_int_equal(libhob_pool_open(&pool, "tools", &dirty, &error), LIBHOB_E_PARAMETER);
    assert_null(pool);
}

/* ---- the process that it is part of ---- */

static void *call_often(void *data)
{
    struct libhob_bytes answer;
    intptr_t failed = 0;
    for (int i = 0; i < 50; i++) {
        failed += libhob_pool_call(data, "echo", "[1]", NULL, &answer, NULL) != 0;
        libhob_bytes_free(&answer);
    }
    return (void *)failed;
}

static void test_threads(void **state)
{
    struct place *place = *state;
    pthread_t threads[4];
    for (int i = 0; i < 4; i++)
        assert_int_equal(pthread_create(&threads[i], NULL, call_often, place->pool), 0);
    for (int i = 0; i < 4; i++) {
        void *failed;
        pthread_join(threads[i], &failed);
        assert_int_equal((intptr_t)failed, 0);
    }
}

static size_t descriptors(void)
{
    size_t found = 0;
    DIR *directory = opendir("/proc/self/fd");
    while (directory != NULL && readdir(directory) != NULL)
        found++;
    if (directory != NULL)
        closedir(directory);
    return found;
}

static void test_nothing_is_left(void **state)
{
    struct libhob_pool_options options = {.command = command, .min_workers = 1};
    struct libhob_error error;
    struct place *place = *state;
    place->pool = libhob_pool_close(place->pool, 0);
    size_t before = descriptors();
    for (int i = 0; i < 3; i++) {
        struct libhob_pool *pool;
        assert_works(libhob_pool_open(&pool, "tools", &options, &error));
        expect(pool, "echo", "[1]", "[1]");
        libhob_pool_close(pool, 1000);
    }
    assert_int_equal(descriptors(), before);
    assert_int_equal(waitpid(-1, NULL, WNOHANG), -1);
    assert_int_equal(errno, ECHILD);
}

static void test_ignored_sigchld(void **state)
{
    struct place *place = *state;
    struct libhob_bytes answer;
    struct libhob_error error;
    signal(SIGCHLD, SIG_IGN);
    expect(place->pool, "echo", "[1]", "[1]");
    assert_int_equal(libhob_pool_call(place->pool, "die", NULL, NULL, &answer, &error),
                     LIBHOB_E_WORKER);
    expect(place->pool, "echo", "[2]", "[2]");
    signal(SIGCHLD, SIG_DFL);
}

static void test_operators(void **state)
{
    struct place *place = *state;
    struct libhob_bytes status;
    struct libhob_error error;
    expect(place->pool, "echo", "[1]", "[1]");
    libhob_pool_restart(place->pool);
    expect(place->pool, "size", "[\"abc\"]", "3");
    assert_works(libhob_pool_status(place->pool, &status, &error));
    assert_non_null(strstr(status.data, "\"name\":\"tools\""));
    libhob_bytes_free(&status);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, enter, leave)
    const struct CMUnitTest tests[] = {
        TEST(test_call),
        TEST(test_wrong_calls),
        TEST(test_timeout_and_death),
        TEST(test_deaf_worker),
        TEST(test_submit),
        TEST(test_cancel),
        TEST(test_close_answers),
        TEST(test_chain),
        TEST(test_batch),
        TEST(test_settings),
        TEST(test_wrong_options),
        TEST(test_threads),
        TEST(test_nothing_is_left),
        TEST(test_ignored_sigchld),
        TEST(test_operators),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
