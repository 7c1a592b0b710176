/* join: two frames side by side, rows matched by key columns or by the labels of the rows. */
#ifndef HOB_FRAME_JOIN_H
#define HOB_FRAME_JOIN_H

#include "frame/frame.h"

enum hob_join_how { HOB_JOIN_LEFT, HOB_JOIN_RIGHT, HOB_JOIN_INNER, HOB_JOIN_OUTER };

struct hob_join {
    enum hob_join_how how;
    /* Names of columns that both frames have; none: rows are matched by their labels, which are
     * 0, 1, 2... where a frame has no index. The left frame's index counts as a column too, under
     * its name. */
    const struct hob_value *const *on;
    size_t on_count;
    /* What is appended to names that both frames have. */
    struct hob_text left_suffix, right_suffix;
};

/* "left", "right", "inner" or "outer"; false for anything else. */
bool hob_join_how_parse(enum hob_join_how *how, struct hob_text name);

/* Every match of a row on its own, in the order that pandas 1.5 gives. Joined by columns: rows of
 * the left frame (right join: of the right one) in their order; an inner and an outer join key by
 * key, as keys first appear in the left and then in the right frame. By labels: in the order of the
 * left (the right) frame, outer joins sorted by label; sorted in any case when a label repeats.
 * Linear time, but for sorting. Takes both frames over, in any case. Errors: HOB_E_KEY for a key
 * column that is not there, HOB_E_VALUE for keys of types that never match and for names that both
 * have when both suffixes are empty, HOB_E_TYPE for keys that are lists, HOB_E_LIMIT when repeated
 * keys multiply beyond measure. */
int hob_frame_join(struct hob_frame **joined, struct hob_frame *left, struct hob_frame *right,
                   const struct hob_join *join, struct hob_error *error);

#endif
