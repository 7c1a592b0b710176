/* front_matter: see front_matter.h.
 *
 * The reference splits the text with a regular expression: a boundary is a line of dashes with
 * nothing but white space behind, the first must be the first line, and the second ends the front
 * matter. A file with fewer than two boundaries is content alone. */
#include "access/front_matter.h"

#include "base/buffer.h"
#include "base/utf8.h"
#include "value/json.h"
#include "value/yaml.h"

/* Line ends become LF, as Python's text mode reads them; the copy lives in the arena. */
static struct hob_text unify_line_ends(struct hob_arena *arena, struct hob_text text)
{
    if (text.size == 0 || memchr(text.data, '\r', text.size) == NULL)
        return text;
    char *copy = hob_arena_alloc(arena, text.size + 1);
    size_t size = 0;
    for (size_t i = 0; i < text.size; i++) {
        if (text.data[i] != '\r')
            copy[size++] = text.data[i];
        else if (i + 1 == text.size || text.data[i + 1] != '\n')
            copy[size++] = '\n';
    }
    copy[size] = '\0';
    return (struct hob_text){copy, size};
}

static size_t count_lines(const char *from, const char *to)
{
    size_t lines = 0;
    for (; from < to; from++)
        lines += *from == '\n';
    return lines;
}

static struct hob_text line_at(struct hob_text text, size_t at)
{
    const char *end = memchr(text.data + at, '\n', text.size - at);
    size_t stop = end != NULL ? (size_t)(end - text.data) : text.size;
    return (struct hob_text){text.data + at, stop - at};
}

static bool is_dashes(struct hob_text line)
{
    size_t dashes = 0;
    while (dashes < line.size && line.data[dashes] == '-')
        dashes++;
    struct hob_text rest = {line.data + dashes, line.size - dashes};
    return dashes >= 3 && hob_text_strip(rest).size == 0;
}

static bool is_brace(struct hob_text line)
{
    return line.size == 1 && (line.data[0] == '{' || line.data[0] == '}');
}

/* The reference's boundary, `^-{3,}\s*$`, takes the lines of white space behind it along, also
 * those that YAML would not allow. */
static const char *skip_empty_lines(const char *start, const char *end)
{
    struct hob_text rest = {start, (size_t)(end - start)};
    size_t at = 0;
    while (at < rest.size) {
        struct hob_text line = line_at(rest, at);
        if (hob_text_strip(line).size > 0)
            break;
        at += line.size + (at + line.size < rest.size);
    }
    return start + at;
}

/* The next boundary line from `at` on; false when there is none. */
static bool find_boundary(struct hob_text text, size_t at, bool (*is_boundary)(struct hob_text),
                          struct hob_text *line)
{
    while (at < text.size) {
        *line = line_at(text, at);
        if (is_boundary(*line))
            return true;
        at += line->size + 1;
    }
    return false;
}

/* A line that starts like a boundary but goes on: a closing line that was written wrongly. */
static bool has_broken_boundary(struct hob_text yaml)
{
    for (size_t at = 0; at < yaml.size;) {
        struct hob_text line = line_at(yaml, at);
        if (hob_text_starts_with(line, "---"))
            return true;
        at += line.size + 1;
    }
    return false;
}

/* Keys of other kinds become the text that JSON would make of them. */
static const struct hob_value *with_text_keys(struct hob_arena *arena,
                                              const struct hob_value *fields)
{
    struct hob_value *named = hob_value_new(arena, HOB_MAP);
    for (uint32_t i = 0; i < fields->map.count; i++) {
        const struct hob_pair *pair = &fields->map.pairs[i];
        const struct hob_value *key = pair->key;
        if (key->kind != HOB_STRING) {
            HOB_AUTO(buffer) struct hob_buffer quoted = HOB_BUFFER_INIT;
            hob_json_put_key(&quoted, key, HOB_JSON_COMPACT);
            struct hob_text text = {quoted.data + 1, quoted.size - 2};
            key = hob_value_new_string(arena, text);
        }
        hob_value_put(arena, named, key, pair->value);
    }
    return named;
}

/* `above` lines of the file stand before the YAML: blank lines in their place make the lines that
 * errors name those of the file. */
static int read_yaml(struct hob_arena *arena, struct hob_text yaml, size_t above, const char *name,
                     struct hob_front_matter *result, struct hob_error *error)
{
    HOB_AUTO(buffer) struct hob_buffer padded = HOB_BUFFER_INIT;
    hob_buffer_put_repeated(&padded, '\n', above);
    hob_buffer_put_text(&padded, yaml);
    if (hob_buffer_failed(&padded))
        return hob_error_set(error, HOB_E_MEMORY, "cannot read '%s': not enough memory", name);
    int status = hob_yaml_read(arena, hob_buffer_text(&padded), name, &result->fields, error);
    if (status == HOB_E_VALUE && has_broken_boundary(yaml)) {
        /* Where such a front matter ends can't be told: neither fields nor content. */
        result->fields = &hob_value_empty_map;
        result->content = (struct hob_text){NULL, 0};
        result->flaw = "the line that is to close the front matter does not";
        return 0;
    }
    if (status < 0)
        return status;
    bool mapping = hob_value_is(result->fields, HOB_MAP);
    if (!mapping && !hob_value_is_null(result->fields))
        result->flaw = "the front matter is no mapping of fields";
    result->fields = mapping ? with_text_keys(arena, result->fields) : NULL;
    return 0;
}

static int read_json(struct hob_arena *arena, struct hob_text inside,
                     struct hob_front_matter *result, struct hob_error *error)
{
    HOB_AUTO(buffer) struct hob_buffer json = HOB_BUFFER_INIT;
    hob_buffer_put_char(&json, '{');
    hob_buffer_put_text(&json, inside);
    hob_buffer_put_char(&json, '}');
    int status = hob_json_read(arena, hob_buffer_text(&json), &result->fields, error);
    return status;
}

int hob_front_matter_read(struct hob_arena *arena, struct hob_text text, const char *name,
                          struct hob_front_matter *result, struct hob_error *error)
{
    *result = (struct hob_front_matter){.fields = NULL};
    size_t valid = hob_utf8_valid_prefix(text);
    if (valid < text.size)
        return hob_error_set(error, HOB_E_UNICODE,
                             "cannot read '%s': byte 0x%02x at %zu is not "
                             "UTF-8",
                             name, (unsigned char)text.data[valid], valid);
    struct hob_text whole = unify_line_ends(arena, text);
    text = hob_text_strip(whole);
    struct hob_text first = line_at(text, 0);
    bool json = text.size > 0 && is_brace(first);
    if (!json && !is_dashes(first)) {
        result->content = text;
        return 0;
    }
    struct hob_text close;
    if (first.size == text.size ||
        !find_boundary(text, first.size + 1, json ? is_brace : is_dashes, &close)) {
        result->content = text;
        result->flaw = "the front matter is never closed";
        return 0;
    }
    const char *start = text.data + first.size + 1;
    if (!json)
        start = skip_empty_lines(start, close.data);
    struct hob_text inside = {start, (size_t)(close.data - start)};
    const char *rest = close.data + close.size;
    result->content =
        hob_text_strip((struct hob_text){rest, (size_t)(text.data + text.size - rest)});
    return json ? read_json(arena, inside, result, error)
                : read_yaml(arena, inside, count_lines(whole.data, start), name, result, error);
}
