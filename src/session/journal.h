/* journal: sessions on disk, so that a restarted server has them again.
 *
 * One SQLite file (state.db, WAL) in the state directory, shared by all servers of a user; each
 * sees the sessions of its own working directory, and locks them against a second server there.
 * Entries are written in the order in which they were put, as many in a transaction as have come
 * meanwhile: the edits of all clients share one flush to the disk. */
#ifndef HOB_SESSION_JOURNAL_H
#define HOB_SESSION_JOURNAL_H

#include "base/buffer.h"
#include "base/error.h"

struct hob_journal;

/* What an entry that is safe has survived. */
enum hob_durability {
    HOB_DURABLE_POWER,  /* the end of the process, and of the machine: it is on the disk */
    HOB_DURABLE_PROCESS /* the end of the process, kill -9 too: the system has the bytes */
};

/* A session as it is stored; texts are borrowed. */
struct hob_journal_session {
    const char *id;           /* unique; also in the journal's entries */
    const char *request;      /* JSON: how it was created */
    const char *sources;      /* JSON: the files it was made from, as they were */
    const char *focus;        /* JSON */
    const char *shape;        /* JSON */
    const char *columns;      /* lines: the place of a column, a blank, its name as JSON */
    const char *changes;      /* lines of columns that are others since */
    double created, accessed; /* seconds since 1970 */
};

enum hob_journal_kind {
    HOB_JOURNAL_CREATE, /* everything but changes and records */
    HOB_JOURNAL_UPDATE, /* whatever is not NULL takes the place of what is stored */
    HOB_JOURNAL_RESET,  /* the same, and forgets all edits first */
    HOB_JOURNAL_DELETE,
};

/* What is put: texts are owned (malloc'd) and freed by the journal; NULL where not needed. */
struct hob_journal_entry {
    enum hob_journal_kind kind;
    bool awaited; /* whoever puts it calls settle or when_safe for its ticket */
    char id[37];
    char *request, *sources, *focus, *shape, *columns;
    char *changes; /* of columns, beside those that are stored */
    char *records; /* one more edit */
    double created, accessed;
    uint64_t ticket;                /* the journal's own */
    struct hob_journal_entry *next; /* the journal's own */
};

/* Takes NULL. */
void hob_journal_entry_free(struct hob_journal_entry *entry);

/* Opens the state directory, which is made if need be; `place` is the working directory. HOB_E_BUSY
 * when another server has this place, and does not let go of it in so many milliseconds. */
int hob_journal_open(struct hob_journal **journal, const char *directory, const char *place,
                     enum hob_durability durability, unsigned patience_ms, struct hob_error *error);
/* Writes what was put, then closes. Takes NULL, returns NULL. */
struct hob_journal *hob_journal_close(struct hob_journal *journal);

/* Calls `visit` for each session of the place. */
int hob_journal_list(struct hob_journal *journal,
                     void (*visit)(void *context, const struct hob_journal_session *session),
                     void *context, struct hob_error *error);
/* Calls `visit` with the records of each edit, oldest first, everything that was put before
 * included; a negative code ends it. */
int hob_journal_edits(struct hob_journal *journal, const char *id,
                      int (*visit)(void *context, struct hob_text records, struct hob_error *error),
                      void *context, struct hob_error *error);

/* Takes the entry (malloc'd) and returns its ticket; never waits for the disk. */
uint64_t hob_journal_put(struct hob_journal *journal, struct hob_journal_entry *entry);

/* Calls these after each batch, written or refused, before anybody is told; without any lock:
 * `refused` (or NULL) for each session whose creation was in a batch that could not be written. */
void hob_journal_on_batch(struct hob_journal *journal, void (*call)(void *context),
                          void (*refused)(void *context, const char *id), void *context);

/* Whether what has this ticket was written, or refused: nothing is under way any more. */
bool hob_journal_is_done(struct hob_journal *journal, uint64_t ticket);

/* How often a transaction could not be written: what was in it is not in the journal. */
uint64_t hob_journal_failures(const struct hob_journal *journal);

/* Waits until everything that was put before is written, or lost; not for what others put
 * meanwhile. */
void hob_journal_flush(struct hob_journal *journal);

/* True when the entry is safe. Where that takes no flush to the disk, and nobody is writing, it is
 * written here, and everything that was put before it; never waits for the disk or another thread.
 * False: when_safe says more. */
bool hob_journal_settle(struct hob_journal *journal, uint64_t ticket);

/* Somebody who waits until an entry is safe. `done` is called once, by whoever wrote it,
 * with 0 or the error of writing it. */
struct hob_journal_wait {
    uint64_t ticket;
    void (*done)(struct hob_journal_wait *wait, int code);
    struct hob_journal_wait *next;
};
/* True when the entry is safe already: `done` is then not called. When it is lost already, `done`
 * is called here. */
bool hob_journal_when_safe(struct hob_journal *journal, struct hob_journal_wait *wait);

#endif
