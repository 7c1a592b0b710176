/* label: what a row or a column is called; internal to the session module.
 *
 * A label is a scalar seen as Python's tables see it: 41 and 41.0 are the same, "41" and true are
 * others. */
#ifndef HOB_SESSION_LABEL_H
#define HOB_SESSION_LABEL_H

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
/* The same of labels that are equal. */
uint64_t session_label_hash(const struct session_label *label);
/* Whether it is a whole number, and which. */
bool session_label_integer(const struct session_label *label, int64_t *integer);
/* As JSON. */
void session_label_put(struct hob_buffer *out, const struct session_label *label);
/* A label of its own text, which lives in the arena. */
struct session_label session_label_copy(const struct session_label *label, struct hob_arena *arena);

#endif
