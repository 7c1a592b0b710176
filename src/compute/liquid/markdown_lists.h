/* markdown_lists: lists that follow each other directly become one, as in Python-Markdown.
 *
 * CommonMark starts a new list where the kind of marker changes; Python-Markdown goes on with the
 * list that is there. Where a blank line is between the two, it also makes paragraphs of the items
 * on both sides of the seam. This stands between md4c, whose opening and closing tags come as
 * pieces of their own, and the output. Private to this folder. */
#ifndef HOB_COMPUTE_LIQUID_MARKDOWN_LISTS_H
#define HOB_COMPUTE_LIQUID_MARKDOWN_LISTS_H

#include "base/buffer.h"

enum { MARKDOWN_MAX_LISTS = 64 }; /* deeper lists stay as they are */

/* What md4c wants to be written next. */
struct markdown_piece {
    struct hob_text text;
    bool opens_block;
    bool quoted; /* it stands so in the source: no tag that md4c made */
};

static inline bool markdown_is_tag(const struct markdown_piece *piece, const char *tag)
{
    return !piece->quoted && hob_text_is(piece->text, tag);
}

struct markdown_lists {
    struct hob_buffer *out;
    struct hob_text source;
    unsigned depth;
    unsigned beyond; /* open lists that are deeper than the levels */
    struct {
        bool ordered;
        size_t item; /* where the text of the last item starts */
        size_t end;  /* where it ends; 0 as long as it goes on */
    } levels[MARKDOWN_MAX_LISTS + 1];
    bool held; /* the innermost list was closed, but its closing tag is not written yet */
    /* The first item behind the seam. */
    enum {
        MARKDOWN_NO_SEAM,
        MARKDOWN_BEFORE_ITEM,
        MARKDOWN_IN_ITEM, /* it began, and no block in it yet */
        MARKDOWN_IN_PARAGRAPH,
    } seam;
    /* The last item before the seam, until the source tells whether a blank line is behind it. */
    struct {
        size_t item, end;
        bool waits;
    } before;
};

/* To be called with each piece before it is written: true when it must not be. */
bool markdown_lists_take(struct markdown_lists *lists, const struct markdown_piece *piece);
/* To be called after a piece was written. */
void markdown_lists_wrote(struct markdown_lists *lists, const struct markdown_piece *piece);
void markdown_lists_finish(struct markdown_lists *lists);

#endif
