/* Tests of flows made of flows: hstack, vstack, stack, series, and the frame operations below. */
#include "check.h"

#include <stdio.h>

#include "access/access.h"
#include "frame/build.h"
#include "frame/combine.h"
#include "frame/join.h"
#include "frame/records.h"
#include "value/json.h"

/* Reads a flow given as JSON with ' for ", and appends its answer the same way; returns the code.
 */
static int read_flow(struct hob_buffer *out, const char *flow)
{
    HOB_AUTO(arena) struct hob_arena *arena = hob_arena_new();
    HOB_AUTO(frame) struct hob_frame *frame = NULL;
    struct hob_scope scope = {0};
    struct hob_error error = HOB_ERROR_INIT;
    struct hob_text text = hob_arena_copy(arena, hob_text_from(flow));
    const struct hob_value *value;
    for (char *at = (char *)(uintptr_t)text.data; *at != '\0'; at++)
        *at = *at == '\'' ? '"' : *at;
    assert_int_equal(hob_json_read(arena, text, &value, &error), 0);
    int result = hob_access_read(&frame, &scope, value, &error);
    if (result < 0)
        return result;
    assert_int_equal(hob_frame_put_answer(out, frame, &error), 0);
    for (size_t i = 0; i < out->size; i++)
        out->data[i] = out->data[i] == '"' ? '\'' : out->data[i];
    return 0;
}

static void check_answer(const char *flow, const char *records, const char *dtypes)
{
    HOB_AUTO(buffer) struct hob_buffer out = HOB_BUFFER_INIT;
    assert_int_equal(read_flow(&out, flow), 0);
    const char *answer = hob_buffer_string(&out);
    if (strstr(answer, records) == NULL)
        assert_string_equal(answer, records);
    if (strstr(answer, dtypes) == NULL)
        assert_string_equal(answer, dtypes);
}

static int code_of(const char *flow)
{
    HOB_AUTO(buffer) struct hob_buffer out = HOB_BUFFER_INIT;
    return read_flow(&out, flow);
}

#define LOCAL(data) "{'type':'local','data':" data "}"
#define LOCAL_WITH(data, more) "{'type':'local','data':" data "," more "}"
#define PEOPLE "[{'k':'a','n':1},{'k':'b','n':2},{'k':'c','n':3}]"
#define CITIES "[{'k':'c','z':30},{'k':'a','z':10},{'k':'d','z':40}]"

static void hstack_puts_rows_beside_each_other_by_position(void **state)
{
    (void)state;
    check_answer("{'type':'hstack','specifications':[" LOCAL("{'a':[1,2]}") "," LOCAL(
                     "{'b':['x','y']}") "]}",
                 "[{'a':1,'b':'x'},{'a':2,'b':'y'}]", "{'a':'int64','b':'object'}");
    check_answer(
        "{'type':'hstack','specifications':[" LOCAL("{'a':[1,2]}") "," LOCAL("{'b':[7]}") "]}",
        "[{'a':1,'b':7.0},{'a':2,'b':null}]", "{'a':'int64','b':'float64'}");
    check_answer("{'type':'hstack','specifications':[" LOCAL("{'a':[1]}") "," LOCAL_WITH(
                     "{'b':[7,8]}", "'how':'outer'") "]}",
                 "[{'a':1.0,'b':7},{'a':null,'b':8}]", "{'a':'float64','b':'int64'}");
}

static void hstack_renames_what_both_tables_have(void **state)
{
    (void)state;
    check_answer("{'type':'hstack','specifications':[" LOCAL("{'a':[1]}") "," LOCAL(
                     "{'a':[2]}") "," LOCAL("{'b':[3]}") "]}",
                 "[{'a':1,'a_right':2,'b':3}]", "'a_right':'int64'");
    check_answer("{'type':'hstack','specifications':[" LOCAL("{'a':[1]}") "," LOCAL_WITH(
                     "{'a':[2]}", "'lsuffix':'_l','rsuffix':'_r'") "]}",
                 "[{'a_l':1,'a_r':2}]", "'a_l':'int64'");
    assert_int_equal(code_of("{'type':'hstack','specifications':[" LOCAL(
                         "{'a':[1]}") "," LOCAL_WITH("{'a':[2]}", "'rsuffix':''") "]}"),
                     HOB_E_VALUE);
}

static void hstack_on_a_column_matches_as_asked(void **state)
{
    (void)state;
#define ON(how)                                                                                    \
    "{'type':'hstack','specifications':[" LOCAL(PEOPLE) "," LOCAL_WITH(CITIES, "'on':'k'," how) "]}"
    check_answer(ON("'how':'left'"),
                 "[{'k':'a','n':1,'z':10.0},{'k':'b','n':2,'z':null},{'k':'c','n':3,'z':30.0}]",
                 "'z':'float64'");
    check_answer(ON("'how':'inner'"), "[{'k':'a','n':1,'z':10},{'k':'c','n':3,'z':30}]",
                 "{'k':'object','n':'int64','z':'int64'}");
    check_answer(ON("'how':'right'"),
                 "[{'k':'c','n':3.0,'z':30},{'k':'a','n':1.0,'z':10},{'k':'d','n':null,'z':40}]",
                 "'n':'float64'");
    check_answer(ON("'how':'outer'"),
                 "[{'k':'a','n':1.0,'z':10.0},{'k':'b','n':2.0,'z':null},"
                 "{'k':'c','n':3.0,'z':30.0},{'k':'d','n':null,'z':40.0}]",
                 "'z':'float64'");
    assert_int_equal(code_of(ON("'how':'sideways'")), HOB_E_PARAMETER);
#undef ON
}

static void hstack_gives_every_match_of_a_repeated_key(void **state)
{
    (void)state;
    check_answer(
        "{'type':'hstack','specifications':[" LOCAL("{'k':[2,1,2],'n':[1,2,3]}") "," LOCAL_WITH(
            "{'k':[2.0,2.0],'z':['x','y']}", "'on':'k'") "]}",
        "[{'k':2,'n':1,'z':'x'},{'k':2,'n':1,'z':'y'},{'k':1,'n':2,'z':null},"
        "{'k':2,'n':3,'z':'x'},{'k':2,'n':3,'z':'y'}]",
        "'z':'object'");
}

static void hstack_on_several_columns_needs_all_of_them_to_match(void **state)
{
    (void)state;
    check_answer(
        "{'type':'hstack','specifications':[" LOCAL("{'a':[1,1],'b':['x','y']}") "," LOCAL_WITH(
            "{'a':[1],'b':['y'],'c':[5]}", "'on':['a','b']") "]}",
        "[{'a':1,'b':'x','c':null},{'a':1,'b':'y','c':5.0}]", "'c':'float64'");
}

/* In which order rows come; as pandas 1.5.3 does it. */
static void rows_come_in_the_order_that_pandas_gives(void **state)
{
    (void)state;
#define TALKS "{'k':['a','b','a'],'t':[1,2,3]}"
#define TOWNS "{'k':['b','a','d'],'z':[1,2,3]}"
#define JOIN(left, right, more)                                                                    \
    "{'type':'hstack','specifications':[" LOCAL(left) "," LOCAL_WITH(right, more) "]}"
#define BY_INDEX(left, right, how)                                                                 \
    "{'type':'hstack','index':'k','specifications':[" LOCAL_WITH(                                  \
        left, "'index':'k'") "," LOCAL_WITH(right, "'index':'k','how':" how) "]}"
    /* On a column: by key, as keys first appear. */
    check_answer(JOIN(TALKS, TOWNS, "'on':'k','how':'inner'"),
                 "[{'k':'a','t':1,'z':2},{'k':'a','t':3,'z':2},{'k':'b','t':2,'z':1}]",
                 "'z':'int64'");
    check_answer(JOIN(TOWNS, TALKS, "'on':'k','how':'outer'"),
                 "[{'k':'b','z':1,'t':2.0},{'k':'a','z':2,'t':1.0},{'k':'a','z':2,'t':3.0},"
                 "{'k':'d','z':3,'t':null}]",
                 "'t':'float64'");
    check_answer(JOIN(TALKS, TOWNS, "'on':'k','how':'left'"),
                 "[{'k':'a','t':1,'z':2},{'k':'b','t':2,'z':1},{'k':'a','t':3,'z':2}]",
                 "'z':'int64'");
    /* By labels: sorted where one repeats. */
    check_answer(BY_INDEX(TALKS, TOWNS, "'left'"),
                 "[{'t':1,'z':2,'k':'a'},{'t':3,'z':2,'k':'a'},{'t':2,'z':1,'k':'b'}]",
                 "'z':'int64'");
    check_answer(BY_INDEX(TOWNS, TALKS, "'right'"),
                 "[{'z':2,'t':1,'k':'a'},{'z':2,'t':3,'k':'a'},{'z':1,'t':2,'k':'b'}]",
                 "'z':'int64'");
    check_answer(BY_INDEX("{'k':['b','a'],'n':[1,2]}", TOWNS, "'inner'"),
                 "[{'n':1,'z':1,'k':'b'},{'n':2,'z':2,'k':'a'}]", "'z':'int64'");
    check_answer(BY_INDEX(TOWNS, "{'k':['b','a','d'],'n':[4,5,6]}", "'outer'"),
                 "[{'z':1,'n':4,'k':'b'},{'z':2,'n':5,'k':'a'},{'z':3,'n':6,'k':'d'}]",
                 "'n':'int64'");
    check_answer(BY_INDEX(TOWNS, "{'k':['d','b','a'],'n':[6,4,5]}", "'outer'"),
                 "[{'z':2,'n':5,'k':'a'},{'z':1,'n':4,'k':'b'},{'z':3,'n':6,'k':'d'}]",
                 "'n':'int64'");
#undef JOIN
#undef BY_INDEX
}

/* The type of what is put below each other: a row of what pandas 1.5.3 makes of each pair. */
static void vstack_types_are_those_of_pandas(void **state)
{
    (void)state;
    static const char *const cells[] = {
        "1", "18446744073709551615", "1.5", "true", "null", "'x'", "true,null", ""};
    static const char *const types[][8] = {
        {"int64", "float64", "float64", "int64", "object", "object", "object", "float64"},
        {"float64", "uint64", "float64", "uint64", "object", "object", "object", "float64"},
        {"float64", "float64", "float64", "float64", "float64", "object", "object", "float64"},
        {"int64", "uint64", "object", "bool", "object", "object", "object", "float64"},
        {"object", "object", "float64", "object", "object", "object", "object", "object"},
        {"object", "object", "object", "object", "object", "object", "object", "object"},
        {"object", "object", "object", "object", "object", "object", "object", "object"},
        {"float64", "float64", "float64", "float64", "object", "object", "object", "float64"},
    };
    for (size_t i = 0; i < 8; i++) {
        for (size_t k = 0; k < 8; k++) {
            char flow[400], dtypes[60];
            snprintf(flow, sizeof flow,
                     "{'type':'vstack','specifications':[{'type':'local','data':{'a':[%s]}},"
                     "{'type':'local','data':{'a':[%s]}}]}",
                     cells[i], cells[k]);
            snprintf(dtypes, sizeof dtypes, "'dtypes':{'a':'%s'}", types[i][k]);
            check_answer(flow, "'records'", dtypes);
        }
    }
    /* A table with columns counts though it has no rows: others have a hole there. */
    check_answer(
        "{'type':'vstack','specifications':[" LOCAL("{'a':[1]}") "," LOCAL("{'b':[]}") "]}",
        "[{'a':1.0,'b':null}]", "{'a':'float64','b':'float64'}");
    check_answer(
        "{'type':'vstack','specifications':[" LOCAL("{'a':[true]}") "," LOCAL("{'a':[1.5]}") "]}",
        "[{'a':true},{'a':1.5}]", "{'a':'object'}");
}

static void hstack_matches_missing_keys_with_each_other(void **state)
{
    (void)state;
    check_answer("{'type':'hstack','specifications':[" LOCAL("{'k':['a',null]}") "," LOCAL_WITH(
                     "{'k':[null],'z':[1]}", "'on':'k'") "]}",
                 "[{'k':'a','z':null},{'k':null,'z':1.0}]", "'z':'float64'");
}

static void hstack_refuses_keys_that_can_never_match(void **state)
{
    (void)state;
    assert_int_equal(code_of("{'type':'hstack','specifications':[" LOCAL(
                         "{'k':['1']}") "," LOCAL_WITH("{'k':[1]}", "'on':'k'") "]}"),
                     HOB_E_VALUE);
    assert_int_equal(code_of("{'type':'hstack','specifications':[" LOCAL(
                         "{'k':['1']}") "," LOCAL_WITH("{'x':[1]}", "'on':'k'") "]}"),
                     HOB_E_KEY);
    assert_int_equal(code_of("{'type':'hstack','specifications':[" LOCAL(
                         "[{'k':[1]}]") "," LOCAL_WITH("[{'k':[1]}]", "'on':'k'") "]}"),
                     HOB_E_TYPE);
}

static void hstack_by_index_brings_the_index_back_as_the_last_column(void **state)
{
    (void)state;
    check_answer("{'type':'hstack','index':'k','specifications':[" LOCAL(PEOPLE) "," LOCAL_WITH(
                     CITIES, "'index':'k'") "]}",
                 "[{'n':1,'z':10.0,'k':'a'},{'n':2,'z':null,'k':'b'},{'n':3,'z':30.0,'k':'c'}]",
                 "'columns':['n','z','k']");
    check_answer("{'type':'hstack','index':'k','specifications':[" LOCAL(PEOPLE) "]}",
                 "[{'n':1,'k':'a'},", "'columns':['n','k']");
    assert_int_equal(code_of("{'type':'hstack','index':'q','specifications':[" LOCAL(PEOPLE) "]}"),
                     HOB_E_KEY);
}

static void vstack_fills_columns_that_a_part_has_not(void **state)
{
    (void)state;
    check_answer("{'type':'vstack','specifications':[" LOCAL("{'a':[1],'b':['x']}") "," LOCAL(
                     "{'c':[true],'a':[2]}") "]}",
                 "[{'a':1,'b':'x','c':null},{'a':2,'b':null,'c':true}]",
                 "{'a':'int64','b':'object','c':'object'}");
}

static void vstack_finds_the_type_that_holds_all_parts(void **state)
{
    (void)state;
#define TWO(first, second)                                                                         \
    "{'type':'vstack','specifications':[" LOCAL("{'a':" first "}") "," LOCAL("{'a':" second        \
                                                                             "}") "]}"
    check_answer(TWO("[1]", "[2.5]"), "[{'a':1.0},{'a':2.5}]", "{'a':'float64'}");
    check_answer(TWO("[true]", "[2]"), "[{'a':1},{'a':2}]", "{'a':'int64'}");
    check_answer(TWO("[1]", "['x']"), "[{'a':1},{'a':'x'}]", "{'a':'object'}");
    check_answer(TWO("[1]", "[null]"), "[{'a':1},{'a':null}]", "{'a':'object'}");
    check_answer(TWO("[18446744073709551615]", "[18446744073709551614]"),
                 "[{'a':18446744073709551615},{'a':18446744073709551614}]", "{'a':'uint64'}");
#undef TWO
}

static void vstack_keeps_labels_unless_they_are_reset(void **state)
{
    (void)state;
#define BESIDE(more)                                                                               \
    "{'type':'hstack','specifications':[{'type':'vstack','specifications':[" LOCAL(                \
        "{'a':[1]}") "," LOCAL("{'a':[2]}") "]" more "}," LOCAL("{'b':[7,8]}") "]}"
    check_answer(BESIDE(""), "[{'a':1,'b':7},{'a':2,'b':7}]", "'b':'int64'");
    check_answer(BESIDE(",'reset_index':true"), "[{'a':1,'b':7},{'a':2,'b':8}]", "'b':'int64'");
#undef BESIDE
}

static void stack_takes_the_last_value_at_the_first_place(void **state)
{
    (void)state;
    check_answer("{'type':'stack','specifications':[" LOCAL("{'a':1,'b':'x'}") "," LOCAL(
                     "{'c':true,'a':2.5}") "]}",
                 "[{'a':2.5,'b':'x','c':true}]", "{'a':'float64','b':'object','c':'bool'}");
    assert_int_equal(code_of("{'type':'stack','specifications':[" LOCAL("{'a':[1,2]}") "]}"),
                     HOB_E_VALUE);
}

static void series_gathers_rows_in_order_of_appearance(void **state)
{
    (void)state;
    check_answer("{'type':'series','index':'k','specifications':" LOCAL(
                     "{'n':[1,2,3],'k':['b','a','b'],'t':['x',null,'y']}") "}",
                 "[{'k':'b','n':[1,3],'t':['x','y']},{'k':'a','n':[2],'t':[null]}]",
                 "{'k':'object','n':'object','t':'object'}");
    check_answer("{'type':'series','index':'k','specifications':[" LOCAL(
                     "{'k':['a'],'n':[1]}") "," LOCAL("{'k':['a'],'n':[2]}") "]}",
                 "[{'k':'a','n':[1,2]}]", "'n':'object'");
    assert_int_equal(code_of("{'type':'series','specifications':" LOCAL(PEOPLE) "}"),
                     HOB_E_PARAMETER);
    assert_int_equal(code_of("{'type':'series','index':'q','specifications':" LOCAL(PEOPLE) "}"),
                     HOB_E_KEY);
}

static void stacks_without_sources_are_refused(void **state)
{
    (void)state;
    static const char *const types[] = {"hstack", "vstack", "stack"};
    for (size_t i = 0; i < sizeof types / sizeof types[0]; i++) {
        HOB_AUTO(buffer) struct hob_buffer flow = HOB_BUFFER_INIT;
        hob_buffer_printf(&flow, "{'type':'%s'}", types[i]);
        assert_int_equal(code_of(hob_buffer_string(&flow)), HOB_E_PARAMETER);
        hob_buffer_clear(&flow);
        hob_buffer_printf(&flow, "{'type':'%s','specifications':[]}", types[i]);
        assert_int_equal(code_of(hob_buffer_string(&flow)), HOB_E_PARAMETER);
    }
    assert_int_equal(code_of("{'type':'vstack','specifications':[5]}"), HOB_E_PARAMETER);
}

static void nesting_has_a_limit(void **state)
{
    (void)state;
    HOB_AUTO(buffer) struct hob_buffer flow = HOB_BUFFER_INIT;
    for (int i = 0; i < 20; i++)
        hob_buffer_put_string(&flow, "{'type':'vstack','specifications':[");
    hob_buffer_put_string(&flow, LOCAL("{'a':[1]}"));
    for (int i = 0; i < 20; i++)
        hob_buffer_put_string(&flow, "]}");
    assert_int_equal(code_of(hob_buffer_string(&flow)), 0);
    hob_buffer_clear(&flow);
    for (int i = 0; i < 40; i++)
        hob_buffer_put_string(&flow, "{'type':'vstack','specifications':[");
    hob_buffer_put_string(&flow, LOCAL("{'a':[1]}"));
    for (int i = 0; i < 40; i++)
        hob_buffer_put_string(&flow, "]}");
    assert_int_equal(code_of(hob_buffer_string(&flow)), HOB_E_LIMIT);
}

/* A flow that names itself, as a YAML alias can make it. */
static void a_stack_of_itself_is_refused(void **state)
{
    (void)state;
    HOB_AUTO(arena) struct hob_arena *arena = hob_arena_new();
    struct hob_scope scope = {0};
    struct hob_frame *frame = NULL;
    struct hob_value *flow = hob_value_new(arena, HOB_MAP);
    struct hob_value *list = hob_value_new(arena, HOB_LIST);
    hob_value_append(arena, list, flow);
    hob_value_append(arena, list, flow);
    hob_value_put_string(arena, flow, "type", hob_value_new_string(arena, HOB_TEXT("hstack")));
    hob_value_put_string(arena, flow, "specifications", list);
    assert_int_equal(hob_access_read(&frame, &scope, flow, NULL), HOB_E_LIMIT);
    assert_null(frame);
}

static struct hob_frame *frame_of_numbers(const char *name, size_t count, int64_t modulo)
{
    struct hob_frame *frame = hob_frame_new();
    struct hob_column column;
    hob_column_init(&column, HOB_COLUMN_INT64);
    for (size_t i = 0; i < count; i++)
        assert_true(hob_column_append_int(&column, (int64_t)i % modulo));
    assert_non_null(hob_frame_add_named(frame, hob_text_from(name), &column));
    return frame;
}

static void a_join_that_multiplies_beyond_measure_is_refused(void **state)
{
    (void)state;
    HOB_AUTO(arena) struct hob_arena *arena = hob_arena_new();
    struct hob_frame *joined = NULL;
    const struct hob_value *on = hob_value_new_string(arena, HOB_TEXT("k"));
    struct hob_join join = {.how = HOB_JOIN_INNER, .on = &on, .on_count = 1};
    int result = hob_frame_join(&joined, frame_of_numbers("k", 100000, 2),
                                frame_of_numbers("k", 100000, 2), &join, NULL);
    assert_int_equal(result, HOB_E_LIMIT);
    assert_null(joined);
}

static void a_key_that_repeats_often_costs_no_more_than_others(void **state)
{
    (void)state;
    HOB_AUTO(frame) struct hob_frame *joined = NULL;
    HOB_AUTO(frame) struct hob_frame *gathered = NULL;
    HOB_AUTO(arena) struct hob_arena *arena = hob_arena_new();
    const struct hob_value *on = hob_value_new_string(arena, HOB_TEXT("k"));
    struct hob_join join = {.how = HOB_JOIN_OUTER, .on = &on, .on_count = 1};
    assert_int_equal(hob_frame_join(&joined, frame_of_numbers("k", 300000, 1),
                                    frame_of_numbers("k", 1, 1), &join, NULL),
                     0);
    assert_int_equal(hob_frame_rows(joined), 300000);
    assert_int_equal(hob_frame_gather(&gathered, HOB_STEAL(joined), on, NULL), 0);
    assert_int_equal(hob_frame_rows(gathered), 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(hstack_puts_rows_beside_each_other_by_position),
        cmocka_unit_test(hstack_renames_what_both_tables_have),
        cmocka_unit_test(hstack_on_a_column_matches_as_asked),
        cmocka_unit_test(hstack_gives_every_match_of_a_repeated_key),
        cmocka_unit_test(hstack_on_several_columns_needs_all_of_them_to_match),
        cmocka_unit_test(rows_come_in_the_order_that_pandas_gives),
        cmocka_unit_test(vstack_types_are_those_of_pandas),
        cmocka_unit_test(hstack_matches_missing_keys_with_each_other),
        cmocka_unit_test(hstack_refuses_keys_that_can_never_match),
        cmocka_unit_test(hstack_by_index_brings_the_index_back_as_the_last_column),
        cmocka_unit_test(vstack_fills_columns_that_a_part_has_not),
        cmocka_unit_test(vstack_finds_the_type_that_holds_all_parts),
        cmocka_unit_test(vstack_keeps_labels_unless_they_are_reset),
        cmocka_unit_test(stack_takes_the_last_value_at_the_first_place),
        cmocka_unit_test(series_gathers_rows_in_order_of_appearance),
        cmocka_unit_test(stacks_without_sources_are_refused),
        cmocka_unit_test(nesting_has_a_limit),
        cmocka_unit_test(a_stack_of_itself_is_refused),
        cmocka_unit_test(a_join_that_multiplies_beyond_measure_is_refused),
        cmocka_unit_test(a_key_that_repeats_often_costs_no_more_than_others),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
