/* Tests of frame/lines_read: lines are read as the list of them would be. */
#include "check.h"

#include "frame/build.h"
#include "frame/lines_read.h"
#include "frame/records.h"
#include "value/json.h"

/* The answer for the list, or the error's type. */
static void put_list(struct hob_buffer *out, struct hob_text json)
{
    struct hob_arena *arena = hob_arena_new();
    HOB_AUTO(frame) struct hob_frame *frame = NULL;
    const struct hob_value *value;
    assert_int_equal(hob_json_read(arena, json, &value, NULL), 0);
    int result = hob_frame_from_value(&frame, value, 0, arena, NULL);
    if (result < 0)
        hob_buffer_put_string(out, hob_error_type(result));
    else
        assert_int_equal(hob_frame_put_answer(out, frame, NULL), 0);
}

static void put_lines(struct hob_buffer *out, struct hob_text lines)
{
    HOB_AUTO(frame) struct hob_frame *frame = NULL;
    int result = hob_frame_read_lines(&frame, lines, NULL);
    if (result < 0)
        hob_buffer_put_string(out, hob_error_type(result));
    else
        assert_int_equal(hob_frame_put_answer(out, frame, NULL), 0);
}

static void read_alike(struct hob_text list, struct hob_text lines)
{
    HOB_AUTO(buffer) struct hob_buffer expected = HOB_BUFFER_INIT;
    HOB_AUTO(buffer) struct hob_buffer got = HOB_BUFFER_INIT;
    put_list(&expected, list);
    put_lines(&got, lines);
    assert_string_equal(hob_buffer_string(&got), hob_buffer_string(&expected));
}

#define ALIKE(list, lines) read_alike(HOB_TEXT(list), HOB_TEXT(lines))

static void lines_are_the_list_of_them(void **state)
{
    (void)state;
    ALIKE("[]", "");
    ALIKE("[]", "\n \r\n\t\n");
    ALIKE("[{}, {}]", "{}\n{}\n");
    ALIKE("[{\"a\": 1}]", "{\"a\": 1}");
    ALIKE("[{\"a\": 1}, {\"a\": 2}]", "{\"a\": 1}\r\n\n{\"a\": 2}\n\n");
    ALIKE("[{\"a\": 1}, {\"a\": 2.5}, {\"a\": \"x\"}]", "{\"a\":1}\n{\"a\":2.5}\n{\"a\":\"x\"}\n");
    ALIKE("[{\"a\": 1, \"a\": 2}]", "{\"a\": 1, \"a\": 2}\n");
}

static void broken_lines_are_errors_that_name_them(void **state)
{
    (void)state;
    static const struct {
        const char *line;
        int code;
    } cases[] = {{"[1]", HOB_E_VALUE},   {"null", HOB_E_VALUE},
                 {"{\"a\"", HOB_E_JSON}, {"{} {}", HOB_E_JSON},
                 {"{},", HOB_E_JSON},    {"{\"a\": \"\xff\"}", HOB_E_UNICODE}};
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        HOB_AUTO(buffer) struct hob_buffer text = HOB_BUFFER_INIT;
        HOB_AUTO(frame) struct hob_frame *frame = NULL;
        struct hob_error error = HOB_ERROR_INIT;
        hob_buffer_printf(&text, "{}\n\n%s\n{}\n", cases[i].line);
        assert_int_equal(hob_frame_read_lines(&frame, hob_buffer_text(&text), &error),
                         cases[i].code);
        assert_non_null(strstr(error.message, "line 3"));
        assert_null(frame);
        assert_int_equal(hob_frame_read_lines(&frame, hob_buffer_text(&text), NULL), cases[i].code);
    }
}

static uint64_t next(uint64_t *seed)
{
    *seed = *seed * 6364136223846793005u + 1442695040888963407u;
    return *seed >> 33;
}

static void random_lines_are_the_list_of_them(void **state)
{
    (void)state;
    static const char *const values[] = {"1",    "-7",   "2.5", "\"x\"",
                                         "true", "null", "[1]", "12345678901234567890"};
    uint64_t seed = 11;
    for (int round = 0; round < 3000; round++) {
        HOB_AUTO(buffer) struct hob_buffer list = HOB_BUFFER_INIT;
        HOB_AUTO(buffer) struct hob_buffer lines = HOB_BUFFER_INIT;
        HOB_AUTO(buffer) struct hob_buffer record = HOB_BUFFER_INIT;
        size_t rows = next(&seed) % 5;
        hob_buffer_put_char(&list, '[');
        for (size_t row = 0; row < rows; row++) {
            hob_buffer_clear(&record);
            hob_buffer_put_char(&record, '{');
            for (size_t i = 0; i < next(&seed) % 4; i++)
                hob_buffer_printf(&record, "%s\"%c\": %s", i > 0 ? ", " : "",
                                  (char)('a' + next(&seed) % 3), values[next(&seed) % 8]);
            hob_buffer_put_char(&record, '}');
            hob_buffer_put_string(&list, row > 0 ? ", " : "");
            hob_buffer_put_text(&list, hob_buffer_text(&record));
            hob_buffer_put_text(&lines, hob_buffer_text(&record));
            hob_buffer_put_string(&lines, next(&seed) % 2 ? "\n" : "\r\n\n");
        }
        hob_buffer_put_char(&list, ']');
        read_alike(hob_buffer_text(&list), hob_buffer_text(&lines));
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(lines_are_the_list_of_them),
        cmocka_unit_test(broken_lines_are_errors_that_name_them),
        cmocka_unit_test(random_lines_are_the_list_of_them),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
