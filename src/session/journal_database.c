/* journal_database: see journal_database.h; the only file that knows SQLite.
 *
 * Two connections: one for who writes, one for who reads. A transaction in WAL mode is in the
 * system's hands when it is committed. SQLite is asked for the flush to the disk itself, through
 * its own handle of the log: to open that file a second time, and close it, would drop SQLite's
 * locks.
 *
 * Small pages: an edit of a few bytes is written, and flushed, as the whole page that it is on. */
#include "session/journal_database.h"

#include <pthread.h>
#include <sqlite3.h>
#include <stdlib.h>
#include <string.h>

enum { SCHEMA_VERSION = 2, BUSY_MS = 10000 };

enum statement {
    BEGIN,
    COMMIT,
    ROLLBACK,
    CREATE,
    UPDATE,
    EDIT,
    COLUMN,
    DELETE,
    FORGET_EDITS,
    FORGET_COLUMNS,
    STATEMENTS
};

static const char *const statements[STATEMENTS] = {
    [BEGIN] = "BEGIN IMMEDIATE",
    [COMMIT] = "COMMIT",
    [ROLLBACK] = "ROLLBACK",
    [CREATE] = "INSERT INTO sessions(id, place, request, sources, focus, shape, columns, created,"
               " accessed) VALUES(?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9)",
    [UPDATE] = "UPDATE sessions SET sources = coalesce(?2, sources), focus = coalesce(?3, focus),"
               " shape = coalesce(?4, shape), columns = coalesce(?5, columns), accessed = ?6"
               " WHERE id = ?1",
    [EDIT] = "INSERT INTO edits(session, seq, records) SELECT ?1, ?2, ?3"
             " WHERE EXISTS(SELECT 1 FROM sessions WHERE id = ?1)",
    [COLUMN] = "INSERT OR REPLACE INTO columns(session, position, name) VALUES(?1, ?2, ?3)",
    [DELETE] = "DELETE FROM sessions WHERE id = ?1",
    [FORGET_EDITS] = "DELETE FROM edits WHERE session = ?1",
    [FORGET_COLUMNS] = "DELETE FROM columns WHERE session = ?1",
};

static const char sessions_schema[] =
    "CREATE TABLE IF NOT EXISTS sessions(id TEXT PRIMARY KEY, place TEXT NOT NULL,"
    " request TEXT NOT NULL, sources TEXT NOT NULL, focus TEXT NOT NULL, columns TEXT NOT NULL,"
    " created REAL NOT NULL, accessed REAL NOT NULL, shape TEXT NOT NULL);"
    "CREATE TABLE IF NOT EXISTS edits(session TEXT NOT NULL, seq INTEGER NOT NULL,"
    " records TEXT NOT NULL, PRIMARY KEY(session, seq)) WITHOUT ROWID;";

/* Version 1 had shape and columns as members of JSON in `summary`. */
static const char from_version_1[] =
    "ALTER TABLE sessions RENAME COLUMN summary TO columns;"
    "ALTER TABLE sessions ADD COLUMN shape TEXT NOT NULL DEFAULT '[0,0]';"
    "UPDATE sessions SET columns = '{' || substr(columns, 2) || '}';"
    "UPDATE sessions SET columns = '{}' WHERE NOT json_valid(columns);"
    "UPDATE sessions SET shape = coalesce(json_extract(columns, '$.shape'), '[0,0]'),"
    " columns = (SELECT coalesce(group_concat(key || ' ' || json_quote(value) || char(10), ''), '')"
    " FROM json_each(sessions.columns, '$.columns'));";

static const char columns_schema[] =
    "CREATE TABLE IF NOT EXISTS columns(session TEXT NOT NULL, position INTEGER NOT NULL,"
    " name TEXT NOT NULL, PRIMARY KEY(session, position)) WITHOUT ROWID;";

struct session_database {
    char *place;
    sqlite3 *writer;
    sqlite3_stmt *prepared[STATEMENTS];
    size_t page_size, log_pages;
    bool lacks_session; /* which the last statement was to change */
    sqlite3 *reader;
    pthread_mutex_t reading; /* guards the reader */
};

static int failed(sqlite3 *handle, const char *doing, struct hob_error *error)
{
    hob_error_set(error, HOB_E_IO, "cannot %s: %s", doing, sqlite3_errmsg(handle));
    hob_error_hint(error, "look at the state directory (--state), and whether its disk is full");
    return HOB_E_IO;
}

/* ---- writing ---- */

static void bind_text(sqlite3_stmt *statement, int position, const char *text)
{
    sqlite3_bind_text(statement, position, text != NULL ? text : "", -1, SQLITE_STATIC);
}

/* NULL stays NULL. */
static void bind_optional(sqlite3_stmt *statement, int position, const char *text)
{
    sqlite3_bind_text(statement, position, text, -1, SQLITE_STATIC);
}

/* Runs a prepared statement whose parameters are bound. */
static bool run(struct session_database *database, enum statement which)
{
    sqlite3_stmt *statement = database->prepared[which];
    int result = sqlite3_step(statement);
    sqlite3_reset(statement);
    database->lacks_session = false;
    return result == SQLITE_DONE || result == SQLITE_ROW;
}

/* The same of one that changes a session: edits of one that is not there would never be found. */
static bool run_change(struct session_database *database, enum statement which)
{
    if (!run(database, which))
        return false;
    database->lacks_session = sqlite3_changes(database->writer) == 0;
    return !database->lacks_session;
}

static sqlite3_stmt *about(struct session_database *database, enum statement which,
                           const struct hob_journal_entry *entry)
{
    bind_text(database->prepared[which], 1, entry->id);
    return database->prepared[which];
}

static bool write_create(struct session_database *database, const struct hob_journal_entry *entry)
{
    sqlite3_stmt *statement = about(database, CREATE, entry);
    bind_text(statement, 2, database->place);
    bind_text(statement, 3, entry->request);
    bind_text(statement, 4, entry->sources);
    bind_text(statement, 5, entry->focus);
    bind_text(statement, 6, entry->shape);
    bind_text(statement, 7, entry->columns);
    sqlite3_bind_double(statement, 8, entry->created);
    sqlite3_bind_double(statement, 9, entry->accessed);
    return run(database, CREATE);
}

static bool write_records(struct session_database *database, const struct hob_journal_entry *entry)
{
    sqlite3_stmt *statement = about(database, EDIT, entry);
    sqlite3_bind_int64(statement, 2, (sqlite3_int64)entry->ticket);
    bind_text(statement, 3, entry->records);
    return run_change(database, EDIT);
}

/* One row for each line. */
static bool write_changes(struct session_database *database, const struct hob_journal_entry *entry)
{
    bool well = true;
    sqlite3_stmt *statement = about(database, COLUMN, entry);
    for (const char *line = entry->changes; well && line != NULL && *line != '\0';) {
        char *name;
        unsigned long long position = strtoull(line, &name, 10);
        size_t size = strcspn(name, "\n");
        sqlite3_bind_int64(statement, 2, (sqlite3_int64)position);
        sqlite3_bind_text(statement, 3, name + 1, (int)size - 1, SQLITE_STATIC);
        well = run(database, COLUMN);
        line = name + size + (name[size] == '\n');
    }
    return well;
}

static bool write_update(struct session_database *database, const struct hob_journal_entry *entry)
{
    bool only_records = entry->sources == NULL && entry->focus == NULL && entry->shape == NULL &&
                        entry->columns == NULL && session_has_records(entry);
    if (!only_records) {
        sqlite3_stmt *statement = about(database, UPDATE, entry);
        bind_optional(statement, 2, entry->sources);
        bind_optional(statement, 3, entry->focus);
        bind_optional(statement, 4, entry->shape);
        bind_optional(statement, 5, entry->columns);
        sqlite3_bind_double(statement, 6, entry->accessed);
        if (!run_change(database, UPDATE))
            return false;
    }
    if (entry->columns != NULL) {
        about(database, FORGET_COLUMNS, entry);
        if (!run(database, FORGET_COLUMNS))
            return false;
    }
    return (!session_has_records(entry) || write_records(database, entry)) &&
           write_changes(database, entry);
}

bool session_database_write(struct session_database *database,
                            const struct hob_journal_entry *entry)
{
    bool forgets = entry->kind == HOB_JOURNAL_RESET || entry->kind == HOB_JOURNAL_DELETE;
    if (entry->kind == HOB_JOURNAL_CREATE)
        return write_create(database, entry);
    about(database, FORGET_EDITS, entry);
    if (forgets && !run(database, FORGET_EDITS))
        return false;
    if (entry->kind != HOB_JOURNAL_DELETE)
        return write_update(database, entry);
    about(database, FORGET_COLUMNS, entry);
    about(database, DELETE, entry);
    return run(database, FORGET_COLUMNS) && run(database, DELETE);
}

bool session_database_begin(struct session_database *database, bool waits)
{
    sqlite3_busy_timeout(database->writer, waits ? BUSY_MS : 0);
    bool begun = run(database, BEGIN);
    sqlite3_busy_timeout(database->writer, BUSY_MS);
    return begun;
}

/* Flushes the log to the disk. */
static bool flush(struct session_database *database)
{
    sqlite3_file *file = NULL;
    if (sqlite3_file_control(database->writer, "main", SQLITE_FCNTL_JOURNAL_POINTER, &file) !=
            SQLITE_OK ||
        file == NULL || file->pMethods == NULL)
        return false;
    return file->pMethods->xSync(file, SQLITE_SYNC_NORMAL) == SQLITE_OK;
}

bool session_database_commit(struct session_database *database, bool flushes)
{
    return run(database, COMMIT) && (!flushes || flush(database));
}

void session_database_rollback(struct session_database *database)
{
    run(database, ROLLBACK);
}

const char *session_database_message(const struct session_database *database)
{
    return database->lacks_session ? "a session that was changed is not in the state any more"
                                   : sqlite3_errmsg(database->writer);
}

static int note_log(void *context, sqlite3 *writer, const char *name, int pages)
{
    (void)writer, (void)name;
    ((struct session_database *)context)->log_pages = (size_t)pages;
    return SQLITE_OK;
}

size_t session_database_log_size(const struct session_database *database)
{
    return database->log_pages * database->page_size;
}

void session_database_shorten_log(struct session_database *database)
{
    database->log_pages = 0;
    sqlite3_wal_checkpoint_v2(database->writer, "main", SQLITE_CHECKPOINT_PASSIVE, NULL, NULL);
}

/* ---- reading ---- */

static const char *text_of(sqlite3_stmt *statement, int column)
{
    const unsigned char *text = sqlite3_column_text(statement, column);
    return text != NULL ? (const char *)text : "";
}

int session_database_list(struct session_database *database, uint64_t *last,
                          void (*visit)(void *context, const struct hob_journal_session *session),
                          void *context, struct hob_error *error)
{
    static const char query[] =
        "SELECT id, request, sources, focus, shape, columns, created, accessed,"
        " (SELECT max(seq) FROM edits WHERE session = id),"
        " (SELECT group_concat(position || ' ' || name || char(10), '') FROM"
        " (SELECT position, name FROM columns WHERE session = id ORDER BY position))"
        " FROM sessions WHERE place = ?1 ORDER BY accessed";
    sqlite3_stmt *statement = NULL;
    pthread_mutex_lock(&database->reading);
    int result = sqlite3_prepare_v2(database->reader, query, -1, &statement, NULL);
    if (result == SQLITE_OK)
        bind_text(statement, 1, database->place);
    while (result == SQLITE_OK || result == SQLITE_ROW) {
        result = sqlite3_step(statement);
        if (result != SQLITE_ROW)
            break;
        struct hob_journal_session session = {
            .id = text_of(statement, 0),
            .request = text_of(statement, 1),
            .sources = text_of(statement, 2),
            .focus = text_of(statement, 3),
            .shape = text_of(statement, 4),
            .columns = text_of(statement, 5),
            .created = sqlite3_column_double(statement, 6),
            .accessed = sqlite3_column_double(statement, 7),
            .changes = text_of(statement, 9),
        };
        uint64_t seq = (uint64_t)sqlite3_column_int64(statement, 8);
        *last = seq > *last ? seq : *last;
        visit(context, &session);
    }
    int code = result == SQLITE_DONE ? 0 : failed(database->reader, "read the sessions", error);
    sqlite3_finalize(statement);
    pthread_mutex_unlock(&database->reading);
    return code;
}

int session_database_edits(struct session_database *database, const char *id,
                           int (*visit)(void *context, struct hob_text records,
                                        struct hob_error *error),
                           void *context, struct hob_error *error)
{
    static const char query[] = "SELECT records FROM edits WHERE session = ?1 ORDER BY seq";
    sqlite3_stmt *statement = NULL;
    pthread_mutex_lock(&database->reading);
    int code = 0;
    int result = sqlite3_prepare_v2(database->reader, query, -1, &statement, NULL);
    if (result == SQLITE_OK)
        bind_text(statement, 1, id);
    while (code == 0 && (result == SQLITE_OK || result == SQLITE_ROW)) {
        result = sqlite3_step(statement);
        if (result == SQLITE_ROW)
            code = visit(context, hob_text_from(text_of(statement, 0)), error);
    }
    if (code == 0 && result != SQLITE_DONE)
        code = failed(database->reader, "read the edits of a session", error);
    sqlite3_finalize(statement);
    pthread_mutex_unlock(&database->reading);
    return code;
}

/* ---- opening ---- */

static int open_database(sqlite3 **handle, const char *path, struct hob_error *error)
{
    int flags = SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE | SQLITE_OPEN_NOMUTEX;
    if (sqlite3_open_v2(path, handle, flags, NULL) != SQLITE_OK)
        return failed(*handle, "open the state", error);
    sqlite3_busy_timeout(*handle, BUSY_MS);
    const char *settings = "PRAGMA page_size = 1024; PRAGMA journal_mode = WAL;"
                           "PRAGMA synchronous = NORMAL; PRAGMA cache_size = -1024;"
                           "PRAGMA wal_autocheckpoint = 0;";
    if (sqlite3_exec(*handle, settings, NULL, NULL, NULL) != SQLITE_OK)
        return failed(*handle, "open the state", error);
    return 0;
}

/* What a query, or a pragma, answers first. */
static int64_t number_of(sqlite3 *handle, const char *query)
{
    sqlite3_stmt *statement = NULL;
    int64_t value = -1;
    if (sqlite3_prepare_v2(handle, query, -1, &statement, NULL) == SQLITE_OK &&
        sqlite3_step(statement) == SQLITE_ROW)
        value = sqlite3_column_int64(statement, 0);
    sqlite3_finalize(statement);
    return value;
}

/* Makes the tables, or those of an older version into today's: all of it or nothing, for another
 * server may be doing the same. */
static int check_version(sqlite3 *handle, struct hob_error *error)
{
    if (number_of(handle, "PRAGMA user_version") == SCHEMA_VERSION)
        return 0;
    int result = sqlite3_exec(handle, "BEGIN IMMEDIATE", NULL, NULL, NULL);
    int64_t version = number_of(handle, "PRAGMA user_version");
    bool newer = result == SQLITE_OK && version > SCHEMA_VERSION;
    if (result == SQLITE_OK && version < 1)
        result = sqlite3_exec(handle, sessions_schema, NULL, NULL, NULL);
    if (result == SQLITE_OK && version == 1)
        result = sqlite3_exec(handle, from_version_1, NULL, NULL, NULL);
    if (result == SQLITE_OK && version < SCHEMA_VERSION)
        result = sqlite3_exec(handle, columns_schema, NULL, NULL, NULL);
    if (result == SQLITE_OK && version < SCHEMA_VERSION)
        result = sqlite3_exec(handle, "PRAGMA user_version = 2", NULL, NULL, NULL);
    int code = result == SQLITE_OK ? 0 : failed(handle, "set up the state", error);
    sqlite3_exec(handle, code == 0 ? "COMMIT" : "ROLLBACK", NULL, NULL, NULL);
    if (newer)
        return hob_error_set(error, HOB_E_VALUE, "the state was written by a newer version of hob");
    return code;
}

/* Edits of sessions that are not there, which versions before have left: the names of sessions
 * among the edits are looked up one after another, whatever number of edits they have. Should
 * another server be writing, they go the next time. */
static void forget_orphans(sqlite3 *handle)
{
    static const char orphans[] =
        "WITH RECURSIVE named(id) AS (SELECT min(session) FROM edits UNION ALL"
        " SELECT (SELECT min(session) FROM edits WHERE session > id) FROM named WHERE id IS NOT "
        "NULL)"
        " SELECT id FROM named WHERE id IS NOT NULL AND id NOT IN (SELECT id FROM sessions)";
    char *query = sqlite3_mprintf("SELECT EXISTS(%s)", orphans);
    char *removal = sqlite3_mprintf("DELETE FROM edits WHERE session IN (%s)", orphans);
    if (query != NULL && removal != NULL && number_of(handle, query) == 1)
        sqlite3_exec(handle, removal, NULL, NULL, NULL);
    sqlite3_free(query);
    sqlite3_free(removal);
}

static int open_both(struct session_database *database, const char *path, struct hob_error *error)
{
    int result = open_database(&database->writer, path, error);
    if (result == 0)
        result = check_version(database->writer, error);
    if (result == 0)
        result = open_database(&database->reader, path, error);
    for (int i = 0; result == 0 && i < STATEMENTS; i++)
        if (sqlite3_prepare_v3(database->writer, statements[i], -1, SQLITE_PREPARE_PERSISTENT,
                               &database->prepared[i], NULL) != SQLITE_OK)
            result = failed(database->writer, "prepare the state", error);
    if (result < 0)
        return result;
    database->page_size = (size_t)number_of(database->writer, "PRAGMA page_size");
    forget_orphans(database->writer);
    sqlite3_wal_hook(database->writer, note_log, database);
    return 0;
}

int session_database_open(struct session_database **out, const char *path, const char *place,
                          struct hob_error *error)
{
    struct session_database *database = hob_alloc_zero(1, sizeof *database);
    database->place = hob_copy_string(place);
    pthread_mutex_init(&database->reading, NULL);
    int result = open_both(database, path, error);
    if (result == 0)
        *out = database;
    else
        session_database_close(database);
    return result;
}

struct session_database *session_database_close(struct session_database *database)
{
    if (database == NULL)
        return NULL;
    for (int i = 0; i < STATEMENTS; i++)
        sqlite3_finalize(database->prepared[i]);
    sqlite3_close(database->reader);
    sqlite3_close(database->writer);
    pthread_mutex_destroy(&database->reading);
    free(database->place);
    free(database);
    return NULL;
}
