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

/* The addresses that the reference's field tools are built for. */
#define HOST "http://localhost:8888"
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

enum { MAX_SEGMENTS = 256 };

/* Joins the directory and a relative path, and resolves `.` and `..`. */
static bool put_path(struct hob_buffer *out, struct hob_text path, bool rooted)
{
    struct hob_text segments[MAX_SEGMENTS] = {{"", 0}, {"notebooks", 9}};
    size_t count = 2;
    bool directory = true;
    for (bool last = false; !last;) {
        const char *slash = path.size > 0 ? memchr(path.data, '/', path.size) : NULL;
        size_t size = slash == NULL ? path.size : (size_t)(slash - path.data);
        struct hob_text segment = {path.data, size};
        last = slash == NULL;
        path = liquid_text_from(path, last ? size : size + 1);
        directory = true;
        if (hob_text_is(segment, ".."))
            count -= count > 0;
        else if (size > 0 && !hob_text_is(segment, ".")) {
            if (count == MAX_SEGMENTS)
                return false;
            segments[count++] = segment;
            directory = false;
        }
    }
    if (rooted && count > 0 && segments[0].size > 0)
        hob_buffer_put_char(out, '/');
    for (size_t i = 0; i < count; i++) {
        if (i > 0)
            hob_buffer_put_char(out, '/');
        hob_buffer_put_text(out, segments[i]);
    }
    if (directory)
        hob_buffer_put_char(out, '/');
    return true;
}

/* Appends `?query` or `#fragment`; a bare mark is dropped. */
static void put_part(struct hob_buffer *out, struct hob_text part)
{
    if (part.size > 1)
        hob_buffer_put_text(out, part);
}

static int join_url(struct liquid_render *render, struct liquid_value *value, const char *host)
{
    struct hob_text text;
    int status = begin(render, value, &text);
    if (status != 0)
        return status;
    while (text.size > 0 && text.data[0] == '/')
        text = liquid_text_from(text, 1);
    struct hob_buffer *out = &render->work;
    if (scheme_size(text) > 0) {
        *value = liquid_text(text);
        return 0;
    }
    const char *mark = text.size > 0 ? memchr(text.data, '#', text.size) : NULL;
    size_t path_size = mark == NULL ? text.size : (size_t)(mark - text.data);
    struct hob_text fragment = liquid_text_from(text, path_size);
    mark = path_size > 0 ? memchr(text.data, '?', path_size) : NULL;
    struct hob_text query = {mark, mark == NULL ? 0 : path_size - (size_t)(mark - text.data)};
    path_size -= query.size;
    hob_buffer_put_string(out, host);
    if (path_size == 0)
        hob_buffer_put_string(out, DIRECTORY);
    else if (!put_path(out, (struct hob_text){text.data, path_size}, host[0] != '\0'))
        return liquid_broken(render, "the path has too many parts");
    put_part(out, query);
    put_part(out, fragment);
    return liquid_take_work(render, value);
}

LIQUID_FILTER(relative_url)
{
    (void)arguments;
    return join_url(render, value, "");
}

LIQUID_FILTER(absolute_url)
{
    (void)arguments;
    return join_url(render, value, HOST);
}
