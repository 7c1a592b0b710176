/* csv: comma-separated text into typed columns, as pandas' read_csv types them, and back.
 *
 * Rules: conformance RULES section 3 with hob's differences (cells beyond the header: empty ones
 * at the end of a row are ignored, others an error that names the line; integers beyond int64 and
 * uint64 make float64, or text beside text; floats are rounded correctly; one type a column). */
#ifndef HOB_ACCESS_CSV_H
#define HOB_ACCESS_CSV_H

#include "base/sink.h"
#include "frame/frame.h"

struct hob_csv_options {
    const char *delimiter; /* NULL: sniff is off, ","; one character; "\\s+" any white space;
                              longer: a regular expression */
    bool sniff;            /* guess the delimiter from the first lines (`delimiter: null`) */
    char quote;            /* 0: '"' */
    bool no_header;        /* columns are numbered */
    size_t header;         /* which non-blank line has the names */
    const struct hob_value *dtypes; /* list of {field, type}, or NULL */
};

/* Reads a whole text. Errors as pandas names them: HOB_E_PARSE, HOB_E_EMPTY, HOB_E_UNICODE,
 * HOB_E_KEY for an unknown type, HOB_E_VALUE for a cell that doesn't fit the type asked for. */
int hob_csv_read(struct hob_frame **frame, struct hob_text text,
                 const struct hob_csv_options *options, struct hob_error *error);

/* A file to be read. */
struct hob_csv_file {
    int descriptor;   /* stays open */
    const char *path; /* for messages */
    size_t limit;     /* as in hob_file_read */
};
/* Reads a file without holding all of it in memory when it is large and in good order. Errors as
 * above, and those of hob_file_read. */
int hob_csv_read_file(struct hob_frame **frame, const struct hob_csv_file *file,
                      const struct hob_csv_options *options, struct hob_error *error);

/* Appends the frame as pandas' to_csv(index=False) writes it (golden RULES 39). */
int hob_csv_write(struct hob_buffer *out, const struct hob_frame *frame, char delimiter, char quote,
                  struct hob_error *error);
/* The same, a piece at a time (base/sink.h). */
int hob_csv_write_to(const struct hob_sink *sink, const struct hob_frame *frame, char delimiter,
                     char quote, struct hob_error *error);

/* The same when it is asked for: as hob_records_writer_... in frame/records.h. */
struct hob_csv_writer;
struct hob_csv_writer *hob_csv_writer_new(const struct hob_frame *frame, char delimiter,
                                          char quote);
struct hob_csv_writer *hob_csv_writer_free(struct hob_csv_writer *writer);
int hob_csv_writer_step(struct hob_csv_writer *writer, struct hob_buffer *out, size_t enough,
                        struct hob_error *error);

/* The options that a flow's delimiter, quotechar, header and dtypes keys stand for. */
int hob_csv_options_from_flow(struct hob_csv_options *options, const struct hob_value *flow,
                              struct hob_error *error);

#endif
