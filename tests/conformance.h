/* conformance: what the runner and its kinds of cases share.
 *
 * A kind is a function that runs one case, which is an object of the case file: true when hob does
 * what the case expects, otherwise it appends the first difference to `difference`. Values that a
 * case needs while it runs go into the arena. */
#ifndef HOB_TESTS_CONFORMANCE_H
#define HOB_TESTS_CONFORMANCE_H

#include "base/buffer.h"
#include "value/value.h"

typedef bool conformance_check(const struct hob_value *one, struct hob_arena *arena,
                               struct hob_buffer *difference);

conformance_check conformance_csv, conformance_json, conformance_liquid, conformance_markdownify,
    conformance_yaml;

/* The document of a case: its `text`, or its `base64` decoded. False (and a difference) when the
 * case has neither. */
bool conformance_document(const struct hob_value *one, struct hob_arena *arena,
                          struct hob_text *document, struct hob_buffer *difference);

/* How values may differ and still be right. */
enum conformance_tolerance {
    CONFORMANCE_EXACT,
    CONFORMANCE_NOT_FINITE_IS_NULL, /* an expected inf or nan may be null */
    CONFORMANCE_CLOSE,              /* floats within 1e-12 of each other, relatively */
};

/* Compares a tagged value ({"t": "map", "v": [[key, value], ...]}...) with a value of hob. */
bool conformance_same(const struct hob_value *expected, const struct hob_value *actual,
                      enum conformance_tolerance tolerance, struct hob_buffer *difference);

#endif
