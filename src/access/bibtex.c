/* bibtex: flows of type bibtex, read.
 *
 * A row an entry and a column a field, all of them text: the well-known fields first in their
 * order, the others by name; rows sorted by author, year and title (golden RULES 23). */
#include "access/bibtex_parse.h"
#include "access/formats.h"

/* Fields that come first, in this order. */
static const char *const known_fields[] = {
    "title", "author", "editor",    "abstract", "year", "journal", "booktitle", "volume",
    "issue", "pages",  "publisher", "address",  "doi",  "url",     "note",
};

/* A table may be larger than its file, as every entry has a cell for every field. */
static const size_t max_cells = (size_t)64 << 20;

/* An entry with what it is sorted by. */
struct row {
    struct hob_text keys[3]; /* author, year, title; data is NULL for a missing one */
    size_t entry;
};

static struct row row_of(const struct hob_bibtex *bibtex, size_t entry, const size_t names[3])
{
    const struct hob_bibtex_entry *from = &bibtex->entries[entry];
    struct row row = {.entry = entry};
    for (size_t i = from->first; i < from->first + from->count; i++)
        for (size_t k = 0; k < 3; k++)
            if (bibtex->fields[i].name == names[k])
                row.keys[k] = bibtex->fields[i].value;
    return row;
}

/* Missing ones last, equal ones in the order of the file. */
static int compare_rows(const void *a, const void *b)
{
    const struct row *first = a, *second = b;
    for (size_t k = 0; k < 3; k++) {
        struct hob_text x = first->keys[k], y = second->keys[k];
        if ((x.data == NULL) != (y.data == NULL))
            return x.data == NULL ? 1 : -1;
        int difference = x.data == NULL ? 0 : hob_text_compare(x, y);
        if (difference != 0)
            return difference;
    }
    return first->entry < second->entry ? -1 : 1;
}

static struct row *sorted_rows(const struct hob_bibtex *bibtex)
{
    size_t names[3] = {hob_map_find(bibtex->names, HOB_TEXT("author")),
                       hob_map_find(bibtex->names, HOB_TEXT("year")),
                       hob_map_find(bibtex->names, HOB_TEXT("title"))};
    struct row *rows = hob_try_alloc(bibtex->entry_count + 1, sizeof *rows);
    for (size_t i = 0; rows != NULL && i < bibtex->entry_count; i++)
        rows[i] = row_of(bibtex, i, names);
    if (rows != NULL)
        qsort(rows, bibtex->entry_count, sizeof *rows, compare_rows);
    return rows;
}

/* Appends missing cells until the column has `rows` of them. */
static bool fill(struct hob_column *column, size_t rows)
{
    while (column->count < rows)
        if (!hob_column_append_missing(column))
            return false;
    return true;
}

/* columns[0] and [1] are the type and the key, then those of the fields by their position. */
static bool fill_columns(const struct hob_bibtex *bibtex, const struct row *rows,
                         struct hob_column *columns)
{
    for (size_t i = 0; i < bibtex->entry_count; i++) {
        const struct hob_bibtex_entry *entry = &bibtex->entries[rows[i].entry];
        bool done = hob_column_append_string(&columns[0], entry->type) &&
                    (entry->key.size > 0 ? hob_column_append_string(&columns[1], entry->key)
                                         : hob_column_append_missing(&columns[1]));
        const struct hob_bibtex_field *field = bibtex->fields + entry->first;
        for (size_t f = 0; done && f < entry->count; f++, field++)
            done = fill(&columns[2 + field->name], i) &&
                   hob_column_append_string(&columns[2 + field->name], field->value);
        if (!done)
            return false;
    }
    for (size_t i = 0; i < 2 + hob_map_count(bibtex->names); i++)
        if (!fill(&columns[i], bibtex->entry_count))
            return false;
    return true;
}

static bool is_known(struct hob_text name)
{
    for (size_t i = 0; i < sizeof known_fields / sizeof *known_fields; i++)
        if (hob_text_is(name, known_fields[i]))
            return true;
    return false;
}

static int compare_names(const void *a, const void *b)
{
    return hob_text_compare(*(const struct hob_text *)a, *(const struct hob_text *)b);
}

/* The names of the fields in the order of their columns. */
static struct hob_text *ordered_names(const struct hob_bibtex *bibtex)
{
    size_t count = hob_map_count(bibtex->names), done = 0;
    struct hob_text *names = hob_arena_alloc(bibtex->arena, (count + 1) * sizeof *names);
    for (size_t i = 0; i < sizeof known_fields / sizeof *known_fields; i++)
        if (hob_map_find(bibtex->names, hob_text_from(known_fields[i])) != SIZE_MAX)
            names[done++] = hob_text_from(known_fields[i]);
    size_t others = done;
    for (size_t i = 0; i < count; i++)
        if (!is_known(hob_map_key_at(bibtex->names, i)))
            names[done++] = hob_map_key_at(bibtex->names, i);
    qsort(names + others, done - others, sizeof *names, compare_names);
    return names;
}

static bool add_columns(struct hob_frame *frame, const struct hob_bibtex *bibtex,
                        struct hob_column *columns)
{
    if (bibtex->entry_count == 0)
        return true;
    const struct hob_text *names = ordered_names(bibtex);
    if (hob_frame_add_named(frame, HOB_TEXT("ENTRYTYPE"), &columns[0]) == NULL ||
        hob_frame_add_named(frame, HOB_TEXT("ID"), &columns[1]) == NULL)
        return false;
    for (size_t i = 0; i < hob_map_count(bibtex->names); i++)
        if (hob_frame_add_named(frame, names[i],
                                &columns[2 + hob_map_find(bibtex->names, names[i])]) == NULL)
            return false;
    return true;
}

static int make_frame(struct hob_frame **frame, const struct hob_bibtex *bibtex,
                      struct hob_error *error)
{
    size_t count = 2 + hob_map_count(bibtex->names);
    if (bibtex->entry_count > max_cells / count)
        return hob_error_set(error, HOB_E_LIMIT,
                             "a table of %zu entries and %zu fields is too large",
                             bibtex->entry_count, count);
    HOB_AUTO(frame) struct hob_frame *made = hob_frame_new();
    HOB_AUTO(free) struct row *rows = sorted_rows(bibtex);
    struct hob_column *columns = hob_arena_alloc(bibtex->arena, count * sizeof *columns);
    for (size_t i = 0; i < count; i++)
        hob_column_init(&columns[i], HOB_COLUMN_STRING);
    bool done =
        rows != NULL && fill_columns(bibtex, rows, columns) && add_columns(made, bibtex, columns);
    for (size_t i = 0; i < count; i++)
        hob_column_deinit(&columns[i]);
    if (!done)
        return hob_error_set(error, HOB_E_MEMORY, "not enough memory");
    *frame = HOB_STEAL(made);
    return 0;
}

static int read_bibtex(struct hob_frame **frame, const struct hob_flow_file *file,
                       struct hob_error *error)
{
    HOB_AUTO(bibtex) struct hob_bibtex bibtex = {0};
    int result = hob_bibtex_parse(&bibtex, file->text, error);
    return result < 0 ? result : make_frame(frame, &bibtex, error);
}

int hob_bibtex_read_flow(struct hob_frame **frame, const struct hob_scope *scope,
                         const struct hob_value *flow, struct hob_error *error)
{
    return hob_flow_read(frame, scope, flow, "bibtex", read_bibtex, error);
}
