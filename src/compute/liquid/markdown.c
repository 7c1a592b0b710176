/* markdown: see markdown.h.
 *
 * CommonMark, but for lists that follow each other (markdown_lists.h), in XHTML spelling (<br />),
 * as Python-Markdown's default output has it: no tables, strike-through or links without brackets.
 * The HTML comes in pieces; a tag is a piece of its own, and what is not made by md4c is a part of
 * the source. So these habits of md4c's renderer can be put right here: a block at the start of a
 * list item begins a line, a heading does not begin with the tab behind its #, an image's
 * attributes stand in the order of their names, alt before src, a list begins with 1 whatever its
 * first marker says, and quotes are escaped in attributes only. */
#include "compute/liquid/markdown.h"
#include "compute/liquid/markdown_lists.h"

#include <limits.h>
#include <md4c-html.h>

struct output {
    struct hob_buffer *buffer;
    struct markdown_lists lists;
    size_t limit;
    bool item, heading;       /* the last piece opened one */
    bool attribute;           /* the value of one is being written */
    struct hob_buffer source; /* the image's address, until its alt text has been written */
    enum { NO_IMAGE, IN_SOURCE, IN_ALT } image;
};

/* Whether nothing but marks of lists and quotes stands before `at` in its line. */
static bool starts_line(struct hob_text source, const char *at)
{
    while (at > source.data && strchr(" \t>*+-.)0123456789", at[-1]) != NULL && at[-1] != '\0')
        at--;
    return at == source.data || at[-1] == '\n' || at[-1] == '\r';
}

static bool opens_block(struct hob_text source, const struct markdown_piece *piece)
{
    static const char *const blocks[] = {"<p>",  "<ul>", "<ol",  "<pre>",  "<blockquote>",
                                         "<hr ", "<h1>", "<h2>", "<h3>",   "<h4>",
                                         "<h5>", "<h6>", "<div", "<table", "<!--"};
    bool found = false;
    for (size_t i = 0; i < sizeof blocks / sizeof blocks[0] && !found; i++)
        found = hob_text_starts_with(piece->text, blocks[i]);
    return found && (!piece->quoted || starts_line(source, piece->text.data));
}

static bool is_heading(struct hob_text piece)
{
    return piece.size == 4 && piece.data[1] == 'h' && piece.data[2] >= '1' && piece.data[2] <= '6';
}

/* Writes alt="…" src="…" of the pieces `<img src="`, address, `" alt="`, text, `" title="` or `"
 * />`; a quote inside them arrives as &quot;. Says whether the piece is done with. */
static bool take_image(struct output *output, const struct markdown_piece *piece)
{
    if (output->image == NO_IMAGE && markdown_is_tag(piece, "<img src=\"")) {
        output->image = IN_SOURCE;
        hob_buffer_put_string(output->buffer, "<img alt=\"");
        return true;
    }
    if (output->image == IN_SOURCE && markdown_is_tag(piece, "\" alt=\"")) {
        output->image = IN_ALT;
        return true;
    }
    if (output->image == IN_SOURCE) {
        hob_buffer_put_text(&output->source, piece->text);
        return true;
    }
    if (output->image == IN_ALT &&
        (markdown_is_tag(piece, "\" title=\"") || markdown_is_tag(piece, "\" />"))) {
        output->image = NO_IMAGE;
        hob_buffer_put_string(output->buffer, "\" src=\"");
        hob_buffer_put_text(output->buffer, hob_buffer_text(&output->source));
        output->source.size = 0; /* keeps its memory, and that it failed */
    }
    return false;
}

static struct markdown_piece make_piece(const struct output *output, struct hob_text text)
{
    struct hob_text source = output->lists.source;
    uintptr_t at = (uintptr_t)text.data, start = (uintptr_t)source.data;
    struct markdown_piece piece = {.text = text, .quoted = at >= start && at - start < source.size};
    piece.opens_block = opens_block(source, &piece);
    if (!piece.quoted && hob_text_starts_with(text, "<ol start=\""))
        piece.text = HOB_TEXT("<ol>\n");
    return piece;
}

/* Python-Markdown escapes no quotes in texts. */
static void unescape_quote(struct output *output, struct markdown_piece *piece)
{
    if (markdown_is_tag(piece, "<a href=\"") || markdown_is_tag(piece, "<img src=\"") ||
        markdown_is_tag(piece, " class=\"language-"))
        output->attribute = true;
    else if (markdown_is_tag(piece, "\">") || markdown_is_tag(piece, "\" />") ||
             markdown_is_tag(piece, "\""))
        output->attribute = false;
    else if (!output->attribute && markdown_is_tag(piece, "&quot;"))
        piece->text = HOB_TEXT("\"");
}

static void skip_blanks(struct hob_text *text)
{
    while (text->size > 0 && (*text->data == ' ' || *text->data == '\t')) {
        text->data++;
        text->size--;
    }
}

/* md4c cannot be told to stop, so that what is beyond the limit is dropped. */
static void take_html(const MD_CHAR *html, MD_SIZE size, void *data)
{
    struct output *output = data;
    if (output->buffer->size > output->limit)
        return;
    struct markdown_piece piece = make_piece(output, (struct hob_text){html, size});
    if (markdown_lists_take(&output->lists, &piece))
        return;
    unescape_quote(output, &piece);
    if (output->item && piece.opens_block)
        hob_buffer_put_char(output->buffer, '\n');
    if (output->heading)
        skip_blanks(&piece.text);
    if (!take_image(output, &piece))
        hob_buffer_put_text(output->buffer, piece.text);
    markdown_lists_wrote(&output->lists, &piece);
    output->item = markdown_is_tag(&piece, "<li>");
    output->heading = !piece.quoted && is_heading(piece.text);
}

bool liquid_put_markdown(struct hob_buffer *out, struct hob_text text, size_t limit)
{
    struct output output = {.buffer = out, .lists = {.out = out, .source = text}, .limit = limit};
    size_t start = out->size;
    bool done = text.size <= INT_MAX &&
                md_html(text.data, (MD_SIZE)text.size, take_html, &output, MD_DIALECT_COMMONMARK,
                        MD_HTML_FLAG_XHTML | MD_HTML_FLAG_VERBATIM_ENTITIES) == 0;
    markdown_lists_finish(&output.lists);
    done = done && !hob_buffer_failed(&output.source);
    hob_buffer_deinit(&output.source);
    while (out->size > start && out->data[out->size - 1] == '\n')
        out->size--;
    return done && !hob_buffer_failed(out);
}
