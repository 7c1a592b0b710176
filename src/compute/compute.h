/* compute: the compute sections of flows: a function called for each row, its result a column.
 *
 *     compute:                      # or precompute, postcompute; one mapping or a list
 *       field: summary              # one name or several; `_` throws a result away
 *       function: render_liquid     # see functions.h
 *       args: {template: "..."}     # the same for every row
 *       row_args: {name: column}    # the row's value
 *       column_args: {all: column}  # the whole column as a list
 *       function_args: {x: {function: today}}  # the result of another function
 *       mode: replace               # or append, prepend, with `separator`
 *       refresh: true               # false: only rows where the field is empty
 *
 * Golden RULES 30; what mode, separator, refresh, precompute and postcompute say is done (the
 * reference ignores them in read_data). */
#ifndef HOB_COMPUTE_COMPUTE_H
#define HOB_COMPUTE_COMPUTE_H

#include "base/buffer.h"
#include "config/scope.h"
#include "frame/frame.h"

/* What computing keeps between calls: parsed templates. Thread-safe. */
struct hob_compute;

/* Never NULL; the caller frees it when nobody computes with it any more. */
struct hob_compute *hob_compute_new(void);
/* Takes NULL, returns NULL. */
struct hob_compute *hob_compute_free(struct hob_compute *compute);
static inline void hob_auto_compute(struct hob_compute **compute)
{
    hob_compute_free(*compute);
}

/* Who answers for functions that are not hob's own: `pool:NAME/METHOD`. */
struct hob_compute_remote {
    /* Calls a method with parameters in JSON, and appends the result in JSON. May wait; from any
     * thread. */
    int (*call)(void *data, struct hob_text pool, struct hob_text method, struct hob_text params,
                struct hob_buffer *result, struct hob_error *error);
    void *data;
};
/* Before anything is computed; copied. */
void hob_compute_set_remote(struct hob_compute *compute, const struct hob_compute_remote *remote);

/* Before anything is computed: templates with a mistake in them (liquid.h) are errors. They render
 * with holes otherwise, as in the reference. */
void hob_compute_set_strict(struct hob_compute *compute);

/* Runs the flow's precompute, compute and postcompute on a frame that was read from it. This is a
 * scope's `finish` (with the hob_compute as data), so that every part of a stack computes, too. */
int hob_compute_finish(void *compute, struct hob_frame *frame, const struct hob_value *flow,
                       const struct hob_scope *scope, struct hob_error *error);

/* Runs one section: a mapping or a list of them. HOB_E_PARAMETER and HOB_E_VALUE say what is wrong
 * with it; the frame may then have some of the new columns. */
int hob_compute_section(struct hob_compute *compute, struct hob_frame *frame,
                        const struct hob_value *section, const struct hob_scope *scope,
                        struct hob_error *error);

#endif
