/* json_writer: values as JSON.
 *
 * Strings are copied in runs that need no escape. The writer walks the value recursively, no
 * deeper than HOB_VALUE_MAX_DEPTH, and looks at the size after every member, because a small
 * document with aliases can stand for an enormous one. What was written is taken back on error. */
#include <math.h>

#include "base/number.h"
#include "base/utf8.h"
#include "value/date.h"
#include "value/json.h"
#include "value/json_scan.h"

static bool is_surrogate(uint32_t unit)
{
    return unit >= 0xD800 && unit < 0xE000;
}

static void put_unit(struct hob_buffer *out, uint32_t unit)
{
    static const char digits[] = "0123456789abcdef";
    char escape[6] = {'\\',
                      'u',
                      digits[unit >> 12 & 15],
                      digits[unit >> 8 & 15],
                      digits[unit >> 4 & 15],
                      digits[unit & 15]};
    hob_buffer_put(out, escape, sizeof escape);
}

/* The character at `at`, of `length` bytes; 0 bytes for one that is cut off by the end. Two
 * surrogates that belong together are one character. */
static unsigned character_at(const char *at, const char *end, uint32_t *character)
{
    unsigned char first = (unsigned char)*at;
    unsigned length = first < 0x80 ? 1 : first < 0xE0 ? 2 : first < 0xF0 ? 3 : 4;
    if (end - at < (ptrdiff_t)length)
        return 0;
    hob_utf8_decode(at, character);
    if (*character < 0xD800 || *character >= 0xDC00 || end - at < 6 || at[3] != (char)0xED)
        return length;
    uint32_t low;
    hob_utf8_decode(at + 3, &low);
    if (low < 0xDC00 || low >= 0xE000)
        return length;
    *character = 0x10000 + ((*character - 0xD800) << 10) + (low - 0xDC00);
    return 6;
}

/* A character beyond ASCII that can't stay as it is; returns its bytes. */
static size_t put_character(struct hob_buffer *out, const char *at, const char *end, bool ascii)
{
    uint32_t character = 0xFFFD;
    unsigned length = character_at(at, end, &character);
    if (ascii && character >= 0x10000) {
        put_unit(out, 0xD800 + ((character - 0x10000) >> 10));
        put_unit(out, 0xDC00 + ((character - 0x10000) & 0x3FF));
    } else if (ascii) {
        put_unit(out, character);
    } else {
        char encoded[4];
        character = is_surrogate(character) ? 0xFFFD : character;
        hob_buffer_put(out, encoded, hob_utf8_encode(character, encoded));
    }
    return length > 0 ? length : (size_t)(end - at);
}

static void put_ascii_escape(struct hob_buffer *out, char byte)
{
    static const char names[] = "\"\"\\\\\bb\ff\nn\rr\tt";
    for (const char *pair = names; *pair != '\0'; pair += 2) {
        if (*pair == byte) {
            hob_buffer_put(out, (char[2]){'\\', pair[1]}, 2);
            return;
        }
    }
    put_unit(out, (unsigned char)byte);
}

/* What runs can't hold; returns the number of bytes it stands for. */
static size_t put_special(struct hob_buffer *out, const char *at, const char *end, bool ascii)
{
    if ((unsigned char)*at >= 0x80)
        return put_character(out, at, end, ascii);
    put_ascii_escape(out, *at);
    return 1;
}

void hob_json_put_string(struct hob_buffer *out, struct hob_text text, unsigned style)
{
    const char *at = text.data, *end = text.data + text.size;
    bool ascii = (style & HOB_JSON_ASCII) != 0;
    /* One reservation for the usual string without escapes. */
    if (!hob_buffer_reserve(out, text.size + 2))
        return;
    out->data[out->size++] = '"';
    while (at < end) {
        const char *stop = ascii ? json_run_end(at, end, JSON_STOP_BEYOND)
                                 : json_run_end(at, end, JSON_STOP_SURROGATE);
        hob_buffer_put(out, at, (size_t)(stop - at));
        at = stop;
        if (at < end)
            at += put_special(out, at, end, ascii);
    }
    hob_buffer_put_char(out, '"');
}

void hob_json_put_double(struct hob_buffer *out, double number)
{
    if (!isfinite(number)) {
        hob_buffer_put(out, "null", 4);
        return;
    }
    if (hob_buffer_reserve(out, HOB_NUMBER_SIZE))
        out->size += hob_number_print_double(out->data + out->size, number);
}

static void put_integer(struct hob_buffer *out, int64_t integer)
{
    if (hob_buffer_reserve(out, HOB_NUMBER_SIZE))
        out->size += hob_number_print_int(out->data + out->size, integer);
}

static void put_base64(struct hob_buffer *out, struct hob_text bytes)
{
    static const char alphabet[] =
        "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    for (size_t i = 0; i < bytes.size; i += 3) {
        size_t left = bytes.size - i;
        uint32_t three = (uint32_t)(unsigned char)bytes.data[i] << 16;
        if (left > 1)
            three |= (uint32_t)(unsigned char)bytes.data[i + 1] << 8;
        if (left > 2)
            three |= (unsigned char)bytes.data[i + 2];
        char four[4] = {alphabet[three >> 18], alphabet[three >> 12 & 63],
                        left > 1 ? alphabet[three >> 6 & 63] : '=',
                        left > 2 ? alphabet[three & 63] : '='};
        hob_buffer_put(out, four, 4);
    }
}

struct writer {
    struct hob_buffer *out;
    unsigned style;
    size_t start, max_size;
    struct hob_error *error;
};

static int write_value(struct writer *writer, const struct hob_value *value, unsigned depth);

/* What stands before a member: a comma (not before the first), and a line break and blanks, or a
 * blank. */
static void put_separator(struct writer *writer, bool first, unsigned depth)
{
    if (!first)
        hob_buffer_put_char(writer->out, ',');
    if ((writer->style & HOB_JSON_INDENT) != 0) {
        hob_buffer_put_char(writer->out, '\n');
        hob_buffer_put_repeated(writer->out, ' ', 2 * (size_t)depth);
    } else if (!first && (writer->style & HOB_JSON_SPACED) != 0) {
        hob_buffer_put_char(writer->out, ' ');
    }
}

static void put_end(struct writer *writer, char bracket, bool empty, unsigned depth)
{
    if (!empty && (writer->style & HOB_JSON_INDENT) != 0)
        put_separator(writer, true, depth);
    hob_buffer_put_char(writer->out, bracket);
}

static int write_list(struct writer *writer, const struct hob_value *list, unsigned depth)
{
    hob_buffer_put_char(writer->out, '[');
    for (uint32_t i = 0; i < list->list.count; i++) {
        put_separator(writer, i == 0, depth + 1);
        int result = write_value(writer, list->list.items[i], depth + 1);
        if (result != 0)
            return result;
    }
    put_end(writer, ']', list->list.count == 0, depth);
    return 0;
}

static int write_set(struct writer *writer, const struct hob_value *set, unsigned depth)
{
    hob_buffer_put_char(writer->out, '[');
    for (uint32_t i = 0; i < set->map.count; i++) {
        put_separator(writer, i == 0, depth + 1);
        int result = write_value(writer, set->map.pairs[i].key, depth + 1);
        if (result != 0)
            return result;
    }
    put_end(writer, ']', set->map.count == 0, depth);
    return 0;
}

static int write_map(struct writer *writer, const struct hob_value *map, unsigned depth)
{
    bool spaced = (writer->style & (HOB_JSON_SPACED | HOB_JSON_INDENT)) != 0;
    hob_buffer_put_char(writer->out, '{');
    for (uint32_t i = 0; i < map->map.count; i++) {
        put_separator(writer, i == 0, depth + 1);
        hob_json_put_key(writer->out, map->map.pairs[i].key, writer->style);
        hob_buffer_put(writer->out, ": ", spaced ? 2 : 1);
        int result = write_value(writer, map->map.pairs[i].value, depth + 1);
        if (result != 0)
            return result;
    }
    put_end(writer, '}', map->map.count == 0, depth);
    return 0;
}

static void put_quoted(struct hob_buffer *out, const struct hob_value *value)
{
    hob_buffer_put_char(out, '"');
    if (value->kind == HOB_DATE)
        hob_date_print(out, value->days);
    else if (value->kind == HOB_DATETIME)
        hob_datetime_print(out, value, 'T');
    else
        put_base64(out, value->text);
    hob_buffer_put_char(out, '"');
}

static void put_scalar(struct hob_buffer *out, const struct hob_value *value, unsigned style)
{
    switch ((enum hob_kind)value->kind) {
    case HOB_BOOL:
        hob_buffer_put_string(out, value->boolean ? "true" : "false");
        return;
    case HOB_INT:
        put_integer(out, value->integer);
        return;
    case HOB_BIG_INT:
        hob_buffer_put_text(out, value->text);
        return;
    case HOB_DOUBLE:
        hob_json_put_double(out, value->number);
        return;
    case HOB_STRING:
        hob_json_put_string(out, value->text, style);
        return;
    case HOB_DATE:
    case HOB_DATETIME:
    case HOB_BYTES:
        put_quoted(out, value);
        return;
    default:
        hob_buffer_put_string(out, "null");
    }
}

static int write_value(struct writer *writer, const struct hob_value *value, unsigned depth)
{
    if (depth > HOB_VALUE_MAX_DEPTH) {
        hob_error_set(writer->error, HOB_E_LIMIT,
                      "cannot write as JSON: the value is nested deeper than %d levels, or holds "
                      "itself",
                      HOB_VALUE_MAX_DEPTH);
        return HOB_E_LIMIT;
    }
    int result = 0;
    if (value->kind == HOB_MAP)
        result = write_map(writer, value, depth);
    else if (value->kind == HOB_LIST || value->kind == HOB_TUPLE)
        result = write_list(writer, value, depth);
    else if (value->kind == HOB_SET)
        result = write_set(writer, value, depth);
    else
        put_scalar(writer->out, value, writer->style);
    if (result != 0)
        return result;
    if (hob_buffer_failed(writer->out))
        return hob_error_set(writer->error, HOB_E_MEMORY,
                             "no memory to write JSON of more than %zu bytes",
                             writer->out->size - writer->start);
    if (writer->out->size - writer->start > writer->max_size)
        return hob_error_set(writer->error, HOB_E_LIMIT,
                             "cannot write as JSON: more than %zu bytes come out",
                             writer->max_size);
    return 0;
}

int hob_json_write(struct hob_buffer *out, const struct hob_value *value, unsigned style,
                   size_t max_size, struct hob_error *error)
{
    struct writer writer = {out, style, out->size, max_size, error};
    int result = write_value(&writer, value, 0);
    if (result != 0)
        out->size = writer.start;
    return result;
}

/* Of a number that is not finite, the name that json.dumps has for it. */
static const char *infinite_key(double number)
{
    if (isnan(number))
        return "\"NaN\"";
    return number > 0 ? "\"Infinity\"" : "\"-Infinity\"";
}

/* Anything but a text is written as a value, and what comes out is the text of the key. */
void hob_json_put_key(struct hob_buffer *out, const struct hob_value *key, unsigned style)
{
    if (key->kind == HOB_STRING) {
        hob_json_put_string(out, key->text, style);
        return;
    }
    if (key->kind == HOB_DATE || key->kind == HOB_DATETIME || key->kind == HOB_BYTES) {
        put_quoted(out, key);
        return;
    }
    if (key->kind == HOB_DOUBLE && !isfinite(key->number)) {
        hob_buffer_put_string(out, infinite_key(key->number));
        return;
    }
    HOB_AUTO(buffer) struct hob_buffer text = HOB_BUFFER_INIT;
    hob_json_write(&text, key, HOB_JSON_SPACED | (style & HOB_JSON_ASCII), SIZE_MAX, NULL);
    if (hob_buffer_failed(&text))
        out->failed = true;
    hob_json_put_string(out, hob_buffer_text(&text), style);
}
