/* Tests of frames and their columns. */
#include "check.h"

#include <math.h>

#include "frame/frame.h"

static void check_dtype(const struct hob_column *column, const char *expected)
{
    HOB_AUTO(buffer) struct hob_buffer out = HOB_BUFFER_INIT;
    hob_column_put_dtype(&out, column);
    assert_text_equal(hob_buffer_text(&out), expected);
}

static void a_hole_reads_as_missing_in_every_type(void **state)
{
    (void)state;
    HOB_AUTO(arena) struct hob_arena *arena = hob_arena_new();
    for (int type = HOB_COLUMN_INT64; type <= HOB_COLUMN_VALUE; type++) {
        struct hob_column column;
        hob_column_init(&column, (enum hob_column_type)type);
        assert_false(hob_column_has_missing(&column));
        for (int i = 0; i < 100; i++)
            assert_true(hob_column_append_missing(&column));
        assert_int_equal(column.count, 100);
        assert_true(hob_column_has_missing(&column));
        for (size_t i = 0; i < 100; i++) {
            assert_true(hob_column_is_missing(&column, i));
            assert_int_equal(hob_column_value(&column, i, arena)->kind, HOB_NULL);
        }
        hob_column_deinit(&column);
        hob_column_deinit(&column); /* twice is fine */
    }
}

static void only_the_rows_that_are_holes_are_missing(void **state)
{
    (void)state;
    struct hob_column column;
    hob_column_init(&column, HOB_COLUMN_INT64);
    for (int i = 0; i < 1000; i++)
        assert_true(i % 7 == 3 ? hob_column_append_missing(&column)
                               : hob_column_append_int(&column, i));
    for (size_t i = 0; i < 1000; i++) {
        assert_int_equal(hob_column_is_missing(&column, i), i % 7 == 3);
        if (i % 7 != 3)
            assert_int_equal(column.integers[i], i);
    }
    hob_column_deinit(&column);
}

static void texts_keep_their_bytes(void **state)
{
    (void)state;
    struct hob_column column;
    hob_column_init(&column, HOB_COLUMN_STRING);
    assert_true(hob_column_append_string(&column, HOB_TEXT("")));
    assert_true(hob_column_append_string(&column, HOB_TEXT("one")));
    assert_true(hob_column_append_missing(&column));
    assert_true(hob_column_append_string(&column, HOB_TEXT("a\0b")));
    assert_text_equal(hob_column_string(&column, 0), "");
    assert_text_equal(hob_column_string(&column, 1), "one");
    assert_int_equal(hob_column_string(&column, 3).size, 3);
    assert_false(hob_column_is_missing(&column, 0));
    hob_column_deinit(&column);
}

static void types_are_named_as_pandas_names_them(void **state)
{
    (void)state;
    static const char *const plain[] = {"int64",  "uint64",         "float64", "bool",
                                        "object", "datetime64[ns]", "object"};
    for (int type = HOB_COLUMN_INT64; type <= HOB_COLUMN_VALUE; type++) {
        struct hob_column column;
        hob_column_init(&column, (enum hob_column_type)type);
        check_dtype(&column, plain[type]);
    }
    struct hob_column column;
    hob_column_init(&column, HOB_COLUMN_INT64);
    column.nullable = true;
    check_dtype(&column, "Int32");
    column.type = HOB_COLUMN_FLOAT64;
    check_dtype(&column, "Float64");
    column.type = HOB_COLUMN_BOOL;
    check_dtype(&column, "boolean");
    column = (struct hob_column){.type = HOB_COLUMN_DATETIME, .has_zone = true};
    check_dtype(&column, "datetime64[ns, UTC]");
    column.offset_seconds = 7200;
    check_dtype(&column, "datetime64[ns, UTC+02:00]");
    column.offset_seconds = -12600;
    check_dtype(&column, "datetime64[ns, UTC-03:30]");
}

static void booleans_with_a_hole_are_objects(void **state)
{
    (void)state;
    struct hob_column column;
    hob_column_init(&column, HOB_COLUMN_BOOL);
    assert_true(hob_column_append_bool(&column, true));
    check_dtype(&column, "bool");
    assert_true(hob_column_append_missing(&column));
    check_dtype(&column, "object");
    hob_column_deinit(&column);
}

static void unsigned_cells_beyond_int64_become_exact_values(void **state)
{
    (void)state;
    HOB_AUTO(arena) struct hob_arena *arena = hob_arena_new();
    struct hob_column column;
    hob_column_init(&column, HOB_COLUMN_UINT64);
    assert_true(hob_column_append_unsigned(&column, UINT64_MAX));
    assert_true(hob_column_append_unsigned(&column, 5));
    const struct hob_value *large = hob_column_value(&column, 0, arena);
    assert_int_equal(large->kind, HOB_BIG_INT);
    assert_text_equal(large->text, "18446744073709551615");
    assert_int_equal(hob_column_value(&column, 1, arena)->integer, 5);
    hob_column_deinit(&column);
}

static void a_column_of_values_takes_cells_of_any_type(void **state)
{
    (void)state;
    HOB_AUTO(arena) struct hob_arena *arena = hob_arena_new();
    struct hob_column texts, values;
    hob_column_init(&texts, HOB_COLUMN_STRING);
    hob_column_init(&values, HOB_COLUMN_VALUE);
    assert_true(hob_column_append_string(&texts, HOB_TEXT("x")));
    assert_true(hob_column_append_missing(&texts));
    assert_true(hob_column_append_from(&values, &texts, 0, arena));
    assert_true(hob_column_append_from(&values, &texts, 1, arena));
    assert_text_equal(hob_value_text(values.values[0]), "x");
    assert_true(hob_column_is_missing(&values, 1));
    hob_column_deinit(&texts);
    hob_column_deinit(&values);
}

static void add_numbers(struct hob_frame *frame, const char *name, int64_t first, size_t count)
{
    struct hob_column column;
    hob_column_init(&column, HOB_COLUMN_INT64);
    for (size_t i = 0; i < count; i++)
        assert_true(hob_column_append_int(&column, first + (int64_t)i));
    assert_non_null(hob_frame_add_named(frame, hob_text_from(name), &column));
    assert_int_equal(column.count, 0);
    assert_null(column.integers);
}

static void check_names(const struct hob_frame *frame, const char *expected)
{
    HOB_AUTO(buffer) struct hob_buffer out = HOB_BUFFER_INIT;
    for (size_t i = 0; i < hob_frame_columns(frame); i++)
        hob_buffer_put_text(&out, hob_value_text(hob_frame_name(frame, i)));
    assert_text_equal(hob_buffer_text(&out), expected);
}

static void columns_are_found_by_name(void **state)
{
    (void)state;
    HOB_AUTO(frame) struct hob_frame *frame = hob_frame_new();
    add_numbers(frame, "a", 0, 3);
    add_numbers(frame, "b", 10, 3);
    add_numbers(frame, "a", 20, 3);
    struct hob_value *one = hob_value_new_int(hob_frame_arena(frame), 1);
    hob_frame_rename(frame, 1, one);
    assert_int_equal(hob_frame_find_text(frame, HOB_TEXT("a")), 0);
    assert_int_equal(hob_frame_find_text(frame, HOB_TEXT("b")), SIZE_MAX);
    struct hob_value *one_float = hob_value_new_double(hob_frame_arena(frame), 1.0);
    assert_int_equal(hob_frame_find(frame, one_float), 1);
    assert_int_equal(hob_frame_rows(frame), 3);
}

static void a_column_stays_where_it_is_while_others_come(void **state)
{
    (void)state;
    HOB_AUTO(frame) struct hob_frame *frame = hob_frame_new();
    add_numbers(frame, "first", 0, 2);
    const struct hob_column *first = hob_frame_column(frame, 0);
    for (int i = 0; i < 100; i++)
        add_numbers(frame, "more", i, 2);
    assert_ptr_equal(hob_frame_column(frame, 0), first);
    hob_frame_remove(frame, 50);
    assert_int_equal(hob_frame_columns(frame), 100);
    assert_int_equal(hob_frame_column(frame, 50)->integers[0], 50);
}

static void arranging_drops_moves_and_repeats(void **state)
{
    (void)state;
    HOB_AUTO(frame) struct hob_frame *frame = hob_frame_new();
    add_numbers(frame, "a", 0, 2);
    add_numbers(frame, "b", 10, 2);
    add_numbers(frame, "c", 20, 2);
    assert_true(hob_frame_arrange(frame, (size_t[]){2, 0, 2}, 3));
    check_names(frame, "cac");
    assert_int_equal(hob_frame_column(frame, 0)->integers[1], 21);
    assert_int_equal(hob_frame_column(frame, 2)->integers[1], 21);
    assert_ptr_not_equal(hob_frame_column(frame, 0)->integers,
                         hob_frame_column(frame, 2)->integers);
    assert_true(hob_frame_arrange(frame, NULL, 0));
    assert_int_equal(hob_frame_columns(frame), 0);
    assert_int_equal(hob_frame_rows(frame), 2);
}

static void a_row_is_a_mapping_with_null_for_holes(void **state)
{
    (void)state;
    HOB_AUTO(frame) struct hob_frame *frame = hob_frame_new();
    add_numbers(frame, "a", 7, 1);
    struct hob_column column;
    hob_column_init(&column, HOB_COLUMN_FLOAT64);
    assert_true(hob_column_append_double(&column, NAN));
    hob_frame_add_named(frame, HOB_TEXT("b"), &column);
    add_numbers(frame, "a", 8, 1);
    HOB_AUTO(arena) struct hob_arena *arena = hob_arena_new();
    struct hob_value *row = hob_frame_row(frame, 0, arena);
    assert_int_equal(row->map.count, 2);
    assert_int_equal(hob_value_get(row, "a")->integer, 8); /* the last of repeated names */
    assert_int_equal(hob_value_get(row, "b")->kind, HOB_NULL);
}

static void an_index_is_no_column(void **state)
{
    (void)state;
    HOB_AUTO(frame) struct hob_frame *frame = hob_frame_new();
    assert_null(hob_frame_index(frame));
    add_numbers(frame, "a", 0, 2);
    struct hob_column labels;
    hob_column_init(&labels, HOB_COLUMN_STRING);
    assert_true(hob_column_append_string(&labels, HOB_TEXT("x")));
    assert_true(hob_column_append_string(&labels, HOB_TEXT("y")));
    hob_frame_set_index(frame, &labels);
    assert_text_equal(hob_column_string(hob_frame_index(frame), 1), "y");
    assert_int_equal(hob_frame_columns(frame), 1);
    assert_null(hob_frame_index_name(frame));
    hob_frame_set_index_name(frame, &hob_value_true);
    assert_ptr_equal(hob_frame_index_name(frame), &hob_value_true);
}

static void a_frame_without_columns_may_have_rows(void **state)
{
    (void)state;
    HOB_AUTO(frame) struct hob_frame *frame = hob_frame_new();
    hob_frame_set_rows(frame, 3);
    assert_int_equal(hob_frame_rows(frame), 3);
    assert_int_equal(hob_frame_columns(frame), 0);
    assert_true(hob_frame_size(frame) > 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_hole_reads_as_missing_in_every_type),
        cmocka_unit_test(only_the_rows_that_are_holes_are_missing),
        cmocka_unit_test(texts_keep_their_bytes),
        cmocka_unit_test(types_are_named_as_pandas_names_them),
        cmocka_unit_test(booleans_with_a_hole_are_objects),
        cmocka_unit_test(unsigned_cells_beyond_int64_become_exact_values),
        cmocka_unit_test(a_column_of_values_takes_cells_of_any_type),
        cmocka_unit_test(columns_are_found_by_name),
        cmocka_unit_test(a_column_stays_where_it_is_while_others_come),
        cmocka_unit_test(arranging_drops_moves_and_repeats),
        cmocka_unit_test(a_row_is_a_mapping_with_null_for_holes),
        cmocka_unit_test(an_index_is_no_column),
        cmocka_unit_test(a_frame_without_columns_may_have_rows),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
