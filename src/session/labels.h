/* labels: what rows and columns are called, and where they are; internal to the session module.
 *
 * A label is a scalar seen as Python's tables see it: 41 and 41.0 are the same, "41" and true are
 * others. Labels know their rows by a hash table, so that finding one costs the same in ten rows
 * and in a million. The first rows may be those of a column, which is not copied. */
#ifndef HOB_SESSION_LABELS_H
#define HOB_SESSION_LABELS_H

#include "frame/column.h"

enum session_label_kind {
    SESSION_LABEL_NONE, /* missing */
    SESSION_LABEL_BOOL,
    SESSION_LABEL_INT,
    SESSION_LABEL_DOUBLE,
    SESSION_LABEL_TEXT,
};

struct session_label {
    enum session_label_kind kind;
    bool boolean;
    union {
        int64_t integer;
        double number;
        struct hob_text text; /* borrowed */
    };
};

/* A view of the value; what is no scalar (and dates) becomes its JSON text, in the arena. */
struct session_label session_label_of(const struct hob_value *value, struct hob_arena *arena);
/* A cell of a typed column; nested cells as above. */
struct session_label session_label_of_cell(const struct hob_column *column, size_t row,
                                           struct hob_arena *arena);
bool session_label_equal(const struct session_label *a, const struct session_label *b);
/* As JSON. */
void session_label_put(struct hob_buffer *out, const struct session_label *label);
/* A label of its own text, which lives in the arena. */
struct session_label session_label_copy(const struct session_label *label, struct hob_arena *arena);

struct session_labels {
    const struct hob_column *base; /* labels of the first rows; NULL: they are 0, 1, 2... */
    size_t base_count;
    struct session_label *more; /* of the rows after them */
    size_t more_count, more_capacity;
    uint32_t *slots; /* open addressing: first row of a label + 1; 0: free */
    size_t slot_count;
    size_t distinct;
    bool chained; /* a label may have several rows */
    uint32_t *next,
        *last; /* chained: the next row of the same label + 1; of first rows, the last */
    size_t next_capacity, last_capacity;
};

void session_labels_deinit(struct session_labels *labels);
static inline size_t session_labels_count(const struct session_labels *labels)
{
    return labels->base_count + labels->more_count;
}
/* Takes `count` rows from a column (NULL: numbered) that outlives the labels. Rows that repeat a
 * label, unless chained, are marked in `repeated` (of `count` bools; NULL when no row can) and not
 * found; returns the number of them, or -1 without memory. */
ptrdiff_t session_labels_load(struct session_labels *labels, const struct hob_column *column,
                              size_t count, bool *repeated, struct hob_arena *arena);
struct session_label session_labels_at(const struct session_labels *labels, size_t row);
/* The first row of the label, or SIZE_MAX. */
size_t session_labels_find(const struct session_labels *labels, const struct session_label *label);
/* Chained: the next row of the same label, or SIZE_MAX; the last one. */
size_t session_labels_next(const struct session_labels *labels, size_t row);
size_t session_labels_last(const struct session_labels *labels, size_t first);
/* Appends a row; the label's text must outlive the labels. False without memory. */
bool session_labels_add(struct session_labels *labels, struct session_label label);
/* Takes back the row that was added last. */
void session_labels_remove_last(struct session_labels *labels);
size_t session_labels_size(const struct session_labels *labels);

#endif
