/* parameter: what a JSON object in a request may hold, for the checks and the references that are
 * made of it. Tables of these end with one that has no name. */
#ifndef HOB_VALUE_PARAMETER_H
#define HOB_VALUE_PARAMETER_H

#include <stdbool.h>

struct hob_parameter {
    const char *name;
    const char *type; /* of JSON schema: "string", "array", "object", "string|array|null"... */
    bool required;
    const char *help;
};

#endif
