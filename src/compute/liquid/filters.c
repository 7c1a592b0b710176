/* filters: the table of filters, and what they share. */
#include "compute/liquid/filters.h"

#define X(name, minimum, maximum, keyword, help)                                                   \
    {#name, minimum, maximum, keyword, liquid_filter_##name, help},
static const struct liquid_filter filters[] = {LIQUID_FILTERS(X)};
#undef X

const struct liquid_filter *liquid_find_filter(struct hob_text name)
{
    for (size_t i = 0; i < sizeof filters / sizeof filters[0]; i++)
        if (hob_text_is(name, filters[i].name))
            return &filters[i];
    return NULL;
}

const char *hob_liquid_filter_help(size_t index, const char **name)
{
    if (index >= sizeof filters / sizeof filters[0])
        return NULL;
    *name = filters[index].name;
    return filters[index].help;
}

int liquid_take_work(struct liquid_render *render, struct liquid_value *value)
{
    if (hob_buffer_failed(&render->work) || render->work.size > render->output_limit)
        return liquid_exceeded(render, "output");
    int status = liquid_spend(render, render->work.size >> 10);
    return status != 0 ? status : liquid_keep_text(render, hob_buffer_text(&render->work), value);
}

int liquid_argument_text(struct liquid_render *render, const struct liquid_value *value,
                         struct hob_text *text)
{
    if (value->kind == LIQUID_TEXT) {
        *text = value->text;
        return 0;
    }
    struct liquid_value printed;
    hob_buffer_clear(&render->work);
    liquid_print_str(&render->work, value, render->output_limit);
    int status = liquid_take_work(render, &printed);
    *text = printed.text;
    return status;
}

int liquid_to_text(struct liquid_render *render, const struct liquid_value *value,
                   struct hob_text *text)
{
    if (value->kind > LIQUID_BLANK)
        return liquid_argument_text(render, value, text);
    *text = HOB_TEXT("");
    return 0;
}

LIQUID_FILTER(default)
{
    static const struct liquid_value empty = {.kind = LIQUID_EMPTY};
    uint64_t steps = 0;
    bool missing = !liquid_truth(value);
    if (value->kind == LIQUID_BOOL && liquid_truth(&arguments->keyword))
        missing = false;
    if (!missing)
        missing = value->kind == LIQUID_EMPTY || value->kind == LIQUID_BLANK ||
                  liquid_equal(value, &empty, &steps, UINT64_MAX);
    if (!missing)
        return 0;
    *value = arguments->count > 0 ? arguments->values[0] : liquid_text(HOB_TEXT(""));
    (void)render;
    return 0;
}
