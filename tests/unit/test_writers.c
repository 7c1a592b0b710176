/* Tests of writers that write a table a part at a time, when they are asked to. */
#include "check.h"

#include <stdlib.h>
#include <string.h>

#include "access/arrow.h"
#include "access/csv.h"
#include "frame/build.h"
#include "frame/records.h"
#include "value/json.h"

/* Numbers, texts, holes and nested cells. */
static struct hob_frame *make_frame(const char *json)
{
    HOB_AUTO(arena) struct hob_arena *arena = hob_arena_new();
    const struct hob_value *value;
    struct hob_frame *frame = NULL;
    assert_int_equal(hob_json_read(arena, hob_text_from(json), &value, NULL), 0);
    assert_int_equal(hob_frame_from_value(&frame, value, 0, NULL, NULL), 0);
    return frame;
}

static struct hob_frame *make_table(void)
{
    return make_frame("[{\"a\": 1, \"b\": \"x\\ny\", \"c\": [1, {\"k\": 2}]},"
                      " {\"a\": 2, \"b\": null, \"c\": null},"
                      " {\"a\": 3, \"b\": \"\\\"q\\\"\", \"c\": \"t\"}]");
}

enum kind { LIST, LINES, ANSWER, CSV, ARROW, KINDS };

struct any_writer {
    struct hob_records_writer *records;
    struct hob_csv_writer *csv;
    struct hob_arrow_writer *arrow;
};

static struct any_writer new_writer(enum kind kind, const struct hob_frame *frame)
{
    struct any_writer writer = {0};
    if (kind == CSV)
        writer.csv = hob_csv_writer_new(frame, ',', '"');
    else if (kind == ARROW)
        assert_int_equal(hob_arrow_writer_new(&writer.arrow, frame, NULL), 0);
    else
        writer.records = hob_records_writer_new(frame,
                                                kind == LIST    ? HOB_RECORDS_LIST
                                                : kind == LINES ? HOB_RECORDS_LINES
                                                                : HOB_RECORDS_ANSWER,
                                                HOB_JSON_COMPACT);
    return writer;
}

static int step(struct any_writer *writer, struct hob_buffer *out, size_t enough)
{
    if (writer->csv != NULL)
        return hob_csv_writer_step(writer->csv, out, enough, NULL);
    if (writer->arrow != NULL)
        return hob_arrow_writer_step(writer->arrow, out, enough, NULL);
    return hob_records_writer_step(writer->records, out, enough, NULL);
}

static void free_writer(struct any_writer *writer)
{
    hob_csv_writer_free(writer->csv);
    hob_arrow_writer_free(writer->arrow);
    hob_records_writer_free(writer->records);
}

/* Writes all in steps of at least `piece` bytes; returns how many steps there were. */
static int write_in_steps(struct hob_buffer *out, enum kind kind, const struct hob_frame *frame,
                          size_t piece)
{
    struct any_writer writer = new_writer(kind, frame);
    int steps = 0, code;
    do {
        HOB_AUTO(buffer) struct hob_buffer part = HOB_BUFFER_INIT;
        code = step(&writer, &part, piece);
        assert_true(code >= 0);
        assert_true(code == 0 || part.size >= piece);
        hob_buffer_put_text(out, hob_buffer_text(&part));
        steps++;
    } while (code == HOB_WRITER_MORE);
    free_writer(&writer);
    return steps;
}

static void write_at_once(struct hob_buffer *out, enum kind kind, const struct hob_frame *frame)
{
    struct hob_sink sink = hob_sink_to_buffer(out);
    int code = kind == LIST     ? hob_frame_put_records(out, frame, HOB_JSON_COMPACT, NULL)
               : kind == LINES  ? hob_frame_put_lines(out, frame, NULL)
               : kind == ANSWER ? hob_frame_put_answer(out, frame, NULL)
               : kind == CSV    ? hob_csv_write(out, frame, ',', '"', NULL)
                                : hob_arrow_write(&sink, frame, NULL);
    assert_int_equal(code, 0);
}

static void compare(const struct hob_frame *frame, size_t piece, int least_steps)
{
    for (int kind = 0; kind < KINDS; kind++) {
        HOB_AUTO(buffer) struct hob_buffer whole = HOB_BUFFER_INIT;
        HOB_AUTO(buffer) struct hob_buffer parts = HOB_BUFFER_INIT;
        write_at_once(&whole, (enum kind)kind, frame);
        assert_true(write_in_steps(&parts, (enum kind)kind, frame, piece) >= least_steps);
        assert_int_equal(parts.size, whole.size);
        assert_memory_equal(parts.data, whole.data, whole.size);
    }
}

static void parts_make_the_same_text_as_writing_at_once(void **state)
{
    (void)state;
    struct hob_frame *frame = make_table();
    compare(frame, 1, 3);
    compare(frame, 20, 2);
    compare(frame, SIZE_MAX, 1);
    hob_frame_free(frame);
}

static void a_table_without_rows_or_columns_has_its_beginning_and_end(void **state)
{
    (void)state;
    struct hob_frame *frame = make_frame("[]");
    compare(frame, 1, 1);
    hob_frame_free(frame);
}

static void a_writer_that_is_left_in_the_middle_leaves_nothing(void **state)
{
    (void)state;
    struct hob_frame *frame = make_table();
    for (int kind = 0; kind < KINDS; kind++) {
        HOB_AUTO(buffer) struct hob_buffer out = HOB_BUFFER_INIT;
        struct any_writer writer = new_writer((enum kind)kind, frame);
        assert_int_equal(step(&writer, &out, 1), HOB_WRITER_MORE);
        free_writer(&writer);
    }
    hob_frame_free(frame);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(parts_make_the_same_text_as_writing_at_once),
        cmocka_unit_test(a_table_without_rows_or_columns_has_its_beginning_and_end),
        cmocka_unit_test(a_writer_that_is_left_in_the_middle_leaves_nothing),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
