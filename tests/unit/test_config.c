/* Tests of config: confinement, variables, inheritance, and the record of sources. */
#define _GNU_SOURCE
#include "check.h"
#include "scratch.h"

#include <fcntl.h>
#include <sys/stat.h>

#include "config/environment.h"
#include "config/interface.h"
#include "value/json.h"

/* SCRATCH/in is the working directory and the only root; SCRATCH/out lies beside it. */
static int make_scratch(void **state)
{
    (void)state;
    if (enter_scratch() != 0)
        return -1;
    mkdir("in", 0700);
    mkdir("in/sub", 0700);
    mkdir("out", 0700);
    mkdir("in-evil", 0700);
    put_file("out/secret", "secret");
    put_file("in-evil/x", "x");
    put_file("in/plain", "plain");
    put_file("in/sub/deep", "deep");
    return symlink("../out/secret", "in/leads-out") | symlink("sub", "in/leads-in") |
           symlink("/nonexistent/x", "in/dangling") | symlink("loop", "in/loop") | chdir("in");
}

static int code_of_open(const struct hob_roots *roots, const char *path)
{
    struct hob_error error = HOB_ERROR_INIT;
    HOB_AUTO(descriptor) int descriptor = hob_roots_open(roots, path, O_RDONLY, &error);
    return descriptor < 0 ? descriptor : 0;
}

static void nothing_outside_the_roots_can_be_opened(void **state)
{
    (void)state;
    HOB_AUTO(roots) struct hob_roots *roots = hob_roots_new();
    assert_int_equal(hob_roots_add(roots, ".", NULL), 0);
    HOB_AUTO(buffer) struct hob_buffer absolute = HOB_BUFFER_INIT;
    hob_buffer_printf(&absolute, "%s/in/sub/../plain", scratch);
    static const char *const inside[] = {"plain",        "./plain",       "sub/deep",
                                         "sub/../plain", "leads-in/deep", "../in/plain"};
    for (size_t i = 0; i < sizeof inside / sizeof inside[0]; i++)
        assert_int_equal(code_of_open(roots, inside[i]), 0);
    assert_int_equal(code_of_open(roots, hob_buffer_string(&absolute)), 0);
    static const char *const outside[] = {"../out/secret",
                                          "leads-out",
                                          "/etc/hostname",
                                          "sub/../../out/secret",
                                          "../in-evil/x",
                                          "..",
                                          "/",
                                          "dangling",
                                          "../out/not-there",
                                          "leads-in/../../out"};
    for (size_t i = 0; i < sizeof outside / sizeof outside[0]; i++)
        assert_int_equal(code_of_open(roots, outside[i]), HOB_E_OUTSIDE);
    assert_int_equal(code_of_open(roots, "not-there"), HOB_E_NOT_FOUND);
    assert_int_equal(code_of_open(roots, "plain/x"), HOB_E_NOT_DIRECTORY);
    assert_int_equal(code_of_open(roots, "loop"), HOB_E_VALUE);
    assert_int_equal(code_of_open(roots, ""), HOB_E_NOT_FOUND);
}

static void a_named_root_is_allowed_too(void **state)
{
    (void)state;
    HOB_AUTO(roots) struct hob_roots *roots = hob_roots_new();
    assert_int_equal(hob_roots_add(roots, ".", NULL), 0);
    assert_int_equal(hob_roots_add(roots, "../out", NULL), 0);
    assert_int_equal(code_of_open(roots, "../out/secret"), 0);
    assert_int_equal(code_of_open(roots, "leads-out"), 0);
    assert_int_equal(code_of_open(roots, "../in-evil/x"), HOB_E_OUTSIDE);
    assert_int_equal(hob_roots_add(roots, "../nope", NULL), HOB_E_NOT_FOUND);
}

static void writing_stays_inside_and_follows_links(void **state)
{
    (void)state;
    HOB_AUTO(roots) struct hob_roots *roots = hob_roots_new();
    assert_int_equal(hob_roots_add(roots, ".", NULL), 0);
    struct hob_scope scope = {.roots = roots};
    static const char *const outside[] = {"../out/new", "leads-out", "/tmp/hob-never", "dangling"};
    for (size_t i = 0; i < sizeof outside / sizeof outside[0]; i++) {
        HOB_AUTO(file_writer) struct hob_file_writer writer = HOB_FILE_WRITER_INIT;
        assert_int_equal(hob_scope_write(&scope, outside[i], true, &writer, NULL), HOB_E_OUTSIDE);
    }
    HOB_AUTO(file_writer) struct hob_file_writer writer = HOB_FILE_WRITER_INIT;
    assert_int_equal(hob_scope_write(&scope, "made/one/two.txt", true, &writer, NULL), 0);
    assert_int_equal(hob_file_writer_put(&writer, HOB_TEXT("x"), NULL), 0);
    assert_int_equal(hob_file_writer_commit(&writer, NULL), 0);
    assert_int_equal(access("made/one/two.txt", R_OK), 0);
}

static void pipes_and_devices_are_not_read_for_a_request(void **state)
{
    (void)state;
    HOB_AUTO(roots) struct hob_roots *roots = hob_roots_new();
    assert_int_equal(hob_roots_add(roots, ".", NULL), 0);
    assert_int_equal(mkfifo("pipe", 0600), 0);
    struct hob_scope scope = {.roots = roots};
    HOB_AUTO(file_content) struct hob_file_content content = HOB_FILE_CONTENT_INIT;
    assert_int_equal(hob_scope_read(&scope, "pipe", &content, NULL), HOB_E_VALUE);
    assert_int_equal(hob_scope_read(&scope, "sub", &content, NULL), HOB_E_IS_DIRECTORY);
}

static void expect_expansion(const char *text, const char *expected)
{
    HOB_AUTO(buffer) struct hob_buffer out = HOB_BUFFER_INIT;
    hob_environment_expand(&out, hob_text_from(text));
    assert_text_equal(hob_buffer_text(&out), expected);
}

static void variables_expand_as_in_python(void **state)
{
    (void)state;
    setenv("HOB_T", "value", 1);
    setenv("HOB_EMPTY", "", 1);
    unsetenv("HOB_UNSET");
    expect_expansion("$HOB_T ${HOB_T}x $HOB_Tx", "value valuex $HOB_Tx");
    expect_expansion("<$HOB_EMPTY>", "<>");
    expect_expansion("a $HOB_UNSET ${HOB_UNSET} $ $$ $5 ${} ${open", "a $HOB_UNSET ${HOB_UNSET} $ "
                                                                     "$$ $5 ${} ${open");
    expect_expansion("$$HOB_T", "$value");
    expect_expansion("${a$HOB_T}", "${a$HOB_T}");
    expect_expansion("", "");
}

/* Loads an interface and prints one key as JSON; the code when it fails. */
static int load_key(const char *name, const char *key, char *out, size_t size)
{
    HOB_AUTO(arena) struct hob_arena *arena = hob_arena_new();
    HOB_AUTO(buffer) struct hob_buffer json = HOB_BUFFER_INIT;
    struct hob_scope scope = {0};
    struct hob_interface interface;
    struct hob_interface_request request = {.names =
                                                hob_value_new_string(arena, hob_text_from(name))};
    int result = hob_interface_load(arena, &scope, &request, &interface, NULL);
    if (result < 0)
        return result;
    const struct hob_value *value = hob_value_get(interface.fields, key);
    hob_json_write(&json, value != NULL ? value : &hob_value_null, HOB_JSON_COMPACT, 10000, NULL);
    snprintf(out, size, "%s", hob_buffer_string(&json));
    return 0;
}

static void expect_key(const char *name, const char *key, const char *expected)
{
    char out[2000];
    assert_int_equal(load_key(name, key, out, sizeof out), 0);
    assert_string_equal(out, expected);
}

static void a_child_inherits_appends_and_ignores(void **state)
{
    (void)state;
    put_file("parent.yml", "title: P\nlist: [1]\nmap: {a: 1}\nsecret: s\nplace: $HOB_T\n"
                           "output: {type: csv, filename: o.csv, index: k}\n");
    put_file("child.yml", "inherit: {directory: ., filename: parent.yml, append: [list, map], "
                          "ignore: [secret]}\nlist: [2]\nmap: {b: 2}\n"
                          "input: {type: csv, filename: i.csv}\n");
    expect_key("child.yml", "title", "\"P\"");
    expect_key("child.yml", "list", "[1,2]");
    expect_key("child.yml", "map", "{\"a\":1,\"b\":2}");
    expect_key("child.yml", "secret", "null");
    expect_key("child.yml", "place", "\"value\"");
    expect_key("child.yml", "output", "null");
    expect_key("child.yml", "input",
               "{\"type\":\"hstack\",\"index\":\"k\",\"mapping\":{},\"specifications\":["
               "{\"type\":\"csv\",\"filename\":\"o.csv\",\"index\":\"k\",\"mapping\":{},"
               "\"columns\":[]},{\"type\":\"csv\",\"filename\":\"i.csv\"}]}");
}

static void cycles_and_broken_files_are_errors(void **state)
{
    (void)state;
    char out[100];
    put_file("self.yml", "inherit: {directory: ., filename: self.yml}\n");
    put_file("a.yml", "inherit: {directory: ./sub/.., filename: b.yml}\n");
    put_file("b.yml", "inherit: {directory: ., filename: a.yml}\n");
    put_file("list.yml", "- 1\n");
    put_file("empty.yml", "# nothing\n");
    put_file("broken.yml", "a: [1\n");
    put_file("nowhere.yml", "inherit: {filename: parent.yml}\n");
    assert_int_equal(load_key("self.yml", "x", out, sizeof out), HOB_E_VALUE);
    assert_int_equal(load_key("a.yml", "x", out, sizeof out), HOB_E_VALUE);
    assert_int_equal(load_key("list.yml", "x", out, sizeof out), HOB_E_VALUE);
    assert_int_equal(load_key("empty.yml", "x", out, sizeof out), HOB_E_VALUE);
    assert_int_equal(load_key("broken.yml", "x", out, sizeof out), HOB_E_VALUE);
    assert_int_equal(load_key("nowhere.yml", "x", out, sizeof out), HOB_E_VALUE);
    assert_int_equal(load_key("gone.yml", "x", out, sizeof out), HOB_E_NO_INTERFACE);
    assert_int_equal(load_key("sub", "x", out, sizeof out), HOB_E_IS_DIRECTORY);
}

static void sources_notice_edits_and_new_files(void **state)
{
    (void)state;
    HOB_AUTO(sources) struct hob_sources *sources = hob_sources_new();
    put_file("watched", "one");
    usleep(60 * 1000);
    hob_sources_add(sources, "watched", hob_file_identity_of("watched"));
    hob_sources_add(sources, "coming", hob_file_identity_of("coming"));
    assert_int_equal(hob_sources_count(sources), 2);
    assert_true(hob_sources_unchanged(sources));
    put_file("coming", "");
    assert_false(hob_sources_unchanged(sources));
    assert_int_equal(unlink("coming"), 0);
    assert_true(hob_sources_unchanged(sources));
    put_file("watched", "two");
    assert_false(hob_sources_unchanged(sources));
}

static void an_answer_from_a_fresh_file_is_not_kept(void **state)
{
    (void)state;
    HOB_AUTO(sources) struct hob_sources *sources = hob_sources_new();
    put_file("fresh", "one");
    hob_sources_add(sources, "fresh", hob_file_identity_of("fresh"));
    usleep(60 * 1000);
    assert_false(hob_sources_unchanged(sources));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(nothing_outside_the_roots_can_be_opened),
        cmocka_unit_test(a_named_root_is_allowed_too),
        cmocka_unit_test(writing_stays_inside_and_follows_links),
        cmocka_unit_test(pipes_and_devices_are_not_read_for_a_request),
        cmocka_unit_test(variables_expand_as_in_python),
        cmocka_unit_test(a_child_inherits_appends_and_ignores),
        cmocka_unit_test(cycles_and_broken_files_are_errors),
        cmocka_unit_test(sources_notice_edits_and_new_files),
        cmocka_unit_test(an_answer_from_a_fresh_file_is_not_kept),
    };
    return cmocka_run_group_tests(tests, make_scratch, remove_scratch);
}
