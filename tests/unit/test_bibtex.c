/* Tests of type bibtex. */
#include "check.h"

#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#include "access/access.h"
#include "frame/build.h"
#include "frame/records.h"
#include "value/json.h"

static char path[] = "/tmp/hob-test-bibtex-XXXXXX";

static int make_file(void **state)
{
    (void)state;
    int descriptor = mkstemp(path);
    if (descriptor < 0)
        return -1;
    close(descriptor);
    return 0;
}

static int remove_file(void **state)
{
    (void)state;
    unlink(path);
    return 0;
}

static void put_file(const char *text, size_t size)
{
    FILE *file = fopen(path, "wb");
    assert_non_null(file);
    assert_int_equal(fwrite(text, 1, size, file), size);
    fclose(file);
}

static struct hob_value *flow_in(struct hob_arena *arena)
{
    struct hob_value *flow = hob_value_new(arena, HOB_MAP);
    hob_value_put_string(arena, flow, "type", hob_value_new_string(arena, HOB_TEXT("bibtex")));
    hob_value_put_string(arena, flow, "filename", hob_value_new_string(arena, hob_text_from(path)));
    return flow;
}

static int read_text(const char *text, size_t size, struct hob_buffer *out, struct hob_error *error)
{
    HOB_AUTO(arena) struct hob_arena *arena = hob_arena_new();
    HOB_AUTO(frame) struct hob_frame *frame = NULL;
    const struct hob_scope scope = {0};
    put_file(text, size);
    int result = hob_access_read(&frame, &scope, flow_in(arena), error);
    return result < 0 ? result : hob_frame_put_records(out, frame, HOB_JSON_COMPACT, error);
}

static void assert_reads(const char *text, const char *records)
{
    HOB_AUTO(buffer) struct hob_buffer out = HOB_BUFFER_INIT;
    struct hob_error error = HOB_ERROR_INIT;
    int result = read_text(text, strlen(text), &out, &error);
    assert_string_equal(error.message, "");
    assert_int_equal(result, 0);
    assert_text_equal(hob_buffer_text(&out), records);
}

static void assert_refuses(const char *text, int code, const char *part)
{
    HOB_AUTO(buffer) struct hob_buffer out = HOB_BUFFER_INIT;
    struct hob_error error = HOB_ERROR_INIT;
    assert_int_equal(read_text(text, strlen(text), &out, &error), code);
    if (strstr(error.message, part) == NULL)
        fail_msg("'%s' is not in '%s'", part, error.message);
}

static void values_stand_in_braces_quotes_and_alone(void **state)
{
    (void)state;
    assert_reads("@misc{k, a = {x {y} \"z\"}, b = \"x {\"} y\", c = 12}",
                 "[{\"ENTRYTYPE\":\"misc\",\"ID\":\"k\",\"a\":\"x {y} \\\"z\\\"\","
                 "\"b\":\"x {\\\"} y\",\"c\":\"12\"}]");
    assert_reads("@misc(k, a = {)})", "[{\"ENTRYTYPE\":\"misc\",\"ID\":\"k\",\"a\":\")\"}]");
}

static void macros_and_months_are_resolved_and_joined(void **state)
{
    (void)state;
    assert_reads("@string{jmlr = \"J\" # { M}}\n@misc{k, a = JMLR # \" 6\", b = 3 # dec}",
                 "[{\"ENTRYTYPE\":\"misc\",\"ID\":\"k\",\"a\":\"J M 6\",\"b\":\"3December\"}]");
    assert_refuses("@misc{k,\n a = nowhere}", HOB_E_VALUE, "line 2: the macro 'nowhere'");
}

static void line_breaks_stay_without_their_indentation(void **state)
{
    (void)state;
    assert_reads("@misc{k, a = {x  \r\n   y\n\n\tz\n}}",
                 "[{\"ENTRYTYPE\":\"misc\",\"ID\":\"k\",\"a\":\"x  \\ny\\n\\nz\"}]");
}

static void what_is_between_entries_is_skipped(void **state)
{
    (void)state;
    assert_reads("mail me@home.org\n% @misc{no, a={1}}\n@comment{@misc{no, a={1}}}\n"
                 "@preamble{\"{x}\"}\n@misc{k,}@misc{l,}\n",
                 "[{\"ENTRYTYPE\":\"misc\",\"ID\":\"k\"},{\"ENTRYTYPE\":\"misc\",\"ID\":\"l\"}]");
    assert_reads("", "[]");
}

static void names_are_lower_cased_and_the_first_of_repeated_fields_counts(void **state)
{
    (void)state;
    assert_reads("@MISC{K, Title = {1}, TITLE = {2}}",
                 "[{\"ENTRYTYPE\":\"misc\",\"ID\":\"K\",\"title\":\"1\"}]");
}

static void known_fields_come_first_and_the_others_by_name(void **state)
{
    (void)state;
    assert_reads("@a{k, zz={1}, url={2}, year={3}, aa={4}, author={5}, title={6}}",
                 "[{\"ENTRYTYPE\":\"a\",\"ID\":\"k\",\"title\":\"6\",\"author\":\"5\","
                 "\"year\":\"3\",\"url\":\"2\",\"aa\":\"4\",\"zz\":\"1\"}]");
}

static void rows_are_sorted_with_missing_ones_last(void **state)
{
    (void)state;
    assert_reads("@a{1, year={2}}@a{2, author={B}}@a{3, author={A}, year={9}}@a{4, author={A}}"
                 "@a{5, author={A}, year={8}}",
                 "[{\"ENTRYTYPE\":\"a\",\"ID\":\"5\",\"author\":\"A\",\"year\":\"8\"},"
                 "{\"ENTRYTYPE\":\"a\",\"ID\":\"3\",\"author\":\"A\",\"year\":\"9\"},"
                 "{\"ENTRYTYPE\":\"a\",\"ID\":\"4\",\"author\":\"A\",\"year\":null},"
                 "{\"ENTRYTYPE\":\"a\",\"ID\":\"2\",\"author\":\"B\",\"year\":null},"
                 "{\"ENTRYTYPE\":\"a\",\"ID\":\"1\",\"author\":null,\"year\":\"2\"}]");
}

static void keys_hold_what_names_do_not(void **state)
{
    (void)state;
    static const char *const keys[] = {"O'Brien2005", "smith(2001)", "50%off", "a=b",
                                       "a#b",         "(x",          "x)",     "c:\xC3\xA9/d"};
    for (size_t i = 0; i < sizeof keys / sizeof *keys; i++) {
        HOB_AUTO(buffer) struct hob_buffer text = HOB_BUFFER_INIT, expected = HOB_BUFFER_INIT;
        hob_buffer_printf(&text, "@misc{ %s\n , a = {x}}\n@misc{z}", keys[i]);
        hob_buffer_printf(&expected,
                          "[{\"ENTRYTYPE\":\"misc\",\"ID\":\"%s\",\"a\":\"x\"},"
                          "{\"ENTRYTYPE\":\"misc\",\"ID\":\"z\",\"a\":null}]",
                          keys[i]);
        assert_reads(hob_buffer_string(&text), hob_buffer_string(&expected));
    }
    assert_reads("@misc(smith(2001), a = {x})@misc(k), and text",
                 "[{\"ENTRYTYPE\":\"misc\",\"ID\":\"smith(2001)\",\"a\":\"x\"},"
                 "{\"ENTRYTYPE\":\"misc\",\"ID\":\"k\",\"a\":null}]");
    assert_reads("@misc{k % a comment\n, a = {x}}",
                 "[{\"ENTRYTYPE\":\"misc\",\"ID\":\"k\",\"a\":\"x\"}]");
    assert_refuses("@misc{title = {T}, year = 1}", HOB_E_VALUE, "key");
}

static void errors_name_the_line(void **state)
{
    (void)state;
    assert_refuses("\n\n@misc{k, a = {x\n}\n@misc{l}", HOB_E_VALUE, "line 5:");
    assert_refuses("@misc{k, a = {x", HOB_E_VALUE, "never closed");
    assert_refuses("@misc{k, a {x}}", HOB_E_VALUE, "no `=` after 'a'");
    assert_refuses("@misc{k, a = {x} b = {y}}", HOB_E_VALUE, "comma");
    assert_refuses("@misc{k l, a = {x}}", HOB_E_VALUE, "key");
    assert_refuses("@misc{k,\n a = {\xFF}}", HOB_E_UNICODE, "line 2: the byte 0xff");
}

static void macros_that_multiply_are_refused(void **state)
{
    (void)state;
    HOB_AUTO(buffer) struct hob_buffer bomb = HOB_BUFFER_INIT;
    HOB_AUTO(buffer) struct hob_buffer out = HOB_BUFFER_INIT;
    struct hob_error error = HOB_ERROR_INIT;
    hob_buffer_put_string(&bomb, "@string{a0 = {0123456789}}\n");
    for (int i = 1; i < 12; i++)
        hob_buffer_printf(&bomb, "@string{a%d = a%d#a%d#a%d#a%d#a%d#a%d#a%d#a%d#a%d#a%d}\n", i,
                          i - 1, i - 1, i - 1, i - 1, i - 1, i - 1, i - 1, i - 1, i - 1, i - 1);
    assert_int_equal(read_text(bomb.data, bomb.size, &out, &error), HOB_E_LIMIT);
}

static void too_many_different_fields_are_refused(void **state)
{
    (void)state;
    HOB_AUTO(buffer) struct hob_buffer text = HOB_BUFFER_INIT;
    HOB_AUTO(buffer) struct hob_buffer out = HOB_BUFFER_INIT;
    struct hob_error error = HOB_ERROR_INIT;
    for (int i = 0; i < 1001; i++)
        hob_buffer_printf(&text, "@m{k,f%d={}}\n", i);
    assert_int_equal(read_text(text.data, text.size, &out, &error), HOB_E_LIMIT);
}

static void deep_braces_are_only_counted(void **state)
{
    (void)state;
    HOB_AUTO(buffer) struct hob_buffer text = HOB_BUFFER_INIT;
    HOB_AUTO(buffer) struct hob_buffer out = HOB_BUFFER_INIT;
    struct hob_error error = HOB_ERROR_INIT;
    hob_buffer_put_string(&text, "@m{k,a=");
    hob_buffer_put_repeated(&text, '{', 1000000);
    hob_buffer_put_repeated(&text, '}', 1000000);
    hob_buffer_put_string(&text, "}");
    assert_int_equal(read_text(text.data, text.size, &out, &error), 0);
}

/* Writing. */

static int write_records(const char *records, struct hob_error *error)
{
    HOB_AUTO(arena) struct hob_arena *arena = hob_arena_new();
    HOB_AUTO(frame) struct hob_frame *frame = NULL;
    const struct hob_scope scope = {0};
    const struct hob_value *value;
    assert_int_equal(hob_json_read(arena, hob_text_from(records), &value, error), 0);
    assert_int_equal(hob_frame_from_value(&frame, value, 0, NULL, error), 0);
    return hob_access_write(&scope, flow_in(arena), frame, error);
}

static void assert_file(const char *expected)
{
    char text[1000];
    FILE *file = fopen(path, "rb");
    assert_non_null(file);
    size_t size = fread(text, 1, sizeof text, file);
    fclose(file);
    assert_text_equal(((struct hob_text){text, size}), expected);
}

static void entries_are_written_sorted_and_so_are_their_fields(void **state)
{
    (void)state;
    struct hob_error error = HOB_ERROR_INIT;
    assert_int_equal(write_records("[{\"ID\":\"b\",\"ENTRYTYPE\":\"misc\",\"title\":\"T\","
                                   "\"author\":\"b\"},{\"ID\":\"a\",\"ENTRYTYPE\":\"book\","
                                   "\"author\":\"A\",\"note\":null},"
                                   "{\"ID\":\"c\",\"ENTRYTYPE\":\"misc\"}]",
                                   &error),
                     0);
    assert_file("@misc{c\n}\n\n@book{a,\n  author = {A}\n}\n\n"
                "@misc{b,\n  author = {b},\n  title = {T}\n}\n\n");
}

static void assert_not_written(const char *records, int code)
{
    struct hob_error error = HOB_ERROR_INIT;
    put_file("old", 3);
    assert_int_equal(write_records(records, &error), code);
    assert_true(error.message[0] != '\0');
    assert_file("old");
}

static void what_could_not_be_read_again_is_refused_and_the_file_stays(void **state)
{
    (void)state;
    assert_not_written("[{\"ENTRYTYPE\":\"m\"}]", HOB_E_VALUE);
    assert_not_written("[{\"ID\":\"a b\",\"ENTRYTYPE\":\"m\"}]", HOB_E_VALUE);
    assert_not_written("[{\"ID\":\"a\",\"ENTRYTYPE\":\"m\"},{\"ID\":\"a\",\"ENTRYTYPE\":\"m\"}]",
                       HOB_E_VALUE);
    assert_not_written("[{\"ID\":\"a\"}]", HOB_E_KEY);
    assert_not_written("[{\"ID\":\"a\",\"ENTRYTYPE\":\"m\",\"year\":5}]", HOB_E_TYPE);
    assert_not_written("[{\"ID\":\"a\",\"ENTRYTYPE\":\"m\",\"note\":\"}{\"}]", HOB_E_VALUE);
    assert_not_written("[{\"ID\":\"a\",\"ENTRYTYPE\":\"m\",\"a b\":\"x\"}]", HOB_E_VALUE);
}

static void a_bad_entry_leaves_an_empty_file_only_where_there_was_none(void **state)
{
    (void)state;
    struct hob_error error = HOB_ERROR_INIT;
    unlink(path);
    assert_int_equal(write_records("[{\"ID\":\"a b\",\"ENTRYTYPE\":\"m\"}]", &error), HOB_E_VALUE);
    assert_int_not_equal(access(path, F_OK), 0);
    assert_int_equal(write_records("[{\"ID\":\"a\"}]", &error), HOB_E_KEY);
    assert_file("");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(values_stand_in_braces_quotes_and_alone),
        cmocka_unit_test(macros_and_months_are_resolved_and_joined),
        cmocka_unit_test(line_breaks_stay_without_their_indentation),
        cmocka_unit_test(what_is_between_entries_is_skipped),
        cmocka_unit_test(names_are_lower_cased_and_the_first_of_repeated_fields_counts),
        cmocka_unit_test(known_fields_come_first_and_the_others_by_name),
        cmocka_unit_test(rows_are_sorted_with_missing_ones_last),
        cmocka_unit_test(keys_hold_what_names_do_not),
        cmocka_unit_test(errors_name_the_line),
        cmocka_unit_test(macros_that_multiply_are_refused),
        cmocka_unit_test(too_many_different_fields_are_refused),
        cmocka_unit_test(deep_braces_are_only_counted),
        cmocka_unit_test(entries_are_written_sorted_and_so_are_their_fields),
        cmocka_unit_test(what_could_not_be_read_again_is_refused_and_the_file_stays),
        cmocka_unit_test(a_bad_entry_leaves_an_empty_file_only_where_there_was_none),
    };
    return cmocka_run_group_tests_name("bibtex", tests, make_file, remove_file);
}
