/* field: see include/hob/field.h. */
#define _GNU_SOURCE
#include "talk/field.h"
#include "access/access.h"
#include "libhob/internal.h"
#include "value/json.h"
#include "value/python.h"

static const char *const usual_configs[] = {"_lamd.yml", "_config.yml", NULL};

static int give_json(struct libhob_bytes *out, const struct hob_value *value,
                     struct hob_error *error)
{
    HOB_AUTO(buffer) struct hob_buffer text = HOB_BUFFER_INIT;
    int code = hob_json_write(&text, value != NULL ? value : &hob_value_null, HOB_JSON_COMPACT,
                              HOB_PYTHON_MAX_SIZE, error);
    return code == 0 ? api_give(out, &text, error) : code;
}

int libhob_talk_field(struct libhob_context *context, const char *talk, const char *field,
                      const char *const *configs, enum libhob_form form, struct libhob_bytes *out,
                      struct libhob_error *error)
{
    struct hob_error reason = HOB_ERROR_INIT;
    HOB_AUTO(buffer) struct hob_buffer text = HOB_BUFFER_INIT;
    struct hob_scope scope = api_scope(context);
    struct hob_talk_request request = {.markdown_file = talk,
                                       .config_files = configs != NULL ? configs : usual_configs,
                                       .default_parent = "_lamd.yml"};
    while (request.config_files[request.config_count] != NULL)
        request.config_count++;
    int code = hob_scope_check(&scope, talk, &reason);
    if (code != 0)
        return api_fail(error, &reason);
    HOB_AUTO(talk) struct hob_talk *opened = hob_talk_open(&scope, &request);
    bool exists = hob_talk_exists(opened);
    if (form == LIBHOB_AS_TEXT) {
        if (exists)
            hob_talk_print_field(&text, opened, hob_text_from(field));
        code = api_give(out, &text, &reason);
    } else {
        code =
            give_json(out, exists ? hob_talk_field(opened, hob_text_from(field)) : NULL, &reason);
    }
    int trouble = hob_talk_check(opened, &reason);
    if (trouble != 0 && code == 0) {
        libhob_bytes_free(out);
        code = trouble;
    }
    return code == 0 ? 0 : api_fail(error, &reason);
}

int libhob_interface_field(struct libhob_context *context, const char *interface, const char *field,
                           enum libhob_form form, struct libhob_bytes *out,
                           struct libhob_error *error)
{
    struct hob_error reason = HOB_ERROR_INIT;
    HOB_AUTO(arena) struct hob_arena *arena = hob_arena_new();
    HOB_AUTO(buffer) struct hob_buffer text = HOB_BUFFER_INIT;
    struct hob_scope scope = api_scope(context);
    struct hob_interface loaded;
    int code = hob_interface_load_file(arena, &scope, interface, &loaded, &reason);
    if (code != 0)
        return api_fail(error, &reason);
    const struct hob_value *value = hob_value_get(loaded.fields, field);
    if (value == NULL) {
        code = hob_error_set(&reason, HOB_E_KEY, "the interface '%s' has no field '%s'", interface,
                             field);
    } else if (form == LIBHOB_AS_TEXT) {
        if (!hob_value_is_null(value))
            hob_python_str(&text, value);
        code = api_give(out, &text, &reason);
    } else {
        code = give_json(out, value, &reason);
    }
    return code == 0 ? 0 : api_fail(error, &reason);
}
