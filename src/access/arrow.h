/* arrow: a frame as a stream in the Arrow IPC format, for pandas, polars, DuckDB, R and whoever
 * else takes columns as they are.
 *
 * Numbers are int64, uint64 and double, booleans bits, texts utf8, moments timestamp[us] with the
 * zone of their column; what `dtypes` made Int32 is int32. What is missing is null, NaN too.
 * Columns of mixed or nested cells are utf8 that holds JSON. Names are text, as Python prints them.
 *
 * The metadata of a field has what Arrow cannot tell: "hob:dtype", the name that pandas has for the
 * type ("object" for booleans with holes, "Float64" where `dtypes` made it so); "hob:json": "true"
 * for cells that hold JSON; "hob:label", as JSON, for a name that is no text (7, true). */
#ifndef HOB_ACCESS_ARROW_H
#define HOB_ACCESS_ARROW_H

#include "base/sink.h"
#include "frame/frame.h"

/* Writes the schema, the rows in batches, and the end of the stream; more than one batch is never
 * in memory. What fails half-way leaves the sink with a beginning. HOB_E_MEMORY; HOB_E_LIMIT for
 * nested cells that are too large or too deep, and for more columns than a message can describe. */
int hob_arrow_write(const struct hob_sink *sink, const struct hob_frame *frame,
                    struct hob_error *error);

/* What a batch may hold; for tests, which are to see small ones. */
struct hob_arrow_limits {
    size_t rows;
    size_t text;       /* bytes of text, unless a single row has more */
    size_t small_text; /* bytes of a cell's text from which on a column needs 64-bit offsets */
};

/* hob_arrow_write with such batches; the same errors. */
int hob_arrow_write_limited(const struct hob_sink *sink, const struct hob_frame *frame,
                            const struct hob_arrow_limits *limits, struct hob_error *error);

/* The same when it is asked for, in batches of about a megabyte; as hob_records_writer_... in
 * frame/records.h, but a step may go beyond `enough` by a batch. */
struct hob_arrow_writer;
int hob_arrow_writer_new(struct hob_arrow_writer **writer, const struct hob_frame *frame,
                         struct hob_error *error);
struct hob_arrow_writer *hob_arrow_writer_free(struct hob_arrow_writer *writer);
int hob_arrow_writer_step(struct hob_arrow_writer *writer, struct hob_buffer *out, size_t enough,
                          struct hob_error *error);

#endif
