/* filters_url: percent encoding, base64, and the links of a notebook server. */
#include "base/utf8.h"
#include "compute/liquid/filters.h"
#include "compute/liquid/texts.h"

static int begin(struct liquid_render *render, const struct liquid_value *value,
                 struct hob_text *text)
{
    int status = liquid_to_text(render, value, text);
    hob_buffer_clear(&render->work);
    return status;
}

static bool is_unreserved(char byte)
{
    return (byte >= '0' && byte <= '9') || ((byte | 0x20) >= 'a' && (byte | 0x20) <= 'z') ||
           byte == '-' || byte == '.' || byte == '_' || byte == '~';
}

static void put_encoded(struct hob_buffer *out, struct hob_text text, char safe, bool plus)
{
    static const char digits[] = "0123456789ABCDEF";
    for (size_t at = 0; at < text.size; at++) {
        char byte = text.data[at];
        if (is_unreserved(byte) || byte == safe) {
            hob_buffer_put_char(out, byte);
        } else if (byte == ' ' && plus) {
            hob_buffer_put_char(out, '+');
        } else {
            char code[3] = {'%', digits[(unsigned char)byte >> 4], digits[byte & 15]};
            hob_buffer_put(out, code, sizeof code);
        }
    }
}

LIQUID_FILTER(url_encode)
{
    (void)arguments;
    struct hob_text text;
    int status = begin(render, value, &text);
    if (status != 0)
        return status;
    put_encoded(&render->work, text, '-', true);
    return liquid_take_work(render, value);
}

LIQUID_FILTER(url_escape)
{
    (void)arguments;
    struct hob_text text;
    int status = begin(render, value, &text);
    if (status != 0)
        return status;
    put_encoded(&render->work, text, '/', false);
    return liquid_take_work(render, value);
}

static int hex_digit(char byte)
{
    if (byte >= '0' && byte <= '9')
        return byte - '0';
    byte = (char)(byte | 0x20);
    return byte >= 'a' && byte <= 'f' ? byte - 'a' + 10 : -1;
}

/* Bytes that are no UTF-8 become U+FFFD, in the arena. */
static int take_repaired(struct liquid_render *render, struct liquid_value *value)
{
    struct hob_text text = hob_buffer_text(&render->work);
    if (hob_utf8_valid_prefix(text) == text.size)
        return liquid_take_work(render, value);
    HOB_AUTO(buffer) struct hob_buffer repaired = HOB_BUFFER_INIT;
    hob_utf8_put_repaired(&repaired, text);
    return liquid_keep_text(render, hob_buffer_text(&repaired), value);
}

LIQUID_FILTER(url_decode)
{
    (void)arguments;
    struct hob_text text;
    int status = begin(render, value, &text);
    for (size_t at = 0; status == 0 && at < text.size; at++) {
        char byte = text.data[at] == '+' ? ' ' : text.data[at];
        bool coded = byte == '%' && text.size - at > 2 && hex_digit(text.data[at + 1]) >= 0 &&
                     hex_digit(text.data[at + 2]) >= 0;
        if (coded) {
            byte = (char)(hex_digit(text.data[at + 1]) << 4 | hex_digit(text.data[at + 2]));
            at += 2;
        }
        hob_buffer_put_char(&render->work, byte);
    }
    return status != 0 ? status : take_repaired(render, value);
}

static int encode_base64(struct liquid_render *render, struct liquid_value *value,
                         const char *last_two)
{
    char alphabet[65] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789";
    struct hob_text text;
    int status = begin(render, value, &text);
    alphabet[62] = last_two[0];
    alphabet[63] = last_two[1];
    for (size_t at = 0; status == 0 && at < text.size; at += 3) {
        size_t left = text.size - at;
        uint32_t bits = (uint32_t)(unsigned char)text.data[at] << 16;
        bits |= left > 1 ? (uint32_t)(unsigned char)text.data[at + 1] << 8 : 0;
        bits |= left > 2 ? (uint32_t)(unsigned char)text.data[at + 2] : 0;
        char four[4] = {alphabet[bits >> 18], alphabet[bits >> 12 & 63],
                        left > 1 ? alphabet[bits >> 6 & 63] : '=',
                        left > 2 ? alphabet[bits & 63] : '='};
        hob_buffer_put(&render->work, four, sizeof four);
    }
    return status != 0 ? status : liquid_take_work(render, value);
}

LIQUID_FILTER(base64_encode)
{
    (void)arguments;
    return encode_base64(render, value, "+/");
}

LIQUID_FILTER(base64_url_safe_encode)
{
    (void)arguments;
    return encode_base64(render, value, "-_");
}

static int base64_digit(char byte, bool url_safe)
{
    if (byte >= 'A' && byte <= 'Z')
        return byte - 'A';
    if (byte >= 'a' && byte <= 'z')
        return byte - 'a' + 26;
    if (byte >= '0' && byte <= '9')
        return byte - '0' + 52;
    if (byte == '+' || (url_safe && byte == '-'))
        return 62;
    return byte == '/' || (url_safe && byte == '_') ? 63 : -1;
}

/* Characters outside the alphabet are skipped, wrong padding is a fault. */
static int decode_base64(struct liquid_render *render, struct liquid_value *value, bool url_safe)
{
    struct hob_text text;
    int status = begin(render, value, &text);
    uint32_t bits = 0;
    unsigned digits = 0, padding = 0;
    for (size_t at = 0; status == 0 && at < text.size; at++) {
        int digit = base64_digit(text.data[at], url_safe);
        if (digit < 0) {
            padding += text.data[at] == '=';
            if (digits % 4 >= 2 && digits % 4 + padding == 4)
                break;
            continue;
        }
        padding = 0;
        bits = bits << 6 | (uint32_t)digit;
        if (digits++ % 4 != 0)
            hob_buffer_put_char(&render->work, (char)(bits >> (6 - 2 * ((digits - 1) % 4))));
    }
    if (status != 0)
        return status;
    if (digits % 4 == 1 || (digits % 4 != 0 && digits % 4 + padding < 4))
        return liquid_broken(render, "this is no base64");
    struct hob_text decoded = hob_buffer_text(&render->work);
    if (hob_utf8_valid_prefix(decoded) != decoded.size)
        return liquid_broken(render, "the decoded bytes are no UTF-8 text");
    return liquid_take_work(render, value);
}

LIQUID_FILTER(base64_decode)
{
    (void)arguments;
    return decode_base64(render, value, false);
}

LIQUID_FILTER(base64_url_safe_decode)
{
    (void)arguments;
    return decode_base64(render, value, true);
}

/* The addresses that the reference's field tools are built for. What follows is Python's urljoin of
 * "/notebooks/", with or without the host before it, and a text. */
#define SCHEME "http"
#define HOST "//localhost:8888"
#define DIRECTORY "/notebooks/"

/* What stands before the colon of an absolute URL; 0 when there is none. */
static size_t scheme_size(struct hob_text url)
{
    for (size_t at = 0; at < url.size; at++) {
        char byte = url.data[at];
        bool letter = (byte | 0x20) >= 'a' && (byte | 0x20) <= 'z';
        if (byte == ':')
            return at;
        if (!letter && (at == 0 || ((byte < '0' || byte > '9') && strchr("+-.", byte) == NULL)))
            return 0;
    }
    return 0;
}

static bool is_base_scheme(struct hob_text scheme)
{
    if (scheme.size != strlen(SCHEME))
        return false;
    for (size_t i = 0; i < scheme.size; i++)
        if ((scheme.data[i] | 0x20) != SCHEME[i])
            return false;
    return true;
}

/* Cuts the text at the first of the marks, and gives what comes behind that. */
static struct hob_text cut(struct hob_text *text, size_t from, char mark)
{
    const char *found =
        from < text->size ? memchr(text->data + from, mark, text->size - from) : NULL;
    if (found == NULL)
        return (struct hob_text){NULL, 0};
    size_t size = (size_t)(found - text->data);
    struct hob_text rest = liquid_text_from(*text, size + 1);
    text->size = size;
    return rest;
}

/* The parts of a URL behind its scheme. */
struct url {
    struct hob_text host, path, parameters, query, fragment;
};

static struct url take_apart(struct hob_text text)
{
    struct url url = {.path = text};
    url.fragment = cut(&url.path, 0, '#');
    url.query = cut(&url.path, 0, '?');
    if (hob_text_starts_with(url.path, "//")) {
        size_t size = 2;
        while (size < url.path.size && url.path.data[size] != '/')
            size++;
        url.host = (struct hob_text){url.path.data, size};
        url.path = liquid_text_from(url.path, size);
    }
    size_t last = url.path.size;
    while (last > 0 && url.path.data[last - 1] != '/')
        last--;
    url.parameters = cut(&url.path, last, ';');
    return url;
}

enum { MAX_SEGMENTS = 256 };

struct segments {
    struct hob_text items[MAX_SEGMENTS];
    size_t count;
};

/* Splits the path, and resolves `.` and `..`. One that does not begin with a slash begins in the
 * directory, and its empty parts do not count. False when there are too many. */
static bool resolve(struct segments *segments, struct hob_text path)
{
    bool whole = path.size > 0 && path.data[0] == '/';
    segments->count = 0;
    if (!whole) {
        segments->items[segments->count++] = HOB_TEXT("");
        segments->items[segments->count++] = HOB_TEXT("notebooks");
    }
    for (bool last = false; !last;) {
        struct hob_text segment = path;
        path = cut(&segment, 0, '/');
        last = path.data == NULL;
        bool up = hob_text_is(segment, ".."), dots = up || hob_text_is(segment, ".");
        segments->count -= up && segments->count > 0;
        if (dots ? !last : segment.size == 0 && !whole && !last)
            continue;
        if (segments->count == MAX_SEGMENTS)
            return false;
        segments->items[segments->count++] = dots ? HOB_TEXT("") : segment;
    }
    return true;
}

static bool put_path(struct hob_buffer *out, struct hob_text path, bool rooted)
{
    struct segments segments;
    if (!resolve(&segments, path))
        return false;
    bool empty = segments.count == 1 && segments.items[0].size == 0;
    if (empty || (rooted && segments.items[0].size > 0))
        hob_buffer_put_char(out, '/');
    for (size_t i = 0; i < segments.count; i++) {
        if (i > 0)
            hob_buffer_put_char(out, '/');
        hob_buffer_put_text(out, segments.items[i]);
    }
    return true;
}

/* A part that is empty is dropped, and its mark with it. */
static void put_part(struct hob_buffer *out, char mark, struct hob_text part)
{
    if (part.size == 0)
        return;
    hob_buffer_put_char(out, mark);
    hob_buffer_put_text(out, part);
}

static int put_joined(struct liquid_render *render, const struct url *url, bool absolute)
{
    struct hob_buffer *out = &render->work;
    bool own_host = url->host.size > 2;
    hob_buffer_put_string(out, absolute ? SCHEME ":" : "");
    if (own_host) {
        hob_buffer_put_text(out, url->host);
        hob_buffer_put_text(out, url->path);
    } else {
        hob_buffer_put_string(out, absolute ? HOST : "");
        if (url->path.size == 0 && url->parameters.size == 0)
            hob_buffer_put_string(out, DIRECTORY);
        else if (!put_path(out, url->path, absolute))
            return liquid_broken(render, "the path has too many parts");
    }
    put_part(out, ';', url->parameters);
    put_part(out, '?', url->query);
    put_part(out, '#', url->fragment);
    return 0;
}

/* Python takes these out of a URL before it looks at it: blanks and controls before it, and line
 * ends and tabs in it. */
static int clean(struct liquid_render *render, struct hob_text text, struct hob_text *cleaned)
{
    while (text.size > 0 && (unsigned char)text.data[0] <= ' ')
        text = liquid_text_from(text, 1);
    *cleaned = text;
    bool clean = true;
    for (size_t i = 0; i < text.size && clean; i++)
        clean = text.data[i] != '\t' && text.data[i] != '\r' && text.data[i] != '\n';
    if (clean)
        return 0;
    for (size_t i = 0; i < text.size; i++)
        if (text.data[i] != '\t' && text.data[i] != '\r' && text.data[i] != '\n')
            hob_buffer_put_char(&render->work, text.data[i]);
    struct liquid_value copy;
    int status = liquid_take_work(render, &copy);
    hob_buffer_clear(&render->work);
    *cleaned = copy.text;
    return status;
}

static int join_url(struct liquid_render *render, struct liquid_value *value, bool absolute)
{
    struct hob_text text, cleaned;
    int status = begin(render, value, &text);
    while (status == 0 && text.size > 0 && text.data[0] == '/')
        text = liquid_text_from(text, 1);
    if (status == 0)
        status = clean(render, text, &cleaned);
    if (status != 0)
        return status;
    size_t scheme = scheme_size(cleaned);
    if (scheme > 0 && (!absolute || !is_base_scheme((struct hob_text){cleaned.data, scheme}))) {
        *value = liquid_text(text);
        return 0;
    }
    const struct url url = take_apart(liquid_text_from(cleaned, scheme > 0 ? scheme + 1 : 0));
    status = put_joined(render, &url, absolute);
    return status != 0 ? status : liquid_take_work(render, value);
}

LIQUID_FILTER(relative_url)
{
    (void)arguments;
    return join_url(render, value, false);
}

LIQUID_FILTER(absolute_url)
{
    (void)arguments;
    return join_url(render, value, true);
}
