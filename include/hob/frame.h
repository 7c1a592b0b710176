/* frame: a table: named typed columns of equal length.
 *
 * A frame never changes once it is there: any number of threads may read it at the same time. It
 * belongs to whoever got it, and does not need its context any more. Relative paths start from the
 * working directory of the process. */
#ifndef HOB_FRAME_H
#define HOB_FRAME_H

#include <hob/context.h>

LIBHOB_BEGIN

struct libhob_frame;

/* ---- reading ---- */

struct libhob_read_options {
    const char *type;      /* "csv", "excel", "yaml"... (`hob help formats`); NULL: by the name */
    const char *delimiter; /* csv: between cells; "\\s+" any white space; NULL: a comma */
    uint64_t reserved[6];
};

/* Reads a data file. `options` may be NULL. LIBHOB_E_VALUE when neither type nor name say what it
 * holds, LIBHOB_E_NOT_FOUND, LIBHOB_E_OUTSIDE, LIBHOB_E_LIMIT, and what the format says. */
LIBHOB_API int libhob_frame_read(struct libhob_frame **frame, struct libhob_context *context,
                                 const char *path, const struct libhob_read_options *options,
                                 struct libhob_error *error);
/* Reads the input of an interface file, inheritance and compute sections included. */
LIBHOB_API int libhob_frame_read_interface(struct libhob_frame **frame,
                                           struct libhob_context *context, const char *path,
                                           struct libhob_error *error);
/* Reads a flow: a JSON object with what stands under `input` in an interface file. */
LIBHOB_API int libhob_frame_read_flow(struct libhob_frame **frame, struct libhob_context *context,
                                      const char *flow, struct libhob_error *error);
/* Makes a frame of a JSON array of objects, one a row. `size` bytes; no NUL is needed. */
LIBHOB_API int libhob_frame_from_json(struct libhob_frame **frame, const char *json, size_t size,
                                      struct libhob_error *error);
LIBHOB_API struct libhob_frame *libhob_frame_free(struct libhob_frame *frame);

/* ---- looking ---- */

LIBHOB_API size_t libhob_frame_rows(const struct libhob_frame *frame);
LIBHOB_API size_t libhob_frame_columns(const struct libhob_frame *frame);
/* Of the column at a position (from 0), as long as the frame; NULL for a position that is none. */
LIBHOB_API const char *libhob_frame_name(const struct libhob_frame *frame, size_t column);
/* As pandas calls its type: "int64", "float64", "bool", "object", "datetime64[ns]"... */
LIBHOB_API const char *libhob_frame_dtype(const struct libhob_frame *frame, size_t column);
/* The position of the first column of that name, or SIZE_MAX. */
LIBHOB_API size_t libhob_frame_find(const struct libhob_frame *frame, const char *name);

enum libhob_type {
    LIBHOB_INT64,
    LIBHOB_UINT64,
    LIBHOB_DOUBLE,
    LIBHOB_BOOL,
    LIBHOB_STRING,
    LIBHOB_DATETIME, /* microseconds of wall time since 1970-01-01T00:00:00 */
    LIBHOB_VALUE,    /* mixed or nested cells, or nothing but nulls: see libhob_frame_cell */
};

/* A column as it lies in memory, nothing copied: the pointers live as long as the frame. Only the
 * array of its type is set, and has `rows` items. */
struct libhob_column {
    enum libhob_type type;
    size_t rows;
    const int64_t *integers;   /* INT64, DATETIME */
    const uint64_t *unsigneds; /* UINT64 */
    const double *doubles;     /* DOUBLE: NaN where something is missing */
    const bool *booleans;      /* BOOL */
    /* STRING: `ends[row]` is where the row's text ends in `bytes`; it starts where the last one
     * ended, the first at 0. UTF-8, without NULs between. */
    const size_t *ends;
    const char *bytes;
    /* Bit `row % 8` of byte `row / 8` is set where a cell is missing. NULL: none is, or the type
     * has its own way (DOUBLE, VALUE): libhob_frame_is_missing knows them all. */
    const uint8_t *missing;
    bool has_zone;          /* DATETIME */
    int32_t offset_seconds; /* DATETIME with a zone: east of UTC */
};

/* LIBHOB_E_NO_KEY for a position that is none. */
LIBHOB_API int libhob_frame_column(const struct libhob_frame *frame, size_t column,
                                   struct libhob_column *out, struct libhob_error *error);
/* True for a cell that is missing, and for one that is not there at all. */
LIBHOB_API bool libhob_frame_is_missing(const struct libhob_frame *frame, size_t row,
                                        size_t column);
/* A cell as JSON: 1, "text", null, [..]. LIBHOB_E_NO_KEY for one that is not there. */
LIBHOB_API int libhob_frame_cell(const struct libhob_frame *frame, size_t row, size_t column,
                                 struct libhob_bytes *json, struct libhob_error *error);

/* ---- writing ---- */

enum libhob_format {
    LIBHOB_JSON,   /* an array of objects */
    LIBHOB_NDJSON, /* an object a line */
    LIBHOB_CSV,
    LIBHOB_ARROW, /* a stream in the Arrow IPC format */
    LIBHOB_YAML,
};

/* All of it in memory. */
LIBHOB_API int libhob_frame_print(const struct libhob_frame *frame, enum libhob_format format,
                                  struct libhob_bytes *out, struct libhob_error *error);
/* To a descriptor, which stays open, about a megabyte at a time (YAML: all of it); what fails
 * half-way leaves a beginning there. Waits where writing would block. LIBHOB_E_IO. */
LIBHOB_API int libhob_frame_print_to(const struct libhob_frame *frame, enum libhob_format format,
                                     int descriptor, struct libhob_error *error);
/* To a file, which is replaced at once or not at all. `type` as in struct libhob_read_options, or
 * NULL: by the name. */
LIBHOB_API int libhob_frame_write(const struct libhob_frame *frame, struct libhob_context *context,
                                  const char *path, const char *type, struct libhob_error *error);

LIBHOB_END

#endif
