/* filters_text: texts in, texts out. Each takes its input as Python's str prints it. */
#include "base/utf8.h"
#include "compute/liquid/filters.h"
#include "compute/liquid/letters.h"
#include "compute/liquid/texts.h"

/* The text of the input, and an empty work buffer. */
static int begin(struct liquid_render *render, const struct liquid_value *value,
                 struct hob_text *text)
{
    int status = liquid_to_text(render, value, text);
    hob_buffer_clear(&render->work);
    return status;
}

static int convert(struct liquid_render *render, struct liquid_value *value,
                   void (*put)(struct hob_buffer *out, struct hob_text text))
{
    struct hob_text text;
    int status = begin(render, value, &text);
    if (status != 0)
        return status;
    put(&render->work, text);
    return liquid_take_work(render, value);
}

LIQUID_FILTER(upcase)
{
    (void)arguments;
    return convert(render, value, liquid_put_upper);
}

LIQUID_FILTER(downcase)
{
    (void)arguments;
    return convert(render, value, liquid_put_lower);
}

LIQUID_FILTER(capitalize)
{
    (void)arguments;
    return convert(render, value, liquid_put_capitalized);
}

static int strip_with(struct liquid_render *render, struct liquid_value *value,
                      struct hob_text (*strip)(struct hob_text text))
{
    struct hob_text text;
    int status = liquid_to_text(render, value, &text);
    *value = liquid_text(status == 0 ? strip(text) : text);
    return status;
}

LIQUID_FILTER(strip)
{
    (void)arguments;
    return strip_with(render, value, hob_text_strip);
}

LIQUID_FILTER(lstrip)
{
    (void)arguments;
    return strip_with(render, value, liquid_strip_left);
}

LIQUID_FILTER(rstrip)
{
    (void)arguments;
    return strip_with(render, value, liquid_strip_right);
}

static void put_line_ends(struct hob_buffer *out, struct hob_text text, const char *end)
{
    while (text.size > 0) {
        const char *found = memchr(text.data, '\n', text.size);
        if (found == NULL)
            break;
        size_t line = (size_t)(found - text.data);
        hob_buffer_put(out, text.data, line > 0 && found[-1] == '\r' ? line - 1 : line);
        hob_buffer_put_string(out, end);
        text = liquid_text_from(text, line + 1);
    }
    hob_buffer_put_text(out, text);
}

static void put_without_newlines(struct hob_buffer *out, struct hob_text text)
{
    put_line_ends(out, text, "");
}

static void put_breaks(struct hob_buffer *out, struct hob_text text)
{
    put_line_ends(out, text, "<br />\n");
}

LIQUID_FILTER(strip_newlines)
{
    (void)arguments;
    return convert(render, value, put_without_newlines);
}

LIQUID_FILTER(newline_to_br)
{
    (void)arguments;
    return convert(render, value, put_breaks);
}

static int join_two(struct liquid_render *render, struct liquid_value *value, struct hob_text first,
                    struct hob_text second)
{
    hob_buffer_clear(&render->work);
    hob_buffer_put_text(&render->work, first);
    hob_buffer_put_text(&render->work, second);
    return liquid_take_work(render, value);
}

LIQUID_FILTER(append)
{
    struct hob_text text, more;
    int status = liquid_to_text(render, value, &text);
    if (status == 0)
        status = liquid_argument_text(render, &arguments->values[0], &more);
    return status != 0 ? status : join_two(render, value, text, more);
}

LIQUID_FILTER(prepend)
{
    struct hob_text text, more;
    int status = liquid_to_text(render, value, &text);
    if (status == 0)
        status = liquid_argument_text(render, &arguments->values[0], &more);
    return status != 0 ? status : join_two(render, value, more, text);
}

/* The texts of replace and its kind. */
struct exchange {
    struct hob_text text, old, fresh;
};

static int begin_exchange(struct liquid_render *render, const struct liquid_value *value,
                          const struct liquid_arguments *arguments, struct exchange *exchange)
{
    int status = liquid_to_text(render, value, &exchange->text);
    if (status == 0)
        status = liquid_argument_text(render, &arguments->values[0], &exchange->old);
    if (status == 0)
        status = liquid_argument_text(render, &arguments->values[1], &exchange->fresh);
    hob_buffer_clear(&render->work);
    return status;
}

/* An empty text is found before every character and at the end. */
static int replace_all(struct liquid_render *render, const struct exchange *exchange)
{
    struct hob_buffer *out = &render->work;
    struct hob_text rest = exchange->text;
    size_t found;
    while ((found = liquid_find_text(rest, exchange->old)) != SIZE_MAX) {
        hob_buffer_put(out, rest.data, found);
        hob_buffer_put_text(out, exchange->fresh);
        rest = liquid_text_from(rest, found + exchange->old.size);
        if (out->size > render->output_limit)
            return liquid_exceeded(render, "output");
        if (exchange->old.size > 0)
            continue;
        size_t step = liquid_skip_characters(rest, 1);
        if (step == 0)
            break;
        hob_buffer_put(out, rest.data, step);
        rest = liquid_text_from(rest, step);
    }
    hob_buffer_put_text(out, rest);
    return 0;
}

LIQUID_FILTER(replace)
{
    struct exchange exchange;
    int status = begin_exchange(render, value, arguments, &exchange);
    if (status == 0)
        status = replace_all(render, &exchange);
    return status != 0 ? status : liquid_take_work(render, value);
}

static int replace_at(struct liquid_render *render, struct liquid_value *value,
                      const struct exchange *exchange, size_t found)
{
    if (found == SIZE_MAX) {
        *value = liquid_text(exchange->text);
        return 0;
    }
    hob_buffer_put(&render->work, exchange->text.data, found);
    hob_buffer_put_text(&render->work, exchange->fresh);
    hob_buffer_put_text(&render->work,
                        liquid_text_from(exchange->text, found + exchange->old.size));
    return liquid_take_work(render, value);
}

LIQUID_FILTER(replace_first)
{
    struct exchange exchange;
    int status = begin_exchange(render, value, arguments, &exchange);
    if (status != 0)
        return status;
    return replace_at(render, value, &exchange, liquid_find_text(exchange.text, exchange.old));
}

/* A match at the very start is not replaced: that is how the reference has it. */
LIQUID_FILTER(replace_last)
{
    struct exchange exchange;
    int status = begin_exchange(render, value, arguments, &exchange);
    if (status != 0)
        return status;
    size_t found = liquid_find_last_text(exchange.text, exchange.old);
    return replace_at(render, value, &exchange, found == 0 ? SIZE_MAX : found);
}

/* remove is replace by nothing. An empty text takes nothing away. */
LIQUID_FILTER(remove)
{
    return liquid_filter_replace(render, value, arguments);
}

LIQUID_FILTER(remove_first)
{
    return liquid_filter_replace_first(render, value, arguments);
}

LIQUID_FILTER(remove_last)
{
    return liquid_filter_replace_last(render, value, arguments);
}

/* An integer beyond 64 bit as the one that is nearest: no text and no list is as long. */
static void clamp(struct liquid_value *number)
{
    if (number->kind == LIQUID_BIG)
        *number = liquid_int(number->text.data[0] == '-' ? INT64_MIN : INT64_MAX);
}

/* A position or length: an integer, or the text of one. */
static int whole_argument(struct liquid_render *render, const struct liquid_value *argument,
                          int64_t *number)
{
    struct liquid_value value = *argument;
    if (value.kind == LIQUID_TEXT && !liquid_read_number(argument->text, &value))
        value.kind = LIQUID_NIL;
    if (value.kind == LIQUID_BOOL)
        value = liquid_int(value.boolean);
    clamp(&value);
    *number = value.integer;
    return value.kind == LIQUID_INT ? 0 : liquid_broken(render, "slice needs whole numbers");
}

/* Python's value[start:start + length], where a negative start that reaches 0 runs to the end. */
static void slice_bounds(int64_t start, int64_t length, int64_t count, int64_t *from, int64_t *to)
{
    int64_t end;
    if (__builtin_add_overflow(start, length, &end))
        end = length > 0 ? INT64_MAX : INT64_MIN;
    if (start < 0 && end >= 0)
        end = count;
    else if (end < 0)
        end = end + count < 0 ? 0 : end + count;
    if (start < 0)
        start = start + count < 0 ? 0 : start + count;
    *to = end < count ? end : count;
    *from = start < *to ? start : *to;
}

static int slice_list(struct liquid_render *render, struct liquid_value *value, int64_t start,
                      int64_t length)
{
    int64_t from, to;
    int status;
    slice_bounds(start, length, (int64_t)liquid_count(value), &from, &to);
    size_t count = (size_t)(to - from);
    if (count > UINT32_MAX)
        return liquid_exceeded(render, "memory");
    struct liquid_value *items = liquid_allocate(render, count, sizeof *items, &status);
    for (size_t i = 0; i < count && status == 0; i++)
        items[i] = liquid_item(value, (uint64_t)from + i);
    *value = liquid_list(items, (uint32_t)count);
    return status != 0 ? status : liquid_spend(render, count);
}

LIQUID_FILTER(slice)
{
    int64_t start, length = 1, from, to;
    int status = whole_argument(render, &arguments->values[0], &start);
    if (status == 0 && arguments->count > 1 && arguments->values[1].kind != LIQUID_UNDEFINED)
        status = whole_argument(render, &arguments->values[1], &length);
    if (status == 0 && liquid_is_list(value))
        return slice_list(render, value, start, length);
    struct hob_text text;
    if (status == 0)
        status = liquid_to_text(render, value, &text);
    if (status != 0)
        return status;
    slice_bounds(start, length, (int64_t)hob_utf8_count(text), &from, &to);
    size_t first = liquid_skip_characters(text, (size_t)from);
    struct hob_text rest = liquid_text_from(text, first);
    *value = liquid_text(
        (struct hob_text){rest.data, liquid_skip_characters(rest, (size_t)(to - from))});
    return 0;
}

/* The number of truncate and truncatewords. */
static int limit_argument(struct liquid_render *render, const struct liquid_arguments *arguments,
                          int64_t otherwise, int64_t *number)
{
    *number = otherwise;
    if (arguments->count == 0)
        return 0;
    struct liquid_value value = arguments->values[0];
    struct liquid_value read;
    if (value.kind == LIQUID_TEXT && liquid_read_number(value.text, &read))
        value = read;
    clamp(&value);
    return liquid_whole(render, &value, "the length", number);
}

static int ending_argument(struct liquid_render *render, const struct liquid_arguments *arguments,
                           struct hob_text *ending)
{
    *ending = HOB_TEXT("...");
    return arguments->count < 2 ? 0 : liquid_argument_text(render, &arguments->values[1], ending);
}

LIQUID_FILTER(truncate)
{
    enum { LENGTH = 50 };
    int64_t limit, from, to;
    struct hob_text text, ending;
    int status = limit_argument(render, arguments, LENGTH, &limit);
    if (status == 0)
        status = ending_argument(render, arguments, &ending);
    if (status == 0)
        status = liquid_to_text(render, value, &text);
    if (status != 0)
        return status;
    int64_t count = (int64_t)hob_utf8_count(text);
    *value = liquid_text(text);
    if (count < limit)
        return 0;
    int64_t keep;
    if (__builtin_sub_overflow(limit, (int64_t)hob_utf8_count(ending), &keep))
        keep = INT64_MIN;
    slice_bounds(0, keep, count, &from, &to);
    text.size = liquid_skip_characters(text, (size_t)to);
    return join_two(render, value, text, ending);
}

LIQUID_FILTER(truncatewords)
{
    enum { WORDS = 15 };
    int64_t limit, count = 0;
    struct hob_text text, ending, word;
    int status = limit_argument(render, arguments, WORDS, &limit);
    if (status == 0)
        status = ending_argument(render, arguments, &ending);
    if (status == 0)
        status = begin(render, value, &text);
    if (status != 0)
        return status;
    if (limit <= 0)
        limit = 1;
    for (; count < limit && liquid_next_run(&text, &word); count++) {
        if (count > 0)
            hob_buffer_put_char(&render->work, ' ');
        hob_buffer_put_text(&render->work, word);
    }
    if (count == limit)
        hob_buffer_put_text(&render->work, ending);
    return liquid_take_work(render, value);
}

/* A growing list in the arena. */
struct parts {
    struct liquid_value *items;
    size_t count, capacity;
};

static int add_part(struct liquid_render *render, struct parts *parts, struct hob_text text)
{
    if (parts->count == parts->capacity) {
        int status;
        size_t capacity = parts->capacity == 0 ? 8 : parts->capacity * 2;
        struct liquid_value *items = liquid_allocate(render, capacity, sizeof *items, &status);
        if (items == NULL)
            return status;
        if (parts->count > 0)
            memcpy(items, parts->items, parts->count * sizeof *items);
        parts->items = items;
        parts->capacity = capacity;
    }
    parts->items[parts->count++] = liquid_text(text);
    return 0;
}

static int split_at(struct liquid_render *render, struct parts *parts, struct hob_text text,
                    struct hob_text separator)
{
    int status = 0;
    size_t found;
    while (status == 0 && (found = liquid_find_text(text, separator)) != SIZE_MAX) {
        status = add_part(render, parts, (struct hob_text){text.data, found});
        text = liquid_text_from(text, found + separator.size);
    }
    return status != 0 ? status : add_part(render, parts, text);
}

LIQUID_FILTER(split)
{
    struct hob_text text, separator, part;
    struct parts parts = {NULL, 0, 0};
    int status = liquid_to_text(render, value, &text);
    if (status == 0)
        status = liquid_to_text(render, &arguments->values[0], &separator);
    if (status != 0)
        return status;
    if (text.size == 0 || hob_text_equal(text, separator)) {
        *value = liquid_list(NULL, 0);
        return 0;
    }
    if (hob_text_is(separator, " ")) {
        while (status == 0 && liquid_next_run(&text, &part))
            status = add_part(render, &parts, part);
    } else if (separator.size > 0) {
        status = split_at(render, &parts, text, separator);
    } else {
        for (size_t size; status == 0 && text.size > 0; text = liquid_text_from(text, size)) {
            size = liquid_skip_characters(text, 1);
            status = add_part(render, &parts, (struct hob_text){text.data, size});
        }
    }
    *value = liquid_list(parts.items, (uint32_t)parts.count);
    return status != 0 ? status : liquid_spend(render, parts.count);
}
