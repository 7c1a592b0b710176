/* glob: see glob.h.
 *
 * A pattern is followed part by part: a part without wildcards is only appended, one with wildcards
 * lists the directory reached so far. Every directory that is listed goes through the scope, so
 * that it must lie below the roots and that a new file in it makes cached answers stale.
 *
 * Matching is linear but for `*`, which remembers one place to go back to: the last one is always
 * enough, so that no pattern takes more than pattern times name steps. */
#include "config/glob.h"

#include "base/utf8.h"
#include "config/interface.h"

enum { PATTERN_LIMIT = 4096 };

void hob_paths_deinit(struct hob_paths *paths)
{
    free(paths->items);
    *paths = (struct hob_paths)HOB_PATHS_INIT;
}

int hob_paths_add(struct hob_paths *paths, const char *path, struct hob_error *error)
{
    if (paths->count == HOB_PATHS_MAX) {
        hob_error_set(error, HOB_E_LIMIT, "finding files: more than %zu match, the last is '%s'",
                      HOB_PATHS_MAX, path);
        hob_error_hint(error, "narrow `glob`, or read the folders one by one");
        return HOB_E_LIMIT;
    }
    if (!HOB_TRY_GROW(paths->items, paths->capacity, paths->count + 1))
        return hob_error_set(error, HOB_E_MEMORY, "finding files: not enough memory");
    paths->items[paths->count++] = path;
    return 0;
}

static int compare_paths(const void *a, const void *b)
{
    return strcmp(*(const char *const *)a, *(const char *const *)b);
}

void hob_paths_sort(struct hob_paths *paths)
{
    if (paths->count > 1)
        qsort(paths->items, paths->count, sizeof *paths->items, compare_paths);
}

/* The character at `at` and where the next one starts; a byte that is not UTF-8 stands for itself,
 * as a surrogate, like in Python. */
static size_t character_at(struct hob_text text, size_t at, uint32_t *character)
{
    size_t rest = text.size - at;
    struct hob_text slice = {text.data + at, rest < 4 ? rest : 4};
    if (hob_utf8_valid_prefix(slice) > 0)
        return at + hob_utf8_decode(text.data + at, character);
    *character = 0xDC00u + (unsigned char)text.data[at];
    return at + 1;
}

/* Where the set that starts at `[` ends: the place of its `]`, or 0 when it is no set. */
static size_t set_end(struct hob_text pattern, size_t at)
{
    size_t end = at + 1;
    if (end < pattern.size && pattern.data[end] == '!')
        end++;
    if (end < pattern.size && pattern.data[end] == ']')
        end++;
    while (end < pattern.size && pattern.data[end] != ']')
        end++;
    return end < pattern.size ? end : 0;
}

/* Whether the members of a set, `a-z_` for example, hold the character. */
static bool set_holds(struct hob_text members, uint32_t character)
{
    for (size_t at = 0; at < members.size;) {
        uint32_t low, high;
        at = character_at(members, at, &low);
        high = low;
        if (at + 1 < members.size && members.data[at] == '-')
            at = character_at(members, at + 1, &high);
        if (low <= character && character <= high)
            return true;
    }
    return false;
}

/* Whether the one-character part of the pattern at `*at` matches; *at moves behind it. */
static bool match_one(struct hob_text pattern, size_t *at, uint32_t character)
{
    size_t end = pattern.data[*at] == '[' ? set_end(pattern, *at) : 0;
    if (end > 0) {
        bool inverted = pattern.data[*at + 1] == '!';
        size_t start = *at + (inverted ? 2 : 1);
        *at = end + 1;
        return set_holds((struct hob_text){pattern.data + start, end - start}, character) !=
               inverted;
    }
    uint32_t expected;
    bool any = pattern.data[*at] == '?';
    *at = character_at(pattern, *at, &expected);
    return any || expected == character;
}

bool hob_glob_match(struct hob_text pattern, struct hob_text name)
{
    size_t at = 0, place = 0;
    size_t star = SIZE_MAX, resume = 0; /* behind the last `*`, and what it has taken so far */
    while (place < name.size || at < pattern.size) {
        if (at < pattern.size && pattern.data[at] == '*') {
            star = ++at;
            resume = place;
            continue;
        }
        uint32_t character;
        size_t next = place < name.size ? character_at(name, place, &character) : SIZE_MAX;
        if (next != SIZE_MAX && at < pattern.size && match_one(pattern, &at, character)) {
            place = next;
            continue;
        }
        if (star == SIZE_MAX || resume >= name.size)
            return false;
        place = resume = character_at(name, resume, &character);
        at = star;
    }
    return true;
}

static bool has_wildcard(struct hob_text part)
{
    for (size_t i = 0; i < part.size; i++)
        if (strchr("*?[", part.data[i]) != NULL)
            return true;
    return false;
}

struct search {
    const struct hob_scope *scope;
    struct hob_arena *arena;
    struct hob_paths *paths;
    size_t directories; /* listed so far */
    bool wild;          /* behind a wildcard */
};

/* One directory that is being searched. */
struct level {
    struct search *search;
    const char *directory;
    struct hob_text part;   /* what names in it must match */
    const char *rest;       /* of the pattern, behind the part; "" at the end */
    struct hob_paths below; /* directories to go on in: not while this one is open */
};

static int expand(struct search *search, const char *directory, const char *pattern,
                  struct hob_error *error);

static int visit(void *context, const char *name, bool is_directory, struct hob_error *error)
{
    struct level *level = context;
    bool last = level->rest[0] == '\0';
    if (is_directory == last || (name[0] == '.' && level->part.data[0] != '.') ||
        !hob_glob_match(level->part, hob_text_from(name)))
        return 0;
    const char *path = hob_path_join(level->search->arena, level->directory, name);
    return hob_paths_add(last ? level->search->paths : &level->below, path, error);
}

/* What is not there matches nothing. */
static int forget(struct hob_error *error)
{
    if (error != NULL)
        *error = (struct hob_error)HOB_ERROR_INIT;
    return 0;
}

static int expand_wildcard(struct search *search, const char *directory, struct hob_text part,
                           const char *rest, struct hob_error *error)
{
    struct level level = {search, directory, part, rest, HOB_PATHS_INIT};
    if (++search->directories > HOB_GLOB_MAX_DIRECTORIES)
        return hob_error_set(error, HOB_E_LIMIT,
                             "a file pattern leads through more than %zu directories",
                             HOB_GLOB_MAX_DIRECTORIES);
    int result = hob_scope_list(search->scope, directory, visit, &level, error);
    if (result == HOB_E_NOT_FOUND || result == HOB_E_NOT_DIRECTORY || result == HOB_E_PERMISSION)
        result = forget(error);
    search->wild = true;
    for (size_t i = 0; result == 0 && i < level.below.count; i++)
        result = expand(search, level.below.items[i], rest, error);
    hob_paths_deinit(&level.below);
    return result;
}

/* As deep as the pattern has parts, of which its size allows two thousand. */
static int expand(struct search *search, const char *directory, const char *pattern,
                  struct hob_error *error)
{
    struct hob_text part = {pattern, strcspn(pattern, "/")};
    const char *rest = pattern + part.size;
    while (*rest == '/')
        rest++;
    if (search->wild && hob_text_is(part, ".."))
        return hob_error_set(error, HOB_E_VALUE, "a file pattern goes up (`..`) behind a wildcard");
    if (has_wildcard(part))
        return expand_wildcard(search, directory, part, rest, error);
    const char *name = hob_arena_copy(search->arena, part).data;
    const char *path = hob_path_join(search->arena, directory, name);
    if (*rest != '\0')
        return expand(search, path, rest, error);
    int allowed = hob_scope_check(search->scope, path, error);
    if (allowed < 0)
        return allowed;
    return hob_scope_exists(search->scope, path) ? hob_paths_add(search->paths, path, error) : 0;
}

int hob_glob(const struct hob_scope *scope, struct hob_arena *arena, const char *directory,
             const char *pattern, struct hob_paths *paths, struct hob_error *error)
{
    struct search search = {.scope = scope, .arena = arena, .paths = paths};
    if (strlen(pattern) > PATTERN_LIMIT)
        return hob_error_set(error, HOB_E_LIMIT, "a file pattern of %zu bytes is too long",
                             strlen(pattern));
    if (pattern[0] == '/') {
        directory = "/";
        pattern += strspn(pattern, "/");
    }
    return expand(&search, directory, pattern, error);
}
