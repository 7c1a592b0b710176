/* strings: <string.h>, and numbers in strings. */
#define _GNU_SOURCE
#include <limits.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#if defined(__GNUC__) && !defined(__clang__)
/* Or the loops below become calls of the functions that they are in; not so in clang. */
#pragma GCC optimize("no-tree-loop-distribute-patterns")
#endif

void *memcpy(void *restrict to, const void *restrict from, size_t size)
{
    char *out = to;
    const char *in = from;
    for (; size >= sizeof(uint64_t); size -= sizeof(uint64_t)) {
        uint64_t word; /* the builtin becomes a move, not a call */
        __builtin_memcpy(&word, in, sizeof word);
        __builtin_memcpy(out, &word, sizeof word);
        in += sizeof word;
        out += sizeof word;
    }
    while (size-- > 0)
        *out++ = *in++;
    return to;
}

void *memmove(void *to, const void *from, size_t size)
{
    char *out = to;
    const char *in = from;
    if (out <= in)
        while (size-- > 0)
            *out++ = *in++;
    else
        while (size-- > 0)
            out[size] = in[size];
    return to;
}

void *memset(void *memory, int byte, size_t size)
{
    char *out = memory;
    while (size-- > 0)
        *out++ = (char)byte;
    return memory;
}

int memcmp(const void *one, const void *other, size_t size)
{
    const unsigned char *a = one, *b = other;
    for (; size > 0; size--, a++, b++)
        if (*a != *b)
            return *a - *b;
    return 0;
}

void *memchr(const void *memory, int byte, size_t size)
{
    for (const unsigned char *at = memory; size > 0; size--, at++)
        if (*at == (unsigned char)byte)
            return (void *)at;
    return NULL;
}

size_t strlen(const char *text)
{
    size_t size = 0;
    while (text[size] != '\0')
        size++;
    return size;
}

int strcmp(const char *one, const char *other)
{
    for (; *one == *other && *one != '\0'; one++)
        other++;
    return (unsigned char)*one - (unsigned char)*other;
}

int strncmp(const char *one, const char *other, size_t size)
{
    for (; size > 0; size--, one++, other++)
        if (*one != *other || *one == '\0')
            return (unsigned char)*one - (unsigned char)*other;
    return 0;
}

char *strcpy(char *restrict to, const char *restrict from)
{
    return memcpy(to, from, strlen(from) + 1);
}

char *strchr(const char *text, int byte)
{
    for (;; text++) {
        if (*text == (char)byte)
            return (char *)text;
        if (*text == '\0')
            return NULL;
    }
}

char *strrchr(const char *text, int byte)
{
    const char *found = NULL;
    for (;; text++) {
        if (*text == (char)byte)
            found = text;
        if (*text == '\0')
            return (char *)found;
    }
}

char *strstr(const char *text, const char *wanted)
{
    size_t size = strlen(wanted);
    for (;; text++) {
        if (strncmp(text, wanted, size) == 0)
            return (char *)text;
        if (*text == '\0')
            return NULL;
    }
}

/* The bytes at the start that are, or are not, among these. */
static size_t span(const char *text, const char *bytes, bool among)
{
    size_t size = 0;
    while (text[size] != '\0' && (strchr(bytes, text[size]) != NULL) == among)
        size++;
    return size;
}

size_t strspn(const char *text, const char *bytes)
{
    return span(text, bytes, true);
}

size_t strcspn(const char *text, const char *bytes)
{
    return span(text, bytes, false);
}

char *strpbrk(const char *text, const char *bytes)
{
    text += span(text, bytes, false);
    return *text != '\0' ? (char *)text : NULL;
}

char *strsep(char **restrict rest, const char *restrict bytes)
{
    char *word = *rest;
    if (word == NULL)
        return NULL;
    char *end = word + strcspn(word, bytes);
    *rest = *end != '\0' ? end + 1 : NULL;
    *end = '\0';
    return word;
}

char *strtok_r(char *restrict text, const char *restrict bytes, char **restrict next)
{
    char *word = text != NULL ? text : *next;
    word += strspn(word, bytes);
    char *end = word + strcspn(word, bytes);
    *next = *end != '\0' ? end + 1 : end;
    *end = '\0';
    return end > word ? word : NULL;
}

/* --- numbers --- */

static int digit_of(char byte)
{
    if (byte >= '0' && byte <= '9')
        return byte - '0';
    if ((byte | 32) >= 'a' && (byte | 32) <= 'z')
        return (byte | 32) - 'a' + 10;
    return INT_MAX;
}

/* Of the system's own files, and of names in /proc: no prefix, no overflow. */
unsigned long long strtoull(const char *restrict text, char **restrict end, int base)
{
    unsigned long long number = 0;
    text += strspn(text, " \t\n");
    for (; digit_of(*text) < base; text++)
        number = number * (unsigned)base + (unsigned)digit_of(*text);
    if (end != NULL)
        *end = (char *)text;
    return number;
}

long strtol(const char *restrict text, char **restrict end, int base)
{
    text += strspn(text, " \t\n");
    bool negative = *text == '-';
    long number = (long)strtoull(text + negative, end, base);
    return negative ? -number : number;
}
