/* internal: what the files of the session module share. */
#ifndef HOB_SESSION_INTERNAL_H
#define HOB_SESSION_INTERNAL_H

#include "frame/frame.h"
#include "session/labels.h"
#include "session/overlay.h"
#include "session/session.h"

enum session_kind {
    SESSION_INPUT,
    SESSION_DATA,
    SESSION_CONSTANTS,
    SESSION_OUTPUT,
    SESSION_SERIES,
    SESSION_CACHE,
    SESSION_PARAMETERS,
};

/* One flow of the interface. */
struct session_part {
    enum session_kind kind;
    const struct hob_value *flow;       /* NULL for a cache that the session made itself */
    const struct hob_value *index_name; /* NULL likewise */
    bool numbered;                      /* the index is no column: rows are 0, 1, 2... */
    struct hob_frame *frame;            /* owns what the columns begin with */
    struct hob_column index;            /* labels of its rows; empty when numbered */
    struct session_labels labels;
    size_t fixed_row;   /* CONSTANTS, PARAMETERS: the row that counts */
    size_t opened_rows; /* rows that its file had */
    size_t saved_rows;  /* that it has since the last save; series */
    bool changed;       /* since it was read or saved */
    size_t repeated;    /* rows of the file that were left out: their labels were there already */
    struct hob_text first_repeated; /* JSON: the label of the first of them */
};

/* What can be taken back: so many edits, and so many bytes of the values that they replaced and of
 * the steps themselves; less where hob_session_limit_undo said so. While the journal is read it is
 * twice the bytes, whatever was said: an `undo` that was done once must be possible again. */
enum { SESSION_UNDO_EDITS = 1000, SESSION_UNDO_BYTES = 64 << 20 };

/* Bytes of one edit as JSON. */
#define SESSION_MAX_RECORD ((size_t)256 << 20)

enum session_column_flag {
    SESSION_AS_FLOAT = 1 << 0,  /* integers of the base became floats */
    SESSION_AS_OBJECT = 1 << 1, /* takes anything */
    SESSION_DROPPED = 1 << 2,
};

struct session_column {
    const struct hob_value *name;
    struct session_part *part;
    const struct hob_column *base; /* what was read; NULL for new columns */
    size_t base_rows;
    struct hob_text fallback; /* JSON of cells that nobody set, or empty */
    struct session_overlay overlay;
    unsigned flags;
};

enum session_focus_kind {
    SESSION_ON_NOTHING,
    SESSION_ON_COLUMN,
    SESSION_ON_INDEX,
    SESSION_ON_THROWAWAY
};

struct session_focus {
    size_t row;  /* of session->index; SIZE_MAX without rows */
    char *index; /* JSON of the index as it was given; NULL: the row's label */
    enum session_focus_kind kind;
    struct session_column *column;
    struct session_column *selector; /* NULL: not set */
    char *subindex;                  /* JSON; NULL: the last entry's */
};

/* One step back; a group of them, of which the last has `first`, is one edit. */
enum session_undo_kind {
    SESSION_UNDO_CELL,
    SESSION_UNDO_FLAGS,
    SESSION_UNDO_ROW, /* the last one of `labels` */
};

struct session_undo {
    enum session_undo_kind kind;
    bool first;
    unsigned flags;
    struct session_column *column;
    struct session_labels *labels;
    size_t row;
    char *json;
    size_t size;
};

/* Edits that are made again although others changed the files: the numbers that records have for
 * entries of series are those of other files. */
struct session_foreign {
    bool is;
    size_t saves; /* still to come: what was edited before them is in the files */
    size_t lost;  /* edits of entries that are not there any more */
    struct session_moved_entry {
        size_t number, entry;
    } * moved; /* entries that were made again, and what they were; the last one counts */
    size_t moved_count, moved_capacity;
};

struct hob_session {
    struct hob_arena *arena; /* the interface, names, labels that were added */
    const struct hob_value *fields;
    struct session_part **parts;
    size_t part_count, part_capacity;
    struct session_column **columns; /* in order, dropped ones among them */
    size_t column_count, column_capacity;
    struct session_labels names; /* of columns; rows are positions in by_name */
    struct session_column **by_name;
    size_t by_name_capacity;
    struct session_part *main; /* whose labels are the session's; NULL: own_index */
    struct session_labels own_index;
    size_t opened_rows; /* rows that the files gave it */
    size_t distinct;    /* labels in any part that has rows of its own */
    struct session_focus focus;
    struct session_undo *undo; /* a ring would move less, but groups are of any length */
    size_t undo_count, undo_capacity, undo_groups;
    size_t undo_size;          /* bytes that the values in it take */
    size_t undo_limit;         /* bytes; 0: SESSION_UNDO_BYTES */
    bool undo_cut;             /* older edits were forgotten for the limit */
    struct hob_buffer records; /* of edits that nobody has taken yet */
    struct hob_buffer changes; /* of columns, likewise */
    uint64_t focus_moves;
    bool replaying;
    struct session_foreign foreign;
    bool renumbered; /* records that were made again may have numbers of other files */
    size_t base_size, edited_size; /* bytes of what was read; of the cells that were set */
};

static inline const struct session_labels *session_index(const struct hob_session *session)
{
    return session->main != NULL ? &session->main->labels : &session->own_index;
}

static inline bool session_mutable(enum session_kind kind)
{
    return kind == SESSION_OUTPUT || kind == SESSION_SERIES || kind == SESSION_CACHE;
}

/* flow.c */
/* "input", "data", "constants"... */
const char *session_kind_name(enum session_kind kind);
/* The flow with the base directory, unless it has one of its own or there is none. */
const struct hob_value *session_with_base(struct hob_arena *arena, const struct hob_value *flow,
                                          const struct hob_value *base);
/* Reads the flow; it becomes the mapping that was read. An output, a cache, and a series that says
 * its columns, may have no file yet. */
int session_read_flow(struct hob_frame **frame, const struct hob_value **flow,
                      struct hob_session *session, const struct hob_scope *scope,
                      enum session_kind kind, struct hob_error *error);

/* names.c: HOB_E_VALUE unless every column of the part can be a variable, is made into one, or has
 * a mapping (golden RULES 38); `known` (column name to variable) goes through all parts. */
int session_check_names(struct hob_value *known, struct hob_arena *arena,
                        const struct hob_value *mapping, const struct hob_frame *frame,
                        struct hob_error *error);
/* Whether a new column may have this name. */
int session_check_name(const struct hob_value *name, struct hob_error *error);

/* What a new row of that label is called: where the files call all rows by texts, a number becomes
 * one, as it does in the file, for it would not be found there again. In the arena. */
struct session_label session_new_label(const struct hob_session *session,
                                       const struct hob_value *value, struct hob_arena *arena);

/* open.c */
struct session_part *session_add_part(struct hob_session *session, enum session_kind kind);
/* Puts the focus on the first column. */
void session_focus_first(struct hob_session *session);

/* columns.c */
struct session_column *session_add_column(struct hob_session *session, struct session_part *part,
                                          const struct hob_value *name);
/* After columns came or went. False without memory. */
bool session_map_names(struct hob_session *session);
/* After the last of the columns came, and nothing else. */
bool session_map_last_name(struct hob_session *session);
/* The column of that name that is not dropped, or NULL. */
struct session_column *session_find_column(const struct hob_session *session,
                                           const struct hob_value *name);
bool session_is_index_name(const struct hob_session *session, const struct hob_value *name);
/* Notes for the journal that a column came or went. */
void session_note_column(struct hob_session *session, const struct session_column *column);

/* cells.c */
/* HOB_E_LIMIT when the answer has become too large: cells of constants, and those that aliases
 * name, are written as often as there are rows. */
int session_check_answer(size_t size, struct hob_error *error);
/* The cell as JSON; HOB_E_LIMIT as above. */
int session_put_cell(struct hob_buffer *out, const struct session_column *column, size_t row,
                     struct hob_error *error);
/* The cell as a value in the arena. */
int session_cell_value(const struct hob_value **value, const struct session_column *column,
                       size_t row, struct hob_arena *arena, struct hob_error *error);
/* The row of the column's part that belongs to a row of the session; of series the first.
 * SIZE_MAX when there is none. */
size_t session_part_row(const struct hob_session *session, const struct session_part *part,
                        size_t row);
/* What a column has for a row of the session, in tables: for series the list of all entries. */
int session_put_table_cell(struct hob_buffer *out, const struct hob_session *session,
                           const struct session_column *column, size_t row,
                           struct hob_error *error);
int session_table_value(const struct hob_value **value, const struct hob_session *session,
                        const struct session_column *column, size_t row, struct hob_arena *arena,
                        struct hob_error *error);

/* view.c: the session as a frame, the labels first. */
struct session_view {
    struct hob_frame *frame;
    bool *lent; /* which of its first `count` columns belong to the session */
    size_t count, capacity;
};
struct session_view_choice {
    bool series; /* columns of series as well, as lists */
    bool lend;   /* columns may be the session's own: for who only reads */
    /* Whether a column, by its printed name, is wanted; NULL: all are. */
    bool (*wanted)(void *context, struct hob_text name);
    void *context;
};
/* To be deinit'd also after an error. */
int session_view_init(struct session_view *view, const struct hob_session *session,
                      const struct session_view_choice *choice, struct hob_error *error);
void session_view_deinit(struct session_view *view);
static inline void hob_auto_session_view(struct session_view *view)
{
    session_view_deinit(view);
}

/* tables.c: the columns that `columns` of the parameters names, all without it. */
struct session_selection {
    struct session_column **columns;
    size_t count;
};
/* In the arena; HOB_E_NO_KEY. */
int session_select_columns(struct session_selection *selection, const struct hob_session *session,
                           const struct hob_value *names, struct hob_arena *arena,
                           struct hob_error *error);
/* A row as a mapping. */
int session_put_record(struct hob_buffer *out, const struct hob_session *session,
                       const struct session_selection *selection, size_t row,
                       struct hob_error *error);

/* focus.c */
/* The entry of a series that selector and subindex pick for a row: SIZE_MAX without entries,
 * HOB_E_NO_KEY when there are several and no selector. */
int session_pick_entry(const struct hob_session *session, const struct session_part *part,
                       size_t row, size_t *entry, struct hob_error *error);
int session_need(const struct hob_value *parameters, const char *name,
                 const struct hob_value **value, struct hob_error *error);
/* A row by its label; HOB_E_NO_KEY. */
int session_need_row(const struct hob_session *session, const struct hob_value *label, size_t *row,
                     struct hob_error *error);
/* A column by its name; HOB_E_NO_KEY. */
int session_need_column(const struct hob_session *session, const struct hob_value *name,
                        struct session_column **column, struct hob_error *error);

/* The value of a label, in the arena. */
const struct hob_value *session_label_value(const struct session_label *label,
                                            struct hob_arena *arena);

/* The operations. */
#define SESSION_OPERATION(name)                                                                    \
    int session_do_##name(struct hob_session *session, const struct hob_value *parameters,         \
                          const struct hob_scope *scope, struct hob_buffer *out,                   \
                          struct hob_error *error)
SESSION_OPERATION(set_index);
SESSION_OPERATION(get_index);
SESSION_OPERATION(set_column);
SESSION_OPERATION(get_column);
SESSION_OPERATION(get_value);
SESSION_OPERATION(get_value_at);
SESSION_OPERATION(get_shape);
SESSION_OPERATION(get_columns);
SESSION_OPERATION(get_indices);
SESSION_OPERATION(get_input_columns);
SESSION_OPERATION(get_output_columns);
SESSION_OPERATION(get_series_columns);
SESSION_OPERATION(get_column_type);
SESSION_OPERATION(set_selector);
SESSION_OPERATION(get_selector);
SESSION_OPERATION(set_subindex);
SESSION_OPERATION(get_subindex);
SESSION_OPERATION(get_subseries);
SESSION_OPERATION(get_slice);
SESSION_OPERATION(get_column_data);
SESSION_OPERATION(get_row_data);
SESSION_OPERATION(filter);
SESSION_OPERATION(set_value);
SESSION_OPERATION(set_value_at);
SESSION_OPERATION(add_row);
SESSION_OPERATION(add_column);
SESSION_OPERATION(drop_column);
SESSION_OPERATION(undo);
SESSION_OPERATION(run_compute);
SESSION_OPERATION(save);

/* What the allocator takes for the text of a cell: glibc gives out multiples of 16, of which it
 * needs 8 itself. Others are not far from it. */
static inline size_t session_text_room(const char *json, size_t size)
{
    size_t room = (size + 1 + 8 + 15) / 16 * 16;
    return json == NULL ? 0 : room < 32 ? 32 : room;
}

/* alter.c: each pushes its reverse and does all of it or nothing. */
int session_set_flags(struct hob_session *session, struct session_column *column, unsigned flags,
                      struct hob_error *error);
/* A row at the end of the labels alone; of a part, with holes in its columns. */
int session_append_row(struct hob_session *session, struct session_labels *labels,
                       const struct session_label *label, struct hob_error *error);
int session_append_part_row(struct hob_session *session, struct session_part *part,
                            const struct session_label *label, struct hob_error *error);
/* The value as the column takes it, which may become another (golden RULES 36). */
int session_set_cell(struct hob_session *session, struct session_column *column, size_t row,
                     const struct hob_value *value, struct hob_error *error);

/* undo.c: the steps back. */
int session_push_undo(struct hob_session *session, struct session_undo step,
                      struct hob_error *error);
void session_undo_step(struct hob_session *session);
/* Takes one whole edit back; HOB_E_VALUE when there is none. */
int session_undo_group(struct hob_session *session, struct hob_error *error);
/* Forgets the oldest edits, some at a time, so that the limits hold. */
void session_trim_undo(struct hob_session *session);
/* Forgets them all. */
void session_forget_undo(struct hob_session *session);
/* Moves the focus away from what is not there any more. */
void session_repair_focus(struct hob_session *session);

/* entries.c: the entry of a series that a record means, made if it is to be; *entry is SIZE_MAX
 * when the edit is in the file already. HOB_E_NO_KEY when others took the entry away. */
int session_record_entry(struct hob_session *session, struct session_part *part,
                         const struct hob_value *record, const struct session_label *label,
                         size_t *entry, struct hob_error *error);
/* The last entry from `entry` on whose selector has the value; SIZE_MAX when none has. */
int session_find_entry(const struct session_column *selector, size_t entry,
                       const struct hob_value *wanted, size_t *found, struct hob_error *error);
/* What tells an entry from others of its row, for the record of an edit; `entry` may be none yet.
 */
int session_describe_entry(const struct hob_session *session, const struct session_part *part,
                           size_t entry, struct hob_value *record, struct hob_arena *arena,
                           struct hob_error *error);
/* The files of the series have what the session has. */
void session_note_saved(struct hob_session *session);

/* edit.c: applies one record and collects it for the journal, all of it or nothing. */
int session_edit(struct hob_session *session, const struct hob_value *record,
                 struct hob_error *error);
/* {"op": op}, to be completed. */
struct hob_value *session_new_record(struct hob_arena *arena, const char *op);
/* Whether any part, or the session itself, has rows of this label. */
bool session_knows_label(const struct hob_session *session, const struct session_label *label);
void session_free_undo(struct hob_session *session);

#endif
