/* Tests of tables as text, at given widths. */
#include "check.h"

#include "cli/display.h"
#include "cli/table.h"

static void add_texts(struct hob_frame *frame, const char *name, const char *const *texts,
                      size_t count)
{
    struct hob_column column;
    hob_column_init(&column, HOB_COLUMN_STRING);
    for (size_t i = 0; i < count; i++) {
        bool added = texts[i] != NULL ? hob_column_append_string(&column, hob_text_from(texts[i]))
                                      : hob_column_append_missing(&column);
        assert_true(added);
    }
    assert_non_null(hob_frame_add_named(frame, hob_text_from(name), &column));
}

static void add_integers(struct hob_frame *frame, const char *name, int64_t first, size_t count)
{
    struct hob_column column;
    hob_column_init(&column, HOB_COLUMN_INT64);
    for (size_t i = 0; i < count; i++)
        assert_true(hob_column_append_int(&column, first + (int64_t)i));
    assert_non_null(hob_frame_add_named(frame, hob_text_from(name), &column));
}

static void assert_table(const struct hob_frame *frame, struct hob_table_options options,
                         const char *expected)
{
    HOB_AUTO(buffer) struct hob_buffer out = HOB_BUFFER_INIT;
    assert_int_equal(hob_table_put(&out, frame, &options, NULL), 0);
    assert_text_equal(hob_buffer_text(&out), expected);
}

static void numbers_stand_right_and_texts_left(void **state)
{
    (void)state;
    HOB_AUTO(frame) struct hob_frame *frame = hob_frame_new();
    add_texts(frame, "name", (const char *[]){"Ada", "Grace"}, 2);
    add_integers(frame, "n", 9, 2);
    add_texts(frame, "x", (const char *[]){"long text", NULL}, 2);
    assert_table(frame, (struct hob_table_options){0},
                 "name    n  x\n"
                 "─────  ──  ─────────\n"
                 "Ada     9  long text\n"
                 "Grace  10  null\n"
                 "2 rows × 3 columns\n");
}

static void wide_characters_count_twice(void **state)
{
    (void)state;
    HOB_AUTO(frame) struct hob_frame *frame = hob_frame_new();
    add_texts(frame, "a", (const char *[]){"環境", "déjà"}, 2);
    add_integers(frame, "n", 1, 2);
    assert_table(frame, (struct hob_table_options){0},
                 "a     n\n"
                 "────  ─\n"
                 "環境  1\n"
                 "déjà  2\n"
                 "2 rows × 2 columns\n");
}

static void the_widest_column_gives_way(void **state)
{
    (void)state;
    HOB_AUTO(frame) struct hob_frame *frame = hob_frame_new();
    add_texts(frame, "short", (const char *[]){"abcde"}, 1);
    add_texts(frame, "long", (const char *[]){"abcdefghijklmnopqrstuvwxyz"}, 1);
    assert_table(frame, (struct hob_table_options){.width = 20},
                 "short  long\n"
                 "─────  ─────────────\n"
                 "abcde  abcdefghijkl…\n"
                 "1 row × 2 columns\n");
    assert_table(frame, (struct hob_table_options){.width = 33},
                 "short  long\n"
                 "─────  ──────────────────────────\n"
                 "abcde  abcdefghijklmnopqrstuvwxyz\n"
                 "1 row × 2 columns\n");
}

static void a_cut_never_splits_a_wide_character(void **state)
{
    (void)state;
    HOB_AUTO(frame) struct hob_frame *frame = hob_frame_new();
    add_texts(frame, "a", (const char *[]){"環境データの統計環境データ"}, 1);
    assert_table(frame, (struct hob_table_options){.width = 20},
                 "a\n"
                 "────────────────────\n"
                 "環境データの統計環…\n"
                 "1 row × 1 column\n");
}

static size_t widest_line(struct hob_text text)
{
    size_t widest = 0, width = 0;
    for (size_t i = 0; i < text.size; i++) {
        width += ((unsigned char)text.data[i] & 0xC0) != 0x80;
        if (text.data[i] == '\n')
            width = 0;
        widest = width > widest ? width : widest;
    }
    return widest;
}

static void no_line_of_cells_is_wider_than_the_terminal(void **state)
{
    (void)state;
    HOB_AUTO(frame) struct hob_frame *frame = hob_frame_new();
    const char *texts[] = {"aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa", "b", NULL};
    for (size_t i = 0; i < 7; i++) {
        add_texts(frame, "heading", texts, 3);
        add_integers(frame, "n", 123456789, 3);
    }
    for (unsigned width = 70; width < 400; width++) {
        struct hob_table_options options = {.width = width};
        HOB_AUTO(buffer) struct hob_buffer out = HOB_BUFFER_INIT;
        assert_int_equal(hob_table_put(&out, frame, &options, NULL), 0);
        assert_true(widest_line(hob_buffer_text(&out)) <= width);
    }
}

static void columns_without_room_are_counted(void **state)
{
    (void)state;
    HOB_AUTO(frame) struct hob_frame *frame = hob_frame_new();
    const char *names[] = {"aaaaaa", "bbbbbb", "cccccc", "dddddd", "eeeeee"};
    for (size_t i = 0; i < 5; i++)
        add_integers(frame, names[i], 0, 1);
    assert_table(frame, (struct hob_table_options){.width = 20},
                 "aaaaaa  bbbb…  cccc…\n"
                 "──────  ─────  ─────\n"
                 "     0      0      0\n"
                 "… 2 more columns (choose with --select, or use --format csv)\n"
                 "1 row × 5 columns\n");
}

static void the_middle_of_a_long_table_is_counted(void **state)
{
    (void)state;
    HOB_AUTO(frame) struct hob_frame *frame = hob_frame_new();
    add_integers(frame, "n", 1, 1000);
    assert_table(frame, (struct hob_table_options){.first = 2, .last = 1},
                 "   n\n"
                 "────\n"
                 "   1\n"
                 "   2\n"
                 "… 997 more rows (use --rows N or --format csv)\n"
                 "1000\n"
                 "1000 rows × 1 column\n");
    HOB_AUTO(frame) struct hob_frame *small = hob_frame_new();
    add_integers(small, "n", 1, 3);
    assert_table(small, (struct hob_table_options){.first = 2, .last = 1},
                 "n\n─\n1\n2\n3\n3 rows × 1 column\n");
}

static void types_stand_below_the_names(void **state)
{
    (void)state;
    HOB_AUTO(frame) struct hob_frame *frame = hob_frame_new();
    add_integers(frame, "n", 1, 1);
    add_texts(frame, "s", (const char *[]){"x"}, 1);
    assert_table(frame, (struct hob_table_options){.types = true},
                 "    n  s\n"
                 "int64  object\n"
                 "─────  ──────\n"
                 "    1  x\n"
                 "1 row × 2 columns\n");
}

static void color_marks_names_and_holes(void **state)
{
    (void)state;
    HOB_AUTO(frame) struct hob_frame *frame = hob_frame_new();
    add_texts(frame, "s", (const char *[]){"x", NULL}, 2);
    assert_table(frame, (struct hob_table_options){.color = true},
                 "\033[1ms\033[0m\n"
                 "────\n"
                 "x\n"
                 "\033[2mnull\033[0m\n"
                 "2 rows × 1 column\n");
}

static void cells_cannot_drive_the_terminal(void **state)
{
    (void)state;
    HOB_AUTO(frame) struct hob_frame *frame = hob_frame_new();
    const char *texts[] = {"\033[2Jx", "a\r\nb\nc",
                           "\xC2\x9B"
                           "2J",
                           "\xE2\x80\xAE"
                           "evil",
                           "tab\there\x7F"};
    add_texts(frame, "\033]0;title\007", texts, 5);
    assert_table(frame, (struct hob_table_options){0},
                 "␛]0;title␇\n"
                 "──────────\n"
                 "␛[2Jx\n"
                 "a⏎b⏎c\n"
                 "�2J\n"
                 "�evil\n"
                 "tab␉here␡\n"
                 "5 rows × 1 column\n");
}

static void bytes_that_are_no_utf8_are_replaced(void **state)
{
    (void)state;
    HOB_AUTO(buffer) struct hob_buffer out = HOB_BUFFER_INIT;
    assert_int_equal(hob_display_put(&out, HOB_TEXT("a\xFF\xC3(\xF0\x9F")), 6);
    assert_text_equal(hob_buffer_text(&out), "a��(��");
}

static void tables_without_columns_or_rows_have_a_shape(void **state)
{
    (void)state;
    HOB_AUTO(frame) struct hob_frame *frame = hob_frame_new();
    hob_frame_set_rows(frame, 3);
    assert_table(frame, (struct hob_table_options){.width = 20}, "3 rows × 0 columns\n");
    HOB_AUTO(frame) struct hob_frame *empty = hob_frame_new();
    add_integers(empty, "n", 0, 0);
    assert_table(empty, (struct hob_table_options){0}, "n\n─\n0 rows × 1 column\n");
}

static void nested_cells_are_shown_on_one_line(void **state)
{
    (void)state;
    HOB_AUTO(frame) struct hob_frame *frame = hob_frame_new();
    struct hob_arena *arena = hob_frame_arena(frame);
    struct hob_value *list = hob_value_new(arena, HOB_LIST),
                     *cycle = hob_value_new(arena, HOB_LIST);
    hob_value_append(arena, list, hob_value_new_int(arena, 1));
    hob_value_append(arena, list, hob_value_new_string(arena, HOB_TEXT("b")));
    hob_value_append(arena, cycle, cycle);
    struct hob_column column;
    hob_column_init(&column, HOB_COLUMN_VALUE);
    hob_column_append_value(&column, list);
    hob_column_append_value(&column, hob_value_new_string(arena, HOB_TEXT("text")));
    hob_column_append_missing(&column);
    hob_frame_add_named(frame, HOB_TEXT("v"), &column);
    assert_table(frame, (struct hob_table_options){0},
                 "v\n────────\n[1, \"b\"]\ntext\nnull\n3 rows × 1 column\n");
    hob_column_init(&column, HOB_COLUMN_VALUE);
    hob_column_append_value(&column, cycle);
    HOB_AUTO(frame) struct hob_frame *endless = hob_frame_new();
    hob_frame_add_named(endless, HOB_TEXT("v"), &column);
    struct hob_table_options options = {.width = 40};
    HOB_AUTO(buffer) struct hob_buffer out = HOB_BUFFER_INIT;
    assert_int_equal(hob_table_put(&out, endless, &options, NULL), 0);
    assert_true(out.size < 1000);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(numbers_stand_right_and_texts_left),
        cmocka_unit_test(wide_characters_count_twice),
        cmocka_unit_test(the_widest_column_gives_way),
        cmocka_unit_test(a_cut_never_splits_a_wide_character),
        cmocka_unit_test(no_line_of_cells_is_wider_than_the_terminal),
        cmocka_unit_test(columns_without_room_are_counted),
        cmocka_unit_test(the_middle_of_a_long_table_is_counted),
        cmocka_unit_test(types_stand_below_the_names),
        cmocka_unit_test(color_marks_names_and_holes),
        cmocka_unit_test(cells_cannot_drive_the_terminal),
        cmocka_unit_test(bytes_that_are_no_utf8_are_replaced),
        cmocka_unit_test(tables_without_columns_or_rows_have_a_shape),
        cmocka_unit_test(nested_cells_are_shown_on_one_line),
    };
    return cmocka_run_group_tests_name("table", tests, NULL, NULL);
}
