/* markdown: see markdown.h.
 *
 * CommonMark, but for lists that follow each other (markdown_lists.h), in XHTML spelling (<br />),
 * as Python-Markdown's default output has it: no tables, strike-through or links without brackets.
 * The HTML comes in pieces; an opening tag is a piece of its own, so that three habits of md4c's
 * renderer can be put right here: a block at the start of a list item begins a line, a heading does
 * not begin with the tab behind its #, and an image's attributes stand in the order of their names,
 * alt before src. */
#include "compute/liquid/markdown.h"
#include "compute/liquid/markdown_lists.h"

#include <limits.h>
#include <md4c-html.h>

struct output {
    struct hob_buffer *buffer;
    struct markdown_lists lists;
    size_t limit;
    bool item, heading;       /* the last piece opened one */
    struct hob_buffer source; /* the image's address, until its alt text has been written */
    enum { NO_IMAGE, IN_SOURCE, IN_ALT } image;
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

/* Writes alt="…" src="…" of the pieces `<img src="`, address, `" alt="`, text, `" title="` or `"
 * />`; a quote inside them arrives as &quot;. Says whether the piece is done with. */
static bool take_image(struct output *output, struct hob_text piece)
{
    if (output->image == NO_IMAGE && hob_text_is(piece, "<img src=\"")) {
        output->image = IN_SOURCE;
        hob_buffer_put_string(output->buffer, "<img alt=\"");
        return true;
    }
    if (output->image == IN_SOURCE && hob_text_is(piece, "\" alt=\"")) {
        output->image = IN_ALT;
        return true;
    }
    if (output->image == IN_SOURCE) {
        hob_buffer_put_text(&output->source, piece);
        return true;
    }
    if (output->image == IN_ALT &&
        (hob_text_is(piece, "\" title=\"") || hob_text_is(piece, "\" />"))) {
        output->image = NO_IMAGE;
        hob_buffer_put_string(output->buffer, "\" src=\"");
        hob_buffer_put_text(output->buffer, hob_buffer_text(&output->source));
        output->source.size = 0; /* keeps its memory, and that it failed */
    }
    return false;
}

/* md4c cannot be told to stop, so that what is beyond the limit is dropped. */
static void take_html(const MD_CHAR *html, MD_SIZE size, void *data)
{
    struct output *output = data;
    struct hob_text piece = {html, size};
    if (output->buffer->size > output->limit)
        return;
    bool block = opens_block(piece);
    if (markdown_lists_take(&output->lists, piece, block))
        return;
    if (output->item && block)
        hob_buffer_put_char(output->buffer, '\n');
    while (output->heading && piece.size > 0 && (*piece.data == ' ' || *piece.data == '\t')) {
        piece.data++;
        piece.size--;
    }
    if (!take_image(output, piece))
        hob_buffer_put_text(output->buffer, piece);
    markdown_lists_wrote(&output->lists, piece);
    output->item = hob_text_is(piece, "<li>");
    output->heading = is_heading(piece);
}

bool liquid_put_markdown(struct hob_buffer *out, struct hob_text text, size_t limit)
{
    struct output output = {.buffer = out, .lists = {.out = out}, .limit = limit};
    size_t start = out->size;
    bool done = text.size <= INT_MAX && md_html(text.data, (MD_SIZE)text.size, take_html, &output,
                                                MD_DIALECT_COMMONMARK, MD_HTML_FLAG_XHTML) == 0;
    markdown_lists_finish(&output.lists);
    done = done && !hob_buffer_failed(&output.source);
    hob_buffer_deinit(&output.source);
    while (out->size > start && out->data[out->size - 1] == '\n')
        out->size--;
    return done && !hob_buffer_failed(out);
}
