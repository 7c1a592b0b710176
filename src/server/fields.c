/* fields: single values out of interface files and talks. */
#include "server/parameters.h"
#include "server/routes.h"

#include "config/interface.h"
#include "talk/field.h"
#include "value/json.h"

/* Aliases of YAML can make a small file a large answer. */
static const size_t max_value_size = (size_t)64 << 20;

static int put_value(struct hob_call *call, const struct hob_value *value, struct hob_error *error)
{
    hob_buffer_put_string(&call->out, "{\"status\":\"success\",\"value\":");
    int code = hob_json_write(&call->out, value, HOB_JSON_COMPACT, max_value_size, error);
    hob_buffer_put_char(&call->out, '}');
    return code;
}

static bool is_collection(const struct hob_value *value)
{
    return value->kind == HOB_LIST || value->kind == HOB_MAP;
}

int hob_handle_interface_read(struct hob_call *call, struct hob_error *error)
{
    const struct hob_value *names, *field;
    struct hob_interface_request request = {0};
    struct hob_interface interface;
    int code = hob_parameter_need(call->body, "interface_file", &names, error);
    if (code == 0)
        code = hob_parameter_need(call->body, "field", &field, error);
    if (code == 0)
        code = hob_parameter_text(call->body, "directory", &request.directory, error);
    if (code != 0)
        return code;
    if (is_collection(field))
        return hob_error_set(error, HOB_E_PARAMETER,
                             "the parameter 'field' must be a text, but it is a %s",
                             hob_value_kind_name(field));
    request.names = names;
    code = hob_interface_load(call->arena, &call->scope, &request, &interface, error);
    if (code != 0)
        return code;
    const struct hob_value *value = hob_value_get_key(interface.fields, field);
    return put_value(call, value != NULL ? value : &hob_value_null, error);
}

/* The names under "config_files": a list of texts, one text, or null. */
static int read_names(struct hob_call *call, struct hob_talk_request *request,
                      struct hob_error *error)
{
    const struct hob_value *names = hob_value_get(call->body, "config_files");
    if (hob_value_is_null(names))
        return 0;
    const struct hob_value *const *items = &names;
    size_t count = 1;
    if (names->kind == HOB_LIST) {
        items = names->list.items;
        count = names->list.count;
    }
    const char **texts = hob_arena_try_alloc(call->arena, (count + 1) * sizeof *texts);
    if (texts == NULL)
        return hob_error_set(error, HOB_E_MEMORY, "not enough memory for 'config_files'");
    for (size_t i = 0; i < count; i++) {
        texts[i] = hob_value_string(items[i]);
        if (texts[i] == NULL)
            return hob_error_set(error, HOB_E_PARAMETER,
                                 "the parameter 'config_files' must be a text or a list of texts, "
                                 "but it is or has a %s",
                                 hob_value_kind_name(items[i]));
    }
    request->config_files = texts;
    request->config_count = count;
    return 0;
}

int hob_handle_talk_field(struct hob_call *call, struct hob_error *error)
{
    const struct hob_value *field, *file;
    struct hob_talk_request request = {0};
    int code = hob_parameter_need(call->body, "field", &field, error);
    if (code == 0)
        code = hob_parameter_need(call->body, "markdown_file", &file, error);
    if (code == 0)
        code = hob_parameter_text(call->body, "markdown_file", &request.markdown_file, error);
    if (code == 0)
        code = read_names(call, &request, error);
    if (code != 0)
        return code;
    HOB_AUTO(talk) struct hob_talk *talk = hob_talk_open(&call->scope, &request);
    const struct hob_value *value = NULL;
    if (field->kind == HOB_STRING) /* keys of other kinds are never asked for */
        value = hob_talk_field(talk, field->text);
    code = hob_talk_check(talk, error);
    if (code != 0)
        return code;
    return put_value(call, value != NULL ? value : &hob_value_empty_string, error);
}
