/* Tests of frame/build and frame/infer: which table pandas would make of a value. */
#include "check.h"

#include "frame/build.h"
#include "frame/records.h"
#include "value/json.h"
#include "value/yaml.h"

/* Builds a frame from a YAML text and prints the answer; "error" with the code when it fails. */
static void expect(const char *yaml, unsigned rules, const char *expected)
{
    struct hob_error error = HOB_ERROR_INIT;
    struct hob_arena *arena = hob_arena_new();
    HOB_AUTO(frame) struct hob_frame *frame = NULL;
    HOB_AUTO(buffer) struct hob_buffer out = HOB_BUFFER_INIT;
    const struct hob_value *value;
    assert_int_equal(hob_yaml_read(arena, hob_text_from(yaml), "test", &value, &error), 0);
    int result = hob_frame_from_value(&frame, value, rules, arena, &error);
    if (result < 0)
        hob_buffer_printf(&out, "%s", hob_error_type(result));
    else
        assert_int_equal(hob_frame_put_answer(&out, frame, &error), 0);
    assert_string_equal(hob_buffer_string(&out), expected);
}

#define ANSWER(records, columns, shape, dtypes)                                                    \
    "{\"records\":[" records "],\"columns\":[" columns "],\"shape\":[" shape                       \
    "],\"dtypes\":{" dtypes "}}"

static void expect_type(const char *yaml, enum hob_column_type type)
{
    HOB_AUTO(arena) struct hob_arena *arena = hob_arena_new();
    HOB_AUTO(frame) struct hob_frame *frame = NULL;
    const struct hob_value *value;
    assert_int_equal(hob_yaml_read(arena, hob_text_from(yaml), "test", &value, NULL), 0);
    assert_int_equal(hob_frame_from_value(&frame, value, 0, NULL, NULL), 0);
    if (hob_frame_column(frame, 0)->type != type)
        fail_msg("%s: column type %d", yaml, (int)hob_frame_column(frame, 0)->type);
}

static void records_name_columns_by_first_appearance(void **state)
{
    (void)state;
    expect("[{b: 1, a: x}, {c: 2.5, a: y}]", 0,
           ANSWER("{\"b\":1.0,\"a\":\"x\",\"c\":null},{\"b\":null,\"a\":\"y\",\"c\":2.5}",
                  "\"b\",\"a\",\"c\"", "2,3",
                  "\"b\":\"float64\",\"a\":\"object\",\"c\":\"float64\""));
}

static void holes_widen_integers_and_booleans(void **state)
{
    (void)state;
    expect("[{i: 1, b: true, n: ~}, {i: ~, b: ~, n: ~}]", 0,
           ANSWER("{\"i\":1.0,\"b\":true,\"n\":null},{\"i\":null,\"b\":null,\"n\":null}",
                  "\"i\",\"b\",\"n\"", "2,3",
                  "\"i\":\"float64\",\"b\":\"object\",\"n\":\"object\""));
    expect("[{a: 1}, {a: 2, z: ~}]", 0,
           ANSWER("{\"a\":1,\"z\":null},{\"a\":2,\"z\":null}", "\"a\",\"z\"", "2,2",
                  "\"a\":\"int64\",\"z\":\"float64\""));
}

static void large_integers_keep_their_value(void **state)
{
    (void)state;
    expect("[{a: 9223372036854775808}, {a: 1}]", 0,
           ANSWER("{\"a\":9223372036854775808},{\"a\":1}", "\"a\"", "2,1", "\"a\":\"uint64\""));
    expect("[{a: 9223372036854775808}, {a: -1}]", 0,
           ANSWER("{\"a\":9223372036854775808},{\"a\":-1}", "\"a\"", "2,1", "\"a\":\"object\""));
    expect("[{a: 18446744073709551616}]", 0,
           ANSWER("{\"a\":18446744073709551616}", "\"a\"", "1,1", "\"a\":\"object\""));
}

static void large_integers_beside_holes_and_fractions_are_floats(void **state)
{
    (void)state;
    static const char *const floats[] = {
        "[{a: 18446744073709551615}, {a: ~}]", "[{a: 18446744073709551615}, {b: ~}]",
        "{a: [18446744073709551615, 1.5]}",    "{a: [~, 10000000000000000000000000]}",
        "{a: [-1, ~, 18446744073709551615]}",  "{a: [~, -1, 18446744073709551615]}",
        "{a: [.nan, 18446744073709551615]}",
    };
    static const char *const objects[] = {
        "{a: [10000000000000000000000000, ~]}",    "{a: [10000000000000000000000000, .nan]}",
        "{a: [.nan, 10000000000000000000000000]}", "{a: [1.5, 10000000000000000000000000]}",
        "{a: [-1, 18446744073709551615, ~]}",      "{a: [-1, 18446744073709551615, 1.5]}",
        "{a: [~, 18446744073709551615, x]}",       "{a: [~, 18446744073709551615, true]}",
    };
    for (size_t i = 0; i < sizeof floats / sizeof *floats; i++)
        expect_type(floats[i], HOB_COLUMN_FLOAT64);
    for (size_t i = 0; i < sizeof objects / sizeof *objects; i++)
        expect_type(objects[i], HOB_COLUMN_VALUE);
    expect("{a: [~, 10000000000000000000000000]}", 0,
           ANSWER("{\"a\":null},{\"a\":1e+25}", "\"a\"", "2,1", "\"a\":\"float64\""));
}

static void mixed_columns_keep_each_value(void **state)
{
    (void)state;
    expect("[{a: 1}, {a: x}, {a: [1, {k: ~}]}, {a: true}]", 0,
           ANSWER("{\"a\":1},{\"a\":\"x\"},{\"a\":[1,{\"k\":null}]},{\"a\":true}", "\"a\"", "4,1",
                  "\"a\":\"object\""));
}

static void moments_share_a_zone_or_stay_values(void **state)
{
    (void)state;
    expect("[{t: 2024-01-05 10:30:00}, {t: }]", 0,
           ANSWER("{\"t\":\"2024-01-05T10:30:00\"},{\"t\":null}", "\"t\"", "2,1",
                  "\"t\":\"datetime64[ns]\""));
    expect("[{t: 2024-01-05T10:30:00Z}, {t: 2024-01-05T10:30:00+02:00}]", 0,
           ANSWER("{\"t\":\"2024-01-05T10:30:00+00:00\"},{\"t\":\"2024-01-05T10:30:00+02:00\"}",
                  "\"t\"", "2,1", "\"t\":\"object\""));
    expect("[{t: 2024-01-05}]", 0,
           ANSWER("{\"t\":\"2024-01-05\"}", "\"t\"", "1,1", "\"t\":\"object\""));
}

static void mappings_are_columns(void **state)
{
    (void)state;
    expect("{a: [1, 2], g: x}", 0,
           ANSWER("{\"a\":1,\"g\":\"x\"},{\"a\":2,\"g\":\"x\"}", "\"a\",\"g\"", "2,2",
                  "\"a\":\"int64\",\"g\":\"object\""));
    expect("{a: [], b: []}", 0,
           ANSWER("", "\"a\",\"b\"", "0,2", "\"a\":\"float64\",\"b\":\"float64\""));
    expect("{x: {p: 1, q: 2}, y: {q: z}}", 0,
           ANSWER("{\"x\":1,\"y\":null},{\"x\":2,\"y\":\"z\"}", "\"x\",\"y\"", "2,2",
                  "\"x\":\"int64\",\"y\":\"object\""));
    expect("{a: 1, b: {}, c: x, d: {}}", 0,
           ANSWER("", "\"a\",\"b\",\"c\",\"d\"", "0,4",
                  "\"a\":\"int64\",\"b\":\"float64\",\"c\":\"object\",\"d\":\"float64\""));
    expect("{a: {}, b: {}}", 0,
           ANSWER("", "\"a\",\"b\"", "0,2", "\"a\":\"float64\",\"b\":\"float64\""));
    expect("{a: [1], b: [1, 2]}", 0, "ValueError");
    expect("{a: [1], b: {c: 1}}", 0, "ValueError");
}

static void a_mapping_of_scalars_is_a_row_only_where_allowed(void **state)
{
    (void)state;
    expect(
        "{a: 1, b: ~}", HOB_BUILD_SCALARS_ARE_ROW,
        ANSWER("{\"a\":1,\"b\":null}", "\"a\",\"b\"", "1,2", "\"a\":\"int64\",\"b\":\"object\""));
    expect("{a: 1}", 0, "ValueError");
    expect("{}", HOB_BUILD_SCALARS_ARE_ROW, ANSWER("", "", "1,0", ""));
    expect("{}", 0, ANSWER("", "", "0,0", ""));
}

static void lists_of_lists_have_numbered_columns(void **state)
{
    (void)state;
    expect("[[1, x], [2]]", 0,
           ANSWER("{\"0\":1,\"1\":\"x\"},{\"0\":2,\"1\":null}", "0,1", "2,2",
                  "\"0\":\"int64\",\"1\":\"object\""));
    expect("[[1], {}]", 0, ANSWER("{\"0\":1.0},{\"0\":null}", "0", "2,1", "\"0\":\"float64\""));
    expect("[[1], {a: 2, b: 3}]", 0,
           ANSWER("{\"0\":1,\"1\":null},{\"0\":\"a\",\"1\":\"b\"}", "0,1", "2,2",
                  "\"0\":\"object\",\"1\":\"object\""));
    expect("[3, 4]", 0, ANSWER("{\"0\":3},{\"0\":4}", "0", "2,1", "\"0\":\"int64\""));
    expect("[]", 0, ANSWER("", "", "0,0", ""));
    expect("[{}]", 0, ANSWER("", "", "1,0", ""));
}

static void what_is_no_table_is_refused(void **state)
{
    (void)state;
    expect("text", HOB_BUILD_SCALARS_ARE_ROW, "ValueError");
    expect("5", 0, "ValueError");
    expect("[{a: 1}, 5]", 0, "ValueError");
    expect("[[1], 5]", 0, "ValueError");
}

static void a_value_that_contains_itself_is_refused_when_written(void **state)
{
    (void)state;
    HOB_AUTO(arena) struct hob_arena *arena = hob_arena_new();
    HOB_AUTO(frame) struct hob_frame *frame = NULL;
    const struct hob_value *value;
    HOB_AUTO(buffer) struct hob_buffer out = HOB_BUFFER_INIT;
    assert_int_equal(hob_yaml_read(arena, HOB_TEXT("- a: &x [*x]\n"), "test", &value, NULL), 0);
    assert_int_equal(hob_frame_from_value(&frame, value, 0, NULL, NULL), 0);
    assert_int_equal(hob_frame_put_answer(&out, frame, NULL), HOB_E_LIMIT);
}

static void aliases_of_aliases_stay_small(void **state)
{
    (void)state;
    HOB_AUTO(arena) struct hob_arena *arena = hob_arena_new();
    HOB_AUTO(frame) struct hob_frame *frame = NULL;
    HOB_AUTO(buffer) struct hob_buffer yaml = HOB_BUFFER_INIT;
    const struct hob_value *value;
    hob_buffer_put_string(&yaml, "- b0: &b0 [x, x, x, x, x, x, x, x]\n");
    for (int i = 1; i < 12; i++)
        hob_buffer_printf(&yaml, "- b%d: &b%d [*b%d, *b%d, *b%d, *b%d, *b%d, *b%d]\n", i, i, i - 1,
                          i - 1, i - 1, i - 1, i - 1, i - 1);
    assert_int_equal(hob_yaml_read(arena, hob_buffer_text(&yaml), "test", &value, NULL), 0);
    assert_int_equal(hob_frame_from_value(&frame, value, 0, NULL, NULL), 0);
    assert_true(hob_frame_size(frame) < 100000);
}

static void tables_of_holes_and_of_repeated_texts_are_refused(void **state)
{
    (void)state;
    HOB_AUTO(arena) struct hob_arena *arena = hob_arena_new();
    HOB_AUTO(frame) struct hob_frame *frame = NULL;
    struct hob_value *sparse = hob_value_new(arena, HOB_LIST);
    for (int i = 0; i < 5000; i++) {
        struct hob_value *record = hob_value_new(arena, HOB_MAP);
        hob_value_put_string(arena, record, hob_arena_printf(arena, "k%d", i), &hob_value_true);
        hob_value_append(arena, sparse, record);
    }
    assert_int_equal(hob_frame_from_value(&frame, sparse, 0, NULL, NULL), HOB_E_LIMIT);
    struct hob_value *repeated = hob_value_new(arena, HOB_MAP);
    struct hob_value *rows = hob_value_new(arena, HOB_LIST);
    for (int i = 0; i < 2000; i++)
        hob_value_append(arena, rows, &hob_value_null);
    HOB_AUTO(buffer) struct hob_buffer text = HOB_BUFFER_INIT;
    hob_buffer_put_repeated(&text, 'x', 1000000);
    hob_value_put_string(arena, repeated, "text",
                         hob_value_new_string(arena, hob_buffer_text(&text)));
    hob_value_put_string(arena, repeated, "rows", rows);
    assert_int_equal(hob_frame_from_value(&frame, repeated, 0, NULL, NULL), HOB_E_LIMIT);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(records_name_columns_by_first_appearance),
        cmocka_unit_test(holes_widen_integers_and_booleans),
        cmocka_unit_test(large_integers_keep_their_value),
        cmocka_unit_test(large_integers_beside_holes_and_fractions_are_floats),
        cmocka_unit_test(mixed_columns_keep_each_value),
        cmocka_unit_test(moments_share_a_zone_or_stay_values),
        cmocka_unit_test(mappings_are_columns),
        cmocka_unit_test(a_mapping_of_scalars_is_a_row_only_where_allowed),
        cmocka_unit_test(lists_of_lists_have_numbered_columns),
        cmocka_unit_test(what_is_no_table_is_refused),
        cmocka_unit_test(a_value_that_contains_itself_is_refused_when_written),
        cmocka_unit_test(aliases_of_aliases_stay_small),
        cmocka_unit_test(tables_of_holes_and_of_repeated_texts_are_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
