/* Tests of what a client gets for its Accept, Accept-Encoding and If-None-Match headers, and of the
 * encodings themselves. */
#include "check.h"

#include <stdlib.h>
#include <string.h>

#include "server/accept.h"
#include "server/encode.h"
#include "server/etag.h"

static struct hob_accept_header header_of(const char *line)
{
    return (struct hob_accept_header){{hob_text_from(line)}, 1};
}

static int form_for(const char *line)
{
    struct hob_accept_header header = header_of(line);
    return hob_accept_form(&header);
}

enum { ALL = 1 << HOB_ENCODING_IDENTITY | 1 << HOB_ENCODING_GZIP | 1 << HOB_ENCODING_ZSTD };

static int encoding_for(const char *line)
{
    struct hob_accept_header header = header_of(line);
    return (int)hob_accept_encoding(&header, ALL);
}

/* ---- forms ---- */

static void without_a_wish_there_is_json(void **state)
{
    (void)state;
    struct hob_accept_header none = {0};
    assert_int_equal(hob_accept_form(&none), HOB_FORM_JSON);
    assert_int_equal(form_for("*/*"), HOB_FORM_JSON);
    assert_int_equal(form_for("application/json"), HOB_FORM_JSON);
    assert_int_equal(form_for("application/*"), HOB_FORM_JSON);
    assert_int_equal(form_for(""), HOB_FORM_JSON);
    assert_int_equal(form_for(" , ,\t"), HOB_FORM_JSON);
    assert_int_equal(form_for("text/html,application/xhtml+xml,*/*;q=0.8"), HOB_FORM_JSON);
}

static void each_form_is_had_by_its_type_in_any_case_of_letters(void **state)
{
    (void)state;
    assert_int_equal(form_for("application/x-ndjson"), HOB_FORM_LINES);
    assert_int_equal(form_for("text/csv"), HOB_FORM_CSV);
    assert_int_equal(form_for("Text/CSV"), HOB_FORM_CSV);
    assert_int_equal(form_for("text/*"), HOB_FORM_CSV);
    assert_int_equal(form_for("application/vnd.apache.arrow.stream"), HOB_FORM_ARROW);
    for (int form = 0; form < HOB_FORMS; form++)
        assert_int_equal(form_for(hob_form_type((enum hob_form)form)), form);
}

static void what_there_is_not_is_not_acceptable(void **state)
{
    (void)state;
    assert_int_equal(form_for("image/png"), HOB_FORM_NONE);
    assert_int_equal(form_for("text/csvx, text/cs, textcsv, text"), HOB_FORM_NONE);
    assert_int_equal(form_for("*/*;q=0"), HOB_FORM_NONE);
    assert_int_equal(form_for("text/csv;q=0.0"), HOB_FORM_NONE);
    assert_int_equal(form_for("*"), HOB_FORM_NONE);
}

static void the_largest_weight_wins(void **state)
{
    (void)state;
    assert_int_equal(form_for("text/csv;q=0.5, application/json;q=0.4"), HOB_FORM_CSV);
    assert_int_equal(form_for("text/csv;q=0.5,application/json"), HOB_FORM_JSON);
    assert_int_equal(form_for("application/json;q=0.999, text/csv;q=1.000"), HOB_FORM_CSV);
    assert_int_equal(form_for("application/json ; Q=0.1 , text/csv ; q=0.11"), HOB_FORM_CSV);
    assert_int_equal(form_for("image/png, application/x-ndjson;q=0.001"), HOB_FORM_LINES);
}

static void the_most_exact_entry_decides_wherever_it_stands(void **state)
{
    (void)state;
    assert_int_equal(form_for("application/json;q=0, */*"), HOB_FORM_LINES);
    assert_int_equal(form_for("*/*, application/json;q=0, application/x-ndjson;q=0"), HOB_FORM_CSV);
    assert_int_equal(form_for("application/*;q=0.1, text/*;q=0.2, */*;q=0.9"), HOB_FORM_CSV);
    assert_int_equal(form_for("*/*, application/*;q=0"), HOB_FORM_CSV);
}

static void among_equals_the_more_exact_and_then_the_earlier_wins(void **state)
{
    (void)state;
    assert_int_equal(form_for("*/*, text/csv"), HOB_FORM_CSV);
    assert_int_equal(form_for("text/csv, application/json"), HOB_FORM_CSV);
    assert_int_equal(form_for("application/json, text/csv"), HOB_FORM_JSON);
}

static void parameters_must_be_true(void **state)
{
    (void)state;
    assert_int_equal(form_for("text/csv;charset=utf-8"), HOB_FORM_CSV);
    assert_int_equal(form_for("text/csv; charset=\"UTF-8\"; q=0.5, application/json;q=0.4"),
                     HOB_FORM_CSV);
    assert_int_equal(form_for("text/csv;charset=latin1"), HOB_FORM_NONE);
    assert_int_equal(form_for("text/csv;charset=latin1, text/csv;q=0.1"), HOB_FORM_CSV);
    assert_int_equal(form_for("text/csv;note=\"a, application/json;q=1\""), HOB_FORM_NONE);
}

static void a_malformed_entry_counts_as_not_there(void **state)
{
    (void)state;
    static const char *const weights[] = {"2", "1.001", "0.1234", "-1", ".5", "x", "0,5x", ""};
    for (size_t i = 0; i < sizeof weights / sizeof *weights; i++) {
        HOB_AUTO(buffer) struct hob_buffer line = HOB_BUFFER_INIT;
        hob_buffer_printf(&line, "application/x-ndjson;q=0.1, text/csv;q=%s", weights[i]);
        assert_int_equal(form_for(hob_buffer_string(&line)), HOB_FORM_LINES);
    }
    assert_int_equal(form_for("text/csv;q"), HOB_FORM_JSON);
    assert_int_equal(form_for("text/csv \"x"), HOB_FORM_JSON);
    assert_int_equal(form_for("text/csv;a=\"\\"), HOB_FORM_JSON);
    assert_int_equal(form_for("\""), HOB_FORM_JSON);
    assert_int_equal(form_for("text/csv;;q=1;"), HOB_FORM_CSV);
}

static void several_lines_are_one_list(void **state)
{
    (void)state;
    struct hob_accept_header header = {
        {HOB_TEXT("application/json;q=0.1"), HOB_TEXT("image/png"), HOB_TEXT("text/csv;q=0.2")}, 3};
    assert_int_equal(hob_accept_form(&header), HOB_FORM_CSV);
}

static void wish_is(const char *line, int weight, bool named)
{
    struct hob_accept_header header = header_of(line);
    struct hob_accept_wish wish = hob_accept_wish_for(&header, "text/event-stream");
    assert_int_equal(wish.weight, weight);
    assert_int_equal(wish.named, named);
}

static void a_wish_for_one_type_has_its_weight_and_whether_it_was_named(void **state)
{
    (void)state;
    wish_is("text/event-stream", 1000, true);
    wish_is("application/json, Text/Event-Stream;q=0.5", 500, true);
    wish_is("text/event-stream;q=0", 0, true);
    wish_is("text/event-stream;q=0.000, */*", 0, true);
    wish_is("*/*;q=0.2", 200, false);
    wish_is("*/*, text/*;q=0.1", 100, false);
    wish_is("application/json", 0, false);
    wish_is("text/event-streams, x-text/event-stream", 0, false);
    wish_is("text/event-stream;q=2", 0, false);
    wish_is("text/event-stream;charset=latin1", 0, false);
}

/* ---- encodings ---- */

static void nothing_is_compressed_unasked(void **state)
{
    (void)state;
    struct hob_accept_header none = {0};
    assert_int_equal(hob_accept_encoding(&none, ALL), HOB_ENCODING_IDENTITY);
    assert_int_equal(encoding_for(""), HOB_ENCODING_IDENTITY);
    assert_int_equal(encoding_for("br, deflate"), HOB_ENCODING_IDENTITY);
    assert_int_equal(encoding_for("gzip;q=0, zstd;q=0"), HOB_ENCODING_IDENTITY);
}

static void the_encoding_with_the_largest_weight_is_used(void **state)
{
    (void)state;
    assert_int_equal(encoding_for("gzip, deflate"), HOB_ENCODING_GZIP);
    assert_int_equal(encoding_for("X-GZIP"), HOB_ENCODING_GZIP);
    assert_int_equal(encoding_for("gzip, deflate, br, zstd"), HOB_ENCODING_ZSTD);
    assert_int_equal(encoding_for("gzip;q=1.0, zstd;q=0.5"), HOB_ENCODING_GZIP);
    assert_int_equal(encoding_for("gzip;q=0.5, identity"), HOB_ENCODING_IDENTITY);
    assert_int_equal(encoding_for("identity;q=0.5, gzip"), HOB_ENCODING_GZIP);
    assert_int_equal(encoding_for("*"), HOB_ENCODING_ZSTD);
    assert_int_equal(encoding_for("zstd;q=0, *"), HOB_ENCODING_GZIP);
}

static void what_is_not_available_is_not_chosen(void **state)
{
    (void)state;
    struct hob_accept_header header = header_of("zstd, gzip;q=0.1");
    assert_int_equal(hob_accept_encoding(&header, ALL & ~(1 << HOB_ENCODING_ZSTD)),
                     HOB_ENCODING_GZIP);
}

static void a_client_may_refuse_plain_bodies(void **state)
{
    (void)state;
    struct hob_accept_header refuses = header_of("gzip, *;q=0");
    struct hob_accept_header named = header_of("gzip, identity;q=0");
    struct hob_accept_header takes = header_of("gzip");
    assert_true(hob_accept_refuses_identity(&refuses));
    assert_true(hob_accept_refuses_identity(&named));
    assert_false(hob_accept_refuses_identity(&takes));
}

/* ---- entity tags ---- */

static bool has_tag(const char *line, const char *tag)
{
    struct hob_accept_header header = header_of(line);
    return hob_accept_has_tag(&header, hob_text_from(tag));
}

static void a_tag_is_found_in_a_list(void **state)
{
    (void)state;
    assert_true(has_tag("\"a\"", "\"a\""));
    assert_true(has_tag("\"x\", \"a\" ,\"b\"", "\"a\""));
    assert_true(has_tag("W/\"a\"", "\"a\""));
    assert_true(has_tag("*", "\"a\""));
    assert_true(has_tag("\"x,y\", \"a\"", "\"x,y\""));
    assert_false(has_tag("\"x,\"a\"\"", "\"a\""));
    assert_false(has_tag("\"A\"", "\"a\""));
    assert_false(has_tag("a", "\"a\""));
    assert_false(has_tag("", "\"a\""));
}

static void a_tag_tells_bodies_variants_and_routes_apart(void **state)
{
    (void)state;
    struct hob_sources *sources = hob_sources_new();
    char first[HOB_ETAG_SIZE], again[HOB_ETAG_SIZE], other[HOB_ETAG_SIZE];
    assert_true(hob_etag_make(first, "/a", HOB_TEXT("body"), 0, sources));
    assert_true(hob_etag_make(again, "/a", HOB_TEXT("body"), 0, sources));
    assert_string_equal(first, again);
    assert_int_equal(first[0], '"');
    assert_int_equal(first[strlen(first) - 1], '"');
    assert_true(hob_etag_make(other, "/a", HOB_TEXT("bodz"), 0, sources));
    assert_string_not_equal(first, other);
    assert_true(hob_etag_make(other, "/a", HOB_TEXT("body"), 1, sources));
    assert_string_not_equal(first, other);
    assert_true(hob_etag_make(other, "/b", HOB_TEXT("body"), 0, sources));
    assert_string_not_equal(first, other);
    hob_sources_add(sources, "/nowhere/at/all", hob_file_identity_of("/nowhere/at/all"));
    assert_true(hob_etag_make(other, "/a", HOB_TEXT("body"), 0, sources));
    assert_string_not_equal(first, other);
    hob_sources_set_volatile(sources);
    assert_false(hob_etag_make(other, "/a", HOB_TEXT("body"), 0, sources));
    assert_string_equal(other, "");
    hob_sources_free(sources);
}

/* ---- compressing ---- */

static void a_body_in_pieces_has_something_to_send_after_each(void **state)
{
    (void)state;
    for (int encoding = HOB_ENCODING_GZIP; encoding < HOB_ENCODINGS; encoding++) {
        if ((hob_encode_available() & 1u << encoding) == 0)
            continue;
        HOB_AUTO(buffer) struct hob_buffer plain = HOB_BUFFER_INIT;
        HOB_AUTO(buffer) struct hob_buffer packed = HOB_BUFFER_INIT;
        HOB_AUTO(encoder)
        struct hob_encoder *encoder = hob_encoder_new((enum hob_encoding)encoding);
        assert_non_null(encoder);
        hob_buffer_put_repeated(&plain, 'x', 65536);
        for (int i = 0; i < 20; i++) {
            size_t before = packed.size;
            assert_true(hob_encoder_put(encoder, hob_buffer_text(&plain), i == 19, &packed));
            assert_true(packed.size > before);
        }
        assert_true(packed.size < 20 * 1024);
    }
    assert_null(hob_encoder_new(HOB_ENCODING_IDENTITY));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(without_a_wish_there_is_json),
        cmocka_unit_test(each_form_is_had_by_its_type_in_any_case_of_letters),
        cmocka_unit_test(what_there_is_not_is_not_acceptable),
        cmocka_unit_test(the_largest_weight_wins),
        cmocka_unit_test(the_most_exact_entry_decides_wherever_it_stands),
        cmocka_unit_test(among_equals_the_more_exact_and_then_the_earlier_wins),
        cmocka_unit_test(parameters_must_be_true),
        cmocka_unit_test(a_malformed_entry_counts_as_not_there),
        cmocka_unit_test(several_lines_are_one_list),
        cmocka_unit_test(a_wish_for_one_type_has_its_weight_and_whether_it_was_named),
        cmocka_unit_test(nothing_is_compressed_unasked),
        cmocka_unit_test(the_encoding_with_the_largest_weight_is_used),
        cmocka_unit_test(what_is_not_available_is_not_chosen),
        cmocka_unit_test(a_client_may_refuse_plain_bodies),
        cmocka_unit_test(a_tag_is_found_in_a_list),
        cmocka_unit_test(a_tag_tells_bodies_variants_and_routes_apart),
        cmocka_unit_test(a_body_in_pieces_has_something_to_send_after_each),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
