/* Tests of labels and overlays: rows by what they are called, and cells that were set. */
#include "check.h"

#include <stdlib.h>

#include "session/labels.h"
#include "session/overlay.h"

static struct session_label text_label(const char *text)
{
    return (struct session_label){.kind = SESSION_LABEL_TEXT, .text = hob_text_from(text)};
}

static struct session_label int_label(int64_t integer)
{
    return (struct session_label){.kind = SESSION_LABEL_INT, .integer = integer};
}

static void labels_are_compared_as_numbers_and_texts(void **state)
{
    (void)state;
    struct session_label whole = int_label(41), text = text_label("41");
    struct session_label same = {.kind = SESSION_LABEL_DOUBLE, .number = 41.0};
    struct session_label half = {.kind = SESSION_LABEL_DOUBLE, .number = 41.5};
    struct session_label one = int_label(1);
    struct session_label truth = {.kind = SESSION_LABEL_BOOL, .boolean = true};
    assert_true(session_label_equal(&whole, &same));
    assert_false(session_label_equal(&whole, &text));
    assert_false(session_label_equal(&whole, &half));
    assert_false(session_label_equal(&one, &truth));
}

static void labels_are_found_while_rows_come_and_go(void **state)
{
    (void)state;
    enum { COUNT = 3000 };
    struct session_labels labels = {0};
    for (int64_t i = 0; i < COUNT; i++)
        assert_true(session_labels_add(&labels, int_label(i * 7)));
    for (int64_t i = COUNT - 1; i >= COUNT / 2; i--)
        session_labels_remove_last(&labels);
    for (int64_t i = 0; i < COUNT; i++) {
        struct session_label wanted = int_label(i * 7);
        size_t expected = i < COUNT / 2 ? (size_t)i : SIZE_MAX;
        assert_int_equal(session_labels_find(&labels, &wanted), expected);
    }
    session_labels_deinit(&labels);
}

static void rows_of_one_label_form_a_chain(void **state)
{
    (void)state;
    struct session_labels labels = {.chained = true};
    static const char *const names[] = {"a", "b", "a", "a", "b"};
    for (size_t i = 0; i < 5; i++)
        assert_true(session_labels_add(&labels, text_label(names[i])));
    struct session_label a = text_label("a");
    assert_int_equal(session_labels_find(&labels, &a), 0);
    assert_int_equal(session_labels_next(&labels, 0), 2);
    assert_int_equal(session_labels_next(&labels, 2), 3);
    assert_int_equal(session_labels_next(&labels, 3), SIZE_MAX);
    assert_int_equal(session_labels_last(&labels, 0), 3);
    assert_int_equal(labels.distinct, 2);
    session_labels_remove_last(&labels);
    session_labels_remove_last(&labels);
    assert_int_equal(session_labels_last(&labels, 0), 2);
    assert_int_equal(session_labels_next(&labels, 2), SIZE_MAX);
    session_labels_deinit(&labels);
}

static void cells_of_an_overlay_are_swapped_in_and_out(void **state)
{
    (void)state;
    struct session_overlay overlay = {0};
    for (size_t row = 0; row < 1000; row++) {
        char *json = hob_copy_string("1");
        size_t size = 1;
        assert_true(session_overlay_swap(&overlay, row * 64, &json, &size));
        assert_null(json);
    }
    for (size_t row = 0; row < 1000; row += 2) {
        char *json = NULL;
        size_t size = 0;
        assert_true(session_overlay_swap(&overlay, row * 64, &json, &size));
        assert_string_equal(json, "1");
        free(json);
    }
    assert_int_equal(overlay.count, 500);
    for (size_t row = 0; row < 1000; row++)
        assert_int_equal(session_overlay_get(&overlay, row * 64).size, row % 2);
    session_overlay_deinit(&overlay);
}

/* ---- labels of columns ---- */

/* Takes so many integers as the labels of rows; each must be found where it first stands, and what
 * lies between and around them not at all. */
static void check_integers(const int64_t *integers, size_t count, enum session_labels_order order)
{
    struct hob_column column;
    struct session_labels labels = {0};
    bool repeated[16] = {false};
    ptrdiff_t expected_repeats = 0;
    hob_column_init(&column, HOB_COLUMN_INT64);
    for (size_t i = 0; i < count; i++)
        assert_true(hob_column_append_int(&column, integers[i]));
    ptrdiff_t repeats = session_labels_load(&labels, &column, count, repeated, NULL);
    assert_int_equal(labels.base_order, order);
    for (size_t row = 0; row < count; row++) {
        size_t first = 0;
        while (integers[first] != integers[row])
            first++;
        struct session_label whole = int_label(integers[row]);
        struct session_label same = {.kind = SESSION_LABEL_DOUBLE, .number = (double)integers[row]};
        assert_int_equal(repeated[row], first != row);
        expected_repeats += first != row;
        assert_int_equal(session_labels_find(&labels, &whole), first);
        if (llabs(integers[row]) < (int64_t)1 << 53)
            assert_int_equal(session_labels_find(&labels, &same), first);
    }
    assert_int_equal(repeats, expected_repeats);
    assert_int_equal(labels.distinct, (ptrdiff_t)count - expected_repeats);
    static const int64_t absent[] = {INT64_MIN, -1000, 2, 1000, INT64_MAX - 1};
    for (size_t i = 0; i < sizeof absent / sizeof absent[0]; i++) {
        struct session_label other = int_label(absent[i]);
        assert_int_equal(session_labels_find(&labels, &other), SIZE_MAX);
    }
    struct session_label half = {.kind = SESSION_LABEL_DOUBLE, .number = 0.5};
    struct session_label text = text_label("1"), none = {.kind = SESSION_LABEL_NONE};
    assert_int_equal(session_labels_find(&labels, &half), SIZE_MAX);
    assert_int_equal(session_labels_find(&labels, &text), SIZE_MAX);
    assert_int_equal(session_labels_find(&labels, &none), SIZE_MAX);
    session_labels_deinit(&labels);
    hob_column_deinit(&column);
}

static void integers_are_found_in_any_order(void **state)
{
    (void)state;
    static const int64_t counted[] = {-3, -2, -1, 0, 1}, rising[] = {-7, 0, 1, 5, 6, 90};
    static const int64_t falling[] = {9, 5, 3, 1, 0}, repeating[] = {1, 3, 3, 5, 1, 7, 1};
    static const int64_t twins[] = {0, 0}, one[] = {41};
    static const int64_t wide[] = {INT64_MIN + 1, -1, 0, INT64_MAX};
    check_integers(counted, 5, SESSION_LABELS_COUNTED);
    check_integers(rising, 6, SESSION_LABELS_RISING);
    check_integers(falling, 5, SESSION_LABELS_HASHED);
    check_integers(repeating, 7, SESSION_LABELS_HASHED);
    check_integers(twins, 2, SESSION_LABELS_HASHED);
    check_integers(one, 1, SESSION_LABELS_COUNTED);
    check_integers(wide, 4, SESSION_LABELS_RISING);
    check_integers(NULL, 0, SESSION_LABELS_COUNTED);
}

static void one_step_back_among_many_is_seen(void **state)
{
    (void)state;
    enum { COUNT = 5000 };
    static const size_t places[] = {0, 1, 1023, 1024, 1025, 2500, COUNT - 1};
    bool *repeated = hob_alloc_zero(COUNT, sizeof *repeated);
    for (size_t i = 0; i < sizeof places / sizeof places[0]; i++) {
        struct hob_column column;
        struct session_labels labels = {0};
        size_t place = places[i];
        hob_column_init(&column, HOB_COLUMN_INT64);
        for (int64_t row = 0; row < COUNT; row++)
            assert_true(hob_column_append_int(&column, row == (int64_t)place ? 77 : row));
        assert_int_equal(session_labels_load(&labels, &column, COUNT, repeated, NULL), 1);
        assert_true(repeated[place > 77 ? place : 77]);
        repeated[place > 77 ? place : 77] = false;
        struct session_label twin = int_label(77), replaced = int_label((int64_t)place);
        assert_int_equal(session_labels_find(&labels, &twin), place < 77 ? place : 77);
        assert_int_equal(session_labels_find(&labels, &replaced), SIZE_MAX);
        session_labels_deinit(&labels);
        hob_column_deinit(&column);
    }
    free(repeated);
}

/* The same for texts: `texts` ends with NULL. */
static void check_texts(const char *const *texts, enum session_labels_order order)
{
    struct hob_column column;
    struct session_labels labels = {0};
    bool repeated[16] = {false};
    hob_column_init(&column, HOB_COLUMN_STRING);
    size_t count = 0;
    for (; texts[count] != NULL; count++)
        assert_true(hob_column_append_string(&column, hob_text_from(texts[count])));
    assert_true(session_labels_load(&labels, &column, count, repeated, NULL) >= 0);
    assert_int_equal(labels.base_order, order);
    for (size_t row = 0; row < count; row++) {
        size_t first = 0;
        while (strcmp(texts[first], texts[row]) != 0)
            first++;
        struct session_label label = text_label(texts[row]);
        assert_int_equal(session_labels_find(&labels, &label), first);
        assert_int_equal(repeated[row], first != row);
    }
    static const char *const absent[] = {" ", "aa", "ab ", "zz", "A"};
    for (size_t i = 0; i < sizeof absent / sizeof absent[0]; i++) {
        struct session_label other = text_label(absent[i]);
        assert_int_equal(session_labels_find(&labels, &other), SIZE_MAX);
    }
    struct session_label number = int_label(1);
    assert_int_equal(session_labels_find(&labels, &number), SIZE_MAX);
    session_labels_deinit(&labels);
    hob_column_deinit(&column);
}

static void texts_are_found_in_any_order(void **state)
{
    (void)state;
    static const char *const rising[] = {"", "a", "ab", "abc", "b", "\xc3\xa4", NULL};
    static const char *const mixed[] = {"b", "a", "b", "", "abc", "a", NULL};
    static const char *const equal[] = {"a", "a", NULL}, *const one[] = {"", NULL};
    check_texts(rising, SESSION_LABELS_RISING);
    check_texts(mixed, SESSION_LABELS_HASHED);
    check_texts(equal, SESSION_LABELS_HASHED);
    check_texts(one, SESSION_LABELS_RISING);
}

static void holes_among_labels_are_one_label(void **state)
{
    (void)state;
    struct hob_column column;
    struct session_labels labels = {0};
    bool repeated[4] = {false};
    struct session_label none = {.kind = SESSION_LABEL_NONE}, two = int_label(2);
    hob_column_init(&column, HOB_COLUMN_INT64);
    assert_true(hob_column_append_int(&column, 1));
    assert_true(hob_column_append_missing(&column));
    assert_true(hob_column_append_int(&column, 2));
    assert_true(hob_column_append_missing(&column));
    assert_int_equal(session_labels_load(&labels, &column, 4, repeated, NULL), 1);
    assert_true(repeated[3]);
    assert_int_equal(session_labels_find(&labels, &none), 1);
    assert_int_equal(session_labels_find(&labels, &two), 2);
    session_labels_deinit(&labels);
    hob_column_deinit(&column);
}

static void rows_come_and_go_behind_a_column_in_order(void **state)
{
    (void)state;
    enum { READ = 50, ADDED = 300 };
    struct session_labels labels = {0};
    assert_int_equal(session_labels_load(&labels, NULL, READ, NULL, NULL), 0);
    for (int64_t i = 0; i < ADDED; i++)
        assert_true(session_labels_add(&labels, int_label(1000 - i)));
    assert_int_equal(labels.distinct, READ + ADDED);
    /* One that is in the column already is a row, but not the one that is found. */
    assert_true(session_labels_add(&labels, int_label(7)));
    struct session_label seven = int_label(7), last = int_label(1000 - ADDED + 1);
    assert_int_equal(session_labels_find(&labels, &seven), 7);
    assert_int_equal(session_labels_find(&labels, &last), READ + ADDED - 1);
    for (int i = 0; i <= ADDED; i++)
        session_labels_remove_last(&labels);
    assert_int_equal(session_labels_count(&labels), READ);
    assert_int_equal(labels.distinct, READ);
    assert_int_equal(session_labels_find(&labels, &seven), 7);
    assert_int_equal(session_labels_find(&labels, &last), SIZE_MAX);
    session_labels_deinit(&labels);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(labels_are_compared_as_numbers_and_texts),
        cmocka_unit_test(labels_are_found_while_rows_come_and_go),
        cmocka_unit_test(rows_of_one_label_form_a_chain),
        cmocka_unit_test(integers_are_found_in_any_order),
        cmocka_unit_test(one_step_back_among_many_is_seen),
        cmocka_unit_test(texts_are_found_in_any_order),
        cmocka_unit_test(holes_among_labels_are_one_label),
        cmocka_unit_test(rows_come_and_go_behind_a_column_in_order),
        cmocka_unit_test(cells_of_an_overlay_are_swapped_in_and_out),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
