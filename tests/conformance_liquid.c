/* conformance_liquid: cases with a template, data, partials and what is to be printed.
 *
 * In the data {"$t": KIND, "v": ...} stands for what JSON lacks: date, datetime, timestamp, nan,
 * inf, -inf, nat, and numpy's scalars, which are plain numbers and booleans here. */
#include <math.h>
#include <stdlib.h>
#include <time.h>

#include "compute/liquid/liquid.h"
#include "conformance.h"
#include "value/date.h"
#include "value/json.h"

static int64_t digits(struct hob_text text, size_t start, size_t size)
{
    int64_t number = 0;
    for (size_t i = start; i < start + size && i < text.size; i++)
        number =
            number * 10 + (text.data[i] >= '0' && text.data[i] <= '9' ? text.data[i] - '0' : 0);
    return number;
}

/* 2026-01-03[T04:05:06[.5][+02:00]] */
static const struct hob_value *make_moment(struct hob_arena *arena, struct hob_text text,
                                           bool is_date)
{
    struct hob_date date = {(int)digits(text, 0, 4), (int)digits(text, 5, 2),
                            (int)digits(text, 8, 2)};
    struct hob_value *value = hob_value_new(arena, is_date ? HOB_DATE : HOB_DATETIME);
    value->days = hob_date_to_days(date);
    if (is_date)
        return value;
    int64_t seconds = digits(text, 11, 2) * 3600 + digits(text, 14, 2) * 60 + digits(text, 17, 2);
    value->microseconds = (value->days * 86400 + seconds) * 1000000;
    size_t at = 19;
    int64_t scale = 100000;
    if (at < text.size && text.data[at] == '.')
        for (at++; at < text.size && text.data[at] >= '0' && text.data[at] <= '9'; scale /= 10)
            value->microseconds += digits(text, at++, 1) * scale;
    if (at < text.size && (text.data[at] == '+' || text.data[at] == '-')) {
        int64_t offset = digits(text, at + 1, 2) * 3600 + digits(text, at + 4, 2) * 60;
        value->boolean = true;
        value->offset_seconds = (int32_t)(text.data[at] == '-' ? -offset : offset);
    }
    return value;
}

static const struct hob_value *untag(struct hob_arena *arena, const struct hob_value *value);

static const struct hob_value *make_tagged(struct hob_arena *arena, struct hob_text tag,
                                           const struct hob_value *content)
{
    if (hob_text_is(tag, "nan"))
        return hob_value_new_double(arena, NAN);
    if (hob_text_is(tag, "inf"))
        return hob_value_new_double(arena, INFINITY);
    if (hob_text_is(tag, "-inf"))
        return hob_value_new_double(arena, -INFINITY);
    if (hob_text_is(tag, "nat"))
        return &hob_value_null;
    bool is_date = hob_text_is(tag, "date");
    if (is_date || hob_text_is(tag, "datetime") || hob_text_is(tag, "timestamp"))
        return make_moment(arena, hob_value_text(content), is_date);
    return untag(arena, content);
}

static const struct hob_value *untag(struct hob_arena *arena, const struct hob_value *value)
{
    const struct hob_value *tag = hob_value_get(value, "$t");
    if (hob_value_is(tag, HOB_STRING))
        return make_tagged(arena, tag->text, hob_value_get(value, "v"));
    if (value == NULL || (value->kind != HOB_LIST && value->kind != HOB_MAP))
        return value;
    struct hob_value *plain = hob_value_new(arena, (enum hob_kind)value->kind);
    for (uint32_t i = 0; value->kind == HOB_LIST && i < value->list.count; i++)
        hob_value_append(arena, plain, untag(arena, value->list.items[i]));
    for (uint32_t i = 0; value->kind == HOB_MAP && i < value->map.count; i++)
        hob_value_put(arena, plain, value->map.pairs[i].key,
                      untag(arena, value->map.pairs[i].value));
    return plain;
}

static int load(void *data, struct hob_text name, struct hob_liquid_template **partial,
                struct hob_error *error)
{
    const struct hob_value *source = hob_value_get_text(data, name);
    *partial = NULL;
    if (!hob_value_is(source, HOB_STRING))
        return 0;
    return hob_liquid_parse(partial, source->text, name, error);
}

static int render(struct hob_buffer *out, const struct hob_value *one, struct hob_arena *arena,
                  struct hob_error *error)
{
    HOB_AUTO(liquid_template) struct hob_liquid_template *template = NULL;
    struct hob_liquid_context context = {
        .data = untag(arena, hob_value_get(one, "data")),
        .load = load,
        .load_data = (void *)hob_value_get(one, "partials"),
    };
    int status = hob_liquid_parse(&template, hob_value_text(hob_value_get(one, "template")),
                                  HOB_TEXT("case"), error);
    return status != 0 ? status : hob_liquid_render(out, template, &context, error);
}

static bool check(const struct hob_value *one, struct hob_arena *arena,
                  struct hob_buffer *difference, bool strip)
{
    HOB_AUTO(buffer) struct hob_buffer out = HOB_BUFFER_INIT;
    struct hob_error error = HOB_ERROR_INIT;
    const struct hob_value *utc = hob_value_get(one, "needs_utc");
    if (hob_value_is(utc, HOB_BOOL) && utc->boolean) {
        setenv("TZ", "UTC", 1);
        tzset();
    }
    const struct hob_value *expect = hob_value_get(one, "expect");
    const struct hob_value *failure = hob_value_get(one, "expect_error");
    bool fails = hob_value_is(failure, HOB_BOOL) && failure->boolean;
    if (render(&out, one, arena, &error) != 0) {
        if (!fails)
            hob_buffer_printf(difference, "error: %s", error.message);
        return fails;
    }
    struct hob_text actual = hob_buffer_text(&out), expected = hob_value_text(expect);
    if (strip) {
        actual = hob_text_strip(actual);
        expected = hob_text_strip(expected);
    }
    if (!fails && expected.data != NULL && hob_text_equal(actual, expected))
        return true;
    hob_buffer_put_string(difference, "expected ");
    if (fails)
        hob_buffer_put_string(difference, "an error");
    else
        hob_json_put_string(difference, expected, HOB_JSON_COMPACT);
    hob_buffer_put_string(difference, ", got ");
    hob_json_put_string(difference, actual, HOB_JSON_COMPACT);
    return false;
}

bool conformance_liquid(const struct hob_value *one, struct hob_arena *arena,
                        struct hob_buffer *difference)
{
    return check(one, arena, difference, false);
}

bool conformance_markdownify(const struct hob_value *one, struct hob_arena *arena,
                             struct hob_buffer *difference)
{
    return check(one, arena, difference, true);
}
