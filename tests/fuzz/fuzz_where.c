/* Fuzzes conditions: any text is parsed and, when it is one, asked of a table with columns of every
 * type. Whatever it says, it must end with rows or with an error that has a message, and turning it
 * round with "not" must give exactly the other rows. */
#include <stdio.h>
#include <stdlib.h>

#include "compute/where.h"
#include "frame/build.h"
#include "value/yaml.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const char table[] =
    "- {i: 1, f: 1.5, t: Harbour, b: true, l: [a, 7], d: 2020-01-05, m: 1}\n"
    "- {i: -2, f: null, t: Old Harbour, b: false, l: [], d: 2020-06-30T10:30:00, m: a}\n"
    "- {i: 9223372036854775807, f: .inf, t: null, b: null, l: null, d: null, m: [1, a]}\n"
    "- {i: 0, f: -0.0, t: '', b: false, l: [[a]], d: 1999-12-31, m: null}\n";

static void give_up(const char *what)
{
    fprintf(stderr, "%s\n", what);
    abort();
}

static struct hob_frame *read_table(void)
{
    struct hob_arena *arena = hob_arena_new();
    const struct hob_value *value = NULL;
    struct hob_frame *frame = NULL;
    struct hob_error error = HOB_ERROR_INIT;
    if (hob_yaml_read(arena, hob_text_from(table), "table", &value, &error) != 0 ||
        hob_frame_from_value(&frame, value, 0, arena, &error) != 0)
        give_up(error.message);
    return frame;
}

/* False when there is an error. */
static bool select_rows(struct hob_text condition, const struct hob_frame *frame, uint64_t *rows)
{
    HOB_AUTO(where) struct hob_where *where = NULL;
    HOB_AUTO(row_set) struct hob_row_set set = HOB_ROW_SET_INIT;
    struct hob_error error = HOB_ERROR_INIT;
    if (hob_where_parse(&where, condition, &error) == 0 &&
        hob_where_select(where, frame, &set, &error) == 0) {
        *rows = set.words[0];
        return true;
    }
    if (error.message[0] == '\0')
        give_up("an error without a message");
    return false;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    HOB_AUTO(frame) struct hob_frame *frame = read_table();
    HOB_AUTO(buffer) struct hob_buffer turned = HOB_BUFFER_INIT;
    struct hob_text condition = {(const char *)data, size};
    uint64_t rows, others;
    if (!select_rows(condition, frame, &rows))
        return 0;
    if (rows >> hob_frame_rows(frame) != 0)
        give_up("rows that are not there");
    hob_buffer_put_string(&turned, "not (");
    hob_buffer_put_text(&turned, condition);
    hob_buffer_put_string(&turned, ")");
    /* The longest and the deepest conditions are too much with a "not". */
    if (select_rows(hob_buffer_text(&turned), frame, &others) && (rows ^ others) != 15)
        give_up("a condition and its opposite do not make all rows");
    return 0;
}
