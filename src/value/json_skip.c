/* json_skip: passing over JSON without reading it: see hob_json_skip.
 *
 * The grammar is that of json_reader.c without what is not JSON (NaN, Infinity), so that nothing is
 * accepted here that is refused there. A bit a level says whether that level is a map. */
#include "value/json.h"
#include "value/json_scan.h"

enum { MOST_LEVELS = 64 };

static inline const char *skip_space(const char *at, const char *end)
{
    while (at < end && (*at == ' ' || *at == '\n' || *at == '\r' || *at == '\t'))
        at++;
    return at;
}

static inline const char *skip_digits(const char *at, const char *end)
{
    while (at < end && *at >= '0' && *at <= '9')
        at++;
    return at;
}

static bool is_hexadecimal(char byte)
{
    char lower = (char)(byte | 0x20);
    return (byte >= '0' && byte <= '9') || (lower >= 'a' && lower <= 'f');
}

/* `at` is behind a backslash. NULL for what is no escape. */
static const char *skip_escape(const char *at, const char *end)
{
    if (at == end || strchr("\"\\/bfnrtu", *at) == NULL || *at == '\0')
        return NULL;
    if (*at++ != 'u')
        return at;
    for (int i = 0; i < 4; i++, at++)
        if (at == end || !is_hexadecimal(*at))
            return NULL;
    return at;
}

/* `at` is behind the quote; the result is behind the other one. NULL when there is none. */
static inline const char *skip_string(const char *at, const char *end)
{
    for (;;) {
        at = json_run_end(at, end, JSON_STOP_PLAIN);
        if (at == end)
            return NULL;
        if (*at == '"')
            return at + 1;
        if (*at != '\\' || (at = skip_escape(at + 1, end)) == NULL)
            return NULL;
    }
}

/* At least one digit, or NULL. */
static const char *need_digits(const char *at, const char *end)
{
    const char *behind = skip_digits(at, end);
    return behind > at ? behind : NULL;
}

static inline const char *skip_number(const char *at, const char *end)
{
    at += *at == '-';
    if (at < end && *at == '0')
        at++;
    else if ((at = need_digits(at, end)) == NULL)
        return NULL;
    if (at < end && *at == '.' && (at = need_digits(at + 1, end)) == NULL)
        return NULL;
    if (at == end || (*at | 0x20) != 'e')
        return at;
    at++;
    if (at < end && (*at == '+' || *at == '-'))
        at++;
    return need_digits(at, end);
}

static const char *skip_word(const char *at, const char *end, const char *word)
{
    size_t size = strlen(word);
    return (size_t)(end - at) >= size && memcmp(at, word, size) == 0 ? at + size : NULL;
}

static inline const char *skip_scalar(const char *at, const char *end)
{
    switch (*at) {
    case '"':
        return skip_string(at + 1, end);
    case 't':
        return skip_word(at, end, "true");
    case 'f':
        return skip_word(at, end, "false");
    case 'n':
        return skip_word(at, end, "null");
    default:
        return skip_number(at, end);
    }
}

/* A key and its colon. */
static inline const char *skip_key(const char *at, const char *end)
{
    if (at == end || *at != '"' || (at = skip_string(at + 1, end)) == NULL)
        return NULL;
    at = skip_space(at, end);
    return at < end && *at == ':' ? skip_space(at + 1, end) : NULL;
}

static const char *skip_value(const char *at, const char *end)
{
    uint64_t maps = 0; /* bit 0: the innermost level is one */
    unsigned depth = 0;
    for (;;) {
        if (at == end)
            return NULL;
        bool map = *at == '{';
        if (map || *at == '[') {
            if (depth == MOST_LEVELS)
                return NULL;
            const char *inside = skip_space(at + 1, end);
            bool empty = inside < end && *inside == (map ? '}' : ']');
            if (!empty) {
                maps = maps << 1 | map;
                depth++;
                at = map ? skip_key(inside, end) : inside;
                if (at == NULL)
                    return NULL;
                continue;
            }
            at = inside + 1;
        } else if ((at = skip_scalar(at, end)) == NULL) {
            return NULL;
        }
        /* Behind a value: ends of levels, then a comma, unless that was all. */
        for (; depth > 0; depth--, maps >>= 1, at++) {
            at = skip_space(at, end);
            if (at == end || *at != (maps & 1 ? '}' : ']'))
                break;
        }
        if (depth == 0)
            return at;
        if (at == end || *at != ',')
            return NULL;
        at = skip_space(at + 1, end);
        if ((maps & 1) && (at = skip_key(at, end)) == NULL)
            return NULL;
    }
}

bool hob_json_skip(struct hob_text text, size_t *at)
{
    const char *end = text.data + text.size;
    const char *behind = skip_value(skip_space(text.data + *at, end), end);
    if (behind != NULL)
        *at = (size_t)(behind - text.data);
    return behind != NULL;
}
