/* tags_basic: tags that set, count or print something: assign, capture, echo, increment, decrement,
 * cycle, ifchanged, liquid. */
#include "compute/liquid/tags.h"

static int expect_variable(struct liquid_parser *parser, const struct liquid_words *words)
{
    if (liquid_word_is_variable(words, false))
        return 0;
    return liquid_bad_syntax(parser, "expected the name of a variable, found '%.*s'",
                             HOB_TEXT_ARG(words->text));
}

struct assign_node {
    struct liquid_node base;
    struct liquid_name name;
    struct liquid_filtered filtered;
};

int liquid_parse_assign(struct liquid_parser *parser, const struct liquid_token *token,
                        struct liquid_words *words, struct liquid_node **made)
{
    (void)token;
    int status = expect_variable(parser, words);
    if (status != 0)
        return status;
    struct assign_node *node = liquid_new_node(parser, sizeof *node);
    node->name = liquid_take_name(words);
    if (!liquid_take_word(words, "="))
        return liquid_bad_syntax(parser, "expected '=' in assign");
    *made = &node->base;
    return liquid_parse_filtered(parser, words, &node->filtered);
}

int liquid_render_assign(struct liquid_render *render, const struct liquid_node *base)
{
    const struct assign_node *node = (const struct assign_node *)base;
    struct liquid_value value;
    render->memory = LIQUID_HEAP;
    int status = liquid_evaluate_filtered(render, &node->filtered, &value);
    return status != 0 ? status : liquid_assign(render, node->name, value);
}

struct capture_node {
    struct liquid_node base;
    struct liquid_name name;
    struct liquid_block block;
};

int liquid_parse_capture(struct liquid_parser *parser, const struct liquid_token *token,
                         struct liquid_words *words, struct liquid_node **made)
{
    (void)token;
    int status = expect_variable(parser, words);
    if (status != 0)
        return status;
    struct capture_node *node = liquid_new_node(parser, sizeof *node);
    node->name = liquid_take_name(words);
    *made = &node->base;
    status = liquid_expect_end(parser, words);
    if (status == 0)
        status = liquid_parse_nodes(parser, &node->block, NULL);
    if (status == 0 && !node->block.visible)
        liquid_silence(&node->block);
    return status;
}

int liquid_render_capture(struct liquid_render *render, const struct liquid_node *base)
{
    const struct capture_node *node = (const struct capture_node *)base;
    HOB_AUTO(buffer) struct hob_buffer captured = HOB_BUFFER_INIT;
    int status = liquid_render_into(render, &node->block, &captured);
    if (status != 0)
        return status;
    struct liquid_value value;
    render->memory = LIQUID_HEAP;
    status = liquid_spend(render, captured.size >> 8);
    if (status == 0)
        status = liquid_keep_text(render, hob_buffer_text(&captured), &value);
    return status != 0 ? status : liquid_assign(render, node->name, value);
}

int liquid_parse_echo(struct liquid_parser *parser, const struct liquid_token *token,
                      struct liquid_words *words, struct liquid_node **made)
{
    (void)token;
    struct liquid_output_node *node = liquid_new_node(parser, sizeof *node);
    node->base.visible = true;
    *made = &node->base;
    return liquid_parse_filtered(parser, words, &node->filtered);
}

int liquid_render_echo(struct liquid_render *render, const struct liquid_node *base)
{
    return liquid_output_tag.render(render, base);
}

struct counter_node {
    struct liquid_node base;
    struct liquid_name name;
};

int liquid_parse_increment(struct liquid_parser *parser, const struct liquid_token *token,
                           struct liquid_words *words, struct liquid_node **made)
{
    (void)token;
    int status = expect_variable(parser, words);
    if (status != 0)
        return status;
    struct counter_node *node = liquid_new_node(parser, sizeof *node);
    node->base.visible = true;
    node->name = liquid_take_name(words);
    *made = &node->base;
    if (liquid_word_is(words, ".") || liquid_word_is(words, "["))
        return liquid_expect_end(parser, words);
    return 0;
}

int liquid_parse_decrement(struct liquid_parser *parser, const struct liquid_token *token,
                           struct liquid_words *words, struct liquid_node **made)
{
    return liquid_parse_increment(parser, token, words, made);
}

static int count(struct liquid_render *render, const struct liquid_node *base, int64_t before,
                 int64_t after)
{
    const struct counter_node *node = (const struct counter_node *)base;
    struct liquid_value *counter = liquid_slot(render, &render->counters, node->name);
    if (counter == NULL)
        return liquid_exceeded(render, "memory");
    int64_t value = counter->kind == LIQUID_INT ? counter->integer : 0;
    struct liquid_value printed = liquid_int(value + before);
    *counter = liquid_int(value + after);
    return liquid_put_value(render, &printed);
}

int liquid_render_increment(struct liquid_render *render, const struct liquid_node *base)
{
    return count(render, base, 0, 1);
}

int liquid_render_decrement(struct liquid_render *render, const struct liquid_node *base)
{
    return count(render, base, -1, -1);
}

enum { MAX_CYCLE = 256 };

struct cycle_node {
    struct liquid_node base;
    struct liquid_expression *name; /* NULL: told apart by the values */
    struct liquid_expression *values;
    uint32_t count;
};

int liquid_parse_cycle(struct liquid_parser *parser, const struct liquid_token *token,
                       struct liquid_words *words, struct liquid_node **made)
{
    (void)token;
    struct cycle_node *node = liquid_new_node(parser, sizeof *node);
    struct liquid_expression values[MAX_CYCLE];
    node->base.visible = true;
    *made = &node->base;
    do {
        if (node->count == MAX_CYCLE)
            return liquid_bad_syntax(parser, "more than %d values in cycle", MAX_CYCLE);
        int status = liquid_parse_expression(parser, words, &values[node->count++]);
        if (status != 0)
            return status;
        if (node->count == 1 && node->name == NULL && liquid_take_word(words, ":")) {
            node->name = hob_arena_alloc(parser->arena, sizeof *node->name);
            *node->name = values[--node->count];
            continue;
        }
        while (liquid_take_word(words, ","))
            continue;
    } while (words->kind != LIQUID_WORD_END || node->count == 0);
    node->values = hob_arena_alloc(parser->arena, node->count * sizeof *node->values);
    memcpy(node->values, values, node->count * sizeof *node->values);
    return 0;
}

/* What tells one cycle from another: its name, or else all its values. */
static int cycle_key(struct liquid_render *render, const struct cycle_node *node,
                     struct liquid_name *name)
{
    hob_buffer_clear(&render->work);
    hob_buffer_put_string(&render->work, node->name != NULL ? "cycle " : "cycle of");
    const struct liquid_expression *parts = node->name != NULL ? node->name : node->values;
    uint32_t parts_count = node->name != NULL ? 1 : node->count;
    for (uint32_t i = 0; i < parts_count; i++) {
        struct liquid_value value;
        int status = liquid_evaluate(render, &parts[i], &value);
        if (status != 0)
            return status;
        hob_buffer_put_char(&render->work, (char)('a' + value.kind));
        liquid_print_repr(&render->work, &value, render->output_limit);
    }
    *name = liquid_make_name(hob_buffer_text(&render->work));
    return liquid_spend(render, name->text.size >> 10);
}

/* The place under a name that is only in render->work yet. */
static int find_place(struct liquid_render *render, struct liquid_name name,
                      struct liquid_value **place)
{
    if (liquid_find(&render->places, &name) == NULL) {
        struct liquid_value kept;
        render->memory = LIQUID_KEEP;
        int status = liquid_keep_text(render, name.text, &kept);
        if (status != 0)
            return status;
        name.text = kept.text;
    }
    *place = liquid_slot(render, &render->places, name);
    return *place == NULL ? liquid_exceeded(render, "memory") : 0;
}

int liquid_render_cycle(struct liquid_render *render, const struct liquid_node *base)
{
    const struct cycle_node *node = (const struct cycle_node *)base;
    struct liquid_name name;
    struct liquid_value *place, value;
    render->memory = LIQUID_SCRATCH;
    int status = cycle_key(render, node, &name);
    if (status == 0)
        status = find_place(render, name, &place);
    if (status != 0)
        return status;
    int64_t at = place->kind == LIQUID_INT ? place->integer : 0;
    *place = liquid_int((at + 1) % node->count);
    if (at >= node->count)
        return 0;
    render->memory = LIQUID_SCRATCH;
    status = liquid_evaluate(render, &node->values[at], &value);
    return status != 0 ? status : liquid_put_value(render, &value);
}

struct block_node {
    struct liquid_node base;
    struct liquid_block block;
};

int liquid_parse_ifchanged(struct liquid_parser *parser, const struct liquid_token *token,
                           struct liquid_words *words, struct liquid_node **made)
{
    (void)token;
    (void)words;
    struct block_node *node = liquid_new_node(parser, sizeof *node);
    *made = &node->base;
    int status = liquid_parse_nodes(parser, &node->block, NULL);
    node->base.visible = node->block.visible;
    return status;
}

int liquid_render_ifchanged(struct liquid_render *render, const struct liquid_node *base)
{
    const struct block_node *node = (const struct block_node *)base;
    struct hob_buffer printed = HOB_BUFFER_INIT;
    int status = liquid_render_into(render, &node->block, &printed);
    if (status == 0 &&
        !hob_text_equal(hob_buffer_text(&printed), hob_buffer_text(&render->changed))) {
        struct hob_buffer old = render->changed;
        render->changed = printed;
        printed = old;
        status = liquid_put_text(render, hob_buffer_text(&render->changed));
    }
    hob_buffer_deinit(&printed);
    return status;
}

int liquid_parse_liquid(struct liquid_parser *parser, const struct liquid_token *token,
                        struct liquid_words *words, struct liquid_node **made)
{
    (void)words;
    struct block_node *node = liquid_new_node(parser, sizeof *node);
    *made = &node->base;
    struct liquid_tokens outer = parser->tokens;
    size_t position = parser->position, end = parser->end;
    struct hob_text lines = token->text;
    parser->tokens = (struct liquid_tokens){NULL, 0, 0};
    int status = liquid_lex_lines(parser, lines);
    parser->position = 0;
    parser->end = parser->tokens.count;
    if (status == 0)
        status = liquid_parse_nodes(parser, &node->block, NULL);
    free(parser->tokens.items);
    parser->tokens = outer;
    parser->position = position;
    parser->end = end;
    node->base.visible = node->block.visible;
    return status;
}

int liquid_render_liquid(struct liquid_render *render, const struct liquid_node *base)
{
    return liquid_render_block(render, &((const struct block_node *)base)->block);
}
