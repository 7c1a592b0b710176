/* labels: what all rows, or columns, are called, and where they are; internal to the session
 * module.
 *
 * The first rows may be those of a column, which is not copied. Where its labels rise, as numbers
 * and sorted names do, they need no table at all: a row is computed, or found by halving. All
 * others are found by a hash table, so that finding one costs the same in ten rows and in a
 * million. */
#ifndef HOB_SESSION_LABELS_H
#define HOB_SESSION_LABELS_H

#include "session/label.h"

/* How a row of the column is found by its label. */
enum session_labels_order {
    SESSION_LABELS_HASHED,
    SESSION_LABELS_COUNTED, /* n, n + 1, n + 2... */
    SESSION_LABELS_RISING,  /* integers, or texts, each larger than the one before */
};

struct session_labels {
    const struct hob_column *base; /* labels of the first rows; NULL: they are 0, 1, 2... */
    size_t base_count;
    enum session_labels_order base_order;
    struct session_label *more; /* of the rows after them */
    size_t more_count, more_capacity;
    uint32_t *slots; /* open addressing: first row of a label + 1; 0: free. Of all rows, or, where
                        those of the column are in order, of the others */
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
/* The same, looking at the row `near` first: tables that belong together have their rows in one
 * order more often than not. */
size_t session_labels_find_near(const struct session_labels *labels,
                                const struct session_label *label, size_t near);
/* Chained: the next row of the same label, or SIZE_MAX; the last one. */
size_t session_labels_next(const struct session_labels *labels, size_t row);
size_t session_labels_last(const struct session_labels *labels, size_t first);
/* Appends a row; the label's text must outlive the labels. False without memory. */
bool session_labels_add(struct session_labels *labels, struct session_label label);
/* Takes back the row that was added last. */
void session_labels_remove_last(struct session_labels *labels);
size_t session_labels_size(const struct session_labels *labels);

#endif
