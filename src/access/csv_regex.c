/* csv_regex: the adapter of PCRE2, for delimiters that are patterns.
 *
 * A pattern comes from an interface file or a client, so matching is bounded: PCRE2 counts its
 * steps back and the memory it takes, and gives up beyond the limits set here; the time that all
 * matches of a text take is bounded too. */
#define PCRE2_CODE_UNIT_WIDTH 8
#include <pcre2.h>

#include "access/csv_internal.h"

#include "base/clock.h"

enum { MATCH_LIMIT = 100000, DEPTH_LIMIT = 1000, HEAP_LIMIT_KIB = 16384, PATTERN_LIMIT = 1000 };
/* For all lines of a text together. */
static const double time_limit_ms = 10000;

struct hob_csv_regex {
    uint64_t started;
    unsigned calls;
    pcre2_code *code;
    pcre2_match_data *found;
    pcre2_match_context *limits;
};

struct hob_csv_regex *hob_csv_regex_free(struct hob_csv_regex *regex)
{
    if (regex == NULL)
        return NULL;
    pcre2_match_context_free(regex->limits);
    pcre2_match_data_free(regex->found);
    pcre2_code_free(regex->code);
    free(regex);
    return NULL;
}

int hob_csv_regex_new(struct hob_csv_regex **regex, const char *pattern, struct hob_error *error)
{
    size_t size = strlen(pattern), place = 0;
    if (size > PATTERN_LIMIT)
        return hob_error_set(error, HOB_E_LIMIT, "delimiter: a pattern of %zu bytes is too long",
                             size);
    int number = 0;
    struct hob_csv_regex *made = hob_alloc_zero(1, sizeof *made);
    made->started = hob_clock_now();
    made->code =
        pcre2_compile((PCRE2_SPTR)pattern, size, PCRE2_UTF | PCRE2_UCP | PCRE2_NEVER_BACKSLASH_C,
                      &number, &place, NULL);
    if (made->code == NULL) {
        char why[160] = "";
        pcre2_get_error_message(number, (PCRE2_UCHAR *)why, sizeof why);
        hob_csv_regex_free(made);
        return hob_error_set(error, HOB_E_VALUE, "delimiter '%.100s' is no pattern: %s at %zu",
                             pattern, why, place);
    }
    made->found = pcre2_match_data_create_from_pattern(made->code, NULL);
    made->limits = pcre2_match_context_create(NULL);
    if (made->found == NULL || made->limits == NULL) {
        hob_csv_regex_free(made);
        return hob_error_set(error, HOB_E_MEMORY, "delimiter: no memory for its pattern");
    }
    pcre2_set_match_limit(made->limits, MATCH_LIMIT);
    pcre2_set_depth_limit(made->limits, DEPTH_LIMIT);
    pcre2_set_heap_limit(made->limits, HEAP_LIMIT_KIB);
    *regex = made;
    return 0;
}

static int too_slow(struct hob_error *error, const char *why)
{
    hob_error_set(error, HOB_E_LIMIT, "splitting a line by the pattern of the delimiter: %s", why);
    hob_error_hint(error, "Use a simpler pattern, or a single character.");
    return HOB_E_LIMIT;
}

int hob_csv_regex_find(struct hob_csv_regex *regex, struct hob_text line, size_t from,
                       size_t *start, size_t *end, struct hob_error *error)
{
    if (from >= line.size)
        return 0;
    if (regex->calls++ % 64 == 0 && hob_clock_milliseconds_since(regex->started) > time_limit_ms)
        return too_slow(error, "it takes too long");
    int count = pcre2_match(regex->code, (PCRE2_SPTR)line.data, line.size, from,
                            PCRE2_NOTEMPTY | PCRE2_NO_UTF_CHECK, regex->found, regex->limits);
    if (count == PCRE2_ERROR_NOMATCH)
        return 0;
    if (count < 0) {
        char why[160] = "";
        pcre2_get_error_message(count, (PCRE2_UCHAR *)why, sizeof why);
        return too_slow(error, why);
    }
    const PCRE2_SIZE *places = pcre2_get_ovector_pointer(regex->found);
    *start = places[0];
    *end = places[1];
    /* \K in a lookahead can make a match that begins behind its end. */
    return *start >= from && *end > *start && *end <= line.size;
}
