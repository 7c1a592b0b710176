/* functions: see functions.h. */
#define _GNU_SOURCE
#include "compute/functions.h"

#include <stdio.h>
#include <time.h>

#include "base/log.h"
#include "compute/liquid/moment.h"
#include "value/python.h"

static void log_warning(void *data, const struct hob_liquid_warning *warning)
{
    (void)data;
    char place[64];
    snprintf(place, sizeof place, "%u:%u", warning->line, warning->column);
    hob_log(HOB_LOG_WARNING, warning->message, "template", place, NULL);
}

/* Whether the template may look at the clock: then the result can't be used again later. Names the
 * clock by itself, or hands a text, which may, to the date filter. */
static bool mentions_clock(struct hob_text source)
{
    static const char *const words[] = {"now", "today", "date"};
    for (size_t i = 0; i < sizeof words / sizeof words[0]; i++)
        if (memmem(source.data, source.size, words[i], strlen(words[i])) != NULL)
            return true;
    return false;
}

static int render_liquid(const struct hob_value **result, const struct hob_function_call *call,
                         struct hob_error *error)
{
    const struct hob_value *source = hob_value_get(call->arguments, "template");
    if (!hob_value_is(source, HOB_STRING)) {
        hob_error_set(error, HOB_E_PARAMETER, "render_liquid needs a text as `template`, not %s",
                      hob_value_kind_name(source));
        hob_error_hint(error, "put it under `args`, or name its column under `row_args`");
        return HOB_E_PARAMETER;
    }
    HOB_AUTO(liquid_template) struct hob_liquid_template *template = NULL;
    int status =
        hob_liquid_cache_get(call->templates, &template, source->text, HOB_TEXT("template"), error);
    if (status < 0)
        return status;
    if (call->strict)
        status = hob_liquid_check(template, error);
    if (status < 0)
        return status;
    if (mentions_clock(source->text))
        hob_sources_set_volatile(call->scope->sources);
    struct hob_liquid_context context = {
        .data = call->arguments, .withheld = "template", .warn = log_warning};
    HOB_AUTO(buffer) struct hob_buffer out = HOB_BUFFER_INIT;
    status = hob_liquid_render(&out, template, &context, error);
    if (status < 0)
        return status;
    *result = hob_value_new_string(call->arena, hob_buffer_text(&out));
    return 0;
}

static int today(const struct hob_value **result, const struct hob_function_call *call,
                 struct hob_error *error)
{
    const struct hob_value *given = hob_value_get(call->arguments, "format");
    const char *format = given != NULL ? hob_value_string(given) : "%Y-%m-%d";
    if (format == NULL)
        return hob_error_set(error, HOB_E_PARAMETER, "the `format` of today must be a text");
    struct timespec now;
    struct liquid_moment moment;
    clock_gettime(CLOCK_REALTIME, &now);
    if (!liquid_local_moment(&now, &moment))
        return hob_error_set(error, HOB_E_VALUE, "today: the clock is not in the years 1 to 9999");
    HOB_AUTO(buffer) struct hob_buffer text = HOB_BUFFER_INIT;
    liquid_put_moment(&text, &moment, hob_text_from(format));
    if (hob_buffer_failed(&text))
        return hob_error_set(error, HOB_E_MEMORY, "today: not enough memory for the `format`");
    hob_sources_set_volatile(call->scope->sources);
    *result = hob_value_new_string(call->arena, hob_buffer_text(&text));
    return 0;
}

static int identity(const struct hob_value **result, const struct hob_function_call *call,
                    struct hob_error *error)
{
    if (call->arguments->map.count > 1)
        return hob_error_set(error, HOB_E_PARAMETER, "identity takes one argument, not %u",
                             call->arguments->map.count);
    *result =
        call->arguments->map.count == 1 ? call->arguments->map.pairs[0].value : &hob_value_null;
    return 0;
}

static const struct hob_function functions[] = {
    {"identity", "one, of any name", "gives its argument back", identity},
    {"pool:NAME/METHOD", "what the method takes", "calls a method of a pool of warm workers",
     hob_function_call_pool},
    {"render_liquid", "template; every other argument is a variable in it",
     "renders a Liquid template", render_liquid},
    {"today", "format (strftime's directives, and %f for microseconds; %Y-%m-%d)",
     "the current date", today},
};

const struct hob_function *hob_functions(size_t *count)
{
    *count = sizeof functions / sizeof functions[0];
    return functions;
}

const struct hob_function *hob_function_find(struct hob_text name)
{
    if (hob_text_starts_with(name, "pool:"))
        name = HOB_TEXT("pool:NAME/METHOD");
    for (size_t i = 0; i < sizeof functions / sizeof functions[0]; i++)
        if (hob_text_is(name, functions[i].name))
            return &functions[i];
    return NULL;
}
