/* yaml_writer: see yaml.h.
 *
 * Our own emitter for the one style that files are written in. It produces what PyYAML's emitter
 * does with default_flow_style=False: blocks everywhere, only empty lists and mappings in brackets.
 * Shared nodes are written out at each place; the size of the output bounds what that may cost.
 *
 * Left-out pairs: mappings lose their missing values as long as the way to them leads through
 * mappings only (the records of a table are a list of such mappings); what is inside a list of
 * values stays complete. */
#include <math.h>

#include "base/number.h"
#include "value/date.h"
#include "value/yaml.h"
#include "value/yaml_resolve.h"
#include "value/yaml_scalar.h"

enum {
    STEP = 2,              /* blanks a level */
    SIMPLE_KEY_SIZE = 128, /* a longer key, its tag counted, is written behind "? " */
    BASE64_LINE = 57,      /* bytes, which make 76 characters */
};

static const size_t max_size = (size_t)1 << 30;

struct writer {
    struct hob_yaml_output output;
    struct hob_error *error;
    size_t start; /* size of the buffer before */
};

/* What the place of a value asks for. */
enum {
    AT_ROOT = 1 << 0,
    AS_PAIR = 1 << 1, /* key or value of a mapping */
    AS_KEY = 1 << 2,  /* before a ": " on one line */
    COMPACT = 1 << 3, /* missing values are left out of mappings */
};

static const char *tag_text(enum hob_yaml_tag tag)
{
    switch (tag) {
    case HOB_YAML_NULL:
        return "!!null";
    case HOB_YAML_BOOL:
        return "!!bool";
    case HOB_YAML_INT:
        return "!!int";
    case HOB_YAML_FLOAT:
        return "!!float";
    case HOB_YAML_TIMESTAMP:
        return "!!timestamp";
    case HOB_YAML_BINARY:
        return "!!binary";
    default:
        return "!!str";
    }
}

/* A scalar ready to be written: `text` points into the value or into `made`. */
struct scalar {
    enum hob_yaml_tag tag;
    struct hob_text text;
    struct hob_buffer made;
    struct hob_yaml_looks looks;
};

static void hob_auto_scalar(struct scalar *scalar)
{
    hob_buffer_deinit(&scalar->made);
}

static void print_double(struct hob_buffer *out, double number)
{
    if (isnan(number)) {
        hob_buffer_put_string(out, ".nan");
        return;
    }
    if (isinf(number)) {
        hob_buffer_put_string(out, number < 0 ? "-.inf" : ".inf");
        return;
    }
    char text[HOB_NUMBER_SIZE];
    size_t size = hob_number_print_double(text, number);
    const char *exponent = memchr(text, 'e', size);
    if (exponent == NULL || memchr(text, '.', size) != NULL) {
        hob_buffer_put(out, text, size);
        return;
    }
    size_t digits = (size_t)(exponent - text); /* a float of YAML 1.1 has a point */
    hob_buffer_put(out, text, digits);
    hob_buffer_put_string(out, ".0");
    hob_buffer_put(out, exponent, size - digits);
}

static void print_base64(struct hob_buffer *out, struct hob_text bytes)
{
    static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    for (size_t at = 0; at < bytes.size; at += 3) {
        size_t left = bytes.size - at;
        uint32_t bits = (uint32_t)(uint8_t)bytes.data[at] << 16;
        bits |= left > 1 ? (uint32_t)(uint8_t)bytes.data[at + 1] << 8 : 0;
        bits |= left > 2 ? (uint8_t)bytes.data[at + 2] : 0;
        char four[4] = {digits[bits >> 18], digits[bits >> 12 & 63],
                        left > 1 ? digits[bits >> 6 & 63] : '=',
                        left > 2 ? digits[bits & 63] : '='};
        hob_buffer_put(out, four, 4);
        if (left <= 3 || (at + 3) % BASE64_LINE == 0)
            hob_buffer_put_char(out, '\n');
    }
}

static enum hob_yaml_tag print_scalar(struct hob_buffer *out, const struct hob_value *value)
{
    char number[HOB_NUMBER_SIZE];
    switch ((enum hob_kind)value->kind) {
    case HOB_NULL:
        hob_buffer_put_string(out, "null");
        return HOB_YAML_NULL;
    case HOB_BOOL:
        hob_buffer_put_string(out, value->boolean ? "true" : "false");
        return HOB_YAML_BOOL;
    case HOB_INT:
        hob_buffer_put(out, number, hob_number_print_int(number, value->integer));
        return HOB_YAML_INT;
    case HOB_BIG_INT:
        hob_buffer_put_text(out, value->text);
        return HOB_YAML_INT;
    case HOB_DOUBLE:
        print_double(out, value->number);
        return HOB_YAML_FLOAT;
    case HOB_BYTES:
        print_base64(out, value->text);
        return HOB_YAML_BINARY;
    default:
        hob_datetime_print(out, value, ' ');
        return HOB_YAML_TIMESTAMP;
    }
}

/* What could not be made for want of memory makes the output fail. */
static void prepare_scalar(struct writer *writer, struct scalar *scalar,
                           const struct hob_value *value)
{
    *scalar = (struct scalar){.tag = HOB_YAML_STR, .text = value->text};
    if (value->kind != HOB_STRING) {
        scalar->tag = print_scalar(&scalar->made, value);
        scalar->text = hob_buffer_text(&scalar->made);
        if (hob_buffer_failed(&scalar->made))
            writer->output.buffer->failed = true;
    }
    scalar->looks = hob_yaml_look_at(scalar->text);
}

static void write_quoted(struct hob_yaml_output *output, const struct scalar *scalar,
                         unsigned place)
{
    bool fold = (place & AS_KEY) == 0;
    bool wants_literal = scalar->looks.has_newline || scalar->tag == HOB_YAML_BINARY;
    if (wants_literal && scalar->looks.literal && fold)
        hob_yaml_put_literal(output, scalar->text);
    else if (!wants_literal && scalar->looks.single && (fold || !scalar->looks.multiline))
        hob_yaml_put_single(output, scalar->text, fold);
    else
        hob_yaml_put_double(output, scalar->text, fold);
}

static void write_prepared(struct writer *writer, const struct scalar *scalar, unsigned place)
{
    struct hob_yaml_output *output = &writer->output;
    int indent = output->indent;
    output->indent = indent < 0 ? STEP : indent + STEP;
    bool implicit = scalar->tag == hob_yaml_resolve_plain(scalar->text);
    if (implicit && scalar->looks.plain && scalar->text.size > 0) {
        output->open_ended = (place & AT_ROOT) != 0;
        hob_yaml_put_plain(output, scalar->text, (place & AS_KEY) == 0);
    } else {
        if (scalar->tag != HOB_YAML_STR)
            hob_yaml_put_indicator(output, tag_text(scalar->tag), true, false);
        write_quoted(output, scalar, place);
    }
    output->indent = indent;
}

static bool is_collection(const struct hob_value *value)
{
    return value->kind == HOB_LIST || value->kind == HOB_TUPLE || value->kind == HOB_MAP ||
           value->kind == HOB_SET;
}

static int write_value(struct writer *writer, const struct hob_value *value, unsigned place,
                       int depth);

static int write_empty(struct writer *writer, const char *brackets)
{
    hob_yaml_put_indicator(&writer->output, brackets, true, false);
    return 0;
}

static int write_list(struct writer *writer, const struct hob_value *list, unsigned place,
                      int depth)
{
    struct hob_yaml_output *output = &writer->output;
    if (list->list.count == 0)
        return write_empty(writer, "[]");
    int indent = output->indent;
    bool same_level = (place & AS_PAIR) != 0 && !output->in_indent;
    if (indent < 0)
        output->indent = 0;
    else if (!same_level)
        output->indent += STEP;
    int status = 0;
    for (uint32_t i = 0; status == 0 && i < list->list.count; i++) {
        hob_yaml_put_indent(output);
        hob_yaml_put_indicator(output, "-", true, true);
        const struct hob_value *item = list->list.items[i];
        bool is_record = (place & AT_ROOT) != 0 && item->kind == HOB_MAP;
        status = write_value(writer, item, is_record ? COMPACT : 0, depth + 1);
    }
    output->indent = indent;
    return status;
}

static bool is_left_out(const struct hob_value *value, unsigned place)
{
    if ((place & COMPACT) == 0)
        return false;
    return value->kind == HOB_NULL || (value->kind == HOB_DOUBLE && isnan(value->number)) ||
           (value->kind == HOB_STRING && value->text.size == 0);
}

static bool is_empty_map(const struct hob_value *map, unsigned place)
{
    for (uint32_t i = 0; i < map->map.count; i++)
        if (!is_left_out(map->map.pairs[i].value, place))
            return false;
    return true;
}

static bool is_empty_collection(const struct hob_value *value)
{
    return value->kind == HOB_MAP || value->kind == HOB_SET ? value->map.count == 0
                                                            : value->list.count == 0;
}

/* Writes a key that fits before ": " on one line, or the "? " form of one that does not. */
static int write_key(struct writer *writer, const struct hob_value *key, int depth)
{
    struct hob_yaml_output *output = &writer->output;
    int status = 0;
    if (is_collection(key)) {
        bool is_simple = is_empty_collection(key);
        if (!is_simple)
            hob_yaml_put_indicator(output, "?", true, true);
        status = write_value(writer, key, AS_PAIR, depth + 1);
        if (!is_simple)
            hob_yaml_put_indent(output);
        hob_yaml_put_indicator(output, ":", !is_simple, !is_simple);
        return status;
    }
    HOB_AUTO(scalar) struct scalar scalar;
    prepare_scalar(writer, &scalar, key);
    size_t size = scalar.looks.characters + strlen(tag_text(scalar.tag));
    if (size < SIMPLE_KEY_SIZE && scalar.text.size > 0 && !scalar.looks.multiline) {
        write_prepared(writer, &scalar, AS_PAIR | AS_KEY);
        hob_yaml_put_indicator(output, ":", false, false);
        return 0;
    }
    hob_yaml_put_indicator(output, "?", true, true);
    write_prepared(writer, &scalar, AS_PAIR);
    hob_yaml_put_indent(output);
    hob_yaml_put_indicator(output, ":", true, true);
    return 0;
}

static int write_map(struct writer *writer, const struct hob_value *map, unsigned place, int depth)
{
    struct hob_yaml_output *output = &writer->output;
    if (map->kind == HOB_SET) {
        hob_yaml_put_indicator(output, "!!set", true, false);
        place &= ~(unsigned)COMPACT;
    }
    if (is_empty_map(map, place))
        return write_empty(writer, "{}");
    int indent = output->indent;
    output->indent = indent < 0 ? 0 : indent + STEP;
    int status = 0;
    for (uint32_t i = 0; status == 0 && i < map->map.count; i++) {
        const struct hob_pair *pair = &map->map.pairs[i];
        if (is_left_out(pair->value, place))
            continue;
        hob_yaml_put_indent(output);
        status = write_key(writer, pair->key, depth);
        if (status == 0)
            status = write_value(writer, pair->value, AS_PAIR | (place & COMPACT), depth + 1);
    }
    output->indent = indent;
    return status;
}

static int write_value(struct writer *writer, const struct hob_value *value, unsigned place,
                       int depth)
{
    if (depth > HOB_VALUE_MAX_DEPTH)
        return hob_error_set(writer->error, HOB_E_LIMIT,
                             "cannot write YAML: lists and mappings are nested more than %d deep, "
                             "or contain themselves",
                             HOB_VALUE_MAX_DEPTH);
    if (hob_buffer_failed(writer->output.buffer))
        return hob_error_set(writer->error, HOB_E_MEMORY,
                             "no memory to write YAML of more than %zu bytes",
                             writer->output.buffer->size - writer->start);
    if (writer->output.buffer->size - writer->start > max_size)
        return hob_error_set(writer->error, HOB_E_LIMIT,
                             "cannot write YAML: the text would be longer than %zu bytes",
                             max_size);
    if (value->kind == HOB_LIST || value->kind == HOB_TUPLE)
        return write_list(writer, value, place, depth);
    if (value->kind == HOB_MAP || value->kind == HOB_SET)
        return write_map(writer, value, place, depth);
    HOB_AUTO(scalar) struct scalar scalar;
    prepare_scalar(writer, &scalar, value);
    write_prepared(writer, &scalar, place);
    return 0;
}

int hob_yaml_write(struct hob_buffer *out, const struct hob_value *value, struct hob_error *error)
{
    struct writer writer = {
        .output = {.buffer = out, .indent = -1, .after_space = true, .in_indent = true},
        .error = error,
        .start = out->size,
    };
    int status = write_value(&writer, value, AT_ROOT | COMPACT, 0);
    if (status != 0)
        return status;
    bool open_ended = writer.output.open_ended;
    hob_yaml_put_indent(&writer.output);
    if (open_ended)
        hob_buffer_put_string(out, "...\n");
    if (hob_buffer_failed(out))
        return hob_error_set(error, HOB_E_MEMORY, "cannot write YAML: there is not enough memory");
    return 0;
}
