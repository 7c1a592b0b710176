/* yaml_scalar: see yaml_scalar.h.
 *
 * The spellings and the places where lines are folded are those of PyYAML's emitter, byte for byte,
 * so that files which both programs write do not change back and forth. Two texts are spelled
 * otherwise, because they would come back changed or not at all: one with U+0085 is double-quoted,
 * and a literal that starts with a tab gets an indentation indicator. Lone surrogates, which no
 * YAML file can hold, become U+FFFD. */
#include "value/yaml_scalar.h"

#include "base/utf8.h"

enum { WIDTH = 80, NEXT_LINE = 0x85, LINE_SEPARATOR = 0x2028, PARAGRAPH_SEPARATOR = 0x2029 };

struct character {
    uint32_t code;
    size_t size; /* in bytes; 0 at the end of the text */
};

static struct character character_at(struct hob_text text, size_t at)
{
    if (at >= text.size)
        return (struct character){0, 0};
    uint8_t byte = (uint8_t)text.data[at];
    if (byte < 0x80)
        return (struct character){byte, 1};
    struct character character;
    character.size = hob_utf8_decode(text.data + at, &character.code);
    return character;
}

static bool is_break(uint32_t code)
{
    return code == '\n' || code == NEXT_LINE || code == LINE_SEPARATOR ||
           code == PARAGRAPH_SEPARATOR;
}

static bool is_blank_or_break(struct character character)
{
    uint32_t code = character.code;
    return character.size == 0 || code == 0 || code == ' ' || code == '\t' || code == '\r' ||
           is_break(code);
}

static bool is_surrogate(uint32_t code)
{
    return code >= 0xD800 && code <= 0xDFFF;
}

static bool is_printable(uint32_t code)
{
    if (code < 0x7F)
        return code >= 0x20 || code == '\n';
    return code >= 0xA0 && code != 0xFEFF && code != 0xFFFE && code != 0xFFFF && code < 0x10FFFF &&
           !is_surrogate(code);
}

static void put(struct hob_yaml_output *output, struct hob_text text)
{
    hob_buffer_put_text(output->buffer, text);
    output->column += hob_utf8_count(text);
}

static void put_slice(struct hob_yaml_output *output, struct hob_text text, size_t start,
                      size_t end)
{
    if (start < end)
        put(output, (struct hob_text){text.data + start, end - start});
}

void hob_yaml_put_indicator(struct hob_yaml_output *output, const char *indicator, bool spaced,
                            bool opens)
{
    if (spaced && !output->after_space)
        put(output, HOB_TEXT(" "));
    put(output, hob_text_from(indicator));
    output->after_space = false;
    output->in_indent = output->in_indent && opens;
    output->open_ended = false;
}

static void put_line_break(struct hob_yaml_output *output, struct hob_text line_break)
{
    hob_buffer_put_text(output->buffer, line_break);
    output->after_space = true;
    output->in_indent = true;
    output->column = 0;
}

void hob_yaml_put_indent(struct hob_yaml_output *output)
{
    size_t indent = output->indent > 0 ? (size_t)output->indent : 0;
    if (!output->in_indent || output->column > indent ||
        (output->column == indent && !output->after_space))
        put_line_break(output, HOB_TEXT("\n"));
    if (output->column < indent) {
        output->after_space = true;
        hob_buffer_put_repeated(output->buffer, ' ', indent - output->column);
        output->column = indent;
    }
}

/* What is found on the way through a text. */
struct findings {
    bool indicator;   /* that a plain scalar may not hold there */
    bool special;     /* characters that only double quotes can hold, tabs among them */
    bool control;     /* the same without tabs */
    bool space_break; /* a blank before a line break */
    bool break_space;
};

static bool is_leading_indicator(struct character character, struct character next)
{
    switch (character.code) {
    case '?':
    case ':':
    case '-':
        return is_blank_or_break(next);
    case 0:
        return false;
    default:
        return character.code < 0x80 && strchr("#,[]{}&*!|>'\"%@`", (int)character.code) != NULL;
    }
}

static void look_at_character(struct findings *findings, struct character before,
                              struct character character, struct character next)
{
    uint32_t code = character.code;
    if (before.size == 0)
        findings->indicator |= is_leading_indicator(character, next);
    else if (code == ':')
        findings->indicator |= is_blank_or_break(next);
    else if (code == '#')
        findings->indicator |= is_blank_or_break(before);
    if (!is_printable(code)) {
        findings->special = true;
        findings->control |= code != '\t';
    }
    if (code == ' ')
        findings->break_space |= before.size > 0 && is_break(before.code);
    else if (before.code == ' ' && is_break(code))
        findings->space_break = true;
}

struct hob_yaml_looks hob_yaml_look_at(struct hob_text text)
{
    struct hob_yaml_looks looks = {0};
    struct findings findings = {.indicator = hob_text_starts_with(text, "---") ||
                                             hob_text_starts_with(text, "...")};
    struct character before = {0, 0}, character = character_at(text, 0);
    for (size_t at = 0; at < text.size; looks.characters++) {
        at += character.size;
        struct character next = character_at(text, at);
        look_at_character(&findings, before, character, next);
        looks.multiline |= is_break(character.code);
        looks.has_newline |= character.code == '\n';
        before = character;
        character = next;
    }
    struct character first = character_at(text, 0);
    bool ragged = text.size > 0 && (first.code == ' ' || before.code == ' ');
    looks.single = !findings.break_space && !findings.space_break && !findings.special;
    looks.plain = looks.single && !looks.multiline && !ragged && !findings.indicator;
    looks.literal = text.size > 0 && !findings.control;
    return looks;
}

void hob_yaml_put_plain(struct hob_yaml_output *output, struct hob_text text, bool fold)
{
    if (!output->after_space)
        put(output, HOB_TEXT(" "));
    output->after_space = false;
    output->in_indent = false;
    size_t start = 0;
    while (start < text.size) {
        const char *space = memchr(text.data + start, ' ', text.size - start);
        size_t end = space != NULL ? (size_t)(space - text.data) : text.size;
        put_slice(output, text, start, end);
        for (start = end; end < text.size && text.data[end] == ' ';)
            end++;
        if (start + 1 == end && output->column > WIDTH && fold) {
            hob_yaml_put_indent(output);
            output->after_space = false;
            output->in_indent = false;
        } else {
            put_slice(output, text, start, end);
        }
        start = end;
    }
}

/* The run of line breaks at `at`; where it ends. */
static size_t breaks_end(struct hob_text text, size_t at)
{
    for (;;) {
        struct character character = character_at(text, at);
        if (character.size == 0 || !is_break(character.code))
            return at;
        at += character.size;
    }
}

static void put_breaks(struct hob_yaml_output *output, struct hob_text text, size_t at, size_t end)
{
    while (at < end) {
        size_t size = character_at(text, at).size;
        put_line_break(output, (struct hob_text){text.data + at, size});
        at += size;
    }
}

/* Where the run of characters that single quotes and literals hold as they are ends. */
static size_t run_end(struct hob_text text, size_t at, const char *stops)
{
    for (;;) {
        struct character character = character_at(text, at);
        if (character.size == 0 || is_break(character.code) ||
            (character.code != 0 && character.code < 0x80 &&
             strchr(stops, (int)character.code) != NULL))
            return at;
        at += character.size;
    }
}

static size_t put_single_spaces(struct hob_yaml_output *output, struct hob_text text, size_t start,
                                bool fold)
{
    size_t end = start;
    while (end < text.size && text.data[end] == ' ')
        end++;
    if (start + 1 == end && output->column > WIDTH && fold && start > 0 && end < text.size)
        hob_yaml_put_indent(output);
    else
        put_slice(output, text, start, end);
    return end;
}

/* Texts with newlines are literals or double-quoted; the breaks met here are U+2028 and U+2029,
 * which stay as they are. */
void hob_yaml_put_single(struct hob_yaml_output *output, struct hob_text text, bool fold)
{
    hob_yaml_put_indicator(output, "'", true, false);
    for (size_t at = 0; at < text.size;) {
        size_t end = run_end(text, at, " '");
        put_slice(output, text, at, end);
        at = end;
        if (at == text.size)
            break;
        if (text.data[at] == '\'') {
            put(output, HOB_TEXT("''"));
            at++;
        } else if (text.data[at] == ' ') {
            at = put_single_spaces(output, text, at, fold);
        } else {
            end = breaks_end(text, at);
            put_breaks(output, text, at, end);
            hob_yaml_put_indent(output);
            at = end;
        }
    }
    hob_yaml_put_indicator(output, "'", false, false);
}

static void put_escape(struct hob_yaml_output *output, uint32_t code)
{
    static const struct {
        uint16_t code;
        char letter;
    } escapes[] = {{0, '0'},
                   {7, 'a'},
                   {8, 'b'},
                   {9, 't'},
                   {10, 'n'},
                   {11, 'v'},
                   {12, 'f'},
                   {13, 'r'},
                   {27, 'e'},
                   {'"', '"'},
                   {'\\', '\\'},
                   {NEXT_LINE, 'N'},
                   {0xA0, '_'},
                   {LINE_SEPARATOR, 'L'},
                   {PARAGRAPH_SEPARATOR, 'P'}};
    size_t before = output->buffer->size;
    size_t i = 0;
    while (i < sizeof escapes / sizeof escapes[0] && escapes[i].code != code)
        i++;
    if (i < sizeof escapes / sizeof escapes[0])
        hob_buffer_printf(output->buffer, "\\%c", escapes[i].letter);
    else if (code <= 0xFF)
        hob_buffer_printf(output->buffer, "\\x%02X", code);
    else if (code <= 0xFFFF)
        hob_buffer_printf(output->buffer, "\\u%04X", is_surrogate(code) ? 0xFFFD : code);
    else
        hob_buffer_printf(output->buffer, "\\U%08X", code);
    output->column += output->buffer->size - before;
}

static bool stays_in_double(uint32_t code)
{
    if (code < 0x7F)
        return code >= 0x20 && code != '"' && code != '\\';
    return code >= 0xA0 && code <= 0xFFFD && !is_surrogate(code) && code != 0xFEFF &&
           code != LINE_SEPARATOR && code != PARAGRAPH_SEPARATOR;
}

/* Ends the line with a backslash, and starts the next with one when it starts with a blank. */
static void fold_double(struct hob_yaml_output *output, struct hob_text text, size_t next)
{
    put(output, HOB_TEXT("\\"));
    hob_yaml_put_indent(output);
    output->after_space = false;
    output->in_indent = false;
    if (text.data[next] == ' ')
        put(output, HOB_TEXT("\\"));
}

/* `start` to `at` has been looked at, but is not written yet. */
void hob_yaml_put_double(struct hob_yaml_output *output, struct hob_text text, bool fold)
{
    hob_yaml_put_indicator(output, "\"", true, false);
    size_t start = 0, waiting = 0; /* characters between start and at */
    for (size_t at = 0; at < text.size;) {
        struct character character = character_at(text, at);
        size_t next = at + character.size;
        bool escaped = !stays_in_double(character.code);
        if (escaped) {
            put_slice(output, text, start, at);
            put_escape(output, character.code);
            start = next;
            waiting = 0;
        }
        if (fold && at > 0 && next < text.size && (character.code == ' ' || start >= at) &&
            output->column + waiting - (escaped ? 1 : 0) > WIDTH) {
            put_slice(output, text, start, at);
            if (start < at)
                start = at;
            waiting = 0;
            fold_double(output, text, start);
        }
        waiting += start <= at;
        at = next;
    }
    put_slice(output, text, start, text.size);
    hob_yaml_put_indicator(output, "\"", false, false);
}

/* The indicators after "|": indentation, where the first line would hide it, and what becomes of
 * the line breaks at the end. Returns whether they are kept. */
static bool literal_header(struct hob_text text, char header[4])
{
    size_t size = 0;
    struct character first = character_at(text, 0);
    header[size++] = '|';
    if (first.code == ' ' || first.code == '\t' || is_break(first.code))
        header[size++] = '2';
    size_t breaks = 0;
    for (size_t at = 0; at < text.size; at += character_at(text, at).size)
        breaks = is_break(character_at(text, at).code) ? breaks + 1 : 0;
    bool keeps = breaks > 1 || (breaks == 1 && first.size == text.size);
    if (breaks == 0)
        header[size++] = '-';
    else if (keeps)
        header[size++] = '+';
    header[size] = '\0';
    return keeps;
}

void hob_yaml_put_literal(struct hob_yaml_output *output, struct hob_text text)
{
    char header[4];
    bool keeps = literal_header(text, header);
    hob_yaml_put_indicator(output, header, true, false);
    output->open_ended = keeps;
    put_line_break(output, HOB_TEXT("\n"));
    for (size_t at = 0; at < text.size;) {
        size_t end = breaks_end(text, at);
        put_breaks(output, text, at, end);
        at = end;
        if (at == text.size)
            return;
        hob_yaml_put_indent(output);
        end = run_end(text, at, "");
        hob_buffer_put(output->buffer, text.data + at, end - at);
        at = end;
        if (at == text.size)
            put_line_break(output, HOB_TEXT("\n"));
    }
}
