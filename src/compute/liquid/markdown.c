/* markdown: see markdown.h.
 *
 * Plain CommonMark, in XHTML spelling (<br />), as Python-Markdown's default output has it: no
 * tables, strike-through or links without brackets. The HTML comes in pieces; an opening tag is a
 * piece of its own, so that two habits of md4c's renderer can be put right here: a block at the
 * start of a list item begins a line, and a heading does not begin with the tab behind its #. */
#include "compute/liquid/markdown.h"

#include <limits.h>
#include <md4c-html.h>

struct output {
    struct hob_buffer *buffer;
    size_t limit;
    bool item, heading; /* the last piece opened one */
};

static bool opens_block(struct hob_text piece)
{
    static const char *const blocks[] = {"<p>",  "<ul>", "<ol",  "<pre>",  "<blockquote>",
                                         "<hr ", "<h1>", "<h2>", "<h3>",   "<h4>",
                                         "<h5>", "<h6>", "<div", "<table", "<!--"};
    for (size_t i = 0; i < sizeof blocks / sizeof blocks[0]; i++)
        if (hob_text_starts_with(piece, blocks[i]))
            return true;
    return false;
}

static bool is_heading(struct hob_text piece)
{
    return piece.size == 4 && piece.data[1] == 'h' && piece.data[2] >= '1' && piece.data[2] <= '6';
}

/* md4c cannot be told to stop, so that what is beyond the limit is dropped. */
static void take_html(const MD_CHAR *html, MD_SIZE size, void *data)
{
    struct output *output = data;
    struct hob_text piece = {html, size};
    if (output->buffer->size > output->limit)
        return;
    if (output->item && opens_block(piece))
        hob_buffer_put_char(output->buffer, '\n');
    while (output->heading && piece.size > 0 && (*piece.data == ' ' || *piece.data == '\t')) {
        piece.data++;
        piece.size--;
    }
    hob_buffer_put_text(output->buffer, piece);
    output->item = hob_text_is(piece, "<li>");
    output->heading = is_heading(piece);
}

bool liquid_put_markdown(struct hob_buffer *out, struct hob_text text, size_t limit)
{
    struct output output = {.buffer = out, .limit = limit};
    size_t start = out->size;
    if (text.size > INT_MAX || md_html(text.data, (MD_SIZE)text.size, take_html, &output,
                                       MD_DIALECT_COMMONMARK, MD_HTML_FLAG_XHTML) != 0)
        return false;
    while (out->size > start && out->data[out->size - 1] == '\n')
        out->size--;
    return !hob_buffer_failed(out);
}
