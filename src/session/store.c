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
    TOUCH_SECONDS = 20,
    MOST_SESSIONS = 100000, /* unless the options say more */
    COMPACT_EDITS = 100000, /* after which a snapshot takes their place */
    MOST_LOGGED = 16 << 20, /* bytes of edits in memory, beside twice what a snapshot takes */
    ROWS_AT_ONCE = 20000,   /* more cells than a thread that talks to clients may look at */
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

/* ---- using an entry ---- */

/* Locks the entry and sees to it that its session is in memory; *over says whether that made all
 * sessions take too much. */
static int enter(struct hob_store *store, struct entry *entry, const struct hob_store_call *call,
                 bool *over, struct hob_error *error)
{
    if (call->may_wait)
        pthread_mutex_lock(&entry->lock);
    else if (pthread_mutex_trylock(&entry->lock) != 0)
        return HOB_STORE_WOULD_WAIT;
    if (entry->session != NULL)
        return 0;
    int result =
        call->may_wait ? store_load(store, entry, call->scope, error) : HOB_STORE_WOULD_WAIT;
    if (result == 0)
        *over = store_measure(store, entry);
    else
        pthread_mutex_unlock(&entry->lock);
    return result;
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

/* The names in lines of columns, as a list. */
static void put_names(struct hob_buffer *out, const char *columns)
{
    hob_buffer_put_string(out, ",\"columns\":[");
    const char *separator = "";
    for (const char *line = columns; *line != '\0';) {
        const char *name = line + strcspn(line, " ");
        name += *name == ' ';
        size_t size = strcspn(name, "\n");
        bool is_there = !hob_text_is((struct hob_text){name, size}, "null");
        if (is_there) {
            hob_buffer_put_string(out, separator);
            hob_buffer_put(out, name, size);
            separator = ",";
        }
        line = name + size + (name[size] == '\n');
    }
    hob_buffer_put_char(out, ']');
}

enum look {
    LOOK_FROM_AFAR, /* as it last was; with the store's lock held */
    LOOK_AT_SESSION /* with its own lock held */
};

/* The description of a session, but for the end. */
static void put_info(struct hob_buffer *out, const struct entry *entry, enum look look)
{
    bool in_memory = look == LOOK_AT_SESSION && entry->session != NULL;
    HOB_AUTO(arena) struct hob_arena *arena = hob_arena_new();
    const struct hob_value *request = NULL;
    uint64_t used_ns = entry->used_ns;
    double idle = (double)(hob_clock_now() - used_ns) / 1e9, now = store_wall_time();
    if (hob_json_read(arena, hob_text_from(entry->request), &request, NULL) != 0)
        out->failed = true; /* there was no memory: hob wrote that text */
    hob_buffer_printf(out, "{\"session_id\":\"%s\"", entry->id);
    put_member(out, request, "interface_file", "null");
    put_member(out, request, "directory", "\".\"");
    put_member(out, request, "interface_field", "null");
    hob_buffer_put_string(out, ",\"shape\":");
    if (in_memory) {
        hob_session_put_shape(out, entry->session);
        hob_buffer_put_string(out, ",\"columns\":");
        hob_session_put_columns(out, entry->session);
    } else {
        hob_buffer_put_string(out, entry->shape);
        put_names(out, entry->columns);
    }
    size_t size = in_memory ? hob_session_size(entry->session) : entry->size;
    hob_buffer_printf(out, ",\"memory_mb\":%.6f,\"created_time\":%.3f,\"last_accessed\":%.3f",
                      (double)size / 1048576, entry->created, now - idle);
    put_member(out, request, "timeout", "3600");
    hob_buffer_printf(out, ",\"age_seconds\":%.3f,\"idle_seconds\":%.3f", now - entry->created,
                      idle);
}

/* That the cells which nobody edited may be others than they were; with the entry's lock held. */
static void put_came_changed(struct hob_buffer *out, const struct entry *entry)
{
    hob_buffer_put_string(out, ",\"source_changed\":true");
    if (entry->lost > 0)
        hob_buffer_printf(out, ",\"edits_lost\":%zu", entry->lost);
}

/* Describes a session without waiting for an operation: one that is being worked on as its last
 * operation that changed rows or columns left it. */
static void put_described(struct hob_store *store, struct hob_buffer *out, struct entry *entry,
                          bool with_files)
{
    if (pthread_mutex_trylock(&entry->lock) == 0) {
        put_info(out, entry, LOOK_AT_SESSION);
        if (with_files && (entry->came_changed || store_any_source_changed(entry)))
            put_came_changed(out, entry);
        pthread_mutex_unlock(&entry->lock);
    } else {
        pthread_mutex_lock(&store->lock);
        put_info(out, entry, LOOK_FROM_AFAR);
        pthread_mutex_unlock(&store->lock);
        hob_buffer_put_string(out, ",\"busy\":true");
    }
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
        put_info(&info, entry, LOOK_AT_SESSION);
        hob_buffer_put_char(&info, '}');
        result = hob_buffer_failed(&info) ? no_memory(error) : 0;
    }
    if (result == 0)
        result = publish(store, entry, &call->ticket, error);
    if (result == 0) {
        hob_buffer_put_string(call->out, ",\"session\":");
        hob_buffer_put_text(call->out, hob_buffer_text(&info));
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

bool hob_store_is_fleeting(struct hob_store *store)
{
    return atomic_load(&store->opened) && store->journal == NULL && hob_store_count(store) > 0;
}

int hob_store_info(struct hob_store *store, struct hob_store_call *call, const char *id,
                   struct hob_error *error)
{
    struct entry *entry;
    if (!store->opened && !call->may_wait)
        return HOB_STORE_WOULD_WAIT;
    store_open_journal(store);
    int result = store_acquire(store, id, &entry, error);
    if (result < 0)
        return result;
    hob_buffer_put_string(call->out, ",\"session\":");
    put_described(store, call->out, entry, true);
    store_release(store, entry);
    return 0;
}

int hob_store_list(struct hob_store *store, struct hob_store_call *call, struct hob_error *error)
{
    struct hob_buffer *out = call->out;
    if (!call->may_wait)
        return HOB_STORE_WOULD_WAIT;
    store_open_journal(store);
    pthread_mutex_lock(&store->lock);
    store_sweep(store);
    size_t count = store->count;
    double memory = (double)store->memory / 1048576;
    struct entry **entries = hob_try_alloc(count + 1, sizeof *entries);
    size_t at = count;
    for (struct entry *entry = store->newest; entries != NULL && entry != NULL;
         entry = entry->older) {
        entry->users++;
        entries[--at] = entry;
    }
    pthread_mutex_unlock(&store->lock);
    if (entries == NULL)
        return no_memory(error);
    hob_buffer_put_string(out, ",\"sessions\":[");
    for (size_t i = 0; i < count; i++) {
        hob_buffer_put_string(out, i > 0 ? "," : "");
        put_described(store, out, entries[i], false);
        store_release(store, entries[i]);
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

/* ---- operations ---- */

/* Keeps the records of an edit where there is no journal. */
static void log_records(struct hob_store *store, struct entry *entry)
{
    HOB_AUTO(buffer) struct hob_buffer records = HOB_BUFFER_INIT;
    hob_session_take_records(entry->session, &records);
    hob_buffer_put_text(&entry->log, hob_buffer_text(&records));
    /* Edits that replace each other are in the log all the same. */
    if (entry->log.size > entry->compacted_size * 2 + MOST_LOGGED || hob_buffer_failed(&entry->log))
        store_compact(store, entry, entry->session);
}

/* What of it the journal has to know: NULL for nothing. */
static struct hob_journal_entry *describe_effect(struct entry *entry, struct hob_buffer *changes,
                                                 const struct hob_session_operation *operation)
{
    HOB_AUTO(buffer) struct hob_buffer records = HOB_BUFFER_INIT;
    bool moved = entry->focus_moves != hob_session_focus_moves(entry->session);
    bool stale = store_wall_time() - entry->touched > TOUCH_SECONDS;
    hob_session_take_records(entry->session, &records);
    if (records.size == 0 && !moved && !stale)
        return NULL;
    struct hob_journal_entry *made = store_journal_entry(entry, HOB_JOURNAL_UPDATE);
    made->awaited = records.size > 0 || moved;
    if (records.size > 0) {
        entry->edits++;
        made->records = hob_buffer_steal(&records, NULL);
        made->shape = operation->reshapes ? store_shape_text(entry->session) : NULL;
        made->changes = changes->size > 0 ? hob_buffer_steal(changes, NULL) : NULL;
    }
    if (moved || stale)
        made->focus = store_focus_text(entry->session);
    entry->focus_moves = hob_session_focus_moves(entry->session);
    return made;
}

/* Hands what an operation did to the journal; with the entry's lock held. */
static void journal_effect(struct hob_store *store, struct entry *entry,
                           struct hob_store_call *call,
                           const struct hob_session_operation *operation)
{
    HOB_AUTO(buffer) struct hob_buffer changes = HOB_BUFFER_INIT;
    hob_session_take_column_changes(entry->session, &changes);
    if (operation->reshapes)
        store_keep_looks(store, entry, changes.size > 0);
    if (store->journal == NULL) {
        log_records(store, entry);
        return;
    }
    struct hob_journal_entry *made = describe_effect(entry, &changes, operation);
    if (made == NULL)
        return;
    bool edits = made->records != NULL, awaited = made->awaited;
    uint64_t ticket = store_put(store, entry, made);
    call->ticket = awaited ? ticket : 0;
    /* Edits that the disk refused are in the session, but not in the journal. */
    bool gaps = edits && entry->failures != hob_journal_failures(store->journal);
    if (entry->edits > COMPACT_EDITS || gaps)
        call->ticket = store_compact(store, entry, entry->session);
}

/* Saving changes files that the session was made from, but none that others changed meanwhile. */
static int save(struct hob_store *store, struct entry *entry, struct hob_store_call *call,
                const struct hob_session_operation *operation, const struct hob_value *parameters,
                struct hob_error *error)
{
    const struct hob_value *force = hob_value_get(parameters, "force");
    if (!hob_value_is_null(force) && force->kind != HOB_BOOL)
        return hob_error_set(error, HOB_E_PARAMETER, "'force' must be true or false");
    HOB_AUTO(free) bool *foreign = hob_alloc_zero(entry->source_count + 1, sizeof *foreign);
    HOB_AUTO(free) bool *written = hob_alloc_zero(entry->source_count + 1, sizeof *written);
    struct store_saving saving = {.entry = entry, .written = written, .last = SIZE_MAX};
    saving.force = hob_value_is(force, HOB_BOOL) && force->boolean;
    for (size_t i = 0; i < entry->source_count; i++)
        foreign[i] = store_source_changed(&entry->sources[i]);
    struct hob_scope scope = *call->scope;
    scope.writing = store_writing;
    scope.writing_data = &saving;
    int result = operation->run(entry->session, parameters, &scope, call->out, error);
    /* Nobody knows whether the file at which it failed was replaced: it is left in doubt. */
    if (result < 0 && saving.last != SIZE_MAX)
        written[saving.last] = false;
    store_refresh_sources(&saving, foreign);
    if (store->journal == NULL) {
        log_records(store, entry);
        return result;
    }
    HOB_AUTO(buffer) struct hob_buffer records = HOB_BUFFER_INIT;
    hob_session_take_records(entry->session, &records);
    struct hob_journal_entry *made = store_journal_entry(entry, HOB_JOURNAL_UPDATE);
    made->awaited = true;
    made->sources = store_sources_text(entry);
    made->records = hob_buffer_steal(&records, NULL);
    call->ticket = store_put(store, entry, made);
    return result;
}

/* A journal that lacks edits, because the disk refused them, is completed before it is read. */
static int complete_journal(struct hob_store *store, struct entry *entry, struct hob_error *error)
{
    if (store->journal == NULL || entry->failures == hob_journal_failures(store->journal))
        return 0;
    uint64_t ticket = store_compact(store, entry, entry->session);
    hob_journal_flush(store->journal);
    if (hob_store_settle(store, ticket))
        return 0;
    hob_error_set(error, HOB_E_IO, "the disk refuses edits of the session that must be kept");
    hob_error_hint(error, "free some disk space; the session is as it was");
    return HOB_E_IO;
}

static int reload(struct hob_store *store, struct entry *entry, struct hob_store_call *call,
                  const struct hob_value *parameters, struct hob_error *error)
{
    HOB_AUTO(arena) struct hob_arena *arena = hob_arena_new();
    HOB_AUTO(session) struct hob_session *session = NULL;
    HOB_AUTO(sources) struct hob_sources *sources = NULL;
    HOB_AUTO(buffer) struct hob_buffer focus = HOB_BUFFER_INIT;
    const struct hob_value *request, *stored;
    size_t lost = 0;
    const struct hob_value *keep = hob_value_get(parameters, "keep");
    bool keeps = !hob_value_is(keep, HOB_BOOL) || keep->boolean;
    if (!hob_value_is_null(keep) && keep->kind != HOB_BOOL)
        return hob_error_set(error, HOB_E_PARAMETER, "'keep' must be true or false");
    int result = keeps ? complete_journal(store, entry, error) : 0;
    if (result == 0)
        result = hob_json_read(arena, hob_text_from(entry->request), &request, error);
    if (result == 0)
        result = store_open_session(store, &session, &sources, call->scope, request, error);
    if (result == 0 && keeps)
        result = store_replay_edits(store, entry, session, &lost, error);
    if (result < 0)
        return hob_error_context(error, "reload the session");
    hob_session_put_focus(&focus, entry->session);
    if (hob_json_read(arena, hob_buffer_text(&focus), &stored, NULL) == 0)
        hob_session_set_focus(session, stored);
    hob_session_free(entry->session);
    entry->session = HOB_STEAL(session);
    entry->focus_moves = hob_session_focus_moves(entry->session);
    entry->came_changed = false;
    entry->lost = 0;
    store_keep_sources(entry, sources);
    store_keep_looks(store, entry, true);
    if (!keeps)
        hob_buffer_clear(&entry->log);
    if (store->journal != NULL) {
        struct hob_journal_entry *made =
            store_journal_entry(entry, keeps ? HOB_JOURNAL_UPDATE : HOB_JOURNAL_RESET);
        made->awaited = true;
        made->sources = store_sources_text(entry);
        made->focus = store_focus_text(entry->session);
        made->shape = store_shape_text(entry->session);
        made->columns = store_columns_text(entry->session);
        call->ticket = store_put(store, entry, made);
    }
    hob_buffer_put_string(call->out, ",\"shape\":");
    hob_session_put_shape(call->out, entry->session);
    if (lost > 0)
        hob_buffer_printf(call->out, ",\"edits_lost\":%zu", lost);
    return 0;
}

/* Where nothing can be spilled, what there is must fit. */
static int check_room(struct hob_store *store, struct hob_error *error)
{
    if (store->journal != NULL)
        return 0;
    pthread_mutex_lock(&store->lock);
    size_t memory = store->memory, most = store->options.max_memory;
    pthread_mutex_unlock(&store->lock);
    if (memory <= most)
        return 0;
    hob_error_set(error, HOB_E_BUSY, "sessions take %.1f MB of memory, and may take %.1f",
                  (double)memory / 1048576, (double)most / 1048576);
    hob_error_hint(error, "delete some; with a state directory (--state) those that nobody uses "
                          "would wait on the disk");
    return HOB_E_BUSY;
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
    int result = operation->effect == HOB_SESSION_EDITS ? check_room(store, error) : 0;
    if (result == 0)
        result = operation->run(entry->session, parameters, call->scope, call->out, error);
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
    store_open_journal(store);
    int result = store_acquire(store, id, &entry, error);
    if (result < 0)
        return result;
    bool over = false;
    result = enter(store, entry, call, &over, error);
    if (result == 0) {
        result = run(store, entry, call, operation, parameters, error);
        if (result == 0 && entry->came_changed)
            put_came_changed(call->out, entry);
        if (operation->effect != HOB_SESSION_READS && store_measure(store, entry))
            over = true;
        pthread_mutex_unlock(&entry->lock);
    }
    store_release(store, entry);
    if (over)
        store_shrink(store);
    return result;
}
