/* file_set: see file_set.h.
 *
 * The spelling of a file's name matters, because the columns that say where a row came from are
 * made of it: a source without a directory (or with ".") gives names that start with "././", which
 * is how the reference spells them; any other relative directory counts from the working
 * directory. */
#include "access/file_set.h"

#include <errno.h>
#include <limits.h>
#include <unistd.h>

#include "access/access.h"
#include "base/regex.h"
#include "base/utf8.h"
#include "config/environment.h"
#include "config/interface.h"

/* -- Store fields. */

int hob_store_fields_read(struct hob_store_fields *fields, struct hob_arena *arena,
                          const struct hob_value *flow, const char *filename,
                          struct hob_error *error)
{
    static const char *const keys[] = {"root", "directory", "filename"};
    const char *const defaults[] = {"sourceRoot", "sourceDirectory", filename};
    const struct hob_value *given = hob_value_get(flow, "store_fields");
    if (!hob_value_is_null(given) && given->kind != HOB_MAP)
        return hob_error_set(error, HOB_E_PARAMETER, "`store_fields` must be a mapping, not a %s",
                             hob_value_kind_name(given));
    for (int i = 0; i < HOB_STORE_COUNT; i++) {
        const struct hob_value *name = hob_value_get(given, keys[i]);
        if (!hob_value_is_null(name) && name->kind != HOB_STRING)
            return hob_error_set(error, HOB_E_PARAMETER, "`store_fields` needs a text for `%s`",
                                 keys[i]);
        struct hob_text text = hob_value_is_null(name) ? hob_text_from(defaults[i]) : name->text;
        name = hob_value_new_string(arena, text);
        for (int k = 0; k < i; k++)
            if (hob_value_equal(name, fields->names[k]))
                return hob_error_set(error, HOB_E_PARAMETER,
                                     "`store_fields` names '%.*s' for both %s and %s",
                                     HOB_TEXT_ARG(name->text), keys[k], keys[i]);
        fields->names[i] = name;
    }
    return 0;
}

/* -- Sources. */

/* One `source`: where to look, and for what. */
struct source {
    const char *directory, *glob;
    const struct hob_value *regexp; /* or NULL */
};

struct finding {
    struct hob_arena *arena;
    const struct hob_scope *scope;
    const struct hob_value *flow;
    const char *default_glob;
    const char *working;
};

/* "" when it is gone: names that need none can be used all the same. */
static int find_working_directory(const char **out, struct hob_arena *arena,
                                  struct hob_error *error)
{
    char path[PATH_MAX];
    *out = "";
    if (getcwd(path, sizeof path) != NULL)
        *out = hob_arena_copy(arena, hob_text_from(path)).data;
    else if (errno != ENOENT)
        return hob_error_from_errno(error, errno, "find out the name of the directory", ".");
    return 0;
}

/* Takes "", "." and ".." out of a path, as Python's os.path.normpath does. NULL without memory. */
static const char *normalize(struct hob_arena *arena, const char *path)
{
    HOB_AUTO(buffer) struct hob_buffer out = HOB_BUFFER_INIT;
    for (const char *at = path; *at != '\0';) {
        struct hob_text part = {at, strcspn(at, "/")};
        at += part.size + (at[part.size] == '/' ? 1 : 0);
        if (part.size == 0 || hob_text_is(part, "."))
            continue;
        if (hob_text_is(part, "..")) {
            while (out.size > 0 && out.data[--out.size] != '/') {
            }
            continue;
        }
        hob_buffer_put_char(&out, '/');
        hob_buffer_put_text(&out, part);
    }
    if (hob_buffer_failed(&out))
        return NULL;
    return out.size > 0 ? hob_arena_copy(arena, hob_buffer_text(&out)).data : "/";
}

/* A text of the mapping; NULL when it is not there, null or empty. */
static int text_of(const char **text, const struct hob_value *map, const char *key,
                   struct hob_error *error)
{
    const struct hob_value *value = hob_value_get(map, key);
    *text = hob_value_string(value);
    if (*text == NULL && !hob_value_is_null(value))
        return hob_error_set(error, HOB_E_PARAMETER,
                             "`%s` of a source must be a text without NUL, not a %s", key,
                             hob_value_kind_name(value));
    if (*text != NULL && (*text)[0] == '\0')
        *text = NULL;
    return 0;
}

static const char *expand(struct hob_arena *arena, const char *directory)
{
    struct hob_text text = hob_environment_expand_home(arena, hob_text_from(directory));
    return hob_environment_expand_in(arena, text).data;
}

/* The directory as it stands at the start of the files' names. */
static int spell_directory(const struct finding *finding, const char **directory,
                           struct hob_error *error)
{
    const char *base;
    int result = text_of(&base, finding->flow, "base_directory", error);
    if (result < 0)
        return result;
    if (*directory == NULL || (base == NULL && strcmp(*directory, ".") == 0)) {
        *directory = "./.";
        return 0;
    }
    const char *path = expand(finding->arena, *directory);
    if (path[0] == '\0')
        path = ".";
    if (base != NULL)
        path = hob_path_join(finding->arena, expand(finding->arena, base), path);
    /* In a working directory that was removed, relative names stay what they are. */
    if (path[0] != '/' && finding->working[0] != '\0')
        path = normalize(finding->arena, hob_path_join(finding->arena, finding->working, path));
    if (path == NULL)
        return hob_error_set(error, HOB_E_MEMORY, "cannot look for files: not enough memory");
    *directory = path;
    return 0;
}

static int read_source(const struct finding *finding, const struct hob_value *given,
                       struct source *source, struct hob_error *error)
{
    *source = (struct source){NULL, NULL, NULL};
    if (given->kind != HOB_MAP && given->kind != HOB_STRING)
        return hob_error_set(error, HOB_E_PARAMETER,
                             "a `source` must be a mapping with directory and glob, not a %s",
                             hob_value_kind_name(given));
    int result = text_of(&source->glob, given, "glob", error);
    if (result == 0 && source->glob == NULL)
        result = text_of(&source->glob, finding->flow, "glob", error);
    if (result < 0)
        return result;
    if (source->glob == NULL)
        source->glob = finding->default_glob;
    source->regexp = hob_value_get(given, "regexp");
    if (!hob_value_is_null(source->regexp) && source->regexp->kind != HOB_STRING)
        return hob_error_set(error, HOB_E_PARAMETER,
                             "`regexp` of a source must be a text, not a %s",
                             hob_value_kind_name(source->regexp));
    if (given->kind == HOB_STRING)
        source->directory = hob_value_string(given);
    else
        result = text_of(&source->directory, given, "directory", error);
    return result < 0 ? result : spell_directory(finding, &source->directory, error);
}

static struct hob_text name_of(const char *path)
{
    const char *slash = strrchr(path, '/');
    return hob_text_from(slash != NULL ? slash + 1 : path);
}

/* Keeps the files from `first` on whose names start with a match. */
static int filter(struct hob_paths *paths, size_t first, const struct hob_value *pattern,
                  struct hob_error *error)
{
    HOB_AUTO(regex) struct hob_regex *regex = NULL;
    int result = hob_regex_new(&regex, pattern->text, error);
    size_t kept = first;
    for (size_t i = first; result >= 0 && i < paths->count; i++) {
        result = hob_regex_match_start(regex, name_of(paths->items[i]), error);
        if (result > 0)
            paths->items[kept++] = paths->items[i];
    }
    if (result < 0)
        return hob_error_context(error, "`regexp` of a source");
    paths->count = kept;
    return 0;
}

static int add_source(struct hob_paths *paths, const struct finding *finding,
                      const struct hob_value *given, struct hob_error *error)
{
    struct source source;
    size_t first = paths->count;
    int result = read_source(finding, given, &source, error);
    if (result == 0)
        result =
            hob_glob(finding->scope, finding->arena, source.directory, source.glob, paths, error);
    if (result < 0 || hob_value_is_null(source.regexp))
        return result;
    return filter(paths, first, source.regexp, error);
}

static int sort_and_check(struct hob_paths *paths, struct hob_error *error)
{
    hob_paths_sort(paths);
    for (size_t i = 1; i < paths->count; i++) {
        if (strcmp(paths->items[i - 1], paths->items[i]) != 0)
            continue;
        hob_error_set(error, HOB_E_VALUE,
                      "There are repeated files listed in the file list: '%s' is found twice.",
                      paths->items[i]);
        hob_error_hint(error, "let each file match one source only");
        return HOB_E_VALUE;
    }
    return 0;
}

enum { MAX_SOURCES = 10000 };

int hob_file_set_find(struct hob_paths *paths, struct hob_arena *arena,
                      const struct hob_scope *scope, const struct hob_value *flow,
                      const char *default_glob, struct hob_error *error)
{
    struct finding finding = {arena, scope, flow, default_glob, NULL};
    int code = find_working_directory(&finding.working, arena, error);
    if (code < 0)
        return code;
    const struct hob_value *source = hob_value_get(flow, "source");
    if (hob_value_is_null(source))
        return 0;
    if (source->kind != HOB_LIST) {
        int result = add_source(paths, &finding, source, error);
        return result < 0 ? result : sort_and_check(paths, error);
    }
    if (source->list.count > MAX_SOURCES)
        return hob_error_set(error, HOB_E_LIMIT, "`source` has %u entries, more than %d",
                             source->list.count, MAX_SOURCES);
    for (uint32_t i = 0; i < source->list.count; i++) {
        int result = add_source(paths, &finding, source->list.items[i], error);
        if (result < 0)
            return result;
    }
    return sort_and_check(paths, error);
}

int hob_file_set_list(struct hob_paths *paths, struct hob_arena *arena,
                      const struct hob_value *flow, struct hob_error *error)
{
    const struct hob_value *names = hob_value_get(flow, "filename");
    bool several = hob_value_is(names, HOB_LIST);
    uint32_t count = several ? names->list.count : 1;
    struct hob_value *single = hob_value_copy(arena, flow);
    for (uint32_t i = 0; i < count; i++) {
        const char *path;
        if (several && !hob_value_put_string(arena, single, "filename", names->list.items[i]))
            return hob_error_set(error, HOB_E_MEMORY, "listing files: not enough memory");
        if (several && hob_value_is_null(names->list.items[i]))
            return hob_error_set(error, HOB_E_PARAMETER, "`filename` %u of a list is null", i + 1);
        int result = hob_access_path(&path, arena, single, error);
        if (result == 0)
            result = hob_paths_add(paths, path, error);
        if (result < 0)
            return result;
    }
    return sort_and_check(paths, error);
}

/* -- Places. */

int hob_file_places_init(struct hob_file_places *places, struct hob_arena *arena,
                         struct hob_error *error)
{
    *places = (struct hob_file_places){.arena = arena};
    return find_working_directory(&places->working, arena, error);
}

/* What lies below a directory: the rest of the path, "" for itself; NULL for what does not. */
static const char *below(const char *path, size_t path_size, const char *directory)
{
    size_t size = strlen(directory);
    if (size == 0 || size > path_size || memcmp(path, directory, size) != 0)
        return NULL;
    if (size == path_size || directory[size - 1] == '/')
        return path + size;
    return path[size] == '/' ? path + size + 1 : NULL;
}

const char *hob_file_opening_name(const struct hob_file_places *places, const char *path)
{
    const char *rest = below(path, strlen(path), places->working);
    return rest != NULL && rest[0] != '\0' && rest[0] != '/' ? rest : path;
}

/* Names of files may be any bytes; those that are no UTF-8 become lone surrogates, as in Python. */
static const struct hob_value *new_name(struct hob_arena *arena, struct hob_text name)
{
    size_t valid = hob_utf8_valid_prefix(name), size = 0;
    if (valid == name.size)
        return hob_value_new_string(arena, name);
    char *out = hob_arena_alloc(arena, 3 * name.size); /* a surrogate takes three bytes */
    while (name.size > 0) {
        memcpy(out + size, name.data, valid);
        size += valid;
        name = (struct hob_text){name.data + valid, name.size - valid};
        if (name.size > 0) {
            uint32_t surrogate = 0xDC00u + (unsigned char)name.data[0];
            size += hob_utf8_encode(surrogate, out + size);
            name = (struct hob_text){name.data + 1, name.size - 1};
        }
        valid = hob_utf8_valid_prefix(name);
    }
    return hob_value_new_string(arena, (struct hob_text){out, size});
}

/* Splits off the last part, as Python's os.path.split. */
static struct hob_text split(struct hob_text path, struct hob_text *last)
{
    size_t start = path.size;
    while (start > 0 && path.data[start - 1] != '/')
        start--;
    *last = (struct hob_text){path.data + start, path.size - start};
    struct hob_text head = {path.data, start};
    while (head.size > 0 && head.data[head.size - 1] == '/')
        head.size--;
    return head.size == 0 ? (struct hob_text){path.data, start} : head;
}

static const struct hob_value *root_elsewhere(struct hob_arena *arena, struct hob_text root)
{
    const char *home = getenv("HOME");
    const char *rest =
        home != NULL && strcmp(home, "/") != 0 ? below(root.data, root.size, home) : NULL;
    if (rest == NULL)
        return new_name(arena, root);
    HOB_AUTO(buffer) struct hob_buffer out = HOB_BUFFER_INIT;
    struct hob_text tail = {rest, (size_t)(root.data + root.size - rest)};
    hob_buffer_put_string(&out, tail.size > 0 ? "${HOME}/" : "${HOME}");
    hob_buffer_put_text(&out, tail);
    return new_name(arena, hob_buffer_text(&out));
}

static void place_head(struct hob_file_places *places, struct hob_text head)
{
    const char *rest = below(head.data, head.size, places->working);
    struct hob_text last;
    places->head = head;
    if (rest != NULL) {
        struct hob_text directory = {rest, (size_t)(head.data + head.size - rest)};
        places->root = new_name(places->arena, hob_text_from(places->working));
        places->directory = new_name(places->arena, directory.size > 0 ? directory : HOB_TEXT("."));
        return;
    }
    struct hob_text root = split(head, &last);
    places->root = root_elsewhere(places->arena, root);
    places->directory = new_name(places->arena, last);
}

void hob_file_place(struct hob_file_places *places, const char *path,
                    const struct hob_value *values[HOB_STORE_COUNT])
{
    struct hob_text name;
    struct hob_text head = split(hob_text_from(path), &name);
    if (places->root == NULL || !hob_text_equal(head, places->head))
        place_head(places, head);
    values[HOB_STORE_ROOT] = places->root;
    values[HOB_STORE_DIRECTORY] = places->directory;
    values[HOB_STORE_FILENAME] = new_name(places->arena, name);
}
