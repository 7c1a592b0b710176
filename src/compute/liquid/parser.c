/* parser: makes the tree of a template, and owns templates.
 *
 * The tokens know where blocks end, so a tag that cannot be parsed is simply stepped over, with
 * its block when it opens one; a block that is never closed loses its opening tag only. Each gives
 * a warning, which is kept in the template: who renders it from a cache is told again. */
#include <stdarg.h>
#include <stdio.h>

#include "base/utf8.h"
#include "compute/liquid/parse.h"
#include "compute/liquid/render.h"

enum { MAX_WARNINGS = 100 };

void liquid_locate(struct hob_text source, size_t offset, unsigned *line, unsigned *column)
{
    size_t start = 0;
    *line = 1;
    for (size_t at = 0; at < offset && at < source.size; at++) {
        if (source.data[at] != '\n')
            continue;
        ++*line;
        start = at + 1;
    }
    struct hob_text before = {source.data + start, offset - start};
    *column = (unsigned)hob_utf8_count(before) + 1;
}

int liquid_bad_syntax(struct liquid_parser *parser, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(parser->reason, sizeof parser->reason, format, arguments);
    va_end(arguments);
    return LIQUID_BROKEN;
}

void liquid_parser_warn(struct liquid_parser *parser, uint32_t offset, const char *format, ...)
{
    if (parser->warnings++ >= MAX_WARNINGS)
        return;
    char message[256];
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(message, sizeof message, format, arguments);
    va_end(arguments);
    struct liquid_template_warning *warning = hob_arena_alloc(parser->arena, sizeof *warning);
    warning->next = NULL;
    warning->offset = offset;
    warning->message = hob_arena_copy(parser->arena, hob_text_from(message)).data;
    *parser->last_warning = warning;
    parser->last_warning = &warning->next;
}

int liquid_parser_fail(struct liquid_parser *parser, uint32_t offset, int code, const char *message)
{
    unsigned line, column;
    struct hob_text name = parser->template->name;
    liquid_locate(parser->template->source, offset, &line, &column);
    hob_error_set(parser->error, code, "cannot parse template '%.*s', line %u, column %u: %s",
                  HOB_TEXT_ARG(name), line, column, message);
    return code;
}

void *liquid_new_node(struct liquid_parser *parser, size_t size)
{
    void *node = hob_arena_alloc(parser->arena, size);
    memset(node, 0, size);
    return node;
}

static void add_node(struct liquid_block *block, struct liquid_node ***last,
                     struct liquid_node *node)
{
    **last = node;
    *last = &node->next;
    block->visible |= node->visible;
}

static struct liquid_node *text_node(struct liquid_parser *parser, const struct liquid_token *token)
{
    struct liquid_text_node *node = liquid_new_node(parser, sizeof *node);
    node->base.tag = &liquid_text_tag;
    node->base.is_text = true;
    node->base.visible = hob_text_strip(token->text).size > 0;
    node->text = token->text;
    return &node->base;
}

static int output_node(struct liquid_parser *parser, const struct liquid_token *token,
                       struct liquid_node **made)
{
    struct liquid_words words = liquid_words_from(token->text);
    if (words.kind == LIQUID_WORD_END)
        return liquid_bad_syntax(parser, "the output is empty");
    struct liquid_output_node *node = liquid_new_node(parser, sizeof *node);
    node->base.tag = &liquid_output_tag;
    node->base.visible = true;
    *made = &node->base;
    return liquid_parse_filtered(parser, &words, &node->filtered);
}

/* A tag that is no statement: unknown, a stray end, or a middle without its block. */
static int not_a_statement(struct liquid_parser *parser, const struct liquid_token *token)
{
    static const char *const middles[] = {"else", "elsif", "when"};
    struct hob_text name = token->name;
    for (size_t i = 0; i < sizeof middles / sizeof middles[0]; i++)
        if (hob_text_is(name, middles[i]))
            return liquid_bad_syntax(parser, "'%s' stands outside its block", middles[i]);
    if (token->stray)
        return liquid_bad_syntax(parser, "'%.*s' closes nothing", HOB_TEXT_ARG(name));
    if (token->tag != NULL)
        return liquid_bad_syntax(parser, "'%s' is never closed", token->tag->name);
    if (name.size == 0)
        return liquid_bad_syntax(parser, "a tag has no name");
    return liquid_bad_syntax(parser, "unknown tag '%.*s'", HOB_TEXT_ARG(name));
}

/* Parses the tag at the position, and its block; the position is behind it afterwards. */
static int parse_tag(struct liquid_parser *parser, struct liquid_node **made)
{
    const struct liquid_token *token = &parser->tokens.items[parser->position++];
    const struct liquid_tag *tag = token->tag;
    bool unclosed = tag != NULL && tag->end != NULL && token->match == 0;
    if (tag == NULL || tag->parse == NULL || unclosed) {
        /* An opening tag that is neither complete nor closed leaves nothing to tell where its block
         * ends, or whether it is one: the rest goes with it, as in the reference. */
        if (unclosed && hob_text_strip(token->text).size == 0)
            parser->position = parser->end;
        return not_a_statement(parser, token);
    }
    if (parser->depth >= HOB_LIQUID_MAX_NESTING)
        return liquid_parser_fail(parser, token->offset, HOB_E_LIMIT,
                                  "blocks are nested more than 100 deep");
    size_t end = parser->end;
    size_t behind = tag->end != NULL ? token->match + (size_t)1 : parser->position;
    parser->end = tag->end != NULL ? token->match : parser->position;
    parser->depth++;
    struct liquid_words words = liquid_words_from(token->text);
    int status = tag->parse(parser, token, &words, made);
    parser->depth--;
    parser->end = end;
    parser->position = behind;
    if (status == 0 && *made != NULL)
        (*made)->tag = tag;
    return status;
}

static bool is_stop(struct hob_text name, const char *stops)
{
    while (stops != NULL && *stops != '\0') {
        size_t size = strcspn(stops, " ");
        if (hob_text_equal(name, (struct hob_text){stops, size}))
            return true;
        stops += size + (stops[size] == ' ');
    }
    return false;
}

const struct liquid_token *liquid_current_token(const struct liquid_parser *parser)
{
    return parser->position < parser->end ? &parser->tokens.items[parser->position] : NULL;
}

int liquid_parse_nodes(struct liquid_parser *parser, struct liquid_block *block, const char *stops)
{
    *block = (struct liquid_block){NULL, false};
    struct liquid_node **last = &block->first;
    const struct liquid_token *token;
    while ((token = liquid_current_token(parser)) != NULL) {
        struct liquid_node *node = NULL;
        uint32_t offset = token->offset;
        int status = 0;
        if (token->kind == LIQUID_TOKEN_TAG) {
            if (is_stop(token->name, stops))
                return 0;
            status = parse_tag(parser, &node);
        } else {
            parser->position++;
            if (token->kind == LIQUID_TOKEN_TEXT)
                node = text_node(parser, token);
            else
                status = output_node(parser, token, &node);
        }
        if (status < 0)
            return status;
        if (status == LIQUID_BROKEN) {
            liquid_parser_warn(parser, offset, "%s", parser->reason);
            block->visible |= node != NULL && node->visible;
            continue;
        }
        if (node == NULL)
            continue;
        node->offset = offset;
        add_node(block, &last, node);
    }
    return 0;
}

void liquid_silence(struct liquid_block *block)
{
    struct liquid_node **at = &block->first;
    while (*at != NULL) {
        if ((*at)->is_text)
            *at = (*at)->next;
        else
            at = &(*at)->next;
    }
}

static int parse_source(struct liquid_parser *parser)
{
    struct hob_text source = parser->template->source;
    if (source.size > HOB_LIQUID_MAX_SOURCE)
        return liquid_parser_fail(parser, 0, HOB_E_LIMIT, "it is larger than 4 MiB");
    size_t valid = hob_wtf8_valid_prefix(source);
    if (valid != source.size)
        return liquid_parser_fail(parser, (uint32_t)valid, HOB_E_UNICODE, "it is not UTF-8");
    int status = liquid_lex(parser);
    if (status != 0)
        return status;
    parser->end = parser->tokens.count;
    return liquid_parse_nodes(parser, &parser->template->block, NULL);
}

int hob_liquid_parse(struct hob_liquid_template **out, struct hob_text source, struct hob_text name,
                     struct hob_error *error)
{
    struct hob_arena *arena = hob_arena_new();
    struct hob_liquid_template *template = hob_arena_alloc(arena, sizeof *template);
    *template = (struct hob_liquid_template){.arena = arena};
    atomic_init(&template->references, 1);
    template->name = hob_arena_copy(arena, name);
    char *copy = hob_arena_try_alloc(arena, source.size + 1);
    if (copy == NULL) {
        hob_arena_free(arena);
        return hob_error_set(error, HOB_E_MEMORY,
                             "cannot parse a template of %zu bytes: out of "
                             "memory",
                             source.size);
    }
    if (source.size > 0)
        memcpy(copy, source.data, source.size);
    copy[source.size] = '\0';
    template->source = (struct hob_text){copy, source.size};

    struct liquid_parser parser = {.template = template, .arena = arena, .error = error};
    parser.last_warning = &template->warnings;
    int status = parse_source(&parser);
    free(parser.tokens.items);
    if (status != 0)
        hob_liquid_template_free(template);
    else
        *out = template;
    return status;
}

int hob_liquid_check(const struct hob_liquid_template *template, struct hob_error *error)
{
    unsigned line, column, count = 0;
    const struct liquid_template_warning *first = template->warnings;
    if (first == NULL)
        return 0;
    liquid_locate(template->source, first->offset, &line, &column);
    hob_error_set(error, HOB_E_TEMPLATE,
                  "the template '%.*s' has a mistake in line %u, column %u: %s",
                  HOB_TEXT_ARG(template->name), line, column, first->message);
    for (const struct liquid_template_warning *each = first; each != NULL; each = each->next)
        count++;
    if (count > 1)
        hob_error_hint(error, "it has %u mistakes; 'hob help functions' lists tags and filters",
                       count);
    else
        hob_error_hint(error, "'hob help functions' lists tags and filters");
    return HOB_E_TEMPLATE;
}

struct hob_liquid_template *hob_liquid_template_ref(struct hob_liquid_template *template)
{
    atomic_fetch_add_explicit(&template->references, 1, memory_order_relaxed);
    return template;
}

struct hob_liquid_template *hob_liquid_template_free(struct hob_liquid_template *template)
{
    if (template != NULL &&
        atomic_fetch_sub_explicit(&template->references, 1, memory_order_acq_rel) == 1)
        hob_arena_free(template->arena);
    return NULL;
}

size_t hob_liquid_template_size(const struct hob_liquid_template *template)
{
    return hob_arena_size(template->arena);
}
