/* access: see access.h. */
#include "access/access.h"

#include "access/columns.h"
#include "access/formats.h"
#include "config/environment.h"

/* A text of the flow as a C string: NULL when the key is not there or null. */
static int text_of(const char **string, const struct hob_value *flow, const char *key,
                   struct hob_error *error)
{
    const struct hob_value *value = hob_value_get(flow, key);
    *string = hob_value_string(value);
    if (*string != NULL || hob_value_is_null(value))
        return 0;
    if (value->kind == HOB_STRING)
        return hob_error_set(error, HOB_E_PARAMETER, "`%s` holds a NUL, which no path does", key);
    return hob_error_set(error, HOB_E_PARAMETER, "`%s` must be a text, not a %s", key,
                         hob_value_kind_name(value));
}

static const char *expand_directory(struct hob_arena *arena, const char *directory)
{
    struct hob_text text = hob_environment_expand_home(arena, hob_text_from(directory));
    return hob_environment_expand_in(arena, text).data;
}

int hob_access_path(const char **path, struct hob_arena *arena, const struct hob_value *flow,
                    struct hob_error *error)
{
    const char *filename, *directory, *base;
    int result = text_of(&filename, flow, "filename", error);
    if (result == 0)
        result = text_of(&directory, flow, "directory", error);
    if (result == 0)
        result = text_of(&base, flow, "base_directory", error);
    if (result < 0)
        return result;
    if (filename == NULL) {
        hob_error_set(error, HOB_E_PARAMETER, "Field \"filename\" missing in data source details");
        hob_error_hint(error, "add `filename`, and `directory` if the file lies elsewhere");
        return HOB_E_PARAMETER;
    }
    *path = filename;
    if (directory == NULL)
        return 0;
    directory = expand_directory(arena, directory);
    if (base != NULL)
        directory = hob_path_join(arena, expand_directory(arena, base), directory);
    *path = hob_path_join(arena, directory, filename);
    return 0;
}

int hob_flow_read(struct hob_frame **frame, const struct hob_scope *scope,
                  const struct hob_value *flow, const char *kind,
                  int (*read)(struct hob_frame **frame, const struct hob_flow_file *file,
                              struct hob_error *error),
                  struct hob_error *error)
{
    HOB_AUTO(arena) struct hob_arena *arena = hob_arena_new();
    HOB_AUTO(file_content) struct hob_file_content content = HOB_FILE_CONTENT_INIT;
    const char *path;
    int result = hob_access_path(&path, arena, flow, error);
    if (result == 0)
        result = hob_scope_read(scope, path, &content, error);
    if (result < 0)
        return result;
    struct hob_flow_file file = {content.text, path, flow};
    result = read(frame, &file, error);
    if (result < 0 && kind != NULL)
        hob_error_context(error, "reading '%s' as %s", path, kind);
    return result;
}

int hob_flow_write_file(const struct hob_scope *scope, const struct hob_value *flow,
                        const struct hob_buffer *content, struct hob_error *error)
{
    HOB_AUTO(arena) struct hob_arena *arena = hob_arena_new();
    HOB_AUTO(file_writer) struct hob_file_writer writer = HOB_FILE_WRITER_INIT;
    const char *path;
    int result = hob_access_path(&path, arena, flow, error);
    if (result == 0 && hob_buffer_failed(content))
        result = hob_error_set(error, HOB_E_MEMORY, "cannot write '%s': not enough memory", path);
    if (result == 0)
        result = hob_scope_write(scope, path, false, &writer, error);
    if (result == 0)
        result = hob_file_writer_put(&writer, hob_buffer_text(content), error);
    return result < 0 ? result : hob_file_writer_commit(&writer, error);
}

/* The format that a flow asks for. */
static int find_format(const struct hob_format **format, const struct hob_value *flow,
                       const char *doing, struct hob_error *error)
{
    if (!hob_value_is(flow, HOB_MAP))
        return hob_error_set(error, HOB_E_PARAMETER,
                             "the details for %s must be a mapping, not a %s", doing,
                             hob_value_kind_name(flow));
    const struct hob_value *type = hob_value_get(flow, "type");
    if (type == NULL) {
        hob_error_set(error, HOB_E_PARAMETER,
                      "Field \"type\" missing in data source details for "
                      "%s.",
                      doing);
        hob_error_hint(error, "add for example `type: csv`");
        return HOB_E_PARAMETER;
    }
    *format = hob_value_is(type, HOB_STRING) ? hob_format_find(type->text) : NULL;
    if (*format != NULL)
        return 0;
    if (type->kind != HOB_STRING)
        return hob_error_set(error, HOB_E_PARAMETER, "the `type` in %s must be a text, not a %s",
                             doing, hob_value_kind_name(type));
    struct hob_text name = hob_value_text(type);
    hob_error_set(error, HOB_E_PARAMETER, "Unknown type \"%.*s\" in %s.", HOB_TEXT_ARG(name),
                  doing);
    hob_error_hint(error, "`hob help formats` lists the types that there are");
    return HOB_E_PARAMETER;
}

int hob_access_read(struct hob_frame **frame, const struct hob_scope *scope,
                    const struct hob_value *flow, struct hob_error *error)
{
    const struct hob_format *format;
    int result = find_format(&format, flow, "read_data", error);
    if (result < 0)
        return result;
    if (format->read == NULL)
        return hob_error_set(error, HOB_E_PARAMETER, "the type \"%s\" can only be written",
                             format->type);
    HOB_AUTO(frame) struct hob_frame *read = NULL;
    result = format->read(&read, scope, flow, error);
    if (result == 0)
        result = hob_columns_apply(read, flow, error);
    if (result == 0 && scope->finish != NULL)
        result = scope->finish(scope->finish_data, read, flow, scope, error);
    if (result == 0)
        *frame = HOB_STEAL(read);
    return result;
}

int hob_access_write(const struct hob_scope *scope, const struct hob_value *flow,
                     const struct hob_frame *frame, struct hob_error *error)
{
    const struct hob_format *format;
    int result = find_format(&format, flow, "write_data", error);
    if (result < 0)
        return result;
    if (format->write == NULL)
        return hob_error_set(error, HOB_E_PARAMETER, "the type \"%s\" can only be read",
                             format->type);
    return format->write(scope, flow, frame, error);
}

int hob_access_read_interface(struct hob_frame **frame, const struct hob_scope *scope,
                              const struct hob_interface *interface, struct hob_error *error)
{
    const struct hob_value *input = hob_value_get(interface->own, "input");
    if (input == NULL)
        input = hob_value_get(interface->fields, "input");
    if (input == NULL) {
        hob_error_set(error, HOB_E_PARAMETER, "Interface has no 'input' section");
        hob_error_hint(error, "an interface that is read needs `input: {type: ..., ...}`, its own "
                              "or its parent's");
        return HOB_E_PARAMETER;
    }
    return hob_access_read(frame, scope, input, error);
}
