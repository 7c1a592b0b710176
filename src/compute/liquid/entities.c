/* entities: see entities.h. The names of Latin-1 are one list in order of their characters; the
 * Greek letters and symbols are a table in order of their names. */
#include "compute/liquid/entities.h"

#include "base/utf8.h"
#include "compute/liquid/texts.h"

/* From U+00A0 to U+00FF. */
static const char latin_names[] =
    "nbsp iexcl cent pound curren yen brvbar sect uml copy ordf laquo not shy reg macr "
    "deg plusmn sup2 sup3 acute micro para middot cedil sup1 ordm raquo frac14 frac12 "
    "frac34 iquest Agrave Aacute Acirc Atilde Auml Aring AElig Ccedil Egrave Eacute Ecirc "
    "Euml Igrave Iacute Icirc Iuml ETH Ntilde Ograve Oacute Ocirc Otilde Ouml times "
    "Oslash Ugrave Uacute Ucirc Uuml Yacute THORN szlig agrave aacute acirc atilde auml "
    "aring aelig ccedil egrave eacute ecirc euml igrave iacute icirc iuml eth ntilde "
    "ograve oacute ocirc otilde ouml divide oslash ugrave uacute ucirc uuml yacute thorn "
    "yuml";

struct entity {
    const char *name;
    uint32_t character;
};

static const struct entity basic[] = {
    {"AMP", '&'},  {"COPY", 0xA9}, {"GT", '>'}, {"LT", '<'}, {"QUOT", '"'},
    {"REG", 0xAE}, {"amp", '&'},   {"gt", '>'}, {"lt", '<'}, {"quot", '"'},
};

static const struct entity symbols[] = {
    {"apos", 39},         {"Alpha", 0x0391},   {"Beta", 0x0392},    {"Chi", 0x03A7},
    {"Dagger", 0x2021},   {"Delta", 0x0394},   {"Epsilon", 0x0395}, {"Eta", 0x0397},
    {"Gamma", 0x0393},    {"Iota", 0x0399},    {"Kappa", 0x039A},   {"Lambda", 0x039B},
    {"Mu", 0x039C},       {"Nu", 0x039D},      {"OElig", 0x0152},   {"Omega", 0x03A9},
    {"Omicron", 0x039F},  {"Phi", 0x03A6},     {"Pi", 0x03A0},      {"Prime", 0x2033},
    {"Psi", 0x03A8},      {"Rho", 0x03A1},     {"Scaron", 0x0160},  {"Sigma", 0x03A3},
    {"Tau", 0x03A4},      {"Theta", 0x0398},   {"Upsilon", 0x03A5}, {"Xi", 0x039E},
    {"Yuml", 0x0178},     {"Zeta", 0x0396},    {"alefsym", 0x2135}, {"alpha", 0x03B1},
    {"and", 0x2227},      {"ang", 0x2220},     {"asymp", 0x2248},   {"bdquo", 0x201E},
    {"beta", 0x03B2},     {"bull", 0x2022},    {"cap", 0x2229},     {"chi", 0x03C7},
    {"circ", 0x02C6},     {"clubs", 0x2663},   {"cong", 0x2245},    {"crarr", 0x21B5},
    {"cup", 0x222A},      {"dArr", 0x21D3},    {"dagger", 0x2020},  {"darr", 0x2193},
    {"delta", 0x03B4},    {"diams", 0x2666},   {"empty", 0x2205},   {"emsp", 0x2003},
    {"ensp", 0x2002},     {"epsilon", 0x03B5}, {"equiv", 0x2261},   {"eta", 0x03B7},
    {"euro", 0x20AC},     {"exist", 0x2203},   {"fnof", 0x0192},    {"forall", 0x2200},
    {"frasl", 0x2044},    {"gamma", 0x03B3},   {"ge", 0x2265},      {"hArr", 0x21D4},
    {"harr", 0x2194},     {"hearts", 0x2665},  {"hellip", 0x2026},  {"image", 0x2111},
    {"infin", 0x221E},    {"int", 0x222B},     {"iota", 0x03B9},    {"isin", 0x2208},
    {"kappa", 0x03BA},    {"lArr", 0x21D0},    {"lambda", 0x03BB},  {"lang", 0x2329},
    {"larr", 0x2190},     {"lceil", 0x2308},   {"ldquo", 0x201C},   {"le", 0x2264},
    {"lfloor", 0x230A},   {"lowast", 0x2217},  {"loz", 0x25CA},     {"lrm", 0x200E},
    {"lsaquo", 0x2039},   {"lsquo", 0x2018},   {"mdash", 0x2014},   {"minus", 0x2212},
    {"mu", 0x03BC},       {"nabla", 0x2207},   {"ndash", 0x2013},   {"ne", 0x2260},
    {"ni", 0x220B},       {"notin", 0x2209},   {"nsub", 0x2284},    {"nu", 0x03BD},
    {"oelig", 0x0153},    {"oline", 0x203E},   {"omega", 0x03C9},   {"omicron", 0x03BF},
    {"oplus", 0x2295},    {"or", 0x2228},      {"otimes", 0x2297},  {"part", 0x2202},
    {"permil", 0x2030},   {"perp", 0x22A5},    {"phi", 0x03C6},     {"pi", 0x03C0},
    {"piv", 0x03D6},      {"prime", 0x2032},   {"prod", 0x220F},    {"prop", 0x221D},
    {"psi", 0x03C8},      {"rArr", 0x21D2},    {"radic", 0x221A},   {"rang", 0x232A},
    {"rarr", 0x2192},     {"rceil", 0x2309},   {"rdquo", 0x201D},   {"real", 0x211C},
    {"rfloor", 0x230B},   {"rho", 0x03C1},     {"rlm", 0x200F},     {"rsaquo", 0x203A},
    {"rsquo", 0x2019},    {"sbquo", 0x201A},   {"scaron", 0x0161},  {"sdot", 0x22C5},
    {"sigma", 0x03C3},    {"sigmaf", 0x03C2},  {"sim", 0x223C},     {"spades", 0x2660},
    {"sub", 0x2282},      {"sube", 0x2286},    {"sum", 0x2211},     {"sup", 0x2283},
    {"supe", 0x2287},     {"tau", 0x03C4},     {"there4", 0x2234},  {"theta", 0x03B8},
    {"thetasym", 0x03D1}, {"thinsp", 0x2009},  {"tilde", 0x02DC},   {"trade", 0x2122},
    {"uArr", 0x21D1},     {"uarr", 0x2191},    {"upsih", 0x03D2},   {"upsilon", 0x03C5},
    {"weierp", 0x2118},   {"xi", 0x03BE},      {"zeta", 0x03B6},    {"zwj", 0x200D},
    {"zwnj", 0x200C},
};

/* Names that HTML takes without semicolon; 0 when it is none. */
static uint32_t find_legacy(struct hob_text name)
{
    for (size_t i = 0; i < sizeof basic / sizeof basic[0]; i++)
        if (hob_text_is(name, basic[i].name))
            return basic[i].character;
    const char *at = latin_names;
    for (uint32_t character = 0xA0; character <= 0xFF; character++) {
        size_t size = strcspn(at, " ");
        if (hob_text_equal(name, (struct hob_text){at, size}))
            return character;
        at += size + (at[size] == ' ');
    }
    return 0;
}

static uint32_t find_symbol(struct hob_text name)
{
    for (size_t i = 0; i < sizeof symbols / sizeof symbols[0]; i++)
        if (hob_text_is(name, symbols[i].name))
            return symbols[i].character;
    return 0;
}

static bool is_alphanumeric(char byte)
{
    return (byte >= '0' && byte <= '9') || ((byte | 0x20) >= 'a' && (byte | 0x20) <= 'z');
}

/* The character of a name behind `&`, and the bytes of it that are used; 0 when there is none. */
static uint32_t named(struct hob_text rest, size_t *used)
{
    enum { LONGEST = 32, LONGEST_LEGACY = 6 };
    size_t size = 0;
    while (size < rest.size && size < LONGEST && is_alphanumeric(rest.data[size]))
        size++;
    if (size < rest.size && rest.data[size] == ';') {
        struct hob_text name = {rest.data, size};
        uint32_t character = find_symbol(name);
        if (character == 0)
            character = find_legacy(name);
        *used = size + 1;
        if (character != 0)
            return character;
    }
    for (size = size < LONGEST_LEGACY ? size : LONGEST_LEGACY; size >= 2; size--) {
        uint32_t character = find_legacy((struct hob_text){rest.data, size});
        *used = size;
        if (character != 0)
            return character;
    }
    return 0;
}

static int digit_of(char byte, unsigned base)
{
    int digit = byte >= '0' && byte <= '9'                     ? byte - '0'
                : (byte | 0x20) >= 'a' && (byte | 0x20) <= 'f' ? (byte | 0x20) - 'a' + 10
                                                               : 99;
    return digit < (int)base ? digit : -1;
}

/* The same for a number behind `&#`. What is no character becomes U+FFFD. */
static uint32_t numbered(struct hob_text rest, size_t *used)
{
    size_t at = 1;
    unsigned base = 10;
    if (at < rest.size && (rest.data[at] | 0x20) == 'x') {
        base = 16;
        at++;
    }
    size_t start = at;
    uint32_t character = 0;
    for (; at < rest.size && digit_of(rest.data[at], base) >= 0; at++)
        if (character < 0x110000)
            character = character * base + (uint32_t)digit_of(rest.data[at], base);
    if (at == start)
        return 0;
    *used = at + (at < rest.size && rest.data[at] == ';');
    bool good =
        character != 0 && character < 0x110000 && (character < 0xD800 || character > 0xDFFF);
    return good ? character : 0xFFFD;
}

void liquid_put_unescaped(struct hob_buffer *out, struct hob_text text)
{
    while (text.size > 0) {
        const char *ampersand = memchr(text.data, '&', text.size);
        if (ampersand == NULL)
            break;
        size_t before = (size_t)(ampersand - text.data), used = 0;
        hob_buffer_put(out, text.data, before);
        text = liquid_text_from(text, before + 1);
        bool number = text.size > 0 && text.data[0] == '#';
        uint32_t character = number ? numbered(text, &used) : named(text, &used);
        if (character == 0) {
            hob_buffer_put_char(out, '&');
            continue;
        }
        char bytes[4];
        hob_buffer_put(out, bytes, hob_utf8_encode(character, bytes));
        text = liquid_text_from(text, used);
    }
    hob_buffer_put_text(out, text);
}
