/* conformance_csv: cases with the columns, dtypes and records of a table, or an error, of which
 * the type must be the same. */
#include "access/csv.h"
#include "conformance.h"

/* Compares two texts; `what` and `position` say of what. */
static bool same_text(struct hob_text expected, struct hob_text actual, const char *what,
                      size_t position, struct hob_buffer *difference)
{
    if (hob_text_equal(expected, actual))
        return true;
    hob_buffer_printf(difference, "%s %zu: expected '%.*s', got '%.*s'", what, position,
                      HOB_TEXT_ARG(expected), HOB_TEXT_ARG(actual));
    return false;
}

static bool same_error(const struct hob_value *expected, const struct hob_error *error,
                       struct hob_buffer *difference)
{
    struct hob_text type = hob_value_text(hob_value_get(expected, "type"));
    if (hob_text_is(type, hob_error_type(error->code)))
        return true;
    if (expected == NULL)
        hob_buffer_put_string(difference, "expected a table");
    else
        hob_buffer_printf(difference, "expected %.*s", HOB_TEXT_ARG(type));
    hob_buffer_printf(difference, ", got %s: %s", hob_error_type(error->code), error->message);
    return false;
}

static bool same_headings(const struct hob_value *columns, const struct hob_value *dtypes,
                          const struct hob_frame *frame, struct hob_buffer *difference)
{
    size_t count = hob_frame_columns(frame);
    if (columns->list.count != count || dtypes->list.count != count) {
        hob_buffer_printf(difference, "expected %u columns, got %zu", columns->list.count, count);
        return false;
    }
    for (size_t i = 0; i < count; i++) {
        HOB_AUTO(buffer) struct hob_buffer dtype = HOB_BUFFER_INIT;
        hob_column_put_dtype(&dtype, hob_frame_column(frame, i));
        if (!same_text(hob_value_text(columns->list.items[i]),
                       hob_value_text(hob_frame_name(frame, i)), "name of column", i, difference) ||
            !same_text(hob_value_text(dtypes->list.items[i]), hob_buffer_text(&dtype),
                       "type of column", i, difference))
            return false;
    }
    return true;
}

static bool same_row(const struct hob_value *expected, const struct hob_frame *frame, size_t row,
                     struct hob_arena *arena, struct hob_buffer *difference)
{
    size_t count = hob_frame_columns(frame);
    if (!hob_value_is(expected, HOB_LIST) || expected->list.count != count) {
        hob_buffer_printf(difference, "row %zu of the case must have %zu cells", row, count);
        return false;
    }
    for (size_t i = 0; i < count; i++) {
        HOB_AUTO(buffer) struct hob_buffer reason = HOB_BUFFER_INIT;
        const struct hob_value *cell = hob_column_value(hob_frame_column(frame, i), row, arena);
        if (conformance_same(expected->list.items[i], cell, CONFORMANCE_CLOSE, &reason))
            continue;
        hob_buffer_printf(difference, "row %zu column %zu: ", row, i);
        hob_buffer_put_text(difference, hob_buffer_text(&reason));
        return false;
    }
    return true;
}

static bool same_table(const struct hob_value *one, const struct hob_frame *frame,
                       struct hob_arena *arena, struct hob_buffer *difference)
{
    const struct hob_value *columns = hob_value_get(one, "columns");
    const struct hob_value *dtypes = hob_value_get(one, "dtypes");
    const struct hob_value *records = hob_value_get(one, "records");
    if (!hob_value_is(columns, HOB_LIST) || !hob_value_is(dtypes, HOB_LIST) ||
        !hob_value_is(records, HOB_LIST)) {
        hob_buffer_put_string(difference, hob_value_get(one, "error") != NULL
                                              ? "expected an error, got a table"
                                              : "the case lacks columns, dtypes or records");
        return false;
    }
    if (!same_headings(columns, dtypes, frame, difference))
        return false;
    if (records->list.count != hob_frame_rows(frame)) {
        hob_buffer_printf(difference, "expected %u rows, got %zu", records->list.count,
                          hob_frame_rows(frame));
        return false;
    }
    for (uint32_t row = 0; row < records->list.count; row++)
        if (!same_row(records->list.items[row], frame, row, arena, difference))
            return false;
    return true;
}

bool conformance_csv(const struct hob_value *one, struct hob_arena *arena,
                     struct hob_buffer *difference)
{
    struct hob_text document;
    if (!conformance_document(one, arena, &document, difference))
        return false;
    HOB_AUTO(frame) struct hob_frame *frame = NULL;
    struct hob_csv_options options = {0};
    struct hob_error error = HOB_ERROR_INIT;
    if (hob_csv_read(&frame, document, &options, &error) != 0)
        return same_error(hob_value_get(one, "error"), &error, difference);
    return same_table(one, frame, arena, difference);
}
