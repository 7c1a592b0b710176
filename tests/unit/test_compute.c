/* Tests of compute sections whose functions are methods of a pool: a stub answers for it. */
#include "check.h"

#include <stdio.h>

#include "compute/compute.h"
#include "config/sources.h"
#include "frame/build.h"
#include "frame/records.h"
#include "value/json.h"
#include "value/yaml.h"

/* What the stub was asked last, and how often. */
struct stub {
    unsigned calls;
    char pool[64], method[64], params[256];
    bool fails;
};

static int stub_call(void *data, struct hob_text pool, struct hob_text method,
                     struct hob_text params, struct hob_buffer *result, struct hob_error *error)
{
    struct stub *stub = data;
    stub->calls++;
    snprintf(stub->pool, sizeof stub->pool, "%.*s", HOB_TEXT_ARG(pool));
    snprintf(stub->method, sizeof stub->method, "%.*s", HOB_TEXT_ARG(method));
    snprintf(stub->params, sizeof stub->params, "%.*s", HOB_TEXT_ARG(params));
    if (stub->fails)
        return hob_error_set(error, HOB_E_WORKER, "the worker died");
    if (hob_text_is(method, "pair"))
        hob_buffer_put_string(result, "[1, \"two\"]");
    else
        hob_buffer_put_text(result, params);
    return 0;
}

struct fixture {
    struct hob_arena *arena;
    struct hob_frame *frame;
    struct hob_compute *compute;
    struct hob_sources *sources;
    struct hob_scope scope;
    struct stub stub;
    struct hob_error error;
};

static const struct hob_value *read_yaml(struct fixture *fixture, const char *yaml)
{
    const struct hob_value *value = NULL;
    assert_int_equal(
        hob_yaml_read(fixture->arena, hob_text_from(yaml), "test", &value, &fixture->error), 0);
    return value;
}

static void set_up(struct fixture *fixture)
{
    struct hob_arena *arena = hob_arena_new();
    const struct hob_value *value = NULL;
    *fixture = (struct fixture){.arena = hob_arena_new(), .compute = hob_compute_new()};
    fixture->sources = hob_sources_new();
    fixture->scope.sources = fixture->sources;
    assert_int_equal(hob_yaml_read(arena,
                                   hob_text_from("- {name: Ada, n: 1}\n- {name: Bo, n: 2}\n"),
                                   "table", &value, &fixture->error),
                     0);
    assert_int_equal(hob_frame_from_value(&fixture->frame, value, 0, arena, &fixture->error), 0);
    hob_compute_set_remote(fixture->compute,
                           &(struct hob_compute_remote){stub_call, &fixture->stub});
}

static void tear_down(struct fixture *fixture)
{
    hob_frame_free(fixture->frame);
    hob_compute_free(fixture->compute);
    hob_sources_free(fixture->sources);
    hob_arena_free(fixture->arena);
}

static int compute(struct fixture *fixture, const char *section)
{
    return hob_compute_section(fixture->compute, fixture->frame, read_yaml(fixture, section),
                               &fixture->scope, &fixture->error);
}

/* A cell as JSON. */
static const char *read_cell(const struct fixture *fixture, const char *name, size_t row)
{
    struct hob_value *key = hob_value_new_string(fixture->arena, hob_text_from(name));
    size_t position = hob_frame_find(fixture->frame, key);
    assert_true(position != SIZE_MAX);
    const struct hob_value *cell =
        hob_column_value(hob_frame_column(fixture->frame, position), row, fixture->arena);
    HOB_AUTO(buffer) struct hob_buffer text = HOB_BUFFER_INIT;
    assert_int_equal(hob_json_write(&text, cell, HOB_JSON_COMPACT, SIZE_MAX, NULL), 0);
    return hob_arena_copy(fixture->arena, hob_buffer_text(&text)).data;
}

static void assert_column(const struct fixture *fixture, const char *name, const char *first,
                          const char *second)
{
    assert_string_equal(read_cell(fixture, name, 0), first);
    assert_string_equal(read_cell(fixture, name, 1), second);
}

static void a_method_is_called_for_each_row(void **state)
{
    (void)state;
    struct fixture fixture;
    set_up(&fixture);
    assert_int_equal(compute(&fixture, "{field: out, function: 'pool:tools/text/echo', "
                                       "args: {k: v}, row_args: {who: name}}"),
                     0);
    assert_int_equal(fixture.stub.calls, 2);
    assert_string_equal(fixture.stub.pool, "tools");
    assert_string_equal(fixture.stub.method, "text/echo");
    assert_string_equal(fixture.stub.params, "{\"k\":\"v\",\"who\":\"Bo\"}");
    assert_column(&fixture, "out", "{\"k\":\"v\",\"who\":\"Ada\"}", "{\"k\":\"v\",\"who\":\"Bo\"}");
    tear_down(&fixture);
}

static void results_may_fill_several_fields(void **state)
{
    (void)state;
    struct fixture fixture;
    set_up(&fixture);
    assert_int_equal(compute(&fixture, "{field: [a, b], function: 'pool:tools/pair'}"), 0);
    assert_column(&fixture, "a", "1", "1");
    assert_column(&fixture, "b", "\"two\"", "\"two\"");
    tear_down(&fixture);
}

static void a_method_can_be_an_argument(void **state)
{
    (void)state;
    struct fixture fixture;
    set_up(&fixture);
    assert_int_equal(compute(&fixture, "{field: out, function: identity, "
                                       "function_args: {x: {function: 'pool:tools/pair'}}}"),
                     0);
    assert_int_equal(fixture.stub.calls, 1);
    assert_column(&fixture, "out", "[1,\"two\"]", "[1,\"two\"]");
    tear_down(&fixture);
}

static void what_a_worker_says_is_not_kept(void **state)
{
    (void)state;
    struct fixture fixture;
    set_up(&fixture);
    assert_true(hob_sources_unchanged(fixture.sources));
    assert_int_equal(compute(&fixture, "{field: out, function: 'pool:tools/pair'}"), 0);
    assert_false(hob_sources_unchanged(fixture.sources));
    tear_down(&fixture);
}

static void failures_say_which_row(void **state)
{
    (void)state;
    struct fixture fixture;
    set_up(&fixture);
    fixture.stub.fails = true;
    assert_int_equal(compute(&fixture, "{field: out, function: 'pool:tools/echo'}"), HOB_E_WORKER);
    assert_string_equal(fixture.error.message, "computing row 1: the worker died");
    assert_int_equal(fixture.stub.calls, 1);
    tear_down(&fixture);
}

static void names_must_name_a_pool_and_a_method(void **state)
{
    (void)state;
    static const char *const wrong[] = {"pool:", "pool:tools", "pool:/echo", "pool:tools/"};
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
        struct fixture fixture;
        char section[100];
        set_up(&fixture);
        snprintf(section, sizeof section, "{field: out, function: '%s'}", wrong[i]);
        assert_int_equal(compute(&fixture, section), HOB_E_PARAMETER);
        assert_int_equal(fixture.stub.calls, 0);
        tear_down(&fixture);
    }
}

/* Naive, as Python's datetime.now(): the zone's directives print nothing. */
static void today_knows_pythons_directives(void **state)
{
    (void)state;
    struct fixture fixture;
    set_up(&fixture);
    assert_int_equal(
        compute(&fixture, "{field: f, function: today, args: {format: '%f|%z|%Z|%%'}}"), 0);
    const char *cell = read_cell(&fixture, "f", 0);
    assert_int_equal(strspn(cell + 1, "0123456789"), 6);
    assert_string_equal(cell + 7, "|||%\"");
    tear_down(&fixture);
}

static void a_template_does_not_see_its_own_source(void **state)
{
    (void)state;
    struct fixture fixture;
    set_up(&fixture);
    assert_int_equal(compute(&fixture,
                             "{field: out, function: render_liquid, row_args: {who: name},"
                             " args: {template: '[{{ template }}]{{ who }}'}}"),
                     0);
    assert_column(&fixture, "out", "\"[]Ada\"", "\"[]Bo\"");
    tear_down(&fixture);
}

static void without_pools_the_error_says_where_they_are(void **state)
{
    (void)state;
    struct fixture fixture;
    set_up(&fixture);
    hob_compute_set_remote(fixture.compute, &(struct hob_compute_remote){0});
    assert_int_equal(compute(&fixture, "{field: out, function: 'pool:tools/echo'}"),
                     HOB_E_UNSUPPORTED);
    assert_non_null(strstr(fixture.error.hint, "hob.yml"));
    tear_down(&fixture);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_method_is_called_for_each_row),
        cmocka_unit_test(results_may_fill_several_fields),
        cmocka_unit_test(a_method_can_be_an_argument),
        cmocka_unit_test(what_a_worker_says_is_not_kept),
        cmocka_unit_test(failures_say_which_row),
        cmocka_unit_test(names_must_name_a_pool_and_a_method),
        cmocka_unit_test(today_knows_pythons_directives),
        cmocka_unit_test(a_template_does_not_see_its_own_source),
        cmocka_unit_test(without_pools_the_error_says_where_they_are),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
