/* display: see display.h. */
#include "cli/display.h"

#include "base/utf8.h"

static const uint32_t replacement = 0xFFFD;
static const uint32_t line_break = 0x23CE; /* ⏎ */

/* What is shown for the character; 0 when it is harmless itself. */
static uint32_t stand_in(uint32_t character)
{
    if (character < 0x20)
        return character == '\n' || character == '\r' ? line_break : 0x2400 + character;
    if (character == 0x7F)
        return 0x2421;
    if (character < 0xA0)
        return character < 0x7F ? 0 : replacement; /* C1 controls: CSI among them */
    if (character == 0x2028 || character == 0x2029)
        return line_break;
    bool reorders = (character >= 0x202A && character <= 0x202E) ||
                    (character >= 0x2066 && character <= 0x2069);
    bool surrogate = character >= 0xD800 && character <= 0xDFFF;
    return reorders || surrogate ? replacement : 0;
}

static size_t plain_prefix(struct hob_text text)
{
    size_t size = 0;
    while (size < text.size && text.data[size] >= 0x20 && text.data[size] < 0x7F)
        size++;
    return size;
}

static size_t put_character(struct hob_buffer *out, uint32_t character)
{
    char bytes[4];
    hob_buffer_put(out, bytes, hob_utf8_encode(character, bytes));
    return hob_utf8_character_width(character);
}

/* Appends text that is valid WTF-8. */
static size_t put_valid(struct hob_buffer *out, struct hob_text text)
{
    size_t width = 0;
    for (size_t at = 0; at < text.size;) {
        struct hob_text rest = {text.data + at, text.size - at};
        size_t plain = plain_prefix(rest);
        hob_buffer_put(out, rest.data, plain);
        width += plain;
        at += plain;
        if (at == text.size)
            break;
        if (rest.size - plain >= 2 && memcmp(text.data + at, "\r\n", 2) == 0)
            at++; /* one line break */
        uint32_t character;
        at += hob_utf8_decode(text.data + at, &character);
        uint32_t shown = stand_in(character);
        width += put_character(out, shown != 0 ? shown : character);
    }
    return width;
}

size_t hob_display_put(struct hob_buffer *out, struct hob_text text)
{
    size_t width = 0;
    for (;;) {
        size_t plain = plain_prefix(text);
        if (plain == text.size) {
            hob_buffer_put_text(out, text);
            return width + plain;
        }
        size_t valid = hob_wtf8_valid_prefix(text);
        width += put_valid(out, (struct hob_text){text.data, valid});
        if (valid == text.size)
            return width;
        width += put_character(out, replacement);
        text = (struct hob_text){text.data + valid + 1, text.size - valid - 1};
    }
}

size_t hob_display_fit(struct hob_text text, size_t width, size_t *used)
{
    size_t at = 0;
    *used = 0;
    while (at < text.size) {
        uint32_t character;
        size_t size = hob_utf8_decode(text.data + at, &character);
        unsigned more = hob_utf8_character_width(character);
        if (*used + more > width)
            break;
        *used += more;
        at += size;
    }
    return at;
}
