/* warm: reading command lines, keys, and what was loaded. */
#define _GNU_SOURCE
#include "check.h"

#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#include "warm/command.h"
#include "warm/key.h"
#include "warm/record.h"
#include "warm/zygote.h"

static char folder[] = "/tmp/hob-test-warm-XXXXXX";

static char *write_file(struct hob_arena *arena, const char *name, const char *text, size_t size)
{
    char *path = hob_arena_printf(arena, "%s/%s", folder, name);
    FILE *file = fopen(path, "w");
    assert_non_null(file);
    assert_int_equal(fwrite(text, 1, size, file), size);
    fclose(file);
    chmod(path, 0755);
    return path;
}

struct fixture {
    struct hob_arena *arena;
    char *python, *script;
};

static struct fixture make_fixture(void)
{
    struct fixture made = {.arena = hob_arena_new()};
    made.python = write_file(made.arena, "python3.11", "\177ELF....", 8);
    made.script = write_file(made.arena, "script.py", "print(1)\n", 9);
    return made;
}

static struct hob_warm_command read_words(struct fixture *fixture, char *const *words)
{
    struct hob_warm_command command;
    struct hob_error error = HOB_ERROR_INIT;
    assert_int_equal(hob_warm_command_read(&command, fixture->arena, words, &error), 0);
    return command;
}

static void test_interpreter_lines(void **state)
{
    (void)state;
    struct fixture f = make_fixture();
    char *script[] = {f.python, "-u", "-W", "error", f.script, "-c", NULL};
    struct hob_warm_command command = read_words(&f, script);
    assert_null(command.reason);
    assert_int_equal(command.mode, 's');
    assert_int_equal(command.index, 4);
    char *module[] = {f.python, "-Xutf8", "-m", "json.tool", "x", NULL};
    command = read_words(&f, module);
    assert_null(command.reason);
    assert_int_equal(command.mode, 'm');
    assert_string_equal(command.argv[command.index], "json.tool");
    char *code[] = {f.python, "-c", "pass", NULL};
    command = read_words(&f, code);
    assert_int_equal(command.mode, 'c');
    assert_int_equal(command.count, 3);
    hob_arena_free(f.arena);
}

static void test_cold_lines(void **state)
{
    (void)state;
    struct fixture f = make_fixture();
    char *const lines[][5] = {
        {f.python, NULL},
        {f.python, "-", NULL},
        {f.python, "-i", f.script, NULL},
        {f.python, "-V", NULL},
        {f.python, "-c", NULL},
        {f.python, "-X", "importtime", f.script},
        {f.python, "-cpass", NULL},
        {f.python, "-m", "pdb", NULL},
        {f.python, folder, NULL},
        {f.python, "-X", NULL},
        {f.python, "--help", NULL},
    };
    for (size_t i = 0; i < sizeof lines / sizeof lines[0]; i++)
        assert_non_null(read_words(&f, lines[i]).reason);
    hob_arena_free(f.arena);
}

static void check_shebang(struct fixture *f, const char *line, bool warm, size_t index)
{
    char *text = hob_arena_printf(f->arena, "%s\nprint(1)\n", line);
    char *path = write_file(f->arena, "tool", text, strlen(text));
    char *words[] = {path, "a", NULL};
    struct hob_warm_command command = read_words(f, words);
    assert_int_equal(command.reason == NULL, warm);
    if (!warm)
        return;
    assert_int_equal(command.index, index);
    assert_string_equal(command.argv[index], path);
    assert_string_equal(command.name, "tool");
}

static void test_first_lines(void **state)
{
    (void)state;
    struct fixture f = make_fixture();
    check_shebang(&f, hob_arena_printf(f.arena, "#!%s", f.python), true, 1);
    check_shebang(&f, hob_arena_printf(f.arena, "#! %s -u ", f.python), true, 2);
    check_shebang(&f, hob_arena_printf(f.arena, "#!/usr/bin/env -S %s -u -B", f.python), true, 3);
    check_shebang(&f, hob_arena_printf(f.arena, "#!%s -i", f.python), false, 0);
    check_shebang(&f, "#!/bin/sh", false, 0);
    check_shebang(&f, "#!/usr/bin/env FOO=1 python3", false, 0);
    check_shebang(&f, "#!", false, 0);
    char *nothing[] = {"/no/such/command", NULL};
    struct hob_warm_command command;
    struct hob_error error = HOB_ERROR_INIT;
    assert_int_equal(hob_warm_command_read(&command, f.arena, nothing, &error), HOB_E_NOT_FOUND);
    hob_arena_free(f.arena);
}

static void test_keys(void **state)
{
    (void)state;
    struct fixture f = make_fixture();
    char *words[] = {f.python, "-c", "pass", NULL};
    struct hob_warm_command command = read_words(&f, words);
    struct hob_warm_names none = {0}, learned = {0};
    hob_warm_names_add(&learned, "COLOUR");
    struct hob_warm_key one, other;
    setenv("PYTHONPATH", "/a", 1);
    unsetenv("COLOUR");
    hob_warm_key_make(&one, &command, &none, &learned);
    hob_warm_key_make(&other, &command, &none, &learned);
    assert_string_equal(one.name, other.name);
    hob_warm_key_deinit(&other);
    setenv("PYTHONPATH", "/b\n", 1);
    setenv("COLOUR", "red", 1);
    setenv("UNRELATED", "x", 1);
    hob_warm_key_make(&other, &command, &none, &learned);
    assert_string_not_equal(one.name, other.name);
    struct hob_buffer said = HOB_BUFFER_INIT;
    hob_warm_key_put_differences(&said, hob_buffer_text(&one.text), hob_buffer_text(&other.text));
    const char *text = hob_buffer_string(&said);
    assert_non_null(strstr(text, "PYTHONPATH was '/a', is '/b\\n'"));
    assert_non_null(strstr(text, "COLOUR"));
    assert_null(strstr(text, "UNRELATED"));
    assert_int_equal(
        hob_warm_key_distance(hob_buffer_text(&one.text), hob_buffer_text(&other.text)), 4);
    hob_buffer_deinit(&said);
    hob_warm_key_deinit(&one);
    hob_warm_key_deinit(&other);
    free(learned.items);
    hob_arena_free(f.arena);
}

static void put_record(struct hob_buffer *out, const char *path)
{
    struct stat facts = {0};
    uint64_t numbers[5] = {0};
    if (stat(path, &facts) == 0) {
        numbers[0] = facts.st_dev;
        numbers[1] = facts.st_ino;
        numbers[2] = (uint64_t)facts.st_size;
        numbers[3] = (uint64_t)facts.st_mtim.tv_sec * 1000000000U + (uint64_t)facts.st_mtim.tv_nsec;
    }
    numbers[4] = strlen(path) + 1;
    hob_buffer_put(out, numbers, sizeof numbers);
    hob_buffer_put(out, path, strlen(path) + 1);
}

static void test_manifests(void **state)
{
    (void)state;
    struct fixture f = make_fixture();
    struct hob_buffer manifest = HOB_BUFFER_INIT;
    const char *missing = hob_arena_printf(f.arena, "%s/missing", folder);
    put_record(&manifest, f.script);
    put_record(&manifest, missing);
    assert_null(hob_warm_manifest_check(hob_buffer_text(&manifest)));
    for (size_t size = 1; size < manifest.size; size++) {
        const char *found = hob_warm_manifest_check((struct hob_text){manifest.data, size});
        bool whole = size == 5 * sizeof(uint64_t) + strlen(f.script) + 1;
        assert_int_equal(found == NULL, whole);
    }
    write_file(f.arena, "missing", "", 0);
    assert_string_equal(hob_warm_manifest_check(hob_buffer_text(&manifest)), missing);
    write_file(f.arena, "script.py", "print(22)\n", 10);
    assert_string_equal(hob_warm_manifest_check(hob_buffer_text(&manifest)), f.script);
    hob_buffer_deinit(&manifest);
    hob_arena_free(f.arena);
}

static void test_words(void **state)
{
    (void)state;
    struct hob_buffer out = HOB_BUFFER_INIT;
    char *words[] = {"a", "b c", "it's", "", "x\ny", NULL};
    hob_warm_put_words(&out, words);
    assert_string_equal(hob_buffer_string(&out), "a 'b c' 'it'\\''s' '' 'x\\ny'");
    hob_buffer_deinit(&out);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_interpreter_lines), cmocka_unit_test(test_cold_lines),
        cmocka_unit_test(test_first_lines),       cmocka_unit_test(test_keys),
        cmocka_unit_test(test_manifests),         cmocka_unit_test(test_words),
    };
    if (mkdtemp(folder) == NULL)
        return 1;
    int failed = cmocka_run_group_tests(tests, NULL, NULL);
    static const char *const names[] = {"python3.11", "script.py", "tool", "missing"};
    char path[128];
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        snprintf(path, sizeof path, "%s/%s", folder, names[i]);
        unlink(path);
    }
    rmdir(folder);
    return failed;
}
