/* schema_value: one scalar: from the text to the member, and what a row takes in words. */
#include <math.h>
#include <stdlib.h>

#include "base/number.h"
#include "base/quantity.h"
#include "config/schema_internal.h"

static bool in_range(const struct hob_setting *row, double number)
{
    return (number >= row->least || (row->least == 0 && row->most == 0)) &&
           (number <= row->most || row->most == 0);
}

static bool read_boolean(struct hob_text text, bool *value)
{
    static const char *const words[] = {"false", "true", "no", "yes", "off", "on"};
    for (size_t i = 0; i < sizeof words / sizeof words[0]; i++) {
        if (text.size == strlen(words[i]) && hob_text_has_word(words[i], text.data)) {
            *value = i % 2 == 1;
            return true;
        }
    }
    return false;
}

static bool read_choice(const struct hob_setting *row, struct hob_text text, int *choice)
{
    for (int i = 0; row->choices[i] != NULL; i++) {
        if (hob_text_is(text, row->choices[i])) {
            *choice = i;
            return true;
        }
    }
    return false;
}

static bool read_unsigned(const struct hob_setting *row, struct hob_text text, uint64_t *number)
{
    size_t size;
    bool read;
    if (row->kind == HOB_SETTING_SIZE) {
        read = hob_number_parse_size(text, &size);
        *number = read ? size : 0;
    } else if (row->kind == HOB_SETTING_DURATION) {
        read = hob_duration_parse(text, number);
    } else {
        read = hob_number_parse_unsigned(text, number) == 0;
    }
    return read && in_range(row, (double)*number);
}

static bool read_double(const struct hob_setting *row, struct hob_text text, double *number)
{
    bool read = row->kind == HOB_SETTING_PERCENT ? hob_percent_parse(text, number)
                                                 : hob_number_parse_double(text, number);
    return read && isfinite(*number) && in_range(row, *number);
}

const char *schema_copy_text(const struct hob_schema_source *source, bool is_path,
                             struct hob_text text)
{
    if (text.size == 0 || memchr(text.data, '\0', text.size) != NULL)
        return NULL;
    bool home = is_path && (hob_text_is(text, "~") || hob_text_starts_with(text, "~/"));
    const char *directory = home ? getenv("HOME") : source->directory;
    if (home && directory != NULL && directory[0] != '\0')
        return hob_arena_printf(source->arena, "%s%.*s", directory, (int)text.size - 1,
                                text.data + 1);
    if (!is_path || text.data[0] == '/' || directory == NULL)
        return hob_arena_copy(source->arena, text).data;
    return hob_arena_printf(source->arena, "%s/%.*s", directory, (int)text.size, text.data);
}

static bool is_number(enum hob_setting_kind kind)
{
    return kind == HOB_SETTING_INTEGER || kind == HOB_SETTING_COUNT || kind == HOB_SETTING_SIZE ||
           kind == HOB_SETTING_DURATION || kind == HOB_SETTING_PERCENT || kind == HOB_SETTING_RATIO;
}

static bool read_text(const struct hob_schema_source *source, const struct hob_setting *row,
                      struct hob_text text, const char **value)
{
    bool is_word = row->word != NULL && hob_text_is(text, row->word);
    *value = schema_copy_text(source, row->kind == HOB_SETTING_PATH && !is_word, text);
    return *value != NULL;
}

/* All kinds of numbers are 64 bits wide and zero when their bits are. */
static bool read_member(const struct hob_schema_source *source, const struct hob_setting *row,
                        struct hob_text text, void *member)
{
    if (row->word != NULL && is_number(row->kind) && hob_text_is(text, row->word)) {
        memset(member, 0, sizeof(uint64_t));
        return true;
    }
    switch (row->kind) {
    case HOB_SETTING_BOOLEAN:
        return read_boolean(text, member);
    case HOB_SETTING_INTEGER:
        return hob_number_parse_int(text, member) == 0 &&
               in_range(row, (double)*(const int64_t *)member);
    case HOB_SETTING_COUNT:
    case HOB_SETTING_SIZE:
    case HOB_SETTING_DURATION:
        return read_unsigned(row, text, member);
    case HOB_SETTING_PERCENT:
    case HOB_SETTING_RATIO:
        return read_double(row, text, member);
    case HOB_SETTING_CHOICE:
        return read_choice(row, text, member);
    case HOB_SETTING_TEXT:
    case HOB_SETTING_PATH:
        return read_text(source, row, text, member);
    default:
        return false;
    }
}

static bool is_its_word(const struct hob_setting *row, const void *member)
{
    const char *const *text = member;
    return row->kind == HOB_SETTING_PATH && row->word != NULL && strcmp(*text, row->word) == 0;
}

const char *schema_look(const struct hob_schema_source *source, const struct hob_setting *row,
                        const void *member)
{
    struct hob_error error = HOB_ERROR_INIT;
    if (!source->looks || row->look == NULL || is_its_word(row, member) ||
        row->look(member, &error) == 0)
        return NULL;
    return hob_arena_copy(source->arena, hob_text_from(error.message)).data;
}

const char *schema_check(const struct hob_schema_source *source, const struct hob_setting *row,
                         const void *member)
{
    struct hob_error error = HOB_ERROR_INIT;
    if (row->check == NULL || row->check(member, &error) == 0)
        return schema_is_list(row) ? NULL : schema_look(source, row, member);
    return hob_arena_copy(source->arena, hob_text_from(error.message)).data;
}

bool schema_read_scalar(const struct hob_schema_source *source, const struct hob_setting *row,
                        struct hob_text text, void *member, const char **problem)
{
    *problem = NULL;
    if (!read_member(source, row, text, member))
        return false;
    *problem = schema_check(source, row, member);
    return *problem == NULL;
}

/* What rows of each kind are called, what one is for example, what help puts in its place, and how
 * large the member is. */
static const struct {
    const char *called, *example, *argument;
    size_t size;
} kinds[] = {
    [HOB_SETTING_BOOLEAN] = {"yes or no", NULL, "YES|NO", sizeof(bool)},
    [HOB_SETTING_INTEGER] = {"integer", NULL, "NUMBER", sizeof(int64_t)},
    [HOB_SETTING_COUNT] = {"number", NULL, "NUMBER", sizeof(uint64_t)},
    [HOB_SETTING_SIZE] = {"size", "64M", "SIZE", sizeof(uint64_t)},
    [HOB_SETTING_DURATION] = {"duration", "30s", "TIME", sizeof(uint64_t)},
    [HOB_SETTING_PERCENT] = {"percentage", "10%", "PERCENT", sizeof(double)},
    [HOB_SETTING_RATIO] = {"number", "1.5", "NUMBER", sizeof(double)},
    [HOB_SETTING_CHOICE] = {"one of", NULL, "WORD", sizeof(int)},
    [HOB_SETTING_TEXT] = {"text", NULL, "TEXT", sizeof(const char *)},
    [HOB_SETTING_PATH] = {"path", NULL, "PATH", sizeof(const char *)},
    [HOB_SETTING_TEXTS] = {"list of texts", NULL, "TEXT", sizeof(struct hob_setting_texts)},
    [HOB_SETTING_PATHS] = {"list of paths", NULL, "PATH", sizeof(struct hob_setting_texts)},
    [HOB_SETTING_COMMAND] = {"list of words", "[python3, worker.py]", "WORD",
                             sizeof(struct hob_setting_texts)},
    [HOB_SETTING_PAIRS] = {"mapping of names to texts", NULL, "NAME: TEXT",
                           sizeof(struct hob_setting_pairs)},
    [HOB_SETTING_GROUP] = {"mapping", NULL, "", 0},
    [HOB_SETTING_GROUPS] = {"mapping of names to mappings", NULL, "",
                            sizeof(struct hob_setting_groups)},
};

size_t schema_size(const struct hob_setting *row)
{
    return kinds[row->kind].size;
}

const char *hob_schema_argument(const struct hob_setting *row)
{
    return row->argument != NULL ? row->argument : kinds[row->kind].argument;
}

static void put_bound(struct hob_buffer *out, const struct hob_setting *row, double bound)
{
    if (row->kind == HOB_SETTING_SIZE)
        hob_size_put(out, (uint64_t)bound);
    else if (row->kind == HOB_SETTING_DURATION)
        hob_duration_put(out, (uint64_t)bound);
    else if (row->kind == HOB_SETTING_PERCENT)
        hob_percent_put(out, bound);
    else
        hob_buffer_printf(out, "%.16g", bound);
}

static void put_range(struct hob_buffer *out, const struct hob_setting *row)
{
    if (row->most != 0) {
        hob_buffer_put_string(out, " from ");
        put_bound(out, row, row->least);
        hob_buffer_put_string(out, " to ");
        put_bound(out, row, row->most);
    } else if (row->least != 0) {
        hob_buffer_put_string(out, " of at least ");
        put_bound(out, row, row->least);
    }
}

void hob_schema_put_expected(struct hob_buffer *out, const struct hob_setting *row)
{
    hob_buffer_put_string(out, kinds[row->kind].called);
    for (size_t i = 0; row->kind == HOB_SETTING_CHOICE && row->choices[i] != NULL; i++)
        hob_buffer_printf(out, "%s %s", i > 0 ? "," : "", row->choices[i]);
    if (is_number(row->kind))
        put_range(out, row);
    if (kinds[row->kind].example != NULL)
        hob_buffer_printf(out, " such as %s", kinds[row->kind].example);
    if (row->word != NULL)
        hob_buffer_printf(out, ", or %s", row->word);
}
