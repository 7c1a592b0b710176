/* json_error: see json_error.h.
 *
 * Clients show these texts and tests compare them, so they are Python's to the letter: places
 * count characters, and a broken UTF-8 sequence is described as Python's decoder describes it (how
 * many of its bytes were still right decides between "byte" and "bytes", and the reason). */
#include "value/json_error.h"

#include "base/utf8.h"

int json_error_at(struct hob_error *error, struct hob_text text, size_t offset, const char *what)
{
    size_t lines = 1, line_start = 0;
    for (size_t i = 0; i < offset; i++) {
        if (text.data[i] != '\n')
            continue;
        lines++;
        line_start = i + 1;
    }
    size_t character = hob_utf8_count((struct hob_text){text.data, offset});
    size_t before_line = hob_utf8_count((struct hob_text){text.data, line_start});
    return hob_error_set(error, HOB_E_JSON, "%s: line %zu column %zu (char %zu)", what, lines,
                         character - before_line + 1, character);
}

static bool continues(unsigned char byte)
{
    return (byte & 0xC0) == 0x80;
}

/* Some second bytes would make overlong forms, surrogates or characters beyond U+10FFFF. */
static bool second_fits(unsigned char first, unsigned char second)
{
    if (!continues(second))
        return false;
    switch (first) {
    case 0xE0:
        return second >= 0xA0;
    case 0xED:
        return second < 0xA0;
    case 0xF0:
        return second >= 0x90;
    case 0xF4:
        return second < 0x90;
    default:
        return true;
    }
}

int json_error_unicode(struct hob_error *error, struct hob_text text, size_t valid)
{
    const unsigned char *bad = (const unsigned char *)text.data + valid;
    size_t left = text.size - valid, right = 1;
    const char *reason = "invalid continuation byte";
    size_t length = bad[0] < 0xE0 ? 2 : bad[0] < 0xF0 ? 3 : 4;
    if (bad[0] < 0xC2 || bad[0] >= 0xF5) {
        reason = "invalid start byte";
    } else {
        while (right < length && right < left &&
               (right == 1 ? second_fits(bad[0], bad[1]) : continues(bad[right])))
            right++;
        if (right == left)
            reason = "unexpected end of data";
    }
    const char *remedy = hob_utf8_remedy(text);
    if (right == 1)
        hob_error_set(error, HOB_E_UNICODE,
                      "'utf-8' codec can't decode byte 0x%02x in position %zu: %s", bad[0], valid,
                      reason);
    else
        hob_error_set(error, HOB_E_UNICODE,
                      "'utf-8' codec can't decode bytes in position %zu-%zu: %s", valid,
                      valid + right - 1, reason);
    if (remedy != NULL)
        hob_error_hint(error, "%s", remedy);
    return HOB_E_UNICODE;
}
