/* query: what an analyst asks of a table, in one go: rows by a condition, groups with aggregates,
 * order, a number of rows, columns; in that order. */
#ifndef HOB_COMPUTE_QUERY_H
#define HOB_COMPUTE_QUERY_H

#include "frame/group.h"

/* Texts from a command line or a request; borrowed. */
struct hob_texts {
    const struct hob_text *items;
    size_t count;
};

/* Lists of columns: each text is one name, or several with commas between them. */
struct hob_query {
    struct hob_texts where; /* conditions, see where.h; all must hold */
    struct hob_texts group; /* key columns; with these, or with an aggregate, rows are grouped */
    bool count;             /* aggregates, see group.h */
    struct hob_texts sum, mean, min, max;
    struct hob_texts sort; /* a name with - before it: descending; + is allowed */
    bool limited;
    size_t limit;            /* the first rows, when limited */
    struct hob_texts select; /* columns in this order; none: all */
};

/* Whether it asks for anything at all. */
bool hob_query_is_empty(const struct hob_query *query);

/* Replaces *frame by what was asked for. Sorting and selecting is done on the grouped table where
 * there is one. Errors are those of where.h and group.h, HOB_E_KEY for a column that is not there,
 * HOB_E_MEMORY; *frame is then NULL or as far as it got, for the caller to free. */
int hob_query_apply(const struct hob_query *query, struct hob_frame **frame,
                    struct hob_error *error);

#endif
