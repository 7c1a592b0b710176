/* tables: reading and writing tables over HTTP.
 *
 * Two forms of requests are taken. In the one, interface_file or data_source say what to read, and
 * the answer has `data`. In the other, `config` is the data source or the interface itself, and the
 * answer has `result` and how long it took. */
#include "server/parameters.h"
#include "server/routes.h"

#include "access/access.h"
#include "server/posted.h"
#include "server/table_answer.h"

static int no_memory(struct hob_error *error)
{
    return hob_error_set(error, HOB_E_MEMORY, "not enough memory for the table");
}

/* ---- reading ---- */

/* The section of an interface that was asked for, by default its input. */
static int read_section(struct hob_call *call, const struct hob_value *body,
                        const struct hob_interface *interface, struct hob_frame **frame,
                        struct hob_error *error)
{
    const char *name = "input";
    if (!hob_value_is_null(hob_value_get(body, "interface_field"))) {
        int code = hob_parameter_text(body, "interface_field", &name, error);
        if (code != 0)
            return code;
    }
    if (strcmp(name, "input") == 0)
        return hob_access_read_interface(frame, &call->scope, interface, error);
    const struct hob_value *flow = hob_value_get(interface->own, name);
    if (flow == NULL)
        flow = hob_value_get(interface->fields, name);
    if (flow == NULL)
        return hob_error_set(error, HOB_E_PARAMETER, "Interface has no '%s' section", name);
    return hob_access_read(frame, &call->scope, flow, error);
}

static int read_interface_file(struct hob_call *call, const struct hob_value *body,
                               struct hob_frame **frame, struct hob_error *error)
{
    struct hob_interface interface;
    struct hob_interface_request request = {.names = hob_value_get(body, "interface_file")};
    int code = hob_parameter_text(body, "directory", &request.directory, error);
    if (code == 0)
        code = hob_interface_load(call->arena, &call->scope, &request, &interface, error);
    return code != 0 ? code : read_section(call, body, &interface, frame, error);
}

static int read_named(struct hob_call *call, const struct hob_value *body, struct hob_frame **frame,
                      struct hob_error *error)
{
    const struct hob_value *source;
    if (hob_value_get(body, "interface_file") != NULL)
        return read_interface_file(call, body, frame, error);
    if (hob_value_get(body, "data_source") == NULL) {
        hob_error_set(error, HOB_E_PARAMETER,
                      "Request must include either 'interface_file' or 'data_source'");
        hob_error_hint(error, "for a file: {\"data_source\": {\"type\": \"auto\", \"filename\": "
                              "\"table.csv\"}}");
        return HOB_E_PARAMETER;
    }
    int code = hob_parameter_map(body, "data_source", &source, error);
    return code != 0 ? code : hob_access_read(frame, &call->scope, source, error);
}

/* `config` with the members of `params` over its own. */
static int merge_config(struct hob_call *call, const struct hob_value **config,
                        struct hob_error *error)
{
    const struct hob_value *params = hob_value_get(call->body, "params");
    int code = hob_parameter_map(call->body, "config", config, error);
    if (code != 0 || hob_value_is_null(params))
        return code;
    code = hob_parameter_map(call->body, "params", &params, error);
    if (code != 0)
        return code;
    struct hob_value *merged = hob_value_copy(call->arena, *config);
    if (merged == NULL)
        return no_memory(error);
    for (uint32_t i = 0; i < params->map.count; i++)
        if (!hob_value_put(call->arena, merged, params->map.pairs[i].key,
                           params->map.pairs[i].value))
            return no_memory(error);
    *config = merged;
    return 0;
}

static int read_config(struct hob_call *call, struct hob_frame **frame, struct hob_error *error)
{
    const struct hob_value *config;
    int code = merge_config(call, &config, error);
    if (code != 0)
        return code;
    if (hob_value_get(config, "interface_file") != NULL ||
        hob_value_get(config, "data_source") != NULL)
        return read_named(call, config, frame, error);
    struct hob_interface interface = {.fields = config, .own = config};
    if (hob_value_get(config, "input") != NULL)
        return read_section(call, config, &interface, frame, error);
    return hob_access_read(frame, &call->scope, config, error);
}

int hob_handle_read_data(struct hob_call *call, struct hob_error *error)
{
    bool documented = hob_value_get(call->body, "config") != NULL &&
                      hob_value_get(call->body, "interface_file") == NULL &&
                      hob_value_get(call->body, "data_source") == NULL;
    HOB_AUTO(frame) struct hob_frame *frame = NULL;
    if (documented) {
        call->envelope = HOB_ENVELOPE_TIMED;
        /* The time that it took is part of the answer. */
        call->keep = call->form != HOB_FORM_JSON;
    }
    int code =
        documented ? read_config(call, &frame, error) : read_named(call, call->body, &frame, error);
    if (code != 0)
        return code;
    hob_buffer_put_string(&call->out, documented ? "{\"status\":\"success\",\"result\":"
                                                 : "{\"status\":\"success\",\"data\":");
    struct hob_table_answer around = {documented ? ",\"error\":null" : "}", documented};
    return hob_table_answer(call, &frame, &around, error);
}

/* ---- writing ---- */

int hob_handle_write_data(struct hob_call *call, struct hob_error *error)
{
    const struct hob_value *data, *output;
    HOB_AUTO(frame) struct hob_frame *frame = NULL;
    int code = hob_parameter_map(call->body, "data", &data, error);
    if (code == 0)
        code = hob_parameter_map(call->body, "output", &output, error);
    if (code == 0)
        code = hob_posted_frame(&frame, data, call->arena, error);
    if (code == 0)
        code = hob_access_write(&call->scope, output, frame, error);
    if (code != 0)
        return code;
    hob_buffer_printf(&call->out, "{\"status\":\"success\",\"message\":\"Wrote %zu records\"}",
                      hob_frame_rows(frame));
    return 0;
}
