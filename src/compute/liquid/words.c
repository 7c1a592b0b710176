/* words: cuts what is inside a tag or output into names, strings, numbers and signs.
 *
 * A name is a word character, then word characters or dashes, then an optional question mark; it
 * may start with a digit, so `1e3` and `1_000` are names. Characters beyond ASCII that are no white
 * space count as word characters. Strings have no escapes. */
#include "base/utf8.h"
#include "compute/liquid/parse.h"

static bool is_digit(char byte)
{
    return byte >= '0' && byte <= '9';
}

static bool is_word_byte(char byte)
{
    return (byte >= 'a' && byte <= 'z') || (byte >= 'A' && byte <= 'Z') || is_digit(byte) ||
           byte == '_';
}

/* Behind the word characters from `at` on. */
static const char *skip_word(const char *at, const char *end, bool dashes)
{
    while (at < end) {
        if (is_word_byte(*at) || (dashes && *at == '-')) {
            at++;
            continue;
        }
        uint32_t character;
        if ((unsigned char)*at < 0x80)
            break;
        unsigned length = hob_utf8_decode(at, &character);
        if (hob_utf8_is_space(character))
            break;
        at += length;
    }
    return at;
}

static const char *skip_digits(const char *at, const char *end)
{
    while (at < end && is_digit(*at))
        at++;
    return at;
}

/* A number without its sign: INT or FLOAT, or a name that starts with digits. */
static const char *scan_number(struct liquid_words *words, const char *at, bool may_be_name)
{
    const char *digits = skip_digits(at, words->end);
    const char *word = skip_word(at, words->end, true);
    if (word != digits) {
        words->kind = may_be_name ? LIQUID_WORD_NAME : LIQUID_WORD_BAD;
        return word;
    }
    if (words->end - digits >= 2 && digits[0] == '.' && is_digit(digits[1])) {
        words->kind = LIQUID_WORD_FLOAT;
        return skip_digits(digits + 1, words->end);
    }
    words->kind = LIQUID_WORD_INT;
    return digits;
}

static const char *scan_string(struct liquid_words *words, const char *at)
{
    const char *close = memchr(at + 1, *at, (size_t)(words->end - at - 1));
    words->kind = close == NULL ? LIQUID_WORD_BAD : LIQUID_WORD_TEXT;
    return close == NULL ? words->end : close + 1;
}

static const char *scan_sign(struct liquid_words *words, const char *at)
{
    static const char *const signs[] = {"==", "!=", "<>", "<=", ">=", "..", "|", ":", ",",
                                        ".",  "[",  "]",  "(",  ")",  "<",  ">", "="};
    words->kind = LIQUID_WORD_SIGN;
    for (size_t i = 0; i < sizeof signs / sizeof signs[0]; i++) {
        size_t size = strlen(signs[i]);
        if ((size_t)(words->end - at) >= size && memcmp(at, signs[i], size) == 0)
            return at + size;
    }
    words->kind = LIQUID_WORD_BAD;
    return at + 1;
}

static const char *skip_space(const char *at, const char *end)
{
    while (at < end) {
        uint32_t character;
        unsigned length = hob_utf8_decode(at, &character);
        if (!hob_utf8_is_space(character))
            break;
        at += length;
    }
    return at;
}

void liquid_next_word(struct liquid_words *words)
{
    const char *start = skip_space(words->at, words->end);
    words->spaced = start > words->at;
    const char *at = start;
    if (start == words->end) {
        words->kind = LIQUID_WORD_END;
    } else if (is_digit(*at)) {
        at = scan_number(words, at, true);
    } else if (*at == '-' && words->end - at >= 2 && is_digit(at[1])) {
        at = scan_number(words, at + 1, false);
    } else if (is_word_byte(*at) || (unsigned char)*at >= 0x80) {
        words->kind = LIQUID_WORD_NAME;
        at = skip_word(at, words->end, true);
    } else if (*at == '\'' || *at == '"') {
        at = scan_string(words, at);
    } else {
        at = scan_sign(words, at);
    }
    if (words->kind == LIQUID_WORD_NAME && at < words->end && *at == '?')
        at++;
    words->text = (struct hob_text){start, (size_t)(at - start)};
    if (words->kind == LIQUID_WORD_TEXT)
        words->text = (struct hob_text){start + 1, words->text.size - 2};
    words->at = at;
}

struct liquid_words liquid_words_from(struct hob_text text)
{
    struct liquid_words words = {.at = text.data, .end = text.data + text.size};
    liquid_next_word(&words);
    return words;
}

bool liquid_word_is(const struct liquid_words *words, const char *text)
{
    return (words->kind == LIQUID_WORD_SIGN || words->kind == LIQUID_WORD_NAME) &&
           hob_text_is(words->text, text);
}

bool liquid_take_word(struct liquid_words *words, const char *text)
{
    bool found = liquid_word_is(words, text);
    if (found)
        liquid_next_word(words);
    return found;
}

bool liquid_is_reserved(struct hob_text name)
{
    static const char *const reserved[] = {
        "for",  "in",       "with",  "as",     "if",       "else", "and",      "or",
        "not",  "contains", "limit", "offset", "reversed", "cols", "continue", "required",
        "true", "false",    "nil",   "null",   "empty",    "blank"};
    for (size_t i = 0; i < sizeof reserved / sizeof reserved[0]; i++)
        if (hob_text_is(name, reserved[i]))
            return true;
    return false;
}

bool liquid_word_is_variable(const struct liquid_words *words, bool question)
{
    if (words->kind != LIQUID_WORD_NAME || liquid_is_reserved(words->text))
        return false;
    return question || words->text.data[words->text.size - 1] != '?';
}

struct liquid_name liquid_make_name(struct hob_text text)
{
    return (struct liquid_name){text, hob_text_hash(text)};
}

struct liquid_name liquid_take_name(struct liquid_words *words)
{
    struct liquid_name name = liquid_make_name(words->text);
    liquid_next_word(words);
    return name;
}
