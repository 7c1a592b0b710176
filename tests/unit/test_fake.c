/* Tests of type fake. */
#include "check.h"

#include "access/access.h"
#include "frame/records.h"
#include "value/json.h"

static int read_fake(const char *flow, struct hob_sources *sources, struct hob_buffer *out,
                     struct hob_error *error)
{
    HOB_AUTO(arena) struct hob_arena *arena = hob_arena_new();
    HOB_AUTO(frame) struct hob_frame *frame = NULL;
    const struct hob_scope scope = {.sources = sources};
    const struct hob_value *value;
    assert_int_equal(hob_json_read(arena, hob_text_from(flow), &value, error), 0);
    int result = hob_access_read(&frame, &scope, value, error);
    return result < 0 ? result : hob_frame_put_answer(out, frame, error);
}

static void the_same_seed_gives_the_same_table(void **state)
{
    (void)state;
    static const char flow[] = "{\"type\":\"fake\",\"nrows\":20,\"seed\":7,"
                               "\"cols\":[\"name\",\"email\",\"float\",\"integer\"]}";
    HOB_AUTO(buffer) struct hob_buffer first = HOB_BUFFER_INIT;
    HOB_AUTO(buffer) struct hob_buffer second = HOB_BUFFER_INIT;
    HOB_AUTO(sources) struct hob_sources *sources = hob_sources_new();
    assert_int_equal(read_fake(flow, sources, &first, NULL), 0);
    assert_int_equal(read_fake(flow, sources, &second, NULL), 0);
    assert_text_equal(hob_buffer_text(&first), hob_buffer_string(&second));
    assert_true(hob_sources_unchanged(sources));
}

static void without_a_seed_an_answer_is_never_used_again(void **state)
{
    (void)state;
    static const char flow[] = "{\"type\":\"fake\",\"nrows\":20,\"cols\":{\"x\":\"uuid\"}}";
    HOB_AUTO(buffer) struct hob_buffer first = HOB_BUFFER_INIT;
    HOB_AUTO(buffer) struct hob_buffer second = HOB_BUFFER_INIT;
    HOB_AUTO(sources) struct hob_sources *sources = hob_sources_new();
    assert_int_equal(read_fake(flow, sources, &first, NULL), 0);
    assert_int_equal(read_fake(flow, sources, &second, NULL), 0);
    assert_string_not_equal(hob_buffer_string(&first), hob_buffer_string(&second));
    assert_false(hob_sources_unchanged(sources));
}

static void every_generator_makes_its_type(void **state)
{
    (void)state;
    HOB_AUTO(buffer) struct hob_buffer out = HOB_BUFFER_INIT;
    assert_int_equal(
        read_fake("{\"type\":\"fake\",\"nrows\":2,\"seed\":1,\"cols\":{\"a\":\"address\","
                  "\"b\":\"boolean\",\"c\":\"city\",\"d\":\"date\",\"e\":\"sentence\","
                  "\"f\":\"float\",\"g\":\"year\",\"h\":\"phone\",\"i\":\"url\",\"j\":\"job\","
                  "\"k\":\"company\",\"l\":\"country\",\"m\":\"word\",\"n\":\"text\","
                  "\"o\":\"user_name\",\"p\":\"family_name\",\"q\":\"given_name\"}}",
                  NULL, &out, NULL),
        0);
    const char *answer = hob_buffer_string(&out);
    assert_non_null(strstr(answer, "\"shape\":[2,17]"));
    assert_non_null(strstr(answer, "\"b\":\"bool\""));
    assert_non_null(strstr(answer, "\"f\":\"float64\""));
    assert_non_null(strstr(answer, "\"g\":\"int64\""));
    assert_non_null(strstr(answer, "\"d\":\"object\""));
}

static void another_column_changes_no_other(void **state)
{
    (void)state;
    HOB_AUTO(buffer) struct hob_buffer one = HOB_BUFFER_INIT;
    HOB_AUTO(buffer) struct hob_buffer two = HOB_BUFFER_INIT;
    read_fake("{\"type\":\"fake\",\"nrows\":1,\"seed\":3,\"cols\":{\"x\":\"uuid\"}}", NULL, &one,
              NULL);
    read_fake("{\"type\":\"fake\",\"nrows\":1,\"seed\":3,\"cols\":{\"y\":\"name\",\"x\":\"uuid\"}}",
              NULL, &two, NULL);
    HOB_AUTO(buffer) struct hob_buffer cell = HOB_BUFFER_INIT;
    const char *from = strstr(hob_buffer_string(&one), "\"x\":\"");
    assert_non_null(from);
    hob_buffer_put(&cell, from, 42);
    assert_non_null(strstr(hob_buffer_string(&two), hob_buffer_string(&cell)));
}

static void assert_refused(const char *flow, int code, const char *part)
{
    HOB_AUTO(buffer) struct hob_buffer out = HOB_BUFFER_INIT;
    struct hob_error error = HOB_ERROR_INIT;
    assert_int_equal(read_fake(flow, NULL, &out, &error), code);
    if (strstr(error.message, part) == NULL)
        fail_msg("'%s' is not in '%s'", part, error.message);
}

static void what_is_asked_wrongly_is_told(void **state)
{
    (void)state;
    assert_refused("{\"type\":\"fake\",\"cols\":[\"name\"]}", HOB_E_PARAMETER, "nrows");
    assert_refused("{\"type\":\"fake\",\"nrows\":2}", HOB_E_PARAMETER, "cols");
    assert_refused("{\"type\":\"fake\",\"nrows\":-1,\"cols\":[]}", HOB_E_PARAMETER, "non-negative");
    assert_refused("{\"type\":\"fake\",\"nrows\":true,\"cols\":[]}", HOB_E_PARAMETER,
                   "non-negative");
    assert_refused("{\"type\":\"fake\",\"nrows\":1000001,\"cols\":[]}", HOB_E_LIMIT, "at most");
    assert_refused("{\"type\":\"fake\",\"nrows\":2,\"cols\":\"name\"}", HOB_E_PARAMETER,
                   "dictionary");
    assert_refused("{\"type\":\"fake\",\"nrows\":2,\"cols\":[\"name\",\"p\",\"q\"]}",
                   HOB_E_PARAMETER, "\"p, q\"");
    assert_refused("{\"type\":\"fake\",\"nrows\":2,\"cols\":{\"x\":\"p\"}}", HOB_E_PARAMETER,
                   "\"p\"");
    assert_refused("{\"type\":\"fake\",\"nrows\":2,\"cols\":[],\"seed\":\"s\"}", HOB_E_PARAMETER,
                   "seed");
}

static void without_rows_or_columns_the_table_is_empty(void **state)
{
    (void)state;
    HOB_AUTO(buffer) struct hob_buffer out = HOB_BUFFER_INIT;
    read_fake("{\"type\":\"fake\",\"nrows\":0,\"cols\":[\"name\"]}", NULL, &out, NULL);
    assert_non_null(strstr(hob_buffer_string(&out), "\"shape\":[0,0]"));
    hob_buffer_clear(&out);
    read_fake("{\"type\":\"fake\",\"nrows\":2,\"cols\":{}}", NULL, &out, NULL);
    assert_non_null(strstr(hob_buffer_string(&out), "\"shape\":[2,0]"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_same_seed_gives_the_same_table),
        cmocka_unit_test(without_a_seed_an_answer_is_never_used_again),
        cmocka_unit_test(every_generator_makes_its_type),
        cmocka_unit_test(another_column_changes_no_other),
        cmocka_unit_test(what_is_asked_wrongly_is_told),
        cmocka_unit_test(without_rows_or_columns_the_table_is_empty),
    };
    return cmocka_run_group_tests_name("fake", tests, NULL, NULL);
}
