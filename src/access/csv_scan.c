/* csv_scan: finding delimiters, quotes and line ends 64 bytes at a time.
 *
 * For each 64 bytes one word has a bit set where a delimiter or line end stands, and another one
 * where a quote stands. Which of them lie inside quotes follows from the parity of the quotes
 * before, which a prefix sum over the bits gives. The comparing is written for AVX-512,
 * AVX2, SSE2, and in plain C; which one runs is decided by asking the processor. */
#include "access/csv_internal.h"

#include "base/utf8.h"

#if defined(__x86_64__)
#include <immintrin.h>
#endif

enum { BLOCK = 64 };

struct needles {
    char delimiter, quote;
};

#if defined(__x86_64__)

__attribute__((target("avx2"))) static void scan_avx2(struct hob_csv_scan *scan, const char *data,
                                                      size_t blocks, struct needles needles)
{
    const __m256i delimiter = _mm256_set1_epi8(needles.delimiter);
    const __m256i quote = _mm256_set1_epi8(needles.quote);
    const __m256i line_feed = _mm256_set1_epi8('\n'), carriage_return = _mm256_set1_epi8('\r');
    const __m256i zero = _mm256_setzero_si256();
    __m256i any = zero, nul = zero;
    for (size_t i = 0; i < blocks; i++, data += BLOCK) {
        uint64_t structural = 0, quotes = 0;
        for (int half = 0; half < 2; half++) {
            __m256i bytes = _mm256_loadu_si256((const __m256i *)(const void *)(data + 32 * half));
            __m256i ends = _mm256_or_si256(_mm256_cmpeq_epi8(bytes, line_feed),
                                           _mm256_cmpeq_epi8(bytes, carriage_return));
            ends = _mm256_or_si256(ends, _mm256_cmpeq_epi8(bytes, delimiter));
            uint32_t found = (uint32_t)_mm256_movemask_epi8(ends);
            uint32_t quoted = (uint32_t)_mm256_movemask_epi8(_mm256_cmpeq_epi8(bytes, quote));
            structural |= (uint64_t)found << (32 * half);
            quotes |= (uint64_t)quoted << (32 * half);
            any = _mm256_or_si256(any, bytes);
            nul = _mm256_or_si256(nul, _mm256_cmpeq_epi8(bytes, zero));
        }
        scan->structural[i] = structural;
        scan->quotes[i] = quotes;
    }
    scan->high |= _mm256_movemask_epi8(any) != 0;
    scan->nul |= _mm256_movemask_epi8(nul) != 0;
}

__attribute__((target("avx512bw"))) static void
scan_avx512(struct hob_csv_scan *scan, const char *data, size_t blocks, struct needles needles)
{
    const __m512i delimiter = _mm512_set1_epi8(needles.delimiter);
    const __m512i quote = _mm512_set1_epi8(needles.quote);
    const __m512i line_feed = _mm512_set1_epi8('\n'), carriage_return = _mm512_set1_epi8('\r');
    uint64_t high = 0, nul = 0;
    for (size_t i = 0; i < blocks; i++, data += BLOCK) {
        __m512i bytes = _mm512_loadu_si512((const void *)data);
        scan->structural[i] = _mm512_cmpeq_epi8_mask(bytes, line_feed) |
                              _mm512_cmpeq_epi8_mask(bytes, carriage_return) |
                              _mm512_cmpeq_epi8_mask(bytes, delimiter);
        scan->quotes[i] = _mm512_cmpeq_epi8_mask(bytes, quote);
        high |= _mm512_movepi8_mask(bytes);
        nul |= _mm512_testn_epi8_mask(bytes, bytes);
    }
    scan->high |= high != 0;
    scan->nul |= nul != 0;
}

static void scan_vectors(struct hob_csv_scan *scan, const char *data, size_t blocks,
                         struct needles needles)
{
    const __m128i delimiter = _mm_set1_epi8(needles.delimiter);
    const __m128i quote = _mm_set1_epi8(needles.quote);
    const __m128i line_feed = _mm_set1_epi8('\n'), carriage_return = _mm_set1_epi8('\r');
    const __m128i zero = _mm_setzero_si128();
    __m128i any = zero, nul = zero;
    for (size_t i = 0; i < blocks; i++, data += BLOCK) {
        uint64_t structural = 0, quotes = 0;
        for (int part = 0; part < 4; part++) {
            __m128i bytes = _mm_loadu_si128((const __m128i *)(const void *)(data + 16 * part));
            __m128i ends = _mm_or_si128(_mm_cmpeq_epi8(bytes, line_feed),
                                        _mm_cmpeq_epi8(bytes, carriage_return));
            ends = _mm_or_si128(ends, _mm_cmpeq_epi8(bytes, delimiter));
            uint32_t found = (uint32_t)_mm_movemask_epi8(ends);
            uint32_t quoted = (uint32_t)_mm_movemask_epi8(_mm_cmpeq_epi8(bytes, quote));
            structural |= (uint64_t)found << (16 * part);
            quotes |= (uint64_t)quoted << (16 * part);
            any = _mm_or_si128(any, bytes);
            nul = _mm_or_si128(nul, _mm_cmpeq_epi8(bytes, zero));
        }
        scan->structural[i] = structural;
        scan->quotes[i] = quotes;
    }
    scan->high |= _mm_movemask_epi8(any) != 0;
    scan->nul |= _mm_movemask_epi8(nul) != 0;
}

#endif

static void scan_plain(struct hob_csv_scan *scan, const char *data, size_t blocks,
                       struct needles needles)
{
    unsigned char any = 0;
    bool nul = false;
    for (size_t i = 0; i < blocks; i++, data += BLOCK) {
        uint64_t structural = 0, quotes = 0;
        for (unsigned at = 0; at < BLOCK; at++) {
            char byte = data[at];
            bool ends = byte == needles.delimiter || byte == '\n' || byte == '\r';
            structural |= (uint64_t)ends << at;
            quotes |= (uint64_t)(byte == needles.quote) << at;
            any |= (unsigned char)byte;
            nul |= byte == 0;
        }
        scan->structural[i] = structural;
        scan->quotes[i] = quotes;
    }
    scan->high |= any >= 0x80;
    scan->nul |= nul;
}

static void scan_blocks(struct hob_csv_scan *scan, const char *data, size_t blocks,
                        struct needles needles, bool portable)
{
#if defined(__x86_64__)
    if (!portable) {
        if (__builtin_cpu_supports("avx512bw"))
            scan_avx512(scan, data, blocks, needles);
        else if (__builtin_cpu_supports("avx2"))
            scan_avx2(scan, data, blocks, needles);
        else
            scan_vectors(scan, data, blocks, needles);
        return;
    }
#endif
    (void)portable;
    scan_plain(scan, data, blocks, needles);
}

void hob_csv_scan(struct hob_csv_scan *scan, const char *data, size_t size, char delimiter,
                  char quote, bool portable)
{
    struct needles needles = {delimiter, quote};
    size_t blocks = size / BLOCK, rest = size % BLOCK;
    scan_blocks(scan, data, blocks, needles, portable);
    if (rest == 0)
        return;
    char last[BLOCK];
    memset(last, ' ', sizeof last);
    memcpy(last, data + blocks * BLOCK, rest);
    struct hob_csv_scan tail = *scan;
    tail.structural += blocks;
    tail.quotes += blocks;
    scan_blocks(&tail, last, 1, needles, portable);
    uint64_t mask = ((uint64_t)1 << rest) - 1;
    tail.structural[0] &= mask;
    tail.quotes[0] &= mask;
    scan->high = tail.high;
    scan->nul = tail.nul;
}

struct counting {
    size_t lines, inside;
    uint64_t open;     /* all ones between quotes */
    uint64_t line_end; /* 1 when the byte before was one */
};

/* Kept apart so that the compiler may use the processor's own way of counting bits. */
static inline __attribute__((always_inline)) void
count_lines(struct counting *counting, const struct hob_csv_scan *scan, size_t blocks)
{
    for (size_t i = 0; i < blocks; i++) {
        uint64_t ends = scan->structural[i];
        uint64_t runs = ends & ~(ends << 1 | counting->line_end);
        counting->line_end = ends >> 63;
        counting->lines += (size_t)__builtin_popcountll(runs);
        if ((scan->quotes[i] | counting->open) == 0)
            continue;
        uint64_t inside = hob_csv_between(scan->quotes[i], &counting->open);
        counting->inside += (size_t)__builtin_popcountll(runs & inside);
    }
}

#if defined(__x86_64__)
__attribute__((target("popcnt"))) static void
count_lines_fast(struct counting *counting, const struct hob_csv_scan *scan, size_t blocks)
{
    count_lines(counting, scan, blocks);
}
#endif

static void count_lines_plain(struct counting *counting, const struct hob_csv_scan *scan,
                              size_t blocks)
{
#if defined(__x86_64__)
    if (__builtin_cpu_supports("popcnt")) {
        count_lines_fast(counting, scan, blocks);
        return;
    }
#endif
    count_lines(counting, scan, blocks);
}

void hob_csv_survey(struct hob_csv_survey *survey, struct hob_text text, char quote, bool portable)
{
    enum { BLOCKS = 128 };
    uint64_t structural[BLOCKS], quotes[BLOCKS];
    struct hob_csv_scan scan = {structural, quotes, false, false};
    struct counting counting = {0};
    for (size_t at = 0; at < text.size; at += BLOCKS * BLOCK) {
        size_t size = text.size - at < BLOCKS * BLOCK ? text.size - at : BLOCKS * BLOCK;
        hob_csv_scan(&scan, text.data + at, size, '\n', quote, portable);
        count_lines_plain(&counting, &scan, (size + BLOCK - 1) / BLOCK);
    }
    /* In the last block nothing follows the text, so that open quotes stay open to its end. */
    *survey = (struct hob_csv_survey){
        .lines_even = counting.lines - counting.inside,
        .lines_odd = counting.inside,
        .odd_quotes = counting.open != 0,
        .nul = scan.nul,
        .valid = scan.high ? hob_utf8_valid_prefix(text) : text.size,
    };
}
