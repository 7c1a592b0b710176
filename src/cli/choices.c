/* choices: see choices.h. */
#include "cli/choices.h"

#include "base/number.h"

int hob_choice_wrong(const struct hob_arguments *arguments, const char *option, const char *value,
                     void (*put_choices)(struct hob_buffer *out))
{
    HOB_AUTO(buffer) struct hob_buffer choices = HOB_BUFFER_INIT;
    put_choices(&choices);
    return hob_arguments_wrong(arguments, "--%s cannot be '%s': it is one of %s", option, value,
                               hob_buffer_string(&choices));
}

int hob_choice_size(const struct hob_arguments *arguments, const char *option, size_t *size)
{
    const char *given = hob_arguments_value(arguments, option);
    if (given == NULL)
        return 0;
    if (!hob_number_parse_size(hob_text_from(given), size))
        return hob_arguments_wrong(arguments,
                                   "--%s cannot be '%s': it is a number of bytes, or one with K, M "
                                   "or G",
                                   option, given);
    return 0;
}
