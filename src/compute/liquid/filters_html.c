/* filters_html: escaping, taking markup out, Markdown. */
#include <stdlib.h>

#include "base/utf8.h"
#include "compute/liquid/entities.h"
#include "compute/liquid/filters.h"
#include "compute/liquid/markdown.h"
#include "compute/liquid/texts.h"

static int begin(struct liquid_render *render, const struct liquid_value *value,
                 struct hob_text *text)
{
    int status = liquid_to_text(render, value, text);
    hob_buffer_clear(&render->work);
    return status;
}

static void put_escaped(struct hob_buffer *out, struct hob_text text)
{
    size_t start = 0;
    for (size_t at = 0; at < text.size; at++) {
        const char *entity = NULL;
        switch (text.data[at]) {
        case '&':
            entity = "&amp;";
            break;
        case '<':
            entity = "&lt;";
            break;
        case '>':
            entity = "&gt;";
            break;
        case '"':
            entity = "&quot;";
            break;
        case '\'':
            entity = "&#x27;";
            break;
        default:
            continue;
        }
        hob_buffer_put(out, text.data + start, at - start);
        hob_buffer_put_string(out, entity);
        start = at + 1;
    }
    hob_buffer_put(out, text.data + start, text.size - start);
}

LIQUID_FILTER(escape)
{
    (void)arguments;
    struct hob_text text;
    int status = begin(render, value, &text);
    if (status != 0)
        return status;
    put_escaped(&render->work, text);
    return liquid_take_work(render, value);
}

LIQUID_FILTER(escape_once)
{
    (void)arguments;
    struct hob_text text;
    struct liquid_value plain;
    int status = begin(render, value, &text);
    if (status != 0)
        return status;
    liquid_put_unescaped(&render->work, text);
    status = liquid_take_work(render, &plain);
    if (status != 0)
        return status;
    hob_buffer_clear(&render->work);
    put_escaped(&render->work, plain.text);
    return liquid_take_work(render, value);
}

LIQUID_FILTER(escapejs)
{
    (void)arguments;
    struct hob_text text;
    int status = begin(render, value, &text);
    for (size_t at = 0; status == 0 && at < text.size;) {
        uint32_t character;
        unsigned length = hob_utf8_decode(text.data + at, &character);
        bool special = character < 0x20 || character == 0x2028 || character == 0x2029 ||
                       (character < 0x80 && strchr("\\'\"<>&=-;`", (int)character) != NULL);
        if (special)
            hob_buffer_printf(&render->work, "\\u%04X", character);
        else
            hob_buffer_put(&render->work, text.data + at, length);
        at += length;
    }
    return status != 0 ? status : liquid_take_work(render, value);
}

LIQUID_FILTER(safe)
{
    (void)arguments;
    struct hob_text text;
    int status = liquid_to_text(render, value, &text);
    *value = liquid_text(text);
    return status;
}

static bool is_ascii_letter(char byte)
{
    return (byte | 0x20) >= 'a' && (byte | 0x20) <= 'z';
}

/* A text whose markup is taken out. What was searched for up to the end in vain is not searched
 * for again, so that hostile texts take no longer than others. */
struct stripper {
    struct hob_text text;
    bool no_comment_end; /* there is no --> any more */
    bool no_quotes;      /* quotes do not match: tags end at the next > */
};

/* Behind the `>` that ends a tag, quotes in its attributes looked through; SIZE_MAX without. */
static size_t find_tag_end(struct stripper *stripper, size_t at)
{
    struct hob_text text = stripper->text;
    char quote = 0;
    for (size_t i = at; i < text.size && !stripper->no_quotes; i++) {
        char byte = text.data[i];
        if (quote != 0)
            quote = byte == quote ? 0 : quote;
        else if ((byte == '"' || byte == '\'') && text.data[i - 1] == '=')
            quote = byte;
        else if (byte == '>')
            return i + 1;
    }
    stripper->no_quotes = true;
    const char *plain = memchr(text.data + at, '>', text.size - at);
    return plain == NULL ? SIZE_MAX : (size_t)(plain - text.data) + 1;
}

static bool starts_with_word(struct hob_text text, size_t at, const char *word)
{
    for (; *word != '\0'; word++, at++)
        if (at >= text.size || (text.data[at] | 0x20) != *word)
            return false;
    return at >= text.size || !is_ascii_letter(text.data[at]);
}

/* Behind the end tag of script or style, whose content is no markup. */
static size_t skip_content(struct hob_text text, size_t at, const char *name)
{
    for (size_t found;
         (found = liquid_find_text(liquid_text_from(text, at), HOB_TEXT("</"))) != SIZE_MAX;) {
        at += found + 2;
        if (!starts_with_word(text, at, name))
            continue;
        const char *end = memchr(text.data + at, '>', text.size - at);
        return end == NULL ? text.size : (size_t)(end - text.data) + 1;
    }
    return text.size;
}

/* Behind the markup that starts with the `<` at `at`; `at` itself when it is no markup. */
static size_t skip_markup(struct stripper *stripper, size_t at)
{
    struct hob_text text = stripper->text;
    char next = at + 1 < text.size ? text.data[at + 1] : '\0';
    size_t end;
    if (text.size - at >= 4 && memcmp(text.data + at, "<!--", 4) == 0) {
        if (stripper->no_comment_end)
            return at;
        end = liquid_find_text(liquid_text_from(text, at + 4), HOB_TEXT("-->"));
        stripper->no_comment_end = end == SIZE_MAX;
        return end == SIZE_MAX ? at : at + 4 + end + 3;
    }
    bool closing = next == '/' && at + 2 < text.size && is_ascii_letter(text.data[at + 2]);
    if (!closing && next != '!' && next != '?' && !is_ascii_letter(next))
        return at;
    end = find_tag_end(stripper, at + 1);
    if (end == SIZE_MAX)
        return at;
    if (starts_with_word(text, at + 1, "script"))
        return skip_content(text, end, "script");
    return starts_with_word(text, at + 1, "style") ? skip_content(text, end, "style") : end;
}

static void put_stripped(struct hob_buffer *out, struct hob_text text)
{
    struct stripper stripper = {.text = text};
    size_t start = 0, last = text.size;
    while (last > 0 && text.data[last - 1] != '>')
        last--;
    for (size_t at = 0; at < last;) {
        const char *open = memchr(text.data + at, '<', last - at);
        if (open == NULL)
            break;
        at = (size_t)(open - text.data);
        size_t end = skip_markup(&stripper, at);
        if (end == at) {
            at++;
            continue;
        }
        hob_buffer_put(out, text.data + start, at - start);
        at = start = end;
    }
    hob_buffer_put(out, text.data + start, text.size - start);
}

LIQUID_FILTER(strip_html)
{
    (void)arguments;
    struct hob_text text;
    int status = begin(render, value, &text);
    if (status != 0)
        return status;
    bool markup = text.size > 0 && memchr(text.data, '<', text.size) != NULL &&
                  memchr(text.data, '>', text.size) != NULL;
    if (!markup) {
        *value = liquid_text(text);
        return 0;
    }
    put_stripped(&render->work, text);
    return liquid_take_work(render, value);
}

LIQUID_FILTER(markdownify)
{
    (void)arguments;
    struct hob_text text;
    int status = begin(render, value, &text);
    if (status != 0)
        return status;
    if (!liquid_put_markdown(&render->work, text, render->output_limit))
        return liquid_broken(render, "the Markdown cannot be converted");
    return liquid_take_work(render, value);
}
