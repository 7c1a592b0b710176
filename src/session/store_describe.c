/* store_describe: what is said of sessions: one, or all, without waiting for their operations. */
#include "session/store_internal.h"

#include <string.h>

#include "base/clock.h"
#include "value/json.h"

static const size_t max_text_size = (size_t)64 << 20;

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

void store_put_info(struct hob_buffer *out, const struct entry *entry, enum store_look look)
{
    bool in_memory = look == STORE_AT_SESSION && entry->session != NULL;
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

void store_put_came_changed(struct hob_buffer *out, const struct entry *entry)
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
        store_put_info(out, entry, STORE_AT_SESSION);
        if (with_files && (entry->came_changed || store_any_source_changed(entry)))
            store_put_came_changed(out, entry);
        pthread_mutex_unlock(&entry->lock);
    } else {
        pthread_mutex_lock(&store->lock);
        store_put_info(out, entry, STORE_FROM_AFAR);
        pthread_mutex_unlock(&store->lock);
        hob_buffer_put_string(out, ",\"busy\":true");
    }
    hob_buffer_put_char(out, '}');
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
        return hob_error_set(error, HOB_E_MEMORY, "not enough memory for a list of the sessions");
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
