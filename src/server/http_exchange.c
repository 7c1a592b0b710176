/* http_exchange: see http_exchange.h.
 *
 * libmicrohttpd calls hob_http_exchange_access once when the headers are in, once for each piece of
 * the body, and once at the end. Only refusals are sent in the first call, because it closes the
 * connection after an answer given there.
 *
 * What a request needs lives in its connection (struct connection) and is used again by the next
 * request of the same connection, so that a small kept-alive request allocates nothing here. The
 * response objects are libmicrohttpd's own, which counts references and may send one to several
 * connections at once: an answer that is kept warm is sent without a copy.
 *
 * Time limits. libmicrohttpd keeps the connections with the common limit in order of their last
 * activity, and walks through those with a limit of their own at each turn; so the common limit is
 * the long one of idle connections, and only a connection that has asked nothing yet, whose body is
 * being awaited, or to which a long answer is being sent, gets a short one; so does every one that
 * comes to rest while nearly all are in use. A client that drips its body is caught by a rate:
 * half a minute, and then one second more for each 64 KiB that came.
 *
 * A body over the limit whose length was not announced is read to its end and thrown away, since
 * libmicrohttpd cannot answer in the middle of a body; the same rate, and sixteen times the limit,
 * bound that. */
#include "server/http_exchange.h"

#include <stdint.h>
#include <sys/socket.h>

#include "base/clock.h"
#include "server/http_head.h"
#include "server/http_response.h"

enum {
    FIRST_SECONDS = 30,  /* for the headers of a connection's first request */
    CROWDED_SECONDS = 5, /* for both, when most connections are in use */
    BODY_SECONDS = 30,
    SEND_SECONDS = 60,       /* that a client may take none of its answer, when that... */
    LONG_ANSWER = 64 * 1024, /* ...is longer than what the system takes in one go */
    BODY_RATE = 64 * 1024,   /* bytes that buy one more second */
    KEEP_BODY = 1024,        /* an idle connection keeps a buffer of at most this size */
    SWALLOW = 16,            /* times the limit of a body are read and thrown away */
};

enum phase {
    IDLE,
    READING,  /* the body is coming in */
    HANDLING, /* the application has it */
    DEFERRED, /* suspended until there is an answer */
    ANSWERED,
};

struct connection {
    struct hob_http_request request; /* first: a request is cast back to its connection */
    struct hob_http *http;
    struct MHD_Connection *native;
    struct hob_http_sleeper sleeper;
    struct hob_http_peer peer;
    struct hob_buffer body;
    const char *target_end; /* as in struct hob_http_line */
    uint64_t received;
    enum phase phase;
    enum hob_http_refusal refusal;
    unsigned limit;            /* seconds without a byte; 0: the common limit */
    struct hob_response *late; /* the answer of a deferred request; owned */
    bool hang_up;
    bool cut_short; /* answered while its body was coming */
    bool has_asked; /* anything at all */
};

/* ---- answering ---- */

static enum MHD_Result copy_header(void *to, enum MHD_ValueKind kind, const char *name,
                                   const char *value)
{
    (void)kind;
    MHD_add_response_header(to, name, value);
    return MHD_YES;
}

/* The same answer, after which the connection is closed. */
static enum MHD_Result send_last(struct connection *connection, struct hob_response *response)
{
    struct MHD_Response *last = MHD_create_response_from_buffer(
        response->body.size, (void *)(uintptr_t)response->body.data, MHD_RESPMEM_MUST_COPY);
    if (last == NULL)
        return MHD_NO;
    MHD_get_response_headers(response->native, copy_header, last);
    MHD_add_response_header(last, MHD_HTTP_HEADER_CONNECTION, "close");
    enum MHD_Result result =
        MHD_queue_response(connection->native, (unsigned)response->status, last);
    MHD_destroy_response(last);
    return result;
}

/* 0: the common limit of idle connections. */
static void set_time_limit(struct connection *connection, unsigned seconds)
{
    if (connection->limit == seconds)
        return;
    connection->limit = seconds;
    MHD_set_connection_option(connection->native, MHD_CONNECTION_OPTION_TIMEOUT,
                              seconds != 0 ? seconds : (unsigned)HOB_HTTP_IDLE_SECONDS);
}

static enum MHD_Result deliver(struct connection *connection, struct hob_response *response)
{
    connection->phase = ANSWERED;
    if (response == NULL)
        return MHD_NO;
    bool last = atomic_load_explicit(&connection->http->draining, memory_order_relaxed);
    if (response->streamed || response->body.size > LONG_ANSWER)
        set_time_limit(connection, SEND_SECONDS);
    if (response->streamed)
        hob_response_set_connection(response, &connection->sleeper);
    if (last && !response->streamed)
        return send_last(connection, response);
    if (last) /* nobody else is given a streamed answer */
        hob_response_set_header(response, MHD_HTTP_HEADER_CONNECTION, "close");
    return MHD_queue_response(connection->native, (unsigned)response->status, response->native);
}

static bool has_body(const struct hob_http_headers *headers)
{
    return headers->content_length > 0 || headers->encoding_count > 0;
}

/* ---- a request from its first call to its last ---- */

static void read_head(struct connection *connection, const char *target, const char *version)
{
    struct hob_http_request *request = &connection->request;
    hob_http_read_headers(
        &request->headers, connection->native,
        &(struct hob_http_line){request->method, version, connection->target_end});
    request->path = hob_http_read_target(target, &request->headers.host);
}

/* A connection that has asked, or has gone, is not waited for any more while the server drains. */
static void note_asked(struct connection *connection)
{
    if (!connection->has_asked)
        atomic_fetch_sub(&connection->http->silent, 1);
    connection->has_asked = true;
}

static void begin(struct connection *connection, struct MHD_Connection *native, const char *path,
                  const char *method, const char *version)
{
    connection->request = (struct hob_http_request){
        .method = method,
        .version_1_0 = strcmp(version, MHD_HTTP_VERSION_1_0) == 0,
        .peer = &connection->peer,
        .loop = connection->sleeper.loop,
        .started = hob_clock_now(),
    };
    connection->native = native;
    connection->received = 0;
    connection->refusal = HOB_HTTP_TAKEN;
    connection->hang_up = false;
    connection->phase = READING;
    atomic_fetch_add(&connection->http->open_requests, 1);
    note_asked(connection);
    read_head(connection, path, version);
}

/* Sends a refusal while the body is still on its way: the connection cannot be used any more. */
static enum MHD_Result refuse(struct connection *connection, struct hob_response *response)
{
    if (response == NULL)
        return MHD_NO;
    connection->phase = ANSWERED;
    connection->cut_short = has_body(&connection->request.headers);
    enum MHD_Result result = send_last(connection, response);
    hob_response_unref(response);
    return result;
}

/* Whether connections are nearly exhausted. */
static bool is_crowded(struct hob_http *http)
{
    unsigned limit = http->options.max_connections;
    return atomic_load_explicit(&http->connections, memory_order_relaxed) > limit - limit / 10;
}

/* Gives the request to the application, which answers before it returns, or defers. */
static enum MHD_Result handle(struct connection *connection)
{
    struct hob_http_application *application = &connection->http->application;
    struct hob_http_request *request = &connection->request;
    connection->phase = HANDLING;
    request->body = hob_buffer_text(&connection->body);
    if (connection->refusal != HOB_HTTP_TAKEN) {
        HOB_AUTO(response)
        struct hob_response *response =
            application->refuse_body(application->context, request, connection->refusal);
        return deliver(connection, response);
    }
    application->handle(application->context, request);
    return connection->hang_up ? MHD_NO : MHD_YES;
}

static enum MHD_Result on_headers(struct connection *connection)
{
    struct hob_http_application *application = &connection->http->application;
    struct hob_http_request *request = &connection->request;
    struct hob_response *refusal = application->admit(application->context, request);
    if (refusal != NULL)
        return refuse(connection, refusal);
    if (request->headers.content_length > connection->http->max_body)
        return refuse(connection,
                      application->refuse_body(application->context, request, HOB_HTTP_TOO_LARGE));
    set_time_limit(connection, has_body(&request->headers) ? BODY_SECONDS : 0);
    return MHD_YES;
}

static bool too_slow(const struct connection *connection)
{
    double seconds = hob_clock_milliseconds_since(connection->request.started) / 1e3;
    return seconds > BODY_SECONDS + (double)connection->received / BODY_RATE;
}

/* Gives back what the body of the request took. */
static void drop_body(struct connection *connection)
{
    atomic_fetch_sub_explicit(&connection->http->body_bytes, connection->body.size,
                              memory_order_relaxed);
    if (connection->body.capacity > KEEP_BODY)
        hob_buffer_deinit(&connection->body);
    hob_buffer_clear(&connection->body);
}

static void keep_piece(struct connection *connection, const char *data, size_t size)
{
    struct hob_http *http = connection->http;
    /* The announced size is believed as far as a common body goes, not at once for a large one
     * that may never come. */
    uint64_t announced = connection->request.headers.content_length;
    if (connection->body.size == 0 && announced > size && announced <= 1024 * 1024)
        hob_buffer_reserve(&connection->body, (size_t)announced);
    size_t total = atomic_fetch_add_explicit(&http->body_bytes, size, memory_order_relaxed) + size;
    hob_buffer_put(&connection->body, data, size);
    if (hob_buffer_failed(&connection->body))
        atomic_fetch_sub_explicit(&http->body_bytes, size, memory_order_relaxed);
    if (hob_buffer_failed(&connection->body) || total > http->max_bodies)
        connection->refusal = HOB_HTTP_CROWDED;
}

/* Whether the client has gone before all of its body came. libmicrohttpd does not hear of an end
 * that was there already when it read the last piece; all that it has read is in `received`. */
static bool is_cut(const struct connection *connection)
{
    char byte;
    return connection->received < connection->request.headers.content_length &&
           recv(connection->peer.descriptor, &byte, 1, MSG_PEEK | MSG_DONTWAIT) == 0;
}

static enum MHD_Result on_body(struct connection *connection, const char *data, size_t size)
{
    size_t limit = connection->http->max_body;
    connection->received += size;
    if (connection->received > limit)
        connection->refusal = HOB_HTTP_TOO_LARGE;
    if (is_cut(connection) || too_slow(connection) || connection->received / SWALLOW > limit)
        return MHD_NO;
    if (connection->refusal == HOB_HTTP_TAKEN)
        keep_piece(connection, data, size);
    else
        drop_body(connection);
    return MHD_YES;
}

/* The call that libmicrohttpd makes after a deferred request was resumed. */
static enum MHD_Result on_resumed(struct connection *connection)
{
    HOB_AUTO(response) struct hob_response *response = HOB_STEAL(connection->late);
    return deliver(connection, response);
}

/* The first call for each request, before its headers are there; what it returns is kept for it. */
void *hob_http_exchange_target(void *context, const char *target, struct MHD_Connection *native)
{
    (void)context;
    struct connection *connection =
        MHD_get_connection_info(native, MHD_CONNECTION_INFO_SOCKET_CONTEXT)->socket_context;
    connection->target_end = target + strlen(target);
    return connection;
}

enum MHD_Result hob_http_exchange_access(void *context, struct MHD_Connection *native,
                                         const char *path, const char *method, const char *version,
                                         const char *data, size_t *size, void **slot)
{
    (void)context;
    struct connection *connection = *slot;
    if (connection->phase == IDLE) {
        begin(connection, native, path, method, version);
        return on_headers(connection);
    }
    if (*size > 0) {
        size_t got = *size;
        *size = 0;
        return on_body(connection, data, got);
    }
    if (connection->phase == DEFERRED)
        return on_resumed(connection);
    if (connection->phase != READING)
        return MHD_YES;
    set_time_limit(connection, 0);
    return handle(connection);
}

void hob_http_exchange_completed(void *context, struct MHD_Connection *native, void **slot,
                                 enum MHD_RequestTerminationCode code)
{
    (void)context, (void)native;
    struct connection *connection = *slot;
    *slot = NULL;
    if (connection == NULL || connection->phase == IDLE)
        return;
    if (code == MHD_REQUEST_TERMINATED_COMPLETED_OK)
        set_time_limit(connection, is_crowded(connection->http) ? CROWDED_SECONDS : 0);
    connection->late = hob_response_unref(connection->late);
    drop_body(connection);
    connection->phase = IDLE;
    atomic_store_explicit(&connection->http->last_used, hob_clock_now(), memory_order_relaxed);
    atomic_fetch_sub(&connection->http->open_requests, 1);
}

/* Tells somebody who may not ask at all so, and hangs up. Nothing was read: what came already is
 * still read from the socket, so that the application has to look at peer.welcome again. */
static void turn_away(int descriptor)
{
    static const char text[] =
        "HTTP/1.1 403 Forbidden\r\nContent-Type: application/json\r\nContent-Length: 174\r\n"
        "Connection: close\r\n\r\n"
        "{\"status\":\"error\",\"error_type\":\"PermissionError\",\"error_message\":\"refused: "
        "the connection comes from a process of another user\","
        "\"hint\":\"each user runs a server of their own\"}";
    (void)!send(descriptor, text, sizeof text - 1, MSG_DONTWAIT | MSG_NOSIGNAL);
    shutdown(descriptor, SHUT_RDWR);
}

static struct connection *new_connection(struct hob_http_loop *loop, struct MHD_Connection *native)
{
    struct hob_http *http = hob_http_loop_owner(loop);
    struct connection *connection = hob_alloc_zero(1, sizeof *connection);
    connection->http = http;
    connection->native = native;
    connection->sleeper = (struct hob_http_sleeper){.loop = loop, .native = native};
    connection->peer.local = http->options.local;
    connection->peer.descriptor =
        MHD_get_connection_info(native, MHD_CONNECTION_INFO_CONNECTION_FD)->connect_fd;
    hob_http_loop_count(loop, 1);
    set_time_limit(connection, is_crowded(http) ? CROWDED_SECONDS : FIRST_SECONDS);
    if (!http->application.welcome(http->application.context, &connection->peer))
        turn_away(connection->peer.descriptor);
    return connection;
}

void hob_http_exchange_connection(void *context, struct MHD_Connection *native, void **slot,
                                  enum MHD_ConnectionNotificationCode code)
{
    if (code == MHD_CONNECTION_NOTIFY_STARTED) {
        *slot = new_connection(context, native);
        return;
    }
    struct connection *connection = *slot;
    struct hob_http *http = connection->http;
    if (connection->cut_short)
        hob_linger_take(http->linger, connection->peer.descriptor);
    note_asked(connection);
    atomic_fetch_sub(&http->connections, 1);
    hob_http_loop_count(context, -1);
    hob_buffer_deinit(&connection->body);
    free(connection);
}

void hob_http_defer(struct hob_http_request *request)
{
    struct connection *connection = (struct connection *)request;
    connection->phase = DEFERRED;
    MHD_suspend_connection(connection->native);
}

static bool is_answered(const void *data)
{
    const struct connection *connection = data;
    return connection->phase == ANSWERED;
}

void hob_http_await(struct hob_http_request *request)
{
    struct connection *connection = (struct connection *)request;
    hob_http_loop_await(connection->sleeper.loop, is_answered, connection);
    if (connection->phase != ANSWERED)
        hob_http_defer(request);
}

void hob_http_answer(struct hob_http_request *request, struct hob_response *response)
{
    struct connection *connection = (struct connection *)request;
    if (connection->phase == DEFERRED) {
        connection->late = response != NULL ? hob_response_ref(response) : NULL;
        hob_http_loop_wake(&connection->sleeper);
        return;
    }
    if (deliver(connection, response) != MHD_YES)
        connection->hang_up = true;
}
