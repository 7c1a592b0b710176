/* records_build: JSON records straight into columns, one record at a time, for the readers of JSON
 * lists and of JSON lines.
 *
 * New, take each record, finish, free. Once something gave up or failed, only free is left. */
#ifndef HOB_FRAME_RECORDS_BUILD_H
#define HOB_FRAME_RECORDS_BUILD_H

#include "frame/frame.h"
#include "value/json.h"

/* Beside 0 and error codes: these records are for a tree (see hob_frame_read_records). */
enum { HOB_RECORDS_GIVE_UP = 1 };

struct hob_records;

/* Never NULL; the caller frees it. */
struct hob_records *hob_records_new(void);
/* Takes NULL, returns NULL. */
struct hob_records *hob_records_free(struct hob_records *records);
static inline void hob_auto_records(struct hob_records **records)
{
    hob_records_free(*records);
}

/* Takes the record whose HOB_JSON_MAP_START the reader just gave, up to its end. 0,
 * HOB_RECORDS_GIVE_UP, or an error: those of hob_json_next, and HOB_E_MEMORY. */
int hob_records_take(struct hob_records *records, struct hob_json_reader *reader,
                     struct hob_error *error);
/* Makes the frame, which is the caller's. 0, HOB_RECORDS_GIVE_UP when no record had a key, or an
 * error: HOB_E_MEMORY, HOB_E_LIMIT for more than HOB_FRAME_MAX_CELLS cells. */
int hob_records_finish(struct hob_records *records, struct hob_frame **frame,
                       struct hob_error *error);

#endif
