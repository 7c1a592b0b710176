/* parameters: the members of a request's body, with errors that name them. */
#ifndef HOB_SERVER_PARAMETERS_H
#define HOB_SERVER_PARAMETERS_H

#include "base/error.h"
#include "value/value.h"

/* The member, which must be there (null counts): HOB_E_PARAMETER when it is not. */
int hob_parameter_need(const struct hob_value *body, const char *name,
                       const struct hob_value **value, struct hob_error *error);
/* A member that must be a text; one that is not there leaves *text as it is. */
int hob_parameter_text(const struct hob_value *body, const char *name, const char **text,
                       struct hob_error *error);
/* A member that must be there and be a mapping. */
int hob_parameter_map(const struct hob_value *body, const char *name, const struct hob_value **map,
                      struct hob_error *error);

#endif
