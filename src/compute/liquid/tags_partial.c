/* tags_partial: include and render.
 *
 * An include sees and changes the variables of the template that it stands in, and a break in it
 * ends the loop around it. A render has variables, counters and cycles of its own and sees nothing
 * but its arguments and the data; there is no include inside it. Partials come from the caller's
 * loader, each once a render. */
#include "compute/liquid/tags.h"

struct argument {
    struct liquid_name name;
    struct liquid_expression value;
    struct argument *next;
};

struct partial_node {
    struct liquid_node base;
    struct liquid_expression name;
    struct liquid_expression *with; /* behind `with` or `for`, or NULL */
    bool each;                      /* it was `for` */
    struct liquid_name alias;       /* behind `as`; no text when there is none */
    struct argument *arguments;
};

static int parse_arguments(struct liquid_parser *parser, struct liquid_words *words,
                           struct partial_node *node)
{
    struct argument **last = &node->arguments;
    for (;;) {
        while (liquid_take_word(words, ","))
            continue;
        if (words->kind == LIQUID_WORD_END)
            return 0;
        if (words->kind != LIQUID_WORD_NAME)
            return liquid_expect_end(parser, words);
        struct argument *argument = liquid_new_node(parser, sizeof *argument);
        argument->name = liquid_take_name(words);
        if (!liquid_take_word(words, ":"))
            return liquid_bad_syntax(parser, "expected ':' behind the argument '%.*s'",
                                     HOB_TEXT_ARG(argument->name.text));
        int status = liquid_parse_expression(parser, words, &argument->value);
        if (status != 0)
            return status;
        *last = argument;
        last = &argument->next;
    }
}

int liquid_parse_include(struct liquid_parser *parser, const struct liquid_token *token,
                         struct liquid_words *words, struct liquid_node **made)
{
    (void)token;
    struct partial_node *node = liquid_new_node(parser, sizeof *node);
    node->base.visible = true;
    *made = &node->base;
    int status = liquid_parse_expression(parser, words, &node->name);
    struct liquid_words ahead = *words;
    liquid_next_word(&ahead);
    bool with = liquid_word_is(words, "with"), each = liquid_word_is(words, "for");
    if (status == 0 && (with || each) && !liquid_word_is(&ahead, ":")) {
        *words = ahead;
        node->each = each;
        node->with = hob_arena_alloc(parser->arena, sizeof *node->with);
        status = liquid_parse_expression(parser, words, node->with);
        if (status == 0 && liquid_take_word(words, "as")) {
            if (words->kind != LIQUID_WORD_NAME)
                return liquid_bad_syntax(parser, "expected a name behind 'as'");
            node->alias = liquid_take_name(words);
        }
    }
    return status != 0 ? status : parse_arguments(parser, words, node);
}

int liquid_parse_render(struct liquid_parser *parser, const struct liquid_token *token,
                        struct liquid_words *words, struct liquid_node **made)
{
    if (words->kind != LIQUID_WORD_TEXT)
        return liquid_bad_syntax(parser, "render needs the quoted name of a partial");
    return liquid_parse_include(parser, token, words, made);
}

static int load(struct liquid_render *render, struct hob_text name, struct liquid_partial **partial)
{
    struct liquid_value kept;
    render->memory = LIQUID_KEEP;
    int status = liquid_keep_text(render, name, &kept);
    if (status != 0)
        return status;
    struct hob_liquid_template *template = NULL;
    if (render->context->load != NULL)
        status =
            render->context->load(render->context->load_data, kept.text, &template, render->error);
    if (status != 0)
        return status;
    *partial = hob_arena_alloc(render->keep, sizeof **partial);
    **partial = (struct liquid_partial){render->loaded, kept.text, template};
    render->loaded = *partial;
    if (template == NULL)
        return 0;
    const struct hob_liquid_template *outer = render->template;
    render->template = template;
    for (const struct liquid_template_warning *warning = template->warnings; warning != NULL;
         warning = warning->next)
        liquid_warn(render, warning->offset, warning->message);
    render->template = outer;
    return 0;
}

static int find_partial(struct liquid_render *render, const struct partial_node *node,
                        struct liquid_partial **found)
{
    struct liquid_value name;
    int status = liquid_evaluate(render, &node->name, &name);
    if (status != 0)
        return status;
    if (name.kind != LIQUID_TEXT)
        return liquid_broken(render, "the name of a partial is no text");
    struct liquid_partial *partial = render->loaded;
    while (partial != NULL && !hob_text_equal(partial->name, name.text))
        partial = partial->next;
    if (partial == NULL)
        status = load(render, name.text, &partial);
    if (status != 0)
        return status;
    if (partial->template == NULL)
        return liquid_broken(render, "there is no partial '%.*s'", HOB_TEXT_ARG(name.text));
    *found = partial;
    return 0;
}

/* The variable that `with` and `for` set: the alias, or the partial's name without directory and
 * extension. */
static struct liquid_name bound_name(const struct partial_node *node,
                                     const struct liquid_partial *partial)
{
    if (node->alias.text.data != NULL)
        return node->alias;
    struct hob_text name = partial->name;
    for (size_t i = name.size; i > 0; i--) {
        if (name.data[i - 1] != '/')
            continue;
        name.data += i;
        name.size -= i;
        break;
    }
    const char *dot = memchr(name.data, '.', name.size);
    if (dot != NULL)
        name.size = (size_t)(dot - name.data);
    return liquid_make_name(name);
}

static int run(struct liquid_render *render, const struct liquid_partial *partial)
{
    if (render->partials >= render->partial_limit)
        return liquid_exceeded(render, "nested partials");
    const struct hob_liquid_template *outer = render->template;
    render->template = partial->template;
    render->partials++;
    int status = liquid_render_block(render, &partial->template->block);
    render->partials--;
    render->template = outer;
    return status;
}

static int push_arguments(struct liquid_render *render, const struct partial_node *node)
{
    int status = 0;
    for (const struct argument *argument = node->arguments; argument != NULL && status == 0;
         argument = argument->next) {
        struct liquid_value value;
        status = liquid_evaluate(render, &argument->value, &value);
        if (status == 0)
            status = liquid_push(render, argument->name, value);
    }
    return status;
}

/* Runs the partial once with the value bound, or once for each item of a list. */
static int run_include(struct liquid_render *render, const struct partial_node *node,
                       const struct liquid_partial *partial, const struct liquid_value *with)
{
    if (with == NULL)
        return run(render, partial);
    struct liquid_name name = bound_name(node, partial);
    uint64_t count = liquid_is_list(with) ? liquid_count(with) : 1;
    int status = liquid_push(render, name, *with);
    size_t bound = render->stack_count - 1;
    for (uint64_t i = 0; i < count && status == 0; i++) {
        if (liquid_is_list(with))
            render->stack[bound].value = liquid_item(with, i);
        status = liquid_spend(render, 1);
        if (status == 0)
            status = run(render, partial);
    }
    return status;
}

int liquid_render_include(struct liquid_render *render, const struct liquid_node *base)
{
    const struct partial_node *node = (const struct partial_node *)base;
    struct liquid_partial *partial;
    struct liquid_value with = liquid_nil();
    if (render->isolated)
        return liquid_broken(render, "there is no include inside render");
    render->memory = LIQUID_HEAP;
    int status = find_partial(render, node, &partial);
    render->memory = LIQUID_HEAP;
    size_t bound = render->stack_count;
    if (status == 0 && node->with != NULL)
        status = liquid_evaluate(render, node->with, &with);
    if (status == 0 && node->with != NULL)
        status = liquid_hold(render, with);
    if (status == 0)
        status = push_arguments(render, node);
    if (status == 0)
        status = run_include(render, node, partial, node->with != NULL ? &with : NULL);
    render->stack_count = bound;
    return status;
}

/* What a render hides from its partial, to be put back. */
struct hidden {
    struct liquid_hidden base;
    struct liquid_table counters, places;
    const struct liquid_loop *loop;
    size_t stack_base, arguments_base;
    unsigned loops;
    bool isolated;
};

/* The arguments are on the stack from `arguments_base` on. */
static void hide(struct liquid_render *render, struct hidden *hidden, size_t arguments_base)
{
    *hidden = (struct hidden){
        {render->locals, render->hidden},
        render->counters,
        render->places,
        render->loop,
        render->stack_base,
        render->arguments_base,
        render->loops,
        render->isolated,
    };
    render->hidden = &hidden->base;
    render->locals = render->counters = render->places = (struct liquid_table){NULL, 0, 0};
    render->loop = NULL;
    render->stack_base = render->stack_count;
    render->arguments_base = arguments_base;
    render->loops = 0;
    render->isolated = true;
}

static void unhide(struct liquid_render *render, const struct hidden *hidden)
{
    render->locals = hidden->base.locals;
    render->hidden = hidden->base.outer;
    render->counters = hidden->counters;
    render->places = hidden->places;
    render->loop = hidden->loop;
    render->stack_base = hidden->stack_base;
    render->arguments_base = hidden->arguments_base;
    render->loops = hidden->loops;
    render->isolated = hidden->isolated;
}

static int run_isolated(struct liquid_render *render, const struct liquid_partial *partial,
                        size_t arguments_base)
{
    struct hidden hidden;
    hide(render, &hidden, arguments_base);
    int status = run(render, partial);
    unhide(render, &hidden);
    return status;
}

static int run_each(struct liquid_render *render, const struct liquid_partial *partial,
                    const struct liquid_value *list, struct liquid_name name, size_t arguments_base)
{
    struct liquid_loop loop = {.name = name.text, .length = (int64_t)liquid_count(list)};
    struct liquid_value object = {.kind = LIQUID_LOOP, .loop = &loop};
    int status = liquid_push(render, liquid_make_name(HOB_TEXT("forloop")), object);
    size_t bound = render->stack_count;
    if (status == 0)
        status = liquid_push(render, name, liquid_nil());
    for (; status == 0 && loop.index < loop.length; loop.index++) {
        render->stack[bound].value = liquid_item(list, (uint64_t)loop.index);
        status = liquid_spend(render, 1);
        if (status == 0)
            status = run_isolated(render, partial, arguments_base);
    }
    return status;
}

int liquid_render_render(struct liquid_render *render, const struct liquid_node *base)
{
    const struct partial_node *node = (const struct partial_node *)base;
    struct liquid_partial *partial;
    struct liquid_value with = liquid_nil();
    int status = find_partial(render, node, &partial);
    render->memory = LIQUID_HEAP;
    size_t bound = render->stack_count;
    if (status == 0 && node->with != NULL)
        status = liquid_evaluate(render, node->with, &with);
    if (status == 0 && node->with != NULL)
        status = liquid_hold(render, with);
    if (status == 0)
        status = push_arguments(render, node);
    if (status == 0 && node->each && liquid_is_list(&with)) {
        status = run_each(render, partial, &with, bound_name(node, partial), bound);
    } else {
        if (status == 0 && node->with != NULL)
            status = liquid_push(render, bound_name(node, partial), with);
        if (status == 0)
            status = run_isolated(render, partial, bound);
    }
    render->stack_count = bound;
    return status;
}
