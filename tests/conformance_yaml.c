/* conformance_yaml: cases with the `value` of a document, or an `error`, which may be any. */
#include "base/error.h"
#include "conformance.h"
#include "value/yaml.h"

bool conformance_yaml(const struct hob_value *one, struct hob_arena *arena,
                      struct hob_buffer *difference)
{
    struct hob_text document;
    if (!conformance_document(one, arena, &document, difference))
        return false;
    const struct hob_value *expected = hob_value_get(one, "value"), *actual = NULL;
    bool fails = hob_value_get(one, "error") != NULL;
    struct hob_error error = HOB_ERROR_INIT;
    if (hob_yaml_read(arena, document, "case", &actual, &error) != 0) {
        if (!fails)
            hob_buffer_printf(difference, "expected a value, got the error: %s", error.message);
        return fails;
    }
    if (!fails && expected != NULL)
        return conformance_same(expected, actual, CONFORMANCE_EXACT, difference);
    hob_buffer_put_string(difference, fails ? "expected an error, got a value"
                                            : "the case has neither 'value' nor 'error'");
    return false;
}
