/* lexer: cuts a template into texts, outputs and tags.
 *
 * `{{` runs to the first `}}` and `{%` to the first `%}`, whatever lies between, strings included.
 * What raw, comment and doc hold is never looked at, so these three end here: raw becomes text,
 * the others nothing. A dash inside the markup strips the text at its side; for raw it is the text
 * before `raw` and behind `endraw`, never what is inside.
 *
 * Afterwards every tag that opens a block knows the place of its end tag. An end tag closes the
 * innermost open block of its name; blocks opened inside that one and still open are unclosed. So
 * the parser never has to search, and a template of a thousand unclosed blocks costs no more than
 * any other. */
#include "base/utf8.h"
#include "compute/liquid/parse.h"
#include "compute/liquid/render.h"
#include "compute/liquid/texts.h"

struct lexer {
    struct liquid_parser *parser;
    struct hob_text source;
    size_t at;
    bool trim;      /* the text that follows loses the white space at its start */
    bool no_endraw; /* there is none any more: not searched for again */
};

static int add_token(struct liquid_parser *parser, struct liquid_token token, const char *data)
{
    struct liquid_tokens *tokens = &parser->tokens;
    token.offset = (uint32_t)(data - parser->template->source.data);
    if (!HOB_TRY_GROW(tokens->items, tokens->capacity, tokens->count + 1))
        return liquid_parser_fail(parser, token.offset, HOB_E_MEMORY, "out of memory");
    tokens->items[tokens->count++] = token;
    return 0;
}

static bool is_word_byte(char byte)
{
    return (byte >= 'a' && byte <= 'z') || (byte >= 'A' && byte <= 'Z') ||
           (byte >= '0' && byte <= '9') || byte == '_' || (unsigned char)byte >= 0x80;
}

static bool is_blank_byte(char byte)
{
    return byte == ' ' || (byte >= '\t' && byte <= '\r');
}

static size_t skip_blanks(struct hob_text source, size_t at)
{
    while (at < source.size && is_blank_byte(source.data[at]))
        at++;
    return at;
}

/* Behind `{%- name` when the markup at `at` is a tag of this name, else 0. */
static size_t match_tag(struct hob_text source, size_t at, const char *name)
{
    at += 2;
    if (at < source.size && source.data[at] == '-')
        at++;
    at = skip_blanks(source, at);
    size_t size = strlen(name);
    if (source.size - at < size || memcmp(source.data + at, name, size) != 0)
        return 0;
    at += size;
    return at < source.size && is_word_byte(source.data[at]) ? 0 : at;
}

/* Behind ` -%}`, else 0. Sets *dash when there is one. */
static size_t match_close(struct hob_text source, size_t at, bool *dash)
{
    at = skip_blanks(source, at);
    *dash = at < source.size && source.data[at] == '-';
    at += *dash;
    if (source.size - at < 2 || source.data[at] != '%' || source.data[at + 1] != '}')
        return 0;
    return at + 2;
}

static size_t find_from(struct hob_text source, size_t at, const char *part)
{
    size_t found = liquid_find_text(liquid_text_from(source, at), hob_text_from(part));
    return found == SIZE_MAX ? SIZE_MAX : at + found;
}

/* Finds `{% name %}` from `at` on: its start, and its end in *end; SIZE_MAX when there is none. */
static size_t find_end_tag(struct hob_text source, size_t at, const char *name, size_t *end,
                           bool *dash)
{
    for (; (at = find_from(source, at, "{%")) != SIZE_MAX; at += 2) {
        size_t behind = match_tag(source, at, name);
        if (behind != 0 && (*end = match_close(source, behind, dash)) != 0)
            return at;
    }
    return SIZE_MAX;
}

static size_t find_endraw(struct lexer *lexer, size_t at, size_t *end)
{
    bool dash;
    size_t found = SIZE_MAX;
    if (!lexer->no_endraw)
        found = find_end_tag(lexer->source, at, "endraw", end, &dash);
    lexer->no_endraw = found == SIZE_MAX;
    return found;
}

/* The end of a comment whose text starts at `at`: comments nest, raw inside hides what is in it. */
static size_t find_comment_end(struct lexer *lexer, size_t at, bool *dash)
{
    struct hob_text source = lexer->source;
    unsigned depth = 1;
    while ((at = find_from(source, at, "{%")) != SIZE_MAX) {
        size_t end, behind = match_tag(source, at, "raw");
        if (behind != 0 && (behind = match_close(source, behind, dash)) != 0 &&
            find_endraw(lexer, behind, &end) != SIZE_MAX) {
            at = end;
            continue;
        }
        size_t opens = match_tag(source, at, "comment");
        size_t closes = match_tag(source, at, "endcomment");
        at += 2;
        if (opens == 0 && closes == 0)
            continue;
        size_t close = find_from(source, opens + closes, "%}");
        if (close == SIZE_MAX)
            break;
        at = close + 2;
        *dash = source.data[close - 1] == '-';
        depth = opens != 0 ? depth + 1 : depth - 1;
        if (depth == 0)
            return at;
    }
    return SIZE_MAX;
}

static int add_text(struct lexer *lexer, struct hob_text text)
{
    if (text.size == 0)
        return 0;
    struct liquid_token token = {.kind = LIQUID_TOKEN_TEXT, .text = text};
    return add_token(lexer->parser, token, text.data);
}

/* The text up to `end`. The line end at the end of a template is a text of its own: when the one
 * before it is stripped, it is stripped too. */
static int lex_text(struct lexer *lexer, size_t end, bool trim_right)
{
    struct hob_text text = {lexer->source.data + lexer->at, end - lexer->at};
    if (lexer->trim) {
        bool last = end == lexer->source.size;
        text = liquid_strip_left(text);
        if (last && text.size > 0 && text.data[text.size - 1] == '\n')
            text.size--;
    }
    if (trim_right)
        text = liquid_strip_right(text);
    return add_text(lexer, text);
}

static int unclosed(struct lexer *lexer, size_t start, const char *message)
{
    return liquid_parser_fail(lexer->parser, (uint32_t)start, HOB_E_TEMPLATE, message);
}

/* Cuts the dashes off what is inside a markup that starts at `start` and ends before `end`. */
static struct hob_text inside(struct lexer *lexer, size_t start, size_t end, bool *trim_after)
{
    struct hob_text text = {lexer->source.data + start + 2, end - start - 2};
    if (text.size > 0 && text.data[0] == '-')
        text = liquid_text_from(text, 1);
    *trim_after = text.size > 0 && text.data[text.size - 1] == '-';
    text.size -= *trim_after;
    return hob_text_strip(text);
}

static int lex_output(struct lexer *lexer, size_t start)
{
    size_t end = find_from(lexer->source, start + 2, "}}");
    if (end == SIZE_MAX)
        return unclosed(lexer, start, "'{{' is never closed: expected '}}', found end of file");
    struct liquid_token token = {.kind = LIQUID_TOKEN_OUTPUT};
    token.text = inside(lexer, start, end, &lexer->trim);
    lexer->at = end + 2;
    return add_token(lexer->parser, token, lexer->source.data + start);
}

/* raw, comment and doc; `behind` is where the tag ends. True when the tag was one of them. */
static bool lex_opaque(struct lexer *lexer, struct hob_text name, bool bare, size_t start,
                       size_t behind, int *status)
{
    size_t end = 0;
    bool dash = false;
    *status = 0;
    if (hob_text_is(name, "raw") && bare) {
        size_t stop = find_endraw(lexer, behind, &end);
        if (stop == SIZE_MAX)
            return false;
        *status = add_text(lexer, (struct hob_text){lexer->source.data + behind, stop - behind});
        lexer->at = end;
        return true;
    }
    if (hob_text_is(name, "comment"))
        end = find_comment_end(lexer, behind, &dash);
    else if (!hob_text_is(name, "doc"))
        return false;
    else if (find_end_tag(lexer->source, behind, "enddoc", &end, &dash) == SIZE_MAX)
        end = SIZE_MAX;
    if (end == SIZE_MAX) {
        liquid_parser_warn(lexer->parser, (uint32_t)start,
                           "'%.*s' is never closed: all that follows is part of it",
                           HOB_TEXT_ARG(name));
        end = lexer->source.size;
    }
    lexer->trim = dash;
    lexer->at = end;
    return true;
}

/* Splits `name rest`; the name may be empty. */
static struct hob_text take_tag_name(struct hob_text *text)
{
    size_t size = 0;
    while (size < text->size && is_word_byte(text->data[size]))
        size++;
    struct hob_text name = {text->data, size};
    *text = hob_text_strip(liquid_text_from(*text, size));
    return name;
}

static int add_tag(struct liquid_parser *parser, struct hob_text name, struct hob_text rest,
                   const char *data)
{
    struct liquid_token token = {.kind = LIQUID_TOKEN_TAG, .name = name, .text = rest};
    token.tag = liquid_find_tag(name);
    return add_token(parser, token, data);
}

static int lex_tag(struct lexer *lexer, size_t start)
{
    bool trim_after;
    size_t end = find_from(lexer->source, start + 2, "%}");
    if (end == SIZE_MAX)
        return unclosed(lexer, start, "'{%' is never closed: expected '%}', found end of file");
    struct hob_text rest = inside(lexer, start, end, &trim_after);
    lexer->trim = trim_after;
    lexer->at = end + 2;
    if (rest.size > 0 && rest.data[0] == '#')
        return 0;
    struct hob_text name = take_tag_name(&rest);
    int status;
    if (lex_opaque(lexer, name, rest.size == 0, start, end + 2, &status))
        return status;
    return add_tag(lexer->parser, name, rest, lexer->source.data + start);
}

/* The next `{{` or `{%`, or the end. */
static size_t find_markup(struct hob_text source, size_t at)
{
    while (at + 1 < source.size) {
        const char *brace = memchr(source.data + at, '{', source.size - at - 1);
        if (brace == NULL)
            break;
        at = (size_t)(brace - source.data);
        if (brace[1] == '{' || brace[1] == '%')
            return at;
        at++;
    }
    return source.size;
}

/* The block tag that `end...` closes, or NULL. */
static const struct liquid_tag *closed_tag(struct hob_text name)
{
    if (!hob_text_starts_with(name, "end"))
        return NULL;
    const struct liquid_tag *tag = liquid_find_tag(liquid_text_from(name, 3));
    return tag != NULL && tag->end != NULL && tag->parse != NULL ? tag : NULL;
}

/* The open blocks are a stack, linked through `match` (position + 1 of the one below). */
static void match_blocks(struct liquid_tokens *tokens)
{
    unsigned open[LIQUID_TAG_COUNT] = {0};
    uint32_t top = 0;
    for (uint32_t i = 0; i < tokens->count; i++) {
        struct liquid_token *token = &tokens->items[i];
        if (token->kind != LIQUID_TOKEN_TAG)
            continue;
        if (token->tag != NULL && token->tag->end != NULL && token->tag->parse != NULL) {
            token->match = top;
            top = i + 1;
            open[liquid_tag_number(token->tag)]++;
            continue;
        }
        const struct liquid_tag *closes = closed_tag(token->name);
        token->stray = closes != NULL && open[liquid_tag_number(closes)] == 0;
        if (closes == NULL || token->stray)
            continue;
        for (bool found = false; !found;) {
            struct liquid_token *opened = &tokens->items[top - 1];
            top = opened->match;
            open[liquid_tag_number(opened->tag)]--;
            found = opened->tag == closes;
            opened->match = found ? i : 0;
        }
    }
    while (top != 0) {
        struct liquid_token *opened = &tokens->items[top - 1];
        top = opened->match;
        opened->match = 0;
    }
}

int liquid_lex(struct liquid_parser *parser)
{
    struct lexer lexer = {.parser = parser, .source = parser->template->source};
    while (lexer.at < lexer.source.size) {
        size_t start = find_markup(lexer.source, lexer.at);
        bool dash = start + 2 < lexer.source.size && lexer.source.data[start + 2] == '-';
        int status = lex_text(&lexer, start, dash);
        lexer.at = start;
        if (status == 0 && start < lexer.source.size)
            status = lexer.source.data[start + 1] == '{' ? lex_output(&lexer, start)
                                                         : lex_tag(&lexer, start);
        if (status != 0)
            return status;
    }
    match_blocks(&parser->tokens);
    return 0;
}

/* True while the lines of a comment or doc go on; counts nested ones in *depth. */
static bool in_comment(struct hob_text name, struct hob_text *comment, unsigned *depth)
{
    if (*depth == 0) {
        if (!hob_text_is(name, "comment") && !hob_text_is(name, "doc"))
            return false;
        *comment = name;
        *depth = 1;
        return true;
    }
    if (hob_text_equal(name, *comment) && hob_text_is(name, "comment"))
        ++*depth;
    else if (hob_text_starts_with(name, "end") &&
             hob_text_equal(liquid_text_from(name, 3), *comment))
        --*depth;
    return true;
}

int liquid_lex_lines(struct liquid_parser *parser, struct hob_text lines)
{
    unsigned depth = 0;
    struct hob_text comment = {NULL, 0};
    while (lines.size > 0) {
        const char *end = memchr(lines.data, '\n', lines.size);
        size_t size = end == NULL ? lines.size : (size_t)(end - lines.data);
        struct hob_text line = hob_text_strip((struct hob_text){lines.data, size});
        lines = liquid_text_from(lines, end == NULL ? size : size + 1);
        if (line.size == 0 || line.data[0] == '#')
            continue;
        const char *data = line.data;
        struct hob_text name = take_tag_name(&line);
        if (in_comment(name, &comment, &depth))
            continue;
        int status = add_tag(parser, name, line, data);
        if (status != 0)
            return status;
    }
    match_blocks(&parser->tokens);
    return 0;
}
