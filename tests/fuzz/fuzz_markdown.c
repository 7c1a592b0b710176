/* Fuzzes front matter: whatever the file holds, reading it ends with fields and content, or with an
 * error that has a message; fields print. */
#include <stdlib.h>

#include "access/front_matter.h"
#include "value/python.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    HOB_AUTO(arena) struct hob_arena *arena = hob_arena_new();
    HOB_AUTO(buffer) struct hob_buffer out = HOB_BUFFER_INIT;
    struct hob_front_matter read;
    struct hob_error error = HOB_ERROR_INIT;
    struct hob_text text = {(const char *)data, size};
    if (hob_front_matter_read(arena, text, "fuzz.md", &read, &error) != 0) {
        if (error.message[0] == '\0')
            abort();
        return 0;
    }
    if (read.fields != NULL && read.fields->kind != HOB_MAP)
        abort();
    if (read.fields != NULL && size < 4096)
        hob_python_str(&out, read.fields);
    return 0;
}
