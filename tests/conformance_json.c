/* conformance_json: cases of `expect` accept, reject or any. What both hob and the reference
 * accept must also be the same value, save that what is not finite is null in hob. Where the case
 * says that the reference differs from the suite, hob follows the reference. */
#include "base/error.h"
#include "conformance.h"
#include "value/json.h"

static bool accepted(const struct hob_value *one, const struct hob_value *actual, bool reject,
                     struct hob_buffer *difference)
{
    const struct hob_value *reference = hob_value_get(one, "reference");
    const struct hob_value *expected = hob_value_get(reference, "value");
    if (reject) {
        hob_buffer_put_string(difference, "expected an error, got a value");
        return false;
    }
    return expected == NULL ||
           conformance_same(expected, actual, CONFORMANCE_NOT_FINITE_IS_NULL, difference);
}

bool conformance_json(const struct hob_value *one, struct hob_arena *arena,
                      struct hob_buffer *difference)
{
    struct hob_text document, expect = hob_value_text(hob_value_get(one, "expect"));
    if (!conformance_document(one, arena, &document, difference))
        return false;
    bool accept = hob_text_is(expect, "accept"), reject = hob_text_is(expect, "reject");
    if (!accept && !reject && !hob_text_is(expect, "any")) {
        hob_buffer_put_string(difference, "'expect' must be accept, reject or any");
        return false;
    }
    const struct hob_value *differs = hob_value_get(one, "reference_differs");
    if (hob_value_is(differs, HOB_BOOL) && differs->boolean && (accept || reject)) {
        reject = hob_value_get(hob_value_get(one, "reference"), "error") != NULL;
        accept = !reject;
    }
    const struct hob_value *actual = NULL;
    struct hob_error error = HOB_ERROR_INIT;
    if (hob_json_read(arena, document, &actual, &error) == 0)
        return accepted(one, actual, reject, difference);
    if (accept)
        hob_buffer_printf(difference, "expected a value, got the error: %s", error.message);
    return !accept;
}
