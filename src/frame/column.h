/* column: one typed column of a frame, and how to build it.
 *
 * Values lie one after another in an array of their type; strings in one buffer with offsets.
 * What is missing has a bit in a bitmap, except in float64 columns, where it is NaN. A column is
 * built by one owner (append), then read by many. */
#ifndef HOB_FRAME_COLUMN_H
#define HOB_FRAME_COLUMN_H

#include "base/buffer.h"
#include "value/value.h"

enum hob_column_type {
    HOB_COLUMN_INT64,
    HOB_COLUMN_UINT64,
    HOB_COLUMN_FLOAT64,
    HOB_COLUMN_BOOL,
    HOB_COLUMN_STRING,
    HOB_COLUMN_DATETIME, /* microseconds of wall time; one zone (or none) for the column */
    HOB_COLUMN_VALUE,    /* anything: nested, mixed, or nothing but nulls */
};

struct hob_column {
    enum hob_column_type type;
    bool nullable;          /* asked for by `dtypes`: reported as Int32, Float64, boolean */
    bool has_zone;          /* DATETIME */
    int32_t offset_seconds; /* DATETIME: of the zone */
    size_t count, capacity;
    union {
        int64_t *integers; /* INT64, DATETIME */
        uint64_t *unsigneds;
        double *numbers;
        bool *booleans;
        size_t *ends; /* STRING: where each text ends in `bytes`; it starts where the last ended */
        const struct hob_value **values; /* never NULL; belong to the frame's arena */
    };
    char *bytes; /* STRING */
    size_t bytes_capacity;
    uint8_t *missing; /* bit i of byte i / 8; NULL while nothing is missing */
    size_t missing_capacity;
};

/* Without rows. Every column is freed by its owner, a frame's by the frame. */
void hob_column_init(struct hob_column *column, enum hob_column_type type);
void hob_column_deinit(struct hob_column *column);

/* Appending; false when there is no memory. The type must fit. */
bool hob_column_append_int(struct hob_column *column, int64_t integer);
bool hob_column_append_unsigned(struct hob_column *column, uint64_t number);
bool hob_column_append_double(struct hob_column *column, double number);
bool hob_column_append_bool(struct hob_column *column, bool boolean);
bool hob_column_append_string(struct hob_column *column, struct hob_text text);
bool hob_column_append_value(struct hob_column *column, const struct hob_value *value);
/* A hole. In VALUE columns a null; in FLOAT64 columns NaN. */
bool hob_column_append_missing(struct hob_column *column);
/* Room for `count` more rows and (STRING) `bytes` more bytes. */
bool hob_column_reserve(struct hob_column *column, size_t count, size_t bytes);

/* Reading. */
bool hob_column_is_missing(const struct hob_column *column, size_t row);
bool hob_column_has_missing(const struct hob_column *column);
static inline struct hob_text hob_column_string(const struct hob_column *column, size_t row)
{
    size_t start = row == 0 ? 0 : column->ends[row - 1];
    return (struct hob_text){column->bytes + start, column->ends[row] - start};
}
/* The cell as a value in the arena; a constant null for what is missing. */
const struct hob_value *hob_column_value(const struct hob_column *column, size_t row,
                                         struct hob_arena *arena);
/* Appends row `row` of another column of the same type (or of any type to a VALUE column, with
 * values made in `arena`). */
bool hob_column_append_from(struct hob_column *column, const struct hob_column *other, size_t row,
                            struct hob_arena *arena);

/* Appends the name that pandas has for the type: int64, uint64, float64, bool, object,
 * datetime64[ns], datetime64[ns, UTC], datetime64[ns, UTC+02:00], Int32, Float64, boolean. A BOOL
 * column with holes is "object", as in pandas. */
void hob_column_put_dtype(struct hob_buffer *out, const struct hob_column *column);

/* Makes `column` from a list of values, typed as pandas types a list of Python objects: int64,
 * uint64, float64 (also integers with holes), bool, string, datetime, else values. `absent` says
 * what a hole is: of each row true where the key was not there at all (as opposed to null), or
 * NULL when none was: all holes with any absent make float64, only nulls an object column
 * (golden RULES 9). Values must live in the frame's arena. On failure (no memory) it is empty. */
bool hob_column_from_values(struct hob_column *column, const struct hob_value *const *values,
                            const bool *absent, size_t count);

/* Bytes of the longest cell of a STRING column. */
size_t hob_column_longest_string(const struct hob_column *column);

#endif
