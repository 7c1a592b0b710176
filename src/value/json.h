/* json: hob's own reader and writer of JSON (RFC 8259), for trees and for tables.
 *
 * Reading accepts what Python's json module accepts: NaN, Infinity and -Infinity too, which are
 * doubles; integers of any size stay exact; of repeated keys the last value wins, at the place of
 * the first; lone surrogate escapes are kept; a byte order mark is an error. Writing is always
 * valid JSON: what is not finite becomes null, lone surrogates become U+FFFD (or their \u escape in
 * ASCII mode). */
#ifndef HOB_VALUE_JSON_H
#define HOB_VALUE_JSON_H

#include "base/buffer.h"
#include "base/error.h"
#include "value/value.h"

enum hob_json_event {
    HOB_JSON_END, /* of the document: nothing but white space follows */
    HOB_JSON_NULL,
    HOB_JSON_TRUE,
    HOB_JSON_FALSE,
    HOB_JSON_INT,
    HOB_JSON_BIG_INT, /* beyond int64: `text` has the digits as written */
    HOB_JSON_DOUBLE,
    HOB_JSON_STRING,
    HOB_JSON_KEY,
    HOB_JSON_LIST_START,
    HOB_JSON_LIST_END,
    HOB_JSON_MAP_START,
    HOB_JSON_MAP_END,
};

struct hob_json_token {
    enum hob_json_event event;
    int64_t integer;
    double number;
    struct hob_text text; /* KEY, STRING, BIG_INT: valid until the next call */
};

/* A pull reader: one token a call, nothing built. `text` must stay as it is meanwhile. */
struct hob_json_reader;

/* `max_depth`: of nested lists and mappings. Never NULL; the caller frees it. */
struct hob_json_reader *hob_json_reader_new(struct hob_text text, unsigned max_depth);
/* Takes NULL, returns NULL. */
struct hob_json_reader *hob_json_reader_free(struct hob_json_reader *reader);
static inline void hob_auto_json_reader(struct hob_json_reader **reader)
{
    hob_json_reader_free(*reader);
}
/* 0, or HOB_E_JSON with Python's text and place ("Expecting value: line 1 column 2 (char 1)",
 * characters counted, not bytes), HOB_E_UNICODE for bytes that are not UTF-8, HOB_E_LIMIT for
 * nesting beyond max_depth. */
int hob_json_next(struct hob_json_reader *reader, struct hob_json_token *token,
                  struct hob_error *error);

/* Bytes of the document in front of the next token, white space and commas before it included. */
size_t hob_json_offset(const struct hob_json_reader *reader);

/* Passes over the value at *at, and white space before it; the text must be UTF-8. False, and *at
 * as it was, for everything that needs a second look by a reader: what is no JSON, NaN and
 * Infinity, more than 64 levels. For texts that pass through: several times faster than reading. */
bool hob_json_skip(struct hob_text text, size_t *at);

/* Builds the value that starts with `first`, a token that the reader just gave: of a list or map
 * everything up to its end is read. For whoever takes a document apart and keeps pieces of it. */
int hob_json_read_nested(struct hob_arena *arena, struct hob_json_reader *reader,
                         const struct hob_json_token *first, const struct hob_value **value,
                         struct hob_error *error);

/* Reads one document into a value in the arena (strings have a NUL behind them). */
int hob_json_read(struct hob_arena *arena, struct hob_text text, const struct hob_value **value,
                  struct hob_error *error);

enum hob_json_style {
    HOB_JSON_COMPACT = 0,     /* no white space, UTF-8 */
    HOB_JSON_ASCII = 1 << 0,  /* everything beyond ASCII as \uXXXX, as Python's json.dumps */
    HOB_JSON_SPACED = 1 << 1, /* ", " and ": ", as Python's json.dumps */
    HOB_JSON_INDENT = 1 << 2, /* one member a line, two blanks a level */
};

/* Appends the value. Dates become ISO text, sets and tuples lists, bytes base64, keys that are no
 * text what json.dumps makes of them (true, null, 1.5, 2024-01-05). HOB_E_LIMIT when it is nested
 * too deeply (a cycle) or more than max_size bytes come out (aliases can multiply). */
int hob_json_write(struct hob_buffer *out, const struct hob_value *value, unsigned style,
                   size_t max_size, struct hob_error *error);

/* The pieces, for whoever writes tables straight from columns. */
void hob_json_put_string(struct hob_buffer *out, struct hob_text text, unsigned style);
void hob_json_put_double(struct hob_buffer *out, double number);
/* A scalar key as a quoted JSON string. */
void hob_json_put_key(struct hob_buffer *out, const struct hob_value *key, unsigned style);

#endif
