/* regex: the adapter of PCRE2.
 *
 * PCRE2 reads Python's syntax but for details nobody uses in a file name. Its steps back and its
 * memory are limited for each match, and compiled code is not made (JIT): one pattern sees a few
 * thousand short names at most, for which compiling costs more than it saves. */
#define PCRE2_CODE_UNIT_WIDTH 8
#include <pcre2.h>

#include "base/regex.h"

#include "base/memory.h"

enum { MATCH_LIMIT = 100000, DEPTH_LIMIT = 1000, HEAP_LIMIT_KIB = 16384, PATTERN_LIMIT = 10000 };

struct hob_regex {
    pcre2_code *code;
    pcre2_match_data *found;
    pcre2_match_context *limits;
};

struct hob_regex *hob_regex_free(struct hob_regex *regex)
{
    if (regex == NULL)
        return NULL;
    pcre2_match_context_free(regex->limits);
    pcre2_match_data_free(regex->found);
    pcre2_code_free(regex->code);
    free(regex);
    return NULL;
}

static int no_pattern(struct hob_text pattern, int number, size_t place, struct hob_error *error)
{
    char why[160] = "";
    pcre2_get_error_message(number, (PCRE2_UCHAR *)why, sizeof why);
    return hob_error_set(error, HOB_E_PATTERN,
                         "'%.*s' is no regular expression: %s at position %zu",
                         HOB_TEXT_ARG(pattern), why, place);
}

int hob_regex_new(struct hob_regex **regex, struct hob_text pattern, struct hob_error *error)
{
    if (pattern.size > PATTERN_LIMIT)
        return hob_error_set(error, HOB_E_LIMIT,
                             "a regular expression of %zu bytes is too long: the limit is %d",
                             pattern.size, PATTERN_LIMIT);
    uint32_t options = PCRE2_UTF | PCRE2_UCP | PCRE2_MATCH_INVALID_UTF | PCRE2_NEVER_BACKSLASH_C;
    int number = 0;
    size_t place = 0;
    pcre2_code *code =
        pcre2_compile((PCRE2_SPTR)pattern.data, pattern.size, options, &number, &place, NULL);
    if (code == NULL)
        return no_pattern(pattern, number, place, error);
    struct hob_regex *made = hob_alloc_zero(1, sizeof *made);
    made->code = code;
    made->found = pcre2_match_data_create_from_pattern(code, NULL);
    made->limits = pcre2_match_context_create(NULL);
    if (made->found == NULL || made->limits == NULL) {
        hob_regex_free(made);
        return hob_error_set(error, HOB_E_MEMORY, "no memory for the regular expression '%.*s'",
                             HOB_TEXT_ARG(pattern));
    }
    pcre2_set_match_limit(made->limits, MATCH_LIMIT);
    pcre2_set_depth_limit(made->limits, DEPTH_LIMIT);
    pcre2_set_heap_limit(made->limits, HEAP_LIMIT_KIB);
    *regex = made;
    return 0;
}

static int too_hard(struct hob_text text, int number, struct hob_error *error)
{
    char why[160] = "";
    pcre2_get_error_message(number, (PCRE2_UCHAR *)why, sizeof why);
    hob_error_set(error, HOB_E_LIMIT, "matching '%.*s' against a regular expression: %s",
                  HOB_TEXT_ARG(text), why);
    hob_error_hint(error, "use a simpler pattern; nested repetitions are what makes one slow");
    return HOB_E_LIMIT;
}

int hob_regex_match_start(struct hob_regex *regex, struct hob_text text, struct hob_error *error)
{
    int count = pcre2_match(regex->code, (PCRE2_SPTR)text.data, text.size, 0, PCRE2_ANCHORED,
                            regex->found, regex->limits);
    if (count >= 0)
        return 1;
    return count == PCRE2_ERROR_NOMATCH ? 0 : too_hard(text, count, error);
}

int hob_regex_find(struct hob_regex *regex, struct hob_text text, size_t from, size_t *start,
                   size_t *end, struct hob_error *error)
{
    int count = pcre2_match(regex->code, (PCRE2_SPTR)text.data, text.size, from,
                            PCRE2_NOTEMPTY | PCRE2_NO_UTF_CHECK, regex->found, regex->limits);
    if (count == PCRE2_ERROR_NOMATCH)
        return 0;
    if (count < 0)
        return too_hard(text, count, error);
    const PCRE2_SIZE *places = pcre2_get_ovector_pointer(regex->found);
    *start = places[0];
    *end = places[1];
    /* \K in a lookahead can make a match that begins behind its end. */
    return *start >= from && *end > *start && *end <= text.size;
}
