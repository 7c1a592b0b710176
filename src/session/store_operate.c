/* store_operate: an operation on a session, and what the journal and the memory have to know of it
 * afterwards. */
#include "session/store_internal.h"

#include "value/json.h"

enum {
    TOUCH_SECONDS = 20,
    COMPACT_EDITS = 100000, /* after which a snapshot takes their place */
    MOST_LOGGED = 16 << 20, /* bytes of edits in memory, beside twice what a snapshot takes */
    ROWS_AT_ONCE = 20000,   /* more cells than a thread that talks to clients may look at */
};

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
        store_keep_looks(store, entry, hob_buffer_string(&changes));
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
    uint64_t compacted =
        entry->edits > COMPACT_EDITS || gaps ? store_compact(store, entry, entry->session) : 0;
    call->ticket = compacted != 0 ? compacted : call->ticket;
}

static int refused(struct hob_error *error)
{
    hob_error_set(error, HOB_E_IO, "the disk refuses edits of the session that must be kept");
    hob_error_hint(error,
                   "look at the state directory (--state), and whether its disk is full; the "
                   "session is as it was");
    return HOB_E_IO;
}

/* A journal that lacks edits, because the disk refused them, is completed before it is read. */
static int complete_journal(struct hob_store *store, struct entry *entry, struct hob_error *error)
{
    if (store->journal == NULL || entry->failures == hob_journal_failures(store->journal))
        return 0;
    uint64_t ticket = store_compact(store, entry, entry->session);
    hob_journal_flush(store->journal);
    if (ticket != 0 && hob_store_settle(store, ticket))
        return 0;
    return refused(error);
}

/* Before files are replaced the journal has all that they will hold, and that it is this session
 * which replaces them: else a server that is killed meanwhile, or whose disk is full, would come
 * back with less than the files have, and save that. */
static int journal_save(struct hob_store *store, struct entry *entry, struct hob_error *error)
{
    if (store->journal == NULL)
        return 0;
    hob_journal_flush(store->journal);
    int result = complete_journal(store, entry, error);
    if (result < 0)
        return hob_error_context(error, "save the session");
    struct hob_journal_entry *made = store_journal_entry(entry, HOB_JOURNAL_UPDATE);
    bool was_saving = entry->saving;
    entry->saving = true;
    made->sources = store_sources_text(entry);
    entry->saving = was_saving;
    uint64_t ticket = store_put(store, entry, made);
    hob_journal_flush(store->journal);
    if (hob_store_settle(store, ticket))
        return 0;
    refused(error);
    return hob_error_context(error, "save the session");
}

/* What the files are now, and that they are saved. */
static void journal_saved(struct hob_store *store, struct entry *entry, struct hob_store_call *call,
                          bool all)
{
    if (store->journal == NULL) {
        log_records(store, entry);
        return;
    }
    /* Entries that were found in files which others changed have their numbers of these now. */
    if (all && hob_session_is_renumbered(entry->session)) {
        HOB_AUTO(buffer) struct hob_buffer taken = HOB_BUFFER_INIT;
        hob_session_take_records(entry->session, &taken);
        call->ticket = store_compact(store, entry, entry->session);
        if (call->ticket != 0)
            return;
    }
    HOB_AUTO(buffer) struct hob_buffer records = HOB_BUFFER_INIT;
    hob_session_take_records(entry->session, &records);
    struct hob_journal_entry *made = store_journal_entry(entry, HOB_JOURNAL_UPDATE);
    made->awaited = true;
    made->sources = store_sources_text(entry);
    made->records = hob_buffer_steal(&records, NULL);
    call->ticket = store_put(store, entry, made);
}

/* Saving changes files that the session was made from, but none that others changed meanwhile. */
static int save(struct hob_store *store, struct entry *entry, struct hob_store_call *call,
                const struct hob_session_operation *operation, const struct hob_value *parameters,
                struct hob_error *error)
{
    const struct hob_value *force = hob_value_get(parameters, "force");
    if (!hob_value_is_null(force) && force->kind != HOB_BOOL)
        return hob_error_set(error, HOB_E_PARAMETER, "'force' must be true or false");
    int result = journal_save(store, entry, error);
    if (result < 0)
        return result;
    HOB_AUTO(free) bool *foreign = hob_alloc_zero(entry->source_count + 1, sizeof *foreign);
    HOB_AUTO(free) bool *written = hob_alloc_zero(entry->source_count + 1, sizeof *written);
    struct store_saving saving = {.entry = entry, .written = written, .last = SIZE_MAX};
    saving.force = hob_value_is(force, HOB_BOOL) && force->boolean;
    for (size_t i = 0; i < entry->source_count; i++)
        foreign[i] = store_source_changed(&entry->sources[i]);
    struct hob_scope scope = *call->scope;
    scope.writing = store_writing;
    scope.writing_data = &saving;
    result = operation->run(entry->session, parameters, &scope, call->out, error);
    /* Nobody knows whether the file at which it failed was replaced: it is left in doubt. */
    if (result < 0 && saving.last != SIZE_MAX)
        written[saving.last] = false;
    store_refresh_sources(&saving, foreign);
    entry->saving &= result < 0;
    journal_saved(store, entry, call, result == 0);
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
    entry->saving = false;
    store_keep_sources(entry, sources);
    store_keep_looks(store, entry, NULL);
    if (!keeps)
        hob_buffer_clear(&entry->log);
    /* Edits that were found in files which others changed have other numbers there. */
    struct hob_journal_entry *made;
    if (keeps && hob_session_is_renumbered(entry->session)) {
        call->ticket = store_compact(store, entry, entry->session);
    } else if (store->journal != NULL) {
        made = store_journal_entry(entry, keeps ? HOB_JOURNAL_UPDATE : HOB_JOURNAL_RESET);
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

static bool is_over(struct hob_store *store, double *memory_mb, double *most_mb)
{
    pthread_mutex_lock(&store->lock);
    size_t memory = store->memory, most = store->options.max_memory;
    pthread_mutex_unlock(&store->lock);
    *memory_mb = (double)memory / 1048576;
    *most_mb = (double)most / 1048576;
    return memory > most;
}

/* Where nothing can be spilled, what there is must fit: before an edit is refused its session lets
 * go of edits that others have replaced, and of the way back. */
static int check_room(struct hob_store *store, struct entry *entry, struct hob_error *error)
{
    double memory, most;
    if (store->journal != NULL || !is_over(store, &memory, &most))
        return 0;
    if (entry->log.size > entry->compacted_size) {
        store_compact(store, entry, entry->session);
        store_measure(store, entry);
        if (!is_over(store, &memory, &most))
            return 0;
    }
    hob_error_set(error, HOB_E_BUSY, "sessions take %.1f MB of memory, and may take %.1f", memory,
                  most);
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
    int result = operation->effect == HOB_SESSION_EDITS ? check_room(store, entry, error) : 0;
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
            store_put_came_changed(call->out, entry);
        if (operation->effect != HOB_SESSION_READS && store_measure(store, entry))
            over = true;
        pthread_mutex_unlock(&entry->lock);
    }
    store_release(store, entry);
    if (over)
        store_shrink(store);
    return result;
}
