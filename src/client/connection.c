/* connection: see connection.h.
 *
 * The socket does not block; waiting is done in one place, which knows the deadline. While a long
 * request is being sent its answer is looked for already: a server that refuses it answers early
 * and stops reading, and would otherwise wait for us as we for it. */
#define _GNU_SOURCE
#include "client/connection.h"

#include <errno.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <signal.h>
#include <sys/uio.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/file.h"
#include "base/header.h"

enum { PIECE = 64 << 10 };

static const size_t default_max_body = (size_t)256 << 20;

struct hob_connection {
    struct hob_endpoint endpoint;
    unsigned budget_ms;
    int descriptor;         /* -1 when it is not connected */
    bool reached;           /* some of the last request was sent */
    struct hob_buffer head; /* of the request */
    char piece[PIECE];      /* what was just read */
};

const struct hob_endpoint *hob_connection_endpoint(const struct hob_connection *connection)
{
    return &connection->endpoint;
}

bool hob_connection_reached(const struct hob_connection *connection)
{
    return connection->reached;
}

static void disconnect(struct hob_connection *connection)
{
    hob_file_close(connection->descriptor);
    connection->descriptor = -1;
}

struct hob_connection *hob_connection_close(struct hob_connection *connection)
{
    if (connection == NULL)
        return NULL;
    disconnect(connection);
    hob_buffer_deinit(&connection->head);
    free(connection);
    return NULL;
}

/* ---- waiting ---- */

struct wait {
    uint64_t deadline_ns; /* 0: none */
    bool interruptible;
    int stop; /* as in struct hob_request */
};

static uint64_t deadline_in(unsigned milliseconds)
{
    return milliseconds > 0 ? hob_clock_now() + milliseconds * 1000000ull : 0;
}

/* 1 when one of the events is there, 0 when the time is up, -1 and errno: EINTR only when the wait
 * may be interrupted. */
static int wait_until(int descriptor, short events, const struct wait *wait)
{
    struct pollfd polled[] = {{.fd = descriptor, .events = events},
                              {.fd = wait->stop > 0 ? wait->stop : -1, .events = POLLIN}};
    sigset_t mask;
    pthread_sigmask(SIG_BLOCK, NULL, &mask);
    if (wait->interruptible)
        sigdelset(&mask, SIGINT);
    for (;;) {
        uint64_t now = hob_clock_now(), left = wait->deadline_ns - now;
        struct timespec rest = {(time_t)(left / 1000000000u), (long)(left % 1000000000u)};
        if (wait->deadline_ns != 0 && now >= wait->deadline_ns)
            return 0;
        int result = ppoll(polled, 2, wait->deadline_ns != 0 ? &rest : NULL, &mask);
        if (result > 0 && polled[1].revents != 0) {
            errno = EINTR;
            return -1;
        }
        if (result > 0)
            return 1;
        if (result < 0 && (errno != EINTR || wait->interruptible))
            return -1;
    }
}

static int not_waited(int result, const char *name, struct hob_error *error)
{
    if (result < 0 && errno == EINTR)
        return hob_error_set(error, HOB_E_INTERRUPTED, "interrupted");
    if (result < 0)
        return hob_error_set(error, HOB_E_IO, "cannot wait for %s: %s", name, strerror(errno));
    hob_error_set(error, HOB_E_TIMEOUT, "%s did not answer in time", name);
    hob_error_hint(error, "it is overloaded or hangs: look at its log, or try again");
    return HOB_E_TIMEOUT;
}

/* ---- connecting ---- */

static int cannot_connect(const struct hob_endpoint *endpoint, int number, struct hob_error *error)
{
    int code = HOB_E_IO;
    const char *why = strerror(number), *hint = NULL;
    if (number == ENOENT || number == ECONNREFUSED || number == ENOTSOCK) {
        code = HOB_E_NO_SERVER;
        why = number == ENOTSOCK ? "that is no socket" : "nobody listens there";
        hint =
            endpoint->is_local
                ? "'hob serve --daemon' starts one; --server or HOB_SERVER name another"
                : "start one there with 'hob serve', or name another with --server or HOB_SERVER";
    } else if (number == EAGAIN) {
        code = HOB_E_BUSY;
        why = "too many others are waiting";
        hint = "try again in a moment";
    } else if (number == EACCES || number == EPERM) {
        code = HOB_E_PERMISSION;
        hint = "each user has a server of their own";
    } else if (number == ETIMEDOUT) {
        code = HOB_E_TIMEOUT;
    }
    hob_error_set(error, code, "cannot connect to the server at %s: %s", endpoint->name, why);
    if (hint != NULL)
        hob_error_hint(error, "%s", hint);
    return code;
}

/* The result of a connect that did not finish at once: 0 or an errno; -1 when waiting failed. */
static int finish_connecting(int descriptor, const struct wait *wait, int *waited)
{
    int number = 0;
    socklen_t size = sizeof number;
    *waited = wait_until(descriptor, POLLOUT, wait);
    if (*waited <= 0)
        return -1;
    return getsockopt(descriptor, SOL_SOCKET, SO_ERROR, &number, &size) == 0 ? number : errno;
}

static int connect_socket(const struct hob_endpoint *endpoint, int descriptor,
                          const struct wait *wait, struct hob_error *error)
{
    int waited = 1, number = 0;
    if (connect(descriptor, &endpoint->address.as.any, endpoint->address.size) != 0)
        number = errno;
    /* Interrupted, it goes on by itself as well. */
    if (number == EINPROGRESS || number == EINTR)
        number = finish_connecting(descriptor, wait, &waited);
    if (waited <= 0)
        return not_waited(waited, endpoint->name, error);
    return number != 0 ? cannot_connect(endpoint, number, error) : 0;
}

static int connect_now(struct hob_connection *connection, const struct wait *outer,
                       struct hob_error *error)
{
    const struct hob_endpoint *endpoint = &connection->endpoint;
    struct wait wait = {deadline_in(connection->budget_ms), outer->interruptible, outer->stop};
    if (outer->deadline_ns != 0 && outer->deadline_ns < wait.deadline_ns)
        wait.deadline_ns = outer->deadline_ns;
    int family = endpoint->address.as.any.sa_family, on = 1;
    HOB_AUTO(descriptor)
    int descriptor = socket(family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (descriptor < 0)
        return cannot_connect(endpoint, errno, error);
    int code = connect_socket(endpoint, descriptor, &wait, error);
    if (code != 0)
        return code;
    if (family != AF_UNIX)
        setsockopt(descriptor, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    connection->descriptor = descriptor;
    descriptor = -1;
    return 0;
}

int hob_connection_open(struct hob_connection **connection, const struct hob_endpoint *endpoint,
                        unsigned budget_ms, struct hob_error *error)
{
    HOB_AUTO(connection) struct hob_connection *made = hob_alloc_zero(1, sizeof *made);
    made->endpoint = *endpoint;
    made->budget_ms = budget_ms > 0 ? budget_ms : HOB_CONNECT_MS;
    made->descriptor = -1;
    struct wait wait = {0};
    int code = connect_now(made, &wait, error);
    if (code == 0)
        *connection = HOB_STEAL(made);
    return code;
}

/* Whether the server has closed a connection that was kept, or said something unasked: it cannot be
 * used any more. */
static bool is_stale(int descriptor)
{
    char byte;
    ssize_t got = recv(descriptor, &byte, 1, MSG_PEEK | MSG_DONTWAIT);
    return got >= 0 || (errno != EAGAIN && errno != EWOULDBLOCK && errno != EINTR);
}

/* ---- sending ---- */

static bool is_target(const char *path)
{
    for (const char *at = path; *at != '\0'; at++)
        if (*at <= ' ' || *at == 0x7f)
            return false;
    return path[0] == '/';
}

/* Where relative paths start: a server of the same user works there for us. A directory that cannot
 * be said in a header, or is gone, is not said. */
static void put_directory(struct hob_buffer *out)
{
    HOB_AUTO(free) char *directory = getcwd(NULL, 0);
    size_t size = directory != NULL ? strlen(directory) : 0;
    bool blank = size > 0 && strchr(" \t", directory[size - 1]) != NULL;
    if (size > 0 && directory[0] == '/' && !blank && hob_header_is_value(hob_text_from(directory)))
        hob_buffer_printf(out, "X-Hob-Directory: %s\r\n", directory);
}

static int put_head(struct hob_buffer *out, const struct hob_endpoint *endpoint,
                    const struct hob_request *request, struct hob_error *error)
{
    hob_buffer_clear(out);
    if (!is_target(request->path) || !hob_header_is_name(hob_text_from(request->method)))
        return hob_error_set(error, HOB_E_PARAMETER, "cannot ask for '%.200s': it is no path",
                             request->path);
    hob_buffer_printf(out, "%s %s HTTP/1.1\r\nHost: %s\r\n", request->method, request->path,
                      endpoint->host);
    if (endpoint->is_local)
        put_directory(out);
    bool typed = false;
    for (size_t i = 0; request->headers != NULL && request->headers[i].name != NULL; i++) {
        struct hob_text name = hob_text_from(request->headers[i].name);
        struct hob_text value = hob_text_from(request->headers[i].value);
        if (!hob_header_is_name(name) || !hob_header_is_value(value))
            return hob_error_set(error, HOB_E_PARAMETER, "cannot send the header '%.100s'",
                                 name.data);
        typed |= hob_header_named(name, HOB_TEXT("content-type"));
        hob_buffer_printf(out, "%s: %s\r\n", name.data, value.data);
    }
    if (request->body.size > 0 && !typed)
        hob_buffer_put_string(out, "Content-Type: application/json\r\n");
    if (request->body.size > 0 || strcmp(request->method, "POST") == 0)
        hob_buffer_printf(out, "Content-Length: %zu\r\n", request->body.size);
    hob_buffer_put_string(out, "\r\n");
    if (hob_buffer_failed(out))
        return hob_error_set(error, HOB_E_MEMORY, "not enough memory for the request");
    return 0;
}

/* Sends what is left behind `sent` bytes; -1 and errno. */
static ssize_t send_some(int descriptor, const struct hob_text pieces[2], size_t sent)
{
    struct iovec vectors[2];
    struct msghdr message = {.msg_iov = vectors};
    for (size_t i = 0; i < 2; i++) {
        size_t skipped = sent < pieces[i].size ? sent : pieces[i].size;
        sent -= skipped;
        if (skipped < pieces[i].size)
            vectors[message.msg_iovlen++] =
                (struct iovec){(char *)pieces[i].data + skipped, pieces[i].size - skipped};
    }
    return sendmsg(descriptor, &message, MSG_NOSIGNAL);
}

/* *all is false when the server answered, or went away, before it had read everything: then there
 * may be an answer to be read nevertheless. */
static int send_request(struct hob_connection *connection, const struct hob_request *request,
                        const struct wait *wait, bool *all, struct hob_error *error)
{
    const struct hob_text pieces[2] = {hob_buffer_text(&connection->head), request->body};
    size_t size = pieces[0].size + pieces[1].size;
    *all = true;
    for (size_t sent = 0; sent < size;) {
        ssize_t more = send_some(connection->descriptor, pieces, sent);
        if (more >= 0) {
            sent += (size_t)more;
            connection->reached = true;
        } else if (errno == EAGAIN || errno == EWOULDBLOCK) {
            int waited = wait_until(connection->descriptor, POLLIN | POLLOUT, wait);
            if (waited <= 0)
                return not_waited(waited, connection->endpoint.name, error);
            if (is_stale(connection->descriptor)) {
                *all = false;
                return 0;
            }
        } else if (errno != EINTR) {
            *all = false;
            return 0;
        }
    }
    return 0;
}

/* ---- receiving ---- */

static int receive(struct hob_connection *connection, const struct hob_request *request,
                   struct hob_reply *reply, const struct wait *wait, struct hob_error *error)
{
    for (;;) {
        size_t used;
        ssize_t got = recv(connection->descriptor, connection->piece, PIECE, 0);
        if (got > 0) {
            struct hob_text bytes = {connection->piece, (size_t)got};
            int code = hob_reply_feed(reply, bytes, &used, error);
            if (used < bytes.size)
                reply->keeps_alive = false; /* what follows is nobody's answer */
            if (request->piece != NULL && reply->body.size > 0 && reply->status < 400)
                request->piece(request->piece_data, &reply->body);
            if (code != HOB_REPLY_MORE)
                return code;
        } else if (got == 0) {
            return hob_reply_end(reply, error);
        } else if (errno == EAGAIN || errno == EWOULDBLOCK) {
            int waited = wait_until(connection->descriptor, POLLIN, wait);
            if (waited <= 0)
                return not_waited(waited, connection->endpoint.name, error);
        } else if (errno != EINTR) {
            return hob_error_set(error, HOB_E_CUT, "the connection was lost: %s", strerror(errno));
        }
    }
}

static int exchange(struct hob_connection *connection, const struct hob_request *request,
                    struct hob_reply *reply, const struct wait *wait, struct hob_error *error)
{
    bool all;
    if (connection->descriptor >= 0 && is_stale(connection->descriptor))
        disconnect(connection);
    int code = put_head(&connection->head, &connection->endpoint, request, error);
    if (code == 0 && connection->descriptor < 0)
        code = connect_now(connection, wait, error);
    if (code != 0)
        return code;
    code = send_request(connection, request, wait, &all, error);
    if (code == 0)
        code = receive(connection, request, reply, wait, error);
    if (!all)
        reply->keeps_alive = false;
    if (code == HOB_E_CUT || code == HOB_E_PROTOCOL)
        hob_error_context(error, "the server at %s", connection->endpoint.name);
    return code;
}

int hob_connection_exchange(struct hob_connection *connection, const struct hob_request *request,
                            struct hob_reply *reply, struct hob_error *error)
{
    struct wait wait = {deadline_in(request->deadline_ms), request->interruptible, request->stop};
    hob_reply_begin(reply, request->method,
                    request->max_body > 0 ? request->max_body : default_max_body);
    connection->reached = false;
    int code = exchange(connection, request, reply, &wait, error);
    if (code != 0 ? connection->reached : !reply->keeps_alive)
        disconnect(connection);
    return code;
}
