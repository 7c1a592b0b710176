/* Fuzzes BibTeX: what was parsed, written entry by entry, must be parsed as the same again. */
#include <stdio.h>
#include <stdlib.h>

#include "access/bibtex_parse.h"
#include "base/buffer.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void give_up(const char *what, struct hob_text text)
{
    fprintf(stderr, "%s:\n%.*s\n", what, HOB_TEXT_ARG(text));
    abort();
}

static void write_all(struct hob_buffer *out, const struct hob_bibtex *bibtex)
{
    for (size_t i = 0; i < bibtex->entry_count; i++) {
        const struct hob_bibtex_entry *entry = &bibtex->entries[i];
        hob_buffer_printf(out, "@%.*s{%.*s", (int)entry->type.size, entry->type.data,
                          (int)entry->key.size, entry->key.data);
        for (size_t f = entry->first; f < entry->first + entry->count; f++) {
            struct hob_text name = hob_map_key_at(bibtex->names, bibtex->fields[f].name);
            hob_buffer_printf(out, ",\n  %.*s = {", (int)name.size, name.data);
            hob_buffer_put_text(out, bibtex->fields[f].value);
            hob_buffer_put_string(out, "}");
        }
        hob_buffer_put_string(out, "\n}\n\n");
    }
}

static void compare(const struct hob_bibtex *a, const struct hob_bibtex *b, struct hob_text written)
{
    if (a->entry_count != b->entry_count || a->field_count != b->field_count)
        give_up("entries or fields are lost", written);
    for (size_t i = 0; i < a->entry_count; i++)
        if (!hob_text_equal(a->entries[i].type, b->entries[i].type) ||
            !hob_text_equal(a->entries[i].key, b->entries[i].key) ||
            a->entries[i].count != b->entries[i].count)
            give_up("an entry differs", written);
    for (size_t i = 0; i < a->field_count; i++)
        if (a->fields[i].name != b->fields[i].name)
            give_up("a field has another name", written);
}

/* A break that ends a value, or blanks behind one, are lost when it is read: so it is the second
 * time that must change nothing. */
static void parse_again(struct hob_text text, int times, const struct hob_bibtex *before)
{
    HOB_AUTO(bibtex) struct hob_bibtex bibtex = {0};
    HOB_AUTO(buffer) struct hob_buffer written = HOB_BUFFER_INIT;
    struct hob_error error = HOB_ERROR_INIT;
    if (hob_bibtex_parse(&bibtex, text, &error) != 0) {
        if (before != NULL)
            give_up(error.message, text);
        return;
    }
    if (before != NULL)
        compare(before, &bibtex, text);
    write_all(&written, &bibtex);
    if (times > 0)
        parse_again(hob_buffer_text(&written), times - 1, &bibtex);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    parse_again((struct hob_text){(const char *)data, size}, 2, NULL);
    return 0;
}
