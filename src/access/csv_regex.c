/* csv_regex: delimiters that are patterns.
 *
 * Each match is bounded by the limits of base/regex; the time that all matches of a text take is
 * bounded here. */
#include "access/csv_internal.h"

#include "base/clock.h"
#include "base/regex.h"

/* For all lines of a text together. */
static const double time_limit_ms = 10000;

struct hob_csv_regex {
    struct hob_regex *pattern;
    uint64_t started;
    unsigned calls;
};

struct hob_csv_regex *hob_csv_regex_free(struct hob_csv_regex *regex)
{
    if (regex != NULL) {
        hob_regex_free(regex->pattern);
        free(regex);
    }
    return NULL;
}

int hob_csv_regex_new(struct hob_csv_regex **regex, const char *pattern, struct hob_error *error)
{
    struct hob_regex *compiled = NULL;
    int result = hob_regex_new(&compiled, hob_text_from(pattern), error);
    if (result < 0)
        return hob_error_context(error, "delimiter");
    struct hob_csv_regex *made = hob_alloc(sizeof *made);
    *made = (struct hob_csv_regex){compiled, hob_clock_now(), 0};
    *regex = made;
    return 0;
}

int hob_csv_regex_find(struct hob_csv_regex *regex, struct hob_text line, size_t from,
                       size_t *start, size_t *end, struct hob_error *error)
{
    if (from >= line.size)
        return 0;
    if (regex->calls++ % 64 == 0 && hob_clock_milliseconds_since(regex->started) > time_limit_ms) {
        hob_error_set(error, HOB_E_LIMIT,
                      "splitting lines by the pattern of the delimiter takes too long");
        hob_error_hint(error, "use a simpler pattern, or a single character");
        return HOB_E_LIMIT;
    }
    return hob_regex_find(regex->pattern, line, from, start, end, error);
}
