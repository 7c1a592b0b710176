/* parameters: see parameters.h. */
#include "server/parameters.h"

int hob_parameter_need(const struct hob_value *body, const char *name,
                       const struct hob_value **value, struct hob_error *error)
{
    *value = hob_value_get(body, name);
    if (*value != NULL)
        return 0;
    return hob_error_set(error, HOB_E_PARAMETER, "Missing required parameter: '%s'", name);
}

int hob_parameter_text(const struct hob_value *body, const char *name, const char **text,
                       struct hob_error *error)
{
    const struct hob_value *value = hob_value_get(body, name);
    if (value == NULL)
        return 0;
    *text = hob_value_string(value);
    if (*text != NULL)
        return 0;
    return hob_error_set(
        error, HOB_E_PARAMETER, "the parameter '%s' must be a text, but it is a %s", name,
        value->kind == HOB_STRING ? "text with a NUL character in it" : hob_value_kind_name(value));
}

int hob_parameter_map(const struct hob_value *body, const char *name, const struct hob_value **map,
                      struct hob_error *error)
{
    int code = hob_parameter_need(body, name, map, error);
    if (code != 0 || (*map)->kind == HOB_MAP)
        return code;
    return hob_error_set(error, HOB_E_PARAMETER,
                         "the parameter '%s' must be a mapping, but it is a %s", name,
                         hob_value_kind_name(*map));
}
