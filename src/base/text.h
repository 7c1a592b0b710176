/* text: a view of bytes that somebody else owns. Not NUL-terminated; may hold NUL bytes. */
#ifndef HOB_BASE_TEXT_H
#define HOB_BASE_TEXT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

struct hob_text {
    const char *data;
    size_t size;
};

#define HOB_TEXT(literal) ((struct hob_text){"" literal, sizeof(literal) - 1})
/* For printf: printf("%.*s", HOB_TEXT_ARG(text)). */
#define HOB_TEXT_ARG(text) (int)((text).size < 1024 ? (text).size : 1024), (text).data

static inline struct hob_text hob_text_from(const char *string)
{
    return (struct hob_text){string, strlen(string)};
}

static inline bool hob_text_equal(struct hob_text a, struct hob_text b)
{
    return a.size == b.size && (a.size == 0 || memcmp(a.data, b.data, a.size) == 0);
}

static inline bool hob_text_is(struct hob_text text, const char *string)
{
    return hob_text_equal(text, hob_text_from(string));
}

static inline bool hob_text_starts_with(struct hob_text text, const char *prefix)
{
    size_t size = strlen(prefix);
    return text.size >= size && memcmp(text.data, prefix, size) == 0;
}

static inline bool hob_text_ends_with(struct hob_text text, const char *suffix)
{
    size_t size = strlen(suffix);
    return text.size >= size && memcmp(text.data + text.size - size, suffix, size) == 0;
}

/* Byte order, which for UTF-8 is code point order; <0, 0, >0. */
int hob_text_compare(struct hob_text a, struct hob_text b);
/* Without white space (as Python's str.strip: Unicode white space) at both ends; valid UTF-8 only.
 */
struct hob_text hob_text_strip(struct hob_text text);
/* Whether `word` is one of the space-separated `words`; the case of ASCII letters does not matter.
 */
bool hob_text_has_word(const char *words, const char *word);
/* A hash of the bytes, for tables in memory only: it differs between processes, so that nobody
 * outside can choose keys that collide. */
uint64_t hob_text_hash(struct hob_text text);

#endif
