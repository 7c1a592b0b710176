/* journal_database: what the journal keeps, in SQLite; internal to the session module.
 *
 * Whoever writes has to see to it that nobody else does; reading is thread-safe. Functions that
 * return a bool are false when SQLite refused, and session_database_message says why. */
#ifndef HOB_SESSION_JOURNAL_DATABASE_H
#define HOB_SESSION_JOURNAL_DATABASE_H

#include "session/journal.h"

struct session_database;

/* Opens the file, which is made if need be, for the sessions of the place. */
int session_database_open(struct session_database **database, const char *path, const char *place,
                          struct hob_error *error);
/* Takes NULL, returns NULL. */
struct session_database *session_database_close(struct session_database *database);

static inline bool session_has_records(const struct hob_journal_entry *entry)
{
    return entry->records != NULL && entry->records[0] != '\0';
}

/* A transaction. Unless it waits, it is not begun while another process is in the middle of one. */
bool session_database_begin(struct session_database *database, bool waits);
bool session_database_write(struct session_database *database,
                            const struct hob_journal_entry *entry);
/* The system has it then; with `flushes`, the disk has. */
bool session_database_commit(struct session_database *database, bool flushes);
void session_database_rollback(struct session_database *database);
const char *session_database_message(const struct session_database *database);

/* Bytes of the log that were not copied back into the database yet, when it was last committed. */
size_t session_database_log_size(const struct session_database *database);
/* Copies the log back, between transactions. What cannot be copied now, because somebody is
 * reading, is next time. Waits for the disk. */
void session_database_shorten_log(struct session_database *database);

/* As hob_journal_list and hob_journal_edits; *last becomes the largest ticket of any edit, if it is
 * smaller. */
int session_database_list(struct session_database *database, uint64_t *last,
                          void (*visit)(void *context, const struct hob_journal_session *session),
                          void *context, struct hob_error *error);
int session_database_edits(struct session_database *database, const char *id,
                           int (*visit)(void *context, struct hob_text records,
                                        struct hob_error *error),
                           void *context, struct hob_error *error);

#endif
