/* expression: makes expressions of words: literals, paths, ranges, filters, conditions.
 *
 * Every function parses as far as it can; the caller looks at what is left. Paths may nest in
 * brackets (a[b[c]]), which is the only recursion; the parser's depth bounds it. */
#include "base/number.h"
#include "compute/liquid/filters.h"
#include "compute/liquid/parse.h"

int liquid_expect_end(struct liquid_parser *parser, const struct liquid_words *words)
{
    if (words->kind == LIQUID_WORD_END)
        return 0;
    return liquid_bad_syntax(parser, "unexpected '%.*s'", HOB_TEXT_ARG(words->text));
}

static int expected(struct liquid_parser *parser, const struct liquid_words *words,
                    const char *what)
{
    if (words->kind == LIQUID_WORD_END)
        return liquid_bad_syntax(parser, "expected %s, found nothing", what);
    return liquid_bad_syntax(parser, "expected %s, found '%.*s'", what, HOB_TEXT_ARG(words->text));
}

static void make_literal(struct liquid_expression *expression, struct liquid_value value)
{
    *expression = (struct liquid_expression){.kind = LIQUID_LITERAL, .literal = value};
}

static struct liquid_value number_literal(const struct liquid_words *words)
{
    int64_t integer;
    double number = 0;
    if (words->kind == LIQUID_WORD_FLOAT) {
        hob_number_parse_double(words->text, &number);
        return liquid_double(number);
    }
    if (hob_number_parse_int(words->text, &integer) == 0)
        return liquid_int(integer);
    struct liquid_value value;
    if (!liquid_read_number(words->text, &value))
        return liquid_int(0);
    return value;
}

/* true, nil...; false when the word is none of them. */
static bool word_literal(struct hob_text word, struct liquid_value *value)
{
    static const struct {
        const char *word;
        uint8_t kind;
        bool boolean;
    } literals[] = {
        {"true", LIQUID_BOOL, true}, {"false", LIQUID_BOOL, false},  {"nil", LIQUID_NIL, false},
        {"null", LIQUID_NIL, false}, {"empty", LIQUID_EMPTY, false}, {"blank", LIQUID_BLANK, false},
    };
    for (size_t i = 0; i < sizeof literals / sizeof literals[0]; i++) {
        if (!hob_text_is(word, literals[i].word))
            continue;
        *value = (struct liquid_value){.kind = literals[i].kind, .boolean = literals[i].boolean};
        return true;
    }
    return false;
}

/* A list of segments while its length is not known yet. */
struct segments {
    struct liquid_segment *items;
    size_t count, capacity;
};

static bool add_segment(struct liquid_parser *parser, struct segments *segments,
                        struct liquid_segment segment)
{
    if (segments->count == segments->capacity) {
        size_t capacity = segments->capacity == 0 ? 2 : segments->capacity * 2;
        struct liquid_segment *items = hob_arena_alloc(parser->arena, capacity * sizeof *items);
        if (segments->count > 0)
            memcpy(items, segments->items, segments->count * sizeof *items);
        segments->items = items;
        segments->capacity = capacity;
    }
    segments->items[segments->count++] = segment;
    return true;
}

/* Behind `[`: ['name'], [0] or [path]. */
static int parse_bracket(struct liquid_parser *parser, struct liquid_words *words,
                         struct liquid_segment *segment)
{
    *segment = (struct liquid_segment){.index = NULL};
    if (words->kind == LIQUID_WORD_TEXT) {
        *segment = (struct liquid_segment){.name = liquid_take_name(words)};
        if (segment->name.text.size == 0)
            segment->name.text.data = "";
    } else {
        if (parser->depth >= HOB_LIQUID_MAX_NESTING)
            return liquid_bad_syntax(parser, "brackets are nested too deeply");
        struct liquid_expression *index = hob_arena_alloc(parser->arena, sizeof *index);
        parser->depth++;
        int status = liquid_parse_expression(parser, words, index);
        parser->depth--;
        if (status != 0)
            return status;
        segment->index = index;
    }
    return liquid_take_word(words, "]") ? 0 : expected(parser, words, "']'");
}

static int parse_segments(struct liquid_parser *parser, struct liquid_words *words,
                          struct segments *segments)
{
    bool bracket = false;
    for (;;) {
        struct liquid_segment segment;
        bool dot = liquid_take_word(words, ".");
        bool direct = bracket && words->kind == LIQUID_WORD_NAME && !words->spaced;
        if (dot || direct) {
            if (words->kind == LIQUID_WORD_NAME) {
                if (liquid_is_reserved(words->text))
                    return expected(parser, words, "a name");
                segment = (struct liquid_segment){.name = liquid_take_name(words), .dotted = true};
                add_segment(parser, segments, segment);
                bracket = false;
                continue;
            }
            if (words->kind == LIQUID_WORD_INT || words->kind == LIQUID_WORD_FLOAT)
                return expected(parser, words, "a name");
        }
        bracket = liquid_take_word(words, "[");
        if (!bracket)
            return 0;
        int status = parse_bracket(parser, words, &segment);
        if (status != 0)
            return status;
        add_segment(parser, segments, segment);
    }
}

static int parse_path(struct liquid_parser *parser, struct liquid_words *words,
                      struct liquid_expression *expression)
{
    *expression = (struct liquid_expression){.kind = LIQUID_PATH};
    if (words->kind == LIQUID_WORD_NAME)
        expression->name = liquid_take_name(words);
    struct segments segments = {NULL, 0, 0};
    int status = parse_segments(parser, words, &segments);
    expression->segments = segments.items;
    expression->count = (uint32_t)segments.count;
    /* ['name'] alone is as good as name. */
    if (expression->name.text.data == NULL && segments.count > 0 &&
        segments.items[0].index == NULL) {
        expression->name = segments.items[0].name;
        expression->segments++;
        expression->count--;
    }
    return status;
}

/* Behind `(`: first .. last ). */
static int parse_bounds(struct liquid_parser *parser, struct liquid_words *words,
                        struct liquid_expression *expression)
{
    struct liquid_expression *bounds = hob_arena_alloc(parser->arena, 2 * sizeof *bounds);
    for (int i = 0; i < 2; i++) {
        if (i == 1 && !liquid_take_word(words, ".."))
            return expected(parser, words, "'..'");
        if (liquid_word_is(words, "("))
            return expected(parser, words, "a number or name");
        int status = liquid_parse_expression(parser, words, &bounds[i]);
        if (status != 0)
            return status;
    }
    *expression = (struct liquid_expression){.kind = LIQUID_BOUNDS, .bounds = bounds};
    return liquid_take_word(words, ")") ? 0 : expected(parser, words, "')'");
}

int liquid_parse_expression(struct liquid_parser *parser, struct liquid_words *words,
                            struct liquid_expression *expression)
{
    struct liquid_value value;
    switch (words->kind) {
    case LIQUID_WORD_TEXT:
        make_literal(expression, liquid_text(words->text));
        liquid_next_word(words);
        return 0;
    case LIQUID_WORD_INT:
    case LIQUID_WORD_FLOAT:
        make_literal(expression, number_literal(words));
        liquid_next_word(words);
        return 0;
    case LIQUID_WORD_NAME:
        if (word_literal(words->text, &value)) {
            make_literal(expression, value);
            liquid_next_word(words);
            return 0;
        }
        if (liquid_is_reserved(words->text))
            return expected(parser, words, "a value");
        return parse_path(parser, words, expression);
    case LIQUID_WORD_SIGN:
        if (liquid_word_is(words, "["))
            return parse_path(parser, words, expression);
        if (liquid_take_word(words, "("))
            return parse_bounds(parser, words, expression);
        break;
    default:
        break;
    }
    return expected(parser, words, "a value");
}

/* Arguments: values and `keyword: value`, between commas; doubled and trailing commas pass. */
static int parse_arguments(struct liquid_parser *parser, struct liquid_words *words,
                           struct liquid_call *call)
{
    struct liquid_expression *arguments =
        hob_arena_alloc(parser->arena, LIQUID_MAX_ARGUMENTS * sizeof *arguments);
    call->arguments = arguments;
    for (bool separated = true;;) {
        while (liquid_take_word(words, ","))
            separated = true;
        if (words->kind == LIQUID_WORD_END || liquid_word_is(words, "|"))
            return 0;
        if (!separated)
            return expected(parser, words, "','");
        separated = false;
        struct liquid_words ahead = *words;
        struct liquid_expression *target = &arguments[call->count];
        liquid_next_word(&ahead);
        if (words->kind == LIQUID_WORD_NAME && liquid_word_is(&ahead, ":")) {
            if (call->filter->keyword == NULL || !hob_text_is(words->text, call->filter->keyword))
                return liquid_bad_syntax(parser, "filter '%s' has no argument '%.*s'",
                                         call->filter->name, HOB_TEXT_ARG(words->text));
            liquid_next_word(&ahead);
            *words = ahead;
            target = hob_arena_alloc(parser->arena, sizeof *target);
            call->keyword = target;
        } else if (call->count++ == call->filter->maximum) {
            return liquid_bad_syntax(parser, "too many arguments for filter '%s'",
                                     call->filter->name);
        }
        int status = liquid_parse_expression(parser, words, target);
        if (status != 0)
            return status;
    }
}

static int parse_call(struct liquid_parser *parser, struct liquid_words *words,
                      struct liquid_call *call)
{
    if (words->kind != LIQUID_WORD_NAME)
        return expected(parser, words, "a filter");
    call->filter = liquid_find_filter(words->text);
    if (call->filter == NULL)
        return liquid_bad_syntax(parser, "unknown filter '%.*s'", HOB_TEXT_ARG(words->text));
    liquid_next_word(words);
    if (liquid_take_word(words, ":")) {
        int status = parse_arguments(parser, words, call);
        if (status != 0)
            return status;
    }
    if (call->count < call->filter->minimum)
        return liquid_bad_syntax(parser, "missing argument for filter '%s'", call->filter->name);
    return 0;
}

int liquid_parse_filtered(struct liquid_parser *parser, struct liquid_words *words,
                          struct liquid_filtered *filtered)
{
    int status = liquid_parse_expression(parser, words, &filtered->expression);
    const struct liquid_call **last = &filtered->calls;
    *last = NULL;
    while (status == 0 && liquid_take_word(words, "|")) {
        struct liquid_call *call = hob_arena_alloc(parser->arena, sizeof *call);
        *call = (struct liquid_call){.next = NULL};
        status = parse_call(parser, words, call);
        *last = call;
        last = &call->next;
    }
    return status != 0 ? status : liquid_expect_end(parser, words);
}

static bool take_operator(struct liquid_words *words, uint8_t *operator)
{
    static const struct {
        const char *sign;
        uint8_t operator;
    } operators[] = {
        {"==", LIQUID_EQUAL},         {"!=", LIQUID_UNEQUAL},        {"<>", LIQUID_UNEQUAL},
        {"<", LIQUID_LESS},           {"<=", LIQUID_LESS_EQUAL},     {">", LIQUID_GREATER},
        {">=", LIQUID_GREATER_EQUAL}, {"contains", LIQUID_CONTAINS},
    };
    for (size_t i = 0; i < sizeof operators / sizeof operators[0]; i++) {
        if (!liquid_take_word(words, operators[i].sign))
            continue;
        *operator= operators[i].operator;
        return true;
    }
    return false;
}

enum { MAX_OPERANDS = 64 };

static int parse_comparison(struct liquid_parser *parser, struct liquid_words *words,
                            struct liquid_comparison *comparison)
{
    struct liquid_expression operands[MAX_OPERANDS];
    uint8_t operators[MAX_OPERANDS];
    uint32_t count = 0;
    do {
        if (count == MAX_OPERANDS)
            return liquid_bad_syntax(parser, "too many comparisons in a row");
        int status = liquid_parse_expression(parser, words, &operands[count]);
        if (status != 0)
            return status;
        count++;
    } while (take_operator(words, &operators[count - 1]));
    struct liquid_expression *kept =
        hob_arena_alloc(parser->arena, count * (sizeof *kept + sizeof operators[0]));
    memcpy(kept, operands, count * sizeof *kept);
    uint8_t *kept_operators = (uint8_t *)(kept + count);
    memcpy(kept_operators, operators, count - 1);
    *comparison = (struct liquid_comparison){kept, kept_operators, count, false, NULL};
    return 0;
}

int liquid_parse_condition(struct liquid_parser *parser, struct liquid_words *words,
                           const struct liquid_comparison **condition)
{
    const struct liquid_comparison **last = condition;
    for (;;) {
        struct liquid_comparison *comparison = hob_arena_alloc(parser->arena, sizeof *comparison);
        int status = parse_comparison(parser, words, comparison);
        if (status != 0)
            return status;
        *last = comparison;
        last = &comparison->next;
        comparison->joined_by_or = liquid_take_word(words, "or");
        if (!comparison->joined_by_or && !liquid_take_word(words, "and"))
            return liquid_expect_end(parser, words);
    }
}

static void spell_literal(struct hob_buffer *out, const struct liquid_value *value)
{
    if (value->kind == LIQUID_TEXT)
        liquid_print_repr(out, value, SIZE_MAX);
    else if (value->kind == LIQUID_NIL || value->kind > LIQUID_BLANK)
        liquid_print(out, value, SIZE_MAX);
    else
        hob_buffer_put_string(out, value->kind == LIQUID_EMPTY ? "empty" : "blank");
}

void liquid_spell(struct hob_buffer *out, const struct liquid_expression *expression)
{
    if (expression->kind == LIQUID_LITERAL) {
        spell_literal(out, &expression->literal);
    } else if (expression->kind == LIQUID_BOUNDS) {
        hob_buffer_put_char(out, '(');
        liquid_spell(out, &expression->bounds[0]);
        hob_buffer_put_string(out, "..");
        liquid_spell(out, &expression->bounds[1]);
        hob_buffer_put_char(out, ')');
    } else {
        hob_buffer_put_text(out, expression->name.text);
        for (uint32_t i = 0; i < expression->count; i++) {
            const struct liquid_segment *segment = &expression->segments[i];
            hob_buffer_put_char(out, segment->index == NULL ? '.' : '[');
            if (segment->index == NULL) {
                hob_buffer_put_text(out, segment->name.text);
                continue;
            }
            liquid_spell(out, segment->index);
            hob_buffer_put_char(out, ']');
        }
    }
}
