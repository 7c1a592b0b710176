/* journal: see journal.h; the only file that knows SQLite.
 *
 * Two connections: one for the thread that writes, one for whoever reads. A transaction in WAL mode
 * is in the system's hands when it is committed, which is all that surviving a killed process
 * takes; edits, and the creation of sessions, are flushed to the disk as well before anybody is
 * told that they are safe. SQLite is asked for the flush itself, through its own handle of the log:
 * to open that file a second time, and close it, would drop SQLite's locks.
 *
 * Tickets rise with time, also over restarts, so that they order the edits of a session. */
#include "session/journal.h"

#include <errno.h>
#include <fcntl.h>
#include <sqlite3.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "base/file.h"
#include "base/log.h"
#include "base/places.h"
#include "base/thread.h"

enum { SCHEMA_VERSION = 1, BUSY_MS = 10000, NAME_SIZE = 32, MOST_LOSSES = 16 };

enum statement {
    BEGIN,
    COMMIT,
    ROLLBACK,
    CREATE,
    FOCUS,
    EDIT,
    SUMMARY,
    SAVE,
    RESET,
    FORGET,
    TOUCH,
    DELETE,
    STATEMENTS
};

static const char *const statements[STATEMENTS] = {
    [BEGIN] = "BEGIN IMMEDIATE",
    [COMMIT] = "COMMIT",
    [ROLLBACK] = "ROLLBACK",
    [CREATE] = "INSERT INTO sessions(id, place, request, sources, focus, summary, created,"
               " accessed) VALUES(?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)",
    [FOCUS] = "UPDATE sessions SET focus = ?2, accessed = ?3 WHERE id = ?1",
    [EDIT] = "INSERT INTO edits(session, seq, records) VALUES(?1, ?2, ?3)",
    [SUMMARY] = "UPDATE sessions SET summary = ?2 WHERE id = ?1",
    [SAVE] = "UPDATE sessions SET sources = ?2, accessed = ?3 WHERE id = ?1",
    [RESET] = "UPDATE sessions SET sources = ?2, focus = ?3, summary = ?4, accessed = ?5"
              " WHERE id = ?1",
    [FORGET] = "DELETE FROM edits WHERE session = ?1",
    [TOUCH] = "UPDATE sessions SET accessed = ?2 WHERE id = ?1",
    [DELETE] = "DELETE FROM sessions WHERE id = ?1",
};

static const char schema[] =
    "CREATE TABLE IF NOT EXISTS sessions(id TEXT PRIMARY KEY, place TEXT NOT NULL,"
    " request TEXT NOT NULL, sources TEXT NOT NULL, focus TEXT NOT NULL, summary TEXT NOT NULL,"
    " created REAL NOT NULL, accessed REAL NOT NULL);"
    "CREATE TABLE IF NOT EXISTS edits(session TEXT NOT NULL, seq INTEGER NOT NULL,"
    " records TEXT NOT NULL, PRIMARY KEY(session, seq)) WITHOUT ROWID;";

/* Tickets of one batch that could not be written, or of several in a row. */
struct loss {
    uint64_t from, to;
};

struct hob_journal {
    char *place;
    int lock_file;
    sqlite3 *writer, *reader;
    sqlite3_stmt *prepared[STATEMENTS];
    pthread_mutex_t reading; /* guards the reader */

    pthread_t thread;
    bool running;
    pthread_mutex_t lock;      /* guards what follows */
    pthread_cond_t something;  /* to do */
    pthread_cond_t batch_done; /* written or lost */
    struct hob_journal_entry *first, **end;
    struct hob_journal_wait *waits;
    uint64_t last, safe;             /* tickets: given, and done with */
    struct loss losses[MOST_LOSSES]; /* rising */
    size_t loss_count;
    _Atomic uint64_t failures;
    bool stopping;
};

static int failed(sqlite3 *database, const char *doing, struct hob_error *error)
{
    hob_error_set(error, HOB_E_IO, "cannot %s: %s", doing, sqlite3_errmsg(database));
    hob_error_hint(error, "look at the state directory (--state), and whether its disk is full");
    return HOB_E_IO;
}

void hob_journal_entry_free(struct hob_journal_entry *entry)
{
    if (entry == NULL)
        return;
    free(entry->request);
    free(entry->sources);
    free(entry->focus);
    free(entry->summary);
    free(entry->records);
    free(entry);
}

/* ---- writing ---- */

static void bind_text(sqlite3_stmt *statement, int position, const char *text)
{
    sqlite3_bind_text(statement, position, text != NULL ? text : "", -1, SQLITE_STATIC);
}

/* Runs a prepared statement whose parameters are bound. */
static bool run(struct hob_journal *journal, enum statement which)
{
    sqlite3_stmt *statement = journal->prepared[which];
    int result = sqlite3_step(statement);
    sqlite3_reset(statement);
    return result == SQLITE_DONE || result == SQLITE_ROW;
}

static sqlite3_stmt *about(struct hob_journal *journal, enum statement which,
                           const struct hob_journal_entry *entry)
{
    bind_text(journal->prepared[which], 1, entry->id);
    return journal->prepared[which];
}

static bool write_create(struct hob_journal *journal, const struct hob_journal_entry *entry)
{
    sqlite3_stmt *statement = about(journal, CREATE, entry);
    bind_text(statement, 2, journal->place);
    bind_text(statement, 3, entry->request);
    bind_text(statement, 4, entry->sources);
    bind_text(statement, 5, entry->focus);
    bind_text(statement, 6, entry->summary);
    sqlite3_bind_double(statement, 7, entry->created);
    sqlite3_bind_double(statement, 8, entry->accessed);
    return run(journal, CREATE);
}

static bool write_records(struct hob_journal *journal, const struct hob_journal_entry *entry)
{
    sqlite3_stmt *statement = about(journal, EDIT, entry);
    sqlite3_bind_int64(statement, 2, (sqlite3_int64)entry->ticket);
    bind_text(statement, 3, entry->records);
    return run(journal, EDIT);
}

static bool write_edit(struct hob_journal *journal, const struct hob_journal_entry *entry)
{
    if (!write_records(journal, entry))
        return false;
    if (entry->summary == NULL)
        return true;
    bind_text(about(journal, SUMMARY, entry), 2, entry->summary);
    return run(journal, SUMMARY);
}

static bool write_reset(struct hob_journal *journal, const struct hob_journal_entry *entry)
{
    sqlite3_stmt *statement = about(journal, RESET, entry);
    bind_text(statement, 2, entry->sources);
    bind_text(statement, 3, entry->focus);
    bind_text(statement, 4, entry->summary);
    sqlite3_bind_double(statement, 5, entry->accessed);
    about(journal, FORGET, entry);
    return run(journal, RESET) && run(journal, FORGET) &&
           (entry->records == NULL || write_records(journal, entry));
}

/* A text (or none) and the time of use. */
static bool write_use(struct hob_journal *journal, enum statement which,
                      const struct hob_journal_entry *entry, const char *text)
{
    sqlite3_stmt *statement = about(journal, which, entry);
    if (text != NULL)
        bind_text(statement, 2, text);
    sqlite3_bind_double(statement, text != NULL ? 3 : 2, entry->accessed);
    return run(journal, which);
}

static bool write_entry(struct hob_journal *journal, const struct hob_journal_entry *entry)
{
    switch (entry->kind) {
    case HOB_JOURNAL_CREATE:
        return write_create(journal, entry);
    case HOB_JOURNAL_FOCUS:
        return write_use(journal, FOCUS, entry, entry->focus);
    case HOB_JOURNAL_EDIT:
        return write_edit(journal, entry);
    case HOB_JOURNAL_SAVE:
        return write_use(journal, SAVE, entry, entry->sources) &&
               (entry->records == NULL || entry->records[0] == '\0' ||
                write_records(journal, entry));
    case HOB_JOURNAL_RESET:
        return write_reset(journal, entry);
    case HOB_JOURNAL_TOUCH:
        return write_use(journal, TOUCH, entry, NULL);
    case HOB_JOURNAL_DELETE:
        about(journal, DELETE, entry);
        about(journal, FORGET, entry);
        return run(journal, DELETE) && run(journal, FORGET);
    }
    return false;
}

/* Flushes the log to the disk. */
static bool flush(struct hob_journal *journal)
{
    sqlite3_file *file = NULL;
    if (sqlite3_file_control(journal->writer, "main", SQLITE_FCNTL_JOURNAL_POINTER, &file) !=
            SQLITE_OK ||
        file == NULL || file->pMethods == NULL)
        return false;
    return file->pMethods->xSync(file, SQLITE_SYNC_NORMAL) == SQLITE_OK;
}

static bool must_last(const struct hob_journal_entry *entry)
{
    return entry->kind == HOB_JOURNAL_CREATE || entry->kind == HOB_JOURNAL_EDIT ||
           entry->kind == HOB_JOURNAL_RESET || entry->kind == HOB_JOURNAL_SAVE;
}

/* Writes all entries in one transaction; 0 or HOB_E_IO. */
static int write_batch(struct hob_journal *journal, const struct hob_journal_entry *first)
{
    bool lasting = false;
    bool well = run(journal, BEGIN);
    for (const struct hob_journal_entry *entry = first; well && entry != NULL;
         entry = entry->next) {
        well = write_entry(journal, entry);
        lasting |= must_last(entry);
    }
    well = well && run(journal, COMMIT);
    if (well && (!lasting || flush(journal)))
        return 0;
    hob_log(HOB_LOG_ERROR, "cannot write the journal of sessions", "reason",
            sqlite3_errmsg(journal->writer), NULL);
    run(journal, ROLLBACK);
    return HOB_E_IO;
}

/* Takes the waits up to a ticket out of the list. */
static struct hob_journal_wait *take_waits(struct hob_journal *journal, uint64_t ticket)
{
    struct hob_journal_wait *taken = NULL;
    for (struct hob_journal_wait **at = &journal->waits; *at != NULL;) {
        struct hob_journal_wait *wait = *at;
        if (wait->ticket > ticket) {
            at = &wait->next;
            continue;
        }
        *at = wait->next;
        wait->next = taken;
        taken = wait;
    }
    return taken;
}

/* Remembers a batch that is not on disk: whoever asks late must not be told that it is. When there
 * are too many, the oldest two and what was written between them count as lost: to call an edit
 * lost that is on disk is the lesser evil, and by then hardly anybody asks. */
static void note_loss(struct hob_journal *journal, uint64_t from, uint64_t to)
{
    struct loss *losses = journal->losses;
    if (journal->loss_count > 0 && losses[journal->loss_count - 1].to + 1 == from) {
        losses[journal->loss_count - 1].to = to;
        return;
    }
    if (journal->loss_count == MOST_LOSSES) {
        losses[1].from = losses[0].from;
        memmove(losses, losses + 1, (MOST_LOSSES - 1) * sizeof *losses);
        journal->loss_count--;
    }
    losses[journal->loss_count++] = (struct loss){from, to};
}

static bool is_lost(const struct hob_journal *journal, uint64_t ticket)
{
    for (size_t i = 0; i < journal->loss_count; i++)
        if (ticket >= journal->losses[i].from && ticket <= journal->losses[i].to)
            return true;
    return false;
}

static void finish_batch(struct hob_journal *journal, struct hob_journal_entry *first, int code)
{
    uint64_t from = first->ticket, to = from;
    for (struct hob_journal_entry *next; first != NULL; first = next) {
        next = first->next;
        to = first->ticket;
        hob_journal_entry_free(first);
    }
    pthread_mutex_lock(&journal->lock);
    journal->safe = to;
    if (code != 0) {
        note_loss(journal, from, to);
        journal->failures++;
    }
    struct hob_journal_wait *wait = take_waits(journal, to);
    pthread_cond_broadcast(&journal->batch_done);
    pthread_mutex_unlock(&journal->lock);
    for (struct hob_journal_wait *next; wait != NULL; wait = next) {
        next = wait->next;
        wait->done(wait, code);
    }
}

static void *write_all(void *context)
{
    struct hob_journal *journal = context;
    for (;;) {
        pthread_mutex_lock(&journal->lock);
        while (journal->first == NULL && !journal->stopping)
            pthread_cond_wait(&journal->something, &journal->lock);
        struct hob_journal_entry *first = journal->first;
        journal->first = NULL;
        journal->end = &journal->first;
        pthread_mutex_unlock(&journal->lock);
        if (first == NULL)
            return NULL;
        finish_batch(journal, first, write_batch(journal, first));
    }
}

uint64_t hob_journal_put(struct hob_journal *journal, struct hob_journal_entry *entry)
{
    pthread_mutex_lock(&journal->lock);
    uint64_t ticket = ++journal->last;
    bool idle = journal->first == NULL;
    entry->ticket = ticket;
    entry->next = NULL;
    *journal->end = entry;
    journal->end = &entry->next;
    pthread_mutex_unlock(&journal->lock);
    if (idle)
        pthread_cond_signal(&journal->something);
    return ticket;
}

bool hob_journal_when_safe(struct hob_journal *journal, struct hob_journal_wait *wait)
{
    pthread_mutex_lock(&journal->lock);
    bool written = wait->ticket <= journal->safe;
    bool lost = written && is_lost(journal, wait->ticket);
    if (!written) {
        wait->next = journal->waits;
        journal->waits = wait;
    }
    pthread_mutex_unlock(&journal->lock);
    if (lost)
        wait->done(wait, HOB_E_IO);
    return written && !lost;
}

uint64_t hob_journal_failures(const struct hob_journal *journal)
{
    return journal->failures;
}

void hob_journal_flush(struct hob_journal *journal)
{
    pthread_mutex_lock(&journal->lock);
    uint64_t last = journal->last; /* others may go on putting for ever */
    while (journal->safe < last)
        pthread_cond_wait(&journal->batch_done, &journal->lock);
    pthread_mutex_unlock(&journal->lock);
}

/* ---- reading ---- */

static const char *text_of(sqlite3_stmt *statement, int column)
{
    const unsigned char *text = sqlite3_column_text(statement, column);
    return text != NULL ? (const char *)text : "";
}

int hob_journal_list(struct hob_journal *journal,
                     void (*visit)(void *context, const struct hob_journal_session *session),
                     void *context, struct hob_error *error)
{
    static const char query[] =
        "SELECT id, request, sources, focus, summary, created, accessed,"
        " (SELECT max(seq) FROM edits WHERE session = id) FROM sessions WHERE place = ?1"
        " ORDER BY accessed";
    sqlite3_stmt *statement = NULL;
    pthread_mutex_lock(&journal->reading);
    int result = sqlite3_prepare_v2(journal->reader, query, -1, &statement, NULL);
    if (result == SQLITE_OK)
        bind_text(statement, 1, journal->place);
    while (result == SQLITE_OK || result == SQLITE_ROW) {
        result = sqlite3_step(statement);
        if (result != SQLITE_ROW)
            break;
        struct hob_journal_session session = {
            .id = text_of(statement, 0),
            .request = text_of(statement, 1),
            .sources = text_of(statement, 2),
            .focus = text_of(statement, 3),
            .summary = text_of(statement, 4),
            .created = sqlite3_column_double(statement, 5),
            .accessed = sqlite3_column_double(statement, 6),
        };
        uint64_t seq = (uint64_t)sqlite3_column_int64(statement, 7);
        pthread_mutex_lock(&journal->lock);
        if (seq > journal->last)
            journal->last = journal->safe = seq;
        pthread_mutex_unlock(&journal->lock);
        visit(context, &session);
    }
    int code = result == SQLITE_DONE ? 0 : failed(journal->reader, "read the sessions", error);
    sqlite3_finalize(statement);
    pthread_mutex_unlock(&journal->reading);
    return code;
}

int hob_journal_edits(struct hob_journal *journal, const char *id,
                      int (*visit)(void *context, struct hob_text records, struct hob_error *error),
                      void *context, struct hob_error *error)
{
    static const char query[] = "SELECT records FROM edits WHERE session = ?1 ORDER BY seq";
    sqlite3_stmt *statement = NULL;
    hob_journal_flush(journal);
    pthread_mutex_lock(&journal->reading);
    int code = 0;
    int result = sqlite3_prepare_v2(journal->reader, query, -1, &statement, NULL);
    if (result == SQLITE_OK)
        bind_text(statement, 1, id);
    while (code == 0 && (result == SQLITE_OK || result == SQLITE_ROW)) {
        result = sqlite3_step(statement);
        if (result == SQLITE_ROW)
            code = visit(context, hob_text_from(text_of(statement, 0)), error);
    }
    if (code == 0 && result != SQLITE_DONE)
        code = failed(journal->reader, "read the edits of a session", error);
    sqlite3_finalize(statement);
    pthread_mutex_unlock(&journal->reading);
    return code;
}

/* ---- opening ---- */

/* FNV-1a: unlike hob_text_hash it is the same in every process. */
static uint64_t place_hash(const char *place)
{
    uint64_t hash = 0xCBF29CE484222325u;
    for (; *place != '\0'; place++)
        hash = (hash ^ (unsigned char)*place) * 0x100000001B3u;
    return hash;
}

static int lock_place(struct hob_journal *journal, int directory, struct hob_error *error)
{
    char name[NAME_SIZE];
    snprintf(name, sizeof name, "%016llx.lock", (unsigned long long)place_hash(journal->place));
    journal->lock_file = openat(directory, name, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
    if (journal->lock_file < 0)
        return hob_error_from_errno(error, errno, "make a lock file in the state directory", name);
    if (flock(journal->lock_file, LOCK_EX | LOCK_NB) == 0)
        return 0;
    return hob_error_set(error, HOB_E_BUSY,
                         "another server already keeps the sessions of this working directory");
}

static int open_database(sqlite3 **database, const char *path, struct hob_error *error)
{
    int flags = SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE | SQLITE_OPEN_NOMUTEX;
    if (sqlite3_open_v2(path, database, flags, NULL) != SQLITE_OK)
        return failed(*database, "open the state", error);
    sqlite3_busy_timeout(*database, BUSY_MS);
    const char *settings = "PRAGMA journal_mode = WAL; PRAGMA synchronous = NORMAL;"
                           "PRAGMA cache_size = -1024; PRAGMA wal_autocheckpoint = 4000;";
    if (sqlite3_exec(*database, settings, NULL, NULL, NULL) != SQLITE_OK)
        return failed(*database, "open the state", error);
    return 0;
}

static int check_version(sqlite3 *database, struct hob_error *error)
{
    sqlite3_stmt *statement = NULL;
    int version = -1;
    if (sqlite3_prepare_v2(database, "PRAGMA user_version", -1, &statement, NULL) == SQLITE_OK &&
        sqlite3_step(statement) == SQLITE_ROW)
        version = sqlite3_column_int(statement, 0);
    sqlite3_finalize(statement);
    if (version > SCHEMA_VERSION)
        return hob_error_set(error, HOB_E_VALUE, "the state was written by a newer version of hob");
    if (version == SCHEMA_VERSION)
        return 0;
    if (sqlite3_exec(database, schema, NULL, NULL, NULL) != SQLITE_OK ||
        sqlite3_exec(database, "PRAGMA user_version = 1", NULL, NULL, NULL) != SQLITE_OK)
        return failed(database, "set up the state", error);
    return 0;
}

static int open_files(struct hob_journal *journal, const char *directory, struct hob_error *error)
{
    int result = hob_places_make(directory, error);
    if (result < 0)
        return result;
    HOB_AUTO(descriptor) int descriptor = open(directory, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (descriptor < 0)
        return hob_error_from_errno(error, errno, "open the state directory", directory);
    result = lock_place(journal, descriptor, error);
    HOB_AUTO(buffer) struct hob_buffer path = HOB_BUFFER_INIT;
    hob_buffer_printf(&path, "%s/state.db", directory);
    if (result == 0)
        result = open_database(&journal->writer, hob_buffer_string(&path), error);
    if (result == 0)
        result = check_version(journal->writer, error);
    if (result == 0)
        result = open_database(&journal->reader, hob_buffer_string(&path), error);
    for (int i = 0; result == 0 && i < STATEMENTS; i++)
        if (sqlite3_prepare_v3(journal->writer, statements[i], -1, SQLITE_PREPARE_PERSISTENT,
                               &journal->prepared[i], NULL) != SQLITE_OK)
            result = failed(journal->writer, "prepare the state", error);
    return result;
}

int hob_journal_open(struct hob_journal **out, const char *directory, const char *place,
                     struct hob_error *error)
{
    struct hob_journal *journal = hob_alloc_zero(1, sizeof *journal);
    struct timespec now;
    clock_gettime(CLOCK_REALTIME, &now);
    journal->last = journal->safe = (uint64_t)now.tv_sec * 1000000u;
    journal->place = hob_copy_string(place);
    journal->lock_file = -1;
    journal->end = &journal->first;
    pthread_mutex_init(&journal->lock, NULL);
    pthread_mutex_init(&journal->reading, NULL);
    pthread_cond_init(&journal->something, NULL);
    pthread_cond_init(&journal->batch_done, NULL);
    int result = open_files(journal, directory, error);
    if (result == 0) {
        int number = hob_thread_start(&journal->thread, write_all, journal);
        journal->running = number == 0;
        if (number != 0)
            result = hob_error_from_errno(error, number, "start a thread", directory);
    }
    if (result == 0)
        *out = journal;
    else
        hob_journal_close(journal);
    return result;
}

struct hob_journal *hob_journal_close(struct hob_journal *journal)
{
    if (journal == NULL)
        return NULL;
    if (journal->running) {
        pthread_mutex_lock(&journal->lock);
        journal->stopping = true;
        pthread_mutex_unlock(&journal->lock);
        pthread_cond_signal(&journal->something);
        pthread_join(journal->thread, NULL);
    }
    for (int i = 0; i < STATEMENTS; i++)
        sqlite3_finalize(journal->prepared[i]);
    sqlite3_close(journal->reader);
    sqlite3_close(journal->writer);
    hob_file_close(journal->lock_file);
    pthread_mutex_destroy(&journal->lock);
    pthread_mutex_destroy(&journal->reading);
    pthread_cond_destroy(&journal->something);
    pthread_cond_destroy(&journal->batch_done);
    free(journal->place);
    free(journal);
    return NULL;
}
