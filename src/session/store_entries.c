/* store_entries: the table of sessions: by id, by use, and within the limits of memory and time.
 *
 * Everything here is done with the store's lock held, for moments. */
#include "session/hints.h"
#include "session/store_internal.h"

#include <stdio.h>

#include "base/clock.h"
#include "base/platform.h"

enum { SWEEP_SECONDS = 5, MUCH_MEMORY = 8 << 20 };

struct entry *store_new_entry(const char *id)
{
    struct entry *entry = hob_alloc_zero(1, sizeof *entry);
    snprintf(entry->id, sizeof entry->id, "%s", id);
    entry->hash = hob_text_hash(hob_text_from(entry->id));
    entry->used_ns = hob_clock_now();
    pthread_mutex_init(&entry->lock, NULL);
    return entry;
}

void store_free_entry(struct entry *entry)
{
    hob_session_free(entry->session);
    store_free_sources(entry);
    free(entry->directory);
    free(entry->request);
    free(entry->shape);
    free(entry->columns);
    free(entry->focus);
    hob_buffer_deinit(&entry->log);
    pthread_mutex_destroy(&entry->lock);
    free(entry);
}

static void link_newest(struct hob_store *store, struct entry *entry)
{
    entry->newer = NULL;
    entry->older = store->newest;
    if (store->newest != NULL)
        store->newest->newer = entry;
    store->newest = entry;
    if (store->oldest == NULL)
        store->oldest = entry;
}

static void unlink_entry(struct hob_store *store, struct entry *entry)
{
    *(entry->newer != NULL ? &entry->newer->older : &store->newest) = entry->older;
    *(entry->older != NULL ? &entry->older->newer : &store->oldest) = entry->newer;
}

static void grow_buckets(struct hob_store *store)
{
    size_t count = store->bucket_count * 2;
    struct entry **buckets = hob_alloc_zero(count, sizeof *buckets);
    for (struct entry *entry = store->newest; entry != NULL; entry = entry->older) {
        entry->next = buckets[entry->hash & (count - 1)];
        buckets[entry->hash & (count - 1)] = entry;
    }
    free(store->buckets);
    store->buckets = buckets;
    store->bucket_count = count;
}

void store_add_entry(struct hob_store *store, struct entry *entry)
{
    link_newest(store, entry);
    if (++store->count > store->bucket_count) {
        grow_buckets(store);
        return;
    }
    struct entry **bucket = &store->buckets[entry->hash & (store->bucket_count - 1)];
    entry->next = *bucket;
    *bucket = entry;
}

struct entry *store_find_entry(struct hob_store *store, const char *id)
{
    uint64_t hash = hob_text_hash(hob_text_from(id));
    struct entry *entry = store->buckets[hash & (store->bucket_count - 1)];
    while (entry != NULL && (entry->hash != hash || strcmp(entry->id, id) != 0))
        entry = entry->next;
    return entry;
}

/* Takes the entry out of the table; whoever uses it last frees it. With the store's lock held. */
void store_remove_entry(struct hob_store *store, struct entry *entry)
{
    struct entry **at = &store->buckets[entry->hash & (store->bucket_count - 1)];
    while (*at != entry)
        at = &(*at)->next;
    *at = entry->next;
    unlink_entry(store, entry);
    store->count--;
    store->memory -= entry->size;
    entry->deleted = true;
    if (entry->users == 0)
        store_free_entry(entry);
}

void store_release(struct hob_store *store, struct entry *entry)
{
    pthread_mutex_lock(&store->lock);
    bool last = --entry->users == 0 && entry->deleted;
    pthread_mutex_unlock(&store->lock);
    if (!last)
        return;
    size_t size = entry->size;
    store_free_entry(entry);
    if (size > MUCH_MEMORY)
        hob_platform_return_memory();
}

static bool expired(const struct entry *entry, uint64_t now_ns)
{
    /* Another thread may have used it after this one looked at the clock. */
    uint64_t used_ns = entry->used_ns;
    return entry->timeout > 0 && entry->users == 0 && used_ns < now_ns &&
           (double)(now_ns - used_ns) / 1e9 > entry->timeout;
}

/* Forgets sessions that nobody has used for longer than their timeout; with the lock held. */
void store_sweep(struct hob_store *store)
{
    uint64_t now = hob_clock_now();
    if (now - store->swept_ns < (uint64_t)SWEEP_SECONDS * 1000000000u)
        return;
    store->swept_ns = now;
    for (struct entry *entry = store->oldest, *newer; entry != NULL; entry = newer) {
        newer = entry->newer;
        if (!expired(entry, now))
            continue;
        if (store->journal != NULL)
            hob_journal_put(store->journal, store_journal_entry(entry, HOB_JOURNAL_DELETE));
        store_remove_entry(store, entry);
    }
}

/* Takes the session out of memory, for the caller to free; with both locks held. */
static struct hob_session *spill(struct hob_store *store, struct entry *entry)
{
    char *shape = store_shape_text(entry->session), *columns = store_columns_text(entry->session);
    char *focus = store_focus_text(entry->session);
    if (shape == NULL || columns == NULL || focus == NULL) {
        free(shape);
        free(columns);
        free(focus);
        return NULL;
    }
    free(entry->shape);
    free(entry->columns);
    free(entry->focus);
    entry->shape = shape;
    entry->columns = columns;
    entry->focus = focus;
    store->memory -= entry->size;
    entry->size = 0;
    return HOB_STEAL(entry->session);
}

/* Not while its edits may be in memory alone, because the disk refused some, or still may. */
static bool may_spill(struct hob_store *store, const struct entry *entry)
{
    if (entry->session == NULL || entry->edits == 0)
        return entry->session != NULL;
    if (!hob_journal_is_done(store->journal, entry->ticket)) {
        store->owes = true;
        return false;
    }
    return entry->failures == hob_journal_failures(store->journal);
}

/* Spills some, as few as are enough; with the store's lock held. */
static size_t spill_some(struct hob_store *store, struct hob_session **spilled, size_t most)
{
    size_t count = 0;
    struct entry *entry = store->oldest;
    while (count < most && entry != NULL && store->memory > store->options.max_memory) {
        struct entry *newer = entry->newer;
        if (entry->users == 0 && entry->size > 0 && pthread_mutex_trylock(&entry->lock) == 0) {
            struct hob_session *session = may_spill(store, entry) ? spill(store, entry) : NULL;
            if (session != NULL)
                spilled[count++] = session;
            pthread_mutex_unlock(&entry->lock);
        }
        entry = newer;
    }
    return count;
}

/* Makes room, the least recently used sessions first. To free a large one takes a while: that is
 * done when others may use the store again. */
void store_shrink(struct hob_store *store)
{
    enum { AT_ONCE = 32 };
    struct hob_session *spilled[AT_ONCE];
    size_t count = store->journal != NULL ? AT_ONCE : 0, freed = 0;
    while (count == AT_ONCE) {
        pthread_mutex_lock(&store->lock);
        freed += store->memory;
        count = spill_some(store, spilled, AT_ONCE);
        freed -= store->memory;
        pthread_mutex_unlock(&store->lock);
        for (size_t i = 0; i < count; i++)
            hob_session_free(spilled[i]);
    }
    if (freed > MUCH_MEMORY)
        hob_platform_return_memory();
}

void store_shrink_owed(void *context)
{
    struct hob_store *store = context;
    if (atomic_exchange(&store->owes, false))
        store_shrink(store);
}

void store_forget_refused(void *context, const char *id)
{
    struct hob_store *store = context;
    pthread_mutex_lock(&store->lock);
    struct entry *entry = store_find_entry(store, id);
    if (entry != NULL)
        store_remove_entry(store, entry);
    pthread_mutex_unlock(&store->lock);
}

size_t store_memory_limit(struct hob_store *store)
{
    pthread_mutex_lock(&store->lock);
    size_t limit = store->options.max_memory;
    pthread_mutex_unlock(&store->lock);
    return limit;
}

/* Notes what the session takes, with its lock held; returns whether that is too much. */
bool store_measure(struct hob_store *store, struct entry *entry)
{
    size_t size = entry->log.capacity;
    size += entry->session != NULL ? hob_session_size(entry->session) : 0;
    if (size == entry->size)
        return false;
    pthread_mutex_lock(&store->lock);
    if (!entry->deleted) {
        store->memory += size - entry->size;
        entry->size = size;
    }
    bool over = store->memory > store->options.max_memory;
    pthread_mutex_unlock(&store->lock);
    return over;
}

/* ---- using an entry ---- */

int store_no_such_session(const char *id, struct hob_error *error)
{
    hob_error_set(error, HOB_E_NO_KEY, "Session not found: %.100s", id);
    hob_session_hint(error, HOB_SESSION_HINT_SESSIONS);
    return HOB_E_NO_KEY;
}

/* Finds the entry and keeps it from being freed until release. */
int store_acquire(struct hob_store *store, const char *id, struct entry **out,
                  struct hob_error *error)
{
    uint64_t now = hob_clock_now();
    pthread_mutex_lock(&store->lock);
    store_sweep(store);
    struct entry *entry = store_find_entry(store, id);
    if (entry != NULL && expired(entry, now))
        entry = NULL;
    if (entry != NULL) {
        entry->users++;
        entry->used_ns = now;
        unlink_entry(store, entry);
        link_newest(store, entry);
    }
    pthread_mutex_unlock(&store->lock);
    *out = entry;
    return entry != NULL ? 0 : store_no_such_session(id, error);
}
