/* Fuzzes JSON: a document that reads must be written as JSON that reads as the same value, and
 * records must become the same table with and without a tree. What hob_json_skip passes over must
 * be JSON. */
#include <stdio.h>
#include <stdlib.h>

#include "base/utf8.h"
#include "frame/build.h"
#include "frame/records.h"
#include "value/json.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void give_up(const char *what)
{
    fprintf(stderr, "%s\n", what);
    abort();
}

static void write_and_read_again(struct hob_arena *arena, const struct hob_value *value)
{
    for (unsigned style = 0; style < 8; style++) {
        HOB_AUTO(buffer) struct hob_buffer out = HOB_BUFFER_INIT;
        const struct hob_value *again;
        if (hob_json_write(&out, value, style, (size_t)1 << 26, NULL) != 0)
            return;
        if (hob_json_read(arena, hob_buffer_text(&out), &again, NULL) != 0)
            give_up("what was written cannot be read");
    }
}

static void compare_tables(struct hob_arena *arena, struct hob_text text,
                           const struct hob_value *value)
{
    HOB_AUTO(frame) struct hob_frame *direct = NULL;
    HOB_AUTO(frame) struct hob_frame *by_tree = NULL;
    HOB_AUTO(buffer) struct hob_buffer first = HOB_BUFFER_INIT;
    HOB_AUTO(buffer) struct hob_buffer second = HOB_BUFFER_INIT;
    (void)arena;
    if (hob_frame_read_records(&direct, text, NULL) != 0 || direct == NULL)
        return;
    if (hob_frame_from_value(&by_tree, value, 0, NULL, NULL) != 0)
        give_up("a table only without a tree");
    hob_frame_put_answer(&first, direct, NULL);
    hob_frame_put_answer(&second, by_tree, NULL);
    if (!hob_text_equal(hob_buffer_text(&first), hob_buffer_text(&second)))
        give_up("another table without a tree");
}

/* What is passed over as a whole can be read. */
static void compare_skipped(struct hob_text text, bool reads)
{
    size_t at = 0;
    if (hob_utf8_valid_prefix(text) != text.size || !hob_json_skip(text, &at))
        return;
    while (at < text.size && memchr(" \t\r\n", text.data[at], 4) != NULL)
        at++;
    if (at == text.size && !reads)
        give_up("passed over, and cannot be read");
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    HOB_AUTO(arena) struct hob_arena *arena = hob_arena_new();
    struct hob_text text = {(const char *)data, size};
    const struct hob_value *value;
    struct hob_error error = HOB_ERROR_INIT;
    bool reads = hob_json_read(arena, text, &value, &error) == 0;
    compare_skipped(text, reads);
    if (!reads) {
        if (error.message[0] == '\0')
            give_up("an error without a message");
        return 0;
    }
    write_and_read_again(arena, value);
    compare_tables(arena, text, value);
    return 0;
}
