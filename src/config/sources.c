/* sources: see sources.h. */
#include "config/sources.h"

struct source {
    char *path;
    struct hob_file_identity identity;
};

struct hob_sources {
    struct source *items;
    size_t count, capacity;
    bool is_volatile;
    bool complete;
};

struct hob_sources *hob_sources_new(void)
{
    return hob_alloc_zero(1, sizeof(struct hob_sources));
}

struct hob_sources *hob_sources_new_complete(void)
{
    struct hob_sources *sources = hob_sources_new();
    sources->complete = true;
    return sources;
}

struct hob_sources *hob_sources_free(struct hob_sources *sources)
{
    if (sources == NULL)
        return NULL;
    for (size_t i = 0; i < sources->count; i++)
        free(sources->items[i].path);
    free(sources->items);
    free(sources);
    return NULL;
}

void hob_sources_add(struct hob_sources *sources, const char *path,
                     struct hob_file_identity identity)
{
    if (sources == NULL)
        return;
    /* A racy file makes the answer one that can't be used again: no need to remember the file. */
    if (identity.exists && identity.racy && !sources->complete)
        sources->is_volatile = true;
    if (sources->is_volatile)
        return;
    if (!HOB_TRY_GROW(sources->items, sources->capacity, sources->count + 1)) {
        sources->is_volatile = true;
        return;
    }
    sources->items[sources->count++] = (struct source){hob_copy_string(path), identity};
}

void hob_sources_set_volatile(struct hob_sources *sources)
{
    if (sources != NULL)
        sources->is_volatile = true;
}

bool hob_sources_unchanged(const struct hob_sources *sources)
{
    if (sources->is_volatile)
        return false;
    for (size_t i = 0; i < sources->count; i++) {
        struct hob_file_identity now = hob_file_identity_of(sources->items[i].path);
        if (!hob_file_unchanged(&sources->items[i].identity, &now))
            return false;
    }
    return true;
}

size_t hob_sources_count(const struct hob_sources *sources)
{
    return sources->count;
}

const char *hob_sources_path(const struct hob_sources *sources, size_t position)
{
    return sources->items[position].path;
}

struct hob_file_identity hob_sources_identity(const struct hob_sources *sources, size_t position)
{
    return sources->items[position].identity;
}
