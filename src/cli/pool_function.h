/* pool_function: functions of pools in compute sections that the command line runs: hobd is asked.
 */
#ifndef HOB_CLI_POOL_FUNCTION_H
#define HOB_CLI_POOL_FUNCTION_H

#include "compute/compute.h"

struct hob_connection;

/* The connection is opened by the first call; NULL until then. */
struct hob_pool_link {
    struct hob_connection *connection;
};

/* The `call` of a struct hob_compute_remote; its data is a struct hob_pool_link. */
int hob_pool_link_call(void *link, struct hob_text pool, struct hob_text method,
                       struct hob_text params, struct hob_buffer *result, struct hob_error *error);
void hob_pool_link_deinit(struct hob_pool_link *link);
static inline void hob_auto_pool_link(struct hob_pool_link *link)
{
    hob_pool_link_deinit(link);
}

#endif
