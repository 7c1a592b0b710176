/* liquid: Liquid templates (https://shopify.github.io/liquid/), parsed once and rendered many
 * times.
 *
 * A template is lax: a broken tag or output renders as nothing, what is around it renders, and a
 * warning with line and column is given. Errors are only an unclosed `{{` or `{%`, text that is no
 * UTF-8, a limit, and lack of memory. Nothing is read from disk but through the caller's loader.
 *
 * Order of calls: hob_liquid_parse (or hob_liquid_cache_get), hob_liquid_render any number of
 * times and from any number of threads, hob_liquid_template_free. */
#ifndef HOB_COMPUTE_LIQUID_LIQUID_H
#define HOB_COMPUTE_LIQUID_LIQUID_H

#include <time.h>

#include "base/buffer.h"
#include "base/error.h"
#include "value/value.h"

/* Immutable after parsing, counted by references, shared freely between threads. */
struct hob_liquid_template;

/* Deeper nested blocks, and longer sources (bytes), are HOB_E_LIMIT. */
enum { HOB_LIQUID_MAX_NESTING = 100, HOB_LIQUID_MAX_SOURCE = 4 << 20 };

/* Parses `source` (copied, as is `name`, which is for messages) into *out, one reference for the
 * caller. HOB_E_TEMPLATE for an unclosed `{{` or `{%`, HOB_E_UNICODE, HOB_E_LIMIT, HOB_E_MEMORY;
 * the message names line and column. Warnings of the parser are kept and given at each render. */
int hob_liquid_parse(struct hob_liquid_template **out, struct hob_text source, struct hob_text name,
                     struct hob_error *error);
/* For who would rather have no text than one with holes: HOB_E_TEMPLATE with the first of the
 * parser's warnings (a tag or filter that does not exist, a block that is never closed...), 0 when
 * there is none. */
int hob_liquid_check(const struct hob_liquid_template *template, struct hob_error *error);
/* One more reference; returns the template. */
struct hob_liquid_template *hob_liquid_template_ref(struct hob_liquid_template *template);
/* Drops one reference. Takes NULL, returns NULL. */
struct hob_liquid_template *hob_liquid_template_free(struct hob_liquid_template *template);
static inline void hob_auto_liquid_template(struct hob_liquid_template **template)
{
    hob_liquid_template_free(*template);
}
/* Bytes of memory that the template holds. */
size_t hob_liquid_template_size(const struct hob_liquid_template *template);

struct hob_liquid_warning {
    struct hob_text name;  /* of the template, or of the partial */
    unsigned line, column; /* from 1; characters, not bytes */
    const char *message;   /* lives during the call */
};
typedef void hob_liquid_warn(void *data, const struct hob_liquid_warning *warning);

/* Finds the partial that `{% include %}` or `{% render %}` names: sets *partial to a reference
 * that the render drops, or to NULL when there is none (a warning, nothing is rendered). A
 * negative code is an error that ends the render. */
typedef int hob_liquid_load(void *data, struct hob_text name, struct hob_liquid_template **partial,
                            struct hob_error *error);

/* What a render needs; all zero but `data` is the default. */
struct hob_liquid_context {
    const struct hob_value *data; /* a mapping, or NULL; null, NaN and "" in it, and in mappings
                                     inside it (not in lists), count as not there */
    const char *withheld;         /* the key of `data` that is no variable, or NULL */
    struct {
        size_t output;       /* bytes written; 0 is 64 MiB */
        size_t memory;       /* bytes for variables and intermediate values; 0 is 512 MiB */
        uint64_t iterations; /* of loops, and what filters do in proportion; 0 is 10 million. Ten
                                times as many tags, outputs and filters may run */
        unsigned partials;   /* nested includes and renders; 0 is 100 */
    } limits;
    hob_liquid_load *load; /* NULL: there are no partials */
    void *load_data;
    hob_liquid_warn *warn; /* NULL: nobody is told; at most 100 warnings a render */
    void *warn_data;
    const struct timespec *now; /* what `now` and `today` are; NULL is the clock */
};

/* Appends the rendered text to `out`. HOB_E_LIMIT, HOB_E_MEMORY, or the loader's error; `out` then
 * holds what was rendered so far. */
int hob_liquid_render(struct hob_buffer *out, const struct hob_liquid_template *template,
                      const struct hob_liquid_context *context, struct hob_error *error);

/* Templates by the content of their source, the least recently used ones dropped; thread-safe. */
struct hob_liquid_cache;

/* Holds at most `max_templates` templates of together `max_bytes` bytes. */
struct hob_liquid_cache *hob_liquid_cache_new(size_t max_templates, size_t max_bytes);
/* Takes NULL, returns NULL. Templates that were handed out live on. */
struct hob_liquid_cache *hob_liquid_cache_free(struct hob_liquid_cache *cache);
/* As hob_liquid_parse, but a source that was seen (under the same name) is not parsed again. The
 * caller drops the reference in *out. */
int hob_liquid_cache_get(struct hob_liquid_cache *cache, struct hob_liquid_template **out,
                         struct hob_text source, struct hob_text name, struct hob_error *error);

/* The tables of tags and filters, for help texts: NULL past the last one. */
const char *hob_liquid_tag_help(size_t index, const char **name);
const char *hob_liquid_filter_help(size_t index, const char **name);

#endif
