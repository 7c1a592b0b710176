/* A worker in C that needs nothing but the C library: answers each line with its parameters.
 *
 *     cc -O2 -o echo examples/workers/echo.c
 *
 * It doesn't build values out of the JSON it gets: it finds where the members `id`, `method` and
 * `params` of the message begin and end, and answers with the same text. So an id goes back exactly
 * as it came. The scanner checks that brackets, strings and members are where they have to be; what
 * is between them (numbers, words, escapes) it passes on as it is. Batches are refused, to stay
 * short.
 */
#define _GNU_SOURCE
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { MAX_DEPTH = 512 };

/* A stretch of the message; `start` is NULL for what is not there. */
struct span {
    const char *start;
    size_t length;
};

/* Each reader takes the place where a thing should begin, and returns the place behind it, or NULL
 * when the thing is not there. The text ends with a NUL, at which all of them stop. */

static const char *skip_blanks(const char *at)
{
    return at + strspn(at, " \t\r\n");
}

static const char *read_string(const char *at, struct span *inside)
{
    if (*at != '"')
        return NULL;
    const char *start = ++at;
    for (; *at != '"'; at++) {
        if (*at == '\\')
            at++;
        if ((unsigned char)*at < 0x20)
            return NULL;
    }
    *inside = (struct span){start, (size_t)(at - start)};
    return at + 1;
}

static const char *read_value(const char *at, int depth);

static const char *read_member(const char *at, int depth)
{
    struct span name;
    at = read_string(skip_blanks(at), &name);
    if (!at)
        return NULL;
    at = skip_blanks(at);
    return *at == ':' ? read_value(at + 1, depth) : NULL;
}

static const char *read_items(const char *at, char end, int depth)
{
    at = skip_blanks(at + 1);
    if (*at == end)
        return at + 1;
    for (;;) {
        at = end == '}' ? read_member(at, depth) : read_value(at, depth);
        if (!at)
            return NULL;
        at = skip_blanks(at);
        if (*at == end)
            return at + 1;
        if (*at++ != ',')
            return NULL;
    }
}

static const char *read_value(const char *at, int depth)
{
    struct span ignored;
    at = skip_blanks(at);
    if (depth == MAX_DEPTH)
        return NULL;
    if (*at == '"')
        return read_string(at, &ignored);
    if (*at == '{')
        return read_items(at, '}', depth + 1);
    if (*at == '[')
        return read_items(at, ']', depth + 1);
    size_t length = strspn(at, "+-.0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ");
    return length ? at + length : NULL;
}

static bool is(struct span text, const char *word)
{
    return text.length == strlen(word) && !memcmp(text.start, word, text.length);
}

/* Whether the line is one JSON object, and nothing else. */
static bool is_object(const char *line)
{
    const char *end = *skip_blanks(line) == '{' ? read_value(line, 0) : NULL;
    return end && *skip_blanks(end) == '\0';
}

/* The value of a member of an object that `is_object` has accepted, as its text. */
static struct span find_member(const char *object, const char *wanted)
{
    struct span found = {NULL, 0};
    const char *at = skip_blanks(skip_blanks(object) + 1);
    while (*at != '}') {
        struct span name = {NULL, 0};
        const char *start = skip_blanks(skip_blanks(read_string(at, &name)) + 1);
        const char *end = read_value(start, 1);
        if (is(name, wanted))
            found = (struct span){start, (size_t)(end - start)};
        at = skip_blanks(end);
        if (*at == ',')
            at = skip_blanks(at + 1);
    }
    return found;
}

static void answer(struct span id, const char *member, struct span text)
{
    fputs("{\"jsonrpc\":\"2.0\",\"id\":", stdout);
    fwrite(id.start, 1, id.length, stdout);
    printf(",\"%s\":", member);
    fwrite(text.start, 1, text.length, stdout);
    fputs("}\n", stdout);
}

static void answer_text(struct span id, const char *member, const char *text)
{
    answer(id, member, (struct span){text, strlen(text)});
}

static void serve(const char *line, size_t length)
{
    static const struct span no_id = {"null", 4};
    if (strlen(line) != length || !is_object(line)) {
        answer_text(no_id, "error", "{\"code\":-32700,\"message\":\"this is no JSON object\"}");
        return;
    }
    struct span id = find_member(line, "id");
    struct span method = find_member(line, "method");
    struct span params = find_member(line, "params");
    if (!method.start || *method.start != '"') {
        answer_text(id.start ? id : no_id, "error",
                    "{\"code\":-32600,\"message\":\"a request has a method\"}");
        return;
    }
    if (!id.start)
        return; /* a notification */
    if (is(method, "\"ping\""))
        answer_text(id, "result", "\"pong\"");
    else if (!is(method, "\"echo\""))
        answer_text(id, "error", "{\"code\":-32601,\"message\":\"there is no such method\"}");
    else if (params.start)
        answer(id, "result", params);
    else
        answer_text(id, "result", "null");
}

int main(void)
{
    char *line = NULL;
    size_t capacity = 0;
    ssize_t length;
    while ((length = getline(&line, &capacity, stdin)) >= 0) {
        if (*skip_blanks(line))
            serve(line, (size_t)length);
        if (fflush(stdout) != 0) {
            perror("echo: stdout");
            free(line);
            return 1;
        }
    }
    free(line);
    return 0;
}
