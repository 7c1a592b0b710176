/* table: a frame as people read it: aligned columns, a header, and its shape below. */
#ifndef HOB_CLI_TABLE_H
#define HOB_CLI_TABLE_H

#include "base/buffer.h"
#include "base/error.h"
#include "frame/frame.h"

struct hob_table_options {
    unsigned width; /* of the terminal; 0: nothing is cut */
    bool color;     /* bold header, dim holes */
    bool types;     /* a line with the columns' types */
    size_t first;   /* rows to show from the start; 0: all */
    size_t last;    /* and from the end */
};

/* For standard output: a terminal gets its width, colours, and of a long table the beginning and
 * the end; everything else gets all of it. */
struct hob_table_options hob_table_options_look(void);

/* Numbers are right-aligned, texts left; wide characters count twice; control characters are
 * shown harmlessly (cli/display.h). Where the width is too small the widest columns give way and
 * cut cells end in an ellipsis; columns that have no room at all are counted in a line. */
int hob_table_put(struct hob_buffer *out, const struct hob_frame *frame,
                  const struct hob_table_options *options, struct hob_error *error);

#endif
