/* Tests of flows of many files: finding them, rows of them, writing them, and the glob below. */
#define _GNU_SOURCE
#include "check.h"
#include "scratch.h"

#include <sys/stat.h>

#include "access/access.h"
#include "base/log.h"
#include "base/regex.h"
#include "config/glob.h"
#include "frame/records.h"
#include "value/json.h"

static char working[256];

static void make_people(void)
{
    mkdir("in/people", 0700);
    mkdir("in/people/sub", 0700);
    put_file("in/people/ada.yml", "name: Ada\nborn: 1815\naddress: {geo: {lat: 1.5}, none: {}}\n");
    put_file("in/people/bob.yml", "name: Bob\nworks: [a]\n");
    put_file("in/people/.hidden.yml", "name: Hidden\n");
    put_file("in/people/zoe.json", "{\"name\": \"Zoe\"}");
    put_file("in/people/sub/cid.yml", "name: Cid\n");
}

/* SCRATCH/in is the working directory and the only root. */
static int make_scratch(void **state)
{
    (void)state;
    if (enter_scratch() != 0)
        return -1;
    mkdir("in", 0700);
    mkdir("out", 0700);
    put_file("out/secret.yml", "name: Secret\n");
    make_people();
    mkdir("in/links", 0700);
    mkdir("in/broken", 0700);
    put_file("in/broken/a.yml", "name: fine\n");
    put_file("in/broken/b.yml", "name: [\n");
    put_file("in/broken/c.json", "[1, 2]");
    put_file("in/broken/d.json", "[{\"a\": 1}, {\"a\": 2}]");
    put_file("in/broken/e.json", "5");
    if (symlink("../../out/secret.yml", "in/links/leads-out.yml") != 0 ||
        symlink("../../out", "in/links/outside") != 0 || chdir("in") != 0)
        return -1;
    return getcwd(working, sizeof working) == NULL;
}

static const struct hob_value *parse(struct hob_arena *arena, const char *json)
{
    const struct hob_value *value;
    struct hob_text text = hob_arena_copy(arena, hob_text_from(json));
    for (char *at = (char *)(uintptr_t)text.data; *at != '\0'; at++)
        *at = *at == '\'' ? '"' : *at;
    assert_int_equal(hob_json_read(arena, text, &value, NULL), 0);
    return value;
}

/* Reads a flow given as JSON with ' for ", below the working directory; the records come the same
 * way, with $CWD for that directory. */
static int read_flow(struct hob_buffer *out, const char *flow, struct hob_error *error)
{
    HOB_AUTO(arena) struct hob_arena *arena = hob_arena_new();
    HOB_AUTO(roots) struct hob_roots *roots = hob_roots_new();
    HOB_AUTO(frame) struct hob_frame *frame = NULL;
    HOB_AUTO(buffer) struct hob_buffer text = HOB_BUFFER_INIT;
    assert_int_equal(hob_roots_add(roots, ".", error), 0);
    struct hob_scope scope = {.roots = roots};
    int result = hob_access_read(&frame, &scope, parse(arena, flow), error);
    if (result < 0)
        return result;
    assert_int_equal(hob_frame_put_records(&text, frame, HOB_JSON_COMPACT, error), 0);
    for (const char *at = hob_buffer_string(&text); *at != '\0'; at++) {
        if (strncmp(at, working, strlen(working)) == 0) {
            hob_buffer_put_string(out, "$CWD");
            at += strlen(working) - 1;
        } else {
            hob_buffer_put_char(out, *at == '"' ? '\'' : *at);
        }
    }
    return 0;
}

static void check_records(const char *flow, const char *records)
{
    HOB_AUTO(buffer) struct hob_buffer out = HOB_BUFFER_INIT;
    struct hob_error error = HOB_ERROR_INIT;
    read_flow(&out, flow, &error);
    assert_string_equal(error.message, "");
    assert_string_equal(hob_buffer_string(&out), records);
}

static void check_error(const char *flow, int code, const char *named)
{
    HOB_AUTO(buffer) struct hob_buffer out = HOB_BUFFER_INIT;
    struct hob_error error = HOB_ERROR_INIT;
    assert_int_equal(read_flow(&out, flow, &error), code);
    if (strstr(error.message, named) == NULL)
        assert_string_equal(error.message, named);
}

#define FIELDS(directory, name)                                                                    \
    "'sourceRoot':'$CWD','sourceDirectory':'" directory "','sourceFilename':'" name "'"

static void rows_say_where_they_came_from_and_nested_fields_come_last(void **state)
{
    (void)state;
    check_records(
        "{'type':'yaml_directory','source':{'directory':'people'}}",
        "[{'name':'Ada','born':1815.0," FIELDS(
            "people", "ada.yml") ",'address.geo.lat':1.5,'works':null},{'name':'Bob','born':"
                                 "null," FIELDS("people", "bob.yml") ",'address.geo.lat':null,'"
                                                                     "works':['a']}]");
}

static void a_relative_directory_gives_what_the_absolute_one_gives(void **state)
{
    (void)state;
    HOB_AUTO(buffer) struct hob_buffer flow = HOB_BUFFER_INIT;
    static const char *const spelled[] = {"people/sub", "./people//sub/", "people/../people/sub"};
    static const char expected[] = "[{'name':'Cid'," FIELDS("people/sub", "cid.yml") "}]";
    for (size_t i = 0; i < sizeof spelled / sizeof spelled[0]; i++) {
        hob_buffer_clear(&flow);
        hob_buffer_printf(&flow, "{'type':'yaml_directory','source':{'directory':'%s'}}",
                          spelled[i]);
        check_records(hob_buffer_string(&flow), expected);
    }
    hob_buffer_clear(&flow);
    hob_buffer_printf(&flow, "{'type':'yaml_directory','source':{'directory':'%s/people/sub'}}",
                      working);
    check_records(hob_buffer_string(&flow), expected);
    check_records("{'type':'yaml_directory','source':'people/sub'}", expected);
    check_records("{'type':'yaml_directory','base_directory':'people','source':{'directory':"
                  "'sub'}}",
                  expected);
}

static void sources_are_sorted_together(void **state)
{
    (void)state;
    check_records("{'type':'yaml_directory','source':[{'directory':'people/sub'},{'directory':"
                  "'people','glob':'b*'}],'ignore_columns':['works','sourceRoot',"
                  "'sourceDirectory','sourceFilename']}",
                  "[{'name':'Bob'},{'name':'Cid'}]");
}

static void a_file_found_twice_is_refused(void **state)
{
    (void)state;
    check_error("{'type':'yaml_directory','source':[{'directory':'people'},{'directory':'people',"
                "'glob':'ada*'}]}",
                HOB_E_VALUE, "ada.yml' is found twice");
}

static void what_is_not_there_is_an_empty_table(void **state)
{
    (void)state;
    check_records("{'type':'yaml_directory','source':{'directory':'nowhere'}}", "[]");
    check_records("{'type':'yaml_directory','source':{'directory':'people','glob':'q*'}}", "[]");
    check_records("{'type':'yaml_directory'}", "[]");
    check_error("{'type':'yaml_directory','source':5}", HOB_E_PARAMETER, "`source`");
}

static void regexp_matches_from_the_start_of_the_name(void **state)
{
    (void)state;
    check_records("{'type':'yaml_directory','source':{'directory':'people','regexp':'.*b'},"
                  "'select_columns':['name']}",
                  "[{'name':'Bob'}]");
    check_records("{'type':'yaml_directory','source':{'directory':'people','regexp':'da'}}", "[]");
    check_error("{'type':'yaml_directory','source':{'directory':'people','regexp':'['}}",
                HOB_E_PATTERN, "no regular expression");
}

static void a_broken_file_among_many_is_named(void **state)
{
    (void)state;
    check_error("{'type':'yaml_directory','source':{'directory':'broken'}}", HOB_E_VALUE,
                "broken/b.yml");
    check_error("{'type':'json_directory','source':{'directory':'broken','glob':'c*'}}",
                HOB_E_VALUE, "broken/c.json");
    check_error("{'type':'json_directory','source':{'directory':'broken','glob':'e*'}}",
                HOB_E_VALUE, "broken/e.json");
}

static void a_list_of_mappings_in_a_file_gives_a_row_each(void **state)
{
    (void)state;
    check_records("{'type':'json_directory','source':{'directory':'broken','glob':'d*'},"
                  "'select_columns':['a','sourceFilename']}",
                  "[{'a':1,'sourceFilename':'d.json'},{'a':2,'sourceFilename':'d.json'}]");
}

static void store_fields_may_not_hide_data(void **state)
{
    (void)state;
    check_records("{'type':'yaml_directory','source':{'directory':'people/sub'},'store_fields':"
                  "{'filename':'file'}}",
                  "[{'name':'Cid','sourceRoot':'$CWD','sourceDirectory':'people/sub',"
                  "'file':'cid.yml'}]");
    check_error("{'type':'yaml_directory','source':{'directory':'people/sub'},'store_fields':"
                "{'root':'name'}}",
                HOB_E_VALUE, "\"name\" is already in the data");
    check_error("{'type':'yaml_directory','source':{'directory':'people/sub'},'store_fields':"
                "{'root':'x','directory':'x'}}",
                HOB_E_PARAMETER, "'x'");
}

static void nothing_outside_the_roots_is_read(void **state)
{
    (void)state;
    check_error("{'type':'yaml_directory','source':{'directory':'../out'}}", HOB_E_OUTSIDE,
                "allowed roots");
    check_error("{'type':'yaml_directory','source':{'directory':'.','glob':'../out/*.yml'}}",
                HOB_E_OUTSIDE, "allowed roots");
    check_error("{'type':'yaml_directory','source':{'directory':'people','glob':'/etc/*'}}",
                HOB_E_OUTSIDE, "allowed roots");
    check_error("{'type':'yaml_directory','source':{'directory':'links'}}", HOB_E_OUTSIDE,
                "leads-out.yml");
    check_error("{'type':'yaml_directory','source':{'directory':'links','glob':'*/*.yml'}}",
                HOB_E_OUTSIDE, "allowed roots");
    check_error("{'type':'list','filename':['../out/secret.yml']}", HOB_E_OUTSIDE, "secret.yml");
}

static void a_list_names_files_of_several_kinds(void **state)
{
    (void)state;
    check_records("{'type':'list','filename':['people/zoe.json','people/bob.yml'],"
                  "'select_columns':['name','sourceRoot','sourceDirectory','sourceFile']}",
                  "[{'name':'Bob','sourceRoot':'','sourceDirectory':'people','sourceFile':"
                  "'bob.yml'},{'name':'Zoe','sourceRoot':'','sourceDirectory':'people',"
                  "'sourceFile':'zoe.json'}]");
    check_error("{'type':'list','filename':['people/nobody.yml']}", HOB_E_NOT_FOUND, "nobody.yml");
    check_error("{'type':'list'}", HOB_E_PARAMETER, "filename");
}

static void a_file_that_is_no_text_has_a_name_only(void **state)
{
    (void)state;
    mkdir("mixed", 0700);
    put_file("mixed/a.bin", "\xff\xfe");
    put_file("mixed/b.txt", "one\r\ntwo\r");
    check_records("{'type':'directory','source':{'directory':'mixed'}}",
                  "[{" FIELDS("mixed", "a.bin") ",'content':null},{" FIELDS(
                      "mixed", "b.txt") ",'content':'one\\ntwo\\n'}]");
}

static void broken_front_matter_gives_an_empty_record(void **state)
{
    (void)state;
    mkdir("talks", 0700);
    put_file("talks/a.md", "---\ntitle: [\n---\ntext");
    put_file("talks/b.md", "---\ntitle: B\n---\ntext\n");
    hob_log_set_level(HOB_LOG_ERROR);
    check_records(
        "{'type':'markdown_directory','source':{'directory':'talks'}}",
        "[{" FIELDS("talks", "a.md") ",'title':null,'content':null},"
                                     "{" FIELDS("talks", "b.md") ",'title':'B','content':'text'}]");
    hob_log_set_level(HOB_LOG_INFO);
}

static void meta_files_lie_beside_what_they_describe(void **state)
{
    (void)state;
    mkdir("docs", 0700);
    put_file("docs/a.pdf", "");
    put_file("docs/a.pdf.yml", "title: A\n");
    put_file("docs/b.pdf", "");
    check_records(
        "{'type':'meta_directory','source':{'directory':'docs','glob':'*.pdf'}}",
        "[{'title':'A'," FIELDS("docs", "a.pdf") "},"
                                                 "{'title':null," FIELDS("docs", "b.pdf") "}]");
}

static void a_new_file_makes_the_record_of_sources_stale(void **state)
{
    (void)state;
    HOB_AUTO(arena) struct hob_arena *arena = hob_arena_new();
    HOB_AUTO(frame) struct hob_frame *frame = NULL;
    HOB_AUTO(sources) struct hob_sources *sources = hob_sources_new();
    mkdir("growing", 0700);
    put_file("growing/a.yml", "a: 1\n");
    usleep(50000); /* until the directory no longer counts as just changed */
    struct hob_scope scope = {.sources = sources};
    const struct hob_value *flow =
        parse(arena, "{'type':'yaml_directory','source':{'directory':'growing'}}");
    assert_int_equal(hob_access_read(&frame, &scope, flow, NULL), 0);
    assert_true(hob_sources_unchanged(sources));
    put_file("growing/b.yml", "a: 2\n");
    assert_false(hob_sources_unchanged(sources));
}

/* Writes records, given as JSON with ' for ". */
static int write_or_rehearse(const char *flow, const char *records, bool rehearses,
                             struct hob_error *error)
{
    HOB_AUTO(arena) struct hob_arena *arena = hob_arena_new();
    HOB_AUTO(roots) struct hob_roots *roots = hob_roots_new();
    HOB_AUTO(frame) struct hob_frame *frame = NULL;
    HOB_AUTO(buffer) struct hob_buffer local = HOB_BUFFER_INIT;
    assert_int_equal(hob_roots_add(roots, ".", NULL), 0);
    struct hob_scope scope = {.roots = roots, .rehearses = rehearses};
    hob_buffer_printf(&local, "{'type':'local','data':%s}", records);
    const struct hob_value *source = parse(arena, hob_buffer_string(&local));
    assert_int_equal(hob_access_read(&frame, &scope, source, error), 0);
    return hob_access_write(&scope, parse(arena, flow), frame, error);
}

static int write_flow(const char *flow, const char *records, struct hob_error *error)
{
    return write_or_rehearse(flow, records, false, error);
}

static void check_file(const char *path, const char *expected)
{
    struct hob_scope scope = {0};
    HOB_AUTO(file_content) struct hob_file_content content = HOB_FILE_CONTENT_INIT;
    assert_int_equal(hob_scope_read(&scope, path, &content, NULL), 0);
    assert_text_equal(content.text, expected);
}

static void each_row_is_written_to_its_file(void **state)
{
    (void)state;
    assert_int_equal(
        write_flow("{'type':'json_directory'}",
                   "[{'sourceRoot':'w','sourceDirectory':'x/y','sourceFilename':'a.json','n':1,"
                   "'t':null}]",
                   NULL),
        0);
    check_file("w/x/y/a.json", "{\"n\": 1, \"t\": null}");
    assert_int_equal(
        write_flow("{'type':'markdown_directory','store_fields':{'filename':'f'}}",
                   "[{'sourceRoot':'w','sourceDirectory':'m','f':'a.md','title':'A: B',"
                   "'content':'text\\n'}]",
                   NULL),
        0);
    check_file("w/m/a.md", "---\ntitle: 'A: B'\n---\n\ntext");
    assert_int_equal(
        write_flow("{'type':'directory','base_directory':'w'}",
                   "[{'sourceRoot':'d','sourceDirectory':'.','sourceFilename':'a.yml','n':1},"
                   "{'sourceRoot':'d','sourceDirectory':'.','sourceFilename':'b.json','n':2}]",
                   NULL),
        0);
    check_file("w/d/./a.yml", "n: 1\n");
    check_file("w/d/b.json", "{\"n\": 2}");
}

static const char two_rows_for_one_file[] =
    "[{'sourceRoot':'w','sourceDirectory':'t','sourceFilename':'a.yml','n':1},"
    "{'sourceRoot':'w','sourceDirectory':'t','sourceFilename':'a.yml','n':2}]";

static void two_rows_for_one_file_are_refused_after_the_first(void **state)
{
    (void)state;
    struct hob_error error = HOB_ERROR_INIT;
    assert_int_equal(write_flow("{'type':'yaml_directory'}", two_rows_for_one_file, &error),
                     HOB_E_VALUE);
    assert_non_null(strstr(error.message, "w/t/a.yml"));
    assert_non_null(strstr(error.hint, "1 file is written already"));
    check_file("w/t/a.yml", "n: 1\n");
}

static void a_rehearsal_finds_what_is_wrong_and_writes_nothing(void **state)
{
    (void)state;
    struct hob_error error = HOB_ERROR_INIT;
    const char *flow = "{'type':'yaml_directory'}";
    const char *fine = "[{'sourceRoot':'w','sourceDirectory':'r','sourceFilename':'a.yml','n':1}]";
    const char *outside =
        "[{'sourceRoot':'w','sourceDirectory':'r','sourceFilename':'a.yml','n':1},"
        "{'sourceRoot':'..','sourceDirectory':'r','sourceFilename':'b.yml','n':2}]";
    assert_int_equal(write_or_rehearse(flow, fine, true, &error), 0);
    assert_int_equal(write_or_rehearse(flow, outside, true, NULL), HOB_E_OUTSIDE);
    assert_int_not_equal(access("w/r", F_OK), 0);
    assert_int_equal(write_or_rehearse(flow, two_rows_for_one_file, true, &error), HOB_E_VALUE);
    assert_string_equal(error.hint, "");
    check_file("w/t/a.yml", "n: 1\n");
}

static void rows_without_a_file_or_outside_the_roots_are_refused(void **state)
{
    (void)state;
    assert_int_equal(write_flow("{'type':'yaml_directory'}", "[{'n':1}]", NULL), HOB_E_KEY);
    assert_int_equal(
        write_flow("{'type':'yaml_directory'}",
                   "[{'sourceRoot':'../out','sourceDirectory':'x','sourceFilename':'a.yml'}]",
                   NULL),
        HOB_E_OUTSIDE);
    assert_int_not_equal(access("../out/x", F_OK), 0);
    assert_int_equal(write_flow("{'type':'yaml_directory'}",
                                "[{'sourceRoot':'w','sourceDirectory':'x','sourceFilename':5}]",
                                NULL),
                     HOB_E_VALUE);
}

static void patterns_match_names_as_in_python(void **state)
{
    (void)state;
    static const struct {
        const char *pattern, *name;
        bool matches;
    } cases[] = {
        {"*", "", true},
        {"*", "a.yml", true},
        {"*.yml", "a.yml", true},
        {"*.yml", "a.ymlx", false},
        {"a*b*c", "a-b-b-c", true},
        {"a*b*c", "a-b-b-d", false},
        {"?", "\xc3\xa9", true}, /* one character, two bytes */
        {"?", "ab", false},
        {"[a-c]x", "bx", true},
        {"[a-c]x", "dx", false},
        {"[!a-c]x", "dx", true},
        {"[!a-c]x", "ax", false},
        {"[]]", "]", true},
        {"[]-]", "-", true},
        {"[", "[", true},
        {"[a", "[a", true},
        {"[\xc3\xa0-\xc3\xbf]", "\xc3\xa9", true},
        {"[c-a]", "b", false},
        {"[^a]", "^", true},
        {"**", "ab", true},
        {"a\\*", "a\\b", true},
        {"?", "\xff", true},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++)
        if (hob_glob_match(hob_text_from(cases[i].pattern), hob_text_from(cases[i].name)) !=
            cases[i].matches)
            assert_string_equal(cases[i].pattern, cases[i].name);
}

static void more_files_than_the_limit_are_refused(void **state)
{
    (void)state;
    HOB_AUTO(paths) struct hob_paths paths = HOB_PATHS_INIT;
    int result = 0;
    for (size_t i = 0; result == 0 && i <= HOB_PATHS_MAX; i++)
        result = hob_paths_add(&paths, "x", NULL);
    assert_int_equal(result, HOB_E_LIMIT);
    assert_int_equal(paths.count, HOB_PATHS_MAX);
}

static void a_pattern_of_many_stars_ends_in_time(void **state)
{
    (void)state;
    HOB_AUTO(buffer) struct hob_buffer pattern = HOB_BUFFER_INIT;
    HOB_AUTO(buffer) struct hob_buffer name = HOB_BUFFER_INIT;
    for (int i = 0; i < 1000; i++)
        hob_buffer_put_string(&pattern, "a*");
    hob_buffer_put_string(&pattern, "b");
    hob_buffer_put_repeated(&name, 'a', 4000);
    assert_false(hob_glob_match(hob_buffer_text(&pattern), hob_buffer_text(&name)));
}

static void regular_expressions_are_bounded(void **state)
{
    (void)state;
    HOB_AUTO(regex) struct hob_regex *regex = NULL;
    HOB_AUTO(buffer) struct hob_buffer name = HOB_BUFFER_INIT;
    assert_int_equal(hob_regex_new(&regex, HOB_TEXT("(a+)+$"), NULL), 0);
    assert_int_equal(hob_regex_match_start(regex, HOB_TEXT("aaa"), NULL), 1);
    assert_int_equal(hob_regex_match_start(regex, HOB_TEXT("baaa"), NULL), 0);
    hob_buffer_put_repeated(&name, 'a', 100);
    hob_buffer_put_char(&name, 'b');
    assert_int_equal(hob_regex_match_start(regex, hob_buffer_text(&name), NULL), HOB_E_LIMIT);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(rows_say_where_they_came_from_and_nested_fields_come_last),
        cmocka_unit_test(a_relative_directory_gives_what_the_absolute_one_gives),
        cmocka_unit_test(sources_are_sorted_together),
        cmocka_unit_test(a_file_found_twice_is_refused),
        cmocka_unit_test(what_is_not_there_is_an_empty_table),
        cmocka_unit_test(regexp_matches_from_the_start_of_the_name),
        cmocka_unit_test(a_broken_file_among_many_is_named),
        cmocka_unit_test(a_list_of_mappings_in_a_file_gives_a_row_each),
        cmocka_unit_test(store_fields_may_not_hide_data),
        cmocka_unit_test(nothing_outside_the_roots_is_read),
        cmocka_unit_test(a_list_names_files_of_several_kinds),
        cmocka_unit_test(a_file_that_is_no_text_has_a_name_only),
        cmocka_unit_test(broken_front_matter_gives_an_empty_record),
        cmocka_unit_test(meta_files_lie_beside_what_they_describe),
        cmocka_unit_test(a_new_file_makes_the_record_of_sources_stale),
        cmocka_unit_test(each_row_is_written_to_its_file),
        cmocka_unit_test(two_rows_for_one_file_are_refused_after_the_first),
        cmocka_unit_test(a_rehearsal_finds_what_is_wrong_and_writes_nothing),
        cmocka_unit_test(rows_without_a_file_or_outside_the_roots_are_refused),
        cmocka_unit_test(patterns_match_names_as_in_python),
        cmocka_unit_test(more_files_than_the_limit_are_refused),
        cmocka_unit_test(a_pattern_of_many_stars_ends_in_time),
        cmocka_unit_test(regular_expressions_are_bounded),
    };
    return cmocka_run_group_tests(tests, make_scratch, remove_scratch);
}
