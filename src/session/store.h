/* store: all sessions of a server: found by id, kept within limits, journalled.
 *
 * Thread-safe. Operations on one session happen one after another, those on different ones at the
 * same time. Sessions beyond the memory limit, the least recently used ones, are dropped from
 * memory and made again from their files and the journal when they are next used; so are those of a
 * server that was restarted. One that alone is larger than the limit is dropped after every use.
 * When the files were changed meanwhile, every answer says so until somebody reloads the session:
 * the edits are what they were, other cells may not be. The state directory is not touched before
 * somebody asks for sessions. Without one, sessions live as long as the process. */
#ifndef HOB_SESSION_STORE_H
#define HOB_SESSION_STORE_H

#include "session/journal.h"
#include "session/session.h"

struct hob_store;

/* All zero is the default. */
struct hob_store_options {
    const char *state;   /* directory; "none": memory only; NULL: $HOB_STATE, else
                            $XDG_STATE_HOME/hob, else ~/.local/state/hob */
    size_t max_sessions; /* 0: 100,000 */
    size_t max_memory;   /* bytes of all sessions; 0: 1 GiB */
    /* Of a server that takes another's place: a pipe whose other end that one closes when it has
     * let go of the sessions (taken over; 0 or less: none), and how long that may take. */
    int hold;
    unsigned hold_ms;
    unsigned patience_ms; /* that any other server may take to let go of them */
    enum hob_durability durability;
};

/* The options are copied. Never NULL: its directory is not looked at before sessions are. */
struct hob_store *hob_store_new(const struct hob_store_options *options);
/* Other limits, from now on; 0 as in the options. What is beyond them leaves when sessions are used
 * or opened. */
void hob_store_limit(struct hob_store *store, size_t max_sessions, size_t max_memory);
/* Nobody may use it any more. Takes NULL, returns NULL. */
struct hob_store *hob_store_free(struct hob_store *store);

/* Returned by what would have to wait, for a file or for another request, when it may not: nothing
 * was done. */
enum { HOB_STORE_WOULD_WAIT = 1 };

/* One request. */
struct hob_store_call {
    const struct hob_scope *scope;
    const char *directory; /* for a new session: where its relative paths start, if that is not the
                              server's own directory; else NULL */
    bool may_wait;
    struct hob_buffer *out; /* gets members of the answer, each with a comma before it */
    uint64_t ticket;        /* out: not 0: the answer is only true when this is safe; settle or
                               when_safe has to be called for it */
};

/* Opens a session: interface_file, directory, interface_field, timeout (seconds; 0: none). */
int hob_store_create(struct hob_store *store, struct hob_store_call *call,
                     const struct hob_value *parameters, struct hob_error *error);
int hob_store_list(struct hob_store *store, struct hob_store_call *call, struct hob_error *error);
int hob_store_info(struct hob_store *store, struct hob_store_call *call, const char *id,
                   struct hob_error *error);
int hob_store_delete(struct hob_store *store, struct hob_store_call *call, const char *id,
                     struct hob_error *error);
int hob_store_operate(struct hob_store *store, struct hob_store_call *call, const char *id,
                      const struct hob_session_operation *operation,
                      const struct hob_value *parameters, struct hob_error *error);

/* The directory that a session's relative paths start from, where that is not the server's own (as
 * in struct hob_store_call): malloc'd, or NULL, also for a session that is not there. 0, or
 * HOB_STORE_WOULD_WAIT. */
int hob_store_directory(struct hob_store *store, bool may_wait, const char *id, char **directory);

/* Sessions that exist, as far as anybody has asked for them yet. */
size_t hob_store_count(struct hob_store *store);
/* Why sessions are in memory only, although they were to be kept in a directory: known as soon as
 * somebody has asked for sessions. NULL: they are kept, or are not to be. The store's. */
const char *hob_store_unkept(struct hob_store *store);
/* Whether there are sessions that would be lost with this process. */
bool hob_store_is_fleeting(struct hob_store *store);

/* As hob_journal_settle: whether the answer that came with the ticket is true by now. */
bool hob_store_settle(struct hob_store *store, uint64_t ticket);
/* Waits until everything that was done is safe. */
void hob_store_flush(struct hob_store *store);
/* As hob_journal_when_safe. */
bool hob_store_when_safe(struct hob_store *store, struct hob_journal_wait *wait);

#endif
