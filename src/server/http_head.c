/* http_head: see http_head.h.
 *
 * libmicrohttpd is generous: it takes a bare CR or LF for the end of a line, joins continued lines,
 * and lets a NUL end a value early. A proxy in front that sees it otherwise can be made to pass on
 * a request inside another one. So where the lines lie is checked here. The library cuts lines in
 * place, in one block, and writes a NUL over each byte of a line's end: in a clean head each name
 * begins exactly two bytes after the value before it, and the empty line is the last two bytes of
 * the head. A value that was put together from several lines lies elsewhere. */
#include "server/http_head.h"

#include <string.h>
#include <strings.h>

#include "base/header.h"
#include "base/number.h"

/* Later versions of the library move what they cut, and can be told to be strict. */
#define LIES_IN_PLACE (MHD_VERSION < 0x00097600)

enum { LINE_END = 2 };

struct reading {
    struct hob_http_headers *headers;
    const char *next; /* where the next line begins in a clean head */
};

static bool lies_clean(const struct reading *reading, struct hob_text name, const char *value)
{
    if (!LIES_IN_PLACE)
        return true;
    if (name.data != reading->next)
        return false;
    const char *at = name.data + name.size + 1;
    while (at != value && (*at == ' ' || *at == '\t'))
        at++;
    return at == value;
}

static void note_line(struct hob_accept_header *header, struct hob_text line)
{
    if (header->count < HOB_ACCEPT_LINES)
        header->lines[header->count++] = line;
}

static void note_framing(struct hob_http_headers *headers, struct hob_text name,
                         struct hob_text value)
{
    if (hob_header_named(name, HOB_TEXT("content-length"))) {
        headers->length_count++;
        if (hob_number_parse_unsigned(value, &headers->content_length) != 0)
            headers->malformed = true;
    } else if (hob_header_named(name, HOB_TEXT("transfer-encoding"))) {
        headers->encoding_count++;
        headers->chunked = hob_header_named(value, HOB_TEXT("chunked"));
    } else if (hob_header_named(name, HOB_TEXT("expect"))) {
        headers->expects = hob_header_named(value, HOB_TEXT("100-continue"));
    }
}

static void note_value(struct hob_http_headers *headers, struct hob_text name,
                       struct hob_text value)
{
    if (hob_header_named(name, HOB_TEXT("host"))) {
        headers->host = value;
        headers->host_count++;
    } else if (hob_header_named(name, HOB_TEXT("origin"))) {
        headers->origin = value;
        headers->origin_count++;
    } else if (hob_header_named(name, HOB_TEXT("sec-fetch-site"))) {
        headers->fetch_site = value;
        headers->site_count++;
    } else if (hob_header_named(name, HOB_TEXT("x-hob-directory"))) {
        headers->directory = value;
    } else if (hob_header_named(name, HOB_TEXT("accept"))) {
        note_line(&headers->accept, value);
    } else if (hob_header_named(name, HOB_TEXT("accept-encoding"))) {
        note_line(&headers->accept_encoding, value);
    } else if (hob_header_named(name, HOB_TEXT("if-none-match"))) {
        note_line(&headers->if_none_match, value);
    } else if (hob_header_named(name, HOB_TEXT("x-hob-timeout"))) {
        headers->timeout = value;
    } else if (hob_header_named(name, HOB_TEXT("x-hob-idempotent"))) {
        headers->idempotent = value;
    } else {
        note_framing(headers, name, value);
    }
}

static enum MHD_Result note_header(void *context, enum MHD_ValueKind kind, const char *key,
                                   size_t key_size, const char *value, size_t value_size)
{
    struct reading *reading = context;
    struct hob_text name = {key, key_size};
    struct hob_text text = {value != NULL ? value : "", value != NULL ? value_size : 0};
    (void)kind;
    if (!hob_header_is_name(name) || !hob_header_is_value(text) ||
        !lies_clean(reading, name, value)) {
        reading->headers->malformed = true;
        return MHD_NO;
    }
    reading->next = value + value_size + LINE_END;
    note_value(reading->headers, name, hob_header_trim(text));
    return MHD_YES;
}

void hob_http_read_headers(struct hob_http_headers *headers, struct MHD_Connection *native,
                           const struct hob_http_line *line)
{
    const char *version = line->version;
    headers->malformed = LIES_IN_PLACE && line->target_end + 1 != version;
    struct reading reading = {headers, version + strlen(version) + LINE_END};
    MHD_get_connection_values_n(native, MHD_HEADER_KIND, note_header, &reading);
    const union MHD_ConnectionInfo *size =
        MHD_get_connection_info(native, MHD_CONNECTION_INFO_REQUEST_HEADER_SIZE);
    if (LIES_IN_PLACE && size != NULL &&
        reading.next + LINE_END != line->method + size->header_size)
        headers->malformed = true;
}

const char *hob_http_read_target(const char *target, struct hob_text *authority)
{
    static const char scheme[] = "http://";
    size_t size = sizeof scheme - 1;
    if (target[0] == '/' || strncasecmp(target, scheme, size) != 0)
        return target;
    const char *path = target + size + strcspn(target + size, "/");
    *authority = (struct hob_text){target + size, (size_t)(path - target) - size};
    return path[0] != '\0' ? path : "/";
}

static int hex_digit(char byte)
{
    if (byte >= '0' && byte <= '9')
        return byte - '0';
    byte |= 0x20;
    return byte >= 'a' && byte <= 'f' ? byte - 'a' + 10 : -1;
}

/* The byte that an escape stands for; 0 when it is to be left as it is. */
static char escaped_byte(const char *text)
{
    int high = text[0] == '%' ? hex_digit(text[1]) : -1;
    int low = high >= 0 ? hex_digit(text[2]) : -1;
    char byte = low >= 0 ? (char)(high * 16 + low) : 0;
    return byte == '/' ? 0 : byte;
}

size_t hob_http_unescape(void *context, struct MHD_Connection *native, char *text)
{
    (void)context, (void)native;
    char *to = strchr(text, '%');
    if (to == NULL)
        return strlen(text);
    for (const char *from = to; *from != '\0';) {
        char byte = escaped_byte(from);
        from += byte != 0 ? 3 : 1;
        *to++ = byte != 0 ? byte : from[-1];
    }
    *to = '\0';
    return (size_t)(to - text);
}
