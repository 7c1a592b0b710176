/* tags: the table of tags. Those without functions end in the lexer; they are here for the help. */
#include "compute/liquid/tags.h"

#define STATEMENT(name, help)                                                                      \
    {                                                                                              \
#name, NULL, liquid_parse_##name, liquid_render_##name, help                               \
    }
#define BLOCK(name, help)                                                                          \
    {                                                                                              \
#name, "end" #name, liquid_parse_##name, liquid_render_##name, help                        \
    }

static const struct liquid_tag tags[] = {
    {"#", NULL, NULL, NULL, "a comment in one tag: {% # text %}"},
    STATEMENT(assign, "sets a variable: {% assign name = value | filter %}"),
    {"break", NULL, liquid_parse_jump, liquid_render_jump, "ends the innermost loop"},
    BLOCK(capture, "sets a variable to what its block prints: {% capture name %}"),
    BLOCK(case, "chooses blocks by value: {% case x %}{% when 1, 2 %}...{% else %}"),
    {"comment", "endcomment", NULL, NULL, "prints nothing; comments nest"},
    {"continue", NULL, liquid_parse_jump, liquid_render_jump,
     "goes on with the next item of the innermost loop"},
    STATEMENT(cycle, "prints its values in turn: {% cycle 'odd', 'even' %}"),
    STATEMENT(decrement, "counts a counter down and prints it"),
    {"doc", "enddoc", NULL, NULL, "documentation of a template; prints nothing"},
    STATEMENT(echo, "prints a value, as {{ }} does"),
    BLOCK(for, "repeats its block: {% for x in list limit: 3 offset: 1 reversed %}"),
    BLOCK(if, "prints its block when a condition holds: {% if a == b and c %}"),
    BLOCK(ifchanged, "prints its block when it differs from the last such block"),
    STATEMENT(include, "renders a partial that shares the variables: {% include 'name' %}"),
    STATEMENT(increment, "prints a counter and counts it up"),
    STATEMENT(liquid, "several tags, one a line, without their marks"),
    {"raw", "endraw", NULL, NULL, "prints its block as it is"},
    STATEMENT(render, "renders a partial that sees its arguments and the data only"),
    BLOCK(tablerow, "rows and cells of an HTML table: {% tablerow x in list cols: 3 %}"),
    BLOCK(unless, "prints its block when a condition does not hold"),
};

_Static_assert(sizeof tags / sizeof tags[0] <= LIQUID_TAG_COUNT, "count the tags in render.h");

const struct liquid_tag *liquid_find_tag(struct hob_text name)
{
    for (size_t i = 0; i < sizeof tags / sizeof tags[0]; i++)
        if (hob_text_is(name, tags[i].name))
            return &tags[i];
    return NULL;
}

size_t liquid_tag_number(const struct liquid_tag *tag)
{
    return (size_t)(tag - tags);
}

const char *hob_liquid_tag_help(size_t index, const char **name)
{
    if (index >= sizeof tags / sizeof tags[0])
        return NULL;
    *name = tags[index].name;
    return tags[index].help;
}
