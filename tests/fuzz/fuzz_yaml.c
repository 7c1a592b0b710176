/* Fuzzes YAML: whatever can be read and written must read back, and be written the same way again.
 */
#include <stdio.h>
#include <stdlib.h>

#include "value/yaml.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void give_up(const char *what, struct hob_text written, const struct hob_error *error)
{
    fprintf(stderr, "%s: %s\n%.*s\n", what, error->message, HOB_TEXT_ARG(written));
    abort();
}

static void write_and_read_again(struct hob_arena *arena, const struct hob_value *value)
{
    HOB_AUTO(buffer) struct hob_buffer first = HOB_BUFFER_INIT;
    HOB_AUTO(buffer) struct hob_buffer second = HOB_BUFFER_INIT;
    struct hob_error error = HOB_ERROR_INIT;
    const struct hob_value *again;
    if (hob_yaml_write(&first, value, &error) != 0)
        return; /* a cycle */
    if (hob_yaml_read(arena, hob_buffer_text(&first), "written", &again, &error) != 0)
        give_up("what was written cannot be read", hob_buffer_text(&first), &error);
    if (hob_yaml_write(&second, again, &error) != 0 ||
        !hob_text_equal(hob_buffer_text(&first), hob_buffer_text(&second)))
        give_up("what was written is read as something else", hob_buffer_text(&first), &error);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct hob_arena *arena = hob_arena_new();
    struct hob_text text = {(const char *)data, size};
    const struct hob_value *value;
    struct hob_error error = HOB_ERROR_INIT;
    if (hob_yaml_read(arena, text, "fuzz.yml", &value, &error) == 0)
        write_and_read_again(arena, value);
    else if (error.message[0] == '\0')
        give_up("an error without a message", text, &error);
    hob_arena_free(arena);
    return 0;
}
