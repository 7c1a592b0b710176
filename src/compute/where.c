/* where: conditions are parsed here; see where.h for the grammar, where_select.c for what they
 * mean.
 *
 * A parser of recursive descent with one token of lookahead. "and" and "or" keep all their parts as
 * children of one node, so that a long chain is wide, not deep: only parentheses and "not" nest. */
#include "compute/where.h"

#include <strings.h>

#include "base/number.h"
#include "base/utf8.h"
#include "compute/where_tree.h"

enum token_kind {
    TOKEN_END,
    TOKEN_WORD,   /* a name, or one of the language's words */
    TOKEN_QUOTED, /* a name in backquotes */
    TOKEN_TEXT,
    TOKEN_NUMBER,
    TOKEN_SIGN, /* == ( and the like */
};

struct token {
    enum token_kind kind;
    struct hob_text spelling; /* as it stands in the condition */
    struct hob_text text;     /* TEXT, QUOTED: what it means */
};

struct parser {
    struct hob_arena *arena;
    struct hob_text source;
    size_t at; /* of what follows the token */
    struct token token;
    unsigned depth;
    struct hob_error *error;
};

static size_t place_of(const struct parser *parser, const char *at)
{
    return hob_utf8_count(
               (struct hob_text){parser->source.data, (size_t)(at - parser->source.data)}) +
           1;
}

static int wrong_at(struct parser *parser, const char *at, const char *what)
{
    hob_error_set(parser->error, HOB_E_PARAMETER,
                  "cannot read the condition '%.*s': %s at character %zu",
                  HOB_TEXT_ARG(parser->source), what, place_of(parser, at));
    hob_error_hint(parser->error,
                   "a condition is like year >= 2020 and venue contains \"Hydrology\"");
    return HOB_E_PARAMETER;
}

static int expected(struct parser *parser, const char *what)
{
    const struct token *token = &parser->token;
    HOB_AUTO(buffer) struct hob_buffer message = HOB_BUFFER_INIT;
    if (token->kind == TOKEN_END)
        hob_buffer_printf(&message, "expected %s, but the condition ends", what);
    else
        hob_buffer_printf(&message, "expected %s, found %.*s", what, HOB_TEXT_ARG(token->spelling));
    return wrong_at(parser, token->spelling.data, hob_buffer_string(&message));
}

/* -- Tokens. */

static bool is_digit(char byte)
{
    return byte >= '0' && byte <= '9';
}

static bool starts_word(char byte)
{
    return (byte >= 'a' && byte <= 'z') || (byte >= 'A' && byte <= 'Z') || byte == '_' ||
           (unsigned char)byte >= 0x80;
}

static bool is_in_word(char byte)
{
    return starts_word(byte) || is_digit(byte) || byte == '.';
}

static char byte_at(const struct parser *parser, size_t at)
{
    return at < parser->source.size ? parser->source.data[at] : '\0';
}

static size_t word_end(const struct parser *parser, size_t at)
{
    while (is_in_word(byte_at(parser, at)) ||
           (byte_at(parser, at) == '-' && is_in_word(byte_at(parser, at + 1))))
        at++;
    return at;
}

static size_t skip_digits(const struct parser *parser, size_t at)
{
    while (is_digit(byte_at(parser, at)))
        at++;
    return at;
}

static size_t number_end(const struct parser *parser, size_t at)
{
    char first = byte_at(parser, at);
    at = skip_digits(parser, at + (first == '-' || first == '+' ? 1 : 0));
    if (byte_at(parser, at) == '.')
        at = skip_digits(parser, at + 1);
    if ((byte_at(parser, at) | 0x20) != 'e')
        return at;
    char sign = byte_at(parser, at + 1);
    return skip_digits(parser, at + (sign == '-' || sign == '+' ? 2 : 1));
}

/* Of the token's spelling; 0 when no sign starts here. */
static size_t sign_size(const struct parser *parser)
{
    static const char *const signs[] = {"==", "!=", "<=", ">=", "<", ">", "(", ")", ","};
    struct hob_text rest = {parser->source.data + parser->at, parser->source.size - parser->at};
    for (size_t i = 0; i < sizeof signs / sizeof signs[0]; i++)
        if (hob_text_starts_with(rest, signs[i]))
            return strlen(signs[i]);
    return 0;
}

/* A quoted text or name; the opening quote is at parser->at. */
static int scan_quoted(struct parser *parser, char quote)
{
    HOB_AUTO(buffer) struct hob_buffer text = HOB_BUFFER_INIT;
    size_t at = parser->at + 1;
    for (; at < parser->source.size && byte_at(parser, at) != quote; at++) {
        char byte = byte_at(parser, at);
        if (byte == '\\' && quote != '`') {
            static const char known[] = "\\\"'nt", meaning[] = "\\\"'\n\t";
            char next = byte_at(parser, ++at);
            const char *found = next != '\0' ? strchr(known, next) : NULL;
            if (found == NULL)
                return wrong_at(parser, parser->source.data + at - 1,
                                "expected one of \\\\ \\\" \\' \\n \\t");
            byte = meaning[found - known];
        }
        hob_buffer_put_char(&text, byte);
    }
    if (at >= parser->source.size)
        return wrong_at(parser, parser->source.data + parser->at,
                        "there is no closing quote for the one");
    if (hob_buffer_failed(&text))
        return hob_error_set(parser->error, HOB_E_MEMORY,
                             "cannot read the condition: not enough memory");
    parser->token.kind = quote == '`' ? TOKEN_QUOTED : TOKEN_TEXT;
    parser->token.text = hob_arena_copy(parser->arena, hob_buffer_text(&text));
    parser->token.spelling.size = at + 1 - parser->at;
    parser->at = at + 1;
    return 0;
}

static int unknown_character(struct parser *parser)
{
    const char *at = parser->source.data + parser->at;
    if (*at == '=')
        return wrong_at(parser, at, "'equal to' is written ==, not =,");
    HOB_AUTO(buffer) struct hob_buffer message = HOB_BUFFER_INIT;
    hob_buffer_printf(&message, "the character '%c' has no meaning", *at);
    return wrong_at(parser, at, hob_buffer_string(&message));
}

/* Moves on to the next token. */
static int advance(struct parser *parser)
{
    while (parser->at < parser->source.size &&
           memchr(" \t\r\n", byte_at(parser, parser->at), 4) != NULL)
        parser->at++;
    size_t start = parser->at, end = start;
    char first = byte_at(parser, start);
    parser->token = (struct token){.spelling = {parser->source.data + start, 0}};
    if (start == parser->source.size)
        return 0;
    bool digit_follows = is_digit(byte_at(parser, start + 1)) || byte_at(parser, start + 1) == '.';
    if (first == '"' || first == '\'' || first == '`')
        return scan_quoted(parser, first);
    if (starts_word(first)) {
        parser->token.kind = TOKEN_WORD;
        end = word_end(parser, start);
    } else if (is_digit(first) ||
               ((first == '-' || first == '+' || first == '.') && digit_follows)) {
        parser->token.kind = TOKEN_NUMBER;
        end = number_end(parser, start);
    } else {
        parser->token.kind = TOKEN_SIGN;
        end = start + sign_size(parser);
    }
    if (end == start)
        return unknown_character(parser);
    parser->token.spelling.size = end - start;
    parser->at = end;
    return 0;
}

static bool is_word(const struct parser *parser, const char *word)
{
    const struct token *token = &parser->token;
    return token->kind == TOKEN_WORD && token->spelling.size == strlen(word) &&
           strncasecmp(token->spelling.data, word, token->spelling.size) == 0;
}

static bool is_sign(const struct parser *parser, const char *sign)
{
    return parser->token.kind == TOKEN_SIGN && hob_text_is(parser->token.spelling, sign);
}

static int need_word(struct parser *parser, const char *word)
{
    return is_word(parser, word) ? advance(parser) : expected(parser, word);
}

static int need_sign(struct parser *parser, const char *sign)
{
    return is_sign(parser, sign) ? advance(parser) : expected(parser, sign);
}

/* -- Operands. */

static int read_number(struct parser *parser, struct where_cell *cell)
{
    struct hob_text spelling = parser->token.spelling;
    int64_t integer = 0;
    int code = hob_number_parse_int(spelling, &integer);
    *cell = (struct where_cell){.form = WHERE_INTEGER, .integer = integer};
    if (code == 0)
        return 0;
    double number = 0;
    if (!hob_number_parse_double(spelling, &number) || starts_word(byte_at(parser, parser->at)))
        return wrong_at(parser, spelling.data, "a number is not written like that:");
    *cell = where_big_integer(spelling);
    return 0;
}

static bool is_reserved(const struct parser *parser)
{
    static const char *const words[] = {"and", "or", "not", "in", "is", "contains"};
    for (size_t i = 0; i < sizeof words / sizeof words[0]; i++)
        if (is_word(parser, words[i]))
            return true;
    return false;
}

/* A number, a text, true or false. */
static bool is_value(const struct parser *parser)
{
    enum token_kind kind = parser->token.kind;
    return kind == TOKEN_NUMBER || kind == TOKEN_TEXT || is_word(parser, "true") ||
           is_word(parser, "false");
}

static int parse_operand(struct parser *parser, struct where_operand *operand, bool value_only)
{
    const struct token token = parser->token;
    *operand = (struct where_operand){.place = place_of(parser, token.spelling.data)};
    bool is_name = token.kind == TOKEN_QUOTED ||
                   (token.kind == TOKEN_WORD && !is_value(parser) && !is_reserved(parser));
    if (!is_value(parser) && (value_only || !is_name))
        return expected(parser, value_only ? "a number, a quoted text, true or false"
                                           : "a column, a number or a quoted text");
    int result = 0;
    if (is_name) {
        operand->is_column = true;
        operand->name = token.kind == TOKEN_QUOTED ? token.text : token.spelling;
    } else if (token.kind == TOKEN_NUMBER) {
        result = read_number(parser, &operand->cell);
    } else if (token.kind == TOKEN_TEXT) {
        operand->cell = (struct where_cell){.form = WHERE_TEXT, .text = token.text};
        where_read_moment(token.text, &operand->moment);
    } else {
        operand->cell =
            (struct where_cell){.form = WHERE_INTEGER, .integer = is_word(parser, "true")};
    }
    return result < 0 ? result : advance(parser);
}

/* -- Tests. */

static struct where_node *new_node(struct parser *parser, enum where_kind kind)
{
    struct where_node *node = hob_arena_alloc(parser->arena, sizeof *node);
    *node = (struct where_node){.kind = kind};
    return node;
}

static int parse_values(struct parser *parser, struct where_node *node)
{
    size_t capacity = 0;
    HOB_AUTO(free) struct where_operand *values = NULL;
    int result = need_sign(parser, "(");
    while (result == 0) {
        if (node->value_count == HOB_WHERE_MAX_VALUES)
            return hob_error_set(parser->error, HOB_E_LIMIT,
                                 "the list behind `in` has more than %d values",
                                 HOB_WHERE_MAX_VALUES);
        if (!HOB_TRY_GROW(values, capacity, node->value_count + 1))
            return hob_error_set(parser->error, HOB_E_MEMORY, "not enough memory for a condition");
        result = parse_operand(parser, &values[node->value_count++], true);
        if (result < 0 || is_sign(parser, ")"))
            break;
        result = is_sign(parser, ",") ? advance(parser) : expected(parser, ", or )");
    }
    if (result < 0)
        return result;
    struct where_operand *kept = hob_arena_alloc(parser->arena, node->value_count * sizeof *kept);
    memcpy(kept, values, node->value_count * sizeof *kept);
    node->values = kept;
    return need_sign(parser, ")");
}

/* Puts the node into a "not" when it is to hold where it does not. */
static void put_test(struct parser *parser, struct where_node *test, bool negated,
                     struct where_node **node)
{
    *node = test;
    if (!negated)
        return;
    *node = new_node(parser, WHERE_NOT);
    (*node)->child = test;
}

static int parse_missing(struct parser *parser, struct where_node *test, struct where_node **node)
{
    int result = advance(parser);
    bool negated = result == 0 && is_word(parser, "not");
    if (negated)
        result = advance(parser);
    if (result < 0)
        return result;
    if (!is_word(parser, "missing"))
        return expected(parser, negated ? "missing" : "missing or not missing");
    test->kind = WHERE_MISSING;
    put_test(parser, test, negated, node);
    return advance(parser);
}

/* `in`, `contains`, `starts with`, `ends with`; the left operand is there. */
static int parse_word_test(struct parser *parser, struct where_node *test, bool negated,
                           struct where_node **node)
{
    bool starts = is_word(parser, "starts"), ends = is_word(parser, "ends");
    test->kind = is_word(parser, "in") ? WHERE_IN
                 : starts              ? WHERE_STARTS
                 : ends                ? WHERE_ENDS
                                       : WHERE_CONTAINS;
    int result = advance(parser);
    if (result == 0 && (starts || ends))
        result = need_word(parser, "with");
    if (result == 0)
        result = test->kind == WHERE_IN ? parse_values(parser, test)
                                        : parse_operand(parser, &test->right, false);
    if (result == 0)
        put_test(parser, test, negated, node);
    return result;
}

/* The orders that hold for the token, or 0 when it is no comparison. `!=` is all but equal, what
 * cannot be compared included: the caller negates it. */
static unsigned orders_of(const struct parser *parser)
{
    static const struct {
        const char *sign;
        unsigned orders;
    } signs[] = {
        {"==", WHERE_EQUAL},  {"!=", WHERE_EQUAL},
        {"<", WHERE_LESS},    {"<=", WHERE_LESS | WHERE_EQUAL},
        {">", WHERE_GREATER}, {">=", WHERE_GREATER | WHERE_EQUAL},
    };
    for (size_t i = 0; i < sizeof signs / sizeof signs[0]; i++)
        if (is_sign(parser, signs[i].sign))
            return signs[i].orders;
    return 0;
}

static bool is_word_test(const struct parser *parser)
{
    return is_word(parser, "in") || is_word(parser, "contains") || is_word(parser, "starts") ||
           is_word(parser, "ends");
}

static int parse_test(struct parser *parser, struct where_node **node)
{
    struct where_node *test = new_node(parser, WHERE_TRUTH);
    int result = parse_operand(parser, &test->left, false);
    if (result < 0)
        return result;
    test->orders = orders_of(parser);
    if (test->orders != 0) {
        bool negated = is_sign(parser, "!=");
        test->kind = WHERE_COMPARE;
        result = advance(parser);
        if (result == 0)
            result = parse_operand(parser, &test->right, false);
        put_test(parser, test, negated, node);
        return result;
    }
    if (is_word(parser, "is"))
        return parse_missing(parser, test, node);
    bool negated = is_word(parser, "not");
    if (negated)
        result = advance(parser);
    if (result == 0 && is_word_test(parser))
        return parse_word_test(parser, test, negated, node);
    if (result == 0 && negated)
        return expected(parser, "in, contains, starts with or ends with");
    *node = test;
    return result;
}

/* -- Conditions. */

static int parse_any(struct parser *parser, struct where_node **node);
static int parse_single(struct parser *parser, struct where_node **node);

/* What stands behind "not", or in parentheses. */
static int parse_nested(struct parser *parser, struct where_node **node)
{
    if (is_word(parser, "not")) {
        *node = new_node(parser, WHERE_NOT);
        int result = advance(parser);
        return result < 0 ? result : parse_single(parser, &(*node)->child);
    }
    int result = advance(parser);
    if (result == 0)
        result = parse_any(parser, node);
    if (result == 0 && !is_sign(parser, ")"))
        return expected(parser, "and, or or )");
    return result < 0 ? result : advance(parser);
}

static int parse_single(struct parser *parser, struct where_node **node)
{
    if (!is_word(parser, "not") && !is_sign(parser, "("))
        return parse_test(parser, node);
    if (parser->depth == HOB_WHERE_MAX_DEPTH)
        return hob_error_set(parser->error, HOB_E_LIMIT,
                             "the condition is nested more than %d deep", HOB_WHERE_MAX_DEPTH);
    parser->depth++;
    int result = parse_nested(parser, node);
    parser->depth--;
    return result;
}

/* One part, or several with `word` between them as the children of a node. */
static int parse_chain(struct parser *parser, const char *word, enum where_kind kind,
                       int (*parse)(struct parser *parser, struct where_node **node),
                       struct where_node **node)
{
    int result = parse(parser, node);
    if (result < 0 || !is_word(parser, word))
        return result;
    struct where_node *chain = new_node(parser, kind), *last = *node;
    chain->child = last;
    while (result == 0 && is_word(parser, word)) {
        result = advance(parser);
        if (result == 0)
            result = parse(parser, &last->next);
        last = result == 0 ? last->next : last;
    }
    *node = chain;
    return result;
}

static int parse_all(struct parser *parser, struct where_node **node)
{
    return parse_chain(parser, "and", WHERE_ALL, parse_single, node);
}

static int parse_any(struct parser *parser, struct where_node **node)
{
    return parse_chain(parser, "or", WHERE_ANY, parse_all, node);
}

static int parse(struct hob_where *where, struct hob_error *error)
{
    struct parser parser = {.arena = where->arena, .source = where->source, .error = error};
    struct where_node *root = NULL;
    int result = advance(&parser);
    if (result == 0)
        result = parse_any(&parser, &root);
    if (result == 0 && parser.token.kind != TOKEN_END)
        result = expected(&parser, "and, or or the end");
    where->root = root;
    return result;
}

int hob_where_parse(struct hob_where **where, struct hob_text condition, struct hob_error *error)
{
    if (condition.size > HOB_WHERE_MAX_SIZE)
        return hob_error_set(error, HOB_E_LIMIT, "the condition is longer than %d bytes",
                             HOB_WHERE_MAX_SIZE);
    if (hob_utf8_valid_prefix(condition) != condition.size)
        return hob_error_set(error, HOB_E_UNICODE, "the condition is no UTF-8");
    HOB_AUTO(where) struct hob_where *made = hob_alloc_zero(1, sizeof *made);
    made->arena = hob_arena_new();
    made->source = hob_arena_copy(made->arena, condition);
    int result = parse(made, error);
    if (result == 0)
        *where = HOB_STEAL(made);
    return result;
}

struct hob_where *hob_where_free(struct hob_where *where)
{
    if (where != NULL) {
        hob_arena_free(where->arena);
        free(where);
    }
    return NULL;
}

static bool operand_is(const struct where_operand *operand, struct hob_text name)
{
    return operand->is_column && hob_text_equal(operand->name, name);
}

/* Not deeper than parentheses may be. */
static bool uses(const struct where_node *node, struct hob_text name)
{
    for (; node != NULL; node = node->next)
        if (operand_is(&node->left, name) || operand_is(&node->right, name) ||
            uses(node->child, name))
            return true;
    return false;
}

bool hob_where_uses(const struct hob_where *where, struct hob_text name)
{
    return uses(where->root, name);
}
