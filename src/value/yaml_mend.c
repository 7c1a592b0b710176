/* yaml_mend: see yaml_mend.h. */
#include "value/yaml_mend.h"

#include "base/utf8.h"

/* Where the character with that number begins, or the end of the text. */
static size_t byte_of(struct hob_text text, size_t index)
{
    size_t at = 0;
    while (at < text.size) {
        if (index-- == 0)
            break;
        at++;
        while (at < text.size && ((unsigned char)text.data[at] & 0xC0) == 0x80)
            at++;
    }
    return at;
}

static struct hob_text from(struct hob_text text, size_t at)
{
    return (struct hob_text){text.data + at, text.size - at};
}

static bool is_break(char byte)
{
    return byte == '\n' || byte == '\r';
}

/* `|` or `>` begins a block scalar at `header`, and a tab stands at `tab`, where libyaml still
 * looks for its indentation. For PyYAML that is the tab's column, if no line before it had more
 * blanks. */
static bool indicate_indentation(struct hob_buffer *out, const struct yaml_trouble *trouble,
                                 size_t header, size_t tab)
{
    struct hob_text text = trouble->text;
    size_t at = header + 1, blanks = 0, most = 0;
    while (at < tab && (text.data[at] == '+' || text.data[at] == '-'))
        at++;
    if (at >= tab || (text.data[at] >= '0' && text.data[at] <= '9'))
        return false;
    while (at < tab && !is_break(text.data[at]))
        at++;
    for (; at < tab; at++) {
        if (text.data[at] != ' ' && !is_break(text.data[at]))
            return false;
        blanks = text.data[at] == ' ' ? blanks + 1 : 0;
        most = blanks > most ? blanks : most;
    }
    size_t around = trouble->indent > 0 ? (size_t)trouble->indent : 0;
    if (blanks != most || most <= around || most - around > 9)
        return false;
    hob_buffer_put(out, text.data, header + 1);
    hob_buffer_put_char(out, (char)('0' + (most - around)));
    hob_buffer_put_text(out, from(text, header + 1));
    return true;
}

/* \uXXXX at the start of the text as a number, or -1. */
static int32_t escaped_unit(struct hob_text text)
{
    int32_t unit = 0;
    if (text.size < 6 || text.data[0] != '\\' || text.data[1] != 'u')
        return -1;
    for (size_t i = 2; i < 6; i++) {
        char byte = text.data[i], lower = (char)(byte | 0x20);
        if (byte >= '0' && byte <= '9')
            unit = unit * 16 + (byte - '0');
        else if (lower >= 'a' && lower <= 'f')
            unit = unit * 16 + (lower - 'a' + 10);
        else
            return -1;
    }
    return unit;
}

/* The character of the pair of escapes at the start of the text, or -1. */
static int32_t escaped_pair(struct hob_text text)
{
    int32_t high = escaped_unit(text);
    if (high < 0xD800 || high > 0xDBFF)
        return -1;
    int32_t low = escaped_unit(from(text, 6));
    return low < 0xDC00 || low > 0xDFFF ? -1 : 0x10000 + ((high - 0xD800) << 10) + (low - 0xDC00);
}

/* Joins the pair at `at` and those behind it in the same double quotes. */
static bool join_pairs(struct hob_buffer *out, struct hob_text text, size_t at)
{
    if (escaped_pair(from(text, at)) < 0)
        return false;
    hob_buffer_put(out, text.data, at);
    while (at < text.size && text.data[at] != '"') {
        int32_t character = escaped_pair(from(text, at));
        size_t size = text.data[at] == '\\' && at + 1 < text.size ? 2 : 1;
        if (character < 0) {
            hob_buffer_put(out, text.data + at, size);
            at += size;
        } else {
            hob_buffer_printf(out, "\\U%08X", (unsigned)character);
            at += 12;
        }
    }
    hob_buffer_put_text(out, from(text, at));
    return true;
}

/* Whether behind the line that holds `at` only such lines stand before `---` that may. */
static bool precedes_document(struct hob_text text, size_t at)
{
    for (;;) {
        while (at < text.size && !is_break(text.data[at]))
            at++;
        while (at < text.size && is_break(text.data[at]))
            at++;
        if (at == text.size || (text.data[at] != '%' && text.data[at] != '#'))
            return hob_text_starts_with(from(text, at), "---");
    }
}

static bool hide_directive(struct hob_buffer *out, struct hob_text text, size_t at)
{
    if (at == text.size || text.data[at] != '%' || !precedes_document(text, at))
        return false;
    hob_buffer_put(out, text.data, at);
    hob_buffer_put_char(out, '#');
    hob_buffer_put_text(out, from(text, at + 1));
    return true;
}

bool yaml_mend(struct hob_buffer *out, const struct yaml_trouble *trouble)
{
    struct hob_text problem = hob_text_from(trouble->problem);
    size_t context = byte_of(trouble->text, trouble->context_index);
    size_t at = byte_of(trouble->text, trouble->index);
    if (hob_text_is(problem, "found a tab character where an indentation space is expected"))
        return indicate_indentation(out, trouble, context, at);
    if (hob_text_is(problem, "found invalid Unicode character escape code"))
        return at >= 2 && join_pairs(out, trouble->text, at - 2);
    if (hob_text_is(problem, "found unknown directive name"))
        return hide_directive(out, trouble->text, context);
    return false;
}
