/* read_format: see read_format.h. */
#include "cli/read_format.h"

#include "access/arrow.h"
#include "access/csv.h"
#include "frame/records.h"
#include "value/json.h"
#include "value/python.h"
#include "value/yaml.h"

/* A single value is no table; aliases may still make it large. */
static const size_t max_value_size = (size_t)512 << 20;

static int write_table(const struct hob_sink *sink, const struct hob_frame *frame,
                       const struct hob_table_options *options, struct hob_error *error)
{
    HOB_AUTO(buffer) struct hob_buffer out = HOB_BUFFER_INIT;
    int code = hob_table_put(&out, frame, options, error);
    return code != 0 ? code : hob_sink_drain(sink, &out, error);
}

static int write_json(const struct hob_sink *sink, const struct hob_frame *frame,
                      const struct hob_table_options *options, struct hob_error *error)
{
    (void)options;
    int code = hob_frame_write_records(sink, frame, HOB_JSON_INDENT, error);
    return code != 0 ? code : sink->write(sink->data, HOB_TEXT("\n"), error);
}

static int write_lines(const struct hob_sink *sink, const struct hob_frame *frame,
                       const struct hob_table_options *options, struct hob_error *error)
{
    (void)options;
    return hob_frame_write_lines(sink, frame, error);
}

static int write_csv(const struct hob_sink *sink, const struct hob_frame *frame,
                     const struct hob_table_options *options, struct hob_error *error)
{
    (void)options;
    return hob_csv_write_to(sink, frame, ',', '"', error);
}

static int write_arrow(const struct hob_sink *sink, const struct hob_frame *frame,
                       const struct hob_table_options *options, struct hob_error *error)
{
    (void)options;
    return hob_arrow_write(sink, frame, error);
}

static int write_yaml(const struct hob_sink *sink, const struct hob_frame *frame,
                      const struct hob_table_options *options, struct hob_error *error)
{
    (void)options;
    HOB_AUTO(buffer) struct hob_buffer out = HOB_BUFFER_INIT;
    int code = hob_frame_write_yaml(&out, frame, error);
    return code != 0 ? code : hob_sink_drain(sink, &out, error);
}

static int put_value_text(struct hob_buffer *out, const struct hob_value *value,
                          struct hob_error *error)
{
    (void)error;
    hob_python_str(out, value);
    hob_buffer_put_char(out, '\n');
    return 0;
}

static int put_value_json(struct hob_buffer *out, const struct hob_value *value,
                          struct hob_error *error)
{
    int code = hob_json_write(out, value, HOB_JSON_INDENT, max_value_size, error);
    hob_buffer_put_char(out, '\n');
    return code;
}

static int put_value_line(struct hob_buffer *out, const struct hob_value *value,
                          struct hob_error *error)
{
    int code = hob_json_write(out, value, HOB_JSON_COMPACT, max_value_size, error);
    hob_buffer_put_char(out, '\n');
    return code;
}

static const struct hob_read_format formats[] = {
    {"table", {".txt"}, write_table, put_value_text, false},
    {"json", {".json"}, write_json, put_value_json, false},
    {"ndjson", {".ndjson", ".jsonl"}, write_lines, put_value_line, false},
    {"csv", {".csv"}, write_csv, NULL, false},
    {"yaml", {".yml", ".yaml"}, write_yaml, hob_yaml_write, false},
    {"arrow", {".arrows"}, write_arrow, NULL, true},
};

enum { FORMAT_COUNT = sizeof formats / sizeof formats[0] };

const struct hob_read_format *hob_read_format_find(const char *name)
{
    for (size_t i = 0; i < FORMAT_COUNT; i++)
        if (strcmp(formats[i].name, name) == 0)
            return &formats[i];
    return NULL;
}

static bool has_ending(const struct hob_read_format *format, const char *name)
{
    for (size_t i = 0; i < HOB_READ_ENDINGS && format->endings[i] != NULL; i++)
        if (hob_text_ends_with(hob_text_from(name), format->endings[i]))
            return true;
    return false;
}

const struct hob_read_format *hob_read_format_of_file(const char *name)
{
    for (size_t i = 0; i < FORMAT_COUNT; i++)
        if (has_ending(&formats[i], name))
            return &formats[i];
    return NULL;
}

void hob_read_put_formats(struct hob_buffer *out)
{
    for (size_t i = 0; i < FORMAT_COUNT; i++) {
        hob_buffer_put_string(out, i > 0 ? " " : "");
        hob_buffer_put_string(out, formats[i].name);
    }
}

static bool is_file_type(const struct hob_format *type)
{
    return type->read != NULL && type->extensions[0] != '\0';
}

const struct hob_format *hob_read_type_find(const char *name)
{
    const struct hob_format *type = hob_format_find(hob_text_from(name));
    return type != NULL && is_file_type(type) ? type : NULL;
}

void hob_read_put_types(struct hob_buffer *out)
{
    size_t count;
    const struct hob_format *types = hob_formats(&count);
    const char *before = "";
    for (size_t i = 0; i < count; i++) {
        if (!is_file_type(&types[i]))
            continue;
        hob_buffer_put_string(out, before);
        hob_buffer_put_string(out, types[i].type);
        before = " ";
    }
}
