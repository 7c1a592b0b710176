/* session: a table that somebody opens once and then walks, reads and edits with small requests.
 *
 * A session is made from an interface: its flows become columns, each with a type that says what
 * it is for and whether it may change: input, data and constants never, parameters never, output,
 * series and cache do; new columns are cache. It has a focus: a row, a column, and for series a
 * selector and a subindex (golden RULES 35-38). The cost of an operation depends neither on the
 * number of rows nor on that of sessions, unless it asks for many cells.
 *
 * What is done to a session is one of the operations in a table, by name, with parameters and an
 * answer in JSON: HTTP and the command line offer the same ones. Edits are collected as records,
 * lines of JSON, for whoever keeps a journal; applied in order to a session that was made from the
 * same files they give the same session.
 *
 * One session is for one thread at a time. */
#ifndef HOB_SESSION_SESSION_H
#define HOB_SESSION_SESSION_H

#include "base/buffer.h"
#include "config/scope.h"
#include "value/parameter.h"
#include "value/value.h"

struct hob_session;

struct hob_session_source {
    const char *interface_file;  /* needed */
    const char *directory;       /* "." when NULL */
    const char *interface_field; /* NULL: the whole file; else the section to read */
};

/* Reads the interface and its flows. `scope->sources` records the files; scope->finish computes.
 * HOB_E_NOT_FOUND for an interface that is not there, HOB_E_VALUE for one that cannot be a session,
 * and whatever reading a flow says. */
int hob_session_open(struct hob_session **session, const struct hob_scope *scope,
                     const struct hob_session_source *source, struct hob_error *error);
/* Takes NULL, returns NULL. */
struct hob_session *hob_session_free(struct hob_session *session);
static inline void hob_auto_session(struct hob_session **session)
{
    hob_session_free(*session);
}

/* [rows, columns], and ["name", ...], as JSON. */
void hob_session_put_shape(struct hob_buffer *out, const struct hob_session *session);
void hob_session_put_columns(struct hob_buffer *out, const struct hob_session *session);
/* Rows that can be in focus. */
size_t hob_session_rows(const struct hob_session *session);
/* Bytes that it holds, undo included. */
size_t hob_session_size(const struct hob_session *session);

/* Undo keeps at most that many bytes, and 64 MiB in any case; the oldest edits go first. */
void hob_session_limit_undo(struct hob_session *session, size_t bytes);

/* ---- operations ---- */

enum hob_session_effect {
    HOB_SESSION_READS,
    HOB_SESSION_MOVES, /* the focus */
    HOB_SESSION_EDITS,
    HOB_SESSION_SAVES,   /* writes files; may wait for a disk */
    HOB_SESSION_RELOADS, /* done by the store: `run` is NULL */
};

struct hob_session_operation {
    const char *name;
    enum hob_session_effect effect;
    bool scans;    /* its cost grows with the table */
    bool reshapes; /* it may change rows or columns */
    /* Appends members of the answer, each with a comma before it: `,"value":1`. */
    int (*run)(struct hob_session *session, const struct hob_value *parameters,
               const struct hob_scope *scope, struct hob_buffer *out, struct hob_error *error);
    const char *summary;
    const struct hob_parameter *parameters; /* ended by one without a name; or NULL */
};

/* The table of all. */
const struct hob_session_operation *hob_session_operations(size_t *count);
/* NULL when there is none of that name. */
const struct hob_session_operation *hob_session_operation_find(struct hob_text name);

/* ---- for the journal ---- */

/* Moves the records of edits since they were last taken, lines of JSON, into an empty buffer; it
 * stays empty when there were none. */
void hob_session_take_records(struct hob_session *session, struct hob_buffer *records);
/* The same with the columns that came or went: lines of the place of a column, a blank and its name
 * as JSON, null when it went; of a place named twice the last line counts. */
void hob_session_take_column_changes(struct hob_session *session, struct hob_buffer *changes);
/* All places of columns as such lines, rising. */
void hob_session_put_column_places(struct hob_buffer *out, const struct hob_session *session);
/* How often the focus was moved, by whatever operation. */
uint64_t hob_session_focus_moves(const struct hob_session *session);
/* How many of the records say that the session was saved. */
size_t hob_session_count_saves(struct hob_text records);
/* What is applied from now on was done to other files than those that the session was made from:
 * entries of series are found by label, selector and subindex, and what was done to them before the
 * last of so many saves is in the files. Until end_foreign. */
void hob_session_begin_foreign(struct hob_session *session, size_t saves);
void hob_session_end_foreign(struct hob_session *session);
/* Whether the records do not fit the files of the session any more: a snapshot has to take their
 * place once these are the files that it was made from. */
bool hob_session_is_renumbered(const struct hob_session *session);
/* Does again what records say; nothing is collected. Records that do not fit the table any more,
 * because its files were changed, are left out and counted in *lost. */
int hob_session_apply(struct hob_session *session, struct hob_text records, size_t *lost,
                      struct hob_error *error);
/* Appends records that make the session what it is now, from its files alone; what was done before
 * cannot be undone any more. */
void hob_session_compact(struct hob_session *session, struct hob_buffer *records);
/* The focus as JSON, and back; what is not there any more is left as it is. */
void hob_session_put_focus(struct hob_buffer *out, const struct hob_session *session);
void hob_session_set_focus(struct hob_session *session, const struct hob_value *focus);

#endif
