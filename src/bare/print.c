/* print: formatting, of what this program formats: %s %.*s %c %%, and d i u x of every length with
 * zeros and a width before them. */
#define _GNU_SOURCE
#include <stdarg.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

struct out {
    char *data;
    size_t size, capacity; /* as much as there would be, and as fits */
};

static void put(struct out *out, const char *text, size_t size)
{
    size_t left = out->size < out->capacity ? out->capacity - out->size : 0;
    if (left > 0)
        memcpy(out->data + out->size, text, size < left ? size : left);
    out->size += size;
}

struct conversion {
    bool zeros;
    size_t width;
    bool has_precision;
    size_t precision;
    int longs; /* 0: int, 1: long, 2: long long; size_t is a long */
    char kind;
};

static size_t read_size(const char **format, va_list *arguments)
{
    size_t size = 0;
    if (**format == '*') {
        (*format)++;
        return (size_t)va_arg(*arguments, int);
    }
    for (; **format >= '0' && **format <= '9'; (*format)++)
        size = size * 10 + (size_t)(**format - '0');
    return size;
}

static struct conversion read_conversion(const char **format, va_list *arguments)
{
    struct conversion conversion = {.zeros = **format == '0'};
    conversion.width = read_size(format, arguments);
    if (**format == '.') {
        (*format)++;
        conversion.has_precision = true;
        conversion.precision = read_size(format, arguments);
    }
    for (; **format == 'l'; (*format)++)
        conversion.longs++;
    if (**format == 'z') {
        (*format)++;
        conversion.longs = 1;
    }
    conversion.kind = *(*format)++;
    return conversion;
}

static void put_padded(struct out *out, const struct conversion *conversion, const char *text,
                       size_t size)
{
    for (size_t at = size; at < conversion->width; at++)
        put(out, conversion->zeros ? "0" : " ", 1);
    put(out, text, size);
}

static void put_number(struct out *out, struct conversion *conversion, va_list *arguments)
{
    char digits[24];
    size_t at = sizeof digits;
    bool is_signed = conversion->kind == 'd' || conversion->kind == 'i';
    unsigned base = conversion->kind == 'x' ? 16 : 10;
    int64_t given;
    if (conversion->longs > 0)
        given = va_arg(*arguments, int64_t);
    else if (is_signed)
        given = va_arg(*arguments, int);
    else
        given = va_arg(*arguments, unsigned);
    bool negative = is_signed && given < 0;
    uint64_t number = negative ? -(uint64_t)given : (uint64_t)given;
    do
        digits[--at] = "0123456789abcdef"[number % base];
    while ((number /= base) > 0);
    if (negative && conversion->zeros) {
        put(out, "-", 1);
        conversion->width -= conversion->width > 0;
    } else if (negative) {
        digits[--at] = '-';
    }
    put_padded(out, conversion, digits + at, sizeof digits - at);
}

static void put_string(struct out *out, const struct conversion *conversion, const char *text)
{
    const char *end = NULL;
    if (conversion->has_precision)
        end = memchr(text, '\0', conversion->precision);
    size_t size = !conversion->has_precision ? strlen(text)
                  : end != NULL              ? (size_t)(end - text)
                                             : conversion->precision;
    put_padded(out, conversion, text, size);
}

static void put_formatted(struct out *out, const char *format, va_list *arguments)
{
    while (*format != '\0') {
        size_t plain = strcspn(format, "%");
        put(out, format, plain);
        format += plain;
        if (*format == '\0')
            return;
        format++;
        struct conversion conversion = read_conversion(&format, arguments);
        char byte = conversion.kind;
        if (byte == 's') {
            put_string(out, &conversion, va_arg(*arguments, const char *));
        } else if (byte == 'c') {
            byte = (char)va_arg(*arguments, int);
            put(out, &byte, 1);
        } else if (byte == '%') {
            put(out, &byte, 1);
        } else if (strchr("diux", byte) != NULL) {
            put_number(out, &conversion, arguments);
        } else {
            abort(); /* a format of this program's own that nobody has seen here */
        }
    }
}

int vsnprintf(char *restrict text, size_t capacity, const char *restrict format, va_list given)
{
    struct out out = {.data = text, .capacity = capacity > 0 ? capacity - 1 : 0};
    va_list arguments;
    va_copy(arguments, given);
    put_formatted(&out, format, &arguments);
    va_end(arguments);
    if (capacity > 0)
        text[out.size < out.capacity ? out.size : out.capacity] = '\0';
    return (int)out.size;
}

int snprintf(char *restrict text, size_t capacity, const char *restrict format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    int size = vsnprintf(text, capacity, format, arguments);
    va_end(arguments);
    return size;
}

int dprintf(int descriptor, const char *restrict format, ...)
{
    char text[4096];
    va_list arguments;
    va_start(arguments, format);
    int size = vsnprintf(text, sizeof text, format, arguments);
    va_end(arguments);
    return (int)write(descriptor, text,
                      (size_t)size < sizeof text ? (size_t)size : sizeof text - 1);
}

/* Whoever tells somebody of an error is hob-full, which meets it again. */
char *strerror(int number)
{
    static char text[32];
    snprintf(text, sizeof text, "error %d", number);
    return text;
}

/* The only stream is the one for errors. */
FILE *stderr;

__attribute__((format(printf, 2, 3))) int fprintf(FILE *restrict stream,
                                                  const char *restrict format, ...)
{
    char text[1024];
    va_list arguments;
    (void)stream;
    va_start(arguments, format);
    int size = vsnprintf(text, sizeof text, format, arguments);
    va_end(arguments);
    return (int)write(STDERR_FILENO, text,
                      (size_t)size < sizeof text ? (size_t)size : sizeof text - 1);
}
