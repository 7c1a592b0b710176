/* Tests of frames as JSON. */
#include "check.h"

#include <math.h>

#include "frame/records.h"
#include "value/json.h"

static struct hob_frame *add_integers(struct hob_frame *frame, const char *name, int64_t first,
                                      int64_t second)
{
    struct hob_column column;
    hob_column_init(&column, HOB_COLUMN_INT64);
    assert_true(hob_column_append_int(&column, first));
    assert_true(hob_column_append_int(&column, second));
    assert_non_null(hob_frame_add_named(frame, hob_text_from(name), &column));
    return frame;
}

static void assert_records(const struct hob_frame *frame, unsigned style, const char *expected)
{
    HOB_AUTO(buffer) struct hob_buffer out = HOB_BUFFER_INIT;
    struct hob_error error = HOB_ERROR_INIT;
    assert_int_equal(hob_frame_put_records(&out, frame, style, &error), 0);
    assert_text_equal(hob_buffer_text(&out), expected);
}

static void each_type_has_its_spelling(void **state)
{
    (void)state;
    HOB_AUTO(frame) struct hob_frame *frame = add_integers(hob_frame_new(), "i", -7, 8);
    struct hob_column column;
    hob_column_init(&column, HOB_COLUMN_UINT64);
    hob_column_append_unsigned(&column, UINT64_MAX);
    hob_column_append_unsigned(&column, 0);
    hob_frame_add_named(frame, HOB_TEXT("u"), &column);
    hob_column_init(&column, HOB_COLUMN_FLOAT64);
    hob_column_append_double(&column, 2.5);
    hob_column_append_double(&column, 3.0);
    hob_frame_add_named(frame, HOB_TEXT("f"), &column);
    hob_column_init(&column, HOB_COLUMN_BOOL);
    hob_column_append_bool(&column, true);
    hob_column_append_bool(&column, false);
    hob_frame_add_named(frame, HOB_TEXT("b"), &column);
    hob_column_init(&column, HOB_COLUMN_STRING);
    hob_column_append_string(&column, HOB_TEXT("déjà \"vu\"\n"));
    hob_column_append_string(&column, HOB_TEXT(""));
    hob_frame_add_named(frame, HOB_TEXT("s"), &column);
    assert_records(frame, HOB_JSON_COMPACT,
                   "[{\"i\":-7,\"u\":18446744073709551615,\"f\":2.5,\"b\":true,"
                   "\"s\":\"déjà \\\"vu\\\"\\n\"},"
                   "{\"i\":8,\"u\":0,\"f\":3.0,\"b\":false,\"s\":\"\"}]");
}

static void what_is_missing_or_not_finite_is_null(void **state)
{
    (void)state;
    HOB_AUTO(frame) struct hob_frame *frame = hob_frame_new();
    struct hob_column column;
    hob_column_init(&column, HOB_COLUMN_FLOAT64);
    hob_column_append_double(&column, INFINITY);
    hob_column_append_double(&column, -INFINITY);
    hob_column_append_missing(&column);
    hob_frame_add_named(frame, HOB_TEXT("f"), &column);
    hob_column_init(&column, HOB_COLUMN_STRING);
    hob_column_append_string(&column, HOB_TEXT("x"));
    hob_column_append_missing(&column);
    hob_column_append_string(&column, HOB_TEXT("y"));
    hob_frame_add_named(frame, HOB_TEXT("s"), &column);
    hob_column_init(&column, HOB_COLUMN_INT64);
    hob_column_append_missing(&column);
    hob_column_append_int(&column, 1);
    hob_column_append_missing(&column);
    hob_frame_add_named(frame, HOB_TEXT("i"), &column);
    assert_records(frame, HOB_JSON_COMPACT,
                   "[{\"f\":null,\"s\":\"x\",\"i\":null},{\"f\":null,\"s\":null,\"i\":1},"
                   "{\"f\":null,\"s\":\"y\",\"i\":null}]");
}

static void moments_are_iso_texts(void **state)
{
    (void)state;
    HOB_AUTO(frame) struct hob_frame *frame = hob_frame_new();
    struct hob_column column;
    hob_column_init(&column, HOB_COLUMN_DATETIME);
    column.has_zone = true;
    column.offset_seconds = 7200;
    hob_column_append_int(&column, INT64_C(1704450600250000));
    hob_frame_add_named(frame, HOB_TEXT("t"), &column);
    assert_records(frame, HOB_JSON_COMPACT, "[{\"t\":\"2024-01-05T10:30:00.250000+02:00\"}]");
}

static void of_repeated_names_the_last_wins_at_the_first_place(void **state)
{
    (void)state;
    HOB_AUTO(frame) struct hob_frame *frame = add_integers(hob_frame_new(), "a", 1, 2);
    add_integers(frame, "b", 3, 4);
    add_integers(frame, "a", 5, 6);
    assert_records(frame, HOB_JSON_COMPACT, "[{\"a\":5,\"b\":3},{\"a\":6,\"b\":4}]");
    assert_records(frame, HOB_JSON_SPACED, "[{\"a\": 5, \"b\": 3}, {\"a\": 6, \"b\": 4}]");
}

static void a_number_and_a_text_that_print_alike_are_one_member(void **state)
{
    (void)state;
    HOB_AUTO(frame) struct hob_frame *frame = add_integers(hob_frame_new(), "1", 1, 2);
    struct hob_column column;
    hob_column_init(&column, HOB_COLUMN_BOOL);
    hob_column_append_bool(&column, true);
    hob_column_append_bool(&column, true);
    hob_frame_add(frame, hob_value_new_int(hob_frame_arena(frame), 1), &column);
    assert_records(frame, HOB_JSON_COMPACT, "[{\"1\":true},{\"1\":true}]");
}

static void a_table_without_columns_has_no_records(void **state)
{
    (void)state;
    HOB_AUTO(frame) struct hob_frame *frame = hob_frame_new();
    hob_frame_set_rows(frame, 3);
    assert_records(frame, HOB_JSON_COMPACT, "[]");
    assert_records(frame, HOB_JSON_INDENT, "[]");
    HOB_AUTO(buffer) struct hob_buffer out = HOB_BUFFER_INIT;
    assert_int_equal(hob_frame_put_lines(&out, frame, NULL), 0);
    assert_text_equal(hob_buffer_text(&out), "");
    assert_int_equal(hob_frame_put_answer(&out, frame, NULL), 0);
    assert_text_equal(hob_buffer_text(&out),
                      "{\"records\":[],\"columns\":[],\"shape\":[3,0],\"dtypes\":{}}");
}

static struct hob_frame *frame_with_nested_cell(void)
{
    struct hob_frame *frame = hob_frame_new();
    struct hob_arena *arena = hob_frame_arena(frame);
    struct hob_value *list = hob_value_new(arena, HOB_LIST);
    hob_value_append(arena, list, hob_value_new_int(arena, 1));
    hob_value_append(arena, list, hob_value_new_string(arena, HOB_TEXT("two")));
    struct hob_column column;
    hob_column_init(&column, HOB_COLUMN_VALUE);
    hob_column_append_value(&column, list);
    hob_column_append_missing(&column);
    hob_frame_add_named(frame, HOB_TEXT("v"), &column);
    return frame;
}

static void nested_cells_are_written_as_they_are(void **state)
{
    (void)state;
    HOB_AUTO(frame) struct hob_frame *frame = frame_with_nested_cell();
    assert_records(frame, HOB_JSON_COMPACT, "[{\"v\":[1,\"two\"]},{\"v\":null}]");
    assert_records(frame, HOB_JSON_INDENT,
                   "[\n  {\n    \"v\": [\n      1,\n      \"two\"\n    ]\n  },\n"
                   "  {\n    \"v\": null\n  }\n]");
}

static void a_cycle_is_an_error_not_a_crash(void **state)
{
    (void)state;
    HOB_AUTO(frame) struct hob_frame *frame = hob_frame_new();
    struct hob_arena *arena = hob_frame_arena(frame);
    struct hob_value *list = hob_value_new(arena, HOB_LIST);
    hob_value_append(arena, list, list);
    struct hob_column column;
    hob_column_init(&column, HOB_COLUMN_VALUE);
    hob_column_append_value(&column, list);
    hob_frame_add_named(frame, HOB_TEXT("v"), &column);
    HOB_AUTO(buffer) struct hob_buffer out = HOB_BUFFER_INIT;
    struct hob_error error = HOB_ERROR_INIT;
    assert_int_equal(hob_frame_put_records(&out, frame, 0, &error), HOB_E_LIMIT);
}

static void lines_have_one_record_each(void **state)
{
    (void)state;
    HOB_AUTO(frame) struct hob_frame *frame = add_integers(hob_frame_new(), "a", 1, 2);
    HOB_AUTO(buffer) struct hob_buffer out = HOB_BUFFER_INIT;
    assert_int_equal(hob_frame_put_lines(&out, frame, NULL), 0);
    assert_text_equal(hob_buffer_text(&out), "{\"a\":1}\n{\"a\":2}\n");
}

static void an_answer_has_records_columns_shape_and_dtypes(void **state)
{
    (void)state;
    HOB_AUTO(frame) struct hob_frame *frame = add_integers(hob_frame_new(), "a", 1, 2);
    struct hob_column column;
    hob_column_init(&column, HOB_COLUMN_FLOAT64);
    hob_column_append_double(&column, 1.5);
    hob_column_append_missing(&column);
    hob_frame_add(frame, hob_value_new_int(hob_frame_arena(frame), 0), &column);
    HOB_AUTO(buffer) struct hob_buffer out = HOB_BUFFER_INIT;
    assert_int_equal(hob_frame_put_answer(&out, frame, NULL), 0);
    assert_text_equal(hob_buffer_text(&out),
                      "{\"records\":[{\"a\":1,\"0\":1.5},{\"a\":2,\"0\":null}],"
                      "\"columns\":[\"a\",0],\"shape\":[2,2],"
                      "\"dtypes\":{\"a\":\"int64\",\"0\":\"float64\"}}");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_type_has_its_spelling),
        cmocka_unit_test(what_is_missing_or_not_finite_is_null),
        cmocka_unit_test(moments_are_iso_texts),
        cmocka_unit_test(of_repeated_names_the_last_wins_at_the_first_place),
        cmocka_unit_test(a_number_and_a_text_that_print_alike_are_one_member),
        cmocka_unit_test(a_table_without_columns_has_no_records),
        cmocka_unit_test(nested_cells_are_written_as_they_are),
        cmocka_unit_test(a_cycle_is_an_error_not_a_crash),
        cmocka_unit_test(lines_have_one_record_each),
        cmocka_unit_test(an_answer_has_records_columns_shape_and_dtypes),
    };
    return cmocka_run_group_tests_name("records", tests, NULL, NULL);
}
