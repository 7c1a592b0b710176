/* store_restore: sessions and the journal: what is written down, and how sessions come back. */
#include "session/store_internal.h"

#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "base/clock.h"
#include "base/log.h"
#include "value/json.h"

enum {
    COMPACT_AT_LOAD = 10000, /* edits after which a snapshot takes their place */
    UNDO_SHARE = 4,          /* the part of the memory of sessions that the undo of one may take */
};

double store_wall_time(void)
{
    struct timespec now;
    clock_gettime(CLOCK_REALTIME, &now);
    return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}

char *store_focus_text(const struct hob_session *session)
{
    struct hob_buffer text = HOB_BUFFER_INIT;
    hob_session_put_focus(&text, session);
    return hob_buffer_steal(&text, NULL);
}

char *store_shape_text(const struct hob_session *session)
{
    struct hob_buffer text = HOB_BUFFER_INIT;
    hob_session_put_shape(&text, session);
    return hob_buffer_steal(&text, NULL);
}

char *store_columns_text(const struct hob_session *session)
{
    struct hob_buffer text = HOB_BUFFER_INIT;
    hob_session_put_column_places(&text, session);
    return hob_buffer_steal(&text, NULL);
}

/* Where the next line begins; *place is that of this one, SIZE_MAX behind the last. */
static const char *read_place(const char *line, size_t *place)
{
    *place = *line != '\0' ? (size_t)strtoull(line, NULL, 10) : SIZE_MAX;
    const char *end = line + strcspn(line, "\n");
    return *end == '\n' ? end + 1 : end;
}

/* Columns as they were stored, and those that are others since: both rise by place. */
static char *merge_columns(const char *stored, const char *changes)
{
    struct hob_buffer merged = HOB_BUFFER_INIT;
    while (*stored != '\0' || *changes != '\0') {
        size_t place, changed;
        const char *next = read_place(stored, &place);
        const char *next_change = read_place(changes, &changed);
        bool is_change = changed <= place;
        const char *line = is_change ? changes : stored;
        hob_buffer_put(&merged, line, (size_t)((is_change ? next_change : next) - line));
        stored = place <= changed ? next : stored;
        changes = is_change ? next_change : changes;
    }
    return hob_buffer_steal(&merged, NULL);
}

void store_keep_looks(struct hob_store *store, struct entry *entry, const char *changes)
{
    HOB_AUTO(free) char *shape = store_shape_text(entry->session);
    HOB_AUTO(free) char *names = NULL;
    char *old;
    const char *line_end = changes != NULL ? strchr(changes, '\n') : NULL;
    if (line_end != NULL && line_end[1] == '\0')
        names = merge_columns(entry->columns, changes);
    else if (changes == NULL || line_end != NULL)
        names = store_columns_text(entry->session);
    pthread_mutex_lock(&store->lock);
    if (shape != NULL) {
        old = entry->shape;
        entry->shape = HOB_STEAL(shape);
        shape = old;
    }
    if (names != NULL) {
        old = entry->columns;
        entry->columns = HOB_STEAL(names);
        names = old;
    }
    pthread_mutex_unlock(&store->lock);
}

struct hob_journal_entry *store_journal_entry(const struct entry *entry, enum hob_journal_kind kind)
{
    struct hob_journal_entry *made = hob_alloc_zero(1, sizeof *made);
    made->kind = kind;
    memcpy(made->id, entry->id, sizeof made->id);
    made->created = entry->created;
    made->accessed = store_wall_time();
    return made;
}

uint64_t store_put(struct hob_store *store, struct entry *entry, struct hob_journal_entry *made)
{
    uint64_t ticket = 0;
    if (made->records == NULL || made->focus != NULL || made->shape != NULL)
        entry->touched = made->accessed;
    pthread_mutex_lock(&store->lock);
    if (!entry->deleted)
        entry->ticket = ticket = hob_journal_put(store->journal, made);
    pthread_mutex_unlock(&store->lock);
    if (ticket == 0)
        hob_journal_entry_free(made);
    return ticket;
}

static void restore_entry(void *context, const struct hob_journal_session *stored)
{
    struct hob_store *store = context;
    double idle = store_wall_time() - stored->accessed;
    struct entry *entry = store_new_entry(stored->id);
    HOB_AUTO(arena) struct hob_arena *arena = hob_arena_new();
    const struct hob_value *request = NULL;
    hob_json_read(arena, hob_text_from(stored->request), &request, NULL);
    const struct hob_value *timeout = hob_value_get(request, "timeout");
    entry->timeout = timeout == NULL               ? (double)STORE_DEFAULT_TIMEOUT
                     : timeout->kind == HOB_INT    ? (double)timeout->integer
                     : timeout->kind == HOB_DOUBLE ? timeout->number
                                                   : (double)STORE_DEFAULT_TIMEOUT;
    const char *directory = hob_value_string(hob_value_get(request, STORE_DIRECTORY_KEY));
    entry->directory = directory != NULL ? hob_copy_string(directory) : NULL;
    entry->created = stored->created;
    entry->touched = stored->accessed;
    entry->request = hob_copy_string(stored->request);
    entry->shape = hob_copy_string(stored->shape);
    entry->columns = merge_columns(stored->columns, stored->changes);
    entry->focus = hob_copy_string(stored->focus);
    store_read_sources(entry, stored->sources);
    uint64_t idle_ns = idle > 0 ? (uint64_t)(idle * 1e9) : 0;
    entry->used_ns = entry->used_ns > idle_ns ? entry->used_ns - idle_ns : 0;
    store_add_entry(store, entry);
}

/* Waits until the server whose place this one takes has let go of the sessions. */
static void wait_for_predecessor(const struct hob_store *store)
{
    struct pollfd polled = {.fd = store->options.hold, .events = POLLIN};
    uint64_t started = hob_clock_now();
    double left = store->options.hold > 0 ? store->options.hold_ms : 0;
    while (left > 0 && poll(&polled, 1, (int)left) < 0 && errno == EINTR)
        left = store->options.hold_ms - hob_clock_milliseconds_since(started);
}

/* Looks for stored sessions, the first time that anybody asks for sessions at all. */
void store_open_journal(struct hob_store *store)
{
    struct hob_error error = HOB_ERROR_INIT;
    if (atomic_load(&store->opened))
        return;
    pthread_mutex_lock(&store->lock);
    if (!store->opened && store->state != NULL) {
        wait_for_predecessor(store);
        int code = hob_journal_open(&store->journal, store->state, store->place,
                                    store->options.durability, store->options.patience_ms, &error);
        if (code == 0)
            code = hob_journal_list(store->journal, restore_entry, store, &error);
        if (code == 0)
            hob_journal_on_batch(store->journal, store_shrink_owed, store_forget_refused, store);
        if (code != 0) {
            store->journal = hob_journal_close(store->journal);
            store->unkept = hob_copy_string(error.message);
            hob_log(HOB_LOG_WARNING, "sessions are kept in memory only", "directory", store->state,
                    "reason", error.message, NULL);
        }
    }
    store->opened = true;
    pthread_mutex_unlock(&store->lock);
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
int store_open_session(struct hob_store *store, struct hob_session **session,
                       struct hob_sources **sources, const struct hob_scope *scope,
                       const struct hob_value *request, struct hob_error *error)
{
    struct hob_session_source source;
    HOB_AUTO(sources) struct hob_sources *record = hob_sources_new_complete();
    struct hob_scope recording = *scope;
    recording.sources = record;
    int result = read_request(&source, request, error);
    if (result == 0)
        result = hob_session_open(session, &recording, &source, error);
    if (result < 0)
        return result;
    hob_session_limit_undo(*session, store_memory_limit(store) / UNDO_SHARE);
    *sources = HOB_STEAL(record);
    return 0;
}

/* Replaces all edits of the session by a snapshot; without memory for it they stay. */
uint64_t store_compact(struct hob_store *store, struct entry *entry, struct hob_session *session)
{
    struct hob_buffer records = HOB_BUFFER_INIT;
    hob_session_compact(session, &records);
    if (hob_buffer_failed(&records) || !hob_buffer_reserve(&records, 1)) {
        hob_buffer_deinit(&records);
        return 0;
    }
    /* Should the disk refuse this too, they are in memory alone. */
    entry->edits = records.size > 0 ? 1 : 0;
    if (store->journal == NULL) {
        char *fitting = realloc(records.data, records.size + 1);
        if (fitting != NULL) {
            records.data = fitting;
            records.capacity = records.size + 1;
        }
        hob_buffer_deinit(&entry->log);
        entry->log = records;
        entry->compacted_size = records.size;
        return 0;
    }
    struct hob_journal_entry *made = store_journal_entry(entry, HOB_JOURNAL_RESET);
    entry->failures = hob_journal_failures(store->journal);
    made->awaited = true;
    made->sources = store_sources_text(entry);
    made->focus = store_focus_text(session);
    made->shape = store_shape_text(session);
    made->columns = store_columns_text(session);
    made->records = hob_buffer_steal(&records, NULL);
    entry->focus_moves = hob_session_focus_moves(session);
    return store_put(store, entry, made);
}

struct replay {
    struct hob_session *session;
    size_t count, lost;
};

static int replay_records(void *context, struct hob_text records, struct hob_error *error)
{
    struct replay *replay = context;
    replay->count++;
    return hob_session_apply(replay->session, records, &replay->lost, error);
}

static int count_saves(void *context, struct hob_text records, struct hob_error *error)
{
    (void)error;
    *(size_t *)context += hob_session_count_saves(records);
    return 0;
}

static int visit_edits(struct hob_store *store, struct entry *entry,
                       int (*visit)(void *context, struct hob_text records,
                                    struct hob_error *error),
                       void *context, struct hob_error *error)
{
    if (store->journal != NULL)
        return hob_journal_edits(store->journal, entry->id, visit, context, error);
    return visit(context, hob_buffer_text(&entry->log), error);
}

int store_replay_edits(struct hob_store *store, struct entry *entry, struct hob_session *session,
                       size_t *lost, struct hob_error *error)
{
    struct replay replay = {.session = session};
    size_t saves = 0;
    int result = 0;
    /* What a killed save has written is numbered as the records are. */
    if (!entry->saving && store_any_source_changed(entry)) {
        result = visit_edits(store, entry, count_saves, &saves, error);
        hob_session_begin_foreign(session, saves);
    }
    if (result == 0)
        result = visit_edits(store, entry, replay_records, &replay, error);
    hob_session_end_foreign(session);
    hob_session_limit_undo(session, store_memory_limit(store) / UNDO_SHARE);
    if (replay.lost > 0)
        hob_log(HOB_LOG_WARNING, "edits of a session do not fit its files any more", "session",
                entry->id, NULL);
    *lost = replay.lost;
    entry->edits = replay.count;
    if (store->journal != NULL)
        entry->failures = hob_journal_failures(store->journal);
    return result;
}

/* The columns may stand at other places than the journal says: in other files, and after a snapshot
 * that left out columns which came and went. Changes would then be noted at the wrong ones. */
static void put_looks_right(struct hob_store *store, struct entry *entry)
{
    HOB_AUTO(free) char *shape = store_shape_text(entry->session);
    HOB_AUTO(free) char *columns = store_columns_text(entry->session);
    bool differs = shape != NULL && columns != NULL &&
                   (strcmp(shape, entry->shape) != 0 || strcmp(columns, entry->columns) != 0);
    if (!differs)
        return;
    if (store->journal != NULL) {
        struct hob_journal_entry *made = store_journal_entry(entry, HOB_JOURNAL_UPDATE);
        made->shape = HOB_STEAL(shape);
        made->columns = HOB_STEAL(columns);
        store_put(store, entry, made);
    }
    store_keep_looks(store, entry, NULL);
}

/* Makes the session again from its files and the journal; with its lock held. */
int store_load(struct hob_store *store, struct entry *entry, const struct hob_scope *scope,
               struct hob_error *error)
{
    HOB_AUTO(arena) struct hob_arena *arena = hob_arena_new();
    HOB_AUTO(session) struct hob_session *session = NULL;
    HOB_AUTO(sources) struct hob_sources *sources = NULL;
    const struct hob_value *request, *focus;
    size_t lost;
    int result = hob_json_read(arena, hob_text_from(entry->request), &request, error);
    if (result == 0)
        result = store_open_session(store, &session, &sources, scope, request, error);
    if (result == 0)
        result = store_replay_edits(store, entry, session, &lost, error);
    if (result < 0)
        return hob_error_context(error, "make the session again");
    if (entry->focus != NULL &&
        hob_json_read(arena, hob_text_from(entry->focus), &focus, NULL) == 0)
        hob_session_set_focus(session, focus);
    entry->session = HOB_STEAL(session);
    entry->focus_moves = hob_session_focus_moves(entry->session);
    entry->came_changed = store_any_source_changed(entry);
    entry->lost = lost;
    if (lost == 0 && entry->edits > COMPACT_AT_LOAD && !entry->came_changed)
        hob_store_settle(store, store_compact(store, entry, entry->session));
    else
        put_looks_right(store, entry);
    return 0;
}
