/* pool: what a public pool is made of: a supervisor for each, so that one can be closed alone. */
#ifndef HOB_LIBHOB_POOL_H
#define HOB_LIBHOB_POOL_H

#include "libhob/internal.h"
#include "pool/pool.h"
#include "value/json.h"

struct libhob_pool {
    struct hob_supervisor *supervisor;
    struct hob_pool *pool; /* the supervisor's */
};

/* Checks what a call says, and makes a request of it; the method is quoted into the buffer. */
int api_prepare_call(struct hob_pool_request *request, struct hob_buffer *quoted,
                     const char *method, const char *params,
                     const struct libhob_call_options *options, struct hob_error *error);

#endif
