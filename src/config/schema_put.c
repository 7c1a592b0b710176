/* schema_put: one value as a file would have it. What is put reads back as the same value, by YAML
 * and, where JSON was asked for, by JSON. */
#include "base/number.h"
#include "base/quantity.h"
#include "base/utf8.h"
#include "config/schema_internal.h"
#include "value/yaml_resolve.h"

/* A text that means itself without quotes: letters, digits and a few signs, and nothing that YAML
 * takes for a number, a word of its own or a date. */
static bool is_plain(struct hob_text text)
{
    static const char signs[] = "_./-+@%:";
    if (text.size == 0 || text.data[0] == '-' || text.data[0] == '%' || text.data[0] == '@' ||
        text.data[text.size - 1] == ':')
        return false;
    for (size_t i = 0; i < text.size; i++) {
        char byte = text.data[i];
        bool letter = (byte >= 'a' && byte <= 'z') || (byte >= 'A' && byte <= 'Z') ||
                      (byte >= '0' && byte <= '9');
        if (!letter && (byte == '\0' || strchr(signs, byte) == NULL))
            return false;
    }
    return hob_yaml_resolve_plain(text) == HOB_YAML_STR;
}

/* Characters that YAML refuses, or takes for the end of a line, even between quotes. */
static bool must_be_escaped(uint32_t character)
{
    return character < 0x20 || character == '"' || character == '\\' ||
           (character >= 0x7F && character < 0xA0) || character == 0x2028 || character == 0x2029 ||
           character == 0xFEFF || character == 0xFFFE || character == 0xFFFF;
}

/* Between double quotes, as both YAML and JSON read it. Words of a command line may hold bytes that
 * are not UTF-8, which no file can express: each becomes the replacement character. */
static void put_quoted(struct hob_buffer *out, struct hob_text text)
{
    hob_buffer_put_char(out, '"');
    while (text.size > 0) {
        size_t valid = hob_utf8_valid_prefix(text), size;
        for (size_t at = 0; at < valid; at += size) {
            uint32_t character;
            size = hob_utf8_decode(text.data + at, &character);
            if (must_be_escaped(character))
                hob_buffer_printf(out, "\\u%04x", (unsigned)character);
            else
                hob_buffer_put(out, text.data + at, size);
        }
        if (valid < text.size)
            hob_buffer_put_string(out, "\\ufffd");
        valid += valid < text.size;
        text = (struct hob_text){text.data + valid, text.size - valid};
    }
    hob_buffer_put_char(out, '"');
}

static void put_text(struct hob_buffer *out, const char *string, bool json)
{
    struct hob_text text = hob_text_from(string);
    if (!json && is_plain(text))
        hob_buffer_put_text(out, text);
    else
        put_quoted(out, text);
}

/* The bare word reads back as it is, though YAML alone would take "off" for a boolean. */
static void put_word(struct hob_buffer *out, const char *word, bool json)
{
    hob_buffer_printf(out, json ? "\"%s\"" : "%s", word);
}

static void put_texts(struct hob_buffer *out, const struct hob_setting_texts *texts, bool json)
{
    hob_buffer_put_char(out, '[');
    for (size_t i = 0; i < texts->count; i++) {
        hob_buffer_put_string(out, i > 0 ? ", " : "");
        put_text(out, texts->items[i], json);
    }
    hob_buffer_put_char(out, ']');
}

static void put_pairs(struct hob_buffer *out, const struct hob_setting_pairs *pairs, bool json)
{
    hob_buffer_put_char(out, '{');
    for (size_t i = 0; i < pairs->count; i++) {
        hob_buffer_put_string(out, i > 0 ? ", " : "");
        put_text(out, pairs->items[i].name, json);
        hob_buffer_put_string(out, ": ");
        put_text(out, pairs->items[i].value, json);
    }
    hob_buffer_put_char(out, '}');
}

static void put_null(struct hob_buffer *out, bool json)
{
    hob_buffer_put_string(out, json ? "null" : "");
}

/* Zero is the row's word, or not set where there is no initial value. False for other zeros. */
static bool put_zero(struct hob_buffer *out, const struct hob_setting *row, bool json)
{
    if (row->word != NULL)
        put_word(out, row->word, json);
    else if (row->initial == NULL)
        put_null(out, json);
    return row->word != NULL || row->initial == NULL;
}

static void put_unsigned(struct hob_buffer *out, const struct hob_setting *row, uint64_t number,
                         bool json)
{
    if (number == 0 && put_zero(out, row, json))
        return;
    if (row->kind == HOB_SETTING_SIZE && !json)
        hob_size_put(out, number);
    else if (row->kind == HOB_SETTING_DURATION && !json)
        hob_duration_put(out, number);
    else if (row->kind == HOB_SETTING_DURATION)
        hob_duration_put_seconds(out, number);
    else
        hob_buffer_printf(out, "%llu", (unsigned long long)number);
}

static void put_double(struct hob_buffer *out, const struct hob_setting *row, double number,
                       bool json)
{
    char text[HOB_NUMBER_SIZE];
    if (number == 0 && put_zero(out, row, json))
        return;
    if (row->kind == HOB_SETTING_RATIO) {
        hob_buffer_put(out, text, hob_number_print_double(text, number));
        return;
    }
    hob_buffer_put_string(out, json ? "\"" : "");
    hob_percent_put(out, number);
    hob_buffer_put_string(out, json ? "\"" : "");
}

static void put_integer(struct hob_buffer *out, const struct hob_setting *row, int64_t number,
                        bool json)
{
    if (number != 0 || !put_zero(out, row, json))
        hob_buffer_printf(out, "%lld", (long long)number);
}

void hob_schema_put_value(struct hob_buffer *out, const struct hob_setting *row, const void *member,
                          bool json)
{
    const char *text;
    switch (row->kind) {
    case HOB_SETTING_BOOLEAN:
        hob_buffer_put_string(out, *(const bool *)member ? (json ? "true" : "yes")
                                                         : (json ? "false" : "no"));
        return;
    case HOB_SETTING_INTEGER:
        put_integer(out, row, *(const int64_t *)member, json);
        return;
    case HOB_SETTING_COUNT:
    case HOB_SETTING_SIZE:
    case HOB_SETTING_DURATION:
        put_unsigned(out, row, *(const uint64_t *)member, json);
        return;
    case HOB_SETTING_PERCENT:
    case HOB_SETTING_RATIO:
        put_double(out, row, *(const double *)member, json);
        return;
    case HOB_SETTING_CHOICE:
        put_text(out, row->choices[*(const int *)member], json);
        return;
    case HOB_SETTING_TEXT:
    case HOB_SETTING_PATH:
        text = *(const char *const *)member;
        if (text == NULL)
            put_null(out, json);
        else
            put_text(out, text, json);
        return;
    case HOB_SETTING_COMMAND:
        if (((const struct hob_setting_texts *)member)->count == 0) {
            put_null(out, json);
            return;
        }
        __attribute__((fallthrough));
    case HOB_SETTING_TEXTS:
    case HOB_SETTING_PATHS:
        put_texts(out, member, json);
        return;
    case HOB_SETTING_PAIRS:
        put_pairs(out, member, json);
        return;
    case HOB_SETTING_GROUP:
    case HOB_SETTING_GROUPS:
        return;
    }
}
