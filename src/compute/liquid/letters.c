/* letters: see letters.h. */
#define _GNU_SOURCE
#include "compute/liquid/letters.h"

#include <locale.h>
#include <pthread.h>
#include <wctype.h>

#include "base/utf8.h"

static locale_t unicode; /* set once, then only read */

static void make_locale(void)
{
    unicode = newlocale(LC_CTYPE_MASK, "C.UTF-8", (locale_t)0);
}

static locale_t unicode_locale(void)
{
    static pthread_once_t once = PTHREAD_ONCE_INIT;
    pthread_once(&once, make_locale);
    return unicode;
}

struct special {
    uint32_t character;
    const char *upper, *title;
};

/* Characters whose upper or title case is several characters, or is not the upper case. */
static const struct special specials[] = {
    {0x00DF, "SS", "Ss"},
    {0x0149, "\xCA\xBCN", "\xCA\xBCN"},
    {0x01C4, "\xC7\x84", "\xC7\x85"},
    {0x01C5, "\xC7\x84", "\xC7\x85"},
    {0x01C6, "\xC7\x84", "\xC7\x85"},
    {0x01C7, "\xC7\x87", "\xC7\x88"},
    {0x01C8, "\xC7\x87", "\xC7\x88"},
    {0x01C9, "\xC7\x87", "\xC7\x88"},
    {0x01CA, "\xC7\x8A", "\xC7\x8B"},
    {0x01CB, "\xC7\x8A", "\xC7\x8B"},
    {0x01CC, "\xC7\x8A", "\xC7\x8B"},
    {0x01F0, "J\xCC\x8C", "J\xCC\x8C"},
    {0x01F1, "\xC7\xB1", "\xC7\xB2"},
    {0x01F2, "\xC7\xB1", "\xC7\xB2"},
    {0x01F3, "\xC7\xB1", "\xC7\xB2"},
    {0x0390, "\xCE\x99\xCC\x88\xCC\x81", "\xCE\x99\xCC\x88\xCC\x81"},
    {0x03B0, "\xCE\xA5\xCC\x88\xCC\x81", "\xCE\xA5\xCC\x88\xCC\x81"},
    {0x0587, "\xD4\xB5\xD5\x92", "\xD4\xB5\xD6\x82"},
    {0x1E96, "H\xCC\xB1", "H\xCC\xB1"},
    {0x1E97, "T\xCC\x88", "T\xCC\x88"},
    {0x1E98, "W\xCC\x8A", "W\xCC\x8A"},
    {0x1E99, "Y\xCC\x8A", "Y\xCC\x8A"},
    {0x1E9A, "A\xCA\xBE", "A\xCA\xBE"},
    {0xFB00, "FF", "Ff"},
    {0xFB01, "FI", "Fi"},
    {0xFB02, "FL", "Fl"},
    {0xFB03, "FFI", "Ffi"},
    {0xFB04, "FFL", "Ffl"},
    {0xFB05, "ST", "St"},
    {0xFB06, "ST", "St"},
};

static const struct special *find_special(uint32_t character)
{
    for (size_t i = 0; i < sizeof specials / sizeof specials[0]; i++)
        if (specials[i].character == character)
            return &specials[i];
    return NULL;
}

static void put_character(struct hob_buffer *out, uint32_t character)
{
    char bytes[4];
    hob_buffer_put(out, bytes, hob_utf8_encode(character, bytes));
}

static void put_upper_character(struct hob_buffer *out, uint32_t character, bool title)
{
    const struct special *special = find_special(character);
    if (special != NULL)
        hob_buffer_put_string(out, title ? special->title : special->upper);
    else if (unicode_locale() != (locale_t)0)
        put_character(out, (uint32_t)towupper_l((wint_t)character, unicode_locale()));
    else
        put_character(out, character);
}

void liquid_put_upper(struct hob_buffer *out, struct hob_text text)
{
    hob_buffer_reserve(out, text.size);
    for (size_t at = 0; at < text.size;) {
        char byte = text.data[at];
        uint32_t character;
        if ((unsigned char)byte < 0x80) {
            hob_buffer_put_char(out, byte >= 'a' && byte <= 'z' ? (char)(byte - 32) : byte);
            at++;
            continue;
        }
        at += hob_utf8_decode(text.data + at, &character);
        put_upper_character(out, character, false);
    }
}

enum { SIGMA = 0x03A3, DOTTED_I = 0x0130, COMBINING_DOT = 0x0307, FINAL_SIGMA = 0x03C2 };

static bool is_letter(uint32_t character)
{
    if (character < 0x80)
        return (character | 0x20) >= 'a' && (character | 0x20) <= 'z';
    return unicode_locale() != (locale_t)0 && iswalpha_l((wint_t)character, unicode_locale()) != 0;
}

/* A sigma at the end of a word: a letter before it, none behind it. */
static bool is_final(struct hob_text text, size_t start, size_t end)
{
    uint32_t character;
    if (start == 0)
        return false;
    size_t before = start - 1;
    while (before > 0 && ((unsigned char)text.data[before] & 0xC0) == 0x80)
        before--;
    hob_utf8_decode(text.data + before, &character);
    if (!is_letter(character))
        return false;
    if (end == text.size)
        return true;
    hob_utf8_decode(text.data + end, &character);
    return !is_letter(character);
}

static void put_lower_from(struct hob_buffer *out, struct hob_text text, size_t at)
{
    hob_buffer_reserve(out, text.size - at);
    while (at < text.size) {
        char byte = text.data[at];
        uint32_t character;
        if ((unsigned char)byte < 0x80) {
            hob_buffer_put_char(out, byte >= 'A' && byte <= 'Z' ? (char)(byte + 32) : byte);
            at++;
            continue;
        }
        unsigned length = hob_utf8_decode(text.data + at, &character);
        if (character == SIGMA && is_final(text, at, at + length)) {
            put_character(out, FINAL_SIGMA);
        } else if (character == DOTTED_I) {
            hob_buffer_put_char(out, 'i');
            put_character(out, COMBINING_DOT);
        } else if (unicode_locale() != (locale_t)0) {
            put_character(out, (uint32_t)towlower_l((wint_t)character, unicode_locale()));
        } else {
            put_character(out, character);
        }
        at += length;
    }
}

void liquid_put_lower(struct hob_buffer *out, struct hob_text text)
{
    put_lower_from(out, text, 0);
}

void liquid_put_capitalized(struct hob_buffer *out, struct hob_text text)
{
    uint32_t character;
    if (text.size == 0)
        return;
    unsigned length = hob_utf8_decode(text.data, &character);
    put_upper_character(out, character, true);
    put_lower_from(out, text, length);
}
