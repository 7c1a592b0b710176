/* records: frames as JSON, straight from the columns. */
#ifndef HOB_FRAME_RECORDS_H
#define HOB_FRAME_RECORDS_H

#include "base/sink.h"
#include "frame/frame.h"

/* Reads a JSON list of mappings straight into columns, without a tree. The result is what
 * hob_frame_from_value would make of the document. *frame is NULL, with 0 returned, for any other
 * document and for the rare column that needs all its values before it can be typed (integers,
 * fractions and text mixed; integers beyond int64; a key twice in one record): read those as a
 * value. Errors are those of hob_json_next, HOB_E_MEMORY, and HOB_E_LIMIT for a table of more than
 * HOB_FRAME_MAX_CELLS cells. */
int hob_frame_read_records(struct hob_frame **frame, struct hob_text json, struct hob_error *error);

/* [{"a": 1, "b": null}, ...]: missing and infinite cells are null, datetimes ISO text; of repeated
 * names a record has the last; a frame without columns has no records. `style` as in
 * value/json.h. */
int hob_frame_put_records(struct hob_buffer *out, const struct hob_frame *frame, unsigned style,
                          struct hob_error *error);
/* One record a line (NDJSON). */
int hob_frame_put_lines(struct hob_buffer *out, const struct hob_frame *frame,
                        struct hob_error *error);
/* The same, a piece at a time: of a large table never all of the text is in memory. What fails
 * half-way leaves the sink with a beginning. */
int hob_frame_write_records(const struct hob_sink *sink, const struct hob_frame *frame,
                            unsigned style, struct hob_error *error);
int hob_frame_write_lines(const struct hob_sink *sink, const struct hob_frame *frame,
                          struct hob_error *error);
/* {"records": [...], "columns": [...], "shape": [rows, columns], "dtypes": {...}}: the `data` of
 * the reference's answers; numbered columns are numbers in `columns` and text elsewhere. */
int hob_frame_put_answer(struct hob_buffer *out, const struct hob_frame *frame,
                         struct hob_error *error);

/* ---- a part at a time, when it is asked for ---- */

enum hob_records_form {
    HOB_RECORDS_LIST,   /* as hob_frame_put_records */
    HOB_RECORDS_LINES,  /* as hob_frame_put_lines; the style must be HOB_JSON_COMPACT */
    HOB_RECORDS_ANSWER, /* as hob_frame_put_answer; likewise */
};

struct hob_records_writer;

/* The frame must stay as it is until the writer is freed. NULL without memory. */
struct hob_records_writer *hob_records_writer_new(const struct hob_frame *frame,
                                                  enum hob_records_form form, unsigned style);
/* Takes NULL, returns NULL. */
struct hob_records_writer *hob_records_writer_free(struct hob_records_writer *writer);
/* Appends rows until `out` holds `enough` bytes, by at most one row more: HOB_WRITER_MORE when
 * there is something left to write, 0 after the end, or a negative code. */
int hob_records_writer_step(struct hob_records_writer *writer, struct hob_buffer *out,
                            size_t enough, struct hob_error *error);

/* As YAML, a list of a mapping a row; goes through values. HOB_E_MEMORY, or what hob_yaml_write
 * says. */
int hob_frame_write_yaml(struct hob_buffer *out, const struct hob_frame *frame,
                         struct hob_error *error);

#endif
