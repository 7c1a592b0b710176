/* choices: values of options that several commands take, checked in the same way. */
#ifndef HOB_CLI_CHOICES_H
#define HOB_CLI_CHOICES_H

#include "cli/options.h"

/* Says that the option cannot have this value, and which it can have. Returns 2. */
int hob_choice_wrong(const struct hob_arguments *arguments, const char *option, const char *value,
                     void (*put_choices)(struct hob_buffer *out));
/* Sets *size to what the option says: bytes, or a number with K, M or G; leaves it when the option
 * is not given. Returns 0, or 2 after a message. */
int hob_choice_size(const struct hob_arguments *arguments, const char *option, size_t *size);

/* That option of commands that read, where hob_scope takes it. */
#define HOB_MAX_FILE_SIZE_OPTION                                                                   \
    {                                                                                              \
        .name = "max-file-size", .argument = "SIZE",                                               \
        .help = "refuse larger input: bytes, or a number with K, M or G; the default is 4G"        \
    }
/* Where a command writes that prints otherwise. */
#define HOB_OUTPUT_OPTION                                                                          \
    {                                                                                              \
        .name = "output", .letter = 'o', .argument = "OUT",                                        \
        .help = "write to this file; it is replaced whole or not at all"                           \
    }

#endif
