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

/* Eight bytes, the first one lowest. */
static uint64_t load8(const char *data)
{
    uint64_t eight;
    memcpy(&eight, data, 8);
#if defined(__BYTE_ORDER__) && __BYTE_ORDER__ == __ORDER_BIG_ENDIAN__
    eight = __builtin_bswap64(eight);
#endif
    return eight;
}

static uint64_t repeat(char byte)
{
    return (unsigned char)byte * (uint64_t)0x0101010101010101u;
}

/* The highest bit of each byte that is zero. */
static uint64_t zero_bytes(uint64_t eight)
{
    const uint64_t low = 0x7F7F7F7F7F7F7F7Fu;
    return ~(((eight & low) + low) | eight | low);
}

/* The highest bits of eight bytes as eight bits. */
static uint64_t gather(uint64_t highest)
{
    return (highest >> 7) * 0x0102040810204080u >> 56;
}

static void scan_plain(struct hob_csv_scan *scan, const char *data, size_t blocks,
                       struct needles needles)
{
    const uint64_t delimiter = repeat(needles.delimiter), quote = repeat(needles.quote);
    const uint64_t line_feed = repeat('\n'), carriage_return = repeat('\r');
    uint64_t any = 0, nul = 0;
    for (size_t i = 0; i < blocks; i++, data += BLOCK) {
        uint64_t structural = 0, quotes = 0;
        for (unsigned at = 0; at < BLOCK; at += 8) {
            uint64_t eight = load8(data + at);
            uint64_t ends = zero_bytes(eight ^ delimiter) | zero_bytes(eight ^ line_feed) |
                            zero_bytes(eight ^ carriage_return);
            structural |= gather(ends) << at;
            quotes |= gather(zero_bytes(eight ^ quote)) << at;
            any |= eight;
            nul |= zero_bytes(eight);
        }
        scan->structural[i] = structural;
        scan->quotes[i] = quotes;
    }
    scan->high |= (any & 0x8080808080808080u) != 0;
    scan->nul |= nul != 0;
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

/* The places of the bits of one word after another; what is written beyond them is overwritten or
 * never looked at. How many bits a word has comes at random: a branch only for what is rare. */

#if defined(__x86_64__)

__attribute__((target("avx512bw,avx512vl,avx512vbmi2,popcnt"))) static size_t
places_avx512(uint16_t *places, const uint64_t *masks, size_t blocks)
{
    char counted[BLOCK];
    for (int i = 0; i < BLOCK; i++)
        counted[i] = (char)i;
    const __m512i all = _mm512_loadu_si512((const void *)counted);
    size_t count = 0;
    for (size_t i = 0; i < blocks; i++) {
        const __m256i base = _mm256_set1_epi16((short)(i * BLOCK));
        __m512i bytes = _mm512_maskz_compress_epi8(masks[i], all);
        size_t here = (size_t)__builtin_popcountll(masks[i]);
        __m256i first = _mm256_cvtepu8_epi16(_mm512_castsi512_si128(bytes));
        _mm256_storeu_si256((__m256i *)(void *)(places + count), _mm256_or_si256(first, base));
        if (__builtin_expect(here > 16, false)) {
            uint8_t stored[BLOCK];
            _mm512_storeu_si512((void *)stored, bytes);
            for (size_t k = 16; k < here; k++)
                places[count + k] = (uint16_t)(i * BLOCK + stored[k]);
        }
        count += here;
    }
    return count;
}

#endif

static inline __attribute__((always_inline)) size_t
find_places(uint16_t *places, const uint64_t *masks, size_t blocks)
{
    enum { USUAL = 12 };
    size_t count = 0;
    for (size_t i = 0; i < blocks; i++) {
        uint64_t bits = masks[i];
        size_t here = (size_t)__builtin_popcountll(bits);
        for (size_t k = 0; k < USUAL; k++, bits &= bits - 1)
            places[count + k] =
                (uint16_t)(i * BLOCK + (size_t)__builtin_ctzll(bits | (uint64_t)1 << 63));
        for (size_t k = USUAL; k < here; k++, bits &= bits - 1)
            places[count + k] = (uint16_t)(i * BLOCK + (size_t)__builtin_ctzll(bits));
        count += here;
    }
    return count;
}

#if defined(__x86_64__)
__attribute__((target("popcnt,bmi"))) static size_t
places_fast(uint16_t *places, const uint64_t *masks, size_t blocks)
{
    return find_places(places, masks, blocks);
}
#endif

size_t hob_csv_places(uint16_t *places, const uint64_t *masks, size_t blocks, bool portable)
{
#if defined(__x86_64__)
    if (!portable && __builtin_cpu_supports("avx512vbmi2") && __builtin_cpu_supports("avx512vl"))
        return places_avx512(places, masks, blocks);
    if (!portable && __builtin_cpu_supports("bmi") && __builtin_cpu_supports("popcnt"))
        return places_fast(places, masks, blocks);
#endif
    (void)portable;
    return find_places(places, masks, blocks);
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

/* Whether bytes beyond ASCII are UTF-8, 64 at a time: a bit for each byte that begins a character
 * foretells where continuation bytes must stand, and there alone they may stand. */
struct checking {
    uint64_t leads, threes, fours; /* of the block before; fours are among threes among leads */
    uint64_t e0, ed, f0, f4;       /* leads whose next byte is restricted */
};

#if defined(__x86_64__)

/* Which of 64 bytes are below, or equal to, another one. Bytes compare as signed: continuation
 * bytes (0x80 to 0xBF) are the lowest, then leads. */
typedef uint64_t comparing(const char *data, char byte);

__attribute__((target("avx512bw"))) static inline uint64_t below_avx512(const char *data,
                                                                        char limit)
{
    __m512i bytes = _mm512_loadu_si512((const void *)data);
    return _mm512_cmplt_epi8_mask(bytes, _mm512_set1_epi8(limit));
}

__attribute__((target("avx512bw"))) static inline uint64_t equal_avx512(const char *data, char byte)
{
    __m512i bytes = _mm512_loadu_si512((const void *)data);
    return _mm512_cmpeq_epi8_mask(bytes, _mm512_set1_epi8(byte));
}

__attribute__((target("avx2"))) static inline uint64_t below_avx2(const char *data, char limit)
{
    __m256i limits = _mm256_set1_epi8(limit);
    __m256i first = _mm256_loadu_si256((const __m256i *)(const void *)data);
    __m256i second = _mm256_loadu_si256((const __m256i *)(const void *)(data + 32));
    uint32_t low = (uint32_t)_mm256_movemask_epi8(_mm256_cmpgt_epi8(limits, first));
    uint32_t high = (uint32_t)_mm256_movemask_epi8(_mm256_cmpgt_epi8(limits, second));
    return (uint64_t)high << 32 | low;
}

__attribute__((target("avx2"))) static inline uint64_t equal_avx2(const char *data, char byte)
{
    __m256i wanted = _mm256_set1_epi8(byte);
    __m256i first = _mm256_loadu_si256((const __m256i *)(const void *)data);
    __m256i second = _mm256_loadu_si256((const __m256i *)(const void *)(data + 32));
    uint32_t low = (uint32_t)_mm256_movemask_epi8(_mm256_cmpeq_epi8(wanted, first));
    uint32_t high = (uint32_t)_mm256_movemask_epi8(_mm256_cmpeq_epi8(wanted, second));
    return (uint64_t)high << 32 | low;
}

static inline __attribute__((always_inline)) bool
is_utf8_block(struct checking *before, const char *data, comparing *below, comparing *equal)
{
    uint64_t beyond = below(data, 0);
    if ((beyond | before->leads) == 0)
        return true;
    struct checking now = {0};
    uint64_t continuations = below(data, (char)0xC0);
    uint64_t wrong =
        (below(data, (char)0xC2) & ~continuations) | (beyond & ~below(data, (char)0xF5));
    now.leads = beyond & ~continuations;
    now.threes = beyond & ~below(data, (char)0xE0);
    if ((now.threes | before->threes) != 0) {
        uint64_t under_90 = below(data, (char)0x90), under_a0 = below(data, (char)0xA0);
        now.fours = beyond & ~below(data, (char)0xF0);
        now.e0 = equal(data, (char)0xE0);
        now.ed = equal(data, (char)0xED);
        now.f0 = equal(data, (char)0xF0);
        now.f4 = equal(data, (char)0xF4);
        wrong |= (now.e0 << 1 | before->e0 >> 63) & under_a0;
        wrong |= (now.ed << 1 | before->ed >> 63) & ~under_a0;
        wrong |= (now.f0 << 1 | before->f0 >> 63) & under_90;
        wrong |= (now.f4 << 1 | before->f4 >> 63) & ~under_90;
    }
    uint64_t foretold = now.leads << 1 | before->leads >> 63;
    foretold |= now.threes << 2 | before->threes >> 62;
    foretold |= now.fours << 3 | before->fours >> 61;
    *before = now;
    return wrong == 0 && foretold == continuations;
}

__attribute__((target("avx512bw"))) static bool
are_utf8_blocks_avx512(struct checking *checking, const char *data, size_t blocks)
{
    for (size_t i = 0; i < blocks; i++)
        if (!is_utf8_block(checking, data + i * BLOCK, below_avx512, equal_avx512))
            return false;
    return true;
}

__attribute__((target("avx2"))) static bool are_utf8_blocks_avx2(struct checking *checking,
                                                                 const char *data, size_t blocks)
{
    for (size_t i = 0; i < blocks; i++)
        if (!is_utf8_block(checking, data + i * BLOCK, below_avx2, equal_avx2))
            return false;
    return true;
}

#endif

/* False when the blocks may not be UTF-8. */
static bool check_blocks(struct checking *checking, const char *data, size_t blocks, bool portable)
{
#if defined(__x86_64__)
    if (!portable && __builtin_cpu_supports("avx512bw"))
        return are_utf8_blocks_avx512(checking, data, blocks);
    if (!portable && __builtin_cpu_supports("avx2"))
        return are_utf8_blocks_avx2(checking, data, blocks);
#endif
    (void)checking, (void)data, (void)blocks, (void)portable;
    return false;
}

/* Whether the last, incomplete block is UTF-8, and the character that may begin before it. */
static bool check_end(struct hob_text text)
{
    size_t blocks = text.size / BLOCK * BLOCK, rest = blocks < 3 ? 0 : blocks - 3;
    while (rest < blocks && ((unsigned char)text.data[rest] & 0xC0) == 0x80)
        rest++;
    struct hob_text end = {text.data + rest, text.size - rest};
    return hob_utf8_valid_prefix(end) == end.size;
}

enum { SURVEYED = 128 }; /* blocks at a time */

void hob_csv_survey(struct hob_csv_survey *survey, struct hob_text text, char quote, bool portable)
{
    uint64_t structural[SURVEYED], quotes[SURVEYED];
    struct hob_csv_scan scan = {structural, quotes, false, false};
    struct counting counting = {0};
    for (size_t at = 0; at < text.size; at += SURVEYED * BLOCK) {
        size_t size = text.size - at < SURVEYED * BLOCK ? text.size - at : SURVEYED * BLOCK;
        hob_csv_scan(&scan, text.data + at, size, '\n', quote, portable);
        count_lines_plain(&counting, &scan, (size + BLOCK - 1) / BLOCK);
    }
    /* In the last block nothing follows the text, so that open quotes stay open to its end. */
    *survey = (struct hob_csv_survey){
        .lines_even = counting.lines - counting.inside,
        .lines_odd = counting.inside,
        .odd_quotes = counting.open != 0,
        .high = scan.high,
        .nul = scan.nul,
    };
}

size_t hob_csv_valid(struct hob_text text, bool portable)
{
    struct checking checking = {0};
    if (check_blocks(&checking, text.data, text.size / BLOCK, portable) && check_end(text))
        return text.size;
    return hob_utf8_valid_prefix(text);
}
