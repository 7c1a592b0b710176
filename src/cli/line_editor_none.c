/* line_editor_none: where hob is built without libedit; see line_editor.h. */
#include "cli/line_editor.h"

struct hob_line_editor *hob_line_editor_open(const struct hob_line_options *options)
{
    (void)options;
    return NULL;
}

struct hob_line_editor *hob_line_editor_close(struct hob_line_editor *editor)
{
    (void)editor;
    return NULL;
}

int hob_line_editor_read(struct hob_line_editor *editor, const char *prompt,
                         struct hob_buffer *line)
{
    (void)editor, (void)prompt, (void)line;
    return 0;
}
