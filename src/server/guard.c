/* guard: see guard.h. */
#define _GNU_SOURCE
#include "server/guard.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <stdio.h>
#include <strings.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/number.h"
#include "base/peer.h"

static bool same_name(struct hob_text name, const char *other)
{
    return name.size == strlen(other) && strncasecmp(name.data, other, name.size) == 0;
}

/* Digits and nothing else, as the server itself would write it. */
static bool parse_port(struct hob_text digits, uint64_t *port)
{
    if (digits.size == 0 || digits.size > 5 || digits.data[0] == '0')
        return false;
    for (size_t i = 0; i < digits.size; i++)
        if (digits.data[i] < '0' || digits.data[i] > '9')
            return false;
    return hob_number_parse_unsigned(digits, port) == 0;
}

/* Splits "name:port", "[::1]:port" or a bare name; a port that is not there is HTTP's own. */
static bool split_host(struct hob_text host, struct hob_text *name, uint64_t *port)
{
    size_t end = host.size;
    while (end > 0 && host.data[end - 1] != ':' && host.data[end - 1] != ']')
        end--;
    *name = host;
    *port = 80;
    if (end == 0 || host.data[end - 1] == ']')
        return host.size > 0;
    *name = (struct hob_text){host.data, end - 1};
    struct hob_text digits = {host.data + end, host.size - end};
    return name->size > 0 && parse_port(digits, port);
}

/* The address that this connection came in at, as a Host header has it. */
static bool is_local_address(struct hob_text name, int descriptor)
{
    union {
        struct sockaddr any;
        struct sockaddr_in v4;
        struct sockaddr_in6 v6;
    } address = {0};
    socklen_t size = sizeof address;
    char text[INET6_ADDRSTRLEN], host[INET6_ADDRSTRLEN + 2];
    if (getsockname(descriptor, &address.any, &size) != 0)
        return false;
    bool v6 = address.any.sa_family == AF_INET6;
    const uint8_t *bytes = v6 ? address.v6.sin6_addr.s6_addr : (uint8_t *)&address.v4.sin_addr;
    if (v6 && IN6_IS_ADDR_V4MAPPED(&address.v6.sin6_addr)) {
        v6 = false; /* a client of the other version: it knows the address in its own spelling */
        bytes += 12;
    }
    if (inet_ntop(v6 ? AF_INET6 : AF_INET, bytes, text, sizeof text) == NULL)
        return false;
    snprintf(host, sizeof host, v6 ? "[%s]" : "%s", text);
    return same_name(name, host);
}

bool hob_guard_is_own_host(const struct hob_guard *guard, struct hob_text host, int descriptor)
{
    struct hob_text name;
    uint64_t port;
    if (!split_host(host, &name, &port) || port != guard->port)
        return false;
    if (same_name(name, "localhost") || same_name(name, "127.0.0.1") || same_name(name, "[::1]") ||
        same_name(name, guard->host))
        return true;
    return is_local_address(name, descriptor);
}

bool hob_guard_is_loopback(const struct hob_guard *guard)
{
    return strcmp(guard->host, "localhost") == 0 || strncmp(guard->host, "127.", 4) == 0 ||
           strcmp(guard->host, "[::1]") == 0;
}

/* What a request must not be, so that nobody between the client and here can see another one. */
static const char *framing_fault(const struct hob_http_request *request)
{
    const struct hob_http_headers *headers = &request->headers;
    if (headers->malformed)
        return "a header that is malformed";
    if (headers->host_count > 1)
        return "several Host headers";
    if (headers->origin_count > 1)
        return "several Origin headers";
    if (headers->site_count > 1)
        return "several Sec-Fetch-Site headers";
    if (headers->length_count > 1)
        return "several Content-Length headers";
    if (headers->encoding_count > 0 && request->version_1_0)
        return "a Transfer-Encoding, which HTTP/1.0 does not have";
    if (headers->encoding_count > 1 || (headers->encoding_count == 1 && !headers->chunked))
        return "a Transfer-Encoding other than 'chunked'";
    if (headers->encoding_count > 0 && headers->length_count > 0)
        return "both Content-Length and Transfer-Encoding";
    return NULL;
}

static int check_framing(const struct hob_http_request *request, struct hob_error *error)
{
    const char *fault = framing_fault(request);
    if (fault == NULL)
        return 0;
    return hob_error_set(error, HOB_E_PARAMETER, "the request has %s", fault);
}

static int check_host(const struct hob_guard *guard, const struct hob_http_request *request,
                      struct hob_error *error)
{
    const struct hob_http_headers *headers = &request->headers;
    if (headers->host_count == 0 && !request->version_1_0)
        return hob_error_set(error, HOB_E_PARAMETER, "the request has no Host header");
    if (headers->host.data == NULL)
        return 0;
    if (hob_guard_is_own_host(guard, headers->host, request->peer->descriptor))
        return 0;
    hob_error_set(error, HOB_E_FORBIDDEN, "refused: the host '%.*s' does not name this server",
                  HOB_TEXT_ARG(headers->host));
    hob_error_hint(error,
                   "ask for http://127.0.0.1:%u or http://localhost:%u, or start hobd with "
                   "--host and the name that clients use",
                   guard->port, guard->port);
    return HOB_E_FORBIDDEN;
}

static bool is_own_origin(const struct hob_guard *guard, struct hob_text origin, int descriptor)
{
    struct hob_text host = {origin.data + strlen("http://"), origin.size - strlen("http://")};
    return hob_text_starts_with(origin, "http://") &&
           hob_guard_is_own_host(guard, host, descriptor);
}

static int check_browser(const struct hob_guard *guard, const struct hob_http_request *request,
                         struct hob_error *error)
{
    const struct hob_http_headers *headers = &request->headers;
    struct hob_text origin = headers->origin;
    if (origin.data != NULL && !is_own_origin(guard, origin, request->peer->descriptor))
        return hob_error_set(error, HOB_E_FORBIDDEN,
                             "refused: a web page of '%.*s' may not use this server",
                             HOB_TEXT_ARG(origin));
    if (headers->site_count > 0 && !same_name(headers->fetch_site, "same-origin") &&
        !same_name(headers->fetch_site, "none"))
        return hob_error_set(error, HOB_E_FORBIDDEN,
                             "refused: the request comes from a web page of another site");
    return 0;
}

/* ---- the process on the other end ---- */

/* A connection from another machine is let through, since the operator chose to listen there; so is
 * one of which the system doesn't tell. Nobody could read the answer of one that is closed. */
static bool is_welcome(struct hob_http_peer *peer)
{
    uid_t user;
    switch (hob_peer_look_up(peer->descriptor, &user)) {
    case HOB_PEER_USER:
        peer->owner = user == 0 || user == geteuid();
        return peer->owner;
    case HOB_PEER_GONE:
        return false;
    case HOB_PEER_REMOTE:
    case HOB_PEER_UNKNOWN:
        break;
    }
    return true;
}

bool hob_guard_welcome(struct hob_http_peer *peer)
{
    peer->welcome = is_welcome(peer);
    return peer->welcome;
}

static int check_peer(const struct hob_http_request *request, struct hob_error *error)
{
    if (request->peer->welcome)
        return 0;
    hob_error_set(error, HOB_E_FORBIDDEN,
                  "refused: the connection comes from a process of another user");
    hob_error_hint(error, "each user runs a server of their own");
    return HOB_E_FORBIDDEN;
}

int hob_guard_check(const struct hob_guard *guard, const struct hob_http_request *request,
                    struct hob_error *error)
{
    int code = check_framing(request, error);
    if (code == 0)
        code = check_peer(request, error);
    if (code == 0 && !request->peer->local)
        code = check_host(guard, request, error);
    if (code == 0 && !request->peer->local)
        code = check_browser(guard, request, error);
    return code;
}
