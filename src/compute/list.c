/* list: definitions of lists; see list.h, and list_render.c for what they do.
 *
 * A definition is checked as a whole before anything is done: every function is looked up, every
 * template parsed. What is left for rendering are mistakes about the entries themselves. */
#include "compute/list.h"

#include <stdarg.h>
#include <stdio.h>

#include "compute/list_parts.h"
#include "value/python.h"

void list_warn(const struct hob_list_request *request, const char *format, ...)
{
    char message[HOB_ERROR_MESSAGE_SIZE];
    va_list arguments;
    if (request->warn == NULL)
        return;
    va_start(arguments, format);
    vsnprintf(message, sizeof message, format, arguments);
    va_end(arguments);
    request->warn(request->warn_data, message);
}

/* -- Definitions. */

static int find_definition(struct hob_list *list, struct hob_error *error)
{
    const struct hob_list_request *request = &list->request;
    const struct hob_value *definitions = request->definitions;
    if (!hob_value_is(definitions, HOB_MAP))
        return hob_error_set(error, HOB_E_VALUE, "'%s' must be a mapping of lists, but it is: %s",
                             request->definitions_name, hob_value_kind_name(definitions));
    list->definition = hob_value_get(definitions, request->type);
    if (hob_value_is(list->definition, HOB_MAP))
        return 0;
    if (list->definition != NULL)
        return hob_error_set(
            error, HOB_E_VALUE, "the list '%s' in '%s' must be a mapping, but it is: %s",
            request->type, request->definitions_name, hob_value_kind_name(list->definition));
    HOB_AUTO(buffer) struct hob_buffer known = HOB_BUFFER_INIT;
    for (uint32_t i = 0; i < definitions->map.count && known.size < HOB_ERROR_HINT_SIZE; i++) {
        hob_buffer_put_string(&known, i > 0 ? ", " : "");
        hob_python_str(&known, definitions->map.pairs[i].key);
    }
    hob_error_set(error, HOB_E_KEY, "'%s' defines no list '%s'", request->definitions_name,
                  request->type);
    hob_error_hint(error, "it defines %s", hob_buffer_string(&known));
    return HOB_E_KEY;
}

static int unknown_function(const struct hob_list *list, enum hob_list_stage stage,
                            struct hob_text name, struct hob_error *error)
{
    HOB_AUTO(buffer) struct hob_buffer known = HOB_BUFFER_INIT;
    size_t count;
    const struct hob_list_function *functions = hob_list_functions(&count);
    for (size_t i = 0; i < count; i++)
        if (functions[i].stage == stage)
            hob_buffer_printf(&known, "%s%s", known.size > 0 ? ", " : "", functions[i].name);
    hob_error_set(error, HOB_E_VALUE, "the list '%s' has an unknown %s '%.*s'; known are %s",
                  list->request.type, hob_list_stage_name(stage), HOB_TEXT_ARG(name),
                  hob_buffer_string(&known));
    hob_error_hint(error, "'hob help functions' says what they do");
    return HOB_E_VALUE;
}

/* Whether `name` is one of the words in `names`, which are separated by ", ". */
static bool has_name(const char *names, struct hob_text name)
{
    for (const char *at = names; *at != '\0'; at += strspn(at, ", ")) {
        size_t size = strcspn(at, ",");
        if (hob_text_equal((struct hob_text){at, size}, name))
            return true;
        at += size;
    }
    return false;
}

static bool is_argument(const struct hob_list_function *function, struct hob_text name)
{
    bool either =
        (hob_text_is(name, "column") && has_name(function->arguments, HOB_TEXT("columns"))) ||
        (hob_text_is(name, "columns") && has_name(function->arguments, HOB_TEXT("column")));
    bool field =
        hob_text_is(name, "field") && has_name(function->arguments, HOB_TEXT("destination"));
    return either || field || has_name(function->arguments, name);
}

/* What stands beside `f`, with what is under `args` on top. */
static const struct hob_value *arguments_of(const struct hob_list *list,
                                            const struct hob_list_function *function,
                                            const struct hob_value *entry)
{
    struct hob_value *arguments = hob_value_new(list->arena, HOB_MAP);
    const struct hob_value *args = hob_value_get(entry, "args");
    const struct hob_value *const parts[] = {entry, args};
    for (size_t k = 0; k < 2; k++) {
        for (uint32_t i = 0; hob_value_is(parts[k], HOB_MAP) && i < parts[k]->map.count; i++) {
            const struct hob_pair *pair = &parts[k]->map.pairs[i];
            struct hob_text name = hob_value_text(pair->key);
            bool own = k == 0 && (hob_text_is(name, "f") || hob_text_is(name, "function") ||
                                  hob_text_is(name, "args"));
            if (own)
                continue;
            if (!is_argument(function, name))
                list_warn(&list->request, "the list '%s': %s has no argument '%.*s'",
                          list->request.type, function->name, HOB_TEXT_ARG(name));
            hob_value_put(list->arena, arguments, pair->key, pair->value);
        }
    }
    return arguments;
}

/* A mapping with the function under `f`, or its name alone. */
static int add_step(struct hob_list *list, enum hob_list_stage stage, const struct hob_value *entry,
                    struct hob_error *error)
{
    const struct hob_value *name = entry;
    if (entry->kind == HOB_MAP) {
        name = hob_value_get(entry, "f");
        if (name == NULL)
            name = hob_value_get(entry, "function");
    }
    if (!hob_value_is(name, HOB_STRING))
        return hob_error_set(error, HOB_E_VALUE,
                             "a %s of the list '%s' must say its function, as in {f: NAME}",
                             hob_list_stage_name(stage), list->request.type);
    const struct hob_list_function *function = hob_list_function_find(stage, name->text);
    if (function == NULL)
        return unknown_function(list, stage, name->text, error);
    struct steps *steps = &list->steps[stage];
    if (!HOB_TRY_GROW(steps->items, steps->capacity, steps->count + 1))
        return hob_list_no_memory(error);
    steps->items[steps->count++] =
        (struct step){function, entry->kind == HOB_MAP ? arguments_of(list, function, entry)
                                                       : &hob_value_empty_map};
    return 0;
}

static int add_steps(struct hob_list *list, enum hob_list_stage stage,
                     const struct hob_value *entries, struct hob_error *error)
{
    int result = 0;
    if (hob_value_is_null(entries))
        return 0;
    if (entries->kind != HOB_LIST)
        return add_step(list, stage, entries, error);
    for (uint32_t i = 0; result == 0 && i < entries->list.count; i++)
        result = add_step(list, stage, entries->list.items[i], error);
    return result;
}

/* -- Templates. */

static bool is_inline(struct hob_text text)
{
    for (size_t i = 0; i + 1 < text.size; i++)
        if (text.data[i] == '\n' ||
            (text.data[i] == '{' && (text.data[i + 1] == '{' || text.data[i + 1] == '%')))
            return true;
    return false;
}

int list_no_template(const struct hob_list *list, struct hob_text name, struct hob_error *error)
{
    hob_error_set(error, HOB_E_NOT_FOUND,
                  "there is no template '%.*s' (.md, .html or .liquid) in '%s'", HOB_TEXT_ARG(name),
                  list->request.templates);
    hob_error_hint(error, "say with --templates where the templates are");
    return HOB_E_NOT_FOUND;
}

static int parse_inline(struct hob_liquid_template **template, struct hob_text source,
                        const char *key, struct hob_error *error)
{
    int result = hob_liquid_parse(template, source, hob_text_from(key), error);
    return result < 0 ? result : hob_liquid_check(*template, error);
}

/* A template that stands in the definition itself, or is named there. */
static int find_template(struct hob_list *list, const char *key, bool may_be_inline,
                         struct hob_liquid_template **template, struct hob_error *error)
{
    const struct hob_value *value = hob_value_get(list->definition, key);
    if (hob_value_is_null(value))
        return 0;
    if (value->kind != HOB_STRING)
        return hob_error_set(error, HOB_E_VALUE,
                             "`%s` of the list '%s' must be a text, but it is: %s", key,
                             list->request.type, hob_value_kind_name(value));
    int result;
    if (may_be_inline && (is_inline(value->text) || strcmp(key, "template") != 0))
        result = parse_inline(template, value->text, key, error);
    else
        result = list_templates_load(list->templates, value->text, template, error);
    if (result == 0 && *template == NULL)
        return list_no_template(list, value->text, error);
    return result < 0 ? hob_error_context(error, "making the list '%s'", list->request.type) : 0;
}

static int find_templates(struct hob_list *list, struct hob_error *error)
{
    int result = find_template(list, "listtemplate", false, &list->entry, error);
    if (result == 0 && list->entry == NULL)
        result = find_template(list, "template", true, &list->entry, error);
    if (result == 0 && list->entry == NULL)
        return hob_error_set(error, HOB_E_KEY,
                             "the list '%s' in '%s' has neither `listtemplate` nor `template`",
                             list->request.type, list->request.definitions_name);
    if (result == 0)
        result = find_template(list, "header", true, &list->header, error);
    if (result == 0)
        result = find_template(list, "footer", true, &list->footer, error);
    return result;
}

/* -- Making a list. */

struct key {
    const char *name;
    int stage; /* of which functions it lists, or -1 */
};

static const struct key keys[] = {
    {"preprocessor", HOB_LIST_PREPROCESSOR},
    {"preprocessors", HOB_LIST_PREPROCESSOR},
    {"augmentor", HOB_LIST_AUGMENTOR},
    {"augmentors", HOB_LIST_AUGMENTOR},
    {"filter", HOB_LIST_FILTER},
    {"filters", HOB_LIST_FILTER},
    {"sorter", HOB_LIST_SORTER},
    {"sorters", HOB_LIST_SORTER},
    {"listtemplate", -1},
    {"template", -1},
    {"header", -1},
    {"footer", -1},
    {"separator", -1},
    {"title", -1},
    {"description", -1},
    {"precompute", -1},
    {"compute", -1},
    {"postcompute", -1},
};

static int take_key(struct hob_list *list, const struct hob_pair *pair, struct hob_error *error)
{
    struct hob_text name = hob_value_text(pair->key);
    for (size_t i = 0; i < sizeof keys / sizeof keys[0]; i++) {
        if (!hob_text_is(name, keys[i].name))
            continue;
        if (keys[i].stage < 0)
            return 0;
        return add_steps(list, (enum hob_list_stage)keys[i].stage, pair->value, error);
    }
    HOB_AUTO(buffer) struct hob_buffer printed = HOB_BUFFER_INIT;
    hob_python_str(&printed, pair->key);
    list_warn(&list->request, "the list '%s' in '%s' has the key '%s', which means nothing",
              list->request.type, list->request.definitions_name, hob_buffer_string(&printed));
    return 0;
}

static bool has_recent(const struct hob_list *list)
{
    const struct steps *filters = &list->steps[HOB_LIST_FILTER];
    for (size_t i = 0; i < filters->count; i++)
        if (filters->items[i].function->run == hob_list_recent)
            return true;
    return false;
}

int hob_list_new(struct hob_list **made, const struct hob_list_request *request,
                 struct hob_error *error)
{
    HOB_AUTO(list) struct hob_list *list = hob_alloc_zero(1, sizeof *list);
    list->request = *request;
    list->arena = hob_arena_new();
    list->templates = hob_alloc(sizeof *list->templates);
    list_templates_init(list->templates, request->templates, request->scope);
    int result = find_definition(list, error);
    for (uint32_t i = 0; result == 0 && i < list->definition->map.count; i++)
        result = take_key(list, &list->definition->map.pairs[i], error);
    if (result == 0)
        result = find_templates(list, error);
    if (result < 0)
        return result;
    list->separator = hob_value_text(hob_value_get(list->definition, "separator"));
    if (request->since != NULL && !has_recent(list))
        list_warn(request, "the list '%s' has no filter `recent`, so that the year changes nothing",
                  request->type);
    *made = HOB_STEAL(list);
    return 0;
}

struct hob_list *hob_list_free(struct hob_list *list)
{
    if (list == NULL)
        return NULL;
    for (size_t i = 0; i < HOB_LIST_STAGES; i++)
        free(list->steps[i].items);
    hob_liquid_template_free(list->entry);
    hob_liquid_template_free(list->header);
    hob_liquid_template_free(list->footer);
    list_templates_deinit(list->templates);
    free(list->templates);
    hob_arena_free(list->arena);
    free(list);
    return NULL;
}
