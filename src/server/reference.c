/* reference: docs/http-api.md, printed by `hobd --routes-markdown`. */
#include "server/reference.h"

#include "server/routes.h"
#include "session/session.h"

static const char head[] =
    "# The HTTP API\n"
    "\n"
    "<!-- Printed by `hobd --routes-markdown`; a test compares it. GET /openapi.json has the same\n"
    "for programs. -->\n"
    "\n"
    "Requests have a JSON object as their body (none counts as an empty one), whatever their\n"
    "`Content-Type`. Answers are JSON with `\"status\": \"success\"`, and tables also come in "
    "other\n"
    "forms. `HEAD` works where `GET` does.\n"
    "\n";

static const char forms[] =
    "## Forms of tables\n"
    "\n"
    "Routes marked *table* send what `Accept` asks for; without it, and for `*/*`, JSON:\n"
    "\n";

static const char after_forms[] =
    "\n"
    "Weights (`;q=0.5`) count. Of equal ones the type that is named most exactly wins, then the\n"
    "one that is named first. When there is nothing that the client takes the answer is 406.\n"
    "Errors are always JSON.\n"
    "\n"
    "Tables of more than a megabyte of text are sent while they are written, in chunks, so that\n"
    "neither side needs the memory for all of it. A client that takes nothing for a minute is\n"
    "dropped; an answer that cannot be finished is cut off without the last chunk.\n"
    "\n"
    "Tables have an `ETag` as long as every file behind them is certainly unchanged. Sent back as\n"
    "`If-None-Match` it gives 304 without a body until a file, the request or hob's version "
    "changes.\n"
    "\n"
    "`Accept-Encoding` may ask for `zstd` (where hobd was built with it) or `gzip`; bodies of "
    "more\n"
    "than a kilobyte are then compressed.\n"
    "\n"
    "## Directories\n"
    "\n"
    "Relative paths start from the server's working directory. Over the unix socket its owner's\n"
    "clients may send `X-Hob-Directory: /absolute/path`: relative paths then start there, and "
    "what\n"
    "is below may be used, for that request. A session stays with the directory from which it was\n"
    "opened. Over TCP the header is refused.\n"
    "\n"
    "## Errors\n"
    "\n"
    "An error has a status of 400 or more and a JSON body: `{\"status\": \"error\", "
    "\"error_type\":\n"
    "\"ValueError\", \"error_message\": \"...\", \"hint\": \"...\"}`; the hint may be absent. "
    "Where a\n"
    "route says so, the body is another one, as in lynguine's server.\n"
    "What is no HTTP that hob could answer (a head of over 8 KiB, a wrong Content-Length, another\n"
    "version) gets a short page of HTML from the library beneath, and the connection is closed.\n"
    "\n"
    "## Routes\n"
    "\n";

static const char *error_form(enum hob_envelope envelope)
{
    switch (envelope) {
    case HOB_ENVELOPE_NULL_VALUE:
        return "`{\"status\": \"error\", \"error\": \"...\", \"value\": null}`";
    case HOB_ENVELOPE_TEXT_VALUE:
        return "`{\"status\": \"error\", \"error\": \"...\", \"value\": \"\"}`";
    case HOB_ENVELOPE_TIMED:
        return "`{\"status\": \"error\", \"result\": null, \"error\": \"...\"}`";
    default:
        return NULL;
    }
}

/* Bars would end the cell of a table. */
static void put_cell(struct hob_buffer *out, const char *text)
{
    for (; *text != '\0'; text++) {
        if (*text == '|')
            hob_buffer_put_char(out, '\\');
        hob_buffer_put_char(out, *text);
    }
}

static void put_type(struct hob_buffer *out, const char *type)
{
    for (; *type != '\0'; type++) {
        if (*type == '|')
            hob_buffer_put_string(out, " or ");
        else
            hob_buffer_put_char(out, *type);
    }
}

static void put_parameter(struct hob_buffer *out, bool first, const char *name, const char *type,
                          bool required, const char *help)
{
    if (first)
        hob_buffer_put_string(out, "| parameter | type | |\n|---|---|---|\n");
    hob_buffer_printf(out, "| `%s`%s | ", name, required ? " (needed)" : "");
    put_type(out, type);
    hob_buffer_put_string(out, " | ");
    put_cell(out, help);
    hob_buffer_put_string(out, " |\n");
}

static void put_route(struct hob_buffer *out, const struct hob_route *route)
{
    const struct hob_parameter *parameters = route->parameters;
    const char *error = error_form(route->envelope);
    hob_buffer_put_string(out, "### ");
    hob_route_put_methods(out, route);
    hob_buffer_printf(out, " %s\n\n%s", route->path, route->summary);
    hob_buffer_put_string(out, route->table ? " (*table*)\n\n" : "\n\n");
    for (size_t i = 0; parameters != NULL && parameters[i].name != NULL; i++)
        put_parameter(out, i == 0, parameters[i].name, parameters[i].type, parameters[i].required,
                      parameters[i].help);
    if (parameters != NULL)
        hob_buffer_put_char(out, '\n');
    if (error != NULL)
        hob_buffer_printf(out, "Errors: %s\n\n", error);
}

static void put_operations(struct hob_buffer *out)
{
    size_t count;
    const struct hob_session_operation *operations = hob_session_operations(&count);
    hob_buffer_put_string(out, "## Operations of sessions\n\n");
    for (size_t i = 0; i < count; i++) {
        const struct hob_parameter *parameters = operations[i].parameters;
        hob_buffer_printf(out, "### %s\n\n%s\n\n", operations[i].name, operations[i].summary);
        for (size_t k = 0; parameters != NULL && parameters[k].name != NULL; k++)
            put_parameter(out, k == 0, parameters[k].name, parameters[k].type,
                          parameters[k].required, parameters[k].help);
        if (parameters != NULL)
            hob_buffer_put_char(out, '\n');
    }
}

void hob_reference_put_markdown(struct hob_buffer *out)
{
    size_t count;
    const struct hob_route *routes = hob_routes(&count);
    hob_buffer_put_string(out, head);
    hob_buffer_put_string(out, forms);
    for (int form = 0; form < HOB_FORMS; form++)
        hob_buffer_printf(out, "- `%s`\n", hob_form_type((enum hob_form)form));
    hob_buffer_put_string(out, after_forms);
    for (size_t i = 0; i < count; i++)
        put_route(out, &routes[i]);
    put_operations(out);
    while (out->size > 1 && out->data[out->size - 2] == '\n') /* one line feed ends the file */
        out->size--;
}
