/* Tests of access/arrow and access/flatbuffer: what lies where in a stream. That whole streams are
 * read by others as they were meant is tested in tests/integration/test_arrow.py. */
#include "check.h"

#include "access/arrow.h"
#include "access/flatbuffer.h"
#include "frame/build.h"
#include "value/json.h"
#include "value/yaml.h"

static const struct hob_arrow_limits small = {.rows = 3, .text = 8, .small_text = 5};

static struct hob_frame *frame_of(const char *yaml)
{
    struct hob_arena *arena = hob_arena_new();
    const struct hob_value *value;
    struct hob_frame *frame;
    assert_int_equal(hob_yaml_read(arena, hob_text_from(yaml), "test", &value, NULL), 0);
    assert_int_equal(hob_frame_from_value(&frame, value, 0, arena, NULL), 0);
    return frame;
}

static void write_small(struct hob_buffer *out, const struct hob_frame *frame)
{
    struct hob_sink sink = hob_sink_to_buffer(out);
    assert_int_equal(hob_arrow_write_limited(&sink, frame, &small, NULL), 0);
    assert_false(hob_buffer_failed(out));
}

/* --- a reader of flatbuffers that trusts them --- */

static int64_t number_at(const char *at, size_t size)
{
    uint64_t number = 0;
    memcpy(&number, at, size);
    return (int64_t)number;
}

/* Where a field of the table lies; NULL when it is not there. */
static const char *field_of(const char *table, size_t id)
{
    const char *vtable = table - (int32_t)number_at(table, 4);
    if (4 + 2 * id >= (size_t)number_at(vtable, 2))
        return NULL;
    size_t place = (size_t)number_at(vtable + 4 + 2 * id, 2);
    return place > 0 ? table + place : NULL;
}

static const char *follow(const char *reference)
{
    return reference + (uint32_t)number_at(reference, 4);
}

struct message {
    int kind;
    const char *header; /* a table */
    struct hob_text body;
};

/* Takes a message off the text; false at the end of the stream. */
static bool next_message(struct hob_text *text, struct message *message)
{
    assert_true(text->size >= 8);
    assert_int_equal((uint32_t)number_at(text->data, 4), 0xFFFFFFFF);
    size_t size = (size_t)number_at(text->data + 4, 4);
    if (size == 0) {
        assert_int_equal(text->size, 8);
        return false;
    }
    assert_int_equal(size % 8, 0);
    const char *table = follow(text->data + 8);
    message->kind = (int)number_at(field_of(table, 1), 1);
    message->header = follow(field_of(table, 2));
    size_t body = (size_t)number_at(field_of(table, 3), 8);
    message->body = (struct hob_text){text->data + 8 + size, body};
    text->data += 8 + size + body;
    text->size -= 8 + size + body;
    return true;
}

/* The table of column `i`, from a schema. */
static const char *column_of(const struct message *schema, size_t i)
{
    assert_int_equal(schema->kind, 1);
    const char *vector = follow(field_of(schema->header, 1));
    assert_true(i < (size_t)number_at(vector, 4));
    return follow(vector + 4 + 4 * i);
}

static int type_of(const char *column)
{
    return (int)number_at(field_of(column, 2), 1);
}

static int64_t rows_of(const struct message *batch)
{
    assert_int_equal(batch->kind, 3);
    return number_at(field_of(batch->header, 0), 8);
}

/* Buffer `i` of a batch. */
static struct hob_text buffer_of(const struct message *batch, size_t i)
{
    const char *pair = follow(field_of(batch->header, 2)) + 4 + 16 * i;
    return (struct hob_text){batch->body.data + number_at(pair, 8), (size_t)number_at(pair + 8, 8)};
}

/* --- flatbuffers --- */

static void numbers_lie_at_multiples_of_their_size(void **state)
{
    (void)state;
    HOB_AUTO(flatbuffer) struct hob_flatbuffer flat = HOB_FLATBUFFER_INIT;
    const struct hob_flatbuffer_field fields[] = {
        {1, -1}, {8, -2}, HOB_FLATBUFFER_ABSENT, {2, 300}, HOB_FLATBUFFER_REFERENCE};
    hob_flatbuffer_start(&flat);
    size_t position = hob_flatbuffer_put_table(&flat, fields, 5);
    size_t text = hob_flatbuffer_put_string(&flat, HOB_TEXT("abc"));
    hob_flatbuffer_refer_field(&flat, position, 4, text);
    hob_flatbuffer_finish(&flat);
    const char *data = flat.bytes.data, *table = follow(data);
    assert_ptr_equal(table, data + position);
    assert_int_equal(flat.bytes.size % 8, 0);
    assert_int_equal((int8_t)number_at(field_of(table, 0), 1), -1);
    assert_int_equal(number_at(field_of(table, 1), 8), -2);
    assert_int_equal((field_of(table, 1) - data) % 8, 0);
    assert_null(field_of(table, 2));
    assert_int_equal(number_at(field_of(table, 3), 2), 300);
    assert_int_equal((field_of(table, 3) - data) % 2, 0);
    assert_string_equal(follow(field_of(table, 4)) + 4, "abc");
    assert_null(field_of(table, 5));
}

static void items_of_vectors_are_aligned(void **state)
{
    (void)state;
    HOB_AUTO(flatbuffer) struct hob_flatbuffer flat = HOB_FLATBUFFER_INIT;
    hob_flatbuffer_start(&flat);
    for (size_t i = 0; i < 9; i++) {
        hob_flatbuffer_put_string(&flat, (struct hob_text){"12345678", i});
        size_t vector = hob_flatbuffer_put_vector(&flat, 2, 16, 8);
        assert_int_equal(hob_flatbuffer_item(vector, 0, 16) % 8, 0);
        assert_int_equal(number_at(flat.bytes.data + vector, 4), 2);
    }
}

/* --- streams --- */

static void batches_end_after_so_many_rows_or_so_much_text(void **state)
{
    (void)state;
    HOB_AUTO(frame)
    struct hob_frame *frame =
        frame_of("[{s: a}, {s: b}, {s: c}, {s: '12345'}, {s: '6789'}, {s: x}]");
    HOB_AUTO(buffer) struct hob_buffer out = HOB_BUFFER_INIT;
    write_small(&out, frame);
    struct hob_text rest = hob_buffer_text(&out);
    struct message message;
    static const int64_t rows[] = {3, 1, 2};
    assert_true(next_message(&rest, &message));
    for (size_t i = 0; i < 3; i++) {
        assert_true(next_message(&rest, &message));
        assert_int_equal(rows_of(&message), rows[i]);
    }
    assert_text_equal(buffer_of(&message, 2), "6789x");
    assert_false(next_message(&rest, &message));
}

static void a_text_that_is_too_long_for_small_offsets_gets_large_ones(void **state)
{
    (void)state;
    HOB_AUTO(frame)
    struct hob_frame *frame = frame_of("[{s: abc, t: '12345'}, {s: abcdefghijkl, t: ''}]");
    HOB_AUTO(buffer) struct hob_buffer out = HOB_BUFFER_INIT;
    write_small(&out, frame);
    struct hob_text rest = hob_buffer_text(&out);
    struct message message;
    assert_true(next_message(&rest, &message));
    assert_int_equal(type_of(column_of(&message, 0)), 20); /* LargeUtf8 */
    assert_int_equal(type_of(column_of(&message, 1)), 5);  /* Utf8 */
    assert_true(next_message(&rest, &message));
    assert_true(next_message(&rest, &message));
    assert_int_equal(rows_of(&message), 1);
    assert_int_equal(number_at(buffer_of(&message, 1).data + 8, 8), 12);
    assert_text_equal(buffer_of(&message, 2), "abcdefghijkl");
    assert_int_equal(buffer_of(&message, 4).size, 2 * sizeof(int32_t));
}

static void int32_is_kept_while_all_cells_fit(void **state)
{
    (void)state;
    static const int64_t cells[][2] = {{-2147483648, 2147483647}, {0, 2147483648}};
    for (int i = 0; i < 2; i++) {
        HOB_AUTO(frame) struct hob_frame *frame = hob_frame_new();
        HOB_AUTO(buffer) struct hob_buffer out = HOB_BUFFER_INIT;
        struct hob_column column;
        hob_column_init(&column, HOB_COLUMN_INT64);
        column.nullable = true;
        assert_true(hob_column_append_int(&column, cells[i][0]));
        assert_true(hob_column_append_missing(&column));
        assert_true(hob_column_append_int(&column, cells[i][1]));
        hob_frame_add_named(frame, HOB_TEXT("n"), &column);
        write_small(&out, frame);
        struct hob_text rest = hob_buffer_text(&out);
        struct message message;
        size_t size = i == 0 ? 4 : 8;
        assert_true(next_message(&rest, &message));
        const char *type = follow(field_of(column_of(&message, 0), 3));
        assert_int_equal(number_at(field_of(type, 0), 4), 8 * size);
        assert_true(next_message(&rest, &message));
        assert_int_equal(*buffer_of(&message, 0).data, 5); /* bits of the rows that are there */
        assert_int_equal(buffer_of(&message, 1).size, 3 * size);
        assert_int_equal((uint32_t)number_at(buffer_of(&message, 1).data + 2 * size, size),
                         (uint32_t)cells[i][1]);
    }
}

static void zones_that_have_no_spelling_are_told_in_utc(void **state)
{
    (void)state;
    static const struct {
        int32_t offset;
        const char *zone;
    } cases[] = {{0, "UTC"}, {19800, "+05:30"}, {-3600, "-01:00"}, {1172, "UTC"}};
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        HOB_AUTO(frame) struct hob_frame *frame = hob_frame_new();
        HOB_AUTO(buffer) struct hob_buffer out = HOB_BUFFER_INIT;
        struct hob_column column;
        hob_column_init(&column, HOB_COLUMN_DATETIME);
        column.has_zone = true;
        column.offset_seconds = cases[i].offset;
        assert_true(hob_column_append_int(&column, 0));
        hob_frame_add_named(frame, HOB_TEXT("t"), &column);
        write_small(&out, frame);
        struct hob_text rest = hob_buffer_text(&out);
        struct message message;
        assert_true(next_message(&rest, &message));
        const char *type = follow(field_of(column_of(&message, 0), 3));
        assert_string_equal(follow(field_of(type, 1)) + 4, cases[i].zone);
        assert_true(next_message(&rest, &message));
        assert_int_equal(number_at(buffer_of(&message, 1).data, 8), -1000000LL * cases[i].offset);
    }
}

struct failing {
    int left; /* calls until it fails */
    int calls;
};

static int fail_in_the_end(void *data, struct hob_text text, struct hob_error *error)
{
    struct failing *failing = data;
    (void)text;
    failing->calls++;
    return failing->left-- > 0 ? 0 : hob_error_set(error, HOB_E_IO, "the sink is full");
}

static void a_failing_sink_ends_the_writing(void **state)
{
    (void)state;
    HOB_AUTO(frame) struct hob_frame *frame = frame_of("[{s: a}, {s: b}, {s: c}, {s: d}]");
    int result = HOB_E_IO;
    for (int left = 0; result != 0; left++) {
        struct failing failing = {left, 0};
        struct hob_sink sink = {fail_in_the_end, &failing};
        struct hob_error error = HOB_ERROR_INIT;
        result = hob_arrow_write_limited(&sink, frame, &small, &error);
        if (result == 0)
            break;
        assert_int_equal(result, HOB_E_IO);
        assert_string_equal(error.message, "the sink is full");
        assert_int_equal(failing.calls, left + 1);
    }
}

static void cells_that_are_nested_too_deeply_are_refused(void **state)
{
    (void)state;
    HOB_AUTO(frame) struct hob_frame *frame = frame_of("[{a: &x [*x]}]");
    HOB_AUTO(buffer) struct hob_buffer out = HOB_BUFFER_INIT;
    struct hob_sink sink = hob_sink_to_buffer(&out);
    assert_int_equal(hob_arrow_write(&sink, frame, NULL), HOB_E_LIMIT);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(numbers_lie_at_multiples_of_their_size),
        cmocka_unit_test(items_of_vectors_are_aligned),
        cmocka_unit_test(batches_end_after_so_many_rows_or_so_much_text),
        cmocka_unit_test(a_text_that_is_too_long_for_small_offsets_gets_large_ones),
        cmocka_unit_test(int32_is_kept_while_all_cells_fit),
        cmocka_unit_test(zones_that_have_no_spelling_are_told_in_utc),
        cmocka_unit_test(a_failing_sink_ends_the_writing),
        cmocka_unit_test(cells_that_are_nested_too_deeply_are_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
