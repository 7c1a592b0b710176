/* records_read: a JSON list of records straight into columns; see hob_frame_read_records. */
#include "frame/records.h"

#include "frame/records_build.h"

static int read_list(struct hob_records *records, struct hob_json_reader *reader,
                     struct hob_error *error)
{
    struct hob_json_token token;
    int result = hob_json_next(reader, &token, error);
    if (result < 0)
        return result;
    if (token.event != HOB_JSON_LIST_START)
        return HOB_RECORDS_GIVE_UP;
    for (;;) {
        result = hob_json_next(reader, &token, error);
        if (result < 0)
            return result;
        if (token.event == HOB_JSON_LIST_END)
            return hob_json_next(reader, &token, error); /* nothing may follow */
        if (token.event != HOB_JSON_MAP_START)
            return HOB_RECORDS_GIVE_UP;
        result = hob_records_take(records, reader, error);
        if (result != 0)
            return result;
    }
}

int hob_frame_read_records(struct hob_frame **frame, struct hob_text json, struct hob_error *error)
{
    HOB_AUTO(records) struct hob_records *records = hob_records_new();
    HOB_AUTO(json_reader)
    struct hob_json_reader *reader = hob_json_reader_new(json, HOB_VALUE_MAX_DEPTH);
    *frame = NULL;
    int result = read_list(records, reader, error);
    if (result == 0)
        result = hob_records_finish(records, frame, error);
    return result < 0 ? result : 0;
}
