/* store_internal: what the files of the store share. */
#ifndef HOB_SESSION_STORE_INTERNAL_H
#define HOB_SESSION_STORE_INTERNAL_H

#include <pthread.h>
#include <stdatomic.h>

#include "session/store.h"

enum { STORE_DEFAULT_TIMEOUT = 3600 };

/* Of a stored request: struct entry's directory. Clients cannot set it. */
#define STORE_DIRECTORY_KEY "working_directory"

/* A file that a session was made from, as it was. */
struct source {
    char *path;
    struct hob_file_identity identity;
};

struct entry {
    char id[37];
    uint64_t hash;
    struct entry *next;          /* in the bucket */
    struct entry *newer, *older; /* by use */
    unsigned users;
    bool deleted;
    _Atomic uint64_t used_ns;
    uint64_t failures;           /* of the journal, when all edits were last known to be in it */
    uint64_t ticket;             /* of what the journal was given last */
    size_t edits;                /* in the journal or the log */
    double created, touched;     /* wall time; `touched` is what the journal knows of the use */
    double timeout;              /* 0: none */
    size_t size;                 /* of the session, as last measured */
    char *directory;             /* where its relative paths start; NULL: the server's own */
    char *request;               /* JSON: the parameters of its creation; never changes */
    char *shape, *columns;       /* JSON, and lines as in the journal, for while it is not in
                                    memory, or busy; changed with both locks held, so that either
                                    is enough to read them */
    pthread_mutex_t lock;        /* guards what follows */
    char *focus;                 /* JSON, for while it is not in memory */
    uint64_t focus_moves;        /* of the session, when the journal was last told of its focus */
    struct hob_session *session; /* NULL: not in memory */
    bool came_changed;           /* it was made again from files that are not those it was opened
                                    from, and nobody has reloaded it since */
    size_t lost;                 /* edits that did not fit those files */
    bool saving; /* it was being saved when its sources were last written down: if they changed, the
                    session did it itself */
    struct source *sources;
    size_t source_count, source_capacity;
    struct hob_buffer log; /* all records, where there is no journal */
    size_t compacted_size; /* of the log, after a snapshot took its place */
};

struct hob_store {
    struct hob_store_options options;
    char *state; /* an absolute path; NULL: memory only */
    char *place; /* the working directory of the process */
    pthread_mutex_t lock;
    struct entry **buckets;
    size_t bucket_count, count;
    struct entry *newest, *oldest;
    size_t memory;
    uint64_t swept_ns;
    atomic_bool opened; /* the journal was looked for */
    atomic_bool owes; /* memory of sessions that could leave it once the journal has all of them */
    struct hob_journal *journal;
    char *unkept; /* why there is none, although `state` is set; not changed once `opened` */
};

/* Seconds since 1970. */
double store_wall_time(void);

/* store_entries.c; with the store's lock held, unless it says otherwise. */
struct entry *store_new_entry(const char *id);
void store_free_entry(struct entry *entry);
void store_add_entry(struct hob_store *store, struct entry *entry);
struct entry *store_find_entry(struct hob_store *store, const char *id);
/* Takes the entry out of the table; whoever uses it last frees it. */
void store_remove_entry(struct hob_store *store, struct entry *entry);
/* Forgets sessions that nobody has used for longer than their timeout. */
void store_sweep(struct hob_store *store);
int store_no_such_session(const char *id, struct hob_error *error);
/* Without the lock: finds the entry and keeps it from being freed until release. */
int store_acquire(struct hob_store *store, const char *id, struct entry **entry,
                  struct hob_error *error);
void store_release(struct hob_store *store, struct entry *entry);
/* Without the store's lock, with the entry's: notes what the session takes; returns whether all
 * sessions now take too much. */
bool store_measure(struct hob_store *store, struct entry *entry);
/* Without the lock: the most that all sessions may take; it may change at any time. */
size_t store_memory_limit(struct hob_store *store);
/* Without any lock: makes room, the least recently used sessions first. */
void store_shrink(struct hob_store *store);
/* Does it if sessions had to stay for what the journal was still writing. */
void store_shrink_owed(void *store);
/* Without the lock: a session whose creation the disk refused is not kept, for its client was told
 * that there is none, and a restart would not find it. */
void store_forget_refused(void *store, const char *id);

/* store_sources.c; with the entry's lock held. */
void store_free_sources(struct entry *entry);
void store_keep_sources(struct entry *entry, const struct hob_sources *sources);
/* As JSON, for the journal, and back. */
char *store_sources_text(const struct entry *entry);
void store_read_sources(struct entry *entry, const char *text);
bool store_source_changed(const struct source *source);
bool store_any_source_changed(const struct entry *entry);
/* What a save does to the files of a session. */
struct store_saving {
    struct entry *entry;
    bool force;    /* replaces what others wrote */
    bool *written; /* for each source */
    size_t last;   /* the source that was begun last; SIZE_MAX: none, or a file that is no source */
};
/* For hob_scope.writing: HOB_E_VALUE for a file that is not any more what was read. */
int store_writing(void *saving, const char *path, bool begins, struct hob_error *error);
/* The files that were written, and the directories around them, are now as the session knows
 * them; `foreign` says for each source whether it had changed before. */
void store_refresh_sources(const struct store_saving *saving, const bool *foreign);

/* store_describe.c */
enum store_look {
    STORE_FROM_AFAR, /* as it last was; with the store's lock held */
    STORE_AT_SESSION /* with its own lock held */
};
/* The description of a session, but for the end. */
void store_put_info(struct hob_buffer *out, const struct entry *entry, enum store_look look);
/* That the cells which nobody edited may be others than they were; with the entry's lock held. */
void store_put_came_changed(struct hob_buffer *out, const struct entry *entry);

/* store_restore.c */
char *store_focus_text(const struct hob_session *session);
char *store_shape_text(const struct hob_session *session);
char *store_columns_text(const struct hob_session *session);
/* Notes what the session looks like for those who may not wait for it; with the entry's lock held.
 * `changes` are the columns that are others than they were, a line each; NULL: all may be. Without
 * memory it stays what it was. */
void store_keep_looks(struct hob_store *store, struct entry *entry, const char *changes);
/* Looks for stored sessions, the first time that anybody asks for sessions at all. */
void store_open_journal(struct hob_store *store);
struct hob_journal_entry *store_journal_entry(const struct entry *entry,
                                              enum hob_journal_kind kind);
/* Puts it and returns its ticket; 0 when the session was deleted meanwhile. */
uint64_t store_put(struct hob_store *store, struct entry *entry, struct hob_journal_entry *made);
/* Replaces all edits of the session by a snapshot; a ticket as above. */
uint64_t store_compact(struct hob_store *store, struct entry *entry, struct hob_session *session);
/* Opens the session of a request, and records its files in *sources. */
int store_open_session(struct hob_store *store, struct hob_session **session,
                       struct hob_sources **sources, const struct hob_scope *scope,
                       const struct hob_value *request, struct hob_error *error);
/* Makes all edits of the session again; *lost is how many did not fit its files. */
int store_replay_edits(struct hob_store *store, struct entry *entry, struct hob_session *session,
                       size_t *lost, struct hob_error *error);
/* Makes the session again from its files and the journal; with the entry's lock held. */
int store_load(struct hob_store *store, struct entry *entry, const struct hob_scope *scope,
               struct hob_error *error);

#endif
