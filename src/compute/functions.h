/* functions: what the `function` of a compute section can be: one table of names, arguments and
 * help, from which `hob help functions` and the docs are made. */
#ifndef HOB_COMPUTE_FUNCTIONS_H
#define HOB_COMPUTE_FUNCTIONS_H

#include "compute/liquid/liquid.h"
#include "config/scope.h"
#include "value/value.h"

struct hob_compute_remote;

/* One call, for one row. */
struct hob_function_call {
    struct hob_text name;              /* as the section has it */
    const struct hob_value *arguments; /* a mapping; null, NaN and "" are not passed on */
    struct hob_arena *arena;           /* for the result, which may also point into the arguments */
    struct hob_liquid_cache *templates;
    const struct hob_scope *scope;
    const struct hob_compute_remote *remote; /* NULL: nobody answers for others */
    bool strict;                             /* a template with a mistake in it is an error */
};

struct hob_function {
    const char *name;      /* of functions of pools: what the name looks like */
    const char *arguments; /* as help shows them: "template, any other as a variable" */
    const char *summary;
    int (*run)(const struct hob_value **result, const struct hob_function_call *call,
               struct hob_error *error);
};

/* The table of all; and the one of this name, NULL when there is none. */
const struct hob_function *hob_functions(size_t *count);
const struct hob_function *hob_function_find(struct hob_text name);

/* The row's `run` of functions of pools (pool_function.c). */
int hob_function_call_pool(const struct hob_value **result, const struct hob_function_call *call,
                           struct hob_error *error);

#endif
