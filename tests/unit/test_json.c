/* Tests of JSON: the pull reader, the tree reader and the writer. The expected error texts are
 * those of Python's json module. */
#include "check.h"

#include <math.h>
#include <stdlib.h>

#include "base/error.h"
#include "base/utf8.h"
#include "value/json.h"

static void assert_read_fails(struct hob_text text, int code, const char *message)
{
    HOB_AUTO(arena) struct hob_arena *arena = hob_arena_new();
    const struct hob_value *value = NULL;
    struct hob_error error = HOB_ERROR_INIT;
    assert_int_equal(hob_json_read(arena, text, &value, &error), code);
    assert_int_equal(error.code, code);
    assert_string_equal(error.message, message);
}

/* Reads the text and compares what the writer makes of it. */
static void assert_rewritten(struct hob_text text, unsigned style, const char *expected)
{
    HOB_AUTO(arena) struct hob_arena *arena = hob_arena_new();
    HOB_AUTO(buffer) struct hob_buffer out = HOB_BUFFER_INIT;
    const struct hob_value *value = NULL;
    struct hob_error error = HOB_ERROR_INIT;
    hob_json_read(arena, text, &value, &error);
    assert_string_equal(error.message, "");
    assert_int_equal(hob_json_write(&out, value, style, SIZE_MAX, &error), 0);
    assert_text_equal(hob_buffer_text(&out), expected);
}

static void assert_written(const struct hob_value *value, unsigned style, const char *expected)
{
    HOB_AUTO(buffer) struct hob_buffer out = HOB_BUFFER_INIT;
    assert_int_equal(hob_json_write(&out, value, style, SIZE_MAX, NULL), 0);
    assert_text_equal(hob_buffer_text(&out), expected);
}

static void errors_have_the_words_and_places_of_python(void **state)
{
    (void)state;
    static const struct {
        const char *text, *message;
    } cases[] = {
        {"", "Expecting value: line 1 column 1 (char 0)"},
        {"  ", "Expecting value: line 1 column 3 (char 2)"},
        {"[1,]", "Expecting value: line 1 column 4 (char 3)"},
        {"[1,\n nul]", "Expecting value: line 2 column 2 (char 5)"},
        {"[+1]", "Expecting value: line 1 column 2 (char 1)"},
        {"[-]", "Expecting value: line 1 column 2 (char 1)"},
        {"-Infinit", "Expecting value: line 1 column 1 (char 0)"},
        {"[", "Expecting value: line 1 column 2 (char 1)"},
        {"[1 2]", "Expecting ',' delimiter: line 1 column 4 (char 3)"},
        {"[1", "Expecting ',' delimiter: line 1 column 3 (char 2)"},
        {"[1}", "Expecting ',' delimiter: line 1 column 3 (char 2)"},
        {"[01]", "Expecting ',' delimiter: line 1 column 3 (char 2)"},
        {"[1.]", "Expecting ',' delimiter: line 1 column 3 (char 2)"},
        {"[1e+]", "Expecting ',' delimiter: line 1 column 3 (char 2)"},
        {"{", "Expecting property name enclosed in double quotes: line 1 column 2 (char 1)"},
        {"{\"a\":1,}",
         "Expecting property name enclosed in double quotes: line 1 column 8 (char 7)"},
        {"{a:1}", "Expecting property name enclosed in double quotes: line 1 column 2 (char 1)"},
        {"{\"a\" 1}", "Expecting ':' delimiter: line 1 column 6 (char 5)"},
        {"{\"a\"", "Expecting ':' delimiter: line 1 column 5 (char 4)"},
        {"{\"a\":}", "Expecting value: line 1 column 6 (char 5)"},
        {"{\"a\":1 \"b\":2}", "Expecting ',' delimiter: line 1 column 8 (char 7)"},
        {"1 2", "Extra data: line 1 column 3 (char 2)"},
        {"[]\n]", "Extra data: line 2 column 1 (char 3)"},
        {"[\"abc", "Unterminated string starting at: line 1 column 2 (char 1)"},
        {"[\"abc\\", "Unterminated string starting at: line 1 column 2 (char 1)"},
        {"\"a\nb\"", "Invalid control character at: line 1 column 3 (char 2)"},
        {"\"a\\x\"", "Invalid \\escape: line 1 column 3 (char 2)"},
        {"\"\\u12G4\"", "Invalid \\uXXXX escape: line 1 column 3 (char 2)"},
        {"\"\\u1234", "Invalid \\uXXXX escape: line 1 column 3 (char 2)"},
        {"\"\\ud800\\u12\"", "Invalid \\uXXXX escape: line 1 column 9 (char 8)"},
        {"[\"\xC3\xA9\", \n\"\xF0\x9F\x98\x80\xC3\xA9\" x]",
         "Expecting ',' delimiter: line 2 column 6 (char 12)"},
        {"\xEF\xBB\xBF[]",
         "Unexpected UTF-8 BOM (decode using utf-8-sig): line 1 column 1 (char 0)"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++)
        assert_read_fails(hob_text_from(cases[i].text), HOB_E_JSON, cases[i].message);
    assert_read_fails(((struct hob_text){"[1]\0", 4}), HOB_E_JSON,
                      "Extra data: line 1 column 4 (char 3)");
}

static void bytes_that_are_no_utf8_are_refused_before_anything_else(void **state)
{
    (void)state;
    static const struct {
        const char *text, *message;
    } cases[] = {
        {"\xFF", "'utf-8' codec can't decode byte 0xff in position 0: invalid start byte"},
        {"nonsense \x80", "'utf-8' codec can't decode byte 0x80 in position 9: invalid start byte"},
        {"\"\xE5\"",
         "'utf-8' codec can't decode byte 0xe5 in position 1: invalid continuation byte"},
        {"\xE5", "'utf-8' codec can't decode byte 0xe5 in position 0: unexpected end of data"},
        {"\xE2\x82", "'utf-8' codec can't decode bytes in position 0-1: unexpected end of data"},
        {"\xF0\x9F\x98 ",
         "'utf-8' codec can't decode bytes in position 0-2: invalid continuation byte"},
        {"\xED\xA0\x80",
         "'utf-8' codec can't decode byte 0xed in position 0: invalid continuation byte"},
        {"\xF4\x90\x80\x80",
         "'utf-8' codec can't decode byte 0xf4 in position 0: invalid continuation byte"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++)
        assert_read_fails(hob_text_from(cases[i].text), HOB_E_UNICODE, cases[i].message);
}

static void numbers_keep_their_kind_and_value(void **state)
{
    (void)state;
    assert_rewritten(HOB_TEXT("[0, -0, 7, 9223372036854775807, -9223372036854775808]"), 0,
                     "[0,0,7,9223372036854775807,-9223372036854775808]");
    assert_rewritten(HOB_TEXT("[9223372036854775808, -123456789012345678901234567890]"), 0,
                     "[9223372036854775808,-123456789012345678901234567890]");
    assert_rewritten(HOB_TEXT("[1.0, -0.0, 1E2, 1e-7, 0.1, 123456789012345678.0]"), 0,
                     "[1.0,-0.0,100.0,1e-07,0.1,1.2345678901234568e+17]");
    HOB_AUTO(arena) struct hob_arena *arena = hob_arena_new();
    const struct hob_value *value;
    assert_int_equal(hob_json_read(arena, HOB_TEXT("1E400"), &value, NULL), 0);
    assert_int_equal(value->kind, HOB_DOUBLE);
    assert_true(isinf(value->number));
    assert_written(value, 0, "null");
}

static void what_only_python_accepts_is_a_number(void **state)
{
    (void)state;
    HOB_AUTO(arena) struct hob_arena *arena = hob_arena_new();
    const struct hob_value *value;
    assert_int_equal(hob_json_read(arena, HOB_TEXT("NaN"), &value, NULL), 0);
    assert_int_equal(value->kind, HOB_DOUBLE);
    assert_true(isnan(value->number));
    assert_int_equal(hob_json_read(arena, HOB_TEXT("-Infinity"), &value, NULL), 0);
    assert_int_equal(value->kind, HOB_DOUBLE);
    assert_true(isinf(value->number) && value->number < 0);
    assert_rewritten(HOB_TEXT("[NaN, Infinity, -Infinity]"), 0, "[null,null,null]");
}

static void strings_are_unescaped(void **state)
{
    (void)state;
    assert_rewritten(HOB_TEXT("\"\\\"\\\\\\/\\b\\f\\n\\r\\t\\u00e9\\ud83d\\ude00\""), 0,
                     "\"\\\"\\\\/\\b\\f\\n\\r\\t\xC3\xA9\xF0\x9F\x98\x80\"");
    assert_rewritten(HOB_TEXT("\"\\u0000\\u001f\\u007f\""), 0, "\"\\u0000\\u001f\x7F\"");
    assert_rewritten(HOB_TEXT("\"\\u0000\\u001f\\u007f\""), HOB_JSON_ASCII,
                     "\"\\u0000\\u001f\\u007f\"");
}

static void lone_surrogates_are_kept_and_printed_safely(void **state)
{
    (void)state;
    assert_rewritten(HOB_TEXT("\"a\\ud83dz\\ude00\""), 0, "\"a\xEF\xBF\xBDz\xEF\xBF\xBD\"");
    assert_rewritten(HOB_TEXT("\"a\\ud83dz\\ude00\""), HOB_JSON_ASCII, "\"a\\ud83dz\\ude00\"");
    assert_rewritten(HOB_TEXT("\"\\ud83d\\ud83d\\ude00\""), HOB_JSON_ASCII,
                     "\"\\ud83d\\ud83d\\ude00\"");
    /* Hangul starts with the same byte as surrogates do. */
    assert_rewritten(HOB_TEXT("\"\xED\x95\x9C\""), 0, "\"\xED\x95\x9C\"");
    /* Two that belong together, but came as two, are one character. */
    struct hob_value pair = {.kind = HOB_STRING, .text = HOB_TEXT("\xED\xA0\xBD\xED\xB8\x80")};
    assert_written(&pair, 0, "\"\xF0\x9F\x98\x80\"");
    assert_written(&pair, HOB_JSON_ASCII, "\"\\ud83d\\ude00\"");
}

/* The scan of plain runs works in blocks: put what ends a run at every place of a block. */
static void special_characters_are_found_at_every_offset(void **state)
{
    (void)state;
    for (size_t length = 0; length < 70; length++) {
        for (size_t at = 0; at < length; at++) {
            HOB_AUTO(buffer) struct hob_buffer text = HOB_BUFFER_INIT;
            HOB_AUTO(buffer) struct hob_buffer expected = HOB_BUFFER_INIT;
            hob_buffer_put_char(&text, '"');
            hob_buffer_put_repeated(&text, 'x', at);
            hob_buffer_put_string(&text, at % 2 == 0 ? "\\n" : "\\\"");
            hob_buffer_put_repeated(&text, 'y', length - at - 1);
            hob_buffer_put_char(&text, '"');
            hob_buffer_put_text(&expected, hob_buffer_text(&text));
            assert_rewritten(hob_buffer_text(&text), 0, hob_buffer_string(&expected));
        }
    }
}

static void a_repeated_key_has_the_last_value_at_the_first_place(void **state)
{
    (void)state;
    assert_rewritten(HOB_TEXT("{\"a\":1,\"b\":2,\"a\":3}"), 0, "{\"a\":3,\"b\":2}");
    HOB_AUTO(buffer) struct hob_buffer text = HOB_BUFFER_INIT;
    hob_buffer_put_char(&text, '{');
    for (int i = 0; i < 400; i++)
        hob_buffer_printf(&text, "%s\"k%d\":%d", i == 0 ? "" : ",", i % 200, i);
    hob_buffer_put_char(&text, '}');
    HOB_AUTO(arena) struct hob_arena *arena = hob_arena_new();
    const struct hob_value *value;
    assert_int_equal(hob_json_read(arena, hob_buffer_text(&text), &value, NULL), 0);
    assert_int_equal(value->map.count, 200);
    assert_text_equal(value->map.pairs[7].key->text, "k7");
    assert_int_equal(value->map.pairs[7].value->integer, 207);
    assert_int_equal(hob_value_get(value, "k199")->integer, 399);
}

static void maps_that_were_read_can_be_copied_and_grow(void **state)
{
    (void)state;
    HOB_AUTO(arena) struct hob_arena *arena = hob_arena_new();
    HOB_AUTO(buffer) struct hob_buffer text = HOB_BUFFER_INIT;
    for (int members = 0; members < 40; members++) {
        hob_buffer_clear(&text);
        hob_buffer_put_char(&text, '{');
        for (int i = 0; i < members; i++)
            hob_buffer_printf(&text, "%s\"k%d\":%d", i == 0 ? "" : ",", i, i);
        hob_buffer_put_char(&text, '}');
        const struct hob_value *value;
        assert_int_equal(hob_json_read(arena, hob_buffer_text(&text), &value, NULL), 0);
        struct hob_value *map = (struct hob_value *)(uintptr_t)value;
        for (int i = 0; i < 40; i++)
            assert_true(hob_value_put_string(arena, map, hob_arena_printf(arena, "n%d", i),
                                             hob_value_new_int(arena, i)));
        assert_int_equal(map->map.count, members + 40);
        assert_int_equal(hob_value_get(map, "n39")->integer, 39);
        assert_true(members == 0 || hob_value_get(map, "k0")->integer == 0);
    }
}

static void strings_have_a_nul_behind_them(void **state)
{
    (void)state;
    HOB_AUTO(arena) struct hob_arena *arena = hob_arena_new();
    const struct hob_value *value;
    assert_int_equal(hob_json_read(arena, HOB_TEXT("[\"plain\", \"a\\tb\"]"), &value, NULL), 0);
    assert_string_equal(hob_value_string(value->list.items[0]), "plain");
    assert_string_equal(hob_value_string(value->list.items[1]), "a\tb");
}

static void nest(struct hob_buffer *out, unsigned levels)
{
    hob_buffer_put_repeated(out, '[', levels);
    hob_buffer_put_repeated(out, ']', levels);
}

static void nesting_is_limited(void **state)
{
    (void)state;
    HOB_AUTO(buffer) struct hob_buffer fits = HOB_BUFFER_INIT, deep = HOB_BUFFER_INIT;
    nest(&fits, HOB_VALUE_MAX_DEPTH);
    nest(&deep, HOB_VALUE_MAX_DEPTH + 1);
    const char *fitting = hob_buffer_string(&fits); /* may move the text */
    assert_rewritten(hob_buffer_text(&fits), 0, fitting);
    assert_read_fails(hob_buffer_text(&deep), HOB_E_LIMIT,
                      "JSON is nested deeper than 1000 levels");
}

static void tokens_come_one_by_one_and_point_into_the_input(void **state)
{
    (void)state;
    static const char text[] =
        " [ {\"key\" : \"text\", \"n\\n\": -12}, 99999999999999999999, 1.5 ] ";
    static const enum hob_json_event events[] = {
        HOB_JSON_LIST_START, HOB_JSON_MAP_START, HOB_JSON_KEY,     HOB_JSON_STRING,
        HOB_JSON_KEY,        HOB_JSON_INT,       HOB_JSON_MAP_END, HOB_JSON_BIG_INT,
        HOB_JSON_DOUBLE,     HOB_JSON_LIST_END,  HOB_JSON_END,     HOB_JSON_END,
    };
    HOB_AUTO(json_reader)
    struct hob_json_reader *reader = hob_json_reader_new(hob_text_from(text), 2);
    struct hob_json_token token;
    for (size_t i = 0; i < sizeof events / sizeof events[0]; i++) {
        assert_int_equal(hob_json_next(reader, &token, NULL), 0);
        assert_int_equal(token.event, events[i]);
        if (i == 3)
            assert_ptr_equal(token.text.data, strstr(text, "text"));
        if (i == 4)
            assert_text_equal(token.text, "n\n");
        if (i == 5)
            assert_int_equal(token.integer, -12);
        if (i == 7)
            assert_text_equal(token.text, "99999999999999999999");
        if (i == 8)
            assert_true(token.number == 1.5);
    }
}

static void a_reader_that_failed_fails_again(void **state)
{
    (void)state;
    static const char *const texts[] = {"[1 x]", "{\"a\" 1}", "[\"\\x\"]", "[[[]]]"};
    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++) {
        HOB_AUTO(json_reader)
        struct hob_json_reader *reader = hob_json_reader_new(hob_text_from(texts[i]), 2);
        struct hob_json_token token;
        struct hob_error first = HOB_ERROR_INIT, second = HOB_ERROR_INIT;
        while (hob_json_next(reader, &token, &first) == 0)
            assert_int_not_equal(token.event, HOB_JSON_END);
        assert_int_equal(hob_json_next(reader, &token, &second), first.code);
        assert_string_equal(second.message, first.message);
    }
}

/* Every prefix of a document in memory of its own size, where a read too far is noticed. */
static void no_byte_behind_the_text_is_looked_at(void **state)
{
    (void)state;
    static const char text[] =
        "{\"a\": [1, -2.5e+10, true, false, null, NaN, -Infinity], \"\\u00e9\\ud83d\\ude00\": "
        "\"a text that is longer than a block of sixteen\", \"\": 12345678901234567890}";
    for (size_t size = 0; size < sizeof text - 1; size++) {
        char *copy = malloc(size + 1);
        memcpy(copy + 1, text, size);
        HOB_AUTO(arena) struct hob_arena *arena = hob_arena_new();
        const struct hob_value *value;
        assert_int_equal(hob_json_read(arena, (struct hob_text){copy + 1, size}, &value, NULL),
                         HOB_E_JSON);
        free(copy);
    }
}

/* Whether the whole text is passed over; in memory of its size, around which the sanitizer looks.
 */
static bool is_skipped(struct hob_text text)
{
    size_t at = 0;
    HOB_AUTO(free) char *copy = malloc(text.size > 0 ? text.size : 1);
    memcpy(copy, text.data, text.size);
    struct hob_text exact = {copy, text.size};
    return hob_utf8_valid_prefix(exact) == text.size && hob_json_skip(exact, &at) &&
           strspn(text.data + at, " \t\r\n") >= text.size - at;
}

/* What is passed over is what can be read; and only Python's own words are not passed over. */
static void assert_skipped_as_read(const char *data, size_t size)
{
    HOB_AUTO(arena) struct hob_arena *arena = hob_arena_new();
    struct hob_text text = {data, size};
    const struct hob_value *value;
    bool reads = hob_json_read(arena, text, &value, NULL) == 0, skips = is_skipped(text);
    bool own_words = memchr(data, 'N', size) != NULL || memchr(data, 'I', size) != NULL;
    if (skips != reads && !(reads && own_words))
        fail_msg("%s: %.*s", skips ? "is no JSON" : "is JSON", (int)size, data);
}

static void what_is_passed_over_is_what_can_be_read(void **state)
{
    (void)state;
    static const char *const documents[] = {
        "{\"a\": [1, -2.5e+3, true, false, null], \"b\\n\\u00e9\": {\"c\": []}, \"d\": 0}",
        " [[], {}, [[\"\\ud83d\\ude00\"]], -0.5E-2, 10, {\"x\" : {\"y\":\"\xC3\xA9\\\"\"}} ] \n",
        "\"0123456789abcdef0123456789abcdef\\/\"",
        "-0",
        "[NaN]",
    };
    static const char bytes[] = "\"\\{}[],: 019.eE+-tfnuNI\x01\xC3\n";
    for (size_t i = 0; i < sizeof documents / sizeof *documents; i++) {
        size_t size = strlen(documents[i]);
        HOB_AUTO(free) char *text = strdup(documents[i]);
        for (size_t at = 0; at < size; at++) {
            for (const char *byte = bytes; *byte != '\0'; byte++) {
                text[at] = *byte;
                assert_skipped_as_read(text, size);
            }
            text[at] = documents[i][at];
            assert_skipped_as_read(text, at);
        }
        assert_skipped_as_read(text, size);
    }
}

static void deep_nesting_is_left_to_a_reader(void **state)
{
    (void)state;
    for (unsigned levels = 1; levels <= 65; levels++) {
        HOB_AUTO(buffer) struct hob_buffer lists = HOB_BUFFER_INIT, maps = HOB_BUFFER_INIT;
        size_t at = 0;
        nest(&lists, levels);
        assert_int_equal(hob_json_skip(hob_buffer_text(&lists), &at), levels <= 64);
        /* Maps and lists in turn: each end has to be that of its beginning. */
        for (unsigned i = 0; i < levels; i++)
            hob_buffer_put_string(&maps, i % 2 == 0 ? "{\"a\":" : "[");
        hob_buffer_put_char(&maps, '0');
        for (unsigned i = levels; i-- > 0;)
            hob_buffer_put_char(&maps, i % 2 == 0 ? '}' : ']');
        at = 0;
        assert_int_equal(hob_json_skip(hob_buffer_text(&maps), &at), levels <= 64);
        maps.data[maps.size - 1 - levels / 2] ^= '}' ^ ']';
        at = 0;
        assert_false(hob_json_skip(hob_buffer_text(&maps), &at));
    }
}

static void styles_are_those_of_python(void **state)
{
    (void)state;
    static const char text[] = "{\"a\":[1,{\"\xC3\xA9\":null}],\"b\":[],\"c\":{}}";
    assert_rewritten(hob_text_from(text), HOB_JSON_COMPACT, text);
    assert_rewritten(hob_text_from(text), HOB_JSON_ASCII | HOB_JSON_SPACED,
                     "{\"a\": [1, {\"\\u00e9\": null}], \"b\": [], \"c\": {}}");
    assert_rewritten(hob_text_from(text), HOB_JSON_INDENT,
                     "{\n  \"a\": [\n    1,\n    {\n      \"\xC3\xA9\": null\n    }\n  ],\n"
                     "  \"b\": [],\n  \"c\": {}\n}");
}

static void keys_that_are_no_text_become_one(void **state)
{
    (void)state;
    HOB_AUTO(arena) struct hob_arena *arena = hob_arena_new();
    struct hob_value *map = hob_value_new(arena, HOB_MAP);
    struct hob_value *date = hob_value_new(arena, HOB_DATE);
    struct hob_value *big = hob_value_new(arena, HOB_BIG_INT);
    big->text = HOB_TEXT("-99999999999999999999");
    const struct hob_value *keys[] = {
        &hob_value_null,
        &hob_value_true,
        hob_value_new_int(arena, -3),
        hob_value_new_double(arena, 1.5),
        hob_value_new_double(arena, -INFINITY),
        big,
        date,
        hob_value_new_string(arena, HOB_TEXT("\"")),
    };
    for (size_t i = 0; i < sizeof keys / sizeof keys[0]; i++)
        assert_true(hob_value_put(arena, map, keys[i], hob_value_new_int(arena, (int64_t)i)));
    assert_written(map, 0,
                   "{\"null\":0,\"true\":1,\"-3\":2,\"1.5\":3,\"-Infinity\":4,"
                   "\"-99999999999999999999\":5,\"1970-01-01\":6,\"\\\"\":7}");
}

static void kinds_that_json_lacks_are_written_as_text_or_list(void **state)
{
    (void)state;
    HOB_AUTO(arena) struct hob_arena *arena = hob_arena_new();
    struct hob_value *list = hob_value_new(arena, HOB_TUPLE);
    static const char *const bytes[] = {"", "h", "he", "hel", "\xFF\xFE\xFD\xFC"};
    for (size_t i = 0; i < sizeof bytes / sizeof bytes[0]; i++) {
        struct hob_value *item = hob_value_new(arena, HOB_BYTES);
        item->text = hob_text_from(bytes[i]);
        hob_value_append(arena, list, item);
    }
    struct hob_value *set = hob_value_new(arena, HOB_SET);
    hob_value_put_string(arena, set, "member", &hob_value_null);
    hob_value_append(arena, list, set);
    struct hob_value *moment = hob_value_new(arena, HOB_DATETIME);
    moment->microseconds = 3600 * (int64_t)1000000;
    hob_value_append(arena, list, moment);
    hob_value_append(arena, list, hob_value_new_double(arena, NAN));
    assert_written(list, 0,
                   "[\"\",\"aA==\",\"aGU=\",\"aGVs\",\"//79/A==\",[\"member\"],"
                   "\"1970-01-01T01:00:00\",null]");
}

static void a_cycle_is_an_error_and_leaves_nothing_behind(void **state)
{
    (void)state;
    HOB_AUTO(arena) struct hob_arena *arena = hob_arena_new();
    HOB_AUTO(buffer) struct hob_buffer out = HOB_BUFFER_INIT;
    struct hob_value *list = hob_value_new(arena, HOB_LIST);
    hob_value_append(arena, list, list);
    hob_buffer_put_string(&out, "before");
    struct hob_error error = HOB_ERROR_INIT;
    assert_int_equal(hob_json_write(&out, list, 0, SIZE_MAX, &error), HOB_E_LIMIT);
    assert_text_equal(hob_buffer_text(&out), "before");
}

static void aliases_that_multiply_are_stopped_at_the_size_limit(void **state)
{
    (void)state;
    HOB_AUTO(arena) struct hob_arena *arena = hob_arena_new();
    HOB_AUTO(buffer) struct hob_buffer out = HOB_BUFFER_INIT;
    const struct hob_value *value = hob_value_new_string(arena, HOB_TEXT("laugh"));
    for (int i = 0; i < 60; i++) {
        struct hob_value *list = hob_value_new(arena, HOB_LIST);
        hob_value_append(arena, list, value);
        hob_value_append(arena, list, value);
        value = list;
    }
    struct hob_error error = HOB_ERROR_INIT;
    assert_int_equal(hob_json_write(&out, value, 0, 10000, &error), HOB_E_LIMIT);
    assert_int_equal(out.size, 0);
    assert_true(out.capacity < 100000);
    assert_written(&hob_value_empty_string, 0, "\"\"");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(errors_have_the_words_and_places_of_python),
        cmocka_unit_test(bytes_that_are_no_utf8_are_refused_before_anything_else),
        cmocka_unit_test(numbers_keep_their_kind_and_value),
        cmocka_unit_test(what_only_python_accepts_is_a_number),
        cmocka_unit_test(strings_are_unescaped),
        cmocka_unit_test(lone_surrogates_are_kept_and_printed_safely),
        cmocka_unit_test(special_characters_are_found_at_every_offset),
        cmocka_unit_test(a_repeated_key_has_the_last_value_at_the_first_place),
        cmocka_unit_test(maps_that_were_read_can_be_copied_and_grow),
        cmocka_unit_test(strings_have_a_nul_behind_them),
        cmocka_unit_test(nesting_is_limited),
        cmocka_unit_test(tokens_come_one_by_one_and_point_into_the_input),
        cmocka_unit_test(a_reader_that_failed_fails_again),
        cmocka_unit_test(no_byte_behind_the_text_is_looked_at),
        cmocka_unit_test(what_is_passed_over_is_what_can_be_read),
        cmocka_unit_test(deep_nesting_is_left_to_a_reader),
        cmocka_unit_test(styles_are_those_of_python),
        cmocka_unit_test(keys_that_are_no_text_become_one),
        cmocka_unit_test(kinds_that_json_lacks_are_written_as_text_or_list),
        cmocka_unit_test(a_cycle_is_an_error_and_leaves_nothing_behind),
        cmocka_unit_test(aliases_that_multiply_are_stopped_at_the_size_limit),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
