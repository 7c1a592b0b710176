/* yaml_reader: from bytes to nodes, by way of libyaml; see yaml.h and yaml_node.h.
 *
 * libyaml's event parser finds the structure; composing (anchors, aliases, implicit tags) is done
 * here as PyYAML's composer does it, and yaml_construct.c makes values of the nodes. Two steps are
 * needed because merge keys work on nodes: a mapping that merges another may be met before that one
 * is complete, and what is only merged is never a value itself.
 *
 * The depth is checked as the events come, so that a document of nothing but brackets is refused
 * early. This file alone includes <yaml.h>. */
#include "value/yaml.h"

#include <stdio.h>
#include <yaml.h>

#include "base/map.h"
#include "base/utf8.h"
#include "value/yaml_mend.h"
#include "value/yaml_node.h"

enum { MAX_DIRECTIVES = 1000, MAX_MENDS = 1000, MENDED = 1 };
static const size_t max_read_again = (size_t)16 << 20;

struct reader {
    yaml_parser_t parser;
    yaml_event_t event;
    bool has_event;
    const char *name;
    struct hob_text text;
    struct hob_arena *arena;   /* of the values */
    struct hob_arena *scratch; /* of the nodes */
    struct hob_map *anchors;   /* name -> node; NULL while there are none */
    struct hob_error *error;
    size_t line; /* from 1: of what is wrong; 0 when it has none */
    int depth;
    bool may_mend;
    struct hob_buffer mended; /* the text with what libyaml refuses said differently */
    size_t mends, read_again; /* how often, and how many bytes have to be read again for it */
};

int hob_yaml_fail(struct hob_error *error, int code, struct hob_yaml_place place,
                  const char *context, const char *problem)
{
    hob_error_set(error, code, "cannot read '%s' as YAML: %s%s%s, line %zu, column %zu", place.name,
                  context != NULL ? context : "", context != NULL ? ", " : "", problem,
                  place.line + 1, place.column + 1);
    hob_error_hint(error, "correct it there, or just before it");
    return code;
}

static int fail_memory(struct reader *reader)
{
    return hob_error_set(reader->error, HOB_E_MEMORY,
                         "cannot read '%s' as YAML: there is not enough memory", reader->name);
}

/* Line and column of a byte, counted as libyaml counts them. */
static struct hob_yaml_place place_of(const struct reader *reader, size_t offset)
{
    size_t size = offset < reader->text.size ? offset : reader->text.size;
    struct hob_yaml_place place = {reader->name, 0, 0};
    size_t line_start = 0;
    for (size_t i = 0; i < size; i++) {
        bool crlf = reader->text.data[i] == '\r' && i + 1 < reader->text.size &&
                    reader->text.data[i + 1] == '\n';
        if (reader->text.data[i] == '\n' || (reader->text.data[i] == '\r' && !crlf)) {
            place.line++;
            line_start = i + 1;
        }
    }
    place.column =
        hob_utf8_count((struct hob_text){reader->text.data + line_start, size - line_start});
    return place;
}

static int fail_place(struct reader *reader, int code, struct hob_yaml_place place,
                      const char *context, const char *problem)
{
    reader->line = place.line + 1;
    return hob_yaml_fail(reader->error, code, place, context, problem);
}

static int fail_at(struct reader *reader, int code, const yaml_mark_t *mark, const char *context,
                   const char *problem)
{
    struct hob_yaml_place place = {reader->name, mark->line, mark->column};
    return fail_place(reader, code, place, context, problem);
}

/* True when what libyaml stumbled over is there in words that it knows. It starts over for each, so
 * that there is an end to it. */
static bool mend(struct reader *reader)
{
    const yaml_parser_t *parser = &reader->parser;
    if (!reader->may_mend || parser->error != YAML_SCANNER_ERROR || reader->mends == MAX_MENDS ||
        reader->read_again > max_read_again)
        return false;
    struct yaml_trouble trouble = {.text = reader->text,
                                   .problem = parser->problem,
                                   .context_index = parser->context_mark.index,
                                   .index = parser->problem_mark.index,
                                   .indent = parser->indent};
    HOB_AUTO(buffer) struct hob_buffer mended = HOB_BUFFER_INIT;
    if (!yaml_mend(&mended, &trouble) || hob_buffer_failed(&mended))
        return false;
    reader->mends++;
    reader->read_again += parser->problem_mark.index;
    struct hob_buffer before = reader->mended;
    reader->mended = mended;
    mended = before;
    return true;
}

static int fail_parser(struct reader *reader)
{
    const yaml_parser_t *parser = &reader->parser;
    if (mend(reader))
        return MENDED;
    const char *problem = parser->problem != NULL ? parser->problem : "it cannot be parsed";
    if (parser->error == YAML_MEMORY_ERROR)
        return fail_memory(reader);
    if (parser->error == YAML_READER_ERROR)
        return fail_place(reader, HOB_E_VALUE, place_of(reader, parser->problem_offset), NULL,
                          problem);
    return fail_at(reader, HOB_E_VALUE, &parser->problem_mark, parser->context, problem);
}

/* Puts the next event into reader->event. */
static int next_event(struct reader *reader)
{
    if (reader->has_event)
        yaml_event_delete(&reader->event);
    reader->has_event = yaml_parser_parse(&reader->parser, &reader->event) != 0;
    return reader->has_event ? 0 : fail_parser(reader);
}

static int remember_anchor(struct reader *reader, const yaml_char_t *anchor,
                           struct hob_yaml_node *node)
{
    if (anchor == NULL)
        return 0;
    if (reader->anchors == NULL)
        reader->anchors = hob_map_new();
    struct hob_text name = hob_text_from((const char *)anchor);
    if (hob_map_get(reader->anchors, name) != NULL) {
        char problem[160];
        snprintf(problem, sizeof problem, "found the anchor '%.*s' a second time",
                 (int)(name.size < 100 ? name.size : 100), name.data);
        return fail_at(reader, HOB_E_VALUE, &reader->event.start_mark, NULL, problem);
    }
    if (!hob_map_put(reader->anchors, hob_arena_copy(reader->scratch, name), node))
        return fail_memory(reader);
    return 0;
}

static int new_node(struct reader *reader, enum hob_yaml_node_kind kind, const yaml_char_t *anchor,
                    struct hob_yaml_node **out)
{
    struct hob_yaml_node *node = hob_arena_try_alloc(reader->scratch, sizeof *node);
    if (node == NULL)
        return fail_memory(reader);
    const yaml_mark_t *mark = &reader->event.start_mark;
    *node = (struct hob_yaml_node){
        .kind = (uint8_t)kind, .line = (uint32_t)mark->line, .column = (uint32_t)mark->column};
    *out = node;
    return remember_anchor(reader, anchor, node);
}

static bool has_no_tag(const yaml_char_t *tag)
{
    return tag == NULL || strcmp((const char *)tag, "!") == 0;
}

static void set_tag(struct reader *reader, struct hob_yaml_node *node, const yaml_char_t *tag)
{
    node->tag = (uint8_t)hob_yaml_tag_from_name((const char *)tag);
    if (node->tag == HOB_YAML_UNKNOWN)
        node->tag_name = hob_arena_copy(reader->scratch, hob_text_from((const char *)tag)).data;
}

static int compose_scalar(struct reader *reader, struct hob_yaml_node **out)
{
    const __typeof__(reader->event.data.scalar) *scalar = &reader->event.data.scalar;
    int status = new_node(reader, HOB_YAML_SCALAR, scalar->anchor, out);
    if (status != 0)
        return status;
    struct hob_yaml_node *node = *out;
    char *copy = hob_arena_try_alloc(reader->arena, scalar->length + 1);
    if (copy == NULL)
        return fail_memory(reader);
    memcpy(copy, scalar->value, scalar->length);
    copy[scalar->length] = '\0';
    node->text = (struct hob_text){copy, scalar->length};
    if (!has_no_tag(scalar->tag))
        set_tag(reader, node, scalar->tag);
    else
        node->tag =
            (uint8_t)(scalar->plain_implicit ? hob_yaml_resolve_plain(node->text) : HOB_YAML_STR);
    return 0;
}

static int compose_alias(struct reader *reader, struct hob_yaml_node **out)
{
    struct hob_text name = hob_text_from((const char *)reader->event.data.alias.anchor);
    *out = reader->anchors != NULL ? hob_map_get(reader->anchors, name) : NULL;
    if (*out != NULL)
        return 0;
    char problem[160];
    snprintf(problem, sizeof problem, "found the alias '%.*s', but no such anchor before it",
             (int)(name.size < 100 ? name.size : 100), name.data);
    return fail_at(reader, HOB_E_VALUE, &reader->event.start_mark, NULL, problem);
}

static int compose_node(struct reader *reader, struct hob_yaml_node **out);

/* The items of a sequence, or keys and values, up to the event that ends them. */
static int compose_items(struct reader *reader, struct hob_yaml_node *node, yaml_event_type_t end)
{
    if (++reader->depth > HOB_VALUE_MAX_DEPTH)
        return fail_at(reader, HOB_E_LIMIT, &reader->event.start_mark, NULL,
                       "lists and mappings are nested too deeply");
    for (;;) {
        int status = next_event(reader);
        if (status != 0)
            return status;
        if (reader->event.type == end)
            break;
        struct hob_yaml_node *item;
        status = compose_node(reader, &item);
        if (status != 0)
            return status;
        if (!hob_yaml_node_append(reader->scratch, node, item))
            return fail_memory(reader);
    }
    reader->depth--;
    return 0;
}

static int compose_sequence(struct reader *reader, struct hob_yaml_node **out)
{
    int status = new_node(reader, HOB_YAML_SEQUENCE, reader->event.data.sequence_start.anchor, out);
    if (status != 0)
        return status;
    (*out)->tag = HOB_YAML_SEQ;
    if (!has_no_tag(reader->event.data.sequence_start.tag))
        set_tag(reader, *out, reader->event.data.sequence_start.tag);
    return compose_items(reader, *out, YAML_SEQUENCE_END_EVENT);
}

static int compose_mapping(struct reader *reader, struct hob_yaml_node **out)
{
    int status = new_node(reader, HOB_YAML_MAPPING, reader->event.data.mapping_start.anchor, out);
    if (status != 0)
        return status;
    (*out)->tag = HOB_YAML_MAP;
    if (!has_no_tag(reader->event.data.mapping_start.tag))
        set_tag(reader, *out, reader->event.data.mapping_start.tag);
    return compose_items(reader, *out, YAML_MAPPING_END_EVENT);
}

/* The node that starts with the current event. */
static int compose_node(struct reader *reader, struct hob_yaml_node **out)
{
    switch (reader->event.type) {
    case YAML_ALIAS_EVENT:
        return compose_alias(reader, out);
    case YAML_SCALAR_EVENT:
        return compose_scalar(reader, out);
    case YAML_SEQUENCE_START_EVENT:
        return compose_sequence(reader, out);
    default:
        return compose_mapping(reader, out);
    }
}

/* The root of the only document, or NULL when the stream holds none. */
static int compose_stream(struct reader *reader, struct hob_yaml_node **root)
{
    *root = NULL;
    int status = next_event(reader); /* the start of the stream */
    if (status == 0)
        status = next_event(reader);
    if (status != 0 || reader->event.type == YAML_STREAM_END_EVENT)
        return status;
    status = next_event(reader);
    if (status == 0)
        status = compose_node(reader, root);
    if (status == 0)
        status = next_event(reader); /* the end of the document */
    if (status == 0)
        status = next_event(reader);
    if (status == 0 && reader->event.type != YAML_STREAM_END_EVENT)
        return fail_at(reader, HOB_E_VALUE, &reader->event.start_mark,
                       "expected a single document in the stream", "but found another document");
    return status;
}

/* libyaml compares every %TAG line with all those before it, also behind the end of the document.
 * Nobody has more than a few; no other line of a document may start with that character, but those
 * of a text at its root. */
static bool has_too_many_directives(struct hob_text text)
{
    size_t count = 0;
    const char *at = text.data, *end = text.data + text.size;
    while (count <= MAX_DIRECTIVES && (at = memchr(at, '%', (size_t)(end - at))) != NULL) {
        count += at == text.data || at[-1] == '\n' || at[-1] == '\r';
        at++;
    }
    return count > MAX_DIRECTIVES;
}

/* What libyaml must not be given. */
static int check_text(struct reader *reader)
{
    size_t valid = hob_utf8_valid_prefix(reader->text);
    if (valid < reader->text.size) {
        fail_place(reader, HOB_E_UNICODE, place_of(reader, valid), NULL,
                   "found bytes that are not UTF-8");
        const char *remedy = hob_utf8_remedy(reader->text);
        hob_error_hint(reader->error, "%s", remedy != NULL ? remedy : "save the file as UTF-8");
        return HOB_E_UNICODE;
    }
    if (has_too_many_directives(reader->text))
        return hob_error_set(reader->error, HOB_E_LIMIT,
                             "cannot read '%s' as YAML: it has more than %d directives",
                             reader->name, MAX_DIRECTIVES);
    return 0;
}

/* MENDED when there is another text to try. */
static int compose_text(struct reader *reader, struct hob_yaml_node **root)
{
    reader->depth = 0;
    if (!yaml_parser_initialize(&reader->parser))
        return fail_memory(reader);
    yaml_parser_set_encoding(&reader->parser, YAML_UTF8_ENCODING);
    yaml_parser_set_input_string(&reader->parser, (const unsigned char *)reader->text.data,
                                 reader->text.size);
    int status = compose_stream(reader, root);
    if (reader->has_event)
        yaml_event_delete(&reader->event);
    reader->has_event = false;
    yaml_parser_delete(&reader->parser);
    reader->anchors = hob_map_free(reader->anchors);
    return status;
}

static int compose(struct reader *reader, struct hob_yaml_node **root)
{
    if (hob_text_starts_with(reader->text, "\xEF\xBB\xBF"))
        reader->text = (struct hob_text){reader->text.data + 3, reader->text.size - 3};
    int status = check_text(reader);
    if (status != 0)
        return status;
    while ((status = compose_text(reader, root)) == MENDED)
        reader->text = hob_buffer_text(&reader->mended);
    hob_buffer_deinit(&reader->mended);
    return status;
}

int hob_yaml_compose(struct hob_arena *arena, struct hob_text text, const char *name,
                     struct hob_yaml_node **root, size_t *line, struct hob_error *error)
{
    struct reader reader = {
        .name = name, .text = text, .arena = arena, .scratch = arena, .error = error};
    int status = compose(&reader, root);
    *line = reader.line;
    return status;
}

static int read_value(struct reader *reader, const struct hob_value **value)
{
    HOB_AUTO(arena) struct hob_arena *scratch = hob_arena_new();
    struct hob_yaml_node *root = NULL;
    reader->scratch = scratch;
    int status = compose(reader, &root);
    *value = &hob_value_null;
    if (status == 0 && root != NULL)
        status =
            hob_yaml_construct(reader->arena, scratch, reader->name, root, value, reader->error);
    return status;
}

int hob_yaml_read(struct hob_arena *arena, struct hob_text text, const char *name,
                  const struct hob_value **value, struct hob_error *error)
{
    struct reader reader = {.name = name, .text = text, .arena = arena, .error = error};
    return read_value(&reader, value);
}

int hob_yaml_read_data(struct hob_arena *arena, struct hob_text text, const char *name,
                       const struct hob_value **value, struct hob_error *error)
{
    struct reader reader = {
        .name = name, .text = text, .arena = arena, .error = error, .may_mend = true};
    return read_value(&reader, value);
}
