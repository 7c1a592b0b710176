/* rpc: a JSON-RPC 2.0 document, a request or a batch, answered by a pool.
 *
 * Ids come back as they were given, answers of a batch in the order of its requests; notifications
 * are answered by nothing. What is no request is answered as the specification says. */
#ifndef HOB_POOL_RPC_H
#define HOB_POOL_RPC_H

#include "pool/pool.h"

struct hob_rpc_outcome {
    struct hob_text text; /* the answer; empty when there were only notifications */
    int code;             /* of a single request or notification that failed on the way, or could
                             not be read; 0 */
    unsigned retry_after; /* seconds; with HOB_E_BUSY */
    bool by_fallback;     /* some of it was answered by the fallback command */
};

struct hob_rpc_handlers {
    /* Once, maybe before hob_rpc_answer returns; the text is valid meanwhile. */
    void (*done)(void *data, const struct hob_rpc_outcome *outcome);
    /* May be NULL. A notification about one of the requests, as a JSON-RPC message; never after
     * `done`, and never two at a time. */
    void (*progress)(void *data, struct hob_text message);
    void *data;
};

struct hob_rpc_options {
    uint64_t timeout; /* milliseconds; 0: the pool's */
    bool idempotent;
    int caller; /* as in struct hob_pool_request, both */
    struct hob_pool_loop *loop;
};

/* Has the pool answer the document; does not wait. All that it is given is copied (of `data` the
 * pointer), and the caller may let go of the pool when it returns. `done` is called in any case,
 * also for what cannot be read, is refused or finds no memory; by which thread says pool.h. */
void hob_rpc_answer(struct hob_pool *pool, struct hob_text document,
                    const struct hob_rpc_options *options, const struct hob_rpc_handlers *handlers);

#endif
