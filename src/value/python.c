/* python: see python.h. */
#include "value/python.h"

#include "base/number.h"
#include "base/utf8.h"
#include "value/date.h"

/* What is printed; a text longer than the limit ends in "...". */
struct printing {
    struct hob_buffer *out;
    size_t limit;                  /* of out->size */
    const struct level *innermost; /* of the collections that are open */
    int depth;
};

struct level {
    const struct hob_value *value;
    const struct level *outer;
};

static void put_repr(struct printing *printing, const struct hob_value *value);

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

static bool is_full(const struct printing *printing)
{
    return printing->out->failed || printing->out->size > printing->limit;
}

static void put_items(struct printing *printing, const struct hob_value *list)
{
    for (uint32_t i = 0; i < list->list.count && !is_full(printing); i++) {
        if (i > 0)
            hob_buffer_put_string(printing->out, ", ");
        put_repr(printing, list->list.items[i]);
    }
}

static void put_pairs(struct printing *printing, const struct hob_value *map)
{
    for (uint32_t i = 0; i < map->map.count && !is_full(printing); i++) {
        if (i > 0)
            hob_buffer_put_string(printing->out, ", ");
        put_repr(printing, map->map.pairs[i].key);
        if (map->kind == HOB_SET)
            continue;
        hob_buffer_put_string(printing->out, ": ");
        put_repr(printing, map->map.pairs[i].value);
    }
}

static bool is_open(const struct printing *printing, const struct hob_value *value)
{
    for (const struct level *level = printing->innermost; level != NULL; level = level->outer)
        if (level->value == value)
            return true;
    return false;
}

static void put_collection(struct printing *printing, const struct hob_value *value)
{
    static const char *const brackets[] = {
        [HOB_LIST] = "[]", [HOB_TUPLE] = "()", [HOB_SET] = "{}", [HOB_MAP] = "{}"};
    const char *pair = brackets[value->kind];
    bool is_list = value->kind == HOB_LIST || value->kind == HOB_TUPLE;
    hob_buffer_put_char(printing->out, pair[0]);
    if (is_list)
        put_items(printing, value);
    else
        put_pairs(printing, value);
    if (value->kind == HOB_TUPLE && value->list.count == 1)
        hob_buffer_put_char(printing->out, ',');
    hob_buffer_put_char(printing->out, pair[1]);
}

/* A collection inside itself prints as [...] or {...}, as in Python. */
static void put_nested(struct printing *printing, const struct hob_value *value)
{
    bool is_list = value->kind == HOB_LIST || value->kind == HOB_TUPLE;
    if (is_open(printing, value) || printing->depth > HOB_VALUE_MAX_DEPTH) {
        hob_buffer_put_string(printing->out, is_list ? "[...]" : "{...}");
        return;
    }
    if (value->kind == HOB_SET && value->map.count == 0) {
        hob_buffer_put_string(printing->out, "set()");
        return;
    }
    struct level level = {value, printing->innermost};
    printing->innermost = &level;
    printing->depth++;
    put_collection(printing, value);
    printing->depth--;
    printing->innermost = level.outer;
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

static void put_repr(struct printing *printing, const struct hob_value *value)
{
    struct hob_buffer *out = printing->out;
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
        put_nested(printing, value);
        return;
    }
}

void hob_python_repr(struct hob_buffer *out, const struct hob_value *value)
{
    struct printing printing = {.out = out, .limit = out->size + HOB_PYTHON_MAX_SIZE};
    put_repr(&printing, value);
    if (out->size > printing.limit)
        hob_buffer_put_string(out, "...");
}

void hob_python_str(struct hob_buffer *out, const struct hob_value *value)
{
    if (value->kind == HOB_STRING)
        hob_buffer_put_text(out, value->text);
    else if (value->kind == HOB_DATE || value->kind == HOB_DATETIME)
        put_date(out, value, ' ');
    else
        hob_python_repr(out, value);
}
