/* openapi: GET /openapi.json.
 *
 * Everything is taken from the table of routes and from that of the operations of sessions, which
 * are written as paths of their own. What all answers of a kind have in common (the error bodies)
 * is described once, under components. */
#include "server/reference.h"

#include "server/routes.h"
#include "session/session.h"
#include "value/json.h"

static void put_text(struct hob_buffer *out, const char *text)
{
    hob_json_put_string(out, hob_text_from(text), HOB_JSON_COMPACT);
}

/* ---- parameters ---- */

/* `string|null` as `["string","null"]`; `any` leaves the type open. */
static void put_type(struct hob_buffer *out, const char *type)
{
    if (strcmp(type, "any") == 0)
        return;
    hob_buffer_put_string(out, "\"type\":[");
    for (const char *separator = ""; *type != '\0'; separator = ",") {
        size_t size = strcspn(type, "|");
        hob_buffer_put_string(out, separator);
        hob_json_put_string(out, (struct hob_text){type, size}, HOB_JSON_COMPACT);
        type += size + (type[size] == '|');
    }
    hob_buffer_put_string(out, "],");
}

static void put_property(struct hob_buffer *out, bool first, const char *name, const char *type,
                         const char *help)
{
    hob_buffer_put_string(out, first ? "" : ",");
    put_text(out, name);
    hob_buffer_put_string(out, ":{");
    put_type(out, type);
    hob_buffer_put_string(out, "\"description\":");
    put_text(out, help);
    hob_buffer_put_char(out, '}');
}

static void put_required(struct hob_buffer *out, size_t *count, const char *name)
{
    hob_buffer_put_string(out, (*count)++ == 0 ? ",\"required\":[" : ",");
    put_text(out, name);
}

static void start_body(struct hob_buffer *out)
{
    hob_buffer_put_string(out, "\"requestBody\":{\"content\":{\"application/json\":{\"schema\":{"
                               "\"type\":\"object\",\"properties\":{");
}

static void end_body(struct hob_buffer *out, size_t required)
{
    hob_buffer_put_string(out, required > 0 ? "]}}}" : "}}}");
    hob_buffer_put_string(out, required > 0 ? ",\"required\":true}," : "},");
}

static void put_body(struct hob_buffer *out, const struct hob_parameter *parameters)
{
    size_t required = 0;
    start_body(out);
    for (size_t i = 0; parameters[i].name != NULL; i++)
        put_property(out, i == 0, parameters[i].name, parameters[i].type, parameters[i].help);
    hob_buffer_put_char(out, '}');
    for (size_t i = 0; parameters[i].name != NULL; i++)
        if (parameters[i].required)
            put_required(out, &required, parameters[i].name);
    end_body(out, required);
}

/* The parts of a path that stand in braces. */
static void put_path_parameters(struct hob_buffer *out, const char *path)
{
    const char *separator = "\"parameters\":[";
    const char *at = path;
    while ((at = strchr(at, '{')) != NULL) {
        size_t size = strcspn(++at, "}");
        hob_buffer_put_string(out, separator);
        hob_buffer_printf(out,
                          "{\"name\":\"%.*s\",\"in\":\"path\",\"required\":true,"
                          "\"schema\":{\"type\":\"string\"}}",
                          (int)size, at);
        separator = ",";
    }
    if (*separator == ',')
        hob_buffer_put_string(out, "],");
}

/* ---- answers ---- */

static const char *error_name(enum hob_envelope envelope)
{
    switch (envelope) {
    case HOB_ENVELOPE_NULL_VALUE:
        return "ErrorNullValue";
    case HOB_ENVELOPE_TEXT_VALUE:
        return "ErrorTextValue";
    case HOB_ENVELOPE_TIMED:
        return "ErrorTimed";
    default:
        return "Error";
    }
}

static void put_contents(struct hob_buffer *out, bool table)
{
    for (int form = 0; form < (table ? HOB_FORMS : 1); form++) {
        hob_buffer_put_string(out, form > 0 ? "," : "");
        put_text(out, hob_form_type((enum hob_form)form));
        hob_buffer_put_string(out, form == HOB_FORM_JSON ? ":{\"schema\":{\"type\":\"object\"}}"
                                                         : ":{}");
    }
}

static void put_responses(struct hob_buffer *out, bool table, enum hob_envelope envelope)
{
    hob_buffer_put_string(out, "\"responses\":{\"200\":{\"description\":\"success\",\"content\":{");
    put_contents(out, table);
    hob_buffer_put_string(out, "}},");
    if (table)
        hob_buffer_put_string(out, "\"304\":{\"description\":\"what If-None-Match names is still "
                                   "current\"},");
    hob_buffer_printf(out,
                      "\"default\":{\"description\":\"an error\",\"content\":{\"application/json\":"
                      "{\"schema\":{\"$ref\":\"#/components/schemas/%s\"}}}}}",
                      error_name(envelope));
}

/* The error bodies, which differ in what stands beside `status`. */
static const struct {
    const char *name, *required, *properties;
} errors[] = {
    {"Error", "\"status\",\"error_type\",\"error_message\"",
     "\"error_type\":{\"type\":\"string\"},\"error_message\":{\"type\":\"string\"}"},
    {"ErrorNullValue", "\"status\",\"error\",\"value\"",
     "\"error\":{\"type\":\"string\"},\"value\":{\"type\":\"null\"}"},
    {"ErrorTextValue", "\"status\",\"error\",\"value\"",
     "\"error\":{\"type\":\"string\"},\"value\":{\"const\":\"\"}"},
    {"ErrorTimed", "\"status\",\"result\",\"error\"",
     "\"result\":{\"type\":\"null\"},\"error\":{\"type\":\"string\"},"
     "\"error_type\":{\"type\":\"string\"}"},
};

static void put_components(struct hob_buffer *out)
{
    hob_buffer_put_string(out, "\"components\":{\"schemas\":{");
    for (size_t i = 0; i < sizeof errors / sizeof *errors; i++)
        hob_buffer_printf(out,
                          "%s\"%s\":{\"type\":\"object\",\"properties\":{\"status\":"
                          "{\"const\":\"error\"},%s,\"hint\":{\"type\":\"string\"}},"
                          "\"required\":[%s]}",
                          i > 0 ? "," : "", errors[i].name, errors[i].properties,
                          errors[i].required);
    hob_buffer_put_string(out, "}}");
}

/* ---- paths ---- */

static void put_summary(struct hob_buffer *out, const char *summary)
{
    hob_buffer_put_string(out, "\"summary\":");
    put_text(out, summary);
    hob_buffer_put_char(out, ',');
}

static void put_method(struct hob_buffer *out, const struct hob_route *route, const char *name,
                       bool body)
{
    hob_buffer_printf(out, "\"%s\":{", name);
    put_summary(out, route->summary);
    put_path_parameters(out, route->path);
    if (body && route->parameters != NULL)
        put_body(out, route->parameters);
    put_responses(out, route->table, route->envelope);
    hob_buffer_put_char(out, '}');
}

static void put_route(struct hob_buffer *out, const struct hob_route *route)
{
    static const struct {
        unsigned method;
        const char *name;
    } methods[] = {
        {HOB_METHOD_GET, "get"}, {HOB_METHOD_POST, "post"}, {HOB_METHOD_DELETE, "delete"}};
    const char *separator = "";
    put_text(out, route->path);
    hob_buffer_put_string(out, ":{");
    for (size_t i = 0; i < sizeof methods / sizeof *methods; i++) {
        if ((route->methods & methods[i].method) == 0)
            continue;
        hob_buffer_put_string(out, separator);
        put_method(out, route, methods[i].name, methods[i].method == HOB_METHOD_POST);
        separator = ",";
    }
    hob_buffer_put_char(out, '}');
}

/* The operations of sessions in place of the one route that leads to all of them. */
static void put_operations(struct hob_buffer *out, const struct hob_route *route)
{
    size_t count;
    const struct hob_session_operation *operations = hob_session_operations(&count);
    size_t stem = (size_t)(strstr(route->path, "{operation}") - route->path);
    for (size_t i = 0; i < count; i++) {
        hob_buffer_printf(out, "%s\"%.*s%s\":{\"post\":{", i > 0 ? "," : "", (int)stem, route->path,
                          operations[i].name);
        put_summary(out, operations[i].summary);
        put_path_parameters(out, "{id}");
        if (operations[i].parameters != NULL)
            put_body(out, operations[i].parameters);
        put_responses(out, route->table, route->envelope);
        hob_buffer_put_string(out, "}}");
    }
}

void hob_reference_put_openapi(struct hob_buffer *out)
{
    size_t count;
    const struct hob_route *routes = hob_routes(&count);
    hob_buffer_put_string(out, "{\"openapi\":\"3.1.0\",\"info\":{\"title\":\"hobd\",\"version\":"
                               "\"" HOB_VERSION "\"},\"paths\":{");
    for (size_t i = 0; i < count; i++) {
        hob_buffer_put_string(out, i > 0 ? "," : "");
        if (strstr(routes[i].path, "{operation}") != NULL)
            put_operations(out, &routes[i]);
        else
            put_route(out, &routes[i]);
    }
    hob_buffer_put_string(out, "},");
    put_components(out);
    hob_buffer_put_char(out, '}');
}

int hob_handle_openapi(struct hob_call *call, struct hob_error *error)
{
    (void)error;
    hob_reference_put_openapi(&call->out);
    return 0;
}
