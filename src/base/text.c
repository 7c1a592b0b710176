/* text: see text.h. */
#include "base/text.h"

#include <stdatomic.h>
#include <strings.h>
#include <sys/random.h>
#include <time.h>

#include "base/utf8.h"

int hob_text_compare(struct hob_text a, struct hob_text b)
{
    size_t common = a.size < b.size ? a.size : b.size;
    int order = common > 0 ? memcmp(a.data, b.data, common) : 0;
    if (order != 0)
        return order;
    return a.size < b.size ? -1 : a.size > b.size;
}

struct hob_text hob_text_strip(struct hob_text text)
{
    while (text.size > 0) {
        uint32_t character;
        unsigned length = hob_utf8_decode(text.data, &character);
        if (length > text.size || !hob_utf8_is_space(character))
            break;
        text.data += length;
        text.size -= length;
    }
    while (text.size > 0) {
        size_t start = text.size - 1;
        while (start > 0 && ((unsigned char)text.data[start] & 0xC0) == 0x80)
            start--;
        uint32_t character;
        if (start + hob_utf8_decode(text.data + start, &character) != text.size ||
            !hob_utf8_is_space(character))
            break;
        text.size = start;
    }
    return text;
}

bool hob_text_has_word(const char *words, const char *word)
{
    size_t size = strlen(word);
    for (const char *at = words; *at != '\0';) {
        size_t length = strcspn(at, " ");
        if (length == size && strncasecmp(at, word, size) == 0)
            return true;
        at += length;
        at += strspn(at, " ");
    }
    return false;
}

/* The one seed of the process. Two threads that race to set it agree through compare-exchange. */
static uint64_t hash_seed(void)
{
    static _Atomic uint64_t seed;
    uint64_t value = atomic_load_explicit(&seed, memory_order_relaxed);
    if (value != 0)
        return value;
    uint64_t fresh = 0;
    if (getrandom(&fresh, sizeof fresh, GRND_NONBLOCK) != (ssize_t)sizeof fresh)
        fresh = (uint64_t)time(NULL) ^ (uint64_t)(uintptr_t)&fresh;
    fresh |= 1;
    if (atomic_compare_exchange_strong(&seed, &value, fresh))
        return fresh;
    return value;
}

static uint64_t mix(uint64_t a, uint64_t b)
{
    __uint128_t product = (__uint128_t)a * b;
    return (uint64_t)product ^ (uint64_t)(product >> 64);
}

/* Multiply-and-fold over 16 bytes a step, keyed by the seed. */
uint64_t hob_text_hash(struct hob_text text)
{
    const uint64_t odd = 0x9E3779B97F4A7C15u;
    uint64_t seed = hash_seed();
    uint64_t state = seed ^ text.size * odd;
    const char *data = text.data;
    size_t left = text.size;
    uint64_t a, b;
    while (left >= 16) {
        memcpy(&a, data, 8);
        memcpy(&b, data + 8, 8);
        state = mix(a ^ seed, b ^ state);
        data += 16;
        left -= 16;
    }
    a = b = 0;
    memcpy(&a, data, left < 8 ? left : 8);
    if (left > 8)
        memcpy(&b, data + 8, left - 8);
    return mix(mix(a ^ seed, b ^ state) ^ odd, state + text.size);
}
