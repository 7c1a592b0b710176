/* json_scan: finding the end of a run of bytes that a JSON string holds as they are; internal to
 * the json module.
 *
 * Strings are most of a document, so this is where reading and writing spend their time: 16 bytes
 * a step with SSE2, else 8 bytes a step in a 64-bit word. */
#ifndef HOB_VALUE_JSON_SCAN_H
#define HOB_VALUE_JSON_SCAN_H

#include "base/text.h"

#ifdef __SSE2__
#include <emmintrin.h>
#endif

/* What ends a run beside quotes, backslashes and control characters. */
enum json_stop {
    JSON_STOP_PLAIN,     /* nothing else */
    JSON_STOP_SURROGATE, /* 0xED, with which surrogates (and U+D000 to U+D7FF) start */
    JSON_STOP_BEYOND,    /* everything that is not printable ASCII */
};

static inline bool json_stops(unsigned char byte, enum json_stop stop)
{
    if (byte < 0x20 || byte == '"' || byte == '\\')
        return true;
    if (stop == JSON_STOP_SURROGATE)
        return byte == 0xED;
    return stop == JSON_STOP_BEYOND && byte >= 0x7F;
}

#define JSON_EACH_BYTE(byte) ((byte)*0x0101010101010101u)

/* The high bit of a byte is set where the word's byte is 0, and maybe in bytes above such a one. */
static inline uint64_t json_zero_bytes(uint64_t word)
{
    return (word - JSON_EACH_BYTE(1)) & ~word & JSON_EACH_BYTE(0x80);
}

static inline bool json_word_stops(const char *at, enum json_stop stop)
{
    uint64_t word;
    memcpy(&word, at, 8);
    uint64_t hits = (word - JSON_EACH_BYTE(0x20)) & ~word & JSON_EACH_BYTE(0x80);
    hits |= json_zero_bytes(word ^ JSON_EACH_BYTE((unsigned char)'"'));
    hits |= json_zero_bytes(word ^ JSON_EACH_BYTE((unsigned char)'\\'));
    if (stop == JSON_STOP_SURROGATE)
        hits |= json_zero_bytes(word ^ JSON_EACH_BYTE(0xEDu));
    if (stop == JSON_STOP_BEYOND)
        hits |= (word & JSON_EACH_BYTE(0x80)) | json_zero_bytes(word ^ JSON_EACH_BYTE(0x7Fu));
    return hits != 0;
}

#ifdef __SSE2__
/* Bit i is set when byte i of the 16 at `at` ends a run. */
static inline unsigned json_block_stops(const char *at, enum json_stop stop)
{
    __m128i bytes = _mm_loadu_si128((const __m128i *)(const void *)at);
    __m128i hits = _mm_cmpeq_epi8(_mm_min_epu8(bytes, _mm_set1_epi8(0x1F)), bytes);
    hits = _mm_or_si128(hits, _mm_cmpeq_epi8(bytes, _mm_set1_epi8('"')));
    hits = _mm_or_si128(hits, _mm_cmpeq_epi8(bytes, _mm_set1_epi8('\\')));
    if (stop == JSON_STOP_SURROGATE)
        hits = _mm_or_si128(hits, _mm_cmpeq_epi8(bytes, _mm_set1_epi8((char)0xED)));
    if (stop == JSON_STOP_BEYOND)
        hits = _mm_or_si128(hits, _mm_or_si128(bytes, _mm_cmpeq_epi8(bytes, _mm_set1_epi8(0x7F))));
    return (unsigned)_mm_movemask_epi8(hits);
}
#endif

/* The first byte from `at` on that ends the run, or `end`. */
static inline const char *json_run_end(const char *at, const char *end, enum json_stop stop)
{
#ifdef __SSE2__
    for (; end - at >= 16; at += 16) {
        unsigned hits = json_block_stops(at, stop);
        if (hits != 0)
            return at + __builtin_ctz(hits);
    }
#endif
    while (end - at >= 8 && !json_word_stops(at, stop))
        at += 8;
    while (at < end && !json_stops((unsigned char)*at, stop))
        at++;
    return at;
}

#endif
