/* What of `hob profile` is text and arithmetic: lines of Python, names of command lines, quantiles.
 */
#include "check.h"

#include "profile/build.h"
#include "profile/imports.h"
#include "profile/times.h"

#define WORDS(literal) ((struct hob_text){literal, sizeof(literal)})

static void test_times(void **state)
{
    (void)state;
    struct hob_times times = {0};
    assert_true(hob_times_median(&times) == 0);
    hob_times_add(&times, 4);
    assert_true(hob_times_median(&times) == 4);
    hob_times_add(&times, 1);
    hob_times_add(&times, 2);
    hob_times_add(&times, 3);
    hob_times_sort(&times);
    assert_true(hob_times_quantile(&times, 0) == 1);
    assert_true(hob_times_median(&times) == 2.5);
    assert_true(hob_times_quantile(&times, 1) == 4);
    hob_times_deinit(&times);
}

static struct hob_imports read_imports(struct hob_arena *arena, const char *text,
                                       struct hob_buffer *rest)
{
    struct hob_imports imports;
    hob_imports_read(&imports, arena, hob_text_from(text), "site", rest);
    return imports;
}

static void assert_import(const struct hob_imports *imports, size_t at, const char *name,
                          unsigned depth, double start)
{
    assert_true(at < imports->count);
    assert_string_equal(imports->items[at].name, name);
    assert_int_equal(imports->items[at].depth, depth);
    assert_true(imports->items[at].start == start);
}

static void test_imports(void **state)
{
    (void)state;
    HOB_AUTO(arena) struct hob_arena *arena = hob_arena_new();
    HOB_AUTO(buffer) struct hob_buffer rest = HOB_BUFFER_INIT;
    struct hob_imports imports =
        read_imports(arena,
                     "import time: self [us] | cumulative | imported package\n"
                     "import time:        10 |         10 |   zipimport\n"
                     "import time:         5 |         15 | site\n"
                     "a warning of the program's\n"
                     "import time:         1 |          1 |     a.b.c\n"
                     "import time:         2 |          3 |   a.b\n"
                     "import time:         4 |          4 |   a.d\n"
                     "import time:         8 |         15 | a\n"
                     "import time: lost in the middle\n"
                     "import time:       100 |        100 | z\n",
                     &rest);
    assert_int_equal(imports.count, 7);
    assert_import(&imports, 0, "site", 0, 0);
    assert_import(&imports, 1, "zipimport", 1, 0);
    assert_import(&imports, 2, "a", 0, 15);
    assert_import(&imports, 3, "a.b", 1, 15);
    assert_import(&imports, 4, "a.b.c", 2, 15);
    assert_import(&imports, 5, "a.d", 1, 18);
    assert_import(&imports, 6, "z", 0, 30);
    assert_true(imports.items[1].interpreter && !imports.items[2].interpreter);
    assert_true(imports.total == 115 && imports.interpreter == 15);
    assert_string_equal(hob_buffer_string(&rest), "a warning of the program's\n");
}

/* What a program writes that only looks like it, or that was cut off. */
static void test_imports_of_others(void **state)
{
    (void)state;
    static const char *const texts[] = {
        "import time: ",
        "import time: |",
        "import time: | |",
        "import time: 1 | 2",
        "import time: 1 | 2 |",
        "import time: -1 | x | a\n",
        "import time: 99999999999999999999999 | 1 |                       deep\n",
        "import time: 1 | 1 |         never closed\nimport time: 1 | 1 |    other",
    };
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
        HOB_AUTO(arena) struct hob_arena *arena = hob_arena_new();
        HOB_AUTO(buffer) struct hob_buffer rest = HOB_BUFFER_INIT;
        struct hob_imports imports = read_imports(arena, texts[i], &rest);
        assert_true(imports.count <= 2);
        for (size_t k = 0; k < imports.count; k++)
            assert_true(imports.items[k].name != NULL && imports.items[k].start >= 0);
    }
}

/* As deep as anything can be that somebody writes. */
static void test_imports_deep(void **state)
{
    (void)state;
    enum { DEPTH = 3000 };
    HOB_AUTO(arena) struct hob_arena *arena = hob_arena_new();
    HOB_AUTO(buffer) struct hob_buffer text = HOB_BUFFER_INIT;
    HOB_AUTO(buffer) struct hob_buffer rest = HOB_BUFFER_INIT;
    for (int depth = DEPTH; depth >= 0; depth--)
        hob_buffer_printf(&text, "import time: 1 | %d | %*sm%d\n", DEPTH - depth + 1, depth * 2, "",
                          depth);
    struct hob_imports imports = read_imports(arena, hob_buffer_string(&text), &rest);
    assert_int_equal(imports.count, DEPTH + 1);
    assert_string_equal(imports.items[0].name, "m0");
}

static void assert_name(struct hob_text words, const char *expected)
{
    HOB_AUTO(buffer) struct hob_buffer name = HOB_BUFFER_INIT;
    hob_build_put_name(&name, words);
    assert_string_equal(hob_buffer_string(&name), expected);
}

static void test_names(void **state)
{
    (void)state;
    assert_name(WORDS("/usr/bin/cc\0-c\0a.c"), "cc");
    assert_name(WORDS("python3"), "python3");
    assert_name(WORDS("/usr/bin/python3.11\0-u\0/opt/bin/mdfield\0title"), "python3.11 mdfield");
    assert_name(WORDS("python3\0-m\0json.tool\0x"), "python3 -m json.tool");
    assert_name(WORDS("python3\0-X\0importtime\0-c\0pass"), "python3 -c");
    assert_name(WORDS("python3\0-Im\0venv"), "python3 venv");
    assert_name(WORDS("/bin/sh\0-c\0make x"), "sh -c");
    assert_name(WORDS("bash\0-ec\0make x"), "bash -c");
    assert_name(WORDS("-bash"), "-bash");
    assert_name(WORDS("pythonish\0x"), "pythonish");
    assert_name(WORDS("/"), "/");
    assert_name((struct hob_text){"", 0}, "(nothing)");
    assert_name((struct hob_text){"sh\0-", 4}, "sh -"); /* no NUL at the end */
}

static void test_program(void **state)
{
    (void)state;
    struct hob_text rest;
    assert_string_equal(hob_build_program(WORDS("python3\0/x/mdfield\0title\0a b"), &rest),
                        "mdfield");
    assert_int_equal(rest.size, sizeof "title\0a b");
    assert_string_equal(rest.data, "title");
    HOB_AUTO(buffer) struct hob_buffer line = HOB_BUFFER_INIT;
    hob_build_put_line(&line, rest);
    assert_string_equal(hob_buffer_string(&line), "title a b");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_times),
        cmocka_unit_test(test_imports),
        cmocka_unit_test(test_imports_of_others),
        cmocka_unit_test(test_imports_deep),
        cmocka_unit_test(test_names),
        cmocka_unit_test(test_program),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
