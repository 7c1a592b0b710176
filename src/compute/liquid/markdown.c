/* markdown: see markdown.h.
 *
 * Plain CommonMark, in XHTML spelling (<br />), as Python-Markdown's default output has it: no
 * tables, strike-through or links without brackets. */
#include "compute/liquid/markdown.h"

#include <limits.h>
#include <md4c-html.h>

struct output {
    struct hob_buffer *buffer;
    size_t limit;
};

/* md4c cannot be told to stop, so that what is beyond the limit is dropped. */
static void take_html(const MD_CHAR *html, MD_SIZE size, void *data)
{
    const struct output *output = data;
    if (output->buffer->size <= output->limit)
        hob_buffer_put(output->buffer, html, size);
}

bool liquid_put_markdown(struct hob_buffer *out, struct hob_text text, size_t limit)
{
    struct output output = {out, limit};
    size_t start = out->size;
    if (text.size > INT_MAX ||
        md_html(text.data, (MD_SIZE)text.size, take_html, &output, MD_DIALECT_COMMONMARK,
                MD_HTML_FLAG_XHTML) != 0)
        return false;
    while (out->size > start && out->data[out->size - 1] == '\n')
        out->size--;
    return !hob_buffer_failed(out);
}
