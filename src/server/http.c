/* http: libmicrohttpd behind one small face.
 *
 * One epoll loop a thread; a connection stays with its thread. libmicrohttpd calls on_access once
 * when the headers are in, once for each piece of the body, and once at the end. Only refusals are
 * sent in the first call, because libmicrohttpd closes the connection after an answer given there.
 *
 * What a request needs lives in its connection (struct connection) and is used again by the next
 * request of the same connection, so that a small kept-alive request allocates nothing here. The
 * response objects are libmicrohttpd's own, which counts references and may send one to several
 * connections at once: an answer that is kept warm is sent without a copy.
 *
 * Time limits. libmicrohttpd keeps the connections with the common limit in order of their last
 * activity, and walks through those with a limit of their own at each turn; so the common limit is
 * the long one of idle connections, and only a connection whose body is being awaited, or to which
 * a long answer is being sent, gets a short one. A client that drips its body is caught by a rate:
 * half a minute, and then one second more for each 64 KiB that came.
 *
 * A body over the limit whose length was not announced is read to its end and thrown away, since
 * libmicrohttpd cannot answer in the middle of a body; the same rate, and sixteen times the limit,
 * bound that. */
#include "server/http_response.h"

#include <microhttpd.h>
#include <stdatomic.h>
#include <stdint.h>
#include <strings.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/number.h"

enum {
    IDLE_SECONDS = 3600,
    BODY_SECONDS = 30,
    SEND_SECONDS = 60,        /* that a client may take none of its answer, when that... */
    LONG_ANSWER = 64 * 1024,  /* ...is longer than what the system takes in one go */
    BODY_RATE = 64 * 1024,    /* bytes that buy one more second */
    STACK_SIZE = 1024 * 1024, /* documents are read by recursion, up to HOB_VALUE_MAX_DEPTH */
    POOL_SIZE = 8 * 1024,     /* of a connection, for its headers; cleared after each request */
    KEEP_BODY = 1024,         /* an idle connection keeps a buffer of at most this size */
    SWALLOW = 16,             /* times the limit of a body are read and thrown away */
};

struct hob_http {
    struct MHD_Daemon *daemon;
    struct hob_http_application application;
    struct hob_http_options options;
    int listening; /* the socket: lent to the daemon, which gives it back when it drains */
    atomic_bool draining;
    atomic_uint open_requests, connections;
    atomic_size_t body_bytes; /* in memory now, of all requests */
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
    struct hob_http_peer peer;
    struct hob_buffer body;
    uint64_t received;
    enum phase phase;
    enum hob_http_refusal refusal;
    unsigned limit;            /* seconds without a byte; 0: the common limit */
    struct hob_response *late; /* the answer of a deferred request; owned */
    bool hang_up;
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
                              seconds != 0 ? seconds : (unsigned)IDLE_SECONDS);
}

static enum MHD_Result deliver(struct connection *connection, struct hob_response *response)
{
    connection->phase = ANSWERED;
    if (response == NULL)
        return MHD_NO;
    bool last = atomic_load_explicit(&connection->http->draining, memory_order_relaxed);
    if (response->streamed || response->body.size > LONG_ANSWER)
        set_time_limit(connection, SEND_SECONDS);
    if (last && !response->streamed)
        return send_last(connection, response);
    if (last) /* nobody else is given a streamed answer */
        hob_response_set_header(response, MHD_HTTP_HEADER_CONNECTION, "close");
    return MHD_queue_response(connection->native, (unsigned)response->status, response->native);
}

/* ---- headers ---- */

static bool named(const char *key, size_t size, struct hob_text name)
{
    return size == name.size && strncasecmp(key, name.data, size) == 0;
}

static void note_line(struct hob_accept_header *header, struct hob_text line)
{
    if (header->count < HOB_ACCEPT_LINES)
        header->lines[header->count++] = line;
}

static enum MHD_Result note_header(void *context, enum MHD_ValueKind kind, const char *key,
                                   size_t key_size, const char *value, size_t value_size)
{
    struct hob_http_headers *headers = context;
    struct hob_text text = {value, value_size};
    (void)kind;
    if (named(key, key_size, HOB_TEXT("host"))) {
        headers->host = text;
        headers->host_count++;
    } else if (named(key, key_size, HOB_TEXT("origin"))) {
        headers->origin = text;
    } else if (named(key, key_size, HOB_TEXT("sec-fetch-site"))) {
        headers->fetch_site = text;
    } else if (named(key, key_size, HOB_TEXT("content-length"))) {
        headers->length_count++;
        hob_number_parse_unsigned(text, &headers->content_length);
    } else if (named(key, key_size, HOB_TEXT("transfer-encoding"))) {
        headers->encoding_count++;
        headers->chunked = named(value, value_size, HOB_TEXT("chunked"));
    } else if (named(key, key_size, HOB_TEXT("expect"))) {
        headers->expects = named(value, value_size, HOB_TEXT("100-continue"));
    } else if (named(key, key_size, HOB_TEXT("accept"))) {
        note_line(&headers->accept, text);
    } else if (named(key, key_size, HOB_TEXT("accept-encoding"))) {
        note_line(&headers->accept_encoding, text);
    } else if (named(key, key_size, HOB_TEXT("if-none-match"))) {
        note_line(&headers->if_none_match, text);
    }
    return MHD_YES;
}

static bool has_body(const struct hob_http_headers *headers)
{
    return headers->content_length > 0 || headers->encoding_count > 0;
}

/* ---- a request from its first call to its last ---- */

static void begin(struct connection *connection, struct MHD_Connection *native, const char *path,
                  const char *method, const char *version)
{
    connection->request = (struct hob_http_request){
        .method = method,
        .path = path,
        .version_1_0 = strcmp(version, MHD_HTTP_VERSION_1_0) == 0,
        .peer = &connection->peer,
        .started = hob_clock_now(),
    };
    connection->native = native;
    connection->received = 0;
    connection->refusal = HOB_HTTP_TAKEN;
    connection->hang_up = false;
    connection->phase = READING;
    atomic_fetch_add(&connection->http->open_requests, 1);
    MHD_get_connection_values_n(native, MHD_HEADER_KIND, note_header, &connection->request.headers);
}

/* Sends a refusal while the body is still on its way: the connection cannot be used any more. */
static enum MHD_Result refuse(struct connection *connection, struct hob_response *response)
{
    if (response == NULL)
        return MHD_NO;
    connection->phase = ANSWERED;
    enum MHD_Result result = send_last(connection, response);
    hob_response_unref(response);
    return result;
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
    if (request->headers.content_length > connection->http->options.max_body)
        return refuse(connection,
                      application->refuse_body(application->context, request, HOB_HTTP_TOO_LARGE));
    if (has_body(&request->headers))
        set_time_limit(connection, BODY_SECONDS);
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
    if (hob_buffer_failed(&connection->body) || total > http->options.max_bodies)
        connection->refusal = HOB_HTTP_CROWDED;
}

static enum MHD_Result on_body(struct connection *connection, const char *data, size_t size)
{
    size_t limit = connection->http->options.max_body;
    connection->received += size;
    if (connection->received > limit)
        connection->refusal = HOB_HTTP_TOO_LARGE;
    if (too_slow(connection) || connection->received / SWALLOW > limit)
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

static enum MHD_Result on_access(void *context, struct MHD_Connection *native, const char *path,
                                 const char *method, const char *version, const char *data,
                                 size_t *size, void **slot)
{
    (void)context;
    struct connection *connection = *slot;
    if (connection == NULL) {
        connection =
            MHD_get_connection_info(native, MHD_CONNECTION_INFO_SOCKET_CONTEXT)->socket_context;
        *slot = connection;
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

static void on_completed(void *context, struct MHD_Connection *native, void **slot,
                         enum MHD_RequestTerminationCode code)
{
    (void)context, (void)native;
    struct connection *connection = *slot;
    if (connection == NULL)
        return;
    if (code == MHD_REQUEST_TERMINATED_COMPLETED_OK)
        set_time_limit(connection, 0);
    connection->late = hob_response_unref(connection->late);
    drop_body(connection);
    connection->phase = IDLE;
    *slot = NULL;
    atomic_fetch_sub(&connection->http->open_requests, 1);
}

static void on_connection(void *context, struct MHD_Connection *native, void **slot,
                          enum MHD_ConnectionNotificationCode code)
{
    struct hob_http *http = context;
    if (code == MHD_CONNECTION_NOTIFY_STARTED) {
        struct connection *connection = hob_alloc_zero(1, sizeof *connection);
        connection->http = http;
        connection->peer.local = http->options.local;
        connection->peer.descriptor =
            MHD_get_connection_info(native, MHD_CONNECTION_INFO_CONNECTION_FD)->connect_fd;
        *slot = connection;
        atomic_fetch_add(&http->connections, 1);
        return;
    }
    struct connection *connection = *slot;
    atomic_fetch_sub(&http->connections, 1);
    hob_buffer_deinit(&connection->body);
    free(connection);
}

void hob_http_defer(struct hob_http_request *request)
{
    struct connection *connection = (struct connection *)request;
    connection->phase = DEFERRED;
    MHD_suspend_connection(connection->native);
}

void hob_http_answer(struct hob_http_request *request, struct hob_response *response)
{
    struct connection *connection = (struct connection *)request;
    if (connection->phase == DEFERRED) {
        connection->late = response != NULL ? hob_response_ref(response) : NULL;
        MHD_resume_connection(connection->native);
        return;
    }
    if (deliver(connection, response) != MHD_YES)
        connection->hang_up = true;
}

/* ---- starting and stopping ---- */

struct hob_http *hob_http_new(const struct hob_http_options *options)
{
    struct hob_http *http = hob_alloc_zero(1, sizeof *http);
    http->application = *options->application;
    http->options = *options;
    http->listening = options->descriptor;
    return http;
}

int hob_http_start(struct hob_http *http, struct hob_error *error)
{
    unsigned threads = http->options.threads;
    struct MHD_OptionItem pool[] = {
        {threads > 1 ? MHD_OPTION_THREAD_POOL_SIZE : MHD_OPTION_END, (intptr_t)threads, NULL},
        {MHD_OPTION_END, 0, NULL},
    };
    http->daemon = MHD_start_daemon(
        MHD_USE_EPOLL_INTERNAL_THREAD | MHD_ALLOW_SUSPEND_RESUME | MHD_USE_ITC, 0, NULL, NULL,
        on_access, http, MHD_OPTION_LISTEN_SOCKET, http->listening, MHD_OPTION_NOTIFY_COMPLETED,
        on_completed, http, MHD_OPTION_NOTIFY_CONNECTION, on_connection, http,
        MHD_OPTION_CONNECTION_MEMORY_LIMIT, (size_t)POOL_SIZE, MHD_OPTION_CONNECTION_LIMIT,
        http->options.max_connections, MHD_OPTION_CONNECTION_TIMEOUT, (unsigned)IDLE_SECONDS,
        MHD_OPTION_THREAD_STACK_SIZE, (size_t)STACK_SIZE, MHD_OPTION_ARRAY, pool, MHD_OPTION_END);
    if (http->daemon == NULL)
        return hob_error_set(error, HOB_E_IO,
                             "cannot start the HTTP server: libmicrohttpd gave no reason");
    return 0;
}

void hob_http_drain(struct hob_http *http)
{
    if (http->daemon == NULL || atomic_exchange(&http->draining, true))
        return;
    MHD_quiesce_daemon(http->daemon);
    /* Clients that try now are refused instead of waiting for an accept that won't come; closing
     * it must wait for the threads that may still be looking at it. */
    shutdown(http->listening, SHUT_RDWR);
}

unsigned hob_http_open_requests(struct hob_http *http)
{
    return atomic_load(&http->open_requests);
}

unsigned hob_http_connections(struct hob_http *http)
{
    return atomic_load(&http->connections);
}

struct hob_http *hob_http_stop(struct hob_http *http)
{
    if (http == NULL)
        return NULL;
    /* A daemon that listens no more has given its socket back. */
    hob_http_drain(http);
    if (http->daemon != NULL)
        MHD_stop_daemon(http->daemon);
    close(http->listening);
    free(http);
    return NULL;
}
