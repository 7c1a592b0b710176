/* pool_async: calls with callbacks, and batches; see include/hob/pool.h. */
#define _GNU_SOURCE
#include "libhob/pool.h"
#include "pool/rpc.h"

/* ---- calls ---- */

/* A call that is under way; it ends with its callback. */
struct pending {
    libhob_answered *answered;
    void *data;
    char *method; /* for messages */
};

static struct pending *new_pending(libhob_answered *answered, void *data, const char *method)
{
    struct pending *pending = hob_alloc_zero(1, sizeof *pending);
    pending->answered = answered;
    pending->data = data;
    pending->method = hob_copy_string(method);
    return pending;
}

static void free_pending(struct pending *pending)
{
    free(pending->method);
    free(pending);
}

static void tell(const struct pending *pending, int code, struct hob_text json,
                 const struct hob_error *reason)
{
    HOB_AUTO(buffer) struct hob_buffer text = HOB_BUFFER_INIT;
    struct hob_error memory = HOB_ERROR_INIT;
    struct libhob_error error;
    hob_buffer_put_text(&text, json);
    const char *string = hob_buffer_string(&text);
    if (hob_buffer_failed(&text)) {
        code = hob_error_set(&memory, HOB_E_MEMORY, "not enough memory for the answer");
        reason = &memory;
        hob_buffer_deinit(&text);
        string = "";
    }
    if (code != 0)
        api_copy_error(&error, reason);
    pending->answered(pending->data, &(struct libhob_answer){.code = code,
                                                             .json = string,
                                                             .size = text.size,
                                                             .error = code != 0 ? &error : NULL});
}

static void is_answered(void *data, const struct hob_pool_answer *answer)
{
    struct pending *pending = data;
    struct hob_error refused = HOB_ERROR_INIT;
    if (answer->code != 0) {
        tell(pending, answer->code, HOB_TEXT(""), answer->error);
    } else if (answer->rpc_error.size > 0) {
        api_worker_error(&refused, pending->method, answer->rpc_error);
        tell(pending, LIBHOB_ANSWERED_ERROR, answer->rpc_error, &refused);
    } else {
        tell(pending, 0, answer->result, NULL);
    }
    free_pending(pending);
}

int libhob_pool_submit(struct libhob_pool *pool, const char *method, const char *params,
                       const struct libhob_call_options *options, libhob_answered *answered,
                       void *data, uint64_t *id, struct libhob_error *error)
{
    struct hob_error reason = HOB_ERROR_INIT;
    struct hob_pool_request request;
    HOB_AUTO(buffer) struct hob_buffer quoted = HOB_BUFFER_INIT;
    API_QUIET;
    if (api_prepare_call(&request, &quoted, method, params, options, &reason) != 0)
        return api_fail(error, &reason);
    struct pending *pending = new_pending(answered, data, method);
    struct hob_pool_handlers handlers = {.answered = is_answered, .data = pending};
    int code = hob_pool_submit(pool->pool, &request, &handlers, id, NULL, &reason);
    if (code == 0)
        return 0;
    free_pending(pending);
    return api_fail(error, &reason);
}

void libhob_pool_cancel(struct libhob_pool *pool, uint64_t id)
{
    API_QUIET;
    hob_pool_cancel(pool->pool, id);
}

/* ---- batches ---- */

static void batch_is_done(void *data, const struct hob_rpc_outcome *outcome)
{
    struct pending *pending = data;
    tell(pending, 0, outcome->text, NULL);
    free_pending(pending);
}

int libhob_pool_submit_batch(struct libhob_pool *pool, const char *document,
                             const struct libhob_call_options *options, libhob_answered *answered,
                             void *data, struct libhob_error *error)
{
    struct hob_error reason = HOB_ERROR_INIT;
    struct hob_rpc_options own = {0};
    API_QUIET;
    if (options != NULL) {
        if (api_check_reserved(options->reserved,
                               sizeof options->reserved / sizeof options->reserved[0],
                               "libhob_call_options", &reason) != 0)
            return api_fail(error, &reason);
        own.timeout = options->timeout;
        own.idempotent = options->idempotent;
    }
    struct hob_rpc_handlers handlers = {.done = batch_is_done,
                                        .data = new_pending(answered, data, "batch")};
    hob_rpc_answer(pool->pool, hob_text_from(document), &own, &handlers);
    return 0;
}

/* Somebody who waits for a batch. */
struct waiter {
    pthread_mutex_t lock;
    pthread_cond_t over;
    bool done;
    struct hob_buffer text;
    struct hob_error error;
};

static void keep_answer(void *data, const struct libhob_answer *answer)
{
    struct waiter *waiter = data;
    pthread_mutex_lock(&waiter->lock);
    hob_buffer_put(&waiter->text, answer->json, answer->size);
    if (answer->code != 0)
        hob_error_set(&waiter->error, answer->code, "%s", answer->error->message);
    waiter->done = true;
    pthread_cond_signal(&waiter->over);
    pthread_mutex_unlock(&waiter->lock);
}

int libhob_pool_batch(struct libhob_pool *pool, const char *document,
                      const struct libhob_call_options *options, struct libhob_bytes *answer,
                      struct libhob_error *error)
{
    struct waiter waiter = {.lock = PTHREAD_MUTEX_INITIALIZER, .over = PTHREAD_COND_INITIALIZER};
    int code = libhob_pool_submit_batch(pool, document, options, keep_answer, &waiter, error);
    if (code != 0)
        return code;
    pthread_mutex_lock(&waiter.lock);
    while (!waiter.done)
        pthread_cond_wait(&waiter.over, &waiter.lock);
    pthread_mutex_unlock(&waiter.lock);
    pthread_mutex_destroy(&waiter.lock);
    pthread_cond_destroy(&waiter.over);
    code = waiter.error.code;
    if (code == 0)
        code = api_give(answer, &waiter.text, &waiter.error);
    hob_buffer_deinit(&waiter.text);
    return code == 0 ? 0 : api_fail(error, &waiter.error);
}
