/* The functions that hob-run has in place of the C library's, under other names here. */
#define _GNU_SOURCE
#include <limits.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#define vsnprintf bare_vsnprintf
#define snprintf bare_snprintf
#define dprintf bare_dprintf
#define strerror bare_strerror
#undef stderr
#define stderr bare_stderr
#define fprintf bare_fprintf
#define memmove bare_memmove
#define strsep bare_strsep
#define strtok_r bare_strtok_r
#define strstr bare_strstr
#define strspn bare_strspn
#define strcspn bare_strcspn
#define strpbrk bare_strpbrk
#define strrchr bare_strrchr
#define strtoull bare_strtoull
#define strtol bare_strtol
#define memcpy bare_memcpy
#define memset bare_memset
#define memcmp bare_memcmp
#define memchr bare_memchr
#define strlen bare_strlen
#define strcmp bare_strcmp
#define strncmp bare_strncmp
#define strcpy bare_strcpy
#define strchr bare_strchr
#pragma GCC diagnostic ignored "-Wmissing-prototypes"
/* The order matters: what is used first is defined first. */
#include "../../src/bare/strings.c"
int snprintf(char *restrict text, size_t capacity, const char *restrict format, ...);
#include "../../src/bare/print.c"
#undef strcmp

static void assert_prints(const char *expected, const char *format, ...)
{
    char text[128];
    va_list arguments;
    va_start(arguments, format);
    int size = bare_vsnprintf(text, sizeof text, format, arguments);
    va_end(arguments);
    assert_string_equal(text, expected);
    assert_int_equal(size, (int)(strlen)(expected));
}

static void formats_are_those_of_the_c_library(void **state)
{
    (void)state;
    assert_prints("a b c%", "%s %.*s %c%%", "a", 1, "bc", 'c');
    assert_prints("-7 7 ff 007", "%d %u %x %03d", -7, 7U, 255U, 7);
    assert_prints("-9223372036854775808 18446744073709551615", "%lld %llu", LLONG_MIN, ULLONG_MAX);
    assert_prints("00000000000000ab 000000042", "%016llx %09ld", 0xabULL, 42L);
    assert_prints("-2147483648 4294967295", "%d %u", INT_MIN, UINT_MAX);
    assert_prints("0 12", "%zu %zu", (size_t)0, (size_t)12);
    assert_prints("   x|-05", "%4s|%03d", "x", -5);
}

static void a_text_that_is_too_long_is_cut(void **state)
{
    char text[4] = "???";
    (void)state;
    assert_int_equal(bare_snprintf(text, sizeof text, "%s", "abcdef"), 6);
    assert_string_equal(text, "abc");
    assert_int_equal(bare_snprintf(NULL, 0, "%d", 12345), 5);
    assert_int_equal(bare_snprintf(text, 1, "x"), 1);
    assert_string_equal(text, "");
}

static void strings_are_searched_and_compared(void **state)
{
    const char *text = "name=value=x";
    (void)state;
    assert_ptr_equal(bare_strchr(text, '='), text + 4);
    assert_ptr_equal(bare_strchr(text, '\0'), text + 12);
    assert_ptr_equal(bare_strrchr(text, '='), text + 10);
    assert_null(bare_strchr(text, '?'));
    assert_ptr_equal(bare_strstr(text, "value"), text + 5);
    assert_null(bare_strstr(text, "values"));
    assert_ptr_equal(bare_strpbrk(text, "=v"), text + 4);
    assert_null(bare_strpbrk(text, "?"));
    assert_int_equal(bare_strspn("  x", " "), 2);
    assert_int_equal(bare_strcspn("ab\n", "\n"), 2);
    assert_int_equal(bare_strncmp("abc", "abd", 2), 0);
    assert_true(bare_strncmp("abc", "abd", 3) < 0);
    assert_true(bare_strcmp("a", "\xff") < 0);
    assert_true(bare_memcmp("a\0b", "a\0c", 3) < 0);
    assert_null(bare_memchr(text, 'x', 11));
}

static void words_are_split(void **state)
{
    char lines[] = "a\n\nb", blanks[] = "  a  bc ", *rest = lines, *next = NULL;
    (void)state;
    assert_string_equal(bare_strsep(&rest, "\n"), "a");
    assert_string_equal(bare_strsep(&rest, "\n"), "");
    assert_string_equal(bare_strsep(&rest, "\n"), "b");
    assert_null(bare_strsep(&rest, "\n"));
    assert_string_equal(bare_strtok_r(blanks, " ", &next), "a");
    assert_string_equal(bare_strtok_r(NULL, " ", &next), "bc");
    assert_null(bare_strtok_r(NULL, " ", &next));
}

static void numbers_are_read(void **state)
{
    char *end;
    (void)state;
    assert_int_equal(bare_strtol(" -12x", &end, 10), -12);
    assert_int_equal(*end, 'x');
    assert_true(bare_strtoull("\t0000000180004a07\n", NULL, 16) == 0x180004a07ULL);
}

static void memory_is_moved_and_set(void **state)
{
    char bytes[] = "0123456789abcdef";
    (void)state;
    bare_memmove(bytes + 2, bytes, 10);
    assert_string_equal(bytes, "010123456789cdef");
    bare_memmove(bytes, bytes + 2, 10);
    assert_string_equal(bytes, "012345678989cdef");
    bare_memset(bytes, '-', 3);
    bare_memcpy(bytes + 3, "ABCDEFGHIJK", 11);
    assert_string_equal(bytes, "---ABCDEFGHIJKef");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(formats_are_those_of_the_c_library),
        cmocka_unit_test(a_text_that_is_too_long_is_cut),
        cmocka_unit_test(strings_are_searched_and_compared),
        cmocka_unit_test(words_are_split),
        cmocka_unit_test(numbers_are_read),
        cmocka_unit_test(memory_is_moved_and_set),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
