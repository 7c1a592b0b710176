/* numbers: the numbers that texts and other values stand for, as Python's int() and float() read
 * them: white space around, underscores between digits, digits of any script, inf and nan. */
#include <math.h>

#include "base/number.h"
#include "base/utf8.h"
#include "compute/liquid/decimal.h"
#include "compute/liquid/filters.h"
#include "compute/liquid/texts.h"

/* The value of a decimal digit of any script, or -1. */
static int digit_value(uint32_t character)
{
    static const uint32_t zeros[] = {'0',    0x0660, 0x06F0, 0x07C0, 0x0966, 0x09E6, 0x0A66,
                                     0x0AE6, 0x0B66, 0x0BE6, 0x0C66, 0x0CE6, 0x0D66, 0x0E50,
                                     0x0ED0, 0x0F20, 0x1040, 0x17E0, 0x1810, 0xFF10};
    for (size_t i = 0; i < sizeof zeros / sizeof zeros[0]; i++)
        if (character >= zeros[i] && character < zeros[i] + 10)
            return (int)(character - zeros[i]);
    return -1;
}

/* In ASCII, without the underscores between digits; 0 when the text cannot be a number. */
static size_t plain_spelling(struct hob_text text, char *out, size_t size)
{
    size_t used = 0;
    bool digit_before = false;
    for (size_t at = 0; at < text.size;) {
        uint32_t character;
        at += hob_utf8_decode(text.data + at, &character);
        int digit = digit_value(character);
        if (character == '_') {
            uint32_t next = 0;
            if (at < text.size)
                hob_utf8_decode(text.data + at, &next);
            if (!digit_before || digit_value(next) < 0)
                return 0;
            digit_before = false;
            continue;
        }
        digit_before = digit >= 0;
        if (character > 0x7F && digit < 0)
            return 0;
        if (used == size)
            return 0;
        out[used++] = (char)(digit >= 0 ? '0' + digit : (int)character);
    }
    return used;
}

static bool is_word(struct hob_text text, const char *word)
{
    if (text.size != strlen(word))
        return false;
    for (size_t i = 0; i < text.size; i++)
        if ((text.data[i] | 0x20) != word[i])
            return false;
    return true;
}

static bool read_special(struct hob_text text, double *number)
{
    bool negative = text.size > 0 && text.data[0] == '-';
    if (text.size > 0 && (text.data[0] == '-' || text.data[0] == '+'))
        text = liquid_text_from(text, 1);
    if (is_word(text, "inf") || is_word(text, "infinity"))
        *number = negative ? -INFINITY : INFINITY;
    else if (is_word(text, "nan"))
        *number = NAN;
    else
        return false;
    return true;
}

bool liquid_read_number(struct hob_text text, struct liquid_value *number)
{
    char spelling[LIQUID_DECIMAL_OPERAND];
    int64_t integer;
    double value;
    text = hob_text_strip(text);
    struct hob_text plain = {spelling, plain_spelling(text, spelling, sizeof spelling)};
    if (plain.size == 0)
        return false;
    int result = hob_number_parse_int(plain, &integer);
    if (result == 0) {
        *number = liquid_int(integer);
    } else if (result == 1 && text.size == plain.size && text.data[0] != '+' &&
               text.data[text.data[0] == '-'] != '0') {
        *number = (struct liquid_value){.kind = LIQUID_BIG, .text = text};
    } else {
        if (!hob_number_parse_double(plain, &value) && !read_special(plain, &value))
            return false;
        *number = liquid_double(value);
    }
    return true;
}

struct liquid_value liquid_to_number(const struct liquid_value *value)
{
    struct liquid_value number;
    if (value->kind == LIQUID_INT || value->kind == LIQUID_DOUBLE || value->kind == LIQUID_BIG)
        return *value;
    if (value->kind == LIQUID_BOOL)
        return liquid_int(value->boolean);
    if (value->kind == LIQUID_TEXT && liquid_read_number(value->text, &number))
        return number;
    return liquid_int(0);
}
