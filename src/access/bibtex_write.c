/* bibtex_write: flows of type bibtex, written.
 *
 * Entries are sorted by author, year and title (without regard to case, missing ones first), their
 * fields by name. Everything is checked before anything is written, so that what is written can be
 * read again. As in the reference, an entry that cannot be written leaves an empty file behind if
 * there was none before; a file that is there stays as it is. */
#include "access/bibtex_parse.h"
#include "access/formats.h"
#include "value/python.h"

static const char type_key[] = "ENTRYTYPE";
static const char id_key[] = "ID";

struct named_column {
    struct hob_text name;
    size_t column;
};

struct writer {
    const struct hob_frame *frame;
    struct hob_arena *arena;
    size_t type, id;             /* columns, or SIZE_MAX */
    struct named_column *fields; /* the other columns, by name */
    size_t field_count;
    struct hob_error *error;
};

/* The cell's value; NULL for one that is missing. */
static const struct hob_value *cell(const struct writer *writer, size_t column, size_t row)
{
    if (column == SIZE_MAX)
        return NULL;
    const struct hob_value *value =
        hob_column_value(hob_frame_column(writer->frame, column), row, writer->arena);
    return hob_value_is_null(value) ? NULL : value;
}

static int no_id(const struct writer *writer, size_t row)
{
    HOB_AUTO(buffer) struct hob_buffer entry = HOB_BUFFER_INIT;
    hob_python_repr(&entry, hob_frame_row(writer->frame, row, writer->arena));
    hob_error_set(writer->error, HOB_E_VALUE, "Entry %.300s does not have an ID field.",
                  hob_buffer_string(&entry));
    hob_error_hint(writer->error, "give every record an `ID`: the key that it is cited by");
    return HOB_E_VALUE;
}

static int check_id(const struct writer *writer, struct hob_map *seen, size_t row)
{
    const struct hob_value *id = cell(writer, writer->id, row);
    if (id == NULL)
        return no_id(writer, row);
    if (id->kind != HOB_STRING)
        return hob_error_set(writer->error, HOB_E_TYPE, "the ID of row %zu must be text, not a %s",
                             row + 1, hob_value_kind_name(id));
    if (!hob_bibtex_is_name(id->text)) {
        hob_error_set(writer->error, HOB_E_VALUE, "The ID %.*s contains invalid characters.",
                      HOB_TEXT_ARG(id->text));
        hob_error_hint(writer->error, "an ID has no blanks and none of \" # %% ' ( ) , = { }");
        return HOB_E_VALUE;
    }
    if (hob_map_find(seen, id->text) != SIZE_MAX) {
        hob_error_set(writer->error, HOB_E_VALUE,
                      "There are repeated IDs in the data: '%.*s' is one.", HOB_TEXT_ARG(id->text));
        hob_error_hint(writer->error, "give every record an ID of its own");
        return HOB_E_VALUE;
    }
    return hob_map_put(seen, id->text, NULL)
               ? 0
               : hob_error_set(writer->error, HOB_E_MEMORY, "not enough memory");
}

static int check_ids(const struct writer *writer)
{
    HOB_AUTO(map) struct hob_map *seen = hob_map_new();
    int result = 0;
    for (size_t row = 0; result == 0 && row < hob_frame_rows(writer->frame); row++)
        result = check_id(writer, seen, row);
    return result;
}

static bool is_balanced(struct hob_text text)
{
    size_t depth = 0;
    for (size_t i = 0; i < text.size; i++) {
        if (text.data[i] == '{')
            depth++;
        else if (text.data[i] == '}' && depth-- == 0)
            return false;
    }
    return depth == 0;
}

static struct hob_text id_of(const struct writer *writer, size_t row)
{
    return hob_value_text(cell(writer, writer->id, row));
}

static int check_field(const struct writer *writer, size_t column, size_t row)
{
    const struct hob_value *value = cell(writer, column, row);
    if (value == NULL)
        return 0;
    struct hob_text name = hob_value_text(hob_frame_name(writer->frame, column));
    struct hob_text id = id_of(writer, row);
    if (value->kind != HOB_STRING) {
        hob_error_set(writer->error, HOB_E_TYPE, "The field %.*s in entry %.*s must be a string",
                      HOB_TEXT_ARG(name), HOB_TEXT_ARG(id));
        hob_error_hint(writer->error, "BibTeX has only text: write \"2005\", not 2005");
        return HOB_E_TYPE;
    }
    if (is_balanced(value->text))
        return 0;
    hob_error_set(writer->error, HOB_E_VALUE,
                  "the braces in the field %.*s of entry %.*s do not match", HOB_TEXT_ARG(name),
                  HOB_TEXT_ARG(id));
    hob_error_hint(writer->error, "BibTeX counts braces even after a backslash; \\lbrace{} and "
                                  "\\rbrace{} print single ones");
    return HOB_E_VALUE;
}

static int check_entry(const struct writer *writer, size_t row)
{
    const struct hob_value *type = cell(writer, writer->type, row);
    struct hob_text id = id_of(writer, row);
    if (type == NULL) {
        hob_error_set(writer->error, HOB_E_KEY, "'%s' is missing in entry %.*s", type_key,
                      HOB_TEXT_ARG(id));
        hob_error_hint(writer->error, "give every record an `%s`: article, book, misc...",
                       type_key);
        return HOB_E_KEY;
    }
    if (type->kind != HOB_STRING)
        return hob_error_set(writer->error, HOB_E_TYPE, "the %s of entry %.*s must be text",
                             type_key, HOB_TEXT_ARG(id));
    if (!hob_bibtex_is_name(type->text))
        return hob_error_set(writer->error, HOB_E_VALUE,
                             "the %s '%.*s' of entry %.*s contains invalid characters", type_key,
                             HOB_TEXT_ARG(type->text), HOB_TEXT_ARG(id));
    int result = 0;
    for (size_t i = 0; result == 0 && i < writer->field_count; i++)
        result = check_field(writer, writer->fields[i].column, row);
    return result;
}

static int check_names(const struct writer *writer)
{
    for (size_t i = 0; i < writer->field_count; i++) {
        const struct hob_value *name = hob_frame_name(writer->frame, writer->fields[i].column);
        if (hob_value_is(name, HOB_STRING) && hob_bibtex_is_name(name->text))
            continue;
        HOB_AUTO(buffer) struct hob_buffer spelled = HOB_BUFFER_INIT;
        hob_python_str(&spelled, name);
        return hob_error_set(writer->error, HOB_E_VALUE,
                             "the column '%.200s' cannot be a field: its name is not a name in "
                             "BibTeX",
                             hob_buffer_string(&spelled));
    }
    return 0;
}

static int check_entries(const struct writer *writer)
{
    int result = check_names(writer);
    for (size_t row = 0; result == 0 && row < hob_frame_rows(writer->frame); row++)
        result = check_entry(writer, row);
    return result;
}

static int compare_columns(const void *a, const void *b)
{
    const struct named_column *first = a, *second = b;
    int difference = hob_text_compare(first->name, second->name);
    return difference != 0 ? difference : (first->column < second->column ? -1 : 1);
}

/* Columns other than the type and the key, by name. */
static void find_columns(struct writer *writer)
{
    const struct hob_frame *frame = writer->frame;
    size_t count = hob_frame_columns(frame);
    writer->type = hob_frame_find_text(frame, hob_text_from(type_key));
    writer->id = hob_frame_find_text(frame, hob_text_from(id_key));
    writer->fields = hob_arena_alloc(writer->arena, (count + 1) * sizeof *writer->fields);
    for (size_t i = 0; i < count; i++)
        if (i != writer->type && i != writer->id)
            writer->fields[writer->field_count++] =
                (struct named_column){hob_value_text(hob_frame_name(frame, i)), i};
    qsort(writer->fields, writer->field_count, sizeof *writer->fields, compare_columns);
}

struct row {
    struct hob_text keys[3]; /* author, year, title; "" for a missing one */
    size_t row;
};

static unsigned char lower(char byte)
{
    return (unsigned char)(byte >= 'A' && byte <= 'Z' ? byte | 0x20 : byte);
}

static int compare_without_case(struct hob_text a, struct hob_text b)
{
    for (size_t i = 0; i < a.size && i < b.size; i++)
        if (lower(a.data[i]) != lower(b.data[i]))
            return lower(a.data[i]) < lower(b.data[i]) ? -1 : 1;
    return (a.size > b.size) - (a.size < b.size);
}

static int compare_rows(const void *a, const void *b)
{
    const struct row *first = a, *second = b;
    for (size_t k = 0; k < 3; k++) {
        int difference = compare_without_case(first->keys[k], second->keys[k]);
        if (difference != 0)
            return difference;
    }
    return first->row < second->row ? -1 : 1;
}

static struct row *sorted_rows(const struct writer *writer)
{
    static const char *const keys[] = {"author", "year", "title"};
    size_t count = hob_frame_rows(writer->frame);
    struct row *rows = hob_try_alloc(count + 1, sizeof *rows);
    for (size_t i = 0; rows != NULL && i < count; i++) {
        rows[i] = (struct row){.row = i};
        for (size_t k = 0; k < 3; k++) {
            size_t column = hob_frame_find_text(writer->frame, hob_text_from(keys[k]));
            rows[i].keys[k] = hob_value_text(cell(writer, column, i));
        }
    }
    if (rows != NULL)
        qsort(rows, count, sizeof *rows, compare_rows);
    return rows;
}

static void put_entry(const struct writer *writer, size_t row, struct hob_buffer *out)
{
    hob_buffer_put_char(out, '@');
    hob_buffer_put_text(out, hob_value_text(cell(writer, writer->type, row)));
    hob_buffer_put_char(out, '{');
    hob_buffer_put_text(out, id_of(writer, row));
    for (size_t i = 0; i < writer->field_count; i++) {
        const struct hob_value *value = cell(writer, writer->fields[i].column, row);
        if (value == NULL)
            continue;
        hob_buffer_put_string(out, ",\n  ");
        hob_buffer_put_text(out, writer->fields[i].name);
        hob_buffer_put_string(out, " = {");
        hob_buffer_put_text(out, value->text);
        hob_buffer_put_char(out, '}');
    }
    hob_buffer_put_string(out, "\n}\n\n");
}

/* What the reference leaves behind when an entry turns out to be unwritable. */
static void leave_empty_file(const struct hob_scope *scope, const struct hob_value *flow)
{
    HOB_AUTO(arena) struct hob_arena *arena = hob_arena_new();
    const struct hob_buffer nothing = HOB_BUFFER_INIT;
    const char *path;
    if (hob_access_path(&path, arena, flow, NULL) == 0 && !hob_scope_exists(scope, path))
        hob_flow_write_file(scope, flow, &nothing, NULL);
}

int hob_bibtex_write_flow(const struct hob_scope *scope, const struct hob_value *flow,
                          const struct hob_frame *frame, struct hob_error *error)
{
    HOB_AUTO(arena) struct hob_arena *arena = hob_arena_new();
    HOB_AUTO(buffer) struct hob_buffer out = HOB_BUFFER_INIT;
    HOB_AUTO(free) struct row *rows = NULL;
    struct writer writer = {.frame = frame, .arena = arena, .error = error};
    find_columns(&writer);
    int result = check_ids(&writer);
    if (result < 0)
        return hob_error_context(error, "writing bibtex");
    result = check_entries(&writer);
    if (result < 0) {
        leave_empty_file(scope, flow);
        return hob_error_context(error, "writing bibtex");
    }
    rows = sorted_rows(&writer);
    if (rows == NULL)
        return hob_error_set(error, HOB_E_MEMORY, "writing bibtex: not enough memory");
    for (size_t i = 0; i < hob_frame_rows(frame); i++)
        put_entry(&writer, rows[i].row, &out);
    return hob_flow_write_file(scope, flow, &out, error);
}
