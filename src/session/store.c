/* store: see store.h.
 *
 * Two kinds of locks: the store's, held for moments, guards the table of entries, their use counts
 * and ages, and the order of the journal; each entry's guards its session. The store's is taken
 * while an entry's is held, never the other way. An entry is freed when nobody uses it any more and
 * it was deleted: a delete never waits for an operation. */
#include "session/store.h"

#include <errno.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>
#include <sys/random.h>
#include <time.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/log.h"
#include "value/json.h"

enum {
    FEWEST_BUCKETS = 64,
    SWEEP_SECONDS = 5,
    TOUCH_SECONDS = 20,
    ROWS_AT_ONCE = 20000, /* more cells than a thread that talks to clients may look at */
};

static const double default_timeout = 3600;
static const size_t max_text_size = (size_t)64 << 20;

/* A file that a session was made from, as it was. */
struct source {
    char *path;
    struct hob_file_identity identity;
};

struct entry {
    char id[37];
    uint64_t hash;
    struct entry *next;             /* in the bucket */
    struct entry *newer, *older;    /* by use */
    unsigned users;
    bool deleted;
    uint64_t used_ns;
    double created, touched;        /* wall time; `touched` is what the journal knows of the use */
    double timeout;                 /* 0: none */
    size_t size;                    /* of the session, as last measured */
    pthread_mutex_t lock;           /* guards what follows */
    char *request;                  /* JSON: the parameters of its creation */
    char *summary;                  /* JSON members, for while it is not in memory... */
    char *focus;                    /* ...and JSON */
    struct hob_session *session;    /* NULL: not in memory */
    struct source *sources;
    size_t source_count, source_capacity;
    struct hob_buffer log;          /* all records, where there is no journal */
};

struct hob_store {
    struct hob_store_options options;
    char *state; /* NULL: memory only */
    pthread_mutex_t lock;
    struct entry **buckets;
    size_t bucket_count, count;
    struct entry *newest, *oldest;
    size_t memory;
    uint64_t swept_ns;
    atomic_bool opened; /* the journal was looked for */
    struct hob_journal *journal;
};

static double wall_time(void)
{
    struct timespec now;
    clock_gettime(CLOCK_REALTIME, &now);
    return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}

static int no_memory(struct hob_error *error)
{
    return hob_error_set(error, HOB_E_MEMORY, "not enough memory for the session");
}

/* ---- where the state is ---- */

static char *join(const char *directory, const char *rest)
{
    size_t size = strlen(directory) + strlen(rest) + 1;
    char *path = hob_alloc(size);
    snprintf(path, size, "%s%s", directory, rest);
    return path;
}

static char *state_directory(const char *wanted)
{
    const char *home = getenv("HOME"), *state = getenv("XDG_STATE_HOME");
    if (wanted == NULL)
        wanted = getenv("HOB_STATE");
    if (wanted != NULL && wanted[0] != '\0')
        return strcmp(wanted, "none") == 0 ? NULL : hob_copy_string(wanted);
    if (state != NULL && state[0] == '/')
        return join(state, "/hob");
    return home != NULL && home[0] == '/' ? join(home, "/.local/state/hob") : NULL;
}

struct hob_store *hob_store_new(const struct hob_store_options *options)
{
    struct hob_store *store = hob_alloc_zero(1, sizeof *store);
    store->options = *options;
    if (store->options.max_sessions == 0)
        store->options.max_sessions = 100000;
    if (store->options.max_memory == 0)
        store->options.max_memory = (size_t)1 << 30;
    store->state = state_directory(options->state);
    store->options.state = NULL;
    store->bucket_count = FEWEST_BUCKETS;
    store->buckets = hob_alloc_zero(store->bucket_count, sizeof *store->buckets);
    pthread_mutex_init(&store->lock, NULL);
    return store;
}

/* ---- entries ---- */

static struct entry *new_entry(const char *id)
{
    struct entry *entry = hob_alloc_zero(1, sizeof *entry);
    snprintf(entry->id, sizeof entry->id, "%s", id);
    entry->hash = hob_text_hash(hob_text_from(entry->id));
    entry->used_ns = hob_clock_now();
    pthread_mutex_init(&entry->lock, NULL);
    return entry;
}

static void free_sources(struct entry *entry)
{
    for (size_t i = 0; i < entry->source_count; i++)
        free(entry->sources[i].path);
    free(entry->sources);
    entry->sources = NULL;
    entry->source_count = entry->source_capacity = 0;
}

static void free_entry(struct entry *entry)
{
    hob_session_free(entry->session);
    free_sources(entry);
    free(entry->request);
    free(entry->summary);
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

static void add_entry(struct hob_store *store, struct entry *entry)
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

static struct entry *find_entry(struct hob_store *store, const char *id)
{
    uint64_t hash = hob_text_hash(hob_text_from(id));
    struct entry *entry = store->buckets[hash & (store->bucket_count - 1)];
    while (entry != NULL && (entry->hash != hash || strcmp(entry->id, id) != 0))
        entry = entry->next;
    return entry;
}

/* Takes the entry out of the table; whoever uses it last frees it. With the store's lock held. */
static void remove_entry(struct hob_store *store, struct entry *entry)
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
        free_entry(entry);
}

static void release(struct hob_store *store, struct entry *entry)
{
    pthread_mutex_lock(&store->lock);
    if (--entry->users == 0 && entry->deleted)
        free_entry(entry);
    pthread_mutex_unlock(&store->lock);
}

static bool expired(const struct entry *entry, uint64_t now_ns)
{
    return entry->timeout > 0 && entry->users == 0 &&
           (double)(now_ns - entry->used_ns) / 1e9 > entry->timeout;
}

/* ---- the journal ---- */

static struct hob_journal_entry *journal_entry(const struct entry *entry,
                                               enum hob_journal_kind kind)
{
    struct hob_journal_entry *made = hob_alloc_zero(1, sizeof *made);
    made->kind = kind;
    memcpy(made->id, entry->id, sizeof made->id);
    made->created = entry->created;
    made->accessed = wall_time();
    return made;
}

/* Puts the entry, unless the session was deleted meanwhile; with the store's lock held. */
static uint64_t put_locked(struct hob_store *store, struct entry *entry,
                           struct hob_journal_entry *made)
{
    entry->touched = made->accessed;
    return hob_journal_put(store->journal, made);
}

static uint64_t put(struct hob_store *store, struct entry *entry, struct hob_journal_entry *made)
{
    uint64_t ticket = 0;
    pthread_mutex_lock(&store->lock);
    if (!entry->deleted)
        ticket = put_locked(store, entry, made);
    pthread_mutex_unlock(&store->lock);
    if (ticket == 0)
        hob_journal_entry_free(made);
    return ticket;
}

static char *sources_text(const struct entry *entry)
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

static void read_sources(struct entry *entry, const char *text)
{
    HOB_AUTO(arena) struct hob_arena *arena = hob_arena_new();
    const struct hob_value *list;
    if (text == NULL || hob_json_read(arena, hob_text_from(text), &list, NULL) != 0)
        return;
    for (uint32_t i = 0; hob_value_is(list, HOB_LIST) && i < list->list.count; i++) {
        const struct hob_value *item = list->list.items[i];
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

static void restore_entry(void *context, const struct hob_journal_session *stored)
{
    struct hob_store *store = context;
    double idle = wall_time() - stored->accessed;
    struct entry *entry = new_entry(stored->id);
    HOB_AUTO(arena) struct hob_arena *arena = hob_arena_new();
    const struct hob_value *request = NULL;
    hob_json_read(arena, hob_text_from(stored->request), &request, NULL);
    const struct hob_value *timeout = hob_value_get(request, "timeout");
    entry->timeout = timeout == NULL             ? default_timeout
                     : timeout->kind == HOB_INT    ? (double)timeout->integer
                     : timeout->kind == HOB_DOUBLE ? timeout->number
                                                   : default_timeout;
    entry->created = stored->created;
    entry->touched = stored->accessed;
    entry->request = hob_copy_string(stored->request);
    entry->summary = hob_copy_string(stored->summary);
    entry->focus = hob_copy_string(stored->focus);
    read_sources(entry, stored->sources);
    uint64_t idle_ns = idle > 0 ? (uint64_t)(idle * 1e9) : 0;
    entry->used_ns = entry->used_ns > idle_ns ? entry->used_ns - idle_ns : 0;
    add_entry(store, entry);
}

/* Looks for stored sessions, the first time that anybody asks for sessions at all. */
static void open_journal(struct hob_store *store)
{
    struct hob_error error = HOB_ERROR_INIT;
    if (atomic_load(&store->opened))
        return;
    pthread_mutex_lock(&store->lock);
    if (!store->opened && store->state != NULL) {
        HOB_AUTO(free) char *place = getcwd(NULL, 0);
        int code = hob_journal_open(&store->journal, store->state, place != NULL ? place : "",
                                    &error);
        if (code == 0)
            code = hob_journal_list(store->journal, restore_entry, store, &error);
        if (code != 0) {
            store->journal = hob_journal_close(store->journal);
            hob_log(HOB_LOG_WARNING, "sessions are kept in memory only", "directory", store->state,
                    "reason", error.message, NULL);
        }
    }
    store->opened = true;
    pthread_mutex_unlock(&store->lock);
}

struct hob_store *hob_store_free(struct hob_store *store)
{
    if (store == NULL)
        return NULL;
    hob_journal_close(store->journal);
    for (struct entry *entry = store->newest, *older; entry != NULL; entry = older) {
        older = entry->older;
        free_entry(entry);
    }
    free(store->buckets);
    free(store->state);
    pthread_mutex_destroy(&store->lock);
    free(store);
    return NULL;
}

void hob_store_flush(struct hob_store *store)
{
    if (atomic_load(&store->opened) && store->journal != NULL)
        hob_journal_flush(store->journal);
}

bool hob_store_when_safe(struct hob_store *store, struct hob_journal_wait *wait)
{
    return store->journal == NULL || hob_journal_when_safe(store->journal, wait);
}

/* ---- limits ---- */

/* Forgets sessions that nobody has used for longer than their timeout; with the lock held. */
static void sweep(struct hob_store *store)
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
            put_locked(store, entry, journal_entry(entry, HOB_JOURNAL_DELETE));
        remove_entry(store, entry);
    }
}

static char *focus_text(const struct hob_session *session)
{
    struct hob_buffer text = HOB_BUFFER_INIT;
    hob_session_put_focus(&text, session);
    return hob_buffer_steal(&text, NULL);
}

static char *summary_of(const struct hob_session *session)
{
    struct hob_buffer out = HOB_BUFFER_INIT;
    hob_buffer_put_string(&out, ",\"shape\":");
    hob_session_put_shape(&out, session);
    hob_buffer_put_string(&out, ",\"columns\":");
    hob_session_put_columns(&out, session);
    return hob_buffer_steal(&out, NULL);
}

/* Drops the session from memory; with both locks held. */
static void spill(struct hob_store *store, struct entry *entry)
{
    char *summary = summary_of(entry->session);
    if (summary == NULL)
        return;
    free(entry->summary);
    free(entry->focus);
    entry->summary = summary;
    entry->focus = focus_text(entry->session);
    entry->session = hob_session_free(entry->session);
    store->memory -= entry->size;
    entry->size = 0;
}

/* Makes room, the least recently used sessions first. */
static void shrink(struct hob_store *store, const struct entry *spared)
{
    pthread_mutex_lock(&store->lock);
    struct entry *entry = store->oldest;
    while (store->journal != NULL && entry != NULL && store->memory > store->options.max_memory) {
        struct entry *newer = entry->newer;
        if (entry != spared && entry->users == 0 && entry->size > 0 &&
            pthread_mutex_trylock(&entry->lock) == 0) {
            if (entry->session != NULL)
                spill(store, entry);
            pthread_mutex_unlock(&entry->lock);
        }
        entry = newer;
    }
    pthread_mutex_unlock(&store->lock);
}

/* Notes what the session takes, with its lock held; returns whether that is too much. */
static bool measure(struct hob_store *store, struct entry *entry)
{
    size_t size = entry->session != NULL ? hob_session_size(entry->session) : 0;
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

/* ---- making and loading ---- */

static int text_parameter(const struct hob_value *parameters, const char *name, const char **text,
                          struct hob_error *error)
{
    const struct hob_value *value = hob_value_get(parameters, name);
    if (hob_value_is_null(value))
        return 0;
    *text = hob_value_string(value);
    if (*text != NULL)
        return 0;
    return hob_error_set(error, HOB_E_PARAMETER, "the parameter '%s' must be a text, not a %s",
                         name, hob_value_kind_name(value));
}

static int read_request(struct hob_session_source *source, const struct hob_value *request,
                        struct hob_error *error)
{
    *source = (struct hob_session_source){0};
    int result = text_parameter(request, "interface_file", &source->interface_file, error);
    if (result == 0)
        result = text_parameter(request, "directory", &source->directory, error);
    if (result == 0)
        result = text_parameter(request, "interface_field", &source->interface_field, error);
    if (result == 0 && source->interface_file == NULL)
        return hob_error_set(error, HOB_E_PARAMETER, "Missing required parameter: interface_file");
    return result;
}

/* Opens the session of a request, and records its files in *sources. */
static int open_session(struct hob_session **session, struct hob_sources **sources,
                        const struct hob_scope *scope, const struct hob_value *request,
                        struct hob_error *error)
{
    struct hob_session_source source;
    HOB_AUTO(sources) struct hob_sources *record = hob_sources_new_complete();
    struct hob_scope recording = *scope;
    recording.sources = record;
    int result = read_request(&source, request, error);
    if (result == 0)
        result = hob_session_open(session, &recording, &source, error);
    if (result == 0)
        *sources = HOB_STEAL(record);
    return result;
}

static void keep_sources(struct entry *entry, const struct hob_sources *sources)
{
    free_sources(entry);
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

static bool source_changed(const struct source *source)
{
    struct hob_file_identity now = hob_file_identity_of(source->path);
    return !is_same(&source->identity, &now);
}

static bool any_source_changed(const struct entry *entry)
{
    for (size_t i = 0; i < entry->source_count; i++)
        if (source_changed(&entry->sources[i]))
            return true;
    return false;
}

struct replay {
    struct hob_session *session;
    size_t lost;
};

static int replay_records(void *context, struct hob_text records, struct hob_error *error)
{
    struct replay *replay = context;
    return hob_session_apply(replay->session, records, &replay->lost, error);
}

static int replay_edits(struct hob_store *store, struct entry *entry, struct hob_session *session,
                        struct hob_error *error)
{
    struct replay replay = {.session = session};
    int result = store->journal != NULL
                     ? hob_journal_edits(store->journal, entry->id, replay_records, &replay, error)
                     : replay_records(&replay, hob_buffer_text(&entry->log), error);
    if (replay.lost > 0)
        hob_log(HOB_LOG_WARNING, "edits of a session do not fit its files any more", "session",
                entry->id, NULL);
    return result;
}

/* Makes the session again from its files and the journal; with its lock held. */
static int load(struct hob_store *store, struct entry *entry, const struct hob_scope *scope,
                struct hob_error *error)
{
    HOB_AUTO(arena) struct hob_arena *arena = hob_arena_new();
    HOB_AUTO(session) struct hob_session *session = NULL;
    HOB_AUTO(sources) struct hob_sources *sources = NULL;
    const struct hob_value *request, *focus;
    int result = hob_json_read(arena, hob_text_from(entry->request), &request, error);
    if (result == 0)
        result = open_session(&session, &sources, scope, request, error);
    if (result == 0)
        result = replay_edits(store, entry, session, error);
    if (result < 0)
        return hob_error_context(error, "make the session again");
    if (entry->focus != NULL && hob_json_read(arena, hob_text_from(entry->focus), &focus, NULL) == 0)
        hob_session_set_focus(session, focus);
    entry->session = HOB_STEAL(session);
    return 0;
}

/* ---- using an entry ---- */

static int no_such_session(const char *id, struct hob_error *error)
{
    hob_error_set(error, HOB_E_NO_KEY, "Session not found: %.100s", id);
    hob_error_hint(error, "GET /api/sessions lists those that there are; sessions end when nobody "
                          "uses them for longer than their timeout");
    return HOB_E_NO_KEY;
}

/* Finds the entry and keeps it from being freed until release. */
static int acquire(struct hob_store *store, const char *id, struct entry **out,
                   struct hob_error *error)
{
    uint64_t now = hob_clock_now();
    pthread_mutex_lock(&store->lock);
    sweep(store);
    struct entry *entry = find_entry(store, id);
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
    return entry != NULL ? 0 : no_such_session(id, error);
}

/* Locks the entry and sees to it that its session is in memory. */
static int enter(struct hob_store *store, struct entry *entry, const struct hob_store_call *call,
                 struct hob_error *error)
{
    if (call->may_wait)
        pthread_mutex_lock(&entry->lock);
    else if (pthread_mutex_trylock(&entry->lock) != 0)
        return HOB_STORE_WOULD_WAIT;
    if (entry->session != NULL)
        return 0;
    int result = call->may_wait ? load(store, entry, call->scope, error) : HOB_STORE_WOULD_WAIT;
    if (result != 0)
        pthread_mutex_unlock(&entry->lock);
    return result;
}

static void leave(struct hob_store *store, struct entry *entry)
{
    bool over = measure(store, entry);
    pthread_mutex_unlock(&entry->lock);
    if (over)
        shrink(store, entry);
}

/* ---- answers ---- */

static void put_member(struct hob_buffer *out, const struct hob_value *request, const char *name,
                       const char *fallback)
{
    const struct hob_value *value = hob_value_get(request, name);
    hob_buffer_printf(out, ",\"%s\":", name);
    if (value == NULL || hob_json_write(out, value, HOB_JSON_COMPACT, max_text_size, NULL) != 0)
        hob_buffer_put_string(out, fallback);
}

/* The description of a session, with its lock held or from its summary. */
static void put_info(struct hob_buffer *out, const struct entry *entry, bool look_at_files)
{
    HOB_AUTO(arena) struct hob_arena *arena = hob_arena_new();
    const struct hob_value *request = NULL;
    double idle = (double)(hob_clock_now() - entry->used_ns) / 1e9, now = wall_time();
    hob_json_read(arena, hob_text_from(entry->request), &request, NULL);
    hob_buffer_printf(out, "{\"session_id\":\"%s\"", entry->id);
    put_member(out, request, "interface_file", "null");
    put_member(out, request, "directory", "\".\"");
    put_member(out, request, "interface_field", "null");
    if (entry->session != NULL) {
        hob_buffer_put_string(out, ",\"shape\":");
        hob_session_put_shape(out, entry->session);
        hob_buffer_put_string(out, ",\"columns\":");
        hob_session_put_columns(out, entry->session);
    } else {
        hob_buffer_put_string(out, entry->summary);
    }
    size_t size = entry->session != NULL ? hob_session_size(entry->session) : 0;
    hob_buffer_printf(out, ",\"memory_mb\":%.6f,\"created_time\":%.3f,\"last_accessed\":%.3f",
                      (double)size / 1048576, entry->created, now - idle);
    put_member(out, request, "timeout", "3600");
    hob_buffer_printf(out, ",\"age_seconds\":%.3f,\"idle_seconds\":%.3f", now - entry->created,
                      idle);
    if (look_at_files && any_source_changed(entry))
        hob_buffer_put_string(out, ",\"source_changed\":true");
    hob_buffer_put_char(out, '}');
}

/* ---- creating ---- */

static void new_id(char id[37])
{
    uint8_t bytes[16];
    for (size_t got = 0; got < sizeof bytes;) {
        ssize_t more = getrandom(bytes + got, sizeof bytes - got, 0);
        got += more > 0 ? (size_t)more : 0;
    }
    bytes[6] = (uint8_t)((bytes[6] & 0x0F) | 0x40);
    bytes[8] = (uint8_t)((bytes[8] & 0x3F) | 0x80);
    size_t at = 0;
    for (size_t i = 0; i < sizeof bytes; i++) {
        if (i == 4 || i == 6 || i == 8 || i == 10)
            id[at++] = '-';
        snprintf(id + at, 3, "%02x", bytes[i]);
        at += 2;
    }
}

static int read_timeout(double *timeout, const struct hob_value *parameters,
                        struct hob_error *error)
{
    const struct hob_value *value = hob_value_get(parameters, "timeout");
    *timeout = default_timeout;
    if (hob_value_is_null(value))
        return 0;
    if (value->kind == HOB_INT || value->kind == HOB_DOUBLE) {
        *timeout = value->kind == HOB_INT ? (double)value->integer : value->number;
        if (*timeout >= 0)
            return 0;
    }
    hob_error_set(error, HOB_E_PARAMETER, "'timeout' must be a number of seconds, not negative");
    hob_error_hint(error, "0 keeps the session until it is deleted");
    return HOB_E_PARAMETER;
}

/* What was asked for, without what a session does not know. */
static char *request_text(const struct hob_value *parameters, struct hob_error *error)
{
    static const char *const names[] = {"interface_file", "directory", "interface_field", "timeout"};
    HOB_AUTO(arena) struct hob_arena *arena = hob_arena_new();
    HOB_AUTO(buffer) struct hob_buffer text = HOB_BUFFER_INIT;
    struct hob_value *request = hob_value_new(arena, HOB_MAP);
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        const struct hob_value *value = hob_value_get(parameters, names[i]);
        if (!hob_value_is_null(value))
            hob_value_put_string(arena, request, names[i], value);
    }
    if (hob_json_write(&text, request, HOB_JSON_COMPACT, max_text_size, error) != 0)
        return NULL;
    char *copy = hob_buffer_steal(&text, NULL);
    if (copy == NULL)
        no_memory(error);
    return copy;
}

static int too_many(const struct hob_store *store, struct hob_error *error)
{
    hob_error_set(error, HOB_E_BUSY, "there are %zu sessions already, which is the limit",
                  store->count);
    hob_error_hint(error, "delete some, or give them shorter timeouts");
    return HOB_E_BUSY;
}

/* Puts the new entry into the table and the journal. */
static int publish(struct hob_store *store, struct entry *entry, uint64_t *ticket,
                   struct hob_error *error)
{
    struct hob_journal_entry *made = NULL;
    if (store->journal != NULL) {
        made = journal_entry(entry, HOB_JOURNAL_CREATE);
        made->request = hob_copy_string(entry->request);
        made->sources = sources_text(entry);
        made->focus = focus_text(entry->session);
        made->summary = summary_of(entry->session);
    }
    pthread_mutex_lock(&store->lock);
    bool full = store->count >= store->options.max_sessions ||
                (store->journal == NULL && store->memory + entry->size > store->options.max_memory);
    if (!full) {
        add_entry(store, entry);
        store->memory += entry->size;
        *ticket = made != NULL ? put_locked(store, entry, made) : 0;
    }
    pthread_mutex_unlock(&store->lock);
    if (!full)
        return 0;
    hob_journal_entry_free(made);
    return too_many(store, error);
}

int hob_store_create(struct hob_store *store, struct hob_store_call *call,
                     const struct hob_value *parameters, struct hob_error *error)
{
    if (!call->may_wait)
        return HOB_STORE_WOULD_WAIT;
    open_journal(store);
    char id[37];
    new_id(id);
    struct entry *entry = new_entry(id);
    HOB_AUTO(sources) struct hob_sources *sources = NULL;
    int result = read_timeout(&entry->timeout, parameters, error);
    if (result == 0)
        result = open_session(&entry->session, &sources, call->scope, parameters, error);
    if (result == 0) {
        keep_sources(entry, sources);
        entry->created = wall_time();
        entry->size = hob_session_size(entry->session);
        entry->request = request_text(parameters, error);
        result = entry->request != NULL ? 0 : error->code;
    }
    struct hob_buffer info = HOB_BUFFER_INIT;
    if (result == 0) {
        put_info(&info, entry, false);
        result = publish(store, entry, &call->ticket, error);
    }
    if (result == 0) {
        hob_buffer_put_string(call->out, ",\"session\":");
        hob_buffer_put_text(call->out, hob_buffer_text(&info));
        shrink(store, NULL);
    } else {
        free_entry(entry);
    }
    hob_buffer_deinit(&info);
    return result;
}

/* ---- looking ---- */

int hob_store_info(struct hob_store *store, struct hob_store_call *call, const char *id,
                   struct hob_error *error)
{
    struct entry *entry;
    if (!store->opened && !call->may_wait)
        return HOB_STORE_WOULD_WAIT;
    open_journal(store);
    int result = acquire(store, id, &entry, error);
    if (result < 0)
        return result;
    result = enter(store, entry, call, error);
    if (result == 0) {
        hob_buffer_put_string(call->out, ",\"session\":");
        put_info(call->out, entry, true);
        leave(store, entry);
    }
    release(store, entry);
    return result;
}

/* Entries that are being worked on are described as they were before. */
int hob_store_list(struct hob_store *store, struct hob_store_call *call, struct hob_error *error)
{
    struct hob_buffer *out = call->out;
    if (!call->may_wait)
        return HOB_STORE_WOULD_WAIT;
    open_journal(store);
    pthread_mutex_lock(&store->lock);
    sweep(store);
    size_t count = store->count;
    double memory = (double)store->memory / 1048576;
    struct entry **entries = hob_try_alloc(count + 1, sizeof *entries);
    size_t at = count;
    for (struct entry *entry = store->newest; entries != NULL && entry != NULL; entry = entry->older) {
        entry->users++;
        entries[--at] = entry;
    }
    pthread_mutex_unlock(&store->lock);
    if (entries == NULL)
        return no_memory(error);
    hob_buffer_put_string(out, ",\"sessions\":[");
    for (size_t i = 0; i < count; i++) {
        hob_buffer_put_string(out, i > 0 ? "," : "");
        pthread_mutex_lock(&entries[i]->lock);
        put_info(out, entries[i], false);
        pthread_mutex_unlock(&entries[i]->lock);
        release(store, entries[i]);
    }
    free(entries);
    hob_buffer_printf(out, "],\"total_sessions\":%zu,\"total_memory_mb\":%.6f", count, memory);
    return 0;
}

int hob_store_delete(struct hob_store *store, struct hob_store_call *call, const char *id,
                     struct hob_error *error)
{
    if (!store->opened && !call->may_wait)
        return HOB_STORE_WOULD_WAIT;
    open_journal(store);
    pthread_mutex_lock(&store->lock);
    sweep(store);
    struct entry *entry = find_entry(store, id);
    if (entry != NULL) {
        if (store->journal != NULL)
            call->ticket = put_locked(store, entry, journal_entry(entry, HOB_JOURNAL_DELETE));
        remove_entry(store, entry);
    }
    pthread_mutex_unlock(&store->lock);
    if (entry == NULL)
        return no_such_session(id, error);
    hob_buffer_put_string(call->out, ",\"message\":\"Session ");
    hob_buffer_put_string(call->out, id);
    hob_buffer_put_string(call->out, " deleted\"");
    return 0;
}

/* ---- operations ---- */

/* Hands what an operation did to the journal; with the entry's lock held. */
static void journal_effect(struct hob_store *store, struct entry *entry,
                           struct hob_store_call *call,
                           const struct hob_session_operation *operation)
{
    HOB_AUTO(buffer) struct hob_buffer records = HOB_BUFFER_INIT;
    bool edits = operation->effect == HOB_SESSION_EDITS;
    bool stale = wall_time() - entry->touched > TOUCH_SECONDS;
    if (edits)
        hob_session_take_records(entry->session, &records);
    if (store->journal == NULL) {
        hob_buffer_put_text(&entry->log, hob_buffer_text(&records));
        return;
    }
    struct hob_journal_entry *made;
    if (edits) {
        made = journal_entry(entry, HOB_JOURNAL_EDIT);
        made->records = hob_buffer_steal(&records, NULL);
        made->summary = operation->reshapes ? summary_of(entry->session) : NULL;
        call->ticket = put(store, entry, made);
    } else if (operation->effect == HOB_SESSION_MOVES) {
        made = journal_entry(entry, HOB_JOURNAL_FOCUS);
        made->focus = focus_text(entry->session);
        call->ticket = put(store, entry, made);
    } else if (stale) {
        put(store, entry, journal_entry(entry, HOB_JOURNAL_TOUCH));
    }
}

/* Saving changes files that the session was made from: those that only now differ are ours. */
static int save(struct hob_store *store, struct entry *entry, struct hob_store_call *call,
                const struct hob_session_operation *operation, const struct hob_value *parameters,
                struct hob_error *error)
{
    HOB_AUTO(free) bool *foreign = hob_alloc_zero(entry->source_count + 1, sizeof *foreign);
    for (size_t i = 0; i < entry->source_count; i++)
        foreign[i] = source_changed(&entry->sources[i]);
    int result = operation->run(entry->session, parameters, call->scope, call->out, error);
    for (size_t i = 0; i < entry->source_count; i++)
        if (!foreign[i])
            entry->sources[i].identity = hob_file_identity_of(entry->sources[i].path);
    HOB_AUTO(buffer) struct hob_buffer records = HOB_BUFFER_INIT;
    hob_session_take_records(entry->session, &records);
    if (store->journal == NULL) {
        hob_buffer_put_text(&entry->log, hob_buffer_text(&records));
        return result;
    }
    struct hob_journal_entry *made = journal_entry(entry, HOB_JOURNAL_SAVE);
    made->sources = sources_text(entry);
    made->records = hob_buffer_steal(&records, NULL);
    call->ticket = put(store, entry, made);
    return result;
}

static int reload(struct hob_store *store, struct entry *entry, struct hob_store_call *call,
                  const struct hob_value *parameters, struct hob_error *error)
{
    HOB_AUTO(arena) struct hob_arena *arena = hob_arena_new();
    HOB_AUTO(session) struct hob_session *session = NULL;
    HOB_AUTO(sources) struct hob_sources *sources = NULL;
    HOB_AUTO(buffer) struct hob_buffer focus = HOB_BUFFER_INIT;
    const struct hob_value *request, *stored;
    const struct hob_value *keep = hob_value_get(parameters, "keep");
    bool keeps = !hob_value_is(keep, HOB_BOOL) || keep->boolean;
    if (!hob_value_is_null(keep) && keep->kind != HOB_BOOL)
        return hob_error_set(error, HOB_E_PARAMETER, "'keep' must be true or false");
    int result = hob_json_read(arena, hob_text_from(entry->request), &request, error);
    if (result == 0)
        result = open_session(&session, &sources, call->scope, request, error);
    if (result == 0 && keeps)
        result = replay_edits(store, entry, session, error);
    if (result < 0)
        return hob_error_context(error, "reload the session");
    hob_session_put_focus(&focus, entry->session);
    if (hob_json_read(arena, hob_buffer_text(&focus), &stored, NULL) == 0)
        hob_session_set_focus(session, stored);
    hob_session_free(entry->session);
    entry->session = HOB_STEAL(session);
    keep_sources(entry, sources);
    if (!keeps)
        hob_buffer_clear(&entry->log);
    if (store->journal != NULL) {
        struct hob_journal_entry *made =
            journal_entry(entry, keeps ? HOB_JOURNAL_SAVE : HOB_JOURNAL_RESET);
        made->sources = sources_text(entry);
        made->focus = focus_text(entry->session);
        made->summary = summary_of(entry->session);
        call->ticket = put(store, entry, made);
    }
    hob_buffer_put_string(call->out, ",\"shape\":");
    hob_session_put_shape(call->out, entry->session);
    return 0;
}

static int run(struct hob_store *store, struct entry *entry, struct hob_store_call *call,
               const struct hob_session_operation *operation, const struct hob_value *parameters,
               struct hob_error *error)
{
    if (operation->effect == HOB_SESSION_RELOADS)
        return reload(store, entry, call, parameters, error);
    if (operation->effect == HOB_SESSION_SAVES)
        return save(store, entry, call, operation, parameters, error);
    if (!call->may_wait && operation->scans && hob_session_rows(entry->session) > ROWS_AT_ONCE)
        return HOB_STORE_WOULD_WAIT;
    int result = operation->run(entry->session, parameters, call->scope, call->out, error);
    if (result == 0)
        journal_effect(store, entry, call, operation);
    return result;
}

int hob_store_operate(struct hob_store *store, struct hob_store_call *call, const char *id,
                      const struct hob_session_operation *operation,
                      const struct hob_value *parameters, struct hob_error *error)
{
    struct entry *entry;
    bool slow = operation->effect == HOB_SESSION_SAVES || operation->effect == HOB_SESSION_RELOADS;
    if (!call->may_wait && (slow || !store->opened))
        return HOB_STORE_WOULD_WAIT;
    open_journal(store);
    int result = acquire(store, id, &entry, error);
    if (result < 0)
        return result;
    result = enter(store, entry, call, error);
    if (result == 0) {
        result = run(store, entry, call, operation, parameters, error);
        leave(store, entry);
    }
    release(store, entry);
    return result;
}
