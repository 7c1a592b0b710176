/* interface: see interface.h; what a child gets from its parent is in inherit.c. */
#include "config/interface.h"

#include <limits.h>
#include <unistd.h>

#include "config/environment.h"
#include "config/inherit.h"
#include "value/yaml.h"

/* Longer chains of parents are a mistake, most likely a cycle through links. */
enum { MAX_PARENTS = 64 };

/* One file being loaded, and the ones that it is a parent of. */
struct loading {
    struct hob_arena *arena;
    const struct hob_scope *scope;
    const char *default_name;
    const struct loading *child; /* NULL for the file that was asked for */
    const char *path;            /* absolute */
    unsigned depth;
};

char *hob_path_join(struct hob_arena *arena, const char *directory, const char *name)
{
    size_t size = strlen(directory);
    if (name[0] == '/' || size == 0)
        return hob_arena_printf(arena, "%s", name);
    return hob_arena_printf(arena, "%s%s%s", directory, directory[size - 1] == '/' ? "" : "/",
                            name);
}

/* os.path.abspath: joined to the working directory, "." and ".." taken out as text. */
static char *absolute_path(struct hob_arena *arena, const char *path)
{
    char working[PATH_MAX];
    if (path[0] != '/' && getcwd(working, sizeof working) != NULL)
        path = hob_path_join(arena, working, path);
    char *out = hob_arena_alloc(arena, strlen(path) + 2);
    size_t size = 0;
    for (const char *at = path; *at != '\0';) {
        while (*at == '/')
            at++;
        size_t length = strcspn(at, "/");
        if (length == 2 && memcmp(at, "..", 2) == 0) {
            while (size > 0 && out[--size] != '/') {
            }
        } else if (length > 0 && !(length == 1 && *at == '.')) {
            out[size++] = '/';
            memcpy(out + size, at, length);
            size += length;
        }
        at += length;
    }
    if (size == 0)
        out[size++] = '/';
    out[size] = '\0';
    return out;
}

static int wrong_name(const struct hob_value *name, struct hob_error *error)
{
    hob_error_set(error, HOB_E_PARAMETER,
                  "the name of an interface file must be a text without NUL, not a %s",
                  hob_value_kind_name(name));
    hob_error_hint(error, "give one name, or a list of names of which the first that exists is "
                          "taken");
    return HOB_E_PARAMETER;
}

/* The first name that exists below the directory; when none does, the last one asked for. */
static int choose_name(struct loading *loading, const struct hob_value *names,
                       const char *directory, const char **chosen, struct hob_error *error)
{
    if (hob_value_is_null(names)) {
        *chosen = loading->default_name;
        return 0;
    }
    if (names->kind != HOB_LIST) {
        *chosen = hob_value_string(names);
        return *chosen != NULL ? 0 : wrong_name(names, error);
    }
    if (names->list.count == 0)
        return hob_error_set(error, HOB_E_PARAMETER, "the list of interface files is empty");
    for (uint32_t i = 0; i < names->list.count; i++) {
        *chosen = hob_value_string(names->list.items[i]);
        if (*chosen == NULL)
            return wrong_name(names->list.items[i], error);
        if (hob_scope_exists(loading->scope, hob_path_join(loading->arena, directory, *chosen)))
            break;
    }
    return 0;
}

/* Reads the file as a mapping. */
static int read_mapping(struct loading *loading, const char *path, const struct hob_value **mapping,
                        struct hob_error *error)
{
    HOB_AUTO(file_content) struct hob_file_content content = HOB_FILE_CONTENT_INIT;
    int result = hob_scope_read(loading->scope, path, &content, error);
    if (result == HOB_E_NOT_FOUND || result == HOB_E_NOT_DIRECTORY)
        return hob_error_set(error, HOB_E_NO_INTERFACE, "No configuration file found at \"%s\".",
                             loading->path);
    if (result < 0)
        return result;
    result = hob_yaml_read(loading->arena, content.text, loading->path, mapping, error);
    if (result < 0)
        return result;
    bool empty = hob_value_is_null(*mapping) ||
                 (hob_value_is(*mapping, HOB_MAP) && (*mapping)->map.count == 0);
    if (empty)
        return hob_error_set(error, HOB_E_VALUE, "No data found in \"%s\".", loading->path);
    if (hob_value_is(*mapping, HOB_MAP))
        return 0;
    hob_error_set(error, HOB_E_VALUE, "the interface file \"%s\" must hold a mapping, not a %s",
                  loading->path, hob_value_kind_name(*mapping));
    hob_error_hint(error, "an interface says what to read: `input: {type: csv, filename: ...}`");
    return HOB_E_VALUE;
}

/* The file's own keys: with base_directory and user_file, variables expanded in texts at the top.
 */
static const struct hob_value *own_fields(struct hob_arena *arena, const struct hob_value *mapping,
                                          const char *directory, const char *name)
{
    struct hob_value *own = hob_value_copy(arena, mapping);
    if (hob_value_get(own, "base_directory") == NULL)
        hob_value_put_string(arena, own, "base_directory",
                             hob_value_new_string(arena, hob_text_from(directory)));
    if (hob_value_get(own, "user_file") == NULL)
        hob_value_put_string(arena, own, "user_file",
                             hob_value_new_string(arena, hob_text_from(name)));
    for (uint32_t i = 0; i < own->map.count; i++) {
        struct hob_text text = hob_value_text(own->map.pairs[i].value);
        struct hob_text expanded = hob_environment_expand_in(arena, text);
        if (expanded.data != text.data)
            own->map.pairs[i].value = hob_value_new_string_borrowed(arena, expanded);
    }
    return own;
}

static int refuse_cycle(const struct loading *loading, struct hob_error *error)
{
    if (loading->depth >= MAX_PARENTS)
        return hob_error_set(error, HOB_E_LIMIT,
                             "the interface file \"%s\" is parent number %d of those that inherit "
                             "from it: more than that is most likely a cycle",
                             loading->path, MAX_PARENTS);
    for (const struct loading *child = loading->child; child != NULL; child = child->child) {
        if (strcmp(child->path, loading->path) != 0)
            continue;
        hob_error_set(error, HOB_E_VALUE, "the interface file \"%s\" inherits from itself%s",
                      loading->path,
                      loading->child == child ? "" : ", through other interface files");
        hob_error_hint(error, "take one of the `inherit` sections out");
        return HOB_E_VALUE;
    }
    return 0;
}

static int load(struct loading *loading, const struct hob_value *names, const char *directory,
                struct hob_interface *interface, struct hob_error *error);

static int load_parent(struct loading *child, const struct hob_value *inherit,
                       const char *directory, const char *name, struct hob_interface *parent,
                       struct hob_error *error)
{
    const char *below = hob_value_string(hob_value_get(inherit, "directory"));
    if (below == NULL)
        return hob_error_set(error, HOB_E_VALUE,
                             "Inherit specified in interface file %s in directory %s but no "
                             "directory to inherit from is specified.",
                             name, directory);
    struct loading loading = *child;
    loading.child = child;
    loading.depth = child->depth + 1;
    return load(&loading, hob_value_get(inherit, "filename"),
                hob_path_join(child->arena, directory, below), parent, error);
}

static int load(struct loading *loading, const struct hob_value *names, const char *directory,
                struct hob_interface *interface, struct hob_error *error)
{
    struct hob_arena *arena = loading->arena;
    struct hob_text place = hob_environment_expand_home(arena, hob_text_from(directory));
    directory = hob_environment_expand_in(arena, place).data;
    int result = hob_scope_check(loading->scope, directory, error);
    const char *name = NULL;
    if (result == 0)
        result = choose_name(loading, names, directory, &name, error);
    if (result < 0)
        return result;
    const char *path = hob_path_join(arena, directory, name);
    loading->path = absolute_path(arena, path);
    result = refuse_cycle(loading, error);
    const struct hob_value *mapping = NULL;
    if (result == 0)
        result = read_mapping(loading, path, &mapping, error);
    if (result < 0)
        return result;
    const char *absolute = absolute_path(arena, directory);
    interface->own = own_fields(arena, mapping, absolute, name);
    interface->fields = interface->own;
    const struct hob_value *inherit = hob_value_get(interface->own, "inherit");
    if (inherit == NULL)
        return 0;
    struct hob_interface parent;
    result = load_parent(loading, inherit, absolute, name, &parent, error);
    if (result < 0)
        return result;
    return hob_inherit(arena, interface->own, parent.fields, &interface->fields, error);
}

int hob_interface_load(struct hob_arena *arena, const struct hob_scope *scope,
                       const struct hob_interface_request *request, struct hob_interface *interface,
                       struct hob_error *error)
{
    struct loading loading = {
        .arena = arena,
        .scope = scope,
        .default_name = request->default_name != NULL ? request->default_name : "_lynguine.yml",
    };
    const char *directory = request->directory != NULL ? request->directory : ".";
    return load(&loading, request->names, directory, interface, error);
}

int hob_interface_load_file(struct hob_arena *arena, const struct hob_scope *scope,
                            const char *path, struct hob_interface *interface,
                            struct hob_error *error)
{
    const char *slash = strrchr(path, '/');
    const char *name = slash != NULL ? slash + 1 : path;
    struct hob_text directory = {path, slash != NULL ? (size_t)(slash - path) : 0};
    if (slash == path)
        directory.size = 1;
    struct hob_interface_request request = {
        .names = hob_value_new_string(arena, hob_text_from(name)),
        .directory = slash != NULL ? hob_arena_copy(arena, directory).data : NULL,
    };
    return hob_interface_load(arena, scope, &request, interface, error);
}
