/* markdown_lists: lists that follow each other directly become one, as in Python-Markdown.
 *
 * CommonMark starts a new list where the kind of marker changes; Python-Markdown goes on with the
 * list that is there, and makes paragraphs of the items on both sides of the seam. This stands
 * between md4c, whose opening and closing tags come as pieces of their own, and the output. Private
 * to this folder. */
#ifndef HOB_COMPUTE_LIQUID_MARKDOWN_LISTS_H
#define HOB_COMPUTE_LIQUID_MARKDOWN_LISTS_H

#include "base/buffer.h"

enum { MARKDOWN_MAX_LISTS = 64 }; /* deeper lists stay as they are */

struct markdown_lists {
    struct hob_buffer *out;
    unsigned depth;
    unsigned beyond; /* open lists that are deeper than the levels */
    struct {
        bool ordered;
        size_t item; /* where the text of the last item starts */
    } levels[MARKDOWN_MAX_LISTS + 1];
    bool held; /* the innermost list was closed, but its closing tag is not written yet */
    enum {
        MARKDOWN_NO_SEAM,
        MARKDOWN_BEFORE_ITEM, /* of the list that was joined */
        MARKDOWN_IN_ITEM,     /* its tag is out, nothing of it yet */
        MARKDOWN_IN_PARAGRAPH,
    } seam;
};

/* To be called with each piece before it is written: true when it must not be. */
bool markdown_lists_take(struct markdown_lists *lists, struct hob_text piece, bool opens_block);
/* To be called after a piece was written. */
void markdown_lists_wrote(struct markdown_lists *lists, struct hob_text piece);
void markdown_lists_finish(struct markdown_lists *lists);

#endif
