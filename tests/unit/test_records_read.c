/* Tests of frame/records_read: reading records straight into columns gives what a tree gives. */
#include "check.h"

#include "frame/build.h"
#include "frame/records.h"
#include "value/json.h"

/* The answer made through a tree, or the error's type. */
static void put_by_tree(struct hob_buffer *out, struct hob_text json)
{
    struct hob_arena *arena = hob_arena_new();
    HOB_AUTO(frame) struct hob_frame *frame = NULL;
    const struct hob_value *value;
    int result = hob_json_read(arena, json, &value, NULL);
    if (result < 0)
        hob_arena_free(arena);
    else
        result = hob_frame_from_value(&frame, value, 0, arena, NULL);
    if (result < 0)
        hob_buffer_put_string(out, hob_error_type(result));
    else
        assert_int_equal(hob_frame_put_answer(out, frame, NULL), 0);
}

/* True when the document was read into columns directly, and then as the tree would have been. */
static bool read_directly(struct hob_text json)
{
    HOB_AUTO(buffer) struct hob_buffer expected = HOB_BUFFER_INIT;
    HOB_AUTO(buffer) struct hob_buffer got = HOB_BUFFER_INIT;
    HOB_AUTO(frame) struct hob_frame *frame = NULL;
    put_by_tree(&expected, json);
    int result = hob_frame_read_records(&frame, json, NULL);
    if (result < 0)
        hob_buffer_put_string(&got, hob_error_type(result));
    else if (frame != NULL)
        assert_int_equal(hob_frame_put_answer(&got, frame, NULL), 0);
    else
        return false;
    assert_string_equal(hob_buffer_string(&got), hob_buffer_string(&expected));
    return true;
}

#define DIRECTLY(json) assert_true(read_directly(HOB_TEXT(json)))
#define BY_TREE(json) assert_false(read_directly(HOB_TEXT(json)))

static void plain_records_become_columns(void **state)
{
    (void)state;
    DIRECTLY("[{\"a\": 1, \"b\": \"x\", \"c\": 1.5, \"d\": true}, "
             "{\"a\": 2, \"b\": \"\", \"c\": 2.0, \"d\": false}]");
    DIRECTLY("[{\"a\": 1}, {\"a\": null}, {\"a\": 3}]");
    DIRECTLY("[{\"a\": 1}, {\"b\": 2}, {\"a\": 3, \"c\": \"x\"}]");
    DIRECTLY("[{\"b\": 1, \"a\": 2}, {\"a\": 3, \"b\": 4}, {}]");
    DIRECTLY("[{\"a\": null}, {\"a\": null}]");
    DIRECTLY("[{\"a\": null}, {\"b\": 1}]");
    DIRECTLY("[{\"a\": null}, {\"a\": \"late\"}]");
    DIRECTLY("[{\"a\": 1}, {\"a\": 2.5}, {\"a\": 3}]");
    DIRECTLY("[{\"a\": NaN}, {\"a\": -Infinity}, {\"a\": 1e400}]");
    DIRECTLY("[{\"a\": NaN}, {\"a\": null}, {\"b\": NaN}, {\"a\": 1}]");
    DIRECTLY("[{\"a\": NaN, \"b\": true}, {\"a\": \"x\", \"b\": NaN}]");
    DIRECTLY("[{\"\\u00e9\": \"\\ud83c\\udf93\"}]");
}

static void mixed_and_nested_cells_stay_values(void **state)
{
    (void)state;
    DIRECTLY("[{\"a\": 1}, {\"a\": \"x\"}, {\"a\": true}, {\"a\": null}, {\"a\": 2.5}]");
    DIRECTLY("[{\"a\": [1, {\"b\": null}]}, {\"a\": {}}, {\"a\": []}]");
    DIRECTLY("[{\"a\": true}, {\"a\": 1}]");
    DIRECTLY("[{\"a\": 1.5}, {\"a\": \"x\"}]");
    DIRECTLY("[{\"a\": {\"k\": 1}, \"b\": 1}, {\"b\": 2}]");
}

static void what_needs_the_whole_column_goes_by_tree(void **state)
{
    (void)state;
    BY_TREE("[{\"a\": 1}, {\"a\": 2.5}, {\"a\": \"x\"}]");
    BY_TREE("[{\"a\": 9223372036854775808}]");
    BY_TREE("[{\"a\": 1, \"a\": 2}]");
    BY_TREE("[]");
    BY_TREE("[{}]");
    BY_TREE("{\"a\": [1]}");
    BY_TREE("[[1]]");
    BY_TREE("[{\"a\": 1}, 5]");
    BY_TREE("3");
}

static void broken_documents_are_the_same_errors(void **state)
{
    (void)state;
    DIRECTLY("[{\"a\": 1},]");
    DIRECTLY("[{\"a\": 1}");
    DIRECTLY("[{\"a\": 1}] x");
    DIRECTLY("[{\"a\": \"\xff\"}]");
    DIRECTLY("[{\"a\" 1}]");
}

static void put_random_value(struct hob_buffer *out, uint64_t chance)
{
    static const char *const values[] = {
        "1",    "-7",           "2.5",   "\"x\"", "\"\"",
        "true", "false",        "null",  "NaN",   "-Infinity",
        "[1]",  "{\"k\":null}", "1e300", "-0.0",  "12345678901234567890"};
    hob_buffer_put_string(out, values[chance % (sizeof values / sizeof values[0])]);
}

static uint64_t next(uint64_t *seed)
{
    *seed = *seed * 6364136223846793005u + 1442695040888963407u;
    return *seed >> 33;
}

/* Columns that mostly hold one kind, so that many documents can be read directly. */
static void random_records_are_read_alike(void **state)
{
    (void)state;
    uint64_t seed = 7;
    int directly = 0;
    for (int round = 0; round < 4000; round++) {
        HOB_AUTO(buffer) struct hob_buffer json = HOB_BUFFER_INIT;
        uint64_t kinds[4];
        for (int i = 0; i < 4; i++)
            kinds[i] = next(&seed);
        hob_buffer_put_char(&json, '[');
        unsigned rows = 1 + (unsigned)(next(&seed) % 12);
        for (unsigned row = 0; row < rows; row++) {
            hob_buffer_put_string(&json, row > 0 ? ",{" : "{");
            bool first = true;
            for (unsigned column = 0; column < 4; column++) {
                if (next(&seed) % 5 == 0)
                    continue;
                hob_buffer_printf(&json, "%s\"c%u\":", first ? "" : ",", column);
                bool odd = next(&seed) % 15 == 0;
                put_random_value(&json, odd ? next(&seed) : kinds[column]);
                first = false;
            }
            hob_buffer_put_char(&json, '}');
        }
        hob_buffer_put_char(&json, ']');
        directly += read_directly(hob_buffer_text(&json));
    }
    assert_true(directly > 1000);
}

static void a_table_too_wide_for_its_content_is_refused(void **state)
{
    (void)state;
    HOB_AUTO(buffer) struct hob_buffer json = HOB_BUFFER_INIT;
    HOB_AUTO(frame) struct hob_frame *frame = NULL;
    hob_buffer_put_char(&json, '[');
    for (int i = 0; i < 30000; i++)
        hob_buffer_printf(&json, "%s{\"k%d\":1}", i > 0 ? "," : "", i);
    hob_buffer_put_char(&json, ']');
    assert_int_equal(hob_frame_read_records(&frame, hob_buffer_text(&json), NULL), HOB_E_LIMIT);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(plain_records_become_columns),
        cmocka_unit_test(mixed_and_nested_cells_stay_values),
        cmocka_unit_test(what_needs_the_whole_column_goes_by_tree),
        cmocka_unit_test(broken_documents_are_the_same_errors),
        cmocka_unit_test(random_records_are_read_alike),
        cmocka_unit_test(a_table_too_wide_for_its_content_is_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
