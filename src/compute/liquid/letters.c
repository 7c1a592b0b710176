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

enum {
    SIGMA = 0x03A3,
    FINAL_SIGMA = 0x03C2,
    CAPITAL_IOTA = 0x0399,
    DOTTED_I = 0x0130,
    COMBINING_DOT = 0x0307,
};

struct special {
    uint32_t character;
    const char *upper, *title;
};

/* Characters whose upper or title case is several characters, or is not the upper case; in order.
 * Greek letters with an iota below and an accent, U+1F80 to U+1FAF, follow a rule instead. */
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
    {0x1F50, "\xCE\xA5\xCC\x93", "\xCE\xA5\xCC\x93"},
    {0x1F52, "\xCE\xA5\xCC\x93\xCC\x80", "\xCE\xA5\xCC\x93\xCC\x80"},
    {0x1F54, "\xCE\xA5\xCC\x93\xCC\x81", "\xCE\xA5\xCC\x93\xCC\x81"},
    {0x1F56, "\xCE\xA5\xCC\x93\xCD\x82", "\xCE\xA5\xCC\x93\xCD\x82"},
    {0x1FB2, "\xE1\xBE\xBA\xCE\x99", "\xE1\xBE\xBA\xCD\x85"},
    {0x1FB3, "\xCE\x91\xCE\x99", "\xE1\xBE\xBC"},
    {0x1FB4, "\xCE\x86\xCE\x99", "\xCE\x86\xCD\x85"},
    {0x1FB6, "\xCE\x91\xCD\x82", "\xCE\x91\xCD\x82"},
    {0x1FB7, "\xCE\x91\xCD\x82\xCE\x99", "\xCE\x91\xCD\x82\xCD\x85"},
    {0x1FBC, "\xCE\x91\xCE\x99", "\xE1\xBE\xBC"},
    {0x1FC2, "\xE1\xBF\x8A\xCE\x99", "\xE1\xBF\x8A\xCD\x85"},
    {0x1FC3, "\xCE\x97\xCE\x99", "\xE1\xBF\x8C"},
    {0x1FC4, "\xCE\x89\xCE\x99", "\xCE\x89\xCD\x85"},
    {0x1FC6, "\xCE\x97\xCD\x82", "\xCE\x97\xCD\x82"},
    {0x1FC7, "\xCE\x97\xCD\x82\xCE\x99", "\xCE\x97\xCD\x82\xCD\x85"},
    {0x1FCC, "\xCE\x97\xCE\x99", "\xE1\xBF\x8C"},
    {0x1FD2, "\xCE\x99\xCC\x88\xCC\x80", "\xCE\x99\xCC\x88\xCC\x80"},
    {0x1FD3, "\xCE\x99\xCC\x88\xCC\x81", "\xCE\x99\xCC\x88\xCC\x81"},
    {0x1FD6, "\xCE\x99\xCD\x82", "\xCE\x99\xCD\x82"},
    {0x1FD7, "\xCE\x99\xCC\x88\xCD\x82", "\xCE\x99\xCC\x88\xCD\x82"},
    {0x1FE2, "\xCE\xA5\xCC\x88\xCC\x80", "\xCE\xA5\xCC\x88\xCC\x80"},
    {0x1FE3, "\xCE\xA5\xCC\x88\xCC\x81", "\xCE\xA5\xCC\x88\xCC\x81"},
    {0x1FE4, "\xCE\xA1\xCC\x93", "\xCE\xA1\xCC\x93"},
    {0x1FE6, "\xCE\xA5\xCD\x82", "\xCE\xA5\xCD\x82"},
    {0x1FE7, "\xCE\xA5\xCC\x88\xCD\x82", "\xCE\xA5\xCC\x88\xCD\x82"},
    {0x1FF2, "\xE1\xBF\xBA\xCE\x99", "\xE1\xBF\xBA\xCD\x85"},
    {0x1FF3, "\xCE\xA9\xCE\x99", "\xE1\xBF\xBC"},
    {0x1FF4, "\xCE\x8F\xCE\x99", "\xCE\x8F\xCD\x85"},
    {0x1FF6, "\xCE\xA9\xCD\x82", "\xCE\xA9\xCD\x82"},
    {0x1FF7, "\xCE\xA9\xCD\x82\xCE\x99", "\xCE\xA9\xCD\x82\xCD\x85"},
    {0x1FFC, "\xCE\xA9\xCE\x99", "\xE1\xBF\xBC"},
    {0xFB00, "FF", "Ff"},
    {0xFB01, "FI", "Fi"},
    {0xFB02, "FL", "Fl"},
    {0xFB03, "FFI", "Ffi"},
    {0xFB04, "FFL", "Ffl"},
    {0xFB05, "ST", "St"},
    {0xFB06, "ST", "St"},
    {0xFB13, "\xD5\x84\xD5\x86", "\xD5\x84\xD5\xB6"},
    {0xFB14, "\xD5\x84\xD4\xB5", "\xD5\x84\xD5\xA5"},
    {0xFB15, "\xD5\x84\xD4\xBB", "\xD5\x84\xD5\xAB"},
    {0xFB16, "\xD5\x8E\xD5\x86", "\xD5\x8E\xD5\xB6"},
    {0xFB17, "\xD5\x84\xD4\xBD", "\xD5\x84\xD5\xAD"},
};

static const struct special *find_special(uint32_t character)
{
    size_t count = sizeof specials / sizeof specials[0];
    for (size_t i = 0; i < count && specials[i].character <= character; i++)
        if (specials[i].character == character)
            return &specials[i];
    return NULL;
}

static void put_character(struct hob_buffer *out, uint32_t character)
{
    char bytes[4];
    hob_buffer_put(out, bytes, hob_utf8_encode(character, bytes));
}

/* The letter without its iota in upper case, and then a capital iota; 0 for other characters. */
static uint32_t without_iota(uint32_t character)
{
    static const uint32_t capitals[] = {0x1F08, 0x1F28, 0x1F68};
    if (character < 0x1F80 || character > 0x1FAF)
        return 0;
    return capitals[(character - 0x1F80) / 16] + character % 8;
}

static void put_upper_character(struct hob_buffer *out, uint32_t character, bool title)
{
    const struct special *special = find_special(character);
    bool georgian = character >= 0x10D0 && character <= 0x10FF; /* has no title case */
    uint32_t bare = title ? 0 : without_iota(character);
    if (bare != 0) {
        put_character(out, bare);
        put_character(out, CAPITAL_IOTA);
    } else if (special != NULL) {
        hob_buffer_put_string(out, title ? special->title : special->upper);
    } else if (unicode_locale() != (locale_t)0 && !(title && georgian)) {
        put_character(out, (uint32_t)towupper_l((wint_t)character, unicode_locale()));
    } else {
        put_character(out, character);
    }
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

/* A letter that is large or small. */
static bool is_cased(uint32_t character)
{
    if (character < 0x80)
        return (character | 0x20) >= 'a' && (character | 0x20) <= 'z';
    locale_t locale = unicode_locale();
    return locale != (locale_t)0 && (iswupper_l((wint_t)character, locale) != 0 ||
                                     iswlower_l((wint_t)character, locale) != 0);
}

/* So many characters are looked past, lest a text of sigmas between dots take quadratic time. */
enum { MAX_IGNORED = 64 };

static bool follows_cased(struct hob_text text, size_t at)
{
    for (int i = 0; at > 0 && i <= MAX_IGNORED; i++) {
        uint32_t character;
        for (at--; at > 0 && ((unsigned char)text.data[at] & 0xC0) == 0x80;)
            at--;
        hob_utf8_decode(text.data + at, &character);
        if (!liquid_is_case_ignorable(character))
            return is_cased(character);
    }
    return false;
}

static bool precedes_cased(struct hob_text text, size_t at)
{
    for (int i = 0; at < text.size && i <= MAX_IGNORED; i++) {
        uint32_t character;
        at += hob_utf8_decode(text.data + at, &character);
        if (!liquid_is_case_ignorable(character))
            return is_cased(character);
    }
    return false;
}

/* A sigma at the end of a word: a letter before it, none behind it. */
static bool is_final(struct hob_text text, size_t start, size_t end)
{
    return follows_cased(text, start) && !precedes_cased(text, end);
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
