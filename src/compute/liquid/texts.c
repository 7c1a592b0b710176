/* texts: see texts.h. */
#define _GNU_SOURCE
#include "compute/liquid/texts.h"

#include "base/memory.h"
#include "base/utf8.h"

static bool is_continuation(char byte)
{
    return ((unsigned char)byte & 0xC0) == 0x80;
}

struct hob_text liquid_strip_left(struct hob_text text)
{
    while (text.size > 0) {
        uint32_t character;
        unsigned length = hob_utf8_decode(text.data, &character);
        if (!hob_utf8_is_space(character))
            break;
        text = liquid_text_from(text, length);
    }
    return text;
}

struct hob_text liquid_strip_right(struct hob_text text)
{
    while (text.size > 0) {
        size_t start = text.size - 1;
        while (start > 0 && is_continuation(text.data[start]))
            start--;
        uint32_t character;
        hob_utf8_decode(text.data + start, &character);
        if (!hob_utf8_is_space(character))
            break;
        text.size = start;
    }
    return text;
}

size_t liquid_find_text(struct hob_text text, struct hob_text part)
{
    if (part.size == 0)
        return 0;
    const char *found = memmem(text.data, text.size, part.data, part.size);
    return found == NULL ? SIZE_MAX : (size_t)(found - text.data);
}

static void reverse_into(char *out, struct hob_text text)
{
    for (size_t i = 0; i < text.size; i++)
        out[i] = text.data[text.size - 1 - i];
}

/* The last match is the first one of the two texts read backwards: looking for one match after the
 * other would take quadratic time on texts like aaaa. */
size_t liquid_find_last_text(struct hob_text text, struct hob_text part)
{
    if (part.size > text.size)
        return SIZE_MAX;
    if (part.size == 0)
        return text.size;
    char *reversed = hob_try_alloc(text.size + part.size, 1);
    if (reversed == NULL)
        return SIZE_MAX;
    reverse_into(reversed, text);
    reverse_into(reversed + text.size, part);
    size_t found = liquid_find_text((struct hob_text){reversed, text.size},
                                    (struct hob_text){reversed + text.size, part.size});
    free(reversed);
    return found == SIZE_MAX ? SIZE_MAX : text.size - found - part.size;
}

bool liquid_next_run(struct hob_text *rest, struct hob_text *run)
{
    *rest = liquid_strip_left(*rest);
    size_t size = 0;
    while (size < rest->size) {
        uint32_t character;
        unsigned length = hob_utf8_decode(rest->data + size, &character);
        if (hob_utf8_is_space(character))
            break;
        size += length;
    }
    *run = (struct hob_text){rest->data, size};
    *rest = liquid_text_from(*rest, size);
    return size > 0;
}

size_t liquid_skip_characters(struct hob_text text, size_t count)
{
    size_t at = 0;
    while (count > 0 && at < text.size) {
        at++;
        while (at < text.size && is_continuation(text.data[at]))
            at++;
        count--;
    }
    return at;
}
