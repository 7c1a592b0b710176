/* etag: see etag.h.
 *
 * Two sums of 64 bits over the same words, with different multipliers: nobody meets two states with
 * the same tag by chance. It is no defence against somebody who looks for such states; whoever can
 * choose the files and the body would only mislead himself. Everything goes in with its size or
 * with a mark behind it, so that no two sequences are the same bytes. */
#define _GNU_SOURCE
#include "server/etag.h"

#include <stdio.h>
#include <unistd.h>

struct sums {
    uint64_t a, b;
};

static uint64_t fold(uint64_t state, uint64_t word, uint64_t odd)
{
    state = (state ^ word) * odd;
    return state ^ state >> 29;
}

static void add_word(struct sums *sums, uint64_t word)
{
    sums->a = fold(sums->a, word, 0x9E3779B97F4A7C15u);
    sums->b = fold(sums->b + 1, word ^ sums->b >> 32, 0xD6E8FEB86659FD93u);
}

static void add_text(struct sums *sums, struct hob_text text)
{
    add_word(sums, text.size);
    while (text.size > 0) {
        uint64_t word = 0;
        size_t size = text.size < sizeof word ? text.size : sizeof word;
        memcpy(&word, text.data, size);
        add_word(sums, word);
        text.data += size;
        text.size -= size;
    }
}

static void add_file(struct sums *sums, const struct hob_sources *sources, size_t position)
{
    struct hob_file_identity identity = hob_sources_identity(sources, position);
    add_text(sums, hob_text_from(hob_sources_path(sources, position)));
    add_word(sums, identity.exists);
    add_word(sums, identity.device);
    add_word(sums, identity.inode);
    add_word(sums, identity.size);
    add_word(sums, (uint64_t)identity.modified_ns);
    add_word(sums, (uint64_t)identity.changed_ns);
}

bool hob_etag_make(char out[HOB_ETAG_SIZE], const char *route, struct hob_text body,
                   unsigned variant, const struct hob_sources *sources)
{
    struct sums sums = {0x243F6A8885A308D3u, 0x13198A2E03707344u};
    out[0] = '\0';
    if (!hob_sources_unchanged(sources))
        return false;
    add_text(&sums, HOB_TEXT(HOB_VERSION));
    for (char **variable = environ; variable != NULL && *variable != NULL; variable++)
        add_text(&sums, hob_text_from(*variable));
    add_text(&sums, hob_text_from(route));
    add_word(&sums, variant);
    add_text(&sums, body);
    for (size_t i = 0; i < hob_sources_count(sources); i++)
        add_file(&sums, sources, i);
    snprintf(out, HOB_ETAG_SIZE, "\"%016llx%016llx\"", (unsigned long long)sums.a,
             (unsigned long long)sums.b);
    return true;
}
