/* evaluate: the values of expressions, filters and conditions.
 *
 * Looking into what has no such member gives undefined, never a fault. What makes a statement
 * broken: an argument of the wrong type, an order between unlike values, a bound that is no
 * number. */
#include <math.h>

#include "base/utf8.h"
#include "compute/liquid/filters.h"
#include "compute/liquid/texts.h"

static const struct liquid_value undefined = {.kind = LIQUID_UNDEFINED};

static struct liquid_value member_of_loop(const struct liquid_loop *loop, struct hob_text name)
{
    int64_t columns = loop->columns, column = columns > 0 ? loop->index % columns : 0;
    const struct {
        const char *name;
        struct liquid_value value;
    } members[] = {
        {"index", liquid_int(loop->index + 1)},
        {"index0", liquid_int(loop->index)},
        {"first", liquid_bool(loop->index == 0)},
        {"last", liquid_bool(loop->index + 1 == loop->length)},
        {"length", liquid_int(loop->length)},
        {"rindex", liquid_int(loop->length - loop->index)},
        {"rindex0", liquid_int(loop->length - loop->index - 1)},
        {"name", liquid_text(loop->name)},
        {"col", liquid_int(column + 1)},
        {"col0", liquid_int(column)},
        {"col_first", liquid_bool(column == 0)},
        {"col_last", liquid_bool(column + 1 == columns)},
        {"row", liquid_int(columns > 0 ? loop->index / columns + 1 : 0)},
    };
    enum { FOR_MEMBERS = 8 };
    size_t count = columns > 0 ? sizeof members / sizeof members[0] : FOR_MEMBERS;
    for (size_t i = 0; i < count; i++)
        if (hob_text_is(name, members[i].name) && (columns == 0 || i != FOR_MEMBERS - 1))
            return members[i].value;
    if (columns == 0 && loop->parent != NULL && hob_text_is(name, "parentloop"))
        return (struct liquid_value){.kind = LIQUID_LOOP, .loop = loop->parent};
    return undefined;
}

static struct liquid_value item_at(const struct liquid_value *list, int64_t index)
{
    uint64_t count = liquid_count(list);
    if (index < 0)
        index = (uint64_t) - (index + 1) < count ? (int64_t)(count + (uint64_t)index) : -1;
    return index >= 0 && (uint64_t)index < count ? liquid_item(list, (uint64_t)index) : undefined;
}

/* The first pair of a mapping, as a tuple. */
static struct liquid_value first_pair(const struct liquid_render *render,
                                      const struct liquid_value *map)
{
    struct hob_arena *arena = render->memory == LIQUID_SCRATCH ? render->scratch : render->keep;
    struct liquid_value *pair = hob_arena_alloc(arena, 2 * sizeof *pair);
    uint32_t at = 0;
    if (!liquid_next_pair(map, &at, pair))
        return undefined;
    struct liquid_value list = liquid_list(pair, 2);
    list.tuple = true;
    return list;
}

/* .size, .first and .last, where the value has no member of that name. */
static struct liquid_value special(const struct liquid_render *render,
                                   const struct liquid_value *value, struct hob_text name)
{
    bool list = liquid_is_list(value), map = value->kind == LIQUID_MAP;
    if (hob_text_is(name, "size")) {
        if (value->kind == LIQUID_TEXT)
            return liquid_int((int64_t)hob_utf8_count(value->text));
        return list || map ? liquid_int((int64_t)liquid_count(value)) : undefined;
    }
    if (hob_text_is(name, "first"))
        return map ? first_pair(render, value) : list ? item_at(value, 0) : undefined;
    if (hob_text_is(name, "last") && list)
        return item_at(value, -1);
    return undefined;
}

static struct liquid_value named_member(const struct liquid_render *render,
                                        const struct liquid_value *value,
                                        const struct liquid_segment *segment)
{
    struct liquid_value member = undefined;
    if (value->kind == LIQUID_LOOP)
        return member_of_loop(value->loop, segment->name.text);
    if (value->kind == LIQUID_MAP)
        member = liquid_member_named(value, segment->name.text);
    if (member.kind != LIQUID_UNDEFINED || !segment->dotted)
        return member;
    return special(render, value, segment->name.text);
}

static struct liquid_value indexed_member(const struct liquid_render *render,
                                          const struct liquid_value *value,
                                          const struct liquid_value *index)
{
    if (value->kind == LIQUID_MAP)
        return liquid_member(value, index);
    if (index->kind == LIQUID_INT && liquid_is_list(value))
        return item_at(value, index->integer);
    if (index->kind != LIQUID_TEXT)
        return undefined;
    struct liquid_segment segment = {.name = {index->text, 0}, .dotted = true};
    return value->kind == LIQUID_LOOP || hob_text_is(index->text, "size") ||
                   hob_text_is(index->text, "first") || hob_text_is(index->text, "last")
               ? named_member(render, value, &segment)
               : undefined;
}

static int evaluate_path(struct liquid_render *render, const struct liquid_expression *path,
                         struct liquid_value *value)
{
    uint32_t at = 0;
    if (path->name.text.data != NULL) {
        *value = liquid_lookup(render, path->name);
    } else {
        struct liquid_value name;
        int status = liquid_evaluate(render, path->segments[at++].index, &name);
        if (status != 0)
            return status;
        *value = undefined;
        if (name.kind == LIQUID_TEXT)
            *value =
                liquid_lookup(render, (struct liquid_name){name.text, hob_text_hash(name.text)});
    }
    for (; at < path->count && value->kind > LIQUID_NIL; at++) {
        const struct liquid_segment *segment = &path->segments[at];
        if (segment->index == NULL) {
            *value = named_member(render, value, segment);
            continue;
        }
        struct liquid_value index;
        int status = liquid_evaluate(render, segment->index, &index);
        if (status != 0)
            return status;
        *value = indexed_member(render, value, &index);
    }
    if (at < path->count)
        *value = undefined;
    return 0;
}

/* A bound: numbers are cut, text that is no number and undefined are 0. */
static int evaluate_bound(struct liquid_render *render, const struct liquid_expression *expression,
                          int64_t *bound)
{
    struct liquid_value value, number;
    int status = liquid_evaluate(render, expression, &value);
    if (status != 0)
        return status;
    *bound = 0;
    if (value.kind == LIQUID_UNDEFINED)
        return 0;
    if (value.kind == LIQUID_TEXT && !liquid_read_number(value.text, &number))
        return 0;
    return liquid_whole(render, &value, "a bound of a range", bound);
}

int liquid_evaluate(struct liquid_render *render, const struct liquid_expression *expression,
                    struct liquid_value *value)
{
    if (expression->kind == LIQUID_LITERAL) {
        *value = expression->literal;
        return 0;
    }
    if (expression->kind == LIQUID_PATH)
        return evaluate_path(render, expression, value);
    *value = (struct liquid_value){.kind = LIQUID_RANGE};
    int status = evaluate_bound(render, &expression->bounds[0], &value->range.first);
    if (status == 0)
        status = evaluate_bound(render, &expression->bounds[1], &value->range.last);
    if (status == 0 && liquid_count(value) > INT64_MAX)
        return liquid_exceeded(render, "iterations");
    return status;
}

static int apply(struct liquid_render *render, const struct liquid_call *call,
                 struct liquid_value *value)
{
    struct liquid_arguments arguments = {.count = call->count};
    render->statements++;
    int status = value->kind == LIQUID_TEXT ? liquid_spend(render, value->text.size >> 8) : 0;
    for (unsigned i = 0; i < call->count && status == 0; i++)
        status = liquid_evaluate(render, &call->arguments[i], &arguments.values[i]);
    if (status == 0 && call->keyword != NULL)
        status = liquid_evaluate(render, call->keyword, &arguments.keyword);
    return status != 0 ? status : call->filter->function(render, value, &arguments);
}

int liquid_evaluate_filtered(struct liquid_render *render, const struct liquid_filtered *filtered,
                             struct liquid_value *value)
{
    int status = liquid_evaluate(render, &filtered->expression, value);
    for (const struct liquid_call *call = filtered->calls; call != NULL && status == 0;
         call = call->next)
        status = apply(render, call, value);
    return status;
}

static int contains(struct liquid_render *render, const struct liquid_value *left,
                    const struct liquid_value *right, bool *truth)
{
    *truth = false;
    if (!liquid_truth(left) || !liquid_truth(right))
        return 0;
    if (left->kind == LIQUID_TEXT) {
        struct hob_text part = right->text;
        int status = liquid_spend(render, left->text.size >> 10);
        if (status == 0 && right->kind != LIQUID_TEXT)
            status = liquid_to_text(render, right, &part);
        *truth = status == 0 && liquid_find_text(left->text, part) != SIZE_MAX;
        return status;
    }
    if (left->kind == LIQUID_MAP) {
        *truth = liquid_member(left, right).kind != LIQUID_UNDEFINED;
        return 0;
    }
    if (left->kind == LIQUID_RANGE) {
        *truth = right->kind == LIQUID_INT && right->integer >= left->range.first &&
                 right->integer <= left->range.last;
        return 0;
    }
    if (!liquid_is_list(left))
        return liquid_broken(render, "'contains' needs a text, list or mapping on its left");
    uint64_t count = liquid_count(left);
    for (uint64_t i = 0; i < count && !*truth; i++) {
        struct liquid_value item = liquid_item(left, i);
        *truth = liquid_same(&item, right, &render->steps, render->step_limit);
    }
    return liquid_spend(render, 0);
}

static int compare(struct liquid_render *render, const struct liquid_value *left,
                   enum liquid_operator operator, const struct liquid_value * right, bool *truth)
{
    int order;
    *truth = false;
    if (operator== LIQUID_CONTAINS)
        return contains(render, left, right, truth);
    if (operator== LIQUID_EQUAL || operator== LIQUID_UNEQUAL) {
        bool equal = liquid_equal(left, right, &render->steps, render->step_limit);
        *truth = equal == (operator== LIQUID_EQUAL);
        return liquid_spend(render, 0);
    }
    if (left->kind == LIQUID_BOOL || right->kind == LIQUID_BOOL) {
        *truth = left->kind == right->kind && left->boolean == right->boolean &&
                 (operator== LIQUID_LESS_EQUAL || operator== LIQUID_GREATER_EQUAL);
        return 0;
    }
    if (left->kind == LIQUID_MOMENT || !liquid_order(left, right, &order))
        return liquid_broken(render, "values of these kinds have no order");
    if (order == 2)
        return 0;
    *truth = operator== LIQUID_LESS       ? order < 0 :
             operator== LIQUID_LESS_EQUAL ? order <= 0
             :
             operator== LIQUID_GREATER ? order > 0
                                       : order >= 0;
    return 0;
}

static int evaluate_comparison(struct liquid_render *render,
                               const struct liquid_comparison *comparison, bool *truth)
{
    struct liquid_value left, right;
    int status = liquid_evaluate(render, &comparison->operands[comparison->count - 1], &right);
    for (uint32_t i = comparison->count - 1; i > 0 && status == 0; i--) {
        status = liquid_evaluate(render, &comparison->operands[i - 1], &left);
        if (status != 0)
            break;
        status = compare(render, &left, comparison->operators[i - 1], &right, truth);
        right = liquid_bool(*truth);
    }
    *truth = status == 0 && liquid_truth(&right);
    return status;
}

int liquid_evaluate_condition(struct liquid_render *render,
                              const struct liquid_comparison *condition, bool *truth)
{
    int status = 0;
    *truth = false;
    for (; condition != NULL && status == 0; condition = condition->next) {
        status = evaluate_comparison(render, condition, truth);
        if (*truth == condition->joined_by_or)
            break;
    }
    return status;
}

int liquid_whole(struct liquid_render *render, const struct liquid_value *value, const char *what,
                 int64_t *whole)
{
    struct liquid_value number = *value;
    bool good = value->kind == LIQUID_INT || value->kind == LIQUID_DOUBLE;
    if (value->kind == LIQUID_TEXT)
        good = liquid_read_number(value->text, &number) && number.kind != LIQUID_BIG;
    else if (value->kind == LIQUID_BOOL)
        number = liquid_int(value->boolean), good = true;
    if (good && number.kind == LIQUID_DOUBLE) {
        good = number.number > -0x1p63 && number.number < 0x1p63;
        number.integer = good ? (int64_t)number.number : 0;
    }
    *whole = number.integer;
    return good ? 0 : liquid_broken(render, "%s is no number", what);
}
