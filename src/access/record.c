/* record: see record.h.
 *
 * YAML, JSON and markdown are read straight into a value. Kinds that give tables (bibtex, docx,
 * csv...) are read by their format, each row becoming a record without its holes. */
#include "access/record.h"

#include "access/access.h"
#include "access/front_matter.h"
#include "base/log.h"
#include "base/utf8.h"
#include "value/json.h"
#include "value/yaml.h"

static const char content_key[] = "content";
static const size_t max_json_size = (size_t)1 << 30;

static int read_yaml(const struct hob_record_kind *kind, const struct hob_value **value,
                     struct hob_arena *arena, const struct hob_scope *scope, const char *path,
                     struct hob_error *error)
{
    (void)kind;
    HOB_AUTO(file_content) struct hob_file_content content = HOB_FILE_CONTENT_INIT;
    int result = hob_scope_read(scope, path, &content, error);
    return result < 0 ? result : hob_yaml_read_data(arena, content.text, path, value, error);
}

static int write_yaml(struct hob_buffer *out, struct hob_arena *arena, struct hob_value *fields,
                      struct hob_error *error)
{
    (void)arena;
    return hob_yaml_write(out, fields, error);
}

static int read_json(const struct hob_record_kind *kind, const struct hob_value **value,
                     struct hob_arena *arena, const struct hob_scope *scope, const char *path,
                     struct hob_error *error)
{
    (void)kind;
    HOB_AUTO(file_content) struct hob_file_content content = HOB_FILE_CONTENT_INIT;
    int result = hob_scope_read(scope, path, &content, error);
    if (result < 0)
        return result;
    result = hob_json_read(arena, content.text, value, error);
    return result < 0 ? hob_error_context(error, "reading '%s' as json", path) : 0;
}

static int write_json(struct hob_buffer *out, struct hob_arena *arena, struct hob_value *fields,
                      struct hob_error *error)
{
    (void)arena;
    return hob_json_write(out, fields, HOB_JSON_ASCII | HOB_JSON_SPACED, max_json_size, error);
}

/* Front matter that does not parse makes an empty record: a folder of talks stays readable while
 * one of them is being written. The log names the file. */
static int read_markdown(const struct hob_record_kind *kind, const struct hob_value **value,
                         struct hob_arena *arena, const struct hob_scope *scope, const char *path,
                         struct hob_error *error)
{
    (void)kind;
    HOB_AUTO(file_content) struct hob_file_content content = HOB_FILE_CONTENT_INIT;
    struct hob_error reason = HOB_ERROR_INIT;
    struct hob_front_matter read;
    int result = hob_scope_read(scope, path, &content, error);
    if (result < 0)
        return result;
    result = hob_front_matter_read(arena, content.text, path, &read, &reason);
    if (result == HOB_E_VALUE || result == HOB_E_JSON) {
        hob_log(HOB_LOG_WARNING, "front matter that does not parse: the record stays empty", "path",
                path, "reason", reason.message, NULL);
        read.content = (struct hob_text){NULL, 0};
        result = 0;
    }
    if (result < 0) {
        hob_error_set(error, result, "%s", reason.message);
        return hob_error_context(error, "reading the front matter of '%s'", path);
    }
    *value = &hob_value_empty_map;
    if (read.content.data == NULL)
        return 0;
    struct hob_value *record =
        read.fields != NULL ? hob_value_copy(arena, read.fields) : hob_value_new(arena, HOB_MAP);
    hob_value_put_string(arena, record, content_key, hob_value_new_string(arena, read.content));
    *value = record;
    return 0;
}

static int write_markdown(struct hob_buffer *out, struct hob_arena *arena, struct hob_value *fields,
                          struct hob_error *error)
{
    (void)arena;
    struct hob_text content = hob_text_strip(hob_value_text(hob_value_get(fields, content_key)));
    hob_value_remove(fields, content_key);
    hob_buffer_put_string(out, "---\n");
    int result = hob_yaml_write(out, fields, error);
    hob_buffer_put_string(out, "---");
    if (content.size > 0) {
        hob_buffer_put_string(out, "\n\n");
        hob_buffer_put_text(out, content);
    }
    return result;
}

/* Line ends become LF, as Python's text mode reads them. */
static void put_unified(struct hob_buffer *out, struct hob_text text)
{
    for (size_t i = 0; i < text.size; i++) {
        bool is_return = text.data[i] == '\r';
        if (is_return && i + 1 < text.size && text.data[i + 1] == '\n')
            continue;
        hob_buffer_put_char(out, is_return ? '\n' : text.data[i]);
    }
}

/* A text is a record of its content; a file that is no text has a name only. */
static int read_text(const struct hob_record_kind *kind, const struct hob_value **value,
                     struct hob_arena *arena, const struct hob_scope *scope, const char *path,
                     struct hob_error *error)
{
    (void)kind;
    HOB_AUTO(file_content) struct hob_file_content content = HOB_FILE_CONTENT_INIT;
    HOB_AUTO(buffer) struct hob_buffer unified = HOB_BUFFER_INIT;
    int result = hob_scope_read(scope, path, &content, error);
    if (result < 0)
        return result;
    struct hob_value *record = hob_value_new(arena, HOB_MAP);
    *value = record;
    if (hob_utf8_valid_prefix(content.text) < content.text.size)
        return 0;
    put_unified(&unified, content.text);
    if (hob_buffer_failed(&unified))
        return hob_error_set(error, HOB_E_MEMORY, "cannot read '%s': not enough memory", path);
    const struct hob_value *text = hob_value_new_string(arena, hob_buffer_text(&unified));
    hob_value_put_string(arena, record, content_key, text);
    return 0;
}

/* -- Kinds that give tables. */

static bool put_cells(struct hob_arena *arena, struct hob_value *record,
                      const struct hob_frame *frame, size_t row)
{
    for (size_t i = 0; i < hob_frame_columns(frame); i++) {
        const struct hob_column *column = hob_frame_column(frame, i);
        if (hob_column_is_missing(column, row))
            continue;
        const struct hob_value *name = hob_value_copy_deep(arena, hob_frame_name(frame, i));
        const struct hob_value *cell = hob_column_value(column, row, arena);
        if (column->type == HOB_COLUMN_VALUE)
            cell = hob_value_copy_deep(arena, cell);
        if (name == NULL || cell == NULL || !hob_value_put(arena, record, name, cell))
            return false;
    }
    return true;
}

static int read_by_format(const struct hob_format *format, const struct hob_value **value,
                          struct hob_arena *arena, const struct hob_scope *scope, const char *path,
                          struct hob_error *error)
{
    HOB_AUTO(frame) struct hob_frame *frame = NULL;
    struct hob_value *flow = hob_value_new(arena, HOB_MAP);
    hob_value_put_string(arena, flow, "filename", hob_value_new_string(arena, hob_text_from(path)));
    int result = format->read(&frame, scope, flow, error);
    if (result < 0)
        return result;
    struct hob_value *records = hob_value_new(arena, HOB_LIST);
    for (size_t row = 0; row < hob_frame_rows(frame); row++) {
        struct hob_value *record = hob_value_new(arena, HOB_MAP);
        if (!put_cells(arena, record, frame, row) || !hob_value_append(arena, records, record))
            return hob_error_set(error, HOB_E_MEMORY, "cannot read '%s': not enough memory", path);
    }
    *value = records;
    return 0;
}

static int read_table(const struct hob_record_kind *kind, const struct hob_value **value,
                      struct hob_arena *arena, const struct hob_scope *scope, const char *path,
                      struct hob_error *error)
{
    const struct hob_format *format = hob_format_find(hob_text_from(kind->type));
    if (format == NULL || format->read == NULL)
        return hob_error_set(error, HOB_E_UNSUPPORTED,
                             "cannot read '%s': this build does not read files of type %s", path,
                             kind->type);
    return read_by_format(format, value, arena, scope, path, error);
}

/* Any other format that is known by its ending. */
static int read_known(const struct hob_record_kind *kind, const struct hob_value **value,
                      struct hob_arena *arena, const struct hob_scope *scope, const char *path,
                      struct hob_error *error)
{
    const struct hob_format *format = hob_format_of_file(path);
    if (format == NULL || format->read == NULL)
        return read_text(kind, value, arena, scope, path, error);
    return read_by_format(format, value, arena, scope, path, error);
}

/* What NAME.yml says of the file NAME. */
static int read_meta(const struct hob_record_kind *kind, const struct hob_value **value,
                     struct hob_arena *arena, const struct hob_scope *scope, const char *path,
                     struct hob_error *error)
{
    const char *meta = hob_arena_printf(arena, "%s.yml", path);
    int result = read_yaml(kind, value, arena, scope, meta, error);
    if (result != HOB_E_NOT_FOUND)
        return result;
    if (error != NULL)
        *error = (struct hob_error)HOB_ERROR_INIT;
    *value = &hob_value_empty_map;
    return 0;
}

/* The last one takes what no other does. */
static const struct hob_record_kind kinds[] = {
    {"yaml", "yml yaml", read_yaml, write_yaml},
    {"json", "json", read_json, write_json},
    {"markdown", "md markdown mmd html", read_markdown, write_markdown},
    {"bibtex", "bib", read_table, NULL},
    {"docx", "docx", read_table, NULL},
    {"meta", "", read_meta, write_yaml},
    {"", "", read_known, NULL},
};

enum { KIND_COUNT = sizeof kinds / sizeof kinds[0] };

const struct hob_record_kind *hob_record_kind_find(const char *type)
{
    size_t i = 0;
    while (i < KIND_COUNT - 1 && strcmp(kinds[i].type, type) != 0)
        i++;
    return &kinds[i];
}

const struct hob_record_kind *hob_record_kind_of(const char *path)
{
    const char *slash = strrchr(path, '/');
    const char *dot = strrchr(slash != NULL ? slash : path, '.');
    size_t i = 0;
    while (i < KIND_COUNT - 1 && (dot == NULL || !hob_text_has_word(kinds[i].extensions, dot + 1)))
        i++;
    return &kinds[i];
}
