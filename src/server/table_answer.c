/* table_answer: see table_answer.h.
 *
 * The first megabyte is written where the answer is made. Most tables end there: they are sent with
 * their length, and may be kept warm. Of the others the frame stays alive until the last of it has
 * been sent.
 *
 * Once the status has been sent it is too late for an error, and each piece should be quick to
 * make. Plain cells cannot fail, and are as large as they are in the frame. Nested ones can:
 * aliases make a small file name large things. Tables with such cells are therefore written to
 * nowhere first, and those with a very large cell are written as a whole before they are sent. */
#include "server/table_answer.h"

#include "access/arrow.h"
#include "access/csv.h"
#include "frame/records.h"
#include "server/answer.h"
#include "value/json.h"

enum {
    WHOLE_SIZE = 1 << 20,   /* tables of more text than this are sent while they are written... */
    LARGEST_CELL = 4 << 20, /* ...unless one of their rows may be larger than this */
    REHEARSAL_PIECE = 64 * 1024,
};

struct hob_table_rest {
    enum hob_form form;
    struct hob_frame *frame;
    struct hob_records_writer *records; /* for JSON and NDJSON */
    struct hob_csv_writer *csv;
    struct hob_arrow_writer *arrow;
    struct hob_table_answer around;
    uint64_t started, operation_started;
};

static void free_writers(struct hob_table_rest *rest)
{
    hob_records_writer_free(rest->records);
    hob_csv_writer_free(rest->csv);
    hob_arrow_writer_free(rest->arrow);
}

struct hob_table_rest *hob_table_rest_free(struct hob_table_rest *rest)
{
    if (rest == NULL)
        return NULL;
    free_writers(rest);
    hob_frame_free(rest->frame);
    free(rest);
    return NULL;
}

static void put_after(const struct hob_table_rest *rest, struct hob_buffer *out)
{
    if (rest->form != HOB_FORM_JSON)
        return;
    hob_buffer_put_string(out, rest->around.after);
    if (rest->around.timed)
        hob_answer_put_timing(out, rest->started, rest->operation_started);
}

static int step_table(const struct hob_table_rest *rest, struct hob_buffer *out, size_t enough,
                      struct hob_error *error)
{
    if (rest->records != NULL)
        return hob_records_writer_step(rest->records, out, enough, error);
    if (rest->csv != NULL)
        return hob_csv_writer_step(rest->csv, out, enough, error);
    return hob_arrow_writer_step(rest->arrow, out, enough, error);
}

int hob_table_rest_step(struct hob_table_rest *rest, struct hob_buffer *out, size_t enough,
                        struct hob_error *error)
{
    int code = step_table(rest, out, enough, error);
    if (code == 0)
        put_after(rest, out);
    return code;
}

static int start_writer(struct hob_table_rest *rest, struct hob_error *error)
{
    bool started = false;
    switch (rest->form) {
    case HOB_FORM_CSV:
        rest->csv = hob_csv_writer_new(rest->frame, ',', '"');
        started = rest->csv != NULL;
        break;
    case HOB_FORM_ARROW:
        return hob_arrow_writer_new(&rest->arrow, rest->frame, error);
    default:
        rest->records = hob_records_writer_new(
            rest->frame, rest->form == HOB_FORM_LINES ? HOB_RECORDS_LINES : HOB_RECORDS_ANSWER,
            HOB_JSON_COMPACT);
        started = rest->records != NULL;
    }
    return started ? 0 : hob_error_set(error, HOB_E_MEMORY, "not enough memory for the table");
}

/* ---- what can be sent while it is written ---- */

/* The longest row of a table with nested cells, more or less; or the error that writing it ends
 * with. */
static int rehearse(const struct hob_table_rest *rest, size_t *longest, struct hob_error *error)
{
    HOB_AUTO(buffer) struct hob_buffer scratch = HOB_BUFFER_INIT;
    struct hob_table_rest again = {.form = rest->form, .frame = rest->frame};
    int code = start_writer(&again, error);
    if (code == 0)
        code = HOB_WRITER_MORE;
    while (code == HOB_WRITER_MORE) {
        hob_buffer_clear(&scratch);
        code = step_table(&again, &scratch, REHEARSAL_PIECE, error);
        *longest = scratch.size > *longest ? scratch.size : *longest;
    }
    free_writers(&again);
    return code;
}

/* Whether every piece will be quick to make (*may), or the error that there would be. */
static int check_pieces(const struct hob_call *call, const struct hob_table_rest *rest, bool *may,
                        struct hob_error *error)
{
    size_t longest = 0, nested = 0;
    for (size_t i = 0; i < hob_frame_columns(rest->frame); i++) {
        const struct hob_column *column = hob_frame_column(rest->frame, i);
        size_t size = column->type == HOB_COLUMN_STRING ? hob_column_longest_string(column) : 0;
        nested += column->type == HOB_COLUMN_VALUE;
        longest = size > longest ? size : longest;
    }
    int code = 0;
    if (nested > 0 && !call->may_wait) /* a worker has the time for it */
        return hob_error_set(error, HOB_E_LIMIT, "the table takes long to write");
    if (nested > 0)
        code = rehearse(rest, &longest, error);
    *may = longest <= LARGEST_CELL;
    return code;
}

int hob_table_answer(struct hob_call *call, struct hob_frame **frame,
                     const struct hob_table_answer *around, struct hob_error *error)
{
    struct hob_table_rest *rest = hob_alloc_zero(1, sizeof *rest);
    *rest = (struct hob_table_rest){
        .form = call->form,
        .frame = HOB_STEAL(*frame),
        .around = *around,
        .started = call->started,
        .operation_started = call->operation_started,
    };
    if (call->form != HOB_FORM_JSON)
        hob_buffer_clear(&call->out);
    int code = start_writer(rest, error);
    if (code == 0)
        code = hob_table_rest_step(rest, &call->out, WHOLE_SIZE, error);
    bool may = true;
    if (code == HOB_WRITER_MORE) {
        int checked = check_pieces(call, rest, &may, error);
        code = checked != 0 ? checked : code;
    }
    if (code == HOB_WRITER_MORE && may) {
        call->rest = rest;
        return 0;
    }
    if (code == HOB_WRITER_MORE)
        code = hob_table_rest_step(rest, &call->out, SIZE_MAX, error);
    hob_table_rest_free(rest);
    return code;
}
