/* compute: POST /api/compute: a function over the rows of a table.
 *
 * The table comes in the request (`data`) or from an interface file, whose own compute sections run
 * as it is read. With neither there is nothing to compute on, and the result is null, as in the
 * reference (which computes nothing in any case, and takes every operation). */
#include "server/routes.h"

#include "access/access.h"
#include "compute/compute.h"
#include "server/dispatch.h"
#include "server/parameters.h"
#include "server/posted.h"
#include "server/table_answer.h"
#include "value/json.h"
#include "value/python.h"

/* The compute entry: `params`, with the operation as its function, and a field to put results in.
 */
static int entry_of(const struct hob_value **entry, struct hob_call *call,
                    const struct hob_value *operation, struct hob_error *error)
{
    const struct hob_value *params = hob_value_get(call->body, "params");
    struct hob_value *made = NULL;
    if (!hob_value_is_null(params)) {
        int code = hob_parameter_map(call->body, "params", &params, error);
        if (code != 0)
            return code;
        made = hob_value_copy(call->arena, params);
    } else {
        made = hob_value_new(call->arena, HOB_MAP);
    }
    bool put = made != NULL && hob_value_put_string(call->arena, made, "function", operation);
    if (put && hob_value_get(made, "field") == NULL)
        put = hob_value_put_string(call->arena, made, "field",
                                   hob_value_new_string(call->arena, HOB_TEXT("result")));
    if (!put)
        return hob_error_set(error, HOB_E_MEMORY, "not enough memory for the operation");
    *entry = made;
    return 0;
}

static int compute_posted(struct hob_frame **frame, struct hob_call *call,
                          const struct hob_value *operation, struct hob_error *error)
{
    const struct hob_value *data, *entry = NULL;
    int code = hob_parameter_map(call->body, "data", &data, error);
    if (code == 0)
        code = hob_posted_frame(frame, data, call->arena, error);
    if (code == 0)
        code = entry_of(&entry, call, operation, error);
    if (code != 0)
        return code;
    return hob_compute_section(call->server->compute, *frame, entry, &call->scope, error);
}

static int compute_interface(struct hob_frame **frame, struct hob_call *call,
                             struct hob_error *error)
{
    struct hob_interface interface;
    struct hob_interface_request request = {.names = hob_value_get(call->body, "interface_file")};
    int code = hob_parameter_text(call->body, "directory", &request.directory, error);
    if (code == 0)
        code = hob_interface_load(call->arena, &call->scope, &request, &interface, error);
    return code != 0 ? code : hob_access_read_interface(frame, &call->scope, &interface, error);
}

static int put_answer(struct hob_call *call, const struct hob_value *operation,
                      struct hob_frame **frame, struct hob_error *error)
{
    HOB_AUTO(buffer) struct hob_buffer message = HOB_BUFFER_INIT;
    hob_buffer_put_string(&message, "Compute operation '");
    hob_python_str(&message, operation);
    hob_buffer_put_string(&message, "' completed");
    hob_buffer_put_string(&call->out, "{\"status\":\"success\",\"operation\":");
    int code = hob_json_write(&call->out, operation, HOB_JSON_COMPACT, 1 << 20, error);
    hob_buffer_put_string(&call->out, ",\"message\":");
    hob_json_put_string(&call->out, hob_buffer_text(&message), HOB_JSON_COMPACT);
    call->out.failed |= hob_buffer_failed(&message);
    hob_buffer_put_string(&call->out, ",\"result\":");
    struct hob_table_answer around = {.after = "}"};
    if (code == 0 && *frame != NULL)
        return hob_table_answer(call, frame, &around, error);
    hob_buffer_put_string(&call->out, "null}");
    return code;
}

int hob_handle_compute(struct hob_call *call, struct hob_error *error)
{
    const struct hob_value *operation = hob_value_get(call->body, "operation");
    HOB_AUTO(frame) struct hob_frame *frame = NULL;
    int code = 0;
    if (operation == NULL) {
        hob_error_set(error, HOB_E_PARAMETER, "Request must include 'operation'");
        hob_error_hint(error, "`hob help functions` lists the operations that there are");
        return HOB_E_PARAMETER;
    }
    if (hob_value_get(call->body, "data") != NULL)
        code = compute_posted(&frame, call, operation, error);
    else if (hob_value_get(call->body, "interface_file") != NULL)
        code = compute_interface(&frame, call, error);
    if (code == 0 && frame == NULL && call->form != HOB_FORM_JSON)
        code = hob_error_set(error, HOB_E_NOT_ACCEPTABLE,
                             "without 'data' or 'interface_file' there is no table to send as %s",
                             hob_form_type(call->form));
    return code != 0 ? code : put_answer(call, operation, &frame, error);
}
