/* Tests of base: what everything else stands on. */
#include "check.h"

#include <fcntl.h>
#include <float.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/arena.h"
#include "base/error.h"
#include "base/file.h"
#include "base/map.h"
#include "base/number.h"
#include "base/utf8.h"

static void print_double(double number, const char *expected)
{
    char out[HOB_NUMBER_SIZE];
    size_t size = hob_number_print_double(out, number);
    assert_text_equal(((struct hob_text){out, size}), expected);
}

static void doubles_print_as_python_prints_them(void **state)
{
    (void)state;
    print_double(0.0, "0.0");
    print_double(-0.0, "-0.0");
    print_double(1.0, "1.0");
    print_double(-2.5, "-2.5");
    print_double(0.1, "0.1");
    print_double(0.1 + 0.2, "0.30000000000000004");
    print_double(1e15, "1000000000000000.0");
    print_double(1e16, "1e+16");
    print_double(123456789012345680.0, "1.2345678901234568e+17");
    print_double(0.0001, "0.0001");
    print_double(0.00001, "1e-05");
    print_double(0.00012345, "0.00012345");
    print_double(1e-07, "1e-07");
    print_double(1e22, "1e+22");
    print_double(1e100, "1e+100");
    print_double(5e-324, "5e-324");
    print_double(DBL_MAX, "1.7976931348623157e+308");
    print_double(9007199254740993.0, "9007199254740992.0");
    print_double(123456789.123, "123456789.123");
    print_double(INFINITY, "inf");
    print_double(-INFINITY, "-inf");
    print_double(NAN, "nan");
}

static void every_double_reads_back_as_itself(void **state)
{
    (void)state;
    uint64_t bits = 0x123456789ABCDEFu;
    for (int i = 0; i < 200000; i++) {
        bits = bits * 6364136223846793005u + 1442695040888963407u;
        double number, back;
        uint64_t mixed = bits ^ bits >> 29;
        if (i % 3 == 0)
            number = (double)(int64_t)(mixed % 2000000000) / 1000.0;
        else
            memcpy(&number, &mixed, sizeof number);
        if (!isfinite(number))
            continue;
        char out[HOB_NUMBER_SIZE];
        size_t size = hob_number_print_double(out, number);
        assert_true(hob_number_parse_double((struct hob_text){out, size}, &back));
        assert_memory_equal(&number, &back, sizeof number);
    }
}

static void parsing_rejects_what_is_no_number(void **state)
{
    (void)state;
    static const char *const bad[] = {"",     "+",   ".",  "e5", "1e",  "1e+", "1.2.3",
                                      "0x10", "1_0", " 1", "1 ", "inf", "nan", "--1"};
    double number;
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++)
        assert_false(hob_number_parse_double(hob_text_from(bad[i]), &number));
    assert_true(hob_number_parse_double(HOB_TEXT(".5"), &number));
    assert_true(number == 0.5);
    assert_true(hob_number_parse_double(HOB_TEXT("+5.e1"), &number));
    assert_true(number == 50);
    assert_true(hob_number_parse_double(HOB_TEXT("1e400"), &number));
    assert_true(isinf(number));
    int64_t integer;
    assert_int_equal(hob_number_parse_int(HOB_TEXT("-9223372036854775808"), &integer), 0);
    assert_true(integer == INT64_MIN);
    assert_int_equal(hob_number_parse_int(HOB_TEXT("9223372036854775808"), &integer), 1);
    assert_int_equal(hob_number_parse_int(HOB_TEXT("12a"), &integer), -1);
    assert_int_equal(hob_number_parse_int(HOB_TEXT("-"), &integer), -1);
}

static void utf8_is_checked_strictly(void **state)
{
    (void)state;
    assert_int_equal(hob_utf8_valid_prefix(HOB_TEXT("plain \xC3\xA9 \xF0\x9F\x8E\x93")), 13);
    assert_int_equal(hob_utf8_valid_prefix(HOB_TEXT("ab\xC0\x80")), 2);
    assert_int_equal(hob_utf8_valid_prefix(HOB_TEXT("ab\xED\xA0\x80")), 2);
    assert_int_equal(hob_wtf8_valid_prefix(HOB_TEXT("ab\xED\xA0\x80")), 5);
    assert_int_equal(hob_utf8_valid_prefix(HOB_TEXT("\xF4\x90\x80\x80")), 0);
    assert_int_equal(hob_utf8_valid_prefix(HOB_TEXT("abcdefgh\xE2\x82")), 8);
    assert_int_equal(hob_utf8_width(HOB_TEXT("e\xCC\x81\xE6\x9D\xB1")), 3);
}

static void strip_takes_unicode_white_space(void **state)
{
    (void)state;
    assert_text_equal(hob_text_strip(HOB_TEXT(" \t\xC2\xA0 a b \xE3\x80\x80\n")), "a b");
    assert_text_equal(hob_text_strip(HOB_TEXT(" \n ")), "");
}

static void maps_keep_order_and_find_everything(void **state)
{
    (void)state;
    HOB_AUTO(map) struct hob_map *map = hob_map_new();
    HOB_AUTO(arena) struct hob_arena *arena = hob_arena_new();
    for (int i = 0; i < 5000; i++) {
        char *key = hob_arena_printf(arena, "key-%d", i);
        assert_true(hob_map_put(map, hob_text_from(key), key));
    }
    assert_true(hob_map_put(map, HOB_TEXT("key-7"), arena));
    assert_int_equal(hob_map_count(map), 5000);
    assert_int_equal(hob_map_find(map, HOB_TEXT("key-4999")), 4999);
    assert_ptr_equal(hob_map_get(map, HOB_TEXT("key-7")), arena);
    assert_null(hob_map_get(map, HOB_TEXT("nope")));
    assert_text_equal(hob_map_key_at(map, 7), "key-7");
}

static void arenas_serve_small_and_large(void **state)
{
    (void)state;
    HOB_AUTO(arena) struct hob_arena *arena = hob_arena_new();
    for (size_t i = 0; i < 3000; i++) {
        unsigned char *memory = hob_arena_alloc(arena, i);
        assert_int_equal((uintptr_t)memory % 16, 0);
        memset(memory, (int)i, i);
    }
    assert_null(hob_arena_try_alloc(arena, SIZE_MAX - 8));
    struct hob_arena *child = hob_arena_new();
    hob_arena_alloc(child, 100000);
    size_t before = hob_arena_size(arena);
    hob_arena_adopt(arena, child);
    assert_true(hob_arena_size(arena) >= before + 100000);
}

static void errors_carry_context_and_stay_utf8(void **state)
{
    (void)state;
    struct hob_error error = HOB_ERROR_INIT;
    assert_int_equal(hob_error_set(&error, HOB_E_KEY, "no '%s'", "x"), HOB_E_KEY);
    hob_error_context(&error, "reading '%s'", "f.yml");
    assert_string_equal(error.message, "reading 'f.yml': no 'x'");
    assert_string_equal(hob_error_type(error.code), "KeyError");
    assert_int_equal(hob_error_http_status(HOB_E_OUTSIDE), 403);
    char long_text[4000];
    memset(long_text, 0xE2, sizeof long_text);
    for (size_t i = 0; i + 3 <= sizeof long_text; i += 3)
        memcpy(long_text + i, "\xE2\x82\xAC", 3);
    long_text[3999] = '\0';
    hob_error_set(&error, HOB_E_VALUE, "x%s", long_text);
    struct hob_text message = hob_text_from(error.message);
    assert_int_equal(hob_utf8_valid_prefix(message), message.size);
}

static char scratch[] = "/tmp/hob-test-base-XXXXXX";

static int make_scratch(void **state)
{
    (void)state;
    return mkdtemp(scratch) != NULL ? 0 : -1;
}

static int remove_scratch(void **state)
{
    (void)state;
    char command[128];
    snprintf(command, sizeof command, "%s/t.txt", scratch);
    unlink(command);
    return rmdir(scratch);
}

static void write_file(const char *name, const char *content, bool commit)
{
    HOB_AUTO(file_writer) struct hob_file_writer writer = HOB_FILE_WRITER_INIT;
    int directory = open(scratch, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    assert_int_equal(hob_file_writer_open(&writer, directory, name, name, NULL), 0);
    assert_int_equal(hob_file_writer_put(&writer, hob_text_from(content), NULL), 0);
    if (commit)
        assert_int_equal(hob_file_writer_commit(&writer, NULL), 0);
}

static void assert_file(const char *expected)
{
    char path[128];
    snprintf(path, sizeof path, "%s/t.txt", scratch);
    HOB_AUTO(descriptor) int descriptor = open(path, O_RDONLY | O_CLOEXEC);
    HOB_AUTO(file_content) struct hob_file_content content = HOB_FILE_CONTENT_INIT;
    assert_int_equal(hob_file_read(&content, descriptor, path, 1000, NULL), 0);
    assert_text_equal(content.text, expected);
}

static void files_are_replaced_whole_or_not_at_all(void **state)
{
    (void)state;
    write_file("t.txt", "old", true);
    assert_file("old");
    write_file("t.txt", "half of the ne", false);
    assert_file("old");
    write_file("t.txt", "new", true);
    assert_file("new");
}

static void a_file_over_the_limit_is_refused(void **state)
{
    (void)state;
    write_file("t.txt", "0123456789", true);
    char path[128];
    snprintf(path, sizeof path, "%s/t.txt", scratch);
    HOB_AUTO(descriptor) int descriptor = open(path, O_RDONLY | O_CLOEXEC);
    HOB_AUTO(file_content) struct hob_file_content content = HOB_FILE_CONTENT_INIT;
    assert_int_equal(hob_file_read(&content, descriptor, path, 9, NULL), HOB_E_LIMIT);
}

static void a_fresh_file_is_racy_and_a_changed_one_differs(void **state)
{
    (void)state;
    char path[128];
    snprintf(path, sizeof path, "%s/t.txt", scratch);
    write_file("t.txt", "a", true);
    struct hob_file_identity fresh = hob_file_identity_of(path);
    assert_true(fresh.exists);
    assert_true(fresh.racy);
    assert_false(hob_file_unchanged(&fresh, &fresh));
    usleep(60 * 1000);
    struct hob_file_identity settled = hob_file_identity_of(path);
    assert_false(settled.racy);
    assert_true(hob_file_unchanged(&settled, &settled));
    write_file("t.txt", "b", true);
    struct hob_file_identity changed = hob_file_identity_of(path);
    assert_false(hob_file_unchanged(&settled, &changed));
    struct hob_file_identity absent = hob_file_identity_of("/nonexistent/file");
    assert_false(absent.exists);
    assert_true(hob_file_unchanged(&absent, &absent));
    assert_false(hob_file_unchanged(&absent, &settled));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(doubles_print_as_python_prints_them),
        cmocka_unit_test(every_double_reads_back_as_itself),
        cmocka_unit_test(parsing_rejects_what_is_no_number),
        cmocka_unit_test(utf8_is_checked_strictly),
        cmocka_unit_test(strip_takes_unicode_white_space),
        cmocka_unit_test(maps_keep_order_and_find_everything),
        cmocka_unit_test(arenas_serve_small_and_large),
        cmocka_unit_test(errors_carry_context_and_stay_utf8),
        cmocka_unit_test(files_are_replaced_whole_or_not_at_all),
        cmocka_unit_test(a_file_over_the_limit_is_refused),
        cmocka_unit_test(a_fresh_file_is_racy_and_a_changed_one_differs),
    };
    return cmocka_run_group_tests(tests, make_scratch, remove_scratch);
}
