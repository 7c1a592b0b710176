/* conformance_value: documents and tagged values of the case files.
 *
 * What JSON lacks is an object with a tag: {"t": "float", "v": "1.5"} and so on, mappings too, so
 * that their order and their keys of other kinds are kept. The comparison walks both sides and
 * stops at the first difference, which it reports with its place. */
#include "conformance.h"

#include <math.h>

#include "base/number.h"
#include "value/date.h"
#include "value/json.h"

/* Where the comparison is: the containers above it, innermost first. */
struct place {
    const struct place *above;
    const struct hob_value *container; /* hob's */
    struct hob_text tag;               /* "key" or "item", or empty */
    uint32_t position;
};

struct comparison {
    enum conformance_tolerance tolerance;
    struct hob_buffer *difference;
};

static int base64_digit(char byte)
{
    static const char alphabet[] =
        "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    const char *found = byte != '\0' ? strchr(alphabet, byte) : NULL;
    return found != NULL ? (int)(found - alphabet) : -1;
}

static struct hob_text decode_base64(struct hob_text text, struct hob_arena *arena)
{
    char *out = hob_arena_alloc(arena, text.size / 4 * 3 + 4);
    size_t size = 0;
    uint32_t bits = 0;
    int held = 0;
    for (size_t i = 0; i < text.size; i++) {
        int digit = base64_digit(text.data[i]);
        if (digit < 0)
            continue;
        bits = bits << 6 | (uint32_t)digit;
        held += 6;
        if (held < 8)
            continue;
        held -= 8;
        out[size++] = (char)(bits >> held & 0xFF);
    }
    return (struct hob_text){out, size};
}

bool conformance_document(const struct hob_value *one, struct hob_arena *arena,
                          struct hob_text *document, struct hob_buffer *difference)
{
    const struct hob_value *text = hob_value_get(one, "text");
    const struct hob_value *base64 = hob_value_get(one, "base64");
    if (hob_value_is(text, HOB_STRING)) {
        *document = text->text;
        return true;
    }
    if (hob_value_is(base64, HOB_STRING)) {
        *document = decode_base64(base64->text, arena);
        return true;
    }
    hob_buffer_put_string(difference, "the case has neither 'text' nor 'base64'");
    return false;
}

static void put_place(struct hob_buffer *out, const struct place *place)
{
    if (place->above == NULL)
        return;
    put_place(out, place->above);
    hob_buffer_printf(out, " %.*s %u", HOB_TEXT_ARG(place->tag), place->position);
}

enum { SHOWN_SIZE = 300 };

/* A value for people: as JSON, with its kind; cycles and long ones are cut. */
static void put_actual(struct hob_buffer *out, const struct hob_value *value)
{
    HOB_AUTO(buffer) struct hob_buffer text = HOB_BUFFER_INIT;
    if (value->kind == HOB_DOUBLE) {
        char digits[HOB_NUMBER_SIZE];
        hob_buffer_put(&text, digits, hob_number_print_double(digits, value->number));
    } else if (hob_json_write(&text, value, HOB_JSON_ASCII, 1 << 20, NULL) != 0) {
        hob_buffer_put_string(&text, "...");
    }
    struct hob_text shown = hob_buffer_text(&text);
    bool cut = shown.size > SHOWN_SIZE;
    hob_buffer_put(out, shown.data, cut ? SHOWN_SIZE : shown.size);
    hob_buffer_printf(out, "%s (%s)", cut ? "..." : "", hob_value_kind_name(value));
}

static bool differ(const struct comparison *comparison, const struct place *place,
                   const struct hob_value *expected, const struct hob_value *actual)
{
    struct hob_buffer *out = comparison->difference;
    hob_buffer_put_string(out, "at the top");
    put_place(out, place);
    hob_buffer_put_string(out, ": expected ");
    put_actual(out, expected);
    hob_buffer_put_string(out, ", got ");
    put_actual(out, actual);
    return false;
}

static bool same(const struct comparison *comparison, const struct place *above,
                 const struct hob_value *expected, const struct hob_value *actual);

static bool same_double(const struct comparison *comparison, struct hob_text expected,
                        const struct hob_value *actual)
{
    char printed[HOB_NUMBER_SIZE];
    double wanted;
    bool finite = hob_number_parse_double(expected, &wanted) && isfinite(wanted);
    if (!finite && comparison->tolerance != CONFORMANCE_EXACT && actual->kind == HOB_NULL)
        return comparison->tolerance == CONFORMANCE_NOT_FINITE_IS_NULL ||
               hob_text_is(expected, "nan");
    if (actual->kind != HOB_DOUBLE)
        return false;
    size_t size = hob_number_print_double(printed, actual->number);
    if (hob_text_equal(expected, (struct hob_text){printed, size}))
        return true;
    return finite && comparison->tolerance == CONFORMANCE_CLOSE &&
           fabs(actual->number - wanted) <= 1e-12 * fabs(wanted);
}

static bool same_integer(struct hob_text expected, const struct hob_value *actual)
{
    char printed[HOB_NUMBER_SIZE];
    if (actual->kind == HOB_BIG_INT)
        return hob_text_equal(actual->text, expected);
    if (actual->kind != HOB_INT)
        return false;
    size_t size = hob_number_print_int(printed, actual->integer);
    return hob_text_equal(expected, (struct hob_text){printed, size});
}

/* A scalar whose expected value is written as text. */
static bool same_tagged_text(const struct comparison *comparison, struct hob_text tag,
                             struct hob_text expected, const struct hob_value *actual)
{
    if (hob_text_is(tag, "float"))
        return same_double(comparison, expected, actual);
    if (hob_text_is(tag, "int"))
        return same_integer(expected, actual);
    HOB_AUTO(buffer) struct hob_buffer printed = HOB_BUFFER_INIT;
    if (hob_text_is(tag, "date") && actual->kind == HOB_DATE)
        hob_date_print(&printed, actual->days);
    else if (hob_text_is(tag, "datetime") && actual->kind == HOB_DATETIME)
        hob_datetime_print(&printed, actual, 'T');
    else if (hob_text_is(tag, "bytes") && actual->kind == HOB_BYTES)
        hob_json_write(&printed, actual, HOB_JSON_COMPACT, SIZE_MAX, NULL);
    else
        return false;
    struct hob_text text = hob_buffer_text(&printed);
    if (actual->kind == HOB_BYTES)
        text = (struct hob_text){text.data + 1, text.size - 2};
    return hob_text_equal(text, expected);
}

/* Lone surrogates that stand side by side in hob's text are one character in the case file. */
static bool same_string(struct hob_text expected, struct hob_text actual)
{
    if (hob_text_equal(expected, actual))
        return true;
    HOB_AUTO(buffer) struct hob_buffer a = HOB_BUFFER_INIT, b = HOB_BUFFER_INIT;
    hob_json_put_string(&a, expected, HOB_JSON_ASCII);
    hob_json_put_string(&b, actual, HOB_JSON_ASCII);
    return hob_text_equal(hob_buffer_text(&a), hob_buffer_text(&b));
}

static bool same_list(const struct comparison *comparison, const struct place *above,
                      const struct hob_value *expected, const struct hob_value *actual)
{
    struct place place = {above, actual, HOB_TEXT("item"), 0};
    uint32_t count = expected->list.count;
    if (count != actual->list.count)
        return differ(comparison, above, expected, actual);
    for (; place.position < count; place.position++)
        if (!same(comparison, &place, expected->list.items[place.position],
                  actual->list.items[place.position]))
            return false;
    return true;
}

static bool same_map(const struct comparison *comparison, const struct place *above,
                     const struct hob_value *expected, const struct hob_value *actual)
{
    struct place place = {above, actual, HOB_TEXT("key"), 0};
    uint32_t count = expected->list.count;
    if (actual->kind != HOB_MAP || count != actual->map.count)
        return differ(comparison, above, expected, actual);
    for (; place.position < count; place.position++) {
        const struct hob_value *pair = expected->list.items[place.position];
        if (!hob_value_is(pair, HOB_LIST) || pair->list.count != 2)
            return differ(comparison, &place, pair, actual);
        const struct hob_pair *found = &actual->map.pairs[place.position];
        place.tag = HOB_TEXT("key");
        if (!same(comparison, &place, pair->list.items[0], found->key))
            return false;
        place.tag = HOB_TEXT("value");
        if (!same(comparison, &place, pair->list.items[1], found->value))
            return false;
    }
    return true;
}

static bool set_holds(const struct comparison *comparison, const struct hob_value *set,
                      const struct hob_value *member)
{
    HOB_AUTO(buffer) struct hob_buffer ignored = HOB_BUFFER_INIT;
    struct comparison silent = {comparison->tolerance, &ignored};
    struct place top = {0};
    for (uint32_t i = 0; i < set->map.count; i++)
        if (same(&silent, &top, member, set->map.pairs[i].key))
            return true;
    return false;
}

/* Sets have no order. */
static bool same_set(const struct comparison *comparison, const struct place *above,
                     const struct hob_value *expected, const struct hob_value *actual)
{
    if (actual->kind != HOB_SET || actual->map.count != expected->list.count)
        return differ(comparison, above, expected, actual);
    for (uint32_t i = 0; i < expected->list.count; i++)
        if (!set_holds(comparison, actual, expected->list.items[i]))
            return differ(comparison, above, expected->list.items[i], actual);
    return true;
}

/* {"t": "ref", "up": 1}: the container one level up itself. */
static bool same_reference(const struct hob_value *up, const struct place *above,
                           const struct hob_value *actual)
{
    if (!hob_value_is(up, HOB_INT))
        return false;
    const struct place *place = above;
    for (int64_t level = 1; level < up->integer && place != NULL; level++)
        place = place->above;
    return place != NULL && place->container == actual;
}

static bool same_tagged(const struct comparison *comparison, const struct place *above,
                        const struct hob_value *expected, const struct hob_value *actual)
{
    struct hob_text tag = hob_value_text(hob_value_get(expected, "t"));
    const struct hob_value *content = hob_value_get(expected, "v");
    bool is_list = hob_value_is(content, HOB_LIST);
    if (is_list && hob_text_is(tag, "map"))
        return same_map(comparison, above, content, actual);
    if (is_list && hob_text_is(tag, "set"))
        return same_set(comparison, above, content, actual);
    if (is_list && hob_text_is(tag, "tuple") && actual->kind == HOB_TUPLE)
        return same_list(comparison, above, content, actual);
    if (hob_text_is(tag, "ref") && same_reference(hob_value_get(expected, "up"), above, actual))
        return true;
    if (hob_value_is(content, HOB_STRING) &&
        same_tagged_text(comparison, tag, content->text, actual))
        return true;
    return differ(comparison, above, expected, actual);
}

static bool same(const struct comparison *comparison, const struct place *above,
                 const struct hob_value *expected, const struct hob_value *actual)
{
    if (expected->kind == HOB_MAP)
        return same_tagged(comparison, above, expected, actual);
    if (expected->kind == HOB_LIST && actual->kind == HOB_LIST)
        return same_list(comparison, above, expected, actual);
    if (expected->kind == HOB_STRING && actual->kind == HOB_STRING &&
        same_string(expected->text, actual->text))
        return true;
    bool scalar = expected->kind != HOB_LIST && expected->kind != HOB_STRING;
    if (scalar && expected->kind == actual->kind && hob_value_equal(expected, actual))
        return true;
    return differ(comparison, above, expected, actual);
}

bool conformance_same(const struct hob_value *expected, const struct hob_value *actual,
                      enum conformance_tolerance tolerance, struct hob_buffer *difference)
{
    struct comparison comparison = {tolerance, difference};
    struct place top = {0};
    return same(&comparison, &top, expected, actual);
}
