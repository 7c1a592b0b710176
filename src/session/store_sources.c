/* store_sources: the files that a session was made from, and whether they are still as they were.
 */
#include "session/hints.h"
#include "session/store_internal.h"

#include <sys/stat.h>

#include "value/json.h"

void store_free_sources(struct entry *entry)
{
    for (size_t i = 0; i < entry->source_count; i++)
        free(entry->sources[i].path);
    free(entry->sources);
    entry->sources = NULL;
    entry->source_count = entry->source_capacity = 0;
}

char *store_sources_text(const struct entry *entry)
{
    struct hob_buffer out = HOB_BUFFER_INIT;
    hob_buffer_put_char(&out, '[');
    for (size_t i = 0; i < entry->source_count; i++) {
        const struct hob_file_identity *identity = &entry->sources[i].identity;
        hob_buffer_put_string(&out, i > 0 ? ",[" : "[");
        hob_json_put_string(&out, hob_text_from(entry->sources[i].path), HOB_JSON_COMPACT);
        hob_buffer_printf(&out, ",%d,%llu,%llu,%llu,%lld,%lld]", identity->exists,
                          (unsigned long long)identity->device & INT64_MAX,
                          (unsigned long long)identity->inode & INT64_MAX,
                          (unsigned long long)identity->size & INT64_MAX,
                          (long long)identity->modified_ns, (long long)identity->changed_ns);
    }
    if (entry->saving)
        hob_buffer_put_string(&out, entry->source_count > 0 ? ",\"saving\"" : "\"saving\"");
    hob_buffer_put_char(&out, ']');
    return hob_buffer_steal(&out, NULL);
}

static uint64_t unsigned_at(const struct hob_value *list, uint32_t position)
{
    const struct hob_value *item = list->list.items[position];
    return item->kind == HOB_INT ? (uint64_t)item->integer : 0;
}

static void add_source(struct entry *entry, const char *path, struct hob_file_identity identity)
{
    if (HOB_TRY_GROW(entry->sources, entry->source_capacity, entry->source_count + 1))
        entry->sources[entry->source_count++] = (struct source){hob_copy_string(path), identity};
}

void store_read_sources(struct entry *entry, const char *text)
{
    HOB_AUTO(arena) struct hob_arena *arena = hob_arena_new();
    const struct hob_value *list;
    if (text == NULL || hob_json_read(arena, hob_text_from(text), &list, NULL) != 0)
        return;
    for (uint32_t i = 0; hob_value_is(list, HOB_LIST) && i < list->list.count; i++) {
        const struct hob_value *item = list->list.items[i];
        entry->saving |= hob_text_is(hob_value_text(item), "saving");
        if (!hob_value_is(item, HOB_LIST) || item->list.count != 7 ||
            hob_value_string(item->list.items[0]) == NULL)
            continue;
        struct hob_file_identity identity = {
            .exists = unsigned_at(item, 1) != 0,
            .device = unsigned_at(item, 2),
            .inode = unsigned_at(item, 3),
            .size = unsigned_at(item, 4),
            .modified_ns = (int64_t)unsigned_at(item, 5),
            .changed_ns = (int64_t)unsigned_at(item, 6),
        };
        add_source(entry, hob_value_string(item->list.items[0]), identity);
    }
}

void store_keep_sources(struct entry *entry, const struct hob_sources *sources)
{
    store_free_sources(entry);
    for (size_t i = 0; i < hob_sources_count(sources); i++) {
        const char *path = hob_sources_path(sources, i);
        bool known = false;
        for (size_t j = 0; j < entry->source_count && !known; j++)
            known = strcmp(entry->sources[j].path, path) == 0;
        if (!known)
            add_source(entry, path, hob_sources_identity(sources, i));
    }
}

/* Unlike hob_file_unchanged, takes a file that was written just before it was read for unchanged:
 * else every session that a script opens right after making its files would claim changes. */
static bool is_same(const struct hob_file_identity *before, const struct hob_file_identity *now)
{
    struct hob_file_identity calm = *before;
    calm.racy = false;
    calm.device &= INT64_MAX;
    calm.inode &= INT64_MAX;
    struct hob_file_identity other = *now;
    other.device &= INT64_MAX;
    other.inode &= INT64_MAX;
    return hob_file_unchanged(&calm, &other);
}

bool store_source_changed(const struct source *source)
{
    struct hob_file_identity now = hob_file_identity_of(source->path);
    return !is_same(&source->identity, &now);
}

bool store_any_source_changed(const struct entry *entry)
{
    for (size_t i = 0; i < entry->source_count; i++)
        if (store_source_changed(&entry->sources[i]))
            return true;
    return false;
}

/* ---- saving ---- */

/* Whether two spellings mean one file: files of directories are read by relative paths and written
 * by whole ones. `resolved` is of the first. */
static bool is_same_path(const char *path, const char *resolved, const char *other)
{
    const char *slash = strrchr(path, '/');
    const char *other_slash = strrchr(other, '/');
    if (strcmp(path, other) == 0)
        return true;
    if (resolved == NULL || strcmp(slash != NULL ? slash + 1 : path,
                                   other_slash != NULL ? other_slash + 1 : other) != 0)
        return false;
    HOB_AUTO(free) char *other_resolved = hob_path_resolve(other);
    return other_resolved != NULL && strcmp(resolved, other_resolved) == 0;
}

/* Files are written in the order in which they were read, more or less: begins at the last one. */
static size_t find_source(const struct store_saving *saving, const char *path)
{
    HOB_AUTO(free) char *resolved = hob_path_resolve(path);
    size_t count = saving->entry->source_count;
    size_t start = saving->last != SIZE_MAX ? saving->last + 1 : 0;
    for (size_t i = 0; i < count; i++) {
        size_t at = (start + i) % count;
        if (is_same_path(path, resolved, saving->entry->sources[at].path))
            return at;
    }
    return SIZE_MAX;
}

int store_writing(void *data, const char *path, bool begins, struct hob_error *error)
{
    struct store_saving *saving = data;
    size_t at = find_source(saving, path);
    /* What this save has just written is not foreign: two flows may share a file. */
    if (at != SIZE_MAX && !saving->force && !saving->written[at] &&
        store_source_changed(&saving->entry->sources[at])) {
        hob_error_set(error, HOB_E_VALUE,
                      "'%s' was changed by another program since the session read it", path);
        hob_session_hint(error, HOB_SESSION_HINT_FILE_CHANGED);
        /* The file before this one is complete. */
        saving->last = begins ? SIZE_MAX : saving->last;
        return HOB_E_VALUE;
    }
    if (!begins)
        return 0;
    saving->last = at;
    if (at != SIZE_MAX)
        saving->written[at] = true;
    return 0;
}

static bool is_directory(const char *path)
{
    struct stat facts;
    return stat(path, &facts) == 0 && S_ISDIR(facts.st_mode);
}

void store_refresh_sources(const struct store_saving *saving, const bool *foreign)
{
    for (size_t i = 0; i < saving->entry->source_count; i++) {
        struct source *source = &saving->entry->sources[i];
        if (saving->written[i] || (!foreign[i] && is_directory(source->path)))
            source->identity = hob_file_identity_of(source->path);
    }
}
