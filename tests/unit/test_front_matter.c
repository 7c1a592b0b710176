/* Tests of access/front_matter, and of printing values as Python does. */
#include "check.h"

#include "access/front_matter.h"
#include "value/python.h"

/* The fields as Python prints them, then " | ", then the content; or the error's type. */
static void expect(const char *text, const char *expected)
{
    HOB_AUTO(arena) struct hob_arena *arena = hob_arena_new();
    HOB_AUTO(buffer) struct hob_buffer out = HOB_BUFFER_INIT;
    struct hob_front_matter read;
    int result = hob_front_matter_read(arena, hob_text_from(text), "t.md", &read, NULL);
    if (result < 0) {
        assert_string_equal(hob_error_type(result), expected);
        return;
    }
    hob_python_str(&out, read.fields != NULL ? read.fields : &hob_value_null);
    hob_buffer_put_string(&out, " | ");
    hob_buffer_put_text(&out, read.content);
    assert_string_equal(hob_buffer_string(&out), expected);
}

static void fields_lie_between_lines_of_dashes(void **state)
{
    (void)state;
    expect("---\na: 1\n---\nbody\n", "{'a': 1} | body");
    expect("\n\n-----  \na: x\n---\t\n\n b \n", "{'a': 'x'} | b");
    expect("---\r\na: 1\r\n---\r\nx\r\ny\r\n", "{'a': 1} | x\ny");
    expect("---\na: 1\n---", "{'a': 1} | ");
    expect("---\na: 1\n---\nx\n---\ny\n", "{'a': 1} | x\n---\ny");
}

static void what_is_not_closed_or_not_first_is_content(void **state)
{
    (void)state;
    expect("---\na: 1\n", "None | ---\na: 1");
    expect("text\n---\na: 1\n---\n", "None | text\n---\na: 1\n---");
    expect(" x\n", "None | x");
    expect("---", "None | ---");
    expect("", "None | ");
    expect("--\na: 1\n--\n", "None | --\na: 1\n--");
}

static void fields_that_are_no_mapping_are_ignored(void **state)
{
    (void)state;
    expect("---\n- 1\n---\nb", "None | b");
    expect("---\n---\nb", "None | b");
    expect("---\njust text\n---\nb", "None | b");
}

static void keys_become_text(void **state)
{
    (void)state;
    expect("---\n2024: x\non: y\n1.5: z\n~: n\n---\n",
           "{'2024': 'x', 'true': 'y', '1.5': 'z', 'null': 'n'} | ");
}

static void json_stands_between_braces(void **state)
{
    (void)state;
    expect("{\n\"a\": [1, true]\n}\n\nbody", "{'a': [1, True]} | body");
    expect("{\n\"a\": x\n}\n", "JSONDecodeError");
    expect("{\"a\": 1}\n", "None | {\"a\": 1}");
}

static void lines_of_white_space_belong_to_the_boundary(void **state)
{
    (void)state;
    static const char *const blanks[] = {"\t", "  \t",      "\xC2\xA0", "\xE2\x80\x83",
                                         "\f", "\n\v\n \t", "\x1C"};
    for (size_t i = 0; i < sizeof blanks / sizeof *blanks; i++) {
        HOB_AUTO(buffer) struct hob_buffer text = HOB_BUFFER_INIT;
        hob_buffer_printf(&text, "---\n%s\n  a: 1\n  b: 2\n---\n%s\nB", blanks[i], blanks[i]);
        expect(hob_buffer_string(&text), "{'a': 1, 'b': 2} | B");
    }
    expect("---\n\t\n---", "None | ");
    expect("---\n---\nx", "None | x");
    expect("---\na: 1\n\t\n---\nB", "ValueError"); /* behind a field they are YAML's affair */
}

static void broken_front_matter_is_an_error(void **state)
{
    (void)state;
    expect("---\na: [1\n---\nb", "ValueError");
    expect("---\na: \xff\n---\nb", "UnicodeDecodeError");
}

static void expect_repr(const char *text, const char *expected)
{
    HOB_AUTO(buffer) struct hob_buffer out = HOB_BUFFER_INIT;
    hob_python_repr_text(&out, hob_text_from(text));
    assert_string_equal(hob_buffer_string(&out), expected);
}

static void texts_are_quoted_as_in_python(void **state)
{
    (void)state;
    expect_repr("plain", "'plain'");
    expect_repr("it's", "\"it's\"");
    expect_repr("say \"x\"", "'say \"x\"'");
    expect_repr("it's \"x\"", "'it\\'s \"x\"'");
    expect_repr("a\\b\n\t\r\x01", "'a\\\\b\\n\\t\\r\\x01'");
    expect_repr("\xC3\xA9\xF0\x9F\x8E\x93", "'\xC3\xA9\xF0\x9F\x8E\x93'");
    expect_repr("\xC2\xA0\xE2\x80\x8B", "'\\xa0\\u200b'");
}

static void collections_inside_themselves_print_shortly(void **state)
{
    (void)state;
    expect("---\nx: &a [*a, 1, *a]\nm: &m {k: *m}\n---\n",
           "{'x': [[...], 1, [...]], 'm': {'k': {...}}} | ");
}

static void errors_name_lines_of_the_file(void **state)
{
    (void)state;
    HOB_AUTO(arena) struct hob_arena *arena = hob_arena_new();
    struct hob_front_matter read;
    struct hob_error error = HOB_ERROR_INIT;
    assert_int_equal(hob_front_matter_read(arena, HOB_TEXT("\n---\na: 1\nb: c: d\n---\n"), "t.md",
                                           &read, &error),
                     HOB_E_VALUE);
    assert_non_null(strstr(error.message, "line 4"));
    error = (struct hob_error)HOB_ERROR_INIT;
    assert_int_equal(
        hob_front_matter_read(arena, HOB_TEXT("---\n\t\nb: c: d\n---\n"), "t.md", &read, &error),
        HOB_E_VALUE);
    assert_non_null(strstr(error.message, "line 3"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(fields_lie_between_lines_of_dashes),
        cmocka_unit_test(what_is_not_closed_or_not_first_is_content),
        cmocka_unit_test(fields_that_are_no_mapping_are_ignored),
        cmocka_unit_test(keys_become_text),
        cmocka_unit_test(json_stands_between_braces),
        cmocka_unit_test(lines_of_white_space_belong_to_the_boundary),
        cmocka_unit_test(broken_front_matter_is_an_error),
        cmocka_unit_test(texts_are_quoted_as_in_python),
        cmocka_unit_test(collections_inside_themselves_print_shortly),
        cmocka_unit_test(errors_name_lines_of_the_file),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
