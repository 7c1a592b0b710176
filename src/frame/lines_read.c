/* lines_read: see lines_read.h.
 *
 * A line is a document of its own, so a broken one can be told by its number. Where the records do
 * not fit into columns one after another (see hob_frame_read_records) all lines are read again, as
 * values. */
#include "frame/lines_read.h"

#include "frame/build.h"
#include "frame/records_build.h"

struct lines {
    struct hob_text rest;
    struct hob_text line; /* the current one, without its end */
    size_t number;        /* of it, from 1 */
};

static bool is_blank(struct hob_text line)
{
    for (size_t i = 0; i < line.size; i++)
        if (line.data[i] != ' ' && line.data[i] != '\t' && line.data[i] != '\r')
            return false;
    return true;
}

/* Moves on to the next line that is not blank; false at the end. */
static bool next_line(struct lines *lines)
{
    while (lines->rest.size > 0) {
        const char *end = memchr(lines->rest.data, '\n', lines->rest.size);
        size_t size = end != NULL ? (size_t)(end - lines->rest.data) : lines->rest.size;
        size_t used = end != NULL ? size + 1 : size;
        lines->line = (struct hob_text){lines->rest.data, size};
        lines->rest.data += used;
        lines->rest.size -= used;
        lines->number++;
        if (!is_blank(lines->line))
            return true;
    }
    return false;
}

/* Places inside a line are told by the reader as line 1. */
static int in_line(const struct lines *lines, int code, struct hob_error *error)
{
    hob_error_context(error, "record in line %zu", lines->number);
    return code;
}

static int no_record(struct hob_error *error)
{
    return hob_error_set(error, HOB_E_VALUE, "each line must be a mapping such as {\"a\": 1}");
}

static int take_line(struct hob_records *records, struct hob_text line, struct hob_error *error)
{
    HOB_AUTO(json_reader)
    struct hob_json_reader *reader = hob_json_reader_new(line, HOB_VALUE_MAX_DEPTH);
    struct hob_json_token token;
    int result = hob_json_next(reader, &token, error);
    if (result == 0 && token.event != HOB_JSON_MAP_START)
        return no_record(error);
    if (result == 0)
        result = hob_records_take(records, reader, error);
    return result == 0 ? hob_json_next(reader, &token, error) : result; /* nothing may follow */
}

static int read_columns(struct hob_frame **frame, struct hob_text text, struct hob_error *error)
{
    HOB_AUTO(records) struct hob_records *records = hob_records_new();
    struct lines lines = {.rest = text};
    while (next_line(&lines)) {
        int result = take_line(records, lines.line, error);
        if (result < 0)
            return in_line(&lines, result, error);
        if (result > 0)
            return result;
    }
    return hob_records_finish(records, frame, error);
}

static int read_tree(struct hob_frame **frame, struct hob_text text, struct hob_error *error)
{
    HOB_AUTO(arena) struct hob_arena *arena = hob_arena_new(); /* the frame takes it over */
    struct hob_value *list = hob_value_new(arena, HOB_LIST);
    struct lines lines = {.rest = text};
    while (next_line(&lines)) {
        const struct hob_value *record;
        int result = hob_json_read(arena, lines.line, &record, error);
        if (result == 0 && record->kind != HOB_MAP)
            result = no_record(error);
        if (result < 0)
            return in_line(&lines, result, error);
        if (!hob_value_append(arena, list, record))
            return hob_error_set(error, HOB_E_MEMORY, "cannot read the records: not enough memory");
    }
    return hob_frame_from_value(frame, list, 0, HOB_STEAL(arena), error);
}

int hob_frame_read_lines(struct hob_frame **frame, struct hob_text text, struct hob_error *error)
{
    *frame = NULL;
    int result = read_columns(frame, text, error);
    return result == HOB_RECORDS_GIVE_UP ? read_tree(frame, text, error) : result;
}
