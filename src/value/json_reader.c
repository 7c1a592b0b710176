/* json_reader: the pull reader of JSON, one token a call.
 *
 * The bytes are checked to be UTF-8 once, at the first call; after that the reader looks at bytes
 * only. Strings without escapes are views of the input, the others are put together in a scratch
 * buffer. The grammar is a small state machine: the state says what may come next, and one bit a
 * level says whether that level is a map. Errors leave the reader where it is, so that asking
 * again gives the same error again. */
#include "value/json.h"

#include <math.h>

#include "base/number.h"
#include "base/utf8.h"
#include "value/json_error.h"
#include "value/json_scan.h"

enum state {
    BEFORE_DOCUMENT, /* nothing is checked yet */
    BEFORE_VALUE,    /* behind the colon of a key */
    FIRST_ITEM,      /* behind [ */
    FIRST_KEY,       /* behind { */
    AFTER_MEMBER,    /* a comma or the end of the list or map */
    AFTER_DOCUMENT,
};

struct hob_json_reader {
    const char *at;
    const char *end;
    enum state state;
    bool in_map; /* the innermost open level is a map */
    unsigned depth, max_depth;
    struct hob_text text;
    struct hob_buffer scratch;
    uint64_t maps[]; /* bit `level`: that level is a map */
};

struct hob_json_reader *hob_json_reader_new(struct hob_text text, unsigned max_depth)
{
    size_t words = (size_t)max_depth / 64 + 1;
    struct hob_json_reader *reader =
        hob_alloc_zero(1, sizeof *reader + words * sizeof reader->maps[0]);
    reader->text = text;
    reader->at = text.data;
    reader->end = text.data + text.size;
    reader->max_depth = max_depth;
    return reader;
}

struct hob_json_reader *hob_json_reader_free(struct hob_json_reader *reader)
{
    if (reader != NULL)
        hob_buffer_deinit(&reader->scratch);
    free(reader);
    return NULL;
}

static __attribute__((cold)) int fail(const struct hob_json_reader *reader, const char *at,
                                      const char *what, struct hob_error *error)
{
    return json_error_at(error, reader->text, (size_t)(at - reader->text.data), what);
}

static inline bool is_space(char byte)
{
    return byte == ' ' || byte == '\n' || byte == '\r' || byte == '\t';
}

/* Indented documents have long runs of blanks, compact ones none at all. */
static inline const char *skip_space(const char *at, const char *end)
{
    while (at < end && is_space(*at)) {
        at++;
        while (end - at >= 8 && memcmp(at, "        ", 8) == 0)
            at += 8;
    }
    return at;
}

static inline bool is_digit(char byte)
{
    return byte >= '0' && byte <= '9';
}

/* After a value at the innermost open level, or the document itself. */
static inline int finish_value(struct hob_json_reader *reader, const char *at)
{
    reader->at = at;
    reader->state = reader->depth == 0 ? AFTER_DOCUMENT : AFTER_MEMBER;
    return 0;
}

/* Strings */

static int hexadecimal(char byte)
{
    if (is_digit(byte))
        return byte - '0';
    char lower = (char)(byte | 0x20);
    return lower >= 'a' && lower <= 'f' ? lower - 'a' + 10 : -1;
}

/* The four digits behind \u, or -1. */
static int32_t code_unit(const char *at)
{
    int32_t unit = 0;
    for (int i = 0; i < 4; i++) {
        int digit = hexadecimal(at[i]);
        if (digit < 0)
            return -1;
        unit = unit * 16 + digit;
    }
    return unit;
}

/* `at` is at the u of \uXXXX. A high surrogate joins with the escape of a low one behind it; any
 * other surrogate stays alone. A closing quote must still fit behind the digits. */
static int read_unicode_escape(struct hob_json_reader *reader, const char **position,
                               struct hob_error *error)
{
    const char *at = *position;
    int32_t unit = reader->end - at > 5 ? code_unit(at + 1) : -1;
    if (unit < 0)
        return fail(reader, at, "Invalid \\uXXXX escape", error);
    at += 5;
    if (unit >= 0xD800 && unit < 0xDC00 && reader->end - at > 6 && at[0] == '\\' && at[1] == 'u') {
        int32_t low = code_unit(at + 2);
        if (low < 0)
            return fail(reader, at + 1, "Invalid \\uXXXX escape", error);
        if (low >= 0xDC00 && low < 0xE000) {
            unit = 0x10000 + ((unit - 0xD800) << 10) + (low - 0xDC00);
            at += 6;
        }
    }
    char encoded[4];
    hob_buffer_put(&reader->scratch, encoded, hob_utf8_encode((uint32_t)unit, encoded));
    *position = at;
    return 0;
}

/* `at` is at a backslash in the string that starts at `open`. */
static int read_escape(struct hob_json_reader *reader, const char *open, const char **position,
                       struct hob_error *error)
{
    static const char meanings[] = "\"\"\\\\//b\bf\fn\nr\rt\t";
    const char *at = *position + 1;
    if (at == reader->end)
        return fail(reader, open, "Unterminated string starting at", error);
    if (*at == 'u') {
        *position = at;
        return read_unicode_escape(reader, position, error);
    }
    for (const char *pair = meanings; *pair != '\0'; pair += 2) {
        if (*pair != *at)
            continue;
        hob_buffer_put_char(&reader->scratch, pair[1]);
        *position = at + 1;
        return 0;
    }
    return fail(reader, *position, "Invalid \\escape", error);
}

/* A string with escapes, or a broken one; `at` is where its first plain run ends. */
static int read_escaped_string(struct hob_json_reader *reader, const char *open, const char *at,
                               struct hob_text *text, struct hob_error *error)
{
    hob_buffer_clear(&reader->scratch);
    const char *run = open + 1;
    while (at < reader->end && *at != '"') {
        if (*at != '\\')
            return fail(reader, at, "Invalid control character at", error);
        hob_buffer_put(&reader->scratch, run, (size_t)(at - run));
        int result = read_escape(reader, open, &at, error);
        if (result != 0)
            return result;
        run = at;
        at = json_run_end(at, reader->end, JSON_STOP_PLAIN);
    }
    if (at == reader->end)
        return fail(reader, open, "Unterminated string starting at", error);
    hob_buffer_put(&reader->scratch, run, (size_t)(at - run));
    if (hob_buffer_failed(&reader->scratch))
        return hob_error_set(error, HOB_E_MEMORY, "no memory for a text of %zu bytes in JSON",
                             (size_t)(at - open));
    *text = hob_buffer_text(&reader->scratch);
    reader->at = at + 1;
    return 0;
}

/* `open` is at the quote; moves on behind the string. */
static inline int read_string(struct hob_json_reader *reader, const char *open,
                              struct hob_text *text, struct hob_error *error)
{
    const char *at = json_run_end(open + 1, reader->end, JSON_STOP_PLAIN);
    if (at == reader->end || *at != '"')
        return read_escaped_string(reader, open, at, text, error);
    *text = (struct hob_text){open + 1, (size_t)(at - open - 1)};
    reader->at = at + 1;
    return 0;
}

/* Numbers */

/* The end of fraction and exponent, or `at` when what follows is neither: a point or an e without
 * digits does not belong to the number. */
static const char *skip_fraction(const char *at, const char *end)
{
    if (end - at >= 2 && *at == '.' && is_digit(at[1]))
        for (at += 2; at < end && is_digit(*at);)
            at++;
    if (at == end || (*at | 0x20) != 'e')
        return at;
    const char *digits = at + 1;
    if (digits < end && (*digits == '+' || *digits == '-'))
        digits++;
    if (digits == end || !is_digit(*digits))
        return at;
    while (digits < end && is_digit(*digits))
        digits++;
    return digits;
}

static int read_long_integer(struct hob_json_reader *reader, struct hob_text digits,
                             struct hob_json_token *token)
{
    token->event = HOB_JSON_INT;
    if (hob_number_parse_int(digits, &token->integer) != 0) {
        token->event = HOB_JSON_BIG_INT;
        token->text = digits;
    }
    return finish_value(reader, digits.data + digits.size);
}

static inline int read_number(struct hob_json_reader *reader, const char *start,
                              struct hob_json_token *token, struct hob_error *error)
{
    const char *at = start, *end = reader->end;
    bool negative = *at == '-';
    at += negative;
    if (at == end || !is_digit(*at))
        return fail(reader, start, "Expecting value", error);
    uint64_t magnitude = 0;
    if (*at == '0')
        at++;
    else
        for (; at < end && is_digit(*at); at++)
            magnitude = magnitude * 10 + (unsigned char)(*at - '0');
    const char *fraction_end = skip_fraction(at, end);
    if (fraction_end != at) {
        token->event = HOB_JSON_DOUBLE;
        hob_number_parse_double((struct hob_text){start, (size_t)(fraction_end - start)},
                                &token->number);
        return finish_value(reader, fraction_end);
    }
    if (at - start > 18)
        return read_long_integer(reader, (struct hob_text){start, (size_t)(at - start)}, token);
    token->event = HOB_JSON_INT;
    token->integer = negative ? -(int64_t)magnitude : (int64_t)magnitude;
    return finish_value(reader, at);
}

/* Structure */

static int read_literal(struct hob_json_reader *reader, const char *at, const char *word,
                        enum hob_json_event event, struct hob_json_token *token,
                        struct hob_error *error)
{
    struct hob_text rest = {at, (size_t)(reader->end - at)};
    if (!hob_text_starts_with(rest, word))
        return fail(reader, at, "Expecting value", error);
    token->event = event;
    return finish_value(reader, at + strlen(word));
}

/* What only Python has words for. */
static int read_special(struct hob_json_reader *reader, const char *at, const char *word,
                        double number, struct hob_json_token *token, struct hob_error *error)
{
    token->number = number;
    return read_literal(reader, at, word, HOB_JSON_DOUBLE, token, error);
}

static int open_level(struct hob_json_reader *reader, const char *at, bool map,
                      struct hob_json_token *token, struct hob_error *error)
{
    if (reader->depth == reader->max_depth)
        return hob_error_set(error, HOB_E_LIMIT, "JSON is nested deeper than %u levels",
                             reader->max_depth);
    uint64_t bit = (uint64_t)1 << reader->depth % 64;
    uint64_t *word = &reader->maps[reader->depth / 64];
    *word = map ? *word | bit : *word & ~bit;
    reader->depth++;
    reader->in_map = map;
    reader->at = at + 1;
    reader->state = map ? FIRST_KEY : FIRST_ITEM;
    token->event = map ? HOB_JSON_MAP_START : HOB_JSON_LIST_START;
    return 0;
}

static int close_level(struct hob_json_reader *reader, const char *at, struct hob_json_token *token)
{
    token->event = reader->in_map ? HOB_JSON_MAP_END : HOB_JSON_LIST_END;
    reader->depth--;
    if (reader->depth > 0) {
        unsigned level = reader->depth - 1;
        reader->in_map = (reader->maps[level / 64] >> level % 64 & 1) != 0;
    }
    return finish_value(reader, at + 1);
}

static int read_value(struct hob_json_reader *reader, const char *at, struct hob_json_token *token,
                      struct hob_error *error)
{
    if (at == reader->end)
        return fail(reader, at, "Expecting value", error);
    switch (*at) {
    case '"': {
        int result = read_string(reader, at, &token->text, error);
        token->event = HOB_JSON_STRING;
        return result != 0 ? result : finish_value(reader, reader->at);
    }
    case '{':
    case '[':
        return open_level(reader, at, *at == '{', token, error);
    case 't':
        return read_literal(reader, at, "true", HOB_JSON_TRUE, token, error);
    case 'f':
        return read_literal(reader, at, "false", HOB_JSON_FALSE, token, error);
    case 'n':
        return read_literal(reader, at, "null", HOB_JSON_NULL, token, error);
    case 'N':
        return read_special(reader, at, "NaN", NAN, token, error);
    case 'I':
        return read_special(reader, at, "Infinity", INFINITY, token, error);
    case '-':
        if (reader->end - at > 1 && at[1] == 'I')
            return read_special(reader, at, "-Infinity", -INFINITY, token, error);
        return read_number(reader, at, token, error);
    default:
        return read_number(reader, at, token, error);
    }
}

/* A key with the colon behind it. */
static int read_key(struct hob_json_reader *reader, const char *at, struct hob_json_token *token,
                    struct hob_error *error)
{
    if (at == reader->end || *at != '"')
        return fail(reader, at, "Expecting property name enclosed in double quotes", error);
    const char *before = reader->at;
    int result = read_string(reader, at, &token->text, error);
    if (result != 0)
        return result;
    const char *colon = skip_space(reader->at, reader->end);
    if (colon == reader->end || *colon != ':') {
        reader->at = before;
        return fail(reader, colon, "Expecting ':' delimiter", error);
    }
    token->event = HOB_JSON_KEY;
    reader->at = colon + 1;
    reader->state = BEFORE_VALUE;
    return 0;
}

static int check_encoding(const struct hob_json_reader *reader, struct hob_error *error)
{
    size_t valid = hob_utf8_valid_prefix(reader->text);
    if (valid != reader->text.size)
        return json_error_unicode(error, reader->text, valid);
    if (hob_text_starts_with(reader->text, "\xEF\xBB\xBF"))
        return fail(reader, reader->at, "Unexpected UTF-8 BOM (decode using utf-8-sig)", error);
    return 0;
}

int hob_json_next(struct hob_json_reader *reader, struct hob_json_token *token,
                  struct hob_error *error)
{
    const char *end = reader->end, *at = skip_space(reader->at, end);
    switch (reader->state) {
    case BEFORE_DOCUMENT: {
        int result = check_encoding(reader, error);
        return result != 0 ? result : read_value(reader, at, token, error);
    }
    case FIRST_ITEM:
        if (at < end && *at == ']')
            return close_level(reader, at, token);
        return read_value(reader, at, token, error);
    case BEFORE_VALUE:
        return read_value(reader, at, token, error);
    case FIRST_KEY:
        if (at < end && *at == '}')
            return close_level(reader, at, token);
        return read_key(reader, at, token, error);
    case AFTER_MEMBER:
        if (at < end && *at == ',') {
            at = skip_space(at + 1, end);
            return reader->in_map ? read_key(reader, at, token, error)
                                  : read_value(reader, at, token, error);
        }
        if (at == end || *at != (reader->in_map ? '}' : ']'))
            return fail(reader, at, "Expecting ',' delimiter", error);
        return close_level(reader, at, token);
    case AFTER_DOCUMENT:
    default:
        token->event = HOB_JSON_END;
        return at == end ? 0 : fail(reader, at, "Extra data", error);
    }
}

size_t hob_json_offset(const struct hob_json_reader *reader)
{
    return (size_t)(reader->at - reader->text.data);
}
