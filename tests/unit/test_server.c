/* Tests of the parts of the server that need no client: cache, worker threads, guard, routes and
 * error bodies. What clients see is in tests/integration. */
#include "check.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "server/answer.h"
#include "server/bounds.h"
#include "server/cache.h"
#include "server/guard.h"
#include "server/http_head.h"
#include "server/routes.h"
#include "server/work.h"

/* ---- cache ---- */

static struct hob_response *new_response(size_t size)
{
    struct hob_buffer body = HOB_BUFFER_INIT;
    hob_buffer_put_repeated(&body, 'x', size);
    struct hob_response *response = hob_response_new(200, &body);
    assert_non_null(response);
    return response;
}

static const int route_a, route_b;

static struct hob_cache_key key_of(const char *body)
{
    return (struct hob_cache_key){&route_a, hob_text_from(body)};
}

static void keep(struct hob_cache *cache, const char *body, size_t size)
{
    struct hob_response *response = new_response(size);
    hob_cache_keep(cache, key_of(body), response, hob_sources_new(), 5);
    hob_response_unref(response);
}

/* The size of the answer that the cache gives, or -1. */
static int find(struct hob_cache *cache, struct hob_cache_key key)
{
    uint64_t cost;
    HOB_AUTO(response) struct hob_response *response = hob_cache_find(cache, key, &cost);
    return response != NULL ? (int)hob_response_size(response) : -1;
}

static void an_answer_is_found_by_its_route_and_its_body(void **state)
{
    (void)state;
    struct hob_cache *cache = hob_cache_new(100000, 10000);
    keep(cache, "one", 10);
    keep(cache, "two", 20);
    keep(cache, "", 30);
    assert_int_equal(find(cache, key_of("one")), 10);
    assert_int_equal(find(cache, key_of("two")), 20);
    assert_int_equal(find(cache, key_of("")), 30);
    assert_int_equal(find(cache, key_of("three")), -1);
    assert_int_equal(find(cache, (struct hob_cache_key){&route_b, HOB_TEXT("one")}), -1);
    struct hob_cache_counts counts = hob_cache_count(cache);
    assert_int_equal(counts.hits, 3);
    assert_int_equal(counts.misses, 2);
    assert_int_equal(counts.entries, 3);
    hob_cache_free(cache);
}

static void a_newer_answer_takes_the_place_of_the_older(void **state)
{
    (void)state;
    struct hob_cache *cache = hob_cache_new(100000, 10000);
    keep(cache, "one", 10);
    keep(cache, "one", 20);
    assert_int_equal(find(cache, key_of("one")), 20);
    assert_int_equal(hob_cache_count(cache).entries, 1);
    hob_cache_free(cache);
}

static void what_was_used_longest_ago_leaves_first(void **state)
{
    (void)state;
    struct hob_cache *cache = hob_cache_new(4000, 2000);
    keep(cache, "a", 1000);
    keep(cache, "b", 1000);
    keep(cache, "c", 1000);
    assert_int_equal(find(cache, key_of("a")), 1000);
    keep(cache, "d", 1000);
    assert_int_equal(find(cache, key_of("b")), -1);
    assert_int_equal(find(cache, key_of("a")), 1000);
    assert_int_equal(find(cache, key_of("c")), 1000);
    assert_int_equal(find(cache, key_of("d")), 1000);
    assert_true(hob_cache_count(cache).bytes <= 4000);
    hob_cache_free(cache);
}

static void what_is_too_large_is_not_kept(void **state)
{
    (void)state;
    struct hob_cache *cache = hob_cache_new(4000, 2000);
    keep(cache, "a", 1000);
    keep(cache, "large", 2001);
    assert_int_equal(find(cache, key_of("large")), -1);
    assert_int_equal(find(cache, key_of("a")), 1000);
    hob_cache_free(cache);
    cache = hob_cache_new(0, 2000);
    keep(cache, "a", 1);
    assert_int_equal(find(cache, key_of("a")), -1);
    hob_cache_free(cache);
}

static void a_cache_can_be_made_smaller_and_larger(void **state)
{
    (void)state;
    struct hob_cache *cache = hob_cache_new(100000, 10000);
    keep(cache, "a", 1000);
    keep(cache, "b", 1000);
    hob_cache_resize(cache, 2000);
    assert_int_equal(find(cache, key_of("a")), -1);
    assert_int_equal(find(cache, key_of("b")), 1000);
    assert_true(hob_cache_count(cache).bytes <= 2000);
    assert_true(hob_cache_is_on(cache));
    hob_cache_resize(cache, 0);
    assert_false(hob_cache_is_on(cache));
    assert_int_equal(hob_cache_count(cache).entries, 0);
    keep(cache, "a", 1);
    assert_int_equal(find(cache, key_of("a")), -1);
    hob_cache_resize(cache, 4000);
    keep(cache, "a", 1);
    assert_int_equal(find(cache, key_of("a")), 1);
    hob_cache_free(cache);
}

/* ---- bounds ---- */

static void bounds_live_as_long_as_somebody_holds_them(void **state)
{
    (void)state;
    struct hob_bounds_place place;
    hob_bounds_init(&place);
    assert_int_equal(hob_bounds_number(&place), 0);
    hob_bounds_replace(&place, hob_roots_new(), 10);
    struct hob_bounds *first = hob_bounds_hold(&place), *again = hob_bounds_hold(&place);
    assert_ptr_equal(first, again);
    hob_bounds_replace(&place, hob_roots_new(), 20);
    assert_int_equal(hob_bounds_number(&place), 2);
    struct hob_bounds *second = hob_bounds_hold(&place);
    assert_int_equal(first->max_file_size, 10);
    assert_int_equal(first->number, 1);
    assert_int_equal(second->max_file_size, 20);
    hob_bounds_release(&place, first);
    assert_int_equal(again->max_file_size, 10);
    assert_int_equal(hob_roots_check(again->roots, ".", NULL), HOB_E_OUTSIDE);
    hob_bounds_release(&place, again);
    hob_bounds_release(&place, second);
    hob_bounds_deinit(&place);
}

static void an_answer_in_use_outlives_the_cache(void **state)
{
    (void)state;
    struct hob_cache *cache = hob_cache_new(4000, 2000);
    keep(cache, "a", 7);
    uint64_t cost;
    struct hob_response *response = hob_cache_find(cache, key_of("a"), &cost);
    assert_non_null(response);
    assert_int_equal(cost, 5);
    hob_cache_free(cache);
    assert_int_equal(hob_response_size(response), 7);
    hob_response_unref(response);
}

static void an_answer_out_of_date_is_not_given_but_its_cost_is_known(void **state)
{
    (void)state;
    struct hob_cache *cache = hob_cache_new(4000, 2000);
    struct hob_sources *sources = hob_sources_new();
    hob_sources_set_volatile(sources);
    struct hob_response *response = new_response(7);
    uint64_t cost = 0;
    hob_cache_keep(cache, key_of("a"), response, sources, 1234);
    hob_response_unref(response);
    assert_null(hob_cache_find(cache, key_of("a"), &cost));
    assert_int_equal(cost, 1234);
    assert_null(hob_cache_find(cache, key_of("never"), &cost));
    assert_int_equal(cost, 0);
    hob_cache_free(cache);
}

static void many_answers_are_all_found(void **state)
{
    (void)state;
    struct hob_cache *cache = hob_cache_new((size_t)64 << 20, 2000);
    char body[32];
    for (int i = 0; i < 5000; i++) {
        snprintf(body, sizeof body, "body %d", i);
        keep(cache, body, (size_t)i % 100);
    }
    for (int i = 0; i < 5000; i++) {
        snprintf(body, sizeof body, "body %d", i);
        assert_int_equal(find(cache, key_of(body)), i % 100);
    }
    hob_cache_clear(cache);
    assert_int_equal(find(cache, key_of("body 7")), -1);
    assert_int_equal(hob_cache_count(cache).bytes, 0);
    hob_cache_free(cache);
}

static void *hammer(void *context)
{
    struct hob_cache *cache = context;
    char body[32];
    for (int i = 0; i < 3000; i++) {
        snprintf(body, sizeof body, "%d", i * 7 % 50);
        if (find(cache, key_of(body)) < 0)
            keep(cache, body, 500);
    }
    return NULL;
}

static void threads_may_find_keep_and_evict_at_once(void **state)
{
    (void)state;
    struct hob_cache *cache = hob_cache_new(10000, 2000);
    pthread_t threads[4];
    for (int i = 0; i < 4; i++)
        assert_int_equal(pthread_create(&threads[i], NULL, hammer, cache), 0);
    for (int i = 0; i < 4; i++)
        pthread_join(threads[i], NULL);
    assert_true(hob_cache_count(cache).bytes <= 10000);
    hob_cache_free(cache);
}

/* ---- worker threads ---- */

struct test_job {
    struct hob_job job;
    atomic_int *done;
    pthread_mutex_t *gate; /* waited for, when there is one */
};

static void run_test_job(struct hob_job *job)
{
    struct test_job *test = (struct test_job *)job;
    if (test->gate != NULL) {
        pthread_mutex_lock(test->gate);
        pthread_mutex_unlock(test->gate);
    }
    atomic_fetch_add(test->done, 1);
}

static void every_job_that_was_taken_is_done(void **state)
{
    (void)state;
    enum { COUNT = 1000 };
    static struct test_job jobs[COUNT];
    atomic_int done = 0;
    struct hob_work *work = hob_work_new(4, COUNT);
    size_t waiting;
    unsigned threads;
    hob_work_count(work, &waiting, &threads);
    assert_int_equal(threads, 0);
    for (int i = 0; i < COUNT; i++) {
        jobs[i] = (struct test_job){{.run = run_test_job}, &done, NULL};
        assert_true(hob_work_submit(work, &jobs[i].job));
    }
    hob_work_count(work, &waiting, &threads);
    assert_in_range(threads, 1, 4);
    hob_work_free(work);
    assert_int_equal(done, COUNT);
}

static void a_full_queue_takes_no_more(void **state)
{
    (void)state;
    pthread_mutex_t gate = PTHREAD_MUTEX_INITIALIZER;
    atomic_int done = 0;
    struct test_job jobs[5];
    struct hob_work *work = hob_work_new(1, 2);
    pthread_mutex_lock(&gate);
    int taken = 0;
    for (int i = 0; i < 5; i++) {
        jobs[i] = (struct test_job){{.run = run_test_job}, &done, &gate};
        taken += hob_work_submit(work, &jobs[i].job) ? 1 : 0;
    }
    /* Two wait; one more if the thread has begun with the first already. */
    assert_in_range(taken, 2, 3);
    pthread_mutex_unlock(&gate);
    hob_work_free(work);
    assert_int_equal(done, taken);
}

static void jobs_that_are_abandoned_are_counted_and_never_run(void **state)
{
    (void)state;
    pthread_mutex_t gate = PTHREAD_MUTEX_INITIALIZER;
    atomic_int done = 0;
    struct test_job jobs[3];
    struct hob_work *work = hob_work_new(1, 3);
    assert_int_equal(hob_work_abandon(work), 0);
    hob_work_free(work);
    work = hob_work_new(1, 3);
    pthread_mutex_lock(&gate);
    for (int i = 0; i < 3; i++) {
        jobs[i] = (struct test_job){{.run = run_test_job}, &done, &gate};
        assert_true(hob_work_submit(work, &jobs[i].job));
    }
    size_t waiting = 3;
    unsigned threads;
    while (waiting == 3)
        hob_work_count(work, &waiting, &threads);
    assert_int_equal(hob_work_abandon(work), 3);
    assert_false(hob_work_submit(work, &jobs[1].job));
    pthread_mutex_unlock(&gate);
    hob_work_free(work);
    assert_int_equal(done, 1);
}

/* ---- guard ---- */

static bool is_own(const struct hob_guard *guard, const char *host)
{
    return hob_guard_is_own_host(guard, hob_text_from(host), -1);
}

static void a_host_is_our_own_by_name_and_port(void **state)
{
    (void)state;
    struct hob_guard guard = {.host = "hob.example", .port = 8765};
    assert_true(is_own(&guard, "127.0.0.1:8765"));
    assert_true(is_own(&guard, "localhost:8765"));
    assert_true(is_own(&guard, "LocalHost:8765"));
    assert_true(is_own(&guard, "[::1]:8765"));
    assert_true(is_own(&guard, "hob.example:8765"));
    static const char *const foreign[] = {
        "",
        ":",
        ":8765",
        "localhost",
        "localhost:",
        "[::1]",
        "[::1",
        "::1:8765",
        "localhost:8766",
        "localhost:08765x",
        "evil",
        "evil:8765",
        "localhost.:8765",
        "xlocalhost:8765",
        "localhost:-8765",
        "localhost:08765",
        "localhost:+8765",
        "localhost: 8765",
        "localhost:8765 ",
        "localhost:0",
        "localhost:74301",
        "[::1]8",
        "127.0.0.1:",
        "127.0.0.2:8765",
        "hob.example.:8765",
        "localhost:8765:8765",
    };
    for (size_t i = 0; i < sizeof foreign / sizeof *foreign; i++)
        if (is_own(&guard, foreign[i]))
            fail_msg("'%s' was taken for this server", foreign[i]);
}

static void a_port_that_is_not_said_is_eighty(void **state)
{
    (void)state;
    struct hob_guard guard = {.host = "127.0.0.1", .port = 80};
    assert_true(is_own(&guard, "localhost"));
    assert_true(is_own(&guard, "[::1]"));
    assert_true(is_own(&guard, "localhost:80"));
    assert_false(is_own(&guard, "localhost:8080"));
}

/* ---- targets ---- */

static void assert_target(const char *target, const char *path, const char *authority)
{
    struct hob_text found = HOB_TEXT("host");
    assert_string_equal(hob_http_read_target(target, &found), path);
    assert_int_equal(found.size, strlen(authority));
    assert_memory_equal(found.data, authority, found.size);
}

static void a_target_may_name_its_server(void **state)
{
    (void)state;
    assert_target("/api/ping", "/api/ping", "host");
    assert_target("http://a:1/api/ping", "/api/ping", "a:1");
    assert_target("HTTP://a", "/", "a");
    assert_target("http:///x", "/x", "");
    assert_target("/http://a/x", "/http://a/x", "host");
    assert_target("https://a/x", "https://a/x", "host");
    assert_target("http:/", "http:/", "host");
    assert_target("", "", "host");
}

static void assert_unescaped(const char *text, const char *expected)
{
    char copy[64];
    snprintf(copy, sizeof copy, "%s", text);
    assert_int_equal(hob_http_unescape(NULL, NULL, copy), strlen(expected));
    assert_string_equal(copy, expected);
}

static void escapes_are_decoded_but_for_slash_and_nul(void **state)
{
    (void)state;
    assert_unescaped("/api", "/api");
    assert_unescaped("%41%7a%C3%a9b", "Az\xc3\xa9"
                                      "b");
    assert_unescaped("a%2Fb%2fc%00d", "a%2Fb%2fc%00d");
    assert_unescaped("%252F", "%2F");
    assert_unescaped("%", "%");
    assert_unescaped("%4", "%4");
    assert_unescaped("%4%41%zz%", "%4A%zz%");
}

/* ---- routes and answers ---- */

static void paths_are_found_with_one_slash_more(void **state)
{
    (void)state;
    size_t count;
    const struct hob_route *routes = hob_routes(&count);
    char path[256];
    for (size_t i = 0; i < count; i++) {
        assert_ptr_equal(hob_route_find(routes[i].path), &routes[i]);
        snprintf(path, sizeof path, "%s/", routes[i].path);
        assert_ptr_equal(hob_route_find(path), &routes[i]);
        snprintf(path, sizeof path, "%s//", routes[i].path);
        assert_null(hob_route_find(path));
        snprintf(path, sizeof path, "%.*s", (int)strlen(routes[i].path) - 1, routes[i].path);
        if (strchr(path, '{') == NULL) /* which stands for any part, a shorter one too */
            assert_null(hob_route_find(path));
    }
    assert_null(hob_route_find(""));
    assert_null(hob_route_find("/"));
    assert_null(hob_route_find("//"));
}

static void every_route_and_parameter_explains_itself(void **state)
{
    (void)state;
    size_t count;
    const struct hob_route *routes = hob_routes(&count);
    for (size_t i = 0; i < count; i++) {
        assert_true((routes[i].handle != NULL) != (routes[i].relay != NULL));
        assert_int_not_equal(routes[i].methods, 0);
        assert_true(strlen(routes[i].summary) > 10);
        const struct hob_parameter *parameter = routes[i].parameters;
        for (; parameter != NULL && parameter->name != NULL; parameter++) {
            assert_non_null(parameter->type);
            assert_true(strlen(parameter->help) > 5);
        }
    }
}

static void allowed_methods_are_listed(void **state)
{
    (void)state;
    HOB_AUTO(buffer) struct hob_buffer out = HOB_BUFFER_INIT;
    hob_route_put_methods(&out, hob_route_find("/api/ping"));
    assert_text_equal(hob_buffer_text(&out), "GET, HEAD, POST");
    hob_buffer_clear(&out);
    hob_route_put_methods(&out, hob_route_find("/api/read_data"));
    assert_text_equal(hob_buffer_text(&out), "POST");
}

static void an_error_has_the_status_of_its_code(void **state)
{
    (void)state;
    struct hob_error error = HOB_ERROR_INIT;
    hob_error_set(&error, HOB_E_OUTSIDE, "no");
    struct hob_response *response = hob_answer_error(HOB_ENVELOPE_TYPED, &error, 0);
    assert_int_equal(hob_response_status(response), 403);
    assert_int_equal(hob_response_size(response),
                     strlen("{\"status\":\"error\",\"error_type\":\"PathEscapeError\","
                            "\"error_message\":\"no\"}"));
    hob_response_unref(response);
    response = hob_answer_error(HOB_ENVELOPE_TEXT_VALUE, &error, 400);
    assert_int_equal(hob_response_status(response), 400);
    assert_int_equal(hob_response_size(response),
                     strlen("{\"status\":\"error\",\"error\":\"no\",\"value\":\"\"}"));
    hob_response_unref(response);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_answer_is_found_by_its_route_and_its_body),
        cmocka_unit_test(a_newer_answer_takes_the_place_of_the_older),
        cmocka_unit_test(what_was_used_longest_ago_leaves_first),
        cmocka_unit_test(what_is_too_large_is_not_kept),
        cmocka_unit_test(a_cache_can_be_made_smaller_and_larger),
        cmocka_unit_test(bounds_live_as_long_as_somebody_holds_them),
        cmocka_unit_test(an_answer_in_use_outlives_the_cache),
        cmocka_unit_test(an_answer_out_of_date_is_not_given_but_its_cost_is_known),
        cmocka_unit_test(many_answers_are_all_found),
        cmocka_unit_test(threads_may_find_keep_and_evict_at_once),
        cmocka_unit_test(every_job_that_was_taken_is_done),
        cmocka_unit_test(a_full_queue_takes_no_more),
        cmocka_unit_test(jobs_that_are_abandoned_are_counted_and_never_run),
        cmocka_unit_test(a_host_is_our_own_by_name_and_port),
        cmocka_unit_test(a_port_that_is_not_said_is_eighty),
        cmocka_unit_test(a_target_may_name_its_server),
        cmocka_unit_test(escapes_are_decoded_but_for_slash_and_nul),
        cmocka_unit_test(paths_are_found_with_one_slash_more),
        cmocka_unit_test(every_route_and_parameter_explains_itself),
        cmocka_unit_test(allowed_methods_are_listed),
        cmocka_unit_test(an_error_has_the_status_of_its_code),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
