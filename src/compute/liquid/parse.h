/* parse: from source to tree (private to this folder).
 *
 * lexer.c cuts the source into texts, outputs and tags and finds for every block tag its end tag;
 * words.c cuts what is inside a tag into words; expression.c makes expressions of words; parser.c
 * and the tags make nodes. */
#ifndef HOB_COMPUTE_LIQUID_PARSE_H
#define HOB_COMPUTE_LIQUID_PARSE_H

#include "compute/liquid/template.h"

enum liquid_token_kind { LIQUID_TOKEN_TEXT, LIQUID_TOKEN_OUTPUT, LIQUID_TOKEN_TAG };

struct liquid_token {
    uint8_t kind;
    bool stray;           /* an end tag without its block */
    uint32_t offset;      /* in the source, of the markup or text */
    uint32_t match;       /* TAG that opens a block: position of its end tag; 0 when unclosed */
    struct hob_text name; /* of a TAG */
    struct hob_text text; /* the text, or what is inside the markup behind the name */
    const struct liquid_tag *tag; /* NULL: unknown, or the end or a middle of a block */
};

struct liquid_tokens {
    struct liquid_token *items;
    size_t count, capacity;
};

enum liquid_word_kind {
    LIQUID_WORD_END,
    LIQUID_WORD_NAME,
    LIQUID_WORD_TEXT, /* a quoted string; `text` is without the quotes */
    LIQUID_WORD_INT,
    LIQUID_WORD_FLOAT,
    LIQUID_WORD_SIGN, /* punctuation or an operator */
    LIQUID_WORD_BAD,
};

/* A cursor: copying it remembers a place to come back to. */
struct liquid_words {
    const char *at, *end; /* behind the current word */
    uint8_t kind;         /* of the current word */
    bool spaced;          /* white space stood before it */
    struct hob_text text;
};

struct liquid_parser {
    struct hob_liquid_template *template;
    struct hob_arena *arena;
    struct liquid_tokens tokens;
    size_t position, end; /* of the tokens; those at `end` and behind belong to outer blocks */
    unsigned depth;
    unsigned warnings;
    const struct liquid_template_warning **last_warning;
    char reason[160]; /* of the last LIQUID_BROKEN */
    struct hob_error *error;
};

/* Returns LIQUID_BROKEN with the reason. */
int liquid_bad_syntax(struct liquid_parser *parser, const char *format, ...)
    __attribute__((format(printf, 2, 3)));
void liquid_parser_warn(struct liquid_parser *parser, uint32_t offset, const char *format, ...)
    __attribute__((format(printf, 3, 4)));
/* The error of a limit, with the place. */
int liquid_parser_fail(struct liquid_parser *parser, uint32_t offset, int code,
                       const char *message);

/* Fills parser->tokens from the template's source, or from the lines of a `liquid` tag. */
int liquid_lex(struct liquid_parser *parser);
int liquid_lex_lines(struct liquid_parser *parser, struct hob_text lines);

/* Parses tokens up to parser->end, or to a tag named in `stops` ("else elsif", or NULL), at which
 * parser->position then is. */
int liquid_parse_nodes(struct liquid_parser *parser, struct liquid_block *block, const char *stops);
/* The token at the position, if it is one of this block. */
const struct liquid_token *liquid_current_token(const struct liquid_parser *parser);
/* Takes the texts out of a block in which nothing is visible. */
void liquid_silence(struct liquid_block *block);
/* Zeroed memory for a node. */
void *liquid_new_node(struct liquid_parser *parser, size_t size);

struct liquid_words liquid_words_from(struct hob_text text);
void liquid_next_word(struct liquid_words *words);
bool liquid_word_is(const struct liquid_words *words, const char *text);
/* Steps over the word if it is this one. */
bool liquid_take_word(struct liquid_words *words, const char *text);
bool liquid_is_reserved(struct hob_text name);
/* True when the word is a name that a variable may have; `question` allows a? too. */
bool liquid_word_is_variable(const struct liquid_words *words, bool question);

struct liquid_name liquid_make_name(struct hob_text text);
/* The word as a name, and steps over it. */
struct liquid_name liquid_take_name(struct liquid_words *words);

/* Each parses as far as it can and leaves the words behind it; 0 or LIQUID_BROKEN. */
int liquid_parse_expression(struct liquid_parser *parser, struct liquid_words *words,
                            struct liquid_expression *expression);
int liquid_parse_filtered(struct liquid_parser *parser, struct liquid_words *words,
                          struct liquid_filtered *filtered);
int liquid_parse_condition(struct liquid_parser *parser, struct liquid_words *words,
                           const struct liquid_comparison **condition);
/* 0, or LIQUID_BROKEN when words are left. */
int liquid_expect_end(struct liquid_parser *parser, const struct liquid_words *words);
/* The expression in one spelling (a.b[0], (1..3)), for the names of loops. */
void liquid_spell(struct hob_buffer *out, const struct liquid_expression *expression);

#endif
