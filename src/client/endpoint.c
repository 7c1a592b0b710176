/* endpoint: see endpoint.h. */
#include "client/endpoint.h"

#include <stdio.h>
#include <strings.h>

#include "base/memory.h"
#include "base/number.h"
#include "base/places.h"

static const char scheme[] = "http://";

static int refuse(const char *server, const char *why, struct hob_error *error)
{
    hob_error_set(error, HOB_E_PARAMETER, "'%.200s' is no address of a server: %s", server, why);
    hob_error_hint(error, "write http://127.0.0.1:8765, or unix:/path/of/hobd.sock");
    return HOB_E_PARAMETER;
}

static int refuse_name(const char *server, const char *host, struct hob_error *error)
{
    hob_error_set(
        error, HOB_E_PARAMETER,
        "'%.200s' is no address of a server: '%.100s' is no number, and names of machines "
        "are not looked up",
        server, host);
    hob_error_hint(error, "give its number ('getent hosts %.100s' prints it), or localhost", host);
    return HOB_E_PARAMETER;
}

static int set_socket(struct hob_endpoint *endpoint, const char *path, struct hob_error *error)
{
    if (!hob_address_set_path(&endpoint->address, path)) {
        hob_error_set(error, HOB_E_PARAMETER,
                      "cannot connect to the socket '%.200s': such a path has 1 to %d bytes", path,
                      HOB_ADDRESS_MAX_PATH);
        hob_error_hint(error, "set XDG_RUNTIME_DIR to a directory with a shorter name");
        return HOB_E_PARAMETER;
    }
    endpoint->is_local = true;
    snprintf(endpoint->name, sizeof endpoint->name, "unix:%s", path);
    strcpy(endpoint->host, "localhost");
    return 0;
}

static bool parse_port(struct hob_text digits, uint16_t *port)
{
    uint64_t number;
    if (digits.size == 0 || digits.size > 5 || digits.data[0] < '0' || digits.data[0] > '9' ||
        hob_number_parse_unsigned(digits, &number) != 0 || number == 0 || number > UINT16_MAX)
        return false;
    *port = (uint16_t)number;
    return true;
}

/* Splits "host:port" and "[::1]:port" in two. */
static const char *split(struct hob_text authority, struct hob_text *host, struct hob_text *port)
{
    size_t colon = authority.size;
    while (colon > 0 && authority.data[colon - 1] != ':' && authority.data[colon - 1] != ']')
        colon--;
    if (colon == 0 || authority.data[colon - 1] == ']')
        return "it has no port";
    *port = (struct hob_text){authority.data + colon, authority.size - colon};
    *host = (struct hob_text){authority.data, colon - 1};
    bool bracketed = host->size >= 2 && host->data[0] == '[' && host->data[host->size - 1] == ']';
    if (bracketed)
        *host = (struct hob_text){host->data + 1, host->size - 2};
    if (host->size == 0 || host->size >= INET6_ADDRSTRLEN)
        return host->size == 0 ? "it has no host" : NULL;
    if (!bracketed && memchr(host->data, ':', host->size) != NULL)
        return "an address with colons stands in brackets, as in [::1]:8765";
    return NULL;
}

static int set_tcp(struct hob_endpoint *endpoint, const char *server, struct hob_error *error)
{
    struct hob_text text = hob_text_from(server), host, digits;
    char number[256];
    uint16_t port;
    if (strncasecmp(server, scheme, strlen(scheme)) == 0)
        text = hob_text_from(server + strlen(scheme));
    if (hob_text_ends_with(text, "/"))
        text.size--;
    const char *fault = split(text, &host, &digits);
    if (fault != NULL)
        return refuse(server, fault, error);
    if (!parse_port(digits, &port))
        return refuse(server, "the port is a number from 1 to 65535", error);
    snprintf(number, sizeof number, "%.*s", HOB_TEXT_ARG(host));
    if (!hob_address_set_host(&endpoint->address, number, port))
        return refuse_name(server, number, error);
    bool v6 = endpoint->address.as.any.sa_family == AF_INET6;
    snprintf(endpoint->host, sizeof endpoint->host, v6 ? "[%.50s]:%u" : "%.50s:%u", number, port);
    snprintf(endpoint->name, sizeof endpoint->name, "%s%s", scheme, endpoint->host);
    return 0;
}

static int set_default(struct hob_endpoint *endpoint, struct hob_error *error)
{
    struct hob_error own = HOB_ERROR_INIT;
    HOB_AUTO(free) char *path = hob_places_runtime_file("hobd.sock", error != NULL ? error : &own);
    if (path == NULL)
        return error != NULL ? error->code : own.code;
    endpoint->is_default = true;
    return set_socket(endpoint, path, error);
}

int hob_endpoint_find(struct hob_endpoint *endpoint, const char *server, struct hob_error *error)
{
    *endpoint = (struct hob_endpoint){0};
    if (server == NULL)
        server = getenv("HOB_SERVER");
    if (server == NULL || server[0] == '\0')
        return set_default(endpoint, error);
    if (server[0] == '/')
        return set_socket(endpoint, server, error);
    if (strncmp(server, "unix:", 5) == 0)
        return set_socket(endpoint, server + 5, error);
    if (strncasecmp(server, "https:", 6) == 0) {
        hob_error_set(error, HOB_E_UNSUPPORTED,
                      "cannot connect to '%.200s': https is not in this build yet", server);
        hob_error_hint(error, "use http://, through a tunnel ('ssh -L 8765:localhost:8765 HOST') "
                              "where others could read it");
        return HOB_E_UNSUPPORTED;
    }
    if (strstr(server, "://") != NULL && strncasecmp(server, scheme, strlen(scheme)) != 0)
        return refuse(server, "it is neither http:// nor unix:", error);
    return set_tcp(endpoint, server, error);
}
