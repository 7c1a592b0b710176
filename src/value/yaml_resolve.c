/* yaml_resolve: see yaml_resolve.h.
 *
 * Nearly every scalar is a text that starts with a letter, so the first byte decides first: a table
 * says which of the types may start with it, and only those are tried. Numbers and timestamps are
 * recognised and evaluated by hand-written scanners; each takes the cursor through one part of the
 * grammar. Recognising (what a plain scalar is) and evaluating (what its text says) are separate,
 * because an explicit tag asks for the second without the first. */
#include "value/yaml_resolve.h"

#include "value/yaml.h"
#include "value/yaml_cursor.h"

enum { START_WORD = 1, START_NUMBER = 2, START_DATE = 4, START_MARK = 8 };

static const uint8_t starts[256] = {
    ['y'] = START_WORD,
    ['Y'] = START_WORD,
    ['n'] = START_WORD,
    ['N'] = START_WORD,
    ['t'] = START_WORD,
    ['T'] = START_WORD,
    ['f'] = START_WORD,
    ['F'] = START_WORD,
    ['o'] = START_WORD,
    ['O'] = START_WORD,
    ['~'] = START_MARK,
    ['<'] = START_MARK,
    ['='] = START_MARK,
    ['-'] = START_NUMBER,
    ['+'] = START_NUMBER,
    ['.'] = START_NUMBER,
    ['0'] = START_NUMBER | START_DATE,
    ['1'] = START_NUMBER | START_DATE,
    ['2'] = START_NUMBER | START_DATE,
    ['3'] = START_NUMBER | START_DATE,
    ['4'] = START_NUMBER | START_DATE,
    ['5'] = START_NUMBER | START_DATE,
    ['6'] = START_NUMBER | START_DATE,
    ['7'] = START_NUMBER | START_DATE,
    ['8'] = START_NUMBER | START_DATE,
    ['9'] = START_NUMBER | START_DATE,
};

static const struct {
    const char *word;
    uint8_t tag;
    bool boolean;
} words[] = {
    {"yes", HOB_YAML_BOOL, true},    {"Yes", HOB_YAML_BOOL, true},
    {"YES", HOB_YAML_BOOL, true},    {"no", HOB_YAML_BOOL, false},
    {"No", HOB_YAML_BOOL, false},    {"NO", HOB_YAML_BOOL, false},
    {"true", HOB_YAML_BOOL, true},   {"True", HOB_YAML_BOOL, true},
    {"TRUE", HOB_YAML_BOOL, true},   {"false", HOB_YAML_BOOL, false},
    {"False", HOB_YAML_BOOL, false}, {"FALSE", HOB_YAML_BOOL, false},
    {"on", HOB_YAML_BOOL, true},     {"On", HOB_YAML_BOOL, true},
    {"ON", HOB_YAML_BOOL, true},     {"off", HOB_YAML_BOOL, false},
    {"Off", HOB_YAML_BOOL, false},   {"OFF", HOB_YAML_BOOL, false},
    {"null", HOB_YAML_NULL, false},  {"Null", HOB_YAML_NULL, false},
    {"NULL", HOB_YAML_NULL, false},
};

enum hob_yaml_tag hob_yaml_tag_from_name(const char *name)
{
    static const char prefix[] = "tag:yaml.org,2002:";
    static const char *const names[] = {
        [HOB_YAML_STR] = "str",       [HOB_YAML_NULL] = "null",
        [HOB_YAML_BOOL] = "bool",     [HOB_YAML_INT] = "int",
        [HOB_YAML_FLOAT] = "float",   [HOB_YAML_TIMESTAMP] = "timestamp",
        [HOB_YAML_BINARY] = "binary", [HOB_YAML_SEQ] = "seq",
        [HOB_YAML_MAP] = "map",       [HOB_YAML_SET] = "set",
        [HOB_YAML_OMAP] = "omap",     [HOB_YAML_PAIRS] = "pairs",
        [HOB_YAML_MERGE] = "merge",   [HOB_YAML_VALUE] = "value",
    };
    if (strncmp(name, prefix, sizeof prefix - 1) != 0)
        return HOB_YAML_UNKNOWN;
    for (size_t i = HOB_YAML_STR; i < sizeof names / sizeof names[0]; i++)
        if (strcmp(name + sizeof prefix - 1, names[i]) == 0)
            return (enum hob_yaml_tag)i;
    return HOB_YAML_UNKNOWN;
}

/* Digits below `base` and underscores; how many bytes. */
static size_t accept_digits(struct hob_cursor *cursor, int base)
{
    const char *start = cursor->at;
    while (cursor->at < cursor->end && (*cursor->at == '_' || hob_digit_value(*cursor->at) < base))
        cursor->at++;
    return (size_t)(cursor->at - start);
}

/* Any number of :0 to :59. */
static bool accept_sixties(struct hob_cursor *cursor)
{
    while (hob_cursor_accept(cursor, ':')) {
        char first = hob_cursor_peek(cursor);
        if (!hob_is_digit(first))
            return false;
        cursor->at++;
        if (first <= '5' && hob_is_digit(hob_cursor_peek(cursor)))
            cursor->at++;
    }
    return true;
}

static bool accept_exponent(struct hob_cursor *cursor)
{
    if (hob_cursor_peek(cursor) != 'e' && hob_cursor_peek(cursor) != 'E')
        return true;
    cursor->at++;
    if (!hob_cursor_accept(cursor, '-') && !hob_cursor_accept(cursor, '+'))
        return false;
    const char *start = cursor->at;
    while (hob_is_digit(hob_cursor_peek(cursor)))
        cursor->at++;
    return cursor->at > start;
}

static bool is_int(struct hob_text text)
{
    struct hob_cursor cursor = {text.data, text.data + text.size};
    hob_cursor_accept_sign(&cursor);
    if (hob_cursor_accept(&cursor, '0')) {
        if (hob_cursor_accept(&cursor, 'b'))
            return accept_digits(&cursor, 2) > 0 && cursor.at == cursor.end;
        if (hob_cursor_accept(&cursor, 'x'))
            return accept_digits(&cursor, 16) > 0 && cursor.at == cursor.end;
        accept_digits(&cursor, 8);
        return cursor.at == cursor.end;
    }
    if (!hob_is_digit(hob_cursor_peek(&cursor)))
        return false;
    accept_digits(&cursor, 10);
    return accept_sixties(&cursor) && cursor.at == cursor.end;
}

static bool is_word_of(struct hob_text text, const char *lower, const char *title,
                       const char *upper)
{
    return hob_text_is(text, lower) || hob_text_is(text, title) || hob_text_is(text, upper);
}

static bool is_float(struct hob_text text)
{
    struct hob_cursor cursor = {text.data, text.data + text.size};
    hob_cursor_accept_sign(&cursor);
    struct hob_text rest = {cursor.at, (size_t)(cursor.end - cursor.at)};
    bool has_sign = rest.size < text.size;
    if (hob_cursor_accept(&cursor, '.')) {
        if (is_word_of(rest, ".inf", ".Inf", ".INF"))
            return true;
        if (has_sign)
            return false;
        if (is_word_of(rest, ".nan", ".NaN", ".NAN"))
            return true;
        return hob_is_digit(hob_cursor_peek(&cursor)) && accept_digits(&cursor, 10) > 0 &&
               accept_exponent(&cursor) && cursor.at == cursor.end;
    }
    if (!hob_is_digit(hob_cursor_peek(&cursor)))
        return false;
    accept_digits(&cursor, 10);
    bool in_sixties = hob_cursor_peek(&cursor) == ':';
    if (in_sixties && !accept_sixties(&cursor))
        return false;
    if (!hob_cursor_accept(&cursor, '.'))
        return false;
    accept_digits(&cursor, 10);
    return (in_sixties || accept_exponent(&cursor)) && cursor.at == cursor.end;
}

static enum hob_yaml_tag resolve_word(struct hob_text text)
{
    if (text.size < 2 || text.size > 5)
        return HOB_YAML_STR;
    for (size_t i = 0; i < sizeof words / sizeof words[0]; i++)
        if (words[i].word[0] == text.data[0] && hob_text_is(text, words[i].word))
            return (enum hob_yaml_tag)words[i].tag;
    return HOB_YAML_STR;
}

enum hob_yaml_tag hob_yaml_resolve_plain(struct hob_text text)
{
    if (text.size == 0)
        return HOB_YAML_NULL;
    uint8_t start = starts[(uint8_t)text.data[0]];
    if (start == 0)
        return HOB_YAML_STR;
    if (start == START_WORD)
        return resolve_word(text);
    if (start == START_MARK) {
        if (hob_text_is(text, "~"))
            return HOB_YAML_NULL;
        if (hob_text_is(text, "<<"))
            return HOB_YAML_MERGE;
        return hob_text_is(text, "=") ? HOB_YAML_VALUE : HOB_YAML_STR;
    }
    if (is_float(text))
        return HOB_YAML_FLOAT;
    if (is_int(text))
        return HOB_YAML_INT;
    if ((start & START_DATE) != 0 && hob_yaml_is_timestamp(text))
        return HOB_YAML_TIMESTAMP;
    return HOB_YAML_STR;
}

static const struct hob_value *evaluate_bool(struct hob_text text, const char **problem)
{
    for (size_t i = 0; i < sizeof words / sizeof words[0]; i++)
        if (words[i].tag == HOB_YAML_BOOL && hob_is_word_in_any_case(text, words[i].word))
            return hob_value_new_bool(words[i].boolean);
    *problem = "this is neither true nor false";
    return NULL;
}

static int base64_digit(char byte)
{
    if (byte >= 'A' && byte <= 'Z')
        return byte - 'A';
    if (byte >= 'a' && byte <= 'z')
        return byte - 'a' + 26;
    if (hob_is_digit(byte))
        return byte - '0' + 52;
    return byte == '+' ? 62 : byte == '/' ? 63 : -1;
}

/* Bytes that are no base64 are skipped, and whatever follows the padding, as Python does. */
static const struct hob_value *evaluate_binary(struct hob_arena *arena, struct hob_text text,
                                               const char **problem)
{
    char *bytes = hob_arena_try_alloc(arena, text.size / 4 * 3 + 4);
    if (bytes == NULL)
        return NULL;
    size_t size = 0;
    unsigned bits = 0, place = 0, pads = 0;
    *problem = "this is no base64 data";
    for (size_t i = 0; i < text.size; i++) {
        int digit = base64_digit(text.data[i]);
        if ((uint8_t)text.data[i] >= 0x80)
            return NULL;
        if (text.data[i] == '=' && place >= 2 && place + ++pads >= 4) {
            place = 0;
            break;
        }
        if (digit < 0)
            continue;
        pads = 0;
        bits = (bits << 6 | (unsigned)digit) & 0xffff;
        if (place > 0)
            bytes[size++] = (char)(bits >> (6 - 2 * place) & 0xff);
        place = (place + 1) % 4;
    }
    if (place != 0)
        return NULL;
    bytes[size] = '\0';
    struct hob_value *value = hob_value_new(arena, HOB_BYTES);
    value->text = (struct hob_text){bytes, size};
    return value;
}

const struct hob_value *hob_yaml_scalar_value(struct hob_arena *arena, enum hob_yaml_tag tag,
                                              struct hob_text text, const char **problem)
{
    *problem = NULL;
    switch (tag) {
    case HOB_YAML_STR:
        return hob_value_new_string_borrowed(arena, text);
    case HOB_YAML_NULL:
        return &hob_value_null;
    case HOB_YAML_BOOL:
        return evaluate_bool(text, problem);
    case HOB_YAML_INT:
        return hob_yaml_int_value(arena, text, problem);
    case HOB_YAML_FLOAT:
        return hob_yaml_float_value(arena, text, problem);
    case HOB_YAML_TIMESTAMP:
        return hob_yaml_timestamp_value(arena, text, problem);
    case HOB_YAML_BINARY:
        return evaluate_binary(arena, text, problem);
    default:
        *problem = "this tag is for no scalar";
        return NULL;
    }
}

const struct hob_value *hob_yaml_plain(struct hob_arena *arena, struct hob_text text)
{
    const struct hob_value *value = NULL;
    struct hob_text own = hob_arena_copy(arena, text);
    enum hob_yaml_tag tag = hob_yaml_resolve_plain(own);
    const char *problem;
    if (tag == HOB_YAML_NULL || tag == HOB_YAML_BOOL || tag == HOB_YAML_INT ||
        tag == HOB_YAML_FLOAT || tag == HOB_YAML_TIMESTAMP)
        value = hob_yaml_scalar_value(arena, tag, own, &problem);
    return value != NULL ? value : hob_value_new_string_borrowed(arena, own);
}
