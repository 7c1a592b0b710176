/* Fuzzes Liquid: any text is parsed and, when it is a template, rendered over data of every kind,
 * with the text behind the first NUL (or the template itself) as its partial. Whatever it says, it
 * must end within its limits, print valid text, and print the same when it is rendered again. */
#include <stdio.h>
#include <stdlib.h>

#include "base/utf8.h"
#include "compute/liquid/liquid.h"
#include "value/json.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const char sample[] =
    "{\"a\":[3,1,2,null,\"x\",[4,[5]],{\"k\":1.5}],\"b\":\" <b>t\\u00e9xt</b> & more\\n\",\"n\":7,"
    "\"f\":2.5,\"t\":true,\"z\":null,\"e\":\"\",\"d\":\"2026-03-14T10:30:00Z\",\"m\":{\"k\":\"v\","
    "\"l\":[1,2],\"n\":null},\"big\":123456789012345678901234567890,\"p\":[{\"k\":\"b\",\"n\":1},"
    "{\"k\":\"A\",\"n\":2},{\"n\":3}],\"s\":[\"b\",\"A\",\"\\u00df\",\"b\"],\"u\":[1,1.0,true,0]}";

static int load(void *data, struct hob_text name, struct hob_liquid_template **partial,
                struct hob_error *error)
{
    *partial = NULL;
    if (hob_text_is(name, "none"))
        return 0;
    return hob_liquid_parse(partial, *(const struct hob_text *)data, name, error);
}

static void warn(void *data, const struct hob_liquid_warning *warning)
{
    *(size_t *)data += warning->line + warning->column + strlen(warning->message);
}

static void give_up(const char *what)
{
    fprintf(stderr, "%s\n", what);
    abort();
}

static void render(const struct hob_liquid_template *template,
                   const struct hob_liquid_context *context)
{
    HOB_AUTO(buffer) struct hob_buffer first = HOB_BUFFER_INIT, second = HOB_BUFFER_INIT;
    struct hob_error error = HOB_ERROR_INIT;
    int status = hob_liquid_render(&first, template, context, &error);
    if (status != 0 && error.message[0] == '\0')
        give_up("an error without a message");
    if (hob_wtf8_valid_prefix(hob_buffer_text(&first)) != first.size)
        give_up("the output is no valid text");
    if (hob_liquid_render(&second, template, context, &error) != status ||
        !hob_text_equal(hob_buffer_text(&first), hob_buffer_text(&second)))
        give_up("the second render differs from the first");
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    HOB_AUTO(arena) struct hob_arena *arena = hob_arena_new();
    HOB_AUTO(liquid_template) struct hob_liquid_template *template = NULL;
    const struct hob_value *value = NULL;
    struct hob_text text = {(const char *)data, size}, partial = text;
    struct hob_error error = HOB_ERROR_INIT;
    const struct timespec now = {1773484200, 0};
    const char *end = size > 0 ? memchr(data, '\0', size) : NULL;
    size_t warnings = 0;
    if (end != NULL) {
        text.size = (size_t)(end - text.data);
        partial = (struct hob_text){end + 1, size - text.size - 1};
    }
    if (hob_json_read(arena, hob_text_from(sample), &value, &error) != 0)
        give_up(error.message);
    struct hob_liquid_context context = {
        .data = value,
        .limits = {.output = 1 << 18, .memory = 1 << 24, .iterations = 20000, .partials = 5},
        .load = load,
        .load_data = &partial,
        .warn = warn,
        .warn_data = &warnings,
        .now = &now,
    };
    if (hob_liquid_parse(&template, text, HOB_TEXT("fuzz"), &error) == 0)
        render(template, &context);
    else if (error.message[0] == '\0')
        give_up("an error without a message");
    return 0;
}
