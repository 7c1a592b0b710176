/* rpc: see rpc.h. A document is open until each of its requests is answered; one more holds it open
 * while they are being handed out. */
#include "pool/rpc.h"

#include <pthread.h>
#include <string.h>

#include "pool/message.h"

struct item {
    struct document *document;
    struct hob_buffer id; /* JSON; empty: a notification, or no request at all */
    struct hob_buffer answer;
};

struct document {
    pthread_mutex_t lock; /* of everything that answers change, and around `progress` */
    struct hob_rpc_handlers handlers;
    struct item *items;
    size_t count, open;
    bool batch;
    struct hob_rpc_outcome outcome;
};

static void put_batch(struct hob_buffer *out, const struct document *document)
{
    for (size_t i = 0; i < document->count; i++) {
        struct hob_text answer = hob_buffer_text(&document->items[i].answer);
        if (answer.size == 0)
            continue;
        hob_buffer_put_char(out, out->size == 0 ? '[' : ',');
        hob_buffer_put_text(out, answer);
    }
    if (out->size > 0)
        hob_buffer_put_char(out, ']');
}

static void finish(struct document *document)
{
    HOB_AUTO(buffer) struct hob_buffer batch = HOB_BUFFER_INIT;
    document->outcome.text = hob_buffer_text(&document->items[0].answer);
    if (document->batch) {
        put_batch(&batch, document);
        document->outcome.text = hob_buffer_text(&batch);
        document->outcome.code = hob_buffer_failed(&batch) ? HOB_E_MEMORY : 0;
    }
    document->handlers.done(document->handlers.data, &document->outcome);
    for (size_t i = 0; i < document->count; i++) {
        hob_buffer_deinit(&document->items[i].id);
        hob_buffer_deinit(&document->items[i].answer);
    }
    pthread_mutex_destroy(&document->lock);
    free(document->items);
    free(document);
}

static void close_one(struct document *document)
{
    pthread_mutex_lock(&document->lock);
    bool last = --document->open == 0;
    pthread_mutex_unlock(&document->lock);
    if (last)
        finish(document);
}

static void put_result(struct item *item, const struct hob_pool_answer *answer)
{
    struct hob_buffer *out = &item->answer;
    hob_buffer_put_string(out, "{\"jsonrpc\":\"2.0\",\"id\":");
    hob_buffer_put_text(out, hob_buffer_text(&item->id));
    hob_buffer_put_string(out, answer->rpc_error.size > 0 ? ",\"error\":" : ",\"result\":");
    hob_buffer_put_text(out, answer->rpc_error.size > 0 ? answer->rpc_error : answer->result);
    hob_buffer_put_char(out, '}');
}

static void is_answered(void *data, const struct hob_pool_answer *answer)
{
    struct item *item = data;
    struct document *document = item->document;
    if (item->id.size > 0 && answer->code == 0)
        put_result(item, answer);
    else if (item->id.size > 0)
        hob_message_put_error(&item->answer, hob_buffer_text(&item->id), answer->rpc_code,
                              answer->error);
    pthread_mutex_lock(&document->lock);
    document->outcome.by_fallback |= answer->path == HOB_POOL_BY_FALLBACK;
    if (answer->code != 0)
        document->outcome.code = answer->code;
    if (hob_buffer_failed(&item->answer))
        document->outcome.code = HOB_E_MEMORY;
    pthread_mutex_unlock(&document->lock);
    close_one(document);
}

/* The caller knows its request by its own id, not by the one that the worker was given. */
static void put_progress_params(struct hob_buffer *out, const struct item *item,
                                struct hob_text method, struct hob_text params)
{
    struct hob_text value = hob_message_member(params, "value");
    if (!hob_text_is(method, "\"$/progress\"") || value.size == 0) {
        hob_buffer_put_text(out, params);
        return;
    }
    hob_buffer_put_string(out, "{\"id\":");
    hob_buffer_put_text(out, hob_buffer_text(&item->id));
    hob_buffer_put_string(out, ",\"value\":");
    hob_buffer_put_text(out, value);
    hob_buffer_put_char(out, '}');
}

static void has_progressed(void *data, struct hob_text method, struct hob_text params)
{
    struct item *item = data;
    struct document *document = item->document;
    HOB_AUTO(buffer) struct hob_buffer message = HOB_BUFFER_INIT;
    hob_buffer_put_string(&message, "{\"jsonrpc\":\"2.0\",\"method\":");
    hob_buffer_put_text(&message, method);
    if (params.size > 0) {
        hob_buffer_put_string(&message, ",\"params\":");
        put_progress_params(&message, item, method, params);
    }
    hob_buffer_put_char(&message, '}');
    pthread_mutex_lock(&document->lock);
    document->handlers.progress(document->handlers.data, hob_buffer_text(&message));
    pthread_mutex_unlock(&document->lock);
}

static void note_failure(struct document *document, int code)
{
    pthread_mutex_lock(&document->lock);
    document->outcome.code = code;
    pthread_mutex_unlock(&document->lock);
}

/* An item that no worker answers. */
static void refuse(struct item *item, struct hob_text id, int rpc_code,
                   const struct hob_error *error)
{
    hob_message_put_error(&item->answer, id, rpc_code, error);
    note_failure(item->document, error->code);
}

static int rpc_code_of(const struct hob_error *error)
{
    switch (error->code) {
    case HOB_E_BUSY:
        return HOB_RPC_BUSY;
    case HOB_E_LIMIT:
        return HOB_RPC_TOO_LARGE;
    case HOB_E_PARAMETER:
        return HOB_RPC_INVALID_REQUEST;
    default:
        return HOB_RPC_INTERNAL_ERROR;
    }
}

/* Lists and maps are parameters, and nothing else is. */
static bool is_request(const struct hob_message *message)
{
    bool named = message->kind == HOB_MESSAGE_REQUEST || message->kind == HOB_MESSAGE_NOTIFICATION;
    bool id = message->id.size == 0 || strchr("{[tf", message->id.data[0]) == NULL;
    bool params = message->params.size == 0 || strchr("{[", message->params.data[0]) != NULL;
    return named && id && params;
}

/* Hands one request out: false when it was answered here. */
static bool hand_out(struct hob_pool *pool, struct item *item, struct hob_text text,
                     const struct hob_rpc_options *options)
{
    struct hob_message message;
    struct hob_error error = HOB_ERROR_INIT;
    unsigned retry_after = 0;
    if (hob_message_read(&message, text, &error) != 0) {
        refuse(item, (struct hob_text){NULL, 0}, HOB_RPC_PARSE_ERROR, &error);
        return false;
    }
    if (!is_request(&message)) {
        hob_error_set(&error, HOB_E_PARAMETER, "this is no JSON-RPC request");
        hob_error_hint(&error, "{\"jsonrpc\": \"2.0\", \"id\": 1, \"method\": \"...\", "
                               "\"params\": {...}}");
        refuse(item, (struct hob_text){NULL, 0}, HOB_RPC_INVALID_REQUEST, &error);
        return false;
    }
    hob_buffer_put_text(&item->id, message.id);
    struct hob_pool_request request = {
        .method = message.method,
        .params = hob_text_is(message.params, "null") ? (struct hob_text){NULL, 0} : message.params,
        .timeout = options->timeout,
        .idempotent = options->idempotent,
        .caller = options->caller,
        .loop = options->loop,
        .notification = message.kind == HOB_MESSAGE_NOTIFICATION,
    };
    struct hob_pool_handlers handlers = {
        .answered = is_answered,
        .progress = item->document->handlers.progress != NULL ? has_progressed : NULL,
        .data = item,
    };
    if (hob_pool_submit(pool, &request, &handlers, NULL, &retry_after, &error) == 0)
        return true;
    item->document->outcome.retry_after = retry_after;
    if (message.id.size > 0)
        refuse(item, message.id, rpc_code_of(&error), &error);
    else
        note_failure(item->document, error.code);
    return false;
}

static void hand_out_all(struct hob_pool *pool, struct document *document, struct hob_text *texts,
                         const struct hob_rpc_options *options)
{
    for (size_t i = 0; i < document->count; i++) {
        document->items[i].document = document;
        if (!hand_out(pool, &document->items[i], texts[i], options))
            close_one(document);
    }
    close_one(document);
}

static struct document *new_document(size_t count, const struct hob_rpc_handlers *handlers)
{
    struct document *document = hob_alloc_zero(1, sizeof *document);
    pthread_mutex_init(&document->lock, NULL);
    document->handlers = *handlers;
    document->count = count;
    document->open = count + 1;
    document->items = hob_alloc_zero(count, sizeof *document->items);
    return document;
}

void hob_rpc_answer(struct hob_pool *pool, struct hob_text text,
                    const struct hob_rpc_options *options, const struct hob_rpc_handlers *handlers)
{
    HOB_AUTO(free) struct hob_text *items = NULL;
    size_t count = 0;
    struct hob_error error = HOB_ERROR_INIT;
    bool batch = hob_message_is_batch(text) && hob_message_split(text, &items, &count, &error) == 0;
    struct document *document = new_document(batch && count > 0 ? count : 1, handlers);
    document->batch = batch && count > 0;
    if (batch && count > 0) {
        hand_out_all(pool, document, items, options);
    } else if (error.code == HOB_E_LIMIT || error.code == HOB_E_MEMORY) {
        document->items[0].document = document;
        refuse(&document->items[0], (struct hob_text){NULL, 0}, rpc_code_of(&error), &error);
        document->open = 1;
        close_one(document);
    } else { /* one request, or what is answered as one: an empty batch, what cannot be read */
        hand_out_all(pool, document, &text, options);
    }
}
