/* http: HTTP/1.1 over listening sockets; the only module that knows libmicrohttpd.
 *
 * An application gives one function that is called for each complete request, from several
 * threads. It answers at once with hob_http_answer, or defers: the connection then sleeps, at no
 * cost to others, until somebody answers from any thread. Bodies are collected up to a limit;
 * what is over it is refused without asking the application. */
#ifndef HOB_SERVER_HTTP_H
#define HOB_SERVER_HTTP_H

#include "base/buffer.h"
#include "base/error.h"
#include "server/accept.h"

/* An answer: status, headers and body. Counted references; sent any number of times, from any
 * thread, without being copied. */
struct hob_response;

/* Takes the bytes out of `body` (which is empty afterwards). NULL without memory. The content type
 * is application/json. */
struct hob_response *hob_response_new(int status, struct hob_buffer *body);
struct hob_response *hob_response_new_typed(int status, struct hob_buffer *body,
                                            const char *content_type);
/* Without a body and its type. */
struct hob_response *hob_response_new_empty(int status);
/* Of JSON that stays for ever, and is not copied. */
struct hob_response *hob_response_new_constant(int status, const char *body);

/* A body that is made while it is sent. */
enum { HOB_HTTP_LATER = 2 };
struct hob_http_source {
    /* Appends the next piece, at least a byte unless it is the last: 1 when there is more, 0 when
     * that was all, HOB_HTTP_LATER when there is nothing for now (see hob_http_wake), a negative
     * code to cut the connection. Called by the thread that sends, one at a time. */
    int (*more)(void *data, struct hob_buffer *out);
    void (*free)(void *data);
    void *data;
};

/* To be sent once. The source is taken over, and freed as soon as nobody wants more of it, also
 * when this fails: NULL without memory. */
struct hob_response *hob_response_new_streamed(int status, const struct hob_http_source *source,
                                               const char *content_type);
/* From any thread, while a reference is held: there is more now, or an end. Whoever calls must not
 * hold what `more` waits for. */
void hob_http_wake(struct hob_response *response);
struct hob_response *hob_response_ref(struct hob_response *response);
/* Takes NULL, returns NULL. */
struct hob_response *hob_response_unref(struct hob_response *response);
static inline void hob_auto_response(struct hob_response **response)
{
    hob_response_unref(*response);
}
/* Only before the response is sent or shared. */
void hob_response_set_header(struct hob_response *response, const char *name, const char *value);
/* Sets the header ETag; with an entity tag whose quotes are part of it. */
void hob_response_set_tag(struct hob_response *response, const char *tag);
/* "" when there is none. */
const char *hob_response_tag(const struct hob_response *response);
bool hob_response_is_streamed(const struct hob_response *response);
int hob_response_status(const struct hob_response *response);
/* Bytes of the body; 0 while nobody knows. */
size_t hob_response_size(const struct hob_response *response);

/* What the headers say that decides whether a request is let in; empty texts: not there. A target
 * that names its server stands in place of the Host header, but is not counted. */
struct hob_http_headers {
    struct hob_text host, origin, fetch_site;
    struct hob_text directory; /* X-Hob-Directory */
    unsigned host_count, origin_count, site_count, length_count, encoding_count;
    uint64_t content_length;
    bool malformed; /* not all of them could be read in just one way */
    bool chunked;   /* Transfer-Encoding is exactly "chunked" */
    bool expects;   /* Expect: 100-continue */
    struct hob_accept_header accept, accept_encoding, if_none_match;
    struct hob_text timeout, idempotent; /* X-Hob-Timeout, X-Hob-Idempotent */
};

struct hob_http_peer {
    int descriptor; /* the connection's socket: to be asked, not to be read */
    bool local;     /* came over the unix socket */
    bool owner;     /* likewise the application's own: surely a process of the server's user */
    bool welcome;   /* the application's own, which sets it when the connection comes in */
};

/* The event loop in whose thread a request is handled. Somebody else may be its guest: their
 * descriptors are waited for in the same place, and what they hear is heard by that thread. */
struct hob_http_loop;

struct hob_poller_event;
struct hob_http_guest {
    /* Called by the loop's thread with the events whose keys the guest has chosen (below 1 << 63),
     * maybe none: when the poller was woken. */
    void (*hear)(void *data, const struct hob_poller_event *events, size_t count);
    void (*free)(void *data); /* when the loop has ended */
    void *data;
};

/* NULL where there is none to be had; then there can be no guest. */
struct hob_poller *hob_http_loop_poller(const struct hob_http_loop *loop);
/* The guest's data, or NULL. By the loop's thread, once: there is room for one. */
void *hob_http_loop_guest(const struct hob_http_loop *loop);
void hob_http_loop_set_guest(struct hob_http_loop *loop, const struct hob_http_guest *guest);

struct hob_http_request {
    const char *method;
    const char *path; /* percent-decoded, without the query */
    bool version_1_0;
    struct hob_http_headers headers;
    struct hob_text body;       /* empty in `admit` */
    struct hob_http_peer *peer; /* one for each connection; touched by one thread at a time */
    struct hob_http_loop *loop;
    uint64_t started; /* hob_clock_now when the headers were in */
    void *deferred;   /* the application's own, for requests that it deferred */
};

enum hob_http_refusal {
    HOB_HTTP_TAKEN,     /* the body is whole */
    HOB_HTTP_TOO_LARGE, /* it is over max_body */
    HOB_HTTP_CROWDED,   /* all bodies together would be over max_bodies, or memory ran out */
};

struct hob_http_application {
    void *context;
    /* Called when a connection comes in: false closes it at once. What its client has sent by then
     * may still be given to `admit`. */
    bool (*welcome)(void *context, struct hob_http_peer *peer);
    /* Called with the headers alone, before the body is read: NULL to go on, or a refusal (a
     * reference is taken over), after which the connection is closed. */
    struct hob_response *(*admit)(void *context, struct hob_http_request *request);
    /* Called once with the complete request. */
    void (*handle)(void *context, struct hob_http_request *request);
    /* The answer to a request whose body was not taken (a reference is taken over). */
    struct hob_response *(*refuse_body)(void *context, struct hob_http_request *request,
                                        enum hob_http_refusal why);
};

struct hob_http_options {
    int descriptor;   /* a listening socket, taken over */
    bool local;       /* it is a unix socket */
    unsigned threads; /* 0: 1 */
    unsigned max_connections;
    size_t max_body;   /* bytes of one request's body... */
    size_t max_bodies; /* ...and of those of all requests at one time */
    const struct hob_http_application *application; /* borrowed */
};

struct hob_http;

/* Nothing is answered before hob_http_start, so that the application can put the object where its
 * functions look for it. */
struct hob_http *hob_http_new(const struct hob_http_options *options);
int hob_http_start(struct hob_http *http, struct hob_error *error);
/* Other limits than those of the options, from now on; of a body that is on its way, for the rest.
 */
void hob_http_limit_bodies(struct hob_http *http, size_t max_body, size_t max_bodies);
size_t hob_http_max_body(const struct hob_http *http);
/* Sends the answer; to be called once for each request, in `handle` or, after hob_http_defer, from
 * any thread. Takes no reference. NULL closes the connection without an answer. */
void hob_http_answer(struct hob_http_request *request, struct hob_response *response);
/* In `handle` only: the answer will come later. The request stays valid until then. */
void hob_http_defer(struct hob_http_request *request);
/* In `handle` only, for an answer that comes from the loop's guest: it may come at once, as long as
 * nobody else wants the loop; otherwise the request is deferred. */
void hob_http_await(struct hob_http_request *request);

/* The listening socket, to hand it over; it stays the object's. */
int hob_http_listening(const struct hob_http *http);

/* Stops accepting; from now on answers close their connections. Whoever has connected already is
 * still served, unless the listening socket was `handed_over` to a process that will do so. */
void hob_http_drain(struct hob_http *http, bool handed_over);
/* Requests that have begun and are not yet answered completely. */
unsigned hob_http_open_requests(struct hob_http *http);
/* Connections that have not asked anything yet. */
unsigned hob_http_silent_connections(struct hob_http *http);
/* hob_clock_now when a request was finished last; at first, when the object was made. */
uint64_t hob_http_last_used(struct hob_http *http);
unsigned hob_http_connections(struct hob_http *http);
/* Closes everything, whether it was started or not. No request may be deferred any more. Takes
 * NULL, returns NULL. */
struct hob_http *hob_http_stop(struct hob_http *http);

#endif
