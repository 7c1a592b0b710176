/* markdown_lists: see markdown_lists.h.
 *
 * A closing tag is held back until the next piece shows whether another list begins right there. If
 * so neither tag is written. Whether the items at the seam become paragraphs shows only when the
 * first piece behind the seam comes that stands so in the source: then their tags are inserted into
 * what was written. */
#include "compute/liquid/markdown_lists.h"

static bool opens_list(const struct markdown_piece *piece)
{
    return markdown_is_tag(piece, "<ul>\n") || markdown_is_tag(piece, "<ol>\n");
}

static bool closes_list(const struct markdown_piece *piece)
{
    return markdown_is_tag(piece, "</ul>\n") || markdown_is_tag(piece, "</ol>\n");
}

static void put_closing_tag(struct markdown_lists *lists)
{
    hob_buffer_put_string(lists->out, lists->levels[lists->depth].ordered ? "</ol>\n" : "</ul>\n");
    lists->depth--;
    lists->held = false;
}

static void insert(struct markdown_lists *lists, size_t at, const char *tag)
{
    struct hob_buffer *out = lists->out;
    size_t size = strlen(tag);
    if (!hob_buffer_reserve(out, size))
        return;
    memmove(out->data + at + size, out->data + at, out->size - at);
    memcpy(out->data + at, tag, size);
    out->size += size;
    for (unsigned level = 1; level <= lists->depth; level++) {
        if (lists->levels[level].item > at)
            lists->levels[level].item += size;
        if (lists->levels[level].end > at)
            lists->levels[level].end += size;
    }
}

/* Makes a paragraph of the text that the item before the seam starts with. What begins with a
 * line's end is a block already. */
static void wrap_item_before(struct markdown_lists *lists)
{
    size_t start = lists->before.item, end = lists->before.end;
    while (end > start && lists->out->data[end - 1] == '\n')
        end--;
    if (end == start || lists->out->data[start] == '\n')
        return;
    insert(lists, end, lists->out->data[end] == '\n' ? "</p>" : "</p>\n");
    insert(lists, start, "\n<p>");
}

/* Whether there is nothing in the line before the one of `at`; marks of quotes are nothing. */
static bool follows_blank_line(struct hob_text source, const char *at)
{
    while (at > source.data && at[-1] != '\n')
        at--;
    if (at > source.data)
        at--;
    if (at > source.data && *at == '\n' && at[-1] == '\r')
        at--;
    while (at > source.data && strchr(" \t>", at[-1]) != NULL && at[-1] != '\0')
        at--;
    return at > source.data && at[-1] == '\n';
}

/* The piece is the first one behind the seam with a place in the source. */
static void decide_seam(struct markdown_lists *lists, const struct markdown_piece *piece)
{
    bool loose = follows_blank_line(lists->source, piece->text.data);
    lists->before.waits = false;
    if (loose)
        wrap_item_before(lists);
    if (loose && lists->seam == MARKDOWN_IN_ITEM)
        insert(lists, lists->levels[lists->depth].item, "\n<p>");
    if (lists->seam == MARKDOWN_IN_ITEM)
        lists->seam = loose ? MARKDOWN_IN_PARAGRAPH : MARKDOWN_NO_SEAM;
}

static void end_paragraph(struct markdown_lists *lists)
{
    struct hob_buffer *out = lists->out;
    while (out->size > 0 && out->data[out->size - 1] == '\n')
        out->size--;
    hob_buffer_put_string(out, "</p>\n");
}

/* A block in the innermost item, or the item's end: there its text ends, and the seam's paragraph.
 */
static void end_text(struct markdown_lists *lists)
{
    if (lists->seam == MARKDOWN_IN_PARAGRAPH)
        end_paragraph(lists);
    if (lists->seam != MARKDOWN_BEFORE_ITEM)
        lists->seam = MARKDOWN_NO_SEAM;
    if (lists->depth > 0 && lists->levels[lists->depth].end == 0)
        lists->levels[lists->depth].end = lists->out->size;
}

static void join(struct markdown_lists *lists)
{
    lists->held = false;
    lists->seam = MARKDOWN_BEFORE_ITEM;
    lists->before.item = lists->levels[lists->depth].item;
    lists->before.end = lists->levels[lists->depth].end;
    lists->before.waits = true;
}

static void open_level(struct markdown_lists *lists, bool ordered)
{
    lists->depth++;
    lists->levels[lists->depth].ordered = ordered;
    lists->levels[lists->depth].item = lists->levels[lists->depth].end = lists->out->size;
}

bool markdown_lists_take(struct markdown_lists *lists, const struct markdown_piece *piece)
{
    bool opens = opens_list(piece), closes = closes_list(piece);
    if (lists->held && opens) {
        join(lists);
        return true;
    }
    if (lists->held)
        put_closing_tag(lists);
    if (lists->beyond == 0 && (piece->opens_block || markdown_is_tag(piece, "</li>\n")))
        end_text(lists);
    if (lists->before.waits && piece->quoted)
        decide_seam(lists, piece);
    if (opens && lists->depth == MARKDOWN_MAX_LISTS)
        lists->beyond++;
    else if (closes && lists->beyond > 0)
        lists->beyond--;
    else if (opens)
        open_level(lists, piece->text.data[1] == 'o');
    else
        lists->held = closes && lists->depth > 0;
    return lists->held;
}

void markdown_lists_wrote(struct markdown_lists *lists, const struct markdown_piece *piece)
{
    if (!markdown_is_tag(piece, "<li>") || lists->beyond > 0)
        return;
    lists->levels[lists->depth].item = lists->out->size;
    lists->levels[lists->depth].end = 0;
    if (lists->seam == MARKDOWN_BEFORE_ITEM)
        lists->seam = MARKDOWN_IN_ITEM;
}

void markdown_lists_finish(struct markdown_lists *lists)
{
    if (lists->held)
        put_closing_tag(lists);
}
