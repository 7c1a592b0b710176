/* header: see header.h. */
#include "base/header.h"

#include <strings.h>

/* The characters of a header's name, one bit each. */
bool hob_header_is_name(struct hob_text text)
{
    static const uint32_t token[8] = {0, 0x03ff6cfa, 0xc7fffffe, 0x57ffffff};
    for (size_t i = 0; i < text.size; i++) {
        unsigned byte = (unsigned char)text.data[i];
        if ((token[byte / 32] >> byte % 32 & 1) == 0)
            return false;
    }
    return text.size > 0;
}

bool hob_header_is_value(struct hob_text text)
{
    for (size_t i = 0; i < text.size; i++) {
        unsigned char byte = (unsigned char)text.data[i];
        if ((byte < ' ' && byte != '\t') || byte == 0x7f)
            return false;
    }
    return true;
}

bool hob_header_named(struct hob_text text, struct hob_text name)
{
    return text.size == name.size && strncasecmp(text.data, name.data, name.size) == 0;
}

static bool is_blank(char byte)
{
    return byte == ' ' || byte == '\t';
}

struct hob_text hob_header_trim(struct hob_text text)
{
    while (text.size > 0 && is_blank(text.data[text.size - 1]))
        text.size--;
    while (text.size > 0 && is_blank(text.data[0])) {
        text.data++;
        text.size--;
    }
    return text;
}
