/* line_editor: one line after another from standard input; on a terminal with editing, history and
 * completion, where hob was built with libedit.
 *
 * Only one may be open at a time. Ctrl-C gives up the line that is being typed: no signal is sent
 * meanwhile. */
#ifndef HOB_CLI_LINE_EDITOR_H
#define HOB_CLI_LINE_EDITOR_H

#include "base/buffer.h"
#include "base/error.h"

struct hob_line_editor;

/* What may stand in place of the word that begins at `start` and ends at `end`, where the cursor
 * is: appends whole words, each with a NUL behind it. */
typedef void hob_line_completer(void *data, struct hob_text line, size_t start, size_t end,
                                struct hob_buffer *words);

struct hob_line_options {
    const char *history; /* the file, or NULL for none; it is read now, and takes each line as it
                            comes, beside those of others who have it open */
    hob_line_completer *complete;
    void *data;
};

/* Everything in the options lives as long as the editor. NULL when this terminal, or this build,
 * can't do it. */
struct hob_line_editor *hob_line_editor_open(const struct hob_line_options *options);
/* Takes NULL, returns NULL. */
struct hob_line_editor *hob_line_editor_close(struct hob_line_editor *editor);

/* 1 and the line without its end, 0 when there are no more. */
int hob_line_editor_read(struct hob_line_editor *editor, const char *prompt,
                         struct hob_buffer *line);

#endif
