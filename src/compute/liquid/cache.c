/* cache: templates by the content of their source.
 *
 * The key is name and source together. The bounds are small (hundreds), and texts of unlike size
 * are told apart at once, so that a list that is walked does. Parsing is done outside the lock:
 * two threads that need the same new template at once may both parse it, and one result is kept. */
#include <pthread.h>

#include "compute/liquid/liquid.h"

struct entry {
    struct hob_liquid_template *template;
    struct hob_text key; /* owned */
    uint64_t used;
    struct entry *next;
};

struct hob_liquid_cache {
    pthread_mutex_t lock;
    size_t max_templates, max_bytes;
    size_t count, bytes;
    uint64_t clock;
    struct entry *entries;
};

struct hob_liquid_cache *hob_liquid_cache_new(size_t max_templates, size_t max_bytes)
{
    struct hob_liquid_cache *cache = hob_alloc_zero(1, sizeof *cache);
    pthread_mutex_init(&cache->lock, NULL);
    cache->max_templates = max_templates;
    cache->max_bytes = max_bytes;
    return cache;
}

static size_t entry_size(const struct entry *entry)
{
    return sizeof *entry + entry->key.size + hob_liquid_template_size(entry->template);
}

static void drop(struct hob_liquid_cache *cache, struct entry **at)
{
    struct entry *entry = *at;
    *at = entry->next;
    cache->count--;
    cache->bytes -= entry_size(entry);
    hob_liquid_template_free(entry->template);
    free((char *)entry->key.data);
    free(entry);
}

struct hob_liquid_cache *hob_liquid_cache_free(struct hob_liquid_cache *cache)
{
    if (cache == NULL)
        return NULL;
    while (cache->entries != NULL)
        drop(cache, &cache->entries);
    pthread_mutex_destroy(&cache->lock);
    free(cache);
    return NULL;
}

static struct hob_liquid_template *find(struct hob_liquid_cache *cache, struct hob_text key)
{
    for (struct entry *entry = cache->entries; entry != NULL; entry = entry->next) {
        if (!hob_text_equal(entry->key, key))
            continue;
        entry->used = ++cache->clock;
        return hob_liquid_template_ref(entry->template);
    }
    return NULL;
}

static void make_room(struct hob_liquid_cache *cache)
{
    while (cache->entries != NULL &&
           (cache->count > cache->max_templates || cache->bytes > cache->max_bytes)) {
        struct entry **oldest = &cache->entries;
        for (struct entry **at = &cache->entries; *at != NULL; at = &(*at)->next)
            if ((*at)->used < (*oldest)->used)
                oldest = at;
        drop(cache, oldest);
    }
}

/* Takes over the key's bytes. */
static void add(struct hob_liquid_cache *cache, struct hob_text key,
                struct hob_liquid_template *template)
{
    struct entry *entry = hob_alloc(sizeof *entry);
    *entry = (struct entry){hob_liquid_template_ref(template), key, ++cache->clock, cache->entries};
    cache->entries = entry;
    cache->count++;
    cache->bytes += entry_size(entry);
    make_room(cache);
}

int hob_liquid_cache_get(struct hob_liquid_cache *cache, struct hob_liquid_template **out,
                         struct hob_text source, struct hob_text name, struct hob_error *error)
{
    HOB_AUTO(buffer) struct hob_buffer key = HOB_BUFFER_INIT;
    hob_buffer_put_text(&key, name);
    hob_buffer_put_char(&key, '\0');
    hob_buffer_put_text(&key, source);
    if (hob_buffer_failed(&key))
        return hob_error_set(error, HOB_E_MEMORY,
                             "cannot parse a template of %zu bytes: out of "
                             "memory",
                             source.size);
    pthread_mutex_lock(&cache->lock);
    *out = find(cache, hob_buffer_text(&key));
    pthread_mutex_unlock(&cache->lock);
    if (*out != NULL)
        return 0;
    int status = hob_liquid_parse(out, source, name, error);
    if (status != 0)
        return status;
    pthread_mutex_lock(&cache->lock);
    struct hob_liquid_template *other = find(cache, hob_buffer_text(&key));
    if (other != NULL) {
        hob_liquid_template_free(*out);
        *out = other;
    } else {
        size_t size;
        char *data = hob_buffer_steal(&key, &size);
        if (data != NULL)
            add(cache, (struct hob_text){data, size}, *out);
    }
    pthread_mutex_unlock(&cache->lock);
    return 0;
}
