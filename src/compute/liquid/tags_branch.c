/* tags_branch: if, unless and case.
 *
 * A block whose branches hold nothing but white space, assigns and the like prints nothing; if,
 * unless and case decide that over all their branches together. A branch whose condition cannot be
 * parsed is never taken, the others stay. */
#include "compute/liquid/tags.h"

struct branch {
    struct branch *next;
    const struct liquid_comparison *condition; /* of if; NULL for else */
    struct liquid_expression *values;          /* of when */
    uint32_t count;
    bool is_else;
    struct liquid_block block;
};

struct branch_node {
    struct liquid_node base;
    struct liquid_expression subject; /* of case */
    struct branch *branches;
};

/* Takes the white space out of the branches when none of them prints anything. */
static void silence_branches(struct branch_node *node)
{
    for (const struct branch *branch = node->branches; branch != NULL; branch = branch->next)
        node->base.visible |= branch->block.visible;
    for (struct branch *branch = node->branches; branch != NULL && !node->base.visible;
         branch = branch->next)
        liquid_silence(&branch->block);
}

/* The words of the middle tag at the position, which is stepped over. */
static const struct liquid_token *take_middle(struct liquid_parser *parser,
                                              struct liquid_words *words)
{
    const struct liquid_token *token = liquid_current_token(parser);
    if (token == NULL)
        return NULL;
    parser->position++;
    *words = liquid_words_from(token->text);
    return token;
}

static struct branch *add_branch(struct liquid_parser *parser, struct branch ***last)
{
    struct branch *branch = liquid_new_node(parser, sizeof *branch);
    **last = branch;
    *last = &branch->next;
    return branch;
}

static void warn_broken(struct liquid_parser *parser, const struct liquid_token *token)
{
    liquid_parser_warn(parser, token->offset, "%s", parser->reason);
}

static int parse_branches(struct liquid_parser *parser, struct branch_node *node,
                          struct branch **last)
{
    struct liquid_words words;
    const struct liquid_token *token;
    bool after_else = false;
    while ((token = take_middle(parser, &words)) != NULL) {
        struct branch ignored = {.next = NULL}, *branch = &ignored;
        if (!after_else)
            branch = add_branch(parser, &last);
        branch->is_else = hob_text_is(token->name, "else");
        if (after_else)
            liquid_parser_warn(parser, token->offset, "this branch stands behind else");
        else if (!branch->is_else &&
                 liquid_parse_condition(parser, &words, &branch->condition) != 0) {
            warn_broken(parser, token);
            branch->condition = NULL;
        }
        after_else |= branch->is_else;
        int status = liquid_parse_nodes(parser, &branch->block, "else elsif");
        if (status != 0)
            return status;
    }
    silence_branches(node);
    return 0;
}

int liquid_parse_if(struct liquid_parser *parser, const struct liquid_token *token,
                    struct liquid_words *words, struct liquid_node **made)
{
    (void)token;
    struct branch_node *node = liquid_new_node(parser, sizeof *node);
    struct branch **last = &node->branches;
    struct branch *branch = add_branch(parser, &last);
    *made = &node->base;
    int status = liquid_parse_condition(parser, words, &branch->condition);
    if (status == 0)
        status = liquid_parse_nodes(parser, &branch->block, "else elsif");
    return status != 0 ? status : parse_branches(parser, node, last);
}

int liquid_parse_unless(struct liquid_parser *parser, const struct liquid_token *token,
                        struct liquid_words *words, struct liquid_node **made)
{
    return liquid_parse_if(parser, token, words, made);
}

static int render_branches(struct liquid_render *render, const struct liquid_node *base,
                           bool wanted)
{
    const struct branch_node *node = (const struct branch_node *)base;
    for (const struct branch *branch = node->branches; branch != NULL; branch = branch->next) {
        bool truth = branch->is_else;
        if (branch->condition != NULL) {
            render->memory = LIQUID_SCRATCH;
            int status = liquid_evaluate_condition(render, branch->condition, &truth);
            liquid_tidy(render);
            if (status != 0)
                return status;
            truth = truth == wanted;
        }
        if (truth)
            return liquid_render_block(render, &branch->block);
        wanted = true; /* only the first condition of unless is turned round */
    }
    return 0;
}

int liquid_render_if(struct liquid_render *render, const struct liquid_node *base)
{
    return render_branches(render, base, true);
}

int liquid_render_unless(struct liquid_render *render, const struct liquid_node *base)
{
    return render_branches(render, base, false);
}

enum { MAX_VALUES = 256 };

/* Values between commas or `or`; what follows them is ignored. */
static int parse_when(struct liquid_parser *parser, struct liquid_words *words,
                      struct branch *branch)
{
    struct liquid_expression values[MAX_VALUES];
    uint32_t count = 0;
    do {
        if (count == MAX_VALUES)
            return liquid_bad_syntax(parser, "more than %d values in when", MAX_VALUES);
        int status = liquid_parse_expression(parser, words, &values[count]);
        if (status != 0)
            return status;
        count++;
    } while (liquid_take_word(words, ",") || liquid_take_word(words, "or"));
    branch->values = hob_arena_alloc(parser->arena, count * sizeof *values);
    memcpy(branch->values, values, count * sizeof *values);
    branch->count = count;
    return 0;
}

int liquid_parse_case(struct liquid_parser *parser, const struct liquid_token *token,
                      struct liquid_words *words, struct liquid_node **made)
{
    struct branch_node *node = liquid_new_node(parser, sizeof *node);
    struct branch **last = &node->branches;
    *made = &node->base;
    int status = liquid_parse_expression(parser, words, &node->subject);
    if (status == 0)
        status = liquid_expect_end(parser, words);
    struct liquid_block before;
    if (status == 0)
        status = liquid_parse_nodes(parser, &before, "when else");
    struct liquid_words middle;
    while (status == 0 && (token = take_middle(parser, &middle)) != NULL) {
        struct branch *branch = add_branch(parser, &last);
        branch->is_else = hob_text_is(token->name, "else");
        if (!branch->is_else && parse_when(parser, &middle, branch) != 0)
            warn_broken(parser, token);
        status = liquid_parse_nodes(parser, &branch->block, "when else");
    }
    silence_branches(node);
    return status;
}

/* Renders the branch once for each of its values that is the subject. */
static int render_when(struct liquid_render *render, const struct liquid_value *subject,
                       const struct branch *branch, bool *matched)
{
    int status = 0;
    for (uint32_t i = 0; i < branch->count && status == 0; i++) {
        struct liquid_value value;
        render->memory = LIQUID_HEAP;
        status = liquid_evaluate(render, &branch->values[i], &value);
        if (status != 0)
            break;
        if (liquid_equal(subject, &value, &render->steps, render->step_limit)) {
            *matched = true;
            status = liquid_render_block(render, &branch->block);
        }
        if (status == 0)
            status = liquid_spend(render, 0);
    }
    return status;
}

int liquid_render_case(struct liquid_render *render, const struct liquid_node *base)
{
    const struct branch_node *node = (const struct branch_node *)base;
    struct liquid_value subject;
    bool matched = false;
    render->memory = LIQUID_HEAP;
    size_t bound = render->stack_count;
    int status = liquid_evaluate(render, &node->subject, &subject);
    if (status == 0)
        status = liquid_hold(render, subject);
    for (const struct branch *branch = node->branches; branch != NULL && status == 0;
         branch = branch->next) {
        if (!branch->is_else)
            status = render_when(render, &subject, branch, &matched);
        else if (!matched)
            status = liquid_render_block(render, &branch->block);
    }
    render->stack_count = bound;
    return status;
}
