/* utf8: see utf8.h. */
#include "base/utf8.h"

static bool is_continuation(char byte)
{
    return ((unsigned char)byte & 0xC0) == 0x80;
}

/* Length of the valid sequence at data[0], or 0. */
static unsigned sequence_length(const char *data, size_t size, bool surrogates)
{
    unsigned char first = (unsigned char)data[0];
    unsigned char second = size > 1 ? (unsigned char)data[1] : 0;
    if (first < 0x80)
        return 1;
    if (first < 0xC2)
        return 0;
    if (first < 0xE0)
        return size >= 2 && is_continuation(data[1]) ? 2 : 0;
    if (first < 0xF0) {
        if (size < 3 || !is_continuation(data[1]) || !is_continuation(data[2]))
            return 0;
        if (first == 0xE0 && second < 0xA0)
            return 0;
        if (first == 0xED && second >= 0xA0 && !surrogates)
            return 0;
        return 3;
    }
    if (first < 0xF5) {
        if (size < 4 || !is_continuation(data[1]) || !is_continuation(data[2]) ||
            !is_continuation(data[3]))
            return 0;
        if (first == 0xF0 && second < 0x90)
            return 0;
        if (first == 0xF4 && second >= 0x90)
            return 0;
        return 4;
    }
    return 0;
}

static size_t valid_prefix(struct hob_text text, bool surrogates)
{
    size_t at = 0;
    while (at < text.size) {
        uint64_t eight;
        while (at + 8 <= text.size) {
            memcpy(&eight, text.data + at, 8);
            if ((eight & 0x8080808080808080u) != 0)
                break;
            at += 8;
        }
        if (at >= text.size)
            break;
        unsigned length = sequence_length(text.data + at, text.size - at, surrogates);
        if (length == 0)
            return at;
        at += length;
    }
    return text.size;
}

size_t hob_utf8_valid_prefix(struct hob_text text)
{
    return valid_prefix(text, false);
}

const char *hob_utf8_remedy(struct hob_text text)
{
    bool marked = hob_text_starts_with(text, "\xff\xfe") || hob_text_starts_with(text, "\xfe\xff");
    return marked ? "it is UTF-16: convert it first, as in 'iconv -f utf-16 -t utf-8 OLD > NEW'"
                  : NULL;
}

size_t hob_wtf8_valid_prefix(struct hob_text text)
{
    return valid_prefix(text, true);
}

static uint32_t tail(const char *data, unsigned at)
{
    return (unsigned char)data[at] & 0x3Fu;
}

unsigned hob_utf8_decode(const char *data, uint32_t *character)
{
    uint32_t first = (unsigned char)data[0];
    if (first < 0x80) {
        *character = first;
        return 1;
    }
    if (first < 0xE0) {
        *character = (first & 0x1Fu) << 6 | tail(data, 1);
        return 2;
    }
    if (first < 0xF0) {
        *character = (first & 0x0Fu) << 12 | tail(data, 1) << 6 | tail(data, 2);
        return 3;
    }
    *character = (first & 0x07u) << 18 | tail(data, 1) << 12 | tail(data, 2) << 6 | tail(data, 3);
    return 4;
}

unsigned hob_utf8_encode(uint32_t character, char out[4])
{
    if (character < 0x80) {
        out[0] = (char)character;
        return 1;
    }
    if (character < 0x800) {
        out[0] = (char)(0xC0 | character >> 6);
        out[1] = (char)(0x80 | (character & 0x3F));
        return 2;
    }
    if (character < 0x10000) {
        out[0] = (char)(0xE0 | character >> 12);
        out[1] = (char)(0x80 | (character >> 6 & 0x3F));
        out[2] = (char)(0x80 | (character & 0x3F));
        return 3;
    }
    out[0] = (char)(0xF0 | character >> 18);
    out[1] = (char)(0x80 | (character >> 12 & 0x3F));
    out[2] = (char)(0x80 | (character >> 6 & 0x3F));
    out[3] = (char)(0x80 | (character & 0x3F));
    return 4;
}

size_t hob_utf8_count(struct hob_text text)
{
    size_t count = 0;
    for (size_t i = 0; i < text.size; i++)
        count += !is_continuation(text.data[i]);
    return count;
}

struct range {
    uint32_t first, last;
};

static bool in_ranges(uint32_t character, const struct range *ranges, size_t count)
{
    for (size_t i = 0; i < count && ranges[i].first <= character; i++)
        if (character <= ranges[i].last)
            return true;
    return false;
}

/* Combining marks and zero-width characters that people meet in names and titles. */
static const struct range zero_width[] = {
    {0x0300, 0x036F}, {0x0483, 0x0489}, {0x0591, 0x05BD},   {0x0610, 0x061A}, {0x064B, 0x065F},
    {0x0E31, 0x0E31}, {0x0E34, 0x0E3A}, {0x0E47, 0x0E4E},   {0x1AB0, 0x1AFF}, {0x1DC0, 0x1DFF},
    {0x200B, 0x200F}, {0x202A, 0x202E}, {0x2060, 0x2064},   {0x20D0, 0x20FF}, {0xFE00, 0xFE0F},
    {0xFE20, 0xFE2F}, {0xFEFF, 0xFEFF}, {0xE0100, 0xE01EF},
};

/* East Asian wide and fullwidth, and emoji shown wide (Unicode annex 11, the large blocks). */
static const struct range wide[] = {
    {0x1100, 0x115F},   {0x2E80, 0x303E},   {0x3041, 0x33FF},   {0x3400, 0x4DBF},
    {0x4E00, 0x9FFF},   {0xA000, 0xA4CF},   {0xA960, 0xA97F},   {0xAC00, 0xD7A3},
    {0xF900, 0xFAFF},   {0xFE30, 0xFE6F},   {0xFF00, 0xFF60},   {0xFFE0, 0xFFE6},
    {0x1F300, 0x1F64F}, {0x1F680, 0x1F6FF}, {0x1F900, 0x1FAFF}, {0x20000, 0x3FFFD},
};

unsigned hob_utf8_character_width(uint32_t character)
{
    if (character < 0x20 || (character >= 0x7F && character < 0xA0))
        return 0;
    if (character < 0x300)
        return 1;
    if (in_ranges(character, zero_width, sizeof zero_width / sizeof zero_width[0]))
        return 0;
    return in_ranges(character, wide, sizeof wide / sizeof wide[0]) ? 2 : 1;
}

size_t hob_utf8_width(struct hob_text text)
{
    size_t width = 0;
    for (size_t at = 0; at < text.size;) {
        uint32_t character;
        at += hob_utf8_decode(text.data + at, &character);
        width += hob_utf8_character_width(character);
    }
    return width;
}

bool hob_utf8_is_space(uint32_t character)
{
    switch (character) {
    case 0x85:
    case 0xA0:
    case 0x1680:
    case 0x2028:
    case 0x2029:
    case 0x202F:
    case 0x205F:
    case 0x3000:
        return true;
    default:
        return (character >= 0x09 && character <= 0x0D) ||
               (character >= 0x1C && character <= 0x20) ||
               (character >= 0x2000 && character <= 0x200A);
    }
}

/* The bytes at the start, which are no character, that one replacement stands for: as many as could
 * have begun a character. */
static size_t broken_size(struct hob_text text)
{
    unsigned char first = (unsigned char)text.data[0];
    unsigned char second = text.size > 1 ? (unsigned char)text.data[1] : 0;
    unsigned char low = first == 0xE0 ? 0xA0 : first == 0xF0 ? 0x90 : 0x80;
    unsigned char high = first == 0xED ? 0x9F : first == 0xF4 ? 0x8F : 0xBF;
    if (first < 0xE0 || first > 0xF4 || second < low || second > high)
        return 1;
    return first >= 0xF0 && text.size > 2 && is_continuation(text.data[2]) ? 3 : 2;
}

void hob_utf8_put_repaired(struct hob_buffer *out, struct hob_text text)
{
    while (text.size > 0) {
        size_t valid = hob_utf8_valid_prefix(text);
        hob_buffer_put(out, text.data, valid);
        if (valid == text.size)
            return;
        hob_buffer_put_string(out, "\xEF\xBF\xBD");
        text = (struct hob_text){text.data + valid, text.size - valid};
        size_t broken = broken_size(text);
        text = (struct hob_text){text.data + broken, text.size - broken};
    }
}
