/* markdown_lists: see markdown_lists.h.
 *
 * A closing tag is held back until the next piece shows whether another list begins right there. If
 * so neither tag is written; the last item that was written gets its paragraph by inserting the
 * tags into the output, the first item of the joined list as it comes. */
#include "compute/liquid/markdown_lists.h"

static void insert(struct hob_buffer *out, size_t at, const char *tag)
{
    size_t size = strlen(tag);
    if (!hob_buffer_reserve(out, size))
        return;
    memmove(out->data + at + size, out->data + at, out->size - at);
    memcpy(out->data + at, tag, size);
    out->size += size;
}

/* Whether the text of a tight item ends here: at its line's end, its own end, or a list in it. */
static bool ends_text(struct hob_text rest)
{
    return rest.data[0] == '\n' || hob_text_starts_with(rest, "</li>") ||
           hob_text_starts_with(rest, "<ul>") || hob_text_starts_with(rest, "<ol");
}

/* Makes a paragraph of the text that the last item starts with, if it is none already. */
static void wrap_last_item(struct markdown_lists *lists)
{
    struct hob_buffer *out = lists->out;
    size_t start = lists->levels[lists->depth].item, end = start;
    struct hob_text item = {out->data + start, out->size - start};
    if (hob_text_starts_with(item, "\n") || hob_text_starts_with(item, "</li>"))
        return;
    while (end < out->size && !ends_text((struct hob_text){out->data + end, out->size - end}))
        end++;
    bool alone = end < out->size && out->data[end] == '<';
    insert(out, end, alone ? "</p>\n" : "</p>");
    insert(out, start, "\n<p>");
}

static void put_closing_tag(struct markdown_lists *lists)
{
    hob_buffer_put_string(lists->out, lists->levels[lists->depth].ordered ? "</ol>\n" : "</ul>\n");
    lists->depth--;
    lists->held = false;
}

static bool opens_list(struct hob_text piece)
{
    return hob_text_is(piece, "<ul>\n") || hob_text_is(piece, "<ol>\n") ||
           hob_text_starts_with(piece, "<ol start=\"");
}

static void end_paragraph(struct markdown_lists *lists)
{
    struct hob_buffer *out = lists->out;
    while (out->size > 0 && out->data[out->size - 1] == '\n')
        out->size--;
    hob_buffer_put_string(out, "</p>\n");
    lists->seam = MARKDOWN_NO_SEAM;
}

/* The seam's paragraph opens behind the item's tag and closes before a block or the item's end. */
static void step_seam(struct markdown_lists *lists, struct hob_text piece, bool opens_block)
{
    if (lists->seam == MARKDOWN_IN_ITEM) {
        bool text = !opens_block && !hob_text_is(piece, "</li>\n");
        if (text)
            hob_buffer_put_string(lists->out, "\n<p>");
        lists->seam = text ? MARKDOWN_IN_PARAGRAPH : MARKDOWN_NO_SEAM;
    } else if (lists->seam == MARKDOWN_IN_PARAGRAPH &&
               (opens_block || hob_text_is(piece, "</li>\n"))) {
        end_paragraph(lists);
    }
}

static void open_level(struct markdown_lists *lists, bool ordered)
{
    lists->depth++;
    lists->levels[lists->depth].ordered = ordered;
    lists->levels[lists->depth].item = lists->out->size;
}

bool markdown_lists_take(struct markdown_lists *lists, struct hob_text piece, bool opens_block)
{
    bool opens = opens_list(piece);
    if (lists->held && opens) {
        lists->held = false;
        wrap_last_item(lists);
        lists->seam = MARKDOWN_BEFORE_ITEM;
        return true;
    }
    if (lists->held)
        put_closing_tag(lists);
    step_seam(lists, piece, opens_block);
    bool closes = hob_text_is(piece, "</ul>\n") || hob_text_is(piece, "</ol>\n");
    if (opens && lists->depth == MARKDOWN_MAX_LISTS)
        lists->beyond++;
    else if (closes && lists->beyond > 0)
        lists->beyond--;
    else if (opens)
        open_level(lists, piece.data[1] == 'o');
    else
        lists->held = closes && lists->depth > 0;
    return lists->held;
}

void markdown_lists_wrote(struct markdown_lists *lists, struct hob_text piece)
{
    if (!hob_text_is(piece, "<li>"))
        return;
    lists->levels[lists->depth].item = lists->out->size;
    if (lists->seam == MARKDOWN_BEFORE_ITEM)
        lists->seam = MARKDOWN_IN_ITEM;
}

void markdown_lists_finish(struct markdown_lists *lists)
{
    if (lists->held)
        put_closing_tag(lists);
}
