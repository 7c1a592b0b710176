/* Tests of Liquid beyond the conformance cases: warnings, limits, partials, sharing. */
#include "check.h"

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>

#include "compute/liquid/liquid.h"
#include "value/json.h"

static struct hob_arena *arena;
static struct hob_error error;
static struct hob_liquid_context context;
static struct hob_buffer warnings; /* "line:column message\n" each */

static void note(void *data, const struct hob_liquid_warning *warning)
{
    hob_buffer_printf(data, "%u:%u %s\n", warning->line, warning->column, warning->message);
}

static int start(void **state)
{
    (void)state;
    arena = hob_arena_new();
    error = (struct hob_error)HOB_ERROR_INIT;
    hob_buffer_clear(&warnings);
    context = (struct hob_liquid_context){.warn = note, .warn_data = &warnings};
    return 0;
}

static int stop(void **state)
{
    (void)state;
    arena = hob_arena_free(arena);
    hob_buffer_deinit(&warnings);
    warnings = (struct hob_buffer)HOB_BUFFER_INIT;
    return 0;
}

static void give_data(const char *json)
{
    assert_int_equal(hob_json_read(arena, hob_text_from(json), &context.data, &error), 0);
}

static int render(struct hob_buffer *out, struct hob_text source)
{
    HOB_AUTO(liquid_template) struct hob_liquid_template *template = NULL;
    int status = hob_liquid_parse(&template, source, HOB_TEXT("test"), &error);
    return status != 0 ? status : hob_liquid_render(out, template, &context, &error);
}

static void assert_renders(const char *source, const char *expected)
{
    HOB_AUTO(buffer) struct hob_buffer out = HOB_BUFFER_INIT;
    error = (struct hob_error)HOB_ERROR_INIT;
    int status = render(&out, hob_text_from(source));
    assert_string_equal(error.message, "");
    assert_int_equal(status, 0);
    assert_string_equal(hob_buffer_string(&out), expected);
}

static void assert_fails(const char *source, int code, const char *part)
{
    HOB_AUTO(buffer) struct hob_buffer out = HOB_BUFFER_INIT;
    assert_int_equal(render(&out, hob_text_from(source)), code);
    assert_int_equal(error.code, code);
    if (strstr(error.message, part) == NULL)
        assert_string_equal(error.message, part);
}

static void assert_warned(const char *expected)
{
    assert_string_equal(hob_buffer_string(&warnings), expected);
}

static void test_broken_output_leaves_what_is_around_it(void **state)
{
    (void)state;
    give_data("{\"x\": 1}");
    assert_renders("a{{ x | nofilter }}b{{ x ! }}c{{ x }}", "abc1");
    assert_warned("1:2 unknown filter 'nofilter'\n1:21 unexpected '!'\n");
}

static void test_warning_counts_lines_and_characters(void **state)
{
    (void)state;
    assert_renders("one\n\xC3\xA9t\xC3\xA9 {% nosuch %}two", "one\n\xC3\xA9t\xC3\xA9 two");
    assert_warned("2:5 unknown tag 'nosuch'\n");
}

static void test_broken_filter_input_drops_only_its_output(void **state)
{
    (void)state;
    assert_renders("{% for i in (1..3) %}{{ i }}{{ i | divided_by: 0 }};{% endfor %}", "1;2;3;");
    assert_warned("1:29 division by zero\n1:29 division by zero\n1:29 division by zero\n");
}

static void test_block_with_broken_condition_vanishes_whole(void **state)
{
    (void)state;
    assert_renders("a{% if x = 1 %}T{% if y %}U{% endif %}{% else %}F{% endif %}b", "ab");
    assert_warned("1:2 unexpected '='\n");
}

static void test_broken_elsif_is_a_branch_never_taken(void **state)
{
    (void)state;
    assert_renders("{% if false %}a{% elsif | %}b{% else %}c{% endif %}", "c");
    assert_renders("{% if true %}a{% elsif | %}b{% else %}c{% endif %}", "a");
}

static void test_unclosed_block_loses_only_its_tag(void **state)
{
    (void)state;
    assert_renders("a{% if nosuch %}b{% for i in (1..2) %}{{ i }}{% endfor %}c", "ab12c");
    assert_warned("1:2 'if' is never closed\n");
}

static void test_end_tag_of_outer_block_leaves_inner_one_unclosed(void **state)
{
    (void)state;
    assert_renders("{% for i in (1..2) %}{% if nosuch %}{{ i }}{% endfor %}{% endif %}", "12");
    assert_warned("1:22 'if' is never closed\n1:56 'endif' closes nothing\n");
}

static void test_unclosed_output_is_an_error_with_its_place(void **state)
{
    (void)state;
    assert_fails("ab\ncd {{ x }\n", HOB_E_TEMPLATE,
                 "'test', line 2, column 4: '{{' is never closed");
}

static void test_unclosed_tag_is_an_error(void **state)
{
    (void)state;
    assert_fails("a{% if x }", HOB_E_TEMPLATE, "line 1, column 2: '{%' is never closed");
}

static void test_comment_may_hold_unclosed_markup(void **state)
{
    (void)state;
    assert_renders("a{% comment %}{{ x {% if {% endcomment %}b", "ab");
}

static void test_source_that_is_no_text_is_an_error(void **state)
{
    (void)state;
    assert_fails("a\xFF{{ x }}", HOB_E_UNICODE, "line 1, column 2");
}

static void test_nesting_has_a_limit(void **state)
{
    (void)state;
    HOB_AUTO(buffer) struct hob_buffer source = HOB_BUFFER_INIT;
    for (int i = 0; i <= HOB_LIQUID_MAX_NESTING; i++)
        hob_buffer_put_string(&source, "{% if true %}");
    for (int i = 0; i <= HOB_LIQUID_MAX_NESTING; i++)
        hob_buffer_put_string(&source, "{% endif %}");
    assert_fails(hob_buffer_string(&source), HOB_E_LIMIT, "nested more than 100 deep");
}

static void test_liquid_tags_in_liquid_tags_have_a_limit(void **state)
{
    (void)state;
    HOB_AUTO(buffer) struct hob_buffer source = HOB_BUFFER_INIT;
    hob_buffer_put_string(&source, "{% ");
    for (int i = 0; i < 10000; i++)
        hob_buffer_put_string(&source, "liquid ");
    hob_buffer_put_string(&source, "%}");
    assert_fails(hob_buffer_string(&source), HOB_E_LIMIT, "nested");
}

static void test_many_unclosed_blocks_are_stepped_over(void **state)
{
    (void)state;
    HOB_AUTO(buffer) struct hob_buffer source = HOB_BUFFER_INIT;
    for (int i = 0; i < 100000; i++)
        hob_buffer_put_string(&source, "{% if %}{% endfor %}");
    assert_renders(hob_buffer_string(&source), "");
}

static void test_loop_over_a_giant_range_ends(void **state)
{
    (void)state;
    assert_fails("{% for i in (1..1000000000000) %}{% endfor %}", HOB_E_LIMIT, "iterations");
}

static void test_filter_on_a_giant_range_ends(void **state)
{
    (void)state;
    assert_fails("{{ (1..4000000000) | join }}", HOB_E_LIMIT, "than allowed");
    assert_fails("{{ (1..9000000000000000000) | reverse }}", HOB_E_LIMIT, "than allowed");
}

static void test_doubling_text_ends(void **state)
{
    (void)state;
    assert_fails("{% assign s = 'ab' %}{% for i in (1..99) %}"
                 "{% capture s %}{{ s }}{{ s }}{% endcapture %}{% endfor %}",
                 HOB_E_LIMIT, "output");
    assert_fails("{% assign s = 'ab' %}{% for i in (1..99) %}"
                 "{% assign s = s | append: s %}{% endfor %}",
                 HOB_E_LIMIT, "output");
}

static void test_memory_has_a_limit(void **state)
{
    (void)state;
    context.limits.memory = 1 << 20;
    assert_fails("{% assign a = 'x' | split: ',' %}{% for i in (1..1000000) %}"
                 "{% capture s %}{{ i }} and more{% endcapture %}"
                 "{% assign b = s | split: ',' %}{% assign a = a | concat: b %}{% endfor %}",
                 HOB_E_LIMIT, "memory");
    assert_fails("{% assign a = '1,2' | split: ',' %}{% for i in (1..99) %}"
                 "{% assign a = a | concat: a %}{% endfor %}",
                 HOB_E_LIMIT, "memory");
}

/* What a loop builds bit by bit may come to much more than a render may hold, as long as what is
 * alive at a time does not. */
static void test_values_that_nothing_refers_to_are_given_back(void **state)
{
    (void)state;
    assert_renders("{% for i in (1..3000) %}{% assign s = s | append: '<100 x>' | append: ', ' %}"
                   "{% endfor %}{{ s | size }}",
                   "27000");
    assert_renders("{% capture x %}{% for i in (1..100) %}x{% endfor %}{% endcapture %}"
                   "{% for i in (1..5000) %}{% capture s %}{{ s }}{{ x }}{% endcapture %}"
                   "{% endfor %}{{ s | size }}",
                   "500000");
    assert_renders("{% assign b = 'x' | split: ',' %}{% assign a = b %}{% for i in (1..4999) %}"
                   "{% assign a = a | concat: b %}{% endfor %}{{ a | size }}",
                   "5000");
    context.limits.memory = 1 << 20;
    assert_renders("{% for i in (1..100000) %}{% capture s %}{{ i }} and more{% endcapture %}"
                   "{% endfor %}{{ s }}",
                   "100000 and more");
}

static void test_output_has_a_limit(void **state)
{
    (void)state;
    context.limits.output = 100;
    assert_fails("{% for i in (1..1000) %}0123456789{% endfor %}", HOB_E_LIMIT, "output");
}

static int load_itself(void *data, struct hob_text name, struct hob_liquid_template **partial,
                       struct hob_error *failure)
{
    if (hob_text_is(name, "none")) {
        *partial = NULL;
        return 0;
    }
    if (hob_text_is(name, "bad"))
        return hob_error_set(failure, HOB_E_PERMISSION, "this partial is not for you");
    return hob_liquid_parse(partial, hob_text_from(data), name, failure);
}

static void give_partial(const char *source)
{
    context.load = load_itself;
    context.load_data = (void *)source;
}

/* The same for what is referred to: each template makes more garbage than the limit, while values
 * are in use in one of the places that they can be used from. */
static void test_values_in_use_are_kept(void **state)
{
    (void)state;
#define GARBAGE                                                                                    \
    "{% for g in (1..400) %}{% capture x %}{% for k in (1..200) %}garbage {{ k }}{% endfor %}"     \
    "{% endcapture %}{% assign y = x | split: ' ' %}{% endfor %}"
#define LIST "{% assign a = 'p,q,r' | upcase | split: ',' %}"
    context.limits.memory = 1 << 20;
    assert_renders(LIST GARBAGE "{{ a | join: '-' }}", "P-Q-R");
    assert_renders(LIST "{% assign b = a | concat: a %}{% assign a = b | slice: 4, 2 %}"
                        "{% assign b = nil %}" GARBAGE "{{ a | join: '-' }}",
                   "Q-R");
    assert_renders(LIST "{% for i in a %}{% assign a = nil %}" GARBAGE "{{ i }}{% endfor %}",
                   "PQR");
    assert_renders(LIST "{% tablerow i in a %}{% assign a = nil %}" GARBAGE "{{ i }}"
                        "{% endtablerow %}",
                   "<tr class=\"row1\">\n<td class=\"col1\">P</td><td class=\"col2\">Q</td>"
                   "<td class=\"col3\">R</td></tr>\n");
    assert_renders(LIST "{% assign a = a | join %}{% case a %}{% when 'P Q R' %}"
                        "{% assign a = nil %}" GARBAGE "1{% when 'P Q R' %}2{% endcase %}",
                   "12");
    give_data("{\"m\": {\"k\": \"v\", \"l\": \"w\"}}");
    assert_renders("{% for p in m %}" GARBAGE "{{ p[0] }}{{ p | last }}{% endfor %}"
                   "{% assign f = m.first %}" GARBAGE "{{ f | join }}",
                   "kvlwk v");
    give_partial(GARBAGE "{{ it }}{{ q }};");
    assert_renders(LIST "{% capture w %}w{{ a[0] }}{% endcapture %}"
                        "{% include 'p' for a as it, q: w %}{% render 'p' for a as it, q: w %}"
                        "{% render 'p' with w as it %}{{ a | join }}",
                   "PwP;QwP;RwP;PwP;QwP;RwP;wP;P Q R");
    char source[2048] =
        "{% assign l = 'start' | split: ',' %}{% for i in (1..1500) %}"
        "{% capture t %}{{ i }}{% endcapture %}{% assign u = t | split: ',' %}"
        "{% assign l = l | concat: u %}{% endfor %}"
        "{% assign h = l | slice: 1, 2 %}" GARBAGE "{{ l | size }} {{ l | last }} {{ h | join }}";
    assert_renders(source, "1501 1500 1 2");
}

static void test_partial_that_includes_itself_ends(void **state)
{
    (void)state;
    give_partial("x{% include 'p' %}");
    assert_fails("{% include 'p' %}", HOB_E_LIMIT, "nested partials");
    give_partial("{% if true %}{% render 'p' %}{% endif %}");
    assert_fails("{% render 'p' %}", HOB_E_LIMIT, "nested partials");
}

static void test_missing_partial_gives_a_warning(void **state)
{
    (void)state;
    give_partial("");
    assert_renders("a{% include 'none' %}b", "ab");
    assert_warned("1:2 there is no partial 'none'\n");
}

static void test_without_loader_there_are_no_partials(void **state)
{
    (void)state;
    assert_renders("a{% include '/etc/passwd' %}b", "ab");
}

static void test_error_of_the_loader_ends_the_render(void **state)
{
    (void)state;
    give_partial("");
    assert_fails("a{% include 'bad' %}b", HOB_E_PERMISSION, "not for you");
}

static void test_render_hides_and_restores_variables(void **state)
{
    (void)state;
    give_data("{\"g\": \"G\"}");
    give_partial("[{{ a }}{{ b }}{{ g }}{{ i }}]{% assign a = 9 %}{% assign b = 9 %}");
    assert_renders("{% assign a = 1 %}{% for i in (1..2) %}{% render 'p', b: i %}{{ a }}{{ i }}"
                   "{% endfor %}{{ b }}",
                   "[1G]11[2G]12");
}

static void test_break_does_not_leave_render(void **state)
{
    (void)state;
    give_partial("x{% break %}y");
    assert_renders("{% for i in (1..2) %}{% render 'p' %}{% endfor %}", "xyxy");
    assert_renders("{% for i in (1..2) %}{% include 'p' %}{% endfor %}", "x");
}

static void test_missing_data_count_as_not_there(void **state)
{
    (void)state;
    give_data("{\"a\": null, \"b\": \"\", \"m\": {\"x\": null, \"y\": NaN, \"z\": 1},"
              " \"l\": [null, \"\", {\"n\": null}]}");
    assert_renders("{{ a | default: 1 }}{{ b | default: 2 }} {{ m.size }} {{ m }} {{ l.size }} "
                   "{% for p in m %}{{ p[0] }}{% endfor %}",
                   "12 1 {'z': 1} 3 z");
}

static void test_false_is_false(void **state)
{
    (void)state;
    give_data("{\"no\": false, \"zero\": 0}");
    assert_renders("{% if no %}a{% else %}b{% endif %}{% if zero %}c{% endif %}"
                   "{{ zero | default: 'd' }}{{ zero | plus: 1 }}",
                   "bc01");
}

static void test_limit_zero_is_none_and_ranges_end_where_they_say(void **state)
{
    (void)state;
    assert_renders("{% for i in (1..9) limit: 0 %}{{ i }}{% else %}none{% endfor %}"
                   "{{ (1..5000) | last }}",
                   "none5000");
}

static void test_loop_object_can_be_kept(void **state)
{
    (void)state;
    assert_renders("{% for i in (1..3) %}{% for j in (1..2) %}{% assign f = forloop %}{% endfor %}"
                   "{% endfor %}{{ f.index }}{{ f.length }}{{ f.parentloop.index }}",
                   "223");
}

static void test_arithmetic_is_decimal_and_exact(void **state)
{
    (void)state;
    assert_renders(
        "{{ 0.1 | plus: 0.2 }} {{ 1.1 | times: 1.1 }} {{ 9223372036854775807 | plus: 1 }}"
        " {{ 99999999999999999999 | times: 99999999999999999999 }}"
        " {{ -99999999999999999999 | divided_by: 7 }}"
        " {{ -99999999999999999999 | modulo: 7 }}"
        " {{ 99999999999999999999 | minus: 99999999999999999998 }}",
        "0.3 1.21 9223372036854775808 9999999999999999999800000000000000000001"
        " -14285714285714285715 6 1");
}

static void test_bounds_may_be_booleans_and_beyond_64_bit(void **state)
{
    (void)state;
    assert_renders("{{ true | at_least: 0 }} {{ true | at_least: 1 }} {{ 0 | at_least: true }} "
                   "{{ true | at_most: 0 }} {{ false | at_most: 1 }} {{ true | at_least: 2 }}",
                   "true true true 0 false 2");
    assert_renders("{{ 'hello' | slice: 1, 99999999999999999999 }} "
                   "{{ 'hello' | slice: -99999999999999999999, 2 }}|"
                   "{{ 'hello' | slice: '99999999999999999999' }}|"
                   "{{ 'a,b' | split: ',' | slice: 0, 99999999999999999999 | join }}",
                   "ello ||a b");
    assert_renders("{{ 'a b' | truncatewords: 99999999999999999999 }} "
                   "{{ 'a b' | truncatewords: '-99999999999999999999' }} "
                   "{{ 'a b' | truncate: 99999999999999999999 }}",
                   "a b a... a b");
    assert_renders("{{ 'a b' | truncate: -99999999999999999999 }}", "...");
    assert_warned("");
}

/* What is expected is Python's urljoin. */
static void test_urls_are_joined_as_python_does(void **state)
{
    (void)state;
    assert_renders(
        "{% assign all = 'a;|..;p|a;b;c?q#f|http:a|http:|HTTP://X;|http:?q|http:/b//../c|"
        "a?#|a//b/./|../../..' | split: '|' %}"
        "{% for u in all %}{{ u | relative_url }} {{ u | absolute_url }}\n{% endfor %}",
        "/notebooks/a http://localhost:8888/notebooks/a\n"
        "/;p http://localhost:8888/;p\n"
        "/notebooks/a;b;c?q#f http://localhost:8888/notebooks/a;b;c?q#f\n"
        "http:a http://localhost:8888/notebooks/a\n"
        "http: http://localhost:8888/notebooks/\n"
        "HTTP://X; http://X;\n"
        "http:?q http://localhost:8888/notebooks/?q\n"
        "http:/b//../c http://localhost:8888/b/c\n"
        "/notebooks/a http://localhost:8888/notebooks/a\n"
        "/notebooks/a/b/ http://localhost:8888/notebooks/a/b/\n"
        "/ http://localhost:8888/\n");
}

/* One U+FFFD for as many bytes as could have begun a character, as Python's decoder has it. */
static void test_url_decode_replaces_what_is_no_utf_8(void **state)
{
    (void)state;
    assert_renders("{{ '%E2%82|%E2%82A|%F0%9F%98|%F0%9F|%ED%A0%80|%FF%FE|%C3|%E0%80|%F4%90%80' "
                   "| url_decode }}",
                   "\uFFFD|\uFFFDA|\uFFFD|\uFFFD|\uFFFD\uFFFD\uFFFD|\uFFFD\uFFFD|\uFFFD|"
                   "\uFFFD\uFFFD|\uFFFD\uFFFD\uFFFD");
}

/* Python looks past what Unicode calls case-ignorable, and at letters that have a case alone. */
static void test_a_sigma_is_final_where_python_says_so(void **state)
{
    (void)state;
    assert_renders("{{ 'ΑΣ.Α ΑΣ. ΑΣ\u00AD ΑΣ\u00ADΑ Α\u00ADΣ Α\u0301Σ\u0301 אΣ Σ ΑΣא Α\u2019Σ ΑΣ1' "
                   "| downcase }}",
                   "ασ.α ας. ας\u00AD ασ\u00ADα α\u00ADς α\u0301ς\u0301 אσ σ αςא α\u2019ς ας1");
}

/* As Python-Markdown does it: the list goes on, and the items at the seam become paragraphs. */
static void test_lists_that_follow_each_other_are_one(void **state)
{
    (void)state;
    give_data("{\"m\": \"- a\\n- b\\n\\n5. one\\n6. two\", \"n\": \"- a\\n    - x\\n\\n1. b\"}");
    assert_renders("{{ m | markdownify }}", "<ul>\n<li>a</li>\n<li>\n<p>b</p>\n</li>\n"
                                            "<li>\n<p>one</p>\n</li>\n<li>two</li>\n</ul>");
    assert_renders("{{ n | markdownify }}", "<ul>\n<li>\n<p>a</p>\n<ul>\n<li>x</li>\n</ul>\n"
                                            "</li>\n<li>\n<p>b</p>\n</li>\n</ul>");
}

static void assert_markdown(const char *json, const char *expected)
{
    HOB_AUTO(buffer) struct hob_buffer data = HOB_BUFFER_INIT;
    hob_buffer_printf(&data, "{\"m\": \"%s\"}", json);
    give_data(hob_buffer_string(&data));
    assert_renders("{{ m | markdownify }}", expected);
}

static void test_a_joined_item_keeps_all_of_its_text_in_one_paragraph(void **state)
{
    (void)state;
    const char *b = "</li>\n<li>\n<p>c</p>\n</li>\n</ul>";
    char expected[256];
    snprintf(expected, sizeof expected, "<ul>\n<li>\n<p>a\nb</p>\n%s", b);
    assert_markdown("- a\\n  b\\n\\n1. c", expected);
    assert_markdown("- a\\nb\\n\\n* c", expected);
    snprintf(expected, sizeof expected, "<ul>\n<li>\n<p>a<br />\nb</p>\n%s", b);
    assert_markdown("- a  \\n  b\\n\\n1. c", expected);
    snprintf(expected, sizeof expected, "<ul>\n<li>\n<p><em>a</em> <!-- x --> b</p>\n%s", b);
    assert_markdown("- *a* <!-- x --> b\\n\\n1. c", expected);
    snprintf(expected, sizeof expected, "<ul>\n<li>\n<p>a</p>\n<blockquote>\n<p>q</p>\n%s%s",
             "</blockquote>\n", b);
    assert_markdown("- a\\n  > q\\n\\n1. c", expected);
    assert_markdown("- a\\n\\n1. b\\n   c\\n\\n* **d**",
                    "<ul>\n<li>\n<p>a</p>\n</li>\n<li>\n<p>b\nc</p>\n</li>\n"
                    "<li>\n<p><strong>d</strong></p>\n</li>\n</ul>");
    assert_markdown("> - a\\n>\\n> * b\\n>   c",
                    "<blockquote>\n<ul>\n<li>\n<p>a</p>\n</li>\n<li>\n<p>b\nc</p>\n</li>\n"
                    "</ul>\n</blockquote>");
}

/* Only a blank line makes paragraphs; a marker of another kind does not. */
static void test_lists_are_joined_tightly_without_a_blank_line(void **state)
{
    (void)state;
    const char *two = "<ul>\n<li>a</li>\n<li>b</li>\n</ul>";
    assert_markdown("- a\\n* b", two);
    assert_markdown("- a\\n1. b", two);
    assert_markdown("- a\\r\\n* b", two);
    assert_markdown("* a\\n+ b\\n- c", "<ul>\n<li>a</li>\n<li>b</li>\n<li>c</li>\n</ul>");
    assert_markdown("- a\\nm\\n* **b**", "<ul>\n<li>a\nm</li>\n<li><strong>b</strong></li>\n</ul>");
    assert_markdown("- a\\n* - x\\n\\n+ c",
                    "<ul>\n<li>a</li>\n<li>\n<ul>\n<li>x</li>\n</ul>\n</li>\n"
                    "<li>\n<p>c</p>\n</li>\n</ul>");
    assert_markdown("- a\\n    - x\\n    * y",
                    "<ul>\n<li>a<ul>\n<li>x</li>\n<li>y</li>\n</ul>\n</li>\n</ul>");
    assert_markdown("- a\\n\\n- b\\n* c",
                    "<ul>\n<li>\n<p>a</p>\n</li>\n<li>\n<p>b</p>\n</li>\n<li>c</li>\n</ul>");
}

/* As Python-Markdown: quotes are escaped in attributes alone, references stay as they are written,
 * and a list has no start. */
static void test_texts_stay_as_python_markdown_leaves_them(void **state)
{
    (void)state;
    assert_markdown("He said \\\"hi\\\" & `a \\\"b\\\"`",
                    "<p>He said \"hi\" &amp; <code>a \"b\"</code></p>");
    assert_markdown("    x \\\"<\\\"", "<pre><code>x \"&lt;\"\n</code></pre>");
    assert_markdown("&copy; a&mdash;b &#169; &quot; &parallel;",
                    "<p>&copy; a&mdash;b &#169; &quot; &parallel;</p>");
    assert_markdown("[\\\"a\\\"](u 't\\\"') \\\"",
                    "<p><a href=\"u\" title=\"t&quot;\">\"a\"</a> \"</p>");
    assert_markdown("3. a\\n4. b", "<ol>\n<li>a</li>\n<li>b</li>\n</ol>");
}

static void test_deeply_nested_lists_close_as_they_opened(void **state)
{
    (void)state;
    char source[1024] = "{% capture m %}";
    for (int i = 0; i < 80; i++)
        strcat(source, "- ");
    strcat(source, "x{% endcapture %}{{ m | markdownify | split: '</ul>' | size }}");
    assert_renders(source, "81");
    strcpy(strstr(source, "</ul>"), "<ul>' | size }}");
    assert_renders(source, "81");
}

/* What is expected is Python's html.escape(html.unescape(s)). */
static void test_references_are_those_of_html_5(void **state)
{
    (void)state;
    assert_renders("{{ 'see &parallel; and &#150; x' | escape_once }}", "see \u2225 and \u2013 x");
    assert_renders("{{ '&ltcc;|&ltx;|&lt&gt;|&ampersand;|&notin;|&notin|&NotEqualTilde;' "
                   "| escape_once }}",
                   "\u2AA6|&lt;x;|&lt;&gt;|&amp;ersand;|\u2209|\u00ACin|\u2242\u0338");
    assert_renders("{{ '&#128;|&#1;|&#x7f;|&#xFFFE;|&#0;|&#xD800;|&#1114112;|&#65x' "
                   "| escape_once }}",
                   "\u20AC||||\uFFFD|\uFFFD|\uFFFD|Ax");
    assert_renders("{{ '&nosuchname;|&;|&#;|&#x;|&hellip|&apos;|&CounterClockwiseContourIntegral;' "
                   "| escape_once }}",
                   "&amp;nosuchname;|&amp;;|&amp;#;|&amp;#x;|&amp;hellip|&#x27;|\u2233");
}

static void test_attributes_of_an_image_are_sorted(void **state)
{
    (void)state;
    give_data("{\"m\": \"[![a \\\"q\\\"](u&v \\\"t\\\")](l) ![](w)\"}");
    assert_renders(
        "{{ m | markdownify }}",
        "<p><a href=\"l\"><img alt=\"a &quot;q&quot;\" src=\"u&amp;v\" title=\"t\" /></a> "
        "<img alt=\"\" src=\"w\" /></p>");
}

static void test_now_is_what_the_caller_says(void **state)
{
    (void)state;
    const struct timespec now = {1772884800, 250000000}; /* 2026-03-07T12:00:00Z */
    setenv("TZ", "UTC", 1);
    tzset();
    context.now = &now;
    assert_renders("{{ now }} {{ today }} {{ 'now' | date: '%H:%M' }} {{ '9 May' | date: '%F' }}",
                   "2026-03-07 12:00:00.250000 2026-03-07 12:00 2026-05-09");
}

static void test_dates_as_people_write_them(void **state)
{
    (void)state;
    assert_renders("{{ 'March 14, 2016' | date: '%F' }} {{ '3/4/2016' | date: '%F' }} "
                   "{{ '14.3.2016 10:30pm' | date: '%F %R' }} "
                   "{{ '2016-03-14T10:00:00+02:00' | date: '%R %z' }} {{ 'soon' | date: '%F' }}",
                   "2016-03-14 2016-03-04 2016-03-14 22:30 10:00 +0200 soon");
}

static void test_format_with_absurd_width_stays(void **state)
{
    (void)state;
    assert_renders("{{ '2016-03-14' | date: '%999999999Y %5Y %-d' }}", "%999999999Y 02016 14");
}

static void test_value_that_holds_itself_prints_and_ends(void **state)
{
    (void)state;
    struct hob_value *data = hob_value_new(arena, HOB_MAP);
    struct hob_value *list = hob_value_new(arena, HOB_LIST);
    hob_value_append(arena, list, list);
    hob_value_append(arena, list, list);
    hob_value_put_string(arena, data, "a", list);
    context.data = data;
    context.limits.output = 1 << 20;
    assert_fails("{{ a }}", HOB_E_LIMIT, "output");
    assert_renders("{{ a | size }}{% if a == a[0] %}{% endif %}", "2");
}

static void test_warnings_stop_after_a_hundred(void **state)
{
    (void)state;
    size_t lines = 0;
    assert_renders("{% for i in (1..1000) %}{{ i | divided_by: 0 }}{% endfor %}", "");
    for (size_t i = 0; i < warnings.size; i++)
        lines += warnings.data[i] == '\n';
    assert_int_equal(lines, 100);
}

static void test_every_tag_and_filter_has_help(void **state)
{
    (void)state;
    const char *name, *help;
    size_t tags = 0, filters = 0;
    for (; (help = hob_liquid_tag_help(tags, &name)) != NULL; tags++)
        assert_true(strlen(name) > 0 && strlen(help) > 5);
    for (; (help = hob_liquid_filter_help(filters, &name)) != NULL; filters++)
        assert_true(strlen(name) > 0 && strlen(help) > 5);
    assert_true(tags > 15 && filters > 50);
}

static struct hob_liquid_template *get(struct hob_liquid_cache *cache, const char *source)
{
    struct hob_liquid_template *template = NULL;
    assert_int_equal(
        hob_liquid_cache_get(cache, &template, hob_text_from(source), HOB_TEXT("cached"), &error),
        0);
    return template;
}

static void test_cache_hands_out_the_same_template(void **state)
{
    (void)state;
    struct hob_liquid_cache *cache = hob_liquid_cache_new(2, SIZE_MAX);
    struct hob_liquid_template *first = get(cache, "a"), *again = get(cache, "a");
    assert_ptr_equal(first, again);
    hob_liquid_template_free(again);
    hob_liquid_template_free(get(cache, "b"));
    hob_liquid_template_free(get(cache, "c")); /* the oldest, a, goes */
    again = get(cache, "a");
    assert_ptr_not_equal(first, again);
    hob_liquid_template_free(again);
    hob_liquid_cache_free(cache);
    HOB_AUTO(buffer) struct hob_buffer out = HOB_BUFFER_INIT;
    assert_int_equal(hob_liquid_render(&out, first, &context, &error), 0);
    assert_string_equal(hob_buffer_string(&out), "a");
    hob_liquid_template_free(first);
}

static void test_cache_keeps_within_its_bytes(void **state)
{
    (void)state;
    struct hob_liquid_cache *cache = hob_liquid_cache_new(100, 1);
    struct hob_liquid_template *first = get(cache, "a"), *again = get(cache, "a");
    assert_ptr_not_equal(first, again);
    hob_liquid_template_free(first);
    hob_liquid_template_free(again);
    hob_liquid_cache_free(cache);
}

static void test_cache_does_not_keep_what_cannot_be_parsed(void **state)
{
    (void)state;
    struct hob_liquid_cache *cache = hob_liquid_cache_new(2, SIZE_MAX);
    struct hob_liquid_template *template = NULL;
    assert_int_equal(
        hob_liquid_cache_get(cache, &template, HOB_TEXT("{{"), HOB_TEXT("bad"), &error),
        HOB_E_TEMPLATE);
    assert_null(template);
    hob_liquid_cache_free(cache);
}

enum { THREADS = 4, ROUNDS = 50 };

/* Renders templates from a shared cache; the number of wrong results. */
static void *render_often(void *cache)
{
    size_t wrong = 0;
    for (int i = 0; i < ROUNDS; i++) {
        HOB_AUTO(buffer) struct hob_buffer out = HOB_BUFFER_INIT;
        HOB_AUTO(liquid_template) struct hob_liquid_template *template = NULL;
        struct hob_error failure = HOB_ERROR_INIT;
        char source[64];
        snprintf(source, sizeof source, "{%% assign x = '\xC3\xA9' | upcase %%}{{ x }}%d", i % 5);
        if (hob_liquid_cache_get(cache, &template, hob_text_from(source), HOB_TEXT("t"),
                                 &failure) != 0 ||
            hob_liquid_render(&out, template, NULL, &failure) != 0 || out.size != 3 ||
            out.data[2] != '0' + i % 5)
            wrong++;
    }
    return (void *)wrong;
}

static void test_templates_are_shared_between_threads(void **state)
{
    (void)state;
    struct hob_liquid_cache *cache = hob_liquid_cache_new(3, SIZE_MAX);
    pthread_t threads[THREADS];
    for (int i = 0; i < THREADS; i++)
        assert_int_equal(pthread_create(&threads[i], NULL, render_often, cache), 0);
    for (int i = 0; i < THREADS; i++) {
        void *wrong = NULL;
        pthread_join(threads[i], &wrong);
        assert_null(wrong);
    }
    hob_liquid_cache_free(cache);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, start, stop)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(test_broken_output_leaves_what_is_around_it),
        TEST(test_warning_counts_lines_and_characters),
        TEST(test_broken_filter_input_drops_only_its_output),
        TEST(test_block_with_broken_condition_vanishes_whole),
        TEST(test_broken_elsif_is_a_branch_never_taken),
        TEST(test_unclosed_block_loses_only_its_tag),
        TEST(test_end_tag_of_outer_block_leaves_inner_one_unclosed),
        TEST(test_unclosed_output_is_an_error_with_its_place),
        TEST(test_unclosed_tag_is_an_error),
        TEST(test_comment_may_hold_unclosed_markup),
        TEST(test_source_that_is_no_text_is_an_error),
        TEST(test_nesting_has_a_limit),
        TEST(test_liquid_tags_in_liquid_tags_have_a_limit),
        TEST(test_many_unclosed_blocks_are_stepped_over),
        TEST(test_loop_over_a_giant_range_ends),
        TEST(test_filter_on_a_giant_range_ends),
        TEST(test_doubling_text_ends),
        TEST(test_memory_has_a_limit),
        TEST(test_values_that_nothing_refers_to_are_given_back),
        TEST(test_values_in_use_are_kept),
        TEST(test_output_has_a_limit),
        TEST(test_partial_that_includes_itself_ends),
        TEST(test_missing_partial_gives_a_warning),
        TEST(test_without_loader_there_are_no_partials),
        TEST(test_error_of_the_loader_ends_the_render),
        TEST(test_render_hides_and_restores_variables),
        TEST(test_break_does_not_leave_render),
        TEST(test_missing_data_count_as_not_there),
        TEST(test_false_is_false),
        TEST(test_limit_zero_is_none_and_ranges_end_where_they_say),
        TEST(test_loop_object_can_be_kept),
        TEST(test_arithmetic_is_decimal_and_exact),
        TEST(test_bounds_may_be_booleans_and_beyond_64_bit),
        TEST(test_urls_are_joined_as_python_does),
        TEST(test_url_decode_replaces_what_is_no_utf_8),
        TEST(test_a_sigma_is_final_where_python_says_so),
        TEST(test_lists_that_follow_each_other_are_one),
        TEST(test_a_joined_item_keeps_all_of_its_text_in_one_paragraph),
        TEST(test_lists_are_joined_tightly_without_a_blank_line),
        TEST(test_texts_stay_as_python_markdown_leaves_them),
        TEST(test_deeply_nested_lists_close_as_they_opened),
        TEST(test_references_are_those_of_html_5),
        TEST(test_attributes_of_an_image_are_sorted),
        TEST(test_now_is_what_the_caller_says),
        TEST(test_dates_as_people_write_them),
        TEST(test_format_with_absurd_width_stays),
        TEST(test_value_that_holds_itself_prints_and_ends),
        TEST(test_warnings_stop_after_a_hundred),
        TEST(test_every_tag_and_filter_has_help),
        TEST(test_cache_hands_out_the_same_template),
        TEST(test_cache_keeps_within_its_bytes),
        TEST(test_cache_does_not_keep_what_cannot_be_parsed),
        TEST(test_templates_are_shared_between_threads),
    };
    return cmocka_run_group_tests_name("liquid", tests, NULL, NULL);
}
