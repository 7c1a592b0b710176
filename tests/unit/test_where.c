/* Tests of conditions over tables, and of queries: rows, order, groups. */
#include "check.h"

#include <stdio.h>

#include "compute/query.h"
#include "compute/where.h"
#include "frame/build.h"
#include "frame/records.h"
#include "value/json.h"
#include "value/yaml.h"

/* Columns of every type: year is int64, amount float64 with holes, venue text with a hole, open
 * bool, tags lists, day dates, mixed anything. */
static const char table[] =
    "- {id: 1, year: 2018, amount: 1.5, venue: Harbour, open: true, tags: [peat, fog], day: "
    "2020-01-05, mixed: 1}\n"
    "- {id: 2, year: 2020, amount: null, venue: Old Harbour, open: false, tags: [peat], day: "
    "2020-06-30, mixed: a}\n"
    "- {id: 3, year: 2021, amount: 3, venue: null, open: true, tags: [], day: 2021-01-01, mixed: "
    "[1, a]}\n"
    "- {id: 4, year: 2020, amount: -2, venue: harbour, open: false, tags: [fog, 7], day: null, "
    "mixed: null}\n";

static struct hob_frame *frame;

static struct hob_frame *read_table(const char *yaml)
{
    struct hob_arena *arena = hob_arena_new();
    const struct hob_value *value = NULL;
    struct hob_frame *made = NULL;
    struct hob_error error = HOB_ERROR_INIT;
    assert_int_equal(hob_yaml_read(arena, hob_text_from(yaml), "table", &value, &error), 0);
    assert_int_equal(hob_frame_from_value(&made, value, 0, arena, &error), 0);
    return made;
}

static int start(void **state)
{
    (void)state;
    frame = read_table(table);
    return 0;
}

static int stop(void **state)
{
    (void)state;
    frame = hob_frame_free(frame);
    return 0;
}

/* The ids of the rows for which the condition holds, or the error. */
static int select_rows(const char *condition, struct hob_buffer *ids, struct hob_error *error)
{
    HOB_AUTO(where) struct hob_where *where = NULL;
    HOB_AUTO(row_set) struct hob_row_set set = HOB_ROW_SET_INIT;
    int result = hob_where_parse(&where, hob_text_from(condition), error);
    if (result == 0)
        result = hob_where_select(where, frame, &set, error);
    for (size_t row = 0; result == 0 && row < set.rows; row++)
        if (hob_row_set_has(&set, row))
            hob_buffer_printf(ids, "%zu", row + 1);
    return result;
}

static void check_rows(const char *condition, const char *expected)
{
    HOB_AUTO(buffer) struct hob_buffer ids = HOB_BUFFER_INIT;
    struct hob_error error = HOB_ERROR_INIT;
    if (select_rows(condition, &ids, &error) != 0)
        fail_msg("%s: %s", condition, error.message);
    if (strcmp(hob_buffer_string(&ids), expected) != 0)
        fail_msg("%s: rows %s, not %s", condition, hob_buffer_string(&ids), expected);
}

static void check_error(const char *condition, int code, const char *part)
{
    HOB_AUTO(buffer) struct hob_buffer ids = HOB_BUFFER_INIT;
    struct hob_error error = HOB_ERROR_INIT;
    assert_int_equal(select_rows(condition, &ids, &error), code);
    if (strstr(error.message, part) == NULL)
        fail_msg("%s: the message is '%s'", condition, error.message);
    assert_true(error.hint[0] != '\0' || code == HOB_E_LIMIT);
}

static void numbers_compare_by_value_whatever_their_type(void **state)
{
    (void)state;
    check_rows("year == 2020", "24");
    check_rows("year != 2020", "13");
    check_rows("year < 2020", "1");
    check_rows("year <= 2020", "124");
    check_rows("year > 2020", "3");
    check_rows("year >= 2020", "234");
    check_rows("2020 < year", "3");
    check_rows("year > 2019.5", "234");
    check_rows("year <= 2020.5", "124");
    check_rows("year == 2020.5", "");
    check_rows("year != 2020.5", "1234");
    check_rows("year < 1e300", "1234");
    check_rows("year > 99999999999999999999", "");
    check_rows("year < -9223372036854775808", "");
    check_rows("amount > -2", "13");
    check_rows("amount >= -2.0", "134");
    check_rows("amount < 1e999", "134");
    check_rows("open == 1", "13");
    check_rows("open < 1", "24");
}

static void what_is_missing_is_neither_equal_nor_before_nor_after(void **state)
{
    (void)state;
    check_rows("amount == 1.5", "1");
    check_rows("amount != 1.5", "234");
    check_rows("not amount == 1.5", "234");
    check_rows("amount < 0 or amount >= 0", "134");
    check_rows("amount is missing", "2");
    check_rows("amount is not missing", "134");
    check_rows("venue is missing or day is missing", "34");
    check_rows("venue < \"zzz\"", "124");
    check_rows("mixed is missing", "4");
}

static void integers_are_compared_exactly(void **state)
{
    (void)state;
    hob_frame_free(frame);
    frame = read_table("- {u: 18446744073709551615, f: 9007199254740992.0}\n"
                       "- {u: 18446744073709551614, f: 1.5}\n- {u: 3, f: 2.0}\n");
    check_rows("u == 18446744073709551615", "1");
    check_rows("u < 18446744073709551615", "23");
    check_rows("u >= 18446744073709551614", "12");
    check_rows("u > 9223372036854775807", "12");
    check_rows("u == 18446744073709551616", "");
    check_rows("u > -1", "123");
    check_rows("f == 9007199254740993", "");
    check_rows("f < 9007199254740993", "123");
    check_rows("f == 2", "3");
}

static void a_date_in_a_zone_is_searched_as_it_is_printed(void **state)
{
    (void)state;
    hob_frame_free(frame);
    frame = read_table("- {t: 2024-01-01T10:30:00+02:00}\n- {t: 2024-01-01T12:30:00+02:00}\n"
                       "- {t: 2024-01-02T00:00:00+02:00}\n");
    check_rows("t contains \"10:30\"", "1");
    check_rows("t contains \"08:30\"", "");
    check_rows("t starts with \"2024-01-02T00:00\"", "3");
    check_rows("t ends with \"+02:00\"", "123");
}

static void texts_compare_by_code_points_and_have_pieces(void **state)
{
    (void)state;
    check_rows("venue == \"Harbour\"", "1");
    check_rows("venue == 'harbour'", "4");
    check_rows("venue contains \"arbour\"", "124");
    check_rows("venue not contains \"Old\"", "134");
    check_rows("venue starts with \"Old\"", "2");
    check_rows("venue ends with \"Harbour\"", "12");
    check_rows("venue contains \"\"", "124");
    check_rows("venue > \"Harbour\"", "24");
    check_rows("venue in (\"Harbour\", 'harbour')", "14");
    check_rows("venue not in (\"Harbour\")", "234");
    check_rows("venue == \"a\\\"b\\\\\"", "");
}

static void lists_have_members(void **state)
{
    (void)state;
    check_rows("tags contains \"peat\"", "12");
    check_rows("tags contains 7", "4");
    check_rows("tags contains \"pe\"", "");
    check_rows("not tags contains \"fog\"", "23");
    check_rows("mixed contains \"a\"", "23");
}

static void dates_compare_with_their_spelling(void **state)
{
    (void)state;
    check_rows("day >= \"2020-06-30\"", "23");
    check_rows("day == \"2020-01-05\"", "1");
    check_rows("day < \"2021\"", "12");
    check_rows("day >= \"2020-02\"", "23");
    check_rows("day starts with \"2020-\"", "12");
    check_rows("day == \"soon\"", "");
}

static void mixed_cells_compare_with_what_they_can(void **state)
{
    (void)state;
    check_rows("mixed == 1", "1");
    check_rows("mixed == \"a\"", "2");
    check_rows("mixed < \"b\"", "2");
    check_rows("mixed", "1");
}

static void columns_compare_with_columns(void **state)
{
    (void)state;
    check_rows("id < amount", "1");
    check_rows("id == id", "1234");
    check_rows("year > id", "1234");
    check_rows("year == venue", "");
}

static void and_binds_closer_than_or_and_not_closest(void **state)
{
    (void)state;
    check_rows("id == 1 or id == 2 and open", "1");
    check_rows("(id == 1 or id == 2) and not open", "2");
    check_rows("not open and id > 2", "4");
    check_rows("not (open or id == 2)", "4");
    check_rows("not not open", "13");
    check_rows("open AND id IN (1, 2)", "1");
    check_rows("true", "1234");
    check_rows("open or false", "13");
}

static void names_may_be_anything_in_backquotes(void **state)
{
    (void)state;
    hob_frame_free(frame);
    frame = read_table("- {page count: 3, in: 1, a-b: 2, 3: 4, größe: 5}\n");
    check_rows("`page count` == 3 and `in` == 1 and a-b == 2 and `3` == 4 and größe == 5", "1");
}

static void mistakes_name_the_place_and_what_was_expected(void **state)
{
    (void)state;
    check_error("", HOB_E_PARAMETER,
                "expected a column, a number or a quoted text, but the "
                "condition ends at character 1");
    check_error("year >= ", HOB_E_PARAMETER, "the condition ends at character 9");
    check_error("year = 3", HOB_E_PARAMETER, "written ==");
    check_error("é $ 3", HOB_E_PARAMETER, "'$' has no meaning at character 3");
    check_error("(id == 1", HOB_E_PARAMETER, "expected and, or or )");
    check_error("id == 1)", HOB_E_PARAMETER, "found ) at character 8");
    check_error("id in ()", HOB_E_PARAMETER, "found ) at character 8");
    check_error("id in (1 2)", HOB_E_PARAMETER, "expected , or ), found 2");
    check_error("id is 3", HOB_E_PARAMETER, "expected missing or not missing, found 3");
    check_error("venue starts \"x\"", HOB_E_PARAMETER, "expected with");
    check_error("venue == \"x", HOB_E_PARAMETER, "no closing quote for the one at character 10");
    check_error("venue == \"\\x\"", HOB_E_PARAMETER, "at character 11");
    check_error("id not 3", HOB_E_PARAMETER, "expected in, contains");
    check_error("\"x\" is missing", HOB_E_PARAMETER, "a column is expected");
}

static void comparisons_that_make_no_sense_are_errors(void **state)
{
    (void)state;
    check_error("colour == 1", HOB_E_KEY, "there is no column 'colour'");
    check_error("year == \"2020\"", HOB_E_TYPE, "holds numbers");
    check_error("venue == 3", HOB_E_TYPE, "holds texts");
    check_error("year contains \"2\"", HOB_E_TYPE, "holds numbers");
    check_error("venue contains 2", HOB_E_TYPE, "holds texts");
    check_error("year", HOB_E_TYPE, "holds numbers");
    check_error("open == \"yes\"", HOB_E_TYPE, "holds true and false");
}

static void hostile_conditions_end_with_an_error(void **state)
{
    (void)state;
    HOB_AUTO(buffer) struct hob_buffer text = HOB_BUFFER_INIT;
    hob_buffer_put_repeated(&text, '(', 5000);
    check_error(hob_buffer_string(&text), HOB_E_LIMIT, "nested more than 100 deep");
    hob_buffer_clear(&text);
    for (int i = 0; i < 3000; i++)
        hob_buffer_put_string(&text, "not ");
    check_error(hob_buffer_string(&text), HOB_E_LIMIT, "nested more than 100 deep");
    hob_buffer_clear(&text);
    hob_buffer_put_repeated(&text, 'x', 100000);
    check_error(hob_buffer_string(&text), HOB_E_LIMIT, "longer than");
    hob_buffer_clear(&text);
    hob_buffer_put_string(&text, "id in (1");
    for (int i = 0; i < 1000; i++)
        hob_buffer_put_string(&text, ",1");
    check_error(hob_buffer_string(&text), HOB_E_LIMIT, "more than 1000 values");
    hob_buffer_clear(&text);
    hob_buffer_put_string(&text, "id == 1");
    for (int i = 0; i < 1500; i++)
        hob_buffer_put_string(&text, " or id==1");
    check_rows(hob_buffer_string(&text), "1");
}

static void sets_of_rows_end_where_the_rows_end(void **state)
{
    (void)state;
    for (size_t rows = 0; rows < 200; rows += 13) {
        HOB_AUTO(row_set) struct hob_row_set set = HOB_ROW_SET_INIT;
        size_t count;
        assert_true(hob_row_set_init(&set, rows));
        hob_row_set_invert(&set);
        assert_int_equal(hob_row_set_count(&set), rows);
        HOB_AUTO(free) size_t *list = hob_row_set_list(&set, &count);
        assert_int_equal(count, rows);
        for (size_t i = 0; i < count; i++)
            assert_int_equal(list[i], i);
        hob_row_set_invert(&set);
        assert_int_equal(hob_row_set_count(&set), 0);
    }
}

/* -- Queries. */

static struct hob_texts one(struct hob_text *text, const char *string)
{
    *text = hob_text_from(string);
    return (struct hob_texts){text, string[0] != '\0'};
}

/* Applies sort, group (with count, sum, mean, min and max of amount) and limit to the table. */
static void check_query(const char *sort, const char *group, size_t limit, const char *select,
                        const char *expected)
{
    HOB_AUTO(buffer) struct hob_buffer out = HOB_BUFFER_INIT;
    struct hob_error error = HOB_ERROR_INIT;
    struct hob_text texts[3], amount = HOB_TEXT("amount");
    struct hob_query query = {.limited = limit > 0, .limit = limit};
    query.sort = one(&texts[0], sort);
    query.group = one(&texts[1], group);
    query.select = one(&texts[2], select);
    if (query.group.count > 0) {
        query.count = true;
        query.sum = query.mean = query.min = query.max = (struct hob_texts){&amount, 1};
    }
    if (hob_query_apply(&query, &frame, &error) != 0)
        fail_msg("%s", error.message);
    assert_int_equal(hob_frame_put_records(&out, frame, HOB_JSON_COMPACT, &error), 0);
    assert_string_equal(hob_buffer_string(&out), expected);
}

static void rows_are_sorted_by_several_columns_and_holes_come_last(void **state)
{
    (void)state;
    check_query("-year,venue", "", 0, "id", "[{\"id\":3},{\"id\":2},{\"id\":4},{\"id\":1}]");
}

static void ascending_numbers_start_with_the_least(void **state)
{
    (void)state;
    check_query("amount", "", 0, "id", "[{\"id\":4},{\"id\":1},{\"id\":3},{\"id\":2}]");
}

static void descending_keeps_holes_last_and_equals_in_order(void **state)
{
    (void)state;
    check_query("-amount", "", 0, "id,amount",
                "[{\"id\":3,\"amount\":3.0},{\"id\":1,\"amount\":1.5},{\"id\":4,\"amount\":-2.0},"
                "{\"id\":2,\"amount\":null}]");
}

static void equal_rows_stay_in_order(void **state)
{
    (void)state;
    check_query("-open", "", 3, "id", "[{\"id\":1},{\"id\":3},{\"id\":2}]");
}

static void texts_with_a_common_start_are_told_apart(void **state)
{
    (void)state;
    hob_frame_free(frame);
    frame = read_table("[{t: abcdefghz}, {t: abcdefgha}, {t: abcdefgh}, {t: b}, {t: ''}]");
    check_query("t", "", 0, "",
                "[{\"t\":\"\"},{\"t\":\"abcdefgh\"},{\"t\":\"abcdefgha\"},{\"t\":\"abcdefghz\"},"
                "{\"t\":\"b\"}]");
}

static void groups_say_what_there_is_of_each(void **state)
{
    (void)state;
    check_query("year", "year", 0, "",
                "[{\"year\":2018,\"count\":1,\"amount_sum\":1.5,\"amount_mean\":1.5,"
                "\"amount_min\":1.5,\"amount_max\":1.5},{\"year\":2020,\"count\":2,"
                "\"amount_sum\":-2.0,\"amount_mean\":-2.0,\"amount_min\":-2.0,"
                "\"amount_max\":-2.0},{\"year\":2021,\"count\":1,\"amount_sum\":3.0,"
                "\"amount_mean\":3.0,\"amount_min\":3.0,\"amount_max\":3.0}]");
}

static void sums_of_integers_are_exact(void **state)
{
    (void)state;
    hob_frame_free(frame);
    frame = read_table("[{amount: 9007199254740993, k: 1}, {amount: 2, k: 1}]");
    check_query("", "k", 0, "amount_sum,amount_min",
                "[{\"amount_sum\":9007199254740995,\"amount_min\":2}]");
}

static void a_sum_of_texts_is_an_error(void **state)
{
    (void)state;
    struct hob_error error = HOB_ERROR_INIT;
    struct hob_text venue = HOB_TEXT("venue");
    struct hob_query query = {.sum = {&venue, 1}};
    assert_int_equal(hob_query_apply(&query, &frame, &error), HOB_E_TYPE);
    assert_non_null(strstr(error.message, "the column 'venue'"));
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, start, stop)
    const struct CMUnitTest tests[] = {
        TEST(numbers_compare_by_value_whatever_their_type),
        TEST(what_is_missing_is_neither_equal_nor_before_nor_after),
        TEST(integers_are_compared_exactly),
        TEST(a_date_in_a_zone_is_searched_as_it_is_printed),
        TEST(texts_compare_by_code_points_and_have_pieces),
        TEST(lists_have_members),
        TEST(dates_compare_with_their_spelling),
        TEST(mixed_cells_compare_with_what_they_can),
        TEST(columns_compare_with_columns),
        TEST(and_binds_closer_than_or_and_not_closest),
        TEST(names_may_be_anything_in_backquotes),
        TEST(mistakes_name_the_place_and_what_was_expected),
        TEST(comparisons_that_make_no_sense_are_errors),
        TEST(hostile_conditions_end_with_an_error),
        TEST(sets_of_rows_end_where_the_rows_end),
        TEST(rows_are_sorted_by_several_columns_and_holes_come_last),
        TEST(ascending_numbers_start_with_the_least),
        TEST(descending_keeps_holes_last_and_equals_in_order),
        TEST(equal_rows_stay_in_order),
        TEST(texts_with_a_common_start_are_told_apart),
        TEST(groups_say_what_there_is_of_each),
        TEST(sums_of_integers_are_exact),
        TEST(a_sum_of_texts_is_an_error),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
