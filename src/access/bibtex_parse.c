/* bibtex_parse: see bibtex_parse.h.
 *
 * An entry begins with an `@` that is the first thing of its line, or that follows another entry;
 * everything else between entries is free text. So `% @misc{...}` stays commented out. Braces are
 * counted, never recursed into, and every byte is looked at once: a value either lies in the text
 * as it is, or is joined from pieces into the arena. Where BibTeX would refuse what can be
 * understood (no key, a `%` comment between fields, 1-2 without quotes) it is read. */
#include "access/bibtex_parse.h"

#include <string.h>

#include "base/buffer.h"
#include "base/utf8.h"

enum { MAX_NAMES = 1000 };
static const size_t max_expanded = (size_t)256 << 20; /* bytes that macros may make in all */

struct parser {
    struct hob_bibtex *bibtex;
    const char *begin, *at, *end;
    struct hob_map *macros;          /* lower-cased name -> struct hob_text in the arena */
    size_t expanded;                 /* bytes that macros made so far */
    size_t last_entry_of[MAX_NAMES]; /* 1 + the last entry that had the field */
    struct hob_buffer joined;        /* scratch for a value made of several pieces */
    struct hob_error *error;
};

void hob_bibtex_deinit(struct hob_bibtex *bibtex)
{
    bibtex->names = hob_map_free(bibtex->names);
    bibtex->arena = hob_arena_free(bibtex->arena);
    free(bibtex->entries);
    free(bibtex->fields);
    bibtex->entries = NULL;
    bibtex->fields = NULL;
}

static bool is_blank(char byte)
{
    return byte == ' ' || (byte >= '\t' && byte <= '\r');
}

/* What may stand in a name: all but blanks, controls and "#%'(),={} . */
static bool is_name_byte(char byte)
{
    return (unsigned char)byte > ' ' && byte != 0x7F && strchr("\"#%'(),={}", byte) == NULL;
}

bool hob_bibtex_is_name(struct hob_text name)
{
    for (size_t i = 0; i < name.size; i++)
        if (!is_name_byte(name.data[i]))
            return false;
    return name.size > 0;
}

/* Only asked once something is wrong. */
static size_t line_of(const struct parser *parser, const char *place)
{
    size_t line = 1;
    for (const char *at = parser->begin; at < place; at++)
        line += *at == '\n' || (*at == '\r' && (at + 1 == parser->end || at[1] != '\n'));
    return line;
}

static int malformed(struct parser *parser, const char *place, const char *what)
{
    return hob_error_set(parser->error, HOB_E_VALUE, "line %zu: %s", line_of(parser, place), what);
}

static int no_memory(struct parser *parser)
{
    return hob_error_set(parser->error, HOB_E_MEMORY, "not enough memory");
}

static void skip_blanks(struct parser *parser)
{
    while (parser->at < parser->end && is_blank(*parser->at))
        parser->at++;
}

static void skip_line(struct parser *parser)
{
    while (parser->at < parser->end && *parser->at != '\n' && *parser->at != '\r')
        parser->at++;
}

/* Blanks, and comments from `%` to the end of the line. */
static void skip_between(struct parser *parser)
{
    skip_blanks(parser);
    while (parser->at < parser->end && *parser->at == '%') {
        skip_line(parser);
        skip_blanks(parser);
    }
}

static bool take(struct parser *parser, char byte)
{
    if (parser->at == parser->end || *parser->at != byte)
        return false;
    parser->at++;
    return true;
}

static struct hob_text take_name(struct parser *parser)
{
    const char *start = parser->at;
    while (parser->at < parser->end && is_name_byte(*parser->at))
        parser->at++;
    return (struct hob_text){start, (size_t)(parser->at - start)};
}

/* The name in lower case (ASCII letters): itself, or a copy. */
static struct hob_text lower(struct parser *parser, struct hob_text name)
{
    size_t i = 0;
    while (i < name.size && !(name.data[i] >= 'A' && name.data[i] <= 'Z'))
        i++;
    if (i == name.size)
        return name;
    char *copy = hob_arena_alloc(parser->bibtex->arena, name.size);
    for (i = 0; i < name.size; i++) {
        bool capital = name.data[i] >= 'A' && name.data[i] <= 'Z';
        copy[i] = (char)(name.data[i] | (capital ? 0x20 : 0));
    }
    return (struct hob_text){copy, name.size};
}

/* Goes to what closes a group whose opening byte has been passed: `close` outside all braces. */
static int find_close(struct parser *parser, char close, struct hob_text *inside)
{
    const char *start = parser->at;
    size_t depth = 0;
    for (const char *at = start; at < parser->end; at++) {
        if (depth == 0 && *at == close) {
            *inside = (struct hob_text){start, (size_t)(at - start)};
            parser->at = at + 1;
            return 0;
        }
        if (*at == '{')
            depth++;
        else if (*at == '}' && depth-- == 0)
            return malformed(parser, at, "a `}` that closes nothing");
    }
    return malformed(parser, start - 1,
                     close == '"' ? "the quote that begins here is never closed"
                                  : "the brace that is opened here is never closed");
}

/* A small file may not become a large table. */
static int count_expanded(struct parser *parser, size_t size)
{
    parser->expanded += size;
    if (parser->expanded <= max_expanded)
        return 0;
    hob_error_set(parser->error, HOB_E_LIMIT, "the macros make more than %zu MiB of text",
                  max_expanded >> 20);
    hob_error_hint(parser->error, "look for @string definitions that repeat each other");
    return HOB_E_LIMIT;
}

/* The text of a macro. */
static int expand(struct parser *parser, struct hob_text name, struct hob_text *text)
{
    static const char *const months[] = {"January",   "February", "March",    "April",
                                         "May",       "June",     "July",     "August",
                                         "September", "October",  "November", "December"};
    struct hob_text key = lower(parser, name);
    const struct hob_text *macro = hob_map_get(parser->macros, key);
    if (macro != NULL) {
        *text = *macro;
        return count_expanded(parser, macro->size);
    }
    for (size_t i = 0; key.size == 3 && i < 12; i++) {
        if ((months[i][0] | 0x20) == key.data[0] && memcmp(months[i] + 1, key.data + 1, 2) == 0) {
            *text = hob_text_from(months[i]);
            return 0;
        }
    }
    hob_error_set(parser->error, HOB_E_VALUE, "line %zu: the macro '%.*s' is not defined",
                  line_of(parser, name.data), HOB_TEXT_ARG(name));
    hob_error_hint(parser->error,
                   "put the text into braces, or define the macro above with "
                   "@string{%.*s = {...}}",
                   HOB_TEXT_ARG(name));
    return HOB_E_VALUE;
}

/* One piece of a value: {braces}, "quotes", a number or the name of a macro. */
static int take_piece(struct parser *parser, struct hob_text *piece)
{
    skip_between(parser);
    const char *start = parser->at;
    if (take(parser, '{'))
        return find_close(parser, '}', piece);
    if (take(parser, '"'))
        return find_close(parser, '"', piece);
    struct hob_text name = take_name(parser);
    if (name.size == 0)
        return malformed(parser, start,
                         "a value is missing: {text}, \"text\", a number or a macro");
    if (name.data[0] >= '0' && name.data[0] <= '9') {
        *piece = name;
        return 0;
    }
    return expand(parser, name, piece);
}

/* Whether line breaks have anything to lose. */
static bool has_breaks(struct hob_text text)
{
    return memchr(text.data, '\n', text.size) != NULL || memchr(text.data, '\r', text.size) != NULL;
}

/* Appends the text with its line breaks as LF, without the indentation behind them and without a
 * break at the very end. */
static void put_unindented(struct hob_buffer *out, struct hob_text text)
{
    for (size_t i = 0; i < text.size;) {
        char byte = text.data[i++];
        if (byte != '\n' && byte != '\r') {
            hob_buffer_put_char(out, byte);
            continue;
        }
        if (byte == '\r' && i < text.size && text.data[i] == '\n')
            i++;
        if (i < text.size)
            hob_buffer_put_char(out, '\n');
        while (i < text.size && is_blank(text.data[i]) && text.data[i] != '\n' &&
               text.data[i] != '\r')
            i++;
    }
}

/* What was joined, without indentation, in the arena. */
static int settle(struct parser *parser, struct hob_text joined, struct hob_text *value)
{
    HOB_AUTO(buffer) struct hob_buffer out = HOB_BUFFER_INIT;
    if (has_breaks(joined)) {
        put_unindented(&out, joined);
        joined = hob_buffer_text(&out);
    }
    char *copy = hob_arena_try_alloc(parser->bibtex->arena, joined.size + 1);
    if (copy == NULL || hob_buffer_failed(&out))
        return no_memory(parser);
    memcpy(copy, joined.data, joined.size);
    *value = (struct hob_text){copy, joined.size};
    return 0;
}

static int join(struct parser *parser, struct hob_text piece)
{
    hob_buffer_put_text(&parser->joined, piece);
    return hob_buffer_failed(&parser->joined) ? no_memory(parser) : 0;
}

/* piece # piece # ... */
static int take_value(struct parser *parser, struct hob_text *value)
{
    struct hob_text piece;
    int result = take_piece(parser, &piece);
    if (result < 0)
        return result;
    skip_between(parser);
    if (parser->at == parser->end || *parser->at != '#') {
        *value = piece;
        return has_breaks(piece) ? settle(parser, piece, value) : 0;
    }
    hob_buffer_clear(&parser->joined);
    result = join(parser, piece);
    while (result == 0 && take(parser, '#')) {
        result = take_piece(parser, &piece);
        if (result == 0)
            result = join(parser, piece);
        skip_between(parser);
    }
    return result < 0 ? result : settle(parser, hob_buffer_text(&parser->joined), value);
}

/* name = value */
static int take_assignment(struct parser *parser, struct hob_text *name, struct hob_text *value)
{
    const char *start = parser->at;
    *name = take_name(parser);
    if (name->size == 0)
        return malformed(parser, start, "the name of a field is missing");
    skip_between(parser);
    if (!take(parser, '=')) {
        hob_error_set(parser->error, HOB_E_VALUE, "line %zu: there is no `=` after '%.*s'",
                      line_of(parser, start), HOB_TEXT_ARG(*name));
        return HOB_E_VALUE;
    }
    *name = lower(parser, *name);
    return take_value(parser, value);
}

static int find_name(struct parser *parser, struct hob_text name, size_t *position)
{
    struct hob_map *names = parser->bibtex->names;
    *position = hob_map_find(names, name);
    if (*position != SIZE_MAX)
        return 0;
    *position = hob_map_count(names);
    if (*position == MAX_NAMES) {
        hob_error_set(parser->error, HOB_E_LIMIT, "line %zu: more than %d different fields",
                      line_of(parser, name.data), MAX_NAMES);
        return HOB_E_LIMIT;
    }
    return hob_map_put(names, name, NULL) ? 0 : no_memory(parser);
}

/* Of repeated fields the first counts, as in BibTeX. */
static int add_field(struct parser *parser, struct hob_text name, struct hob_text value)
{
    struct hob_bibtex *bibtex = parser->bibtex;
    size_t position;
    int result = find_name(parser, name, &position);
    if (result < 0 || parser->last_entry_of[position] == bibtex->entry_count)
        return result;
    parser->last_entry_of[position] = bibtex->entry_count;
    if (!HOB_TRY_GROW(bibtex->fields, bibtex->field_capacity, bibtex->field_count + 1))
        return no_memory(parser);
    bibtex->fields[bibtex->field_count++] = (struct hob_bibtex_field){position, value};
    bibtex->entries[bibtex->entry_count - 1].count++;
    return 0;
}

static int take_fields(struct parser *parser, char close)
{
    for (;;) {
        skip_between(parser);
        if (take(parser, close))
            return 0;
        struct hob_text name, value;
        int result = take_assignment(parser, &name, &value);
        if (result == 0)
            result = add_field(parser, name, value);
        if (result < 0)
            return result;
        skip_between(parser);
        if (take(parser, ','))
            continue;
        if (take(parser, close))
            return 0;
        return malformed(parser, parser->at, "a comma or the end of the entry was expected here");
    }
}

/* A key may hold more than a name (O'Brien2005, smith(2001), 50%off) if a comma follows it. */
static struct hob_text take_key(struct parser *parser, char close)
{
    const char *start = parser->at, *at = start;
    size_t open = 0;
    for (; at < parser->end; at++) {
        bool ends = (unsigned char)*at <= ' ' || *at == 0x7F || strchr(",{}", *at) != NULL;
        if (ends || (*at == close && open == 0))
            break;
        open += *at == '(';
        open -= *at == ')' && open > 0;
    }
    const char *behind = at;
    while (behind < parser->end && is_blank(*behind))
        behind++;
    if (behind == parser->end || *behind != ',')
        return take_name(parser);
    parser->at = at;
    return (struct hob_text){start, (size_t)(at - start)};
}

static int take_entry(struct parser *parser, struct hob_text type, char close)
{
    struct hob_bibtex *bibtex = parser->bibtex;
    skip_blanks(parser);
    const char *start = parser->at;
    struct hob_text key = take_key(parser, close);
    skip_between(parser);
    if (!HOB_TRY_GROW(bibtex->entries, bibtex->entry_capacity, bibtex->entry_count + 1))
        return no_memory(parser);
    bibtex->entries[bibtex->entry_count++] =
        (struct hob_bibtex_entry){lower(parser, type), key, bibtex->field_count, 0};
    if (take(parser, close))
        return 0;
    if (!take(parser, ','))
        return malformed(parser, start, "an entry begins with its key and a comma: @misc{key, ...");
    return take_fields(parser, close);
}

/* @string{name = value} */
static int take_macros(struct parser *parser, char close)
{
    skip_between(parser);
    struct hob_text name;
    struct hob_text *value = hob_arena_alloc(parser->bibtex->arena, sizeof *value);
    int result = take_assignment(parser, &name, value);
    if (result < 0)
        return result;
    if (!hob_map_put(parser->macros, name, value))
        return no_memory(parser);
    skip_between(parser);
    if (take(parser, ','))
        skip_between(parser);
    return take(parser, close)
               ? 0
               : malformed(parser, parser->at, "the end of the @string was expected here");
}

/* What follows an `@` that may begin an entry. */
static int take_item(struct parser *parser)
{
    const char *start = parser->at++;
    skip_blanks(parser);
    struct hob_text type = take_name(parser);
    struct hob_text kind = lower(parser, type);
    skip_blanks(parser);
    bool braces = take(parser, '{');
    bool open = type.size > 0 && (braces || take(parser, '('));
    if (!open) {
        parser->at = start;
        skip_line(parser); /* free text after all */
        return 0;
    }
    char close = braces ? '}' : ')';
    struct hob_text ignored;
    int result;
    if (hob_text_is(kind, "comment") || hob_text_is(kind, "preamble"))
        result = find_close(parser, close, &ignored);
    else if (hob_text_is(kind, "string"))
        result = take_macros(parser, close);
    else
        result = take_entry(parser, type, close);
    return result < 0 ? hob_error_context(parser->error, "the @%.*s of line %zu",
                                          HOB_TEXT_ARG(kind), line_of(parser, start))
                      : 0;
}

static int take_all(struct parser *parser)
{
    for (;;) {
        skip_blanks(parser);
        if (parser->at == parser->end)
            return 0;
        if (*parser->at != '@') {
            skip_line(parser);
            continue;
        }
        int result = take_item(parser);
        if (result < 0)
            return result;
    }
}

static int check_utf8(struct parser *parser)
{
    struct hob_text text = {parser->begin, (size_t)(parser->end - parser->begin)};
    size_t valid = hob_utf8_valid_prefix(text);
    if (valid == text.size)
        return 0;
    hob_error_set(parser->error, HOB_E_UNICODE, "line %zu: the byte 0x%02x is not UTF-8",
                  line_of(parser, text.data + valid), (unsigned char)text.data[valid]);
    const char *remedy = hob_utf8_remedy(text);
    hob_error_hint(parser->error, "%s", remedy != NULL ? remedy : "save the file as UTF-8");
    return HOB_E_UNICODE;
}

int hob_bibtex_parse(struct hob_bibtex *bibtex, struct hob_text text, struct hob_error *error)
{
    *bibtex = (struct hob_bibtex){.arena = hob_arena_new(), .names = hob_map_new()};
    if (hob_text_starts_with(text, "\xEF\xBB\xBF")) {
        text.data += 3;
        text.size -= 3;
    }
    struct parser parser = {.bibtex = bibtex,
                            .begin = text.data,
                            .at = text.data,
                            .end = text.data + text.size,
                            .error = error};
    parser.macros = hob_map_new();
    int result = check_utf8(&parser);
    if (result == 0)
        result = take_all(&parser);
    hob_buffer_deinit(&parser.joined);
    hob_map_free(parser.macros);
    return result;
}
