/* http_response: answers as objects of libmicrohttpd.
 *
 * A body is either there as a whole, and then lent to any number of connections at once, or it is
 * pulled: libmicrohttpd asks for as much as it can send, and gets it from a piece that the source
 * has made; when the piece is used up the source makes the next one. */
#include "server/http_response.h"

#include <microhttpd.h>
#include <pthread.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include "server/http_loop.h"

enum { BLOCK_SIZE = 8 * 1024 }; /* that libmicrohttpd gathers for clients without chunks */

/* The part of a streamed answer that is on its way. */
struct hob_pulled {
    struct hob_http_source source;
    struct hob_buffer piece;
    size_t sent; /* of the piece */
    bool ended;  /* there is no other one */
    /* Guards what follows, and that nothing comes between finding nothing and falling asleep. */
    pthread_mutex_t lock;
    struct hob_http_sleeper *sleeper;
    bool asleep;
};

static struct hob_response *wrap(struct MHD_Response *native, int status, const char *content_type)
{
    struct hob_response *response = hob_alloc_zero(1, sizeof *response);
    atomic_init(&response->references, 1);
    response->status = status;
    response->native = native;
    if (content_type != NULL)
        hob_response_set_header(response, MHD_HTTP_HEADER_CONTENT_TYPE, content_type);
    return response;
}

struct hob_response *hob_response_new_typed(int status, struct hob_buffer *body,
                                            const char *content_type)
{
    size_t size;
    char *data = hob_buffer_steal(body, &size);
    if (data == NULL)
        return NULL;
    struct MHD_Response *native =
        MHD_create_response_from_buffer_with_free_callback(size, data, free);
    if (native == NULL) {
        free(data);
        return NULL;
    }
    struct hob_response *response = wrap(native, status, content_type);
    response->body = (struct hob_text){data, size};
    return response;
}

struct hob_response *hob_response_new(int status, struct hob_buffer *body)
{
    return hob_response_new_typed(status, body, "application/json");
}

struct hob_response *hob_response_new_constant(int status, const char *body)
{
    size_t size = strlen(body);
    struct MHD_Response *native =
        MHD_create_response_from_buffer(size, (void *)(uintptr_t)body, MHD_RESPMEM_PERSISTENT);
    if (native == NULL)
        return NULL;
    struct hob_response *response = wrap(native, status, "application/json");
    response->body = (struct hob_text){body, size};
    return response;
}

struct hob_response *hob_response_new_empty(int status)
{
    static char nothing[1];
    struct MHD_Response *native =
        MHD_create_response_from_buffer(0, nothing, MHD_RESPMEM_PERSISTENT);
    return native != NULL ? wrap(native, status, NULL) : NULL;
}

static void free_pulled(void *context)
{
    struct hob_pulled *pulled = context;
    pulled->source.free(pulled->source.data);
    hob_buffer_deinit(&pulled->piece);
    pthread_mutex_destroy(&pulled->lock);
    free(pulled);
}

/* Makes the next piece: what `more` said. The connection sleeps when there is none yet. */
static int next_piece(struct hob_pulled *pulled)
{
    hob_buffer_clear(&pulled->piece);
    pulled->sent = 0;
    pthread_mutex_lock(&pulled->lock);
    int code = pulled->source.more(pulled->source.data, &pulled->piece);
    if (code == HOB_HTTP_LATER && pulled->piece.size == 0) {
        MHD_suspend_connection(pulled->sleeper->native);
        pulled->asleep = true;
    }
    pthread_mutex_unlock(&pulled->lock);
    pulled->ended = code == 0;
    return hob_buffer_failed(&pulled->piece) ? HOB_E_MEMORY : code;
}

void hob_http_wake(struct hob_response *response)
{
    struct hob_pulled *pulled = response->pulled;
    pthread_mutex_lock(&pulled->lock);
    if (pulled->asleep)
        hob_http_loop_wake(pulled->sleeper);
    pulled->asleep = false;
    pthread_mutex_unlock(&pulled->lock);
}

void hob_response_set_connection(struct hob_response *response, struct hob_http_sleeper *sleeper)
{
    response->pulled->sleeper = sleeper;
}

/* libmicrohttpd asks for as much as it has room for, which is less than a piece. */
static ssize_t pull(void *context, uint64_t position, char *out, size_t room)
{
    struct hob_pulled *pulled = context;
    (void)position;
    while (pulled->sent == pulled->piece.size) {
        if (pulled->ended)
            return MHD_CONTENT_READER_END_OF_STREAM;
        int code = next_piece(pulled);
        if (code < 0)
            return MHD_CONTENT_READER_END_WITH_ERROR;
        if (code == HOB_HTTP_LATER && pulled->piece.size == 0)
            return 0;
    }
    size_t left = pulled->piece.size - pulled->sent;
    size_t size = left < room ? left : room;
    memcpy(out, pulled->piece.data + pulled->sent, size);
    pulled->sent += size;
    return (ssize_t)size;
}

struct hob_response *hob_response_new_streamed(int status, const struct hob_http_source *source,
                                               const char *content_type)
{
    struct hob_pulled *pulled = hob_alloc_zero(1, sizeof *pulled);
    pulled->source = *source;
    pthread_mutex_init(&pulled->lock, NULL);
    struct MHD_Response *native =
        MHD_create_response_from_callback(MHD_SIZE_UNKNOWN, BLOCK_SIZE, pull, pulled, free_pulled);
    if (native == NULL) {
        free_pulled(pulled);
        return NULL;
    }
    struct hob_response *response = wrap(native, status, content_type);
    response->streamed = true;
    response->pulled = pulled;
    return response;
}

struct hob_response *hob_response_ref(struct hob_response *response)
{
    atomic_fetch_add_explicit(&response->references, 1, memory_order_relaxed);
    return response;
}

struct hob_response *hob_response_unref(struct hob_response *response)
{
    if (response != NULL &&
        atomic_fetch_sub_explicit(&response->references, 1, memory_order_acq_rel) == 1) {
        MHD_destroy_response(response->native);
        free(response);
    }
    return NULL;
}

void hob_response_set_header(struct hob_response *response, const char *name, const char *value)
{
    MHD_add_response_header(response->native, name, value);
}

void hob_response_set_tag(struct hob_response *response, const char *tag)
{
    snprintf(response->tag, sizeof response->tag, "%s", tag);
    hob_response_set_header(response, MHD_HTTP_HEADER_ETAG, tag);
}

const char *hob_response_tag(const struct hob_response *response)
{
    return response->tag;
}

bool hob_response_is_streamed(const struct hob_response *response)
{
    return response->streamed;
}

int hob_response_status(const struct hob_response *response)
{
    return response->status;
}

size_t hob_response_size(const struct hob_response *response)
{
    return response->body.size;
}
