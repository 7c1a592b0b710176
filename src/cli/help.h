/* help: what the table of commands says, as text, man page and markdown. */
#ifndef HOB_CLI_HELP_H
#define HOB_CLI_HELP_H

#include "base/buffer.h"
#include "cli/command.h"

struct hob_format;

/* One line that says what hob is. */
#define HOB_SUMMARY "keep data and interpreters warm, and read tables quickly"

/* The list of commands. */
void hob_help_put_overview(struct hob_buffer *out);
/* `program` is how the command is called: "hob field", "mdfield". */
void hob_help_put_command(struct hob_buffer *out, const struct hob_command *command,
                          const char *program);
/* The formats of files that can be read and written. */
void hob_help_put_formats(struct hob_buffer *out);
/* The reference of all commands. */
void hob_help_put_markdown(struct hob_buffer *out);
/* A man page in roff: of the command, or of hob itself when it is NULL. */
void hob_man_put(struct hob_buffer *out, const struct hob_command *command);

/* What can be done with files of a format: "read", "write", "read, write". */
const char *hob_help_directions(const struct hob_format *format);

/* A name and what it means, in two columns. */
void hob_help_put_item(struct hob_buffer *out, const char *what, const char *meaning);

/* "-c, --config FILE": how an option is written. */
void hob_help_put_option(struct hob_buffer *out, const struct hob_option *option);
/* The help line of an option, with its choices. */
void hob_help_put_option_help(struct hob_buffer *out, const struct hob_option *option);

#endif
