/* entities: see entities.h. */
#include "compute/liquid/entities.h"

#include "base/utf8.h"
#include "compute/liquid/entity_names.h"
#include "compute/liquid/texts.h"

/* The name that an entry begins with. */
static struct hob_text name_of(const char *entry)
{
    return (struct hob_text){entry, strcspn(entry, " !")};
}

/* The entry of the name in its group: binary search over bytes, from any to its entry's start. */
static const char *find_in(const struct liquid_entity_group *group, struct hob_text name)
{
    const char *low = group->entries, *high = low + group->size;
    while (low < high) {
        const char *middle = low + (high - low) / 2;
        while (middle > low && middle[-1] != '\0')
            middle--;
        struct hob_text found = name_of(middle);
        int order = hob_text_compare(name, found);
        if (order == 0)
            return middle;
        if (order < 0)
            high = middle;
        else
            low = middle + strlen(middle) + 1;
    }
    return NULL;
}

static bool is_letter(char byte)
{
    return (byte | 0x20) >= 'a' && (byte | 0x20) <= 'z';
}

/* The characters of the name; NULL when there is none, or none without semicolon. */
static const char *find_entity(struct hob_text name, bool semicolon)
{
    if (name.size == 0 || !is_letter(name.data[0]))
        return NULL;
    char first = name.data[0];
    int group = first >= 'a' ? first - 'a' + 26 : first - 'A';
    const char *entry = find_in(&liquid_entity_groups[group], name);
    return entry != NULL && (semicolon || entry[name.size] == '!') ? entry + name.size + 1 : NULL;
}

static bool is_alphanumeric(char byte)
{
    return (byte >= '0' && byte <= '9') || is_letter(byte);
}

/* Puts what a name behind `&` stands for. The bytes of it that are used; 0 when there is none. */
static size_t put_named(struct hob_buffer *out, struct hob_text rest)
{
    enum { LONGEST = 32, LONGEST_LEGACY = 6 };
    size_t size = 0;
    while (size < rest.size && size < LONGEST && is_alphanumeric(rest.data[size]))
        size++;
    bool semicolon = size < rest.size && rest.data[size] == ';';
    const char *found = semicolon ? find_entity((struct hob_text){rest.data, size}, true) : NULL;
    size_t used = size + 1;
    if (size > LONGEST_LEGACY)
        size = LONGEST_LEGACY;
    for (; size >= 2 && found == NULL; size--) {
        found = find_entity((struct hob_text){rest.data, size}, false);
        used = size;
    }
    if (found == NULL)
        return 0;
    hob_buffer_put_string(out, found);
    return used;
}

static int digit_of(char byte, unsigned base)
{
    int digit = byte >= '0' && byte <= '9'                     ? byte - '0'
                : (byte | 0x20) >= 'a' && (byte | 0x20) <= 'f' ? (byte | 0x20) - 'a' + 10
                                                               : 99;
    return digit < (int)base ? digit : -1;
}

/* What HTML 5 makes of a number; 0 for nothing at all. */
static uint32_t character_of(uint32_t number)
{
    /* Windows' characters; those that it has not stay. */
    static const uint16_t windows[32] = {
        0x20AC, 0x81,   0x201A, 0x192,  0x201E, 0x2026, 0x2020, 0x2021, 0x2C6,  0x2030, 0x160,
        0x2039, 0x152,  0x8D,   0x17D,  0x8F,   0x90,   0x2018, 0x2019, 0x201C, 0x201D, 0x2022,
        0x2013, 0x2014, 0x2DC,  0x2122, 0x161,  0x203A, 0x153,  0x9D,   0x17E,  0x178,
    };
    if (number == 0 || number > 0x10FFFF || (number >= 0xD800 && number <= 0xDFFF))
        return 0xFFFD;
    if (number >= 0x80 && number < 0xA0)
        return windows[number - 0x80];
    bool control =
        (number < 0x20 && number != '\t' && number != '\n' && number != '\f' && number != '\r') ||
        number == 0x7F;
    bool none = (number >= 0xFDD0 && number <= 0xFDEF) || (number & 0xFFFE) == 0xFFFE;
    return control || none ? 0 : number;
}

/* The same for a number behind `&#`. */
static size_t put_numbered(struct hob_buffer *out, struct hob_text rest)
{
    size_t at = 1;
    unsigned base = 10;
    if (at < rest.size && (rest.data[at] | 0x20) == 'x') {
        base = 16;
        at++;
    }
    size_t start = at;
    uint32_t number = 0;
    for (; at < rest.size && digit_of(rest.data[at], base) >= 0; at++)
        if (number < 0x110000)
            number = number * base + (uint32_t)digit_of(rest.data[at], base);
    if (at == start)
        return 0;
    uint32_t character = character_of(number);
    char bytes[4];
    if (character != 0)
        hob_buffer_put(out, bytes, hob_utf8_encode(character, bytes));
    return at + (at < rest.size && rest.data[at] == ';');
}

void liquid_put_unescaped(struct hob_buffer *out, struct hob_text text)
{
    while (text.size > 0) {
        const char *ampersand = memchr(text.data, '&', text.size);
        if (ampersand == NULL)
            break;
        size_t before = (size_t)(ampersand - text.data);
        hob_buffer_put(out, text.data, before);
        text = liquid_text_from(text, before + 1);
        bool number = text.size > 0 && text.data[0] == '#';
        size_t used = number ? put_numbered(out, text) : put_named(out, text);
        if (used == 0)
            hob_buffer_put_char(out, '&');
        text = liquid_text_from(text, used);
    }
    hob_buffer_put_text(out, text);
}
