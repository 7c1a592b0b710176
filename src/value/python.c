/* python: see python.h. */
#include "value/python.h"

#include "base/number.h"
#include "base/utf8.h"
#include "value/date.h"

static void put_repr(struct hob_buffer *out, const struct hob_value *value, int depth);

/* Python prints what str.isprintable says; the separators and controls that matter, by range. */
static bool is_printable(uint32_t character)
{
    if (character < 0x7F)
        return character >= 0x20;
    if (character < 0xA1 || character == 0xAD)
        return false;
    if (character >= 0xD800 && character <= 0xF8FF)
        return false; /* surrogates and private use */
    if (character != 0x3000 && hob_utf8_is_space(character))
        return false;
    return character != 0x3000 && !(character >= 0x200B && character <= 0x200F) &&
           !(character >= 0x2060 && character <= 0x206F) &&
           !(character >= 0x202A && character <= 0x202E) && character != 0xFEFF &&
           character < 0xE0000;
}

static void put_escaped(struct hob_buffer *out, uint32_t character)
{
    if (character == '\n')
        hob_buffer_put_string(out, "\\n");
    else if (character == '\r')
        hob_buffer_put_string(out, "\\r");
    else if (character == '\t')
        hob_buffer_put_string(out, "\\t");
    else if (character < 0x100)
        hob_buffer_printf(out, "\\x%02x", character);
    else if (character < 0x10000)
        hob_buffer_printf(out, "\\u%04x", character);
    else
        hob_buffer_printf(out, "\\U%08x", character);
}

void hob_python_repr_text(struct hob_buffer *out, struct hob_text text)
{
    bool has_single = text.size > 0 && memchr(text.data, '\'', text.size) != NULL;
    bool has_double = text.size > 0 && memchr(text.data, '"', text.size) != NULL;
    char quote = has_single && !has_double ? '"' : '\'';
    hob_buffer_put_char(out, quote);
    for (size_t at = 0; at < text.size;) {
        uint32_t character;
        unsigned length = hob_utf8_decode(text.data + at, &character);
        if (character == (uint32_t)quote || character == '\\')
            hob_buffer_put_char(out, '\\');
        if (is_printable(character))
            hob_buffer_put(out, text.data + at, length);
        else
            put_escaped(out, character);
        at += length;
    }
    hob_buffer_put_char(out, quote);
}

static void put_bytes(struct hob_buffer *out, struct hob_text bytes)
{
    hob_buffer_put_string(out, "b'");
    for (size_t i = 0; i < bytes.size; i++) {
        unsigned char byte = (unsigned char)bytes.data[i];
        if (byte == '\'' || byte == '\\')
            hob_buffer_printf(out, "\\%c", byte);
        else if (byte >= 0x20 && byte < 0x7F)
            hob_buffer_put_char(out, (char)byte);
        else
            put_escaped(out, byte);
    }
    hob_buffer_put_char(out, '\'');
}

static void put_items(struct hob_buffer *out, const struct hob_value *list, int depth)
{
    for (uint32_t i = 0; i < list->list.count; i++) {
        if (i > 0)
            hob_buffer_put_string(out, ", ");
        put_repr(out, list->list.items[i], depth + 1);
    }
}

static void put_pairs(struct hob_buffer *out, const struct hob_value *map, int depth)
{
    for (uint32_t i = 0; i < map->map.count; i++) {
        if (i > 0)
            hob_buffer_put_string(out, ", ");
        put_repr(out, map->map.pairs[i].key, depth + 1);
        if (map->kind == HOB_SET)
            continue;
        hob_buffer_put_string(out, ": ");
        put_repr(out, map->map.pairs[i].value, depth + 1);
    }
}

static void put_nested(struct hob_buffer *out, const struct hob_value *value, int depth)
{
    if (depth > HOB_VALUE_MAX_DEPTH) {
        hob_buffer_put_string(out, "...");
        return;
    }
    switch ((enum hob_kind)value->kind) {
    case HOB_LIST:
        hob_buffer_put_char(out, '[');
        put_items(out, value, depth);
        hob_buffer_put_char(out, ']');
        return;
    case HOB_TUPLE:
        hob_buffer_put_char(out, '(');
        put_items(out, value, depth);
        hob_buffer_put_string(out, value->list.count == 1 ? ",)" : ")");
        return;
    case HOB_SET:
        if (value->map.count == 0) {
            hob_buffer_put_string(out, "set()");
            return;
        }
        __attribute__((fallthrough));
    default:
        hob_buffer_put_char(out, '{');
        put_pairs(out, value, depth);
        hob_buffer_put_char(out, '}');
        return;
    }
}

static void put_date(struct hob_buffer *out, const struct hob_value *value, char separator)
{
    if (value->kind == HOB_DATE)
        hob_date_print(out, value->days);
    else
        hob_datetime_print(out, value, separator);
}

static void put_number(struct hob_buffer *out, const struct hob_value *value)
{
    char digits[HOB_NUMBER_SIZE];
    size_t size = value->kind == HOB_INT ? hob_number_print_int(digits, value->integer)
                                         : hob_number_print_double(digits, value->number);
    hob_buffer_put(out, digits, size);
}

static void put_repr(struct hob_buffer *out, const struct hob_value *value, int depth)
{
    switch ((enum hob_kind)value->kind) {
    case HOB_NULL:
        hob_buffer_put_string(out, "None");
        return;
    case HOB_BOOL:
        hob_buffer_put_string(out, value->boolean ? "True" : "False");
        return;
    case HOB_INT:
    case HOB_DOUBLE:
        put_number(out, value);
        return;
    case HOB_BIG_INT:
        hob_buffer_put_text(out, value->text);
        return;
    case HOB_STRING:
        hob_python_repr_text(out, value->text);
        return;
    case HOB_BYTES:
        put_bytes(out, value->text);
        return;
    case HOB_DATE:
    case HOB_DATETIME:
        hob_buffer_put_char(out, '\'');
        put_date(out, value, ' ');
        hob_buffer_put_char(out, '\'');
        return;
    default:
        put_nested(out, value, depth);
        return;
    }
}

void hob_python_repr(struct hob_buffer *out, const struct hob_value *value)
{
    put_repr(out, value, 0);
}

void hob_python_str(struct hob_buffer *out, const struct hob_value *value)
{
    if (value->kind == HOB_STRING)
        hob_buffer_put_text(out, value->text);
    else if (value->kind == HOB_DATE || value->kind == HOB_DATETIME)
        put_date(out, value, ' ');
    else
        put_repr(out, value, 0);
}
