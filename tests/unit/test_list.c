/* Tests of lists: each function of a definition, and what is said of definitions that are wrong. */
#include "check.h"

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "compute/list.h"
#include "frame/build.h"
#include "value/yaml.h"

static struct hob_compute *compute;
static struct hob_buffer warnings;
static char directory[] = "/tmp/hob-test-list-XXXXXX";

static void note(void *data, const char *message)
{
    hob_buffer_printf(data, "%s\n", message);
}

static const struct hob_value *read_yaml(struct hob_arena *arena, const char *text)
{
    const struct hob_value *value = NULL;
    struct hob_error error = HOB_ERROR_INIT;
    if (hob_yaml_read(arena, hob_text_from(text), "test", &value, &error) != 0)
        fail_msg("%s", error.message);
    return value;
}

static int render_since(struct hob_buffer *out, const char *definition, const char *entries,
                        const int64_t *since, struct hob_error *error)
{
    HOB_AUTO(arena) struct hob_arena *arena = hob_arena_new();
    struct hob_arena *source = hob_arena_new();
    HOB_AUTO(list) struct hob_list *list = NULL;
    HOB_AUTO(frame) struct hob_frame *frame = NULL;
    struct hob_scope scope = {.roots = NULL};
    struct hob_value *definitions = hob_value_new(arena, HOB_MAP);
    hob_value_put_string(arena, definitions, "cv", read_yaml(arena, definition));
    struct hob_list_request request = {
        .definitions = definitions,
        .definitions_name = "cvlists.yml",
        .type = "cv",
        .templates = directory,
        .scope = &scope,
        .compute = compute,
        .since = since,
        .warn = note,
        .warn_data = &warnings,
    };
    hob_buffer_clear(&warnings);
    assert_int_equal(hob_frame_from_value(&frame, read_yaml(source, entries), 0, source, error), 0);
    int result = hob_list_new(&list, &request, error);
    return result == 0 ? hob_list_render(out, list, &frame, error) : result;
}

static void check(const char *definition, const char *entries, const char *expected)
{
    HOB_AUTO(buffer) struct hob_buffer out = HOB_BUFFER_INIT;
    struct hob_error error = HOB_ERROR_INIT;
    if (render_since(&out, definition, entries, NULL, &error) != 0)
        fail_msg("%s: %s", definition, error.message);
    assert_string_equal(hob_buffer_string(&out), expected);
}

static void check_error(const char *definition, const char *entries, int code, const char *part)
{
    HOB_AUTO(buffer) struct hob_buffer out = HOB_BUFFER_INIT;
    struct hob_error error = HOB_ERROR_INIT;
    assert_int_equal(render_since(&out, definition, entries, NULL, &error), code);
    if (strstr(error.message, part) == NULL)
        fail_msg("the message is '%s'", error.message);
}

static void write_template(const char *name, const char *text)
{
    char path[256];
    snprintf(path, sizeof path, "%s/%s", directory, name);
    FILE *file = fopen(path, "w");
    assert_non_null(file);
    fputs(text, file);
    fclose(file);
}

static void remove_template(const char *name)
{
    char path[256];
    snprintf(path, sizeof path, "%s/%s", directory, name);
    unlink(path);
}

static void entries_are_rendered_as_lines(void **state)
{
    (void)state;
    check("{template: '* {{ t }}'}", "[{t: a}, {t: b}]", "* a\n* b\n");
    check("{template: \"* {{ t }}\\n\"}", "[{t: a}, {t: b}]", "* a\n* b\n");
    check("{template: '{{ t }}', separator: \"--\\n\"}", "[{t: a}, {t: null}, {t: b}]",
          "a\n--\nb\n");
    check("{template: '{{ t }}', title: T, header: '# {{ title }} {{ count }}', footer: end}",
          "[{t: a}]", "# T 1\na\nend\n");
    check("{template: '{{ t }}', filter: {f: onbool}}", "[]", "");
}

static void preprocessors_change_types(void **state)
{
    (void)state;
    check("{template: '{{ d | date: \"%d %B %Y\" }}', preprocessor: {f: convert_datetime, columns: "
          "d}}",
          "[{d: 2020-03-04}, {d: 'March 2021'}, {d: 1999}, {d: null}]",
          "04 March 2020\n01 March 2021\n01 January 1999\n");
    check("{template: '{{ n }} {{ m }}', preprocessor: {f: convert_int, args: {columns: [n, m]}}}",
          "[{n: '12', m: 3.0}, {n: 4}]", "12 3\n4 \n");
    check("{template: '{{ n | size }}', preprocessor: {f: convert_string, column: n}}",
          "[{n: 2015}, {n: null}, {n: 12.5}]", "4\n0\n4\n");
    check("{template: '{{ y | date: \"%F\" }}', preprocessor: {f: convert_year_iso, month: 7, day: "
          "2}}",
          "[{y: x, year: 1}]", "x\n");
    check("{template: '{{ year | date: \"%F\" }}', preprocessor: {f: convert_year_iso, month: 7, "
          "day: 2}}",
          "[{year: 2019}, {year: '2020'}]", "2019-07-02\n2020-07-02\n");
}

static void augmentors_add_and_fill_columns(void **state)
{
    (void)state;
    check("{template: '{{ month }} {{ year }}', augmentor: [addmonth, addyear]}",
          "[{date: 2020-03-04, year: 1}]", "March 2020\n");
    check("{template: '{{ month }} {{ year }}', augmentors: [augmentmonth, augmentyear]}",
          "[{date: 2020-03-04, year: 1}, {date: 2021-02-03, month: May}]", "March 1\nMay 2021\n");
    check("{template: '{{ amount }} {{ b }}', augmentor: [{f: augmentcurrency}, {f: "
          "augmentcurrency, source: x, destination: b, sf: 2}]}",
          "[{amount: 1234567, x: 1234.5}, {amount: 999, x: -1000}]",
          "1,234,567 1,234.50\n999 -1,000.00\n");
    check("{template: '{{ supervisor }}', augmentor: {f: addsupervisor, supervisor: Ann}}",
          "[{supervisor: Bo}, {x: 1}]", "Bo\nAnn\n");
}

static void filters_keep_some_entries(void **state)
{
    (void)state;
    static const char people[] =
        "[{n: a, start: 2019-01-01, end: 2020-01-01, here: false, k: x, tags: [u, v]},"
        " {n: b, start: 2020-05-01, here: true, k: y, tags: [v]},"
        " {n: c, start: 2030-01-01, here: false, k: x, tags: w},"
        " {n: d, start: 2019-01-01, end: 2020-06-01, k: z}]";
    static const struct {
        const char *filter, *kept;
    } cases[] = {
        {"{f: current, today: 2020-06-01}", "b\nd\n"},
        {"{f: current, today: 2020-06-02}", "b\n"},
        {"{f: current, today: 2019-06-02, current: here}", "a\nb\nd\n"},
        {"{f: former, today: 2020-06-02}", "a\nd\n"},
        {"{f: onbool, column: here}", "b\n"},
        {"{f: onbool, column: here, invert: true}", "a\nc\nd\n"},
        {"{f: columnis, column: k, value: x}", "a\nc\n"},
        {"{f: columnis, column: k, value: [y, z]}", "b\nd\n"},
        {"{f: columncontains, column: tags, value: v}", "a\nb\n"},
        {"{f: columncontains, column: tags, value: [u, w]}", "a\nc\n"},
        {"{f: recent, column: start, since_year: 2020}", "b\nc\n"},
        {"{f: recent}", "a\nb\nc\nd\n"},
        {"{f: where, condition: 'k == \"x\" and here is not missing'}", "a\nc\n"},
        {"[{f: columnis, column: k, value: x}, {f: former, today: 2025-01-01}]", "a\n"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        char definition[300];
        snprintf(definition, sizeof definition, "{template: '{{ n }}', filter: %s}",
                 cases[i].filter);
        check(definition, people, cases[i].kept);
    }
}

static void the_year_of_the_request_goes_before_the_definition(void **state)
{
    (void)state;
    HOB_AUTO(buffer) struct hob_buffer out = HOB_BUFFER_INIT;
    struct hob_error error = HOB_ERROR_INIT;
    int64_t since = 2021;
    assert_int_equal(render_since(&out,
                                  "{template: '{{ year }}', filter: {f: recent, since_year: "
                                  "1900}}",
                                  "[{year: 2020}, {year: 2021}]", &since, &error),
                     0);
    assert_string_equal(hob_buffer_string(&out), "2021\n");
    hob_buffer_clear(&out);
    assert_int_equal(render_since(&out, "{template: x}", "[{year: 1}]", &since, &error),
                     HOB_E_NOT_FOUND);
    assert_int_equal(render_since(&out, "{template: '{{year}}'}", "[{year: 1}]", &since, &error),
                     0);
    assert_non_null(strstr(hob_buffer_string(&warnings), "no filter `recent`"));
}

static void of_several_sorters_the_first_counts_most(void **state)
{
    (void)state;
    static const char entries[] = "[{a: 1, b: 1}, {a: 2, b: 1}, {a: 2, b: 3}]";
    check("{template: '{{a}}{{b}}', sorter: [{f: descending, by: a}, {f: ascending, by: b}]}",
          entries, "21\n23\n11\n");
    check("{template: '{{a}}{{b}}', sorter: {f: ascending, by: [b, a]}}", entries, "11\n21\n23\n");
}

static void compute_sections_run_around_the_functions(void **state)
{
    (void)state;
    check("{template: '{{ line }}', compute: {field: line, function: render_liquid, args: "
          "{template: '{{ y }}!'}, row_args: {y: year}}, augmentor: addyear}",
          "[{date: 2020-03-04}]", "2020!\n");
}

static void templates_come_from_the_directory_and_no_other(void **state)
{
    (void)state;
    write_template("entry.md", "{% include 'part' %} {{ t }}");
    write_template("part.html", "<{{ t }}>");
    check("{listtemplate: entry}", "[{t: a}]", "<a> a\n");
    check("{template: entry}", "[{t: a}]", "<a> a\n");
    check_error("{listtemplate: gone}", "[{t: a}]", HOB_E_NOT_FOUND, "no template 'gone'");
    check_error("{listtemplate: ../../etc/passwd}", "[{t: a}]", HOB_E_OUTSIDE, "etc/passwd");
    check_error("{template: \"{% include '../../etc/passwd' %}\"}", "[{t: a}]", HOB_E_OUTSIDE,
                "entry 1");
    remove_template("entry.md");
    remove_template("part.html");
}

static void mistakes_in_definitions_are_told(void **state)
{
    (void)state;
    check_error("{template: '{{t}}', filter: {f: recentt}}", "[{t: 1}]", HOB_E_VALUE,
                "unknown filter 'recentt'; known are recent, current");
    check_error("{template: '{{t}}', sorter: {by: t}}", "[{t: 1}]", HOB_E_VALUE, "{f: NAME}");
    check_error("{template: '{{t}}', sorter: {f: ascending, by: u}}", "[{t: 1}]", HOB_E_KEY,
                "ascending cannot use the column 'u'");
    check_error("{template: '{{t}}', sorter: ascending}", "[{t: 1}]", HOB_E_PARAMETER,
                "needs the argument `by`");
    check_error("{template: '{{t}}', preprocessor: {f: convert_int, columns: t}}", "[{t: x}]",
                HOB_E_VALUE, "entry 1 has 'x' where a whole number is needed");
    check_error("{template: '{{t'}", "[{t: x}]", HOB_E_TEMPLATE, "never closed");
    check_error("{template: '{{t|bold}}'}", "[]", HOB_E_TEMPLATE, "unknown filter 'bold'");
    check_error("{template: '{{t}}', footer: '{% if t %}'}", "[{t: x}]", HOB_E_TEMPLATE,
                "'if' is never closed");
    check_error("{template: \"{% include 'none' %}{{ t }}\"}", "[{t: 1}]", HOB_E_NOT_FOUND,
                "there is no template 'none'");
    check_error("{filter: {f: recent}}", "[{t: x}]", HOB_E_KEY, "neither");
    check_error("5", "[{t: x}]", HOB_E_VALUE, "must be a mapping");
}

static void keys_that_mean_nothing_are_warned_of(void **state)
{
    (void)state;
    check("{template: '{{t}}', colour: red, sorter: {f: ascending, by: t, reverse: true}}",
          "[{t: 1}]", "1\n");
    assert_non_null(strstr(hob_buffer_string(&warnings), "the key 'colour'"));
    assert_non_null(strstr(hob_buffer_string(&warnings), "no argument 'reverse'"));
}

static void a_mistake_in_a_template_is_told_once(void **state)
{
    (void)state;
    check("{template: '{{ t | divided_by: 0 }}{{ t }}'}", "[{t: 1}, {t: 2}]", "1\n2\n");
    assert_string_equal(hob_buffer_string(&warnings),
                        "template 'template', line 1, column 1: division by zero\n");
}

static int start(void **state)
{
    (void)state;
    compute = hob_compute_new();
    return mkdtemp(directory) != NULL ? 0 : -1;
}

static int stop(void **state)
{
    (void)state;
    compute = hob_compute_free(compute);
    hob_buffer_deinit(&warnings);
    return rmdir(directory);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(entries_are_rendered_as_lines),
        cmocka_unit_test(preprocessors_change_types),
        cmocka_unit_test(augmentors_add_and_fill_columns),
        cmocka_unit_test(filters_keep_some_entries),
        cmocka_unit_test(the_year_of_the_request_goes_before_the_definition),
        cmocka_unit_test(of_several_sorters_the_first_counts_most),
        cmocka_unit_test(compute_sections_run_around_the_functions),
        cmocka_unit_test(templates_come_from_the_directory_and_no_other),
        cmocka_unit_test(mistakes_in_definitions_are_told),
        cmocka_unit_test(keys_that_mean_nothing_are_warned_of),
        cmocka_unit_test(a_mistake_in_a_template_is_told_once),
    };
    return cmocka_run_group_tests(tests, start, stop);
}
