/* yaml_cursor: stepping through the text of a scalar; private to the YAML reader. */
#ifndef HOB_VALUE_YAML_CURSOR_H
#define HOB_VALUE_YAML_CURSOR_H

#include "base/text.h"

/* A piece of text that is being scanned; reading past the end gives NUL, which no rule accepts. */
struct hob_cursor {
    const char *at, *end;
};

static inline char hob_cursor_peek(const struct hob_cursor *cursor)
{
    return cursor->at < cursor->end ? *cursor->at : '\0';
}

static inline bool hob_is_digit(char byte)
{
    return byte >= '0' && byte <= '9';
}

static inline int hob_digit_value(char byte)
{
    if (hob_is_digit(byte))
        return byte - '0';
    char lower = (char)(byte | 0x20);
    return lower >= 'a' && lower <= 'f' ? lower - 'a' + 10 : 99;
}

static inline bool hob_cursor_accept(struct hob_cursor *cursor, char byte)
{
    if (cursor->at == cursor->end || *cursor->at != byte)
        return false;
    cursor->at++;
    return true;
}

static inline void hob_cursor_accept_sign(struct hob_cursor *cursor)
{
    if (hob_cursor_peek(cursor) == '-' || hob_cursor_peek(cursor) == '+')
        cursor->at++;
}

/* Whether the text is `word`, which is in lower case, in any case. */
static inline bool hob_is_word_in_any_case(struct hob_text text, const char *word)
{
    size_t size = strlen(word);
    if (text.size != size)
        return false;
    for (size_t i = 0; i < size; i++)
        if ((text.data[i] >= 'A' && text.data[i] <= 'Z' ? text.data[i] | 0x20 : text.data[i]) !=
            word[i])
            return false;
    return true;
}

#endif
