/* Tests of YAML: reading as PyYAML reads, writing as it writes, and dates. */
#include "check.h"

#include <math.h>
#include <stdlib.h>

#include "value/date.h"
#include "value/json.h"
#include "value/yaml.h"

static struct hob_arena *arena;
static struct hob_error error;

static int make_arena(void **state)
{
    (void)state;
    arena = hob_arena_new();
    error = (struct hob_error)HOB_ERROR_INIT;
    return 0;
}

static int free_arena(void **state)
{
    (void)state;
    arena = hob_arena_free(arena);
    return 0;
}

static const struct hob_value *read_text(struct hob_text text)
{
    const struct hob_value *value = NULL;
    int status = hob_yaml_read(arena, text, "test.yml", &value, &error);
    assert_string_equal(error.message, "");
    assert_int_equal(status, 0);
    return value;
}

static const struct hob_value *read_string(const char *text)
{
    return read_text(hob_text_from(text));
}

/* Compares what a document holds with its JSON spelling. */
static void assert_reads_as(const char *text, const char *json)
{
    HOB_AUTO(buffer) struct hob_buffer out = HOB_BUFFER_INIT;
    assert_int_equal(hob_json_write(&out, read_string(text), HOB_JSON_SPACED, SIZE_MAX, &error), 0);
    assert_string_equal(hob_buffer_string(&out), json);
}

static void assert_fails(const char *text, int code, const char *message)
{
    const struct hob_value *value;
    assert_int_equal(hob_yaml_read(arena, hob_text_from(text), "test.yml", &value, &error), code);
    assert_string_equal(error.message, message);
}

static void assert_writes(const struct hob_value *value, const char *expected)
{
    HOB_AUTO(buffer) struct hob_buffer out = HOB_BUFFER_INIT;
    assert_int_equal(hob_yaml_write(&out, value, &error), 0);
    assert_string_equal(hob_buffer_string(&out), expected);
}

/* Writes a value that is given as YAML. */
static void assert_writes_as(const char *text, const char *expected)
{
    assert_writes(read_string(text), expected);
}

static void assert_text_writes_as(struct hob_text text, const char *expected)
{
    struct hob_value *map = hob_value_new(arena, HOB_MAP);
    hob_value_put_string(arena, map, "k", hob_value_new_string(arena, text));
    assert_writes(map, expected);
}

static void assert_kind(const char *scalar, enum hob_kind kind)
{
    HOB_AUTO(buffer) struct hob_buffer text = HOB_BUFFER_INIT;
    hob_buffer_printf(&text, "k: %s\n", scalar);
    const struct hob_value *value = hob_value_get(read_text(hob_buffer_text(&text)), "k");
    if (value->kind != kind)
        fail_msg("'%s' is read as %s", scalar, hob_value_kind_name(value));
}

static void plain_scalars_have_the_types_of_yaml_1_1(void **state)
{
    (void)state;
    static const char *const texts[] = {
        "y",     "n",        "yEs",         "nUll", "08",     "0o10", "1e3",
        "1.0e3", "-.5",      "01:30",       "1:60", "1.5:30", "0b2",  "0X1F",
        "-a",    "2024-1-5", "2024-01-05z", ".Nan", "+.nan",  "_1",   "4_03:."};
    static const char *const booleans[] = {"yes", "Yes",  "YES",  "no",    "off",
                                           "On",  "TRUE", "True", "false", "OFF"};
    static const char *const integers[] = {"0",    "-1",  "+7",   "010",  "0b101",
                                           "0x1f", "1_0", "1:30", "00_7", "12:3:45"};
    static const char *const doubles[] = {"1.",    ".5",    "1.0e+3", "-1.5", "1:30.5",
                                          "+.inf", "-.INF", ".NaN",   "0_.",  "1_0.5e-1"};
    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++)
        assert_kind(texts[i], HOB_STRING);
    for (size_t i = 0; i < sizeof booleans / sizeof booleans[0]; i++)
        assert_kind(booleans[i], HOB_BOOL);
    for (size_t i = 0; i < sizeof integers / sizeof integers[0]; i++)
        assert_kind(integers[i], HOB_INT);
    for (size_t i = 0; i < sizeof doubles / sizeof doubles[0]; i++)
        assert_kind(doubles[i], HOB_DOUBLE);
    assert_kind("~", HOB_NULL);
    assert_kind("", HOB_NULL);
    assert_kind("'1'", HOB_STRING);
    assert_kind("! 1", HOB_INT);
    assert_kind("2024-01-05", HOB_DATE);
    assert_kind("2024-1-5 1:02:03", HOB_DATETIME);
}

static void integers_of_every_base_are_exact(void **state)
{
    (void)state;
    assert_reads_as("[010, 0b101, 0x1F, 1_000, 1:30, -12:30:45]", "[8, 5, 31, 1000, 90, -45045]");
    assert_reads_as("[9223372036854775807, -9223372036854775808]",
                    "[9223372036854775807, -9223372036854775808]");
    assert_reads_as("[9223372036854775808, -9223372036854775809]",
                    "[9223372036854775808, -9223372036854775809]");
    assert_reads_as("0xFFFFFFFFFFFFFFFFFFFFFFFF", "79228162514264337593543950335");
    assert_reads_as("-0b1"
                    "0000000000000000000000000000000000000000000000000000000000000000",
                    "-18446744073709551616");
    assert_reads_as("1000000000000000000000:00", "60000000000000000000000");
    assert_kind("9223372036854775808", HOB_BIG_INT);
}

static void floats_take_underscores_and_base_60(void **state)
{
    (void)state;
    assert_reads_as("[1_0.5, 1:30.5, -.5e+1, 1.0e+400]", "[10.5, 90.5, \"-.5e+1\", null]");
    /* Each step is rounded: 643.0999999999999 if the last two are one. */
    assert_reads_as("[!!float \"10.7:1.1\"]", "[643.1]");
    assert_true(isinf(hob_value_get(read_string("k: -.inf"), "k")->number));
    assert_true(isnan(hob_value_get(read_string("k: .nan"), "k")->number));
}

static void assert_data_reads_as(const char *text, const char *json)
{
    HOB_AUTO(buffer) struct hob_buffer out = HOB_BUFFER_INIT;
    const struct hob_value *value;
    assert_int_equal(hob_yaml_read_data(arena, hob_text_from(text), "test.yml", &value, &error), 0);
    assert_int_equal(hob_json_write(&out, value, HOB_JSON_SPACED, SIZE_MAX, &error), 0);
    assert_string_equal(hob_buffer_string(&out), json);
}

static void assert_data_fails(const char *text, int code, const char *message)
{
    const struct hob_value *value;
    assert_int_equal(hob_yaml_read_data(arena, hob_text_from(text), "test.yml", &value, &error),
                     code);
    assert_string_equal(error.message, message);
}

static void what_libyaml_alone_refuses_is_read_in_data(void **state)
{
    (void)state;
    const struct hob_value *value;
    assert_data_reads_as("a: |-\n  \tx\n  y\n", "{\"a\": \"\\tx\\ny\"}");
    assert_data_reads_as("a: |\n  \n  \tx\n", "{\"a\": \"\\n\\tx\\n\"}");
    assert_data_reads_as("a: >\n  \tx\n  y\n", "{\"a\": \"\\tx\\ny\\n\"}");
    assert_data_reads_as("a: >-\n\n  \tx\n", "{\"a\": \"\\n\\tx\"}");
    assert_data_reads_as("- |\n  \tx\n", "[\"\\tx\\n\"]");
    assert_data_reads_as("--- |\n \tx\n", "\"\\tx\\n\"");
    assert_data_reads_as(
        "\xEF\xBB\xBF\xC3\xA9:\r\n  b: |+ # 1\r\n    \tx\r\n    \ty\r\n\r\n  c: |\r\n   \tz",
        "{\"\xC3\xA9\": {\"b\": \"\\tx\\n\\ty\\n\\n\", \"c\": \"\\tz\"}}");
    assert_data_reads_as("a: \"\\ud83d\\ude00 \\\\ud83d \\\" \\uD83D\\uDE01\"\nb: '\\ud83d\\ude00'",
                         "{\"a\": \"\xF0\x9F\x98\x80 \\\\ud83d \\\" \xF0\x9F\x98\x81\", "
                         "\"b\": \"\\\\ud83d\\\\ude00\"}");
    assert_data_reads_as("%FOO x\n# c\n%BAR\n---\na: 1\n", "{\"a\": 1}");
    assert_int_equal(hob_yaml_read(arena, HOB_TEXT("a: |\n  \tx\n"), "test.yml", &value, NULL),
                     HOB_E_VALUE);
    assert_data_fails("a: 1\nb: |\n\tx\n", HOB_E_VALUE,
                      "cannot read 'test.yml' as YAML: while scanning a block scalar, found a tab "
                      "character where an indentation space is expected, line 3, column 1");
    assert_data_fails("a: |3\n  \tx\n", HOB_E_VALUE,
                      "cannot read 'test.yml' as YAML: while scanning a block scalar, found a tab "
                      "character where an indentation space is expected, line 2, column 3");
    assert_data_fails("a: |\n    \n  \tx\n", HOB_E_VALUE,
                      "cannot read 'test.yml' as YAML: while scanning a block scalar, found a tab "
                      "character where an indentation space is expected, line 3, column 3");
    assert_data_fails(
        "a: |\n  \tx\nb: [\n", HOB_E_VALUE,
        "cannot read 'test.yml' as YAML: while parsing a flow node, did not find expected "
        "node content, line 4, column 1");
    assert_data_fails(
        "a: \"\\ud83d\"", HOB_E_VALUE,
        "cannot read 'test.yml' as YAML: while parsing a quoted scalar, found invalid "
        "Unicode character escape code, line 1, column 7");
    assert_data_fails("%FOO x\na: 1\n", HOB_E_VALUE,
                      "cannot read 'test.yml' as YAML: while scanning a directive, found unknown "
                      "directive name, line 1, column 5");
}

static void many_mends_have_an_end(void **state)
{
    (void)state;
    HOB_AUTO(buffer) struct hob_buffer text = HOB_BUFFER_INIT;
    const struct hob_value *value;
    for (int i = 0; i < 1000; i++)
        hob_buffer_put_string(&text, "- |\n \tx\n");
    assert_int_equal(hob_yaml_read_data(arena, hob_buffer_text(&text), "test.yml", &value, NULL),
                     0);
    assert_int_equal(value->list.count, 1000);
    hob_buffer_put_string(&text, "- |\n \tx\n");
    assert_int_equal(hob_yaml_read_data(arena, hob_buffer_text(&text), "test.yml", &value, NULL),
                     HOB_E_VALUE);
}

static void timestamps_keep_their_zone(void **state)
{
    (void)state;
    const struct hob_value *value = read_string("2024-01-05T10:30:00.2500009 +02:00");
    HOB_AUTO(buffer) struct hob_buffer out = HOB_BUFFER_INIT;
    hob_datetime_print(&out, value, 'T');
    assert_string_equal(hob_buffer_string(&out), "2024-01-05T10:30:00.250000+02:00");
    assert_true(value->boolean);
    assert_int_equal(value->offset_seconds, 7200);
    assert_reads_as("[2024-01-05, 2024-01-05 1:02:03, 2024-1-5t01:02:03Z, 0001-01-01T00:00:00-5]",
                    "[\"2024-01-05\", \"2024-01-05T01:02:03\", \"2024-01-05T01:02:03+00:00\", "
                    "\"0001-01-01T00:00:00-05:00\"]");
}

static void what_does_not_fit_its_type_is_an_error_with_its_place(void **state)
{
    (void)state;
    assert_fails("a: 1\nb: 2026-02-30\n", HOB_E_VALUE,
                 "cannot read 'test.yml' as YAML: this date does not exist: '2026-02-30', "
                 "line 2, column 4");
    assert_fails("!!int abc", HOB_E_VALUE,
                 "cannot read 'test.yml' as YAML: this is no integer: 'abc', line 1, column 1");
    assert_fails("[2024-01-05 24:00:00]", HOB_E_VALUE,
                 "cannot read 'test.yml' as YAML: this time of day does not exist: "
                 "'2024-01-05 24:00:00', line 1, column 2");
    assert_fails("!!bool maybe", HOB_E_VALUE,
                 "cannot read 'test.yml' as YAML: this is neither true nor false: 'maybe', "
                 "line 1, column 1");
    static const char *const others[] = {
        "!!int ''",     "!!float x", "!!timestamp foo",          "0x_",
        "!!binary YWJ", "!!int [1]", "2024-01-05 1:02:03+24:00", "0000-01-01"};
    const struct hob_value *value;
    for (size_t i = 0; i < sizeof others / sizeof others[0]; i++)
        assert_int_equal(hob_yaml_read(arena, hob_text_from(others[i]), "x", &value, &error),
                         HOB_E_VALUE);
}

static void explicit_tags_decide(void **state)
{
    (void)state;
    assert_reads_as("[!!str 1, !!str , !!int '010', !!float 1, !!null x, !!bool ON]",
                    "[\"1\", \"\", 8, 1.0, null, true]");
    const struct hob_value *value =
        read_string("{s: !!set {a, b}, o: !!omap [x: 1, y: 2], b: !!binary YWJj}");
    assert_int_equal(hob_value_get(value, "s")->kind, HOB_SET);
    assert_int_equal(hob_value_get(value, "s")->map.count, 2);
    assert_int_equal(hob_value_get(value, "o")->kind, HOB_LIST);
    assert_int_equal(hob_value_get(value, "o")->list.items[1]->kind, HOB_TUPLE);
    assert_int_equal(hob_value_get(value, "b")->kind, HOB_BYTES);
    assert_text_equal(hob_value_get(value, "b")->text, "abc");
    assert_fails("a: !x 1", HOB_E_VALUE,
                 "cannot read 'test.yml' as YAML: could not determine a constructor for the tag "
                 "'!x', line 1, column 4");
}

static void aliases_are_the_same_node_and_may_be_recursive(void **state)
{
    (void)state;
    const struct hob_value *value = read_string("a: &x [1]\nb: *x\nc: &y\n- *y\n");
    assert_ptr_equal(hob_value_get(value, "a"), hob_value_get(value, "b"));
    const struct hob_value *cycle = hob_value_get(value, "c");
    assert_ptr_equal(cycle->list.items[0], cycle);
    assert_fails("a: *x", HOB_E_VALUE,
                 "cannot read 'test.yml' as YAML: found the alias 'x', but no such anchor before "
                 "it, line 1, column 4");
    assert_fails("- &x 1\n- &x 2\n", HOB_E_VALUE,
                 "cannot read 'test.yml' as YAML: found the anchor 'x' a second time, line 2, "
                 "column 3");
}

static void merge_keys_come_first_and_own_keys_win(void **state)
{
    (void)state;
    assert_reads_as("{z: 0, a: 1, <<: {a: 2, b: 3}}", "{\"a\": 1, \"b\": 3, \"z\": 0}");
    assert_reads_as("{<<: [{a: 1, b: 1}, {a: 2, c: 2}]}", "{\"a\": 1, \"c\": 2, \"b\": 1}");
    assert_reads_as("{<<: {a: 1}, <<: {a: 2}}", "{\"a\": 2}");
    assert_reads_as("&m {x: 1, <<: *m}", "{\"x\": 1}");
    assert_reads_as("- &a {x: 1}\n- &b {<<: *a, y: 2}\n- {<<: *b, x: 3}\n",
                    "[{\"x\": 1}, {\"x\": 1, \"y\": 2}, {\"x\": 3, \"y\": 2}]");
    assert_reads_as("{=: 1}", "{\"=\": 1}");
    const struct hob_value *value;
    assert_int_equal(hob_yaml_read(arena, HOB_TEXT("{<<: 1}"), "x", &value, &error), HOB_E_VALUE);
    assert_int_equal(hob_yaml_read(arena, HOB_TEXT("[<<]"), "x", &value, &error), HOB_E_VALUE);
    assert_int_equal(hob_yaml_read(arena, HOB_TEXT("k: ="), "x", &value, &error), HOB_E_VALUE);
}

static void a_recursive_merge_sees_the_outer_mapping(void **state)
{
    (void)state;
    const struct hob_value *value = read_string("&a {x: 1, c: {<<: *a, y: 2}}");
    const struct hob_value *inner = hob_value_get(value, "c");
    assert_int_equal(inner->map.count, 3);
    assert_ptr_equal(hob_value_get(inner, "c"), inner);
}

static void repeated_keys_keep_the_first_place_and_the_last_value(void **state)
{
    (void)state;
    assert_reads_as("{a: 1, b: 2, a: 3}", "{\"a\": 3, \"b\": 2}");
    assert_reads_as("{1: a, 1.0: b, true: c}", "{\"1\": \"c\"}");
    assert_int_equal(read_string("{.nan: a, .NaN: b}")->map.count, 1);
    assert_fails("{[a]: 1}", HOB_E_VALUE,
                 "cannot read 'test.yml' as YAML: while constructing a mapping, found unhashable "
                 "key, line 1, column 2");
}

static void there_is_one_document(void **state)
{
    (void)state;
    assert_reads_as("", "null");
    assert_reads_as("# only a comment\n", "null");
    assert_reads_as("--- a\n...\n", "\"a\"");
    assert_reads_as("\xEF\xBB\xBF"
                    "a: 1\n",
                    "{\"a\": 1}");
    assert_fails("a\n---\nb\n", HOB_E_VALUE,
                 "cannot read 'test.yml' as YAML: expected a single document in the stream, but "
                 "found another document, line 2, column 1");
}

static void bad_bytes_are_told_from_bad_characters(void **state)
{
    (void)state;
    assert_fails("a: 1\nb\xFF: 2\n", HOB_E_UNICODE,
                 "cannot read 'test.yml' as YAML: found bytes that are not UTF-8, line 2, "
                 "column 2");
    assert_fails("a: 1\nb: \x01\n", HOB_E_VALUE,
                 "cannot read 'test.yml' as YAML: control characters are not allowed, line 2, "
                 "column 4");
    assert_fails("a: [1", HOB_E_VALUE,
                 "cannot read 'test.yml' as YAML: while parsing a flow sequence, did not find "
                 "expected ',' or ']', line 2, column 1");
}

static void assert_limit(struct hob_buffer *text)
{
    const struct hob_value *value;
    assert_int_equal(hob_yaml_read(arena, hob_buffer_text(text), "x", &value, &error), HOB_E_LIMIT);
}

static void nesting_and_multiplying_are_limited(void **state)
{
    (void)state;
    HOB_AUTO(buffer) struct hob_buffer text = HOB_BUFFER_INIT;
    hob_buffer_put_repeated(&text, '[', HOB_VALUE_MAX_DEPTH);
    hob_buffer_put_repeated(&text, ']', HOB_VALUE_MAX_DEPTH);
    read_text(hob_buffer_text(&text));
    hob_buffer_clear(&text);
    hob_buffer_put_repeated(&text, '[', 100000);
    assert_limit(&text);
    hob_buffer_clear(&text);
    for (int i = 0; i < 10000; i++)
        hob_buffer_put_string(&text, "- ");
    assert_limit(&text);
    hob_buffer_clear(&text);
    hob_buffer_put_string(&text, "a0: &a0 {k: 1}\n");
    for (int i = 1; i < 60; i++)
        hob_buffer_printf(&text, "a%d: &a%d {<<: [*a%d, *a%d]}\n", i, i, i - 1, i - 1);
    assert_limit(&text);
    hob_buffer_clear(&text);
    hob_buffer_put_string(&text, "{k0: &a0 {x: 1}");
    for (int i = 1; i < 5000; i++)
        hob_buffer_printf(&text, ", k%d: &a%d {<<: *a%d}", i, i, i - 1);
    hob_buffer_put_string(&text, ", <<: *a4999}");
    assert_limit(&text);
    hob_buffer_clear(&text);
    for (int i = 0; i < 2000; i++)
        hob_buffer_printf(&text, "%%TAG !a%d! tag:x\n", i);
    assert_limit(&text);
}

static void missing_values_are_left_out_of_mappings_but_not_of_lists(void **state)
{
    (void)state;
    assert_writes_as("- {a: '', b: [], c: {}, d: {e: ~, f: ''}, g: [~, '', {h: ~}], i: .nan}",
                     "- b: []\n  c: {}\n  d: {}\n  g:\n  - null\n  - ''\n  - h: null\n");
    assert_writes_as("- {a: ~}\n", "- {}\n");
    assert_writes_as("{a: ~, b: 1}\n", "b: 1\n");
    assert_writes_as("{a: ~}\n", "{}\n");
    assert_writes_as("[]\n", "[]\n");
}

static void scalars_are_written_so_that_their_type_stays(void **state)
{
    (void)state;
    assert_writes_as("[1, 1.0, 1.0e+20, 1.0e-7, .inf, true, '1', 'yes', '2024-01-05', '1:30']",
                     "- 1\n- 1.0\n- 1.0e+20\n- 1.0e-07\n- .inf\n- true\n- '1'\n- 'yes'\n"
                     "- '2024-01-05'\n- '1:30'\n");
    assert_writes_as("[2024-01-05, 2024-01-05T10:30:00+02:00, 1e3, 08, ~]",
                     "- 2024-01-05\n- 2024-01-05 10:30:00+02:00\n- 1e3\n- 08\n- null\n");
    assert_writes_as("[!!set {a: , b: }, !!binary YWJj]",
                     "- !!set\n  a: null\n  b: null\n- !!binary |\n  YWJj\n");
    assert_writes_as("plain", "plain\n...\n");
}

static void quotes_are_used_where_they_are_needed(void **state)
{
    (void)state;
    assert_text_writes_as(HOB_TEXT("a: b"), "k: 'a: b'\n");
    assert_text_writes_as(HOB_TEXT("it's"), "k: it's\n");
    assert_text_writes_as(HOB_TEXT("'x"), "k: '''x'\n");
    assert_text_writes_as(HOB_TEXT("a #b"), "k: 'a #b'\n");
    assert_text_writes_as(HOB_TEXT("a#b"), "k: a#b\n");
    assert_text_writes_as(HOB_TEXT("- x"), "k: '- x'\n");
    assert_text_writes_as(HOB_TEXT("-x"), "k: -x\n");
    assert_text_writes_as(HOB_TEXT(" x"), "k: ' x'\n");
    assert_text_writes_as(HOB_TEXT("Zo\xC3\xAB \xF0\x9F\x98\x80"),
                          "k: Zo\xC3\xAB \xF0\x9F\x98\x80\n");
    assert_text_writes_as(HOB_TEXT("a\tb"), "k: \"a\\tb\"\n");
    assert_text_writes_as(HOB_TEXT("a\r\nb"), "k: \"a\\r\\nb\"\n");
    assert_text_writes_as(HOB_TEXT("a\xC2\x85"
                                   "b"),
                          "k: \"a\\Nb\"\n");
    assert_text_writes_as(HOB_TEXT("\xED\xA0\xBD"), "k: \"\\uFFFD\"\n");
}

static void texts_with_line_breaks_are_block_literals(void **state)
{
    (void)state;
    assert_text_writes_as(HOB_TEXT("a\nb"), "k: |-\n  a\n  b\n");
    assert_text_writes_as(HOB_TEXT("a\n"), "k: |\n  a\n");
    assert_text_writes_as(HOB_TEXT("a\n\n"), "k: |+\n  a\n\n...\n");
    assert_text_writes_as(HOB_TEXT("  a\nb"), "k: |2-\n    a\n  b\n");
    assert_text_writes_as(HOB_TEXT("\na"), "k: |2-\n\n  a\n");
    assert_text_writes_as(HOB_TEXT("\ta\nb"), "k: |2-\n  \ta\n  b\n");
    assert_text_writes_as(HOB_TEXT("a \nb"), "k: |-\n  a \n  b\n");
}

static void long_lines_are_folded_at_80(void **state)
{
    (void)state;
    struct hob_buffer text = HOB_BUFFER_INIT;
    for (int i = 0; i < 30; i++)
        hob_buffer_put_string(&text, i == 0 ? "word" : " word");
    assert_text_writes_as(hob_buffer_text(&text),
                          "k: word word word word word word word word word word word word word "
                          "word word word\n  word word word word word word word word word word "
                          "word word word word\n");
    hob_buffer_put_string(&text, ": ");
    hob_buffer_put_string(&text, "\x07");
    HOB_AUTO(buffer) struct hob_buffer out = HOB_BUFFER_INIT;
    struct hob_value *list = hob_value_new(arena, HOB_LIST);
    hob_value_append(arena, list, hob_value_new_string(arena, hob_buffer_text(&text)));
    assert_int_equal(hob_yaml_write(&out, list, &error), 0);
    assert_true(hob_value_equal(read_text(hob_buffer_text(&out)), list));
    hob_buffer_deinit(&text);
}

static void keys_that_do_not_fit_one_line_get_a_question_mark(void **state)
{
    (void)state;
    assert_writes_as("{\"a\\nb\": 1, '': 2, 'x: y': 3, 1: 4, ~: 5}",
                     "? |-\n  a\n  b\n: 1\n? ''\n: 2\n'x: y': 3\n1: 4\nnull: 5\n");
    struct hob_buffer text = HOB_BUFFER_INIT;
    struct hob_value *map = hob_value_new(arena, HOB_MAP);
    hob_buffer_put_repeated(&text, 'x', 123);
    hob_value_put(arena, map, hob_value_new_string(arena, hob_buffer_text(&text)),
                  hob_value_new_int(arena, 1));
    HOB_AUTO(buffer) struct hob_buffer out = HOB_BUFFER_INIT;
    assert_int_equal(hob_yaml_write(&out, map, &error), 0);
    assert_memory_equal(hob_buffer_string(&out), "? xxx", 5);
    hob_buffer_deinit(&text);
}

static void nested_blocks_are_indented_by_two(void **state)
{
    (void)state;
    assert_writes_as("{l: [1, [2, 3], {a: 1, b: [{c: 1}]}], m: {z: {k: []}}}",
                     "l:\n- 1\n- - 2\n  - 3\n- a: 1\n  b:\n  - c: 1\nm:\n  z:\n    k: []\n");
}

static void cycles_cannot_be_written(void **state)
{
    (void)state;
    HOB_AUTO(buffer) struct hob_buffer out = HOB_BUFFER_INIT;
    assert_int_equal(hob_yaml_write(&out, read_string("&a [*a]"), &error), HOB_E_LIMIT);
}

static void days_and_dates_agree(void **state)
{
    (void)state;
    assert_int_equal(hob_date_to_days((struct hob_date){1970, 1, 1}), 0);
    assert_int_equal(hob_date_to_days((struct hob_date){2000, 3, 1}), 11017);
    int64_t first = hob_date_to_days((struct hob_date){1, 1, 1});
    int64_t last = hob_date_to_days((struct hob_date){9999, 12, 31});
    assert_int_equal(last - first, 3652058);
    for (int64_t days = first; days <= last; days += 13) {
        struct hob_date date = hob_date_from_days(days);
        assert_true(hob_date_valid(date.year, date.month, date.day));
        assert_int_equal(hob_date_to_days(date), days);
    }
    assert_true(hob_date_valid(2000, 2, 29));
    assert_false(hob_date_valid(1900, 2, 29));
    assert_false(hob_date_valid(2024, 4, 31));
    assert_false(hob_date_valid(0, 1, 1));
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, make_arena, free_arena)
    const struct CMUnitTest tests[] = {
        TEST(plain_scalars_have_the_types_of_yaml_1_1),
        TEST(integers_of_every_base_are_exact),
        TEST(floats_take_underscores_and_base_60),
        TEST(what_libyaml_alone_refuses_is_read_in_data),
        TEST(many_mends_have_an_end),
        TEST(timestamps_keep_their_zone),
        TEST(what_does_not_fit_its_type_is_an_error_with_its_place),
        TEST(explicit_tags_decide),
        TEST(aliases_are_the_same_node_and_may_be_recursive),
        TEST(merge_keys_come_first_and_own_keys_win),
        TEST(a_recursive_merge_sees_the_outer_mapping),
        TEST(repeated_keys_keep_the_first_place_and_the_last_value),
        TEST(there_is_one_document),
        TEST(bad_bytes_are_told_from_bad_characters),
        TEST(nesting_and_multiplying_are_limited),
        TEST(missing_values_are_left_out_of_mappings_but_not_of_lists),
        TEST(scalars_are_written_so_that_their_type_stays),
        TEST(quotes_are_used_where_they_are_needed),
        TEST(texts_with_line_breaks_are_block_literals),
        TEST(long_lines_are_folded_at_80),
        TEST(keys_that_do_not_fit_one_line_get_a_question_mark),
        TEST(nested_blocks_are_indented_by_two),
        TEST(cycles_cannot_be_written),
        TEST(days_and_dates_agree),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
