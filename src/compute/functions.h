/* functions: what the `function` of a compute section can be: one table of names, arguments and
 * help, from which `hob help functions` and the docs are made. */
#ifndef HOB_COMPUTE_FUNCTIONS_H
#define HOB_COMPUTE_FUNCTIONS_H

#include "compute/liquid/liquid.h"
#include "config/scope.h"
#include "value/value.h"

/* One call, for one row. */
struct hob_function_call {
    const struct hob_value *arguments; /* a mapping; null, NaN and "" are not passed on */
    struct hob_arena *arena;           /* for the result, which may also point into the arguments */
    struct hob_liquid_cache *templates;
    const struct hob_scope *scope;
};

struct hob_function {
    const char *name;
    const char *arguments; /* as help shows them: "template, any other as a variable" */
    const char *summary;
    int (*run)(const struct hob_value **result, const struct hob_function_call *call,
               struct hob_error *error);
};

const struct hob_function *hob_functions(size_t *count);
const struct hob_function *hob_function_find(struct hob_text name);

#endif
