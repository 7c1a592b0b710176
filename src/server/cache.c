/* cache: see cache.h.
 *
 * One mutex, held only to look an entry up and to move it to the front of the list of uses: some
 * tens of nanoseconds of a request that takes microseconds of system calls. The files of an entry
 * are looked at without the mutex; a reference keeps the entry alive meanwhile, whoever removes it.
 *
 * An entry that is out of date stays until its answer is made again: its cost tells the server
 * whether making it is quick enough to be done at once. */
#include "server/cache.h"

#include <pthread.h>
#include <stdatomic.h>

#include "base/memory.h"

/* What a recorded file takes, roughly: its path, its identity and their bookkeeping. */
enum { SOURCE_SIZE = 192, FIRST_BUCKETS = 64 };

struct entry {
    atomic_uint references;
    const void *route;
    unsigned variant;
    uint64_t hash;
    struct entry *in_bucket;     /* the next of the same bucket */
    struct entry *newer, *older; /* in order of use */
    struct hob_response *response;
    struct hob_sources *sources;
    uint64_t cost_ns;
    size_t size; /* of everything that the entry holds */
    size_t body_size, directory_size;
    char key[]; /* the body, and behind it the directory */
};

struct hob_cache {
    pthread_mutex_t mutex;
    struct entry **buckets;
    size_t bucket_count; /* a power of two */
    struct entry *newest, *oldest;
    size_t entries, bytes, max_answer;
    atomic_size_t max_size; /* changed with the mutex */
    atomic_ullong hits, misses;
};

struct hob_cache *hob_cache_new(size_t max_size, size_t max_answer)
{
    struct hob_cache *cache = hob_alloc_zero(1, sizeof *cache);
    pthread_mutex_init(&cache->mutex, NULL);
    atomic_init(&cache->max_size, max_size);
    cache->max_answer = max_answer;
    cache->bucket_count = FIRST_BUCKETS;
    cache->buckets = hob_alloc_zero(FIRST_BUCKETS, sizeof(struct entry *));
    return cache;
}

static void unref_entry(struct entry *entry)
{
    if (atomic_fetch_sub_explicit(&entry->references, 1, memory_order_acq_rel) != 1)
        return;
    hob_response_unref(entry->response);
    hob_sources_free(entry->sources);
    free(entry);
}

static struct entry **bucket_of(struct hob_cache *cache, uint64_t hash)
{
    return &cache->buckets[hash & (cache->bucket_count - 1)];
}

static uint64_t hash_key(struct hob_cache_key key)
{
    uint64_t place = key.directory.size > 0 ? hob_text_hash(key.directory) : 0;
    return hob_text_hash(key.body) ^
           ((uint64_t)(uintptr_t)key.route + key.variant + place) * 0x9E3779B97F4A7C15U;
}

static bool is_key_of(const struct entry *entry, struct hob_cache_key key)
{
    struct hob_text body = {entry->key, entry->body_size};
    struct hob_text directory = {entry->key + entry->body_size, entry->directory_size};
    return entry->route == key.route && entry->variant == key.variant &&
           hob_text_equal(body, key.body) && hob_text_equal(directory, key.directory);
}

static struct entry *look_up(struct hob_cache *cache, struct hob_cache_key key, uint64_t hash)
{
    struct entry *entry = *bucket_of(cache, hash);
    while (entry != NULL && (entry->hash != hash || !is_key_of(entry, key)))
        entry = entry->in_bucket;
    return entry;
}

static void unlink_use(struct hob_cache *cache, struct entry *entry)
{
    *(entry->newer != NULL ? &entry->newer->older : &cache->newest) = entry->older;
    *(entry->older != NULL ? &entry->older->newer : &cache->oldest) = entry->newer;
}

static void link_newest(struct hob_cache *cache, struct entry *entry)
{
    entry->newer = NULL;
    entry->older = cache->newest;
    *(cache->newest != NULL ? &cache->newest->newer : &cache->oldest) = entry;
    cache->newest = entry;
}

/* Takes the entry out of table and list; the caller lets go of the table's reference. */
static void detach(struct hob_cache *cache, struct entry *entry)
{
    struct entry **link = bucket_of(cache, entry->hash);
    while (*link != entry)
        link = &(*link)->in_bucket;
    *link = entry->in_bucket;
    unlink_use(cache, entry);
    cache->entries--;
    cache->bytes -= entry->size;
}

struct hob_response *hob_cache_find(struct hob_cache *cache, struct hob_cache_key key,
                                    uint64_t *cost_ns)
{
    uint64_t hash = hash_key(key);
    *cost_ns = 0;
    pthread_mutex_lock(&cache->mutex);
    struct entry *entry = look_up(cache, key, hash);
    if (entry != NULL) {
        atomic_fetch_add_explicit(&entry->references, 1, memory_order_relaxed);
        if (entry != cache->newest) {
            unlink_use(cache, entry);
            link_newest(cache, entry);
        }
    }
    pthread_mutex_unlock(&cache->mutex);
    struct hob_response *response = NULL;
    if (entry != NULL) {
        *cost_ns = entry->cost_ns;
        if (hob_sources_unchanged(entry->sources))
            response = hob_response_ref(entry->response);
        unref_entry(entry);
    }
    atomic_fetch_add_explicit(response != NULL ? &cache->hits : &cache->misses, 1,
                              memory_order_relaxed);
    return response;
}

static struct entry *new_entry(struct hob_cache_key key, struct hob_response *response,
                               struct hob_sources *sources, uint64_t cost_ns)
{
    size_t key_size = key.body.size + key.directory.size;
    struct entry *entry = hob_try_alloc(1, sizeof *entry + key_size);
    if (entry == NULL)
        return NULL;
    *entry = (struct entry){
        .route = key.route,
        .variant = key.variant,
        .hash = hash_key(key),
        .response = hob_response_ref(response),
        .sources = sources,
        .cost_ns = cost_ns > 0 ? cost_ns : 1,
        .size = sizeof *entry + key_size + hob_response_size(response) +
                hob_sources_count(sources) * SOURCE_SIZE,
        .body_size = key.body.size,
        .directory_size = key.directory.size,
    };
    atomic_init(&entry->references, 1);
    if (key.body.size > 0)
        memcpy(entry->key, key.body.data, key.body.size);
    if (key.directory.size > 0)
        memcpy(entry->key + key.body.size, key.directory.data, key.directory.size);
    return entry;
}

/* Doubles the table when it is full; a table that cannot grow only gets slower. */
static void grow(struct hob_cache *cache)
{
    size_t count = cache->bucket_count * 2;
    struct entry **buckets =
        cache->entries < cache->bucket_count ? NULL : hob_try_alloc(count, sizeof(struct entry *));
    if (buckets == NULL)
        return;
    memset(buckets, 0, count * sizeof(struct entry *));
    free(cache->buckets);
    cache->buckets = buckets;
    cache->bucket_count = count;
    for (struct entry *entry = cache->newest; entry != NULL; entry = entry->older) {
        struct entry **bucket = bucket_of(cache, entry->hash);
        entry->in_bucket = *bucket;
        *bucket = entry;
    }
}

/* Removes the entry and puts it on a list of those to let go of without the mutex. */
static void discard(struct hob_cache *cache, struct entry *entry, struct entry **discarded)
{
    detach(cache, entry);
    entry->in_bucket = *discarded;
    *discarded = entry;
}

static void unref_list(struct entry *list)
{
    while (list != NULL) {
        struct entry *next = list->in_bucket;
        unref_entry(list);
        list = next;
    }
}

/* Lets the oldest go until `more` bytes fit, which are no more than the cache may hold. */
static void make_room(struct hob_cache *cache, size_t more, struct entry **discarded)
{
    while (cache->bytes + more > cache->max_size)
        discard(cache, cache->oldest, discarded);
}

/* Puts the entry in; false when it is larger than all that may be held. */
static bool insert(struct hob_cache *cache, struct hob_cache_key key, struct entry *entry,
                   struct entry **discarded)
{
    struct entry *old = look_up(cache, key, entry->hash);
    if (entry->size > cache->max_size)
        return false;
    if (old != NULL)
        discard(cache, old, discarded);
    make_room(cache, entry->size, discarded);
    grow(cache);
    struct entry **bucket = bucket_of(cache, entry->hash);
    entry->in_bucket = *bucket;
    *bucket = entry;
    link_newest(cache, entry);
    cache->entries++;
    cache->bytes += entry->size;
    return true;
}

void hob_cache_keep(struct hob_cache *cache, struct hob_cache_key key,
                    struct hob_response *response, struct hob_sources *sources, uint64_t cost_ns)
{
    struct entry *entry = hob_response_size(response) <= cache->max_answer
                              ? new_entry(key, response, sources, cost_ns)
                              : NULL;
    if (entry == NULL) {
        hob_sources_free(sources);
        return;
    }
    struct entry *discarded = NULL;
    pthread_mutex_lock(&cache->mutex);
    bool inserted = insert(cache, key, entry, &discarded);
    pthread_mutex_unlock(&cache->mutex);
    if (!inserted)
        unref_entry(entry);
    unref_list(discarded);
}

bool hob_cache_is_on(struct hob_cache *cache)
{
    return atomic_load_explicit(&cache->max_size, memory_order_relaxed) > 0;
}

void hob_cache_resize(struct hob_cache *cache, size_t max_size)
{
    struct entry *discarded = NULL;
    pthread_mutex_lock(&cache->mutex);
    cache->max_size = max_size;
    make_room(cache, 0, &discarded);
    pthread_mutex_unlock(&cache->mutex);
    unref_list(discarded);
}

void hob_cache_clear(struct hob_cache *cache)
{
    struct entry *discarded = NULL;
    pthread_mutex_lock(&cache->mutex);
    while (cache->oldest != NULL)
        discard(cache, cache->oldest, &discarded);
    pthread_mutex_unlock(&cache->mutex);
    unref_list(discarded);
}

struct hob_cache_counts hob_cache_count(struct hob_cache *cache)
{
    pthread_mutex_lock(&cache->mutex);
    struct hob_cache_counts counts = {
        .hits = atomic_load_explicit(&cache->hits, memory_order_relaxed),
        .misses = atomic_load_explicit(&cache->misses, memory_order_relaxed),
        .entries = cache->entries,
        .bytes = cache->bytes,
    };
    pthread_mutex_unlock(&cache->mutex);
    return counts;
}

struct hob_cache *hob_cache_free(struct hob_cache *cache)
{
    if (cache == NULL)
        return NULL;
    hob_cache_clear(cache);
    free(cache->buckets);
    pthread_mutex_destroy(&cache->mutex);
    free(cache);
    return NULL;
}
