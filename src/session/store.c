/* store: see store.h.
 *
 * Two kinds of locks: the store's, held for moments, guards the table of entries, their use counts
 * and ages, and the order of the journal; each entry's guards its session. The store's is taken
 * while an entry's is held, never the other way. An entry is freed when nobody uses it any more and
 * it was deleted: a delete never waits for an operation. */
#include "session/store_internal.h"

#include <stdio.h>
#include <string.h>
#include <sys/random.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/places.h"
#include "value/json.h"

enum {
    FEWEST_BUCKETS = 64,
    MOST_SESSIONS = 100000, /* unless the options say more */
};

static const size_t max_text_size = (size_t)64 << 20;
static const size_t most_memory = (size_t)1 << 30; /* unless the options say more */

static int no_memory(struct hob_error *error)
{
    return hob_error_set(error, HOB_E_MEMORY, "not enough memory for the session");
}

/* Takes the path, which may be NULL: whoever asks for sessions first may be elsewhere. */
static char *absolute(char *path, const char *place)
{
    HOB_AUTO(free) char *given = path;
    HOB_AUTO(buffer) struct hob_buffer whole = HOB_BUFFER_INIT;
    if (given == NULL || given[0] == '/')
        return HOB_STEAL(given);
    hob_buffer_printf(&whole, "%s/%s", place, given);
    return hob_copy_string(hob_buffer_string(&whole));
}

struct hob_store *hob_store_new(const struct hob_store_options *options)
{
    struct hob_store *store = hob_alloc_zero(1, sizeof *store);
    store->options = *options;
    store->place = getcwd(NULL, 0);
    if (store->place == NULL)
        store->place = hob_copy_string("");
    store->state = absolute(hob_places_state(options->state), store->place);
    store->options.state = NULL;
    store->bucket_count = FEWEST_BUCKETS;
    store->buckets = hob_alloc_zero(store->bucket_count, sizeof *store->buckets);
    pthread_mutex_init(&store->lock, NULL);
    hob_store_limit(store, options->max_sessions, options->max_memory);
    return store;
}

void hob_store_limit(struct hob_store *store, size_t max_sessions, size_t max_memory)
{
    pthread_mutex_lock(&store->lock);
    store->options.max_sessions = max_sessions != 0 ? max_sessions : MOST_SESSIONS;
    store->options.max_memory = max_memory != 0 ? max_memory : most_memory;
    pthread_mutex_unlock(&store->lock);
}

struct hob_store *hob_store_free(struct hob_store *store)
{
    if (store == NULL)
        return NULL;
    hob_journal_close(store->journal);
    for (struct entry *entry = store->newest, *older; entry != NULL; entry = older) {
        older = entry->older;
        store_free_entry(entry);
    }
    free(store->buckets);
    free(store->state);
    free(store->unkept);
    free(store->place);
    if (store->options.hold > 0)
        close(store->options.hold);
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

bool hob_store_settle(struct hob_store *store, uint64_t ticket)
{
    return ticket == 0 || store->journal == NULL || hob_journal_settle(store->journal, ticket);
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
    *timeout = (double)STORE_DEFAULT_TIMEOUT;
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
static char *request_text(const struct hob_value *parameters, const char *directory,
                          struct hob_error *error)
{
    static const char *const names[] = {"interface_file", "directory", "interface_field",
                                        "timeout"};
    HOB_AUTO(arena) struct hob_arena *arena = hob_arena_new();
    HOB_AUTO(buffer) struct hob_buffer text = HOB_BUFFER_INIT;
    struct hob_value *request = hob_value_new(arena, HOB_MAP);
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        const struct hob_value *value = hob_value_get(parameters, names[i]);
        if (!hob_value_is_null(value))
            hob_value_put_string(arena, request, names[i], value);
    }
    if (directory != NULL)
        hob_value_put_string(arena, request, STORE_DIRECTORY_KEY,
                             hob_value_new_string(arena, hob_text_from(directory)));
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
        made = store_journal_entry(entry, HOB_JOURNAL_CREATE);
        entry->failures = hob_journal_failures(store->journal);
        made->request = hob_copy_string(entry->request);
        made->sources = store_sources_text(entry);
        made->focus = store_focus_text(entry->session);
        made->awaited = true;
        made->shape = hob_copy_string(entry->shape);
        made->columns = hob_copy_string(entry->columns);
        entry->focus_moves = hob_session_focus_moves(entry->session);
    }
    pthread_mutex_lock(&store->lock);
    bool full = store->count >= store->options.max_sessions ||
                (store->journal == NULL && store->memory + entry->size > store->options.max_memory);
    if (!full) {
        store_add_entry(store, entry);
        store->memory += entry->size;
        *ticket = made != NULL ? hob_journal_put(store->journal, made) : 0;
    }
    pthread_mutex_unlock(&store->lock);
    if (!full)
        return 0;
    hob_journal_entry_free(made);
    return too_many(store, error);
}

/* A client that relies on a session is to know that it will not outlive the server. */
static void put_warning(struct hob_buffer *out, struct hob_store *store)
{
    HOB_AUTO(buffer) struct hob_buffer text = HOB_BUFFER_INIT;
    const char *reason = hob_store_unkept(store);
    if (reason == NULL)
        return;
    hob_buffer_printf(&text, "sessions are kept in memory only, and lost when the server ends: %s",
                      reason);
    hob_buffer_put_string(out, ",\"warning\":");
    hob_json_put_string(out, hob_buffer_text(&text), HOB_JSON_COMPACT);
}

int hob_store_create(struct hob_store *store, struct hob_store_call *call,
                     const struct hob_value *parameters, struct hob_error *error)
{
    if (!call->may_wait)
        return HOB_STORE_WOULD_WAIT;
    store_open_journal(store);
    char id[37];
    new_id(id);
    struct entry *entry = store_new_entry(id);
    HOB_AUTO(sources) struct hob_sources *sources = NULL;
    int result = read_timeout(&entry->timeout, parameters, error);
    if (result == 0)
        result =
            store_open_session(store, &entry->session, &sources, call->scope, parameters, error);
    if (result == 0) {
        store_keep_sources(entry, sources);
        entry->created = store_wall_time();
        entry->size = hob_session_size(entry->session);
        entry->directory = call->directory != NULL ? hob_copy_string(call->directory) : NULL;
        entry->request = request_text(parameters, call->directory, error);
        result = entry->request != NULL ? 0 : error->code;
    }
    if (result == 0) {
        entry->shape = store_shape_text(entry->session);
        entry->columns = store_columns_text(entry->session);
        result = entry->shape != NULL && entry->columns != NULL ? 0 : no_memory(error);
    }
    struct hob_buffer info = HOB_BUFFER_INIT;
    if (result == 0) {
        store_put_info(&info, entry, STORE_AT_SESSION);
        hob_buffer_put_char(&info, '}');
        result = hob_buffer_failed(&info) ? no_memory(error) : 0;
    }
    if (result == 0)
        result = publish(store, entry, &call->ticket, error);
    if (result == 0) {
        hob_buffer_put_string(call->out, ",\"session\":");
        hob_buffer_put_text(call->out, hob_buffer_text(&info));
        put_warning(call->out, store);
        store_shrink(store);
    } else {
        store_free_entry(entry);
    }
    hob_buffer_deinit(&info);
    return result;
}

/* ---- looking ---- */

int hob_store_directory(struct hob_store *store, bool may_wait, const char *id, char **directory)
{
    *directory = NULL;
    if (!store->opened && !may_wait)
        return HOB_STORE_WOULD_WAIT;
    store_open_journal(store);
    pthread_mutex_lock(&store->lock);
    const struct entry *entry = store_find_entry(store, id);
    if (entry != NULL && entry->directory != NULL)
        *directory = hob_copy_string(entry->directory);
    pthread_mutex_unlock(&store->lock);
    return 0;
}

size_t hob_store_count(struct hob_store *store)
{
    pthread_mutex_lock(&store->lock);
    size_t count = store->count;
    pthread_mutex_unlock(&store->lock);
    return count;
}

const char *hob_store_unkept(struct hob_store *store)
{
    return atomic_load(&store->opened) ? store->unkept : NULL;
}

bool hob_store_is_fleeting(struct hob_store *store)
{
    return atomic_load(&store->opened) && store->journal == NULL && hob_store_count(store) > 0;
}

int hob_store_delete(struct hob_store *store, struct hob_store_call *call, const char *id,
                     struct hob_error *error)
{
    if (!store->opened && !call->may_wait)
        return HOB_STORE_WOULD_WAIT;
    store_open_journal(store);
    pthread_mutex_lock(&store->lock);
    store_sweep(store);
    struct entry *entry = store_find_entry(store, id);
    if (entry != NULL) {
        if (store->journal != NULL) {
            struct hob_journal_entry *made = store_journal_entry(entry, HOB_JOURNAL_DELETE);
            made->awaited = true;
            call->ticket = hob_journal_put(store->journal, made);
        }
        entry->users++; /* what it holds is freed below, when others may use the store again */
        store_remove_entry(store, entry);
    }
    pthread_mutex_unlock(&store->lock);
    if (entry == NULL)
        return store_no_such_session(id, error);
    store_release(store, entry);
    hob_buffer_put_string(call->out, ",\"message\":\"Session ");
    hob_buffer_put_string(call->out, id);
    hob_buffer_put_string(call->out, " deleted\"");
    return 0;
}
