/* list_templates: see list_templates.h.
 *
 * Names come from definitions and from `include` tags. They are not examined: the directory is the
 * only root of the scope that they are read through, which stops "..", absolute names and links
 * that lead elsewhere alike. */
#include "compute/list_templates.h"

#include "base/map.h"

void list_templates_init(struct list_templates *templates, const char *directory,
                         const struct hob_scope *scope)
{
    *templates = (struct list_templates){
        .arena = hob_arena_new(), .directory = directory, .scope = scope, .found = hob_map_new()};
}

void list_templates_deinit(struct list_templates *templates)
{
    for (size_t i = 0; templates->found != NULL && i < hob_map_count(templates->found); i++)
        hob_liquid_template_free(hob_map_value_at(templates->found, i));
    templates->found = hob_map_free(templates->found);
    templates->roots = hob_roots_free(templates->roots);
    templates->arena = hob_arena_free(templates->arena);
}

static int allow_directory(struct list_templates *templates, struct hob_error *error)
{
    if (templates->roots != NULL)
        return 0;
    HOB_AUTO(roots) struct hob_roots *roots = hob_roots_new();
    int result = hob_roots_add(roots, templates->directory, error);
    if (result < 0) {
        hob_error_hint(error, "say with --templates where the templates are");
        return hob_error_context(error, "looking for templates in '%s'", templates->directory);
    }
    templates->roots = HOB_STEAL(roots);
    return 0;
}

/* 1 when it was read, 0 when it is not there. */
static int read_file(const struct list_templates *templates, const char *path,
                     struct hob_file_content *content, struct hob_error *error)
{
    struct hob_scope scope = *templates->scope;
    struct hob_error problem = HOB_ERROR_INIT;
    scope.roots = templates->roots;
    scope.max_file_size = HOB_LIQUID_MAX_SOURCE;
    int result = hob_scope_read(&scope, path, content, &problem);
    if (result == 0)
        return 1;
    if (result == HOB_E_NOT_FOUND || result == HOB_E_IS_DIRECTORY)
        return 0;
    if (error != NULL)
        *error = problem;
    if (result == HOB_E_OUTSIDE)
        hob_error_hint(error, "templates are read from the directory of templates only");
    return result;
}

static int find_file(const struct list_templates *templates, struct hob_text name,
                     struct hob_file_content *content, struct hob_error *error)
{
    static const char *const endings[] = {".md", ".html", ".liquid", ""};
    int found = 0;
    for (size_t i = 0; found == 0 && i < sizeof endings / sizeof endings[0]; i++) {
        const char *path = hob_arena_printf(templates->arena, "%s/%.*s%s", templates->directory,
                                            HOB_TEXT_ARG(name), endings[i]);
        found = read_file(templates, path, content, error);
    }
    return found;
}

int list_templates_load(void *data, struct hob_text name, struct hob_liquid_template **template,
                        struct hob_error *error)
{
    struct list_templates *templates = data;
    *template = hob_map_get(templates->found, name);
    if (*template != NULL) {
        hob_liquid_template_ref(*template);
        return 0;
    }
    int result = allow_directory(templates, error);
    HOB_AUTO(file_content) struct hob_file_content content = HOB_FILE_CONTENT_INIT;
    if (result == 0)
        result = find_file(templates, name, &content, error);
    if (result <= 0)
        return result;
    result = hob_liquid_parse(template, content.text, name, error);
    if (result < 0)
        return hob_error_context(error, "reading the template '%.*s'", HOB_TEXT_ARG(name));
    result = hob_liquid_check(*template, error);
    if (result < 0) {
        *template = hob_liquid_template_free(*template);
        return result;
    }
    struct hob_text key = hob_arena_copy(templates->arena, name);
    if (!hob_map_put(templates->found, key, *template))
        return hob_error_set(error, HOB_E_MEMORY, "not enough memory for templates");
    hob_liquid_template_ref(*template);
    return 0;
}
