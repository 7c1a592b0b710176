/* http_latency: how long one request takes over one kept-alive connection.
 *
 * usage: http_latency HOST PORT METHOD PATH [BODY] [COUNT] [FILE]
 *
 * Sends the same request COUNT times (10000 by default, after a tenth of that to warm up), each
 * when the answer to the one before is complete, over a raw socket, so that the client costs as
 * little as can be. BODY "-" is none; "@NAME" is what the file NAME holds. FILE is touched before
 * each request, outside the measured time, so that the server has to read it again. Prints one line
 * of JSON: microseconds at the 50th and 99th percentile, the mean, the least and the most. */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/tcp.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/buffer.h"
#include "base/clock.h"

struct answer {
    int status;
    size_t body_size;
};

static int fail(const char *doing)
{
    fprintf(stderr, "http_latency: cannot %s: %s\n", doing, strerror(errno));
    return 1;
}

static int connect_to(const char *host, const char *port)
{
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons((uint16_t)atoi(port))};
    if (inet_pton(AF_INET, strcmp(host, "localhost") == 0 ? "127.0.0.1" : host,
                  &address.sin_addr) != 1) {
        errno = EINVAL;
        return -1;
    }
    int on = 1, descriptor = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    setsockopt(descriptor, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    if (connect(descriptor, (struct sockaddr *)&address, sizeof address) != 0) {
        close(descriptor);
        return -1;
    }
    return descriptor;
}

static bool read_body(struct hob_buffer *body, const char *argument)
{
    if (strcmp(argument, "-") == 0)
        return true;
    if (argument[0] != '@') {
        hob_buffer_put_string(body, argument);
        return true;
    }
    FILE *file = fopen(argument + 1, "re");
    if (file == NULL)
        return false;
    char piece[4096];
    for (size_t got; (got = fread(piece, 1, sizeof piece, file)) > 0;)
        hob_buffer_put(body, piece, got);
    fclose(file);
    return true;
}

static bool send_all(int descriptor, struct hob_text text)
{
    while (text.size > 0) {
        ssize_t sent = send(descriptor, text.data, text.size, MSG_NOSIGNAL);
        if (sent <= 0)
            return false;
        text.data += sent;
        text.size -= (size_t)sent;
    }
    return true;
}

/* The size of the whole answer once its headers are in; 0 before. */
static size_t answer_size(struct hob_buffer *in, struct answer *answer)
{
    const char *text = hob_buffer_string(in);
    const char *end = strstr(text, "\r\n\r\n");
    if (end == NULL)
        return 0;
    const char *length = strcasestr(text, "\r\nContent-Length:");
    answer->status = atoi(text + strlen("HTTP/1.1 "));
    answer->body_size = length != NULL && length < end
                            ? strtoul(length + strlen("\r\nContent-Length:"), NULL, 10)
                            : 0;
    return (size_t)(end - text) + 4 + answer->body_size;
}

static bool receive(int descriptor, struct hob_buffer *in, struct answer *answer)
{
    size_t expected = 0;
    hob_buffer_clear(in);
    while (expected == 0 || in->size < expected) {
        if (!hob_buffer_reserve(in, 65536))
            return false;
        ssize_t got = recv(descriptor, in->data + in->size, 65536, 0);
        if (got <= 0)
            return false;
        in->size += (size_t)got;
        if (expected == 0)
            expected = answer_size(in, answer);
    }
    return true;
}

static int by_size(const void *a, const void *b)
{
    double left = *(const double *)a, right = *(const double *)b;
    return (left > right) - (left < right);
}

static void print_result(double *times, size_t count, const struct answer *answer)
{
    double sum = 0;
    for (size_t i = 0; i < count; i++)
        sum += times[i];
    qsort(times, count, sizeof *times, by_size);
    printf("{\"count\": %zu, \"status\": %d, \"body_bytes\": %zu, \"p50_us\": %.2f, "
           "\"p99_us\": %.2f, \"mean_us\": %.2f, \"min_us\": %.2f, \"max_us\": %.2f}\n",
           count, answer->status, answer->body_size, times[count / 2], times[count * 99 / 100],
           sum / (double)count, times[0], times[count - 1]);
}

static int measure(int descriptor, struct hob_text request, size_t count, const char *touched)
{
    HOB_AUTO(buffer) struct hob_buffer in = HOB_BUFFER_INIT;
    HOB_AUTO(free) double *times = hob_alloc_zero(count, sizeof *times);
    struct answer answer = {0};
    size_t warm_up = count / 10 + 1;
    for (size_t i = 0; i < warm_up + count; i++) {
        if (touched != NULL && utimensat(AT_FDCWD, touched, NULL, 0) != 0)
            return fail("touch the file");
        uint64_t start = hob_clock_now();
        if (!send_all(descriptor, request) || !receive(descriptor, &in, &answer))
            return fail("finish a request");
        if (i >= warm_up)
            times[i - warm_up] = (double)(hob_clock_now() - start) / 1e3;
    }
    print_result(times, count, &answer);
    return 0;
}

int main(int count, char **words)
{
    if (count < 5) {
        fprintf(stderr, "usage: http_latency HOST PORT METHOD PATH [BODY] [COUNT] [FILE]\n");
        return 2;
    }
    HOB_AUTO(buffer) struct hob_buffer body = HOB_BUFFER_INIT;
    HOB_AUTO(buffer) struct hob_buffer request = HOB_BUFFER_INIT;
    if (!read_body(&body, count > 5 ? words[5] : "-"))
        return fail("read the body");
    size_t times = count > 6 ? strtoul(words[6], NULL, 10) : 10000;
    int descriptor = connect_to(words[1], words[2]);
    if (descriptor < 0)
        return fail("connect");
    hob_buffer_printf(&request, "%s %s HTTP/1.1\r\nHost: %s:%s\r\n", words[3], words[4], words[1],
                      words[2]);
    if (body.size > 0)
        hob_buffer_printf(&request, "Content-Type: application/json\r\nContent-Length: %zu\r\n",
                          body.size);
    hob_buffer_put_string(&request, "\r\n");
    hob_buffer_put_text(&request, hob_buffer_text(&body));
    int status = measure(descriptor, hob_buffer_text(&request), times > 0 ? times : 1,
                         count > 7 ? words[7] : NULL);
    close(descriptor);
    return status;
}
