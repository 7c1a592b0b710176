/* Many threads call, submit, cancel, restart and drain at once, while workers die: every call is
 * answered once, with its own answer or with an error, and nothing is left when the supervisor ends
 * in the middle of it. The program is its own worker.
 *
 * HOB_STRESS is the number of calls of each thread. */
#include "check.h"

#include <dirent.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/log.h"
#include "pool/internal.h"

enum { THREADS = 8, CALLS = 1500, PATIENCE_S = 60 };

/* ---- the worker: `echo` gives its params back ---- */

static void worker_says(const char *text)
{
    fputs(text, stdout);
    fflush(stdout);
}

static int work(void)
{
    static char line[1 << 16];
    while (fgets(line, sizeof line, stdin) != NULL) {
        const char *id = strstr(line, "\"id\":"), *params = strstr(line, "\"params\":");
        unsigned long number = id != NULL ? strtoul(id + 5, NULL, 10) : 0;
        size_t size = params != NULL ? strlen(params + 9) - 2 : 0;
        char answer[1 << 12];
        if (strstr(line, "\"die\"") != NULL)
            _exit(3);
        if (strstr(line, "\"slow\"") != NULL)
            usleep(3000);
        if (strstr(line, "\"hang\"") != NULL)
            for (;;)
                pause();
        if (id == NULL || strstr(line, "cancelRequest") != NULL)
            continue;
        if (strstr(line, "\"tell\"") != NULL)
            for (int i = 0; i < 5; i++) {
                snprintf(answer, sizeof answer,
                         "{\"jsonrpc\":\"2.0\",\"method\":\"$/progress\",\"params\":{\"id\":%lu,"
                         "\"value\":%.*s}}\n",
                         number, (int)size, params + 9);
                worker_says(answer);
            }
        snprintf(answer, sizeof answer, "{\"jsonrpc\":\"2.0\",\"id\":%lu,\"result\":%.*s}\n",
                 number, size > 0 ? (int)size : 4, size > 0 ? params + 9 : "null");
        worker_says(answer);
    }
    return 0;
}

/* ---- a call ---- */

struct asked {
    char params[40];
    atomic_uint answers, late_progress, wrong;
    atomic_int code;
    bool notification;
};

static void answered(void *data, const struct hob_pool_answer *answer)
{
    struct asked *asked = data;
    if (answer->code == 0 && !asked->notification && !hob_text_is(answer->result, asked->params))
        atomic_fetch_add(&asked->wrong, 1);
    if (answer->code != 0 && answer->error->message[0] == '\0')
        atomic_fetch_add(&asked->wrong, 1);
    atomic_store(&asked->code, answer->code);
    atomic_fetch_add(&asked->answers, 1);
}

static void progressed(void *data, struct hob_text method, struct hob_text params)
{
    struct asked *asked = data;
    if (atomic_load(&asked->answers) != 0)
        atomic_fetch_add(&asked->late_progress, 1);
    if (!hob_text_is(method, "\"$/progress\"") ||
        !hob_text_is(hob_message_member(params, "value"), asked->params))
        atomic_fetch_add(&asked->wrong, 1);
}

/* ---- pools ---- */

static struct hob_supervisor *supervise(void)
{
    struct hob_error error = HOB_ERROR_INIT;
    struct hob_supervisor *supervisor = hob_supervisor_new(&error);
    assert_non_null(supervisor);
    return supervisor;
}

static struct hob_pool_options options_for(unsigned workers, unsigned concurrency)
{
    static const char *const command[] = {"/proc/self/exe", "worker", NULL};
    struct hob_pool_options options = HOB_POOL_OPTIONS_INIT;
    options.command = command;
    options.max_workers = workers;
    options.concurrency = concurrency;
    options.queue.max = 100000;
    options.cancel_grace = 50;
    options.stop_grace = 200;
    options.request_timeout = PATIENCE_S * 500;
    options.restart.first = 1;
    options.restart.max = 20;
    options.restart.failures = 0;
    return options;
}

static struct hob_pool *open_pool(struct hob_supervisor *supervisor, const char *name,
                                  unsigned workers, unsigned concurrency)
{
    struct hob_pool *pool;
    struct hob_error error = HOB_ERROR_INIT;
    struct hob_pool_options options = options_for(workers, concurrency);
    assert_int_equal(hob_pool_open(&pool, supervisor, name, &options, &error), 0);
    return pool;
}

static unsigned descriptors(void)
{
    unsigned count = 0;
    DIR *directory = opendir("/proc/self/fd");
    while (directory != NULL && readdir(directory) != NULL)
        count++;
    if (directory != NULL)
        closedir(directory);
    return count;
}

static void assert_no_children(void)
{
    assert_int_equal(waitpid(-1, NULL, WNOHANG), -1);
}

/* ---- many threads ---- */

struct party {
    struct hob_supervisor *supervisor;
    struct hob_pool *pools[2];
    unsigned number, calls;
    struct asked *asked;
    unsigned answers, failures, mismatches, refusals;
};

static unsigned draw(unsigned *state)
{
    *state = *state * 1664525u + 1013904223u;
    return *state >> 8;
}

/* One that hangs would hold up the other calls of its worker. */
static const char *pick_method(unsigned chance, bool single)
{
    if (chance % 50 == 0)
        return "\"die\"";
    if (chance % 200 == 1 && single)
        return "\"hang\"";
    if (chance % 10 == 2)
        return "\"slow\"";
    return chance % 5 == 3 ? "\"tell\"" : "\"echo\"";
}

static void ask_and_wait(struct party *party, struct hob_pool *pool,
                         const struct hob_pool_request *request, const char *params)
{
    HOB_AUTO(buffer) struct hob_buffer result = HOB_BUFFER_INIT;
    bool is_rpc_error;
    struct hob_error error = HOB_ERROR_INIT;
    int code = hob_pool_call(pool, request, &result, &is_rpc_error, &error);
    party->answers++;
    if (code == 0 && (is_rpc_error || !hob_text_is(hob_buffer_text(&result), params)))
        party->mismatches++;
    if (code != 0 && error.message[0] == '\0')
        party->mismatches++;
    party->failures += code != 0;
}

static void act(struct party *party, unsigned i, unsigned *state)
{
    unsigned chance = draw(state);
    struct asked *asked = &party->asked[i];
    struct hob_pool *pool = party->pools[chance % 2];
    struct hob_pool_handlers handlers = {answered, progressed, asked};
    uint64_t id;
    chance = draw(state);
    snprintf(asked->params, sizeof asked->params, "{\"n\":%u,\"i\":%u}", party->number, i);
    struct hob_pool_request request = {
        .method = hob_text_from(pick_method(chance, pool == party->pools[0])),
        .params = hob_text_from(asked->params),
        .timeout = chance % 200 == 1 || chance % 30 == 4 ? 1 + draw(state) % 30 : 0,
        .idempotent = chance % 3 == 0,
        .notification = chance % 40 == 5,
    };
    asked->notification = request.notification;
    if (draw(state) % 2 == 0 && !request.notification) {
        ask_and_wait(party, pool, &request, asked->params);
        atomic_store(&asked->answers, 1);
        return;
    }
    if (hob_pool_submit(pool, &request, &handlers, &id, NULL, NULL) != 0) {
        party->refusals++;
        atomic_store(&asked->answers, 1);
        return;
    }
    if (draw(state) % 4 == 0)
        hob_pool_cancel(pool, id);
}

static void *take_part(void *data)
{
    struct party *party = data;
    unsigned state = party->number * 7919 + 1;
    for (unsigned i = 0; i < party->calls; i++)
        act(party, i, &state);
    return NULL;
}

struct trouble {
    struct party *party;
    atomic_bool over;
};

static void *make_trouble(void *data)
{
    struct trouble *trouble = data;
    unsigned state = 42;
    while (!atomic_load(&trouble->over)) {
        HOB_AUTO(buffer) struct hob_buffer out = HOB_BUFFER_INIT;
        struct hob_pool *pool = trouble->party->pools[draw(&state) % 2];
        if (draw(&state) % 3 == 0)
            hob_pool_drain(pool);
        hob_supervisor_put_status(&out, trouble->party->supervisor);
        hob_pool_put_logs(&out, pool);
        usleep(draw(&state) % 20000);
        hob_pool_restart(pool);
    }
    return NULL;
}

static unsigned calls_of_each(void)
{
    const char *text = getenv("HOB_STRESS");
    return text != NULL ? (unsigned)strtoul(text, NULL, 10) : CALLS;
}

static void count_answers(struct party *parties, bool all)
{
    unsigned long calls = 0, failures = 0, refusals = 0;
    for (unsigned n = 0; n < THREADS; n++) {
        for (unsigned i = 0; i < parties[n].calls; i++) {
            struct asked *asked = &parties[n].asked[i];
            uint64_t started = hob_clock_now();
            while (!all && atomic_load(&asked->answers) == 0 &&
                   hob_clock_milliseconds_since(started) < PATIENCE_S * 1e3)
                usleep(1000);
            assert_int_equal(atomic_load(&asked->answers), 1);
            assert_int_equal(atomic_load(&asked->late_progress), 0);
            assert_int_equal(atomic_load(&asked->wrong), 0);
            failures += atomic_load(&asked->code) != 0;
        }
        assert_int_equal(parties[n].mismatches, 0);
        calls += parties[n].calls;
        failures += parties[n].failures;
        refusals += parties[n].refusals;
    }
    printf("# %lu calls, %lu answered by an error, %lu refused\n", calls, failures, refusals);
}

/* The supervisor ends in the middle of everything, or after it. */
static void run_parties(bool stop_early)
{
    unsigned before = descriptors();
    struct party parties[THREADS];
    pthread_t threads[THREADS], troublemaker;
    struct hob_supervisor *supervisor = supervise();
    struct hob_pool *single = open_pool(supervisor, "single", 3, 1);
    struct hob_pool *several = open_pool(supervisor, "several", 2, 4);
    for (unsigned n = 0; n < THREADS; n++) {
        parties[n] =
            (struct party){supervisor, {single, several}, n, calls_of_each(), NULL, 0, 0, 0, 0};
        parties[n].asked = hob_alloc_zero(parties[n].calls, sizeof *parties[n].asked);
        pthread_create(&threads[n], NULL, take_part, &parties[n]);
    }
    struct trouble trouble = {.party = &parties[0]};
    pthread_create(&troublemaker, NULL, make_trouble, &trouble);
    if (stop_early) {
        usleep(300000);
        hob_supervisor_stop(supervisor, 10);
    }
    for (unsigned n = 0; n < THREADS; n++)
        pthread_join(threads[n], NULL);
    atomic_store(&trouble.over, true);
    pthread_join(troublemaker, NULL);
    hob_pool_restart(single);
    hob_pool_restart(several);
    count_answers(parties, stop_early);
    hob_supervisor_free(supervisor, 0);
    for (unsigned n = 0; n < THREADS; n++)
        free(parties[n].asked);
    assert_no_children();
    assert_int_equal(descriptors(), before);
}

static void every_call_is_answered_once(void **state)
{
    (void)state;
    run_parties(false);
}

static void stopping_answers_what_is_in_flight(void **state)
{
    (void)state;
    run_parties(true);
}

/* ---- callbacks ---- */

struct chain {
    struct hob_pool *pool;
    atomic_uint left;
    atomic_int refused;
};

static void go_on(void *data, const struct hob_pool_answer *answer)
{
    struct chain *chain = data;
    HOB_AUTO(buffer) struct hob_buffer result = HOB_BUFFER_INIT;
    bool is_rpc_error;
    struct hob_pool_request request = {.method = HOB_TEXT("\"echo\""), .params = HOB_TEXT("[1]")};
    if (answer->code != 0)
        return;
    if (atomic_fetch_sub(&chain->left, 1) == 1)
        return;
    if (hob_pool_call(chain->pool, &request, &result, &is_rpc_error, NULL) != HOB_E_PARAMETER)
        atomic_fetch_add(&chain->refused, 1);
    hob_pool_submit(chain->pool, &request, &(struct hob_pool_handlers){go_on, NULL, chain}, NULL,
                    NULL, NULL);
}

static void callbacks_may_submit_and_not_wait(void **state)
{
    (void)state;
    struct hob_supervisor *supervisor = supervise();
    struct chain chain = {.pool = open_pool(supervisor, "chain", 1, 1), .left = 1000};
    struct hob_pool_request request = {.method = HOB_TEXT("\"echo\""), .params = HOB_TEXT("[1]")};
    assert_int_equal(hob_pool_submit(chain.pool, &request,
                                     &(struct hob_pool_handlers){go_on, NULL, &chain}, NULL, NULL,
                                     NULL),
                     0);
    uint64_t started = hob_clock_now();
    while (atomic_load(&chain.left) > 0 && hob_clock_milliseconds_since(started) < PATIENCE_S * 1e3)
        usleep(1000);
    assert_int_equal(atomic_load(&chain.left), 0);
    assert_int_equal(atomic_load(&chain.refused), 0);
    hob_supervisor_free(supervisor, 0);
}

/* ---- a thread that drives, and another one that ends its call ---- */

static void *call_that_hangs(void *data)
{
    struct hob_pool *pool = data;
    HOB_AUTO(buffer) struct hob_buffer result = HOB_BUFFER_INIT;
    bool is_rpc_error;
    struct hob_pool_request request = {.method = HOB_TEXT("\"hang\"")};
    return hob_pool_call(pool, &request, &result, &is_rpc_error, NULL) == HOB_E_BUSY ? data : NULL;
}

static void a_waiting_thread_returns_when_the_pools_end(void **state)
{
    (void)state;
    struct hob_supervisor *supervisor = supervise();
    struct hob_pool *pool = open_pool(supervisor, "hangs", 4, 1);
    pthread_t threads[4];
    for (int i = 0; i < 4; i++)
        pthread_create(&threads[i], NULL, call_that_hangs, pool);
    usleep(100000);
    hob_supervisor_stop(supervisor, 0);
    for (int i = 0; i < 4; i++) {
        void *result;
        pthread_join(threads[i], &result);
        assert_ptr_equal(result, pool);
    }
    hob_supervisor_free(supervisor, 0);
    assert_no_children();
}

/* ---- pools that are replaced while they are used ---- */

static struct hob_pool *find_changing(struct hob_supervisor *supervisor)
{
    struct hob_pool *pool = hob_pool_find(supervisor, HOB_TEXT("changing"));
    assert_non_null(pool); /* it is replaced, and never away */
    return pool;
}

static void replace_changing(struct hob_supervisor *supervisor)
{
    struct hob_pool *pool;
    struct hob_error error = HOB_ERROR_INIT;
    struct hob_pool_options options = options_for(2, 1);
    assert_int_equal(hob_pool_open_anew(&pool, supervisor, "changing", &options, &error), 0);
}

static size_t count_pools(struct hob_supervisor *supervisor)
{
    size_t count = 0;
    pool_lock(supervisor);
    for (struct hob_pool *pool = supervisor->pools; pool != NULL; pool = pool->next)
        count++;
    pool_unlock(supervisor);
    return count;
}

static void assert_one_pool_is_left(struct hob_supervisor *supervisor)
{
    uint64_t started = hob_clock_now();
    while (count_pools(supervisor) > 1 && hob_clock_milliseconds_since(started) < PATIENCE_S * 1e3)
        usleep(10000);
    assert_int_equal(count_pools(supervisor), 1);
}

/* A pool is held no longer than it takes to ask it. */
static void *use_what_changes(void *data)
{
    struct party *party = data;
    unsigned state = party->number * 7919 + 1;
    for (unsigned i = 0; i < party->calls; i++) {
        HOB_AUTO(buffer) struct hob_buffer out = HOB_BUFFER_INIT;
        HOB_AUTO(pool) struct hob_pool *pool = find_changing(party->supervisor);
        if (draw(&state) % 20 == 0)
            hob_pool_put_status(&out, pool);
        party->pools[0] = party->pools[1] = pool;
        act(party, i, &state);
    }
    return NULL;
}

static void a_pool_that_was_replaced_goes_when_nothing_refers_to_it(void **state)
{
    (void)state;
    enum { ROUNDS = 60 };
    struct party parties[THREADS];
    pthread_t threads[THREADS];
    struct hob_supervisor *supervisor = supervise();
    replace_changing(supervisor);
    for (unsigned n = 0; n < THREADS; n++) {
        parties[n] =
            (struct party){supervisor, {NULL, NULL}, n, calls_of_each() / 5, NULL, 0, 0, 0, 0};
        parties[n].asked = hob_alloc_zero(parties[n].calls, sizeof *parties[n].asked);
        pthread_create(&threads[n], NULL, use_what_changes, &parties[n]);
    }
    for (unsigned i = 0; i < ROUNDS; i++) {
        usleep(5000);
        replace_changing(supervisor);
    }
    for (unsigned n = 0; n < THREADS; n++)
        pthread_join(threads[n], NULL);
    count_answers(parties, false);
    assert_one_pool_is_left(supervisor);
    hob_supervisor_free(supervisor, 0);
    for (unsigned n = 0; n < THREADS; n++)
        free(parties[n].asked);
    assert_no_children();
}

static void a_pool_that_is_held_stays(void **state)
{
    (void)state;
    struct hob_supervisor *supervisor = supervise();
    HOB_AUTO(buffer) struct hob_buffer result = HOB_BUFFER_INIT, status = HOB_BUFFER_INIT;
    bool is_rpc_error;
    struct hob_pool_request request = {.method = HOB_TEXT("\"echo\""), .params = HOB_TEXT("[1]")};
    replace_changing(supervisor);
    struct hob_pool *held = find_changing(supervisor);
    replace_changing(supervisor);
    pool_lock(supervisor);
    pool_sweep(supervisor);
    pool_unlock(supervisor);
    assert_int_equal(count_pools(supervisor), 2);
    assert_int_equal(hob_pool_call(held, &request, &result, &is_rpc_error, NULL), 0);
    assert_text_equal(hob_buffer_text(&result), "[1]");
    hob_pool_put_status(&status, held);
    assert_int_equal(count_pools(supervisor), 2);
    hob_pool_release(held);
    assert_one_pool_is_left(supervisor);
    hob_supervisor_free(supervisor, 0);
}

struct brought {
    struct hob_pool *held;
    struct asked asked;
};

static void *submit_and_release(void *data)
{
    struct brought *brought = data;
    snprintf(brought->asked.params, sizeof brought->asked.params, "[1]");
    struct hob_pool_request request = {.method = HOB_TEXT("\"echo\""),
                                       .params = hob_text_from(brought->asked.params)};
    struct hob_pool_handlers handlers = {answered, progressed, &brought->asked};
    int code = hob_pool_submit(brought->held, &request, &handlers, NULL, NULL, NULL);
    hob_pool_release(brought->held);
    return code == 0 ? data : NULL;
}

/* Who finds the lock taken leaves the call, and does not wait. */
static void a_call_that_was_left_for_others_keeps_its_pool(void **state)
{
    (void)state;
    struct hob_supervisor *supervisor = supervise();
    pthread_t thread;
    void *taken;
    replace_changing(supervisor);
    struct brought brought = {.held = find_changing(supervisor)};
    replace_changing(supervisor);
    pool_lock(supervisor);
    pthread_create(&thread, NULL, submit_and_release, &brought);
    pthread_join(thread, &taken);
    pool_sweep(supervisor);
    pool_unlock(supervisor);
    assert_ptr_equal(taken, &brought);
    uint64_t started = hob_clock_now();
    while (atomic_load(&brought.asked.answers) == 0 &&
           hob_clock_milliseconds_since(started) < PATIENCE_S * 1e3)
        usleep(1000);
    assert_int_equal(atomic_load(&brought.asked.answers), 1);
    assert_int_equal(atomic_load(&brought.asked.code), 0);
    assert_int_equal(atomic_load(&brought.asked.wrong), 0);
    assert_one_pool_is_left(supervisor);
    hob_supervisor_free(supervisor, 0);
}

/* Whether hob_pool_call gives that; a worker answers with the params that it was sent. */
static bool call_gives(struct hob_pool *pool, const struct hob_pool_request *request,
                       const char *expected)
{
    HOB_AUTO(buffer) struct hob_buffer result = HOB_BUFFER_INIT;
    bool is_rpc_error = false;
    int code = hob_pool_call(pool, request, &result, &is_rpc_error, NULL);
    return code == 0 && !is_rpc_error && strstr(hob_buffer_string(&result), expected) != NULL;
}

/* Says what a client of MCP says, again and again. */
static void *be_a_client(void *data)
{
    struct hob_pool *pool = data;
    enum { ROUNDS = 150, BETWEEN_DEATHS = 10 };
    const struct hob_pool_request initialize = {
        .method = HOB_TEXT("\"initialize\""),
        .params = HOB_TEXT("{\"clientInfo\":{\"name\":\"mine\"}}")};
    const struct hob_pool_request initialized = {
        .method = HOB_TEXT("\"notifications/initialized\""), .notification = true};
    const struct hob_pool_request echo = {
        .method = HOB_TEXT("\"echo\""), .params = HOB_TEXT("[\"mine\"]"), .idempotent = true};
    const struct hob_pool_request die = {.method = HOB_TEXT("\"die\"")};
    for (int i = 0; i < ROUNDS; i++) {
        if (!call_gives(pool, &initialize, "\"clientInfo\":{\"name\":\"hob\"") ||
            !call_gives(pool, &initialized, "null"))
            return NULL;
        if (i % BETWEEN_DEATHS == 0)
            call_gives(pool, &die, "");
        else if (i % 2 == 0) /* may be taken along by those who die */
            call_gives(pool, &echo, "[\"mine\"]");
    }
    return data;
}

/* Clients of MCP, some of them while there is no worker, are told what the workers told hob. */
static void everybody_is_told_the_handshake(void **state)
{
    (void)state;
    struct hob_supervisor *supervisor = supervise();
    struct hob_error error = HOB_ERROR_INIT;
    struct hob_pool *pool;
    struct hob_pool_options options = options_for(2, 1);
    pthread_t threads[THREADS];
    options.protocol = HOB_POOL_MCP;
    assert_int_equal(hob_pool_open(&pool, supervisor, "mcp", &options, &error), 0);
    for (int i = 0; i < THREADS; i++)
        pthread_create(&threads[i], NULL, be_a_client, pool);
    for (int i = 0; i < THREADS; i++) {
        void *succeeded;
        pthread_join(threads[i], &succeeded);
        assert_ptr_equal(succeeded, pool);
    }
    hob_supervisor_free(supervisor, 1000);
}

int main(int count, char **words)
{
    hob_log_set_level(HOB_LOG_ERROR);
    if (count > 1 && strcmp(words[1], "worker") == 0)
        return work();
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_call_is_answered_once),
        cmocka_unit_test(stopping_answers_what_is_in_flight),
        cmocka_unit_test(callbacks_may_submit_and_not_wait),
        cmocka_unit_test(a_waiting_thread_returns_when_the_pools_end),
        cmocka_unit_test(a_pool_that_was_replaced_goes_when_nothing_refers_to_it),
        cmocka_unit_test(a_pool_that_is_held_stays),
        cmocka_unit_test(a_call_that_was_left_for_others_keeps_its_pool),
        cmocka_unit_test(everybody_is_told_the_handshake),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
