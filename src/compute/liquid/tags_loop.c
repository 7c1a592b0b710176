/* tags_loop: for, tablerow, break and continue.
 *
 * A loop runs over a list, a range (which is never written out), the pairs of a mapping, or a text
 * as a whole; over anything else not at all. limit and offset choose a slice, which `reversed`
 * turns round. `offset: continue` goes on where the last loop with the same variable and the same
 * collection, as they are spelled, stopped. */
#include "compute/liquid/tags.h"

struct loop_node {
    struct liquid_node base;
    struct liquid_name variable, loop_name, place; /* place: "variable-collection" */
    struct liquid_expression collection;
    const struct liquid_expression *limit, *offset, *columns;
    bool continued, reversed;
    struct liquid_block block, otherwise;
};

static int parse_options(struct liquid_parser *parser, struct liquid_words *words,
                         struct loop_node *node)
{
    for (;;) {
        while (liquid_take_word(words, ","))
            continue;
        if (words->kind == LIQUID_WORD_END)
            return 0;
        if (liquid_take_word(words, "reversed")) {
            node->reversed = true;
            continue;
        }
        const struct liquid_expression **option = liquid_word_is(words, "limit")    ? &node->limit
                                                  : liquid_word_is(words, "offset") ? &node->offset
                                                  : liquid_word_is(words, "cols")   ? &node->columns
                                                                                    : NULL;
        if (option == NULL)
            return liquid_expect_end(parser, words);
        liquid_next_word(words);
        if (!liquid_take_word(words, ":"))
            return liquid_bad_syntax(parser, "expected ':' behind an option of a loop");
        if (option == &node->offset && liquid_take_word(words, "continue")) {
            node->continued = true;
            continue;
        }
        struct liquid_expression *value = hob_arena_alloc(parser->arena, sizeof *value);
        int status = liquid_parse_expression(parser, words, value);
        if (status != 0)
            return status;
        *option = value;
    }
}

static void name_loop(struct liquid_parser *parser, struct loop_node *node)
{
    HOB_AUTO(buffer) struct hob_buffer name = HOB_BUFFER_INIT;
    hob_buffer_put_text(&name, node->variable.text);
    hob_buffer_put_char(&name, '-');
    liquid_spell(&name, &node->collection);
    node->place = liquid_make_name(hob_arena_copy(parser->arena, hob_buffer_whole_text(&name)));
}

/* variable in collection options */
static int parse_loop(struct liquid_parser *parser, struct liquid_words *words,
                      struct loop_node *node)
{
    if (!liquid_word_is_variable(words, true))
        return liquid_bad_syntax(parser, "expected the name of a variable, found '%.*s'",
                                 HOB_TEXT_ARG(words->text));
    node->variable = liquid_take_name(words);
    if (!liquid_take_word(words, "in"))
        return liquid_bad_syntax(parser, "expected 'in', found '%.*s'", HOB_TEXT_ARG(words->text));
    int status = liquid_parse_expression(parser, words, &node->collection);
    if (status == 0)
        status = parse_options(parser, words, node);
    if (status == 0)
        name_loop(parser, node);
    return status;
}

int liquid_parse_for(struct liquid_parser *parser, const struct liquid_token *token,
                     struct liquid_words *words, struct liquid_node **made)
{
    (void)token;
    struct loop_node *node = liquid_new_node(parser, sizeof *node);
    *made = &node->base;
    node->loop_name = liquid_make_name(HOB_TEXT("forloop"));
    int status = parse_loop(parser, words, node);
    if (status == 0)
        status = liquid_parse_nodes(parser, &node->block, "else");
    struct liquid_block ignored, *block = &node->otherwise;
    while (status == 0 && liquid_current_token(parser) != NULL) {
        parser->position++;
        status = liquid_parse_nodes(parser, block, "else");
        block = &ignored;
    }
    if (!node->block.visible)
        liquid_silence(&node->block);
    if (!node->otherwise.visible)
        liquid_silence(&node->otherwise);
    node->base.visible = node->block.visible || node->otherwise.visible;
    return status;
}

int liquid_parse_tablerow(struct liquid_parser *parser, const struct liquid_token *token,
                          struct liquid_words *words, struct liquid_node **made)
{
    (void)token;
    struct loop_node *node = liquid_new_node(parser, sizeof *node);
    *made = &node->base;
    node->base.visible = true;
    node->loop_name = liquid_make_name(HOB_TEXT("tablerowloop"));
    int status = parse_loop(parser, words, node);
    if (status == 0)
        status = liquid_parse_nodes(parser, &node->block, NULL);
    if (!node->block.visible)
        liquid_silence(&node->block);
    return status;
}

/* A mapping as a list of its pairs; a text as a list of one. */
static int make_list(struct liquid_render *render, struct liquid_value *value)
{
    if (liquid_is_list(value))
        return 0;
    bool map = value->kind == LIQUID_MAP;
    bool text = value->kind == LIQUID_TEXT && value->text.size > 0;
    uint32_t count = map ? (uint32_t)liquid_count(value) : text;
    int status;
    struct liquid_value *items =
        liquid_allocate(render, (size_t)count * (map ? 3 : 1), sizeof *items, &status);
    if (items == NULL)
        return status;
    if (text)
        items[0] = *value;
    uint32_t at = 0;
    for (uint32_t i = 0; map && i < count; i++) {
        struct liquid_value *pair = items + count + 2 * (size_t)i;
        if (!liquid_next_pair(value, &at, pair))
            break;
        items[i] = liquid_list(pair, 2);
        items[i].tuple = true;
    }
    *value = liquid_list(items, count);
    return liquid_spend(render, count);
}

/* The list and the part of it that the loop runs over. */
struct slice {
    struct liquid_value list;
    int64_t start, stop;
};

/* An option: undefined leaves it as it was. */
static int evaluate_option(struct liquid_render *render, const struct liquid_expression *expression,
                           const char *what, int64_t *number)
{
    struct liquid_value value;
    int status = liquid_evaluate(render, expression, &value);
    if (status != 0 || value.kind == LIQUID_UNDEFINED)
        return status;
    return liquid_whole(render, &value, what, number);
}

static int evaluate_slice(struct liquid_render *render, const struct loop_node *node,
                          struct slice *slice)
{
    int64_t offset = 0, limit = INT64_MAX;
    render->memory = LIQUID_HEAP;
    int status = liquid_evaluate(render, &node->collection, &slice->list);
    if (status == 0)
        status = make_list(render, &slice->list);
    if (status == 0 && node->limit != NULL)
        status = evaluate_option(render, node->limit, "the limit", &limit);
    if (status == 0 && node->offset != NULL)
        status = evaluate_option(render, node->offset, "the offset", &offset);
    if (status == 0 && limit < 0)
        status = liquid_broken(render, "the limit is below 0");
    if (status != 0)
        return status;
    struct liquid_value *place = liquid_slot(render, &render->places, node->place);
    if (place == NULL)
        return liquid_exceeded(render, "memory");
    if (node->continued)
        offset = place->kind == LIQUID_INT ? place->integer : 0;
    int64_t count = (int64_t)liquid_count(&slice->list);
    if (__builtin_add_overflow(offset, limit, &slice->stop) || slice->stop > count)
        slice->stop = count;
    slice->start = offset > 0 ? offset : 0;
    if (slice->stop < slice->start)
        slice->stop = slice->start;
    *place = liquid_int(slice->stop);
    return 0;
}

/* Binds loop object and variable; the variable's place in the stack is in *variable. */
static int bind(struct liquid_render *render, const struct loop_node *node,
                const struct slice *slice, const struct liquid_loop *loop, size_t *variable)
{
    struct liquid_value object = {.kind = LIQUID_LOOP, .loop = loop};
    int status = liquid_hold(render, slice->list);
    if (status == 0)
        status = liquid_push(render, node->loop_name, object);
    *variable = render->stack_count;
    return status != 0 ? status : liquid_push(render, node->variable, liquid_nil());
}

static int run_for(struct liquid_render *render, const struct loop_node *node,
                   const struct slice *slice, struct liquid_loop *loop)
{
    size_t variable;
    int status = bind(render, node, slice, loop, &variable);
    for (; status == 0 && loop->index < loop->length; loop->index++) {
        int64_t at = node->reversed ? slice->stop - 1 - loop->index : slice->start + loop->index;
        if (++render->steps > render->step_limit)
            return liquid_exceeded(render, "iterations");
        render->stack[variable].value = liquid_item(&slice->list, (uint64_t)at);
        status = liquid_render_block(render, &node->block);
        if (status == LIQUID_CONTINUE)
            status = 0;
    }
    return status == LIQUID_BREAK ? 0 : status;
}

int liquid_render_for(struct liquid_render *render, const struct liquid_node *base)
{
    const struct loop_node *node = (const struct loop_node *)base;
    struct slice slice;
    int status = evaluate_slice(render, node, &slice);
    if (status != 0)
        return status;
    if (slice.start == slice.stop)
        return liquid_render_block(render, &node->otherwise);
    struct liquid_loop loop = {
        .name = node->place.text, .length = slice.stop - slice.start, .parent = render->loop};
    size_t bound = render->stack_count;
    render->loop = &loop;
    render->loops++;
    status = run_for(render, node, &slice, &loop);
    render->loops--;
    render->loop = loop.parent;
    render->stack_count = bound;
    return status;
}

static int put_string(struct liquid_render *render, const char *string)
{
    return liquid_put_text(render, hob_text_from(string));
}

static int run_cell(struct liquid_render *render, const struct loop_node *node,
                    const struct liquid_loop *loop)
{
    hob_buffer_printf(render->out, "<td class=\"col%lld\">",
                      (long long)(loop->index % loop->columns) + 1);
    int status = liquid_render_block(render, &node->block);
    int put = status >= 0 ? put_string(render, "</td>") : 0;
    if (put != 0)
        return put;
    bool ends_row = (loop->index + 1) % loop->columns == 0 && loop->index + 1 < loop->length;
    if (ends_row && (status == 0 || status == LIQUID_CONTINUE))
        hob_buffer_printf(render->out, "</tr>\n<tr class=\"row%lld\">",
                          (long long)((loop->index + 1) / loop->columns) + 1);
    return status;
}

static int run_table(struct liquid_render *render, const struct loop_node *node,
                     const struct slice *slice, struct liquid_loop *loop)
{
    size_t variable;
    int status = bind(render, node, slice, loop, &variable);
    if (status == 0)
        status = put_string(render, "<tr class=\"row1\">\n");
    for (; status == 0 && loop->index < loop->length; loop->index++) {
        int64_t at = node->reversed ? slice->stop - 1 - loop->index : slice->start + loop->index;
        if (++render->steps > render->step_limit)
            return liquid_exceeded(render, "iterations");
        render->stack[variable].value = liquid_item(&slice->list, (uint64_t)at);
        status = run_cell(render, node, loop);
        if (status == LIQUID_CONTINUE)
            status = 0;
    }
    if (status == LIQUID_BREAK)
        status = 0;
    return status != 0 ? status : put_string(render, "</tr>\n");
}

int liquid_render_tablerow(struct liquid_render *render, const struct liquid_node *base)
{
    const struct loop_node *node = (const struct loop_node *)base;
    struct slice slice;
    int status = evaluate_slice(render, node, &slice);
    if (status != 0)
        return status;
    struct liquid_loop loop = {.name = node->place.text, .length = slice.stop - slice.start};
    struct liquid_value columns = {.kind = LIQUID_UNDEFINED};
    if (node->columns != NULL)
        status = liquid_evaluate(render, node->columns, &columns);
    if (status != 0)
        return status;
    if (columns.kind == LIQUID_UNDEFINED ||
        liquid_whole(render, &columns, "cols", &loop.columns) != 0 || loop.columns <= 0)
        loop.columns = loop.length > 0 ? loop.length : 1;
    size_t bound = render->stack_count;
    render->loops++;
    status = run_table(render, node, &slice, &loop);
    render->loops--;
    render->stack_count = bound;
    return status;
}

struct jump_node {
    struct liquid_node base;
    int status;
};

int liquid_parse_jump(struct liquid_parser *parser, const struct liquid_token *token,
                      struct liquid_words *words, struct liquid_node **made)
{
    (void)words;
    struct jump_node *node = liquid_new_node(parser, sizeof *node);
    node->status = hob_text_is(token->name, "break") ? LIQUID_BREAK : LIQUID_CONTINUE;
    *made = &node->base;
    return 0;
}

int liquid_render_jump(struct liquid_render *render, const struct liquid_node *base)
{
    if (render->loops == 0)
        return liquid_broken(render, "'%s' stands outside a loop", base->tag->name);
    return ((const struct jump_node *)base)->status;
}
