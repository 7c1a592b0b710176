/* write_flow: writes a small table, or the rows given as YAML, to the flow given likewise:
 * write_flow 'type: csv, filename: x' '[{a: 1}]'.
 * What tests/fault/test_write.py lets go wrong. */
#include <stdio.h>

#include "access/access.h"
#include "frame/build.h"
#include "value/yaml.h"

int main(int argc, char **argv)
{
    HOB_AUTO(arena) struct hob_arena *arena = hob_arena_new();
    HOB_AUTO(frame) struct hob_frame *frame = NULL;
    HOB_AUTO(buffer) struct hob_buffer flow = HOB_BUFFER_INIT;
    struct hob_error error = HOB_ERROR_INIT;
    struct hob_scope scope = {0};
    const struct hob_value *rows, *output;
    if (argc != 2 && argc != 3)
        return 2;
    const char *given = argc == 3 ? argv[2] : "[{ID: n, ENTRYTYPE: misc, title: new, content: c}]";
    hob_buffer_printf(&flow, "{%s}", argv[1]);
    if (hob_yaml_read(arena, hob_buffer_text(&flow), "flow", &output, &error) != 0 ||
        hob_yaml_read(arena, hob_text_from(given), "rows", &rows, &error) != 0 ||
        hob_frame_from_value(&frame, rows, 0, NULL, &error) != 0 ||
        hob_access_write(&scope, output, frame, &error) != 0) {
        fprintf(stderr, "%s\n%s\n", error.message, error.hint);
        return 1;
    }
    return 0;
}
