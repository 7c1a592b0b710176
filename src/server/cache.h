/* cache: answers kept warm, each with the record of the files that it was made from.
 *
 * An answer is given again only while every one of those files is certainly as it was. The cache
 * holds at most so many bytes; what was used longest ago leaves first. Any thread may call. */
#ifndef HOB_SERVER_CACHE_H
#define HOB_SERVER_CACHE_H

#include "config/sources.h"
#include "server/http.h"

struct hob_cache;

/* Holds up to max_size bytes, and no answer of more than max_answer bytes. max_size 0: none. */
struct hob_cache *hob_cache_new(size_t max_size, size_t max_answer);
struct hob_cache *hob_cache_free(struct hob_cache *cache);

/* A question: which route, the bytes of the request's body, which variant of the answer (its form
 * and encoding, as a number), and where the relative paths start (empty: the server's directory).
 */
struct hob_cache_key {
    const void *route;
    struct hob_text body;
    unsigned variant;
    struct hob_text directory;
};

/* The answer (a reference for the caller) or NULL. `cost_ns` is what making the answer took the
 * last time, also when that one is out of date; 0 when it is not known. */
struct hob_response *hob_cache_find(struct hob_cache *cache, struct hob_cache_key key,
                                    uint64_t *cost_ns);
/* Keeps an answer instead of an earlier one. Refers to the response, takes the sources over. */
void hob_cache_keep(struct hob_cache *cache, struct hob_cache_key key,
                    struct hob_response *response, struct hob_sources *sources, uint64_t cost_ns);
void hob_cache_clear(struct hob_cache *cache);
/* Holds up to max_size bytes from now on; what was used longest ago leaves until that is so. */
void hob_cache_resize(struct hob_cache *cache, size_t max_size);
/* Whether anything can be kept at all. */
bool hob_cache_is_on(struct hob_cache *cache);

struct hob_cache_counts {
    uint64_t hits, misses;
    size_t entries, bytes;
};
struct hob_cache_counts hob_cache_count(struct hob_cache *cache);

#endif
