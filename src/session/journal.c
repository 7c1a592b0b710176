/* journal: see journal.h.
 *
 * A transaction that is committed is in the system's hands, which is all that surviving a killed
 * process takes. Unless that is what was asked for, edits, and the creation of sessions, are
 * flushed to the disk as well before anybody is told that they are safe.
 *
 * Who writes is the journal's thread, which takes all that came while it wrote the batch before.
 * Where nothing has to be flushed a batch takes less time than waking that thread: then whoever
 * asks whether an entry is safe writes it, if nobody is writing. Only the thread copies the log
 * back into the database, after a batch and its answers, for that flushes in any case.
 *
 * Tickets rise with time, also over restarts, so that they order the edits of a session. */
#include "session/journal.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/file.h"
#include "base/log.h"
#include "base/places.h"
#include "base/thread.h"
#include "session/journal_database.h"

enum {
    NAME_SIZE = 32,
    MOST_LOSSES = 16,
    LOG_SIZE = 16 << 20,         /* bytes of the log that are copied back at a time */
    SMALL_BATCH_SIZE = 64 << 10, /* what a thread that talks to clients may write */
    LOCK_STEP_US = 2000,
};

/* Tickets of one batch that could not be written, or of several in a row. */
struct loss {
    uint64_t from, to;
};

struct hob_journal {
    char *place;
    enum hob_durability durability;
    int lock_file;
    struct session_database *database; /* written to by whoever set `writing` */

    pthread_t thread;
    bool running;
    pthread_mutex_t lock;      /* guards what follows */
    pthread_cond_t something;  /* to do */
    pthread_cond_t batch_done; /* written or lost */
    struct hob_journal_entry *first, **end;
    size_t queued_size; /* of their texts, more or less */
    struct hob_journal_wait *waits;
    bool writing, log_is_long;
    uint64_t last, safe;             /* tickets: given, and done with */
    struct loss losses[MOST_LOSSES]; /* rising */
    size_t loss_count;
    _Atomic uint64_t failures;
    bool stopping;
    void (*on_batch)(void *context);
    void (*on_refused)(void *context, const char *id);
    void *on_batch_context;
};

void hob_journal_entry_free(struct hob_journal_entry *entry)
{
    if (entry == NULL)
        return;
    free(entry->request);
    free(entry->sources);
    free(entry->focus);
    free(entry->shape);
    free(entry->columns);
    free(entry->changes);
    free(entry->records);
    free(entry);
}

/* ---- writing ---- */

/* Where the focus is, and when a session was used, may be lost with the machine. */
static bool must_last(const struct hob_journal *journal, const struct hob_journal_entry *entry)
{
    return journal->durability == HOB_DURABLE_POWER &&
           (entry->kind == HOB_JOURNAL_CREATE || entry->kind == HOB_JOURNAL_RESET ||
            entry->sources != NULL || session_has_records(entry));
}

/* Writes all entries in one transaction, which was begun or could not be; 0 or HOB_E_IO. */
static int write_batch(struct hob_journal *journal, const struct hob_journal_entry *first,
                       bool begun)
{
    bool lasting = false, well = begun;
    for (const struct hob_journal_entry *entry = first; well && entry != NULL;
         entry = entry->next) {
        well = session_database_write(journal->database, entry);
        lasting |= must_last(journal, entry);
    }
    if (well && session_database_commit(journal->database, lasting))
        return 0;
    hob_log(HOB_LOG_ERROR, "cannot write the journal of sessions", "reason",
            session_database_message(journal->database), NULL);
    session_database_rollback(journal->database);
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
        if (code != 0 && first->kind == HOB_JOURNAL_CREATE && journal->on_refused != NULL)
            journal->on_refused(journal->on_batch_context, first->id);
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
    if (journal->on_batch != NULL)
        journal->on_batch(journal->on_batch_context);
    for (struct hob_journal_wait *next; wait != NULL; wait = next) {
        next = wait->next;
        wait->done(wait, code);
    }
}

/* Takes what is to be written, and the right to write it; with the lock held. */
static struct hob_journal_entry *take_batch(struct hob_journal *journal)
{
    struct hob_journal_entry *first = journal->first;
    journal->first = NULL;
    journal->end = &journal->first;
    journal->queued_size = 0;
    journal->writing = true;
    return first;
}

/* Gives that right back; with the lock held. */
static void end_writing(struct hob_journal *journal)
{
    journal->writing = false;
    journal->log_is_long = session_database_log_size(journal->database) > LOG_SIZE;
    if (journal->first != NULL || journal->log_is_long || journal->stopping)
        pthread_cond_signal(&journal->something);
}

static bool has_to_write(const struct hob_journal *journal)
{
    return !journal->writing &&
           (journal->first != NULL || journal->log_is_long || journal->stopping);
}

static void *write_all(void *context)
{
    struct hob_journal *journal = context;
    pthread_mutex_lock(&journal->lock);
    for (;;) {
        while (!has_to_write(journal))
            pthread_cond_wait(&journal->something, &journal->lock);
        bool done = journal->stopping && journal->first == NULL;
        bool log_is_long = journal->log_is_long;
        if (done)
            break;
        struct hob_journal_entry *first = take_batch(journal);
        pthread_mutex_unlock(&journal->lock);
        if (first != NULL) {
            bool begun = session_database_begin(journal->database, true);
            finish_batch(journal, first, write_batch(journal, first, begun));
        }
        if (log_is_long)
            session_database_shorten_log(journal->database);
        pthread_mutex_lock(&journal->lock);
        end_writing(journal);
    }
    pthread_mutex_unlock(&journal->lock);
    return NULL;
}

static size_t size_of(const char *text)
{
    return text != NULL ? strlen(text) : 0;
}

/* An entry that somebody will ask for is left to them, where that is quicker. */
uint64_t hob_journal_put(struct hob_journal *journal, struct hob_journal_entry *entry)
{
    bool left = entry->awaited && journal->durability == HOB_DURABLE_PROCESS;
    size_t size = size_of(entry->records) + size_of(entry->sources) + size_of(entry->columns);
    pthread_mutex_lock(&journal->lock);
    journal->queued_size += size;
    uint64_t ticket = ++journal->last;
    entry->ticket = ticket;
    entry->next = NULL;
    *journal->end = entry;
    journal->end = &entry->next;
    bool wakes = !left && !journal->writing;
    pthread_mutex_unlock(&journal->lock);
    if (wakes)
        pthread_cond_signal(&journal->something);
    return ticket;
}

/* Puts a batch that was taken back before what has come since; with the lock held. */
static void give_back(struct hob_journal *journal, struct hob_journal_entry *first, size_t size)
{
    struct hob_journal_entry *last = first;
    while (last->next != NULL)
        last = last->next;
    last->next = journal->first;
    if (journal->first == NULL)
        journal->end = &last->next;
    journal->first = first;
    journal->queued_size += size;
}

bool hob_journal_settle(struct hob_journal *journal, uint64_t ticket)
{
    struct hob_journal_entry *first = NULL;
    pthread_mutex_lock(&journal->lock);
    size_t size = journal->queued_size;
    bool quick =
        journal->durability == HOB_DURABLE_PROCESS && !journal->writing && size <= SMALL_BATCH_SIZE;
    if (quick && ticket > journal->safe && journal->first != NULL)
        first = take_batch(journal);
    else if (has_to_write(journal))
        pthread_cond_signal(&journal->something);
    if (first != NULL) {
        pthread_mutex_unlock(&journal->lock);
        bool begun = session_database_begin(journal->database, false);
        if (begun)
            finish_batch(journal, first, write_batch(journal, first, true));
        pthread_mutex_lock(&journal->lock);
        if (!begun)
            give_back(journal, first, size);
        end_writing(journal);
    }
    bool safe = ticket <= journal->safe && !is_lost(journal, ticket);
    pthread_mutex_unlock(&journal->lock);
    return safe;
}

bool hob_journal_when_safe(struct hob_journal *journal, struct hob_journal_wait *wait)
{
    pthread_mutex_lock(&journal->lock);
    bool written = wait->ticket <= journal->safe;
    bool lost = written && is_lost(journal, wait->ticket);
    if (!written) {
        wait->next = journal->waits;
        journal->waits = wait;
        if (has_to_write(journal))
            pthread_cond_signal(&journal->something);
    }
    pthread_mutex_unlock(&journal->lock);
    if (lost)
        wait->done(wait, HOB_E_IO);
    return written && !lost;
}

void hob_journal_on_batch(struct hob_journal *journal, void (*call)(void *context),
                          void (*refused)(void *context, const char *id), void *context)
{
    pthread_mutex_lock(&journal->lock);
    journal->on_batch = call;
    journal->on_refused = refused;
    journal->on_batch_context = context;
    pthread_mutex_unlock(&journal->lock);
}

bool hob_journal_is_done(struct hob_journal *journal, uint64_t ticket)
{
    pthread_mutex_lock(&journal->lock);
    bool done = ticket <= journal->safe;
    pthread_mutex_unlock(&journal->lock);
    return done;
}

uint64_t hob_journal_failures(const struct hob_journal *journal)
{
    return journal->failures;
}

void hob_journal_flush(struct hob_journal *journal)
{
    pthread_mutex_lock(&journal->lock);
    uint64_t last = journal->last; /* others may go on putting for ever */
    pthread_cond_signal(&journal->something);
    while (journal->safe < last)
        pthread_cond_wait(&journal->batch_done, &journal->lock);
    pthread_mutex_unlock(&journal->lock);
}

/* ---- reading ---- */

int hob_journal_list(struct hob_journal *journal,
                     void (*visit)(void *context, const struct hob_journal_session *session),
                     void *context, struct hob_error *error)
{
    uint64_t last = 0;
    int code = session_database_list(journal->database, &last, visit, context, error);
    pthread_mutex_lock(&journal->lock);
    if (last > journal->last)
        journal->last = journal->safe = last;
    pthread_mutex_unlock(&journal->lock);
    return code;
}

int hob_journal_edits(struct hob_journal *journal, const char *id,
                      int (*visit)(void *context, struct hob_text records, struct hob_error *error),
                      void *context, struct hob_error *error)
{
    hob_journal_flush(journal);
    return session_database_edits(journal->database, id, visit, context, error);
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

static int lock_place(struct hob_journal *journal, int directory, unsigned patience_ms,
                      struct hob_error *error)
{
    char name[NAME_SIZE];
    snprintf(name, sizeof name, "%016llx.lock", (unsigned long long)place_hash(journal->place));
    journal->lock_file = openat(directory, name, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
    if (journal->lock_file < 0)
        return hob_error_from_errno(error, errno, "make a lock file in the state directory", name);
    for (uint64_t started = hob_clock_now();; usleep(LOCK_STEP_US)) {
        if (flock(journal->lock_file, LOCK_EX | LOCK_NB) == 0)
            return 0;
        if (hob_clock_milliseconds_since(started) >= patience_ms)
            break;
    }
    return hob_error_set(error, HOB_E_BUSY,
                         "another server already keeps the sessions of this working directory");
}

/* Sessions are nobody else's to read: the database is made for its owner alone, whose mode SQLite
 * gives to the files beside it, and what is there is narrowed. Not by opening it: to close it again
 * would drop the locks of SQLite in this process. */
static int keep_private(int directory, struct hob_error *error)
{
    static const char *const names[] = {"state.db", "state.db-wal", "state.db-shm"};
    int descriptor = openat(directory, names[0], O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
    if (descriptor < 0 && errno != EEXIST)
        return hob_error_from_errno(error, errno, "make a file in the state directory", names[0]);
    hob_file_close(descriptor);
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        struct stat facts;
        if (fstatat(directory, names[i], &facts, AT_SYMLINK_NOFOLLOW) != 0 ||
            !S_ISREG(facts.st_mode) || facts.st_uid != geteuid() || (facts.st_mode & 077) == 0)
            continue;
        if (fchmodat(directory, names[i], 0600, 0) != 0)
            return hob_error_from_errno(error, errno, "keep others from reading the state",
                                        names[i]);
    }
    return 0;
}

static int open_files(struct hob_journal *journal, const char *directory, unsigned patience_ms,
                      struct hob_error *error)
{
    int result = hob_places_make(directory, error);
    if (result < 0)
        return result;
    HOB_AUTO(descriptor) int descriptor = open(directory, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (descriptor < 0)
        return hob_error_from_errno(error, errno, "open the state directory", directory);
    result = hob_places_check_writers(descriptor, directory, error);
    if (result == 0)
        result = lock_place(journal, descriptor, patience_ms, error);
    if (result == 0)
        result = keep_private(descriptor, error);
    HOB_AUTO(buffer) struct hob_buffer path = HOB_BUFFER_INIT;
    hob_buffer_printf(&path, "%s/state.db", directory);
    if (result == 0)
        result = session_database_open(&journal->database, hob_buffer_string(&path), journal->place,
                                       error);
    return result;
}

int hob_journal_open(struct hob_journal **out, const char *directory, const char *place,
                     enum hob_durability durability, unsigned patience_ms, struct hob_error *error)
{
    struct hob_journal *journal = hob_alloc_zero(1, sizeof *journal);
    struct timespec now;
    clock_gettime(CLOCK_REALTIME, &now);
    journal->last = journal->safe = (uint64_t)now.tv_sec * 1000000u;
    journal->place = hob_copy_string(place);
    journal->durability = durability;
    journal->lock_file = -1;
    journal->end = &journal->first;
    pthread_mutex_init(&journal->lock, NULL);
    pthread_cond_init(&journal->something, NULL);
    pthread_cond_init(&journal->batch_done, NULL);
    int result = open_files(journal, directory, patience_ms, error);
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
    session_database_close(journal->database);
    hob_file_close(journal->lock_file);
    pthread_mutex_destroy(&journal->lock);
    pthread_cond_destroy(&journal->something);
    pthread_cond_destroy(&journal->batch_done);
    free(journal->place);
    free(journal);
    return NULL;
}
